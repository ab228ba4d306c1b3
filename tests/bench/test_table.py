"""The table prints whatever was measured, and a dash for what was not."""

from __future__ import annotations

import pytest

from tests.bench.drills import BySize, Closing, StartUp
from tests.bench.hardship import Endured
from tests.bench.play import Part, Played
from tests.bench.score import Upstream
from tests.bench.session import Accepted, Key, Trace
from tests.bench.table import FIGURES, Harvest, number, percent, table
from tests.support.fake_editor import Asked, Display, Faults
from tests.support.lsp_client import Reply


def measured() -> Harvest:
    asked = Asked(Reply(1, "ask", 1.0), 1, (0, 0), 1.0, 1.4, new="= 1")
    trace = Trace(
        keys=[Key(0.9, "type", 0.1, "", False), Key(2.0, "accept", 1.1, "= 1", False)],
        accepted=[Accepted(2.0, 4, 1)],
        strokes_alone=8,
        started_s=0.0,
        ended_s=3.6,
        asked=[asked],
        displays=[Display(1.4, "= 1", asked)],
    )
    upstream = Upstream(1.0, 1.41, False, 1.3, 1.398, (), "= 1", 1000, 400, 100)
    played = Played(Part(0, "vscode", 8), trace, [upstream], Faults(), [], 0.004, 50.0)
    sizes = [BySize(200, 0.002, 0.0001, 9, 50.0), BySize(50_000, 0.003, 0.0002, 9, 90.0)]
    endured = [Endured("stall", [asked], [], ["one message"], True, True)]
    return Harvest([played], StartUp(0.5, 0.6, 45.0), sizes, Closing([0.002], 1), endured)


def rows(harvest: Harvest) -> dict[str, str]:
    lines = [line.strip("| ").split(" | ") for line in table({"it": harvest}).splitlines()[2:]]
    return {cells[0]: cells[1] for cells in lines}


@pytest.mark.parametrize(
    ("figure", "value"),
    [
        ("upstream requests per 100 keystrokes", "50.0"),
        ("upstream requests whose text is never shown", "0 %"),
        ("suggestion on screen by the end of a pause", "100 % (n=1)"),
        ("suggestion on screen by the next key", "50 %"),
        ("answered inside the budget, every fault mode included", "100 % (2 of 2)"),
        ("upstream text to answer, p50 / p99", "2.00 / 2.00 ms (n=1)"),
        ("one edit, p50: 200 / 5,000 / 50,000 lines", "0.10 / 0.20 ms (2.0 ×)"),
        ("CPU seconds per 1,000 keystrokes", "2.00"),
        ("divergence and cancel to upstream closed, p50 / p99", "2.00 / 2.00 ms (n=1), 1 missed"),
        ("under faults: unanswered / errors / messages / deaths", "0 / 0 / 1 / 0"),
        ("keystrokes saved / accepted characters that are wrong", "75 % / 25 % (1 accepted)"),
        ("prompt tokens from the provider's cache", "40 %"),
        ("cost of an hour's typing", "$0.1100"),
        ("start-up to `initialize` answered / to the first answer", "0.50 / 0.60 s"),
        ("RSS idle / after the session / with a 50,000-line file", "45 / 50 / 90 MiB"),
        ("keystrokes pressed", "2 + 0"),
    ],
)
def test_a_row_tells_its_figure(figure: str, value: str) -> None:
    assert rows(measured())[figure] == value


def test_nothing_measured_still_makes_a_table() -> None:
    assert len(rows(Harvest())) == len(FIGURES)


def test_numbers_show_the_digits_that_tell() -> None:
    assert [number(0.123), number(12.34), number(412.3), number(2.0, "s")] == [
        "0.12",
        "12.3",
        "412",
        "2.00 s",
    ]
    assert percent(float("nan")) == "–"
