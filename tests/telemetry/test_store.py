"""The record on disk: what is written is read again, by other processes too, and trouble with the disk stops nobody."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from typethrough.core.outcome.causes import StreamEnd
from typethrough.core.outcome.history import KeptOutcome, why_lines
from typethrough.core.outcome.outcome import (
    Ending,
    Feedback,
    Outcome,
    Purpose,
    Source,
    StreamRecord,
    Usage,
)
from typethrough.telemetry import store as store_module
from typethrough.telemetry.keeper import Keeper
from typethrough.telemetry.recorder import LogRecorder
from typethrough.telemetry.rows import OutcomeRow, StreamRow
from typethrough.telemetry.store import Store, Unreadable, read_outcomes

if TYPE_CHECKING:
    from pathlib import Path

URI = "file:///home/me/secret-project/main.py"
DAY = "2026-11-24"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "record.sqlite3"


def stream(at: str, prompt_tokens: int) -> StreamRow:
    usage = Usage(prompt_tokens, 1, 2)
    record = StreamRecord(
        at, "m", Purpose.AUTOMATIC, StreamEnd.COMPLETE, usage, ttft_ms=350.0, dollars=prompt_tokens / 1_000
    )
    return StreamRow(at, record)


def entry(number: int) -> KeptOutcome:
    at = f"{DAY}T{number // 3_600:02}:{number // 60 % 60:02}:{number % 60:02}+00:00"
    return KeptOutcome(at, "main.py", Ending.SKIPPED, f"reason {number}", "", {"total": 0.12}, 3)


def row(number: int) -> OutcomeRow:
    return OutcomeRow(entry(number))


class Unwritable:
    """A row that the disk has no room for."""

    def write(self, connection: sqlite3.Connection, process: str) -> None:
        raise sqlite3.OperationalError("database or disk is full")


class Watch:
    """A wall clock set by hand."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


def test_outcomes_are_read_as_they_were_newest_first(path: Path) -> None:
    store = Store(path, lambda: DAY)
    for number in range(3):
        store.add(row(number))
    store.close()
    assert read_outcomes(path, 2) == [replace(entry(number), stages_ms={"total": 0.1}) for number in (2, 1)]


def test_only_so_many_outcomes_are_kept(path: Path) -> None:
    store = Store(path, lambda: DAY)
    for number in range(1_250):
        store.add(row(number))
    store.close()
    kept = read_outcomes(path, 5_000)
    assert [one.reason for one in kept] == [f"reason {number}" for number in reversed(range(250, 1_250))]


def test_what_other_servers_spent_today_counts_and_yesterdays_does_not(path: Path) -> None:
    earlier = Store(path, lambda: DAY)
    earlier.add(stream("2026-11-23T23:59:59+00:00", 5_000))
    earlier.add(stream(f"{DAY}T00:00:00+00:00", 300))
    earlier.close()
    watch = Watch()
    store = Store(path, lambda: watch.now().date().isoformat())
    keeper = Keeper(LogRecorder(watch.now), store, watch.now)
    usage = Usage(100, 50, 7)
    keeper.stream_ended(StreamRecord("1", "m", Purpose.AUTOMATIC, StreamEnd.COMPLETE, usage, dollars=0.25))
    store.close()
    spent = keeper.today()
    assert spent.usage == Usage(400, 51, 9)
    assert spent.dollars == pytest.approx(0.55)
    watch.time = datetime(2026, 11, 25, 0, 0, tzinfo=UTC)
    assert keeper.today().usage == Usage()


def test_the_keeper_passes_everything_on_and_keeps_no_path(path: Path) -> None:
    inner = LogRecorder(Watch().now)
    store = Store(path, lambda: DAY)
    keeper = Keeper(inner, store, Watch().now)
    answered = Outcome(Ending.ANSWERED, "model", Source.MODEL, (), {"asked": 1.0, "total": 400.0})
    keeper.request_ended(URI, Outcome(Ending.SUPERSEDED, "document changed"))
    keeper.request_ended(URI, answered)
    keeper.feedback(Feedback.ACCEPTED, "1")
    keeper.notice("key", "a notice")
    keeper.status("error", "a status")
    store.close()
    assert inner.counters.endings.total() == 2
    assert inner.counters.feedback == {"accepted": 1}
    assert inner.notices == ["a notice"]
    (kept,) = read_outcomes(path, 10)
    assert (kept.file, kept.source, kept.overtaken, kept.total_ms) == ("main.py", "model", 1, 400.0)
    written = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"main.py" in written
    assert b"secret-project" not in written


