"""The indentation of a line, and one step of indentation in a file."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from typethrough.core.remembered import remembered

if TYPE_CHECKING:
    from typethrough.core.document.document import Snapshot

_NEAR_LINES: Final = 60
# A deeper indentation says nothing about the step.
_DEEPEST: Final = 120
_WIDEST_STEP: Final = 8


def indent_of(line: str) -> str:
    """The spaces and tabs at the start of a line. Other white space, such as a form feed, is content."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def indentation_unit(snapshot: Snapshot, line: int, reach: int = _NEAR_LINES) -> str:
    """One step of indentation near a line: a tab, or the most frequent step in spaces. Empty when there is none.

    Only steps to the right count, up to eight spaces, because a step to the left may end several blocks. A line aligned with
    an open bracket above does not count. When two steps are equally frequent, the smaller one is taken. When the line itself
    begins with a tab, the answer is a tab, because a file must not mix both within a block.
    """
    # Of the line being typed only the indentation counts, so that the cached answer holds for the next key.
    here = snapshot.part(line, 0, _DEEPEST) if line < snapshot.line_count else ""
    if here.startswith("\t"):
        return "\t"
    shown = indent_of(here) + "." if here else ""
    above = snapshot.lines(line - reach, line, _DEEPEST)
    below = snapshot.lines(line + 1, line + reach, _DEEPEST)
    return _unit_of(tuple(above), shown, tuple(below))


@remembered(8)
def _unit_of(above: tuple[str, ...], here: str, below: tuple[str, ...]) -> str:
    steps: Counter[str] = Counter()
    tabs = spaces = 0
    before = ""
    for text in (*above, here, *below):
        if not text or text.isspace() or text.lstrip()[:1] == "*":
            # In a block comment, the star of each line stands one character further right.
            continue
        indent = indent_of(text)
        depth = indent_of(before)
        if len(indent) > len(depth) and indent.startswith(depth) and not _is_aligned(indent, before):
            step = indent[len(depth) :]
            if step[0] == "\t":
                steps["\t"] += 1
            elif before and 1 < len(step) <= _WIDEST_STEP:
                steps[step] += 1
        tabs += indent.startswith("\t")
        spaces += indent.startswith(" ")
        before = text
    by_tabs = steps.pop("\t", 0)
    if (by_tabs, tabs) > (sum(steps.values()), spaces):
        return "\t"
    return max(steps, key=lambda step: (steps[step], -len(step)), default="")


def _is_aligned(indent: str, above: str) -> bool:
    """Whether a line continues an open bracket of the line above: aligned behind the bracket, or further right."""
    width = len(indent)
    if 0 < width < len(above) and above[width - 1] in "([{" and not above[width:].isspace():
        return True
    is_open = above.count("(") > above.count(")") or above.count("[") > above.count("]")
    return is_open and not above.rstrip().endswith(("(", "[", "{"))
