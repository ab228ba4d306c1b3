"""`typethrough evaluate`: places of a repository, asked for over real sockets, and the figures that come of it."""

from __future__ import annotations

import json
import subprocess
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.simulator import start
from typethrough.cli import UsageError
from typethrough.cli.evaluate.holes import holes, repository_of
from typethrough.cli.evaluate.score import Score, table
from typethrough.cli.main import main
from typethrough.core.document.document import Position
from typethrough.core.outcome.causes import StreamEnd
from typethrough.core.outcome.outcome import (
    Ending,
    Outcome,
    Purpose,
    Source,
    StreamRecord,
    Suggestion,
    Usage,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.simulator import Simulator

OLD = "".join(f"old_value_{number} = compute({number})\n" for number in range(30))
NEW = "def area_of_a_box(width, height):\n    surface = width * height\n    return surface\n\n\n" + "".join(
    f"def step_{number}(value):\n    return value + {number}\n\n\n" for number in range(12)
)


def _commit(root: Path, day: int, **texts: str) -> None:
    for name, text in texts.items():
        path = root / name.replace("__", "/").replace("_py", ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    date = f"2026-01-{day:02}T12:00:00Z"
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    environment = {
        "GIT_AUTHOR_DATE": date,
        "GIT_COMMITTER_DATE": date,
        "HOME": str(root),
        "PATH": "/usr/bin:/bin",
    }
    for command in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "Change"]):
        subprocess.run(["git", "-C", str(root), *command], check=True, env=environment)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("repository")
    _commit(root, 1, old_py=OLD, secret__keys_py=OLD)
    _commit(root, 2, new_py=NEW)
    return root


def test_lines_of_the_last_commit_come_first_and_none_is_near_another(repository: Path) -> None:
    places = holes(repository, repository, 8, 1, lambda path: "secret" not in path.parts)
    assert {place.path.name for place in places[:3]} == {"new.py"}
    assert {place.path.name for place in places} == {"new.py", "old.py"}
    for place in places:
        text = OLD if place.path.name == "old.py" else NEW
        assert place.before + place.hidden + place.behind == text
        assert len(place.hidden.partition("\n")[0]) >= 4
    lines = sorted(place.before.count("\n") for place in places if place.path.name == "new.py")
    assert all(below - above >= 8 for above, below in pairwise(lines))


def test_the_same_seed_gives_the_same_places_and_a_file_can_be_named(repository: Path) -> None:
    def found(seed: int, below: Path = repository) -> list[Any]:
        return holes(repository, below, 6, seed, lambda _: True)

    assert found(1) == found(1) != found(2)
    assert {place.path.name for place in found(1, repository / "old.py")} == {"old.py"}


def test_what_is_indented_below_a_line_is_hidden_with_it(tmp_path: Path) -> None:
    _commit(tmp_path, 1, a_py="def area(width):\n    return width\nx = area(1)\n")
    (place,) = holes(tmp_path, tmp_path, 5, 1, lambda _: True)
    assert place.before.startswith("def"[: len(place.before)])
    assert place.hidden.endswith("    return width\nx = area(1)")


def test_a_folder_without_git_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="git rev-parse"):
        repository_of(tmp_path)
    with pytest.raises(UsageError, match="does not exist"):
        repository_of(tmp_path / "none" / "none")


def _shown(text: str) -> Outcome:
    suggestion = Suggestion("1", text, Position(0, 0), Source.MODEL)
    return Outcome(Ending.ANSWERED, "model", Source.MODEL, (suggestion,))


def _stream(ttft_ms: float, usage: Usage, dollars: float, *, is_estimated: bool = False) -> StreamRecord:
    return StreamRecord(
        "1", "m", Purpose.AUTOMATIC, StreamEnd.COMPLETE, usage, is_estimated, ttft_ms=ttft_ms, dollars=dollars
    )


