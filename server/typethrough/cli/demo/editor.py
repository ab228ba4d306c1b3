"""The demo's editor: one document with the cursor at its end, its ghost text, and events for what happens.

It uses the engine as an editor does. Every key is an edit and a request. An answer for an older version is dropped. While the
person types the suggested text, the ghost text stays and gets shorter. This module does not know about terminals.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from typethrough.core.document.document import Position
from typethrough.engine.loop import Background
from typethrough.engine.pending import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from typethrough.core.outcome.outcome import Outcome, Source


class Reporting(Protocol):
    """Receives what happened to a suggestion."""

    def accepted(self, suggestion_id: str) -> object:
        """A suggestion was accepted."""
        ...


class Completing(Protocol):
    """What the demo needs from an engine."""

    def open(self, uri: str, language_id: str, version: int, text: str) -> object:
        """Open a document."""
        ...

    def edit(self, uri: str, start: Position, end: Position, text: str) -> object:
        """Replace a range."""
        ...

    def changed(self, uri: str, version: int) -> object:
        """The edits so far give this version."""
        ...

    async def complete(self, request: Request) -> Outcome:
        """Return the outcome of a request."""
        ...

    @property
    def reports(self) -> Reporting:
        """The receiver of reports about suggestions."""
        ...


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `kind` is "ghost", "through", "accept" or "diverge". `text` is its suggestion, `ms` the time until it came."""

    kind: str
    text: str
    source: Source
    ms: float


@dataclass(slots=True)
class Ghost:
    """The suggestion on the screen: the rest of its text, and the part that was typed through."""

    id: str
    text: str
    source: Source
    ms: float
    through: str = ""


@dataclass(slots=True)
class Score:
    """Counts of what the person did and what it saved."""

    keys: int = 0
    typed_keys_worth: int = 0
    accepted_chars: int = 0
    through_chars: int = 0
    accepts: int = 0
    diverged: int = 0
    first_ms: list[tuple[Source, float]] = field(default_factory=list)

    @property
    def saved_share(self) -> float:
        """The share of keystrokes that were saved, 0 to 1."""
        return 1 - self.keys / self.typed_keys_worth if self.typed_keys_worth else 0.0


class DemoEditor:
    """One document that is being typed."""

    def __init__(
        self, engine: Completing, now: Callable[[], float], on_event: Callable[[Event], None], uri: str
    ) -> None:
        self._engine = engine
        self._now = now
        self._on_event = on_event
        self._uri = uri
        self._version = 1
        self._asking = Background()
        self.lines = [""]
        self.ghost: Ghost | None = None
        self.score = Score()

    def open(self, language_id: str, text: str) -> None:
        """Open the document with its text before the demo."""
        self.lines = text.split("\n")
        self._engine.open(self._uri, language_id, self._version, text)

    def type(self, text: str) -> None:
        """Insert the text of one key, and ask for a suggestion."""
        self.score.keys += 1
        self.score.typed_keys_worth += 1
        self._insert(text)
        ghost = self.ghost
        if ghost is not None and ghost.text.startswith(text):
            ghost.text = ghost.text[len(text) :]
            ghost.through += text
            self.score.through_chars += len(text)
            if not ghost.text:
                self._on_event(Event("through", ghost.through, ghost.source, ghost.ms))
                self.ghost = None
        elif ghost is not None:
            self.score.diverged += 1
            self._on_event(Event("diverge", ghost.text, ghost.source, ghost.ms))
            self.ghost = None
        self._asking.start(self._answer())

    def accept(self, keys_worth: int) -> None:
        """Accept the ghost text. `keys_worth` is how many keystrokes typing it would have taken."""
        ghost, self.ghost = self.ghost, None
        if ghost is None:
            return
        self.score.keys += 1
        self.score.typed_keys_worth += keys_worth
        self.score.accepts += 1
        self.score.accepted_chars += len(ghost.text)
        self._engine.reports.accepted(ghost.id)
        self._insert(ghost.text)
        self._on_event(Event("accept", ghost.text, ghost.source, ghost.ms))
        self._asking.start(self._answer())

    async def aclose(self) -> None:
        """Cancel outstanding requests."""
        await self._asking.aclose()

    def _insert(self, text: str) -> None:
        at = self._cursor()
        first, *rest = text.split("\n")
        self.lines[-1] += first
        self.lines.extend(rest)
        self._version += 1
        self._engine.edit(self._uri, at, at, text)
        self._engine.changed(self._uri, self._version)

    def _cursor(self) -> Position:
        return Position(len(self.lines) - 1, len(self.lines[-1]))

    async def _answer(self) -> None:
        version, asked = self._version, self._now()
        outcome = await self._engine.complete(
            Request(self._uri, self._cursor(), invoked=False, arrived_s=asked)
        )
        if version != self._version or not outcome.suggestions or outcome.source is None:
            return
        suggestion = outcome.suggestions[0]
        if self.ghost is not None and suggestion.text == self.ghost.text:
            self.ghost.id = suggestion.id
            return
        ms = (self._now() - asked) * 1000
        through = self.ghost.through if self.ghost else ""
        self.ghost = Ghost(suggestion.id, suggestion.text, outcome.source, ms, through)
        self.score.first_ms.append((outcome.source, ms))
        self._on_event(Event("ghost", suggestion.text, outcome.source, ms))
