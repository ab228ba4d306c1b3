"""Which model a request goes to, within which budget, and who answers when that model cannot."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.engine_kit import Bench, ScriptedGateway, run, settle
from typethrough.core.asking.routes import Route, RoutePurpose
from typethrough.core.outcome.outcome import Ending, Purpose, Source, Usage
from typethrough.engine.gateways import Gateways
from typethrough.engine.ports import GatewayUnavailable, ModelNotFound

MINI = "openai/gpt-4.1-mini"
CODE = "def area(width, height):\n    $0\n\nprint(area(2, 3))\n"
INSIDE = "def area(width, height):\n    total = 0\n    $0\n\nprint(area(2, 3))\n"


class Lanes(Bench):
    """A bench whose invoked requests, or whose blocks, go to a stronger model."""

    def __init__(
        self, text: str, purpose: RoutePurpose = RoutePurpose.INVOKED, *, budget_ms: int = 0, **settings: Any
    ) -> None:
        self.strong = ScriptedGateway(MINI)
        routes = (Route(purpose, MINI, budget_ms),)
        super().__init__(text, routed={purpose: self.strong}, routes=routes, **settings)

    @property
    def asked(self) -> tuple[int, int]:
        """How many streams the default model and the stronger one were asked for."""
        return len(self.gateway.streams), len(self.strong.streams)


def test_what_is_asked_for_by_hand_goes_to_the_stronger_model_and_what_comes_by_itself_does_not() -> None:
    async def scenario() -> None:
        bench = Lanes(INSIDE)
        await bench.type("return ")
        await bench.wait(100)
        assert bench.asked == (1, 0)
        bench.gateway.streams[0].say("total\n")
        bench.gateway.streams[0].finish()
        await settle()
        asked = bench.ask(invoked=True)
        await settle()
        assert bench.asked == (1, 1)
        bench.strong.streams[0].say("width * height\n")
        bench.strong.streams[0].finish(Usage(1_000, 0, 10))
        await settle()
        assert [suggestion.text for suggestion in asked.outcome.suggestions] == ["width * height", "total"]
        assert asked.outcome.source is Source.MODEL
        nano, mini = bench.notes.records
        assert (nano.purpose, mini.purpose, mini.model) == (Purpose.AUTOMATIC, Purpose.INVOKED, MINI)
        assert mini.dollars == pytest.approx((1_000 * 0.40 + 10 * 1.60) / 1e6)

    run(scenario)


def test_a_stream_of_the_default_model_is_not_joined_by_hand_and_goes_on() -> None:
    async def scenario() -> None:
        bench = Lanes(INSIDE)
        await bench.type("return ")
        await bench.wait(100)
        asked = bench.ask(invoked=True)
        await settle()
        bench.gateway.streams[0].say("total\n")
        await settle()
        assert asked.open
        assert not bench.gateway.streams[0].closed
        bench.strong.streams[0].say("width * height\n")
        bench.strong.streams[0].finish()
        await settle()
        assert [suggestion.text for suggestion in asked.outcome.suggestions] == ["width * height", "total"]

    run(scenario)


def test_what_the_stronger_model_has_said_is_served_to_whoever_asks() -> None:
    async def scenario() -> None:
        bench = Lanes(INSIDE)
        bench.insert("return ")
        bench.ask(invoked=True)
        await settle()
        bench.strong.streams[0].say("width * height\n")
        bench.strong.streams[0].finish()
        await settle()
        again = bench.ask(invoked=True)
        assert (again.text, again.outcome.source) == ("width * height", Source.CACHE)
        bench.insert("w")
        assert bench.ask().text == "idth * height"
        assert bench.asked == (0, 1)

    run(scenario)


def test_requests_that_come_by_themselves_join_a_stream_of_the_stronger_model() -> None:
    async def scenario() -> None:
        bench = Lanes(INSIDE)
        bench.insert("return ")
        bench.ask(invoked=True)
        await settle()
        asked = await bench.type("wi", ms=50)
        bench.strong.streams[0].say("width * height\n")
        await settle()
        assert asked.text == "dth * height"
        assert bench.asked == (0, 1)

    run(scenario)


@pytest.mark.parametrize(("invoked", "ends_ms"), [(True, 1500), (False, 900)])
def test_a_route_has_its_own_budget_and_nobody_else_has_it(invoked: bool, ends_ms: int) -> None:
    async def scenario() -> None:
        bench = Lanes(INSIDE, budget_ms=1500)
        bench.insert("return ")
        asked = bench.ask(invoked=invoked)
        await bench.wait(ends_ms - 100)
        assert asked.open
        await bench.wait(100)
        assert asked.outcome.ending is Ending.DEADLINE
        assert ends_ms - 50 < asked.outcome.stages_ms["total"] <= ends_ms

    run(scenario)


def test_a_route_without_a_budget_has_the_one_of_all() -> None:
    async def scenario() -> None:
        bench = Lanes(INSIDE)
        bench.insert("return ")
        asked = bench.ask(invoked=True)
        await bench.wait(900)
        assert asked.outcome.ending is Ending.DEADLINE

    run(scenario)


def test_at_the_deadline_what_the_default_model_had_is_better_than_nothing() -> None:
    async def scenario() -> None:
        bench = Lanes(INSIDE)
        await bench.type("return ")
        await bench.wait(100)
        bench.gateway.streams[0].say("total\n")
        await settle()
        asked = bench.ask(invoked=True)
        await bench.wait(850)
        assert asked.open
        await bench.wait(50)
        assert (asked.text, asked.outcome.source) == ("total", Source.CACHE)

    run(scenario)


def test_a_guess_of_the_local_lane_is_an_alternative_to_what_the_chosen_model_says() -> None:
    async def scenario() -> None:
        bench = Lanes("total = width + depth\n" * 3 + "$0\n", local_lane=True)
        bench.insert("total = ")
        asked = bench.ask(invoked=True)
        await settle()
        bench.strong.streams[0].say("height * 3\n")
        await settle()
        assert [(one.text, one.source) for one in asked.outcome.suggestions] == [
            ("height * 3", Source.MODEL),
            ("width + depth", Source.LOCAL),
        ]
        late = Lanes("total = width + depth\n" * 3 + "$0\n", local_lane=True)
        late.insert("total = ")
        asked = late.ask(invoked=True)
        await late.wait(900)
        assert (asked.text, asked.outcome.source) == ("width + depth", Source.LOCAL)

    run(scenario)


@pytest.mark.parametrize(("max_lines", "strong"), [(5, 1), (1, 0)])
def test_the_body_of_a_block_goes_to_its_model_where_it_may_have_lines(max_lines: int, strong: int) -> None:
    async def scenario() -> None:
        bench = Lanes(CODE, RoutePurpose.BLOCK, max_lines=max_lines)
        bench.insert("")
        bench.ask()
        await bench.wait(500)
        assert bench.asked == (1 - strong, strong)

    run(scenario)


def test_a_prefetched_block_goes_to_the_model_of_blocks_and_is_joined() -> None:
    async def scenario() -> None:
        bench = Lanes("if $0\n", RoutePurpose.BLOCK, max_lines=5)
        bench.expect_more()
        await bench.type("ready ")
        await bench.wait(500)
        bench.gateway.streams[0].say("and able:")
        bench.gateway.streams[0].finish()
        await settle()
        bench.insert("and able:")
        await settle()
        assert bench.asked == (1, 1)
        asked = bench.ask()
        bench.strong.streams[0].say("\n    go()\n")
        bench.strong.streams[0].finish()
        await settle()
        assert asked.text == "\n    go()"
        assert bench.asked == (1, 1)

    run(scenario)


def test_a_model_that_refuses_is_not_asked_and_the_default_one_answers() -> None:
    async def scenario() -> None:
        bench = Lanes(INSIDE)
        bench.strong.reason = "Requests pause for 20 s."
        bench.insert("return ")
        asked = bench.ask(invoked=True)
        await settle()
        assert bench.asked == (1, 0)
        await bench.say("total\n")
        bench.stream.finish()
        await settle()
        assert asked.text == "total"
        assert bench.ask(invoked=True).text == "total"

    run(scenario)


def test_when_a_chosen_model_fails_the_default_one_is_asked_at_once_and_the_user_hears_of_the_route() -> None:
    async def scenario() -> None:
        bench = Lanes(INSIDE)
        bench.insert("return ")
        asked = bench.ask(invoked=True)
        await settle()
        bench.strong.reason = "No request is sent until the setting changes."
        bench.strong.streams[0].fail(ModelNotFound("The model is gone: see routes.", status=404))
        await settle()
        assert bench.asked == (1, 1)
        await bench.say("total\n")
        bench.stream.finish()
        await settle()
        assert asked.text == "total"
        assert bench.notes.notices == ["The model is gone: see routes."]
        assert "error" not in bench.notes.statuses

    run(scenario)


def test_when_a_chosen_model_fails_a_stream_of_the_default_one_under_way_is_joined() -> None:
    async def scenario() -> None:
        bench = Lanes(INSIDE)
        await bench.type("return ")
        await bench.wait(100)
        asked = bench.ask(invoked=True)
        await settle()
        bench.strong.streams[0].fail(GatewayUnavailable("It is down."))
        await settle()
        assert bench.asked == (1, 1)
        await bench.say("total\n")
        bench.stream.finish()
        await settle()
        assert asked.text == "total"

    run(scenario)


def test_when_the_default_model_fails_after_the_chosen_one_its_error_is_the_answer() -> None:
    async def scenario() -> None:
        bench = Lanes(INSIDE)
        bench.insert("return ")
        asked = bench.ask(invoked=True)
        await settle()
        bench.strong.streams[0].fail(GatewayUnavailable("The strong one is down."))
        await settle()
        bench.stream.fail(GatewayUnavailable("It is down."))
        await settle()
        assert (asked.outcome.ending, asked.outcome.reason) == (Ending.FAILED, "It is down.")
        assert bench.notes.statuses[-1] == "error"
        assert bench.asked == (1, 1)

    run(scenario)


def test_each_model_has_its_own_waits() -> None:
    async def scenario() -> None:
        bench = Lanes(INSIDE)
        bench.insert("return ")
        for _ in range(3):
            bench.ask(invoked=True)
            await bench.wait(700)
            bench.strong.streams[-1].say("width\n")
            bench.strong.streams[-1].finish()
            await settle()
            bench.insert("\n")
        lane = bench.engine._model
        route = bench.settings.routes[0]
        assert lane.waits(route).median_ms() == pytest.approx(700)
        assert lane.waits(None).median_ms(123) == 123

    run(scenario)


@pytest.mark.parametrize(("budget_ms", "asked_at_once"), [(0, 1), (3_000, 0)])
def test_the_debounce_leaves_a_routes_model_the_time_it_takes_within_the_routes_budget(
    budget_ms: int, asked_at_once: int
) -> None:
    async def scenario() -> None:
        bench = Lanes(CODE.replace("    $0", "$0"), RoutePurpose.BLOCK, budget_ms=budget_ms, max_lines=5)
        for _ in range(9):
            bench.engine._model.waits(bench.settings.routes[0]).note(850, spoke=True)
        bench.insert("    ")
        bench.ask()
        await settle()
        assert len(bench.strong.streams) == asked_at_once
        await bench.wait(100)
        assert len(bench.strong.streams) == 1

    run(scenario)


def test_other_settings_with_the_same_gateways_leave_them_open() -> None:
    async def scenario() -> None:
        bench = Bench(INSIDE)
        bench.engine.configure(bench.settings, bench.gateway)
        await settle()
        assert not bench.gateway.closed

    run(scenario)


def test_other_settings_close_the_gateways_of_the_old_ones_each_once() -> None:
    async def scenario() -> None:
        bench = Lanes(INSIDE)
        bench.engine.configure(bench.settings, ScriptedGateway())
        await settle()
        assert (bench.gateway.closed, bench.strong.closed) == (True, True)

    run(scenario)


def test_two_purposes_of_one_model_share_a_gateway() -> None:
    async def scenario() -> None:
        nano, mini = ScriptedGateway(), ScriptedGateway(MINI)
        both = Gateways(nano, {RoutePurpose.INVOKED: mini, RoutePurpose.BLOCK: mini})
        for purpose in (RoutePurpose.INVOKED, RoutePurpose.BLOCK):
            assert both.chosen(Route(purpose, MINI)) is mini
        assert both.chosen(None) is nano
        mini.reason = "no"
        assert both.chosen(Route(RoutePurpose.BLOCK, MINI)) is nano
        assert (both.refusal(), both.default) == ("", nano)
        await both.warm()
        assert (nano.warmed, mini.warmed) == (1, 1)

    run(scenario)
