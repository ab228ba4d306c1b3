"""Head filter: the explanation after the answer ("This completes the function.")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.document.indentation import indent_of
from typethrough.core.document.scan import scan
from typethrough.core.filters.draft import Draft
from typethrough.core.filters.prose import are_prose, closing_starts, is_closing, may_begin

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_SENTENCE_START: Final = re.compile(r"\n(?=[A-Z*])")


def closing_prose(draft: Draft, view: View) -> Draft:
    """The text ends before the first line that talks about it; a last line that may become one waits."""
    text, done = draft
    if "\n" not in text:
        return draft
    # A sentence at the margin under indented lines is talk, whether code or a docstring stands above it.
    indented = 0 < len(view.indent) <= len(indent_of(view.next_line()))
    state, read = None, 0
    for found in _SENTENCE_START.finditer(text):
        line, ended, _ = text[found.end() :].partition("\n")
        if not may_begin(line, closing_starts(weak=True)):
            continue
        state = scan(text[read : found.end()], view.language_id, state or view.state)
        read = found.end()
        # Not inside a string or comment of the answer's own.
        weak = not are_prose(view) and (indented or not state.inside)
        if ended or done:
            if is_closing(line, weak=weak):
                return Draft(text[: found.end()], done=True)
        elif may_begin(line, closing_starts(weak=weak)):
            return Draft(text[: found.end()], done=False)
    return draft
