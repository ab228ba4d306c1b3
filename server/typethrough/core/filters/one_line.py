"""Tail filter: between two pieces of a line only a piece of a line fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typethrough.core.document.view import View


def one_line(text: str, view: View) -> str:
    """The text up to its first line end when there is code after the cursor."""
    return text.partition("\n")[0] if view.line_suffix.strip() else text
