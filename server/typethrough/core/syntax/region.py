"""The lines around the cursor that are parsed, cut out of the document so that the cuts cause no errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.document.view import CURSOR_LINE_CHARS, LINE_CHARS, REACH_LINES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typethrough.core.document.view import View

# A larger region takes too long.
_MOST_CHARS: Final = 24_000
# In Python, text at the margin may belong to a docstring. These words begin a line of code.
_PYTHON_START: Final = re.compile(r"(?:(?:async )?def|class|import|from) |@\w|if __name__")
# A region of Python may end before one of these, at any depth.
_PYTHON_END: Final = re.compile(r"[ \t]*(?:(?:(?:async )?def|class) |@\w)")
_START: Final = re.compile(r"[A-Za-z_@#]")
# The nearest lines are read again with each key, so more lines are read only when needed.
_LINES: Final = (40, 160, REACH_LINES)


class Region(NamedTuple):
    """The lines above the cursor's, with line ends; the cursor's line before and after the cursor; and the lines below.

    `first_line` is the number of the region's first line in the document.
    """

    first_line: int
    above: str
    prefix: str
    suffix: str
    below: str


def region_of(view: View) -> Region | None:
    """The region: the outermost statement around the cursor. None if its start or its end is not in sight, or it is too long."""
    above, below = _above(view), _below(view)
    if above is None or below is None:
        return None
    if next((line for line in (*above, view.line_prefix) if line.strip()), "")[:1].isspace():
        # This is only a part of a file. What it closes may have been opened outside it.
        return None
    longest = max(map(len, (*above, *below)), default=0)
    size = sum(map(len, above)) + sum(map(len, below))
    if longest >= LINE_CHARS or size > _MOST_CHARS or view.line_chars > CURSOR_LINE_CHARS:
        return None
    before = "".join([line + "\n" for line in above])
    after = "".join(["\n" + line for line in below])
    return Region(view.position.line - len(above), before, view.line_prefix, view.line_suffix, after)


def _above(view: View) -> Sequence[str] | None:
    line = view.position.line
    for count in _LINES:
        lines = view.lines_before(count)
        for index in range(len(lines) - 1, -1, -1):
            if _is_start(lines, index, view.language_id):
                return lines[index:]
        if len(lines) >= line:
            return lines
    return None


def _below(view: View) -> Sequence[str] | None:
    left = view.snapshot.line_count - view.position.line - 1
    for count in _LINES:
        lines = view.lines_after(count)
        for index in range(1, len(lines)):
            if _is_start(lines, index, view.language_id) or (
                view.language_id == "python" and _PYTHON_END.match(lines[index])
            ):
                return lines[:index]
        if len(lines) >= left:
            return lines
    return None


def _is_start(lines: Sequence[str], index: int, language_id: str) -> bool:
    """Whether a statement of the outermost level begins on this line."""
    line = lines[index]
    if language_id == "python":
        return _PYTHON_START.match(line) is not None
    above = lines[index - 1].strip() if index else "?"
    return (not above or above.endswith("*/")) and _START.match(line) is not None
