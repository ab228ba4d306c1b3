"""Two gateways race for one stream: when the second is asked, who is heard, and that the other is closed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.gateway.stage import PROMPT, play
from tests.support.engine_kit import ManualClock, ScriptedGateway, Stream, settle
from typethrough.core.asking.waits import ENOUGH_WAITS
from typethrough.core.models import FimMarks
from typethrough.core.outcome.outcome import Usage
from typethrough.engine.ports import GatewayError, GatewayTimeout, GatewayUnavailable, RateLimited
from typethrough.gateway.hedge import Hedging

if TYPE_CHECKING:
    from typethrough.core.models import ModelProfile
    from typethrough.engine.ports import Finish
    from typethrough.gateway.hedge import HedgeRace

NANO, LUNA = "openai/gpt-4.1-nano", "openai/gpt-6-luna"
TYPICAL_MS, LATE_MS, BUDGET_MS = 100.0, 400.0, 900.0
PAID = Usage(100_000, 0, 0)


class Run:
    """One race under way, and what it has said."""

    def __init__(self, race: HedgeRace) -> None:
        self.race = race
        self.heard: list[str] = []
        self.counted: list[tuple[Usage, bool]] = []
        self.task: asyncio.Task[Finish] = asyncio.create_task(
            race.stream(PROMPT, self.heard.append, self._count)
        )

    def _count(self, usage: Usage, *, is_hedge: bool = False) -> None:
        self.counted.append((usage, is_hedge))

    @property
    def text(self) -> str:
        return "".join(self.heard)


class Track:
    """A first and a second gateway on a clock moved by hand."""

    def __init__(self, *, share_percent: float = 10, second: str = LUNA) -> None:
        self.clock = ManualClock()
        self.one, self.two = ScriptedGateway(NANO), ScriptedGateway(second)
        self.hedging = Hedging(self.two, self.clock, share_percent=share_percent)
        self.gateway = self.hedging.around(self.one)

    @property
    def ledger(self) -> tuple[float, float]:
        """Dollars spent, and those spent on hedges."""
        return self.hedging.ledger.dollars, self.hedging.ledger.hedge_dollars

    async def wait(self, ms: float) -> None:
        self.clock.advance(ms)
        await settle()

    async def start(self, budget_ms: float | None = BUDGET_MS) -> Run:
        run = Run(self.gateway.race())
        if budget_ms is not None:
            run.race.wanted_until(self.clock.now() + budget_ms / 1_000)
        await settle()
        return run

    async def learn(self, count: int = ENOUGH_WAITS, usage: Usage = PAID) -> None:
        """Let the first answer so often that what is late is known: one in ten takes as long as that."""
        for number in range(count):
            run = await self.start(None)
            await self.wait(LATE_MS if number % 10 == 0 else TYPICAL_MS)
            self.first.say("x")
            self.first.finish(usage)
            await run.task

    async def late(self) -> Run:
        """A race whose hedge has been sent."""
        await self.learn()
        run = await self.start()
        await self.wait(LATE_MS)
        assert len(self.two.streams) == 1
        return run

    @property
    def first(self) -> Stream:
        return self.one.streams[-1]

    @property
    def second(self) -> Stream:
        return self.two.streams[-1]


def _with_marks(gateway: ScriptedGateway) -> ModelProfile:
    return replace(gateway.profile, fim=FimMarks("<pre>", "<suf>", "<mid>"))


def _cheap_steps(gateway: ScriptedGateway) -> ModelProfile:
    return replace(gateway.profile, cache_min_tokens=1, cache_step_tokens=1)


def test_there_is_no_hedge_before_it_is_known_what_late_is() -> None:
    async def scene() -> None:
        track = Track()
        await track.learn(ENOUGH_WAITS - 1)
        run = await track.start()
        await track.wait(BUDGET_MS)
        assert track.two.streams == []
        track.first.say("slow")
        track.first.finish()
        await run.task
        assert run.text == "slow"

    play(scene())


def test_a_first_that_speaks_in_time_is_never_hedged() -> None:
    async def scene() -> None:
        track = Track()
        await track.learn()
        run = await track.start()
        await track.wait(LATE_MS - 1)
        track.first.say("in ")
        await track.wait(BUDGET_MS)
        track.first.say("time")
        track.first.finish()
        await run.task
        assert (run.text, track.two.streams, track.ledger[1]) == ("in time", [], 0)

    play(scene())


def test_the_second_that_speaks_first_is_heard_and_the_first_is_closed_at_once() -> None:
    async def scene() -> None:
        track = Track()
        run = await track.late()
        await track.wait(50)
        assert not track.first.closed
        track.second.say("two")
        await settle()
        assert track.first.closed
        assert not track.second.closed
        track.second.finish(Usage(30, 0, 1))
        assert (await run.task).usage == Usage(30, 0, 1)
        heard, unheard = run.race.heard, run.race.unheard
        assert (run.text, heard.model, heard.is_hedge, heard.delay_ms) == (
            "two",
            LUNA,
            True,
            pytest.approx(LATE_MS),
        )
        assert unheard is not None
        assert (unheard.model, unheard.is_hedge, unheard.end) == (NANO, False, "lost")
        assert unheard.usage.prompt_tokens > 0

    play(scene())


def test_the_first_that_speaks_after_all_is_heard_and_the_hedge_is_closed_at_once() -> None:
    async def scene() -> None:
        track = Track()
        run = await track.late()
        track.first.say("one")
        await settle()
        assert track.second.closed
        track.first.finish(PAID)
        await run.task
        unheard = run.race.unheard
        assert unheard is not None
        assert (run.text, unheard.model, unheard.is_hedge, unheard.end) == ("one", LUNA, True, "lost")
        assert track.ledger[1] == pytest.approx(
            track.two.profile.cost_dollars(Usage(unheard.usage.prompt_tokens, 0, 0))
        )

    play(scene())


@pytest.mark.parametrize("order", ["first", "second"])
def test_of_two_that_speak_in_the_same_turn_the_earlier_is_heard_alone(order: str) -> None:
    async def scene() -> None:
        track = Track()
        run = await track.late()
        speakers = [(track.first, "one"), (track.second, "two")]
        for stream, text in speakers if order == "first" else reversed(speakers):
            stream.say(text)
            stream.say(text)
        await settle()
        winner, loser = (track.first, track.second) if order == "first" else (track.second, track.first)
        assert loser.closed
        winner.finish()
        await run.task
        assert run.text == ("oneone" if order == "first" else "twotwo")

    play(scene())


def test_two_that_end_in_the_same_turn_without_a_word_are_one_empty_answer() -> None:
    async def scene() -> None:
        track = Track()
        run = await track.late()
        track.second.finish(Usage(7, 0, 0))
        track.first.finish(Usage(9, 0, 0))
        assert (await run.task).usage == Usage(9, 0, 0)
        assert not run.race.heard.is_hedge

    play(scene())


def test_a_first_that_speaks_between_the_alarm_and_the_sending_is_not_hedged() -> None:
    async def scene() -> None:
        track = Track()
        await track.learn()
        run = await track.start()
        track.clock.advance(LATE_MS)
        track.first.say("just")
        await settle()
        assert track.two.streams == []
        track.first.finish(PAID)
        await run.task
        assert (run.text, run.race.unheard, track.ledger[1]) == ("just", None, 0)

    play(scene())


@pytest.mark.parametrize("is_hedged", [True, False])
def test_cancelling_closes_whatever_runs_before_it_propagates(is_hedged: bool) -> None:
    async def scene() -> None:
        track = Track()
        await track.learn()
        run = await track.start()
        await track.wait(LATE_MS if is_hedged else LATE_MS / 2)
        assert len(track.two.streams) == is_hedged
        run.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run.task
        assert track.first.closed
        assert all(stream.closed for stream in track.two.streams)
        assert track.clock.is_idle
        await track.wait(BUDGET_MS)
        assert len(track.two.streams) == is_hedged

    play(scene())


def test_cancelled_by_who_hears_it_a_race_closes_its_winner_too() -> None:
    async def scene() -> None:
        track = Track()
        run = await track.late()
        track.second.say("two")
        run.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run.task
        assert track.first.closed
        assert track.second.closed

    play(scene())


def test_cancelled_before_it_began_a_race_has_asked_nobody() -> None:
    async def scene() -> None:
        track = Track()
        run = Run(track.gateway.race())
        run.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run.task
        assert (track.one.streams, run.race.unheard, run.race.heard.model) == ([], None, NANO)

    play(scene())


def test_when_the_first_fails_before_a_word_the_second_is_asked_at_once_and_may_answer() -> None:
    async def scene() -> None:
        track = Track()
        await track.learn()
        run = await track.start()
        track.first.fail(RateLimited("slow down"))
        await settle()
        track.second.say("two")
        track.second.finish()
        await run.task
        unheard = run.race.unheard
        assert unheard is not None
        assert (run.text, unheard.end, unheard.usage) == ("two", "RateLimited", Usage())

    play(scene())


def test_when_the_hedge_fails_the_first_is_waited_for_and_nothing_was_spent_on_it() -> None:
    async def scene() -> None:
        track = Track()
        run = await track.late()
        assert track.ledger[1] > 0
        track.second.fail(GatewayUnavailable("down"))
        await track.wait(100)
        track.first.say("one")
        track.first.finish()
        await run.task
        unheard = run.race.unheard
        assert unheard is not None
        assert (run.text, unheard.end) == ("one", "GatewayUnavailable")
        assert track.ledger[1] == pytest.approx(0)

    play(scene())


@pytest.mark.parametrize("order", ["first", "second", "together"])
def test_when_both_fail_the_error_is_the_firsts(order: str) -> None:
    async def scene() -> None:
        track = Track()
        run = await track.late()
        failures: list[tuple[Stream, GatewayError]] = [
            (track.first, GatewayTimeout("one")),
            (track.second, GatewayUnavailable("two")),
        ]
        for stream, error in reversed(failures) if order == "second" else failures:
            stream.fail(error)
            if order != "together":
                await settle()
        with pytest.raises(GatewayTimeout, match="one"):
            await run.task

    play(scene())


@pytest.mark.parametrize("is_second", [True, False])
def test_an_error_after_text_is_that_of_who_was_heard(is_second: bool) -> None:
    async def scene() -> None:
        track = Track()
        run = await track.late()
        winner = track.second if is_second else track.first
        winner.say("half")
        await settle()
        winner.fail(GatewayUnavailable("broke off"))
        with pytest.raises(GatewayUnavailable, match="broke off"):
            await run.task
        assert run.text == "half"

    play(scene())


def test_a_fault_of_our_own_in_one_gateway_closes_the_other_and_is_not_hidden() -> None:
    async def scene() -> None:
        track = Track()
        run = await track.late()
        track.second.end.set_exception(ValueError("a bug"))
        with pytest.raises(ValueError, match="a bug"):
            await run.task
        assert track.first.closed

    play(scene())


@pytest.mark.parametrize("budget_ms", [LATE_MS - 1, LATE_MS + TYPICAL_MS, None])
def test_a_hedge_that_could_not_help_in_time_is_not_sent(budget_ms: float | None) -> None:
    async def scene() -> None:
        track = Track()
        await track.learn()
        run = await track.start(budget_ms)
        await track.wait(2 * BUDGET_MS)
        assert track.two.streams == []
        track.first.fail(GatewayUnavailable("down"))
        with pytest.raises(GatewayUnavailable):
            await run.task
        assert track.two.streams == []

    play(scene())


def test_who_joins_a_stream_waits_longer_than_who_began_it() -> None:
    async def scene() -> None:
        track = Track()
        await track.learn()
        run = await track.start(LATE_MS)
        await track.wait(LATE_MS - 1)
        run.race.wanted_until(track.clock.now() + BUDGET_MS / 1_000)
        run.race.wanted_until(track.clock.now())
        await track.wait(1)
        assert len(track.two.streams) == 1
        track.first.finish()
        await run.task

    play(scene())


def test_a_stream_that_nobody_said_they_wait_for_is_counted_and_not_hedged() -> None:
    async def scene() -> None:
        track = Track()
        await track.learn()
        before = track.ledger[0]
        task = asyncio.create_task(track.gateway.stream(PROMPT, lambda _: None))
        await settle()
        await track.wait(BUDGET_MS)
        assert track.two.streams == []
        track.first.finish(PAID)
        await task
        assert track.ledger[0] == pytest.approx(before + track.one.profile.cost_dollars(PAID))

    play(scene())


@pytest.mark.parametrize("share_percent", [0, 0.001])
def test_with_the_share_used_up_no_hedge_goes_out(share_percent: float) -> None:
    async def scene() -> None:
        track = Track(share_percent=share_percent)
        await track.learn()
        run = await track.start()
        await track.wait(LATE_MS)
        assert track.two.streams == []
        track.first.fail(GatewayUnavailable("down"))
        with pytest.raises(GatewayUnavailable):
            await run.task
        assert track.two.streams == []

    play(scene())


def test_a_second_that_refuses_or_wants_other_marks_is_not_asked() -> None:
    async def scene() -> None:
        for trouble in ("refuses", "marks"):
            track = Track()
            if trouble == "refuses":
                track.two.reason = "Requests pause for 20 s."
            else:
                track.two.profile = _with_marks(track.two)
            await track.learn()
            run = await track.start()
            await track.wait(LATE_MS)
            assert track.two.streams == []
            track.first.finish()
            await run.task

    play(scene())


def test_hedges_that_win_do_not_make_late_come_earlier() -> None:
    async def scene() -> None:
        track = Track()
        await track.learn()
        for _ in range(15):
            for _ in range(9):
                run = await track.start()
                await track.wait(TYPICAL_MS)
                track.first.say("x")
                track.first.finish(PAID)
                await run.task
            run = await track.start()
            await track.wait(LATE_MS - 1)
            sent = len(track.two.streams)
            await track.wait(1)
            assert len(track.two.streams) == sent + 1
            track.second.say("two")
            track.second.finish(Usage(10, 0, 0))
            await run.task

    play(scene())


def test_another_connection_to_the_same_model_finds_the_cache_that_the_first_one_warmed() -> None:
    async def scene() -> None:
        costs = []
        for second in (NANO, "gpt-4.1-nano-2025-04-14"):
            track = Track(second=second)
            track.one.profile = track.two.profile = _cheap_steps(track.two)
            run = await track.late()
            costs.append(track.ledger[1])
            track.first.finish()
            await run.task
        same, other = costs
        assert same < other

    play(scene())


def test_closing_closes_both_and_warming_warms_both() -> None:
    async def scene() -> None:
        track = Track()
        await track.gateway.warm()
        assert (track.one.warmed, track.two.warmed) == (1, 1)
        await track.gateway.aclose()
        assert (track.one.closed, track.two.closed) == (True, True)
        track.one.reason = "no"
        assert (track.gateway.refusal(), track.gateway.model) == ("no", NANO)

    play(scene())


def test_what_is_counted_afterwards_is_told_with_whose_it_is() -> None:
    async def scene() -> None:
        track = Track()
        run = await track.late()
        track.second.say("x")
        run.task.cancel()
        await settle()
        assert track.first.on_counted is not None
        assert track.second.on_counted is not None
        track.second.on_counted(Usage(2_000, 0, 1))
        track.first.on_counted(Usage(1_000, 900, 0))
        assert run.counted == [(Usage(2_000, 0, 1), True), (Usage(1_000, 900, 0), False)]

    play(scene())
