"""What the engine knows of one open document: its text, its rhythm, what is on screen, and which streams are in flight."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from typethrough.core.asking.rhythm import Rhythm
from typethrough.core.document.context import Context
from typethrough.core.document.document import Position

if TYPE_CHECKING:
    from typethrough.core.document.document import Document, Edit, Snapshot
    from typethrough.core.outcome.causes import Refusal, StreamEnd
    from typethrough.core.prompt.layout import PromptState
    from typethrough.core.suggestion.shown import Shown
    from typethrough.engine.inflight import Flight
    from typethrough.engine.pending import Pending

# What was deleted is not offered again for this long (a figure that other completers use as well).
_DELETED_S = 30.0
_DELETED_COUNT = 8
_DELETED_CHARS = 2_000
_DISMISSED_COUNT = 8

_TAKEN_BACK_CHARS = 8
# So much of a deleted text typed again says that it is wanted after all.
_RETYPED_CHARS = 3


class _Deletion(NamedTuple):
    text: str
    start: Position
    at_s: float
    retyped: int = 0


class Applied(NamedTuple):
    """What an edit did: the change itself, the streams whose answers no longer fit, and those whose place has moved."""

    edit: Edit
    diverged: list[Flight]
    moved: list[Flight]


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
        self.warming: Flight | None = None
        self.moved_s = float("-inf")
        self._dismissed: list[Shown] = []
        self._asked: tuple[int, Position] | None = None
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
            usual_unit=document.usual_unit,
            deleted=tuple(old.text for old in self._deletions if now_s - old.at_s < _DELETED_S),
        )

    @property
    def asked_at(self) -> Position:
        """Where a suggestion was asked for last."""
        return self._asked[1] if self._asked is not None else Position(0, 0)

    def note_request(self, position: Position, now_s: float) -> None:
        """A suggestion is asked for here. Without an edit since the last time, the cursor has been moved, and may move on."""
        version = self.document.version
        if self._asked is not None and self._asked[0] == version and self._asked[1] != position:
            self.moved_s = now_s
        self._asked = (version, position)

    def dismiss(self, unwanted: Shown) -> None:
        """The user has sent a suggestion away: as long as the text leads into it, it does not come back."""
        self.shown = None
        self._dismissed = [*self._dismissed[1 - _DISMISSED_COUNT :], unwanted]

    def is_dismissed(self, context: Context, *, invoked: bool) -> bool:
        """Whether a suggestion for this place was sent away. Who asks by hand has changed their mind."""
        here = [unwanted for unwanted in self._dismissed if unwanted.remainder(context)]
        if invoked:
            self._dismissed = [unwanted for unwanted in self._dismissed if unwanted not in here]
        return bool(here) and not invoked

    def apply(self, start: Position, end: Position, text: str, now_s: float) -> Applied:
        """Replace a range."""
        before = self.document.snapshot
        return self._applied(self.document.replace(start, end, text), before, now_s)

    def apply_full(self, text: str, now_s: float) -> Applied:
        """Replace everything."""
        before = self.document.snapshot
        return self._applied(self.document.set_text(text), before, now_s)

    @property
    def streams(self) -> list[Flight]:
        """Every stream of the document, a warm-up too."""
        return [*self.flights, *([self.warming] if self.warming is not None else ())]

    def stop(self, end: StreamEnd, refusal: Refusal | None = None) -> None:
        """End the waiting request and close every stream. A `refusal` tells the request more exactly why than `end` does."""
        if self.pending is not None:
            cause, sentence = refusal or end.cause.refusal()
            self.pending.end(cause, sentence)
        self.close(end, *self.streams)

    def close(self, end: StreamEnd, *flights: Flight) -> None:
        """Close some of the document's streams. Nobody else closes one."""
        for flight in flights:
            flight.close(end)

    def _applied(self, edit: Edit, before: Snapshot, now_s: float) -> Applied:
        snapshot = self.document.snapshot
        self.prompt.note(edit, before)
        self._note_deletion(edit, now_s)
        self.consumed = None
        self.rhythm.deleting = not edit.inserted
        if self.shown is not None:
            self.shown = self.shown.after(edit, snapshot)
            if self.shown is not None and len(edit.inserted) > 1 and self.shown.consumed(snapshot):
                # All at once and to the end: the editor put it there, the user did not type it.
                self.consumed = self.shown
        followed = (unwanted.after(edit, snapshot) for unwanted in self._dismissed)
        self._dismissed = [unwanted for unwanted in followed if unwanted is not None]
        diverged, moved = [], []
        for flight in self.flights:
            origin = flight.trail.origin
            if not flight.follow(edit, snapshot):
                diverged.append(flight)
            elif flight.trail.origin != origin:
                moved.append(flight)
        return Applied(edit, diverged, moved)

    def _note_deletion(self, edit: Edit, now_s: float) -> None:
        if not edit.removed:
            self._forgive(edit)
        if not edit.removed or edit.inserted.startswith(edit.removed):
            return
        newest = self._deletions[-1] if self._deletions else None
        if newest and not edit.inserted and edit.end == newest.start and now_s - newest.at_s < _DELETED_S:
            # Backspace held down: one deletion, a character at a time.
            text = edit.removed + newest.text
            self._deletions[-1] = _Deletion(text[-_DELETED_CHARS:], edit.start, now_s)
        else:
            self._deletions.append(_Deletion(edit.removed[:_DELETED_CHARS], edit.start, now_s))
        if len("".join(self._deletions[-1].text.split())) >= _TAKEN_BACK_CHARS:
            # More than a slip: what stood there was not wanted, and neither is its offer.
            self.shown = None
        del self._deletions[:-_DELETED_COUNT]

    def _forgive(self, edit: Edit) -> None:
        """Forget a deletion whose beginning the user types again, at whatever place."""
        kept = []
        for deletion in self._deletions:
            wanted = deletion.text.lstrip()
            typed = edit.inserted if deletion.retyped else edit.inserted.lstrip()
            agrees = wanted.startswith(typed, deletion.retyped)
            retyped = deletion.retyped + len(typed) if agrees else 0
            if retyped < min(_RETYPED_CHARS, len(wanted)) or not typed:
                kept.append(deletion._replace(retyped=retyped))
        self._deletions = kept
