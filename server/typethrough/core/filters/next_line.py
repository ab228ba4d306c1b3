"""Tail filter: a completion that only says again what stands on the next lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typethrough.core.document.indentation import indent_of
from typethrough.core.document.scan import opens_block
from typethrough.core.filters.draft import Refused, significant
from typethrough.core.outcome.causes import Cause

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_LINES_BELOW = 30
_MIN_SIGNIFICANT = 5
_MIN_TYPED_TOO = 8


def next_line(text: str, view: View) -> str | Refused:
    """Refuse when every line of the text, the first one whole, is the next line of the document in the same order."""
    if view.line_suffix.strip():
        return text
    whole = view.line_prefix + text if not text.startswith("\n") else text
    said = [line for line in whole.split("\n") if line.strip()]
    below = [line for line in view.lines_after(_LINES_BELOW) if line.strip()][: len(said)]
    if not said or [line.strip() for line in said] != [line.strip() for line in below]:
        return text
    typed = view.line_prefix.strip() and not text.startswith("\n")
    if significant(text) < _MIN_SIGNIFICANT or (typed and significant(whole) < _MIN_TYPED_TOO):
        return text
    same_depth = indent_of(said[0]) == indent_of(below[0])
    above = view.line_prefix if view.line_prefix.strip() else view.previous_line()
    # Under an opener the same line may stand once more, deeper: `if not found:` and an early return.
    if not same_depth and (typed or opens_block(above, view.language_id)):
        return text
    return Refused(Cause.NEXT_LINE)
