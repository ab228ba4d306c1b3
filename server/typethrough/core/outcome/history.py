"""The last outcomes, for who asks why there was no suggestion. Bounded; names files shortly and holds no text."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from typethrough.core.outcome.outcome import Ending

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typethrough.core.outcome.outcome import Outcome

_KEPT = 100
# Typing went on before there was an answer: no news to who asks why nothing came.
_OVERTAKEN = frozenset({Ending.SUPERSEDED, Ending.CANCELLED})


@dataclass(frozen=True, slots=True)
class Entry:
    """One outcome. `at` is the local time in ISO 8601, `stages_ms` are milliseconds since arrival; `overtaken` counts the
    requests before it that typing overtook.
    """

    at: str
    file: str
    ending: Ending
    reason: str
    source: str = ""
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    overtaken: int = 0

    @property
    def total_ms(self) -> float:
        """Milliseconds from the request to its ending."""
        return max(self.stages_ms.values(), default=0.0)


class History:
    """What happened lately in one process."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_KEPT)
        self._overtaken = 0

    def note(self, at: str, file: str, outcome: Outcome) -> Entry | None:
        """Keep an outcome, and return it as it is kept; None for a request that typing overtook, which is only counted."""
        if outcome.ending in _OVERTAKEN:
            self._overtaken += 1
            return None
        source = outcome.source.value if outcome.source else ""
        stages_ms = outcome.timings.stages_ms
        entry = Entry(at, file, outcome.ending, outcome.reason, source, stages_ms, self._overtaken)
        self._overtaken = 0
        self._entries.append(entry)
        return entry

    def newest(self, limit: int = _KEPT) -> list[Entry]:
        """The last outcomes, newest first."""
        return list(self._entries)[::-1][: max(0, limit)]
