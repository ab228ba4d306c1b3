"""The outline of a file: what it defines, as signatures and first lines of documentation, without bodies.

By tree-sitter where there is a grammar (`grammar`), else by indentation (`indentation`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from typethrough.core.outline import grammar, indentation

if TYPE_CHECKING:
    from typethrough.core.outline.definition import Definition

# Above this a parse would hold up the interpreter for longer than a frame.
_PARSED_CHARS = 200_000


def definitions(text: str, language_id: str) -> list[Definition]:
    """What a file's text defines, in the order of its lines. Broken code gives what can be seen of it."""
    if len(text) <= _PARSED_CHARS and (found := grammar.definitions(text, language_id)) is not None:
        return found
    return indentation.definitions(text, language_id)
