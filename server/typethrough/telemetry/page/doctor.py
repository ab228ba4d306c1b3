"""A doctor's findings as a page, for an editor that shows pages: each thing, how it is, and what to do about it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Protocol

from typethrough.core.document.uris import printable
from typethrough.telemetry.page.document import document

if TYPE_CHECKING:
    from collections.abc import Sequence

# A page in VS Code may run this command of its extension; anywhere else the link leads nowhere.
_AGAIN = '<a href="command:typethrough.doctor">Look again</a>'
_HEADS = ("", "What", "How it is, and what to do")
_MARKS = {"ok": "✓", "warning": "!", "failure": "✗"}


class Found(Protocol):
    """What the page shows of a finding."""

    @property
    def name(self) -> str:
        """The thing."""
        ...

    @property
    def level(self) -> str:
        """How well it is: "ok", "warning" or "failure"."""
        ...

    @property
    def text(self) -> str:
        """How it is."""
        ...

    @property
    def remedy(self) -> str:
        """What to do about it."""
        ...

    @property
    def more(self) -> tuple[str, ...]:
        """What stands below."""
        ...


def doctor_page(findings: Sequence[Found], summary: str) -> str:
    """The page. What is not well comes first."""
    header = f'<h1>Doctor</h1>\n<p class="sub">{escape(printable(summary))} {_AGAIN}</p>'
    heads = "".join(f'<th scope="col">{head}</th>' for head in _HEADS)
    ordered = sorted(findings, key=lambda one: ("failure", "warning", "ok").index(str(one.level)))
    rows = "".join(map(_row, ordered))
    table = f'<table class="list"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    return document("Doctor", header, table)


def _row(finding: Found) -> str:
    level = str(finding.level)
    notes = [*finding.more, *([f"→ {finding.remedy}"] if finding.remedy else [])]
    below = "".join(f'<p class="note">{escape(printable(line))}</p>' for line in notes)
    return (
        f"<tr><td>{_MARKS[level]} {level}</td><td>{escape(printable(finding.name))}</td>"
        f"<td>{escape(printable(finding.text))}{below}</td></tr>"
    )
