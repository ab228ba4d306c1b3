"""What a key and a request cost the server in CPU: `python -m tests.bench.keystroke`, from the top of the repository.

One server in this process, without pipes and sockets: LSP's bytes go in, the reply's bytes come out, and a gateway in memory
answers at once. So the figures tell the code's own work, and a busy machine moves them little. A figure is the mean of the
fastest quarter of its kind; the places take turns. What the kernel, HTTP and other processes add is in `tests.bench.typing`.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import httpx

from tests.support.engine_kit import Notes
from typethrough.cli.compose import Composition
from typethrough.core.models import profile_of
from typethrough.core.settings.layers import Layer, Origin
from typethrough.gateway.connections import GatewayTransport
from typethrough.gateway.endpoint import Endpoint
from typethrough.gateway.http_gateway import HttpGateway
from typethrough.lsp.session import Session
from typethrough.lsp.transport import frame, read_messages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from typethrough.core.settings.schema import Settings

_INLINE: Final = "textDocument/inlineCompletion"
_TYPED: Final = "compute(value, 7) + 1"


def _event(delta: dict[str, str], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return (
        b"data: "
        + json.dumps({"id": "1", "object": "chat.completion.chunk", "choices": [choice]}).encode()
        + b"\n\n"
    )


_ANSWER: Final = (
    *(
        _event({"content": piece})
        for piece in ("compute", "(value", ", 7)", " + 1", "\n", "    return", " value", "\n")
    ),
    _event({}, "stop"),
    b"data: [DONE]\n\n",
)


class _Bytes(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in _ANSWER:
            yield piece


class _Upstream(GatewayTransport):
    """Answers every request at once with the same text."""

    def __init__(self) -> None:
        self.asked = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        await request.aread()
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=_Bytes())


class _Parts(Composition):
    def __init__(self) -> None:
        values = {"model": "openai/gpt-4.1-nano", "debounce_min_ms": 0, "debounce_max_ms": 0}
        # Without a key each answer would have the client told anew that there is none.
        environment = {"AI_GATEWAY_API_KEY": "a key"}
        super().__init__(environment=environment, user_layer=Layer("user file", Origin.USER_FILE, values))
        self.upstream = _Upstream()

    def gateway(self, settings: Settings) -> Any:
        endpoint = Endpoint("http://127.0.0.1:9/v1", "", settings.model, profile_of(settings.model))
        return HttpGateway(endpoint, self.clock, self.upstream)


class _Pipe:
    """Both ends of the wire: messages to the server as bytes, and what it has written."""

    def __init__(self) -> None:
        self.lost = asyncio.Event()
        self._blocks: asyncio.Queue[bytes] = asyncio.Queue()
        self.written: list[bytes] = []
        self.replied = asyncio.Event()

    async def read(self, n: int) -> bytes:
        del n
        return await self._blocks.get()

    def send(self, *messages: dict[str, Any]) -> None:
        for message in messages:
            self._blocks.put_nowait(frame({"jsonrpc": "2.0", **message}))

    def write(self, data: bytes) -> None:
        self.written.append(data)
        if b'"result"' in data[:60]:
            self.replied.set()

    async def aclose(self) -> None:
        """Nothing is open."""


@dataclass
class Place:
    """A document and what was measured there, in microseconds."""

    name: str
    text: str
    line: int
    neighbours: int = 0
    uri: str = "file:///project/main.py"
    version: int = 1
    key_us: list[float] = field(default_factory=list)
    request_us: list[float] = field(default_factory=list)


def _source(lines: int) -> str:
    block = "def area_{0}(width_{0}, height):\n    size = width_{0} * height\n    # field {0}\n    return size + {0}\n\n"
    return "".join(block.format(number) for number in range(lines // 5))


def places() -> list[Place]:
    """The documents that are typed in: three sizes, and the hard cases."""
    giant = "x = [" + "1, " * 1_700_000 + "]\n"
    middle = _source(200).split("\n")
    beside = "\n".join([*middle[:100], giant.rstrip(), *middle[100:]])
    return [
        Place("200 lines", _source(200), 100),
        Place("5,000 lines", _source(5_000), 2_500),
        Place("50,000 lines", _source(50_000), 25_000),
        Place("beside a 5 MB line", beside, 101),
        Place("120,000 tokens", _source(16_000), 8_000),
        Place("200 open files", _source(200), 100, neighbours=200),
    ]


class Seat:
    """A server with one place open, and its typist."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.pipe = _Pipe()
        self.parts = _Parts()
        self.session = Session(self.parts, Notes())
        self.session.protocol.output = self.pipe
        self._ids = 0
        self._column = 0
        self._reading = asyncio.ensure_future(
            read_messages(self.pipe, self.session.protocol.receive, self.session.protocol.bad_json)
        )

    async def sit_down(self) -> None:
        """Open what is to be open, and let it be read."""
        client: dict[str, Any] = {
            "processId": None,
            "capabilities": {"textDocument": {"inlineCompletion": {}}},
        }
        await self._asked("initialize", client)
        self.pipe.send({"method": "initialized", "params": {}})
        for number in range(self.place.neighbours):
            self._open(f"file:///project/other_{number}.py", _source(200).replace("area", f"area{number}"))
        self._open(self.place.uri, self.place.text)
        engine = self.session.engine
        assert engine is not None
        for _ in range(200):
            await asyncio.sleep(0)
        await engine.read_all()

    def _open(self, uri: str, text: str) -> None:
        document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        self.pipe.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})

    async def _asked(self, method: str, params: dict[str, Any]) -> bytes:
        self._ids += 1
        self.pipe.replied.clear()
        self.pipe.send({"id": self._ids, "method": method, "params": params})
        await self.pipe.replied.wait()
        return next(data for data in reversed(self.pipe.written) if b'"result"' in data[:60])

    def _edit(self, start: tuple[int, int], end: tuple[int, int], text: str) -> dict[str, Any]:
        self.place.version += 1
        return {
            "method": "textDocument/didChange",
            "params": {
                "textDocument": {"uri": self.place.uri, "version": self.place.version},
                "contentChanges": [
                    {
                        "range": {
                            "start": {"line": start[0], "character": start[1]},
                            "end": {"line": end[0], "character": end[1]},
                        },
                        "text": text,
                    }
                ],
            },
        }

    async def _request(self, line: int, column: int, kind: int) -> bytes:
        document = {"uri": self.place.uri, "version": self.place.version}
        position = {"line": line, "character": column}
        context = {"triggerKind": kind}
        return await self._asked(
            _INLINE, {"textDocument": document, "position": position, "context": context}
        )

    async def round(self, number: int) -> None:
        """A new line whose answer comes from upstream, then its text typed through, then all of it taken back."""
        line = self.place.line
        head = f"    total_{number}x = "
        asked = self.parts.upstream.asked
        self.pipe.written.clear()
        started = time.thread_time()
        self.pipe.send(self._edit((line, 0), (line, 0), head + "\n"))
        answer = await self._request(line, len(head), 1)
        for _ in range(8):
            await asyncio.sleep(0)
        self.place.request_us.append((time.thread_time() - started) * 1e6)
        if b"compute(value" not in answer or self.parts.upstream.asked != asked + 1:
            raise RuntimeError(f"not the answer that was to come: {answer.decode()}")
        column = len(head)
        for sign in _TYPED[:12]:
            started = time.thread_time()
            self.pipe.send(self._edit((line, column), (line, column), sign))
            column += 1
            answer = await self._request(line, column, 2)
            self.place.key_us.append((time.thread_time() - started) * 1e6)
        if b"value, 7) + 1" not in answer:
            raise RuntimeError(f"not typed through: {answer.decode()}")
        self.pipe.send(self._edit((line, 0), (line + 1, 0), ""))
        await asyncio.sleep(0)

    async def stand_up(self) -> None:
        """Close the server."""
        self._reading.cancel()
        await self.session.aclose()


