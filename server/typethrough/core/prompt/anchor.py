"""The anchor: the file as it was at one moment, frozen, so that the provider's prompt cache goes on holding it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from typethrough.core.prompt.message import Message
from typethrough.core.prompt.rules import is_plain, plain, plain_line

if TYPE_CHECKING:
    from typethrough.core.document import Snapshot


_BLOCK_LINES = 128


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


def freeze(snapshot: Snapshot, line: int, *, header: str, max_chars: int, now_s: float) -> Anchor:
    """Freeze the whole file when it fits into `max_chars`, else its part round `line` (three quarters of it above)."""
    whole = snapshot.char_count <= max_chars
    if whole:
        first, last = 0, snapshot.line_count
        text = plain("".join(snapshot.raw_lines(first, last)).replace("\r\n", "\n").replace("\r", "\n"))
        if text and not text.endswith("\n"):
            text += "\n"
    else:
        middle = max(0, min(line, snapshot.line_count))
        above = _fitting(snapshot, range(middle - 1, -1, -1), int(max_chars * 0.75))
        below = _fitting(snapshot, range(middle, snapshot.line_count), max_chars - int(max_chars * 0.75))
        first, last = middle - len(above), middle + len(below)
        text = "".join(kept + "\n" for kept in (*reversed(above), *below))
    part = "" if whole else f' lines="{first + 1}-{last}"'
    body = f"<file {header}{part}>\n{text}</file>"
    return Anchor(Message("user", body), first, last, whole, len(body), now_s)


def _fitting(snapshot: Snapshot, order: range, chars: int) -> list[str]:
    """Lines in `order`, as rendered, until `chars` are used up; read in blocks, so the cost is that of what is kept."""
    kept: list[str] = []
    for start in range(0, len(order), _BLOCK_LINES):
        block = order[start : start + _BLOCK_LINES]
        lines = snapshot.lines(min(block), max(block) + 1)
        if not is_plain(lines):
            lines = [plain_line(text) for text in lines]
        for text in lines if order.step > 0 else reversed(lines):
            chars -= len(text) + 1
            if chars < 0:
                return kept
            kept.append(text)
    return kept
