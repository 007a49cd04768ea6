"""Agent ids: which of them may name a folder, and how new ones are made.

The SDK joins an id to its base folder unchecked, so ``../x`` leaves the store and ``""`` is all
of it. An id is checked here before it is used for anything.
"""

import re
from random import Random
from typing import Final

from stores.errors import InvalidAgentId

__all__ = [
    "OWN_NAMES",
    "POOL_ID",
    "check_agent_id",
    "copy_id",
    "id_parts",
    "new_agent_id",
]

#: What an agent keeps in its folder; no nested agent (a fork) may have such a name.
OWN_NAMES: Final = frozenset({"meta.json", "runtime", "events", "history", "snapshots"})
#: Where the SDK's ``AgentPool`` notes what was running; looks like an agent and is none.
POOL_ID: Final = "__pool_meta__"

_MAX_PARTS: Final = 64
_MAX_PART_BYTES: Final = 255
_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BASE36: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_UNUSABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\\\ud800-\udfff]")


def check_agent_id(agent_id: str) -> None:
    """Refuse an id that could lead out of a store; a fork's id contains ``/``.

    Raises:
        InvalidAgentId: empty, too long, with a part that is empty, ``.`` or ``..``, with a
            backslash, a control character or half a surrogate pair, or not a text.
    """
    if not isinstance(agent_id, str) or not agent_id:
        raise InvalidAgentId("An agent id is a text that is not empty.")
    if _UNUSABLE.search(agent_id):
        raise InvalidAgentId("This agent id has a character that no folder name may have.")
    parts = agent_id.split("/")
    if len(parts) > _MAX_PARTS or any(len(part.encode()) > _MAX_PART_BYTES for part in parts):
        raise InvalidAgentId(
            f"This agent id is too long: a name has at most {_MAX_PART_BYTES} bytes, "
            f"an id at most {_MAX_PARTS} names."
        )
    if {"", ".", ".."} & set(parts):
        raise InvalidAgentId("This agent id would lead out of the store.")
    if OWN_NAMES & set(parts[1:]):
        raise InvalidAgentId("This agent id names files that another agent keeps.")


def id_parts(agent_id: str) -> tuple[str, ...] | None:
    """Return the folder names that an id stands for, None when it may not name a folder."""
    try:
        check_agent_id(agent_id)
    except InvalidAgentId:
        return None
    return tuple(agent_id.split("/"))


def new_agent_id(now_ms: int, rng: Random) -> str:
    """Make an id as ``Agent.create`` does: ``agt-``, ten characters of time, sixteen of chance."""
    time = "".join(_CROCKFORD[now_ms >> shift & 31] for shift in range(45, -1, -5))
    return f"agt-{time}{''.join(rng.choices(_CROCKFORD, k=16))}"


def copy_id(now_ms: int, rng: Random) -> str:
    """Make an id as ``batchFork`` does: ``agt-``, the time in base 36, sixteen of chance."""
    digits = ""
    while now_ms:
        now_ms, digit = divmod(now_ms, 36)
        digits = _BASE36[digit] + digits
    return f"agt-{digits}{''.join(rng.choices(_BASE36, k=16))}"
