"""Random lives of a workspace: while a document is forbidden, nothing of it is in a prompt, in the index or known of files.

Each document and each file holds marks of its own, in names that its declarations, edits and excerpts carry. After each step
every prompt that could be sent now is built, and every mark in it must be of a document that may be told there. What is forbidden
is known to the test by plain lists of names, not by the gate.
"""

from __future__ import annotations

import asyncio
import random
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.engine_kit import ManualClock, Notes, ScriptedGateway, settle
from typethrough.core.document.document import Position
from typethrough.core.gate.gate import SendPermit, TellPermit
from typethrough.core.gate.rules import Folder
from typethrough.core.models import profile_of
from typethrough.core.prompt.economist import Terms
from typethrough.core.settings.schema import Settings
from typethrough.engine.engine import Engine
from typethrough.engine.pending import Request
from typethrough.engine.ports import TextsRead

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from typethrough.core.gate.gate import Gate
    from typethrough.core.outcome.outcome import Outcome

_ROOT = "/project"
_NAMES = ("a.py", "b.py", "sub/c.py", "sub/d.py", "/elsewhere/e.py")
_IGNORE_FILES = (".gitignore", ".cursorignore", "sub/.aiexclude")
_MARK = re.compile(r"mark_([a-e])_\d+")
_TERMS = Terms(profile_of(Settings().model), 20_000, 256)


def _uri(name: str) -> str:
    return f"file://{name}" if name.startswith("/") else f"file://{_ROOT}/{name}"


class _Disk:
    """A workspace on paper: what is on it, and the answers that the server gets about it."""

    def __init__(self) -> None:
        self.texts_by_name: dict[str, str] = {}
        self.ignored: dict[str, list[str]] = {}

    def ignore_files(self, folder: str) -> Mapping[str, Sequence[str]]:
        inside = folder[len(_ROOT) + 1 :] if folder.startswith(_ROOT) else None
        places = {name: lines for name, lines in self.ignored.items() if name.rpartition("/")[0] == inside}
        return {name.rpartition("/")[2]: lines for name, lines in places.items()}

    def real_paths(self, paths: Sequence[str]) -> Sequence[str]:
        return paths

    async def files(self, gate: Gate, *_: float) -> AsyncIterator[tuple[TellPermit, str]]:
        for name, text in list(self.texts_by_name.items()):
            await asyncio.sleep(0)
            if (permit := gate.may_tell(_uri(name))) is not None:
                yield permit, text

    async def texts(self, places: Sequence[str]) -> TextsRead:
        await asyncio.sleep(0)
        names = [place[len(_ROOT) + 1 :] for place in places]
        return TextsRead([self.texts_by_name.get(name) for name in names], has_folder=False)