def test_the_figures_are_those_that_the_outcomes_give() -> None:
    score, hidden = Score("m"), "a = 1  \n    b = 2\n"
    score.ended(_shown("a = 1"), hidden)
    score.ended(_shown("a = 1\n    b = 2"), hidden)
    score.ended(_shown("a = 1\n    c = 3"), hidden)
    score.ended(_shown("z"), hidden)
    score.ended(Outcome(Ending.DEADLINE, "late"), hidden)
    score.streamed(_stream(200, Usage(100, 50), 0.001))
    score.streamed(_stream(400, Usage(900, 0), 0.001, is_estimated=True))
    figures = score.figures()
    assert {name: figures[name] for name in ("first_line_right", "block_right", "shown_wrong", "silent")} == {
        "first_line_right": 0.6,
        "block_right": 0.5,
        "shown_wrong": 0.2,
        "silent": 0.2,
    }
    assert (figures["in_budget"], figures["from_cache"], figures["dollars_per_1000"]) == (0.8, 0.5, 0.4)
    assert 0.5 < figures["similarity"] < 1
    (*_, row) = table([score])
    assert row.split()[:3] == ["m", "60%", "50%"]


def test_of_nothing_there_is_a_table_too() -> None:
    assert table([Score("m", stopped="no key")])[-1] == "m: no key"


@pytest.fixture
def simulator(repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Simulator]:
    truth = [repository / "old.py", repository / "new.py", repository / "secret" / "keys.py"]
    with start(truth=truth, latency="none") as running:
        values = {
            "BASE_URL": running.base_url,
            "CATALOGUE": "false",
            "DEBOUNCE_MIN_MS": "0",
            "DEBOUNCE_MAX_MS": "0",
            "BUDGET_MS": "5000",
            "EXCLUDE": "secret/",
        }
        for name, value in values.items():
            monkeypatch.setenv(f"TYPETHROUGH_{name}", value)
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
        yield running


def _evaluated(
    repository: Path, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, list[Any]]:
    code = main(["evaluate", str(repository), "--json", "--count", "4", *arguments])
    return code, json.loads(capsys.readouterr().out)


def test_a_model_that_knows_the_text_gets_it_right_and_is_not_told_it(
    repository: Path, simulator: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    code, (model, local) = _evaluated(repository, capsys, "--lane", "model", "--lane", "local")
    assert (code, model["asked"], local["asked"]) == (0, 4, 4)
    assert model["first_line_right"] >= 0.5
    assert model["first_text_p50_ms"] > 0
    assert model["dollars"] > 0
    assert local["dollars"] == 0
    rows = simulator.log(full=True)
    assert rows
    places = holes(repository, repository, 4, 7, lambda path: "secret" not in path.parts)
    for row, place in zip(rows, places, strict=True):
        last_message = row["messages"][-1]["content"]
        assert place.hidden.partition("\n")[0] not in last_message.split("\n")
        assert "keys.py" not in str(row["messages"])


def test_it_stops_when_the_money_is_spent(
    repository: Path, simulator: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    code, (score,) = _evaluated(repository, capsys, "--max-cents", "0")
    assert (code, score["asked"]) == (1, 0)
    assert "--max-cents" in score["stopped"]
    assert not simulator.log()


def test_it_stops_where_every_request_fails_and_says_why(
    repository: Path, simulator: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    simulator.fault("authentication_error")
    code, (score,) = _evaluated(repository, capsys)
    assert code == 1
    assert score["asked"] < 4
    assert "key" in score["stopped"]
    assert main(["evaluate", str(repository), "--count", "4"]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert "does not accept" in line


def test_without_a_key_it_names_what_needs_none(
    repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("TYPETHROUGH_BASE_URL", "https://one.example/v1")
    assert main(["evaluate", str(repository / "new.py"), "--count", "1"]) == 1
    out, error = capsys.readouterr()
    assert "no key for one.example" in out
    assert "--lane local" in out
    assert "1 place in 1 file," in error
