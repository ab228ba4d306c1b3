"""The demo's terminal: draws frames of code with ghost text, only rows that changed, and always restores the terminal at the
end.

Uses plain ANSI codes. It knows what a frame looks like, but not why it changes.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from typethrough.cli.demo.paint import (
    ACCEPTED,
    BOLD,
    CURSOR,
    FAINT,
    GHOST,
    RESET,
    cell_width,
    clipped,
    painted,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType
    from typing import TextIO

_MAX_COLUMNS = 112
_MAX_ROWS = 26
_NOTE_COLUMNS = 22
_COLUMNS_FOR_NOTES = 72
_FRAME_ROWS = 5
_ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J"
_LEAVE = "\x1b[?25h\x1b[?1049l"
# Terminals with synchronized output show the whole frame at once. Others ignore these codes.
_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"


@dataclass(frozen=True, slots=True)
class View:
    """The content of a frame. `fresh`: how many characters before the cursor the last Tab inserted. `notes`: by line index."""

    title: str
    lane: str
    lines: Sequence[str]
    ghost: str = ""
    fresh: int = 0
    notes: Mapping[int, str] = field(default_factory=dict)
    live_note: str = ""
    status: str = ""
    has_cursor: bool = True


def frame(view: View, columns: int, rows: int) -> list[str]:
    """The rows of a frame, each clipped to the columns. Below the cursor's row there is room for the ghost text."""
    columns, rows = min(columns, _MAX_COLUMNS), min(rows, _MAX_ROWS)
    body_rows = max(3, rows - _FRAME_ROWS)
    gutter = len(str(len(view.lines) + 10)) + 2
    if columns < _COLUMNS_FOR_NOTES:
        view = replace(view, notes={}, live_note="")
    code_columns = max(10, columns - gutter - 2 - (_NOTE_COLUMNS if columns >= _COLUMNS_FOR_NOTES else 0))
    ghost_lines = view.ghost.split("\n")
    below = min(body_rows - 2, max(len(ghost_lines), body_rows // 4))
    first = max(0, len(view.lines) - (body_rows - below))
    body = [
        _code_row(view, index, ghost_lines[0], gutter, code_columns)
        for index in range(first, len(view.lines))
    ]
    body.extend(
        f"{' ' * gutter} {GHOST}{clipped(extra, code_columns)}{RESET}"
        for extra in ghost_lines[1 : body_rows - len(body) + 1]
    )
    body += [""] * (body_rows - len(body))
    return [_title_row(view, columns), _rule(columns), *body, _rule(columns), _status_row(view, columns)]


def last_rows(view: View) -> list[str]:
    """The rows typed last, without ghost text and cursor. They are printed to the terminal after the demo."""
    columns, rows = shutil.get_terminal_size()
    body = frame(replace(view, ghost="", live_note="", fresh=0, has_cursor=False), columns, rows)[2:-2]
    while body and not body[-1]:
        body.pop()
    return body


def _code_row(view: View, index: int, ghost: str, gutter: int, columns: int) -> str:
    line = view.lines[index]
    is_last = index == len(view.lines) - 1
    number = f"{FAINT}{index + 1:>{gutter - 1}}{RESET} "
    note = view.notes.get(index, "")
    if not (is_last and view.has_cursor):
        shown = clipped(line, columns)
        return _with_note(number + " " + painted(shown), cell_width(shown), columns, note, FAINT)
    shown = clipped(line, columns - 1)
    fresh = min(view.fresh, len(shown)) if len(shown) == len(line) else 0
    kept = len(shown) - fresh
    code = painted(shown[:kept]) + (f"{ACCEPTED}{shown[kept:]}{RESET}" if fresh else "")
    room = columns - cell_width(shown)
    rest = clipped(ghost, room) if room > 1 else ""
    # The cursor is a block on the ghost text's first character, as in an editor.
    tail = f"{CURSOR}{rest[:1] or ' '}{RESET}" + (f"{GHOST}{rest[1:]}{RESET}" if rest[1:] else "")
    used = cell_width(shown) + max(1, cell_width(rest))
    live = view.live_note or note
    return _with_note(number + " " + code + tail, used, columns, live, BOLD if view.live_note else FAINT)


def _with_note(code: str, used: int, columns: int, note: str, style: str) -> str:
    if not note:
        return code
    return code + " " * max(1, columns - used + 1) + style + clipped(note, _NOTE_COLUMNS - 1) + RESET


def _title_row(view: View, columns: int) -> str:
    left = clipped(f" typethrough  {view.title}", columns)
    room = columns - cell_width(left) - 2
    lane = clipped(view.lane, room) if room > 4 else ""
    gap = " " * (columns - cell_width(left) - cell_width(lane))
    return f"{BOLD}{left}{RESET}{gap}{FAINT}{lane}{RESET}"


def _status_row(view: View, columns: int) -> str:
    return " " + clipped(view.status, columns - 1)


def _rule(columns: int) -> str:
    return f"{FAINT}{'─' * columns}{RESET}"


class Screen:
    """The terminal during the demo: alternate screen, no cursor, no echo. A context manager that restores it."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._shown: list[str] = []
        self._size = (0, 0)
        self._terminal: _Quiet | None = None

    def __enter__(self) -> Self:
        self._terminal = _Quiet.begin()
        self._out.write(_ENTER)
        self._out.flush()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._out.write(_LEAVE)
            self._out.flush()
        finally:
            if self._terminal is not None:
                self._terminal.end()

    def draw(self, view: View) -> None:
        """Draw the view, writing only the rows that have changed."""
        size = shutil.get_terminal_size()
        rows = frame(view, size.columns, size.lines)
        if (size.columns, size.lines) != self._size:
            self._size, self._shown = (size.columns, size.lines), []
            self._out.write("\x1b[2J")
        changed = [
            f"\x1b[{number + 1};1H{row}{RESET}\x1b[K"
            for number, row in enumerate(rows)
            if number >= len(self._shown) or self._shown[number] != row
        ]
        if changed:
            self._out.write(_BEGIN + "".join(changed) + _END)
            self._out.flush()
        self._shown = rows


class _Quiet:
    """Switches off echo, and drops the keys typed during the demo so that the shell does not get them. Ctrl-C still works."""

    def __init__(self, descriptor: int, saved: list[Any]) -> None:
        self._descriptor = descriptor
        self._saved = saved

    @classmethod
    def begin(cls) -> _Quiet | None:
        """Switch off echo. None if stdin is no terminal or the system cannot do it."""
        try:
            import termios
        except ImportError:
            return None
        try:
            descriptor = sys.stdin.fileno()
            saved = termios.tcgetattr(descriptor)
        except (OSError, ValueError, termios.error):
            return None
        quiet = termios.tcgetattr(descriptor)
        quiet[3] &= ~(termios.ECHO | termios.ICANON)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, quiet)
        return cls(descriptor, saved)

    def end(self) -> None:
        """Restore the terminal, and drop what was typed."""
        import termios

        termios.tcsetattr(self._descriptor, termios.TCSAFLUSH, self._saved)
