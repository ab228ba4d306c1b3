"""What goes on record of suggestions and streams, and how it is brought up to date."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from typethrough.core.document.document import Position
from typethrough.core.outcome.causes import Cause, StreamEnd
from typethrough.core.outcome.history import advice
from typethrough.core.outcome.outcome import (
    Ending,
    Feedback,
    Outcome,
    Purpose,
    Source,
    StreamRecord,
    Suggestion,
    Usage,
)
from typethrough.core.suggestion.accepted import LATER_S, SOON_S
from typethrough.telemetry import schema
from typethrough.telemetry.keeper import Keeper
from typethrough.telemetry.recorder import LogRecorder
from typethrough.telemetry.store import Store, Unreadable, read_outcomes, record

if TYPE_CHECKING:
    from pathlib import Path

URI = "file:///home/me/secret-project/main.py"
DAY = "2026-11-24"


class Desk:
    """A keeper with a file of its own, and a clock set by hand."""

    def __init__(self, path: Path, *, paths: bool = False) -> None:
        self.path = path
        self.time = datetime(2026, 11, 24, 23, 59, tzinfo=UTC)
        self.inner = LogRecorder(lambda: self.time)
        self.store = Store(path, lambda: self.time.date().isoformat())
        self.keeper = Keeper(self.inner, self.store, lambda: self.time, paths=paths)

    def answer(self, text: str, source: Source, suggestion_id: str = "1", *more: str) -> None:
        suggestions = tuple(Suggestion(one, text, Position(0, 0), source) for one in (suggestion_id, *more))
        stages_ms = {"asked": 30.0, "total": 350.0}
        self.keeper.request_ended(
            URI, Outcome(Ending.ANSWERED, source.value, source, suggestions, stages_ms, "python")
        )

    def stream(
        self, stream_id: str, tokens: int, *, is_estimated: bool = False, ending: StreamEnd = StreamEnd.ENOUGH
    ) -> None:
        usage = Usage(tokens, tokens // 2, 10)
        money = (tokens / 1_000, tokens / 2_000)
        self.keeper.stream_ended(
            StreamRecord(stream_id, "m", Purpose.AUTOMATIC, ending, usage, is_estimated, 300.0, *money)
        )

    def rows(self, columns: str, table: str) -> list[Any]:
        """What is on record once all is written."""
        self.store.close()
        with record(self.path) as connection:
            return connection.execute(f"SELECT {columns} FROM {table}").fetchall()  # noqa: S608 - a test's own


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "record.sqlite3")


def test_a_suggestion_has_one_row_however_often_it_is_typed_through(desk: Desk) -> None:
    desk.answer("hello()", Source.MODEL)
    desk.answer("ello()", Source.SHOWN)
    desk.answer("llo()", Source.SHOWN)
    desk.keeper.feedback(Feedback.SHOWN, "1")
    desk.keeper.feedback(Feedback.ACCEPTED, "1")
    desk.keeper.survived("1", SOON_S, 1.0)
    desk.keeper.survived("1", LATER_S, 0.4567)
    columns = "language, source, total_ms, chars, shown, accepted, accepted_chars, survived_30s, survived_300s, file"
    # Two of its seven characters were typed.
    assert desk.rows(columns, "suggestion") == [("python", "model", 350.0, 7, 1, 1, 5, 1.0, 0.457, "")]


def test_accepted_word_by_word_it_counts_once(desk: Desk) -> None:
    desk.answer("one two", Source.CACHE)
    desk.keeper.feedback(Feedback.PARTLY_ACCEPTED, "1", 3)
    desk.keeper.feedback(Feedback.PARTLY_ACCEPTED, "1", 4)
    desk.answer("two", Source.SHOWN)
    desk.keeper.feedback(Feedback.ACCEPTED, "1")
    assert desk.rows("accepted, accepted_chars", "suggestion") == [(1, 7)]


def test_of_several_offered_at_once_the_others_are_kept_when_somebody_looks_at_them(desk: Desk) -> None:
    desk.answer("x", Source.MODEL, "1", "2", "3")
    desk.keeper.feedback(Feedback.SHOWN, "3")
    assert desk.rows("id, shown", "suggestion") == [("1", 0), ("3", 1)]


def test_requests_that_typing_overtook_are_a_number(desk: Desk) -> None:
    for _ in range(250):
        desk.keeper.request_ended(URI, Outcome(Ending.SUPERSEDED, "a newer request", language_id="python"))
    desk.answer("x", Source.LOCAL)
    desk.answer("y", Source.LOCAL, "2")
    assert sorted(desk.rows("*", "request")) == [
        (DAY, "python", "answered", "local", 2),
        (DAY, "python", "superseded", "", 250),
    ]


def test_a_count_that_comes_later_takes_the_estimates_place_everywhere(desk: Desk) -> None:
    desk.stream("1", 900, is_estimated=True)
    desk.stream("2", 100)
    desk.stream("1", 1_000, ending=StreamEnd.COMPLETE)
    assert desk.keeper.today().usage == Usage(1_100, 550, 20)
    assert desk.keeper.today().dollars == pytest.approx(1.1)
    assert desk.inner.today().usage == Usage(1_100, 550, 20)
    assert +desk.inner.counters.streams == {"complete": 1, "enough": 1}
    assert len(desk.inner.counters.ttft_ms) == 2
    columns = "id, ending, prompt_tokens, dollars, saved_dollars, is_estimated"
    assert sorted(desk.rows(columns, "stream")) == [
        ("1", "complete", 1_000, 1.0, 0.5, 0),
        ("2", "enough", 100, 0.1, 0.05, 0),
    ]


def test_a_count_that_comes_after_midnight_is_booked_for_the_day_of_the_estimate(desk: Desk) -> None:
    desk.stream("1", 900, is_estimated=True)
    desk.time = datetime(2026, 11, 25, 0, 1, tzinfo=UTC)
    desk.stream("1", 1_000)
    assert desk.keeper.today().usage == Usage()
    assert desk.rows("day, prompt_tokens", "stream") == [(DAY, 1_000)]


def test_paths_are_kept_only_when_they_are_asked_for(tmp_path: Path) -> None:
    for paths in (False, True):
        desk = Desk(tmp_path / f"{paths}.sqlite3", paths=paths)
        desk.answer("x", Source.MODEL)
        whole = "/home/me/secret-project/main.py"
        assert desk.rows("file", "suggestion") == [(whole if paths else "",)]
        assert desk.rows("file", "outcome") == [(whole if paths else "main.py",)]


def test_no_text_is_kept(desk: Desk) -> None:
    desk.answer("this_is_the_text", Source.MODEL)
    desk.keeper.feedback(Feedback.ACCEPTED, "1")
    desk.store.close()
    written = b"".join(file.read_bytes() for file in desk.path.parent.iterdir())
    assert b"python" in written
    assert b"this_is" not in written


def test_old_days_go_and_so_do_the_oldest_of_very_many(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "KEPT_SUGGESTIONS", 5)
    desk.time = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
    desk.stream("old", 5)
    desk.answer("x", Source.MODEL, "old")
    assert [len(desk.rows("*", table)) for table in ("stream", "suggestion", "request")] == [1, 1, 1]
    later = Desk(desk.path)
    for number in range(8):
        later.answer("x", Source.MODEL, str(number))
    later.stream("new", 5)
    assert later.rows("id", "stream") == [("new",)]
    assert later.rows("id", "suggestion") == [(str(number),) for number in range(3, 8)]
    assert len(later.rows("*", "request")) == 1


def first_version(path: Path) -> None:
    """A record as the server before this one left it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(schema._VERSION_1)
        connection.execute("PRAGMA user_version=1")
        outcome = (f"{DAY}T10:00:00+01:00", "old.py", "answered", "model", "model", '{"total": 400.0}', 2)
        connection.execute("INSERT INTO outcome VALUES (?, ?, ?, ?, ?, ?, ?)", outcome)
        for _ in range(2):
            stream = (DAY, f"{DAY}T10:00:00+01:00", "7-x", "complete", 300, 200, 10, 0.25, 310.0)
            connection.execute("INSERT INTO stream VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", stream)
        connection.commit()


