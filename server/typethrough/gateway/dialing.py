"""Opens a socket to a host with several addresses, some of which may be dead: RFC 8305, "Happy Eyeballs".

asyncio's own version starts over with each connection, and reports several failures only as a number. This one first tries the
address that worked last. It does not know what a connection is for.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections import deque
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any, NewType

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    import httpx

    # An entry of socket.getaddrinfo: family, type, protocol, canonical name, and the address.
    Address = tuple[int, int, int, str, Any]

# How long to wait before the next address is tried too (RFC 8305, section 8). The usual cause is a dead IPv6 route.
NEXT_ADDRESS_S = 0.25

# A host in the ASCII form that goes over the network. What looks up a name or checks a certificate takes no other text.
Host = NewType("Host", str)


def host_of(url: httpx.URL) -> Host:
    """The host of an address, without brackets.

    `url.host` decodes a name such as xn--strae-oqa.example to "straße.example". Python would encode that by older rules, to
    strasse.example, which is another host and may belong to somebody else.
    """
    return Host(url.raw_host.decode("ascii"))


class Dialer:
    """Opens TCP connections to one host, first to the address that answered last.

    An address may accept connections and then send nothing, for example if the server behind it is dead. `prove` and
    `distrust` report what came of the last connection. An address that sent nothing is tried after the others.
    """

    def __init__(self, host: Host, port: int, *, next_address_s: float = NEXT_ADDRESS_S) -> None:
        self.host = host
        self.port = port
        self._next_address_s = next_address_s
        self._answered: object = None
        self._is_proven = False
        self._known: frozenset[object] = frozenset()
        self._mute: set[object] = set()

    async def dial(self) -> socket.socket:
        """Return a connected socket. Raises OSError."""
        addresses = await self.addresses()
        sock, where = await _race(self._ordered(addresses), _connect, self._next_address_s)
        self._is_proven = self._is_proven and where == self._answered
        self._answered, self._known = where, frozenset(address[4] for address in addresses)
        return sock

    def prove(self) -> None:
        """Report that data came from the last address."""
        self._is_proven = True

    def distrust(self) -> bool:
        """Report that nothing came from the last address. Returns whether there is another one. It is then tried first."""
        if not self.has_others:
            return False
        self._mute.add(self._answered)
        self._answered = None
        return True

    @property
    def has_others(self) -> bool:
        """Whether nothing has come from the last address yet, and there is another one to try."""
        return not self._is_proven and bool(self._known - self._mute - {self._answered})

    async def addresses(self) -> Sequence[Address]:
        """The host's addresses, in the system's order of preference. Raises OSError."""
        if ":" in self.host or re.fullmatch(r"[0-9.]+", self.host):
            # The host is an address, so no thread is needed to look it up.
            return socket.getaddrinfo(
                self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
            )
        return await asyncio.get_running_loop().getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)

    def _ordered(self, addresses: Sequence[Address]) -> list[Address]:
        """First the address that answered last, then the families in turn, and last the addresses that sent nothing."""
        first = [address for address in addresses if address[4] == self._answered]
        last = [address for address in addresses if address[4] in self._mute]
        if len(last) == len(addresses):
            last = []
            self._mute.clear()
        families: dict[int, list[Address]] = {}
        for address in (*first, *(one for one in addresses if one not in first and one not in last)):
            families.setdefault(address[0], []).append(address)
        mixed = chain.from_iterable(zip_longest(*families.values()))
        return [*(one for one in mixed if one is not None), *last]


async def _connect(address: Address) -> tuple[socket.socket, object]:
    family, kind, protocol, _, where = address
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, where)
    except BaseException:
        sock.close()
        raise
    return sock, where


async def _race(
    addresses: Sequence[Address],
    connect: Callable[[Address], Coroutine[None, None, tuple[socket.socket, object]]],
    next_address_s: float,
) -> tuple[socket.socket, object]:
    """The result of the first address that answers. The next one is tried when the one before has failed, or after a while.

    Raises the most telling failure if all fail. In every case, no other socket is left open.
    """
    if len(addresses) == 1:
        return await connect(addresses[0])
    waiting, failures = deque(addresses), list[BaseException]()
    running = set[asyncio.Task[tuple[socket.socket, object]]]()
    try:
        while waiting or running:
            if waiting:
                running.add(asyncio.ensure_future(connect(waiting.popleft())))
            done, running = await asyncio.wait(
                running, timeout=next_address_s if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            failed = {task for task in done if task.exception() is not None}
            failures += [failure for task in failed if (failure := task.exception()) is not None]
            if won := [*(done - failed)]:
                running.update(won[1:])
                return won[0].result()
    finally:
        for task in running:
            task.cancel()
            task.add_done_callback(_close_late)
    # A refused connection means that the host was reached. Without a route to one address, another one may still work.
    refused = (one for one in failures if isinstance(one, ConnectionRefusedError))
    raise next(refused, failures[0] if failures else OSError("no address"))


def _close_late(task: asyncio.Task[tuple[socket.socket, object]]) -> None:
    """Close the socket of an address that answered too late."""
    if not task.cancelled() and task.exception() is None:
        task.result()[0].close()
