from __future__ import annotations

import asyncio
from socket import AF_INET, SOCK_STREAM, socket
from typing import Any

import httpx
import pytest

from tests.gateway.stage import (
    PROMPT,
    HandClock,
    Script,
    Server,
    Visit,
    answer_all,
    first_text_then_silence,
    gateway,
    play,
    server_tls,
    silence,
    text_of,
    until,
)
from typethrough.engine.ports import GatewayTimeout, GatewayUnavailable
from typethrough.gateway.connections import READ_S
from typethrough.gateway.way import Way


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize(
    "script", [first_text_then_silence, silence], ids=["mid-stream", "before the answer"]
)
def test_cancelling_closes_the_connection_and_the_next_request_uses_the_spare(
    script: Script, tls: bool
) -> None:
    async def scene() -> None:
        async def act(visit: Visit) -> None:
            await (script if visit.number == 1 else answer_all)(visit)

        async with Server(act, tls=server_tls() if tls else None) as server:
            client, transport = gateway(server, key="k")
            task = asyncio.create_task(client.stream(PROMPT, lambda _: None))
            first = await server.visited(1)
            await until(lambda: bool(first.requests))
            await until(lambda: bool(transport._idle))
            opened = len(server.visits)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await first.closed.wait()
            assert await text_of(client) == "x + 1"
            assert server.visits[opened - 1].requests
            await client.aclose()

    play(scene())


def test_cancelling_from_within_on_text_closes_the_connection() -> None:
    async def scene() -> None:
        async with Server(first_text_then_silence) as server:
            client, _ = gateway(server)

            def on_text(_: str) -> None:
                task.cancel()

            task = asyncio.create_task(client.stream(PROMPT, on_text))
            with pytest.raises(asyncio.CancelledError):
                await task
            await server.visits[0].closed.wait()
            await client.aclose()

    play(scene())


def test_an_error_of_on_text_closes_the_connection_and_propagates() -> None:
    async def scene() -> None:
        async with Server(first_text_then_silence) as server:
            client, _ = gateway(server)

            def on_text(text: str) -> None:
                raise ValueError(text)

            with pytest.raises(ValueError, match="x"):
                await client.stream(PROMPT, on_text)
            await server.visits[0].closed.wait()
            await client.aclose()

    play(scene())


@pytest.mark.parametrize("turns", range(12))
def test_cancelling_at_any_turn_of_connecting_leaves_nothing_behind(turns: int) -> None:
    async def scene() -> None:
        async with Server(answer_all, tls=server_tls()) as server:
            client, transport = gateway(server, key="k")
            task = asyncio.create_task(client.stream(PROMPT, lambda _: None))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            # What was being opened is not lost: it serves the next request, and a spare is all that comes on top.
            assert await text_of(client) == "x + 1"
            await until(lambda: not transport._spares_opening)
            assert len(server.visits) <= 2
            await client.aclose()
            assert not transport._tasks

    play(scene())


def test_closing_in_the_middle_of_a_tls_handshake_leaves_nothing_open() -> None:
    async def scene() -> None:
        async with Server(silence) as server:
            client, transport = gateway(server, key="k")
            url = httpx.URL(f"https://127.0.0.1:{server.port}")
            dial = asyncio.create_task(Way(url, HandClock(), connect_timeout_s=60.0).open())
            visit = await server.visited(1)
            dial.cancel()
            with pytest.raises(asyncio.CancelledError):
                await dial
            await until(lambda: visit.reader.at_eof() or visit.closed.is_set())
            await client.aclose()
            assert not transport._tasks

    play(scene())


