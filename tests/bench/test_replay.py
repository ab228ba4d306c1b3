"""Sessions in virtual time are played by the real server, take no waiting, and are the same each time."""

from __future__ import annotations

import asyncio

import pytest

from tests.bench import virtual_time
from tests.bench.replay import GROUPS, figures, play, seats


def test_time_jumps_to_where_somebody_waits_for() -> None:
    async def waits() -> list[tuple[str, float]]:
        loop, said = asyncio.get_running_loop(), []

        async def one(name: str, seconds: float) -> None:
            await asyncio.sleep(seconds)
            said.append((name, loop.time()))

        await asyncio.gather(
            one("late", 7_200.0), one("early", 3_600.0), asyncio.to_thread(said.append, ("at once", 0.0))
        )
        return said

    assert virtual_time.run(waits()) == [("at once", 0.0), ("early", 3_600.0), ("late", 7_200.0)]


def test_a_loop_on_which_nothing_will_happen_does_not_hang() -> None:
    async def waits() -> None:
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="every task waits for another"):
        virtual_time.run(waits())


def test_a_session_is_the_same_each_time_it_is_played() -> None:
    (seat,) = seats("train", sessions=1, keys=40, waits="nano", options={"local_lane": False})
    first, again = play(seat), play(seat)

    assert first.trace.keys == again.trace.keys
    assert first.upstreams == again.upstreams
    assert first.upstreams
    assert figures([first])["requests per 100 keys"] > 0


def test_what_is_tuned_on_and_what_is_quoted_have_no_person_and_no_file_in_common() -> None:
    tuned, quoted = (
        {(seat.seed, seat.source) for seat in seats(group, sessions=100, keys=1, waits="nano", options={})}
        for group in GROUPS
    )

    assert not {seed for seed, _ in tuned} & {seed for seed, _ in quoted}
    assert not {source for _, source in tuned} & {source for _, source in quoted}
