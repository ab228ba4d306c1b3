from __future__ import annotations

import asyncio

import pytest

from tests.gateway.stage import (
    DONE,
    END,
    HEAD,
    PROMPT,
    STOP,
    HandClock,
    Server,
    Visit,
    answer_all,
    chunk,
    frame,
    gateway,
    play,
    server_tls,
    text_of,
    until,
)
from typethrough.engine.ports import GatewayUnavailable
from typethrough.gateway.connections import IDLE_S, MAX_IDLE


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_requests_one_after_another_share_one_connection(tls: bool) -> None:
    async def scene() -> None:
        async with Server(answer_all, tls=server_tls() if tls else None) as server:
            client, transport = gateway(server, key="k")
            for _ in range(3):
                assert await text_of(client) == "x + 1"
                # The spare stands ready too, and is left alone.
                await until(lambda: len(transport._idle) == MAX_IDLE)
            assert [len(visit.requests) for visit in server.visits if visit.requests] == [3]
            await client.aclose()

    play(scene())


def test_a_kept_connection_that_dies_unseen_costs_one_try_on_a_new_one() -> None:
    async def scene() -> None:
        async def die_at_the_second_request(visit: Visit) -> None:
            if visit.number > 1:
                await answer_all(visit)
            elif await visit.request():
                await visit.send(HEAD, chunk(frame("x + 1")), chunk(STOP), chunk(DONE) + END)
                await visit.request()
                visit.reset()

        async with Server(die_at_the_second_request) as server:
            client, transport = gateway(server)
            assert await text_of(client) == "x + 1"
            await until(lambda: not transport._active)
            kept = [idle.connection for idle in transport._idle if idle.connection.was_used]
            assert len(kept) == 1
            assert await text_of(client) == "x + 1"
            assert len(server.visits[0].requests) == 2
            await client.aclose()

    play(scene())


def test_a_new_connection_that_fails_is_not_tried_again() -> None:
    async def scene() -> None:
        async def hang_up(visit: Visit) -> None:
            await visit.request()
            visit.reset()

        async with Server(hang_up) as server:
            client, _ = gateway(server)
            with pytest.raises(GatewayUnavailable):
                await text_of(client)
            assert sum(len(visit.requests) for visit in server.visits) == 1
            await client.aclose()

    play(scene())


def test_an_answer_that_has_begun_is_not_asked_for_again() -> None:
    async def scene() -> None:
        async def break_off(visit: Visit) -> None:
            await visit.request()
            await visit.send(b"HTTP/1.1 2")
            visit.writer.write_eof()
            await visit.watch()

        async with Server(break_off) as server:
            client, transport = gateway(server)
            await client.warm()
            assert transport._idle
            with pytest.raises(GatewayUnavailable):
                await text_of(client)
            assert sum(len(visit.requests) for visit in server.visits) == 1
            await client.aclose()

    play(scene())


