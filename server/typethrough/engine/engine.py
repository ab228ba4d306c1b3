"""The engine: handles every keystroke and every request, from arrival to outcome.

Decisions are synchronous and happen at the event that causes them. Only streams and timers are asynchronous. `begin` may end a
request before it returns (typed-through, cache, local lane). Each request ends exactly once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from typethrough.core import remembered
from typethrough.core.document.document import Document
from typethrough.core.document.scan import UNKNOWN, family_of
from typethrough.core.document.uris import language_of
from typethrough.core.gate.gate import Gate, SendPermit
from typethrough.core.outcome.causes import Cause, StreamEnd
from typethrough.core.suggestion.cache import CompletionCache
from typethrough.engine.admission import Admission
from typethrough.engine.answers import Answers
from typethrough.engine.files import Files
from typethrough.engine.libraries import Libraries
from typethrough.engine.local_lane import LocalLane
from typethrough.engine.model_lane import ModelLane
from typethrough.engine.open_document import OpenDocument
from typethrough.engine.reports import Reports
from typethrough.engine.sources import Sources
from typethrough.engine.surroundings import Surroundings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typethrough.core.document.document import Position
    from typethrough.core.gate.rules import Folder
    from typethrough.core.outcome.causes import Refusal
    from typethrough.core.outcome.faults import Fault
    from typethrough.core.outcome.outcome import Outcome
    from typethrough.core.settings.schema import Settings
    from typethrough.engine.gateways import Gateways
    from typethrough.engine.model_lane import Question
    from typethrough.engine.open_document import Applied
    from typethrough.engine.pending import OnOutcome, OnPartial, Pending, Request
    from typethrough.engine.ports import Clock, Gateway, Recorder, Workspace

# Servers close connections that were idle for longer than this. So after such a pause, warm up again.
_COLD_AFTER_S = 20.0
# Settings that decide which files are read, and for which use.
_READ_AGAIN_FOR = (
    *("exclude", "local_lane", "model_lane", "other_files", "project_notes"),
    *("workspace_max_files", "workspace_max_bytes"),
)


class Engine:
    """All open documents, and the lanes that answer for them."""

    def __init__(
        self,
        *,
        settings: Settings,
        gateway: Gateway | Gateways | None,
        clock: Clock,
        recorder: Recorder,
        local: LocalLane | None = None,
        folders: Sequence[Folder] = (),
        workspace: Workspace | None = None,
    ) -> None:
        self.settings = settings
        self.gate = Gate(settings, folders=folders, disk=workspace)
        self.local = local or LocalLane(libraries=self._libraries(workspace))
        self._model = ModelLane(gateway, settings, clock, recorder)
        self._sources = Sources(settings, CompletionCache(), self._model, self.local, clock, self.gate)
        self._answers = Answers(self._sources, recorder)
        self.surroundings = Surroundings(clock, self.gate, self._model.context_chars, self._warm_up)
        self.surroundings.use(others=settings.other_files, notes=settings.project_notes)
        self._clock = clock
        self._recorder = recorder
        self._documents: dict[str, OpenDocument] = {}
        self.files = Files(
            self.gate, workspace, self.surroundings, self.local, lambda: self.settings, self._documents
        )
        self.admission = Admission(
            self.gate,
            self._documents,
            self._answers,
            self.files,
            self.surroundings,
            self.local,
            clock,
        )
        self.reports = Reports(clock, recorder, self._documents, self._answers.prefetch, self._sources.habits)

    def _libraries(self, workspace: Workspace | None) -> Libraries | None:
        if workspace is None:
            return None
        return Libraries(workspace, self.gate.folder_of, lambda: self.settings.local_lane)

    def configure(self, settings: Settings, gateway: Gateway | Gateways | None) -> None:
        """Use other settings and another gateway from now on. Running streams are closed."""
        before, self.settings = self.settings, settings
        self._sources.settings = settings
        self._model.use(gateway, settings)
        self.surroundings.use(others=settings.other_files, notes=settings.project_notes)
        self.admission.use(settings)
        self.surroundings.refresh()
        self._model.warm()
        # Files may have been skipped because there was no model to use them for.
        was_unheard = self.surroundings.has_passed_over and gateway is not None and settings.model_lane
        if was_unheard or any(getattr(before, name) != getattr(settings, name) for name in _READ_AGAIN_FOR):
            self.files.read_again()

    async def read_all(self) -> None:
        """Wait until everything that is known now has been read."""
        await self.files.background.idle()
        await self.local.idle()
        await self.surroundings.background.idle()

    def document(self, uri: str) -> Document | None:
        """The open document with this URI, or None."""
        open_document = self._documents.get(uri)
        return open_document.document if open_document is not None else None

    def open(self, uri: str, language_id: str, version: int, text: str) -> None:
        """A document was opened. Opening it twice replaces it."""
        self.close(uri)
        if family_of(language_id) == UNKNOWN:
            # Some editors use their own language names, such as "prog" or "c++". The file's name is clearer.
            language_id = language_of(uri) or language_id
        document = self._documents[uri] = OpenDocument(Document(uri, language_id, version, text))
        self.admission.opened(document)
        self._model.warm()

    def close(self, uri: str, end: StreamEnd = StreamEnd.DOCUMENT_CLOSED) -> None:
        """A document was closed, or with another `end` the engine stops. Its request is answered and its streams are closed."""
        self.reports.closed(uri)
        document = self._documents.pop(uri, None)
        if document is None:
            return
        self._answers.stop(document, end, end.cause.refusal())
        self.local.closed(uri)
        self.surroundings.closed(uri)
        remembered.forget()
        if document.edited:
            # The unsaved text is gone, so read the file again.
            self.files.changed([uri])

    def edit(self, uri: str, start: Position, end: Position, text: str) -> None:
        """Replace a range of an open document. Call `changed` when all edits of the change are done."""
        if (document := self._documents.get(uri)) is not None:
            self._applied(document, document.edit(start, end, text, self._clock.now()))

    def replace(self, uri: str, text: str) -> None:
        """Replace the whole text of an open document. Call `changed` afterwards."""
        if (document := self._documents.get(uri)) is not None:
            self._applied(document, document.replace(text, self._clock.now()))

    def _applied(self, document: OpenDocument, applied: Applied) -> None:
        uri, edit, snapshot = document.uri, applied.edit, document.document.snapshot
        self.local.edited(uri, edit, snapshot)
        self.surroundings.edited(uri, edit, snapshot)
        self.reports.edited(uri, edit)
        if document.consumed is not None:
            self.reports.noticed(uri, document.consumed, edit)
        self._answers.edited(document, applied)

    def changed(self, uri: str, version: int) -> None:
        """All edits of one change are done: the document has a new version."""
        document = self._documents.get(uri)
        if document is None:
            return
        now_s = self._clock.now()
        if now_s - document.hand.last_edit_s > _COLD_AFTER_S:
            self._model.warm()
            self._warm_up(uri)
        hand = document.hand
        if hand.spot is not None:
            gap_ms = (now_s - document.quiet_since_s) * 1_000
            self._sources.habits.note_gap(hand.spot, gap_ms, deleted=hand.deleting)
        document.changed(version, now_s)
        if (consumed := document.take_consumed()) is not None:
            self._answers.prefetch(document, consumed)

    def focused(self, uri: str) -> None:
        """The user has moved to a document."""
        self.try_again()
        self.surroundings.focused(uri)
        self._warm_up(uri)

    def try_again(self) -> None:
        """The reason why the model could not be asked may be gone. The next request will tell."""
        self._model.try_again()

    def look_at_limit(self) -> None:
        """Tell the user if the day's limit is already spent."""
        self._model.look_at_limit()

    @property
    def trouble(self) -> Fault | None:
        """Why the default model failed last time it was asked, or None."""
        return self._model.trouble.get(self._model.model_for(None))

    def _warm_up(self, uri: str) -> None:
        if (document := self._documents.get(uri)) is not None:
            permit = self._sources.may_send(document)
            if isinstance(permit, SendPermit):
                self._model.warm_up(permit, document)

    def begin(
        self,
        request: Request,
        on_outcome: OnOutcome,
        on_partial: OnPartial | None = None,
    ) -> Pending | None:
        """Begin a request on an open document.

        `on_outcome` is called exactly once, with the request's frozen view and its outcome. That may happen before this
        returns; then None is returned. With `on_partial` the answer is shown while it grows: each suggestion extends the
        one before, and the outcome's suggestion equals or extends the last one. Raises KeyError if the document is not
        open.
        """
        return self._answers.begin(self._documents[request.uri], request, on_outcome, on_partial)

    def question(self, uri: str, position: Position) -> Question | Refusal:
        """The question that a request by hand at this place would send, or the reason why none would be sent. Nothing is sent.

        Raises KeyError if the document is not open.
        """
        return self._answers.question(self._documents[uri], position)

    async def complete(self, request: Request) -> Outcome:
        """Like `begin`, but awaits the outcome. Cancelling the call ends the request as cancelled."""
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
        """End all requests and streams, and wait for background work."""
        flights = [flight for document in self._documents.values() for flight in document.flights]
        for uri in list(self._documents):
            self.close(uri, StreamEnd.SHUTDOWN)
        self.files.background.stop()
        self.local.stop()
        self.surroundings.stop()
        await asyncio.gather(self.files.background.idle(), *(flight.closed() for flight in flights))
        await self._model.aclose()
