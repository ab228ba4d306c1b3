"""Carries out the decisions about requests: it gathers the facts, calls `decide`, and does the actions.

Everything happens at the event that causes it: a request, a piece of text, the end of a stream, a timer. The state of a
document belongs to its `OpenDocument`.
"""

from __future__ import annotations

from itertools import count, islice
from typing import TYPE_CHECKING, Final

from typethrough.core.asking.decide import (
    Answer,
    Close,
    Edited,
    End,
    Ended,
    Join,
    Moment,
    Promise,
    Step,
    Stopped,
    Text,
    Wait,
    decide,
)
from typethrough.core.asking.hand import Spot
from typethrough.core.gate.gate import SendPermit
from typethrough.core.outcome.causes import Cause, StreamEnd
from typethrough.core.outcome.outcome import Purpose, Source, Suggestion
from typethrough.engine.pending import Pending
from typethrough.engine.sources import RequestFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typethrough.core.asking.decide import Action, Event
    from typethrough.core.document.document import Position
    from typethrough.core.outcome.causes import Refusal
    from typethrough.core.outcome.outcome import Outcome
    from typethrough.core.suggestion.trail import Shown
    from typethrough.engine.flight import Flight
    from typethrough.engine.model_lane import Question
    from typethrough.engine.open_document import Applied, OpenDocument
    from typethrough.engine.pending import OnOutcome, OnPartial, Request
    from typethrough.engine.ports import Recorder
    from typethrough.engine.sources import Sources

# Prefetch after an acceptance if at least this share of such prefetches had something to show. It saves the time for the
# editor's next request.
_AHEAD_FROM: Final = 0.65
# The number of further suggestions for a request by hand.
_MOST_OTHERS: Final = 3


