"""Copy a session of a JSON store under new ids."""

from dataclasses import replace
from random import Random

from stores.backends.jsondir.agent_store_files import AgentFiles
from stores.browse.times import iso_from_ms
from stores.errors import StoreError
from stores.kode.agent_ids import copy_id
from stores.kode.records import AgentInfo
from stores.kode.row_values import first_free_fork

__all__ = ["copy_agents"]


def copy_agents(
    files: AgentFiles, agent_id: str, info: AgentInfo, *, count: int, now_ms: int, rng: Random
) -> list[str]:
    """Return the ids of the copies. Calls are called ``<id>_fork_<i>``, as in SQL stores.

    ``i`` goes on where earlier copies ended, so that a store moves to a database, whose call ids
    are unique, as it is. ``meta.json`` comes last: an unfinished copy is no session.

    Raises:
        StoreError: nothing was copied.
    """
    messages = files.load_messages(agent_id)
    calls = files.load_calls(agent_id)
    lineage = [*(info.lineage or ()), agent_id]
    first = first_free_fork((call.id for call in calls), _copied_ids(files, agent_id))
    made: list[str] = []
    try:
        for number in range(first, first + count):
            new_id = copy_id(now_ms, rng)
            made.append(new_id)
            files.save_messages(new_id, messages)
            copied = [replace(call, id=f"{call.id}_fork_{number}") for call in calls]
            files.save_calls(new_id, copied)
            created_at = iso_from_ms(now_ms)
            copy = replace(info, agent_id=new_id, created_at=created_at, lineage=lineage)
            files.save_info(new_id, copy)
    except BaseException:
        for new_id in made:
            files.files.delete_agent(new_id)
        raise
    return made


def _copied_ids(files: AgentFiles, agent_id: str) -> list[str]:
    """Return the ids of the calls of all copies that were made of a session."""
    found: list[str] = []
    for other in files.ids():
        try:
            info = files.load_info(other)
        except StoreError:
            continue
        if info is not None and agent_id in (info.lineage or ()):
            found += [str(call.id) for call in files.readable_calls(other)[0]]
    return found
