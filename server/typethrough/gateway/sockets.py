"""One connection: bytes in, bytes out, TLS put on it where it is wanted, and an `abort` that closes at once and awaits nothing.

Raises httpx's own errors, as its transports do. Must not know HTTP, how a connection is opened, nor what it is for.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from typethrough.engine.ports import Cancellable, Clock

_HIGH_WATER_BYTES = 256 * 1024


class Link(asyncio.Protocol):
    """A connected socket. `on_lost` is called once, when the connection is gone from either side, and `fault` says why, as far as
    asyncio knows: a server of TLS 1.3 tells only after the handshake that it wants another certificate.
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
        """Open, and nothing has arrived unasked: a proxy that ends an idle connection may send a 408 first."""
        return self.is_open and not self._chunks

    async def secure(self, tls: ssl.SSLContext, host: str) -> None:
        """Speak TLS from here on, with the server of this name, whatever carries the bytes. Raises OSError, as ssl does."""
        if self._transport is None or not self.is_open:
            raise ConnectionResetError
        transport = await asyncio.get_running_loop().start_tls(
            self._transport, self, tls, server_hostname=host
        )
        if transport is None or not self.is_open:
            raise ConnectionResetError
        self._transport = transport

    def write(self, data: bytes) -> None:
        """Send `data`, as far as the kernel takes it now and the rest as it can. Raises httpx.WriteError."""
        if self._transport is None or not self.is_open:
            raise httpx.WriteError("the connection is closed")
        self._transport.write(data)

    async def read(self, timeout_s: float) -> bytes:
        """Everything that has arrived, at least one byte; b"" once the other side has closed.

        Cancelling closes the connection before CancelledError leaves here. Raises httpx.ReadTimeout.
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
        """Give what arrives to `sink`, in the turn of the loop in which it arrives, until `sink` returns True or the other side
        has closed. To wait for each piece would take a turn more for each of them.

        What `sink` raises is raised here. Cancelling and errors are as for `read`.
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
        """Close now, whatever is still to be sent; harmless when closed."""
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
        # One timer serves the reads one after the other: most end long before, and setting one for each costs as much as they do.
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
        """asyncio: the connection stands, TLS included."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a stream protocol is given a stream transport
        self._transport = transport
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes have come."""
        waiter = self._waiter
        if self._sink is not None and waiter is not None and not waiter.done():
            self._due_s = self._clock.now() + self._timeout_s
            try:
                if self._sink(data):
                    self._wake()
            except Exception as error:
                # For the task that waits: the loop would log it and go on.
                if not waiter.done():
                    waiter.set_exception(error)
            return
        self._chunks.append(data)
        self._buffered_bytes += len(data)
        if self._buffered_bytes > _HIGH_WATER_BYTES and self._transport is not None:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        """asyncio: the other side will send no more; asyncio closes the transport."""
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
