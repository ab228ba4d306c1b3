"""How suggestions come in texts of different kinds: the longest wait for a pause, and where none is wanted.

In code a new word is long in the typing and rarely guessed before its end. In prose nearly all words are new, and who stops is
looking for the next one. A commit message is a few lines in all, and half of its file is git's own.
Values in configuration and data are short, and their rows are alike.
"""

from __future__ import annotations

import re
from enum import Enum
from math import inf
from typing import TYPE_CHECKING, Final

from typethrough.core.document.scan import family_of

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_MESSAGES: Final = frozenset(("git-commit", "gitcommit", "scminput"))
# The end of a sentence, which is none behind a number (`1.`), an initial or a shortened word (`e.g.`).
_SENTENCE_END: Final = re.compile(r"(?:\w{3,}|[)\]\"'`*_”»])[.!?…。！？][)\"'”»*_`]?$")

_NEAR_CHARS: Final = 40


class Kind(Enum):
    """What a text is."""

    CODE = "code"
    PROSE = "prose"
    MESSAGE = "a commit message"
    DATA = "configuration or data"


# The most milliseconds to wait for a pause, below the setting's.
_LONGEST_WAIT_MS: Final = {Kind.PROSE: 350.0, Kind.MESSAGE: 250.0, Kind.DATA: 300.0}


def kind_of(language_id: str) -> Kind:
    """What texts of a language are."""
    if language_id in _MESSAGES:
        return Kind.MESSAGE
    family = family_of(language_id)
    return Kind.PROSE if family == "text" else Kind.DATA if family == "data" else Kind.CODE


def longest_wait_ms(view: View) -> float:
    """The most milliseconds to wait for a pause at a place; infinite where only the setting bounds it."""
    kind = kind_of(view.language_id)
    if kind is Kind.PROSE and _SENTENCE_END.search(view.line_prefix[-_NEAR_CHARS:]):
        # Something is finished: what comes next is anybody's guess.
        return inf
    return _LONGEST_WAIT_MS.get(kind, inf)


def is_not_ours(view: View) -> bool:
    """Whether a line is not the user's to write: git's own in a commit message."""
    return kind_of(view.language_id) is Kind.MESSAGE and view.line_prefix.startswith("#")
