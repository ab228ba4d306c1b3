"""Streams that are closed early are counted afterwards: when that is asked for, how often, and to the token."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway.stage import KEY, PROMPT, HandClock, Server, endpoint, play, until
from tests.support.engine_kit import URI, Bench
from tests.support.gateway_simulator.prompt_cache import Usage as Counted
from tests.support.gateway_simulator.wire import cost
from tests.support.simulator import Simulator, start
from typethrough.core.outcome.outcome import StreamRecord, Usage
from typethrough.gateway.connections import open_transport
from typethrough.gateway.errands import Errands
from typethrough.gateway.http_gateway import HttpGateway
from typethrough.gateway.settlement import MAX_AT_ONCE, MAX_WAITING, WAITS_S, Settlement, usage_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gateway.stage import Visit
    from typethrough.engine.ports import OnCounted

SOURCE = Path(json.__file__).parent / "decoder.py"


@dataclass
class Books:
    """A server that tells a generation after so many asks in vain; it can be made to think about it."""

    misses: int = 0
    body: bytes = (
        b'{"data":{"native_tokens_prompt":900,"native_tokens_completion":4,"native_tokens_cached":768}}'
    )
    asked: list[str] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def script(self, visit: Visit) -> None:
        while request := await visit.request():
            assert f"authorization: bearer {KEY}".lower().encode() in request.lower()
            path = request.split(b" ")[1].decode()
            self.asked.append(path.removeprefix("/v1/generation?id="))
            await self.open.wait()
            found = self.asked.count(self.asked[-1]) > self.misses
            body = self.body if found else b'{"error":"Usage event not found"}'
            status = b"200 OK" if found else b"404 Not Found"
            await visit.send(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n" % (status, len(body)), body)


def settlement(server: Server, clock: HandClock) -> tuple[Settlement, Errands]:
    place = endpoint(server.base_url, key=KEY)
    errands = Errands(lambda: open_transport(place, clock, keeps_spare=False), lambda: place.key)
    address = place.beside("/generation")
    return Settlement(errands, clock, lambda one: address.copy_with(params={"id": one})), errands


async def idle(settled: Settlement) -> None:
    """Wait until nothing is being asked."""
    await until(lambda: not settled._tasks)


@pytest.mark.parametrize("misses", [0, 1, 2, 3])
def test_a_count_is_asked_for_when_it_may_be_there_and_three_times_at_most(misses: int) -> None:
    async def scene() -> None:
        clock, books, counts = HandClock(), Books(misses), list[Usage]()
        books.open.set()
        async with Server(books.script) as server:
            settled, errands = settlement(server, clock)
            settled.claim("gen_1", counts.append)
            clock.advance(WAITS_S[0] - 0.1)
            await idle(settled)
            assert server.visits == []
            clock.advance(0.1)
            for wait_s in (*WAITS_S[1:], 1_000.0):
                await idle(settled)
                clock.advance(wait_s)
            await idle(settled)
            assert len(books.asked) == min(misses + 1, len(WAITS_S))
            assert counts == ([] if misses == 3 else [Usage(900, 768, 4)])
            await settled.aclose()
            await errands.aclose()

    play(scene())


def test_a_few_are_asked_at_a_time_and_not_endlessly_many_wait() -> None:
    async def scene() -> None:
        clock, books, counts = HandClock(), Books(), list[Usage]()
        async with Server(books.script) as server:
            settled, errands = settlement(server, clock)
            for number in range(MAX_WAITING + 5):
                settled.claim(f"gen_{number}", counts.append)
                settled.claim(f"gen_{number}", counts.append)
            clock.advance(WAITS_S[0])
            await until(lambda: len(books.asked) == MAX_AT_ONCE)
            assert len(settled._tasks) == MAX_AT_ONCE
            books.open.set()
            await idle(settled)
            assert len(counts) == MAX_WAITING
            assert len(set(books.asked)) == len(books.asked) == MAX_WAITING
            # One connection for each of the few, kept open.
            assert len(server.visits) <= MAX_AT_ONCE
            # There is room again.
            settled.claim("gen_again", counts.append)
            clock.advance(WAITS_S[0])
            await idle(settled)
            assert len(counts) == MAX_WAITING + 1
            await settled.aclose()
            await errands.aclose()

    play(scene())


def test_closing_lets_go_of_all_without_waiting() -> None:
    async def scene() -> None:
        clock, books, counts = HandClock(), Books(), list[Usage]()
        async with Server(books.script) as server:
            settled, errands = settlement(server, clock)
            for number in range(MAX_AT_ONCE + 2):
                settled.claim(f"gen_{number}", counts.append)
            clock.advance(WAITS_S[0])
            settled.claim("gen_later", counts.append)
            await until(lambda: len(books.asked) == MAX_AT_ONCE)
            await settled.aclose()
            await errands.aclose()
            settled.claim("gen_too_late", counts.append)
            clock.advance(1_000)
            books.open.set()
            await asyncio.sleep(0)
            assert (len(books.asked), counts, settled._tasks) == (MAX_AT_ONCE, [], set())

    play(scene())


def test_who_never_tells_is_not_asked_for_ever() -> None:
    async def scene() -> None:
        clock, books, counts = HandClock(), Books(body=b"{}"), list[Usage]()
        books.open.set()
        async with Server(books.script) as server:
            settled, errands = settlement(server, clock)
            for number in range(20):
                settled.claim(f"gen_{number}", counts.append)
                for wait_s in WAITS_S:
                    clock.advance(wait_s)
                    await idle(settled)
            assert len(set(books.asked)) == 6
            assert counts == []
            await settled.aclose()
            await errands.aclose()

    play(scene())


@pytest.mark.parametrize(
    ("answer", "usage"),
    [
        (
            {
                "data": {
                    "tokens_prompt": 9,
                    "tokens_completion": 2,
                    "native_tokens_prompt": 10,
                    "native_tokens_completion": 3,
                }
            },
            Usage(10, 0, 3),
        ),
        ({"data": {"tokens_prompt": 9, "tokens_completion": 2}}, Usage(9, 0, 2)),
        ({"data": {"native_tokens_prompt": 9, "native_tokens_cache_creation": 4}}, Usage(9, 0, 0, 4)),
        ({"data": {"native_tokens_prompt": 9, "native_tokens_cached": "4"}}, Usage(9)),
        ({"data": {"native_tokens_prompt": True}}, None),
        ({"data": {"native_tokens_prompt": -3, "tokens_prompt": 10**12}}, None),
        ({"data": {}}, None),
        ({"data": []}, None),
        ({"error": "Usage event not found"}, None),
        ([], None),
        (None, None),
    ],
)
def test_counts_are_read_with_care(answer: Any, usage: Usage | None) -> None:
    assert usage_of(answer) == usage


@pytest.fixture(scope="module")
def vercel() -> Iterator[Simulator]:
    with start(truth=[SOURCE], seed=7) as simulator:
        yield simulator


def hearer(counts: list[Usage]) -> OnCounted:
    def hear(usage: Usage, *, is_hedge: bool = False) -> None:
        assert not is_hedge
        counts.append(usage)

    return hear


def has_records(records: list[StreamRecord], number: int) -> bool:
    return len(records) >= number


async def closed_after_text(gateway: HttpGateway, counts: list[Usage]) -> None:
    """Open a stream, and close it with its first text."""
    heard = asyncio.Event()
    task = asyncio.create_task(gateway.stream(PROMPT, lambda _: heard.set(), hearer(counts)))
    await heard.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_a_closed_stream_is_counted_to_the_token(vercel: Simulator) -> None:
    vercel.reset()
    vercel.control(generation_misses=1, key=KEY, style="vercel")
    vercel.fault("stall_mid", after_tokens=1, next=1)

    async def scene() -> None:
        clock, counts = HandClock(), list[Usage]()
        place = endpoint(vercel.base_url, key=KEY)
        gateway = HttpGateway(place, clock, open_transport(place, clock))
        await closed_after_text(gateway, counts)
        await asyncio.to_thread(vercel.wait, "disconnect", 1)
        # One that is read to its end has brought its counts, and is not asked about.
        await gateway.stream(PROMPT, lambda _: None, hearer(counts))
        for wait_s in WAITS_S[:2]:
            clock.advance(wait_s)
            await idle(gateway._settlement)
        row = vercel.log()[0]
        assert counts == [Usage(row["prompt_tokens"], row["cached_tokens"], 1)]
        assert row["sent_tokens"] == 1 < row["output_tokens"]
        assert [row["generation_asked"] for row in vercel.log()] == [2, 0]
        assert gateway.refusal() == ""
        await gateway.aclose()

    play(scene())


def test_nobody_else_is_asked(vercel: Simulator) -> None:
    vercel.reset()
    vercel.control(style="openai", key=None, generation_misses=0)
    vercel.fault("stall_mid", after_tokens=1)

    async def scene() -> None:
        clock, counts = HandClock(), list[Usage]()
        place = endpoint(vercel.base_url)
        gateway = HttpGateway(place, clock, open_transport(place, clock))
        await closed_after_text(gateway, counts)
        clock.advance(1_000)
        await idle(gateway._settlement)
        assert gateway._errands._transport is None
        assert counts == []
        await gateway.aclose()

    play(scene())


def test_after_a_session_both_accounts_agree_also_on_what_was_closed(vercel: Simulator) -> None:
    vercel.reset()
    vercel.control(style="vercel", key=None, generation_misses=0, latency={"ttft_ms": 0, "tokens_per_s": 0})
    lines = SOURCE.read_text().splitlines(keepends=True)
    text = "".join(lines[:60]) + "    $0\n" + "".join(lines[60:])

    def all_have_text(bench: Bench) -> bool:
        return all(one.received_chars for one in bench.engine._documents[URI].questions if one.open)

    async def scene() -> list[StreamRecord]:
        bench = Bench(text, context_tokens=20_000)
        place = endpoint(vercel.base_url)
        gateway = HttpGateway(place, bench.clock, open_transport(place, bench.clock))
        bench.engine.configure(bench.settings, gateway)
        records = bench.notes.records
        for number in range(1, 13):
            # Every other stream is held up in the middle, until what is typed next does not fit it.
            if number % 2:
                vercel.fault("stall_mid", after_tokens=number)
            else:
                vercel.control(faults=None)
            bench.insert(f"zq{number} = ")
            bench.ask(invoked=True)
            if number % 2:
                await asyncio.to_thread(vercel.wait, "stalled", number)
                await until(lambda: all_have_text(bench))
                bench.insert("\n    ")
                await asyncio.to_thread(vercel.wait, "disconnect", number)
            await until(partial(has_records, records, number))
        for _ in WAITS_S:
            bench.clock.advance(WAITS_S[0] * 1_000)
            await idle(gateway._settlement)
        await bench.engine.aclose()
        assert bench.notes.notices == []
        return records

    records = asyncio.run(scene())
    # A record under an id that is known takes the place of the one before.
    final = {record.id: record for record in records}
    estimated = [record for record in records if record.is_estimated]
    assert len(estimated) == 6
    assert len(records) == 12 + 6
    assert not any(record.is_estimated for record in final.values())
    rows = vercel.log()
    assert sum(row["cached_tokens"] for row in rows) > 0
    ours = sorted(
        (one.usage.prompt_tokens, one.usage.cached_tokens, one.usage.output_tokens) for one in final.values()
    )
    theirs = sorted((row["prompt_tokens"], row["cached_tokens"], row["sent_tokens"]) for row in rows)
    assert ours == theirs
    dollars = sum(cost(Counted(prompt, cached), output) for prompt, cached, output in theirs)
    assert sum(record.dollars for record in final.values()) == pytest.approx(dollars, abs=1e-12)
    for before in estimated:
        after = final[before.id]
        assert (after.end, after.purpose, after.ttft_ms) == (before.end, before.purpose, before.ttft_ms)
