"""An answer on its way to the screen, as a draft or refused, and which of its characters count as significant."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typethrough.core.outcome.causes import Cause


class Draft(NamedTuple):
    """A raw answer so far. With `done`, no more will come; a step may set it to end the answer early.

    Each step maps a draft to a draft. A longer input must never remove output, so a step holds back what is undecided.
    """

    text: str
    done: bool


class Refused(NamedTuple):
    """A text that may not be shown. The cause is named after the filter that refused it."""

    cause: Cause


NOTHING_YET = Draft("", done=False)


def significant(text: str) -> int:
    """The number of letters and digits in a text."""
    return sum(map(str.isalnum, text))
