"""Head filter: indentation that the model lost, or gave twice. All lines move together, so their relation stays.

Widths are counted in characters: the filter before this one has written all leading white space in the file's unit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from typethrough.core.document.indentation import indent_of
from typethrough.core.document.scan import (
    closes_block,
    continues_block,
    family_of,
    is_comment,
    opens_block,
    scan,
    without_comment,
)
from typethrough.core.filters.draft import NOTHING_YET, Draft

if TYPE_CHECKING:
    from typethrough.core.document.view import View

# How wide a line's indentation should be, from the width it has, the line before it and that line's new width.
Plan = Callable[[int, str, int], int]

_LABEL: Final = re.compile(
    r"\s*(?:case\b|default\b|public\b|private\b|protected\b|\{|#\s*(?:if|el|end|def|undef|inc|pragma)|- )"
)
_CARRIES_ON: Final = re.compile(r"\s*(?:[.?:+*/%|&=<>,-]|and\b|or\b)")
_UNFINISHED: Final = re.compile(r"(?:[\\+*/%|&=<>?.-]|\band|\bor|\bnot|\bin)$")
_TOP_LEVEL: Final = re.compile(
    r"(?:def|class|async|if|try|__\w+__|[A-Z_]{3,}|import|from|func|fn|function|export|type|const)\b|@"
)
_ROUND_OR_SQUARE: Final = frozenset(")]")
# The longest word a plan asks for (`protected`) is known once this much of a line is.
_TELLING_CHARS: Final = 12


def indentation(draft: Draft, view: View) -> Draft:
    """Drop an indentation that is typed already, and move the further lines to where the first one stands."""
    text, done = draft
    starts_line = not view.line_prefix.strip()
    if starts_line and not done and not text.strip():
        return NOTHING_YET
    lines = text.split("\n")
    if not done and len(lines) > 1 and not lines[-1].strip():
        lines[-1] = ""
    if starts_line and lines[0].strip():
        lines[0] = _first_line(lines[0], view)
    if family_of(view.language_id) in {"text", "markup"} or len(lines) == 1:
        return Draft("\n".join(lines), done)
    return _further_lines(lines, view, done=done)


def _first_line(line: str, view: View) -> str:
    """The first line without the indentation that stands before the cursor."""
    typed = len(view.line_prefix)
    given = len(indent_of(line))
    if not typed or not given:
        return line
    wanted = _wanted(view.previous_line(), view)
    if typed < wanted == typed + given:
        return line
    unit = len(view.unit)
    if given % unit and not (typed + given) % unit:
        return line
    if given < typed or (given == 2 * typed and typed == wanted):
        return line[given:]
    return line[typed:]


def _further_lines(lines: list[str], view: View, *, done: bool) -> Draft:
    index = next((number for number, line in enumerate(lines) if number and line.strip()), 0)
    if not index:
        return Draft("\n".join(lines), done)
    before = _line_before(lines, index, view)
    width, stands, wanted = len(indent_of(lines[index])), len(indent_of(before)), _wanted(before, view)
    opens = opens_block(before, view.language_id)
    if (width == wanted and not (width == 2 * stands and opens)) or (not opens and 0 < width <= stands):
        return Draft("\n".join(lines), done)
    if not _ROUND_OR_SQUARE.isdisjoint(scan(before, view.language_id).stray):
        # The line before ends a bracket that began higher up: its own indentation says nothing.
        return Draft("\n".join(lines), done)
    if not done and index == len(lines) - 1 and len(lines[index].strip()) < _TELLING_CHARS:
        return Draft("\n".join([*lines[:index], ""]), done)
    plan = _plan(lines, index, before, view)
    if plan is None:
        return Draft("\n".join(lines), done)
    return Draft("\n".join([*lines[:index], *_moved(lines[index:], before, plan, view)]), done)


def _line_before(lines: list[str], index: int, view: View) -> str:
    """The nearest line that is not blank before `index`: of the text, of the cursor's line, or of the document."""
    for number in range(index - 1, -1, -1):
        line = lines[number] if number else view.line_prefix + lines[0]
        if line.strip():
            return line
    return view.previous_line()


