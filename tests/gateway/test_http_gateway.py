from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.gateway.stage import (
    DONE,
    END,
    HEAD,
    KEY,
    PROMPT,
    STOP,
    HandClock,
    Server,
    Visit,
    answer_all,
    chunk,
    endpoint,
    frame,
    gateway,
    play,
    silence,
    text_of,
    until,
)
from typethrough.core.outcome.faults import Fault
from typethrough.engine.ports import (
    CredentialsRejected,
    Gateway,
    GatewayError,
    GatewayProtocolError,
    GatewayRejected,
    GatewayTimeout,
    GatewayUnavailable,
    PaymentRequired,
    RateLimited,
)
from typethrough.gateway.connections import GatewayTransport, open_transport
from typethrough.gateway.http1 import NotHttp
from typethrough.gateway.http_gateway import HttpGateway
from typethrough.gateway.network_faults import Party
from typethrough.gateway.proxies import Proxy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


PARTY = Party("The one", "one.test", "ask him.")
_ANSWER = frame("x + 1") + STOP + DONE


class _Canned(GatewayTransport):
    """A transport with an answer for each request, in order; it keeps the requests."""

    def __init__(self, *answers: httpx.Response | httpx.TransportError) -> None:
        self._answers = list(answers)
        self.bodies: list[dict[str, Any]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(json.loads(request.content))
        answer = self._answers.pop(0)
        if isinstance(answer, httpx.Response):
            return answer
        raise answer


def _client(transport: GatewayTransport, clock: HandClock | None = None) -> HttpGateway:
    return HttpGateway(endpoint("https://gateway.example/v1", key=KEY), clock or HandClock(), transport)


def _unsupported(name: str) -> httpx.Response:
    return httpx.Response(400, json={"error": {"message": f"Unsupported parameter: '{name}'", "param": name}})


def test_it_is_a_gateway() -> None:
    port: Gateway = _client(_Canned())
    assert port.refusal() == ""


def test_an_unsupported_parameter_is_dropped_at_once_and_stays_dropped() -> None:
    answers = [httpx.Response(200, content=_ANSWER) for _ in range(2)]
    transport = _Canned(_unsupported("prompt_cache_key"), *answers)

    async def scene() -> None:
        client = _client(transport)
        assert await text_of(client) == "x + 1"
        assert await text_of(client) == "x + 1"

    play(scene())
    assert ["prompt_cache_key" in body for body in transport.bodies] == [True, False, False]


def test_a_gateway_that_refuses_everything_is_not_asked_for_ever() -> None:
    names = ["prompt_cache_key", "stream_options", "temperature", "stop", "max_tokens"]
    transport = _Canned(*(_unsupported(name) for name in names))

    async def scene() -> None:
        with pytest.raises(GatewayRejected):
            await text_of(_client(transport))

    play(scene())
    assert len(transport.bodies) == 5


def test_a_refusal_is_remembered_and_nothing_more_is_sent() -> None:
    transport = _Canned(httpx.Response(401))

    async def scene() -> None:
        client = _client(transport)
        with pytest.raises(CredentialsRejected):
            await text_of(client)
        assert "does not accept the key" in client.refusal()
        with pytest.raises(GatewayUnavailable):
            await text_of(client)

    play(scene())
    assert len(transport.bodies) == 1


def test_a_pause_ends_with_its_time() -> None:
    transport = _Canned(
        httpx.Response(429, headers={"retry-after": "3"}), httpx.Response(200, content=_ANSWER)
    )

    async def scene() -> None:
        clock = HandClock()
        client = _client(transport, clock)
        with pytest.raises(RateLimited):
            await text_of(client)
        assert client.refusal()
        clock.advance(3.0)
        assert client.refusal() == ""
        assert await text_of(client) == "x + 1"

    play(scene())


def test_an_answer_without_text_ends_a_pause_too() -> None:
    nothing = httpx.Response(200, content=STOP + DONE)
    transport = _Canned(
        httpx.Response(429), nothing, httpx.Response(429), httpx.Response(200, content=_ANSWER)
    )

    async def scene() -> None:
        clock = HandClock()
        client = _client(transport, clock)
        with pytest.raises(RateLimited):
            await text_of(client)
        clock.advance(2.0)
        assert await text_of(client) == ""
        with pytest.raises(RateLimited):
            await text_of(client)
        # The first pause again, not the second and longer one.
        clock.advance(2.0)
        assert await text_of(client) == "x + 1"

    play(scene())


def test_a_first_try_after_a_pause_that_is_cancelled_lets_the_next_one_try() -> None:
    async def scene() -> None:
        async def limit_then_stall(visit: Visit) -> None:
            if visit.number == 1 and await visit.request():
                await visit.send(b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n")
            await silence(visit)

        async with Server(limit_then_stall) as server:
            clock = HandClock()
            client, _ = gateway(server, clock)
            with pytest.raises(RateLimited):
                await text_of(client)
            clock.advance(2.0)
            task = asyncio.create_task(text_of(client))
            await asyncio.sleep(0)
            assert client.refusal()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert client.refusal() == ""
            await client.aclose()

    play(scene())


def test_an_error_body_in_pieces_is_read_whole() -> None:
    pieces = [b'{"error": {"message": "No ', b'funds at all", "type": ', b'"insufficient_funds"}}']

    async def scene() -> None:
        with pytest.raises(PaymentRequired, match="No funds at all"):
            await text_of(_client(_Canned(httpx.Response(402, stream=_AtOnce(*pieces)))))

    play(scene())


def test_settings_that_cannot_work_send_nothing() -> None:
    transport = _Canned()

    async def scene() -> None:
        client = HttpGateway(endpoint("https://gateway.example/v1"), HandClock(), transport)
        assert "No key" in client.refusal()
        await client.warm()
        with pytest.raises(CredentialsRejected):
            await text_of(client)

    play(scene())
    assert not transport.bodies


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (
            PARTY.fault(Fault.TLS_SILENT),
            GatewayTimeout,
            "The one accepted the connection, but did not answer.*: ask him",
        ),
        (PARTY.fault(Fault.NOBODY_LISTENS), GatewayUnavailable, "The one cannot be reached.*: ask him"),
        (httpx.ReadTimeout("x"), GatewayTimeout, "nothing for too long"),
        (NotHttp(b"SSH-2.0"), GatewayUnavailable, "does not speak HTTP.*base_url"),
        (NotHttp(b"\x15\x03\x03\x00"), GatewayUnavailable, "but TLS.*base_url"),
        (httpx.ReadError("x"), GatewayUnavailable, "broke off"),
        (httpx.RemoteProtocolError("x"), GatewayUnavailable, "broke off"),
        (httpx.LocalProtocolError(KEY), GatewayProtocolError, "HTTP/1.1"),
    ],
)
def test_what_the_network_does_becomes_one_leaf_and_one_sentence(
    error: httpx.TransportError, kind: type[GatewayError], says: str
) -> None:
    async def scene() -> None:
        with pytest.raises(kind, match=says) as caught:
            await text_of(_client(_Canned(error)))
        assert KEY not in str(caught.value)

    play(scene())


