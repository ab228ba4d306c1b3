"""Tail filter: white space at the end of the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typethrough.core.document.context import Context


def trailing_space(text: str, context: Context) -> str:
    """The text without the white space that would end a line, or that would double the one after the cursor."""
    if not context.line_suffix.strip() or context.line_suffix[0].isspace():
        return text.rstrip()
    return text