def test_the_record_is_for_its_owner_alone(path: Path) -> None:
    store = Store(path, lambda: DAY)
    store.add(row(1))
    store.close()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_file_that_is_no_record_is_put_aside_and_the_days_spending_goes_on_in_a_new_one(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database, " * 100)
    store = Store(path, lambda: DAY)
    store.add(row(1))
    store.close()
    assert "begins anew" in caplog.text
    assert (path.parent / f"{path.name}.spoiled").read_bytes().startswith(b"not a database")
    following = Store(path, lambda: DAY)
    following.add(row(2))
    following.close()
    assert [one.reason for one in read_outcomes(path, 10)] == ["reason 2", "reason 1"]
    path.write_bytes(b"not a database")
    with pytest.raises(Unreadable):
        read_outcomes(path, 1)


def test_a_record_of_another_version_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    store = Store(path, lambda: DAY)
    store.add(row(1))
    store.close()
    with pytest.raises(Unreadable):
        read_outcomes(path, 1)


def test_before_any_record_there_is_nothing_to_read(path: Path) -> None:
    assert read_outcomes(path, 1) == []


def test_after_a_record_that_cannot_be_opened_nothing_piles_up(path: Path) -> None:
    path.parent.mkdir()
    path.mkdir()
    store = Store(path, lambda: DAY)
    store.add(row(1))
    store.close()
    for number in range(50):
        store.add(row(number))
    assert store._rows.qsize() <= 2


def test_a_batch_that_cannot_be_written_costs_that_batch_and_no_more(
    path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_BATCH_ROWS", 1)
    store = Store(path, lambda: DAY)
    store.add(Unwritable())
    for number in (1, 2):
        store.add(row(number))
    store.close()
    assert [one.reason for one in read_outcomes(path, 10)] == ["reason 2", "reason 1"]
    assert caplog.text.count("the record has a gap") == 1


class Odd:
    """A row with a value that no column takes."""

    def write(self, connection: sqlite3.Connection, process: str) -> None:
        connection.execute("SELECT ?", ("\ud800",))


class Fatal:
    """A row that ends the thread that writes."""

    def write(self, connection: sqlite3.Connection, process: str) -> None:
        raise RuntimeError("a secret of the row")


def test_a_row_that_cannot_be_written_costs_itself_alone(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(path, lambda: DAY)
    for one in (row(1), Odd(), Odd(), row(2)):
        store.add(one)
    store.close()
    assert [one.reason for one in read_outcomes(path, 10)] == ["reason 2", "reason 1"]
    assert caplog.text.count("the record has a gap") == 1


def test_half_a_surrogate_pair_in_what_a_client_says_is_replaced(path: Path) -> None:
    store = Store(path, lambda: DAY)
    keeper = Keeper(LogRecorder(Watch().now), store, Watch().now)
    keeper.request_ended(URI, Outcome(Ending.SKIPPED, "off for \ud83d", language_id="\ud83d"))
    store.close()
    assert [one.reason for one in read_outcomes(path, 10)] == ["off for ?"]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT language FROM request").fetchall() == [("?",)]


def test_after_the_thread_has_ended_nothing_piles_up(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = Store(path, lambda: DAY)
    store.add(Fatal())
    store.close()
    for number in range(50):
        store.add(row(number))
    assert store._rows.qsize() <= 2
    assert "no record is kept" in caplog.text
    assert "a secret" not in caplog.text


def test_rows_that_wait_for_a_slow_disk_are_bounded_and_that_is_said_once(
    path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_MOST_WAITING", 3)
    store = Store(path, lambda: DAY)
    monkeypatch.setattr(store, "_start", lambda: None)
    for number in range(50):
        store.add(row(number))
    assert store._rows.qsize() == 3
    assert caplog.text.count("the record has a gap") == 1


def test_a_files_name_cannot_steer_the_terminal_that_shows_it(path: Path) -> None:
    store = Store(path, lambda: DAY)
    keeper = Keeper(LogRecorder(Watch().now), store, Watch().now)
    keeper.request_ended("file:///p/a%1B%5B2J%0Ab.py", Outcome(Ending.FAILED, "no\x1b]0;x\x07 key"))
    store.close()
    text = "".join(why_lines(read_outcomes(path, 1)))
    assert text.isprintable()
    assert "b.py" in text
