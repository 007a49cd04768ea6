"""Registering stores: once per file, with a name that says something."""

from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from stores.ids import new_id
from stores.models import Store
from stores.registration import register_store

pytestmark = pytest.mark.django_db


def test_the_same_file_is_the_same_record(tmp_path: Path) -> None:
    """Also through a symbolic link or a path with dots."""
    path = tmp_path / "agents.db"
    path.touch()
    link = tmp_path / "link.db"
    link.symlink_to(path)
    first = register_store(path)
    again = [register_store(path), register_store(link), register_store(tmp_path / "." / path.name)]
    assert {store.id for store in again} == {first.id}
    assert Store.objects.count() == 1


def test_registering_again_changes_nothing_by_itself(tmp_path: Path) -> None:
    """Nor does it forget the folder that was named before."""
    path, folder = tmp_path / "agents.db", tmp_path / "half"
    first = register_store(path, files=folder, name="mine")
    again = register_store(path)
    assert (again.name, again.config, again.updated_at) == (
        "mine",
        {"path": str(path), "files": str(folder)},
        first.updated_at,
    )


def test_a_plain_file_name_takes_the_name_of_its_folder(tmp_path: Path) -> None:
    """agents.db is everybody's; the project's folder is not."""
    assert register_store(tmp_path / "web shop" / "agents.db").name == "web shop"
    assert register_store(tmp_path / "review-bot.db").name == "review-bot"
    assert register_store(tmp_path / "sqlite" / "agents.db").name == "agents"


def test_names_and_slugs_become_unique(tmp_path: Path) -> None:
    """By a number, which the address carries too."""
    stores = [register_store(tmp_path / folder / "shop" / "agents.db") for folder in "abc"]
    assert [store.name for store in stores] == ["shop", "shop-2", "shop-3"]
    assert [store.slug for store in stores] == ["shop", "shop-2", "shop-3"]


@pytest.mark.parametrize("name", ["数据库", "…", "!!!"])
def test_a_name_without_ascii_letters_still_has_an_address(tmp_path: Path, name: str) -> None:
    """The slug falls back to a plain word."""
    assert register_store(tmp_path / "x.db", name=name).slug == "store"


def test_a_new_name_keeps_the_address(tmp_path: Path) -> None:
    """Links that were shared stay good."""
    register_store(tmp_path / "x.db", name="first")
    store = register_store(tmp_path / "x.db", name="second")
    assert (store.name, store.slug) == ("second", "first")


def test_a_taken_name_is_refused(tmp_path: Path) -> None:
    """For a new store and for one on record."""
    register_store(tmp_path / "x.db", name="mine")
    register_store(tmp_path / "y.db", name="other")
    for path in ("y.db", "z.db"):
        with pytest.raises(ValidationError):
            register_store(tmp_path / path, name="mine")


@pytest.mark.parametrize("name", [" ", "x" * 129, "a\x00b", "a\nb"])
def test_a_name_that_cannot_be_shown_is_refused(tmp_path: Path, name: str) -> None:
    """Empty, too long, control characters."""
    with pytest.raises(ValidationError):
        register_store(tmp_path / "x.db", name=name)


def test_names_are_trimmed_and_composed(tmp_path: Path) -> None:
    """Two spellings of one letter are one name."""
    assert register_store(tmp_path / "x.db", name="  cafe\u0301 ").name == "caf\u00e9"


def test_ids_are_uuid_7_and_sort_by_time() -> None:
    """Lower-case, hyphenated, version 7, RFC variant."""
    ids = [new_id() for _ in range(200)]
    assert len(set(ids)) == 200
    assert all(len(one) == 36 and one == one.lower() for one in ids)
    assert {one[14] for one in ids} == {"7"}
    assert {one[19] for one in ids} <= set("89ab")
    assert [one[:13] for one in ids] == sorted(one[:13] for one in ids)
