"""What an earlier answer offers at a cursor, as text that may be shown, or why it may not be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.alignment.behind import fills_a_block
from typethrough.core.filters import Refused, finished, fitted
from typethrough.core.filters.repetition import may_loop
from typethrough.core.suggestion.cut import best_so_far, certain, enough

if TYPE_CHECKING:
    from typethrough.core.document.view import View
    from typethrough.core.outcome.causes import Cause
    from typethrough.core.suggestion.amount import Amount
    from typethrough.core.suggestion.cache import Hit
    from typethrough.core.suggestion.trail import Shown

# Why an answer was cut, where the rest of it is not worth its tokens.
_USELESS_AFTER: Final = frozenset(("suffix", "repetition"))


class Offer(NamedTuple):
    """A text to show, or why there is none: `cause` is None when more text is needed.

    `replaces` counts the characters right of the cursor that the text takes the place of. `is_all`: what the model says after it
    is of no use, because it says what stands below, or itself again.
    """

    text: str = ""
    cause: Cause | None = None
    replaces: int = 0
    is_all: bool = False


def from_shown(shown: Shown | None, view: View) -> Offer:
    """What is left of the suggestion on screen. Not filtered again, so that typing through it never changes it."""
    remainder = shown.remainder(view) if shown is not None else ""
    if shown is None or not remainder:
        return Offer()
    if view.line_suffix == shown.line_suffix:
        return Offer(remainder, replaces=shown.replaces)
    # The editor has closed a bracket or quote behind the cursor: what it closed must not be there twice.
    return _checked(remainder, view)


def from_hit(hit: Hit, view: View, amount: Amount) -> Offer:
    """What a cached completion, finished or still growing, has to offer at the cursor by now."""
    if not hit.remainder:
        return Offer()
    cut = enough(hit.remainder, _cut_at(view, hit.remainder), amount=amount, complete=hit.entry.complete)
    if cut is None:
        return Offer()
    offer = _checked(hit.remainder[: cut.length], view, is_on_screen=hit.entry.was_shown)
    return offer._replace(is_all=True) if cut.reason in _USELESS_AFTER else offer


def from_growing(hit: Hit, view: View, amount: Amount) -> str:
    """What a growing text is certain to begin with, in the form it will have; empty while nothing can be said."""
    if not hit.remainder or hit.entry.complete:
        return ""
    text = hit.remainder[: certain(hit.remainder, view, amount=amount)]
    if not text.strip() or ("\n" not in text and may_loop(hit.remainder, view)):
        return ""
    # A filter that would change what is known now would change it on the screen.
    return text if finished(text, view) == text else ""


def from_unfinished(hit: Hit, view: View, amount: Amount) -> Offer:
    """The best of a text that the deadline did not let finish."""
    if not hit.remainder:
        return Offer()
    cut = best_so_far(hit.remainder, _cut_at(view, hit.remainder), amount=amount)
    if cut is None:
        return Offer()
    return _checked(hit.remainder[: cut.length], view, is_on_screen=hit.entry.was_shown)


def _cut_at(view: View, text: str) -> View:
    """The place as the cut sees it: what an editor has closed behind the cursor is no rest of a line for a block."""
    return view.with_suffix("") if view.line_suffix and fills_a_block(text, view) else view


def _checked(text: str, view: View, *, is_on_screen: bool = False) -> Offer:
    """The text as it may be shown."""
    fit = fitted(text, view, is_on_screen=is_on_screen)
    return Offer(cause=fit.cause) if isinstance(fit, Refused) else Offer(fit.text, replaces=fit.replaces)
