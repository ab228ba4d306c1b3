"""The record on this machine: outcomes, suggestions, times and token counts in one SQLite file. No document text, no key.

A separate thread writes in batches, so nothing on the keystroke path waits for a disk. Several servers write to one file. A row
that cannot be written is lost; this is logged once, and the server goes on. The number of waiting rows is bounded. Other code
only reads the file, and reads files of older versions without changing them.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
from contextlib import closing, contextmanager
from datetime import date, timedelta
from typing import TYPE_CHECKING

from typethrough.core.outcome.outcome import Spent, Usage
from typethrough.engine.regular_file import refuse_special
from typethrough.telemetry import schema
from typethrough.telemetry.rows import MOST, outcome_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from typethrough.core.outcome.history import KeptOutcome
    from typethrough.telemetry.rows import Row

logger = logging.getLogger(__name__)
_BATCH_S = 1.0
_BATCH_ROWS = 100
_CLOSE_S = 2.0
# If the disk hangs for minutes, rows beyond this number are lost.
_MOST_WAITING = 10_000


class Store:
    """Writes rows in the background, from the first use on. `day` returns today's date."""

    def __init__(self, path: Path, day: Callable[[], str]) -> None:
        self._path = path
        self._day = day
        self._process = f"{os.getpid()}-{os.urandom(4).hex()}"
        self._others: tuple[str, Spent] = ("", Spent())
        # Putting a row into a bounded queue takes ten times as long, and the bound need not be exact.
        self._rows: queue.SimpleQueue[Row | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_broken = False
        self._has_gap = False
        self._trimmed_day = ""

    def add(self, row: Row) -> None:
        """Have a row written. Never waits. The row must not change afterwards."""
        self._start()
        # With the writer thread broken, rows would pile up.
        if self._is_broken:
            return
        if self._rows.qsize() < _MOST_WAITING:
            self._rows.put(row)
        else:
            self._say_gap("the disk is too slow")

    def others(self) -> Spent:
        """What other processes have spent today, as of the last read. Zero while unknown."""
        self._start()
        day, spent = self._others
        return spent if day == self._day() else Spent()

    def close(self) -> None:
        """Write what is left, but wait at most 2 s."""
        if self._thread is not None:
            self._closing.set()
            self._rows.put(None)
            self._thread.join(_CLOSE_S)

    def _start(self) -> None:
        # Started at first use: opening SQLite must not delay the server's first reply.
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="typethrough-record", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        try:
            try:
                self._open_and_serve()
            except Exception as error:
                if not schema.is_spoiled(error):
                    raise
                logger.warning(
                    "the record was spoiled, and begins anew: the old one is %s.spoiled", self._path.name
                )
                schema.put_aside(self._path)
                self._open_and_serve()
        except Exception as error:
            # The boundary of the thread: after any error nobody takes rows out of the queue.
            self._is_broken = True
            logger.warning(
                "no record is kept: %s cannot be written (%s)", self._path.name, type(error).__name__
            )

    def _open_and_serve(self) -> None:
        with closing(schema.opened(self._path)) as connection:
            self._serve(connection)

    def _serve(self, connection: sqlite3.Connection) -> None:
        import sqlite3

        going_on = True
        while going_on:
            rows: list[Row] = []
            try:
                self._read_others(connection)
                rows, going_on = self._batch()
                with connection:
                    for row in rows:
                        self._write(row, connection)
                    self._trim(connection)
            except sqlite3.Error as error:
                if schema.is_spoiled(error):
                    raise
                # The disk is full, or another server holds the file. It may pass, and losing the batch is acceptable.
                self._say_gap(type(error).__name__)
                if not rows:
                    _, going_on = self._batch()

    def _write(self, row: Row, connection: sqlite3.Connection) -> None:
        try:
            row.write(connection, self._process)
        except (ValueError, OverflowError) as error:
            # A value that SQLite does not accept, such as half a surrogate pair. Only its own row is lost.
            self._say_gap(type(error).__name__)

    def _say_gap(self, why: str) -> None:
        if not self._has_gap:
            self._has_gap = True
            logger.warning("the record has a gap: %s", why)

    def _batch(self) -> tuple[list[Row], bool]:
        """The rows of about the next second, and whether more may come."""
        rows: list[Row] = []
        row = self._rows.get()
        if row is not None and self._rows.qsize() < _BATCH_ROWS:
            # Waking at each row would take the interpreter from the thread that answers the next key.
            self._closing.wait(_BATCH_S)
        while row is not None:
            rows.append(row)
            if len(rows) >= _BATCH_ROWS:
                return rows, True
            try:
                row = self._rows.get_nowait()
            except queue.Empty:
                return rows, True
        return rows, False

    def _trim(self, connection: sqlite3.Connection) -> None:
        schema.trim_outcomes(connection)
        day = self._day()
        if day != self._trimmed_day:
            oldest = date.fromisoformat(day) - timedelta(days=schema.KEPT_DAYS)
            schema.trim_old(connection, oldest.isoformat())
            self._trimmed_day = day

    def _read_others(self, connection: sqlite3.Connection) -> None:
        day = self._day()
        columns = ", ".join(map(_total, ("prompt_tokens", "cached_tokens", "output_tokens", "dollars")))
        query = f"SELECT {columns} FROM stream WHERE day = ? AND process != ?"  # noqa: S608 - no outside value
        row = connection.execute(query, (day, self._process)).fetchone()
        self._others = (day, Spent(Usage(int(row[0]), int(row[1]), int(row[2])), row[3]))


def _total(column: str) -> str:
    """SQL for the sum of a column. A damaged row may have text or infinity there, and does not count."""
    return f"TOTAL(CASE WHEN {column} BETWEEN 0 AND {MOST} THEN {column} END)"


class Unreadable(Exception):
    """The record cannot be read. The error's text says why."""


def read_outcomes(path: Path, limit: int) -> list[KeptOutcome]:
    """The last outcomes of all servers on this machine, newest first. Raises Unreadable."""
    with record(path) as connection:
        rows = connection.execute("SELECT * FROM outcome ORDER BY at DESC, rowid DESC LIMIT ?", (limit,))
        return [kept for kept in map(outcome_of, rows) if kept is not None]


def spent_on(path: Path, day: str) -> float:
    """The cost of all servers' streams on a day, in US dollars. Raises Unreadable."""
    import sqlite3

    try:
        with record(path) as connection:
            query = f"SELECT {_total('dollars')} FROM stream WHERE day = ?"  # noqa: S608 - no outside value
            (dollars,) = connection.execute(query, (day,)).fetchone()
            return float(dollars)
    except sqlite3.Error as error:
        raise Unreadable(f"{path} cannot be read ({type(error).__name__})") from None


@contextmanager
def record(path: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection to the record, in the tables of this version. Empty if there is no file. Raises Unreadable."""
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
        # Convert a copy. The next server that starts converts the file itself.
        with closing(sqlite3.connect(":memory:")) as copy:
            connection.backup(copy)
            schema.migrate(copy)
            yield copy


@contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    import sqlite3

    try:
        refuse_special(path)
        address = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=schema.LOCKED_S)) as connection:
            yield connection
    except OSError as error:
        raise Unreadable(f"{path} cannot be read ({error.strerror})") from None
    except (sqlite3.Error, ValueError) as error:
        # A ValueError is from whoever reads: a row has what no version has written.
        raise Unreadable(f"{path} cannot be read ({type(error).__name__})") from None
