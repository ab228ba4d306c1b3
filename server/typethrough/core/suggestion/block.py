"""One pass over the lines of an answer, which finds how far they belong to the cursor's statement or block.

It decides where a body ends: at a dedent, at text that stands below, and if `cautious` where the answer begins to guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.document.indentation import indent_of
from typethrough.core.document.scan import (
    CODE,
    State,
    closes_block,
    continues_block,
    family_of,
    is_comment,
    opens_block,
    scan,
)
from typethrough.core.filters.repetition import is_row

if TYPE_CHECKING:
    from typethrough.core.document.view import View
    from typethrough.core.suggestion.amount import Amount

_LEADS_ON: Final = re.compile(r"\s*(?:@[A-Za-z]|#\[)")
# First letters of else, elif, except, catch, case, finally, when, rescue. Any other line cannot continue a block.
_CONTINUATION_STARTS: Final = frozenset("ecfwr")
_WORD_CLOSERS: Final = frozenset(("lua", "ruby", "shell"))
# No line can follow these in their block, where only indentation ends a block.
_LEAVES: Final = re.compile(r"\s*(?:return|raise|break|continue)\b")
_DEFINES: Final = re.compile(
    r"\s*(?:@\w|(?:(?:export|default|async|pub|public|private|protected|static|abstract|override|final) )*"
    r"(?:def|class|function|func|fn|sub|struct|enum|trait|impl|interface|module)\b"
    r"|(?:describe|it|test)\()"
)
# A line with fewer letters and digits may come twice in one block.
_TELLING: Final = 8
_ROUND_OR_SQUARE: Final = frozenset("([")


class Cut(NamedTuple):
    """Show `text[:length]`. The reason is line, block, dedent, suffix, blank line, repetition, definition, end or limit."""

    length: int
    reason: str


@dataclass(slots=True)
class Reading:
    """What one pass over the text found.

    `cut`: where to cut, once that is known. `balanced`: the end of the last line with nothing open; `in_block`: the same with
    only blocks open; `first_end`: the end of the first line. `lines` counts lines that are not blank. `ends` has the number and
    the end of each balanced line.
    """

    cut: Cut | None = None
    balanced: int = -1
    in_block: int = -1
    first_end: int = -1
    lines: int = 0
    ends: list[tuple[int, int]] = field(default_factory=list)

    @property
    def step(self) -> int:
        """The end of the lines that may be shown while more come, 0 if there are none. It grows in steps of doubled length."""
        most = 1 << max(0, self.lines.bit_length() - 1)
        return max((end for number, end in self.ends if number <= most), default=max(self.first_end, 0))

    def settle(self, reason: str) -> Reading:
        """Cut at the best place seen so far."""
        length = next((end for end in (self.balanced, self.in_block, self.first_end) if end >= 0), 0)
        self.cut = Cut(length, reason)
        return self

    def note(self, end: int, state: State, *, opens: bool) -> None:
        """Take a finished line into account."""
        self.lines += 1
        if self.first_end < 0:
            self.first_end = end
        if state.inside or not _ROUND_OR_SQUARE.isdisjoint(state.opened):
            return
        self.in_block = end
        if not state.opened and not opens:
            self.balanced = end
            self.ends.append((self.lines, end))


class Block:
    """One pass over the lines of a text that begins on its own line or with the cursor's line."""

    def __init__(self, text: str, view: View, amount: Amount, reading: Reading, *, complete: bool) -> None:
        self.view = view
        self.language = view.language_id
        self.amount = amount
        self.most_lines = amount.lines
        self.complete = complete
        self.reading = reading
        blank_start = len(text) - len(text.lstrip())
        self.start = text.rfind("\n", 0, blank_start) + 1
        self.lines = text[self.start :].split("\n", self.most_lines)
        above = view.line_prefix if view.line_prefix.strip() else view.previous_line()
        if self.start == 0:
            above = view.previous_line()
            self.lines[0] = view.line_prefix + self.lines[0]
            self.start = -len(view.line_prefix)
        self.base = len(indent_of(self.lines[0]))
        if self.start <= 0 and view.line_prefix.strip():
            # The rest of the cursor's line cannot be in a block that the line above opened.
            self.opened_above = False
        elif amount.depth >= 0:
            self.opened_above = self.base > amount.depth
        else:
            self.opened_above = opens_block(above, self.language) and self.base > len(indent_of(above))
        self.state = CODE
        self.blank_seen = False
        # Whether a line of the answer has opened a block.
        self.blocks = False
        self.said: list[tuple[str, int]] = []

    def read(self) -> Reading:
        """Read line by line until the cut is known, or the text ends."""
        end = self.start - 1
        for number, line in enumerate(self.lines[: self.most_lines]):
            whole = number < len(self.lines) - 1 or self.complete
            end += len(line) + 1
            if not line.strip():
                self.blank_seen = True
                continue
            if self.said and not self.state.inside and _ROUND_OR_SQUARE.isdisjoint(self.state.opened):
                reason = self._ends_before(line, whole=whole) or self._guesses(line, whole=whole)
                if reason:
                    if family_of(self.language) == "data" and not self.state.opened:
                        # A key may have no value.
                        self.reading.balanced = self.reading.in_block
                    return self.reading.settle(reason)
            if not whole:
                return self.reading
            if (
                len(self.said) > 1
                and self.said[-1][0] == self.said[-2][0] == line
                and not is_row(line, self.language)
            ):
                self.reading.cut = Cut(self.said[-2][1], "repetition")
                return self.reading
            self.said.append((line, end))
            if self._take(line, end, first=len(self.said) == 1):
                return self.reading
            self.blank_seen = False
        return self._at_the_end()

    def _at_the_end(self) -> Reading:
        if len(self.lines) > self.most_lines:
            return self.reading.settle("limit")
        if self.complete:
            return self.reading.settle("end")
        return self.reading

    def _take(self, line: str, end: int, *, first: bool) -> bool:
        """Take in a finished line. Returns True if the answer ends with it."""
        self.state = scan(line + "\n", self.language, self.state)
        opens = opens_block(line, self.language)
        self.reading.note(end, self.state, opens=opens)
        if self.state.inside or not _ROUND_OR_SQUARE.isdisjoint(self.state.opened):
            return False
        # In a block opened above, a closing line at the first line's depth ends a block of the answer. A shallower one ends
        # the answer.
        ends_at = self.base - self.opened_above
        closes = closes_block(line, self.language) and len(indent_of(line)) <= ends_at
        if closes and not opens and not first:
            self.reading.cut = Cut(end, "block")
            return True
        if self.amount.cautious and self._is_last(line):
            self.reading.cut = Cut(end, "block")
            return True
        if self.opened_above or self.blocks or (first and opens):
            self.blocks = self.blocks or opens
            return False
        if (first and _LEADS_ON.match(line) and self.most_lines > 1) or opens or self.state.opened:
            self.blocks = opens
            return False
        self.reading.cut = Cut(end, "line")
        return True

    def _is_last(self, line: str) -> bool:
        """Whether no line can follow this one in the block that was opened above."""
        return (
            family_of(self.language) == "python"
            and self.opened_above
            and len(indent_of(line)) == self.base
            and not self.state.opened
            and not line.endswith("\\")
            and _LEAVES.match(line) is not None
        )

    def _guesses(self, line: str, *, whole: bool) -> str:
        """Why a cautious answer ends before this line, because it probably guesses from here on. Empty if it does not."""
        if not self.amount.cautious or not self.opened_above or len(indent_of(line)) != self.base:
            return ""
        if self.blank_seen and self._may_be_next(line, whole=whole):
            return "blank line"
        if not whole:
            return ""
        if _DEFINES.match(line) and self._has_defined():
            return "definition"
        is_again = any(said == line for said, _ in self.said) and sum(map(str.isalnum, line)) >= _TELLING
        return "repetition" if is_again and not self._goes_on(line) else ""

    def _goes_on(self, line: str) -> bool:
        return closes_block(line, self.language) or continues_block(line, self.language)

    def _has_defined(self) -> bool:
        """Whether the answer already has a definition before this line, other than a decorator for it."""
        is_decorated = _LEADS_ON.match(self.said[-1][0]) is not None
        return not is_decorated and any(_DEFINES.match(said) for said, _ in self.said)

    def _may_be_next(self, line: str, *, whole: bool) -> bool:
        """Whether a line after a blank line begins something new.

        It does unless it ends or continues a block, or only comments stand before it.
        """
        may_close = line.lstrip()[0] in ")]}<" or family_of(self.language) in _WORD_CLOSERS
        if not whole and (may_close or line.lstrip()[0] in _CONTINUATION_STARTS):
            return False
        return not self._goes_on(line) and not all(is_comment(said, self.language) for said, _ in self.said)

    def _ends_before(self, line: str, *, whole: bool) -> str:
        """Why the answer ends before this line. Empty if it does not, or if more of the line is needed to tell."""
        width = len(indent_of(line))
        content = line.strip()
        below = self.view.next_line()
        if whole and content == below.strip() and width == len(indent_of(below)):
            return "suffix"
        if width > self.base:
            return ""
        if not whole and (content[0] in ")]}<" or family_of(self.language) in _WORD_CLOSERS):
            return ""
        closes = closes_block(line, self.language)
        if width < self.base:
            # The line that closes the block above belongs to the answer, unless the document has it (see the case above).
            return "" if closes and self.opened_above else "blank line" if self.blank_seen else "dedent"
        if self.opened_above:
            return "blank line" if whole and self.blank_seen and opens_block(line, self.language) else ""
        if closes:
            return ""
        goes_on = continues_block(line, self.language) if whole else content[0] in _CONTINUATION_STARTS
        return "block" if self.blocks and not goes_on else ""
