"""A request from its arrival to its only outcome. It owns the budget, the deadline, what was promised, and the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from typethrough.core.outcome.outcome import Ending, Outcome, Source, Suggestion
from typethrough.core.suggestion.amount import amount_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from typethrough.core.asking.routes import Route
    from typethrough.core.document.document import Position
    from typethrough.core.document.view import View
    from typethrough.core.outcome.causes import Cause
    from typethrough.core.suggestion.amount import Amount, MaxLines
    from typethrough.engine.flight import Flight
    from typethrough.engine.ports import Cancellable, Clock
    from typethrough.local.predictor import Guess

    OnOutcome = Callable[[View, Outcome], None]
    OnPartial = Callable[[View, Suggestion], None]

# The answer leaves this long before the end of the budget, because timers fire late when other work runs before them.
_MARGIN_S: Final = 0.02
# Endings that would remove text from the screen that a promise has put there.
_WITHOUT_TEXT: Final = frozenset(
    {Ending.EMPTY, Ending.FILTERED, Ending.SKIPPED, Ending.DEADLINE, Ending.FAILED}
)


@dataclass(frozen=True, slots=True)
class Request:
    """What the editor asks.

    `arrived_s` is on the engine's clock. `expected` is the text that an open completion menu would insert at the cursor; a
    suggestion must begin with it. `unwanted` says why nothing should be suggested at this place, or is None.
    """

    uri: str
    position: Position
    invoked: bool
    arrived_s: float
    expected: str = ""
    unwanted: Cause | None = None


class Pending:
    """One request. It ends exactly once; later calls have no effect.

    `budget_ms` counts from the request's arrival. `on_ended` is called at the end. `on_partial` is called with each part of
    the answer as it grows, for a client that supports it.
    """

    __slots__ = (
        "_amount",
        "_clock",
        "_on_ended",
        "_on_partial",
        "_timers",
        "budget_ms",
        "deadline_s",
        "ended",
        "flight",
        "guesses",
        "kept_back",
        "promised",
        "promised_id",
        "question_view",
        "request",
        "route",
        "stages_ms",
        "view",
    )

    def __init__(
        self,
        request: Request,
        view: View,
        clock: Clock,
        *,
        budget_ms: int,
        route: Route | None,
        on_ended: Callable[[Pending, Outcome], None],
        on_partial: OnPartial | None = None,
    ) -> None:
        self.request = request
        self._amount: Amount | None = None
        # The local lane's guesses, once somebody has asked for them.
        self.guesses: list[Guess] | None = None
        self.view = view
        # With an open menu, the question is about what follows the selected entry, as if it had been inserted.
        is_of_menu = request.expected and "\n" not in request.expected
        self.question_view = view.ahead(request.expected) if is_of_menu else view
        self.route = route
        self.budget_ms = (route.budget_ms if route is not None else 0) or budget_ms
        self.deadline_s = request.arrived_s + self.budget_ms / 1_000 - _MARGIN_S
        self.flight: Flight | None = None
        self.kept_back = 0
        self.ended = False
        self.promised = ""
        self.promised_id = ""
        self.stages_ms: dict[str, float] = {}
        self._clock = clock
        self._on_ended = on_ended
        self._on_partial = on_partial
        self._timers: list[Cancellable] = []

    @property
    def shows_growth(self) -> bool:
        """Whether the client shows a text while it grows."""
        return self._on_partial is not None

    def call_at(self, when_s: float, callback: Callable[[], None]) -> None:
        """Call `callback` at this time, unless the request has ended by then."""
        self._timers.append(self._clock.call_at(when_s, callback))

    def wait_for(self, flight: Flight) -> None:
        """Wait for a stream, at most until the deadline."""
        self.flight = flight
        self.kept_back = flight.kept_back
        flight.wanted_until(self.deadline_s)

    def amount(self, max_lines: MaxLines) -> Amount:
        """How much may be shown under this setting. Computed once."""
        if self._amount is None:
            self._amount = amount_at(self.view, max_lines, invoked=self.request.invoked)
        return self._amount

    def leave(self) -> None:
        """Stop waiting for a stream."""
        self.flight = None

    def reroute(self) -> None:
        """Give up the route's model. The default model may answer now."""
        self.route = None

    def reach(self, stage: str) -> None:
        """Note when a stage was first reached, in milliseconds after arrival."""
        if stage not in self.stages_ms:
            self.stages_ms[stage] = (self._clock.now() - self.request.arrived_s) * 1_000

    def promise(self, text: str, suggestion_id: str) -> None:
        """Show the beginning of the answer. The answer must begin with it, because text on the screen may only grow."""
        if self.ended or self._on_partial is None:
            return
        self.reach("first_shown")
        self.promised, self.promised_id = text, suggestion_id
        self._on_partial(self.view, self._promise())

    def answer(self, source: Source, suggestions: tuple[Suggestion, ...]) -> None:
        """End with suggestions. Only the first ending counts."""
        self._end(Ending.ANSWERED, source.value, source, suggestions)

    def end(self, cause: Cause, sentence: str = "") -> None:
        """End without an answer. Only the first ending counts.

        If something was promised, that text is the answer all the same. `sentence` is a more exact reason than the cause's own.
        """
        reason = sentence or cause.sentence
        if self.promised and cause.ending in _WITHOUT_TEXT:
            self._end(Ending.ANSWERED, reason, Source.MODEL, (self._promise(),), cause)
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
        self.reach("total")
        stages_ms, language_id = self.stages_ms, self.view.language_id
        outcome = Outcome(ending, reason, source, suggestions, stages_ms, language_id, cause, self.kept_back)
        self._on_ended(self, outcome)

    def _promise(self) -> Suggestion:
        return Suggestion(self.promised_id, self.promised, self.view.position, Source.MODEL)
