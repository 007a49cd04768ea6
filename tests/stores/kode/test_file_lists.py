"""History, recovered files, media: one broken file hides no other, odd names are held."""

from dataclasses import replace
from pathlib import Path

import pytest

from stores.conformance.samples import make_compression, make_todos, make_window
from stores.errors import StoreError
from stores.kode.file_names import recovered_name, snapshot_path
from stores.kode.files import FileStore
from stores.kode.js_value import js_value
from stores.kode.records import MediaCacheRecord, RecoveredFile
from tests.stores.kode.test_file_reader import listing

BROKEN = [
    "", "{", "[]", '"text"', "{}", '{"id": 1}', "[" * 20_000, "\ufeff{}", '{"timestamp": NaN}',
]  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN)
def test_one_broken_file_hides_no_other(tmp_path: Path, broken: str) -> None:
    store = FileStore(tmp_path)
    for at in (20, 3, 100):
        store.save_history_window("a", make_window(at))
        store.save_compression_record("a", make_compression(at, "s"))
    for folder in ("windows", "compressions"):
        (tmp_path / "a/history" / folder / "50.json").write_text(broken, "utf-8")
        (tmp_path / "a/history" / folder / "x.json").mkdir()
        (tmp_path / "a/history" / folder / "y.json").symlink_to("3.json")
    before = listing(tmp_path)
    assert [window.timestamp for window in store.load_history_windows("a")] == [3, 20, 100]
    assert [record.timestamp for record in store.load_compression_records("a")] == [3, 20, 100]
    assert listing(tmp_path) == before


@pytest.mark.parametrize("broken", BROKEN)
def test_broken_todos_and_media_are_none(tmp_path: Path, broken: str) -> None:
    (tmp_path / "a/runtime").mkdir(parents=True)
    for name in ("todos.json", "media-cache.json"):
        (tmp_path / "a/runtime" / name).write_text(broken, "utf-8")
    store = FileStore(tmp_path)
    assert store.load_todos("a") is None
    assert store.load_media_cache("a") == []
    store.save_todos("a", make_todos("x"))
    assert store.load_todos("a") == make_todos("x")


def test_media_that_can_be_read_are(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    record = MediaCacheRecord(
        key="k", provider="p", mime_type="m", size_bytes=1, file_id="f", created_at=2
    )
    store.save_media_cache("a", [record])
    path = tmp_path / "a/runtime/media-cache.json"
    path.write_text(path.read_text().replace("[", "[5, {},", 1))
    assert store.load_media_cache("a") == [record]


@pytest.mark.parametrize(
    "path",
    [
        "/srv/" + "long/" * 100,
        "/" + "é" * 200,
        "/line\nbreak\r\n# Timestamp",
        "../../../up",
        "/nul\0byte",
        "C:\\x\\y",
        "名前",
        ".",
        "..",
    ],
)
def test_a_recovered_file_of_any_path_comes_back(tmp_path: Path, path: str) -> None:
    store = FileStore(tmp_path / "base")
    file = RecoveredFile(path=path, content="\n# Mtime: 4\n\nx\0", mtime=7, timestamp=5)
    store.save_recovered_file("a", file)
    assert store.load_recovered_files("a") == [file]
    found = [name.name for name in (tmp_path / "base/a/history/recovered").iterdir()]
    assert found == [recovered_name(file)]
    assert [name.name for name in tmp_path.iterdir()] == ["base"]


def test_recovered_files_without_a_whole_head_are_left_out(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.save_recovered_file("a", RecoveredFile(path="/b", content="x", mtime=1.75, timestamp=2))
    folder = tmp_path / "a/history/recovered"
    (folder / "no.txt").write_text("# Recovered: /x\n# Mtime: 5\n\nbody")
    (folder / "half.txt").write_text("# Recovered: /x\n# Timestamp: a\n# Mtime: 5\n\nbody")
    (folder / "none.txt").write_bytes(b"\xff\xfe")
    found = store.load_recovered_files("a")
    assert [(file.path, file.content, file.mtime) for file in found] == [("/b", "x", 1)]


@pytest.mark.parametrize("at", ["../x", "5", None, True, float("nan"), float("inf"), 10**30])
def test_a_time_that_is_none_names_no_file(tmp_path: Path, at: object) -> None:
    store = FileStore(tmp_path)
    with pytest.raises(StoreError, match="time"):
        store.save_history_window("a", replace(make_window(1), timestamp=at))  # type: ignore[arg-type]
    file = RecoveredFile(path="/b", content="", mtime=1, timestamp=at)  # type: ignore[arg-type]
    with pytest.raises(StoreError, match="time"):
        store.save_recovered_file("a", file)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("snapshot_id", "path"),
    [
        ("sfp-4", ("sfp-4.json",)),
        ("before:extra", ("before:extra.json",)),
        ("a/b", ("a", "b.json")),
        ("..", ("...json",)),
        ("", (".json",)),
        ("a b", ("a b.json",)),
    ],
)
def test_a_snapshot_lies_where_the_sdk_has_it(snapshot_id: str, path: tuple[str, ...]) -> None:
    assert snapshot_path(snapshot_id) == path


@pytest.mark.parametrize(
    "snapshot_id",
    ["../x", "../../meta", "a/../b", "/etc/x", "a//b", "\0", "\ud800", "x" * 260, "a.json/b"],
)
def test_an_id_that_leads_elsewhere_becomes_a_hash(snapshot_id: str) -> None:
    (name,) = snapshot_path(snapshot_id)
    assert len(name) == 70
    assert name.startswith("~")


def test_ids_that_look_like_a_hash_are_hashed_again() -> None:
    (name,) = snapshot_path("../x")
    assert snapshot_path(name.removesuffix(".json")) != (name,)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'"\\ud800"', "\ud800"),
        (b'"\xff"', "\ufffd"),
        ("9" * 5000, float("inf")),
        ("1e999", float("inf")),
        ("12345678901234567890", 12345678901234567890),
    ],
)
def test_json_is_read_as_the_sdk_does(text: str | bytes, value: object) -> None:
    assert js_value(text) == value


@pytest.mark.parametrize(
    "text", ["", "NaN", "Infinity", "{'a': 1}", "[" * 100_000, "\ufeff1", "1 2"]
)
def test_what_json_parse_refuses_is_one_kind_of_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"line 1|deeply|JSON"):
        js_value(text)
