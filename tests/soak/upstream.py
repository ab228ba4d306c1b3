"""A gateway on the same event loop as the server under test. It is well, then it fails in one way or another.

It speaks HTTP/1.1 over a real socket. What it answers is what the person at the keyboard is about to type, so that suggestions
are taken as often as they are refused.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_MODEL: Final = re.compile(rb'"model": ?"([^"]*)"')
_SSE: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
# How long bad weather stays, and fine weather between two kinds of it, in seconds.
_BAD_S: Final = (20.0, 600.0)
_FINE_S: Final = (300.0, 2_400.0)

_JSON: Final = "application/json"


def _refused(status: int, kind: str, *headers: str, content_type: str = _JSON, body: bytes = b"") -> bytes:
    body = body or json.dumps({"error": {"message": f"the soak's {kind}", "type": kind}}).encode()
    lines = (
        f"HTTP/1.1 {status} X",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
        *headers,
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


# Whole answers, by the name of the weather.
_ANSWERS: Final = {
    "401": _refused(401, "authentication_error"),
    "402": _refused(402, "insufficient_funds"),
    "404": _refused(404, "model_not_found"),
    "429": _refused(429, "rate_limit_exceeded", "Retry-After: 3"),
    "500": _refused(500, "internal_server_error"),
    "502 html": _refused(502, "bad gateway", content_type="text/html", body=b"<html>Bad gateway</html>"),
    "503": _refused(503, "service_unavailable", "Retry-After: 20"),
    "no sse": _refused(200, "x", content_type="text/html", body=b"<html>Sign in to the hotel's network</html>"),
    "no http": b"SSH-2.0-OpenSSH_9.6\r\n",
    "nothing": b"",
}  # fmt: skip
_STREAMED: Final = ("fine", "slow", "stall", "stall mid", "reset mid", "cut", "error mid", "garbage", "empty")
_LOCAL: Final = ("reset", "refused", "silent", "closing")
WEATHERS: Final = (*_ANSWERS, *_STREAMED[1:], *_LOCAL)


class Upstream:
    """The gateway. `expected` gives the text that the person wants next."""

    def __init__(self, dice: random.Random, expected: Callable[[], str]) -> None:
        self.dice = dice
        self.weather = "fine"
        self.requests = 0
        self.streams: dict[str, int] = {}
        self.port = 0
        self.expected = expected
        self.open: set[_Connection] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on the port it had before, or on any that is free."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def changes(self) -> None:
        """The weather, for ever."""
        kinds: list[str] = []
        while True:
            await asyncio.sleep(self.dice.uniform(*_FINE_S))
            if not kinds:
                kinds = list(WEATHERS)
                self.dice.shuffle(kinds)
            self.weather = kinds.pop()
            if self.weather == "refused":
                self._stop()
            if self.weather in ("refused", "closing"):
                self._drop()
            await asyncio.sleep(self.dice.uniform(*_BAD_S))
            if self.weather == "refused":
                await self.start()
            self.weather = "fine"

    def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _drop(self) -> None:
        for connection in list(self.open):
            connection.abort()

    def close(self) -> None:
        """Listen no more, and end every connection."""
        self._stop()
        self._drop()


class _Connection(asyncio.Protocol):
    """One connection; at most one answer at a time."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._upstream.open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._upstream.open.discard(self)
        if self._answer is not None:
            self._answer.cancel()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        length = _LENGTH.search(bytes(buffer[:end]))
        whole = end + 4 + (int(length[1]) if length else 0)
        if len(buffer) < whole:
            return
        head, body = bytes(buffer[:end]), bytes(buffer[end + 4 : whole])
        del buffer[:whole]
        self._answer = asyncio.ensure_future(self._respond(head, body))

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    async def _respond(self, head: bytes, body: bytes) -> None:
        upstream, weather = self._upstream, self._upstream.weather
        if not head.startswith(b"POST"):
            self._write(_refused(404, "not_found"))
            return
        upstream.requests += 1
        upstream.streams[weather] = upstream.streams.get(weather, 0) + 1
        if weather == "reset":
            self.abort()
        elif weather == "silent":
            await asyncio.sleep(3_600)
        elif weather in _ANSWERS:
            await asyncio.sleep(0.05)
            self._write(_ANSWERS[weather])
            if weather in ("no http", "nothing") and self._transport is not None:
                self._transport.close()
        else:
            await self._stream(weather, body)

    async def _stream(self, weather: str, body: bytes) -> None:
        dice = self._upstream.dice
        await asyncio.sleep(4.0 if weather == "slow" else dice.lognormvariate(-1.6, 0.4))
        self._write(_SSE)
        if weather == "stall":
            await asyncio.sleep(3_600)
        text = "" if weather == "empty" else self._upstream.expected()
        model = _MODEL.search(body)
        frame: dict[str, Any] = {
            "id": f"gen-{self._upstream.requests}",
            "model": model[1].decode() if model else "",
            "object": "chat.completion.chunk",
        }
        pieces = [text[start : start + 5] for start in range(0, len(text), 5)]
        for number, piece in enumerate(pieces):
            if number == 2:
                if weather == "stall mid":
                    await asyncio.sleep(3_600)
                if weather == "reset mid":
                    self.abort()
                    return
                if weather == "cut":
                    self._end()
                    return
                if weather == "error mid":
                    self._event(
                        {"error": {"message": "The provider failed", "type": "internal_server_error"}}
                    )
                    self._end()
                    return
                if weather == "garbage":
                    self._chunk(b"data: {not json\n\n\xff\xfe\n\n")
            self._event({**frame, "choices": [{"index": 0, "delta": {"content": piece}}]})
            await asyncio.sleep(0.008)
        usage = {"prompt_tokens": len(body) // 4, "completion_tokens": len(pieces)}
        self._event({**frame, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        self._event({**frame, "choices": [], "usage": usage})
        self._chunk(b"data: [DONE]\n\n")
        self._end()
        if weather == "closing" and self._transport is not None:
            self._transport.close()

    def _event(self, value: Any) -> None:
        self._chunk(b"data: " + json.dumps(value).encode() + b"\n\n")

    def _chunk(self, data: bytes) -> None:
        self._write(b"%x\r\n%s\r\n" % (len(data), data))

    def _end(self) -> None:
        self._write(b"0\r\n\r\n")
