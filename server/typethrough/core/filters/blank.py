"""Tail filter: nothing left to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typethrough.core.filters.draft import Refused
from typethrough.core.outcome.causes import Cause

if TYPE_CHECKING:
    from typethrough.core.document.view import View


def blank(text: str, view: View) -> str | Refused:
    """Refuse a text of white space only."""
    del view
    return text if text.strip() else Refused(Cause.BLANK)
