"""The indentation of a line, and the step that a file indents by."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typethrough.core.document.document import Snapshot

_NEAR_LINES: Final = 60
# What stands further in says nothing of a step.
_DEEPEST: Final = 120


def indent_of(line: str) -> str:
    """The spaces and tabs that begin a line; other white space, a form feed say, is content."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def indentation_unit(snapshot: Snapshot, line: int, reach: int = _NEAR_LINES) -> str:
    """One step of indentation near a line: a tab, or the commonest step inwards in spaces; empty when there is none.

    Only steps inwards count, since a way out may leave several blocks, and only those up to eight: what goes further in is
    aligned with something. Of steps as common as each other the smallest is taken.
    """
    # The line that is being typed counts by its indentation alone, so that the next key finds the answer.
    here = snapshot.part(line, 0, _DEEPEST) if line < snapshot.line_count else ""
    shown = indent_of(here) + "." if here.strip() else ""
    above = snapshot.lines(line - reach, line, _DEEPEST)
    below = snapshot.lines(line + 1, line + reach, _DEEPEST)
    return _unit_of(tuple(above), shown, tuple(below))


@lru_cache(maxsize=8)
def _unit_of(above: tuple[str, ...], here: str, below: tuple[str, ...]) -> str:
    steps: Counter[int] = Counter()
    tabs = spaces = 0
    depth: int | None = None
    for text in (*above, here, *below):
        if not text or text.isspace():
            continue
        indent = indent_of(text)
        tabs += indent.startswith("\t")
        spaces += indent.startswith(" ")
        if "\t" in indent:
            continue
        if depth is not None and 1 < len(indent) - depth <= 8:
            steps[len(indent) - depth] += 1
        depth = len(indent)
    if tabs > spaces:
        return "\t"
    return " " * max(steps, key=lambda step: (steps[step], -step), default=0)
