"""One open connection: each read has its own time, though one timer serves them all."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.gateway.stage import HandClock
from typethrough.gateway.sockets import Link


async def reading(link: Link, timeout_s: float) -> asyncio.Task[bytes]:
    task = asyncio.ensure_future(link.read(timeout_s))
    await asyncio.sleep(0)
    return task


def opened(clock: HandClock) -> Link:
    link = Link(clock)
    link.is_open = True
    return link


@pytest.mark.parametrize(("first_s", "then_s"), [(15.0, 0.25), (0.25, 15.0), (1.0, 1.0)])
def test_a_read_ends_at_its_own_time_whatever_the_one_before_it_had(first_s: float, then_s: float) -> None:
    async def scenario() -> None:
        clock = HandClock()
        link = opened(clock)
        first = await reading(link, first_s)
        clock.advance(first_s * 0.9)
        link.data_received(b"one")
        assert await first == b"one"
        then = await reading(link, then_s)
        clock.advance(then_s * 0.9)
        await asyncio.sleep(0)
        assert not then.done()
        clock.advance(then_s * 0.2)
        with pytest.raises(httpx.ReadTimeout):
            await then

    asyncio.run(scenario())


def test_a_connection_at_rest_is_not_ended_by_the_time_of_its_last_read() -> None:
    async def scenario() -> None:
        clock = HandClock()
        link = opened(clock)
        task = await reading(link, 1.0)
        link.data_received(b"all")
        assert await task == b"all"
        clock.advance(60.0)
        assert link.is_quiet

    asyncio.run(scenario())
