"""Every marker case, played in ways that must agree: the answer whole, in pieces, and shown while it grows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.markers.form import FOLDER, FormError, cases, name_of, parse, read
from tests.markers.player import play_all_ways, wrong

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OPEN = frozenset((FOLDER / "open.txt").read_text().split())


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.mark.parametrize("path", cases(), ids=name_of)
def test_case(path: Path, runner: asyncio.Runner) -> None:
    case = read(path)
    problem = wrong(case, runner.run(play_all_ways(case)))
    if case.name in OPEN:
        assert problem, "it is right now: take it off open.txt"
    else:
        assert not problem, problem


def test_what_is_known_to_be_wrong_exists() -> None:
    assert set(map(name_of, cases())) >= OPEN


@pytest.mark.parametrize(
    "text",
    [
        "--- document\nx = 1\n--- nothing\n",
        "--- document\nx$0\n",
        "--- document\nx$0\n--- nothing",
        "colour: red\n--- document\nx$0\n--- nothing\n",
        "--- document\nx$0\n--- or\ny\n",
    ],
    ids=["no cursor", "nothing expected", "no line end", "unknown setting", "or without what"],
)
def test_a_case_that_is_written_wrongly_is_refused(text: str) -> None:
    with pytest.raises(FormError):
        parse("case", text)
