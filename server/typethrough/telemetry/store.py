"""The record on this machine: outcomes, times and token counts in one SQLite file. No text, no key, and of a path the name alone.

A thread of its own writes, in batches, so that nothing on the keystroke path waits for a disk. Several servers write one file;
what cannot be written is lost, and the server goes on.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

from typethrough.core.history import Entry
from typethrough.core.outcome import Ending, Spent, Usage

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path

logger = logging.getLogger(__name__)

_BATCH_S = 1.0
_BATCH_ROWS = 100
_CLOSE_S = 2.0
_LOCKED_S = 2.0
_KEPT_OUTCOMES = 1_000
_SCHEMA_VERSION = 1
_SCHEMA = """
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


class StreamRow(NamedTuple):
    """One upstream stream as it is kept; `at` is a local time in ISO 8601, whose date is the day it counts for."""

    at: str
    ending: str
    usage: Usage
    dollars: float
    ttft_ms: float | None

    @property
    def day(self) -> str:
        """The date."""
        return self.at[:10]


class Unreadable(Exception):
    """The record cannot be read; `str()` says why."""


class Store:
    """Writes rows in the background, from the first use on. `day` gives today's date."""

    def __init__(self, path: Path, day: Callable[[], str]) -> None:
        self._path = path
        self._day = day
        self._process = f"{os.getpid()}-{os.urandom(4).hex()}"
        self._others: tuple[str, Spent] = ("", Spent())
        self._rows: queue.SimpleQueue[Entry | StreamRow | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_broken = False

    def add(self, row: Entry | StreamRow) -> None:
        """Have a row written. Never waits."""
        self._start()
        # Nobody would take it out again.
        if not self._is_broken:
            self._rows.put(row)

    def others(self) -> Spent:
        """What other processes had spent today when the file was read last; nothing while that is not known."""
        self._start()
        day, spent = self._others
        return spent if day == self._day() else Spent()

    def close(self) -> None:
        """Write what is left, but do not wait long for a slow disk."""
        if self._thread is not None:
            self._rows.put(None)
            self._thread.join(_CLOSE_S)

    def _start(self) -> None:
        # Not before: SQLite is not what a server's first reply should wait for.
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="typethrough-record", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        import sqlite3

        try:
            with closing(_opened(self._path)) as connection:
                self._serve(connection)
        except (sqlite3.Error, OSError) as error:
            self._is_broken = True
            logger.warning(
                "no record is kept: %s cannot be written (%s)", self._path.name, type(error).__name__
            )

    def _serve(self, connection: sqlite3.Connection) -> None:
        import sqlite3

        going_on, lost = True, False
        while going_on:
            rows: list[Entry | StreamRow] = []
            try:
                self._read_others(connection)
                rows, going_on = self._batch()
                with connection:
                    for row in rows:
                        _write(connection, row, self._process)
                    _trim(connection)
            except sqlite3.Error as error:
                # A full disk, or a server that holds the file for long: it may pass, and the batch is no great loss.
                if not lost:
                    logger.warning("the record has a gap: %s", type(error).__name__)
                lost = True
                if not rows:
                    _, going_on = self._batch()

    def _batch(self) -> tuple[list[Entry | StreamRow], bool]:
        """The rows of the next second or so, and whether more may come."""
        rows: list[Entry | StreamRow] = []
        row = self._rows.get()
        while row is not None:
            rows.append(row)
            if len(rows) >= _BATCH_ROWS:
                return rows, True
            try:
                row = self._rows.get(timeout=_BATCH_S)
            except queue.Empty:
                return rows, True
        return rows, False

    def _read_others(self, connection: sqlite3.Connection) -> None:
        day = self._day()
        where = "day = ? AND process != ?"
        self._others = (day, _sum(connection, where, (day, self._process)))


def read_outcomes(path: Path, limit: int) -> list[Entry]:
    """The last outcomes of all servers on this machine, newest first. Raises Unreadable."""
    import sqlite3

    if not path.exists():
        return []
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=_LOCKED_S)) as connection:
            rows = connection.execute("SELECT * FROM outcome ORDER BY at DESC, rowid DESC LIMIT ?", (limit,))
            return [_entry(row) for row in rows]
    except (sqlite3.Error, ValueError) as error:
        raise Unreadable(f"{path} cannot be read ({type(error).__name__})") from None


def _opened(path: Path) -> sqlite3.Connection:
    import sqlite3

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # SQLite would make the file with the process's own mask.
    path.touch(mode=0o600)
    connection = sqlite3.connect(path, timeout=_LOCKED_S)
    connection.execute("PRAGMA journal_mode=WAL")
    # What the last second before a power cut held is no loss.
    connection.execute("PRAGMA synchronous=OFF")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version not in (0, _SCHEMA_VERSION):
        connection.close()
        raise sqlite3.DatabaseError("the record was made by another version")
    connection.executescript(_SCHEMA)
    connection.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")
    return connection


def _write(connection: sqlite3.Connection, row: Entry | StreamRow, process: str) -> None:
    if isinstance(row, Entry):
        stages = json.dumps({name: round(ms, 1) for name, ms in row.stages_ms.items()})
        values: tuple[Any, ...] = (
            row.at,
            row.file,
            row.ending.value,
            row.reason,
            row.source,
            stages,
            row.overtaken,
        )
        connection.execute("INSERT INTO outcome VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    else:
        usage = row.usage
        tokens = (usage.prompt_tokens, usage.cached_tokens, usage.output_tokens)
        values = (row.day, row.at, process, row.ending, *tokens, row.dollars, row.ttft_ms)
        connection.execute("INSERT INTO stream VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)


def _trim(connection: sqlite3.Connection) -> None:
    last = "SELECT MAX(rowid) FROM outcome"
    connection.execute(f"DELETE FROM outcome WHERE rowid <= ({last}) - ?", (_KEPT_OUTCOMES,))  # noqa: S608 - no value in it


def _sum(connection: sqlite3.Connection, where: str, values: tuple[str, ...]) -> Spent:
    columns = "TOTAL(prompt_tokens), TOTAL(cached_tokens), TOTAL(output_tokens), TOTAL(dollars)"
    row = connection.execute(f"SELECT {columns} FROM stream WHERE {where}", values).fetchone()  # noqa: S608 - no value in it
    return Spent(Usage(int(row[0]), int(row[1]), int(row[2])), row[3])


def _entry(row: Any) -> Entry:
    at, file, ending, reason, source, stages, overtaken = row
    return Entry(at, file, Ending(ending), reason, source, json.loads(stages), overtaken)
