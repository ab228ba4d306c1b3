"""What an answer's end says again of the lines below the cursor, and closers that those lines close already."""

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
# More than a text ever has of its own; each of them may be looked at.
_MOST_TRAILING: Final = 40
_QUOTES: Final = frozenset(('"', "'", "`"))


def below(text: str, view: View) -> str | Refused:
    """The text without the lines at its end that stand below the cursor, and without closers that would orphan one of theirs."""
    if _is_next(text, view):
        return Refused(Cause.NEXT_LINE)
    if view.line_suffix.strip():
        return text
    return _without_closers(_without_lines(text, view), view)


def _is_next(text: str, view: View) -> bool:
    """Whether every line of the text, the first one whole, is the next line of the document in the same order."""
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
        # Closers and such: two of them at one depth close one thing.
        return same_depth and not typed
    if significant(text) < _MIN_SAME or (typed and significant(whole) < _MIN_TYPED_TOO):
        return False
    if not same_depth and significant(text) < _MIN_MOVED:
        return False
    above = prefix if prefix.strip() else view.previous_line()
    # Under an opener the same line may stand once more, deeper: `if not found:` and an early return.
    language = view.language_id
    return same_depth or not (typed or opens_block(above, language) or closes_block(said[0], language))


def _without_lines(text: str, view: View) -> str:
    """The text without the longest run of lines at its end that are the next lines of the document."""
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
            # Rows of numbers and such come more than once.
            continue
        size = sum(significant(line) for _, line in echo)
        moved = {
            len(indent_of(line)) - len(indent_of(one)) for (_, line), one in zip(echo, there, strict=False)
        }
        if (moved == {0} and size) or (len(moved) == 1 and count > 1 and size >= _MIN_MOVED):
            return "\n".join(lines[: echo[0][0]])
    return text


def _without_closers(text: str, view: View) -> str:
    """Cut the closers at the text's end that would orphan one of the document's; one that is needed always stays."""
    if not text.endswith(tuple(_TRAILING)) or not any(sign in text for sign in ")]}"):
        return text
    state, language = view.state, view.language_id
    if state.inside == "#" or family_of(language) in {"text", "markup"}:
        return text
    lines = "\n".join(view.lines_after(_CLOSERS_BELOW))
    if (heading := heading_in(lines)) >= 0:
        # What another cell closes was not opened in this one.
        lines = lines[:heading]
    inside = scan(text, language, state).inside
    closers = scan(lines, language, State(inside=inside if inside in _QUOTES else "")).stray
    if family_of(language) == "shell" or not closers:
        # The patterns of a shell's `case` end in brackets that nothing opened.
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
    """How many of the document's closers would have nothing to close."""
    wanted = Counter(CLOSER_OF[sign] for sign in state.opened)
    return sum((closers - wanted).values())


def _is_doubled(text: str, place: int, view: View) -> bool:
    """A closer that begins a line is doubled only when one stands below at the same depth, before anything shallower."""
    line = text[text.rfind("\n", 0, place) + 1 : place]
    if line.strip() or "\n" not in text[:place]:
        return True
    for one in view.lines_after(_CLOSERS_BELOW):
        if one.strip() and len(indent_of(one)) <= len(line):
            return len(indent_of(one)) == len(line) and one.lstrip().startswith(text[place])
    return False
