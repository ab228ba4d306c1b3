"""The owner of one open document's life: its text, what is shown, its streams, and the request that waits.

Nobody else changes these: `tests/engine/test_one_owner.py` reads the engine for assignments. Everything is synchronous.
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

# Two questions at a time: where the cursor was, and where it is.
_MAX_QUESTIONS: Final = 2


class Applied(NamedTuple):
    """What an edit did: the change itself, the answers that no longer fit, and the streams whose place has moved."""

    edit: Edit
    diverged: list[Entry]
    moved: list[Flight]


class OpenDocument:
    """The state of one open document. `consumed` is the suggestion that the last edit put in whole, `warming` a warm-up.

    Without a permit to keep the document's text there is no prompt, and so nothing that could be sent.
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
        """What is sent of the document. Raises NotPermitted where nothing may be kept of it."""
        if self._prompt is None:
            raise NotPermitted("nothing is kept of this document")
        return self._prompt

    @property
    def has_context(self) -> bool:
        """Whether something is known for a file that holds nothing yet: what it is to be, and other files."""
        is_named = not self.uri.startswith("untitled:") and family_of(self.document.language_id) != UNKNOWN
        return is_named and self._prompt is not None and bool(self._prompt.related.files)

    def admit(self, prompt: PromptState | None) -> None:
        """Keep the document's text for this prompt from now on; without one, nothing of it, nor of what was suggested."""
        self._prompt = prompt
        if prompt is None:
            self._syntax = None
        elif self._syntax is None:
            self._syntax = Syntax(self.document.language_id)
        if prompt is None:
            self.shown = self.consumed = self._completed = None

    @property
    def asked_at(self) -> Position:
        """Where a suggestion was asked for last."""
        return self._asked[1] if self._asked is not None else Position(0, 0)

    @property
    def quiet_since_s(self) -> float:
        """When the user typed last, or moved the cursor without typing."""
        return max(self.hand.last_edit_s, self._moved_s)

    def view(self, position: Position, now_s: float) -> View:
        """The frozen view that a request at `position` gets."""
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
        """Replace a range."""
        before = self.document.snapshot
        return self._edited(self.document.replace(start, end, text), before, now_s)

    def replace(self, text: str, now_s: float) -> Applied:
        """Replace everything."""
        before = self.document.snapshot
        return self._edited(self.document.set_text(text), before, now_s)

    def changed(self, version: int, now_s: float) -> None:
        """The edits of one change are in."""
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
                    # All at once and to the end: the editor put it there, the user did not type it.
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
        """What a stream says turns out not to fit what was typed meanwhile."""
        self.hand.strayed(flight.trail.end)
        self.hand.spot = None

    def begin(self, pending: Pending) -> None:
        """A request waits from now on. Without an edit since the last one, the cursor has been moved, and may move on."""
        request = pending.request
        version = self.document.version
        if self._asked is not None and self._asked[0] == version and self._asked[1] != request.position:
            self._moved_s = request.arrived_s
        self._asked = (version, request.position)
        if request.invoked:
            self.unwanted.forgive(pending.view)
        self.pending = pending

    def ended(self, pending: Pending, outcome: Outcome) -> None:
        """A request has ended: what it answers is shown."""
        if self.pending is pending:
            self.pending = None
        for answer in outcome.suggestions[:1]:
            if self.shown is None or self.shown.id != answer.id:
                suffix = pending.view.line_suffix
                self.shown = Shown.of(answer.id, answer.text, answer.position, suffix, answer.replaces)

    def accepted(self, suggestion_id: str) -> None:
        """The editor says that a suggestion was accepted, whose last character alone may have been put in."""
        if self._completed is not None and self._completed[0].id == suggestion_id:
            self.unwanted.accepted(*self._completed)

    def dismiss(self, suggestion_id: str) -> None:
        """The user has sent a suggestion away, which may be one that is still growing."""
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
        """What was put in whole by the last edit; asked for once."""
        consumed, self.consumed = self.consumed, None
        return consumed

    @property
    def flights(self) -> list[Flight]:
        """Every stream, a warm-up too."""
        return [*self.questions, *([self.warming] if self.warming is not None else ())]

    def flight_of(self, entry: Entry) -> Flight | None:
        """The stream in flight whose answer this is."""
        return next((flight for flight in self.questions if flight.entry is entry), None)

    def make_room(self) -> None:
        """Close the oldest questions that no request waits for, until another may be asked."""
        waited_for = self.pending.flight if self.pending is not None else None
        free = [flight.entry for flight in self.questions if flight is not waited_for]
        self.close(StreamEnd.SUPERSEDED, *free[: max(0, len(self.questions) - _MAX_QUESTIONS + 1)])

    def sent(self, flight: Flight) -> None:
        """A stream of this document has begun."""
        if flight.purpose is Purpose.WARM_UP:
            self.warming = flight
        else:
            self.questions.append(flight)

    def landed(self, flight: Flight) -> None:
        """A stream of this document has ended."""
        if flight is self.warming:
            self.warming = None
        elif flight in self.questions:
            self.questions.remove(flight)

    def close(self, end: StreamEnd, *entries: Entry) -> None:
        """Close the streams of some answers. Nobody else closes one."""
        for flight in self.flights:
            if any(flight.entry is entry for entry in entries):
                flight.close(end)
