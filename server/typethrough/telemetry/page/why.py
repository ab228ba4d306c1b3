"""The last outcomes as a web page: when, in which file, what happened, and what to do about it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from typethrough.core.document.uris import printable
from typethrough.core.outcome.history import advice, headline, kept_back
from typethrough.telemetry.page.document import document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typethrough.core.outcome.history import KeptOutcome

# In VS Code the extension lets the page run this command. The page is sent to no other editor.
_REFRESH = '<a href="command:typethrough.why">Refresh</a>'
_HEADS = ("Time", "File", "What happened, and what to do", "Took")


def why_page(entries: Sequence[KeptOutcome]) -> str:
    """The whole page, newest first."""
    header = f'<h1>Why no suggestion?</h1>\n<p class="sub">The last requests, newest first. {_REFRESH}</p>'
    if not entries:
        return document(
            "Why no suggestion?", header, "<p>No request yet. Type in a file, then come back.</p>"
        )
    heads = "".join(f'<th scope="col">{head}</th>' for head in _HEADS)
    rows = "".join(map(_row, entries))
    table = f'<table class="list"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    return document("Why no suggestion?", header, table)


def _row(entry: KeptOutcome) -> str:
    stages = ", ".join(
        f"{name.replace('_', ' ')} {ms:.1f}" for name, ms in entry.stages_ms.items() if name != "total"
    )
    cells = (
        (entry.at.partition("T")[2][:8], ""),
        (entry.file, ""),
        (headline(entry), " ".join(filter(None, (advice(entry), kept_back(entry))))),
        (f"{entry.total_ms:.1f} ms", stages),
    )
    return f"<tr>{''.join(_cell(*cell) for cell in cells)}</tr>"


def _cell(text: str, more: str) -> str:
    below = f'<p class="note">{escape(printable(more))}</p>' if more else ""
    return f"<td>{escape(printable(text))}{below}</td>"
