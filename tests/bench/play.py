"""A typing session with everything round it: the workspace, the simulator, the server's process, and what it used.

Owns the set-up of one session and of many at once. Each session has a server and a simulator of its own, as each person has.
"""

from __future__ import annotations

import argparse
import asyncio
import configparser
import csv
import dataclasses
import json.decoder
import shlex
import tarfile
import textwrap
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from tests.bench import process
from tests.bench.holes import cut_holes
from tests.bench.human import Person
from tests.bench.score import Upstream
from tests.bench.session import Session
from tests.support.fake_editor import INVOKED, FakeEditor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.bench.process import Contestant
    from tests.bench.session import Trace
    from tests.support.fake_editor import Faults, Kind

# Real files that every Python has. They are read from where it keeps them, whatever version it is.
SOURCES: Final = tuple(
    Path(str(module.__file__))
    for module in (argparse, dataclasses, textwrap, configparser, json.decoder, tarfile, shlex, csv)
)
_IDLE_S: Final = 0.5
_AT_REST_S: Final = 0.005
_MOST_IDLES: Final = 40


@dataclass(frozen=True, slots=True)
class Part:
    """What one session is played with: who, in which editor, for how many keystrokes' worth of text.

    With `warm` the server has answered a request before anything is measured, so that a short session is not all beginning.
    """

    seed: int
    kind: Kind
    strokes: int
    warm: bool = False

    @property
    def source(self) -> Path:
        """The file typed in."""
        return SOURCES[self.seed % len(SOURCES)]


@dataclass(slots=True)
class Played:
    """One session's harvest."""

    part: Part
    trace: Trace
    upstreams: list[Upstream]
    faults: Faults
    problems: list[str]
    cpu_s: float
    rss_mib: float


async def play(contestant: Contestant, part: Part) -> Played:
    """Play one session to its end in real time."""
    true_text = part.source.read_text()
    person = Person(part.seed, part.source.name, closes_brackets=part.seed % 3 == 1)
    text, holes = cut_holes(true_text, person, part.strokes)
    simulated = {"truth": [part.source], "seed": part.seed, "latency": "nano", "defects": "default"}
    async with process.gateway(**simulated) as gateway, _workspace(part, text) as home:
        client, _ = await process.start(contestant, gateway.base_url, home)
        try:
            editor = FakeEditor(client, part.kind)
            editor.open((home / part.source.name).as_uri(), text)
            if part.warm:
                await editor.ask(INVOKED).reply.done.wait()
            before_s = await _settled_cpu_s(client.pid)
            trace = await Session(person, editor, holes).run(true_text)
            used_s, rss = process.cpu_s(client.pid) - before_s, process.rss_mib(client.pid)
        finally:
            await client.stop()
        rows = await asyncio.to_thread(gateway.log)
    return Played(
        part,
        trace,
        [Upstream.from_log(row) for row in rows],
        editor.faults,
        client.problems,
        used_s,
        rss,
    )


async def _settled_cpu_s(pid: int) -> float:
    """Wait until a server has read what it reads at the start, which no key pays for; the CPU seconds it took so far."""
    used_s = process.cpu_s(pid)
    for _ in range(_MOST_IDLES):
        await asyncio.sleep(_IDLE_S)
        before_s, used_s = used_s, process.cpu_s(pid)
        if used_s - before_s < _AT_REST_S:
            break
    return used_s


@asynccontextmanager
async def _workspace(part: Part, text: str) -> AsyncIterator[Path]:
    """A folder with the file as it is before typing, and others beside it as a project has them."""
    with TemporaryDirectory() as folder:
        for source in SOURCES:
            (Path(folder) / source.name).write_text(text if source == part.source else source.read_text())
        yield Path(folder)