@pytest.mark.parametrize("first", ["refuses", "never answers"])
def test_of_several_addresses_the_first_that_answers_is_taken(
    first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        async with Server(silence) as server:
            loop = asyncio.get_running_loop()
            hanging: list[asyncio.Future[None]] = []
            connect_there, tried = loop.sock_connect, list[str]()

            async def resolve(host: str, port: int, **_: Any) -> list[Any]:
                assert (host, port) == ("gateway.example", 8443)
                return [(AF_INET, SOCK_STREAM, 6, "", (f"127.0.0.{n}", server.port)) for n in (2, 1)]

            async def reach(sock: socket, address: Any) -> None:
                tried.append(address[0])
                if address[0] == "127.0.0.2" and first == "never answers":
                    hanging.append(loop.create_future())
                    await hanging[-1]
                elif address[0] == "127.0.0.2":
                    raise ConnectionRefusedError
                await connect_there(sock, address)

            monkeypatch.setattr(loop, "getaddrinfo", resolve)
            monkeypatch.setattr(loop, "sock_connect", reach)
            way = Way(httpx.URL("http://gateway.example:8443/v1"), HandClock(), next_address_s=0.0)
            link = await way.open()
            assert link.is_open
            await server.visited(1)
            link.abort()
            await until(lambda: first == "refuses" or hanging[0].cancelled())
            # What answered is asked first from now on.
            (await way.open()).abort()
            assert tried[:3] == ["127.0.0.2", "127.0.0.1", "127.0.0.1"]

    play(scene())


@pytest.mark.parametrize("way", ["cancel", "time out"])
def test_a_read_that_is_given_up_has_closed_its_connection(way: str) -> None:
    async def scene() -> None:
        async with Server(silence) as server:
            clock = HandClock()
            link = await Way(httpx.URL(server.base_url), clock).open()
            visit = await server.visited(1)
            read = asyncio.create_task(link.read(1.0))
            await asyncio.sleep(0)
            if way == "cancel":
                read.cancel()
            else:
                clock.advance(1.0)
            with pytest.raises((asyncio.CancelledError, httpx.ReadTimeout)):
                await read
            assert not link.is_open
            await until(lambda: visit.reader.at_eof())

    play(scene())


def test_silence_ends_in_a_time_out() -> None:
    async def scene() -> None:
        async with Server(first_text_then_silence) as server:
            clock = HandClock()
            client, _ = gateway(server, clock)
            heard: list[str] = []
            task = asyncio.create_task(client.stream(PROMPT, heard.append))
            await until(lambda: bool(heard))
            clock.advance(READ_S)
            with pytest.raises(GatewayTimeout, match="nothing for too long"):
                await task
            await server.visits[0].closed.wait()
            await client.aclose()

    play(scene())


def test_closing_while_a_request_waits_ends_it_with_a_gateway_error() -> None:
    async def scene() -> None:
        async with Server(silence) as server:
            client, _ = gateway(server)
            task = asyncio.create_task(text_of(client))
            first = await server.visited(1)
            await until(lambda: bool(first.requests))
            await client.aclose()
            with pytest.raises(GatewayUnavailable):
                await task
            with pytest.raises(GatewayUnavailable):
                await text_of(client)

    play(scene())


def test_closing_while_a_request_connects_ends_it_with_a_gateway_error() -> None:
    async def scene() -> None:
        async with Server(silence) as server:
            client, _ = gateway(server)
            task = asyncio.create_task(text_of(client))
            await asyncio.sleep(0)
            await client.aclose()
            with pytest.raises(GatewayUnavailable):
                await task

    play(scene())


def test_a_certificate_that_is_not_trusted_is_one_clear_sentence() -> None:
    async def scene() -> None:
        async with Server(answer_all, tls=server_tls()) as server:
            client, _ = gateway(server, key="k", trusting="")
            with pytest.raises(
                GatewayUnavailable,
                match=r"127.0.0.1 is not trusted: it is signed by itself.*SSL_CERT_FILE",
            ):
                await text_of(client)
            await client.aclose()

    play(scene())


def test_a_refused_connection_names_the_setting() -> None:
    async def scene() -> None:
        async with Server(answer_all) as server:
            client, _ = gateway(server)
        await client.warm()
        with pytest.raises(GatewayUnavailable, match="base_url"):
            await text_of(client)
        await client.aclose()

    play(scene())


def test_no_connection_in_time_is_a_time_out() -> None:
    async def scene() -> None:
        async with Server(silence) as server:
            client, _ = gateway(server, key="k", connect_timeout_s=0.0)
            with pytest.raises(GatewayTimeout, match="reached in time"):
                await text_of(client)
            await client.aclose()

    play(scene())
