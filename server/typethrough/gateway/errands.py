"""Other requests to a gateway than completions: small JSON answers to GET.

They have a connection of their own, so that a completion finds its spare one free. An answer that does not come, or cannot be
read, is None. The key goes to the endpoint's host, and the transport speaks to no other.
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

# A gateway with a thousand models lists them in one or two megabytes.
MAX_BYTES = 4 * 1024 * 1024
_LIMIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """A status and the JSON that came with it."""

    status: int
    value: Any


class Errands:
    """Runs one errand after another; `open_transport` is called for the first, `key` for each that needs it."""

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
        """The answer to a GET, or None when there is none that can be read."""
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
            # A long list takes milliseconds, and a keystroke may come meanwhile.
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
