"""A `Recorder` that keeps what another counts: outcomes and streams go on record, and the day's spending comes from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typethrough.core.history import History
from typethrough.core.outcome import Spent, Usage
from typethrough.core.uris import file_name
from typethrough.telemetry.store import StreamRow

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from typethrough.core.outcome import Feedback, Outcome, StreamRecord
    from typethrough.telemetry.recorder import LogRecorder
    from typethrough.telemetry.store import Store


class Keeper:
    """Passes everything on to `inner`, and has it kept in `store`."""

    def __init__(self, inner: LogRecorder, store: Store, local_time: Callable[[], datetime]) -> None:
        self._inner = inner
        self._store = store
        self._local_time = local_time
        self._history = History()
        self._own: tuple[str, Spent] = ("", Spent())

    def request_ended(self, uri: str, outcome: Outcome) -> None:
        """Count and keep a request, under the file's name alone."""
        self._inner.request_ended(uri, outcome)
        if (entry := self._history.note(self._now(), file_name(uri), outcome)) is not None:
            self._store.add(entry)

    def stream_ended(self, stream: StreamRecord) -> None:
        """Count and keep a stream."""
        self._inner.stream_ended(stream)
        row = StreamRow(self._now(), stream.ending, stream.usage, stream.dollars, stream.ttft_ms)
        day, spent = self._own
        self._own = (
            row.day,
            _added(spent if day == row.day else Spent(), Spent(stream.usage, stream.dollars)),
        )
        self._store.add(row)

    def feedback(self, kind: Feedback, suggestion_id: str, chars: int = 0) -> None:
        """Count."""
        self._inner.feedback(kind, suggestion_id, chars)

    def today(self) -> Spent:
        """What this and every other server on this machine has spent today."""
        day, spent = self._own
        return _added(spent if day == self._now()[:10] else Spent(), self._store.others())

    def notice(self, key: str, message: str) -> None:
        """Log."""
        self._inner.notice(key, message)

    def status(self, kind: str, message: str) -> None:
        """Log."""
        self._inner.status(kind, message)

    def _now(self) -> str:
        return self._local_time().isoformat(timespec="seconds")


def _added(one: Spent, other: Spent) -> Spent:
    usage = Usage(
        one.usage.prompt_tokens + other.usage.prompt_tokens,
        one.usage.cached_tokens + other.usage.cached_tokens,
        one.usage.output_tokens + other.usage.output_tokens,
    )
    return Spent(usage, one.dollars + other.dollars)
