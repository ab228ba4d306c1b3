"""The engine's `Recorder`: counters, and one debug line per request. No document text, no path, no key.

It counts from the start of the process. Who reads the counters is not its concern.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from typethrough.core.outcome.history import History
from typethrough.core.outcome.outcome import Ending, Outcome, Spent, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from typethrough.core.outcome.history import KeptOutcome
    from typethrough.core.outcome.outcome import Feedback, StreamRecord

logger = logging.getLogger(__name__)
_KEPT_TIMES = 10_000
# A provider's count arrives within about a minute. There are fewer streams than this in that time.
_REMEMBERED = 1_000


@dataclass(slots=True)
class Counters:
    """What happened since the start. `ghost_ms` are the times from request to suggestion, newest last, bounded."""

    endings: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    streams: Counter[str] = field(default_factory=Counter)
    ghost_ms: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT_TIMES))
    ttft_ms: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT_TIMES))
    feedback: Counter[str] = field(default_factory=Counter)
    spent: Spent = field(default_factory=Spent)


class LogRecorder:
    """Counts, keeps the history, and logs what happened. A notice is logged once per key."""

    def __init__(self, local_time: Callable[[], datetime]) -> None:
        self.history = History(lambda: local_time().isoformat(timespec="seconds"))
        self.counters = Counters()
        self.notices: list[str] = []
        self._noticed = set[str]()
        self._reported = Reported()
        self._status = ""
        self._local_time = local_time
        self._today: tuple[str, Spent] = ("", Spent())

    def request_ended(self, uri: str, outcome: Outcome) -> KeptOutcome | None:
        """Count and remember a request. Log how it ended, its times, and a hash of its file's name."""
        counters = self.counters
        counters.endings[outcome.ending] += 1
        stages_ms = outcome.stages_ms
        if outcome.ending is Ending.ANSWERED and outcome.source is not None:
            counters.sources[outcome.source] += 1
            counters.ghost_ms.append(outcome.total_ms)
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug(
                "request %s: %s (%s), source %s, %s",
                file_tag(uri),
                outcome.ending,
                outcome.reason,
                outcome.source or "none",
                " ".join(f"{name} {ms:.1f} ms" for name, ms in stages_ms.items()),
            )
        return self.history.note(uri, outcome)

    def stream_ended(self, stream: StreamRecord) -> None:
        """Count and log a stream's end and tokens. A second report of the same stream replaces the first."""
        counters, usage, ttft_ms = self.counters, stream.usage, stream.ttft_ms
        day = self._day()
        began, before = self._reported.note(day, stream)
        if began == day:
            self._today = (day, added(added(self.today(), cost_of(before), -1), cost_of(stream)))
        if before is not None:
            counters.streams[before.end] -= 1
        elif ttft_ms is not None:
            counters.ttft_ms.append(ttft_ms)
        counters.streams[stream.end] += 1
        counters.spent = added(added(counters.spent, cost_of(before), -1), cost_of(stream))
        logger.debug(
            "stream %s%s: first text %s, tokens %d (%d cached) in, %d out",
            stream.end,
            " (counted later)" if before is not None else "",
            "never" if ttft_ms is None else f"{ttft_ms:.0f} ms",
            usage.prompt_tokens,
            usage.cached_tokens,
            usage.output_tokens,
        )

    def feedback(self, kind: Feedback, suggestion_id: str, chars: int = 0) -> None:
        """Count and log what the editor reports about a suggestion."""
        self.counters.feedback[kind] += 1
        logger.debug("suggestion %s %s%s", suggestion_id, kind, f", {chars} characters" if chars else "")

    def survived(self, suggestion_id: str, after_s: float, share: float) -> None:
        """Log how much of an accepted suggestion is left."""
        logger.debug("suggestion %s: %.0f %% still there after %.0f s", suggestion_id, 100 * share, after_s)

    def today(self) -> Spent:
        """What this process has spent since midnight."""
        day, spent = self._today
        return spent if day == self._day() else Spent()

    def _day(self) -> str:
        return self._local_time().date().isoformat()

    def notice(self, key: str, message: str, *, is_good: bool = False) -> None:
        """Log something that the user should know, once for each `key`."""
        if key not in self._noticed:
            self._noticed.add(key)
            self.notices.append(message)
            logger.log(logging.INFO if is_good else logging.WARNING, "%s", message)

    def status(self, kind: str, message: str) -> None:
        """Log a change in the model lane's status, except "busy" and "ready"."""
        if kind != self._status and kind not in ("busy", "ready"):
            logger.info("status %s: %s", kind, message)
        self._status = kind


def file_tag(uri: str) -> str:
    """A short hash of a file's name. It tells files apart in the log without naming them."""
    return sha256(uri.rsplit("/", 1)[-1].encode("utf-8", "replace")).hexdigest()[:8]


def percentile(values: Sequence[float], share: float) -> float:
    """The value at the quantile `share` (0 to 1), by nearest rank. 0.0 if there are no values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class Reported:
    """The streams that this process has reported: the last report of each, and the time of its first report. Bounded."""

    def __init__(self) -> None:
        self._streams: dict[str, tuple[str, StreamRecord]] = {}

    def note(self, at: str, stream: StreamRecord) -> tuple[str, StreamRecord | None]:
        """Take a report. Returns the time of the stream's first report, and the report that this one replaces, if any."""
        first_at, before = self._streams.pop(stream.id, (at, None))
        self._streams[stream.id] = (first_at, stream)
        if len(self._streams) > _REMEMBERED:
            del self._streams[next(iter(self._streams))]
        return first_at, before


def added(one: Spent, other: Spent, sign: int = 1) -> Spent:
    """The sum of two amounts, or with `sign` -1 their difference."""
    usage = Usage(
        one.usage.prompt_tokens + sign * other.usage.prompt_tokens,
        one.usage.cached_tokens + sign * other.usage.cached_tokens,
        one.usage.output_tokens + sign * other.usage.output_tokens,
    )
    return Spent(usage, one.dollars + sign * other.dollars)


def cost_of(stream: StreamRecord | None) -> Spent:
    """What a stream has cost. Zero for None."""
    return Spent(stream.usage, stream.dollars) if stream is not None else Spent()
