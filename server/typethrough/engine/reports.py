"""Handles editors' reports about suggestions, and follows accepted ones.

Half a minute and five minutes after an acceptance, the recorder is told how much of the text is left.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from typethrough.core.outcome.outcome import Feedback
from typethrough.core.suggestion.accepted import LATER_S, SOON_S, Accepted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from typethrough.core.asking.bet import Habits
    from typethrough.core.document.document import Edit
    from typethrough.core.suggestion.trail import Shown
    from typethrough.engine.open_document import OpenDocument
    from typethrough.engine.ports import Cancellable, Clock, Recorder

# Following a suggestion costs each edit of its document about a microsecond. Further acceptances are not followed.
_MOST_WATCHED = 64
# The client's report comes directly after the edit, but the next edit may come before it.
_MOST_REPORTED = 8
# When a document is closed after this share of the time, its text at that moment counts. Before, the result is unknown.
_LONG_ENOUGH = 0.5
# A shorter insertion may be the last key of a suggestion that the user typed, with the bracket that the editor adds.
_NOT_TYPED_CHARS = 3


@dataclass(slots=True)
class _Watched:
    accepted: Accepted
    since_s: float
    timers: dict[float, Cancellable]


class Reports:
    """Reports about suggestions in open documents, and the accepted ones that are followed, by document.

    `prefetch` asks for what follows a suggestion that was accepted whole. `habits` learns from what is accepted.
    """

    def __init__(
        self,
        clock: Clock,
        recorder: Recorder,
        documents: Mapping[str, OpenDocument],
        prefetch: Callable[[OpenDocument, Shown], None],
        habits: Habits,
    ) -> None:
        self._clock = clock
        self._recorder = recorder
        self._documents = documents
        self._prefetch = prefetch
        self._habits = habits
        self._watched: dict[str, list[_Watched]] = {}
        self._reported: deque[str] = deque(maxlen=_MOST_REPORTED)

    def noticed(self, uri: str, shown: Shown, edit: Edit) -> None:
        """A suggestion was inserted at once, so it was accepted, even if the client never reports that."""
        if len(edit.inserted) >= _NOT_TYPED_CHARS:
            self._record(shown.id)
            self._watch(uri, shown)

    def accepted(self, suggestion_id: str) -> None:
        """The editor reports an accepted suggestion. Ask at once for what follows it."""
        self._record(suggestion_id)
        for uri, document in self._documents.items():
            shown = document.shown
            if shown is not None and shown.id == suggestion_id:
                if shown.consumed(document.document.snapshot):
                    document.accepted(suggestion_id)
                    self._watch(uri, shown)
                    self._prefetch(document, shown)
                return

    def partly_accepted(self, suggestion_id: str, chars: int, left_chars: int | None) -> None:
        """The editor reports that a part of a suggestion was accepted.

        `chars` is the length of that part of its item's text, `left_chars` what is left of it (None: unknown).
        """
        for document in self._documents.values():
            if left_chars is not None and document.shown is not None and document.shown.id == suggestion_id:
                # An item's text may begin with text that is already on the line.
                chars = len(document.shown.text) - left_chars
        self._recorder.feedback(Feedback.PARTLY_ACCEPTED, suggestion_id, max(0, chars))

    def dismissed(self, suggestion_id: str) -> None:
        """The editor reports that the user dismissed a suggestion."""
        self._recorder.feedback(Feedback.DISMISSED, suggestion_id)
        self._habits.note_taken(taken=False)
        for document in self._documents.values():
            document.dismiss(suggestion_id)

    def _record(self, suggestion_id: str) -> None:
        """Record an acceptance once. Most clients report one that was already noticed."""
        if suggestion_id not in self._reported:
            self._reported.append(suggestion_id)
            self._recorder.feedback(Feedback.ACCEPTED, suggestion_id)
            self._habits.note_taken(taken=True)

    def _watch(self, uri: str, shown: Shown) -> None:
        """Follow an accepted suggestion whose whole text is in the document."""
        here = self._watched.setdefault(uri, [])
        known = any(one.accepted.id == shown.id for one in here)
        if known or sum(map(len, self._watched.values())) >= _MOST_WATCHED:
            return
        now_s = self._clock.now()
        watched = _Watched(Accepted(shown.id, shown.text, *shown.trail), now_s, {})
        for after_s in (SOON_S, LATER_S):
            judge = partial(self._judge, uri, watched, after_s)
            watched.timers[after_s] = self._clock.call_at(now_s + after_s, judge)
        here.append(watched)

    def edited(self, uri: str, edit: Edit) -> None:
        """A document was edited. Move the places in it."""
        for watched in self._watched.get(uri, ()):
            watched.accepted = watched.accepted.after(edit)

    def closed(self, uri: str) -> None:
        """A document is about to be closed. Check now what was followed for long enough."""
        for watched in self._watched.pop(uri, []):
            lived_s = self._clock.now() - watched.since_s
            for after_s, timer in list(watched.timers.items()):
                timer.cancel()
                if lived_s >= _LONG_ENOUGH * after_s:
                    self._judge(uri, watched, after_s)

    def _judge(self, uri: str, watched: _Watched, after_s: float) -> None:
        del watched.timers[after_s]
        document = self._documents.get(uri)
        if document is not None:
            share = watched.accepted.share(document.document.snapshot)
            self._recorder.survived(watched.accepted.id, after_s, share)
        if not watched.timers and watched in self._watched.get(uri, ()):
            self._watched[uri].remove(watched)
