"""The edit log: what changed since the anchor was frozen. It is append-only, in hunks of whole lines.

The newest hunk stays open while the edits are close together, because the window shows that text anyway. When the user edits
elsewhere, the hunk is closed: it is rendered once and never changed again. So each prompt begins with all that was sent before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from typethrough.core.prompt.message import Message
from typethrough.core.prompt.rules import READ_CHARS, plain_line

if TYPE_CHECKING:
    from typethrough.core.document.document import Edit
    from typethrough.core.secrets.veil import Veil

# An edit within this many lines of the open hunk is added to it.
_NEIGHBOUR_LINES = 3
# For a hunk larger than this, freezing the file again is cheaper.
_MAX_HUNK_LINES = 300


@dataclass(slots=True)
class _Hunk:
    """The lines from `first` to `first + length` of the current text. `before` holds the lines they replaced in the anchor."""

    first: int
    length: int
    before: list[str]


@dataclass(slots=True)
class EditLog:
    """The closed hunks as messages, and the open hunk. With `overflowed` the file must be frozen again."""

    messages: list[Message] = field(default_factory=list)
    chars: int = 0
    overflowed: bool = False
    _open: _Hunk | None = None

    def add(self, messages: list[Message]) -> None:
        """Append other messages, which are then part of each prompt."""
        self.messages += messages
        self.chars += sum(len(message.text) for message in messages)

    def note(self, edit: Edit, before: Veil) -> None:
        """Note an edit. `before` is the text before the edit."""
        if self.overflowed:
            return
        first, removed, inserted = edit.first_line, edit.removed_lines, edit.inserted_lines
        hunk = self._open
        if hunk and not (
            first <= hunk.first + hunk.length + _NEIGHBOUR_LINES
            and first + removed >= hunk.first - _NEIGHBOUR_LINES
        ):
            self.close(before)
            hunk = None
        if hunk is None:
            if removed > _MAX_HUNK_LINES:
                self.give_up()
                return
            self._open = _Hunk(first, inserted, before.lines(first, first + removed, READ_CHARS))
        else:
            low, high = min(hunk.first, first), max(hunk.first + hunk.length, first + removed)
            hunk.before = [
                *before.lines(low, hunk.first, READ_CHARS),
                *hunk.before,
                *before.lines(hunk.first + hunk.length, high, READ_CHARS),
            ]
            hunk.first, hunk.length = low, high - low + inserted - removed
        if self._open and max(self._open.length, len(self._open.before)) > _MAX_HUNK_LINES:
            self.give_up()

    def give_up(self) -> None:
        """Ask for a new anchor, and stop keeping edits. The new anchor will contain them."""
        self.overflowed = True
        self.messages.clear()
        self._open = None

    def close_outside(self, now: Veil, first: int, last: int) -> None:
        """Close the open hunk, unless the window (lines `first` to `last` of `now`) shows all of it."""
        hunk = self._open
        if hunk and not (first <= hunk.first and hunk.first + hunk.length <= last):
            self.close(now)

    def close(self, now: Veil) -> None:
        """Compare the open hunk with the current text, render the difference and append it."""
        hunk, self._open = self._open, None
        if hunk is None:
            return
        after = now.lines(hunk.first, hunk.first + hunk.length, READ_CHARS)
        body = _render(hunk.first, hunk.before, after)
        if body:
            self.messages.append(Message("user", body))
            self.chars += len(body)


def _render(first: int, before: list[str], after: list[str]) -> str:
    """A hunk in the form of a diff, without equal lines at its start and end. Empty when nothing changed."""
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    removed = before[head : len(before) - tail]
    added = after[head : len(after) - tail]
    if not removed and not added:
        return ""
    lines = [f"-{plain_line(line)}" for line in removed] + [f"+{plain_line(line)}" for line in added]
    return f"<change line={first + head + 1}>\n" + "\n".join(lines) + "\n</change>"
