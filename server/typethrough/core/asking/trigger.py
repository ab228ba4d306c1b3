"""Whether a request deserves an answer at all: the cheap refusals, before any source is asked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from typethrough.core.outcome.causes import Cause

if TYPE_CHECKING:
    from typethrough.core.document.view import View

# The rest of the line may be what editors and people close by themselves; in the middle of other text a suggestion
# mostly repeats it (the mid-line rule of every peer).
_CLOSING = re.compile(r"[)>}\]\"'`]*\s*[:{;,]?")

_WORD_CHAR = re.compile(r"\w")

# Minified and generated files: nothing useful comes of them, and their lines are the size of prompts.
_MAX_LINE_CHARS = 2_000
_MAX_FILE_CHARS = 20_000_000


def decide(view: View, *, invoked: bool) -> Cause | None:
    """Why nothing is suggested at a place, or None. A request by hand is refused only where no answer can be useful."""
    if view.file_chars > _MAX_FILE_CHARS:
        return Cause.FILE_TOO_LARGE
    if view.line_chars > _MAX_LINE_CHARS:
        return Cause.LINE_TOO_LONG
    if invoked:
        return None
    if _inside_word(view):
        return Cause.INSIDE_WORD
    if not _CLOSING.fullmatch(view.line_suffix.strip()):
        return Cause.INSIDE_LINE
    if not view.line_prefix.strip() and not view.previous_line() and not view.next_line():
        return Cause.EMPTY_FILE
    return None


def _inside_word(view: View) -> bool:
    return bool(_WORD_CHAR.match(view.line_prefix[-1:]) and _WORD_CHAR.match(view.line_suffix[:1]))
