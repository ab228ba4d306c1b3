"""Why there was no suggestion, and what to do about it: outcomes in words for people, the same in every editor and terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from typethrough.core.document.uris import printable
from typethrough.core.outcome.causes import Cause
from typethrough.core.outcome.outcome import Ending

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from typethrough.core.outcome.history import KeptOutcome

# Of an outcome that was kept by a version that kept no causes.
_BY_ENDING: Final = {
    Ending.SKIPPED: "Type on, or ask by hand.",
    Ending.EMPTY: Cause.NOTHING_TO_ADD.advice,
    Ending.FILTERED: "The model's text would have repeated or broken what is there; type a little more.",
    Ending.DEADLINE: Cause.OUT_OF_TIME.advice,
    Ending.FAILED: Cause.REQUEST_REFUSED.advice,
}
_EMPTY: Final = "Nothing has been asked yet: type in a file of a language that is not switched off."


def advice(entry: KeptOutcome) -> str:
    """What to do about an outcome; empty where there is nothing to do."""
    if entry.ending is Ending.ANSWERED:
        return ""
    return entry.cause.advice if entry.cause is not None else _BY_ENDING.get(entry.ending, "")


def headline(entry: KeptOutcome) -> str:
    """How it ended and why, on one line."""
    if entry.ending is Ending.ANSWERED:
        return f"suggested ({entry.source})"
    reason = f"refused by the filter “{entry.reason}”" if entry.ending is Ending.FILTERED else entry.reason
    return f"nothing: {reason}"


def kept_back(entry: KeptOutcome) -> str:
    """How many secrets the model did not see, never which; empty when there were none."""
    count = entry.kept_back
    return f"{count} secret{'s' if count > 1 else ''} kept back from the model" if count else ""


def lines(entries: Iterable[KeptOutcome]) -> Iterator[str]:
    """The outcomes as plain text, two or three lines each."""
    empty = True
    for entry in entries:
        empty = False
        yield f"{_time(entry.at)}  {entry.file}  {printable(headline(entry))}"
        stages = ", ".join(
            f"{name.replace('_', ' ')} {ms:.1f} ms" for name, ms in entry.stages_ms.items() if name != "total"
        )
        overtaken = f"; {entry.overtaken} before it overtaken by typing" if entry.overtaken else ""
        yield f"          {entry.total_ms:.1f} ms{f' ({stages})' if stages else ''}{overtaken}"
        if secrets := kept_back(entry):
            yield f"          {secrets}"
        if what := advice(entry):
            yield f"          → {what}"
    if empty:
        yield _EMPTY


def _time(at: str) -> str:
    """The time of day of an ISO 8601 time."""
    return at.partition("T")[2][:8]
