"""Typing in virtual time: `python -m tests.bench.replay`, from the top of the repository.

The people of `human` type in one process, and the waits between their keys take no time: the real server behind LSP's
messages, the fake editor, and the simulator's model, with its waits drawn, in place of its process. So a session takes the CPU
time of its work alone, and is the same each time it is played. What sockets, processes and a busy machine add is in
`tests.bench.typing`.

People and files are split: what is tuned is tuned on `train`, and what is quoted is `held`.
"""

from __future__ import annotations

import argparse
import asyncio
import calendar
import cmd
import concurrent.futures
import difflib
import fractions
import ftplib
import json
import logging.handlers
import mailbox
import math
import optparse
import pprint
import statistics
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.bench import score, virtual_time
from tests.bench.holes import cut_holes
from tests.bench.human import Person
from tests.bench.play import SOURCES
from tests.bench.score import Upstream
from tests.bench.session import Session as Sitting
from tests.support.engine_kit import Notes
from tests.support.fake_editor import FakeEditor
from tests.support.gateway_simulator.answer import answer
from tests.support.gateway_simulator.defects import Defects
from tests.support.gateway_simulator.latency import Latency
from tests.support.gateway_simulator.prompt_cache import PromptCache
from tests.support.gateway_simulator.tokens import tokenize
from tests.support.gateway_simulator.truth import Truth
from tests.support.lsp_client import Reply
from typethrough.cli.compose import Composition
from typethrough.core.models import profile_of
from typethrough.core.outcome.outcome import Usage
from typethrough.core.settings.layers import Layer, Origin
from typethrough.core.settings.schema import DEFAULTS
from typethrough.engine.ports import Finish
from typethrough.lsp.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.session import Trace
    from tests.bench.strokes import Hole, Stroke
    from tests.support.fake_editor import Kind
    from typethrough.core.prompt.message import Prompt
    from typethrough.core.settings.schema import Settings
    from typethrough.engine.ports import OnCounted

HELD_SOURCES: Final = tuple(
    Path(str(module.__file__))
    for module in (
        *(calendar, cmd, difflib, fractions, ftplib, logging.handlers, mailbox, optparse),
        *(pprint, statistics, tempfile, zipfile),
    )
)
GROUPS: Final = {"train": (0, SOURCES), "held": (5_000, HELD_SOURCES)}
_PACES: Final = (1.0, 0.8, 1.25)
# The model knows two lines in five at once. What it does not know it gets wrong either at one odd word, or from the cursor on
# until enough of the line is typed.
_WORLDS: Final = ("first=0.64,further=0.85", "first=0.4,further=0.75,vague=1")
_FORM: Final = Defects.parse("default").rates
# How often this person takes what is right, in a pause and in a burst.
_TAKES: Final = {True: 0.9, False: 0.35}
_LEAST_CHARS: Final = 3


@dataclass(frozen=True, slots=True)
class Seat:
    """What one session is played with. `pace` makes every gap of the person's so much longer."""

    seed: int
    source: Path
    kind: Kind
    keys: int
    waits: str
    options: tuple[tuple[str, Any], ...] = ()
    pace: float = 1.0
    world: str = _WORLDS[0]


@dataclass(slots=True)
class Harvest:
    """What came of a session. What the editor asked is left out of the trace: it does not go from process to process."""

    seat: Seat
    trace: Trace
    upstreams: list[Upstream]
    contradictions: int
    cpu_s: float


class LoopClock:
    """The running loop's time, for the engine."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def local_time(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)

    def call_at(self, when: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_at(when, callback)


@dataclass(slots=True)
class _Row:
    arrived_s: float
    usage: Usage
    ended_s: float = float("inf")
    disconnected: bool = False
    text: str = ""
    texts_s: list[float] = field(default_factory=list)
    newlines_s: list[float] = field(default_factory=list)

    def upstream(self) -> Upstream:
        return Upstream(
            self.arrived_s,
            self.ended_s,
            self.disconnected,
            self.texts_s[0] if self.texts_s else None,
            self.texts_s[-1] if self.texts_s else None,
            tuple(self.newlines_s),
            self.text,
            self.usage.prompt_tokens,
            self.usage.cached_tokens,
            len(tokenize(self.text)),
        )


class Model:
    """The simulator's model as a gateway."""

    def __init__(self, truth: Truth, seat: Seat) -> None:
        self.model = DEFAULTS.model
        self.profile = profile_of(self.model)
        self.rows: list[_Row] = []
        self._truth = truth
        self._seed = seat.seed
        self._latency = Latency(seat.waits)
        self._defects = Defects(_FORM, Defects.parse(seat.world).content)
        self._cache = PromptCache()

    def refusal(self) -> str:
        return ""

    @property
    def most_at_once(self) -> float:
        return math.inf

    def try_again(self) -> None:
        """It is always asked."""

    def race(self) -> None:
        return None

    async def warm(self) -> None:
        """Nothing is to be opened."""

    async def aclose(self) -> None:
        """Nothing is open."""

    async def stream(
        self, prompt: Prompt, on_text: Callable[[str], None], on_counted: OnCounted | None = None
    ) -> Finish:
        del on_counted
        loop, number = asyncio.get_running_loop(), len(self.rows) + 1
        messages = [{"role": one.role, "content": one.text} for one in prompt.messages]
        said = answer(messages, self._truth, self._defects, seed=self._seed, number=number)
        used = self._cache.admit([one.text for one in prompt.messages], loop.time())
        usage = Usage(used.prompt_tokens, used.cached_tokens)
        row = _Row(loop.time(), usage)
        self.rows.append(row)
        tokens = tokenize(said.text)[: prompt.max_output_tokens]
        offsets_s = self._latency.offsets_s(
            seed=self._seed,
            number=number,
            fresh=used.prompt_tokens - used.cached_tokens,
            cached=used.cached_tokens,
            tokens=max(1, len(tokens)),
        )
        try:
            for token, offset_s in zip(tokens or [""], offsets_s, strict=True):
                await asyncio.sleep(row.arrived_s + offset_s - loop.time())
                if token:
                    row.text += token
                    row.texts_s.append(loop.time())
                    row.newlines_s += [loop.time()] * token.count("\n")
                    on_text(token)
        except asyncio.CancelledError:
            row.ended_s, row.disconnected = loop.time(), True
            raise
        row.ended_s = loop.time()
        return Finish("stop", Usage(used.prompt_tokens, used.cached_tokens, len(tokens)))


