"""What becomes of an accepted text: where it stands after further edits, and how much of it is left.

Each edit moves its place, at a cost that does not depend on the text's length. The text is compared only when somebody
asks. It is compared by words and signs, not by characters, because any two texts have half of their characters in common.
Blanks do not count, because reformatting a text does not lose it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from typethrough.core.document.document import Position

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typethrough.core.document.document import Edit, Snapshot

# When accepted text is checked. By the first time the user has corrected it; by the second, other work has gone on.
SOON_S: Final = 30.0
LATER_S: Final = 300.0

# An edit that contains the whole place is probably a formatter's, or replaces whole lines. The text is then near its old
# lines.
_NEAR_LINES = 20
_MOST_CHARS = 4_000
# Above this many comparisons, compare lines instead of words, because the answer is computed on the event loop.
_MOST_CELLS = 40_000

_WORD = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Accepted:
    """An accepted suggestion and the place of its text in the current document."""

    id: str
    text: str
    start: Position
    end: Position

    def after(self, edit: Edit) -> Accepted:
        """The same after an edit. Changes inside the place or at its border belong to it from then on."""
        start, end = self.start, self.end
        if start == end == edit.start:
            # All of the text was removed. What is inserted now may be the same text again.
            return replace(self, end=edit.new_end)
        if edit.start >= end or (edit.end.line < start.line and edit.new_end.line == edit.end.line):
            # An edit somewhere else. This is the most frequent case.
            return self
        if edit.end <= start:
            return replace(
                self, start=start.moved(edit.end, edit.new_end), end=end.moved(edit.end, edit.new_end)
            )
        if edit.start <= start and edit.end >= end:
            return replace(self, start=self._near(edit), end=self._near_end(edit))
        new_end = max(edit.new_end, end.moved(edit.end, edit.new_end)) if edit.end < end else edit.new_end
        return replace(self, start=min(start, edit.start), end=new_end)

    def share(self, snapshot: Snapshot) -> float:
        """The share of the text's characters, without blanks, that are still in its place: 0 to 1."""
        there = snapshot.slice(self.start, self.end)[:_MOST_CHARS] if self.end > self.start else ""
        if self.text in there:
            return 1.0
        return kept_share(self.text[:_MOST_CHARS], there)

    def _near(self, edit: Edit) -> Position:
        line = max(edit.start.line, min(self.start.line - _NEAR_LINES, edit.new_end.line))
        return max(edit.start, Position(line, 0))

    def _near_end(self, edit: Edit) -> Position:
        return min(edit.new_end, Position(self.end.line + _NEAR_LINES, 0))


def kept_share(text: str, there: str) -> float:
    """The share of `text` in its longest common subsequence with `there`, by words, or by lines for long texts."""
    ours, theirs = _WORD.findall(text), _WORD.findall(there)
    if len(ours) * len(theirs) > _MOST_CELLS:
        ours, theirs = _lines(text), _lines(there)
    whole = sum(map(len, ours))
    return _common_chars(ours, theirs) / whole if whole else float(not text.strip())


def _common_chars(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """The most characters in pieces that both texts have in the same order."""
    best = [0] * (len(theirs) + 1)
    for piece in ours:
        diagonal = 0
        for index, other in enumerate(theirs, 1):
            above = best[index]
            best[index] = diagonal + len(piece) if piece == other else max(above, best[index - 1])
            diagonal = above
    return best[-1]


def _lines(text: str) -> list[str]:
    """The lines without blanks, at most 200, so that comparing them stays cheap."""
    return ["".join(line.split()) for line in text.splitlines() if line.strip()][:200]
