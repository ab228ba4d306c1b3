"""The engine: every keystroke and every request, from arrival to outcome.

Decisions are synchronous and happen at the event that causes them; only streams and timers are asynchronous. `begin` may end
a request before it returns (typed-through, cache, local lane), and ends every request exactly once.
"""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING

from typethrough.core import trigger
from typethrough.core.cache import CompletionCache, Entry, Hit
from typethrough.core.document import Document, Position
from typethrough.core.outcome import Ending, Outcome, Source, Suggestion
from typethrough.core.prefetching import Prefetching
from typethrough.core.prompt.layout import PromptState
from typethrough.core.rhythm import debounce_ms
from typethrough.core.shown import Shown
from typethrough.core.trail import typed_between
from typethrough.engine.local_lane import LocalLane
from typethrough.engine.model_lane import ModelLane
from typethrough.engine.pending import Pending, Request
from typethrough.engine.session import Applied, Session
from typethrough.engine.sources import Offer, from_hit, from_shown, from_unfinished
from typethrough.local.predictor import CONFIDENT, USABLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from typethrough.core.context import Context
    from typethrough.core.settings import Settings
    from typethrough.engine.inflight import Flight
    from typethrough.engine.ports import Clock, Gateway, Recorder

# The answer leaves this long before the budget ends: a timer is late by the length of whatever runs before it.
_MARGIN_S = 0.02
# What the user asks for by hand may be a whole block; what comes by itself stays short.
_INVOKED_LINES = 10
# Servers close connections that have been idle for longer than this; a new burst then begins with a warm-up.
_COLD_AFTER_S = 20.0