def test_words_that_come_unasked_on_an_idle_connection_are_no_answer() -> None:
    async def scene() -> None:
        async def goodbye(visit: Visit) -> None:
            if visit.number == 1:
                await visit.send(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
                await visit.watch()
            await answer_all(visit)

        async with Server(goodbye) as server:
            client, transport = gateway(server)
            await client.warm()
            await until(lambda: not transport._idle[0].connection.link.is_quiet)
            assert await text_of(client) == "x + 1"
            await client.aclose()

    play(scene())


def test_words_that_follow_an_answer_are_not_the_next_one() -> None:
    async def scene() -> None:
        async def say_too_much(visit: Visit) -> None:
            while await visit.request():
                whole = chunk(frame("x + 1")) + chunk(STOP) + chunk(DONE) + END
                await visit.send(HEAD + whole + b"HTTP/1.1 503 Oops\r\nContent-Length: 0\r\n\r\n")
            visit.closed.set()

        async with Server(say_too_much) as server:
            client, transport = gateway(server)
            assert await text_of(client) == "x + 1"
            await until(lambda: not transport._active)
            assert await text_of(client) == "x + 1"
            await client.aclose()

    play(scene())


def test_text_that_comes_with_a_fault_behind_it_is_handed_on() -> None:
    async def scene() -> None:
        async def good_then_bad(visit: Visit) -> None:
            await visit.request()
            await visit.send(HEAD + chunk(frame("x")) + b"no chunk\r\n")
            await visit.watch()

        async with Server(good_then_bad) as server:
            client, _ = gateway(server)
            heard: list[str] = []
            with pytest.raises(GatewayUnavailable):
                await client.stream(PROMPT, heard.append)
            assert heard == ["x"]
            await client.aclose()

    play(scene())


def test_text_is_handed_on_in_the_turn_in_which_its_bytes_arrive() -> None:
    async def scene() -> None:
        async def say_one_thing(visit: Visit) -> None:
            await visit.request()
            await visit.send(HEAD)
            await until(lambda: any(connection.link._sink for connection in transport._active))
            await visit.send(chunk(frame("x + 1")), chunk(STOP), chunk(DONE) + END)
            await visit.watch()

        async with Server(say_one_thing) as server:
            client, transport = gateway(server)
            tasks: list[asyncio.Task[object] | None] = []
            await client.stream(PROMPT, lambda _: tasks.append(asyncio.current_task()))
            # To wake a task would take another turn.
            assert tasks == [None]
            await client.aclose()

    play(scene())


def test_what_goes_wrong_where_text_is_taken_is_raised_and_closes_the_connection() -> None:
    async def scene() -> None:
        async def say_much(visit: Visit) -> None:
            await visit.request()
            await visit.send(HEAD, chunk(frame("x")))
            await visit.watch()

        async with Server(say_much) as server:
            client, transport = gateway(server)

            def fail(text: str) -> None:
                raise ArithmeticError(text)

            with pytest.raises(ArithmeticError):
                await client.stream(PROMPT, fail)
            assert not transport._active
            await client.aclose()

    play(scene())


def test_a_spare_that_the_server_closes_is_forgotten() -> None:
    async def scene() -> None:
        async def close_the_first(visit: Visit) -> None:
            if visit.number > 1:
                await answer_all(visit)

        async with Server(close_the_first) as server:
            client, transport = gateway(server)
            await client.warm()
            await until(lambda: not transport._idle)
            assert await text_of(client) == "x + 1"
            await client.aclose()

    play(scene())


def test_an_idle_connection_is_closed_after_its_time_and_not_opened_again() -> None:
    async def scene() -> None:
        async with Server(answer_all) as server:
            clock = HandClock()
            client, transport = gateway(server, clock)
            await client.warm()
            clock.advance(IDLE_S - 1)
            assert transport._idle
            clock.advance(1)
            await server.visits[0].closed.wait()
            await until(lambda: not transport._idle)
            assert len(server.visits) == 1
            await client.aclose()

    play(scene())


def test_warming_twice_opens_one_connection() -> None:
    async def scene() -> None:
        async with Server(answer_all) as server:
            client, _ = gateway(server)
            await asyncio.gather(client.warm(), client.warm())
            await client.warm()
            assert len(server.visits) == 1
            await client.aclose()

    play(scene())


def test_many_requests_at_once_leave_few_idle_connections() -> None:
    async def scene() -> None:
        async with Server(answer_all) as server:
            client, transport = gateway(server)
            assert await asyncio.gather(*(text_of(client) for _ in range(6))) == ["x + 1"] * 6
            await until(lambda: not transport._active and not transport._tasks)
            assert len(transport._idle) <= MAX_IDLE
            await client.aclose()

    play(scene())


def test_a_server_slow_to_end_its_answer_delays_nothing_and_costs_its_connection() -> None:
    async def scene() -> None:
        async def no_end(visit: Visit) -> None:
            if await visit.request():
                await visit.send(HEAD, chunk(frame("x + 1")), chunk(STOP), chunk(DONE))
            await visit.watch()

        async with Server(no_end) as server:
            clock = HandClock()
            client, transport = gateway(server, clock)
            assert await text_of(client) == "x + 1"
            assert transport._active
            clock.advance(1.0)
            await server.visits[0].closed.wait()
            await until(lambda: not transport._active)
            await client.aclose()

    play(scene())


_INTERIM = b"HTTP/1.1 103 Early Hints\r\n\r\n"
_CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("head", "flood"), [(b"", _INTERIM * 1_000), (_CHUNKED, b"1\r\n:\r\n" * 10_000)], ids=["heads", "chunks"]
)
def test_a_flood_of_tiny_pieces_ends_the_request(head: bytes, flood: bytes) -> None:
    async def scene() -> None:
        async def pour(visit: Visit) -> None:
            if await visit.request():
                await visit.send(head)
                while not visit.writer.is_closing():
                    await visit.send(flood)

        async with Server(pour) as server:
            client, transport = gateway(server)
            with pytest.raises(GatewayUnavailable):
                await text_of(client)
            await until(lambda: not transport._active)
            assert sum(len(visit.requests) for visit in server.visits) == 1
            await client.aclose()

    play(scene())


def test_some_heads_before_that_of_the_answer_and_small_chunks_do_no_harm() -> None:
    async def scene() -> None:
        async def drip(visit: Visit) -> None:
            while await visit.request():
                body = frame("x + 1") + STOP + DONE
                await visit.send(_INTERIM * 9, _CHUNKED, *(chunk(bytes((byte,))) for byte in body), END)

        async with Server(drip) as server:
            client, _ = gateway(server)
            for _ in range(3):
                assert await text_of(client) == "x + 1"
            await client.aclose()

    play(scene())
