"""One person at one file with one editor: the keys are pressed in real time, and what happened is written down.

Owns the loop between the person's model and the fake editor. Counts nothing: `score` does, from the trace.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.bench.human import PAUSE_S
from tests.bench.strokes import Stroke, common_prefix, next_stroke, strokes_alone

if TYPE_CHECKING:
    from tests.bench.human import Person
    from tests.bench.strokes import Hole
    from tests.support.fake_editor import Asked, Display, FakeEditor, Position

_SETTLE_S: Final = 2.0
_HANDS_FULL: Final = 20_000


@dataclass(frozen=True, slots=True)
class Key:
    """One key: when, what, after how long, and the ghost text on screen when it came down.

    `first` marks the first key of a hole, before which the person was elsewhere. `ghost` tells suggestions apart, 0 for none;
    `wanted`: the text goes on with all of its first line.
    """

    at_s: float
    name: str
    gap_s: float
    shown: str
    first: bool
    ghost: int = 0
    wanted: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """One suggestion taken: how many characters it brought, and how many of these were wrong."""

    at_s: float
    chars: int
    wrong: int


@dataclass(slots=True)
class Trace:
    """What happened in a session; instants are the running loop's."""

    keys: list[Key] = field(default_factory=list)
    accepted: list[Accepted] = field(default_factory=list)
    strokes_alone: int = 0
    started_s: float = 0.0
    ended_s: float = 0.0
    asked: list[Asked] = field(default_factory=list)
    displays: list[Display] = field(default_factory=list)


def _now_s() -> float:
    return asyncio.get_running_loop().time()


class Session:
    """Runs one person through the holes of one file."""

    def __init__(self, person: Person, editor: FakeEditor, holes: list[Hole]) -> None:
        self.person = person
        self.editor = editor
        self.holes = holes
        self.trace = Trace()
        self._last_s = 0.0
        self._last_name = ""
        self._judged: dict[int, set[bool]] = {}
        self._slipped: set[int] = set()

    async def run(self, true_text: str) -> Trace:
        """Type every hole; the editor holds the file without them. Raises RuntimeError when the text comes out wrong."""
        trace = self.trace
        trace.started_s = self._last_s = _now_s()
        for hole in self.holes:
            trace.strokes_alone += strokes_alone(self.person, hole)
            await self._fill(hole, true_text)
        trace.ended_s = _now_s()
        if self.editor.text != true_text:
            raise RuntimeError("the person did not type the true text")
        self.editor.asks = False
        await asyncio.sleep(_SETTLE_S)
        trace.asked, trace.displays = self.editor.asked, self.editor.displays
        return trace

    async def _fill(self, hole: Hole, true_text: str) -> None:
        editor, head = self.editor, true_text[: hole.offset]
        start = (head.count("\n"), hole.offset - head.rfind("\n") - 1)
        editor.move_to(start)
        end_line_from_last = len(editor.lines) - start[0]
        end_from_line_end = len(editor.lines[start[0]]) - start[1]
        first = True
        for _ in range(_HANDS_FULL):
            typed = editor.text_between(start, editor.cursor)
            end_line = len(editor.lines) - end_line_from_last
            end = (end_line, len(editor.lines[end_line]) - end_from_line_end)
            after = editor.text_between(editor.cursor, end)
            pressed = next_stroke(self.person, hole, typed, after, self._slipped)
            if pressed is None:
                return
            gap_s = self.person.gap_s(hole, typed, pressed[0], self._last_name)
            if first:
                gap_s = self.person.between_holes_s(hole)
            await self._press(hole, start, typed, pressed, gap_s, first=first)
            first = False
        raise RuntimeError("the person never gets this hole typed")

    async def _press(
        self,
        hole: Hole,
        start: Position,
        typed: str,
        pressed: tuple[Stroke, bool],
        gap_s: float,
        *,
        first: bool,
    ) -> None:
        (stroke, slip), place = pressed, hole.offset + len(typed)
        right = common_prefix(typed, hole.text) == len(typed)
        wanted = hole.text[len(typed) :] if right else ""
        if await self._waits(place, wanted, self._last_s + gap_s, in_pause=gap_s >= PAUSE_S):
            self._note("accept", wanted, first=first)
            accepted = self.editor.accept()
            now = self.editor.text_between(start, self.editor.cursor)
            wrong = min(len(accepted), len(now) - common_prefix(now, hole.text))
            self.trace.accepted.append(Accepted(self._last_s, len(accepted), wrong))
            return
        self._note(stroke.name, wanted, first=first)
        if slip:
            self._slipped.add(place)
        line, column = self.editor.cursor
        self.editor.edit(
            self._back(stroke.remove_before),
            (line, column + stroke.remove_after),
            stroke.insert,
            back=stroke.back,
        )

    def _back(self, count: int) -> Position:
        line, column = self.editor.cursor
        while count > column:
            count -= column + 1
            line -= 1
            column = len(self.editor.lines[line])
        return line, column - count

    def _note(self, name: str, wanted: str, *, first: bool) -> None:
        now_s, shown, ghost = _now_s(), self.editor.ghost_text, self.editor.ghost
        # A line break that comes first belongs to the line behind it.
        line = shown[: len(shown) - len(shown.lstrip("\n"))] + shown.lstrip("\n").partition("\n")[0]
        is_wanted = wanted.startswith(line.rstrip(" \t"))
        number = ghost.id if ghost is not None and shown else 0
        self.trace.keys.append(Key(now_s, name, now_s - self._last_s, shown, first, number, is_wanted))
        self._last_s, self._last_name = now_s, name

    async def _waits(self, place: int, wanted: str, due_s: float, *, in_pause: bool) -> bool:
        """Wait until the next key is due; return True at once when the person decides to accept what is shown."""
        editor = self.editor
        while (now_s := _now_s()) < due_s:
            editor.screen_changed.clear()
            until_s, ghost = due_s, editor.ghost
            if ghost is not None and wanted and in_pause not in self._judged.setdefault(ghost.id, set()):
                seen_s = ghost.shown_s + self.person.sees_after_s(place)
                if now_s >= seen_s:
                    self._judged[ghost.id].add(in_pause)
                    if self.person.takes(place, editor.ghost_text, wanted, in_pause=in_pause):
                        return True
                    continue
                until_s = min(due_s, seen_s)
            try:
                async with asyncio.timeout(until_s - now_s):
                    await editor.screen_changed.wait()
            except TimeoutError:
                continue
        return False
