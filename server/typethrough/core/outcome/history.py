"""The last outcomes, for who asks why there was no suggestion. Bounded; names files shortly and holds no text."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from typethrough.core.document.uris import short_path
from typethrough.core.outcome.outcome import Ending

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from typethrough.core.outcome.causes import Cause
    from typethrough.core.outcome.outcome import Outcome

_KEPT = 100
# Typing went on before there was an answer: no news to who asks why nothing came.
_OVERTAKEN = frozenset({Ending.SUPERSEDED, Ending.CANCELLED})


@dataclass(frozen=True, slots=True)
class KeptOutcome:
    """One outcome, as it is remembered. `at` is the local time in ISO 8601, `stages_ms` are milliseconds since arrival;
    `overtaken` counts the requests before it that typing overtook. `cause` is None for one that an older version has kept.
    `kept_back` counts the secrets that the model did not see.
    """

    at: str
    file: str
    ending: Ending
    reason: str
    source: str = ""
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    overtaken: int = 0
    cause: Cause | None = None
    kept_back: int = 0

    @property
    def total_ms(self) -> float:
        """Milliseconds from the request to its ending."""
        return max(self.stages_ms.values(), default=0.0)


class History:
    """What happened lately in one process. `local_time` gives the time of day in ISO 8601."""

    def __init__(self, local_time: Callable[[], str]) -> None:
        self._local_time = local_time
        self._outcomes: deque[KeptOutcome] = deque(maxlen=_KEPT)
        self._overtaken = 0

    def note(self, uri: str, outcome: Outcome) -> KeptOutcome | None:
        """Keep an outcome, and return it as it is kept; None for a request that typing overtook, which is only counted."""
        if outcome.ending in _OVERTAKEN:
            self._overtaken += 1
            return None
        source = outcome.source.value if outcome.source else ""
        stages_ms = outcome.timings.stages_ms
        at, file = self._local_time(), short_path(uri)
        ending, reason = outcome.ending, outcome.reason
        more = (self._overtaken, outcome.cause, outcome.kept_back)
        kept = KeptOutcome(at, file, ending, reason, source, stages_ms, *more)
        self._overtaken = 0
        self._outcomes.append(kept)
        return kept

    def newest(self, limit: int = _KEPT) -> list[KeptOutcome]:
        """The last outcomes, newest first."""
        return list(self._outcomes)[::-1][: max(0, limit)]
