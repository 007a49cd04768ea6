"""Look at a database before it becomes a store: is it a KODE store, and what is in it?"""

from pathlib import Path
from typing import Final

from stores.backends.postgres.connection import PostgresTarget
from stores.backends.postgres.failures import DRIVER_ERRORS
from stores.backends.postgres.reading import PostgresReading
from stores.backends.postgres.rights import rights_of
from stores.backends.postgres.shape import read_schema
from stores.browse.sql.facets import count_table
from stores.browse.sql.reading import RowTooLarge, StatementTimeout
from stores.browse.store_records import StoreDescription
from stores.errors import StoreUnavailable

__all__ = ["inspect_postgres"]

COUNT_CAP: Final = 1_000_000
_TABLES: Final = ("agents", "messages", "tool_calls")


def inspect_postgres(target: PostgresTarget, files: Path | None = None) -> StoreDescription:
    """Return what a database holds.

    Raises:
        StoreUnavailable: no answer, no such database or role, wrong password, no rights, or foreign
            tables; the sentence names the place and what to do, never the password.
    """
    if files is not None and not files.is_dir():
        message = f"There is no folder at {files}. Name the folder that holds the event logs."
        raise StoreUnavailable(message, reason="missing")
    with target.connect() as connection:
        reading = PostgresReading(connection)
        try:
            schema = read_schema(reading)
            counts = [count_table(reading, table, cap=COUNT_CAP) for table in _TABLES]
            rights = rights_of(reading)
        except StoreUnavailable as exc:
            if isinstance(exc.__cause__, DRIVER_ERRORS):
                raise target.translate(exc.__cause__) from exc
            place = f"{target.database or target.user} at {target.place}"
            raise StoreUnavailable(f"{place}: {exc}", reason=exc.reason) from exc
        except (StatementTimeout, RowTooLarge) as exc:
            message = f"PostgreSQL at {target.place} answers too slowly just now. Try again."
            raise StoreUnavailable(message, reason="slow") from exc
        finally:
            reading.end()
    sessions, messages, calls = (count.value if count else 0 for count in counts)
    return StoreDescription(
        path=f"{target.place}/{target.database or target.user}",
        files_path=str(files.resolve()) if files else "",
        journal_mode="",
        tables=tuple(schema.tables),
        session_count=sessions,
        message_count=messages,
        tool_call_count=calls,
        rights=rights.words,
        is_standby=rights.is_standby,
    )
