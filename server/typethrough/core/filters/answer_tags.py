"""Head filter: tags round the answer, ours from the prompt or ones the model made up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.filters.draft import NOTHING_YET, Draft, is_made_of_tags

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_NAMES: Final = (
    "completion", "answer", "window", "insert", "insertion", "missing", "fill", "output", "response", "result", "code",
    "file", "prefix", "suffix", "cursor", "document", "context", "edit", "edits", "anchor", "rules", "task", "text",
    "before", "after", "related", "now", "change", "known",
)  # fmt: skip
# A document made of tags may well write one of these itself.
_CONTENT: Final = frozenset(
    (
        "code",
        "file",
        "output",
        "text",
        "result",
        "document",
        "context",
        "edit",
        "edits",
        "task",
        "related",
        "change",
        "insert",
    )
)
_ANY: Final = "|".join(_NAMES)
_OPENING: Final = re.compile(rf"\s*<({_ANY})(?:\s[^<>\n]*)?(?<!/)>(?:[ \t]*\n(?=[ \t]*\S))?", re.IGNORECASE)
_CLOSING: Final = re.compile(rf"</({_ANY})>", re.IGNORECASE)
_OPENING_START: Final = re.compile(r"\s*(?:<(?:[A-Za-z]+(?:\s[^<>\n]*)?)?)?\Z")
_CLOSING_START: Final = re.compile(r"<(?:/[A-Za-z]{0,12})?\Z")


def answer_tags(draft: Draft, view: View) -> Draft:
    """A tag that opens the answer is dropped with its line, and the text ends at a closing one."""
    text, done = draft
    if "<" not in text:
        return NOTHING_YET if text.isspace() and not done else draft
    opening = _OPENING.match(text)
    if opening is not None and not _spoken_of(opening[1], view):
        rest = text[opening.end() :]
        if not done and (not rest.strip()):
            # The line end after the tag belongs to the tag only when text follows on the next line.
            return NOTHING_YET
        text = rest
    elif not done and _may_open(text, view):
        return NOTHING_YET
    unspoken = {name for name in set(_CLOSING.findall(text)) if not _spoken_of(name, view)}
    for closing in _CLOSING.finditer(text) if unspoken else ():
        if closing[1] in unspoken:
            return Draft(text[: closing.start()], done=True)
    if done:
        return Draft(text, done=True)
    partial = _CLOSING_START.search(text, max(0, len(text) - 16))
    if partial is not None and any(name.startswith(partial[0][2:].lower()) for name in _NAMES):
        return Draft(text[: partial.start()], done=False)
    return Draft(text, done=False)


def _may_open(text: str, view: View) -> bool:
    if _OPENING_START.match(text) is None:
        return False
    name = re.match(r"[a-z]*", text.lstrip()[1:].lower())
    said = name[0] if name else ""
    return any(
        known.startswith(said)
        and (len(text.lstrip()) == len(said) + 1 or known == said)
        and not _spoken_of(known, view)
        for known in _NAMES
    )


def _spoken_of(name: str, view: View) -> bool:
    """Whether the document itself uses the tag, or is made of tags and may begin to."""
    if name.lower() in _CONTENT and is_made_of_tags(view.language_id):
        return True
    return re.search(rf"</?{name}\b", view.near(), re.IGNORECASE) is not None
