"""`typethrough stats`: what servers on this machine brought and cost."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.telemetry.seeded import TODAY, seed
from typethrough.cli.main import main
from typethrough.cli.user_file import record_path
from typethrough.engine.loop import AsyncioClock

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    noon = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC)
    monkeypatch.setattr(AsyncioClock, "local_time", lambda _: noon)
    return record_path()


def test_the_periods_stand_side_by_side_and_then_the_parts(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = seed(path)
    assert main(["stats"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["Today", "7", "days", "30", "days"]
    streams = [[stream for _, stream in made.within(days).streams] for days in (1, 7, 30)]
    tokens = [f"{sum(stream.usage.prompt_tokens for stream in some):,}" for some in streams]
    assert ["Prompt", "tokens", *tokens] in [line.split() for line in lines]
    assert "By language, 30 days" in lines
    assert any(line.startswith("mistral/codestral ") for line in lines)
    assert all(line == line.rstrip() and line.isprintable() for line in lines)


def test_the_figures_are_there_for_programs(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = seed(path)
    assert main(["stats", "--json"]) == 0
    month = json.loads(capsys.readouterr().out)["periods"][2]
    assert month["cost"]["streams"] == len(made.within(30).streams)


def test_the_page_is_written_for_its_reader_alone(path: Path, tmp_path: Path) -> None:
    seed(path)
    page = tmp_path / "stats.html"
    assert main(["stats", "--html", str(page)]) == 0
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600


def test_with_nothing_on_record_it_says_so(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not path.exists()
    assert main(["stats"]) == 1
    assert capsys.readouterr().out.startswith("Nothing is on record yet")


def test_what_cannot_be_read_or_written_is_one_clear_line(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["stats", "--html", str(tmp_path / "no" / "such" / "folder.html")]) == 2
    assert capsys.readouterr().err.startswith("typethrough stats: ")
    path.parent.mkdir()
    path.write_text("no database", encoding="utf-8")
    assert main(["stats"]) == 2
    assert capsys.readouterr().err.startswith("typethrough stats: ")


def test_a_page_and_json_are_not_asked_for_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["stats", "--json", "--html", "x.html"])
    assert ended.value.code == 2
    assert "not allowed with" in capsys.readouterr().err
