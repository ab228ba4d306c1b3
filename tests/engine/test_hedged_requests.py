"""A request whose model is late: the second model's answer, and both on record with what they cost."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.engine_kit import URI, Bench, ScriptedGateway, run, settle
from typethrough.core.asking.waits import ENOUGH_WAITS
from typethrough.core.outcome.outcome import Ending, Purpose, Usage
from typethrough.core.prompt.message import Message, Prompt
from typethrough.engine.gateways import Gateways
from typethrough.engine.ports import GatewayError, GatewayUnavailable, ModelNotFound
from typethrough.gateway.hedge import Hedging

LUNA = "openai/gpt-6-luna"
CODE = "def area(width, height):\n    total = 0\n    $0\n\nprint(area(2, 3))\n"
LATE_MS = 300.0
EARLIER = Prompt((Message("user", "x" * 360_000),), 0, (), 64, "another document")


class Hedged(Bench):
    """A bench whose gateway is hedged, and has been asked often enough to know what late is."""

    @classmethod
    async def ready(cls, budget_ms: int = 900) -> Hedged:
        bench = cls(CODE, budget_ms=budget_ms)
        bench.second = ScriptedGateway(LUNA)
        gateway = Hedging(bench.second, bench.clock, share_percent=10).around(bench.gateway)
        for _ in range(ENOUGH_WAITS):
            task = asyncio.create_task(gateway.stream(EARLIER, lambda _: None))
            await settle()
            await bench.wait(LATE_MS)
            bench.stream.say("x")
            bench.stream.finish(Usage(100_000, 0, 1))
            await task
        bench.gateway.streams.clear()
        bench.engine.configure(bench.settings, Gateways(gateway))
        await settle()
        return bench

    second: ScriptedGateway

    async def asked_late(self) -> None:
        """A pause after some typing, as long as it takes to call the first model late."""
        await self.type("return ")
        await self.wait(100)
        assert (len(self.gateway.streams), len(self.second.streams)) == (1, 0)
        await self.wait(LATE_MS)
        assert (len(self.gateway.streams), len(self.second.streams)) == (1, 1)


def test_the_hedges_answer_is_the_requests_and_both_are_on_record() -> None:
    async def scenario() -> None:
        bench = await Hedged.ready()
        await bench.asked_late()
        asked = bench.ask()
        await bench.wait(80)
        bench.second.streams[0].say("total\n")
        await settle()
        assert asked.text == "total"
        assert bench.stream.closed
        bench.second.streams[0].finish(Usage(500, 0, 4))
        await settle()
        heard, unheard = bench.notes.records
        assert (heard.model, heard.purpose, heard.end, heard.is_estimated) == (
            LUNA,
            Purpose.HEDGE,
            "complete",
            False,
        )
        assert heard.ttft_ms == pytest.approx(80)
        assert heard.dollars == pytest.approx((500 * 0.10 + 4 * 0.50) / 1e6)
        assert (unheard.model, unheard.purpose, unheard.end, unheard.is_estimated) == (
            bench.gateway.model,
            Purpose.AUTOMATIC,
            "lost",
            True,
        )
        assert unheard.ttft_ms is None
        assert unheard.dollars > 0
        assert heard.id != unheard.id
        assert bench.notes.spent.dollars == pytest.approx(heard.dollars + unheard.dollars)

    run(scenario)


def test_what_a_hedge_cost_that_was_closed_early_goes_by_its_own_cache() -> None:
    async def scenario() -> None:
        bench = await Hedged.ready()
        await bench.asked_late()
        bench.second.streams[0].say("total\n")
        bench.second.streams[0].finish(Usage(10_000, 9_000, 4))
        await settle()
        bench.notes.records.clear()
        bench.insert("x = ")
        bench.ask()
        await bench.wait(100)
        await bench.wait(LATE_MS)
        bench.second.streams[1].say("1\n")
        await settle()
        bench.engine.close(URI)
        heard, _ = bench.notes.records
        assert (heard.purpose, heard.end, heard.is_estimated) == (Purpose.HEDGE, "document closed", True)
        # Too short a prompt for a cache, whatever another one had.
        assert (heard.usage.prompt_tokens > 0, heard.usage.cached_tokens) == (True, 0)

    run(scenario)


@pytest.mark.parametrize(
    ("error", "notices"),
    [
        (ModelNotFound("There is no such model: see routes.", status=404), 1),
        (GatewayUnavailable("It is down."), 0),
    ],
)
def test_a_hedge_whose_model_is_wrong_is_told_of_and_one_that_failed_is_not(
    error: GatewayError, notices: int
) -> None:
    async def scenario() -> None:
        bench = await Hedged.ready()
        await bench.asked_late()
        bench.second.streams[0].fail(error)
        await settle()
        asked = bench.ask()
        await bench.say("total\n")
        bench.stream.finish(Usage(500, 0, 4))
        await settle()
        assert asked.text == "total"
        assert bench.notes.notices == [str(error)] * notices
        assert [record.end for record in bench.notes.records] == ["complete", type(error).__name__]
        assert bench.notes.records[1].dollars == 0
        assert "error" not in bench.notes.statuses

    run(scenario)


def test_a_first_that_speaks_after_all_is_on_record_beside_its_hedge() -> None:
    async def scenario() -> None:
        bench = await Hedged.ready()
        await bench.asked_late()
        await bench.say("total\n")
        assert bench.second.streams[0].closed
        bench.stream.finish(Usage(500, 0, 4))
        await settle()
        assert [(record.purpose, record.end) for record in bench.notes.records] == [
            (Purpose.AUTOMATIC, "complete"),
            (Purpose.HEDGE, "lost"),
        ]
        assert bench.notes.records[0].ttft_ms == pytest.approx(LATE_MS)

    run(scenario)


def test_an_edit_that_diverges_closes_both_at_once_and_both_have_cost_something() -> None:
    async def scenario() -> None:
        bench = await Hedged.ready()
        await bench.asked_late()
        bench.backspace(3)
        await settle()
        assert bench.stream.closed
        assert bench.second.streams[0].closed
        assert [(record.purpose, record.end) for record in bench.notes.records] == [
            (Purpose.AUTOMATIC, "diverged"),
            (Purpose.HEDGE, "diverged"),
        ]
        assert all(record.dollars > 0 and record.is_estimated for record in bench.notes.records)

    run(scenario)


def test_when_there_is_no_time_left_for_a_second_answer_none_is_asked() -> None:
    async def scenario() -> None:
        bench = await Hedged.ready(budget_ms=680)
        asked = await bench.type("return ")
        await bench.wait(680)
        assert (asked.outcome.ending, bench.second.streams) == (Ending.DEADLINE, [])

    run(scenario)


def test_a_request_that_joins_gives_a_second_answer_time() -> None:
    async def scenario() -> None:
        bench = await Hedged.ready(budget_ms=680)
        await bench.type("return ")
        await bench.wait(100)
        assert len(bench.gateway.streams) == 1
        await bench.wait(50)
        asked = await bench.type("t")
        await bench.wait(LATE_MS - 50)
        assert len(bench.second.streams) == 1
        bench.second.streams[0].say("total\n")
        await settle()
        assert asked.text == "otal"

    run(scenario)


def test_what_is_asked_ahead_is_never_hedged() -> None:
    async def scenario() -> None:
        bench = await Hedged.ready()
        bench.expect_more()
        await bench.type("return ")
        await bench.wait(100)
        await bench.say("total")
        bench.stream.finish()
        await settle()
        bench.insert("total")
        await settle()
        assert len(bench.gateway.streams) == 2
        await bench.wait(2_000)
        assert bench.second.streams == []

    run(scenario)
