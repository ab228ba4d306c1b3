"""Texts that contain a cursor, marked by `$0`. Knows documents and views, but not requests or editors."""

from __future__ import annotations

from typethrough.core.document.document import Position, content_length, snapshot_of, split_lines
from typethrough.core.document.view import View

CURSOR = "$0"


def parse(marked: str) -> tuple[str, Position]:
    """The text without `$0`, and the position of `$0`. Raises ValueError unless there is exactly one, not inside a line end."""
    before, found, after = marked.partition(CURSOR)
    if not found or CURSOR in after:
        raise ValueError(f"a text with one {CURSOR} is wanted, not {marked.count(CURSOR)}")
    if before.endswith("\r") and after.startswith("\n"):
        raise ValueError(f"{CURSOR} stands inside a line end, where no cursor can be")
    lines = split_lines(before)
    if not lines or content_length(lines[-1]) < len(lines[-1]):
        return before + after, Position(len(lines), 0)
    return before + after, Position(len(lines) - 1, len(lines[-1]))


def view_at(
    marked: str,
    *,
    language_id: str = "python",
    uri: str = "file:///project/main.py",
    version: int = 1,
    deleted: tuple[str, ...] = (),
) -> View:
    """The view at the position of `$0`. Raises ValueError as `parse` does."""
    text, position = parse(marked)
    return View.at(
        snapshot_of(text), position, uri=uri, language_id=language_id, version=version, deleted=deleted
    )
