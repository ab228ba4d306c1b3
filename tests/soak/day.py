"""A long day: a person types in many documents while the gateway fails in one way after another, hours in minutes of real time.

The session, the engine, the HTTP client and the record are the real ones; time is virtual and the gateway is on the same loop.
What must hold is in `Day.problems`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import sys
import sysconfig
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.bench.virtual_time import VirtualLoop
from tests.soak.person import Buffer, Editor, Person
from tests.soak.upstream import Upstream
from typethrough.cli.compose import Composition
from typethrough.core.settings.layers import Layer, Origin
from typethrough.core.settings.schema import DEFAULTS
from typethrough.engine.flight import Flight
from typethrough.engine.open_document import OpenDocument
from typethrough.engine.pending import Pending
from typethrough.gateway.http1 import Http1Connection
from typethrough.lsp.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

_BEGIN: Final = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
_MIB: Final = 1024 * 1024
_HOUR_S: Final = 3_600.0
_LINES: Final = 300
# What belongs to documents and questions, and so to nothing once all is closed.
_MORTAL: Final = (OpenDocument, Flight, Pending, Http1Connection)


class LoopClock:
    """The engine's clock, by the time of the loop it runs on."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def now(self) -> float:
        return self._loop.time()

    def local_time(self) -> datetime:
        return _BEGIN + timedelta(seconds=self._loop.time())

    def call_at(self, when: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        return self._loop.call_at(when, callback)


class _Wire:
    """Where the session writes."""

    def __init__(self) -> None:
        self.lost = asyncio.Event()
        self.take: Callable[[dict[str, Any]], None] = lambda _: None

    def write(self, data: bytes) -> None:
        self.take(json.loads(data.partition(b"\r\n\r\n")[2]))

    async def aclose(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Mark:
    """One moment of the day: after how many keys, how much memory, and what a key has cost since the mark before it."""

    keys: int
    hours: float
    rss_mib: float
    blocks: int
    key_us: float
    slowest_ms: float


@dataclass(slots=True)
class Day:
    """What came of it. `unequal` counts documents whose text was another in the editor than in the server."""

    documents: int
    marks: list[Mark] = field(default_factory=list)
    requests: int = 0
    unanswered: int = 0
    late: int = 0
    slowest_s: float = 0.0
    unasked: int = 0
    errors: dict[int, int] = field(default_factory=dict)
    shown: int = 0
    accepted: int = 0
    compared: int = 0
    unequal: int = 0
    messages: list[tuple[float, str]] = field(default_factory=list)
    questions: dict[str, int] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    @property
    def growth(self) -> float:
        """By what share the memory has grown after the first tenth of the day."""
        return self.marks[-1].rss_mib / self.marks[0].rss_mib - 1

    @property
    def repeated(self) -> int:
        """How many messages were told again within the hour."""
        last: dict[str, float] = {}
        count = 0
        for at_s, text in self.messages:
            count += at_s - last.get(text, -_HOUR_S) < _HOUR_S
            last[text] = at_s
        return count

    def problems(self, *, most_growth: float) -> list[str]:
        """What should not have happened, in words."""
        found = {
            "requests without an answer": self.unanswered,
            "answers after the budget": self.late,
            "answers that nobody had asked for": self.unasked,
            "texts that differ": self.unequal,
            "messages told twice within an hour": self.repeated,
        }
        problems = [f"{count} {what}" for what, count in found.items() if count]
        if self.growth > most_growth:
            problems.append(f"memory has grown by {self.growth:.1%}")
        return [*problems, *(f"left: {what}" for what in self.left)]


def _sources() -> list[list[str]]:
    """Lines of real code: files that every Python has."""
    root = Path(sysconfig.get_path("stdlib"))
    names = ("argparse", "dataclasses", "textwrap", "configparser", "tarfile", "shlex", "csv", "http/client")
    return [(root / f"{name}.py").read_text("utf-8").split("\n") for name in names]


def _buffers(root: Path, count: int, sources: list[list[str]], dice: random.Random) -> list[Buffer]:
    buffers = []
    for number in range(count):
        source = sources[number % len(sources)]
        first = dice.randrange(max(1, len(source) - _LINES))
        path = root / f"part{number % 7}" / f"module_{number}.py"
        path.parent.mkdir(exist_ok=True)
        buffer = Buffer(path, source[first : first + _LINES])
        path.write_text(buffer.text, "utf-8")
        buffers.append(buffer)
    return buffers


def resident_mib() -> float:
    """What this process has in memory now."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MIB


def _open_files() -> list[str]:
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            found.append(str(descriptor.readlink()).partition(":[")[0])
        except OSError:
            # The one that reads the folder.
            continue
    return found


def _mortals() -> Counter[str]:
    gc.collect()
    return Counter(type(one).__name__ for one in gc.get_objects() if isinstance(one, _MORTAL))


def live(
    home: Path, *, keys: int, documents: int, seed: int = 7, on_mark: Callable[[Mark], None] = print
) -> Day:
    """Live through a day of so many keys, in the empty folder `home`."""
    files = Counter(_open_files())
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        day = runner.run(_live(home, keys, documents, random.Random(seed), on_mark))
    day.left += [f"open file {name}" for name in (Counter(_open_files()) - files).elements()]
    return day


async def _live(
    home: Path, keys: int, documents: int, dice: random.Random, on_mark: Callable[[Mark], None]
) -> Day:
    loop = asyncio.get_running_loop()
    clock = LoopClock(loop)
    root = home / "project"
    root.mkdir()
    sources = _sources()
    buffers = _buffers(root, documents, sources, dice)
    upstream = Upstream(random.Random(dice.random()), lambda: person.expected())
    await upstream.start()
    weather = asyncio.ensure_future(upstream.changes())
    values = {"base_url": f"http://127.0.0.1:{upstream.port}/v1", "api_key": "soak"}
    parts = Composition(environment={}, user_layer=Layer("user file", Origin.USER_FILE, values))
    parts.clock = clock  # type: ignore[assignment]
    settings, _ = parts.settings()
    day = Day(documents)
    alive = _mortals()
    with parts.recorder(settings) as recorder:
        session = Session(parts, recorder, clock)
        wire = _Wire()
        session.protocol.output = wire
        editor = Editor(session.protocol.receive, loop.time, DEFAULTS.budget_ms / 1_000)
        wire.take = editor.receive
        person = Person(editor, buffers, sources, dice)
        await _introduce(editor, root)
        await _type(person, session, keys, day, on_mark)
        # Whoever waits has been answered by then.
        await asyncio.sleep(5.0)
        _compare(session, buffers, day)
        editor.request("shutdown", None)
        await asyncio.sleep(0.1)
        await session.aclose()
    weather.cancel()
    upstream.close()
    await asyncio.sleep(1.0)
    tasks = asyncio.all_tasks() - {asyncio.current_task(), weather}
    day.left += [f"task {task.get_coro()}" for task in tasks]
    told = editor.told
    day.requests, day.unanswered, day.unasked = told.asked, len(editor.open), told.wrong
    day.late, day.slowest_s, day.errors = told.late, told.slowest_s, told.errors
    day.messages, day.shown, day.accepted = told.messages, told.shown, told.accepted
    day.questions = upstream.streams
    del session, parts, recorder, wire
    day.left += [f"{count} of {name}" for name, count in (_mortals() - alive).items()]
    return day


async def _introduce(editor: Editor, root: Path) -> None:
    capabilities = {
        "textDocument": {"inlineCompletion": {}},
        "workspace": {"configuration": True, "workspaceFolders": True},
    }
    folders = [{"uri": root.as_uri(), "name": "project"}]
    params = {"processId": None, "capabilities": capabilities, "workspaceFolders": folders}
    editor.request("initialize", params)
    editor.notify("initialized", {})
    await asyncio.sleep(1.0)


async def _type(
    person: Person, session: Session, keys: int, day: Day, on_mark: Callable[[Mark], None]
) -> None:
    loop, marked, next_mark = asyncio.get_running_loop(), 0, keys // 10
    worked_s, slowest_s = 0.0, 0.0
    # In the morning every document is opened, and something is asked in each: what grows after that is no document's first time.
    for number, _ in enumerate(person.buffers):
        at = person.choose(number)
        person.editor.ask(person.buffer, at, kind=1)
        await asyncio.sleep(2.0)
    while person.keys < keys:
        strokes = person.strokes(person.choose())
        while True:
            began_s = time.perf_counter()
            pause_s = next(strokes, None)
            took_s = time.perf_counter() - began_s
            worked_s += took_s
            slowest_s = max(slowest_s, took_s)
            if pause_s is None:
                break
            await asyncio.sleep(pause_s)
        person.between()
        await asyncio.sleep(1.0)
        if person.keys >= next_mark:
            _compare(session, person.buffers, day)
            gc.collect()
            mark = Mark(
                person.keys,
                loop.time() / _HOUR_S,
                resident_mib(),
                sys.getallocatedblocks(),
                worked_s / (person.keys - marked) * 1e6,
                slowest_s * 1e3,
            )
            day.marks.append(mark)
            on_mark(mark)
            marked, worked_s, slowest_s = person.keys, 0.0, 0.0
            next_mark += keys // 10


def _compare(session: Session, buffers: list[Buffer] | Any, day: Day) -> None:
    assert session.engine is not None
    for buffer in buffers:
        document = session.engine.document(buffer.uri)
        same = (document is not None) == buffer.is_open
        if document is not None and buffer.is_open:
            same = document.snapshot.text() == buffer.text and document.version == buffer.version
        day.compared += 1
        day.unequal += not same
