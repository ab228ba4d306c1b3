"""One HTTP/1.1 connection: a request, its answer, then perhaps another request.

h11 speaks the protocol; this module orders what happens on one link. It does not know of other connections.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import h11
import httpx

if TYPE_CHECKING:
    from collections.abc import Callable

    from typethrough.gateway.sockets import Link
    from typethrough.gateway.way import Way

_MAX_HEADER_BYTES = 64 * 1024
# A server may send some heads before that of its answer, such as 103. A flood of them would cost a whole core.
MAX_INTERIM_HEADS = 20
# The same holds for chunks of a byte or two. Real ones hold an event each, which has a hundred bytes and more.
_MAX_SMALL_CHUNKS = 4_000
_SMALL_BYTES = 16


class NotHttp(httpx.RemoteProtocolError):
    """The answer is not HTTP/1.1. `is_tls`: it is TLS."""

    def __init__(self, begins: bytes) -> None:
        super().__init__("the answer is not HTTP/1.1")
        self.is_tls = begins[:2] in (b"\x15\x03", b"\x16\x03")


class NoAnswer(httpx.RemoteProtocolError):
    """The other side closed the connection before any byte of an answer."""


class Http1Connection:
    """A link that speaks HTTP/1.1 as a client, to the server at the end of `way` or to a proxy that forwards requests."""

    def __init__(self, link: Link, way: Way) -> None:
        self.link = link
        self._way = way
        self.was_used = self.was_mute = False
        self._has_head = False
        self._begins = b""
        self._interim_heads = self._chunks = self._body_bytes = 0
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEADER_BYTES)

    @property
    def has_answered(self) -> bool:
        """Whether any byte of an answer to the last request has come."""
        return bool(self._begins)

    async def send(self, request: httpx.Request, body: bytes, read_timeout_s: float) -> h11.Response:
        """Send a request and wait for the head of its answer. Raises httpx.TransportError."""
        self.was_used, self._has_head, self._begins = True, False, b""
        self._interim_heads = self._chunks = self._body_bytes = 0
        try:
            target = str(request.url) if self._way.forwards else request.url.raw_path
            headers = [*request.headers.raw, *self._way.in_requests()]
            head = self._h11.send(h11.Request(method=request.method, target=target, headers=headers))
            data = self._h11.send(h11.Data(body)) if body else b""
            end = self._h11.send(h11.EndOfMessage())
        except h11.LocalProtocolError as error:
            # h11's text may contain a header, which our message must not.
            raise httpx.LocalProtocolError("the request cannot be sent over HTTP/1.1") from error
        self.link.write(b"".join((head or b"", data or b"", end or b"")))
        while True:
            event = await self._next(read_timeout_s)
            if isinstance(event, h11.Response):
                self._has_head = True
                return event
            if not isinstance(event, h11.InformationalResponse):
                raise httpx.RemoteProtocolError("the answer has no head")

    async def read(self, read_timeout_s: float) -> bytes:
        """All of the body that has arrived, in one piece; b"" at the end. Raises httpx.TransportError."""
        if self._is_complete():
            return b""
        part, _ = self._part(await self._next(read_timeout_s))
        # Text before a fault counts. h11 raises the fault again at the next read.
        return part

    async def hand_on(self, sink: Callable[[bytes], bool], read_timeout_s: float) -> bool:
        """Give the parts of the body to `sink`, each in the same turn of the loop in which it arrives.

        Ends when `sink` returns True or the body ends. Returns whether the body has ended. Raises httpx.TransportError, and
        whatever `sink` raises.
        """
        is_settled = self._is_complete()

        def take() -> bool:
            nonlocal is_settled
            part, fault = self._part(self._event())
            is_settled = (bool(part) and sink(part)) or self._is_complete()
            if fault is not None and not is_settled:
                raise fault
            return is_settled

        def arrived(raw: bytes) -> bool:
            self._h11.receive_data(raw)
            return take()

        # First the part that came together with the head.
        if not is_settled and not take():
            await self.link.hand_on(arrived, read_timeout_s)
            if not is_settled:
                # The other side has closed the connection. That ends some bodies, and interrupts others.
                arrived(b"")
        return self._is_complete()

    def _part(self, event: object) -> tuple[bytes, httpx.RemoteProtocolError | None]:
        """The part of the body that begins with an event, in one piece, and the fault at its end, if any."""
        pieces: list[bytes] = []
        while isinstance(event, h11.Data):
            pieces.append(event.data)
            try:
                event = self._event()
            except httpx.RemoteProtocolError as error:
                return b"".join(pieces), error
        return b"".join(pieces), None

    def finish(self) -> bool:
        """Skip the rest of the answer that has already arrived. Returns whether the answer is complete.

        Raises httpx.RemoteProtocolError.
        """
        while not self._is_complete() and isinstance(self._event(), h11.Data):
            pass
        return self._is_complete()

    def start_over(self) -> bool:
        """Prepare for another request after a complete answer. Returns False if the connection cannot be kept."""
        if (
            not self.link.is_open
            or self._h11.our_state is not h11.DONE
            or self._h11.their_state is not h11.DONE
        ):
            return False
        if self._h11.trailing_data[0]:
            return False
        self._h11.start_next_cycle()
        return True

    def _is_complete(self) -> bool:
        return self._h11.their_state in (h11.DONE, h11.MUST_CLOSE, h11.CLOSED)

    async def _next(self, read_timeout_s: float) -> object:
        while (event := self._event()) is h11.NEED_DATA:
            chunk = await self.link.read(read_timeout_s)
            if chunk:
                self._begins = self._begins or chunk[:5]
            elif self._h11.their_state is h11.SEND_RESPONSE:
                if not self._has_head and self._begins and not b"HTTP/".startswith(self._begins[:5]):
                    # The server sent a banner of another protocol and closed.
                    raise NotHttp(self._begins) from self.link.fault
                raise NoAnswer("the server closed the connection without an answer") from self.link.fault
            self._h11.receive_data(chunk)
        return event

    def _event(self) -> object:
        try:
            event = self._h11.next_event()
        except h11.RemoteProtocolError as error:
            if not self._has_head and not b"HTTP/".startswith(self._begins[:5]):
                raise NotHttp(self._begins) from error
            raise httpx.RemoteProtocolError("the answer is not HTTP/1.1, or broke off") from error
        if isinstance(event, h11.Data):
            self._chunks += 1
            self._body_bytes += len(event.data)
            if self._chunks > _MAX_SMALL_CHUNKS and self._body_bytes < self._chunks * _SMALL_BYTES:
                raise httpx.RemoteProtocolError("the answer comes in too many small chunks")
        elif isinstance(event, h11.InformationalResponse):
            self._interim_heads += 1
            if self._interim_heads > MAX_INTERIM_HEADS:
                raise httpx.RemoteProtocolError("the answer has too many heads")
        return event
