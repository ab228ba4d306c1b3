"""A `Recorder` that keeps what another counts: outcomes, suggestions and streams go on record, and the day's spending comes from
there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from typethrough.core.document.uris import file_name, path_of, printable
from typethrough.core.outcome.outcome import Ending, Feedback, Source, Spent
from typethrough.core.suggestion.accepted import SOON_S
from typethrough.telemetry.recorder import Reported, added, cost_of
from typethrough.telemetry.rows import CountRow, OutcomeRow, StreamRow, SuggestionRow

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from typethrough.core.outcome.history import History, KeptOutcome
    from typethrough.core.outcome.outcome import Outcome, StreamRecord
    from typethrough.telemetry.recorder import LogRecorder
    from typethrough.telemetry.store import Store

# Whose life goes on: more than anybody is offered in the five minutes after which the last is asked of one.
_KEPT_LIVES = 1_000


class Keeper:
    """Passes everything on to `inner`, and has it kept in `store`; whole paths only with `paths`."""

    def __init__(
        self, inner: LogRecorder, store: Store, local_time: Callable[[], datetime], *, paths: bool = False
    ) -> None:
        self._inner = inner
        self._store = store
        self._local_time = local_time
        self._paths = paths
        self._reported = Reported()
        self._lives: dict[str, SuggestionRow] = {}
        # What is left of a suggestion once the user has typed a part of it.
        self._rest_chars: dict[str, int] = {}
        self._own: tuple[str, Spent] = ("", Spent())

    @property
    def history(self) -> History:
        """The inner recorder's."""
        return self._inner.history

    def request_ended(self, uri: str, outcome: Outcome) -> KeptOutcome | None:
        """Count and keep a request, and a suggestion that is new, under the file's name alone unless paths are wanted."""
        kept = self._inner.request_ended(uri, outcome)
        at = kept.at if kept is not None else self._now()
        name = printable(path_of(uri)) if self._paths else file_name(uri)
        if kept is not None:
            self._store.add(OutcomeRow(kept, name))
        self._store.add(CountRow.of(at[:10], outcome))
        if outcome.ending is Ending.ANSWERED:
            self._answered(at, name if self._paths else "", outcome)
        return kept

    def stream_ended(self, stream: StreamRecord) -> None:
        """Count and keep a stream; reported again, in place of what was reported before."""
        self._inner.stream_ended(stream)
        now = self._now()
        at, before = self._reported.note(now, stream)
        row, today = StreamRow(at, stream), now[:10]
        spent = self._spent(today)
        if row.day == today:
            spent = added(added(spent, cost_of(before), -1), cost_of(stream))
        self._own = (today, spent)
        self._store.add(row)

    def feedback(self, kind: Feedback, suggestion_id: str, chars: int = 0) -> None:
        """Count, and keep with the suggestion."""
        self._inner.feedback(kind, suggestion_id, chars)
        life = self._life(suggestion_id)
        if life is None:
            return
        if kind is Feedback.SHOWN:
            life.shown = True
        elif kind is Feedback.ACCEPTED:
            life.accepted = True
            # A part may have been accepted before, and then the rest; what the user typed of it is not counted.
            life.accepted_chars = min(life.chars, life.accepted_chars + self._rest_chars[suggestion_id])
        elif kind is Feedback.PARTLY_ACCEPTED:
            life.accepted_chars = max(life.accepted_chars, min(chars, life.chars))
        else:
            life.dismissed = True
        self._store.add(life)

    def survived(self, suggestion_id: str, after_s: float, share: float) -> None:
        """Count, and keep with the suggestion."""
        self._inner.survived(suggestion_id, after_s, share)
        life = self._life(suggestion_id)
        if life is None:
            return
        if after_s == SOON_S:
            life.survived_30s = round(share, 3)
        else:
            life.survived_300s = round(share, 3)
        self._store.add(life)

    def today(self) -> Spent:
        """What this and every other server on this machine has spent today."""
        return added(self._spent(self._now()[:10]), self._store.others())

    def notice(self, key: str, message: str, *, is_good: bool = False) -> None:
        """Log."""
        self._inner.notice(key, message, is_good=is_good)

    def status(self, kind: str, message: str) -> None:
        """Log."""
        self._inner.status(kind, message)

    def _life(self, suggestion_id: str) -> SuggestionRow | None:
        """A suggestion's row to change and hand to the store; the one that the store has already stays as it is."""
        life = self._lives.get(suggestion_id)
        if life is not None:
            life = self._lives[suggestion_id] = replace(life)
        return life

    def _answered(self, at: str, file: str, outcome: Outcome) -> None:
        source = outcome.source or Source.MODEL
        for number, suggestion in enumerate(outcome.suggestions):
            chars = len(suggestion.text)
            self._rest_chars[suggestion.id] = chars
            if suggestion.id in self._lives:
                continue
            life = SuggestionRow(suggestion.id, at, outcome.language_id, suggestion.source.value, file)
            life.chars = chars
            if number == 0:
                life.source, life.total_ms, life.stages_ms = (
                    source.value,
                    outcome.total_ms,
                    outcome.stages_ms,
                )
                self._store.add(life)
            # The others go on record when somebody looks at them.
            self._lives[suggestion.id] = life
            if len(self._lives) > _KEPT_LIVES:
                oldest = next(iter(self._lives))
                del self._lives[oldest], self._rest_chars[oldest]

    def _spent(self, day: str) -> Spent:
        own_day, spent = self._own
        return spent if own_day == day else Spent()

    def _now(self) -> str:
        return self._local_time().isoformat(timespec="seconds")