def test_a_compressed_stream_is_refused() -> None:
    answer = httpx.Response(200, headers={"content-encoding": "br"}, stream=httpx.ByteStream(_ANSWER))

    async def scene() -> None:
        with pytest.raises(GatewayProtocolError, match="is compressed"):
            await text_of(_client(_Canned(answer)))

    play(scene())


def _deflated(body: bytes, bits: int) -> bytes:
    packer = zlib.compressobj(wbits=bits)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        *((name, _ANSWER) for name in ("none", "None", "identity", "", "utf-8", "text", "null", "chunked", "identity, none")),
        *((name, gzip.compress(_ANSWER)) for name in ("gzip", "x-gzip", "GZIP", "gzip, identity", "none")),
        ("gzip", _ANSWER),
        ("gzip", gzip.compress(_ANSWER[:30]) + gzip.compress(_ANSWER[30:])),
        ("deflate", _deflated(_ANSWER, 15)),
        ("deflate", _deflated(_ANSWER, -15)),
        ("deflate", _ANSWER),
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [1, 5, 10_000])
def test_an_answer_under_any_content_encoding_is_read(encoding: str, body: bytes, size: int) -> None:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    plain = httpx.Response(200, stream=httpx.ByteStream(_ANSWER))
    answer = httpx.Response(200, headers={"content-encoding": encoding}, stream=_AtOnce(*pieces))

    async def scene() -> None:
        assert await text_of(_client(_Canned(answer))) == await text_of(_client(_Canned(plain)))

    play(scene())


@pytest.mark.parametrize(
    "body", [gzip.compress(b"data: " + b"x" * 20_000_000), gzip.compress(_ANSWER)[:4] + b"\xff" * 40]
)
def test_a_compressed_answer_that_cannot_be_read_is_an_error(body: bytes) -> None:
    answer = httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(body))

    async def scene() -> None:
        with pytest.raises(GatewayProtocolError, match="compress"):
            await text_of(_client(_Canned(answer)))

    play(scene())


