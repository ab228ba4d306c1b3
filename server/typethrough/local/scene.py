"""The lines around a cursor, read once for all keys that are typed in one line.

Owns what is computed from them, each when it is first needed. Must not know the text of the cursor's line.
"""

from __future__ import annotations

from functools import cached_property
from math import sqrt
from typing import TYPE_CHECKING, Final

from typethrough.local.lines import Line, line_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typethrough.core.document.view import View
    from typethrough.local.analogy import Fellows, Like

_LINES_ABOVE: Final = 80
_LINES_BELOW: Final = 20
# Words in this many lines above count as known.
_LINES_OF_WORDS: Final = 30


class Scene:
    """Lines above and below a cursor's line, in the order of the file. Only `all_above` and `all_below` contain blank lines."""

    def __init__(self, above: Sequence[str], below: Sequence[str]) -> None:
        self.all_above = above
        self.all_below = below
        self.above = [line for line in above if line and not line.isspace()]
        self.below = [line for line in below if line and not line.isspace()]
        self.lines = [*self.above, *self.below]
        # The results of `analogy` for these lines, and for the last beginning of the cursor's line.
        self.fellows: dict[int, Fellows] = {}
        self.alike: dict[str, list[tuple[Like, str, int]]] = {}

    @classmethod
    def of(cls, view: View, last: Scene | None = None) -> Scene:
        """Return the scene of a view. This is `last` if its lines are the same."""
        above, below = view.lines_before(_LINES_ABOVE), view.lines_after(_LINES_BELOW)
        if last is not None and above == last.all_above and below == last.all_below:
            return last
        return cls(above, below)

    @cached_property
    def parsed(self) -> list[Line]:
        """The lines as tokens."""
        return [line_of(line) for line in self.lines]

    @cached_property
    def by_beginning(self) -> dict[str, list[int]]:
        """The indices of the lines by the first token of their shape, the nearest first."""
        found: dict[str, list[int]] = {}
        above = len(self.above)
        for number in (*range(above - 1, -1, -1), *range(above, len(self.lines))):
            if shape := self.parsed[number].shape:
                found.setdefault(shape[0], []).append(number)
        return found

    @cached_property
    def nearest(self) -> list[tuple[int, float, str]]:
        """Each line with its distance and the weight that follows from it, the nearest first."""
        away = (*enumerate(reversed(self.above), 1), *enumerate(self.below, 1))
        return [(distance, 1.0 / sqrt(1 + distance), line) for distance, line in away]

    @cached_property
    def words(self) -> frozenset[str]:
        """The tokens of the nearest lines above."""
        return frozenset(
            token for line in self.all_above[-_LINES_OF_WORDS:] for token in line_of(line).tokens
        )
