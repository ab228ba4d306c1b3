"""From what a model said to what may be shown: named filters, one a file, in the one order that matters.

Owns the two lists. A filter knows the answer and the view, never the engine, the model or another filter.
"""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from typethrough.core.alignment.before import before
from typethrough.core.alignment.behind import Fit, behind, readings
from typethrough.core.alignment.indentation import indentation
from typethrough.core.alignment.joint import joint
from typethrough.core.dressing.draft import Draft, Refused
from typethrough.core.dressing.undress import undress
from typethrough.core.filters.example_reply import example_reply
from typethrough.core.filters.next_cell import next_cell
from typethrough.core.filters.placeholder import placeholder
from typethrough.core.filters.recited import recited
from typethrough.core.filters.repetition import repetition
from typethrough.core.filters.restored_deletion import restored_deletion
from typethrough.core.filters.welded import welded
from typethrough.core.outcome.causes import Cause
from typethrough.core.suggestion.trail import LONGEST_CHARS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typethrough.core.document.view import View
    from typethrough.core.syntax.syntax import Syntax

__all__ = ["HEAD", "TAIL", "Draft", "Fit", "Refused", "finished", "fitted", "fittings", "growing"]

# Dressing comes off first, then echoes, then white space.
HEAD: Final[tuple[Callable[[Draft, View], Draft], ...]] = (
    undress,
    before,
    joint,
    indentation,
    next_cell,
)

# What is left when the document's own text is off is judged.
TAIL: Final[tuple[Callable[[str, View], str | Refused], ...]] = (
    example_reply,
    recited,
    welded,
    restored_deletion,
    repetition,
    placeholder,
)
# As many other readings, and as many lines less, as the grammar is asked about.
_MOST_READINGS: Final = 8


def growing(raw: str, view: View, *, complete: bool = False) -> str:
    """The text to insert at the cursor, as far as it is certain: a longer `raw` only ever adds to it.

    Empty while nothing can be said. With `complete`, nothing more will come and what was undecided is decided. What goes beyond
    `LONGEST_CHARS` is not looked at, so that such an answer never counts as complete.
    """
    draft = Draft(raw[:LONGEST_CHARS], complete and len(raw) <= LONGEST_CHARS)
    for head in HEAD:
        draft = head(draft, view)
    return draft.text


def fitted(text: str, view: View, *, is_on_screen: bool = False) -> Fit | Refused:
    """The cut text as it may be shown, with how much right of the cursor it takes the place of, or why it may not be.

    The grammar may shorten a text that `is_on_screen` in part, and not refuse it: what is shown stays.
    """
    fit = behind(text, view)
    judged = fit if isinstance(fit, Refused) else _judged(fit, view)
    if isinstance(judged, Refused) or view.syntax is None or view.syntax.accepts(view, *judged):
        return judged
    agreed = _agreed(judged, text, view, view.syntax)
    return judged if is_on_screen and isinstance(agreed, Refused) else agreed


def fittings(text: str, view: View) -> Iterator[Fit]:
    """The cut text in every way that it may be meant and shown, the likeliest first: a grammar may know better than its order."""
    for reading in readings(text, view):
        fit = _judged(reading, view)
        if not isinstance(fit, Refused):
            yield fit


def _judged(fit: Fit, view: View) -> Fit | Refused:
    text, replaces = fit
    if replaces:
        view = view.with_suffix(view.line_suffix[replaces:])
    for tail in TAIL:
        kept = tail(text, view)
        if isinstance(kept, Refused):
            return kept
        text = kept
    suffix = view.line_suffix
    if not suffix.strip() or suffix[0].isspace():
        # It would end the line, or double the blank behind it.
        text = text.rstrip()
    return Fit(text, replaces) if text.strip() else Refused(Cause.BLANK)


def _agreed(fit: Fit, text: str, view: View, syntax: Syntax) -> Fit | Refused:
    """Another reading of the text that the grammar accepts, or the most of the fit that it does."""
    shorter = (Fit(kept, fit.replaces) for kept in _shorter(fit.text))
    for other in chain(islice(fittings(text, view), 1, _MOST_READINGS), islice(shorter, _MOST_READINGS)):
        if syntax.accepts(view, *other):
            return other
    return Refused(Cause.SYNTAX)


def _shorter(text: str) -> Iterator[str]:
    """The first lines of a text, the most first, each also without the closers at their end."""
    lines = text.split("\n")
    for count in range(len(lines), 0, -1):
        kept = "\n".join(lines[:count]).rstrip()
        if count < len(lines) and kept.strip():
            yield kept
        while kept.endswith((")", "]", "}", ";")):
            kept = kept[:-1].rstrip()
            if kept.strip():
                yield kept


def finished(text: str, view: View) -> str | Refused:
    """The same for who does not ask what it takes the place of."""
    fit = fitted(text, view)
    return fit if isinstance(fit, Refused) else fit.text
