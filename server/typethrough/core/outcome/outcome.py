"""How a request ended. Every ending has a name and a reason in plain words; `None` is never an ending."""

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
    """The kinds of ending; the LSP edge maps each to one kind of reply."""

    ANSWERED = "answered"
    SKIPPED = "skipped"
    EMPTY = "empty"
    FILTERED = "filtered"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    DEADLINE = "deadline"
    FAILED = "failed"


class Feedback(StrEnum):
    """What an editor tells of a suggestion's life on the screen."""

    SHOWN = "shown"
    ACCEPTED = "accepted"
    PARTLY_ACCEPTED = "partly accepted"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Text to insert at `position`, where the cursor is. `id` comes back when the editor reports acceptance.

    `replaces` counts the characters right of the cursor that the text takes the place of (0: pure insertion).
    """

    id: str
    text: str
    position: Position
    source: Source
    replaces: int = 0


@dataclass(slots=True)
class Usage:
    """Tokens as the provider counted them; zero when it said nothing. Cached and written ones are among the prompt's."""

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
    """What is known of one upstream stream when it has ended.

    `usage` is the provider's count, or with `is_estimated` ours, because a stream that is closed early is not
    counted for us. `dollars` and `saved_dollars` (what the prompt cache spared) go by the model's prices. `id` tells streams of
    one process apart.
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


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens and dollars over some time."""

    usage: Usage = field(default_factory=Usage)
    dollars: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The one ending of one request. `stages_ms` holds the milliseconds from its arrival to each stage that it reached.
    `language_id` is the document's, as the editor calls it. `cause` is None for an answer; one that was cut short has the cause
    all the same. `kept_back` counts the secrets that the model did not see.
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
        """Milliseconds from arrival to the end: each stage is counted from the arrival, so the latest is the total."""
        return max(self.stages_ms.values(), default=0.0)
