"""Tail filter: does not suggest again what the user has just deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typethrough.core.dressing.draft import Refused, significant
from typethrough.core.outcome.causes import Cause

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_MIN_SIGNIFICANT = 8
_MIN_INSIDE = 16


def restored_deletion(text: str, view: View) -> str | Refused:
    """Refuse a text that equals, begins with, or contains (if long) a recently deleted text. White space does not count."""
    said = " ".join(text.split())
    if significant(said) < _MIN_SIGNIFICANT:
        return text
    for deleted in view.deleted:
        gone = " ".join(deleted.split())
        size = significant(gone)
        if size < _MIN_SIGNIFICANT:
            continue
        if said.startswith(gone) or gone.startswith(said) or (size >= _MIN_INSIDE and gone in said):
            return Refused(Cause.RESTORED_DELETION)
    return text
