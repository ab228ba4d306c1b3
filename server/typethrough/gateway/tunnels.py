"""Asking a proxy for a tunnel, on a connection to it that stands: HTTP's CONNECT (RFC 9110, 9.3.6) or SOCKS5 (RFC 1928, 1929).

Afterwards the bytes of the connection are the gateway's. A proxy that gives none raises `TunnelRefused` with the cause. Known
libraries for SOCKS open the socket themselves, or take an answer in two pieces for a broken one.
"""

from __future__ import annotations

from base64 import b64encode
from ipaddress import ip_address
from typing import TYPE_CHECKING

import h11

from typethrough.gateway.network_faults import wants_login

if TYPE_CHECKING:
    from typethrough.gateway.network_faults import Party
    from typethrough.gateway.proxies import Proxy
    from typethrough.gateway.sockets import Link

_MAX_HEAD_BYTES = 64 * 1024
# A stage of connecting has a time of its own, so this is only what ends a read that nobody else ends.
_READ_S = 60.0
_SOCKS, _LOGIN = 5, 1
_NO_LOGIN, _BY_PASSWORD, _NONE_WILL_DO = 0, 2, 255
_CONNECT, _IPV4, _NAME, _IPV6 = 1, 1, 3, 4
# RFC 1928, section 6.
_SOCKS_ANSWERS = {
    2: "does not allow connections to {target}: ask who runs it to allow them",
    3: "finds no way to the network of {target}",
    4: "cannot reach {target}",
    5: "was refused the connection by {target}: nothing listens there",
    6: "could not reach {target} in time",
    8: "cannot reach addresses of the kind of {target}: write socks5h:// so that the proxy looks up the name",
}


class TunnelRefused(Exception):
    """A proxy gives no tunnel; `str()` is a sentence for people."""


def login_header(proxy: Proxy) -> tuple[bytes, bytes]:
    """The header that shows a proxy its user's name and password."""
    return b"Proxy-Authorization", b"Basic " + b64encode(f"{proxy.user}:{proxy.password}".encode())


async def tunnel(link: Link, proxy: Proxy, host: str, port: int, party: Party) -> None:
    """Have the proxy join the connection to a host. Raises TunnelRefused and httpx.TransportError."""
    if proxy.is_socks:
        await _by_socks(_Reader(link), proxy, host, port, party)
    else:
        await _by_connect(link, proxy, host, port, party)


async def _by_connect(link: Link, proxy: Proxy, host: str, port: int, party: Party) -> None:
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    speaker = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD_BYTES)
    headers = [(b"Host", target.encode()), *([login_header(proxy)] if proxy.has_login else [])]
    link.write(speaker.send(h11.Request(method="CONNECT", target=target, headers=headers)) or b"")
    speaker.send(h11.EndOfMessage())
    event, began = speaker.next_event(), False
    while not isinstance(event, h11.Response):
        try:
            if event is h11.NEED_DATA:
                piece = await link.read(_READ_S)
                began = began or bool(piece)
                speaker.receive_data(piece)
            event = speaker.next_event()
        except h11.RemoteProtocolError as error:
            fault = "does not speak HTTP there" if began else "closed the connection without an answer"
            raise TunnelRefused(f"{party.who} {fault}: {party.advice}") from error
        if isinstance(event, h11.ConnectionClosed):
            raise TunnelRefused(f"{party.who} closed the connection without an answer: {party.advice}")
    kind = dict(event.headers).get(b"content-type", b"").lower()
    if event.status_code >= 300:
        raise TunnelRefused(_refusal(event, target, proxy, party, is_page=b"html" in kind))
    if b"html" in kind or speaker.trailing_data[0]:
        raise TunnelRefused(_page(party, "HTTP 200"))


