"""Opening a socket to a host with several addresses, of which some may be dead: RFC 8305, "happy eyeballs".

asyncio's own race begins anew at each connection, and says of several failures only that there were several. This one goes the
way that worked the last time first. Must not know what a connection is for.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections import deque
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    # As socket.getaddrinfo gives it: family, type, protocol, name, and the address itself.
    Address = tuple[int, int, int, str, Any]

# The next address is tried so long after the one before (RFC 8305, section 8); a dead IPv6 route is the usual cause.
NEXT_ADDRESS_S = 0.25


class Dialer:
    """Opens TCP connections to one host, first to the address that answered last.

    An address may take connections and say nothing on them, as one with a dead server behind it. `prove` and `distrust` tell what
    came of the last connection: until an address has proved itself, one that said nothing is tried after the others.
    """

    def __init__(self, host: str, port: int, *, next_address_s: float = NEXT_ADDRESS_S) -> None:
        self.host = host
        self.port = port
        self._next_address_s = next_address_s
        self._answered: object = None
        self._is_proven = self._has_others = False
        self._mute: set[object] = set()

    async def dial(self) -> socket.socket:
        """A connected socket. Raises OSError."""
        addresses = await self.addresses()
        sock, where = await _race(self._ordered(addresses), _connect, self._next_address_s)
        self._is_proven = self._is_proven and where == self._answered
        self._answered, self._has_others = where, len(addresses) > 1
        return sock

    def prove(self) -> None:
        """The last address has said something."""
        self._is_proven = True

    def distrust(self) -> bool:
        """A connection to the last address brought nothing; whether another is tried first from now on."""
        if self._is_proven or not self._has_others:
            return False
        self._mute.add(self._answered)
        self._answered = None
        return True

    async def addresses(self) -> Sequence[Address]:
        """The host's addresses, in the system's order of preference. Raises OSError."""
        if ":" in self.host or re.fullmatch(r"[0-9.]+", self.host):
            # No name to look up, and so no thread to wait for.
            return socket.getaddrinfo(
                self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
            )
        return await asyncio.get_running_loop().getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)

    def _ordered(self, addresses: Sequence[Address]) -> list[Address]:
        """The address that answered last, then one of each family in turn, and last those that said nothing."""
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
    """What the first address that answers gives; the next is tried when the one before has failed, or after a while.

    Raises the failure that tells most when all have failed. However it ends, no other socket is left open.
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
    # One that refuses was reached; of an address with no way to it there is mostly another.
    refused = (one for one in failures if isinstance(one, ConnectionRefusedError))
    raise next(refused, failures[0] if failures else OSError("no address"))


def _close_late(task: asyncio.Task[tuple[socket.socket, object]]) -> None:
    """The socket of one that came in second."""
    if not task.cancelled() and task.exception() is None:
        task.result()[0].close()
