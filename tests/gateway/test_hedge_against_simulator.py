"""A hedge over real sockets: a first byte that does not come, another model's answer, and a connection that is closed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.gateway.stage import NANO, PROMPT, HandClock, endpoint, play
from typethrough.cli.upstream import join_gateways
from typethrough.core.asking.routes import Route, RoutePurpose
from typethrough.core.asking.waits import ENOUGH_WAITS
from typethrough.core.models import profile_of
from typethrough.core.settings.schema import Settings
from typethrough.engine.gateways import Gateways
from typethrough.gateway.connections import WarmTransport
from typethrough.gateway.http_gateway import HttpGateway

if TYPE_CHECKING:
    from tests.support.simulator import Simulator
    from typethrough.engine.ports import Gateway

LUNA = "openai/gpt-6-luna"


def gateways_at(simulator: Simulator, clock: HandClock, hedge_model: str, share: int) -> Gateways:
    """The gateways as the composition root makes them, over one transport."""
    place = endpoint(simulator.base_url)
    transport = WarmTransport(place.way(clock), clock)

    def open_model(model: str) -> Gateway:
        return HttpGateway(place.routed(model, profile_of(model)), clock, transport)

    settings = Settings(model=NANO, routes=(Route(RoutePurpose.HEDGE, hedge_model),), hedge_share=share)
    gateway = join_gateways(settings, open_model, clock)
    assert isinstance(gateway, Gateways)
    return gateway


async def learn(gateway: Gateway) -> None:
    for _ in range(ENOUGH_WAITS):
        assert (await gateway.stream(PROMPT, lambda _: None)).finish_reason == "stop"


@pytest.mark.parametrize("fault", ["stall_before_headers", "stall_after_headers"])
@pytest.mark.parametrize("hedge_model", [LUNA, NANO], ids=["another model", "another connection"])
def test_a_first_byte_that_does_not_come_is_hedged_and_its_connection_is_closed(
    simulator: Simulator, fault: str, hedge_model: str
) -> None:
    async def scene() -> None:
        clock = HandClock()
        gateways = gateways_at(simulator, clock, hedge_model, 50)
        gateway = gateways.default
        await learn(gateway)
        simulator.fault(fault, next=1)
        heard: list[str] = []
        race = gateway.race()
        assert race is not None
        race.wanted_until(clock.now() + 1)
        task = asyncio.create_task(race.stream(PROMPT, heard.append))
        slow = ENOUGH_WAITS + 1
        await asyncio.to_thread(simulator.wait, "stalled", slow)
        assert not task.done()
        clock.advance(0)
        end = await task
        assert (end.finish_reason, bool("".join(heard)), race.heard.model) == ("stop", True, hedge_model)
        assert race.heard.is_hedge
        await asyncio.to_thread(simulator.wait, "disconnect", slow)
        await gateways.aclose()

    play(scene())
    slow, hedge = simulator.log()[ENOUGH_WAITS:]
    assert (slow["model"], slow["ending"], slow["text"]) == (NANO, "disconnected", "")
    assert (hedge["model"], hedge["ending"]) == (hedge_model, "complete")
    assert hedge["connection"] != slow["connection"]


def test_a_race_that_is_given_up_closes_both_connections(simulator: Simulator) -> None:
    async def scene() -> None:
        clock = HandClock()
        gateways = gateways_at(simulator, clock, LUNA, 50)
        await learn(gateways.default)
        simulator.fault("stall_after_headers")
        heard: list[str] = []
        race = gateways.default.race()
        assert race is not None
        race.wanted_until(clock.now() + 1)
        task = asyncio.create_task(race.stream(PROMPT, heard.append))
        slow, hedge = ENOUGH_WAITS + 1, ENOUGH_WAITS + 2
        await asyncio.to_thread(simulator.wait, "stalled", slow)
        clock.advance(0)
        await asyncio.to_thread(simulator.wait, "stalled", hedge)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        for number in (slow, hedge):
            await asyncio.to_thread(simulator.wait, "disconnect", number)
        await gateways.aclose()

    play(scene())


def test_with_the_share_used_up_no_hedge_goes_out(simulator: Simulator) -> None:
    async def scene() -> None:
        clock = HandClock()
        gateways = gateways_at(simulator, clock, LUNA, 0)
        await learn(gateways.default)
        simulator.fault("stall_after_headers", next=1)
        race = gateways.default.race()
        assert race is not None
        race.wanted_until(clock.now() + 1)
        task = asyncio.create_task(race.stream(PROMPT, lambda _: None))
        await asyncio.to_thread(simulator.wait, "stalled", ENOUGH_WAITS + 1)
        clock.advance(0)
        simulator.release()
        await task
        await gateways.aclose()
        assert (race.heard.model, race.unheard) == (NANO, None)

    play(scene())
    assert [row["model"] for row in simulator.log()] == [NANO] * (ENOUGH_WAITS + 1)
