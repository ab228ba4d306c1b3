"""How much a suggestion may contain at a place: one line, or the body of a block that was opened and is still empty.

This depends only on the view and the setting `max_lines`. `cut` decides where an answer ends within it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from typethrough.core.document.indentation import indent_of
from typethrough.core.document.scan import UNKNOWN, family_of, is_comment, opens_block, scan, without_comment

if TYPE_CHECKING:
    from typethrough.core.document.view import View

    MaxLines = int | Literal["auto"]

AUTO: Final = "auto"
# Users do not read a longer body before they accept it.
_BODY_LINES: Final = 10

# Characters that the editor may have put after the cursor: they close the block, so they are not its content.
_CLOSERS: Final = " \t)]};,"
# Comments and a docstring may stand between the first line of a block and its code.
_MOST_REMARKS: Final = 12
# The head of a block may be several lines, with its arguments below each other.
_HEAD_LINES: Final = 20
_QUOTES: Final = ('"""', "'''", '"', "'")
_LITERAL: Final = re.compile(r"[\[(]$")
# A line with such an end continues on the next line.
_CARRIED_ON: Final = re.compile(r"(?:[,\\+*/|&-]|\band|\bor)\s*$")
_ITEM: Final = re.compile(r"\s*- ")


class Amount(NamedTuple):
    """How much may be shown.

    `lines`: the most lines. `depth`: the indentation of the head of an empty block at the cursor, -1 without one. `cautious`:
    end the body where the answer probably begins to guess. `whole`: when the answer opens a block, take it to its end.
    """

    lines: int
    depth: int = -1
    cautious: bool = False
    whole: bool = False


def amount_at(view: View, max_lines: MaxLines, *, invoked: bool) -> Amount:
    """How much may be shown at a cursor. A request by hand may get a whole block, whatever the setting says."""
    if invoked:
        lines = _BODY_LINES if max_lines == AUTO else max(max_lines, _BODY_LINES)
        return Amount(lines, empty_block(view), whole=True)
    if max_lines != AUTO:
        return Amount(max_lines)
    depth = empty_block(view)
    return Amount(1) if depth < 0 else Amount(_BODY_LINES, depth, cautious=True)


def empty_block(view: View) -> int:
    """The indentation of the head of a block that was opened directly before the cursor and is still empty; -1 without one.

    Arguments and list items are not a block, unless the file consists of them or their brackets are still empty.
    """
    if view.line_suffix.strip(_CLOSERS):
        return -1
    line, language = view.line_prefix, view.language_id
    starts_line = not line.strip()
    back, head = _head_above(view) if starts_line else (0, line)
    if not (opens_block(head, language) or _is_deeper(line, head, language)):
        return -1
    if starts_line and family_of(language) != "data" and _LITERAL.search(without_comment(head, language)):
        return -1
    depth = len(indent_of(_first_line_of(head, back, view)))
    if starts_line and len(line) < depth:
        return -1
    below = view.next_line()
    is_filled = len(indent_of(below)) > depth or (_ITEM.match(below) and len(indent_of(below)) == depth)
    return -1 if (below and is_filled) or view.state.inside else depth


def _is_deeper(line: str, head: str, language: str) -> bool:
    """Whether the editor has put the cursor deeper than the line above, in a language whose block openers are unknown."""
    if family_of(language) != UNKNOWN or line.strip() or not head.strip() or _CARRIED_ON.search(head):
        return False
    return len(line) > len(indent_of(head))


def _head_above(view: View) -> tuple[int, str]:
    """How many lines up the nearest line is that is no comment or docstring, and that line. (0, "") after a blank line."""
    above = view.lines_before(_MOST_REMARKS)[::-1]
    number = 0
    while number < len(above):
        line = above[number]
        if not (is_comment(line, view.language_id) or _is_string(line.strip())):
            begun = _docstring_above(above, number)
            if begun == number:
                return number + 1, line
            number = begun
        number += 1
    return 0, ""


def _docstring_above(above: list[str], last: int) -> int:
    """Where the docstring begins that ends on line `last`, counted upwards. `last` itself if none ends there."""
    line = above[last].rstrip()
    quote = line[-3:]
    if quote not in {'"""', "'''"} or line.count(quote) != 1:
        return last
    begins = (number for number in range(last + 1, len(above)) if quote in above[number])
    return next(
        (number for number in begins if above[number].lstrip().lstrip("rRuU").startswith(quote)), last
    )


def _first_line_of(head: str, back: int, view: View) -> str:
    """The first line of a head whose last line closes brackets from lines above."""
    text = head
    if not scan(text, view.language_id).stray:
        return head
    above = view.lines_before(back + _HEAD_LINES)
    for line in above[: len(above) - back][::-1]:
        text = line + "\n" + text
        if not scan(text, view.language_id).stray:
            return line
    return head


def _is_string(code: str) -> bool:
    return code not in {'"""', "'''"} and any(
        len(code) > len(quote) and code.startswith(quote) and code.endswith(quote) for quote in _QUOTES
    )
