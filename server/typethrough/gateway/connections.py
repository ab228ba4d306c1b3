"""The connections to one gateway. Each request finds an open one, and closes its own when it is given up.

To stop a stream early, HTTP/1.1 must close its connection. So whenever no spare connection is left, one is opened in the
background. This module does not know what is sent.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Self, TypeVar

import httpx

from typethrough.gateway.http1 import Http1Connection

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from typethrough.engine.ports import Cancellable, Clock
    from typethrough.gateway.endpoint import Endpoint
    from typethrough.gateway.way import Way

READ_S = 15.0
# A local model may read a long context for a minute before its first word. Closed earlier, it would start over each time.
LOCAL_READ_S = 120.0
# Most servers keep an idle connection for a minute or more. If one closes earlier, we notice.
IDLE_S = 55.0
MAX_IDLE = 2
_LINGER_S = 0.25
# If a request got no byte in this time and was given up, there may be no server behind its address.
_MUTE_S = 0.5

_T = TypeVar("_T")


class GatewayTransport(httpx.AsyncBaseTransport):
    """An httpx transport that can also prepare a connection."""

    async def warm(self) -> None:
        """Have a connection ready for the next request, if this transport can. Raises httpx.TransportError."""


class WarmTransport(GatewayTransport):
    """HTTP/1.1 to the server at the end of `way`. If it `keeps_spare`, one spare connection stays open while requests go on.

    A response has two extensions. Call "release" when nothing more is wanted of an answer that is about to end: then the
    connection is kept. Await "hand_on" instead of reading the body: it gives each part to a function in the same turn of the
    loop in which it arrives. `aclose` of an unfinished response closes its connection at once.
    """

    def __init__(
        self,
        way: Way,
        clock: Clock,
        *,
        read_timeout_s: float = READ_S,
        idle_s: float = IDLE_S,
        keeps_spare: bool = True,
    ) -> None:
        self._way = way
        self._keeps_spare = keeps_spare
        self._clock = clock
        self._read_timeout_s = read_timeout_s
        self._idle_s = idle_s
        self._idle: deque[_Idle] = deque()
        self._active: set[Http1Connection] = set()
        self._spares_opening: deque[asyncio.Task[Http1Connection]] = deque()
        self._tasks: set[asyncio.Task[object]] = set()
        self._is_closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request. If a kept connection fails before any byte of an answer, try once more on a new connection."""
        url = self._way.url
        if (request.url.scheme, request.url.raw_host, request.url.port) != (
            url.scheme,
            url.raw_host,
            url.port,
        ):
            raise httpx.UnsupportedProtocol("this transport speaks to one host only")
        if self._is_closed:
            raise httpx.ConnectError("the transport is closed")
        body = await request.aread()
        kept = self._take_idle()
        if kept is not None:
            try:
                return await self._exchange(kept, request, body)
            except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
                if kept.has_answered:
                    raise
        fresh = await self._new_connection()
        try:
            return await self._exchange(fresh, request, body)
        except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
            if not fresh.was_mute:
                raise
        # Try again: the next connection goes to another address of the host.
        return await self._exchange(await self._new_connection(), request, body)

    async def warm(self) -> None:
        """Open a connection, unless one is open or being opened. Returns when it is open. Raises httpx.ConnectError."""
        if not self._idle and not self._is_closed:
            self._open_spare()
            await asyncio.shield(self._spares_opening[0])

    async def aclose(self) -> None:
        """Close all connections, and open no more."""
        self._is_closed = True
        for task in self._tasks:
            task.cancel()
        for connection in [*self._active, *(idle.connection for idle in self._idle)]:
            connection.link.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # asyncio closes an aborted socket in the next turn of the loop.
        await asyncio.sleep(0)

    async def _exchange(
        self, connection: Http1Connection, request: httpx.Request, body: bytes
    ) -> httpx.Response:
        if self._is_closed:
            connection.link.abort()
            raise httpx.ConnectError("the transport is closed")
        self._active.add(connection)
        if not self._idle and self._keeps_spare:
            self._open_spare()
        sent_s = self._clock.now()
        try:
            head = await connection.send(request, body, self._read_timeout_s)
        except asyncio.CancelledError:
            self._discard_unanswered(connection, is_mute=self._clock.now() - sent_s >= _MUTE_S)
            raise
        except BaseException:
            self._discard_unanswered(connection, is_mute=True)
            raise
        self._way.prove()
        stream = _Body(self, connection, self._read_timeout_s)
        return httpx.Response(
            head.status_code,
            headers=head.headers.raw_items(),
            stream=stream,
            extensions={"release": stream.release, "hand_on": stream.hand_on},
        )

    def discard(self, connection: Http1Connection) -> None:
        """Close a connection whose answer is unwanted or broken, and prepare another one."""
        connection.link.abort()
        if connection in self._active:
            self._active.discard(connection)
            if not self._idle and self._keeps_spare:
                self._open_spare()

    def _discard_unanswered(self, connection: Http1Connection, *, is_mute: bool) -> None:
        """Close a connection on which a request got no answer. `is_mute`: there may be no server behind its address."""
        if is_mute and not connection.has_answered and self._way.distrust():
            connection.was_mute = True
            self._drop_spares()
        self.discard(connection)

    def _drop_spares(self) -> None:
        """Close spare connections, including those being opened, because they lead to an address that does not answer."""
        for idle in [*self._idle]:
            idle.connection.link.abort()
        opening = [*self._spares_opening]
        self._spares_opening.clear()
        for task in opening:
            if task.done() and not task.cancelled() and task.exception() is None:
                task.result().link.abort()
            task.cancel()

    def keep(self, connection: Http1Connection) -> None:
        """Take back a connection after a complete answer, or a new spare one."""
        self._active.discard(connection)
        usable = connection.start_over() if connection.was_used else connection.link.is_open
        if not usable or self._is_closed or len(self._idle) >= MAX_IDLE:
            connection.link.abort()
            return
        idle = _Idle(connection, self._clock.call_at(self._clock.now() + self._idle_s, connection.link.abort))
        connection.link.on_lost = lambda: self._forget(idle)
        if connection.was_used:
            self._idle.append(idle)
        else:
            # A used connection has a larger congestion window than a spare, so it is used first.
            self._idle.appendleft(idle)

    def linger(self, connection: Http1Connection) -> None:
        """Read the end of an answer in the background, for a moment, so that its connection can be kept."""
        timer = self._clock.call_at(self._clock.now() + _LINGER_S, connection.link.abort)
        self._start(self._read_end(connection)).add_done_callback(lambda _: timer.cancel())

    async def _read_end(self, connection: Http1Connection) -> None:
        try:
            while await connection.read(_LINGER_S):
                pass
        except httpx.TransportError:
            self.discard(connection)
        else:
            self.keep(connection)

    def _take_idle(self) -> Http1Connection | None:
        while self._idle:
            idle = self._idle.pop()
            idle.expiry.cancel()
            idle.connection.link.on_lost = None
            if idle.connection.link.is_quiet:
                return idle.connection
            idle.connection.link.abort()
        return None

    def _forget(self, idle: _Idle) -> None:
        idle.expiry.cancel()
        if idle in self._idle:
            self._idle.remove(idle)

    async def _new_connection(self) -> Http1Connection:
        # If a request is given up while it connects, the next request gets that connection.
        task = self._spares_opening.popleft() if self._spares_opening else self._start(self._open())
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if self._is_closed and task.cancelled():
                raise httpx.ConnectError("the transport is closed") from None
            self._spares_opening.appendleft(task)
            task.add_done_callback(self._spare_opened)
            raise

    def _open_spare(self) -> None:
        if not self._spares_opening and not self._is_closed:
            task = self._start(self._open())
            self._spares_opening.append(task)
            task.add_done_callback(self._spare_opened)

    def _spare_opened(self, task: asyncio.Task[Http1Connection]) -> None:
        # If a request has taken the spare meanwhile, it is no longer in the list.
        if task in self._spares_opening:
            self._spares_opening.remove(task)
            # A failure to open a spare is not reported. The next request meets the same problem and reports it.
            if not task.cancelled() and task.exception() is None:
                self.keep(task.result())

    async def _open(self) -> Http1Connection:
        return Http1Connection(await self._way.open(), self._way)

    def _start(self, work: Coroutine[object, object, _T]) -> asyncio.Task[_T]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def open_transport(endpoint: Endpoint, clock: Clock, *, keeps_spare: bool = True) -> GatewayTransport:
    """The transport for an endpoint. If the endpoint has a `problem`, one that sends nothing. Opens nothing yet."""
    if endpoint.problem:
        return GatewayTransport()
    read_timeout_s = LOCAL_READ_S if endpoint.is_loopback else READ_S
    return WarmTransport(endpoint.way(clock), clock, read_timeout_s=read_timeout_s, keeps_spare=keeps_spare)


