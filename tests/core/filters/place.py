"""A cursor written as `$0` in a text, made into a context."""

from __future__ import annotations

from typethrough.core.document.document import Position, snapshot_of
from typethrough.core.document.view import View


def place(marked: str, language: str = "python", deleted: tuple[str, ...] = (), uri: str = "") -> View:
    before, _, after = marked.partition("$0")
    line = before.count("\n")
    column = len(before) - (before.rfind("\n") + 1)
    return View.at(
        snapshot_of(before + after), Position(line, column), language_id=language, deleted=deleted, uri=uri
    )
