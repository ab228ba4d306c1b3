"""The anchor: the file as it was at one moment, frozen, so that the provider's prompt cache goes on holding it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from typethrough.core.prompt.message import Message

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
    text = "".join(snapshot.raw_lines(first, last)).replace("\r\n", "\n").replace("\r", "\n")
    if text and not text.endswith("\n"):
        text += "\n"
    part = "" if whole else f' lines="{first + 1}-{last}"'
    body = f"<file {header}{part}>\n{text}</file>"
    return Anchor(Message("user", body), first, last, whole, len(body), now_s)


def _nearest(snapshot: Snapshot, line: int, max_chars: int) -> tuple[int, int]:
    """The lines round `line` that fit, grown in steps from the line outwards: the cost is that of what is kept."""
    first = last = max(0, min(line, snapshot.line_count - 1))
    above, below = int(max_chars * 0.75), max_chars - int(max_chars * 0.75)
    while first > 0 and above > 0:
        above -= len(snapshot.raw_line(first - 1))
        if above >= 0:
            first -= 1
    while last < snapshot.line_count and below > 0:
        below -= len(snapshot.raw_line(last))
        if below >= 0:
            last += 1
    return first, last
