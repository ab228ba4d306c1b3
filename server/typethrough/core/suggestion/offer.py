"""What an earlier answer offers at a cursor: text that may be shown, or the reason against it."""

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

# After a cut for these reasons, the rest of the answer is not worth its tokens.
_USELESS_AFTER: Final = frozenset(("suffix", "repetition"))


class Offer(NamedTuple):
    """A text to show, or the `cause` why there is none. Without both, more text is needed.

    `replaces` is the number of characters after the cursor that the text replaces. `is_all`: what the model says after this
    text is useless, because it repeats the lines below or itself.
    """

    text: str = ""
    cause: Cause | None = None
    replaces: int = 0
    is_all: bool = False


def from_shown(shown: Shown | None, view: View) -> Offer:
    """What is left of the shown suggestion. It is not filtered again, so that typing through it never changes it."""
    remainder = shown.remainder(view) if shown is not None else ""
    if shown is None or not remainder:
        return Offer()
    if view.line_suffix == shown.line_suffix:
        return Offer(remainder, replaces=shown.replaces)
    # The editor has added a closing bracket or quote after the cursor, which must not stand there twice.
    return _checked(remainder, view)


def from_hit(hit: Hit, view: View, amount: Amount) -> Offer:
    """What a cached completion, complete or growing, offers at the cursor now."""
    if not hit.remainder:
        return Offer()
    cut = enough(hit.remainder, _cut_at(view, hit.remainder), amount=amount, complete=hit.entry.complete)
    if cut is None:
        return Offer()
    offer = _checked(hit.remainder[: cut.length], view, is_on_screen=hit.entry.was_shown)
    return offer._replace(is_all=True) if cut.reason in _USELESS_AFTER else offer


def from_growing(hit: Hit, view: View, amount: Amount) -> str:
    """The certain start of a growing text, in its final form. Empty while nothing is certain."""
    if not hit.remainder or hit.entry.complete:
        return ""
    text = hit.remainder[: certain(hit.remainder, view, amount=amount)]
    if not text.strip() or ("\n" not in text and may_loop(hit.remainder, view)):
        return ""
    # If a filter would change the text now, it would change on the screen later.
    return text if finished(text, view) == text else ""


def from_unfinished(hit: Hit, view: View, amount: Amount) -> Offer:
    """The best part of a text that is unfinished at the deadline."""
    if not hit.remainder:
        return Offer()
    cut = best_so_far(hit.remainder, _cut_at(view, hit.remainder), amount=amount)
    if cut is None:
        return Offer()
    return _checked(hit.remainder[: cut.length], view, is_on_screen=hit.entry.was_shown)


def _cut_at(view: View, text: str) -> View:
    """The view for the cut. For a block, closing signs that the editor put after the cursor are not a rest of the line."""
    return view.with_suffix("") if view.line_suffix and fills_a_block(text, view) else view


def _checked(text: str, view: View, *, is_on_screen: bool = False) -> Offer:
    """The text in the form that may be shown, or the refusal."""
    fit = fitted(text, view, is_on_screen=is_on_screen)
    return Offer(cause=fit.cause) if isinstance(fit, Refused) else Offer(fit.text, replaces=fit.replaces)
