"""Asks a proxy for a tunnel on an open connection: HTTP's CONNECT (RFC 9110, 9.3.6) or SOCKS5 (RFC 1928, 1929).

Afterwards the connection's bytes are the gateway's. We use no SOCKS library, because those we know open the socket
themselves, or take an answer that comes in two pieces for broken.
"""

from __future__ import annotations

from base64 import b64encode
from ipaddress import ip_address
from typing import TYPE_CHECKING

import h11

from typethrough.core.outcome.faults import Fault
from typethrough.gateway.http1 import MAX_INTERIM_HEADS
from typethrough.gateway.network_faults import refused_by_proxy, wants_login

if TYPE_CHECKING:
    from typethrough.gateway.dialing import Host
    from typethrough.gateway.network_faults import Party
    from typethrough.gateway.proxies import Proxy
    from typethrough.gateway.sockets import Link

_MAX_HEAD_BYTES = 64 * 1024
# Each stage of connecting has its own time limit. This one only ends a read that nothing else would end.
_READ_S = 60.0
_SOCKS, _LOGIN = 5, 1
_NO_HTTP, _NO_SOCKS = "it does not speak HTTP", "it does not speak SOCKS5"
_NO_LOGIN, _BY_PASSWORD = 0, 2
_CONNECT, _IPV4, _NAME, _IPV6 = 1, 1, 3, 4
# RFC 1928, section 6: why a server did not open the connection.
_SOCKS_ANSWERS = {
    1: "it has failed",
    2: "its rules",
    3: "no way to that network",
    4: "no such host",
    5: "connection refused",
    6: "no answer in time",
    7: "no such command",
    8: "no such kind of address",
}
_BY_RULES = 2


def login_header(proxy: Proxy) -> tuple[bytes, bytes]:
    """The header with the user name and password for a proxy."""
    return b"Proxy-Authorization", b"Basic " + b64encode(f"{proxy.user}:{proxy.password}".encode())


async def tunnel(link: Link, proxy: Proxy, host: Host, port: int, party: Party) -> None:
    """Have the proxy connect to a host. Raises Unreachable and httpx.TransportError."""
    if proxy.is_socks:
        await _by_socks(_Reader(link), proxy, host, port, party)
    else:
        await _by_connect(link, proxy, host, port, party)


async def _by_connect(link: Link, proxy: Proxy, host: Host, port: int, party: Party) -> None:
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    speaker = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD_BYTES)
    headers = [(b"Host", target.encode()), *([login_header(proxy)] if proxy.has_login else [])]
    link.write(speaker.send(h11.Request(method="CONNECT", target=target, headers=headers)) or b"")
    speaker.send(h11.EndOfMessage())
    event, began, interim_heads = speaker.next_event(), False, 0
    while not isinstance(event, h11.Response):
        interim_heads += isinstance(event, h11.InformationalResponse)
        if interim_heads > MAX_INTERIM_HEADS:
            raise party.fault(Fault.NO_PROXY, where=_NO_HTTP)
        try:
            if event is h11.NEED_DATA:
                piece = await link.read(_READ_S)
                began = began or bool(piece)
                speaker.receive_data(piece)
            event = speaker.next_event()
        except h11.RemoteProtocolError as error:
            raise (
                party.fault(Fault.NO_PROXY, where=_NO_HTTP) if began else party.fault(Fault.PROXY_CLOSED)
            ) from error
        if isinstance(event, h11.ConnectionClosed):
            raise party.fault(Fault.PROXY_CLOSED)
    # Repeated headers form one list (RFC 9110, 5.3). A proxy offers each kind of login in its own line.
    told: dict[str, str] = {}
    for name, value in event.headers:
        told[name.decode()] = f"{told.get(name.decode(), '')} {value.decode('latin-1')}"
    if event.status_code >= 300:
        raise refused_by_proxy(event.status_code, told, proxy, party, target)
    if "html" in told.get("content-type", "").lower() or speaker.trailing_data[0]:
        raise party.fault(Fault.PROXY_PAGE, where=f"HTTP {event.status_code}")


async def _by_socks(reader: _Reader, proxy: Proxy, host: Host, port: int, party: Party) -> None:
    methods = (_NO_LOGIN, _BY_PASSWORD) if proxy.has_login else (_NO_LOGIN,)
    reader.link.write(bytes((_SOCKS, len(methods), *methods)))
    version, method = await reader.exactly(2, party)
    if version != _SOCKS:
        raise party.fault(Fault.NO_PROXY, where=_NO_SOCKS)
    if method not in methods:
        raise wants_login(proxy, party, "SOCKS5")
    if method == _BY_PASSWORD:
        user, password = proxy.user.encode(), proxy.password.encode()
        reader.link.write(bytes((_LOGIN, len(user))) + user + bytes((len(password),)) + password)
        if (await reader.exactly(2, party))[1] != 0:
            raise wants_login(proxy, party, "SOCKS5")
    reader.link.write(bytes((_SOCKS, _CONNECT, 0)) + _socks_address(host) + port.to_bytes(2, "big"))
    version, answer, _, kind = await reader.exactly(4, party)
    if version != _SOCKS:
        raise party.fault(Fault.NO_PROXY, where=_NO_SOCKS)
    if answer != 0:
        where = f"SOCKS error {answer}: {_SOCKS_ANSWERS.get(answer, 'unknown')}"
        fault = Fault.PROXY_FORBIDS if answer == _BY_RULES else Fault.PROXY_CANNOT_REACH
        raise party.fault(fault, where=where, target=f"{host}:{port}")
    length = {_IPV4: 4, _IPV6: 16}.get(kind)
    await reader.exactly((length if length is not None else (await reader.exactly(1, party))[0]) + 2, party)
    if reader.rest:
        raise party.fault(Fault.NO_PROXY, where=_NO_SOCKS)


def _socks_address(host: Host) -> bytes:
    try:
        address = ip_address(host)
    except ValueError:
        return bytes((_NAME, len(host))) + host.encode("ascii")
    return bytes((_IPV4 if address.version == 4 else _IPV6,)) + address.packed


class _Reader:
    """Reads a given number of bytes, in any pieces."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.rest = b""

    async def exactly(self, count: int, party: Party) -> bytes:
        while len(self.rest) < count:
            piece = await self.link.read(_READ_S)
            if not piece:
                raise party.fault(Fault.PROXY_CLOSED)
            self.rest += piece
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken
