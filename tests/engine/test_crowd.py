"""More questions than the endpoint keeps up with: the newest are asked, and nothing is built for the others."""

from __future__ import annotations

from tests.support.engine_kit import Asked, Bench, run, settle
from typethrough.core.document.document import Position
from typethrough.core.outcome.causes import Cause
from typethrough.engine.pending import Request

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