class _Idle:
    """An idle connection, and the timer that closes it."""

    __slots__ = ("connection", "expiry")

    def __init__(self, connection: Http1Connection, expiry: Cancellable) -> None:
        self.connection = connection
        self.expiry = expiry


class _Body(httpx.AsyncByteStream):
    """The body of one answer. It is a class with its own iterator, because an unfinished generator would stay in the loop."""

    def __init__(self, transport: WarmTransport, connection: Http1Connection, read_timeout_s: float) -> None:
        self._transport = transport
        self._connection = connection
        self._read_timeout_s = read_timeout_s
        self._is_over = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._is_over:
            raise StopAsyncIteration
        try:
            chunk = await self._connection.read(self._read_timeout_s)
        except BaseException:
            self._drop()
            raise
        if not chunk:
            self._is_over = True
            self._transport.keep(self._connection)
            raise StopAsyncIteration
        return chunk

    async def hand_on(self, sink: Callable[[bytes], bool]) -> None:
        """Give the parts of the body to `sink` as they arrive, until it returns True or the body ends."""
        try:
            is_complete = await self._connection.hand_on(sink, self._read_timeout_s)
        except BaseException:
            self._drop()
            raise
        if is_complete:
            self._is_over = True
            self._transport.keep(self._connection)

    def release(self) -> None:
        """Nothing more is wanted. Keep the connection if its answer ends now or in a moment."""
        if self._is_over:
            return
        try:
            is_complete = self._connection.finish()
        except httpx.TransportError:
            self._drop()
            return
        self._is_over = True
        if is_complete:
            self._transport.keep(self._connection)
        else:
            self._transport.linger(self._connection)

    async def aclose(self) -> None:
        """Close the connection at once, unless the answer is complete. It awaits nothing, so it cannot hang or be cancelled."""
        if not self._is_over:
            self._drop()

    def _drop(self) -> None:
        self._is_over = True
        self._transport.discard(self._connection)
