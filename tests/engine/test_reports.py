"""Accepted suggestions are looked at again, half a minute and five minutes later, and never stand in anybody's way."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.engine_kit import URI, Bench, settle
from typethrough.core.document.document import Position
from typethrough.core.outcome.outcome import Feedback

TEXT = "def area(r):\n    return $0\n\n\nx = 1\n"
ANSWER = "3.14 * r * r"


async def accepted(bench: Bench) -> str:
    """Have a suggestion shown and accepted, the way editors with the item's command do it; its id."""
    asked = bench.ask()
    await bench.wait(150)
    await bench.say(ANSWER + "\n")
    assert asked.text == ANSWER
    bench.insert(ANSWER)
    suggestion_id = asked.outcome.suggestions[0].id
    bench.engine.reports.accepted(suggestion_id)
    await settle()
    return suggestion_id


def test_what_stays_has_survived_both_times_and_is_told_of_no_more() -> None:
    async def scenario() -> None:
        bench = Bench(TEXT)
        suggestion_id = await accepted(bench)
        assert bench.notes.feedbacks == [(Feedback.ACCEPTED, suggestion_id, 0)]
        bench.edit(Position(0, 0), Position(0, 0), "import math\n")
        bench.clock.advance(29_900)
        assert bench.notes.survivals == []
        bench.clock.advance(200)
        assert bench.notes.survivals == [(suggestion_id, 30.0, 1.0)]
        bench.clock.advance(1_000_000)
        assert bench.notes.survivals[1:] == [(suggestion_id, 300.0, 1.0)]

    asyncio.run(scenario())


def test_taken_back_it_has_not_survived() -> None:
    async def scenario() -> None:
        bench = Bench(TEXT)
        suggestion_id = await accepted(bench)
        bench.backspace(len(ANSWER))
        bench.clock.advance(30_000)
        assert bench.notes.survivals == [(suggestion_id, 30.0, 0.0)]

    asyncio.run(scenario())


def test_an_acceptance_that_the_client_does_not_tell_of_is_noticed() -> None:
    async def scenario() -> None:
        bench = Bench(TEXT)
        asked = bench.ask()
        await bench.wait(150)
        await bench.say(ANSWER + "\n")
        bench.insert(ANSWER)
        suggestion_id = asked.outcome.suggestions[0].id
        bench.clock.advance(30_000)
        assert bench.notes.feedbacks == [(Feedback.ACCEPTED, suggestion_id, 0)]
        assert bench.notes.survivals == [(suggestion_id, 30.0, 1.0)]

    asyncio.run(scenario())


def test_an_acceptance_that_is_reported_late_counts_once() -> None:
    async def scenario() -> None:
        bench = Bench("$0", prefetch=False)
        ids = []
        for number in range(2):
            asked = bench.ask(invoked=True)
            await bench.wait(10)
            await bench.say(f"value_{number} = {number}\n")
            bench.insert(asked.text)
            bench.insert("\n")
            ids.append(asked.outcome.suggestions[0].id)
        for suggestion_id in ids:
            bench.engine.reports.accepted(suggestion_id)
        assert bench.notes.feedbacks == [(Feedback.ACCEPTED, suggestion_id, 0) for suggestion_id in ids]

    asyncio.run(scenario())


def test_what_is_typed_to_its_end_was_not_accepted() -> None:
    async def scenario() -> None:
        bench = Bench("def area(r):\n    return $0\n")
        asked = bench.ask()
        await bench.wait(150)
        await bench.say("r()\n")
        assert asked.text == "r()"
        bench.insert("r")
        # The editor closes the bracket.
        bench.insert("()")
        bench.clock.advance(30_000)
        assert bench.notes.feedbacks == []
        assert bench.notes.survivals == []

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("lived_ms", "judged"), [(10_000, []), (20_000, [30.0]), (40_000, [30.0]), (200_000, [30.0, 300.0])]
)
def test_a_document_that_is_closed_is_judged_when_that_says_something(
    lived_ms: float, judged: list[float]
) -> None:
    async def scenario() -> None:
        bench = Bench(TEXT)
        await accepted(bench)
        bench.clock.advance(lived_ms)
        bench.engine.close(URI)
        bench.clock.advance(1_000_000)
        assert [after_s for _, after_s, _ in bench.notes.survivals] == judged
        assert {share for *_, share in bench.notes.survivals} <= {1.0}

    asyncio.run(scenario())


def test_only_so_many_are_watched_at_a_time() -> None:
    async def scenario() -> None:
        bench = Bench("$0", prefetch=False)
        for number in range(70):
            asked = bench.ask(invoked=True)
            await bench.wait(10)
            await bench.say(f"value_{number} = {number}\n")
            bench.insert(asked.text)
            bench.insert("\n")
        bench.clock.advance(30_000)
        assert len(bench.notes.survivals) == 64
        assert {share for *_, share in bench.notes.survivals} == {1.0}

    asyncio.run(scenario())
