"""`typethrough why`: what servers on this machine have on record."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from typethrough.cli.main import main
from typethrough.cli.user_file import record_path
from typethrough.core.outcome.causes import Cause
from typethrough.core.outcome.history import KeptOutcome, advice, headline, why_lines
from typethrough.core.outcome.outcome import Ending, Outcome, Source
from typethrough.telemetry.keeper import Keeper
from typethrough.telemetry.recorder import LogRecorder
from typethrough.telemetry.rows import OutcomeRow
from typethrough.telemetry.store import Store

if TYPE_CHECKING:
    from pathlib import Path

LATE = KeptOutcome(
    "2026-11-24T10:11:12+01:00",
    "main.py",
    Ending.DEADLINE,
    "no answer within the budget",
    "",
    {"total": 880.0},
)
KNOWN = KeptOutcome("2026-11-24T10:11:13+01:00", "main.py", Ending.ANSWERED, "cache", "cache", {"total": 0.4})


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return record_path()


def test_the_last_outcomes_are_printed_with_what_to_do(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(path, lambda: "2026-11-24")
    store.add(OutcomeRow(LATE))
    store.add(OutcomeRow(KNOWN))
    store.close()
    assert main(["why"]) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines()[0] == "10:11:13  main.py  suggested (cache)"
    assert "10:11:12  main.py  nothing: no answer within the budget" in printed
    assert "budget_ms" in printed
    assert main(["why", "--limit", "1"]) == 0
    assert "budget" not in capsys.readouterr().out


def test_neighbours_that_are_alike_are_one_entry_and_advice_is_given_once() -> None:
    lines = list(why_lines([KNOWN, LATE, KNOWN, KNOWN, KNOWN, LATE, LATE]))
    assert [line for line in lines if line[0] != " "] == [
        "10:11:13  main.py  suggested (cache)",
        "10:11:12  main.py  nothing: no answer within the budget",
        "10:11:13  main.py  suggested (cache), 3 times since 10:11:13",
        "10:11:12  main.py  nothing: no answer within the budget, 2 times since 10:11:12",
    ]
    assert [line for line in lines if "→" in line] == [f"          → {advice(LATE)}"]
    assert lines[-1] == "          at most 880.0 ms"


def test_with_nothing_on_record_it_says_so(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not path.exists()
    assert main(["why"]) == 1
    assert capsys.readouterr().out.startswith("Nothing has been asked yet")


def test_a_record_that_cannot_be_read_is_one_clear_line(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.parent.mkdir()
    path.write_text("no database", encoding="utf-8")
    assert main(["why"]) == 2
    assert capsys.readouterr().err.startswith("typethrough why: ")


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_of_silence_has_advice_of_its_own(cause: Cause) -> None:
    entry = KeptOutcome("2026-11-24T10:11:12+01:00", "a/b.py", cause.ending, "some reason", cause=cause)
    overtaken = cause.ending in {Ending.SUPERSEDED, Ending.CANCELLED}
    assert bool(advice(entry)) is not overtaken
    assert [other for other in Cause if other.advice == cause.advice] == [cause] or overtaken


def test_the_cause_goes_on_record_and_not_the_beginning_of_a_sentence(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = "bis auf Weiteres angehalten"
    outcome = Outcome(Cause.PAUSED.ending, sentence, cause=Cause.PAUSED)
    store = Store(path, lambda: "2026-11-24")
    now = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    Keeper(LogRecorder(lambda: now), store, lambda: now).request_ended("file:///p/main.py", outcome)
    store.close()
    assert main(["why"]) == 0
    printed = capsys.readouterr().out
    assert sentence in printed
    assert Cause.PAUSED.advice in printed


def test_how_many_secrets_were_kept_back_is_told(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = Outcome(Ending.ANSWERED, "model", Source.MODEL, kept_back=2)
    store = Store(path, lambda: "2026-11-24")
    now = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    Keeper(LogRecorder(lambda: now), store, lambda: now).request_ended("file:///p/main.py", outcome)
    store.close()
    assert main(["why"]) == 0
    assert "2 secrets kept back from the model" in capsys.readouterr().out


@pytest.mark.parametrize("ending", list(Ending))
def test_every_ending_has_words_and_every_silence_advice(ending: Ending) -> None:
    entry = KeptOutcome("2026-11-24T10:11:12+01:00", "a/b.py", ending, "some reason", "model")
    assert headline(entry)
    assert next(why_lines([entry])).startswith("10:11:12  a/b.py  ")
    silent = ending in {Ending.ANSWERED, Ending.SUPERSEDED, Ending.CANCELLED}
    assert bool(advice(entry)) is not silent
