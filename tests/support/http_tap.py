"""A relay between a client and an HTTP server on this machine, which keeps what both send.

Owns the sockets, and divides HTTP/1.1 into exchanges. Passes on every byte and every closing unchanged.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_END_OF_HEAD: Final = b"\r\n\r\n"
_READ_BYTES: Final = 65_536


@dataclass(slots=True)
class Exchange:
    """One request and its answer, as far as it came."""

    request: bytearray = field(default_factory=bytearray)
    answer: bytearray = field(default_factory=bytearray)
    # The stream has come to its end, or one side has closed the connection.
    is_over: bool = False

    @property
    def request_line(self) -> str:
        """Method, path and version."""
        return self.request.split(b"\r\n", 1)[0].decode()

    @property
    def headers(self) -> dict[str, str]:
        """The request's headers by their lower-case names."""
        lines = bytes(self.request).split(_END_OF_HEAD, 1)[0].decode().split("\r\n")[1:]
        pairs = (line.partition(":") for line in lines)
        return {name.lower(): value.strip() for name, _, value in pairs}

    @property
    def body(self) -> dict[str, Any]:
        """The request's JSON."""
        value: dict[str, Any] = json.loads(bytes(self.request).split(_END_OF_HEAD, 1)[1])
        return value

    @property
    def status(self) -> int:
        """The answer's status; 0 when none came."""
        return int(self.answer.split(b" ", 2)[1]) if self.answer else 0

    @property
    def events(self) -> list[dict[str, Any]]:
        """The JSON of the answer's server-sent events, without the final `[DONE]`."""
        head, _, body = bytes(self.answer).partition(_END_OF_HEAD)
        text = _without_chunks(body) if b"chunked" in head.lower() else body
        lines = (line[5:].strip() for line in text.split(b"\n") if line.startswith(b"data:"))
        return [json.loads(line) for line in lines if line.endswith(b"}")]

    @property
    def is_read_to_end(self) -> bool:
        """Whether the whole stream came."""
        return b"[DONE]" in self.answer

    def last(self, name: str) -> dict[str, Any]:
        """The object under `name` in the last event that has one. Empty if none has."""
        found = [event[name] for event in self.events if isinstance(event.get(name), dict)]
        return found[-1] if found else {}


class Tap:
    """The exchanges so far, oldest first. `base_url` is the address for the client."""

    def __init__(self) -> None:
        self.base_url = ""
        self.exchanges: list[Exchange] = []
        self._over = asyncio.Event()

    async def idle(self) -> None:
        """Wait until no completion is running."""
        while not all(one.is_over for one in self.completions()):
            self._over.clear()
            await self._over.wait()

    def end(self, exchange: Exchange) -> None:
        """Mark an exchange as ended."""
        exchange.is_over = True
        self._over.set()

    def completions(self) -> list[Exchange]:
        """The exchanges that are chat completions."""
        return [one for one in self.exchanges if "/chat/completions" in one.request_line]


@asynccontextmanager
async def tap(base_url: str) -> AsyncIterator[Tap]:
    """Listen on loopback, and pass everything on to the server at `base_url`."""
    address = urlsplit(base_url)
    found = Tap()

    handlers: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            handlers.add(task)
            task.add_done_callback(handlers.discard)
        await _between(reader, writer, address.hostname or "", address.port or 80, found)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    found.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{address.path}"
    try:
        yield found
    finally:
        server.close()
        for handler in handlers:
            handler.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)
        # The transports close in the next turn of the loop.
        await asyncio.sleep(0)


async def _between(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int, found: Tap
) -> None:
    """Relay one connection until either side closes it. A client ends a stream by closing the connection."""
    try:
        from_there, to_there = await asyncio.open_connection(host, port)
    except OSError:
        writer.transport.abort()
        return
    own: list[Exchange] = []
    ways = (_requests(reader, to_there, found, own), _answers(from_there, writer, found, own))
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        # Bytes that were read are still passed on. Later ones are not waited for.
        writer.close()
        to_there.transport.abort()
        for exchange in own:
            found.end(exchange)
    await asyncio.gather(*tasks, return_exceptions=True)


async def _requests(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, found: Tap, own: list[Exchange]
) -> None:
    while data := await reader.read(_READ_BYTES):
        if not own or _is_whole(own[-1]):
            own.append(Exchange())
            found.exchanges.append(own[-1])
        own[-1].request += data
        writer.write(data)
        await writer.drain()


async def _answers(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, found: Tap, own: list[Exchange]
) -> None:
    while data := await reader.read(_READ_BYTES):
        if own:
            own[-1].answer += data
            if own[-1].is_read_to_end:
                found.end(own[-1])
        writer.write(data)
        await writer.drain()


def _is_whole(exchange: Exchange) -> bool:
    _, end, body = bytes(exchange.request).partition(_END_OF_HEAD)
    return bool(end) and len(body) >= int(exchange.headers.get("content-length", "0"))


def _without_chunks(body: bytes) -> bytes:
    """The data of a chunked body, as far as it came."""
    data = b""
    while size_line := body.partition(b"\r\n")[0]:
        size = int(size_line.split(b";")[0], 16)
        start = len(size_line) + 2
        data += body[start : start + size]
        body = body[start + size + 2 :]
    return data
