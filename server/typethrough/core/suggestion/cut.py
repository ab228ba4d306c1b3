"""When a growing answer is enough to show: at the end of a line or block, a dedent, repeated text, or a limit.

This module decides; `block` reads the lines. It sees cleaned text (`filters.growing`) and a view, and knows nothing about
streams, time or models. At most the allowed lines are read, and the scanner's cache has the lines read before.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.document.scan import scan
from typethrough.core.suggestion.block import Block, Cut, Reading

if TYPE_CHECKING:
    from typethrough.core.document.view import View
    from typethrough.core.suggestion.amount import Amount

# A word at the end may continue. Closing signs, quotes and space at the end may be removed by filters.
_UNFINISHED: Final = re.compile(r"[\s)\]}>;,:\"'`]*(?:\d+\.)?\w*\Z")
_UNFINISHED_CHARS: Final = 100
# How far the filter `recited` looks for copied lines.
_NEAR_LINES: Final = 60
_LOOKS_COMPLETE: Final = re.compile(r"[)\]};,\"'`>]\s*\Z|:\Z")


def enough(text: str, view: View, *, amount: Amount, complete: bool) -> Cut | None:
    """Where to cut, once further text cannot change it. None before that. With `complete`, there is always a cut."""
    return _read(text, view, amount, complete=complete).cut


def best_so_far(text: str, view: View, *, amount: Amount) -> Cut | None:
    """What can be shown when time is up: the finished lines, or a first line that looks finished. Else None."""
    reading = _read(text, view, amount, complete=False)
    if reading.cut is not None:
        return reading.cut if text[: reading.cut.length].strip() else None
    best = max(reading.balanced, 0) or max(reading.in_block, 0)
    if best and text[:best].strip():
        return Cut(best, "line")
    lead = len(text) - len(text.lstrip()) if text.startswith("\n") else 0
    first = text[lead:]
    if "\n" in first or not first.strip() or not _LOOKS_COMPLETE.search(first):
        return None
    line = first if lead else view.line_prefix + first
    return Cut(len(text.rstrip()), "line") if scan(line, view.language_id).balanced else None


def certain(text: str, view: View, *, amount: Amount) -> int:
    """How much of a growing text can be shown before it is enough: finished lines, or finished words of the first line.

    Later text must only add to it. So the last word is held back until it ends, closing signs until it is known what they
    close, and a line that may equal a nearby line until it differs, because filters cut or refuse such lines. Lines are shown
    in few steps, each twice as long as the one before.
    """
    if view.line_suffix.strip() or not text.strip():
        return 0
    reading = _read(text, view, amount, complete=False)
    if reading.cut is not None:
        return 0
    lead = len(text) - len(text.lstrip())
    if reading.first_end > 0 or "\n" in text[lead:]:
        return _without_repeated(text, reading.step)
    unfinished = _UNFINISHED.search(text, max(0, len(text) - _UNFINISHED_CHARS))
    words = text[: unfinished.start()] if unfinished else text
    line = (words if "\n" in text[:lead] else view.line_prefix + words).strip()
    near = (*view.lines_before(_NEAR_LINES), *view.lines_after(_NEAR_LINES))
    if not words.strip() or any(there.lstrip().startswith(line) for there in near):
        return 0
    return len(words)


def _without_repeated(text: str, end: int) -> int:
    """The end of the text without a last line that repeats the one before, because the model may go on repeating."""
    lines = text[:end].split("\n")
    repeats = len(lines) > 1 and lines[-1].strip() == lines[-2].strip()
    return end - len(lines[-1]) - 1 if repeats else end


def _read(text: str, view: View, amount: Amount, *, complete: bool) -> Reading:
    reading = Reading()
    starts_line = text.lstrip(" \t\r").startswith("\n")
    if view.line_suffix.strip():
        end = text.find("\n")
        if end >= 0:
            reading.cut = Cut(end, "line")
        elif complete:
            reading.cut = Cut(len(text), "end")
        return reading
    if not text.strip():
        if complete:
            reading.cut = Cut(0, "end")
        return reading
    if view.line_prefix.strip() and not starts_line and not amount.whole:
        return _rest_of_line(text, view, amount.lines, reading, complete=complete)
    return Block(text, view, amount, reading, complete=complete).read()


def _rest_of_line(text: str, view: View, most_lines: int, reading: Reading, *, complete: bool) -> Reading:
    """Read the rest of the cursor's line. Further lines count only if they close a bracket or string that the line leaves
    open.
    """
    state = scan(view.line_prefix, view.language_id)
    lines = text.split("\n", most_lines)
    end = -1
    for number, line in enumerate(lines[:most_lines]):
        end += len(line) + 1
        if number == len(lines) - 1 and not complete:
            return reading
        state = scan(line + "\n", view.language_id, state)
        whole = line if number else view.line_prefix + line
        reading.note(end, state, opens=False)
        brace = whole.rstrip().endswith("{") and state.opened[-1:] == ("{",)
        opened = state.opened[:-1] if brace else state.opened
        if not opened and not state.inside:
            reading.cut = Cut(end, "line")
            return reading
    reading.cut = Cut(reading.first_end, "limit" if len(lines) > most_lines or not complete else "end")
    return reading
