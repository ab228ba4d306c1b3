"""What a decision may ask about the waiting request and its document.

Each fact is computed when it is asked for, because some take a hundred times as long as others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typethrough.core.outcome.causes import Refusal
    from typethrough.core.suggestion.cache import Entry
    from typethrough.core.suggestion.offer import Offer


class Known(NamedTuple):
    """An earlier answer that fits at the cursor.

    `is_growing`: its stream is still running. `is_stalled`: but nothing comes any more. `said_all`: the model would have
    nothing to add if asked again.
    """

    entry: Entry
    offer: Offer
    is_growing: bool = False
    is_stalled: bool = False
    said_all: bool = False


class Facts(Protocol):
    """The facts for a decision. Those that cost nothing are values.

    `invoked`: the user asked by hand. `expected`: the text that the open completion menu would insert, empty without one.
    `promised`: the part of the answer that the client already shows. `is_routed`: a route chose the model. `waited_for`: the
    answer of the stream that the request waits for. `now_s`: when the event happened.
    """

    invoked: bool
    expected: str
    promised: str
    is_routed: bool
    waited_for: Entry | None
    deadline_s: float
    now_s: float

    def unwanted(self) -> Refusal | None:
        """Why nothing should be suggested here, or None."""
        ...

    def left_of_shown(self) -> Offer:
        """What is left of the suggestion on the screen."""
        ...

    def known(self) -> Iterable[Known]:
        """Earlier answers at this place from the request's model or a better one, the most likely first."""
        ...

    def others(self) -> Iterable[Known]:
        """Earlier answers at this place from other models."""
        ...

    def guess(self, *, at_once: bool) -> Offer:
        """The local lane's guess. `at_once`: only if it is sure enough to answer at once. Else as a last resort."""
        ...

    def ask_at_s(self) -> float:
        """When to ask the model, as a time of the clock."""
        ...

    def hesitation(self) -> str:
        """Why the model was asked so late that there is no answer. Empty if it was asked early."""
        ...

    def refusal(self) -> Refusal | None:
        """Why the model cannot be asked now, or None."""
        ...

    def said(self, entry: Entry) -> Offer:
        """What a stream of the document offers now."""
        ...

    def certain(self, entry: Entry) -> str:
        """The certain start of a stream's text, if the client can show a growing text. Else empty."""
        ...

    def is_due(self, entry: Entry) -> bool:
        """Whether the first lines of a body have waited so long that they should answer without the rest."""
        ...

    def unfinished(self, entry: Entry) -> Offer:
        """The best part of a stream's text when time is up."""
        ...
