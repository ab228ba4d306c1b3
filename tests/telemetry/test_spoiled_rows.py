"""A record whose rows were spoiled: what is sound is still read and counted, and the rest is one clear error or left out."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from typethrough.cli.main import main
from typethrough.cli.user_file import record_path
from typethrough.core.outcome.outcome import Spent, Usage
from typethrough.telemetry import schema
from typethrough.telemetry.store import Store, read_outcomes, spent_on

if TYPE_CHECKING:
    from pathlib import Path

DAY, AT = "2026-11-24", "2026-11-24T08:00:00+00:00"
OUTCOME: dict[str, Any] = {
    "at": AT,
    "file": "a.py",
    "ending": "answered",
    "reason": "",
    "source": "model",
    "cause": "",
    "overtaken": 0,
    "stages_ms": '{"total": 1.5}',
    "kept_back": 0,
}
STREAM: dict[str, Any] = {
    "day": DAY,
    "at": AT,
    "process": "another",
    "id": "1",
    "model": "m",
    "purpose": "automatic",
    "ending": "complete",
    "ttft_ms": 300.0,
    "prompt_tokens": 5,
    "cached_tokens": 1,
    "output_tokens": 2,
    "dollars": 0.5,
}
SUGGESTION: dict[str, Any] = {
    "process": "another",
    "id": "1",
    "day": DAY,
    "at": AT,
    "language": "go",
    "file": "",
    "source": "model",
    "total_ms": 300.0,
    "stages_ms": "{}",
    "chars": 9,
    "shown": 1,
    "accepted": 1,
    "accepted_chars": 9,
    "dismissed": 0,
    "survived_30s": 1.0,
}
REQUEST: dict[str, Any] = {
    "day": DAY,
    "language": "go",
    "ending": "answered",
    "source": "model",
    "requests": 3,
}
INFINITE = float("inf")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return record_path()


def put(path: Path, table: str, *rows: dict[str, Any]) -> None:
    with closing(schema.opened(path)) as connection, connection:
        for row in rows:
            names, marks = ", ".join(row), ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))  # noqa: S608


@pytest.mark.parametrize(
    "spoiled",
    [
        {"ending": "vanished"},
        {"stages_ms": "[" * 100_000},
        {"stages_ms": "no JSON"},
        {"stages_ms": "[1]"},
        {"stages_ms": "7"},
        {"stages_ms": '{"total": "x"}'},
        {"stages_ms": '{"total": 1e999}'},
        {"stages_ms": '{"total": NaN}'},
        {"stages_ms": '{"total": true}'},
        {"stages_ms": f'{{"total": 1{"0" * 400}}}'},
        {"file": b"\xff\xfe"},
        {"at": b"x"},
        {"overtaken": "x"},
        {"kept_back": INFINITE},
        {"cause": b"x"},
    ],
)
def test_an_outcome_that_no_version_wrote_is_left_out(
    spoiled: dict[str, Any], path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(path, "outcome", OUTCOME | spoiled, OUTCOME)
    (kept,) = read_outcomes(path, 9)
    assert kept.stages_ms == {"total": 1.5}
    assert main(["why"]) == 0
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "spoiled",
    [
        {"prompt_tokens": INFINITE},
        {"prompt_tokens": "many"},
        {"cached_tokens": -INFINITE},
        {"output_tokens": b"\xff"},
        {"prompt_tokens": 2**63 - 1},
        {"dollars": INFINITE},
        {"dollars": -INFINITE},
        {"dollars": "nan"},
        {"dollars": -3.0},
    ],
)
def test_what_cannot_be_counted_is_not_counted_and_the_record_goes_on(
    spoiled: dict[str, Any], path: Path
) -> None:
    put(path, "stream", STREAM, STREAM | {"id": "2"} | spoiled)
    with closing(schema.opened(path)) as connection:
        store = Store(path, lambda: DAY)
        store._read_others(connection)
        (name,) = spoiled  # The sound row counts alone in this column.
        counted = {column: STREAM[column] * (1 if column == name else 2) for column in STREAM.keys() & {
            "prompt_tokens", "cached_tokens", "output_tokens", "dollars"}}  # fmt: skip
        tokens = Usage(counted["prompt_tokens"], counted["cached_tokens"], counted["output_tokens"])
        assert store._others == (DAY, Spent(tokens, counted["dollars"]))
    assert spent_on(path, DAY) == counted["dollars"]


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("stream", STREAM | {"prompt_tokens": INFINITE}),
        ("stream", STREAM | {"dollars": INFINITE}),
        ("stream", STREAM | {"ttft_ms": "soon"}),
        ("stream", STREAM | {"ttft_ms": INFINITE}),
        ("stream", STREAM | {"model": b"\xff"}),
        ("suggestion", SUGGESTION | {"total_ms": -INFINITE}),
        ("suggestion", SUGGESTION | {"total_ms": b"\xff"}),
        ("suggestion", SUGGESTION | {"survived_30s": INFINITE}),
        ("suggestion", SUGGESTION | {"language": b"\xff"}),
        ("suggestion", SUGGESTION | {"day": "2026-11-1x"}),
        ("request", REQUEST | {"requests": INFINITE}),
        ("request", REQUEST | {"requests": "x"}),
        ("request", REQUEST | {"ending": b"x"}),
    ],
)
@pytest.mark.parametrize("form", [[], ["--json"], ["--html"]])
def test_statistics_of_spoiled_rows_are_one_clear_line(
    table: str, row: dict[str, Any], form: list[str], path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("typethrough.cli.record.AsyncioClock", Clock)
    put(path, "stream", STREAM | {"id": "0"})
    put(path, table, row)
    page = [str(path.parent / "page.html")] if form == ["--html"] else []
    code = main(["stats", *form, *page])
    said = capsys.readouterr()
    assert (code == 0 and not said.err.replace(f"{''.join(page)} is written.\n", "")) or (
        code == 2 and said.err.count("\n") == 1
    ), said
    assert "inf" not in said.out.lower()


class Clock:
    """A clock that stands on the day of the rows."""

    def local_time(self) -> datetime:
        return datetime.fromisoformat(AT)
