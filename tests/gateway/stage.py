"""The stage of the gateway's tests: a clock moved by hand, a prompt, and a server that does what a script says.

Owns sockets of its own on loopback; nothing here waits for real time to pass.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from typethrough.core.models import profile_of
from typethrough.core.prompt.message import Message, Prompt
from typethrough.gateway.certificates import Certificates
from typethrough.gateway.connections import WarmTransport
from typethrough.gateway.endpoint import Endpoint
from typethrough.gateway.http_gateway import HttpGateway
from typethrough.gateway.way import CONNECT_S, Way

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from typethrough.engine.ports import Gateway

KEY = "vck_3n0tArealKeyButLong9876"
NANO = "openai/gpt-4.1-nano"
RULES = Message("system", "Complete the code.")
WINDOW = Message("user", "def secret_sauce(x):\n    return <CURSOR>\n")
PROMPT = Prompt((RULES, WINDOW), 1, ("\n\n",), 64, "shard-1")

CERTIFICATE = str(Path(__file__).parent / "loopback.pem")

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


class HandClock:
    """A `Clock` that stands still until it is told to go on."""

    def __init__(self) -> None:
        self._now_s = 1_000.0
        self._calls: list[_Call] = []

    def now(self) -> float:
        return self._now_s

    def call_at(self, when: float, callback: Callable[[], None]) -> _Call:
        call = _Call(when, callback)
        self._calls.append(call)
        return call

    def advance(self, seconds: float) -> None:
        self._now_s += seconds
        due = [call for call in self._calls if call.when <= self._now_s]
        self._calls = [call for call in self._calls if call.when > self._now_s]
        for call in due:
            if not call.is_cancelled:
                call.callback()


@dataclass(eq=False)
class _Call:
    when: float
    callback: Callable[[], None]
    is_cancelled: bool = False

    def cancel(self) -> None:
        self.is_cancelled = True


@dataclass(eq=False)
class Visit:
    """One connection as the server saw it."""

    number: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    requests: list[bytes] = field(default_factory=list)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def request(self) -> bytes:
        """Read one whole request; b"" when the client closed instead."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        length = next(
            int(line.split(b":")[1])
            for line in [*head.split(b"\r\n"), b"content-length: 0"]
            if line.lower().startswith(b"content-length")
        )
        request = head + await self.reader.readexactly(length)
        self.requests.append(request)
        return request

    async def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def watch(self) -> None:
        """Wait until the client closes, and note it."""
        with contextlib.suppress(ConnectionError):
            await self.reader.read()
        self.closed.set()

    def reset(self) -> None:
        self.writer.transport.abort()


Script = Callable[[Visit], Awaitable[None]]


class Server:
    """A server on loopback; `script` plays every connection, which ends when it returns."""

    def __init__(
        self,
        script: Script,
        *,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._place = (host, port)
        self._script = script
        self._tls = tls
        self._tasks: set[asyncio.Task[Any]] = set()
        self._news = asyncio.Condition()
        self.visits: list[Visit] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._visit, *self._place, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def base_url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/v1"

    async def visited(self, count: int) -> Visit:
        """Wait for the `count`-th connection."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.visits) >= count)
        return self.visits[count - 1]

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        visit = Visit(len(self.visits) + 1, reader, writer)
        async with self._news:
            self.visits.append(visit)
            self._news.notify_all()
        try:
            await self._script(visit)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()


def chunk(data: bytes) -> bytes:
    """One HTTP chunk."""
    return b"%x\r\n%s\r\n" % (len(data), data)


END = b"0\r\n\r\n"


def frame(text: str) -> bytes:
    """One SSE event that carries text."""
    return (
        b'data: {"choices":[{"index":0,"delta":{"content":"%s"},"finish_reason":null}]}\n\n' % text.encode()
    )


STOP = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"


async def answer_all(visit: Visit) -> None:
    """A script: answer every request with `x + 1`, and keep the connection."""
    while await visit.request():
        await visit.send(HEAD, chunk(frame("x + 1")), chunk(STOP), chunk(DONE) + END)
    visit.closed.set()


def server_tls(certificate: str = CERTIFICATE) -> ssl.SSLContext:
    """TLS for a server on loopback; its key is in the repository and protects nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def first_text_then_silence(visit: Visit) -> None:
    if await visit.request():
        await visit.send(HEAD, chunk(frame("x")))
    await visit.watch()


async def silence(visit: Visit) -> None:
    """A script: take a request and never answer."""
    await visit.request()
    await visit.watch()


def endpoint(base_url: str, *, key: str = "", model: str = NANO) -> Endpoint:
    return Endpoint(base_url, key, model, profile_of(model))


def gateway(
    server: Server,
    clock: HandClock | None = None,
    *,
    key: str = "",
    trusting: str = CERTIFICATE,
    connect_timeout_s: float = CONNECT_S,
    **options: Any,
) -> tuple[HttpGateway, WarmTransport]:
    """A gateway at a server, and its transport."""
    clock = clock or HandClock()
    place = replace(endpoint(server.base_url, key=key), certificates=Certificates(file=trusting))
    way = Way(place.url, clock, certificates=place.certificates, connect_timeout_s=connect_timeout_s)
    transport = WarmTransport(way, clock, **options)
    return HttpGateway(place, clock, transport), transport


async def text_of(gateway: Gateway, prompt: Prompt = PROMPT) -> str:
    """The whole text of one answer."""
    pieces: list[str] = []
    await gateway.stream(prompt, pieces.append)
    return "".join(pieces)


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until a condition holds; the test's own time limit is the only other way out."""
    while not condition():  # noqa: ASYNC110 - what is waited for is inside the code under test, and tells nobody
        await asyncio.sleep(0)


def play(scene: Coroutine[Any, Any, None]) -> None:
    """Run a test's scene; no task may outlive it."""

    async def whole() -> None:
        before = asyncio.all_tasks()
        await scene
        # A server's connection task needs a few turns to notice that its client has gone.
        for _ in range(20):
            await asyncio.sleep(0)
        assert asyncio.all_tasks() == before

    asyncio.run(whole())
