"""Strings written in pieces on one line: `"abc" "def"`, `'abc' + 'def'`.

The pieces are checked as one text, so a secret that is split is found in each piece.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from typethrough.core.secrets.detector import JOINT


class Pieces:
    """A line without what joins its pieces. It maps places in this text back to places in the line."""

    __slots__ = ("_cuts", "_lengths", "text")

    def __init__(self, line: str) -> None:
        joints = [match.span() for match in JOINT.finditer(line)]
        kept = zip(
            (0, *(end for _, end in joints)), (*(start for start, _ in joints), len(line)), strict=True
        )
        parts = [line[start:end] for start, end in kept]
        self.text = "".join(parts)
        # Where each part after the first begins, and how many characters are removed before each part.
        self._cuts = list(accumulate(map(len, parts)))[:-1]
        self._lengths = [0, *accumulate(end - start for start, end in joints)]

    def spans(self, start: int, end: int) -> list[tuple[int, int]]:
        """The parts of the line that correspond to the characters `start` to `end` of the text."""
        first, last = bisect_right(self._cuts, start), bisect_right(self._cuts, end - 1)
        borders = [start, *self._cuts[first:last], end]
        return [
            (borders[at] + self._lengths[first + at], borders[at + 1] + self._lengths[first + at])
            for at in range(len(borders) - 1)
        ]
