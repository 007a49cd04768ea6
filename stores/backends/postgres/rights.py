"""What the role of a store may do: the role is the boundary, not a transaction that only reads."""

from dataclasses import dataclass
from typing import Final

from stores.browse.sql.reading import Reading

__all__ = ["Rights", "rights_of"]

_RIGHTS: Final = """
    SELECT r.rolsuper,
           EXISTS (
               SELECT 1 FROM unnest('{agents,messages,tool_calls,snapshots}'::text[]) AS name
               WHERE has_table_privilege(to_regclass(name), 'INSERT, UPDATE, DELETE, TRUNCATE')
           ),
           EXISTS (
               SELECT 1 FROM pg_catalog.pg_roles AS group_role
               WHERE group_role.rolname IN (
                         'pg_execute_server_program', 'pg_read_server_files',
                         'pg_write_server_files', 'pg_write_all_data'
                     )
                 AND pg_has_role(r.oid, group_role.oid, 'USAGE')
           ),
           pg_is_in_recovery()
    FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user
"""


@dataclass(frozen=True)
class Rights:
    """What a role may do beyond reading, and whether the server is a standby."""

    is_superuser: bool = False
    can_write: bool = False
    can_reach_server: bool = False
    is_standby: bool = False

    @property
    def words(self) -> str:
        """Return the rights for people, with what would be better."""
        if self.is_superuser:
            words = "the role is a superuser; a role that may only SELECT is safer"
        elif self.can_reach_server:
            words = "the role may reach files or programs of the server"
        elif self.can_write:
            words = "the role may write; kodeweb only reads"
        else:
            words = "the role may only read"
        return f"{words} (standby server)" if self.is_standby else words


def rights_of(reading: Reading) -> Rights:
    """Return the rights of the role that is connected."""
    rows = reading.fetch(_RIGHTS)
    return Rights(*map(bool, rows[0])) if rows else Rights()
