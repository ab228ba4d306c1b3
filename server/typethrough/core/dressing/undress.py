"""Removes what the model put around its answer: first layer by layer at the beginning, then at the end."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.dressing import encoding, fence, lines, marks, tags, talk
from typethrough.core.dressing.draft import NOTHING_YET, Draft

if TYPE_CHECKING:
    from typethrough.core.document.view import View

# A model that ends a reasoning without having opened it does so once, so a few are enough.
_MOST_RESTARTS: Final = 4
# An answer that begins with a small letter, or with most code signs, has nothing around it.
_DRESSED: Final = re.compile(r"\s*(?:[^\sa-z0-9_(\"')\]}.,;:=/#&|%!?$\\]|a(?:n|\Z)|#(?:\Z|#))")
# The start of JSON, a diff, or numbered lines.
_CODED: Final = re.compile(r"\s*[{+@d\d-]")
_BLANKS: Final = " \t"


class _Body(NamedTuple):
    """What is left of an answer, and what was removed before it."""

    text: str
    fence: fence.Fence | None = None
    tags: frozenset[str] = frozenset()
    talked: bool = False


def undress(draft: Draft, view: View) -> Draft:
    """Remove reasoning, control tokens, talk, tags and fences. What may be the start of one is held back until that is known."""
    # In a code block, the closing fence belongs to the document. So the document's language decides what is removed.
    text, view, done = draft.text, view.host, draft.done
    if "<" not in text and "[/" not in text and "◁" not in text and not text.endswith("["):
        return _undressed(draft, view)
    text = text if done else text[: marks.half_over(text)]
    start = 0
    for found in islice(marks.over(text, view), _MOST_RESTARTS):
        # A reasoning ends here. All text before it is reasoning too, unless a part of that was already taken as the answer.
        if found.start() < start:
            continue
        before = _rest(text[: found.start()], start, view)
        if _undressed(Draft(before, done=False), view).text:
            return _undressed(Draft(before, done=True), view)
        start = found.end()
    return _undressed(Draft(_rest(text, start, view), done), view)


def _undressed(draft: Draft, view: View) -> Draft:
    body = _opened(draft, view)
    if body is None:
        return NOTHING_YET
    text, done = body.text, draft.done
    if body.fence is not None and not body.fence.signs:
        return Draft("", done=True)
    end = _end(text, view, body, done=done)
    if end is not None:
        text, done = text[: end.at], done or not end.is_open
    if not done and text[-1:] in _BLANKS:
        # Blanks at the start of a line may belong to a closing fence.
        lead = text.rstrip(_BLANKS)
        text = lead if lead.endswith("\n") else text
    if not done and not text.strip():
        return NOTHING_YET
    return _plain(Draft(text, done), view, body.fence.language if body.fence is not None else "")


def _end(text: str, view: View, body: _Body, *, done: bool) -> marks.End | None:
    """Where the first mark, tag, fence or line of talk ends the text, or may. None if there is none."""
    end = None
    if "<" in text or "[I" in text or "[/" in text or text.endswith("["):
        end = _first(marks.end(text, view, done=done), tags.end(text, view, body.tags, done=done))
    if "`" in text or "~" in text:
        end = _first(end, fence.end(text, view, body.fence, done=done))
    return _first(end, talk.end(text, view, done=done)) if "\n" in text else end


def _first(one: marks.End | None, other: marks.End | None) -> marks.End | None:
    return other if one is None else one if other is None else min(one, other)


def _plain(draft: Draft, view: View, language: str) -> Draft:
    """Decode the text if it is a JSON string, a diff, or contains entities."""
    if not _CODED.match(draft.text) and "&" not in draft.text:
        return draft
    draft = encoding.unpacked(draft, view, is_json=language.startswith("json"))
    draft = lines.unsigned(draft, view, is_diff=language in {"diff", "patch"})
    return encoding.decoded(draft, view)


def _opened(draft: Draft, view: View) -> _Body | None:
    """The answer without what the model put before it. None: not known yet."""
    body = _Body(draft.text)
    while _DRESSED.match(body.text):
        further = _peeled(body, view, done=draft.done)
        if further is None or further is body:
            return further
        body = further
    return body


def _peeled(body: _Body, view: View, *, done: bool) -> _Body | None:
    """The answer without its outermost layer, or unchanged if there is none. None: not known yet."""
    text = body.text
    first = text.lstrip()[:1]
    if first in "<[◁aT" and (length := marks.reasoning(text, view, done=done)) != 0:
        return body._replace(text=_after_blank_lines(text[length:], view)) if length else None
    if first in "<[":
        return _without_mark(body, view, done=done)
    if body.fence is not None:
        return body
    if first in "`~":
        opened = fence.opening(text, view, done=done)
        if opened is None or opened[1] is None:
            return body if opened else None
        code = text[opened[0] :]
        if view.line_prefix[-1:] in {"", " ", "\t"}:
            code = _after_blank_lines(code, view)
        return _Body(code, opened[1], body.tags, body.talked)
    length = talk.opening(text, view, done=done, talked=body.talked)
    if length is None:
        return None
    return (
        _Body(_after_blank_lines(text[length:], view), body.fence, body.tags, talked=True) if length else body
    )


def _without_mark(body: _Body, view: View, *, done: bool) -> _Body | None:
    """The answer without the token or tag at its start. None: not known yet."""
    text = body.text
    length = marks.opening(text, view, done=done)
    if length != 0:
        return body._replace(text=text[length:]) if length else None
    frame = marks.frame(text, view, done=done)
    if frame is not None and not frame.at:
        return None if frame.is_open else body
    tag = tags.opening(text, view, done=done)
    if tag is None or not tag[0]:
        return body if tag else None
    return body._replace(text=text[tag[0] :], tags=body.tags | {tag[1]})


def _rest(text: str, start: int, view: View) -> str:
    return _after_blank_lines(text[start:], view) if start else text


def _after_blank_lines(rest: str, view: View) -> str:
    """The text after talk. The blank lines between are dropped, unless the next line is indented: then one line break is
    kept.
    """
    code = rest.lstrip("\n")
    if len(code) < len(rest) and view.line_prefix.strip() and code.startswith(("  ", "\t")):
        return "\n" + code
    return code
