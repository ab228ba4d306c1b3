"""The anchor: a copy of the file, frozen at one moment. It does not change, so the provider's prompt cache keeps it."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from typethrough.core.prompt.message import Message
from typethrough.core.prompt.rules import READ_CHARS, is_plain, plain, plain_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from typethrough.core.outline.definition import Definition
    from typethrough.core.secrets.veil import Veil


_BLOCK_LINES = 128
# When a file does not fit, this share of the room is for an outline of the lines that are left out.
_OUTLINE_SHARE = 0.3
_ENTRY_CHARS = 2


class Anchor(NamedTuple):
    """A frozen copy of the file, or of a part of it.

    It holds the lines from `first_line` up to `last_line` (not included). `whole`: these are all lines of the file.
    `chars` is the length of the message.
    """

    message: Message
    first_line: int
    last_line: int
    whole: bool
    chars: int
    frozen_at_s: float

    def covers(self, line: int) -> bool:
        """Whether a line, counted as at the time of freezing, is in the anchor or close to it."""
        if self.whole:
            return True
        margin = max(40, (self.last_line - self.first_line) // 8)
        return self.first_line - margin <= line <= self.last_line + margin

    def chars_from(self, line: int) -> int:
        """About how many characters of the anchor stand at or after `line`.

        After a change at `line`, a new anchor differs from there on, so the provider must read these characters again.
        """
        lines = max(1, self.last_line - self.first_line)
        return (
            int(self.chars * min(1.0, max(0.0, (self.last_line - line) / lines)))
            if self.whole
            else self.chars
        )


def freeze(
    snapshot: Veil,
    line: int,
    *,
    header: str,
    max_chars: int,
    now_s: float,
    outline: Sequence[Definition] = (),
) -> Anchor:
    """Freeze the whole file when it fits into `max_chars`.

    Else freeze the part around `line`, with three quarters of it above the line. Before that part comes an outline: the
    definitions of `outline` that stand outside it.
    """
    whole = snapshot.char_count <= max_chars
    if whole:
        first, last = 0, snapshot.line_count
        text = plain("".join(snapshot.raw_lines(first, last)).replace("\r\n", "\n").replace("\r", "\n"))
        if text and not text.endswith("\n"):
            text += "\n"
        body = f"<file {header}>\n{text}</file>"
    else:
        room = int(max_chars * (1 - _OUTLINE_SHARE)) if outline else max_chars
        middle = max(0, min(line, snapshot.line_count))
        above = fitting(snapshot, range(middle - 1, -1, -1), int(room * 0.75))
        # Near the start or the end of a file, one side needs less room. The other side gets the rest.
        below = fitting(snapshot, range(middle, snapshot.line_count), room - _chars(above))
        if middle + len(below) == snapshot.line_count:
            above = fitting(snapshot, range(middle - 1, -1, -1), room - _chars(below))
        first, last = middle - len(above), middle + len(below)
        text = "".join(kept + "\n" for kept in (*reversed(above), *below))
        body = f'<file {header} lines="{first + 1}-{last}">\n{text}</file>'
        if rest := _rest(outline, first, last, max_chars - room):
            body = f"<known {header}>\n{rest}</known>\n{body}"
    return Anchor(Message("user", body), first, last, whole, len(body), now_s)


def _chars(lines: Sequence[str]) -> int:
    return sum(map(len, lines)) + len(lines)


def excerpt(snapshot: Veil, line: int, *, header: str, max_chars: int) -> tuple[Message, int, int]:
    """The lines around `line` as they are now, for a place that the anchor does not cover.

    Returns the message, the first line, and the last line (not included).
    """
    above = fitting(snapshot, range(line - 1, -1, -1), max_chars // 2)
    below = fitting(snapshot, range(line, snapshot.line_count), max_chars - max_chars // 2)
    first, last = line - len(above), line + len(below)
    text = "".join(kept + "\n" for kept in (*reversed(above), *below))
    return Message("user", f'<known {header} lines="{first + 1}-{last}">\n{text}</known>'), first, last


def _rest(outline: Sequence[Definition], first: int, last: int, chars: int) -> str:
    """The definitions outside the lines `first` to `last`, in the file's order.

    If they are more than `chars`, deeply nested ones are left out first, then those far from the lines.
    """
    outside = [one for one in outline if not first <= one.line < last]
    for depth in (9, 1, 0):
        kept = [one for one in outside if one.depth <= depth]
        sizes = accumulate(
            len(one.signature) + 4 * one.depth + _ENTRY_CHARS for one in _by_distance(kept, first, last)
        )
        count = sum(size <= chars for size in sizes)
        if count == len(kept) or not depth:
            near = sorted(_by_distance(kept, first, last)[:count], key=lambda one: one.line)
            return "".join(f"{_entry(one)}\n" for one in near)
    return ""


def _entry(one: Definition) -> str:
    """A definition in the form that it has in the file, because the model knows that form."""
    indent = "    " * one.depth
    return "\n".join(f"{indent}{plain(line)}" for line in one.signature.split("\n"))


def _by_distance(found: Iterable[Definition], first: int, last: int) -> list[Definition]:
    return sorted(found, key=lambda one: max(first - one.line, one.line - last))


def fitting(snapshot: Veil, order: range, chars: int) -> list[str]:
    """Take lines in `order` until `chars` characters are used. It reads in blocks, so the cost depends on what is kept."""
    kept: list[str] = []
    for start in range(0, len(order), _BLOCK_LINES):
        block = order[start : start + _BLOCK_LINES]
        lines = snapshot.lines(min(block), max(block) + 1, READ_CHARS)
        if not is_plain(lines):
            lines = [plain_line(text) for text in lines]
        for text in lines if order.step > 0 else reversed(lines):
            chars -= len(text) + 1
            if chars < 0:
                return kept
            kept.append(text)
    return kept
