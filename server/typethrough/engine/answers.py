"""How a request gets its answer: the sources in order of cost, the stream it may wait for, and the deadline.

Everything here is decided at the event that causes it: a request, a piece of text, a stream's end, a timer. Documents and the
requests' lives belong to `engine`.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from typethrough.core.asking import trigger
from typethrough.core.asking.prefetching import Prefetching
from typethrough.core.asking.rhythm import debounce_ms
from typethrough.core.asking.routes import route_of
from typethrough.core.outcome.causes import Cause, StreamEnd
from typethrough.core.outcome.outcome import Purpose, Source, Suggestion
from typethrough.core.suggestion.cache import CompletionCache, Hit
from typethrough.core.suggestion.trail import typed_between
from typethrough.engine.sources import (
    Offer,
    from_growing,
    from_guess,
    from_hit,
    from_shown,
    from_unfinished,
)
from typethrough.local.predictor import CONFIDENT, USABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typethrough.core.asking.routes import Route
    from typethrough.core.document.context import Context
    from typethrough.core.settings.schema import Settings
    from typethrough.core.suggestion.cache import Entry
    from typethrough.core.suggestion.shown import Shown
    from typethrough.engine.inflight import Flight
    from typethrough.engine.local_lane import LocalLane
    from typethrough.engine.model_lane import ModelLane
    from typethrough.engine.pending import Pending
    from typethrough.engine.ports import Clock
    from typethrough.engine.session import Session

# What the user asks for by hand may be a whole block; what comes by itself stays short.
_INVOKED_LINES = 10
_MOST_SUGGESTIONS = 4


class Answers:
    """The sources of suggestions of all documents, and which of them answers."""

    def __init__(self, settings: Settings, model: ModelLane, local: LocalLane, clock: Clock) -> None:
        self.settings = settings
        self.cache = CompletionCache()
        self._model = model
        self._local = local
        self._clock = clock
        self._prefetching = Prefetching()
        self._ids = count(1)

    def route_of(self, context: Context, *, invoked: bool) -> Route | None:
        """Which route a request takes; None is the default model's."""
        max_lines = self._max_lines(invoked=invoked)
        return route_of(self.settings.routes, context, invoked=invoked, max_lines=max_lines)

    def budget_ms(self, route: Route | None) -> int:
        """The time that a request has: what its route says, else what all have."""
        return (route.budget_ms if route is not None else 0) or self.settings.budget_ms

    def decide(self, session: Session, pending: Pending) -> None:
        """The cheapest source that can answer; only the last one waits."""
        context, invoked = pending.context, pending.request.invoked
        if cause := trigger.decide(context, invoked=invoked):
            pending.end(cause)
            return
        if session.is_dismissed(context, invoked=invoked):
            pending.end(Cause.DISMISSED)
            return
        shown = from_shown(session.shown, context)
        if not invoked and self._offer(session, pending, shown, Source.SHOWN):
            return
        if self._from_cache(session, pending):
            return
        if pending.flight is not None:
            # Before anything else can answer: what the stream has said so far may be on the screen already.
            self._promise(pending, pending.flight)
        # Who asks by hand with a guess on the screen, or has chosen a model for this, wants more than a guess.
        wants_model = pending.route is not None or (invoked and bool(shown.text))
        if not wants_model and self._from_local(session, pending, CONFIDENT):
            return
        if pending.request.expected:
            pending.end(Cause.OTHER_MENU_ENTRY)
            return
        pending.call_at(pending.deadline_s, lambda: self._deadline(session, pending))
        if pending.flight is None:
            self._debounce(session, pending)

    def _from_cache(self, session: Session, pending: Pending) -> bool:
        """Answer from what was streamed before, or join the stream that may yet answer."""
        refused = ""
        for hit in self.cache.look_up(pending.context):
            if not self._suits(hit.entry, pending.route):
                continue
            flight = next((flight for flight in session.flights if flight.entry is hit.entry), None)
            if flight is not None:
                if self._model.stalled(flight):
                    session.close(StreamEnd.STALLED, flight)
                    continue
                flight.clean()
                hit = Hit(hit.entry, hit.typed)
            offer = from_hit(hit, pending.context, self._lines_for(pending))
            refused = refused or offer.refused
            source = Source.CACHE if flight is None else Source.JOIN
            if self._offer(session, pending, offer, source, hit.entry):
                return True
            if flight is not None and pending.flight is None:
                pending.flight = flight
                flight.wanted_until(pending.deadline_s)
            if hit.said_all and not pending.request.invoked:
                pending.end(Cause.NOTHING_TO_ADD)
                return True
        if refused and pending.flight is None and not pending.request.invoked:
            pending.end(Cause.FILTERED, refused)
            return True
        return False

    def _suits(self, entry: Entry, route: Route | None) -> bool:
        """Whether an answer is good enough for a route: any is for the default model's, a chosen model's own for its."""
        return route is None or entry.model == self._model.model_for(route)

    def _from_other_models(self, session: Session, pending: Pending) -> bool:
        """Answer with what another model has said here, when the chosen one has said nothing in time."""
        if pending.route is None:
            return False
        for flight in session.flights:
            flight.clean()
        hits = (
            hit for hit in self.cache.look_up(pending.context) if not self._suits(hit.entry, pending.route)
        )
        max_lines = self._lines_for(pending)
        return any(
            self._offer(session, pending, from_hit(hit, pending.context, max_lines), Source.CACHE, hit.entry)
            for hit in hits
        )

    def _from_local(self, session: Session, pending: Pending, threshold: float) -> bool:
        """Answer from the local lane when it is that sure."""
        if not self.settings.local_lane:
            return False
        offer, confidence = from_guess(self._local.guess, pending.context)
        return confidence >= threshold and self._offer(session, pending, offer, Source.LOCAL)

    def _debounce(self, session: Session, pending: Pending) -> None:
        """Wait until typing or moving pauses, counting from the last of it: the editor's own waiting is part of it."""
        settings = self.settings
        now_s = self._clock.now()
        delay_ms = debounce_ms(
            pending.context,
            interval_ms=session.rhythm.interval_ms(),
            deleting=session.rhythm.deleting,
            ttft_ms=self._model.latency(pending.route).median_ms(),
            budget_ms=self.budget_ms(pending.route),
            min_ms=settings.debounce_min_ms,
            max_ms=settings.debounce_max_ms,
        )
        quiet_since_s = max(session.rhythm.last_edit_s, session.moved_s)
        due_s = now_s if pending.request.invoked else quiet_since_s + delay_ms / 1_000
        if due_s <= now_s:
            self._ask(session, pending)
        else:
            pending.call_at(due_s, lambda: self._ask(session, pending))

    def _ask(self, session: Session, pending: Pending) -> None:
        """Ask the model, or, when that cannot be, let the local lane answer with what it has."""
        pending.stage("asked")
        refusal = self._model.refusal(pending.route)
        if not refusal:
            purpose = Purpose.INVOKED if pending.request.invoked else Purpose.AUTOMATIC
            pending.flight = self._launch(session, pending.context, purpose, pending.route)
            pending.flight.wanted_until(pending.deadline_s)
        elif self._from_local(session, pending, USABLE):
            return
        elif self._model.absent:
            pending.end(Cause.NOTHING_LOCAL)
        else:
            pending.end(*refusal)

    def _launch(
        self,
        session: Session,
        context: Context,
        purpose: Purpose,
        route: Route | None,
    ) -> Flight:
        """Send a question to a model; its answer grows in the cache."""
        flight = self._model.launch(
            session,
            context,
            lambda flight: self._flight_text(session, flight),
            lambda flight: self._flight_ended(session, flight),
            purpose=purpose,
            route=route,
        )
        self.cache.add(context, flight.entry)
        return flight

    def _flight_text(self, session: Session, flight: Flight) -> None:
        """A piece of text has arrived: answer whoever waits for it, or notice that nobody can want it any more."""
        pending = session.pending
        waited_for = pending is not None and pending.flight is flight
        if waited_for or flight.unverified:
            flight.clean()
            if not flight.still_fits(session.document.snapshot):
                if pending is not None and waited_for:
                    pending.flight = None
                session.close(StreamEnd.DIVERGED, flight)
                if pending is not None and waited_for:
                    self._ask(session, pending)
                return
        if pending is not None and waited_for:
            pending.stages_ms.setdefault(
                "first_text", (self._clock.now() - pending.request.arrived_s) * 1_000
            )
            if hit := self._hit(flight, pending):
                offer = from_hit(hit, pending.context, self._lines_for(pending))
                if not self._offer(session, pending, offer, Source.MODEL, flight.entry):
                    self._promise(pending, flight)
        if flight.long_enough():
            session.close(StreamEnd.ENOUGH, flight)

    def _flight_ended(self, session: Session, flight: Flight) -> None:
        """A stream has ended, one way or another: whoever still waits for it gets the next best thing."""
        session.flights.remove(flight)
        if flight.entry.prefetched and not flight.entry.shown and not flight.entry.text:
            self._prefetching.note(shown=False)
        if flight.error is not None:
            self.cache.discard(flight.entry)
        pending = session.pending
        if pending is None or pending.flight is not flight:
            return
        pending.flight = None
        hit = self._hit(flight, pending)
        offer = from_hit(hit, pending.context, self._lines_for(pending)) if hit else Offer()
        if self._offer(session, pending, offer, Source.MODEL, flight.entry):
            return
        if flight.error is not None and flight.entry.model != self._model.model_for(None):
            # What its own model could not answer is the default model's now.
            pending.route = None
            if not self._from_cache(session, pending) and pending.flight is None:
                self._ask(session, pending)
            return
        if self._from_other_models(session, pending) or self._from_local(session, pending, USABLE):
            return
        if flight.error is not None:
            pending.end(flight.error.end.cause, str(flight.error))
        elif offer.refused:
            pending.end(Cause.FILTERED, offer.refused)
        else:
            pending.end(flight.ending.cause)

    def _deadline(self, session: Session, pending: Pending) -> None:
        """The budget is over: the best complete line so far, else the local lane's, else nothing."""
        flight = pending.flight
        if flight is not None:
            flight.clean()
            hit = self._hit(flight, pending)
            offer = from_unfinished(hit, pending.context, self._lines_for(pending)) if hit else Offer()
            if self._offer(session, pending, offer, Source.MODEL, flight.entry):
                return
        if self._from_other_models(session, pending):
            return
        if not self._from_local(session, pending, USABLE):
            pending.end(Cause.OUT_OF_TIME)

    def _offer(
        self, session: Session, pending: Pending, offer: Offer, source: Source, entry: Entry | None = None
    ) -> bool:
        """End the request with a suggestion, unless there is no text, or the menu or what was promised wants another."""
        text = offer.text
        if not text or not text.startswith(pending.request.expected) or not text.startswith(pending.promised):
            return False
        if entry is not None and not entry.shown:
            entry.shown = True
            if entry.prefetched:
                self._prefetching.note(shown=True)
        context = pending.context
        shown = session.shown
        if source is Source.SHOWN and shown is not None and context.line_suffix == shown.line_suffix:
            suggestion_id = shown.id
        else:
            suggestion_id = pending.promised_id or self._next_id()
        first = Suggestion(suggestion_id, text, context.position, source, offer.replaces)
        pending.answer(
            source, first, *(self._others(session, pending, text) if pending.request.invoked else ())
        )
        return True

    def _others(self, session: Session, pending: Pending, text: str) -> Iterator[Suggestion]:
        """What else is known for this place, for who asks by hand and looks through it."""
        for flight in session.flights:
            flight.clean()
        context, given = pending.context, {text}
        max_lines = self._lines_for(pending)
        known = [(from_hit(hit, context, max_lines), Source.CACHE) for hit in self.cache.look_up(context)]
        if self.settings.local_lane:
            known.append((from_guess(self._local.guess, context)[0], Source.LOCAL))
        for other, source in known:
            text = other.text
            if text and text not in given and text.startswith(pending.request.expected):
                given.add(text)
                yield Suggestion(self._next_id(), text, context.position, source, other.replaces)
            if len(given) == _MOST_SUGGESTIONS:
                return

    def _promise(self, pending: Pending, flight: Flight) -> None:
        """Hand out what a growing text is certain to have, to a client that shows it grow."""
        if pending.on_partial is None or pending.ended:
            return
        hit = self._hit(flight, pending)
        text = from_growing(hit, pending.context, self._lines_for(pending)) if hit else ""
        longer = len(text) > len(pending.promised) and text.startswith(pending.promised)
        if longer and text.startswith(pending.request.expected):
            flight.entry.shown = True
            pending.promise(text, pending.promised_id or self._next_id())

    def _next_id(self) -> str:
        return str(next(self._ids))

    def _lines_for(self, pending: Pending) -> int:
        return self._max_lines(invoked=pending.request.invoked)

    def _max_lines(self, *, invoked: bool) -> int:
        lines = self.settings.max_lines
        return max(lines, _INVOKED_LINES) if invoked else lines

    def _hit(self, flight: Flight, pending: Pending) -> Hit | None:
        """What a flight offers at a request's cursor."""
        typed = typed_between(pending.context.snapshot, flight.trail.origin, pending.context.position)
        return Hit(flight.entry, typed) if flight.entry.text.startswith(typed) else None

    def prefetch(self, session: Session, accepted: Shown) -> None:
        """Ask for what follows an accepted suggestion, unless that is known or on its way."""
        session.consumed = None
        if not self.settings.prefetch or self._model.refusal():
            return
        context = session.context(accepted.trail.end, self._clock.now())
        known = (
            hit.remainder or not hit.entry.complete or not hit.typed for hit in self.cache.look_up(context)
        )
        if not any(known) and self._prefetching.worth_it():
            route = self.route_of(context, invoked=False)
            self._launch(session, context, Purpose.PREFETCH, route)
