"""Head filter: ends an answer before the heading of another notebook cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typethrough.core.document.cells import SIGNS, heading_in
from typethrough.core.dressing.draft import Draft

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_HEADINGS = tuple(f"{sign} %%" for sign in SIGNS)


def next_cell(draft: Draft, view: View) -> Draft:
    """Cut the text before a line that begins another cell, because a suggestion belongs to one cell."""
    text, done = draft
    if "%%" not in text and done:
        return draft
    # The text's first line continues the cursor's line, so it begins a line only when nothing stands before the cursor.
    start = 0 if not view.line_prefix else text.find("\n") + 1
    if view.line_prefix and not start:
        return draft
    if (heading := heading_in(text, start)) >= 0:
        return Draft(text[:heading], done=True)
    last = max(start, text.rfind("\n") + 1)
    undecided = text[last:]
    if not done and undecided and any(one.startswith(undecided) for one in _HEADINGS):
        return Draft(text[:last], done=False)
    return draft
