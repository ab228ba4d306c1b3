"""More questions than the endpoint keeps up with: the newest are asked, and nothing is built for the others."""

from __future__ import annotations

import pytest

from tests.support.engine_kit import Asked, Bench, ScriptedGateway, run, settle
from typethrough.core.asking.routes import Route, RoutePurpose
from typethrough.core.document.document import Position
from typethrough.core.outcome.causes import Cause
from typethrough.core.outcome.faults import Fault
from typethrough.engine.pending import Request
from typethrough.engine.ports import GatewayUnavailable

CODE = "def area_{0}(width, height):\n    value_{0} = "


async def _ask(bench: Bench, number: int) -> Asked:
    uri, text = f"file:///project/part_{number}.py", CODE.format(number)
    bench.engine.open(uri, "python", 1, text)
    asked = Asked()
    column = len(text.split("\n")[1])
    request = Request(uri, Position(1, column), invoked=True, arrived_s=bench.clock.now(), expected="")
    asked.pending = bench.engine.begin(request, asked.ended)
    await settle()
    return asked


def test_the_newest_is_asked_when_there_is_room_again() -> None:
    async def scenario() -> None:
        bench = Bench("$0")
        bench.gateway.room = 1
        first, second, third = [await _ask(bench, number) for number in range(3)]
        assert len(bench.gateway.streams) == 1
        await bench.say("width * height\n")
        bench.stream.finish()
        await settle()
        assert first.text == "width * height"
        assert len(bench.gateway.streams) == 2
        assert "value_2" in bench.stream.question
        await bench.wait(2_000)
        assert second.outcome.cause is third.outcome.cause is Cause.OUT_OF_TIME
        bench.stream.finish()
        await settle()
        assert len(bench.gateway.streams) == 2, "nobody waits any more"

    run(scenario)


def test_nothing_is_asked_ahead_in_a_crowd() -> None:
    async def scenario() -> None:
        bench = Bench("$0")
        bench.gateway.room = 1
        await _ask(bench, 0)
        bench.engine.focused("file:///project/part_0.py")
        await _ask(bench, 1)
        await settle()
        assert len(bench.gateway.streams) == 1
        assert bench.engine._model.is_crowded()

    run(scenario)


def test_a_crowd_at_one_model_holds_up_no_other_and_ends_in_no_loop() -> None:
    async def scenario() -> None:
        strong = ScriptedGateway("openai/gpt-4.1-mini")
        strong.room = 1
        routes = (Route(RoutePurpose.INVOKED, strong.model, 0),)
        bench = Bench(
            "def area(width, height):\n    total = 0\n    $0\n",
            routed={RoutePurpose.INVOKED: strong},
            routes=routes,
        )
        first = await _ask(bench, 0)
        await bench.type("return ")
        await bench.wait(100)
        second = await _ask(bench, 1)
        assert (len(bench.gateway.streams), len(strong.streams)) == (1, 1)
        # The default model has room again, which is of no use to a request for the other one.
        bench.stream.say("total\n")
        bench.stream.finish()
        await settle()
        assert len(strong.streams) == 1
        strong.streams[0].say("width * height\n")
        strong.streams[0].finish()
        await settle()
        assert len(strong.streams) == 2
        strong.streams[1].say("width + height\n")
        strong.streams[1].finish()
        await settle()
        assert (first.text, second.text) == ("width * height", "width + height")

    run(scenario)


def test_what_runs_at_one_model_leaves_the_other_ones_places_free() -> None:
    async def scenario() -> None:
        strong = ScriptedGateway("openai/gpt-4.1-mini")
        strong.room = 1
        routes = (Route(RoutePurpose.INVOKED, strong.model, 0),)
        bench = Bench("total = $0\n", routed={RoutePurpose.INVOKED: strong}, routes=routes)
        await bench.type("1 + ")
        await bench.wait(100)
        assert len(bench.gateway.streams) == 1
        await _ask(bench, 0)
        assert len(strong.streams) == 1

    run(scenario)


@pytest.mark.parametrize(("reason", "status"), [("", "ready"), ("The gateway is down.", "error")])
def test_a_question_that_found_no_place_leaves_the_lane_as_it_is_and_not_busy(
    reason: str, status: str
) -> None:
    async def scenario() -> None:
        bench = Bench("$0")
        await _ask(bench, 0)
        assert bench.notes.statuses[-1] == "busy"
        bench.gateway.reason = reason
        bench.stream.fail(GatewayUnavailable("Too many at once.", fault=Fault.CROWDED))
        await settle()
        assert bench.notes.statuses[-1] == status
        assert bench.notes.notices == []

    run(scenario)
