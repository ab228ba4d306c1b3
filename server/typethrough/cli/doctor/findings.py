"""The result of one of the doctor's checks, and how a list of results is written: as text, JSON or a page.

A finding is shown only to the user. `bundle` decides what a report for others contains.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from typethrough import __version__
from typethrough.core.document.uris import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_COLUMN = 14


class Level(StrEnum):
    """How good a result is. Only a failure stops typethrough from working as it is set up."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check: its name, the result, and what to do if it is not good. `more` are additional lines.

    `figures` are the same facts for programs, without any document's text and without keys. `private` are words in it
    that a report for others must not contain: paths, hosts and the user's own names.
    """

    name: str
    level: Level
    text: str
    remedy: str = ""
    more: tuple[str, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    private: tuple[object, ...] = ()


def ok(
    name: str, text: str, *, more: Sequence[str] = (), private: Sequence[object] = (), **figures: Any
) -> Finding:
    """A result without problems."""
    return Finding(name, Level.OK, text, more=tuple(more), figures=figures, private=tuple(private))


def warning(name: str, text: str, remedy: str, *, private: Sequence[object] = (), **figures: Any) -> Finding:
    """Something that could be better, or will stop working soon."""
    return Finding(name, Level.WARNING, text, remedy, figures=figures, private=tuple(private))


def failure(
    name: str,
    text: str,
    remedy: str,
    *,
    more: Sequence[str] = (),
    private: Sequence[object] = (),
    **figures: Any,
) -> Finding:
    """Something that is needed and does not work."""
    return Finding(name, Level.FAILURE, text, remedy, tuple(more), figures, tuple(private))


def is_well(findings: Sequence[Finding]) -> bool:
    """Whether everything that is needed works."""
    return not any(one.level is Level.FAILURE for one in findings)


def lines(finding: Finding) -> Iterator[str]:
    """Yield the finding as lines of plain text."""
    yield printable(f"{finding.level:<8} {finding.name:<{_COLUMN}} {finding.text}")
    margin = " " * (8 + 1 + _COLUMN + 1)
    for line in finding.more:
        yield printable(margin + line)
    if finding.remedy:
        yield printable(f"{margin}→ {finding.remedy}")


def summary(findings: Sequence[Finding]) -> str:
    """The last line: whether everything that is needed works."""
    failures = [one.name for one in findings if one.level is Level.FAILURE]
    warnings = sum(one.level is Level.WARNING for one in findings)
    noted = f" {warnings} warning{'s' if warnings > 1 else ''}." if warnings else ""
    if not failures:
        return f"All that is needed works.{noted}"
    return f"To be mended: {', '.join(dict.fromkeys(failures))}.{noted}"


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """The findings as JSON data for programs."""
    return {
        "typethrough": __version__,
        "ok": is_well(findings),
        "findings": [
            {
                "name": one.name,
                "level": one.level.value,
                "text": one.text,
                "remedy": one.remedy or None,
                "more": list(one.more),
                "figures": dict(one.figures),
            }
            for one in findings
        ],
    }
