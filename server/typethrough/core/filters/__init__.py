"""From what a model said to what may be shown: named filters, one a file, in the one order that matters.

Owns the two lists. A filter knows the answer and the view, never the engine, the model or another filter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from typethrough.core.alignment.before import before
from typethrough.core.alignment.indentation import indentation
from typethrough.core.alignment.joint import joint
from typethrough.core.dressing.undress import undress
from typethrough.core.filters.blank import blank
from typethrough.core.filters.doubled_closers import doubled_closers
from typethrough.core.filters.draft import Draft, Refused
from typethrough.core.filters.echoed_suffix import echoed_suffix
from typethrough.core.filters.example_reply import example_reply
from typethrough.core.filters.next_cell import next_cell
from typethrough.core.filters.next_line import next_line
from typethrough.core.filters.one_line import one_line
from typethrough.core.filters.placeholder import placeholder
from typethrough.core.filters.recited import recited
from typethrough.core.filters.repetition import repetition
from typethrough.core.filters.restored_deletion import restored_deletion
from typethrough.core.filters.stutter import stutter
from typethrough.core.filters.trailing_space import trailing_space
from typethrough.core.filters.welded import welded
from typethrough.core.suggestion.trail import LONGEST_CHARS

if TYPE_CHECKING:
    from collections.abc import Callable

    from typethrough.core.document.view import View

__all__ = ["HEAD", "TAIL", "Draft", "Refused", "finished", "growing"]

# Dressing comes off first, then echoes, then white space.
HEAD: Final[tuple[Callable[[Draft, View], Draft], ...]] = (
    undress,
    before,
    joint,
    indentation,
    next_cell,
)

# What repeats the document is cut before what is left is judged; white space and emptiness are judged last.
TAIL: Final[tuple[Callable[[str, View], str | Refused], ...]] = (
    one_line,
    stutter,
    next_line,
    echoed_suffix,
    doubled_closers,
    example_reply,
    recited,
    welded,
    restored_deletion,
    repetition,
    placeholder,
    trailing_space,
    blank,
)


def growing(raw: str, view: View, *, complete: bool = False) -> str:
    """The text to insert at the cursor, as far as it is certain: a longer `raw` only ever adds to it.

    Empty while nothing can be said. With `complete`, nothing more will come and what was undecided is decided. What goes beyond
    `LONGEST_CHARS` is not looked at, so that such an answer never counts as complete.
    """
    draft = Draft(raw[:LONGEST_CHARS], complete and len(raw) <= LONGEST_CHARS)
    for head in HEAD:
        draft = head(draft, view)
    return draft.text


def finished(text: str, view: View) -> str | Refused:
    """The cut text as it may be shown, or the name of the filter that refuses it."""
    for tail in TAIL:
        kept = tail(text, view)
        if isinstance(kept, Refused):
            return kept
        text = kept
    return text
