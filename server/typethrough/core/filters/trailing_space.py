"""Tail filter: white space at the end of the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typethrough.core.document.view import View


def trailing_space(text: str, view: View) -> str:
    """The text without the white space that would end a line, or that would double the one after the cursor."""
    if not view.line_suffix.strip() or view.line_suffix[0].isspace():
        return text.rstrip()
    return text