class Engine:
    """All open documents, and the lanes that answer for them."""

    def __init__(
        self,
        *,
        settings: Settings,
        gateway: Gateway | None,
        clock: Clock,
        recorder: Recorder,
        local: LocalLane | None = None,
        workspace: str = "",
    ) -> None:
        self.settings = settings
        self.workspace = workspace
        self._model = ModelLane(gateway, settings, clock, recorder)
        self.local = local or LocalLane()
        self._clock = clock
        self._recorder = recorder
        self._sessions: dict[str, Session] = {}
        self._cache = CompletionCache()
        self._prefetching = Prefetching()
        self._ids = count(1)

    def configure(self, settings: Settings, gateway: Gateway | None) -> None:
        """Use other settings and another gateway from now on; streams under way are closed."""
        for session in self._sessions.values():
            session.close_flights("reconfigured")
        self.settings = settings
        self._model.use(gateway, settings)
        self._model.warm()

    def document(self, uri: str) -> Document | None:
        """The open document of a URI."""
        session = self._sessions.get(uri)
        return session.document if session else None

    def open(self, uri: str, language_id: str, version: int, text: str) -> None:
        """A document was opened. Opening one twice replaces it."""
        self.close(uri)
        prompt = PromptState(_short_path(uri), language_id, self.workspace)
        session = Session(Document(uri, language_id, version, text), prompt)
        self._sessions[uri] = session
        if not trigger.is_excluded(uri, self.settings.exclude):
            self.local.opened(uri, session.document.snapshot)
        self._model.warm()

    def close(self, uri: str) -> None:
        """A document was closed: its request is answered, its streams are closed."""
        session = self._sessions.pop(uri, None)
        if session is None:
            return
        if session.pending:
            session.pending.end(Ending.SUPERSEDED, "document closed")
        session.close_flights("shutdown")
        self.local.closed(uri)

    def edit(self, uri: str, start: Position, end: Position, text: str) -> None:
        """Replace a range of an open document; `changed` follows when all edits of a change are in."""
        if session := self._sessions.get(uri):
            self._applied(session, session.apply(start, end, text, self._clock.now()))

    def replace(self, uri: str, text: str) -> None:
        """Replace the whole text of an open document; `changed` follows."""
        if session := self._sessions.get(uri):
            self._applied(session, session.apply_full(text, self._clock.now()))

    def _applied(self, session: Session, applied: Applied) -> None:
        self.local.edited(session.document.uri, applied.edit, session.document.snapshot)
        if session.pending:
            # Before its stream is closed: an answer is for the version asked.
            session.pending.end(Ending.SUPERSEDED, "document changed")
        for flight in applied.diverged:
            flight.close("diverged")
        for flight in applied.moved:
            # The lines above its place are others now, and they are what a look-up goes by.
            self._cache.add(session.context(flight.trail.origin, self._clock.now()), flight.entry)

    def changed(self, uri: str, version: int) -> None:
        """The edits of one change are in: the document has a new version, and what was asked of the old one is moot."""
        session = self._sessions.get(uri)
        if session is None:
            return
        now_s = self._clock.now()
        session.document.version = version
        if now_s - session.rhythm.last_edit_s > _COLD_AFTER_S:
            self._model.warm()
        session.rhythm.note(now_s)
        if session.consumed is not None:
            self._prefetch(session, session.consumed)

    def accepted(self, suggestion_id: str) -> None:
        """The editor says that a suggestion was accepted; what would follow it is asked for at once."""
        for session in self._sessions.values():
            if session.shown and session.shown.id == suggestion_id:
                if session.shown.consumed(session.document.snapshot):
                    self._prefetch(session, session.shown)
                return

    def begin(self, request: Request, on_outcome: Callable[[Context, Outcome], None]) -> Pending | None:
        """Begin a request on an open document. `on_outcome` is called exactly once with the request's frozen context and its
        outcome, perhaps before this returns (then None is returned). Raises KeyError when the document is not open.
        """
        session = self._sessions[request.uri]
        if session.pending:
            session.pending.end(Ending.SUPERSEDED, "a newer request")
        context = session.context(request.position, request.arrived_s)
        deadline_s = request.arrived_s + self.settings.budget_ms / 1_000 - _MARGIN_S

        def ended(outcome: Outcome) -> None:
            if session.pending is pending:
                session.pending = None
            self._recorder.request_ended(request.uri, outcome)
            on_outcome(context, outcome)

        pending = Pending(request, context, deadline_s, self._clock, ended)
        session.pending = pending
        self._decide(session, pending)
        return None if pending.ended else pending

    async def complete(self, request: Request) -> Outcome:
        """`begin`, awaited; cancelling the call ends the request as cancelled."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        pending = self.begin(
            request, lambda _, outcome: None if future.done() else future.set_result(outcome)
        )
        try:
            return await future
        except asyncio.CancelledError:
            if pending:
                pending.end(Ending.CANCELLED, "cancelled")
            raise

    async def aclose(self) -> None:
        """End every request and every stream, and wait for what runs in the background."""
        flights = [flight for session in self._sessions.values() for flight in session.flights]
        for uri in list(self._sessions):
            self.close(uri)
        self.local.stop()
        await asyncio.gather(*(flight.closed() for flight in flights))
        await self._model.aclose()

    def _decide(self, session: Session, pending: Pending) -> None:
        """The cheapest source that can answer; only the last one waits."""
        context, settings = pending.context, self.settings
        skip = trigger.decide(
            context,
            invoked=pending.request.invoked,
            enabled=settings.enabled,
            disabled_languages=settings.disabled_languages,
            exclude=settings.exclude,
        )
        if skip:
            pending.end(Ending.SKIPPED, skip.reason)
            return
        if self._offer(session, pending, from_shown(session.shown, context), Source.SHOWN):
            return
        if self._from_cache(session, pending) or self._from_local(session, pending, CONFIDENT):
            return
        if pending.request.expected:
            pending.end(Ending.SKIPPED, "the completion menu shows something else")
            return
        pending.call_at(pending.deadline_s, lambda: self._deadline(session, pending))
        if pending.flight is None:
            self._debounce(session, pending)

    def _from_cache(self, session: Session, pending: Pending) -> bool:
        """Answer from what was streamed before, or join the stream that may yet answer."""
        refused = ""
        for hit in self._cache.look_up(pending.context):
            flight = next((flight for flight in session.flights if flight.entry is hit.entry), None)
            if flight is not None:
                if self._model.stalled(flight):
                    flight.close("stalled")
                    continue
                flight.clean()
                hit = Hit(hit.entry, hit.typed)
            offer = from_hit(hit, pending.context, self._max_lines(pending))
            refused = refused or offer.refused
            source = Source.CACHE if flight is None else Source.JOIN
            if self._offer(session, pending, offer.text, source, hit.entry):
                return True
            if flight is not None and pending.flight is None:
                pending.flight = flight
            if hit.said_all and not pending.request.invoked:
                pending.end(Ending.EMPTY, "the model has nothing to add here")
                return True
        if refused and pending.flight is None and not pending.request.invoked:
            pending.end(Ending.FILTERED, refused)
            return True
        return False

    def _from_local(self, session: Session, pending: Pending, threshold: float) -> bool:
        """Answer from the local lane when it is that sure."""
        if not self.settings.local_lane:
            return False
        guess = self.local.guess(pending.context)
        if guess is None or guess.confidence < threshold:
            return False
        return self._offer(session, pending, guess.text, Source.LOCAL)

    def _debounce(self, session: Session, pending: Pending) -> None:
        """Wait until the typing pauses, counting from the last edit: the editor's own waiting is part of it."""
        settings = self.settings
        now_s = self._clock.now()
        delay_ms = debounce_ms(
            pending.context,
            interval_ms=session.rhythm.interval_ms(),
            deleting=session.rhythm.deleting,
            ttft_ms=self._model.latency.median_ms(),
            budget_ms=settings.budget_ms,
            min_ms=settings.debounce_min_ms,
            max_ms=settings.debounce_max_ms,
        )
        due_s = now_s if pending.request.invoked else session.rhythm.last_edit_s + delay_ms / 1_000
        if due_s <= now_s:
            self._ask(session, pending)
        else:
            pending.call_at(due_s, lambda: self._ask(session, pending))

    def _ask(self, session: Session, pending: Pending) -> None:
        """Ask the model, or, when that cannot be, let the local lane answer with what it has."""
        pending.stage("asked")
        refusal = self._model.refusal()
        if not refusal:
            pending.flight = self._launch(session, pending.context)
        elif self._from_local(session, pending, USABLE):
            return
        elif self._model.absent:
            pending.end(Ending.EMPTY, "the local lane has nothing for this place")
        else:
            pending.end(Ending.FAILED, refusal)

    def _launch(self, session: Session, context: Context, *, prefetch: bool = False) -> Flight:
        """Send a question to the model; its answer grows in the cache."""
        flight = self._model.launch(
            session,
            context,
            lambda flight: self._flight_text(session, flight),
            lambda flight: self._flight_ended(session, flight),
            prefetch=prefetch,
        )
        self._cache.add(context, flight.entry)
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
                flight.close("diverged")
                if pending is not None and waited_for:
                    self._ask(session, pending)
                return
        if pending is not None and waited_for:
            pending.stages_ms.setdefault(
                "first_text", (self._clock.now() - pending.request.arrived_s) * 1_000
            )
            if hit := self._hit(flight, pending):
                offer = from_hit(hit, pending.context, self._max_lines(pending))
                self._offer(session, pending, offer.text, Source.MODEL, flight.entry)
        if flight.long_enough():
            flight.close("enough")

    def _flight_ended(self, session: Session, flight: Flight) -> None:
        """A stream has ended, one way or another: whoever still waits for it gets the next best thing."""
        session.flights.remove(flight)
        if flight.entry.prefetched and not flight.entry.shown and not flight.entry.text:
            self._prefetching.note(shown=False)
        if flight.error is not None:
            self._cache.discard(flight.entry)
        pending = session.pending
        if pending is None or pending.flight is not flight:
            return
        pending.flight = None
        hit = self._hit(flight, pending)
        offer = from_hit(hit, pending.context, self._max_lines(pending)) if hit else Offer()
        if self._offer(session, pending, offer.text, Source.MODEL, flight.entry):
            return
        if self._from_local(session, pending, USABLE):
            return
        if flight.error is not None:
            pending.end(Ending.FAILED, str(flight.error))
        elif offer.refused:
            pending.end(Ending.FILTERED, offer.refused)
        else:
            pending.end(Ending.EMPTY, "the model has nothing to add here")

    def _deadline(self, session: Session, pending: Pending) -> None:
        """The budget is over: the best complete line so far, else the local lane's, else nothing."""
        flight = pending.flight
        if flight is not None:
            flight.clean()
            hit = self._hit(flight, pending)
            offer = from_unfinished(hit, pending.context, self._max_lines(pending)) if hit else Offer()
            if self._offer(session, pending, offer.text, Source.MODEL, flight.entry):
                return
        if not self._from_local(session, pending, USABLE):
            pending.end(Ending.DEADLINE, "no answer within the budget")

    def _offer(
        self, session: Session, pending: Pending, text: str, source: Source, entry: Entry | None = None
    ) -> bool:
        """End the request with a suggestion, unless there is no text or a completion menu wants another."""
        if not text or not text.startswith(pending.request.expected):
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
            suggestion_id = str(next(self._ids))
            session.shown = Shown.of(suggestion_id, text, context.position, context.line_suffix)
        pending.answer(source, Suggestion(suggestion_id, text, context.position, source))
        return True

    def _max_lines(self, pending: Pending) -> int:
        lines = self.settings.max_lines
        return max(lines, _INVOKED_LINES) if pending.request.invoked else lines

    def _hit(self, flight: Flight, pending: Pending) -> Hit | None:
        """What a flight offers at a request's cursor."""
        typed = typed_between(pending.context.snapshot, flight.trail.origin, pending.context.position)
        return Hit(flight.entry, typed) if flight.entry.text.startswith(typed) else None

    def _prefetch(self, session: Session, accepted: Shown) -> None:
        """Ask for what follows an accepted suggestion, unless that is known or on its way."""
        session.consumed = None
        if not self.settings.prefetch or self._model.refusal():
            return
        context = session.context(accepted.trail.end, self._clock.now())
        known = (
            hit.remainder or not hit.entry.complete or not hit.typed for hit in self._cache.look_up(context)
        )
        if not any(known) and self._prefetching.worth_it():
            self._launch(session, context, prefetch=True)


def _short_path(uri: str) -> str:
    """The file's name and its folder's: enough for a model to know what it reads, without telling where it lies."""
    return "/".join(uri.partition("://")[2].split("/")[-2:])