def _wanted(before: str, view: View) -> int:
    deeper = len(view.unit) if opens_block(before, view.language_id) else 0
    return len(indent_of(before)) + deeper


def _plan(lines: list[str], index: int, before: str, view: View) -> Plan | None:
    """How to move the lines, judged by the first further line; None when it may stand where it is."""
    line, wanted, stands = lines[index], _wanted(before, view), len(indent_of(before))
    width = len(indent_of(line))
    start = view.state
    if scan("\n".join(lines[:index]) + "\n", view.language_id, start).inside:
        # Inside a string only a docstring's lines have an indentation to lose; in one they may well stand deeper.
        docstring = start.inside not in {"", "#"} or before.lstrip().startswith(('"""', "'''"))
        if not docstring or not indent_of(view.next_line()):
            return None
        if width == 2 * stands and stands > len(view.unit) and index == 1:
            return _halved_or_shifted(stands, view)
        return None if width else lambda found, _before, _width: found + stands
    if _lost(lines, index, before, view):
        return lambda found, _before, _width: max(0, found + wanted - width)
    if stands and width > wanted and not _is_continuation(before, line, view):
        if width == 2 * wanted == 2 * stands:
            return _halved_or_shifted(stands, view)
        if width == 2 * wanted:
            return lambda found, _before, _width: found // 2
        if width == wanted + stands:
            return lambda found, _before, _width: max(0, found - stands)
    return None


def _lost(lines: list[str], index: int, before: str, view: View) -> bool:
    line, stands = lines[index], len(indent_of(before))
    width = len(indent_of(line))
    language = view.language_id
    if closes_block(line, language) or _LABEL.match(line):
        return False
    if opens_block(before, language):
        if before.rstrip().endswith(" in"):
            # The patterns of a shell's `case` may stand at its own depth.
            return False
        if width > stands or (family_of(language) == "data" and width == stands):
            return False
        return stands > 0 or family_of(language) == "python"
    if width or stands < len(view.unit) or continues_block(line, language):
        return False
    # At the margin stands what follows the outermost block, or the same block without its indentation.
    close = bool(lines[index - 1].strip()) or index == 1
    return (close or bool(indent_of(view.next_line()))) and (close or not _TOP_LEVEL.match(line))


def _is_continuation(before: str, line: str, view: View) -> bool:
    code = without_comment(before, view.language_id)
    if _CARRIES_ON.match(line):
        return True
    if is_comment(before, view.language_id):
        # A comment may stand shallower than the body it speaks of.
        return not is_comment(line, view.language_id) and len(indent_of(before)) <= len(view.unit)
    if opens_block(before, view.language_id) and code.endswith((":", "{")):
        return False
    return _UNFINISHED.search(code) is not None or bool(scan(code, view.language_id).opened)


def _halved_or_shifted(stands: int, view: View) -> Plan:
    """Twice the indentation of one level may come from doubling each line or from adding the level to each: ask the opener."""

    def plan(found: int, before: str, before_width: int) -> int:
        if found == 2 * stands or not opens_block(before, view.language_id):
            return (
                max(0, found - stands) if found >= 2 * stands and found % (2 * len(view.unit)) else found // 2
            )
        deeper = before_width + len(view.unit)
        return deeper if found in {2 * deeper, deeper + stands} else found // 2

    return plan


def _moved(lines: list[str], before: str, plan: Plan, view: View) -> list[str]:
    moved = []
    lead = indent_of(before)
    for line in lines:
        if not line.strip():
            moved.append(line)
            continue
        found = len(indent_of(line))
        width = plan(found, before, len(lead))
        # A wider indentation begins like the one above it: files indented by tabs align comments with spaces.
        lead = line[:width] if width <= found else lead[:width].ljust(width, view.unit[0])
        moved.append(lead + line[found:])
        before = line
    return moved
