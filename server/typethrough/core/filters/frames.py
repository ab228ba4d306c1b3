"""Head filter: the frames of our own prompt, which a model that recites it instead of answering writes out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.filters.draft import NOTHING_YET, Draft, is_made_of_tags

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_FRAME: Final = re.compile(r"<(?:now|file|known) path=|<change line=")
_IN_MARKUP: Final = re.compile(r'<(?:now|known) path=|<file path="[^"\n]*" language=|<change line=\d')
_STARTS: Final = ("<now path=", "<file path=", "<known path=", "<change line=")
_UNDECIDED_IN_MARKUP: Final = re.compile(r'<file path=(?:"[^"\n]*(?:"[^>\n]{0,10})?)?\Z')
_LINES_AROUND: Final = 200


def frames(draft: Draft, view: View) -> Draft:
    """The text ends where a frame begins, so an answer that opens with one is none: a provider's stop strings end it there too.

    A tag that the document itself uses is not ours, and where tags are content only a whole frame is.
    """
    text, done = draft
    if "<" not in text:
        return draft
    markup = is_made_of_tags(view.language_id)
    frame = _IN_MARKUP if markup else _FRAME
    unspoken = {tag for tag in set(map(_tag, frame.findall(text))) if not _spoken_of(tag, view)}
    for found in frame.finditer(text) if unspoken else ():
        if _tag(found[0]) in unspoken:
            kept = text[: found.start()]
            return Draft(kept if kept.strip() else "", done=True)
    if done:
        return draft
    start = _undecided(text, markup=markup)
    if start < len(text) and not text[:start].strip():
        return NOTHING_YET
    return Draft(text[:start], done=False)


def _undecided(text: str, *, markup: bool) -> int:
    """Where a frame that is not complete yet may begin; the length of the text when none may."""
    start = text.rfind("<")
    half = text[start:]
    if any(frame.startswith(half) for frame in _STARTS) or (markup and _UNDECIDED_IN_MARKUP.match(half)):
        return start
    return len(text)


def _tag(frame: str) -> str:
    return frame.partition(" ")[0]


def _spoken_of(tag: str, view: View) -> bool:
    """Whether the document itself uses the tag."""
    return tag in view.near(_LINES_AROUND)
