"""Warm-ups: a model reads a document's context before somebody waits for it, where that is free or asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.engine_kit import URI, Bench, run, settle
from typethrough.core.models import profile_of
from typethrough.core.outcome.outcome import Purpose
from typethrough.engine.ports import ModelNotFound

CODE = "def area(width, height):\n    $0\n\nprint(area(2, 3))\n"
AT_HOME = replace(profile_of("some-local-model"), is_local=True, cache_ttl_s=3_600.0)


async def opened(*, warm_up: str = "auto", at_home: bool = True) -> Bench:
    """A bench whose document has been looked at since its model became known."""
    bench = Bench(CODE, warm_up=warm_up)
    if at_home:
        bench.gateway.profile = AT_HOME
    await bench.engine.surroundings.background.idle()
    await settle()
    return bench


@pytest.mark.parametrize(
    ("warm_up", "at_home", "warms"),
    [
        ("auto", True, True),
        ("auto", False, False),
        ("always", False, True),
        ("never", True, False),
    ],
)
def test_on_opening_the_context_is_read_where_that_is_free_or_wanted(
    warm_up: str, *, at_home: bool, warms: bool
) -> None:
    async def scenario() -> None:
        bench = await opened(warm_up=warm_up, at_home=at_home)
        assert len(bench.gateway.streams) == warms
        await bench.engine.aclose()

    run(scenario)


def test_a_warm_up_asks_for_one_token_and_is_closed_when_it_comes() -> None:
    async def scenario() -> None:
        bench = await opened()
        assert bench.stream.prompt.max_output_tokens == 1
        await bench.say("x")
        assert bench.stream.closed
        (record,) = bench.notes.records
        assert (record.purpose, record.end) == (Purpose.WARM_UP, "enough")
        await bench.engine.aclose()

    run(scenario)


def test_the_question_after_it_begins_with_what_was_read() -> None:
    async def scenario() -> None:
        bench = await opened()
        warm = bench.stream.prompt
        await bench.say("x")
        bench.clock.advance(1_000)
        await bench.type("return ")
        await bench.wait(200)
        asked = bench.stream.prompt
        assert asked is not warm
        assert asked.messages[: warm.stable] == warm.messages[: warm.stable]
        await bench.engine.aclose()

    run(scenario)


def test_focus_warms_a_document_whose_place_another_one_has_taken() -> None:
    async def scenario() -> None:
        bench = await opened()
        await bench.say("x")
        bench.engine.focused(URI)
        await settle()
        assert len(bench.gateway.streams) == 1
        bench.engine.open("file:///project/other.py", "python", 1, "y = 1\n")
        await bench.engine.surroundings.background.idle()
        await settle()
        await bench.say("x")
        assert len(bench.gateway.streams) == 2
        bench.engine.focused(URI)
        await settle()
        assert len(bench.gateway.streams) == 3
        await bench.engine.aclose()

    run(scenario)


def test_a_document_that_closes_ends_its_warm_up() -> None:
    async def scenario() -> None:
        bench = await opened()
        bench.engine.close(URI)
        await settle()
        assert bench.stream.closed
        await bench.engine.aclose()

    run(scenario)


def test_what_a_warm_up_is_refused_for_is_told() -> None:
    async def scenario() -> None:
        bench = await opened()
        bench.stream.fail(ModelNotFound("No such model.", status=404))
        await settle()
        assert bench.notes.notices == ["No such model."]
        await bench.engine.aclose()

    run(scenario)


def test_nothing_is_read_where_suggestions_are_off() -> None:
    async def scenario() -> None:
        bench = Bench(CODE, disabled_languages=("python",))
        bench.gateway.profile = AT_HOME
        await bench.engine.surroundings.background.idle()
        await settle()
        assert bench.gateway.streams == []
        await bench.engine.aclose()

    run(scenario)
