"""What the engine knows of one open document: its text, its rhythm, what is on screen, and which streams are in flight."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from typethrough.core.context import Context
from typethrough.core.rhythm import Rhythm

if TYPE_CHECKING:
    from typethrough.core.document import Document, Edit, Position, Snapshot
    from typethrough.core.prompt.layout import PromptState
    from typethrough.core.shown import Shown
    from typethrough.engine.inflight import Flight
    from typethrough.engine.pending import Pending

# What was deleted is not offered again for this long (a figure that other completers use as well).
_DELETED_S = 30.0
_DELETED_COUNT = 8
_DELETED_CHARS = 2_000


class _Deletion(NamedTuple):
    text: str
    start: Position
    at_s: float


class Applied(NamedTuple):
    """What an edit did: the change itself, and the streams whose answers no longer fit."""

    edit: Edit
    diverged: list[Flight]


class Session:
    """The state of one open document. Everything here changes synchronously."""

    def __init__(self, document: Document, prompt: PromptState) -> None:
        self.document = document
        self.prompt = prompt
        self.rhythm = Rhythm()
        self.shown: Shown | None = None
        self.consumed: Shown | None = None
        self.flights: list[Flight] = []
        self.pending: Pending | None = None
        self._deletions: list[_Deletion] = []

    def context(self, position: Position, now_s: float) -> Context:
        """The frozen view that a request at `position` gets."""
        document = self.document
        return Context.at(
            document.snapshot,
            position,
            uri=document.uri,
            language_id=document.language_id,
            version=document.version,
            deleted=tuple(old.text for old in self._deletions if now_s - old.at_s < _DELETED_S),
        )

    def apply(self, start: Position, end: Position, text: str, now_s: float) -> Applied:
        """Replace a range."""
        before = self.document.snapshot
        return self._applied(self.document.replace(start, end, text), before, now_s)

    def apply_full(self, text: str, now_s: float) -> Applied:
        """Replace everything."""
        before = self.document.snapshot
        return self._applied(self.document.set_text(text), before, now_s)

    def close_flights(self, ending: str) -> None:
        """Close every stream of the document."""
        for flight in list(self.flights):
            flight.close(ending)

    def _applied(self, edit: Edit, before: Snapshot, now_s: float) -> Applied:
        snapshot = self.document.snapshot
        self.prompt.note(edit, before)
        self._note_deletion(edit, now_s)
        self.consumed = None
        if self.shown is not None:
            self.shown = self.shown.after(edit, snapshot)
            if self.shown is not None and len(edit.inserted) > 1 and self.shown.consumed(snapshot):
                # All at once and to the end: the editor put it there, the user did not type it.
                self.consumed = self.shown
        diverged = [flight for flight in self.flights if not flight.follow(edit, snapshot)]
        return Applied(edit, diverged)

    def _note_deletion(self, edit: Edit, now_s: float) -> None:
        if not edit.removed or edit.inserted.startswith(edit.removed):
            return
        newest = self._deletions[-1] if self._deletions else None
        if newest and not edit.inserted and edit.end == newest.start and now_s - newest.at_s < _DELETED_S:
            # Backspace held down: one deletion, a character at a time.
            text = edit.removed + newest.text
            self._deletions[-1] = _Deletion(text[-_DELETED_CHARS:], edit.start, now_s)
        else:
            self._deletions.append(_Deletion(edit.removed[:_DELETED_CHARS], edit.start, now_s))
        del self._deletions[:-_DELETED_COUNT]
