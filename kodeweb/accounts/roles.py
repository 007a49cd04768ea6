"""Who may do what: one table of actions, one function that decides.

A role is a Django group. A user's role is the highest group the user is in; without one the
user may do nothing but manage their own account.
"""

from dataclasses import dataclass
from enum import IntEnum

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, Group, User

__all__ = ["ACTIONS", "Decision", "Role", "allowed", "role_of", "set_role"]


class Role(IntEnum):
    """Roles in rising order: each may do what those below it may."""

    NOBODY = 0
    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3


# The least role an action needs; None needs no sign-in at all.
ACTIONS: dict[str, Role | None] = {
    "public": None,
    "account.own": Role.NOBODY,
    "browse.read": Role.VIEWER,
    "browse.export": Role.VIEWER,
    "stores.manage": Role.OPERATOR,
    "users.manage": Role.ADMIN,
}


@dataclass(frozen=True)
class Decision:
    """An answer with its reason, in words for the person who asked."""

    is_allowed: bool
    reason: str
    needs_sign_in: bool = False

    def __bool__(self) -> bool:
        return self.is_allowed


def role_of(actor: AbstractBaseUser | AnonymousUser) -> Role:
    """Return the role of an actor, read from the database once per request."""
    if not isinstance(actor, User) or not actor.is_active:
        return Role.NOBODY
    found: Role | None = getattr(actor, "_kodeweb_role", None)
    if found is None:
        names = {name.upper() for name in actor.groups.values_list("name", flat=True)}
        found = max((role for role in Role if role.name in names), default=Role.NOBODY)
        actor._kodeweb_role = found  # type: ignore[attr-defined]  # lives as long as the request
    return found


def allowed(actor: AbstractBaseUser | AnonymousUser, action: str | None) -> Decision:
    """Decide whether the actor may do the action; an unknown or missing action is refused."""
    if action not in ACTIONS:
        return Decision(is_allowed=False, reason="This page does not declare what it does.")
    needed = ACTIONS[action]
    if needed is None:
        return Decision(is_allowed=True, reason="Everybody may.")
    if not actor.is_authenticated:
        return Decision(is_allowed=False, reason="Sign in first.", needs_sign_in=True)
    role = role_of(actor)
    if role >= needed:
        return Decision(is_allowed=True, reason=f"Your role is {role.name.lower()}.")
    return Decision(
        is_allowed=False,
        reason=f"This needs the role {needed.name.lower()}; yours is {role.name.lower()}.",
    )


def set_role(user: User, role: Role) -> None:
    """Give a user exactly one role."""
    user.groups.set([Group.objects.get(name=role.name.lower())])
