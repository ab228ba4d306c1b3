"""Head filter: the sentence before the answer ("Here is the completed code:")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typethrough.core.filters.draft import NOTHING_YET, Draft
from typethrough.core.filters.prose import is_opening, is_prose_place, may_begin, opening_starts

if TYPE_CHECKING:
    from typethrough.core.document.view import View


def opening_prose(draft: Draft, view: View) -> Draft:
    """Drop whole opening sentences; a first line that may become one waits for its end."""
    text, done = draft
    start = text.lstrip()
    if not start or not start[0].isupper():
        return draft
    if not may_begin(start.partition("\n")[0], opening_starts(weak=True)):
        return draft
    weak = not is_prose_place(view)
    dropped = False
    while True:
        line, ended, rest = start.partition("\n")
        if not ended and not done:
            if line and may_begin(line, opening_starts(weak=weak)):
                return NOTHING_YET
            break
        if not line or not is_opening(line, weak=weak):
            break
        dropped = True
        text = _after_blank_lines(rest, view)
        start = text.lstrip("\n")
    if dropped and not text.strip() and not done:
        return NOTHING_YET
    return Draft(text, done)


def _after_blank_lines(rest: str, view: View) -> str:
    """The blank line under a sentence is the assistant's, unless an indented line shows that the answer began with it."""
    code = rest.lstrip("\n")
    if len(code) < len(rest) and view.line_prefix.strip() and code.startswith(("  ", "\t")):
        return "\n" + code
    return code
