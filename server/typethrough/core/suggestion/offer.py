"""What an earlier answer offers at a cursor, as text that may be shown, or why it may not be.

An editor closes what is typed: after `f(` the cursor stands before `)`. Most often the rest of the line ends in that closer, and
the text is put in before it. Where the line goes on behind it (`def f(a):`, `a[0].name`, `"a", "b"`), no insertion can give
the line; replacing the closer does (`covered`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.document.scan import scan
from typethrough.core.filters import Refused, finished
from typethrough.core.suggestion.cut import best_so_far, certain, enough

if TYPE_CHECKING:
    from typethrough.core.document.view import View
    from typethrough.core.outcome.causes import Cause
    from typethrough.core.suggestion.cache import Hit
    from typethrough.core.suggestion.trail import Shown

# More than an editor closes at one place; each is a reading of the line.
_CLOSERS: Final = re.compile(r"[)\]}>\"'`]{1,8}")


class Offer(NamedTuple):
    """A text to show, or why there is none: `cause` is None when more text is needed.

    `replaces` counts the characters right of the cursor that the text takes the place of.
    """

    text: str = ""
    cause: Cause | None = None
    replaces: int = 0


def from_shown(shown: Shown | None, view: View) -> Offer:
    """What is left of the suggestion on screen. Not filtered again, so that typing through it never changes it."""
    remainder = shown.remainder(view) if shown is not None else ""
    if shown is None or not remainder:
        return Offer()
    if view.line_suffix == shown.line_suffix:
        return Offer(remainder, replaces=shown.replaces)
    # The editor has closed a bracket or quote behind the cursor: what it closed must not be there twice.
    return _checked(remainder, view)


def from_hit(hit: Hit, view: View, max_lines: int) -> Offer:
    """What a cached completion, finished or still growing, has to offer at the cursor by now."""
    if not hit.remainder:
        return Offer()
    cut = enough(hit.remainder, view, max_lines=max_lines, complete=hit.entry.complete)
    return Offer() if cut is None else _checked(hit.remainder[: cut.length], view)


def from_growing(hit: Hit, view: View, max_lines: int) -> str:
    """What a growing text is certain to begin with, in the form it will have; empty while nothing can be said."""
    if not hit.remainder or hit.entry.complete:
        return ""
    text = hit.remainder[: certain(hit.remainder, view, max_lines=max_lines)]
    # A filter that would change what is known now would change it on the screen.
    return text if text.strip() and finished(text, view) == text else ""


def from_unfinished(hit: Hit, view: View, max_lines: int) -> Offer:
    """The best of a text that the deadline did not let finish."""
    cut = best_so_far(hit.remainder, view, max_lines=max_lines) if hit.remainder else None
    return Offer() if cut is None else _checked(hit.remainder[: cut.length], view)


def _checked(text: str, view: View) -> Offer:
    """The text as it may be shown: put in at the cursor, or, where that cannot give the line it means, in place of closers."""
    result = finished(text, view)
    inserted = "" if isinstance(result, Refused) else result
    suffix = view.line_suffix
    if inserted + suffix.rstrip() != text.rstrip() and (count := covered(text, view)):
        whole = finished(text, view.with_suffix(suffix[count:]))
        if not isinstance(whole, Refused):
            return Offer(whole, replaces=count)
    return Offer(cause=result.cause) if isinstance(result, Refused) else Offer(result)


def covered(text: str, view: View) -> int:
    """How many characters right of the cursor a one-line text should take the place of; 0 when inserting is as good."""
    closers = _CLOSERS.match(view.line_suffix)
    if closers is None or "\n" in text:
        return 0
    now = _imbalance("", view, 0)
    by_count = {
        count: _imbalance(text, view, count)
        for count in range(closers.end() + 1)
        if _holds(text, closers[0][:count])
    }
    best = min(by_count, key=lambda count: (by_count[count], count))
    return best if by_count[best] <= now and by_count[best] < by_count[0] else 0


def _imbalance(text: str, view: View, count: int) -> int:
    """What is open or closed too often in the line with the text in place of `count` characters."""
    line = view.line_prefix + text + view.line_suffix[count:]
    state = scan(line, view.language_id)
    return len(state.opened) + len(state.stray) + (state.inside not in {"", "#"})


def _holds(text: str, signs: str) -> bool:
    """Whether the signs stand in the text in this order: editors show a replacement only then."""
    rest = iter(text)
    return all(sign in rest for sign in signs)
