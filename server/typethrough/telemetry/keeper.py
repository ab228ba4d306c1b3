"""A `Recorder` that also stores what another recorder counts: outcomes, suggestions and streams.

The day's spending is read from that store.
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

# How many suggestions are tracked. That is more than anybody gets in five minutes, when the last check of one is made.
_KEPT_LIVES = 1_000


class Keeper:
    """Passes everything to `inner`, and stores it in `store`. Full paths are stored only with `paths`."""

    def __init__(
        self, inner: LogRecorder, store: Store, local_time: Callable[[], datetime], *, paths: bool = False
    ) -> None:
        self._inner = inner
        self._store = store
        self._local_time = local_time
        self._paths = paths
        self._reported = Reported()
        self._lives: dict[str, SuggestionRow] = {}
        # How much of a suggestion is left after the user has typed a part of it.
        self._rest_chars: dict[str, int] = {}
        self._own: tuple[str, Spent] = ("", Spent())

    @property
    def history(self) -> History:
        """The history of the inner recorder."""
        return self._inner.history

    def request_ended(self, uri: str, outcome: Outcome) -> KeptOutcome | None:
        """Count and store a request, and its suggestion if that is new. Without `paths`, only the file's name is stored."""
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
        """Count and store a stream. A second report of the same stream replaces the first."""
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
        """Count what the editor reports, and store it with the suggestion."""
        self._inner.feedback(kind, suggestion_id, chars)
        life = self._life(suggestion_id)
        if life is None:
            return
        if kind is Feedback.SHOWN:
            life.shown = True
        elif kind is Feedback.ACCEPTED:
            life.accepted = True
            # A part may have been accepted before, and now the rest. Characters that the user typed are not counted.
            life.accepted_chars = min(life.chars, life.accepted_chars + self._rest_chars[suggestion_id])
        elif kind is Feedback.PARTLY_ACCEPTED:
            life.accepted_chars = max(life.accepted_chars, min(chars, life.chars))
        else:
            life.dismissed = True
        self._store.add(life)

    def survived(self, suggestion_id: str, after_s: float, share: float) -> None:
        """Count how much of an accepted suggestion is left, and store it with the suggestion."""
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
        """What all servers on this machine have spent today."""
        return added(self._spent(self._now()[:10]), self._store.others())

    def notice(self, key: str, message: str, *, is_good: bool = False) -> None:
        """Log a notice."""
        self._inner.notice(key, message, is_good=is_good)

    def status(self, kind: str, message: str) -> None:
        """Log a status."""
        self._inner.status(kind, message)

    def _life(self, suggestion_id: str) -> SuggestionRow | None:
        """A copy of a suggestion's row, to change and hand to the store. The writer thread may still use the old row."""
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
            # The other suggestions are stored when the user looks at them.
            self._lives[suggestion.id] = life
            if len(self._lives) > _KEPT_LIVES:
                oldest = next(iter(self._lives))
                del self._lives[oldest], self._rest_chars[oldest]

    def _spent(self, day: str) -> Spent:
        own_day, spent = self._own
        return spent if own_day == day else Spent()

    def _now(self) -> str:
        return self._local_time().isoformat(timespec="seconds")
