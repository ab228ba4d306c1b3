"""Tail filter: between two pieces of a line only a piece of a line fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typethrough.core.document.context import Context


def one_line(text: str, context: Context) -> str:
    """The text up to its first line end when there is code after the cursor."""
    return text.partition("\n")[0] if context.line_suffix.strip() else text
