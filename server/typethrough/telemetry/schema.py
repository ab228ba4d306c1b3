"""The record's tables, how an older file is brought to this version, and when old rows are deleted."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from typethrough.engine.regular_file import refuse_special

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

VERSION = 4

LOCKED_S = 2.0
# `typethrough why` shows outcomes, so few are kept. The statistics need the other rows.
KEPT_OUTCOMES = 1_000
KEPT_DAYS = 60
# About 40 MB: two months of somebody who types all day.
KEPT_SUGGESTIONS = 150_000

_VERSION_1 = """
CREATE TABLE IF NOT EXISTS outcome (
    at TEXT NOT NULL, file TEXT NOT NULL, ending TEXT NOT NULL, reason TEXT NOT NULL, source TEXT NOT NULL,
    stages_ms TEXT NOT NULL, overtaken INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS stream (
    day TEXT NOT NULL, at TEXT NOT NULL, process TEXT NOT NULL, ending TEXT NOT NULL, prompt_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, dollars REAL NOT NULL, ttft_ms REAL
);
CREATE INDEX IF NOT EXISTS stream_day ON stream (day);
"""
# Streams of version 1 have no id. A unique index treats all NULLs as different.
_VERSION_2 = """
ALTER TABLE stream ADD COLUMN id TEXT;
ALTER TABLE stream ADD COLUMN model TEXT NOT NULL DEFAULT '';
ALTER TABLE stream ADD COLUMN purpose TEXT NOT NULL DEFAULT '';
ALTER TABLE stream ADD COLUMN is_estimated INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stream ADD COLUMN saved_dollars REAL NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX stream_id ON stream (process, id);
CREATE TABLE suggestion (
    process TEXT NOT NULL, id TEXT NOT NULL, day TEXT NOT NULL, at TEXT NOT NULL, language TEXT NOT NULL, file TEXT NOT NULL,
    source TEXT NOT NULL, total_ms REAL, stages_ms TEXT NOT NULL, chars INTEGER NOT NULL, shown INTEGER NOT NULL,
    accepted INTEGER NOT NULL, accepted_chars INTEGER NOT NULL, dismissed INTEGER NOT NULL, survived_30s REAL,
    survived_300s REAL
);
CREATE UNIQUE INDEX suggestion_id ON suggestion (process, id);
CREATE INDEX suggestion_day ON suggestion (day);
CREATE TABLE request (
    day TEXT NOT NULL, language TEXT NOT NULL, ending TEXT NOT NULL, source TEXT NOT NULL, requests INTEGER NOT NULL,
    PRIMARY KEY (day, language, ending, source)
) WITHOUT ROWID;
"""
_VERSION_3 = """
ALTER TABLE outcome ADD COLUMN cause TEXT NOT NULL DEFAULT '';
"""
_VERSION_4 = """
ALTER TABLE outcome ADD COLUMN kept_back INTEGER NOT NULL DEFAULT 0;
"""


def opened(path: Path) -> sqlite3.Connection:
    """A connection for writing, to a file with the tables of this version. Raises sqlite3.Error, OSError."""
    import sqlite3

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # SQLite would wait for a pipe's writer.
    refuse_special(path)
    # SQLite would create the file with the process's default mode.
    path.touch(mode=0o600)
    connection = sqlite3.connect(path, timeout=LOCKED_S)
    try:
        # This fails at once while another server writes, whatever the timeout. That server sets it too, and the file keeps
        # it.
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode=WAL")
        # Losing the last second before a power cut is acceptable.
        connection.execute("PRAGMA synchronous=OFF")
        migrate(connection)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def is_spoiled(error: Exception) -> bool:
    """Whether the error means that the file is damaged and can never be read as a record."""
    return getattr(error, "sqlite_errorname", "") in ("SQLITE_NOTADB", "SQLITE_CORRUPT")


def put_aside(path: Path) -> None:
    """Rename a damaged file, so that a new one can be made, which the day's limit needs. Raises OSError."""
    path.replace(path.with_name(f"{path.name}.spoiled"))
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a record to this version and keep its data. Raises sqlite3.Error, also if the record is of a later version."""
    import sqlite3

    if _version(connection) == VERSION:
        return
    # Another server may do the same at this moment. The second one finds it done.
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection)
        if version > VERSION:
            raise sqlite3.DatabaseError("the record was made by a later version")
        steps = (_VERSION_1, _VERSION_2, _VERSION_3, _VERSION_4)[version:]
        for statement in "".join(steps).split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute("COMMIT")
    except sqlite3.Error:
        connection.rollback()
        raise


def trim_outcomes(connection: sqlite3.Connection) -> None:
    """Keep only the last outcomes. It is cheap enough to run with each batch."""
    last = "SELECT MAX(rowid) FROM outcome"
    connection.execute(f"DELETE FROM outcome WHERE rowid <= ({last}) - ?", (KEPT_OUTCOMES,))  # noqa: S608 - no outside value


def trim_old(connection: sqlite3.Connection, oldest_day: str) -> None:
    """Delete what is older than `oldest_day`, and the oldest suggestions if there are too many."""
    for table in ("stream", "suggestion", "request"):
        connection.execute(f"DELETE FROM {table} WHERE day < ?", (oldest_day,))  # noqa: S608 - no outside value
    last = "SELECT MAX(rowid) FROM suggestion"
    connection.execute(f"DELETE FROM suggestion WHERE rowid <= ({last}) - ?", (KEPT_SUGGESTIONS,))  # noqa: S608 - likewise


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version
