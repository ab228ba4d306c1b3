"""Tail filter: nothing left to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typethrough.core.filters.draft import Refused
from typethrough.core.outcome.causes import Cause

if TYPE_CHECKING:
    from typethrough.core.document.context import Context


def blank(text: str, context: Context) -> str | Refused:
    """Refuse a text of white space only."""
    del context
    return text if text.strip() else Refused(Cause.BLANK)
