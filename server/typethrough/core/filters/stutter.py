"""Tail filter: a text that says only what stands right before or right after the cursor."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.filters.draft import Refused, significant
from typethrough.core.outcome.causes import Cause

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_LAST_WORD: Final = re.compile(r"[^\W\d]\w{2,}\Z")
_MIN_REST: Final = 3


def stutter(text: str, view: View) -> str | Refused:
    """Refuse the rest of the line once more, and the word that ends at the cursor once more."""
    said = text.strip()
    rest = view.line_suffix.strip()
    if said == rest and significant(said) >= _MIN_REST:
        return Refused(Cause.STUTTER)
    word = _LAST_WORD.search(view.word)
    if word is not None and said == word[0] and "\n" not in text.rstrip():
        return Refused(Cause.STUTTER)
    return text
