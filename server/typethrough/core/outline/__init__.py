"""The outline of a file: what it defines, as signatures and first lines of documentation, without bodies.

By tree-sitter where there is a grammar (`grammar`), else by indentation (`indentation`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from typethrough.core.outline import grammar, indentation

if TYPE_CHECKING:
    from collections.abc import Callable

    from typethrough.core.outline.definition import Definition

# Above this a file is data or generated, and its parse costs more than its outline is worth.
_PARSED_CHARS = 200_000


def _never() -> bool:
    return False


def definitions(text: str, language_id: str, is_late: Callable[[], bool] = _never) -> list[Definition]:
    """What a file's text defines, in the order of its lines. Broken code gives what can be seen of it.

    A parse asks `is_late` every few dozen microseconds, and is given up for the indentation once it is.
    """
    if len(text) <= _PARSED_CHARS:
        found = grammar.definitions(text, language_id, is_late)
        if found is not None:
            return found
    return indentation.definitions(text, language_id)
