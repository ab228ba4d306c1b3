"""The way to a gateway: direct, with warm spares, or through the proxy that the environment names.

Reads the proxy variables as the standard library does. Must not know what is sent.
"""

from __future__ import annotations

import asyncio
import urllib.request
from typing import TYPE_CHECKING

import httpx

from typethrough.gateway.connections import CONNECT_S, LOCAL_READ_S, READ_S, GatewayTransport, WarmTransport

if TYPE_CHECKING:
    from typethrough.engine.ports import Clock
    from typethrough.gateway.endpoint import Endpoint


def open_transport(endpoint: Endpoint, clock: Clock, *, keeps_spare: bool = True) -> GatewayTransport:
    """The transport for an endpoint whose `problem` is empty. Opens nothing yet."""
    proxy = proxy_for(endpoint)
    if proxy:
        return ProxiedTransport(proxy)
    read_timeout_s = LOCAL_READ_S if endpoint.is_loopback else READ_S
    return WarmTransport(endpoint.url, clock, read_timeout_s=read_timeout_s, keeps_spare=keeps_spare)


def proxy_for(endpoint: Endpoint) -> str:
    """The proxy that the environment names for this address, or the empty string; never one for this machine itself."""
    url = endpoint.url
    if endpoint.is_loopback or urllib.request.proxy_bypass(url.host):
        return ""
    proxies = urllib.request.getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all") or ""
    return proxy if "://" in proxy or not proxy else f"http://{proxy}"


class ProxiedTransport(GatewayTransport):
    """httpx's own transport through a proxy, built off the loop at its first use. It keeps no spares."""

    def __init__(self, proxy: str) -> None:
        self._proxy = proxy
        self._inner: asyncio.Future[httpx.AsyncHTTPTransport] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request through the proxy."""
        timeout = httpx.Timeout(READ_S, connect=CONNECT_S).as_dict()
        request.extensions = {**request.extensions, "timeout": timeout}
        return await (await self._transport()).handle_async_request(request)

    async def warm(self) -> None:
        """Read the certificates; a connection through a proxy is not opened ahead of need."""
        await self._transport()

    async def aclose(self) -> None:
        """Close every connection."""
        if self._inner is not None:
            await (await self._transport()).aclose()

    async def _transport(self) -> httpx.AsyncHTTPTransport:
        if self._inner is None:
            self._inner = asyncio.get_running_loop().run_in_executor(None, self._build)
        try:
            return await asyncio.shield(self._inner)
        except (OSError, ValueError, ImportError) as error:
            self._inner = None
            raise httpx.ProxyError("the proxy that the environment names cannot be used") from error

    def _build(self) -> httpx.AsyncHTTPTransport:
        return httpx.AsyncHTTPTransport(proxy=self._proxy)
