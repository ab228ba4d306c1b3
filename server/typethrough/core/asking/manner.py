"""How suggestions behave in different kinds of text: the longest wait for a pause, and lines without suggestions.

In code, a new word takes long to type and is rarely guessed before its end. In prose nearly all words are new, and a
pause means that the user looks for the next one. A commit message is only a few lines, and half of its file is written by
git. Values in configuration and data are short, and their lines are alike.
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
# The end of a sentence. A dot after a number (`1.`), an initial or an abbreviation (`e.g.`) is not one.
_SENTENCE_END: Final = re.compile(r"(?:\w{3,}|[)\]\"'`*_”»])[.!?…。！？][)\"'”»*_`]?$")

_NEAR_CHARS: Final = 40


class Kind(Enum):
    """The kinds of text."""

    CODE = "code"
    PROSE = "prose"
    MESSAGE = "a commit message"
    DATA = "configuration or data"


# The longest wait for a pause, in milliseconds. The setting may make it shorter.
_LONGEST_WAIT_MS: Final = {Kind.PROSE: 350.0, Kind.MESSAGE: 250.0, Kind.DATA: 300.0}


def kind_of(language_id: str) -> Kind:
    """The kind of text in a language."""
    if language_id in _MESSAGES:
        return Kind.MESSAGE
    family = family_of(language_id)
    return Kind.PROSE if family == "text" else Kind.DATA if family == "data" else Kind.CODE


def longest_wait_ms(view: View) -> float:
    """The longest wait for a pause at a place, in milliseconds. Infinite if only the setting limits it."""
    kind = kind_of(view.language_id)
    if kind is Kind.PROSE and _SENTENCE_END.search(view.line_prefix[-_NEAR_CHARS:]):
        # A sentence is finished, and nobody can guess what comes next.
        return inf
    return _LONGEST_WAIT_MS.get(kind, inf)


def is_not_ours(view: View) -> bool:
    """Whether git wrote the line, in a commit message."""
    return kind_of(view.language_id) is Kind.MESSAGE and view.line_prefix.startswith("#")