class _AtOnce(httpx.AsyncByteStream):
    """Pieces that are all there: reading them never gives way to another task."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


def test_cancelling_from_within_on_text_lets_no_more_text_through() -> None:
    heard: list[str] = []

    async def scene() -> None:
        client = _client(_Canned(httpx.Response(200, stream=_AtOnce(frame("a"), frame("b"), STOP, DONE))))

        def on_text(text: str) -> None:
            heard.append(text)
            task.cancel()

        task = asyncio.create_task(client.stream(PROMPT, on_text))
        with pytest.raises(asyncio.CancelledError):
            await task

    play(scene())
    assert heard == ["a"]


def test_a_redirect_is_not_followed() -> None:
    async def scene() -> None:
        async with Server(answer_all) as other:

            async def redirect(visit: Visit) -> None:
                while await visit.request():
                    where = f"{other.base_url}/chat/completions".encode()
                    await visit.send(
                        b"HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\nLocation: "
                        + where
                        + b"\r\n\r\n"
                    )

            async with Server(redirect) as server:
                client, _ = gateway(server, key=KEY)
                with pytest.raises(GatewayProtocolError, match="base_url"):
                    await text_of(client)
                assert not other.visits
                await client.aclose()

    play(scene())


@pytest.mark.parametrize("closes", [False, True], ids=["and stays", "and closes"])
def test_an_error_body_that_never_ends_or_breaks_off_does_not_hold_the_error_back(closes: bool) -> None:
    async def scene() -> None:
        async def half_an_error(visit: Visit) -> None:
            await visit.request()
            await visit.send(b'HTTP/1.1 402 Payment Required\r\nContent-Length: 900\r\n\r\n{"error":')
            if not closes:
                await visit.watch()

        async with Server(half_an_error) as server:
            place = endpoint(server.base_url)
            _, transport = gateway(server)
            client = HttpGateway(place, HandClock(), transport, error_body_s=0.0)
            with pytest.raises(PaymentRequired):
                await text_of(client)
            await client.aclose()

    play(scene())


@pytest.mark.parametrize("size", [1, 2, 7])
def test_an_answer_in_small_pieces_is_read_as_a_whole(size: int) -> None:
    async def scene() -> None:
        async def drip(visit: Visit) -> None:
            await visit.request()
            whole = HEAD + chunk(frame("né 🦊")) + chunk(STOP) + chunk(DONE) + END
            await visit.send(*(whole[at : at + size] for at in range(0, len(whole), size)))
            await visit.watch()

        async with Server(drip) as server:
            client, _ = gateway(server)
            assert await text_of(client) == "né 🦊"
            await client.aclose()

    play(scene())


def test_an_answer_that_ends_with_its_connection_and_without_done_is_whole() -> None:
    async def scene() -> None:
        async def until_the_end(visit: Visit) -> None:
            await visit.request()
            await visit.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", frame("x + 1"), STOP)
            visit.writer.write_eof()
            await visit.watch()

        async with Server(until_the_end) as server:
            client, _ = gateway(server)
            assert await text_of(client) == "x + 1"
            await client.aclose()

    play(scene())


@pytest.mark.parametrize(
    "garbage",
    [b"\x00\xff" * 50, b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 20_000, HEAD + b"zz\r\n", HEAD + b"-1\r\n"],
    ids=["no HTTP", "endless head", "broken chunk", "negative chunk"],
)
def test_garbage_in_place_of_http_is_a_gateway_error(garbage: bytes) -> None:
    async def scene() -> None:
        async def nonsense(visit: Visit) -> None:
            await visit.request()
            await visit.send(garbage)
            await visit.watch()

        async with Server(nonsense) as server:
            client, _ = gateway(server)
            with pytest.raises(GatewayError):
                await text_of(client)
            await server.visits[0].closed.wait()
            await client.aclose()

    play(scene())


def test_a_proxy_is_asked_in_place_of_the_gateway_and_cancelling_closes_it() -> None:
    async def scene() -> None:
        async def first_text(visit: Visit) -> None:
            await visit.request()
            await visit.send(HEAD, chunk(frame("a")))
            if visit.number == 1:
                await visit.send(chunk(STOP), chunk(DONE) + END)
                await visit.request()
                await visit.send(HEAD, chunk(frame("b")))
            await visit.watch()

        async with Server(first_text) as proxy:
            way = Proxy(f"http://127.0.0.1:{proxy.port}", "HTTP_PROXY")
            place = replace(endpoint("http://gateway.example/v1", key=KEY), proxy=way)
            client = HttpGateway(place, HandClock(), open_transport(place, HandClock()))
            assert await text_of(client) == "a"
            heard: list[str] = []
            task = asyncio.create_task(client.stream(PROMPT, heard.append))
            await until(lambda: heard == ["b"])
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await proxy.visits[0].closed.wait()
            assert proxy.visits[0].requests[0].startswith(b"POST http://gateway.example/v1/chat/completions ")
            # The spare goes through the proxy too.
            await proxy.visited(2)
            await client.aclose()

    play(scene())


def test_an_answer_without_an_ending_is_whole_only_where_none_has_had_one() -> None:
    endless = b'data: {"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": null}]}\n\n'

    async def scene() -> None:
        bodies = [endless, _ANSWER, endless]
        client = _client(_Canned(*(httpx.Response(200, stream=httpx.ByteStream(body)) for body in bodies)))
        assert await text_of(client) == "a"
        await text_of(client)
        with pytest.raises(GatewayUnavailable, match="broke off"):
            await text_of(client)

    play(scene())