def test_a_record_of_the_first_version_goes_on(desk: Desk) -> None:
    first_version(desk.path)
    desk.stream("1", 100)
    assert desk.rows("id, prompt_tokens, is_estimated, saved_dollars", "stream") == [
        (None, 300, 0, 0.0),
        (None, 300, 0, 0.0),
        ("1", 100, 0, 0.05),
    ]
    assert desk.keeper.today().dollars == pytest.approx(0.6)
    assert [entry.file for entry in read_outcomes(desk.path, 5)] == ["old.py"]


def test_a_record_of_the_first_version_is_read_without_being_changed(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite3"
    first_version(path)
    before = path.read_bytes()
    with record(path) as connection:
        assert connection.execute("SELECT COUNT(*), SUM(saved_dollars) FROM stream").fetchone() == (2, 0.0)
    assert path.read_bytes() == before


def test_a_record_of_a_later_version_is_neither_read_nor_written(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(sqlite3.connect(desk.path)) as connection:
        connection.execute(f"PRAGMA user_version={schema.VERSION + 1}")
    desk.stream("1", 100)
    desk.store.close()
    assert caplog.text.count("no record is kept") == 1
    with pytest.raises(Unreadable), record(desk.path):
        pass
    with closing(sqlite3.connect(desk.path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []


def test_a_record_that_another_server_writes_just_now_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        schema.migrate(other)
        other.execute("BEGIN IMMEDIATE")
        schema.opened(path).close()


def test_two_servers_that_meet_a_file_of_the_first_version_both_go_on(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite3"
    first_version(path)
    desks = [Desk(path), Desk(path)]
    for desk in desks:
        desk.stream("1", 100)
    for desk in desks:
        desk.store.close()
    assert len(desks[0].rows("*", "stream")) == 4


def test_each_request_is_entered_once_in_one_history(desk: Desk) -> None:
    for cause in (Cause.DOCUMENT_CHANGED, Cause.NEWER_REQUEST, Cause.INSIDE_WORD):
        outcome = Outcome(cause.ending, cause.sentence, cause=cause)
        kept = desk.keeper.request_ended(URI, outcome)
    assert desk.keeper.history is desk.inner.history
    assert desk.keeper.history.newest() == [kept]
    assert desk.rows("overtaken, cause", "outcome") == [(2, "INSIDE_WORD")]


def test_an_outcome_that_an_older_version_has_kept_is_advised_by_its_ending(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite3"
    first_version(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE outcome SET ending = 'deadline', source = ''")
        connection.commit()
    (entry,) = read_outcomes(path, 5)
    assert entry.cause is None
    assert advice(entry) == Cause.OUT_OF_TIME.advice
