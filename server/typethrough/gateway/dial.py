"""Opening a connection: name, address, TCP, TLS, inside one time limit, with nothing left open when it is cancelled.

Not asyncio's own race between addresses: up to Python 3.11 at least it loses a socket when it is cancelled. Must not know
what the connection is for.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any

import httpx

from typethrough.gateway.sockets import Link

if TYPE_CHECKING:
    from typethrough.engine.ports import Clock

_MOST_ADDRESSES = 4
# A network with a dead IPv6 route is the usual cause of an address that does not answer.
_NEXT_ADDRESS_S = 0.3

_Address = tuple[int, Any]


async def connect(url: httpx.URL, tls: ssl.SSLContext | None, clock: Clock, timeout_s: float) -> Link:
    """Open a connection to the host of `url`, TLS handshake included when `tls` is given.

    Raises httpx.ConnectTimeout and httpx.ConnectError. Cancelling leaves nothing open.
    """
    link = Link(clock)
    try:
        async with asyncio.timeout(timeout_s):
            opened = await _connect_any(await _addresses(url))
            await asyncio.get_running_loop().create_connection(
                lambda: link, sock=opened, ssl=tls, server_hostname=url.host if tls is not None else None
            )
    except TimeoutError as error:
        link.abort()
        raise httpx.ConnectTimeout("no connection in time") from error
    except ssl.SSLCertVerificationError as error:
        raise httpx.ConnectError("certificate verify failed") from error
    except (OSError, UnicodeError) as error:
        raise httpx.ConnectError("no connection") from error
    except asyncio.CancelledError:
        link.abort()
        raise
    return link


async def _addresses(url: httpx.URL) -> list[_Address]:
    port = url.port or (443 if url.scheme == "https" else 80)
    found = await asyncio.get_running_loop().getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
    by_family: dict[int, list[_Address]] = {}
    for family, _, _, _, address in found:
        by_family.setdefault(family, []).append((family, address))
    # Families take turns, the resolver's favourite first (RFC 8305, section 4).
    turns = chain.from_iterable(zip_longest(*by_family.values()))
    return [address for address in turns if address is not None][:_MOST_ADDRESSES]


async def _connect_any(addresses: list[_Address]) -> socket.socket:
    for address in addresses[:-1]:
        try:
            async with asyncio.timeout(_NEXT_ADDRESS_S):
                return await _connect_one(address)
        except OSError:
            # TimeoutError is one of them: the next address may answer.
            continue
    if not addresses:
        raise OSError("the name has no address")
    return await _connect_one(addresses[-1])


async def _connect_one(address: _Address) -> socket.socket:
    family, where = address
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setblocking(False)
        # A prompt goes out in one write and is answered at once; waiting to fill packets only costs time.
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(opened, where)
    except BaseException:
        opened.close()
        raise
    return opened
