"""The last outcomes, and texts for the user: why there was no suggestion and what to do. Bounded; holds no document text."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Final

from typethrough.core.document.uris import printable, short_path
from typethrough.core.outcome.causes import Cause
from typethrough.core.outcome.outcome import Ending

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from typethrough.core.outcome.outcome import Outcome

_KEPT = 100
# The user typed on before there was an answer. That is no answer to "why did nothing come?".
_OVERTAKEN = frozenset({Ending.SUPERSEDED, Ending.CANCELLED})
# The advice for outcomes from an older version, which stored no cause.
_BY_ENDING: Final = {
    Ending.SKIPPED: "Type on, or ask by hand.",
    Ending.EMPTY: Cause.NOTHING_TO_ADD.advice,
    Ending.FILTERED: "The model's text would have repeated or broken what is there; type a little more.",
    Ending.DEADLINE: Cause.OUT_OF_TIME.advice,
    Ending.FAILED: Cause.REQUEST_REFUSED.advice,
}
_EMPTY: Final = "Nothing has been asked yet: type in a file of a language that is not switched off."


@dataclass(frozen=True, slots=True)
class KeptOutcome:
    """One outcome as it is remembered.

    `at` is the local time in ISO 8601, `stages_ms` are milliseconds since the request's arrival. `overtaken` counts the
    requests before it that the user overtook by typing on. `cause` is None if an older version stored it. `kept_back` counts
    the secrets that were hidden from the model.
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
    """The last outcomes in one process. `local_time` gives the time of day in ISO 8601."""

    def __init__(self, local_time: Callable[[], str]) -> None:
        self._local_time = local_time
        self._outcomes: deque[KeptOutcome] = deque(maxlen=_KEPT)
        self._overtaken = 0

    def note(self, uri: str, outcome: Outcome) -> KeptOutcome | None:
        """Remember an outcome and return its kept form. Returns None for an overtaken request, which is only counted."""
        if outcome.ending in _OVERTAKEN:
            self._overtaken += 1
            return None
        source = outcome.source.value if outcome.source else ""
        stages_ms = outcome.stages_ms
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


def advice(entry: KeptOutcome) -> str:
    """What to do about an outcome. Empty when there is nothing to do."""
    if entry.ending is Ending.ANSWERED:
        return ""
    return entry.cause.advice if entry.cause is not None else _BY_ENDING.get(entry.ending, "")


def headline(entry: KeptOutcome) -> str:
    """How a request ended and why, in one line."""
    if entry.ending is Ending.ANSWERED:
        return f"suggested ({entry.source})"
    reason = f"refused by the filter “{entry.reason}”" if entry.ending is Ending.FILTERED else entry.reason
    return f"nothing: {reason}"


def kept_back(entry: KeptOutcome) -> str:
    """How many secrets were hidden from the model, without saying which. Empty for none."""
    count = entry.kept_back
    return f"{count} secret{'s' if count > 1 else ''} kept back from the model" if count else ""


def why_lines(entries: Iterable[KeptOutcome]) -> Iterator[str]:
    """The outcomes as plain text, newest first. Neighbours that are alike are one entry; each advice is given once."""
    given, is_empty = {""}, True
    for (file, said, secrets), alike in groupby(
        entries, lambda one: (one.file, headline(one), kept_back(one))
    ):
        run, is_empty = list(alike), False
        entry, is_single = run[0], len(run) == 1
        times = "" if is_single else f", {len(run)} times since {_time(run[-1].at)}"
        yield f"{_time(entry.at)}  {file}  {printable(said)}{times}"
        stages = ", ".join(
            f"{name.replace('_', ' ')} {ms:.1f} ms" for name, ms in entry.stages_ms.items() if name != "total"
        )
        stages = f" ({stages})" if stages and is_single else ""
        most = "" if is_single else "at most "
        count = sum(one.overtaken for one in run)
        overtaken = f"; {count} earlier overtaken by typing" if count else ""
        yield f"          {most}{max(one.total_ms for one in run):.1f} ms{stages}{overtaken}"
        if secrets:
            yield f"          {secrets}"
        if (what := advice(entry)) not in given:
            given.add(what)
            yield f"          → {what}"
    if is_empty:
        yield _EMPTY


def _time(at: str) -> str:
    """The time of day of an ISO 8601 time."""
    return at.partition("T")[2][:8]
