"""Head filter: the control tokens of a model's vocabulary and the cursor mark of our own prompt never reach the screen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.document.scan import family_of
from typethrough.core.filters.draft import NOTHING_YET, Draft

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_TOKEN: Final = re.compile(
    r"<\|/?[A-Za-z_]\w{0,30}\|>|<｜[^\s<>]{1,40}｜>|</?s>|<CURSOR(?:_\d+)?>|<(?:eos|bos|EOT|end_of_turn|start_of_turn)>"
    r"|\[/?INST\]"
)
_PARTIAL: Final = re.compile(
    r"(?:<\|(?:/?[A-Za-z_]\w{0,30}\|?|/)?|<｜[^\s<>]{0,41}|<(?:CURSOR(?:_\d*)?)?|\[/?(?:I(?:N(?:S(?:T)?)?)?)?)\Z"
)
_NAMED: Final = ("</s>", "<s>", "<CURSOR", "<eos>", "<bos>", "<EOT>", "<end_of_turn>", "<start_of_turn>")
_LEADING: Final = re.compile(r"(?:<\|im_start\|>assistant\n?|" + _TOKEN.pattern + r")+")
_TAIL_CHARS: Final = 48


def special_tokens(draft: Draft, view: View) -> Draft:
    """Tokens at the start are dropped; the text ends at the first one after that; a token that may be half here waits."""
    text, done = draft
    if "<" not in text and "[" not in text:
        return draft
    lead = _LEADING.match(text)
    if lead and not _spoken_of(lead[0], view):
        text = text[lead.end() :]
        if not text and not done:
            return NOTHING_YET
    unspoken = {token for token in set(_TOKEN.findall(text)) if not _spoken_of(token, view)}
    for token in _TOKEN.finditer(text) if unspoken else ():
        if token[0] in unspoken:
            return Draft(text[: token.start()], done=True)
    if done:
        return Draft(text, done=True)
    return Draft(text[: _partial_start(text)], done=False)


def _partial_start(text: str) -> int:
    """Where a token that is not complete yet may begin; the length of the text when none may."""
    start = text.rfind("<", max(0, len(text) - _TAIL_CHARS))
    if start >= 0 and any(name.startswith(text[start:]) for name in _NAMED):
        return start
    partial = _PARTIAL.search(text, max(0, len(text) - _TAIL_CHARS))
    return partial.start() if partial else len(text)


def _spoken_of(token: str, view: View) -> bool:
    """Whether the document itself writes such tokens, so that one more is an answer and not a leak."""
    if token in {"<s>", "</s>"} and family_of(view.language_id) in {"markup", "text"}:
        return True
    near = view.near()
    if token.startswith("<|"):
        return re.search(r"<\|/?[A-Za-z_]\w*\|>", near) is not None
    return token in near
