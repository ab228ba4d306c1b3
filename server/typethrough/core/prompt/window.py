"""The window: the lines around the cursor as they are now, with the cursor marked. It is the last part of the prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from typethrough.core.prompt.message import Message
from typethrough.core.prompt.rules import CURSOR, READ_CHARS, plain, plain_line

if TYPE_CHECKING:
    from typethrough.core.secrets.veil import VeiledView

_ABOVE_LINES = 16
_BELOW_LINES = 8
# The window's first line moves in steps, so that a keystroke or a new line does not change how the window begins.
_STEP_LINES = 16
# The cursor's own line may be longer than others. The part nearest to the cursor is kept.
_BEFORE_CHARS = 1_600
_AFTER_CHARS = 400


class Window(NamedTuple):
    """The rendered window. It shows the document's lines from `first` up to `last` (not included).

    `above` and `below` are their texts, without the cursor's line.
    """

    message: Message
    first: int
    last: int
    above: list[str]
    below: list[str]


def bounds(line: int, line_count: int) -> tuple[int, int]:
    """The first line and the last line (not included) of the window around the cursor's line."""
    first = max(0, (line - _ABOVE_LINES) // _STEP_LINES * _STEP_LINES)
    return first, min(line_count, line + 1 + _BELOW_LINES)


def render(view: VeiledView, header: str) -> Window:
    """Render the window of a view. If the text contains the cursor mark itself, that one is broken up, so there is only one."""
    line = view.position.line
    first, last = bounds(line, view.snapshot.line_count)
    above = [plain_line(text) for text in view.snapshot.lines(first, line, READ_CHARS)]
    below = [plain_line(text) for text in view.snapshot.lines(line + 1, last, READ_CHARS)]
    here = f"{plain(_end_of(view.line_prefix))}{CURSOR}{plain(_start_of(view.line_suffix))}"
    body = "\n".join([f"<now {header}>", *above, here, *below, "</now>"])
    return Window(Message("user", body), first, last, above, below)


def _end_of(prefix: str) -> str:
    return prefix if len(prefix) <= _BEFORE_CHARS else "…" + prefix[-_BEFORE_CHARS:]


def _start_of(suffix: str) -> str:
    return suffix if len(suffix) <= _AFTER_CHARS else suffix[:_AFTER_CHARS] + "…"
