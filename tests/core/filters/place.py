"""A cursor written as `$0` in a text, made into a context."""

from __future__ import annotations

from typethrough.core.document.context import Context
from typethrough.core.document.document import Position, snapshot_of


def place(marked: str, language: str = "python", deleted: tuple[str, ...] = (), uri: str = "") -> Context:
    before, _, after = marked.partition("$0")
    line = before.count("\n")
    column = len(before) - (before.rfind("\n") + 1)
    return Context.at(
        snapshot_of(before + after), Position(line, column), language_id=language, deleted=deleted, uri=uri
    )