def typical(times_us: list[float]) -> float:
    """The mean of the fastest quarter, first rounds left out: what the work takes when nothing else takes the processor."""
    settled = sorted(times_us[len(times_us) // 10 :])
    quarter = settled[: max(1, len(settled) // 4)]
    return sum(quarter) / len(quarter)


async def measure(rounds: int, chosen: list[Place]) -> None:
    """Let all places take turns."""
    seats = [Seat(place) for place in chosen]
    for seat in seats:
        await seat.sit_down()
    gc.collect()
    for number in range(rounds):
        for seat in seats:
            await seat.round(number)
    for seat in seats:
        await seat.stand_up()


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.keystroke", description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--plain", action="store_true", help="the first place alone")
    arguments = parser.parse_args()
    chosen = places()[: 1 if arguments.plain else None]
    asyncio.run(measure(arguments.rounds, chosen))
    plain = chosen[0]
    print("| where | µs a key typed through | µs a request answered by upstream | against the first |")
    print("| --- | --- | --- | --- |")
    for place in chosen:
        key_us, request_us = typical(place.key_us), typical(place.request_us)
        ratio = max(key_us / typical(plain.key_us), request_us / typical(plain.request_us))
        print(f"| {place.name} | {key_us:.0f} | {request_us:.0f} | {ratio:.2f} × |")


if __name__ == "__main__":
    main()
