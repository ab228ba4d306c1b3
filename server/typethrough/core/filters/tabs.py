"""Head filter: leading white space is written with the file's own unit, tabs or spaces, level for level."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from typethrough.core.document.indentation import indent_of
from typethrough.core.document.scan import opens_block
from typethrough.core.filters.draft import Draft

if TYPE_CHECKING:
    from typethrough.core.document.view import View

Change = Callable[[re.Match[str]], str]
_TAB_ONLY: Final = frozenset(("makefile", "make", "go"))
_TABBED: Final = re.compile(r"^[ ]*\t[ \t]*", re.MULTILINE)
_SPACED: Final = re.compile(r"^ {2,}(?=[^\s*])", re.MULTILINE)
_LINES_ABOVE: Final = 40
_STEPS: Final = (2, 3, 4, 8)


def tabs(draft: Draft, view: View) -> Draft:
    """Convert leading white space to the file's unit; the white space of a line that has nothing else yet waits."""
    text, done = draft
    if not done:
        text = text[: len(text.rstrip(" \t"))] if _ends_in_leading_space(text, view) else text
    if view.unit == "\t":
        return Draft(_to_tabs(text, view), done)
    if "\t" not in text or view.language_id in _TAB_ONLY:
        return Draft(text, done)
    return Draft(_rewritten(text, _TABBED, lambda found: found[0].replace("\t", view.unit), view), done)


def _ends_in_leading_space(text: str, view: View) -> bool:
    last = text[text.rfind("\n") + 1 :]
    return last.isspace() and (len(last) < len(text) or not view.line_prefix.strip())


def _to_tabs(text: str, view: View) -> str:
    starts_line = not view.line_prefix.strip()
    first = _SPACED.search(text, 0 if starts_line else len(text.partition("\n")[0]))
    if first is None:
        return text
    if any(line.startswith("  ") and line.strip() for line in view.lines_before(_LINES_ABOVE)):
        # The file itself mixes both; its author's choice is not ours to make.
        return text
    step = _step(len(first[0]), text[: first.start()], view)
    if step == 0:
        return text
    return _rewritten(
        text, _SPACED, lambda found: "\t" * (len(found[0]) // step) + " " * (len(found[0]) % step), view
    )


def _step(width: int, before: str, view: View) -> int:
    """How many spaces make one level, from the first spaced line and the level it should have; 0 when unclear."""
    above = (view.line_prefix + before).rstrip().split("\n")[-1]
    if not above.strip():
        above = view.previous_line()
    level = len(indent_of(above)) + opens_block(above, view.language_id)
    if level and width % level == 0 and width // level in _STEPS:
        return width // level
    return next((step for step in (4, 2) if width % step == 0), 0)


def _rewritten(text: str, pattern: re.Pattern[str], change: Change, view: View) -> str:
    """Apply the change to every line that starts a line of the document: not to the first when code stands before it."""
    if not view.line_prefix.strip():
        return pattern.sub(change, text)
    first, broken, rest = text.partition("\n")
    return first + broken + pattern.sub(change, rest)
