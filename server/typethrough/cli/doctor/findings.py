"""What a doctor's look at one thing gave, and how a list of that is written: as text, as JSON, as a page.

A finding is for the user's own eyes. What goes into a report for others is taken from it by `bundle`.
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
    """How well a thing is. Only a failure keeps typethrough from working as it is set up."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing, how it is, and, when it is not well, what to do. `more` are lines below it.

    `figures` are the same facts for programs: numbers, words and truth values, no text of a document and no key. `private` are
    words of it that a report for others must not have: paths, hosts, names of somebody's own.
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
    """A thing that is as it should be."""
    return Finding(name, Level.OK, text, more=tuple(more), figures=figures, private=tuple(private))


def warning(name: str, text: str, remedy: str, *, private: Sequence[object] = (), **figures: Any) -> Finding:
    """A thing that could be better, or soon will not do any more."""
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
    """A thing that is needed and does not work."""
    return Finding(name, Level.FAILURE, text, remedy, tuple(more), figures, tuple(private))


def is_well(findings: Sequence[Finding]) -> bool:
    """Whether all that is needed works."""
    return not any(one.level is Level.FAILURE for one in findings)


def lines(finding: Finding) -> Iterator[str]:
    """A finding as plain text."""
    yield printable(f"{finding.level:<8} {finding.name:<{_COLUMN}} {finding.text}")
    margin = " " * (8 + 1 + _COLUMN + 1)
    for line in finding.more:
        yield printable(margin + line)
    if finding.remedy:
        yield printable(f"{margin}→ {finding.remedy}")


def summary(findings: Sequence[Finding]) -> str:
    """The last line: whether all that is needed works."""
    failures = [one.name for one in findings if one.level is Level.FAILURE]
    warnings = sum(one.level is Level.WARNING for one in findings)
    noted = f" {warnings} warning{'s' if warnings > 1 else ''}." if warnings else ""
    if not failures:
        return f"All that is needed works.{noted}"
    return f"To be mended: {', '.join(dict.fromkeys(failures))}.{noted}"


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """The findings for programs."""
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
