"""How many questions are under way at once, and which go first."""

from __future__ import annotations

import asyncio

import pytest

from tests.gateway.stage import HandClock
from typethrough.gateway.doorway import (
    FIRST_BOUND,
    LEAST_BOUND,
    MOST_BOUND,
    PATIENCE_S,
    Crowded,
    Doorway,
    seconds_of,
)


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class Crowd:
    """Questions at one door, each of which stays inside until it is let go."""

    def __init__(self, door: Doorway) -> None:
        self.door = door
        self.inside: list[int] = []
        self.given_up: list[int] = []
        self.most = 0
        self._gates: dict[int, asyncio.Event] = {}
        self.tasks: dict[int, asyncio.Task[None]] = {}

    async def come(self, *numbers: int) -> None:
        for number in numbers:
            self.tasks[number] = asyncio.ensure_future(self._one(number))
        await _settle()

    async def end(self, number: int) -> None:
        self._gates[number].set()
        await _settle()

    async def _one(self, number: int) -> None:
        gate = self._gates[number] = asyncio.Event()
        try:
            await self.door.enter()
        except Crowded:
            self.given_up.append(number)
            return
        self.inside.append(number)
        self.most = max(self.most, len(self.inside))
        try:
            await gate.wait()
        finally:
            self.inside.remove(number)
            self.door.leave()

    async def close(self) -> None:
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        assert self.door._inside == 0


def test_the_newest_goes_first_and_who_waits_too_long_is_not_asked() -> None:
    async def scene() -> None:
        clock = HandClock()
        door = Doorway(clock)
        door.bound = 2.0
        crowd = Crowd(door)
        await crowd.come(1, 2, 3, 4, 5)
        assert crowd.inside == [1, 2]
        await crowd.end(1)
        assert crowd.inside == [2, 5]
        crowd.tasks[4].cancel()
        await _settle()
        await crowd.end(2)
        assert crowd.inside == [5, 3]
        await crowd.come(6)
        clock.advance(PATIENCE_S)
        await _settle()
        assert crowd.given_up == [6]
        await crowd.end(5)
        assert crowd.inside == [3]
        await crowd.close()

    asyncio.run(scene())


def test_thousands_at_once_are_never_more_than_the_bound() -> None:
    async def scene() -> None:
        clock = HandClock()
        crowd = Crowd(Doorway(clock))
        await crowd.come(*range(3_000))
        assert len(crowd.inside) == FIRST_BOUND
        for _ in range(500):
            crowd.door.answered(50.0, {})
            await crowd.end(crowd.inside[0])
        assert FIRST_BOUND < crowd.most <= MOST_BOUND
        clock.advance(PATIENCE_S)
        await _settle()
        assert len(crowd.given_up) + len(crowd.inside) == 3_000 - 500
        await crowd.close()

    asyncio.run(scene())


@pytest.mark.parametrize("sign", ["status", "slow"])
def test_the_bound_shrinks_when_the_gateway_does_not_keep_up_and_grows_again(sign: str) -> None:
    async def scene() -> None:
        clock = HandClock()
        door = Doorway(clock)
        crowd = Crowd(door)
        await crowd.come(*range(60))
        for _ in range(20):
            door.answered(100.0, {})
        for _ in range(60):
            clock.advance(1.0)
            if sign == "status":
                door.limited()
            else:
                door.answered(2_000.0, {})
        assert door.bound < FIRST_BOUND / 2
        assert door.bound >= LEAST_BOUND
        shrunk = door.bound
        for number in list(crowd.inside)[int(shrunk) :]:
            await crowd.end(number)
        for _ in range(200):
            door.answered(100.0, {})
        assert door.bound > shrunk
        await crowd.close()

    asyncio.run(scene())


def test_what_is_left_of_the_gateways_limit_is_kept_to_until_it_is_renewed() -> None:
    async def scene() -> None:
        clock = HandClock()
        crowd = Crowd(Doorway(clock))
        await crowd.come(1)
        crowd.door.answered(
            100.0, {"x-ratelimit-remaining-requests": "2", "x-ratelimit-reset-requests": "500ms"}
        )
        await crowd.come(*range(2, 10))
        assert len(crowd.inside) == 3
        clock.advance(0.5)
        await crowd.end(1)
        assert len(crowd.inside) == 9 - 1
        await crowd.close()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1s", 1.0), ("6m0s", 360.0), ("250ms", 0.25), ("1h2m3.5s", 3_723.5), ("7", 7.0), ("soon", None), ("", None),
     ("1s later", None), ("-3", None), ("nan", None)],
)  # fmt: skip
def test_times_as_openais_headers_have_them(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds
