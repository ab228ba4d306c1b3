"""What each source can offer at a cursor, as plain text: decided here, synchronously, for the engine to hand out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from typethrough.core.filters import Refused, finished
from typethrough.core.stream import best_so_far, certain, enough

if TYPE_CHECKING:
    from typethrough.core.cache import Hit
    from typethrough.core.context import Context
    from typethrough.core.shown import Shown


class Offer(NamedTuple):
    """A text to show, or why there is none: `refused` names the filter, empty when more text is needed."""

    text: str = ""
    refused: str = ""


def from_shown(shown: Shown | None, context: Context) -> str:
    """What is left of the suggestion on screen. Not filtered again, so that typing through it never changes it."""
    if shown is None:
        return ""
    remainder = shown.remainder(context)
    if not remainder or context.line_suffix == shown.line_suffix:
        return remainder
    # The editor has closed a bracket or quote behind the cursor: what it closed must not be there twice.
    result = finished(remainder, context)
    return "" if isinstance(result, Refused) else result


def from_hit(hit: Hit, context: Context, max_lines: int) -> Offer:
    """What a cached completion, finished or still growing, has to offer at the cursor by now."""
    if not hit.remainder:
        return Offer()
    cut = enough(hit.remainder, context, max_lines=max_lines, complete=hit.entry.complete)
    return Offer() if cut is None else _checked(hit.remainder[: cut.length], context)


def from_growing(hit: Hit, context: Context, max_lines: int) -> str:
    """What a growing text is certain to begin with, in the form it will have; empty while nothing can be said."""
    if not hit.remainder or hit.entry.complete:
        return ""
    text = hit.remainder[: certain(hit.remainder, context, max_lines=max_lines)]
    # A filter that would change what is known now would change it on the screen.
    return text if text.strip() and finished(text, context) == text else ""


def from_unfinished(hit: Hit, context: Context, max_lines: int) -> Offer:
    """The best of a text that the deadline did not let finish."""
    cut = best_so_far(hit.remainder, context, max_lines=max_lines) if hit.remainder else None
    return Offer() if cut is None else _checked(hit.remainder[: cut.length], context)


def _checked(text: str, context: Context) -> Offer:
    result = finished(text, context)
    return Offer(refused=result.name) if isinstance(result, Refused) else Offer(text=result)
