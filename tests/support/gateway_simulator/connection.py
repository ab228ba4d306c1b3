"""One client's connection: its bytes, one request at a time, and the time at which the client disconnects.

Owns the socket. Knows no routes: each request is given to a handler. If the client closes or resets during an answer, this is
noticed at once: the answer's task is cancelled and the time is recorded.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections import deque
from typing import TYPE_CHECKING, cast

from tests.support.gateway_simulator.http11 import BadRequestError, RequestParser, head

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from tests.support.gateway_simulator.http11 import Request


class Connection(asyncio.Protocol):
    """An HTTP/1.1 connection that stays open until the client or a fault ends it."""

    def __init__(
        self, number: int, handle: Callable[[Request, Connection], Coroutine[Any, Any, None]]
    ) -> None:
        self.number = number
        self.requests = 0
        self.on_gone: Callable[[float], None] | None = None
        self.on_next: str | None = None
        self._handle = handle
        self._parser = RequestParser()
        self._waiting: deque[Request] = deque()
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over the socket. Small writes are sent at once."""
        self._transport = cast(asyncio.Transport, transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        """Collect a request, and start it when the one before has been answered."""
        if self.on_next == "close_on_next":
            self.close()
            return
        if self.on_next == "reset_on_next":
            self.reset()
            return
        self._parser.feed(data)
        try:
            while (request := self._parser.take()) is not None:
                self._waiting.append(request)
        except BadRequestError:
            self.write(head(400, {"content-length": "0", "connection": "close"}))
            self.close()
        self._start_next()

    def eof_received(self) -> bool:
        """Treat the end of the client's bytes as a disconnection. A client that waits for an answer keeps its side open."""
        self._gone()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Record the disconnection if a reset is its first sign."""
        del exc
        self._gone()

    def write(self, data: bytes) -> None:
        """Write bytes to the socket."""
        if self._transport is not None:
            self._transport.write(data)

    def close(self) -> None:
        """Close the connection after everything was written."""
        if self._transport is not None:
            self._transport.close()

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        if self._transport is not None:
            linger = struct.pack("ii", 1, 0)
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self._transport.abort()

    def _gone(self) -> None:
        gone_at = time.monotonic()
        if self.on_gone is not None:
            self.on_gone(gone_at)
            self.on_gone = None
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()

    def _start_next(self) -> None:
        if self._task is None and self._waiting:
            request = self._waiting.popleft()
            self.requests += 1
            self._task = asyncio.get_running_loop().create_task(self._run(request))

    async def _run(self, request: Request) -> None:
        answered = False
        try:
            await self._handle(request, self)
            answered = True
        finally:
            self.on_gone = None
            self._task = None
            if request.wants_close or not answered:
                self.close()
        self._start_next()
