"""An answer as it grows: the shape in which it goes from step to step."""

from __future__ import annotations

from typing import NamedTuple


class Draft(NamedTuple):
    """A raw answer so far. When `done`, nothing more will come; a step may set it to end the answer early.

    A step maps a draft to a draft so that a longer input never takes back output: it withholds what is undecided.
    """

    text: str
    done: bool


NOTHING_YET = Draft("", done=False)
