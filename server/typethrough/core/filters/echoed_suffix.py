"""Tail filter: the text ends with what already stands after the cursor; the longest such overlap is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typethrough.core.document.indentation import indent_of
from typethrough.core.document.scan import scan
from typethrough.core.filters.draft import significant

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_LINES_BELOW = 40
_MIN_WHOLE = 2
_MIN_PART = 5
_PUNCTUATION = frozenset((":", ";", ",", "."))
_MIN_IN_WORD = 4
_MIN_ONE_LINE = 3
_MIN_MOVED_LINES = 10


def echoed_suffix(text: str, view: View) -> str:
    """The text without the rest of the line, or the following lines, at its end."""
    return _same_line(text, view) if view.line_suffix.strip() else _lines_below(text, view)


def _same_line(text: str, view: View) -> str:
    said = text.rstrip()
    suffix = view.line_suffix.rstrip()
    for start in (suffix, suffix.lstrip()) if suffix[0].isspace() else (suffix,):
        for length in range(min(len(start), len(said)), 0, -1):
            if not said.endswith(start[:length]):
                continue
            kept = said[: len(said) - length]
            if _is_echo(kept, start[:length], length == len(start), view):
                if start != suffix:
                    # The space before the echo is the one that stands before the suffix.
                    return kept.rstrip(" ")
                return kept
            break
    return text


def _is_echo(kept: str, echo: str, whole: bool, view: View) -> bool:
    size = significant(echo)
    if whole and (echo.strip() in _PUNCTUATION or echo.startswith("</")):
        return True
    if whole and size and _imbalance(kept, view) < _imbalance(kept + echo, view):
        return True
    if size < (_MIN_WHOLE if whole else _MIN_PART):
        return False
    if echo[0].isalnum() and kept[-1:].isalnum() and not (whole and size >= _MIN_IN_WORD):
        return False
    if not whole and echo[-1].isalnum() and view.line_suffix.lstrip()[len(echo.lstrip()) :][:1].isalnum():
        return False
    return _imbalance(kept, view) <= _imbalance(kept + echo, view)


def _imbalance(text: str, view: View) -> int:
    state = scan(view.line_prefix + text + view.line_suffix, view.language_id)
    return len(state.opened) + len(state.stray) + (state.inside not in {"", "#"})


def _lines_below(text: str, view: View) -> str:
    lines = text.rstrip().split("\n")
    rows = [(number, line) for number, line in enumerate(lines) if number and line.strip()]
    below = [line.rstrip() for line in view.lines_after(_LINES_BELOW) if line.strip()]
    if lines[0].strip() and not view.line_prefix.strip():
        rows.insert(0, (0, view.line_prefix + lines[0]))
    for count in range(min(len(rows), len(below)), 0, -1):
        echo = rows[-count:]
        if [line.strip() for _, line in echo] != [line.strip() for line in below[:count]]:
            continue
        size = sum(significant(line) for _, line in echo)
        moved = {
            len(indent_of(line)) - len(indent_of(there))
            for (_, line), there in zip(echo, below, strict=False)
        }
        if (moved == {0} and size >= _MIN_ONE_LINE) or (
            len(moved) == 1 and count > 1 and size >= _MIN_MOVED_LINES
        ):
            return "\n".join(lines[: echo[0][0]])
    return text
