"""Head filter: a space both before and after the cursor is one space too many."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.document.scan import is_comment, scan
from typethrough.core.filters.draft import NOTHING_YET, Draft

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_DOUBLED: Final = re.compile(r" (?=[\w\"'(\[{`@$-])")
_SENTENCE_END: Final = (".", "!", "?", ":")


def joint(draft: Draft, view: View) -> Draft:
    """Drop the space that begins the text when the line prefix, in code, ends in one and a word or value follows."""
    text, done = draft
    prefix = view.line_prefix
    if not text.startswith(" ") or not prefix.endswith((" ", "\t")) or not prefix.strip():
        return draft
    if text.isspace() and not done and "\n" not in text:
        return NOTHING_YET
    if not _DOUBLED.match(text) or is_comment(text, view.language_id):
        return draft
    if prefix.rstrip().endswith(_SENTENCE_END) or scan(prefix, view.language_id).inside:
        return draft
    return Draft(text[1:], done)
