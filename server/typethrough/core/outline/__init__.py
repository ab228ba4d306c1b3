"""The outline of a file: what it defines, as signatures and first lines of documentation, without bodies.

It uses tree-sitter if there is a grammar (`grammar`), else the indentation (`indentation`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from typethrough.core.outline import grammar, indentation

if TYPE_CHECKING:
    from collections.abc import Callable

    from typethrough.core.outline.definition import Definition

# A longer file is data or generated code. Parsing it costs more than its outline is worth.
_PARSED_CHARS = 200_000


def _never() -> bool:
    return False


def definitions(text: str, language_id: str, is_late: Callable[[], bool] = _never) -> list[Definition]:
    """What a text defines, in the order of its lines. In broken code, whatever can be recognised.

    The parser calls `is_late` every few dozen microseconds. Once it returns True, parsing stops and the indentation is used.
    """
    if len(text) <= _PARSED_CHARS:
        found = grammar.definitions(text, language_id, is_late)
        if found is not None:
            return found
    return indentation.definitions(text, language_id)
