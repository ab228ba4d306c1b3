"""The way to one server: TCP or a Unix socket, through a proxy's tunnel if one is named, and TLS on top.

The same code opens all of them, so each has warm connections and an abort that works at once. There is no fallback to
another way: if the proxy does not work, nothing is sent. This module does not know how long a connection is kept.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx

from typethrough.core.outcome.faults import Fault
from typethrough.gateway.certificates import SYSTEM, BadCertificates, Certificates
from typethrough.gateway.dialing import NEXT_ADDRESS_S, Dialer, Host, host_of
from typethrough.gateway.network_faults import (
    BASE_URL,
    Party,
    Unreachable,
    no_tunnel,
    not_reached,
    not_secured,
)
from typethrough.gateway.proxies import DIRECT, Proxy, Speaks
from typethrough.gateway.sockets import Link
from typethrough.gateway.tunnels import login_header, tunnel

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

    from typethrough.engine.ports import Clock

CONNECT_S = 3.0


# How a connection ends if its address accepts connections but has no server behind it.
_MUTE = frozenset({Fault.TLS_ENDED, Fault.TLS_SILENT})


class Way:
    """How to reach the server of `url`. `open` opens a connection."""

    def __init__(
        self,
        url: httpx.URL,
        clock: Clock,
        *,
        proxy: Proxy = DIRECT,
        certificates: Certificates = SYSTEM,
        socket_path: str = "",
        party: Party | None = None,
        connect_timeout_s: float = CONNECT_S,
        next_address_s: float = NEXT_ADDRESS_S,
    ) -> None:
        self.url = url
        self.proxy = proxy
        self._clock = clock
        self._socket_path = socket_path
        self._certificates = certificates
        self._connect_timeout_s = connect_timeout_s
        self._is_secure = url.scheme == "https"
        self._port = url.port or (443 if self._is_secure else 80)
        # The client certificate is only for the gateway, so a proxy does not get it.
        self._of_proxy = replace(certificates, client="", client_key="")
        self._speaks_tls_to_proxy = bool(proxy.url) and proxy.speaks is Speaks.HTTPS
        self._tls: dict[Certificates, asyncio.Future[ssl.SSLContext]] = {}
        self._host = host_of(url)
        host, port = (proxy.host, proxy.port) if proxy.url else (self._host, self._port)
        self._dialer = Dialer(host, port, next_address_s=next_address_s)
        self.party = party or server_party(url, proxy, has_certificate=bool(certificates.client))
        self._first = proxy_party(proxy, self._host) if proxy.url else self.party

    @property
    def forwards(self) -> bool:
        """Whether the proxy forwards requests. For HTTP proxies, a request without TLS needs no tunnel."""
        return self.proxy.forwards(self.url.scheme)

    def in_requests(self) -> list[tuple[bytes, bytes]]:
        """Headers that each request needs on this way."""
        return [login_header(self.proxy)] if self.forwards and self.proxy.has_login else []

    async def open(self) -> Link:
        """An open connection, with TLS if needed. Raises Unreachable. Cancelling closes what was opened."""
        # Check our own certificates first, so that a problem on this machine is reported before one in the network.
        tls = await self._context(self._certificates) if self._is_secure else None
        proxy_tls = await self._context(self._of_proxy) if self._speaks_tls_to_proxy else None
        until_s = asyncio.get_running_loop().time() + self._connect_timeout_s
        while True:
            try:
                return await self._opened(tls, proxy_tls, until_s)
            except Unreachable as error:
                if error.fault not in _MUTE or not self.distrust():
                    raise

    async def _opened(
        self, tls: ssl.SSLContext | None, proxy_tls: ssl.SSLContext | None, until_s: float
    ) -> Link:
        link = Link(self._clock)
        try:
            with _told(not_reached, self._first):
                async with asyncio.timeout_at(until_s):
                    await self._dial(link)
            if proxy_tls is not None:
                await self._secure(link, proxy_tls, self.proxy.host, self._first, until_s)
            if self.proxy.url and not self.forwards:
                await self._tunnel(link, until_s)
            if tls is not None:
                await self._secure(link, tls, self._host, self.party, until_s)
        except BaseException:
            link.abort()
            raise
        return link

    def prove(self) -> None:
        """Report that an answer came on the last connection."""
        self._dialer.prove()

    def distrust(self) -> bool:
        """Report that nothing came on an open connection. Returns whether the next connection goes to another address."""
        return self._dialer.distrust()

    async def _dial(self, link: Link) -> None:
        if self._socket_path:
            await asyncio.get_running_loop().create_unix_connection(lambda: link, self._socket_path)
            return
        sock = await self._dialer.dial()
        try:
            await asyncio.get_running_loop().create_connection(lambda: link, sock=sock)
        except BaseException:
            sock.close()
            raise

    async def _tunnel(self, link: Link, until_s: float) -> None:
        host = self._host
        if self.proxy.speaks is Speaks.SOCKS5:
            host = await self._looked_up(until_s)
        with _told(no_tunnel, self._first):
            async with asyncio.timeout_at(until_s):
                await tunnel(link, self.proxy, host, self._port, self._first)

    async def _looked_up(self, until_s: float) -> Host:
        """The gateway's address, or its name if this machine cannot resolve it but the proxy may."""
        try:
            async with asyncio.timeout_at(until_s):
                addresses = await Dialer(self._host, self._port).addresses()
        except (OSError, UnicodeError):
            return self._host
        return Host(addresses[0][4][0])

    async def _secure(
        self, link: Link, tls: ssl.SSLContext, host: Host, party: Party, until_s: float
    ) -> None:
        if party is self._first and self._dialer.has_others:
            # Keep half of the time for the next address.
            until_s -= self._connect_timeout_s / 2
        try:
            with _told(not_secured, party):
                async with asyncio.timeout_at(until_s):
                    await link.secure(tls, host)
        except Unreachable:
            # Read the certificates anew next time, because the user may add one.
            self._tls.clear()
            raise

    async def _context(self, certificates: Certificates) -> ssl.SSLContext:
        # Reading the certificates takes about 30 ms, so do it once and in a thread.
        if certificates not in self._tls:
            reading = asyncio.get_running_loop().run_in_executor(None, certificates.context)
            self._tls[certificates] = reading
        try:
            return await asyncio.shield(self._tls[certificates])
        except (BadCertificates, OSError) as error:
            self._tls.pop(certificates, None)
            raise Unreachable(Fault.CERTIFICATES_UNUSABLE, problem=error) from error


