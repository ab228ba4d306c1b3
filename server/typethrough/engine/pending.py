"""A request that has not ended yet: its frozen context, its deadline, and the one outcome it will get."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from typethrough.core.outcome import Ending, Outcome, Timings

if TYPE_CHECKING:
    from collections.abc import Callable

    from typethrough.core.context import Context
    from typethrough.core.document import Position
    from typethrough.core.outcome import Source, Suggestion
    from typethrough.engine.inflight import Flight
    from typethrough.engine.ports import Cancellable, Clock


@dataclass(frozen=True, slots=True)
class Request:
    """What the editor asks. `arrived_s` is on the engine's clock; `expected` is the text that an open completion menu would
    put at the cursor, which a suggestion must then begin with.
    """

    uri: str
    position: Position
    invoked: bool
    arrived_s: float
    expected: str = ""


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
        "request",
        "stages_ms",
    )

    def __init__(
        self,
        request: Request,
        context: Context,
        deadline_s: float,
        clock: Clock,
        on_outcome: Callable[[Outcome], None],
    ) -> None:
        self.request = request
        self.context = context
        self.deadline_s = deadline_s
        self.flight: Flight | None = None
        self.ended = False
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

    def answer(self, source: Source, *suggestions: Suggestion) -> None:
        """End with suggestions."""
        self.end(Ending.ANSWERED, source.value, source, suggestions)

    def end(
        self,
        ending: Ending,
        reason: str,
        source: Source | None = None,
        suggestions: tuple[Suggestion, ...] = (),
    ) -> None:
        """End; only the first call counts."""
        if self.ended:
            return
        self.ended = True
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self.flight = None
        self.stage("total")
        self._on_outcome(Outcome(ending, reason, source, suggestions, Timings(self.stages_ms)))
