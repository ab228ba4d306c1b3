"""What a decision may ask about the request that waits, and about its document.

Each fact is worked out when it is asked for, because some take a hundred times as long as others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typethrough.core.outcome.causes import Refusal
    from typethrough.core.suggestion.cache import Entry
    from typethrough.core.suggestion.offer import Offer


class Known(NamedTuple):
    """An earlier answer that fits at the cursor. `is_growing`: its stream is under way; `is_stalled`: but says nothing any more;
    `said_all`: the model, asked again, would have nothing to say.
    """

    entry: Entry
    offer: Offer
    is_growing: bool = False
    is_stalled: bool = False
    said_all: bool = False


class Facts(Protocol):
    """What a decision may ask about a request. What costs nothing is there as a value.

    `invoked`: the user asked by hand. `expected`: what the open completion menu would put at the cursor, empty without one.
    `promised`: what the client shows already of the answer. `is_routed`: a model was chosen for it. `waited_for`: the answer of
    the stream that it waits for. `now_s`: when the event happened.
    """

    invoked: bool
    expected: str
    promised: str
    is_routed: bool
    waited_for: Entry | None
    deadline_s: float
    now_s: float

    def unwanted(self) -> Refusal | None:
        """Why no suggestion is wanted here at all."""
        ...

    def left_of_shown(self) -> Offer:
        """What is left of the suggestion on screen."""
        ...

    def known(self) -> Iterable[Known]:
        """What models have said here that are good enough for the request, the likeliest first."""
        ...

    def others(self) -> Iterable[Known]:
        """What models have said here that were not chosen for the request."""
        ...

    def guess(self, *, at_once: bool) -> Offer:
        """The local lane's guess, if it is sure enough to answer at once, or else to answer for want of anything better."""
        ...

    def ask_at_s(self) -> float:
        """When the model is to be asked: when that is worth its stake."""
        ...

    def hesitation(self) -> str:
        """Why the model was asked so late that there is no answer; empty when it was asked soon."""
        ...

    def refusal(self) -> Refusal | None:
        """Why the model cannot be asked now."""
        ...

    def said(self, entry: Entry) -> Offer:
        """What a stream of the document offers by now."""
        ...

    def certain(self, entry: Entry) -> str:
        """What that text is certain to begin with, for a client that shows it grow; else empty."""
        ...

    def is_due(self, entry: Entry) -> bool:
        """Whether the first lines of a body have been there for so long that they answer without the rest."""
        ...

    def unfinished(self, entry: Entry) -> Offer:
        """The best of it when there is no more time."""
        ...