class Answers:
    """The requests of all documents, and the actions for them."""

    def __init__(self, sources: Sources, recorder: Recorder) -> None:
        self._sources = sources
        self._recorder = recorder
        self._ids = count(1)

    def begin(
        self,
        document: OpenDocument,
        request: Request,
        on_outcome: OnOutcome,
        on_partial: OnPartial | None,
    ) -> Pending | None:
        """Begin a request, which supersedes the one before it. Returns None if it has already ended."""
        if document.pending is not None:
            document.pending.end(Cause.NEWER_REQUEST)
        view = document.view(request.position, request.arrived_s)

        def ended(pending: Pending, outcome: Outcome) -> None:
            document.ended(pending, outcome)
            # Answer first, since nobody waits for the record.
            on_outcome(view, outcome)
            self._recorder.request_ended(request.uri, outcome)

        pending = Pending(
            request,
            view,
            self._sources.clock,
            budget_ms=self._sources.settings.budget_ms,
            route=self._sources.route_of(view, invoked=request.invoked),
            on_ended=ended,
            on_partial=on_partial,
        )
        document.begin(pending)
        self._happened(document, Moment.ARRIVED)
        return None if pending.ended else pending

    def edited(self, document: OpenDocument, applied: Applied) -> None:
        """An edit was applied to a document. Its request ends, and streams that no longer fit are closed."""
        if document.pending is not None or applied.diverged:
            self._happened(document, Edited(applied.diverged))
        for flight in applied.moved:
            # The cache finds entries by the lines above their place, which have changed.
            place = document.view(flight.trail.origin, self._sources.clock.now())
            self._sources.cache.add(place, flight.entry)

    def stop(self, document: OpenDocument, end: StreamEnd, refusal: Refusal | None) -> bool:
        """End all streams of a document, and with a `refusal` also its request.

        Returns True if a request still waits and has lost its stream. Then call `ask_again`.
        """
        pending = document.pending
        is_bereft = refusal is None and pending is not None and pending.flight is not None
        self._happened(document, Stopped(end, [flight.entry for flight in document.flights], refusal))
        return is_bereft

    def forget(self) -> None:
        """Forget all cached answers and all sent prompts."""
        self._sources.cache.clear()
        self._sources.model.forget()

    def ask_again(self, document: OpenDocument) -> None:
        """The waiting request has lost its stream. It may ask again."""
        self._happened(document, Moment.QUIET)

    def prefetch(self, document: OpenDocument, accepted: Shown) -> None:
        """Ask for what follows an accepted suggestion, unless that is known or already asked for."""
        sources = self._sources
        permit = sources.may_send(document)
        if not isinstance(permit, SendPermit) or not sources.settings.prefetch or sources.model.refusal():
            return
        if sources.model.is_crowded():
            return
        view = document.view(accepted.trail.end, sources.clock.now())
        known = (
            hit.remainder or not hit.entry.complete or not hit.typed for hit in sources.cache.look_up(view)
        )
        chance = sources.habits.rests(Spot.ACCEPTED)
        if chance < _AHEAD_FROM or any(known):
            return
        route = sources.route_of(view, invoked=False)
        flight = self._send(document, sources.model.question(permit, document, view, Purpose.PREFETCH, route))
        flight.spot = Spot.ACCEPTED

    def question(self, document: OpenDocument, position: Position) -> Question | Refusal:
        """The question that a request by hand at this place would send, or the reason why none would be sent."""
        permit = self._sources.may_send(document)
        if not isinstance(permit, SendPermit):
            return permit
        view = document.view(position, self._sources.clock.now())
        route, model = self._sources.route_of(view, invoked=True), self._sources.model
        return model.refusal(route) or model.question(permit, document, view, Purpose.INVOKED, route)

    def _happened(self, document: OpenDocument, event: Event) -> None:
        """Decide about an event, and do the resulting actions."""
        pending = document.pending
        facts = RequestFacts(self._sources, document, pending) if pending is not None else None
        for action in decide(event, facts):
            self._do(action, document, pending)

    def _do(self, action: Action, document: OpenDocument, pending: Pending | None) -> None:
        if isinstance(action, Close):
            document.close(action.end, action.entry)
        elif pending is None or pending.ended:
            return
        elif isinstance(action, Answer):
            self._answer(action, document, pending)
        elif isinstance(action, End):
            pending.end(*action)
        elif isinstance(action, Wait):
            pending.call_at(action.until_s, lambda: self._happened(document, action.moment))
        elif isinstance(action, Promise):
            action.entry.was_shown = True
            pending.promise(action.text, pending.promised_id or self._next_id())
        elif isinstance(action, Join):
            if (flight := document.flight_of(action.entry)) is not None:
                pending.wait_for(flight)
        elif action is Step.LEAVE:
            pending.leave()
        elif action is Step.REROUTE:
            pending.reroute()
            self._happened(document, Moment.REROUTED)
        else:
            self._ask(document, pending)

    def _ask(self, document: OpenDocument, pending: Pending) -> None:
        permit = self._sources.may_send(document)
        if not isinstance(permit, SendPermit):
            pending.end(*permit)
            return
        model = self._sources.model
        if model.is_crowded(pending.route):
            model.when_free(pending, lambda: self._happened(document, Moment.QUIET))
            return
        pending.reach("asked")
        purpose = Purpose.INVOKED if pending.request.invoked else Purpose.AUTOMATIC
        question = self._sources.model.question(
            permit, document, pending.question_view, purpose, pending.route
        )
        flight = self._send(document, question)
        if not pending.request.invoked:
            flight.spot = document.hand.at(pending.view)
            flight.strays = document.hand.strays(pending.view.position)
        pending.wait_for(flight)

    def _send(self, document: OpenDocument, question: Question) -> Flight:
        """Send a question to a model. Its answer grows in the cache."""
        document.make_room()
        flight = self._sources.model.send(
            document,
            question,
            lambda flight: self._text_came(document, flight),
            lambda flight: self._stream_ended(document, flight),
        )
        self._sources.cache.add(question.view, flight.entry)
        return flight

    def _text_came(self, document: OpenDocument, flight: Flight) -> None:
        pending = document.pending
        is_waited_for = pending is not None and pending.flight is flight
        fits = not flight.unverified or flight.still_fits(document.document.snapshot)
        may_answer = False
        if pending is not None and is_waited_for and fits:
            pending.reach("first_text")
            # An unfinished first line is never enough, so most pieces of text need no decision.
            may_answer = flight.has_line_break or pending.shows_growth
        if not fits:
            document.strays(flight)
        is_enough = flight.long_enough()
        if may_answer or is_enough or not fits:
            self._happened(document, Text(flight.entry, fits, is_enough))

    def _stream_ended(self, document: OpenDocument, flight: Flight) -> None:
        entry, error = flight.entry, flight.error
        if flight.spot is not None and error is None:
            may_show = bool(entry.text) and flight.end is not StreamEnd.DIVERGED
            self._sources.habits.note_text(
                flight.spot,
                typed=flight.typed_before,
                shown=entry.was_shown or may_show,
                strays=flight.strays,
            )
        if error is not None:
            self._sources.cache.discard(entry)
        if document.pending is not None and document.pending.flight is flight:
            was_chosen = entry.model != self._sources.model.model_for(None)
            self._happened(document, Ended(entry, flight.end, str(error or ""), was_chosen))

    def _answer(self, action: Answer, document: OpenDocument, pending: Pending) -> None:
        """End the request with a suggestion; a request by hand also gets other known suggestions."""
        entry, view, shown = action.entry, pending.view, document.shown
        if entry is not None:
            entry.was_shown = True
        is_same = shown is not None and view.line_suffix == shown.line_suffix
        if action.source is Source.SHOWN and shown is not None and is_same:
            suggestion_id = shown.id
        else:
            suggestion_id = pending.promised_id or self._next_id()
        offer = action.offer
        first = Suggestion(suggestion_id, offer.text, view.position, action.source, offer.replaces)
        others = self._others(document, pending, action) if pending.request.invoked else ()
        pending.answer(action.source, (first, *others))

    def _others(self, document: OpenDocument, pending: Pending, answer: Answer) -> Iterator[Suggestion]:
        """Other known suggestions for this place, which a user who asks by hand can look through."""
        position = pending.view.position
        besides = RequestFacts(self._sources, document, pending).besides(answer)
        for offer, source in islice(besides, _MOST_OTHERS):
            yield Suggestion(self._next_id(), offer.text, position, source, offer.replaces)

    def _next_id(self) -> str:
        return str(next(self._ids))
