"""The way to a gateway: direct, with warm spares, or through the proxy that the environment names.

Follows curl's rules for the variables ("Environment" and `--noproxy` in its manual), so that a machine where curl gets through
is one where we do. An address on this machine is never asked through a proxy. Must not know what is sent.
"""

from __future__ import annotations

import asyncio
import re
import sys
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from typethrough.core.settings.access import is_loopback
from typethrough.core.settings.halves import address_problem
from typethrough.gateway.connections import (
    CONNECT_S,
    LOCAL_READ_S,
    READ_S,
    GatewayTransport,
    NoCertificates,
    WarmTransport,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typethrough.engine.ports import Clock
    from typethrough.gateway.endpoint import Endpoint

_SYSTEM = "the system's settings"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy and who names it: a variable, or the system. `url` is empty for none, or when `problem` says what is wrong."""

    url: str = field(default="", repr=False)
    named_by: str = ""
    problem: str = ""

    @property
    def password(self) -> str:
        """The password in its address, as it is sent."""
        return unquote(urlsplit(self.url).password or "")


DIRECT = Proxy()


def proxy_for(base_url: str, environment: Mapping[str, str]) -> Proxy:
    """The proxy that the environment names for an address, `DIRECT` for none."""
    parts = urlsplit(base_url)
    host = (parts.hostname or "").rstrip(".")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if is_loopback(base_url) or is_exempt(host, port, _first(environment, "no_proxy")[1]):
        return DIRECT
    names = [f"{parts.scheme}_proxy", "all_proxy"]
    name, value = _first(environment, *names)
    if name == "HTTP_PROXY" and "REQUEST_METHOD" in environment:
        # In a CGI script that variable is the request's header `Proxy`, which whoever asks may write.
        name, value = _first(environment, "all_proxy")
    if not value:
        name, value = _SYSTEM, _of_system(parts.scheme, host)
    return _checked(name, value) if value else DIRECT


def is_exempt(host: str, port: int, no_proxy: str) -> bool:
    """Whether a list as NO_PROXY holds it names a host, given without a dot at its end and without brackets.

    An entry is a domain with all that is below it (`corp.example`, `.corp.example`, `*.corp.example`), an address, a network such
    as `10.0.0.0/8`, or a pattern with `*`; each but a network may end with a port.
    """
    return any(_matches(entry, host.lower(), port) for entry in re.split(r"[,\s]+", no_proxy.lower()))


def _first(environment: Mapping[str, str], *names: str) -> tuple[str, str]:
    """The first variable that is set to something, lower case before upper, and its value."""
    for name in names:
        for spelled in (name, name.upper()):
            if value := environment.get(spelled, "").strip():
                return spelled, value
    return "", ""


def _matches(entry: str, host: str, port: int) -> bool:
    address = _address(host)
    if "/" in entry:
        try:
            network = ip_network(entry.replace("[", "").replace("]", ""), strict=False)
        except ValueError:
            return False
        return address is not None and address in network
    if has_port := re.fullmatch(r"(\[.*\]|[^:]*):([0-9]{1,5})", entry):
        entry = has_port[1]
        if int(has_port[2]) != port:
            return False
    entry = entry.removeprefix("[").removesuffix("]").removeprefix("*.").strip(".")
    if "*" in entry:
        return bool(re.fullmatch(re.escape(entry).replace(r"\*", ".*"), host))
    if not entry:
        return False
    if address is not None:
        return address == _address(entry)
    return host == entry or host.endswith(f".{entry}")


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _of_system(scheme: str, host: str) -> str:
    """The proxy in the settings of macOS or Windows, for who has set no variable; elsewhere there is none."""
    if sys.platform not in ("darwin", "win32") or proxy_bypass(host):
        return ""
    return getproxies().get(scheme, "")


def _checked(name: str, value: str) -> Proxy:
    """The proxy in a variable, which may lack its http://."""
    url = value if "://" in value else f"http://{value}"
    if re.match(r"socks", url, re.IGNORECASE):
        advice = "which is not supported: name an HTTP proxy, such as http://host:3128, or exempt the gateway in NO_PROXY."
        return Proxy(named_by=name, problem=f"The proxy in {name} is a SOCKS proxy, {advice}")
    parts = re.fullmatch(r"(https?://)(?:[!-.0-?A-~]*@)?([^@/?#]*)/?", url, re.IGNORECASE)
    if parts is None or address_problem(parts[1] + parts[2]):
        return Proxy(
            named_by=name,
            problem=f"{name} holds no address of a proxy; write it like http://host:3128, or unset it.",
        )
    return Proxy(url, name)


def open_transport(endpoint: Endpoint, clock: Clock, *, keeps_spare: bool = True) -> GatewayTransport:
    """The transport for an endpoint; one that sends nothing when the endpoint has a `problem`. Opens nothing yet."""
    if endpoint.problem:
        return GatewayTransport()
    if endpoint.proxy.url:
        return ProxiedTransport(endpoint.proxy.url)
    read_timeout_s = LOCAL_READ_S if endpoint.is_loopback else READ_S
    return WarmTransport(endpoint.url, clock, read_timeout_s=read_timeout_s, keeps_spare=keeps_spare)


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
        except OSError as error:
            self._inner = None
            raise NoCertificates("certificates cannot be read") from error
        except (ValueError, ImportError) as error:
            self._inner = None
            raise httpx.ProxyError("cannot be used") from error

    def _build(self) -> httpx.AsyncHTTPTransport:
        return httpx.AsyncHTTPTransport(proxy=self._proxy)
