"""The owner of one open document's state: its text, what is shown, its streams, and the waiting request.

No other code changes these; `tests/engine/test_one_owner.py` checks the engine for assignments. Everything is synchronous.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.asking.hand import Hand
from typethrough.core.document.document import Position
from typethrough.core.document.embedded import language_at
from typethrough.core.document.scan import UNKNOWN, family_of
from typethrough.core.document.view import View
from typethrough.core.gate.gate import NotPermitted
from typethrough.core.outcome.causes import Cause, StreamEnd
from typethrough.core.outcome.outcome import Purpose
from typethrough.core.suggestion.trail import Shown
from typethrough.core.suggestion.unwanted import Unwanted
from typethrough.core.syntax.syntax import Syntax

if TYPE_CHECKING:
    from typethrough.core.document.document import Document, Edit, Snapshot
    from typethrough.core.gate.gate import KeepPermit
    from typethrough.core.outcome.outcome import Outcome
    from typethrough.core.prompt.layout import PromptState
    from typethrough.core.suggestion.cache import Entry
    from typethrough.engine.flight import Flight
    from typethrough.engine.pending import Pending

# At most two questions run at once: for the cursor's last place and for its current one.
_MAX_QUESTIONS: Final = 2


class Applied(NamedTuple):
    """What an edit did: the change, the answers that no longer fit, and the streams whose place has moved."""

    edit: Edit
    diverged: list[Entry]
    moved: list[Flight]


class OpenDocument:
    """The state of one open document. `consumed` is a suggestion that the last edit inserted whole, `warming` a warm-up stream.

    Without a permit to keep the document's text there is no prompt, so nothing can be sent.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.edited = False
        self._prompt: PromptState | None = None
        self.hand = Hand()
        self._syntax: Syntax | None = None
        self.unwanted = Unwanted()
        self.shown: Shown | None = None
        self.consumed: Shown | None = None
        self._completed: tuple[Shown, Snapshot] | None = None
        self.questions: list[Flight] = []
        self.warming: Flight | None = None
        self.pending: Pending | None = None
        self._asked: tuple[int, Position] | None = None
        self._moved_s = float("-inf")

    @property
    def uri(self) -> str:
        """The document's URI."""
        return self.document.uri

    @property
    def permit(self) -> KeepPermit | None:
        """The permit to keep the document's text."""
        return self._prompt.permit if self._prompt is not None else None

    @property
    def prompt(self) -> PromptState:
        """What is sent of the document. Raises NotPermitted if its text may not be kept."""
        if self._prompt is None:
            raise NotPermitted("nothing is kept of this document")
        return self._prompt

    @property
    def has_context(self) -> bool:
        """Whether enough is known to begin an empty file: its kind, and other files."""
        is_named = not self.uri.startswith("untitled:") and family_of(self.document.language_id) != UNKNOWN
        return is_named and self._prompt is not None and bool(self._prompt.related.files)

    def admit(self, prompt: PromptState | None) -> None:
        """Keep the document's text, for this prompt. Without a prompt, keep neither text nor suggestions."""
        self._prompt = prompt
        if prompt is None:
            self._syntax = None
        elif self._syntax is None:
            self._syntax = Syntax(self.document.language_id)
        if prompt is None:
            self.shown = self.consumed = self._completed = None

    @property
    def asked_at(self) -> Position:
        """Where a suggestion was requested last."""
        return self._asked[1] if self._asked is not None else Position(0, 0)

    @property
    def quiet_since_s(self) -> float:
        """When the user last typed, or moved the cursor without typing."""
        return max(self.hand.last_edit_s, self._moved_s)

    def view(self, position: Position, now_s: float) -> View:
        """The frozen view for a request at `position`."""
        document = self.document
        tongue = language_at(document.snapshot, position.line, document.language_id)
        return View.at(
            document.snapshot,
            position,
            uri=document.uri,
            language_id=tongue.language_id,
            first_line=tongue.first_line,
            host_language=document.language_id,
            version=document.version,
            usual_unit=document.usual_unit,
            syntax=self._syntax,
            deleted=self.unwanted.deleted(now_s),
        )

    def edit(self, start: Position, end: Position, text: str, now_s: float) -> Applied:
        """Replace a range of the text."""
        before = self.document.snapshot
        return self._edited(self.document.replace(start, end, text), before, now_s)

    def replace(self, text: str, now_s: float) -> Applied:
        """Replace the whole text."""
        before = self.document.snapshot
        return self._edited(self.document.set_text(text), before, now_s)

    def changed(self, version: int, now_s: float) -> None:
        """All edits of one change are done."""
        self.document.version = version
        self.hand.rest(now_s)

    def _edited(self, edit: Edit, before: Snapshot, now_s: float) -> Applied:
        snapshot = self.document.snapshot
        self.edited = True
        if self._prompt is not None:
            self._prompt.note(edit, before)
        self.hand.did(edit)
        self.consumed = None
        was_shown = self.shown is not None
        if self.unwanted.after(edit, snapshot, now_s):
            self.shown = None
        if self.shown is not None:
            self.shown = self.shown.after(edit, snapshot)
            if self.shown is not None and self.shown.consumed(snapshot):
                self._completed = self.shown, before
                if len(edit.inserted) > 1:
                    # The rest came in one edit, so the editor inserted it; the user did not type it.
                    self.consumed = self.shown
                    self.unwanted.accepted(self.shown, before)
        diverged, moved = [], []
        for flight in self.questions:
            line = flight.trail.origin.line
            if not flight.follow(edit, snapshot):
                diverged.append(flight.entry)
            elif flight.trail.origin.line != line:
                moved.append(flight)
        if edit.inserted and (diverged or (was_shown and self.shown is None)):
            self.hand.strayed(edit.new_end)
        return Applied(edit, diverged, moved)

    def strays(self, flight: Flight) -> None:
        """A stream's text turns out not to fit what the user typed meanwhile."""
        self.hand.strayed(flight.trail.end)
        self.hand.spot = None

    def begin(self, pending: Pending) -> None:
        """A request begins to wait. If nothing was edited since the last request, the user has moved the cursor, and may go
        on.
        """
        request = pending.request
        version = self.document.version
        if self._asked is not None and self._asked[0] == version and self._asked[1] != request.position:
            self._moved_s = request.arrived_s
        self._asked = (version, request.position)
        if request.invoked:
            self.unwanted.forgive(pending.view)
        self.pending = pending

    def ended(self, pending: Pending, outcome: Outcome) -> None:
        """A request has ended. Its answer is now shown."""
        if self.pending is pending:
            self.pending = None
        for answer in outcome.suggestions[:1]:
            if self.shown is None or self.shown.id != answer.id:
                suffix = pending.view.line_suffix
                self.shown = Shown.of(answer.id, answer.text, answer.position, suffix, answer.replaces)

    def accepted(self, suggestion_id: str) -> None:
        """The editor reports an accepted suggestion. Perhaps only its last character was inserted; the rest was typed."""
        if self._completed is not None and self._completed[0].id == suggestion_id:
            self.unwanted.accepted(*self._completed)

    def dismiss(self, suggestion_id: str) -> None:
        """The user has dismissed a suggestion, which may still be growing."""
        pending, shown = self.pending, self.shown
        if pending is not None and pending.promised_id == suggestion_id:
            pending.end(Cause.SENT_AWAY)
            view = pending.view
            shown = Shown.of(suggestion_id, pending.promised, view.position, view.line_suffix)
        if shown is not None and shown.id == suggestion_id:
            self.shown = None
            line, column = shown.trail.origin
            self.unwanted.dismiss(shown, self.document.snapshot.part(line, 0, column))

    def hide(self) -> None:
        """Nothing is shown any more."""
        self.shown = None

    def take_consumed(self) -> Shown | None:
        """The suggestion that the last edit inserted whole, or None. Returned only once."""
        consumed, self.consumed = self.consumed, None
        return consumed

    @property
    def flights(self) -> list[Flight]:
        """All streams, including a warm-up."""
        return [*self.questions, *([self.warming] if self.warming is not None else ())]

    def flight_of(self, entry: Entry) -> Flight | None:
        """The running stream of this answer, or None."""
        return next((flight for flight in self.questions if flight.entry is entry), None)

    def make_room(self) -> None:
        """Close the oldest questions that no request waits for, so that another one may be asked."""
        waited_for = self.pending.flight if self.pending is not None else None
        free = [flight.entry for flight in self.questions if flight is not waited_for]
        self.close(StreamEnd.SUPERSEDED, *free[: max(0, len(self.questions) - _MAX_QUESTIONS + 1)])

    def sent(self, flight: Flight) -> None:
        """A stream for this document has begun."""
        if flight.purpose is Purpose.WARM_UP:
            self.warming = flight
        else:
            self.questions.append(flight)

    def landed(self, flight: Flight) -> None:
        """A stream for this document has ended."""
        if flight is self.warming:
            self.warming = None
        elif flight in self.questions:
            self.questions.remove(flight)

    def close(self, end: StreamEnd, *entries: Entry) -> None:
        """Close the streams of these answers. No other code closes a stream."""
        for flight in self.flights:
            if any(flight.entry is entry for entry in entries):
                flight.close(end)
