"""Every address × role × method, walked from the resolver: a new route fails until it declares."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from dashboard.actions import declared_action
from kodeweb.accounts.roles import ACTIONS, Role
from tests.conftest import ClientFor

ROLES = ("anonymous", "nobody", "viewer", "operator", "admin")
METHODS = ("get", "head", "options", "post", "put", "patch", "delete")

# A value for each named part of an address; what does not exist must answer 404, not fail.
_VALUES: dict[str, object] = {"token": "x" * 43, "export_format": "csv"}
_DIGITS = {"IntConverter"}


class Route(NamedTuple):
    """One address with a value in each of its parts, and the view behind it."""

    name: str
    path: str
    view: Any


def _walk(
    patterns: list[Any], converters: dict[str, Any]
) -> Iterator[tuple[URLPattern, dict[str, Any]]]:
    for entry in patterns:
        found = {**converters, **entry.pattern.converters}
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns, found)
        else:
            yield entry, found


def _value(name: str, converter: Any) -> object:
    if name in _VALUES:
        return _VALUES[name]
    return 1 if type(converter).__name__ in _DIGITS else "nothing"


def routes() -> list[Route]:
    """List all routes of the project."""
    found = []
    for pattern, converters in _walk(get_resolver().url_patterns, {}):
        assert pattern.name, f"{pattern.pattern} has no name"
        values = {name: _value(name, converter) for name, converter in converters.items()}
        found.append(Route(pattern.name, reverse(pattern.name, kwargs=values), pattern.callback))
    return found


def _answers(client: Client, method: str, path: str) -> HttpResponseBase:
    client.raise_request_exception = False
    return getattr(client, method)(path)  # type: ignore[no-any-return]


def _goes_to_sign_in(response: HttpResponseBase) -> bool:
    return response.status_code == 302 and response.headers["Location"].startswith(
        "/sign-in/?next="
    )


@pytest.mark.parametrize("route", routes(), ids=lambda route: route.name)
def test_each_route_declares_a_known_action(route: Route) -> None:
    """A view without a declaration would be refused to everybody; find it here first."""
    assert declared_action(route.view) in ACTIONS


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", routes(), ids=lambda route: route.name)
def test_each_route_answers_only_those_who_may(
    client_for: ClientFor, route: Route, role: str
) -> None:
    """Anonymous people are sent to sign in, low roles get 403, nobody gets 500."""
    action = declared_action(route.view)
    needed = ACTIONS[action or ""]
    for method in METHODS:
        response = _answers(client_for(role), method, route.path)
        case = (method, route.path, role, response.status_code)
        if needed is None:
            assert response.status_code not in (403, 500), case
        elif role == "anonymous":
            assert _goes_to_sign_in(response), case
        elif Role[role.upper()] < needed:
            assert response.status_code == 403, case
        else:
            assert response.status_code not in (401, 403, 500), case
            assert not _goes_to_sign_in(response), case


@pytest.mark.parametrize("path", ["/stores", "/stores/", "/stores/x/query", "/health"])
def test_addresses_of_the_rest_api_stay_free(anonymous: Client, admin: Client, path: str) -> None:
    """No page of ours answers there."""
    assert anonymous.get(path).status_code == 404
    assert admin.get(path).status_code == 404


def test_a_role_taken_away_counts_at_the_next_request(client_for: ClientFor) -> None:
    """Nothing about roles is remembered in the session."""
    client = client_for("viewer")
    assert client.get("/").status_code == 200
    User.objects.get(username="the-viewer").groups.clear()
    assert client.get("/").status_code == 403


def test_a_deactivated_user_is_signed_out_at_the_next_request(client_for: ClientFor) -> None:
    """An open session does not outlive the account."""
    client = client_for("admin")
    User.objects.filter(username="the-admin").update(is_active=False)
    assert _goes_to_sign_in(client.get("/"))
