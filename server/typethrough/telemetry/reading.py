"""Reading the record, beside the servers that write it: never a write, and files of older versions are read as they are."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from typethrough.telemetry import schema
from typethrough.telemetry.rows import outcome_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from typethrough.core.outcome.history import KeptOutcome


class Unreadable(Exception):
    """The record cannot be read; `str()` says why."""


def read_outcomes(path: Path, limit: int) -> list[KeptOutcome]:
    """The last outcomes of all servers on this machine, newest first. Raises Unreadable."""
    with record(path) as connection:
        rows = connection.execute("SELECT * FROM outcome ORDER BY at DESC, rowid DESC LIMIT ?", (limit,))
        return [outcome_of(row) for row in rows]


@contextmanager
def record(path: Path) -> Iterator[sqlite3.Connection]:
    """The record as this version has it, to be read only; an empty one when there is no file. Raises Unreadable."""
    import sqlite3

    if not path.exists():
        with closing(sqlite3.connect(":memory:")) as empty:
            schema.migrate(empty)
            yield empty
        return
    with _connected(path) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == schema.VERSION:
            yield connection
            return
        # The file itself is brought up to date by the next server that starts.
        with closing(sqlite3.connect(":memory:")) as copy:
            connection.backup(copy)
            schema.migrate(copy)
            yield copy


@contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    import sqlite3

    try:
        address = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=schema.LOCKED_S)) as connection:
            yield connection
    except (sqlite3.Error, ValueError) as error:
        raise Unreadable(f"{path} cannot be read ({type(error).__name__})") from None