class _Parts(Composition):
    def __init__(self, model: Model, options: dict[str, Any]) -> None:
        super().__init__(environment={}, user_layer=Layer("user file", Origin.USER_FILE, options))
        self._model = model

    def gateway(self, settings: Settings) -> Any:
        del settings
        return self._model


class Wire:
    """An LSP client and the server's output at once: what one says the other hears in the loop's next turn."""

    def __init__(self) -> None:
        self.lost = asyncio.Event()
        self.on_notification: Callable[[str, Any], None] | None = None
        self.receive: Callable[[Any], None] = lambda _: None
        self._open: dict[int, Reply] = {}
        self._ids = 0

    def request(
        self, method: str, params: Any = None, on_reply: Callable[[Reply], None] | None = None
    ) -> Reply:
        self._ids += 1
        reply = Reply(self._ids, method, self._say({"id": self._ids, "method": method, "params": params}))
        reply.on_reply = on_reply
        self._open[self._ids] = reply
        return reply

    def notify(self, method: str, params: Any = None) -> float:
        return self._say({"method": method, "params": params})

    def cancel(self, reply: Reply) -> float:
        reply.cancelled = True
        return self.notify("$/cancelRequest", {"id": reply.id})

    def write(self, data: bytes) -> None:
        asyncio.get_running_loop().call_soon(self._hear, json.loads(data.partition(b"\r\n\r\n")[2]))

    async def aclose(self) -> None:
        """Nothing is open."""

    def _say(self, message: dict[str, Any]) -> float:
        loop = asyncio.get_running_loop()
        loop.call_soon(self.receive, {"jsonrpc": "2.0", **message})
        return loop.time()

    def _hear(self, message: dict[str, Any]) -> None:
        if "method" in message:
            if "id" in message:
                asked = message["params"] if message["method"] == "workspace/configuration" else {"items": []}
                result = [None] * len(asked["items"])
                asyncio.get_running_loop().call_soon(
                    self.receive, {"jsonrpc": "2.0", "id": message["id"], "result": result}
                )
            return
        reply = self._open.pop(message["id"])
        reply.received_s = asyncio.get_running_loop().time()
        reply.result, reply.error = message.get("result"), message.get("error")
        reply.done.set()
        if reply.on_reply is not None:
            reply.on_reply(reply)


@dataclass(frozen=True, slots=True)
class Careful(Person):
    """Somebody who takes a suggestion only when all of its first line is right, and whose hands have a pace of their own."""

    pace: float = 1.0

    def gap_s(self, hole: Hole, typed: str, stroke: Stroke, before: str) -> float:
        return Person.gap_s(self, hole, typed, stroke, before) * self.pace

    def takes(self, place: int, shown: str, wanted: str, *, in_pause: bool) -> bool:
        text = shown.lstrip("\n")
        first, true = text.split("\n")[0], wanted.lstrip("\n").split("\n")[0]
        is_right = first == true and shown.startswith("\n") == wanted.startswith("\n")
        lot = self._draw(place, f"takes {in_pause}").random()
        return is_right and len("".join(text.split())) >= _LEAST_CHARS and lot < _TAKES[in_pause]


