"""Turns a model's answer into text that may be shown, by named filters, one per file, in a fixed order.

This module has the two lists of filters. A filter knows the answer and the view, not the engine, the model or other filters.
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

# In this order: remove what the model put around its answer, then repeated text, then fix white space.
HEAD: Final[tuple[Callable[[Draft, View], Draft], ...]] = (
    undress,
    before,
    joint,
    indentation,
    next_cell,
)

# These judge the new text, after text that the document already has was removed.
TAIL: Final[tuple[Callable[[str, View], str | Refused], ...]] = (
    example_reply,
    recited,
    welded,
    restored_deletion,
    repetition,
    placeholder,
)
# How many other readings, and how many shortened texts, are checked for syntax errors.
_MOST_READINGS: Final = 8


def growing(raw: str, view: View, *, complete: bool = False) -> str:
    """The text to insert at the cursor, as far as it is certain. A longer `raw` only ever adds to it.

    Empty while nothing is certain. With `complete`, no more text will come, so everything open is decided. Text after
    `LONGEST_CHARS` is ignored, and such an answer never counts as complete.
    """
    draft = Draft(raw[:LONGEST_CHARS], complete and len(raw) <= LONGEST_CHARS)
    for head in HEAD:
        draft = head(draft, view)
    return draft.text


def fitted(text: str, view: View, *, is_on_screen: bool = False) -> Fit | Refused:
    """The cut text in the form that may be shown, with the number of characters it replaces after the cursor; or the refusal.

    The syntax check may shorten a text that `is_on_screen` in part, but not refuse it, because shown text must stay.
    """
    fit = behind(text, view)
    judged = fit if isinstance(fit, Refused) else _judged(fit, view)
    if isinstance(judged, Refused) or view.syntax is None or view.syntax.accepts(view, *judged):
        return judged
    agreed = _agreed(judged, text, view, view.syntax)
    return judged if is_on_screen and isinstance(agreed, Refused) else agreed


def fittings(text: str, view: View) -> Iterator[Fit]:
    """All readings of the cut text that may be shown, the most likely first. The syntax check may prefer a later one."""
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
        # White space at the end would end the line with blanks, or stand before another blank.
        text = text.rstrip()
    return Fit(text, replaces) if text.strip() else Refused(Cause.BLANK)


def _agreed(fit: Fit, text: str, view: View, syntax: Syntax) -> Fit | Refused:
    """Another reading without syntax errors, or else the longest part of the text without them."""
    shorter = (Fit(kept, fit.replaces) for kept in _shorter(fit.text))
    for other in chain(islice(fittings(text, view), 1, _MOST_READINGS), islice(shorter, _MOST_READINGS)):
        if syntax.accepts(view, *other):
            return other
    return Refused(Cause.SYNTAX)


def _shorter(text: str) -> Iterator[str]:
    """The first lines of a text, the longest first, each also without the closing brackets at its end."""
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
    """Like `fitted`, but returns only the text."""
    fit = fitted(text, view)
    return fit if isinstance(fit, Refused) else fit.text
