"""The anchor: the file as it was at one moment, frozen, so that the provider's prompt cache goes on holding it."""

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
# Of a file that does not fit, the definitions that are left out are told in this much of the room.
_OUTLINE_SHARE = 0.3
_ENTRY_CHARS = 2


class Anchor(NamedTuple):
    """A frozen text: its message, the lines it holds, whether they are all the file had, and when it was frozen."""

    message: Message
    first_line: int
    last_line: int
    whole: bool
    chars: int
    frozen_at_s: float

    def covers(self, line: int) -> bool:
        """Whether a line of the document, as it was then, is in the anchor or near enough."""
        if self.whole:
            return True
        margin = max(40, (self.last_line - self.first_line) // 8)
        return self.first_line - margin <= line <= self.last_line + margin

    def chars_from(self, line: int) -> int:
        """About how much of the text comes from this line on: what an anchor of the same file changed there has afresh."""
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
    """Freeze the whole file when it fits into `max_chars`, else its part round `line`, three quarters of it above, and of what is
    outside that part the definitions that `outline` has.
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
        # Near the beginning or the end of a file the other side has the room that is left.
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
    """The part of a file round a line as it is now, for a place that an anchor leaves out, and which lines those are."""
    above = fitting(snapshot, range(line - 1, -1, -1), max_chars // 2)
    below = fitting(snapshot, range(line, snapshot.line_count), max_chars - max_chars // 2)
    first, last = line - len(above), line + len(below)
    text = "".join(kept + "\n" for kept in (*reversed(above), *below))
    return Message("user", f'<known {header} lines="{first + 1}-{last}">\n{text}</known>'), first, last


def _rest(outline: Sequence[Definition], first: int, last: int, chars: int) -> str:
    """The definitions outside the lines `first` to `last`, as they stand there; if not all fit, outer and nearer ones."""
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
    """A definition as it stands in the file, so that a model finds nothing new in its form."""
    indent = "    " * one.depth
    return "\n".join(f"{indent}{plain(line)}" for line in one.signature.split("\n"))


def _by_distance(found: Iterable[Definition], first: int, last: int) -> list[Definition]:
    return sorted(found, key=lambda one: max(first - one.line, one.line - last))


def fitting(snapshot: Veil, order: range, chars: int) -> list[str]:
    """Lines in `order`, as rendered, until `chars` are used up; read in blocks, so the cost is that of what is kept."""
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
