"""Tail filter: refuses the reply of one of the prompt's examples where it makes no sense."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.dressing.draft import Refused
from typethrough.core.outcome.causes import Cause
from typethrough.core.prompt.rules import CURSOR, opening

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typethrough.core.document.view import View

_WORD: Final = re.compile(r"[^\W\d]\w*")
_LAST_WORD: Final = re.compile(r"\w*\Z")
_LINES_AROUND: Final = 30


class _Reply(NamedTuple):
    """An example's reply without white space. `telling` is a beginning that no other text has, or empty."""

    text: str
    telling: str


def _replies() -> Iterator[_Reply]:
    messages = opening("")
    for ask, reply in pairwise(messages):
        if reply.role == "assistant":
            # A reply that ends a word from before the cursor begins with a piece of a word, which makes no sense elsewhere.
            half = _LAST_WORD.search(ask.text.partition(CURSOR)[0])
            telling = "".join(reply.text.split(maxsplit=2)[:2]) if half is not None and half[0] else ""
            yield _Reply("".join(reply.text.split()), telling)


_REPLIES: Final = tuple(_replies())


def example_reply(text: str, view: View) -> str | Refused:
    """Refuse a text that is an example's reply, even if part of it is typed. Accept it if all its words stand near the
    cursor.
    """
    first = text.lstrip().partition("\n")[0]
    said = "".join(first.split())
    typed = "" if text.startswith("\n") else view.line_prefix
    for reply in _REPLIES:
        rest = reply.text.endswith(said) and ("".join(typed.split()) + said).endswith(reply.text)
        if said and (rest or (reply.telling and said.startswith(reply.telling))):
            words = _WORD.findall((view.word if typed else "") + first)
            return text if _known(view).issuperset(words) else Refused(Cause.EXAMPLE_REPLY)
    return text


def _known(view: View) -> set[str]:
    """The words around the cursor, without the one at the cursor, which may be half typed."""
    before = view.line_prefix.removesuffix(view.word)
    lines = (*view.lines_before(_LINES_AROUND), before, *view.lines_after(_LINES_AROUND))
    return set(_WORD.findall("\n".join(lines)))
