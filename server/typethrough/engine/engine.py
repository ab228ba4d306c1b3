"""The engine: every keystroke and every request, from arrival to outcome.

Decisions are synchronous and happen at the event that causes them; only streams and timers are asynchronous. `begin` may end
a request before it returns (typed-through, cache, local lane), and ends every request exactly once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from typethrough.core.document.document import Document
from typethrough.core.document.scan import UNKNOWN, family_of
from typethrough.core.document.uris import is_excluded, language_of
from typethrough.core.gate.switches import Switches
from typethrough.core.outcome.causes import Cause, StreamEnd
from typethrough.core.outcome.outcome import Feedback, Outcome
from typethrough.core.prompt.layout import PromptState
from typethrough.core.suggestion.shown import Shown
from typethrough.engine.answers import Answers
from typethrough.engine.local_lane import LocalLane
from typethrough.engine.model_lane import ModelLane
from typethrough.engine.pending import Pending, Request
from typethrough.engine.session import Session
from typethrough.engine.surroundings import Surroundings
from typethrough.engine.survival import Survival

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from typethrough.core.document.context import Context
    from typethrough.core.document.document import Position, Snapshot
    from typethrough.core.outcome.causes import Refusal
    from typethrough.core.outcome.outcome import Suggestion
    from typethrough.core.settings.schema import Settings
    from typethrough.engine.ports import Clock, Gateway, Recorder
    from typethrough.engine.session import Applied

# The answer leaves this long before the budget ends: a timer is late by the length of whatever runs before it.
_MARGIN_S = 0.02
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
        root: str = "",
    ) -> None:
        self.settings = settings
        self.workspace = workspace
        self.switches = Switches()
        self.local = local or LocalLane()
        self._model = ModelLane(gateway, settings, clock, recorder)
        self._answers = Answers(settings, self._model, self.local, clock)
        self.surroundings = Surroundings(clock, root, self._model.context_chars, self._warm_up)
        self.surroundings.use(others=settings.other_files, notes=settings.project_notes)
        self._clock = clock
        self._recorder = recorder
        self._sessions: dict[str, Session] = {}
        self._survival = Survival(clock, recorder, self._snapshot)

    def configure(self, settings: Settings, gateway: Gateway | None) -> None:
        """Use other settings and another gateway from now on; streams under way are closed."""
        self.settings = self._answers.settings = settings
        # Where there are no suggestions any more, what waits is told so, and not that its stream was closed.
        self.switched()
        for session in self._sessions.values():
            session.close(StreamEnd.SETTINGS_CHANGED, *session.streams)
        self.surroundings.use(others=settings.other_files, notes=settings.project_notes)
        self._model.use(gateway, settings)
        self.surroundings.refresh()
        self._model.warm()

    def read(self, files: AsyncIterator[tuple[str, str]]) -> None:
        """Get to know the workspace's files, as (URI, text), in the background."""
        self.local.read(self.surroundings.passing(files, hand_on=self.settings.local_lane))

    async def read_all(self) -> None:
        """Wait until everything known of by now has been read."""
        await self.local.idle()
        await self.surroundings.idle()

    def document(self, uri: str) -> Document | None:
        """The open document of a URI."""
        session = self._sessions.get(uri)
        return session.document if session else None

    def open(self, uri: str, language_id: str, version: int, text: str) -> None:
        """A document was opened. Opening one twice replaces it."""
        self.close(uri)
        if family_of(language_id) == UNKNOWN:
            # Editors of their own mind say "prog" or "c++"; the file's name is plainer.
            language_id = language_of(uri) or language_id
        surroundings = self.surroundings
        codebase = surroundings.codebase_for(uri)
        prompt = PromptState(surroundings.name_of(uri), language_id, self.workspace, codebase)
        session = Session(Document(uri, language_id, version, text), prompt)
        self._sessions[uri] = session
        if not is_excluded(uri, self.settings.exclude):
            self.local.opened(uri, session.document.snapshot)
            surroundings.opened(uri, language_id, session.document.snapshot, prompt)
        self._model.warm()

    def close(self, uri: str, end: StreamEnd = StreamEnd.DOCUMENT_CLOSED) -> None:
        """A document was closed, or with `end` everything: its request is answered, its streams are closed."""
        self._survival.closed(uri)
        session = self._sessions.pop(uri, None)
        if session is None:
            return
        session.stop(end)
        self.local.closed(uri)
        self.surroundings.closed(uri)

    def edit(self, uri: str, start: Position, end: Position, text: str) -> None:
        """Replace a range of an open document; `changed` follows when all edits of a change are in."""
        if session := self._sessions.get(uri):
            self._applied(session, session.apply(start, end, text, self._clock.now()))

    def replace(self, uri: str, text: str) -> None:
        """Replace the whole text of an open document; `changed` follows."""
        if session := self._sessions.get(uri):
            self._applied(session, session.apply_full(text, self._clock.now()))

    def _snapshot(self, uri: str) -> Snapshot | None:
        document = self.document(uri)
        return document.snapshot if document else None

    def _applied(self, session: Session, applied: Applied) -> None:
        uri, edit, snapshot = session.document.uri, applied.edit, session.document.snapshot
        self.local.edited(uri, edit, snapshot)
        self.surroundings.edited(uri, edit, snapshot)
        self._survival.edited(uri, edit)
        if session.consumed is not None:
            self._survival.noticed(uri, session.consumed, edit)
        if session.pending:
            # Before its stream is closed: an answer is for the version asked.
            session.pending.end(Cause.DOCUMENT_CHANGED)
        session.close(StreamEnd.DIVERGED, *applied.diverged)
        for flight in applied.moved:
            # The lines above its place are others now, and they are what a look-up goes by.
            self._answers.cache.add(session.context(flight.trail.origin, self._clock.now()), flight.entry)

    def changed(self, uri: str, version: int) -> None:
        """The edits of one change are in: the document has a new version, and what was asked of the old one is moot."""
        session = self._sessions.get(uri)
        if session is None:
            return
        now_s = self._clock.now()
        session.document.version = version
        if now_s - session.rhythm.last_edit_s > _COLD_AFTER_S:
            self._model.warm()
            self._model.warm_up(session)
        session.rhythm.note(now_s)
        if session.consumed is not None:
            self._answers.prefetch(session, session.consumed)

    def focused(self, uri: str) -> None:
        """The user looks at a document."""
        self.surroundings.focused(uri)
        self._warm_up(uri)

    def _warm_up(self, uri: str) -> None:
        if (session := self._sessions.get(uri)) is not None and not self.off_reason(uri):
            self._model.warm_up(session)

    def accepted(self, suggestion_id: str) -> None:
        """The editor says that a suggestion was accepted; what would follow it is asked for at once."""
        self._survival.accepted(suggestion_id)
        for uri, session in self._sessions.items():
            if session.shown and session.shown.id == suggestion_id:
                if session.shown.consumed(session.document.snapshot):
                    self._survival.watch(uri, session.shown)
                    self._answers.prefetch(session, session.shown)
                return

    def partly_accepted(self, suggestion_id: str, chars: int, left_chars: int | None) -> None:
        """The editor says that a part of a suggestion was accepted: `chars` of its item's text, with `left_chars` still to come
        (None: not known).
        """
        for session in self._sessions.values():
            if left_chars is not None and session.shown and session.shown.id == suggestion_id:
                # An item's text may begin with what the line has before it.
                chars = len(session.shown.text) - left_chars
        self._recorder.feedback(Feedback.PARTLY_ACCEPTED, suggestion_id, max(0, chars))

    def dismissed(self, suggestion_id: str) -> None:
        """The editor says that the user sent a suggestion away."""
        self._recorder.feedback(Feedback.DISMISSED, suggestion_id)
        for session in self._sessions.values():
            pending = session.pending
            if pending is not None and pending.promised_id == suggestion_id:
                pending.end(Cause.SENT_AWAY)
                position, suffix = pending.context.position, pending.context.line_suffix
                session.dismiss(Shown.of(suggestion_id, pending.promised, position, suffix))
            elif session.shown is not None and session.shown.id == suggestion_id:
                session.dismiss(session.shown)

    def off_reason(self, uri: str) -> str:
        """Why there are no suggestions in a document, in plain words, or the empty string; an empty `uri` asks of everywhere."""
        refusal = self._refusal(uri)
        return refusal.sentence if refusal is not None else ""

    def _refusal(self, uri: str) -> Refusal | None:
        document = self.document(uri)
        language_id = document.language_id if document else ""
        return self.switches.refusal(self.settings, uri, language_id, self._clock.now())

    def switched(self) -> None:
        """A switch was thrown: where there are no suggestions any more, what waits and what runs ends now."""
        for uri, session in self._sessions.items():
            if refusal := self._refusal(uri):
                session.shown = None
                session.stop(StreamEnd.SWITCHED_OFF, refusal)

    def begin(
        self,
        request: Request,
        on_outcome: Callable[[Context, Outcome], None],
        on_partial: Callable[[Context, Suggestion], None] | None = None,
    ) -> Pending | None:
        """Begin a request on an open document. `on_outcome` is called exactly once with the request's frozen context and its
        outcome, perhaps before this returns (then None is returned). Raises KeyError when the document is not open.

        With `on_partial` the answer is handed out while it grows: each suggestion extends the one before, and the last of them,
        or an extension of it, is the outcome's.
        """
        session = self._sessions[request.uri]
        if session.pending:
            session.pending.end(Cause.NEWER_REQUEST)
        session.note_request(request.position, request.arrived_s)
        context = session.context(request.position, request.arrived_s)
        route = self._answers.route_of(context, invoked=request.invoked)
        deadline_s = request.arrived_s + self._answers.budget_ms(route) / 1_000 - _MARGIN_S

        def ended(outcome: Outcome) -> None:
            if session.pending is pending:
                session.pending = None
            shown = session.shown
            for answer in outcome.suggestions[:1]:
                if shown is None or shown.id != answer.id:
                    suffix, replaces = context.line_suffix, answer.replaces
                    session.shown = Shown.of(answer.id, answer.text, answer.position, suffix, replaces)
            # The answer first: nobody waits for the record.
            on_outcome(context, outcome)
            self._recorder.request_ended(request.uri, outcome)

        def grown(suggestion: Suggestion) -> None:
            if on_partial is not None:
                on_partial(context, suggestion)

        on_grown = grown if on_partial else None
        pending = Pending(request, context, deadline_s, self._clock, ended, on_grown, route=route)
        session.pending = pending
        if request.unwanted is not None:
            pending.end(request.unwanted)
        elif refusal := self._refusal(request.uri):
            pending.end(*refusal)
        else:
            self._answers.decide(session, pending)
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
                pending.end(Cause.CANCELLED, "cancelled")
            raise

    async def aclose(self) -> None:
        """End every request and every stream, and wait for what runs in the background."""
        flights = [flight for session in self._sessions.values() for flight in session.flights]
        for uri in list(self._sessions):
            self.close(uri, StreamEnd.SHUTDOWN)
        self.local.stop()
        self.surroundings.stop()
        await asyncio.gather(*(flight.closed() for flight in flights))
        await self._model.aclose()
