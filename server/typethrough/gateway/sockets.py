"""One connection: read, write, start TLS, and an `abort` that closes at once without awaiting.

It raises httpx's errors, like httpx's own transports. It does not know HTTP, how a connection is opened, or what it is for.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from typethrough.engine.ports import Cancellable, Clock
    from typethrough.gateway.dialing import Host

_HIGH_WATER_BYTES = 256 * 1024


class Link(asyncio.Protocol):
    """A connected socket. `on_lost` is called once, when either side has closed the connection.

    `fault` is the reason as far as asyncio knows it. For example a TLS 1.3 server refuses our certificate only after the
    handshake.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._transport: asyncio.Transport | None = None
        self._chunks: list[bytes] = []
        self._buffered_bytes = 0
        self._waiter: asyncio.Future[None] | None = None
        self._sink: Callable[[bytes], bool] | None = None
        self._timeout_s = 0.0
        self._timer: Cancellable | None = None
        self._timer_s = 0.0
        self._due_s = 0.0
        self._timed_out = False
        self.is_open = False
        self.fault: Exception | None = None
        self.on_lost: Callable[[], None] | None = None

    @property
    def is_quiet(self) -> bool:
        """Whether it is open and nothing arrived unasked. A proxy may send a 408 before it closes an idle connection."""
        return self.is_open and not self._chunks

    async def secure(self, tls: ssl.SSLContext, host: Host) -> None:
        """Start TLS with the server of this name. Raises OSError, like ssl."""
        if self._transport is None or not self.is_open:
            raise ConnectionResetError
        transport = await asyncio.get_running_loop().start_tls(
            self._transport, self, tls, server_hostname=host
        )
        if transport is None or not self.is_open:
            raise ConnectionResetError
        self._transport = transport

    def write(self, data: bytes) -> None:
        """Send `data`: what the kernel takes now at once, the rest later. Raises httpx.WriteError."""
        if self._transport is None or not self.is_open:
            raise httpx.WriteError("the connection is closed")
        self._transport.write(data)

    async def read(self, timeout_s: float) -> bytes:
        """All bytes that have arrived, at least one; b"" once the other side has closed.

        Cancelling closes the connection before CancelledError propagates. Raises httpx.ReadTimeout.
        """
        if not self._chunks and self.is_open:
            await self._wait(timeout_s)
        return self._taken()

    def _taken(self) -> bytes:
        chunks, self._chunks = self._chunks, []
        if self._buffered_bytes > _HIGH_WATER_BYTES and self._transport is not None:
            self._transport.resume_reading()
        self._buffered_bytes = 0
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def hand_on(self, sink: Callable[[bytes], bool], timeout_s: float) -> None:
        """Give arriving bytes to `sink` in the same turn of the loop, until it returns True or the other side closes.

        Waiting for each piece would take one more turn per piece. What `sink` raises is raised here. Cancelling and
        errors are as for `read`.
        """
        if self._chunks and sink(self._taken()):
            return
        if self.is_open:
            self._sink = sink
            try:
                await self._wait(timeout_s)
            finally:
                self._sink = None

    def abort(self) -> None:
        """Close at once, without sending what is left. Has no effect if it is closed."""
        self.is_open = False
        self._stop_timer()
        if self._transport is not None:
            self._transport.abort()
        self._wake()

    async def _wait(self, timeout_s: float) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        self._timeout_s = timeout_s
        self._due_s = self._clock.now() + timeout_s
        if self._timer is None or self._due_s < self._timer_s:
            self._set_timer()
        try:
            await self._waiter
        except asyncio.CancelledError:
            self.abort()
            raise
        finally:
            self._waiter = None
        if self._timed_out:
            self.abort()
            raise httpx.ReadTimeout("no byte for too long")

    def _time_out(self) -> None:
        # One timer serves consecutive reads. Most end long before it, and a timer for each would cost as much as the read.
        self._timer = None
        if self._waiter is None:
            return
        if self._clock.now() < self._due_s:
            self._set_timer()
            return
        self._timed_out = True
        self._wake()

    def _set_timer(self) -> None:
        self._stop_timer()
        self._timer_s = self._due_s
        self._timer = self._clock.call_at(self._due_s, self._time_out)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the connection is established, TLS included."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a stream protocol is given a stream transport
        self._transport = transport
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes have arrived."""
        waiter = self._waiter
        if self._sink is not None and waiter is not None and not waiter.done():
            self._due_s = self._clock.now() + self._timeout_s
            try:
                if self._sink(data):
                    self._wake()
            except Exception as error:
                # Raise the error in the waiting task; asyncio would only log it.
                if not waiter.done():
                    waiter.set_exception(error)
            return
        self._chunks.append(data)
        self._buffered_bytes += len(data)
        if self._buffered_bytes > _HIGH_WATER_BYTES and self._transport is not None:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        """asyncio: the other side will send no more. asyncio then closes the transport."""
        self._lost()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: the connection is gone."""
        self.fault = exc
        self._lost()

    def _lost(self) -> None:
        self.is_open = False
        self._stop_timer()
        self._wake()
        on_lost, self.on_lost = self.on_lost, None
        if on_lost is not None:
            on_lost()