def server_party(
    url: httpx.URL, proxy: Proxy, *, has_certificate: bool = False, address_name: str = BASE_URL
) -> Party:
    """The gateway, for sentences about its connection. `address_name`: where its address was set, empty if it is built in."""
    advice = f"check the network and {address_name}." if address_name else "check the network."
    who = f"The gateway at {url.netloc.decode()}"
    if proxy.url:
        who += f" behind the proxy named by {proxy.named_by}"
    return Party(who, host_of(url), advice, has_certificate)


def socket_party(address_name: str = BASE_URL) -> Party:
    """A server behind a Unix socket, for sentences about its connection."""
    who = "The server behind the Unix socket of `base_url`"
    return Party(who, "localhost", f"start it, or correct {address_name}.", is_socket=True)


def proxy_party(proxy: Proxy, host: str) -> Party:
    """The proxy, for sentences about its connection."""
    advice = f"check that the address in {proxy.named_by} is right and that the proxy runs, or name {host} in NO_PROXY."
    return Party(f"The proxy named by {proxy.named_by}", proxy.host, advice, is_proxy=True)


@contextmanager
def _told(fault_of: Callable[[Exception, Party], Unreachable], party: Party) -> Iterator[None]:
    try:
        yield
    except Unreachable:
        raise
    except (OSError, UnicodeError, httpx.TransportError) as error:
        raise fault_of(error, party) from error
