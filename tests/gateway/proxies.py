"""Proxies on loopback that do their work: HTTP's CONNECT and absolute form, and SOCKS5, each with a login if it is given one.

They write down what they were asked for. `answers` stands in for what a proxy says, for those that do not work.
"""

from __future__ import annotations

import asyncio
import contextlib
from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from typethrough.gateway.proxies import Proxy

if TYPE_CHECKING:
    import ssl


@dataclass
class Tunnel:
    """One connection that a proxy has taken: what it was asked for, and whether the client has closed it."""

    target: str = ""
    far: asyncio.StreamWriter | None = None
    closed: asyncio.Event = field(default_factory=asyncio.Event)


class LoopbackProxy:
    """A proxy that speaks `scheme`: "http", "https" (with `tls`), "socks5" or "socks5h"."""

    def __init__(
        self,
        scheme: str,
        *,
        login: str = "",
        tls: ssl.SSLContext | None = None,
        hosts: dict[str, str] | None = None,
        answer: bytes | None = None,
    ) -> None:
        self.scheme = scheme
        self.login = login
        self.tunnels: list[Tunnel] = []
        self._tls = tls
        self._hosts = hosts or {}
        self._answer = answer
        self._tasks: set[asyncio.Task[Any]] = set()
        self._news = asyncio.Condition()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def proxy(self, *, login: str | None = None) -> Proxy:
        """As a variable names it; with another login than its own, if one is given."""
        shown = self.login if login is None else login
        return Proxy(f"{self.scheme}://{shown + '@' if shown else ''}127.0.0.1:{self.port}", "ALL_PROXY")

    async def opened(self, count: int) -> Tunnel:
        """Wait for the `count`-th tunnel, or request to send on."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.tunnels) >= count)
        return self.tunnels[count - 1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        tunnel = Tunnel()
        try:
            if self._answer is not None:
                await reader.read(1)
                writer.write(self._answer)
                await writer.drain()
            elif self.scheme.startswith("socks"):
                await self._socks(reader, writer, tunnel)
            else:
                await self._http(reader, writer, tunnel)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            tunnel.closed.set()
            self._tasks.discard(task)
            writer.transport.abort()
            if tunnel.far is not None:
                tunnel.far.transport.abort()

    async def _http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tunnel: Tunnel) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n")[0].split(b" ")
        if self.login and b64encode(self.login.encode()) not in head:
            writer.write(
                b'HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n'
            )
            await writer.drain()
            return
        if method == b"CONNECT":
            host, _, port = target.decode().rpartition(":")
            far = await self._reach(tunnel, host.strip("[]"), int(port))
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            # One server is enough, so that all that follows on this connection is for it.
            host, _, port = target.decode().split("/")[2].partition(":")
            far = await self._reach(tunnel, host, int(port or 80))
            far[1].write(head)
        await _join((reader, writer), far)

    async def _socks(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tunnel: Tunnel
    ) -> None:
        async def say(*data: int) -> None:
            # In pieces, as a slow network may bring it.
            for byte in data:
                writer.write(bytes((byte,)))
                await writer.drain()
                await asyncio.sleep(0)

        _, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        wanted = 2 if self.login else 0
        await say(5, wanted if wanted in methods else 255)
        if wanted not in methods:
            return
        if self.login:
            _, length = await reader.readexactly(2)
            user = await reader.readexactly(length)
            password = await reader.readexactly((await reader.readexactly(1))[0])
            is_right = f"{user.decode()}:{password.decode()}" == self.login
            await say(1, 0 if is_right else 1)
            if not is_right:
                return
        kind = (await reader.readexactly(4))[3]
        if kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            host = ".".join(map(str, await reader.readexactly(4)))
        port = int.from_bytes(await reader.readexactly(2))
        try:
            far = await self._reach(tunnel, host, port)
        except ConnectionRefusedError:
            await say(5, 5, 0, 1, 0, 0, 0, 0, 0, 0)
            return
        await say(5, 0, 0, 3, 4, *b"here", 0, 0)
        await _join((reader, writer), far)

    async def _reach(
        self, tunnel: Tunnel, host: str, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        tunnel.target = f"{host}:{port}"
        async with self._news:
            self.tunnels.append(tunnel)
            self._news.notify_all()
        reader, tunnel.far = await asyncio.open_connection(self._hosts.get(host, host), port)
        return reader, tunnel.far


_Pipe = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _join(near: _Pipe, far: _Pipe) -> None:
    async def pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                target.write(data)
                await target.drain()
        target.transport.abort()

    await asyncio.gather(pass_on(near[0], far[1]), pass_on(far[0], near[1]))