class _Life:
    """One workspace and one engine, moved by dice."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.disk = _Disk()
        self.clock = ManualClock()
        self.gateway = ScriptedGateway()
        self.settings = replace(
            Settings(), debounce_min_ms=0, debounce_max_ms=0, warm_up="always", exclude=(), project_notes=True
        )
        self.engine = Engine(
            settings=self.settings,
            gateway=self.gateway,
            clock=self.clock,
            recorder=Notes(),
            folders=[Folder(_ROOT, "project")],
            workspace=self.disk,
        )
        self.open: dict[str, int] = {}
        self.count = 0
        self.checked = 0
        self.told = 0
        self.outcomes: list[Outcome] = []

    # What the test itself knows.

    def is_forbidden(self, name: str) -> bool:
        named = [file for file, lines in self.disk.ignored.items() if name in _named(file, lines)]
        return name in self.settings.exclude or any(not file.endswith(".gitignore") for file in named)

    def is_private(self, name: str) -> bool:
        return name.startswith("/") or name in _named(".gitignore", self.disk.ignored.get(".gitignore", []))

    def may_stand(self, mark_of: str, at: str) -> bool:
        """Whether a mark of one document may stand in a prompt of another, or of itself."""
        return not self.is_forbidden(mark_of) and (mark_of == at or not self.is_private(mark_of))

    # What happens.

    def text(self, name: str) -> str:
        self.count += 1
        mark = f"mark_{name.rpartition('/')[2][0]}_{self.count}"
        others = "".join(f"from {other[:-3].replace('/', '.')} import *\n" for other in _NAMES[:4])
        return f"{others}def {mark}(one, two):\n    return one\n\n\n{mark}(1, 2)\n\n"

    def step(self) -> None:
        dice, engine = self.dice, self.engine
        name = dice.choice(_NAMES)
        uri = _uri(name)
        kind = dice.choice(
            ("open", "edit", "edit", "edit", "ask", "ask", "configure", "watch", "ignore", "misc", "misc")
        )
        if kind == "open" or (kind in ("edit", "ask") and name not in self.open):
            self.open[name] = 1
            engine.open(uri, "python", 1, self.text(name))
        elif kind == "edit":
            at = Position(dice.randint(5, 7), 0)
            self.count += 1
            engine.edit(uri, at, at, f"mark_{name.rpartition('/')[2][0]}_{self.count} = 1\n")
            self.open[name] += 1
            engine.changed(uri, self.open[name])
        elif kind == "ask":
            request = Request(uri, Position(dice.randint(6, 8), 0), dice.random() < 0.3, self.clock.now())
            engine.begin(request, lambda _, outcome: self.outcomes.append(outcome))
        elif kind == "configure":
            exclude = tuple(dice.sample(_NAMES, dice.randint(0, 2)))
            self.settings = replace(
                self.settings,
                exclude=exclude,
                enabled=dice.random() < 0.9,
                disabled_languages=("python",) if dice.random() < 0.1 else (),
                other_files=dice.random() < 0.9,
            )
            engine.configure(self.settings, self.gateway)
        elif kind == "watch":
            if dice.random() < 0.6:
                self.disk.texts_by_name[name] = self.text(name)
                engine.admission.files_changed([uri])
            else:
                self.disk.texts_by_name.pop(name, None)
                engine.admission.files_gone([uri])
        elif kind == "ignore":
            file = dice.choice(_IGNORE_FILES)
            below = [one.rpartition("/")[2] if "/" in file else one for one in _NAMES[:4]]
            lines = [f"/{one}" for one in dice.sample(below, dice.randint(0, 2))]
            self.disk.ignored[file] = lines
            engine.admission.files_changed([_uri(file)])
        else:
            self._misc(name, uri)

    def _misc(self, name: str, uri: str) -> None:
        dice, engine = self.dice, self.engine
        what = dice.choice(("close", "focus", "pause", "resume", "accept", "say", "wait", "switch"))
        if what == "close" and name in self.open:
            del self.open[name]
            engine.close(uri)
        elif what == "focus":
            engine.focused(uri)
        elif what == "pause":
            engine.gate.switches.pause(1, self.clock.now())
            engine.admission.switched()
        elif what == "resume":
            engine.gate.switches.resume()
        elif what == "accept":
            for outcome in self.outcomes[-1:]:
                for suggestion in outcome.suggestions[:1]:
                    engine.reports.accepted(suggestion.id)
        elif what == "say":
            for stream in self.gateway.streams[-1:]:
                if not stream.closed and not stream.end.done():
                    stream.say("mark_answer(1)\n")
        elif what == "wait":
            self.clock.advance(dice.choice((10, 2_100, 60_000)))
        elif what == "switch":
            engine.gate.switches.set_file(uri, on=dice.random() < 0.7)
            engine.admission.switched()

    # What must hold.

    def check(self) -> None:
        for stream in self.gateway.streams[self.checked :]:
            self._check_prompt("".join(message.text for message in stream.prompt.messages))
        self.checked = len(self.gateway.streams)
        for name in _NAMES:
            if self.is_forbidden(name):
                assert _uri(name) not in self.engine.local._index
                assert self.engine.surroundings.codebase.get(name) is None
        # Any one of those that are open: what is forgotten in one place only is found by another life.
        for name in self.dice.sample(sorted(self.open), min(1, len(self.open))):
            permit = self.engine.gate.may_send(_uri(name), "python", self.clock.now())
            assert not (self.is_forbidden(name) and isinstance(permit, SendPermit))
            if isinstance(permit, SendPermit):
                document = self.engine._documents[_uri(name)]
                view = document.view(Position(6, 0), self.clock.now())
                prompt = document.prompt.build(permit, view, _TERMS, self.clock.now())
                self._check_prompt("".join(message.text for message in prompt.messages), name)

    def _check_prompt(self, text: str, at: str = "") -> None:
        at = at or _whose(text)
        found = {
            mark: next(name for name in _NAMES if name.endswith(f"{mark}.py")) for mark in _MARK.findall(text)
        }
        self.told += len(set(found.values()) - {at})
        leaked = [name for name in found.values() if not self.may_stand(name, at)]
        assert not leaked, f"{leaked} in a prompt of {at}"


def _named(file: str, lines: Sequence[str]) -> set[str]:
    folder = file.rpartition("/")[0]
    return {f"{folder}{line}" if folder else line[1:] for line in lines}


def _whose(text: str) -> str:
    path = re.findall(r'<now path="([^"]*)"', text)[-1]
    return next(name for name in _NAMES if name.endswith(path))


async def _live(seed: int, steps: int) -> int:
    """One life; how often a document was told in the prompt of another."""
    life = _Life(seed)
    for name in life.dice.sample(_NAMES[:4], 2):
        life.disk.texts_by_name[name] = life.text(name)
    life.engine.files.read_workspace(10.0)
    for _ in range(steps):
        life.step()
        # Now and then what runs in the background comes to its end, and else it is left in the middle.
        for _ in range(life.dice.choice((0, 1, 2, 30))):
            await asyncio.sleep(0)
        life.check()
    await life.engine.aclose()
    return life.told


def _lives(monkeypatch: pytest.MonkeyPatch, seeds: range, steps: int) -> int:
    async def in_turns(work: Any, *arguments: Any, **named: Any) -> Any:
        # A thread, as the loop sees it: others run before it has worked, and again before its work is taken.
        await asyncio.sleep(0)
        done = work(*arguments, **named)
        await asyncio.sleep(0)
        return done

    monkeypatch.setattr(asyncio, "to_thread", in_turns)

    async def all_of_them() -> int:
        seen = 0
        for seed in seeds:
            seen += await _live(seed, steps)
            await settle()
        return seen

    return asyncio.run(all_of_them())


def test_nothing_of_a_forbidden_document_is_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand lives take minutes: those are the next test, in the long part."""
    assert _lives(monkeypatch, range(60), 12) > 60


@pytest.mark.e2e
@pytest.mark.timeout(900)
def test_nothing_of_a_forbidden_document_is_anywhere_ten_thousand_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert _lives(monkeypatch, range(60, 10_060), 7) > 10_000
