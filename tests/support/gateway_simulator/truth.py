"""An index of the true files, which finds the place of a cursor in them.

Owns only the look-up: it gets the text before and after a cursor, and returns the file and line, and where the text after the
cursor begins again. The answer is decided elsewhere.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

LONGEST_ANSWER_LINES: Final = 40
_TELLING_CHARS: Final = 8
_LINES_COMPARED: Final = 40
_LINES_AHEAD: Final = 200
_SUFFIX_LINES: Final = 3
_CANDIDATES: Final = 4000
_PLACES_WEIGHED: Final = 200
_LAST: Final = "\U0010ffff"


def _unified(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@dataclass(frozen=True, eq=False)
class TruthFile:
    """One file in its final form. `lines` have no line ends."""

    path: str
    lines: tuple[str, ...]

    @property
    def name(self) -> str:
        """The last part of the path. Draws are seeded by it, because folders differ between machines."""
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Cursor:
    """The text around a cursor as the prompt gave it, and the path that it named, if any."""

    prefix: str
    suffix: str
    path: str | None = None

    @property
    def before(self) -> list[str]:
        """The lines of the prefix. The last one is the line prefix."""
        return _unified(self.prefix).split("\n")

    @property
    def after(self) -> list[str]:
        """The lines of the suffix. The first one is the line suffix."""
        return _unified(self.suffix).split("\n")


@dataclass(frozen=True)
class Place:
    """A cursor's place in a true file. `line` counts from 0, `column` in characters. `stop` is the line where the suffix
    begins.
    """

    file: TruthFile
    line: int
    column: int
    stop: int


class Truth:
    """All true files, with a sorted list of their lines for finding places."""

    def __init__(self, files: Sequence[TruthFile]) -> None:
        self.files = tuple(files)
        self._sorted = sorted(
            (line, number, index)
            for number, file in enumerate(self.files)
            for index, line in enumerate(file.lines)
            if line.strip()
        )

    @classmethod
    def load(cls, paths: Sequence[Path]) -> Truth:
        """Read the files in `paths`, and all text files in the folders in it."""
        files = []
        for path in paths:
            for found in sorted(path.rglob("*")) if path.is_dir() else [path]:
                if found.is_file():
                    text = found.read_bytes().decode("utf-8", "replace")
                    files.append(TruthFile(found.as_posix(), tuple(_unified(text).split("\n"))))
        return cls(files)

    def named(self, path: str | None) -> TruthFile | None:
        """The file that a prompt calls `path`: the one with the longest common end of the path. None if there is none."""
        if path is None:
            return None
        best = max(self.files, key=lambda file: _shared_tail(file.path, path), default=None)
        return best if best is not None and _shared_tail(best.path, path) > 0 else None

    def locate(self, cursor: Cursor) -> Place | None:
        """The best place for the cursor. None if its line, or what is above it, occurs nowhere."""
        before, after = cursor.before, cursor.after
        named = self.named(cursor.path)
        places = list(self._under_the_line_above(before))
        if not places and before[-1].strip():
            places = list(self._starting_with(before[-1]))
        if (
            not places
            and named is not None
            and _starts_a_file(before)
            and _can_start(named.lines[0], before[-1])
        ):
            places = [(named, 0)]
        ranked = [
            (file is named, _agreeing_above(file.lines, line, before), -line, file) for file, line in places
        ]
        ranked.sort(key=lambda entry: entry[:3], reverse=True)
        telling = len(before[-1].strip()) >= _TELLING_CHARS
        best: tuple[tuple[bool, int, int, int], Place] | None = None
        for in_named, above, minus_line, file in ranked[:_PLACES_WEIGHED]:
            line = -minus_line
            stop, agreed = _suffix_start(file.lines, line, after)
            if not (telling or above or agreed or (in_named and line == 0)):
                continue
            score = (in_named, above + 3 * agreed, line - stop, minus_line)
            if best is None or score > best[0]:
                best = (score, Place(file, line, min(len(before[-1]), len(file.lines[line])), stop))
        return best[1] if best else None

    def _under_the_line_above(self, before: list[str]) -> Iterator[tuple[TruthFile, int]]:
        """Yield places below the nearest non-blank line above the cursor, if the line there can begin with the typed text."""
        blank = 0
        while blank + 1 < len(before) and not before[-2 - blank].strip():
            blank += 1
        if blank + 1 == len(before):
            return
        for file, line in self._starting_with(before[-2 - blank], whole=True):
            target = line + 1 + blank
            between = file.lines[line + 1 : target]
            if target >= len(file.lines) or any(row.strip() for row in between):
                continue
            if _can_start(file.lines[target], before[-1]):
                yield file, target

    def _starting_with(self, start: str, *, whole: bool = False) -> Iterator[tuple[TruthFile, int]]:
        low = bisect_left(self._sorted, (start,))
        high = bisect_left(self._sorted, (start + ("\0" if whole else _LAST),))
        for _, number, line in self._sorted[low : min(high, low + _CANDIDATES)]:
            yield self.files[number], line


def _can_start(true_line: str, typed: str) -> bool:
    # An editor may have indented a line that is blank in the true file.
    return true_line.startswith(typed) or not (true_line.strip() or typed.strip())


def _starts_a_file(before: list[str]) -> bool:
    # Above the cursor there is nothing, or only the tag or fence that begins the window.
    return len(before) == 1 or before[-2].lstrip().startswith(("<", "```"))


def _shared_tail(one: str, other: str) -> int:
    shared = 0
    for mine, theirs in zip(reversed(one.split("/")), reversed(other.split("/")), strict=False):
        if mine != theirs:
            break
        shared += 1
    return shared


def _agreeing_above(lines: Sequence[str], line: int, before: list[str]) -> int:
    agreed = 0
    for back in range(1, min(len(before), line + 1, _LINES_COMPARED)):
        mine, theirs = before[-1 - back], lines[line - back]
        if mine.rstrip() != theirs.rstrip():
            break
        agreed += bool(mine.strip())
    return agreed


def _suffix_start(lines: Sequence[str], line: int, after: list[str]) -> tuple[int, int]:
    """The line where the suffix' own lines begin, and how many of its first lines agree there (0: not found)."""
    wanted = [row.rstrip() for row in after[1:] if row.strip()][:_SUFFIX_LINES]
    best, stop = 0, min(line + 1 + LONGEST_ANSWER_LINES, len(lines))
    if not wanted:
        return stop, 0
    for start in range(line + 1, min(line + 1 + _LINES_AHEAD, len(lines))):
        if lines[start].rstrip() == wanted[0]:
            agreed = _agreeing_below(lines, start, wanted)
            if agreed > best:
                best, stop = agreed, min(start, line + 1 + LONGEST_ANSWER_LINES)
            if best == len(wanted):
                break
    return stop, best


def _agreeing_below(lines: Sequence[str], start: int, wanted: list[str]) -> int:
    agreed = 0
    for index in range(start, len(lines)):
        row = lines[index]
        if row.strip():
            if row.rstrip() != wanted[agreed]:
                break
            agreed += 1
            if agreed == len(wanted):
                break
    return agreed


def missing_lines(place: Place, line_suffix: str) -> list[str]:
    """The true text between the cursor and the suffix, as lines. The first is the rest of the cursor's line."""
    lines = place.file.lines
    tail = line_suffix.rstrip()
    if tail.strip():
        for last in range(place.line, max(place.stop, place.line + 1)):
            row = lines[last][place.column :] if last == place.line else lines[last]
            if row.rstrip().endswith(tail) and (last > place.line or len(row.rstrip()) >= len(tail)):
                rest = [lines[place.line][place.column :], *lines[place.line + 1 : last + 1]]
                rest[-1] = rest[-1].rstrip()[: -len(tail)]
                return rest
        return [lines[place.line][place.column :]]
    rest = [lines[place.line][place.column :], *lines[place.line + 1 : place.stop]]
    while len(rest) > 1 and not rest[-1].strip():
        rest.pop()
    return rest
