"""Tail filter: a text that repeats itself, or the lines just above the cursor."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.dressing.draft import Refused, significant
from typethrough.core.outcome.causes import Cause

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_TOKEN: Final = re.compile(r"\w+|[^\w\s]")
_LINES_ABOVE: Final = 30
_MIN_LINE: Final = 3
_MIN_ABOVE: Final = 8
_MAX_LINE_PERIOD: Final = 3
_MAX_TOKEN_PERIOD: Final = 12
_TIMES: Final = 3
_TIMES_SHORT: Final = 10
_LONG_PERIOD: Final = 8


def repetition(text: str, view: View) -> str | Refused:
    """Cut lines that come three times or more to once; refuse a line of looping words and a copy of the lines above."""
    if _repeats_above(text, view):
        return Refused(Cause.REPETITION)
    text = _once(text, view)
    if any(_loops(line) for line in text.split("\n")):
        return Refused(Cause.REPETITION)
    return text


def _once(text: str, view: View) -> str:
    """The text up to the end of the first of three or more equal groups of one to three lines."""
    if "\n" not in text:
        return text
    lines = text.rstrip().split("\n")
    typed = view.line_prefix.strip() != ""
    rows = [lines[0] if typed else view.line_prefix + lines[0], *lines[1:]]
    for start in range(len(rows)):
        for period in range(1, _MAX_LINE_PERIOD + 1):
            group = rows[start : start + period]
            if start + _TIMES * period > len(rows) or len("".join(group).strip()) < _MIN_LINE:
                continue
            if all(rows[start + turn * period :][:period] == group for turn in range(1, _TIMES)):
                # The rest of the cursor's line, repeated, comes back with another indentation.
                again = typed and start == period == 1 and rows[0].strip() == rows[1].strip()
                return "\n".join(lines[: start + (0 if again else period)])
    return text


def _loops(line: str) -> bool:
    """Whether a line ends in the same words over and over."""
    tokens = _TOKEN.findall(line)
    for period in range(1, min(_MAX_TOKEN_PERIOD, len(tokens) // _TIMES) + 1):
        group = tokens[-period:]
        size = significant("".join(group))
        if not size:
            continue
        times = 1
        while tokens[-period * (times + 1) : -period * times] == group:
            times += 1
        if times >= (_TIMES if size >= _LONG_PERIOD and period > 1 else _TIMES_SHORT):
            return True
    return False


def _repeats_above(text: str, view: View) -> bool:
    """Whether whole new lines are exactly the last lines above the cursor."""
    starts_line = not view.line_prefix.strip()
    if not starts_line and not text.startswith("\n"):
        return False
    said = [
        line.rstrip()
        for line in (view.line_prefix + text if starts_line else text).split("\n")
        if line.strip()
    ]
    above = view.lines_before(_LINES_ABOVE) + ([] if starts_line else [view.line_prefix])
    last = [line.rstrip() for line in above if line.strip()][-len(said) :] if said else []
    return bool(said) and said == last and significant("".join(said)) >= _MIN_ABOVE
