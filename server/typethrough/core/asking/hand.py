"""The typing hand: what it did last, and at what kind of spot the cursor is. Pure: times are passed in."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from typethrough.core.document.document import Edit, Position
    from typethrough.core.document.view import View

EDGES_MS: Final = (
    *(0, 60, 90, 120, 150, 180, 220, 270, 330, 400, 500, 650, 850, 1_100, 1_500, 2_100, 3_000),
)
"""The bins for gaps between keys. Each begins at its value and ends at the next."""

_WORD = re.compile(r"[^\W\d]\w*$")
# Far enough to see the words in use, and near enough to search in microseconds.
_NEAR_LINES = 150
# After these signs, the next word follows. After other signs, a statement may be finished.
_LEADING = frozenset(" \t([{,.=<+-*/%&|!^~@")
# Many words begin with so few letters.
_BEGUN_CHARS = 2
# Within this many characters after the key at which a text went wrong, the model still knows hardly more than before.
_STRAYED_CHARS = 3
# More wrong texts than this on one line make no further difference.
_MOST_STRAYS = 3
# A longer insertion is not a key, but a suggestion, a completion or a paste.
_KEY_CHARS = 2


class Prior(NamedTuple):
    """What is assumed about a spot until this user's own keys say more. All numbers are percentages.

    `longer`: the gaps after such a key that are at least as long as each of `EDGES_MS`. `deletions`: the gaps in each bin that
    end with a deletion. `fits`: of the texts that come after the next key, those that fit it, if none has gone wrong on the
    line. `rests`: of the texts that come before it, those with something to show. `words`: why a question waits at this spot,
    for messages.
    """

    words: str
    longer: tuple[int, ...]
    deletions: tuple[int, ...]
    fits: int
    rests: int


_NEVER = (0,) * len(EDGES_MS)


class Spot(Enum):
    """What stands directly before the cursor, or how it came there.

    The numbers are those of 72 simulated sessions of `tests.bench.replay --group train`, rounded. Long gaps are more frequent
    than measured, because people pause longer than a benchmark.
    """

    BLANK = Prior(
        "another Enter or another depth often follows on a blank line",
        (100, 98, 90, 79, 66, 54, 48, 38, 33, 30, 28, 24, 20, 17, 10, 3, 1),
        (20, 90, 80, 65, 40, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        fits=15,
        rests=95,
    )
    BETWEEN = Prior(
        "the next word was about to begin",
        (100, 99, 92, 81, 67, 55, 44, 33, 26, 21, 19, 16, 10, 7, 3, 2, 1),
        _NEVER,
        fits=80,
        rests=95,
    )
    END = Prior(
        "the end of a statement seemed near",
        (100, 99, 95, 85, 74, 68, 59, 41, 30, 26, 24, 23, 20, 17, 10, 2, 1),
        _NEVER,
        fits=75,
        rests=70,
    )
    BEGUN = Prior(
        "the word had just begun",
        (100, 97, 83, 61, 42, 29, 17, 8, 4, 3, 2, 1, 1, 1, 1, 1, 1),
        (0, 0, 0, 2, 4, 10, 15, 30, 40, 50, 50, 20, 10, 0, 0, 0, 0),
        fits=75,
        rests=90,
    )
    KNOWN = Prior(
        "the word was being typed",
        (100, 97, 84, 62, 43, 31, 17, 8, 4, 3, 2, 1, 1, 1, 1, 1, 1),
        (0, 0, 0, 0, 0, 2, 5, 10, 20, 20, 20, 10, 0, 0, 0, 0, 0),
        fits=70,
        rests=90,
    )
    UNKNOWN = Prior(
        "the word was a new one, or a slip",
        (100, 98, 86, 67, 50, 36, 24, 11, 5, 3, 2, 1, 1, 1, 1, 1, 1),
        (0, 0, 0, 2, 5, 10, 20, 30, 50, 50, 50, 30, 10, 0, 0, 0, 0),
        fits=35,
        rests=90,
    )
    LEFT = Prior(
        "the last key looked like a slip",
        (100, 99, 97, 88, 80, 66, 49, 32, 17, 5, 2, 1, 1, 1, 1, 1, 1),
        (0, 0, 5, 17, 42, 67, 88, 95, 90, 90, 80, 50, 10, 0, 0, 0, 0),
        fits=25,
        rests=50,
    )
    STRAYED = Prior(
        "the model's last text had just gone wrong in this word",
        (100, 97, 84, 62, 45, 32, 20, 9, 4, 3, 2, 1, 1, 1, 1, 1, 1),
        (0, 0, 1, 2, 10, 22, 33, 48, 50, 60, 70, 30, 10, 0, 0, 0, 0),
        fits=65,
        rests=90,
    )
    DELETED = Prior(
        "more was about to be deleted",
        (100, 97, 77, 50, 33, 22, 17, 10, 9, 9, 8, 6, 4, 3, 2, 1, 1),
        (50, 50, 45, 35, 35, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        fits=40,
        rests=90,
    )
    ACCEPTED = Prior(
        "a suggestion had just been accepted",
        (100, 100, 100, 100, 99, 98, 97, 96, 95, 92, 84, 66, 58, 57, 30, 10, 1),
        _NEVER,
        fits=40,
        rests=50,
    )


class Hand:
    """What the hand did last in one document. `last_edit_s` is when. `spot` is where the cursor is, once computed."""

    __slots__ = ("_accepted", "_strayed_at", "_strays", "deleting", "last_edit_s", "spot")

    def __init__(self) -> None:
        self.last_edit_s = float("-inf")
        self.deleting = False
        self.spot: Spot | None = None
        self._accepted = False
        self._strayed_at: Position | None = None
        self._strays = 0

    def did(self, edit: Edit) -> None:
        """Note an edit."""
        self.deleting = not edit.inserted
        self._accepted = len(edit.inserted.strip()) > _KEY_CHARS

    def rest(self, now_s: float) -> None:
        """All edits of one change are done. From now on, wait for the next key."""
        self.last_edit_s = now_s
        self.spot = None

    def strayed(self, position: Position) -> None:
        """The text typed up to `position` differs from a text of the model."""
        self._strays = min(_MOST_STRAYS, self.strays(position) + 1)
        self._strayed_at = position

    def strays(self, position: Position) -> int:
        """How many of the model's texts have gone wrong on this line, at most three."""
        at = self._strayed_at
        return self._strays if at is not None and at.line == position.line else 0

    def at(self, view: View) -> Spot:
        """The spot of the cursor. Computed once per key."""
        if self.spot is None:
            self.spot = self._at(view)
        return self.spot

    def _at(self, view: View) -> Spot:
        if self.deleting:
            return Spot.DELETED
        line = view.line_prefix
        if not line.strip():
            return Spot.BLANK
        if self._accepted:
            return Spot.ACCEPTED
        match = _WORD.search(view.word)
        if match is None:
            return Spot.BETWEEN if line[-1] in _LEADING else Spot.END
        word = match[0]
        has_strayed = 0 <= self._since_strayed(view.position) < min(_STRAYED_CHARS, len(word))
        near = "\n".join((*view.lines_before(_NEAR_LINES), *view.lines_after(_NEAR_LINES)))
        if word in near:
            return Spot.STRAYED if has_strayed else Spot.BEGUN if len(word) <= _BEGUN_CHARS else Spot.KNOWN
        # The last key was probably a typing error, which the user will usually delete.
        is_slip = has_strayed or (len(word) > _BEGUN_CHARS and word[:-1] in near)
        return Spot.LEFT if is_slip else Spot.UNKNOWN

    def _since_strayed(self, position: Position) -> int:
        """How many characters after the key at which a text went wrong; negative elsewhere."""
        at = self._strayed_at
        return position.column - at.column if at is not None and at.line == position.line else -1
