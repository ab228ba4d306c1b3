"""The anchor: the file as it was at one moment, frozen, so that the provider's prompt cache goes on holding it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from typethrough.core.prompt.message import Message
from typethrough.core.prompt.rules import plain, plain_line

if TYPE_CHECKING:
    from typethrough.core.document import Snapshot


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
    first, last = (0, snapshot.line_count) if whole else _nearest(snapshot, line, max_chars)
    if whole:
        text = plain("".join(snapshot.raw_lines(first, last)).replace("\r\n", "\n").replace("\r", "\n"))
        if text and not text.endswith("\n"):
            text += "\n"
    else:
        text = "".join(plain_line(kept) + "\n" for kept in snapshot.lines(first, last))
    part = "" if whole else f' lines="{first + 1}-{last}"'
    body = f"<file {header}{part}>\n{text}</file>"
    return Anchor(Message("user", body), first, last, whole, len(body), now_s)


def _nearest(snapshot: Snapshot, line: int, max_chars: int) -> tuple[int, int]:
    """The lines round `line` that fit as rendered, grown from the line outwards: the cost is that of what is kept."""
    first = last = max(0, min(line, snapshot.line_count - 1))
    above, below = int(max_chars * 0.75), max_chars - int(max_chars * 0.75)
    while first > 0:
        above -= len(plain_line(snapshot.line(first - 1))) + 1
        if above < 0:
            break
        first -= 1
    while last < snapshot.line_count:
        below -= len(plain_line(snapshot.line(last))) + 1
        if below < 0:
            break
        last += 1
    return first, last
