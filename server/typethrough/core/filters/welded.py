"""Tail filter: refuses a long name of the document instead of the rest of the word at the cursor."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.document.scan import family_of
from typethrough.core.dressing.draft import Refused
from typethrough.core.outcome.causes import Cause

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_NAME: Final = re.compile(r"[a-z]\w{11,}")
_HALF_WORD: Final = re.compile(r"[^\W_]\Z")
_LINES_AROUND: Final = 60


def welded(text: str, view: View) -> str | Refused:
    """Refuse a text whose first word is a whole name used nearby, unless it makes a known name with the word at the cursor."""
    said = _NAME.match(text)
    half = _HALF_WORD.search(view.line_prefix)
    if said is None or half is None or "_" not in said[0] or family_of(view.language_id) == "text":
        return text
    document = view.near(_LINES_AROUND)
    if re.search(rf"\b{said[0]}\b", document) is None:
        return text
    joined = view.word + said[0]
    return text if re.search(rf"\b{joined}\b", document) else Refused(Cause.WELDED)
