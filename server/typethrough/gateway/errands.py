"""Small GET requests to a gateway that are not completions, with JSON answers.

They have their own connection, so that completions keep their spare one. A missing or unreadable answer is None. The key
is sent only to the endpoint's host, because the transport connects to no other.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import httpx

from typethrough import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    from typethrough.core.settings.headers import Headers
    from typethrough.gateway.connections import GatewayTransport

# A gateway's list of a thousand models takes one or two megabytes.
MAX_BYTES = 4 * 1024 * 1024
_LIMIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """A status and the JSON of the answer."""

    status: int
    value: Any


class Errands:
    """Sends such requests. `open_transport` is called for the first one, `key` for each that needs the key."""

    def __init__(
        self,
        open_transport: Callable[[], GatewayTransport],
        key: Callable[[], str],
        *,
        own_headers: Headers = (),
        limit_s: float = _LIMIT_S,
    ) -> None:
        self._open_transport = open_transport
        self._key = key
        self._own_headers = own_headers
        self._limit_s = limit_s
        self._transport: GatewayTransport | None = None
        self._is_closed = False

    async def get(self, url: httpx.URL, *, with_key: bool) -> Fetched | None:
        """The answer to a GET request, or None if none came or it is unreadable."""
        if self._is_closed:
            return None
        if self._transport is None:
            self._transport = self._open_transport()
        try:
            async with asyncio.timeout(self._limit_s):
                status, body = await self._fetch(self._transport, self._request(url, with_key=with_key))
        except (httpx.TransportError, TimeoutError):
            return None
        if body is None:
            return None
        try:
            # Parsing a long list takes milliseconds, which a keystroke should not wait for.
            return Fetched(status, await asyncio.to_thread(json.loads, body))
        except (ValueError, RecursionError):
            return None

    async def aclose(self) -> None:
        """Close the connection."""
        self._is_closed = True
        if self._transport is not None:
            await self._transport.aclose()

    def _request(self, url: httpx.URL, *, with_key: bool) -> httpx.Request:
        headers = [
            (b"Host", url.netloc),
            (b"User-Agent", f"typethrough/{__version__}".encode()),
            (b"Accept", b"application/json"),
            (b"Accept-Encoding", b"identity"),
        ]
        if with_key:
            if (key := self._key()) and not any(
                name.lower() == "authorization" for name, _ in self._own_headers
            ):
                headers.append((b"Authorization", b"Bearer " + key.encode("ascii")))
            headers += [(name.encode(), text.encode()) for name, text in self._own_headers]
        return httpx.Request("GET", url, headers=headers)

    @staticmethod
    async def _fetch(transport: GatewayTransport, request: httpx.Request) -> tuple[int, bytes | None]:
        response = await transport.handle_async_request(request)
        pieces: list[bytes] = []
        try:
            if response.headers.get("content-encoding", "identity").lower() != "identity":
                return response.status_code, None
            size = 0
            async for piece in cast("httpx.AsyncByteStream", response.stream):
                size += len(piece)
                if size > MAX_BYTES:
                    return response.status_code, None
                pieces.append(piece)
        finally:
            await response.aclose()
        return response.status_code, b"".join(pieces)