def _refusal(answer: h11.Response, target: str, proxy: Proxy, party: Party, *, is_page: bool) -> str:
    status = answer.status_code
    where = f"HTTP {status}"
    if status == 407:
        offered = b" ".join(value for name, value in answer.headers if name == b"proxy-authenticate").lower()
        if offered and b"basic" not in offered:
            return (
                f"{party.who} wants a login of a kind that typethrough does not speak, such as Kerberos or NTLM ({where}): a "
                "helper on this machine such as px or cntlm can stand between, and be named in its place."
            )
        return wants_login(proxy)
    if status < 400:
        return _page(party, where)
    if status in (403, 451):
        return f"{party.who} refuses the connection to {target} ({where}): ask who runs it to allow that address."
    if status in (502, 503, 504):
        return f"{party.who} works, but cannot reach {target} ({where}): check {party.host}, or ask who runs the proxy."
    if is_page or status in (400, 404, 405, 501):
        return f"{party.who} opens no tunnels ({where}), so that it may be a web server and no proxy: {party.advice}"
    return f"{party.who} refuses the connection to {target} ({where}): {party.advice}"


def _page(party: Party, where: str) -> str:
    return (
        f"{party.who} answers with a web page in place of a tunnel ({where}): it may want you to log in with a browser first, "
        f"or be no proxy; {party.advice}"
    )


async def _by_socks(reader: _Reader, proxy: Proxy, host: str, port: int, party: Party) -> None:
    target = f"{host}:{port}"
    methods = (_NO_LOGIN, _BY_PASSWORD) if proxy.has_login else (_NO_LOGIN,)
    reader.link.write(bytes((_SOCKS, len(methods), *methods)))
    version, method = await reader.exactly(2, party)
    if version != _SOCKS:
        raise TunnelRefused(f"{party.who} does not speak SOCKS5 there: {party.advice}")
    if method == _NONE_WILL_DO or method not in methods:
        wanted = (
            "does not accept a user name and a password"
            if proxy.has_login
            else "wants a user name and a password"
        )
        advice = "" if proxy.has_login else f", like {proxy.speaks}://name:password@{proxy.host}:{proxy.port}"
        raise TunnelRefused(f"{party.who} {wanted}: correct its address{advice}.")
    if method == _BY_PASSWORD:
        user, password = proxy.user.encode(), proxy.password.encode()
        reader.link.write(bytes((_LOGIN, len(user))) + user + bytes((len(password),)) + password)
        if (await reader.exactly(2, party))[1] != 0:
            raise TunnelRefused(
                f"{party.who} does not accept the user name and the password in its address: correct them there."
            )
    reader.link.write(bytes((_SOCKS, _CONNECT, 0)) + _socks_address(host) + port.to_bytes(2, "big"))
    version, answer, _, kind = await reader.exactly(4, party)
    if version != _SOCKS:
        raise TunnelRefused(f"{party.who} does not speak SOCKS5 there: {party.advice}")
    if answer != 0:
        said = _SOCKS_ANSWERS.get(answer, "does not open the connection to {target}").format(target=target)
        raise TunnelRefused(f"{party.who} {said} (SOCKS error {answer}).")
    length = {_IPV4: 4, _IPV6: 16}.get(kind)
    await reader.exactly((length if length is not None else (await reader.exactly(1, party))[0]) + 2, party)
    if reader.rest:
        raise TunnelRefused(f"{party.who} does not speak SOCKS5 there: {party.advice}")


def _socks_address(host: str) -> bytes:
    try:
        address = ip_address(host)
    except ValueError:
        return bytes((_NAME, len(host))) + host.encode("ascii")
    return bytes((_IPV4 if address.version == 4 else _IPV6,)) + address.packed


class _Reader:
    """Reads a number of bytes, in however many pieces they come."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.rest = b""

    async def exactly(self, count: int, party: Party) -> bytes:
        while len(self.rest) < count:
            piece = await self.link.read(_READ_S)
            if not piece:
                said = f"{party.who} closed the connection in the middle of SOCKS5's greeting: {party.advice}"
                raise TunnelRefused(said)
            self.rest += piece
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken
