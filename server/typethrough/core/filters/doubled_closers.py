"""Tail filter: closing brackets and quotes that the document after the cursor closes already (auto-closed pairs above all)."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from typethrough.core.document.cells import heading_in
from typethrough.core.document.indentation import indent_of
from typethrough.core.document.scan import CLOSER_OF, State, family_of, scan

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_LINES_BELOW: Final = 60
_TRAILING: Final = " \t\n)]}>;,:\"'`"
# More than a text ever has of its own; each of them may be looked at.
_MOST_TRAILING: Final = 40
_QUOTES: Final = frozenset(('"', "'", "`"))


def doubled_closers(text: str, view: View) -> str:
    """Cut the closers at the text's end that would orphan one of the document's; one that is needed always stays."""
    closes = text.endswith(tuple(_TRAILING)) and any(sign in text for sign in ")]}")
    if not closes and _QUOTES.isdisjoint(view.line_suffix):
        # Nearly every text: what is open at the cursor need not be known.
        return text
    state = view.state
    if state.inside == "#" or family_of(view.language_id) in {"text", "markup"}:
        return text
    if state.inside[:1] in _QUOTES and state.inside in view.line_suffix:
        text = _without_quote(text, state, view)
    if not text.endswith(tuple(_TRAILING)) or not any(sign in text for sign in ")]}"):
        return text
    return _without_brackets(text, state, view)


def _without_quote(text: str, state: State, view: View) -> str:
    quote = state.inside
    ended = scan(text, view.language_id, state).inside != quote
    if not ended or view.line_suffix.count(quote) % 2 == 0:
        return text
    closing = re.search(re.escape(quote) + r"[\s)\]}>;,:]*\Z", text)
    return text[: closing.start()] if closing else text


def _without_brackets(text: str, state: State, view: View) -> str:
    below = view.line_suffix + "\n" + "\n".join(view.lines_after(_LINES_BELOW))
    if (heading := heading_in(below)) >= 0:
        # What another cell closes was not opened in this one.
        below = below[:heading]
    inside = scan(text, view.language_id, state).inside
    closers = scan(below, view.language_id, State(inside=inside if inside in _QUOTES else "")).stray
    if family_of(view.language_id) == "shell":
        # The patterns of a `case` end in brackets that nothing opened.
        closers = scan(view.line_suffix, view.language_id).stray
    if not closers:
        return text
    there = Counter(closers)
    natural = _orphans(state, there)
    orphans = _orphans(scan(text, view.language_id, state), there)
    if orphans <= natural and not (orphans and text[-1] == view.line_suffix.lstrip()[:1]):
        return text
    natural = min(natural, orphans - 1)
    trailing = min(len(text) - len(text.rstrip(_TRAILING)), _MOST_TRAILING)
    for place in range(len(text) - 1, len(text) - trailing - 1, -1):
        if text[place] in ")]}" and _orphans(scan(text[:place], view.language_id, state), there) <= natural:
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
    for below in view.lines_after(_LINES_BELOW):
        if below.strip() and len(indent_of(below)) <= len(line):
            return len(indent_of(below)) == len(line) and below.lstrip().startswith(text[place])
    return False
