"""The two shapes filters speak in, and what they count as significant. Knows no filter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from typethrough.core.document.scan import CODE, State, family_of, scan

if TYPE_CHECKING:
    from typethrough.core.document.context import Context


class Draft(NamedTuple):
    """A raw answer so far. When `done`, nothing more will come; a head filter may set it to end the answer early.

    A head filter maps a draft to a draft so that a longer input never takes back output: it withholds what is undecided.
    """

    text: str
    done: bool


class Refused(NamedTuple):
    """A text that may not be shown, and the name of the filter that said so."""

    name: str


NOTHING_YET = Draft("", done=False)
_LINES_ABOVE = 120
_WITH_TAGS = frozenset(("javascriptreact", "typescriptreact", "jsx", "tsx", "astro", "mdx"))
_DEFINITION = re.compile(
    r"\s*(?:(?:async )?def \w+\(|class \w+[(:]|@\w)|(?:import [\w., ]+|from [\w.]+ import .*)$|# %%"
)


def significant(text: str) -> int:
    """How many letters and digits a text has."""
    return sum(map(str.isalnum, text))


def nearby(context: Context, reach: int = 30) -> str:
    """The document's lines round the cursor, as one text."""
    line = context.position.line
    return "\n".join(context.snapshot.lines(line - reach, line + reach + 1))


def is_made_of_tags(language_id: str) -> bool:
    """Whether tags are ordinary content of the language: markup, and code with markup in it."""
    return family_of(language_id) == "markup" or language_id in _WITH_TAGS


def state_above(context: Context) -> State:
    """What is open where the cursor's line begins, seen from up to 120 lines above."""
    lines = context.lines_before(_LINES_ABOVE)
    if family_of(context.language_id) == "python":
        # A window that begins inside a docstring would turn strings and code round; a definition or a cell is a safe start.
        lines = lines[_safe_start(lines) :]
    return scan("".join(line + "\n" for line in lines), context.language_id, CODE)


def _safe_start(lines: list[str]) -> int:
    for index in range(len(lines) - 1, -1, -1):
        if _DEFINITION.match(lines[index]):
            return index
    quoted = next((index for index, line in enumerate(lines) if '"""' in line), None)
    if quoted is None:
        return 0
    # With no definition in sight the shape of the first delimiter tells: one that ends its line closes what began above.
    line = lines[quoted].strip()
    ends = (
        line.count('"""') == 1
        and line.endswith('"""')
        and not line.startswith(('r"""', "@"))
        and "=" not in line
    )
    return quoted + 1 if ends else 0


def state_at_cursor(context: Context) -> State:
    """What is open at the cursor, seen from up to 120 lines above."""
    return scan(context.line_prefix, context.language_id, state_above(context))
