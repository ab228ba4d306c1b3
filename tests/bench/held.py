"""Held positions: places in real files where the next lines are taken away, and what one must know to write them.

Owns the seeded choice of places. A place is a cursor inside a function's body; what follows it, to the end of its line or of one
of the next two, is removed, as if it had not been typed yet. Its symbols are the names in the removed text that the repository
defines elsewhere.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from tests.bench.symbols import Use, distinguishable

if TYPE_CHECKING:
    from tests.bench.repositories import Repository
    from tests.bench.symbols import Truth

# What the server shows of the file round the cursor, whatever else is in a prompt.
WINDOW_ABOVE: Final = 24
WINDOW_BELOW: Final = 16
_MAX_LINES: Final = 3
_WORD: Final = re.compile(r"\w+")
_TRIES: Final = 200


@dataclass(frozen=True)
class Held:
    """One place. `file` stands in the repository with lines `line` (from `column` on) to `end` (exclusive) removed.

    `symbols` are the distinct uses in the removed text; lines are counted from 0, columns in characters.
    """

    repository: Repository
    file: str
    line: int
    column: int
    end: int
    symbols: tuple[Use, ...]

    @cached_property
    def lines(self) -> list[str]:
        """The file as it is at that moment, without line breaks."""
        lines = self.repository.files[self.file].split("\n")
        return [*lines[: self.line], lines[self.line][: self.column], *lines[self.end :]]

    @property
    def text(self) -> str:
        """The file as it is at that moment."""
        return "\n".join(self.lines)

    @property
    def continuation(self) -> str:
        """The text that was removed."""
        lines = self.repository.files[self.file].split("\n")
        return "\n".join([lines[self.line][self.column :], *lines[self.line + 1 : self.end]])

    @cached_property
    def window_words(self) -> frozenset[str]:
        """The words in the lines round the cursor."""
        near = self.lines[max(0, self.line - WINDOW_ABOVE) : self.line + 1 + WINDOW_BELOW]
        return frozenset(_WORD.findall("\n".join(near)))


class Sampler:
    """Draws places in one repository."""

    def __init__(self, repository: Repository, truth: Truth) -> None:
        self._repository = repository
        self._truth = truth
        self._telling = distinguishable(truth.definitions)
        self._uses: dict[str, dict[int, list[Use]]] = {}
        self._places = [
            (file, line, last)
            for file in repository.files
            for first, last in truth.bodies.get(file, ())
            for line in range(first, last)
        ]

    def draw(self, count: int, seed: int) -> list[Held]:
        """Places with at least one symbol each, no two at the same line."""
        draw = random.Random(f"{seed}:{self._repository.name}")
        found: dict[tuple[str, int], Held] = {}
        for _ in range(count * _TRIES):
            if len(found) == count:
                break
            file, line, last = draw.choice(self._places)
            held = self._at(file, line, last, draw)
            if held is not None:
                found.setdefault((file, line), held)
        return list(found.values())

    def _at(self, file: str, line: int, last: int, draw: random.Random) -> Held | None:
        text = self._repository.files[file].split("\n")[line]
        starts = [word.start() for word in _WORD.finditer(text)]
        if not starts:
            return None
        # At the start of a word, and not late in the line, where little is left to complete.
        column = draw.choice(starts[: len(starts) // 2 + 1])
        end = min(line + draw.randint(1, _MAX_LINES), last)
        symbols = tuple(self._symbols(file, line, column, end))
        return Held(self._repository, file, line, column, end, symbols) if symbols else None

    def _symbols(self, file: str, line: int, column: int, end: int) -> list[Use]:
        if file not in self._uses:
            rows = self._uses[file] = {}
            for use in self._truth.uses(file):
                rows.setdefault(use.line, []).append(use)
        found: dict[str, Use] = {}
        for row in range(line, end):
            for use in self._uses[file].get(row, ()):
                is_removed = row > line or use.column >= column
                if is_removed and self._can_be_judged(use, file, range(line, end)):
                    found.setdefault(use.name, use)
        return list(found.values())

    def _can_be_judged(self, use: Use, file: str, removed: range) -> bool:
        """Whether its definition is still there, and has a signature that is nobody else's."""
        return all(
            one.stem in self._telling and not (one.file == file and one.line in removed)
            for one in use.definitions
        )
