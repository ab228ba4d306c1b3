"""The doctor's findings as a web page: each thing that was checked, how it is, and what to do about it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Protocol

from typethrough.core.document.uris import printable
from typethrough.telemetry.page.document import document

if TYPE_CHECKING:
    from collections.abc import Sequence

# In VS Code the extension lets the page run this command. Elsewhere the link does nothing.
_AGAIN = '<a href="command:typethrough.doctor">Look again</a>'
_HEADS = ("", "What", "How it is, and what to do")
_MARKS = {"ok": "✓", "warning": "!", "failure": "✗"}


class Found(Protocol):
    """The parts of a finding that the page shows."""

    @property
    def name(self) -> str:
        """What was checked."""
        ...

    @property
    def level(self) -> str:
        """The result: "ok", "warning" or "failure"."""
        ...

    @property
    def text(self) -> str:
        """How it is, as a sentence."""
        ...

    @property
    def remedy(self) -> str:
        """What to do about it."""
        ...

    @property
    def more(self) -> tuple[str, ...]:
        """Further lines to show below."""
        ...


def doctor_page(findings: Sequence[Found], summary: str) -> str:
    """The whole page. Failures come first, then warnings."""
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
