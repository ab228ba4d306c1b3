"""The doctor's check of the network path to the gateway: the host name, its addresses, and whether a connection can be opened.

Each step has its own time limit. A name is looked up in a thread for which nothing waits, because without a working name server
the system's lookup takes half a minute.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from typethrough.cli.doctor.findings import Finding, failure, ok
from typethrough.core.settings.access import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typethrough.gateway.dialing import Host
    from typethrough.gateway.network_faults import Party

_NAME_S = 5.0
_CONNECT_S = 3.0
_MOST_ADDRESSES = 6
_FAMILIES = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}
_CHECK = "Check the network, a VPN, and"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the first connection goes: to the gateway, or to a proxy. `named_by` is the setting or variable that gives the
    address, empty if it is built in.

    `party` is used for error sentences.
    """

    host: Host
    port: int
    named_by: str
    party: Party
    is_proxy: bool = False


@dataclass(frozen=True, slots=True)
class _Try:
    """One attempt to connect to an address: how long it took, or its error."""

    family: str
    address: str
    ms: float = 0.0
    error: OSError | None = None

    def __str__(self) -> str:
        outcome = _plain(self.error) if self.error is not None else f"connected in {self.ms:.1f} ms"
        return f"{self.family} {self.address}: {outcome}"


async def address(place: Place, now: Callable[[], float]) -> Finding:
    """Whether the name has an address, and whether one of its addresses accepts a connection. `now` is a clock in seconds."""
    began_s = now()
    try:
        found = await _resolved(place.host, place.port)
    except TimeoutError:
        # Here the name server did not answer. That says nothing about the host.
        text = f"the name {place.host} was not looked up within {_NAME_S:g} s"
        return failure("address", text, f"{_CHECK} the name server.", private=[place.host])
    except OSError as error:
        correct = f"Correct {place.named_by}, or check" if place.named_by else "Check"
        remedy = f"{correct} the network, a VPN, and the name server."
        return _unreachable(place, error, [], remedy)
    resolved_ms = (now() - began_s) * 1_000
    tries = await asyncio.gather(*(_tried(*one, place.port, now) for one in found[:_MOST_ADDRESSES]))
    errors = [one.error for one in tries if one.error is not None]
    if len(errors) == len(tries):
        return _unreachable(place, errors[0] if errors else OSError(), tries, _remedy(place, errors))
    reached = [one for one in tries if one.error is None]
    kinds = " and ".join(sorted({one.family for one in tries}))
    what = f"the proxy {place.host}" if place.is_proxy else place.host
    return ok(
        "address",
        f"{what}: {kinds}, looked up in {resolved_ms:.1f} ms",
        more=list(map(str, tries)),
        private=_private(place, tries),
        resolved_ms=round(resolved_ms, 1),
        connect_ms=round(min(one.ms for one in reached), 1),
        families=sorted({one.family for one in reached}),
    )


def _unreachable(place: Place, error: OSError, tries: Sequence[_Try], remedy: str) -> Finding:
    from typethrough.gateway.network_faults import not_reached

    text = str(not_reached(error, place.party))
    return failure("address", text, remedy, more=list(map(str, tries)), private=_private(place, tries))


def _remedy(place: Place, errors: Sequence[OSError]) -> str:
    if errors and all(isinstance(error, ConnectionRefusedError) for error in errors):
        what = "the proxy" if place.is_proxy else "the server there"
        if place.named_by:
            return f"Start {what}, or correct {place.named_by}."
    other = "" if place.is_proxy else "; behind a proxy set HTTPS_PROXY"
    return f"{_CHECK} {place.named_by or 'a firewall'}{other}."


def _private(place: Place, tries: Sequence[_Try]) -> list[str]:
    """The host and addresses that a report must not contain. Those of this machine (loopback) are not private."""
    return [
        word
        for word in (place.host, *(one.address for one in tries))
        if not is_loopback(f"http://{_bracketed(word)}/")
    ]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


async def _resolved(host: str, port: int) -> list[tuple[str, str]]:
    """The families and addresses of a name. Raises OSError and TimeoutError."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[tuple[str, str]]] = loop.create_future()

    def look_up() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            known = [(_FAMILIES[info[0]], str(info[4][0])) for info in infos if info[0] in _FAMILIES]
            _hand_over(loop, answer, list(dict.fromkeys(known)))
        except UnicodeError:
            _hand_over(loop, answer, OSError(0, "it is no name"))
        except OSError as error:
            _hand_over(loop, answer, error)

    threading.Thread(target=look_up, name="typethrough-name", daemon=True).start()
    async with asyncio.timeout(_NAME_S):
        return await answer


def _hand_over(
    loop: asyncio.AbstractEventLoop,
    answer: asyncio.Future[list[tuple[str, str]]],
    value: list[tuple[str, str]] | OSError,
) -> None:
    def settle() -> None:
        if answer.done():
            return
        if isinstance(value, OSError):
            answer.set_exception(value)
        else:
            answer.set_result(value)

    try:
        loop.call_soon_threadsafe(settle)
    except RuntimeError:
        # The loop is closed, so nobody waits for the result.
        return


async def _tried(family: str, address: str, port: int, now: Callable[[], float]) -> _Try:
    began_s = now()
    try:
        async with asyncio.timeout(_CONNECT_S):
            _, writer = await asyncio.open_connection(address, port)
    except OSError as error:
        return _Try(family, address, error=error)
    ms = (now() - began_s) * 1_000
    writer.transport.abort()
    return _Try(family, address, ms)


def _plain(error: OSError) -> str:
    """The system's text for an error. asyncio's own is a longer sentence around it."""
    if isinstance(error, TimeoutError):
        return f"no answer within {_CONNECT_S:g} s"
    return os.strerror(error.errno).lower() if error.errno else type(error).__name__
