"""The window: the lines round the cursor as they are now, with the cursor marked, last in the prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from typethrough.core.prompt.message import Message
from typethrough.core.prompt.rules import CURSOR

if TYPE_CHECKING:
    from typethrough.core.context import Context

_ABOVE_LINES = 24
_BELOW_LINES = 16
# The window's first line moves in steps, so that one keystroke, or one new line, leaves its beginning as it was.
_STEP_LINES = 16
_MAX_LINE_CHARS = 400


class Window(NamedTuple):
    """The rendered window and the lines of the document that it shows (`last` exclusive)."""

    message: Message
    first: int
    last: int


def bounds(line: int, line_count: int) -> tuple[int, int]:
    """First and last line (exclusive) of the window for a cursor line."""
    first = max(0, (line - _ABOVE_LINES) // _STEP_LINES * _STEP_LINES)
    return first, min(line_count, line + 1 + _BELOW_LINES)


def render(context: Context, header: str) -> Window:
    """The window of a context. A cursor mark that the text itself contains is broken up, so that there is only one."""
    line = context.position.line
    first, last = bounds(line, context.snapshot.line_count)
    above = [_plain(text) for text in context.snapshot.lines(first, line)]
    below = [_plain(text) for text in context.snapshot.lines(line + 1, last)]
    here = f"{_unmarked(context.line_prefix)}{CURSOR}{_unmarked(context.line_suffix)}"
    body = "\n".join([f"<now {header}>", *above, here, *below, "</now>"])
    return Window(Message("user", body), first, last)


def _plain(line: str) -> str:
    return _unmarked(line if len(line) <= _MAX_LINE_CHARS else line[:_MAX_LINE_CHARS] + "…")


def _unmarked(text: str) -> str:
    return text.replace(CURSOR, "<CURSOR >") if CURSOR in text else text
