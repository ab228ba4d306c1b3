"""Removes what the end of an answer repeats of the lines below, and closing brackets that those lines already have."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from typethrough.core.document.cells import heading_in
from typethrough.core.document.indentation import indent_of
from typethrough.core.document.scan import CLOSER_OF, State, closes_block, family_of, opens_block, scan
from typethrough.core.dressing.draft import Refused, significant
from typethrough.core.outcome.causes import Cause

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_LINES_BELOW: Final = 40
_CLOSERS_BELOW: Final = 60
_MIN_SAME: Final = 2
_MIN_TYPED_TOO: Final = 6
_MIN_MOVED: Final = 10
_TRAILING: Final = " \t\n)]}>;,:\"'`"
# A text never has more of its own, and each may be checked.
_MOST_TRAILING: Final = 40
_QUOTES: Final = frozenset(('"', "'", "`"))


def below(text: str, view: View) -> str | Refused:
    """The text without lines at its end that stand below, and without closing brackets that would leave one below unmatched."""
    if _is_next(text, view):
        return Refused(Cause.NEXT_LINE)
    if view.line_suffix.strip():
        return text
    return _without_closers(_without_lines(text, view), view)


def _is_next(text: str, view: View) -> bool:
    """Whether all lines of the text, the first with the line prefix, equal the next lines of the document."""
    prefix, suffix = view.line_prefix, view.line_suffix.rstrip()
    whole = text if text.startswith("\n") else prefix + text
    said = [line for line in (whole.rstrip() + suffix).split("\n") if line.strip()]
    there = [line for line in view.lines_after(_LINES_BELOW) if line.strip()][: len(said)]
    if not said or [line.strip() for line in said] != [line.strip() for line in there]:
        return False
    typed = prefix.strip() != "" and not text.startswith("\n")
    if typed and suffix:
        return False
    same_depth = indent_of(said[0]) == indent_of(there[0])
    if not significant(text):
        # Closing brackets and such: two of them at the same depth close the same block.
        return same_depth and not typed
    if significant(text) < _MIN_SAME or (typed and significant(whole) < _MIN_TYPED_TOO):
        return False
    if not same_depth and significant(text) < _MIN_MOVED:
        return False
    above = prefix if prefix.strip() else view.previous_line()
    # After an opening line, the same line may come again, deeper: an early return after `if not found:`.
    language = view.language_id
    return same_depth or not (typed or opens_block(above, language) or closes_block(said[0], language))


def _without_lines(text: str, view: View) -> str:
    """The text without the longest run of lines at its end that equals the next lines of the document."""
    lines = text.rstrip().split("\n")
    rows = [(number, line) for number, line in enumerate(lines) if number and line.strip()]
    there = [line.rstrip() for line in view.lines_after(_LINES_BELOW) if line.strip()]
    if lines[0].strip() and not view.line_prefix.strip():
        rows.insert(0, (0, view.line_prefix + lines[0]))
    for count in range(min(len(rows), len(there)), 0, -1):
        echo = rows[-count:]
        if [line.strip() for _, line in echo] != [line.strip() for line in there[:count]]:
            continue
        repeats = any(line == echo[0][1] for _, line in rows[:-count]) or view.previous_line() == echo[0][1]
        if repeats and significant(echo[0][1]):
            # Lines such as rows of numbers may come several times.
            continue
        size = sum(significant(line) for _, line in echo)
        moved = {
            len(indent_of(line)) - len(indent_of(one)) for (_, line), one in zip(echo, there, strict=False)
        }
        if (moved == {0} and size) or (len(moved) == 1 and count > 1 and size >= _MIN_MOVED):
            return "\n".join(lines[: echo[0][0]])
    return text


def _without_closers(text: str, view: View) -> str:
    """Remove closing brackets from the end of the text if one in the document would then have no partner."""
    if not text.endswith(tuple(_TRAILING)) or not any(sign in text for sign in ")]}"):
        return text
    state, language = view.state, view.language_id
    if state.inside == "#" or family_of(language) in {"text", "markup"}:
        return text
    lines = "\n".join(view.lines_after(_CLOSERS_BELOW))
    if (heading := heading_in(lines)) >= 0:
        # Another cell cannot close what was opened in this one.
        lines = lines[:heading]
    inside = scan(text, language, state).inside
    closers = scan(lines, language, State(inside=inside if inside in _QUOTES else "")).stray
    if family_of(language) == "shell" or not closers:
        # In a shell's `case`, patterns end with a bracket without an opening one.
        return text
    there = Counter(closers)
    natural, orphans = _orphans(state, there), _orphans(scan(text, language, state), there)
    if orphans <= natural:
        return text
    natural = min(natural, orphans - 1)
    trailing = min(len(text) - len(text.rstrip(_TRAILING)), _MOST_TRAILING)
    for place in range(len(text) - 1, len(text) - trailing - 1, -1):
        if text[place] in ")]}" and _orphans(scan(text[:place], language, state), there) <= natural:
            return text[:place] if _is_doubled(text, place, view) else text
    return text


def _orphans(state: State, closers: Counter[str]) -> int:
    """How many of the document's closing brackets would have no opening one."""
    wanted = Counter(CLOSER_OF[sign] for sign in state.opened)
    return sum((closers - wanted).values())


def _is_doubled(text: str, place: int, view: View) -> bool:
    """Whether the bracket at `place` stands in the document too.

    One that begins a line counts only if the same bracket stands below at the same depth, before any shallower line.
    """
    line = text[text.rfind("\n", 0, place) + 1 : place]
    if line.strip() or "\n" not in text[:place]:
        return True
    for one in view.lines_after(_CLOSERS_BELOW):
        if one.strip() and len(indent_of(one)) <= len(line):
            return len(indent_of(one)) == len(line) and one.lstrip().startswith(text[place])
    return False
