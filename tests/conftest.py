"""Fixtures for every test: settings without the outside world, users, signed-in clients, data."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from kodeweb.accounts.roles import Role, set_role
from tests.servers import fresh_mysql, fresh_postgres
from tests.stores.readers import Copies, json_copy, postgres_copy
from tests.trust.figures import stated

ROOT = Path(__file__).resolve().parent.parent
KODE_DATA = ROOT.parent / "shared" / "kode-data"
PASSWORD = "correct horse battery staple"

ClientFor = Callable[[str], Client]


def pytest_configure(config: pytest.Config) -> None:
    """Give Django a secret key; the one of the data directory is not for tests."""
    django_settings.SECRET_KEY = "only-for-tests-" + "x" * 50


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures that tests of safety and speed state."""
    figures = stated(report for kind in terminalreporter.stats.values() for report in kind)
    if figures:
        terminalreporter.section("figures")
        for figure in figures:
            terminalreporter.line(figure)


@pytest.fixture(autouse=True)
def _house(
    settings: Settings,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Plain static files, fast password hashes, a data directory that is thrown away."""
    home = tmp_path_factory.getbasetemp() / "home"
    (home / "static").mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("KODEWEB_HOME", str(home))
    settings.HOME = home
    settings.STATIC_ROOT = home / "static"
    settings.WHITENOISE_USE_FINDERS = True
    settings.WHITENOISE_AUTOREFRESH = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let searches take their time: a busy machine must not look like a large store."""
    monkeypatch.setattr("stores.browse.sql.walk.SEARCH_BUDGET_MS", 30_000)
    monkeypatch.setattr("stores.browse.sql.walk.COUNT_BUDGET_MS", 30_000)
    monkeypatch.setattr("stores.backends.jsondir.keeper.WAIT_S", 30.0)


@pytest.fixture(scope="session")
def kode_data() -> Path:
    """Return the folder of stores that the real SDK wrote; skip, or fail in CI, without it."""
    if not KODE_DATA.is_dir():
        reason = "the folder ../shared/kode-data is not beside the repository"
        if os.environ.get("KODEWEB_REQUIRE_KODE_DATA") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return KODE_DATA


@pytest.fixture
def postgres_database() -> Iterator[str]:
    """Yield the URL of an empty PostgreSQL database, dropped after the test."""
    with fresh_postgres() as url:
        yield url


@pytest.fixture
def mysql_database() -> Iterator[str]:
    """Yield the URL of an empty MySQL or MariaDB database, dropped after the test."""
    with fresh_mysql() as url:
        yield url


@pytest.fixture(scope="session")
def copies(kode_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copies]:
    """Return what makes the copies, each at its first use, and names them from then on."""
    with ExitStack() as stack:
        yield Copies(
            postgres=cache(lambda: stack.enter_context(postgres_copy(kode_data))),
            json=cache(lambda: json_copy(kode_data, tmp_path_factory.mktemp("json") / "agents")),
        )


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of the browser that make found."""
    path = os.environ.get("KODEWEB_CHROMIUM", "")
    if not path:
        pytest.skip("KODEWEB_CHROMIUM is not set; run the tests with make")
    return path


@pytest.fixture
def user_with(db: None) -> Callable[[str], User]:
    """Return a maker of users by role: ``nobody``, ``viewer``, ``operator`` or ``admin``."""

    def make(role: str) -> User:
        user = User.objects.create_user(f"the-{role}", password=PASSWORD)
        if role != "nobody":
            set_role(user, Role[role.upper()])
        return user

    return make


@pytest.fixture
def client_for(user_with: Callable[[str], User]) -> ClientFor:
    """Return a maker of clients by role; ``anonymous`` is not signed in."""

    def make(role: str) -> Client:
        client = Client()
        if role != "anonymous":
            user = User.objects.filter(username=f"the-{role}").first() or user_with(role)
            client.force_login(user)
        return client

    return make


@pytest.fixture
def viewer(client_for: ClientFor) -> Client:
    """Return a client that may read."""
    return client_for("viewer")


@pytest.fixture
def operator(client_for: ClientFor) -> Client:
    """Return a client that may manage stores."""
    return client_for("operator")


@pytest.fixture
def admin(client_for: ClientFor) -> Client:
    """Return a client that may do everything."""
    return client_for("admin")


@pytest.fixture
def anonymous(db: None) -> Client:
    """Return a client that is not signed in."""
    return Client()
