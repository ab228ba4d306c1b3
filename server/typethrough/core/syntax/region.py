"""The lines round the cursor that a parser is given: a piece of the document whose cuts do not look like errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.document.view import CURSOR_LINE_CHARS, LINE_CHARS, REACH_LINES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typethrough.core.document.view import View

# More is not worth its time.
_MOST_CHARS: Final = 24_000
# In Python, text at the margin may be a docstring's. With these words a line of code begins.
_PYTHON_START: Final = re.compile(r"(?:(?:async )?def|class|import|from) |@\w|if __name__")
# Before one of these a piece of Python may end, however deep it stands.
_PYTHON_END: Final = re.compile(r"[ \t]*(?:(?:(?:async )?def|class) |@\w)")
_START: Final = re.compile(r"[A-Za-z_@#]")
# A few lines are read again with each key; so no more are looked at than are needed.
_LINES: Final = (40, 160, REACH_LINES)


class Region(NamedTuple):
    """The lines above the cursor's with their ends, the cursor's line before and behind it, and what follows that line.

    `first_line` is the document's line with which the region begins.
    """

    first_line: int
    above: str
    prefix: str
    suffix: str
    below: str


def region_of(view: View) -> Region | None:
    """From the beginning of the outermost statement round the cursor to its end; None where neither is in sight."""
    above, below = _above(view), _below(view)
    if above is None or below is None:
        return None
    if next((line for line in (*above, view.line_prefix) if line.strip()), "")[:1].isspace():
        # Only a piece of a file: what it closes may have been opened outside it.
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
    """Whether a statement of the outermost level begins with this line."""
    line = lines[index]
    if language_id == "python":
        return _PYTHON_START.match(line) is not None
    above = lines[index - 1].strip() if index else "?"
    return (not above or above.endswith("*/")) and _START.match(line) is not None
