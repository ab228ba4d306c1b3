"""How a request ended. Every ending has a name and a reason in plain words. There is no ending `None`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typethrough.core.document.document import Position
    from typethrough.core.outcome.causes import Cause, StreamEnd


class Source(StrEnum):
    """Where a suggestion came from, cheapest first."""

    SHOWN = "typed-through"
    CACHE = "cache"
    JOIN = "join"
    LOCAL = "local"
    MODEL = "model"


class Ending(StrEnum):
    """The kinds of ending. `lsp/` maps each to one kind of reply."""

    ANSWERED = "answered"
    SKIPPED = "skipped"
    EMPTY = "empty"
    FILTERED = "filtered"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    DEADLINE = "deadline"
    FAILED = "failed"


class Feedback(StrEnum):
    """What an editor reports about a suggestion on the screen."""

    SHOWN = "shown"
    ACCEPTED = "accepted"
    PARTLY_ACCEPTED = "partly accepted"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Text to insert at the cursor, `position`. The editor sends `id` back when it reports an acceptance.

    `replaces` is the number of characters after the cursor that the text replaces (0: it only inserts).
    """

    id: str
    text: str
    position: Position
    source: Source
    replaces: int = 0


@dataclass(slots=True)
class Usage:
    """Tokens as the provider counted them, zero if it said nothing. `prompt_tokens` includes cached and written tokens."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cache_write_tokens: int = 0


class Purpose(StrEnum):
    """Why a model was asked."""

    AUTOMATIC = "automatic"
    INVOKED = "invoked"
    PREFETCH = "prefetch"
    WARM_UP = "warm-up"
    HEDGE = "hedge"


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """What is known of a model's stream when it has ended.

    `usage` is the provider's count. With `is_estimated` it is our estimate, because providers report no count for a stream
    that is closed early. `dollars` is its cost by the model's prices, `saved_dollars` what the prompt cache saved. `id` is
    unique in one process. `total_ms` is the time from the question to the stream's end, None if unknown. `is_chat` is False
    for a text completion.
    """

    id: str
    model: str
    purpose: Purpose
    end: StreamEnd
    usage: Usage
    is_estimated: bool = False
    ttft_ms: float | None = None
    dollars: float = 0.0
    saved_dollars: float = 0.0
    total_ms: float | None = None
    is_chat: bool = True


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens and dollars over some time."""

    usage: Usage = field(default_factory=Usage)
    dollars: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one request ended. `stages_ms` are the milliseconds from its arrival to each stage that it reached.

    `language_id` is the document's. `cause` is None for a complete answer; an answer that was cut short has a cause too.
    `kept_back` counts the secrets that were hidden from the model.
    """

    ending: Ending
    reason: str
    source: Source | None = None
    suggestions: tuple[Suggestion, ...] = ()
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    language_id: str = ""
    cause: Cause | None = None
    kept_back: int = 0

    @property
    def total_ms(self) -> float:
        """Milliseconds from arrival to the end. All stages count from the arrival, so the largest is the total."""
        return max(self.stages_ms.values(), default=0.0)
