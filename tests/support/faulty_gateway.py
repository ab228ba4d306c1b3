"""A gateway on loopback that behaves according to a fault, and a real server process that asks it.

Owns both, and collects what the process tells its user. Which faults exist, and what is expected for each, is defined
elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from tests.support.lsp_client import LspClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

_ROOT: Final = Path(__file__).parents[2]
_OURS_ALONE: Final = ("TYPETHROUGH_", "AI_GATEWAY_", "VERCEL_", "OPENAI_", "XDG_")
URI: Final = "file:///nowhere/sums.py"
TEXT: Final = "a + b"
ERROR, WARNING, INFO = 1, 2, 3


@dataclass
class Visit:
    """One request that the gateway has read, with methods to answer it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    writer: asyncio.StreamWriter

    @property
    def json(self) -> dict[str, Any]:
        """The JSON body of the request."""
        decoded: dict[str, Any] = json.loads(self.body)
        return decoded

    async def send(self, *pieces: bytes) -> None:
        """Send bytes unchanged."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def answer(
        self, status: int, body: Any = b"", headers: Mapping[str, str] | None = None, reason: str = "Told"
    ) -> None:
        """Send a whole answer. A body that is not bytes is sent as JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = "text/html" if raw.startswith(b"<") else "application/json"
        named = {"Content-Type": kind, "Content-Length": str(len(raw)), **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        await self.send(f"HTTP/1.1 {status} {reason}\r\n{head}\r\n".encode(), raw)

    async def stream(self, *events: Any, ends: bool = True) -> None:
        """Send events as a stream, and close it at the end if `ends`. An event that is not bytes is sent as JSON."""
        await self.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        for event in events:
            raw = event if isinstance(event, bytes) else json.dumps(event).encode()
            await self.send(b"data: " + raw + b"\n\n")
        if ends:
            self.writer.close()


def delta(text: str = "", finish: str | None = None, **more: Any) -> dict[str, Any]:
    """One chunk of a chat."""
    return {"choices": [{"index": 0, "delta": {"content": text, **more}, "finish_reason": finish}]}


async def well(visit: Visit) -> None:
    """Answer as a working gateway does."""
    await visit.stream(delta(TEXT), delta("", "stop"), b"[DONE]")


@dataclass
class FaultyGateway:
    """A gateway whose `fault` can be changed at any time. `models` is its list of models, or None if it has none."""

    fault: Callable[[Visit], Awaitable[None]] = well
    models: Callable[[], Any] = lambda: None
    asked: list[dict[str, Any]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._visit, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self._tasks: set[asyncio.Task[Any]] = set()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def base_url(self) -> str:
        """The gateway's address, with the version."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, path, _ = head[0].split(" ")
                pairs = (line.partition(":") for line in head[1:] if line)
                headers = {name.lower(): value.strip() for name, _, value in pairs}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                visit = Visit(method, path, headers, body, writer)
                if method == "GET":
                    listed = self.models() if path.endswith("/models") else None
                    await visit.answer(404 if listed is None else 200, listed or {})
                    continue
                self.asked.append(visit.json)
                self.at_once += 1
                self.most_at_once = max(self.most_at_once, self.at_once)
                try:
                    await self.fault(visit)
                finally:
                    self.at_once -= 1
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            with contextlib.suppress(RuntimeError):
                writer.close()


@dataclass(frozen=True, slots=True)
class Told:
    """A message that the user saw."""

    at_s: float
    kind: int
    text: str


class Desk:
    """A server process, with a simulated user who types and asks."""

    def __init__(self, client: LspClient) -> None:
        self.client = client
        self.told: list[Told] = []
        self.statuses: list[tuple[str, str]] = []
        self.waits_s: list[float] = []
        self._asked = 0
        client.on_notification = self._notified

    def _notified(self, method: str, params: Any) -> None:
        if method == "window/showMessage":
            self.told.append(Told(time.monotonic(), params["type"], params["message"]))
        elif method == "$/typethrough/status":
            self.statuses.append((params["kind"], params["message"]))

    @property
    def troubles(self) -> list[str]:
        """The messages that tell of trouble."""
        return [told.text for told in self.told if told.kind < INFO]

    @property
    def good_news(self) -> list[str]:
        """The messages that tell good news."""
        return [told.text for told in self.told if told.kind == INFO]

    def open(self, uri: str = URI) -> None:
        """Open a document."""
        item = {"uri": uri, "languageId": "python", "version": 0, "text": ""}
        self.client.notify("textDocument/didOpen", {"textDocument": item})

    def focus(self, uri: str = URI) -> None:
        """Send that the user looks at a document."""
        self.client.notify("textDocument/didFocus", {"textDocument": {"uri": uri}})

    async def ask(self, uri: str = URI, *, trigger: int = 2) -> str:
        """Type a function with a new name, ask after its last word, and return the suggested text."""
        self._asked += 1
        lines = [f"def total_{self._asked}(a, b):", "    return "]
        self.client.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": uri, "version": self._asked},
                "contentChanges": [{"text": "\n".join(lines)}],
            },
        )
        place = {"line": 1, "character": len(lines[1])}
        params = {"textDocument": {"uri": uri}, "position": place, "context": {"triggerKind": trigger}}
        reply = self.client.request("textDocument/inlineCompletion", params)
        result = await reply.value(20.0)
        self.waits_s.append((reply.received_s or 0.0) - reply.sent_s)
        items = result.get("items", []) if isinstance(result, dict) else result or []
        return items[0]["insertText"] if items else ""

    async def until_text(self, within_s: float, every_s: float = 0.2) -> tuple[int, float]:
        """Ask until there is a text. Returns the number of requests and the seconds. Raises TimeoutError."""
        begun_s = time.monotonic()
        asked = 0
        while time.monotonic() - begun_s < within_s:
            asked += 1
            if await self.ask():
                return asked, time.monotonic() - begun_s
            await asyncio.sleep(every_s)
        raise TimeoutError(f"no text in {asked} requests and {within_s:g} s")


@asynccontextmanager
async def desk(
    home: Path, environment: Mapping[str, str], argv: Sequence[str] = (), *, options: Any = None
) -> AsyncIterator[Desk]:
    """Run the server with its own environment, initialized, with one open document."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS_ALONE)}
    paths = os.pathsep.join((str(_ROOT / "server"), kept.get("PYTHONPATH", "")))
    own = {
        "HOME": str(home),
        "PYTHONPATH": paths,
        "TYPETHROUGH_LOCAL_LANE": "false",
        **{f"XDG_{name}_HOME": str(home / name.lower()) for name in ("STATE", "CACHE", "CONFIG")},
    }
    command = (sys.executable, "-m", "typethrough", "--stdio", *argv)
    client = await LspClient.start(
        command, {**kept, **own, **environment}, cwd=str(home), keep_messages=False
    )
    try:
        typist = Desk(client)
        await client.initialize(options=options)
        typist.open()
        yield typist
    finally:
        await client.stop()
