"""Short set exercises, for the figures that typing cannot isolate: start-up, file size, one edit, cancelling, memory.

Each drill starts its own server and simulator, so that none leaves anything behind for the next. Owns what is done; a figure is
the plain number that comes out.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.bench import process
from tests.bench.score import percentile
from tests.support.fake_editor import INVOKED, FakeEditor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.bench.process import Contestant
    from tests.support.fake_editor import Asked
    from tests.support.lsp_client import LspClient
    from tests.support.simulator import Simulator


SIZES: Final = (200, 5_000, 50_000)
_ANSWER_S: Final = 5.0
_INDEXING_S: Final = 0.5


@dataclass(slots=True)
class Place:
    """A contestant that is running and initialized, its simulator, and an editor that does not ask by itself."""

    client: LspClient
    simulator: Simulator
    editor: FakeEditor
    home: Path
    initialized_s: float

    def open(self, name: str, text: str) -> None:
        """Write a file and open it."""
        path = self.home / name
        path.write_text(text)
        self.editor.open(path.as_uri(), text)


@asynccontextmanager
async def running(contestant: Contestant, **simulated: Any) -> AsyncIterator[Place]:
    """Run a contestant in an empty workspace against a simulator of its own."""
    async with process.gateway(**simulated) as gateway:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            client, initialized_s = await process.start(contestant, gateway.base_url, home)
            try:
                editor = FakeEditor(client)
                editor.asks = False
                yield Place(client, gateway, editor, home, initialized_s)
            finally:
                await client.stop()


def source(lines: int) -> str:
    """A Python file of about so many lines, none like another."""
    block = "def area_{0}(width_{0}, height):\n    size = width_{0} * height\n    # field {0}\n    return size + {0}\n\n"
    return "".join(block.format(number) for number in range(lines // 5))


async def answer(asked: Asked) -> float:
    """Wait for an answer; return how long it took in seconds."""
    async with asyncio.timeout(_ANSWER_S):
        await asked.reply.done.wait()
    return (asked.answered_s or 0.0) - asked.sent_s


@dataclass(slots=True)
class StartUp:
    """Seconds from the start of the process, and memory before any document is open."""

    initialized_s: float
    first_answer_s: float
    idle_mib: float


async def start_up(contestant: Contestant, runs: int) -> StartUp:
    """Start a contestant several times; medians."""
    initialized, first, idle = [], [], []
    for _ in range(runs):
        async with running(contestant) as place:
            initialized.append(place.initialized_s)
            place.open("first.py", source(200))
            place.editor.move_to((2, 0))
            place.editor.type("    total = ")
            await answer(place.editor.ask(INVOKED))
            first.append(time.monotonic() - place.client.started_s)
        async with running(contestant) as place:
            await asyncio.sleep(_INDEXING_S)
            idle.append(process.rss_mib(place.client.pid))
    return StartUp(percentile(initialized, 0.5), percentile(first, 0.5), percentile(idle, 0.5))


@dataclass(slots=True)
class BySize:
    """Medians for one size of file: asking when upstream answers at once, one edit, and the memory it all takes."""

    lines: int
    answer_s: float
    edit_s: float
    asked_upstream: int
    rss_mib: float


async def by_size(contestant: Contestant, lines: int, rounds: int) -> BySize:
    """Edit and ask in the middle of a file of `lines` lines, each time a few lines on with text that never stood there.

    The answer's time is less the simulator's own, from a request's arrival to its first text.
    """
    async with running(contestant) as place:
        place.open("large.py", source(lines))
        await asyncio.sleep(_INDEXING_S + lines / 50_000)
        times = []
        for number in range(rounds + 5):
            line = lines // 2 + (number * 7) % 60
            place.editor.move_to((line, len(place.editor.lines[line])))
            place.editor.type(f"\n    total_{number}x = ")
            times.append(await answer(place.editor.ask(INVOKED)))
        records = await asyncio.to_thread(place.simulator.log)
        asked_upstream = len(records)
        # What the simulator needs to read a prompt and to find its place in the truth is not the server's time.
        own_s = [row["first_text_at"] - row["arrived_at"] for row in records if row["first_text_at"]]
        answer_s = percentile(times[5:], 0.5) - (percentile(own_s[5:], 0.5) if own_s[5:] else 0.0)
        edit_s = await _one_edit(place, rounds)
        rss_mib = process.rss_mib(place.client.pid)
    return BySize(lines, answer_s, edit_s, asked_upstream, rss_mib)


async def _one_edit(place: Place, rounds: int) -> float:
    """Round trip of an edit and the cheapest of requests, less that of the request alone; medians."""
    editor, client = place.editor, place.client
    alone, with_edit = [], []
    editor.move_to((len(editor.lines) // 2, 0))
    for number in range(rounds):
        alone.append(await _ping(client))
        started_s = editor.type("x" if number % 40 else "\n")
        with_edit.append(await _ping(client, started_s))
    return percentile(with_edit, 0.5) - percentile(alone, 0.5)


async def _ping(client: LspClient, since_s: float | None = None) -> float:
    """The round trip of a request that no server knows, which is the cheapest there is for each of them."""
    reply = client.request("bench/ping", {})
    async with asyncio.timeout(_ANSWER_S):
        await reply.done.wait()
    return (reply.received_s or 0.0) - (reply.sent_s if since_s is None else since_s)


@dataclass(slots=True)
class Closing:
    """Seconds from an edit that fits no answer to the end of the upstream request, and how many never ended by it."""

    times_s: list[float] = field(default_factory=list)
    missed: int = 0


async def closing(contestant: Contestant, rounds: int) -> Closing:
    """Type against the stream while it is being sent; the editor cancels its request as VS Code does.

    The server has answered a request before: what is asked of one that still starts leaves late, outlives its round, and would be
    taken for the next round's.
    """
    closed = Closing()
    async with running(contestant) as place:
        place.open("diverge.py", source(200))
        await answer(place.editor.ask(INVOKED))
        await asyncio.sleep(_INDEXING_S)
        place.simulator.control(latency={"model": "none", "ttft_ms": 30.0, "tokens_per_s": 12.0})
        for number in range(rounds):
            line = 3 + (number * 37) % 180
            place.editor.move_to((line, len(place.editor.lines[line])))
            place.editor.type(f"\n    kept_{number} = ")
            asked_s = place.editor.ask(INVOKED).sent_s
            await asyncio.sleep(0.1)
            place.editor.asks = True
            sent_s = place.editor.type("\u00a7")
            place.editor.asks = False
            await asyncio.sleep(0.1)
            rows = await asyncio.to_thread(place.simulator.log)
            row = next((row for row in rows if row["arrived_at"] >= asked_s), None)
            # An answer of one word has ended by itself, and nothing was left to close.
            if row is not None and (row["finished_at"] is None or row["finished_at"] > sent_s):
                gone_s = row["disconnected_at"]
                if gone_s is None or gone_s < sent_s:
                    closed.missed += 1
                else:
                    closed.times_s.append(gone_s - sent_s)
            place.editor.cancel_last()
            place.editor.edit(*_last_char(place.editor), "")
            await asyncio.sleep(0.05)
    return closed


def _last_char(editor: FakeEditor) -> tuple[tuple[int, int], tuple[int, int]]:
    line, column = editor.cursor
    return (line, column - 1), (line, column)
