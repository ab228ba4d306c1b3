"""Which proxy the environment names for an address, if any.

The rules for the variables are curl's ("Environment" and `--noproxy` in its manual), so where curl gets through, we do too. An
address on this machine never uses a proxy. This module does not know how to talk to a proxy.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from typethrough.core.settings.access import is_loopback
from typethrough.core.settings.halves import address_problem
from typethrough.gateway.dialing import Host

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

_SETTING = "the setting `proxy` (TYPETHROUGH_PROXY)"
_SYSTEM = "the system's settings"
_MOST_SOCKS_BYTES = 255
# A user name with a password, then the host. In the login, no sign may end the host's part or begin an IPv6 address: programs
# disagree on which host such an address names.
_LOGIN_AND_HOST = re.compile(r'(?:[!"$-.0->A-Z^-~]*@)?([^@/?#]*)/?')


class Speaks(StrEnum):
    """The protocol of a proxy. With "socks5h" the proxy looks up the gateway's name, with "socks5" this machine does."""

    HTTP = "http"
    HTTPS = "https"
    SOCKS5H = "socks5h"
    SOCKS5 = "socks5"


_PORTS = {Speaks.HTTP: 80, Speaks.HTTPS: 443, Speaks.SOCKS5H: 1080, Speaks.SOCKS5: 1080}


@dataclass(frozen=True)
class Proxy:
    """A proxy, and what names it: a variable or the system. `url` is empty if there is none, or if `problem` says why."""

    url: str = field(default="", repr=False)
    named_by: str = ""
    problem: str = ""

    def __str__(self) -> str:
        """The proxy's address and what names it, for the user, without the password."""
        if not self.url:
            return "none"
        login = ", with a user name and a password" if self.has_login else ""
        return f"{self.speaks}://{self.place}{login} ({self.named_by})"

    @cached_property
    def _parts(self) -> SplitResult:
        return urlsplit(self.url)

    @property
    def speaks(self) -> Speaks:
        """The protocol."""
        # GNOME writes socks:// for SOCKS5 with name lookup by the proxy.
        return Speaks.SOCKS5H if self._parts.scheme == "socks" else Speaks(self._parts.scheme)

    @property
    def is_socks(self) -> bool:
        """Whether it passes bytes on without reading them."""
        return self.speaks in (Speaks.SOCKS5, Speaks.SOCKS5H)

    def forwards(self, scheme: str) -> bool:
        """Whether the proxy gets whole requests to forward, and not a tunnel. True for HTTP proxies and requests without TLS."""
        return bool(self.url) and scheme == "http" and not self.is_socks

    @property
    def host(self) -> Host:
        """The proxy's host."""
        return Host(self._parts.hostname or "")

    @property
    def port(self) -> int:
        """The proxy's port."""
        return self._parts.port or _PORTS[self.speaks]

    @property
    def place(self) -> str:
        """The proxy's host and port, in the form `host:port`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def user(self) -> str:
        """The user name in the address, decoded."""
        return unquote(self._parts.username or "")

    @property
    def password(self) -> str:
        """The password in the address, decoded."""
        return unquote(self._parts.password or "")

    @property
    def has_login(self) -> bool:
        """Whether the address has a user name or a password."""
        return bool(self.user or self.password)


DIRECT = Proxy()


def proxy_for(base_url: str, environment: Mapping[str, str], setting: str = "") -> Proxy:
    """The proxy for an address: from `setting`, else from the environment. `DIRECT` for none."""
    parts = urlsplit(base_url)
    host = (parts.hostname or "").rstrip(".")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if is_loopback(base_url) or is_exempt(host, port, _first(environment, "no_proxy")[1]):
        return DIRECT
    if setting:
        return DIRECT if setting.lower() == "none" else _checked(_SETTING, setting)
    names = [f"{parts.scheme}_proxy", "all_proxy"]
    name, value = _first(environment, *names)
    if name == "HTTP_PROXY" and "REQUEST_METHOD" in environment:
        # In a CGI script this variable is the request's header `Proxy`, which any client can set.
        name, value = _first(environment, "all_proxy")
    if not value:
        name, value = _SYSTEM, _of_system(parts.scheme, host)
    return _checked(name, value) if value else DIRECT


def is_exempt(host: str, port: int, no_proxy: str) -> bool:
    """Whether a NO_PROXY list names a host. The host has no dot at its end and no brackets.

    An entry is a domain with all its subdomains (`corp.example`, `.corp.example`, `*.corp.example`), an address, a network such
    as `10.0.0.0/8`, or a pattern with `*`. Each except a network may end with a port.
    """
    return any(_matches(entry, host.lower(), port) for entry in re.split(r"[,\s]+", no_proxy.lower()))


def _first(environment: Mapping[str, str], *names: str) -> tuple[str, str]:
    """The name and value of the first variable that is set, lower case before upper."""
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
        return _fits(entry, host)
    if not entry:
        return False
    if address is not None:
        return address == _address(entry)
    return host == entry or host.endswith(f".{entry}")


def _fits(pattern: str, host: str) -> bool:
    """Whether a host has the form of a pattern with `*`. A regular expression could take hours for a pattern of many."""
    first, *middle, last = pattern.split("*")
    at, end = len(first), len(host) - len(last)
    if at > end or not host.startswith(first) or not host.endswith(last):
        return False
    for part in middle:
        found = host.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _of_system(scheme: str, host: str) -> str:
    """The proxy in the settings of macOS or Windows, for users without a variable. Empty on other systems."""
    if sys.platform not in ("darwin", "win32") or proxy_bypass(host):
        return ""
    return getproxies().get(scheme, "")


def _checked(name: str, value: str) -> Proxy:
    """The proxy in a variable. The value may lack its http://."""
    url = value if "://" in value else f"http://{value}"
    scheme, _, rest = url.partition("://")
    speaks = scheme.lower()
    if speaks in ("socks4", "socks4a"):
        advice = "which has no passwords and no IPv6 and is not supported: name one that speaks SOCKS5, like socks5h://host:1080."
        return Proxy(named_by=name, problem=f"The proxy in {name} is one for SOCKS4, {advice}")
    if speaks in ("socks", "socks5", "socks5h"):
        speaks, example = "http", "socks5h://host:1080"
    else:
        example = "http://host:3128"
    parts = _LOGIN_AND_HOST.fullmatch(rest)
    if parts is None and "@" in rest:
        said = "has a sign in its user name or password that an address cannot hold"
        advice = "write / as %2F, ? as %3F, # as %23, @ as %40, [ as %5B, ] as %5D, and \\ as %5C."
        return Proxy(named_by=name, problem=f"{_begun(name)} {said}: {advice}")
    if parts is None or speaks not in ("http", "https") or address_problem(f"{speaks}://{parts[1]}"):
        return Proxy(
            named_by=name,
            problem=f"{_begun(name)} holds no address of a proxy; write it like {example}, or unset it.",
        )
    proxy = Proxy(url, name)
    if proxy.is_socks and max(len(proxy.user.encode()), len(proxy.password.encode())) > _MOST_SOCKS_BYTES:
        said = f"has a user name or a password of more than {_MOST_SOCKS_BYTES} bytes, which SOCKS5 cannot carry."
        problem = f"{_begun(name)} {said}"
        return Proxy(named_by=name, problem=problem)
    return proxy


def _begun(name: str) -> str:
    """A variable, or words for where the proxy was set, as the beginning of a sentence."""
    return name.replace("the ", "The ", 1) if name.startswith("the ") else name
