"""An answer on its way to the screen: as it grows from step to step, and refused; and what counts as significant in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typethrough.core.outcome.causes import Cause


class Draft(NamedTuple):
    """A raw answer so far. When `done`, nothing more will come; a step may set it to end the answer early.

    A step maps a draft to a draft so that a longer input never takes back output: it withholds what is undecided.
    """

    text: str
    done: bool


class Refused(NamedTuple):
    """A text that may not be shown, and why; the cause is named after the filter that said so."""

    cause: Cause


NOTHING_YET = Draft("", done=False)


def significant(text: str) -> int:
    """How many letters and digits a text has."""
    return sum(map(str.isalnum, text))
