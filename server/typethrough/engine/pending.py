"""A request that has not ended yet: its frozen context, its deadline, and the one outcome it will get."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from typethrough.core.outcome.outcome import Ending, Outcome, Source, Suggestion, Timings

if TYPE_CHECKING:
    from collections.abc import Callable

    from typethrough.core.asking.routes import Route
    from typethrough.core.document.context import Context
    from typethrough.core.document.document import Position
    from typethrough.core.outcome.causes import Cause
    from typethrough.engine.inflight import Flight
    from typethrough.engine.ports import Cancellable, Clock


@dataclass(frozen=True, slots=True)
class Request:
    """What the editor asks. `arrived_s` is on the engine's clock; `expected` is the text that an open completion menu would
    put at the cursor, which a suggestion must then begin with. `unwanted` says why nothing is to be suggested at this place.
    """

    uri: str
    position: Position
    invoked: bool
    arrived_s: float
    expected: str = ""
    unwanted: Cause | None = None


# Endings that would take from the screen what a promise has put there.
_WITHOUT_TEXT = frozenset({Ending.EMPTY, Ending.FILTERED, Ending.SKIPPED, Ending.DEADLINE, Ending.FAILED})


class Pending:
    """One request between its arrival and its outcome. It ends exactly once; what comes later finds it ended."""

    __slots__ = (
        "_clock",
        "_on_outcome",
        "_timers",
        "context",
        "deadline_s",
        "ended",
        "flight",
        "on_partial",
        "promised",
        "promised_id",
        "request",
        "route",
        "stages_ms",
    )

    def __init__(
        self,
        request: Request,
        context: Context,
        deadline_s: float,
        clock: Clock,
        on_outcome: Callable[[Outcome], None],
        on_partial: Callable[[Suggestion], None] | None = None,
        *,
        route: Route | None = None,
    ) -> None:
        self.request = request
        self.route = route
        self.context = context
        self.deadline_s = deadline_s
        self.flight: Flight | None = None
        self.ended = False
        self.on_partial = on_partial
        self.promised = ""
        self.promised_id = ""
        self.stages_ms: dict[str, float] = {}
        self._clock = clock
        self._on_outcome = on_outcome
        self._timers: list[Cancellable] = []

    def call_at(self, when_s: float, callback: Callable[[], None]) -> None:
        """Call back at a time, unless the request has ended by then."""
        self._timers.append(self._clock.call_at(when_s, callback))

    def stage(self, name: str) -> None:
        """Note how many milliseconds after arrival a stage was reached."""
        self.stages_ms[name] = (self._clock.now() - self.request.arrived_s) * 1_000

    def promise(self, text: str, suggestion_id: str) -> None:
        """Hand out the beginning of the answer. Whatever the answer will be, it begins so: what is on screen only grows."""
        if self.ended or self.on_partial is None:
            return
        if not self.promised:
            self.stage("first_shown")
        self.promised, self.promised_id = text, suggestion_id
        self.on_partial(self._promised())

    def answer(self, source: Source, *suggestions: Suggestion) -> None:
        """End with suggestions; only the first ending counts."""
        self._end(Ending.ANSWERED, source.value, source, suggestions)

    def end(self, cause: Cause, sentence: str = "") -> None:
        """End without an answer; only the first ending counts. What was promised is an answer all the same, whatever became of
        the rest of it. A `sentence` says more exactly what `cause` is in this case.
        """
        reason = sentence or cause.sentence
        if self.promised and cause.ending in _WITHOUT_TEXT:
            self._end(Ending.ANSWERED, reason, Source.MODEL, (self._promised(),), cause)
        else:
            self._end(cause.ending, reason, cause=cause)

    def _end(
        self,
        ending: Ending,
        reason: str,
        source: Source | None = None,
        suggestions: tuple[Suggestion, ...] = (),
        cause: Cause | None = None,
    ) -> None:
        if self.ended:
            return
        self.ended = True
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self.flight = None
        self.stage("total")
        timings, language_id = Timings(self.stages_ms), self.context.language_id
        self._on_outcome(Outcome(ending, reason, source, suggestions, timings, language_id, cause))

    def _promised(self) -> Suggestion:
        return Suggestion(self.promised_id, self.promised, self.context.position, Source.MODEL)
