"""What a network costs: the first text over each way to a gateway on loopback, against the direct way.

`python -m tests.bench.networks`. "cold" opens the connection, "kept" is on one that has served, "after an abort" is on the spare
that was opened when the stream before was closed. The gateway and the proxies are a process of their own; rounds go through all
ways in turn, so that what else the machine does falls on all alike.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING

from tests.gateway.proxies import LoopbackProxy
from tests.gateway.stage import (
    CERTIFICATE,
    DONE,
    END,
    HEAD,
    PROMPT,
    STOP,
    Server,
    Visit,
    chunk,
    endpoint,
    frame,
    server_tls,
)
from typethrough.engine.loop import AsyncioClock
from typethrough.gateway.certificates import Certificates
from typethrough.gateway.connections import WarmTransport
from typethrough.gateway.http_gateway import HttpGateway
from typethrough.gateway.proxies import DIRECT, Proxy

if TYPE_CHECKING:
    from typethrough.gateway.endpoint import Endpoint

_ROUNDS = 60
_SCHEMES = ("http", "https", "socks5h")


async def _slowly(visit: Visit) -> None:
    """Answer with a text, and with the rest when a moment has passed, so that an abort falls in between."""
    while await visit.request():
        await visit.send(HEAD, chunk(frame("x")))
        await asyncio.sleep(0.005)
        await visit.send(chunk(STOP), chunk(DONE) + END)


async def serve() -> None:
    """The gateway, plain, with TLS and behind a socket, and the proxies; prints where they are, and ends with its input."""
    async with Server(_slowly) as plain, Server(_slowly, tls=server_tls()) as secure:
        proxies = [LoopbackProxy(one, tls=server_tls() if one == "https" else None) for one in _SCHEMES]
        for proxy in proxies:
            await proxy.__aenter__()
        path = f"{tempfile.mkdtemp(prefix='tt-')}/bench.sock"
        await asyncio.start_unix_server(plain._visit, path)
        print(plain.port, secure.port, *(proxy.port for proxy in proxies), path, flush=True)
        await asyncio.to_thread(sys.stdin.read)


def ways(told: str) -> dict[str, Endpoint]:
    """Every way to the gateway that the process has told of."""
    plain, secure, *ports, path = told.split()
    found: dict[str, Endpoint] = {}
    named = [("direct", DIRECT)]
    named += [
        (f"{one} proxy", Proxy(f"{one}://127.0.0.1:{port}", "ALL_PROXY"))
        for one, port in zip(_SCHEMES, ports, strict=True)
    ]
    trusted = Certificates(CERTIFICATE)
    for scheme, port in (("http", plain), ("https", secure)):
        for name, proxy in named:
            place = endpoint(f"{scheme}://127.0.0.1:{port}/v1")
            found[f"{scheme}, {name}"] = replace(place, proxy=proxy, certificates=trusted)
    found["Unix socket"] = endpoint(f"unix://{path}")
    return found


class _Way:
    """One way at work, and the milliseconds to each first text."""

    def __init__(self, place: Endpoint) -> None:
        self._place = place
        self._clock = AsyncioClock()
        self.cold: list[float] = []
        self.kept: list[float] = []
        self.after_abort: list[float] = []

    async def round(self) -> None:
        """A cold request that is closed at its first text, one on the spare, and one on the kept connection."""
        transport = WarmTransport(self._place.way(self._clock), self._clock)
        gateway = HttpGateway(self._place, self._clock, transport)
        self.cold.append(await _first_text_ms(gateway, closes=True))
        while not transport._idle:  # noqa: ASYNC110 - a spare tells nobody that it stands
            await asyncio.sleep(0.001)
        self.after_abort.append(await _first_text_ms(gateway, closes=False))
        self.kept.append(await _first_text_ms(gateway, closes=False))
        await gateway.aclose()


async def _first_text_ms(gateway: HttpGateway, *, closes: bool) -> float:
    began_s, came_s = time.perf_counter(), 0.0

    def came(_: str) -> None:
        nonlocal came_s
        came_s = came_s or time.perf_counter()
        if closes:
            asking.cancel()

    asking = asyncio.ensure_future(gateway.stream(PROMPT, came))
    await asyncio.wait([asking])
    return (came_s - began_s) * 1_000


async def measure(told: str) -> None:
    """All ways in turn, and the table."""
    table = {name: _Way(place) for name, place in ways(told).items()}
    for _ in range(_ROUNDS):
        for way in table.values():
            await way.round()
    print(f"first text in ms, medians of {_ROUNDS}\n")
    print("| way | cold | after an abort | kept | kept, more than direct |\n|---|---|---|---|---|")
    for name, way in table.items():
        direct = table[f"{name.split(',')[0]}, direct"] if "," in name else table["http, direct"]
        more = median(a - b for a, b in zip(way.kept, direct.kept, strict=True))
        figures = (f"{median(figure):.2f}" for figure in (way.cold, way.after_abort, way.kept))
        print(f"| {name} | {' | '.join(figures)} | {more:+.2f} |")


def main() -> None:
    """Start the process with the servers, measure, and end it."""
    if sys.argv[1:] == ["--serve"]:
        asyncio.run(serve())
        return
    command = [sys.executable, "-m", "tests.bench.networks", "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as servers:
        assert servers.stdout is not None
        assert servers.stdin is not None
        asyncio.run(measure(servers.stdout.readline()))
        servers.stdin.close()


if __name__ == "__main__":
    main()