async def sit(seat: Seat) -> Harvest:
    """Play one session on the running loop, which is in virtual time."""
    started_s = time.process_time()
    true_text = seat.source.read_text()
    person = Careful(seat.seed, seat.source.name, seat.seed % 3 == 1, seat.pace)
    text, holes = cut_holes(true_text, person, seat.keys)
    neighbours = SOURCES if seat.source in SOURCES else HELD_SOURCES
    model = Model(Truth.load([seat.source]), seat)
    wire = Wire()
    session = Session(_Parts(model, dict(seat.options)), Notes(), LoopClock())
    session.protocol.output = wire
    wire.receive = session.protocol.receive
    with tempfile.TemporaryDirectory() as folder:
        # The folder's name is in the prompt.
        home = Path(folder) / "work"
        home.mkdir()
        for source in neighbours:
            (home / source.name).write_text(text if source == seat.source else source.read_text())
        capabilities = {
            "textDocument": {"inlineCompletion": {}},
            "workspace": {"configuration": True},
        }
        folders = [{"uri": home.as_uri(), "name": "work"}]
        await wire.request(
            "initialize", {"processId": None, "workspaceFolders": folders, "capabilities": capabilities}
        ).value()
        wire.notify("initialized", {})
        editor = FakeEditor(wire, seat.kind)  # type: ignore[arg-type]
        editor.open((home / seat.source.name).as_uri(), text)
        await asyncio.sleep(1.0)
        engine = session.engine
        assert engine is not None
        await engine.read_all()
        trace = await Sitting(person, editor, holes).run(true_text)
    await session.aclose()
    trace.asked = []
    trace.displays = [replace(one, asked=None) for one in trace.displays]  # type: ignore[arg-type]
    upstreams = [row.upstream() for row in model.rows]
    return Harvest(seat, trace, upstreams, editor.faults.contradictions, time.process_time() - started_s)


def play(seat: Seat) -> Harvest:
    """Play one session in virtual time."""
    return virtual_time.run(sit(seat))


def seats(group: str, *, sessions: int, keys: int, waits: str, options: dict[str, Any]) -> list[Seat]:
    """The sessions of a group: every sixth in Neovim, every hand another pace."""
    first, sources = GROUPS[group]
    return [
        Seat(
            first + number,
            sources[number % len(sources)],
            "neovim" if number % 6 == 5 else "vscode",
            keys,
            waits,
            tuple(options.items()),
            _PACES[number % len(_PACES)],
            _WORLDS[number % len(_WORLDS)],
        )
        for number in range(sessions)
    ]


def figures(harvests: Sequence[Harvest]) -> dict[str, float]:
    """The figures of the bet: requests per 100 keys, and shares."""
    keys = [key for one in harvests for key in one.trace.keys]
    asked = sum(len(one.upstreams) for one in harvests)
    wasted = sum(
        score.never_shown(one.upstreams, one.trace.displays) * len(one.upstreams)
        for one in harvests
        if one.upstreams
    )
    traces = [one.trace for one in harvests]
    return {
        "requests per 100 keys": 100 * asked / len(keys),
        "never shown": wasted / asked,
        "by the end of a pause": score.on_screen_after_pause(keys),
        "by the next key": score.on_screen_by_next_key(keys),
        "saved": score.keystrokes_saved(traces),
        "wrong": score.accepted_wrong(traces),
    }


def line(name: str, found: dict[str, float], harvests: Sequence[Harvest]) -> str:
    """A row of the table."""
    cells = [f"{found['requests per 100 keys']:.1f}"]
    cells += [f"{100 * value:.0f} %" for value in list(found.values())[1:]]
    asked, keys = (
        sum(len(one.upstreams) for one in harvests),
        sum(len(one.trace.keys) for one in harvests),
    )
    return f"| {name} | {' | '.join(cells)} | {asked} / {keys} |"


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.replay", description=__doc__)
    parser.add_argument("--group", choices=list(GROUPS), default="held")
    parser.add_argument("--sessions", type=int, default=12)
    parser.add_argument("--keys", type=int, default=400)
    parser.add_argument("--waits", choices=["nano", "luna", "both"], default="both")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=JSON")
    parser.add_argument("--workers", type=int, default=2)
    return parser.parse_args()


def main() -> None:
    """Play, and print a table."""
    arguments = _parse()
    options = {name: json.loads(value) for name, _, value in (one.partition("=") for one in arguments.set)}
    wanted = ["nano", "luna"] if arguments.waits == "both" else [arguments.waits]
    todo = [
        seat
        for waits in wanted
        for seat in seats(
            arguments.group, sessions=arguments.sessions, keys=arguments.keys, waits=waits, options=options
        )
    ]
    with concurrent.futures.ProcessPoolExecutor(arguments.workers) as pool:
        harvests = list(pool.map(play, todo))
    heads = ("waits", *figures(harvests), "requests / keys")
    print(f"| {' | '.join(heads)} |\n|{' --- |' * len(heads)}")
    for waits in wanted:
        those = [one for one in harvests if one.seat.waits == waits]
        print(line(waits, figures(those), those))
    print(f"{sum(one.cpu_s for one in harvests):.0f} s of CPU", file=sys.stderr)


if __name__ == "__main__":
    main()
