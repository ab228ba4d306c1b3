"""Adapts a proposed text when only the blanks before it have changed, so that no new question is needed.

Between words, one blank more or less is style. At the start of a line it is a level. In languages with brackets for blocks, the
text moves with it. Where indentation is the syntax, only a text that ends a block, or was meant for that level, may move.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.document.indentation import indent_of
from typethrough.core.document.scan import family_of, opens_block

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_BLANKS: Final = " \t"
# After these signs, a blank before a word, a number, a string or a bracket is optional.
_LOOSE: Final = frozenset("=+-*/%<>&|,:;([{!?#")
_BEGINS_ITEM: Final = re.compile(r"[\w\"'`(\[{$@&*#-]")
_BY_INDENTATION: Final = frozenset(
    (
        "yaml",
        "haskell",
        "fsharp",
        "nim",
        "coffeescript",
        "pug",
        "jade",
        "haml",
        "slim",
        "sass",
        "stylus",
        "elm",
    )
)
# Lines that may follow a block one level out. The first group ends a block, so it cannot stand at the margin.
_ENDS: Final = re.compile(r"(?:return|raise|yield|break|continue)\b")
_FOLLOWS: Final = re.compile(r"(?:else|elif|except|finally|def|class|async|case)\b|@\w|[)\]}]")


def respaced(text: str, then: str, now: str, view: View) -> str | None:
    """The text for a place with `now` before it, when it was proposed after `then`. They differ only in blanks at the end.

    None if the text does not fit there. Empty while nothing of it can be shown there.
    """
    if then == now or not text:
        return text
    if not now.strip(_BLANKS):
        return _at_level(text, then, now, view)
    if text[0] == "\n":
        return text
    if len(now) < len(then):
        return then[len(now) :] + text
    more = now[len(then) :]
    if text.startswith(more):
        return text[len(more) :]
    if text[0] in _BLANKS:
        return text.lstrip(_BLANKS)
    is_loose = then[-1] in _BLANKS or (then[-1] in _LOOSE and _BEGINS_ITEM.match(text) is not None)
    return text if is_loose else None


def typed_behind(line: str, then: str) -> str | None:
    """The part of `line` that stands in place of `then`: the same text with other blanks at its end.

    None if the line has another text, or the same blanks.
    """
    head = then.rstrip(_BLANKS)
    if not line.startswith(head):
        return None
    blanks = len(line) - len(line[len(head) :].lstrip(_BLANKS)) - len(head)
    now = line[: len(head) + blanks]
    return None if now == then else now


def _at_level(text: str, then: str, now: str, view: View) -> str | None:
    first, break_, _ = text.partition("\n")
    if not first.strip():
        return _line_for(now, text) if break_ else ""
    if not (now.startswith(then) or then.startswith(now)):
        return None
    if not _may_move(text, then, now, view):
        return None
    lines = text.split("\n")
    moved = [lines[0]]
    for line in lines[1:]:
        if line.strip() and not line.startswith(then):
            # The rest belongs to the surrounding block, whose level has not changed.
            moved.append("")
            break
        # A blank line may get any content, so its level is not known.
        moved.append(now + line[len(then) :] if line.strip() else "")
    return "\n".join(moved)


def _line_for(now: str, text: str) -> str | None:
    """The text from its first line on, which has an indentation of its own, so it fits only that level."""
    body = text.lstrip()
    level = indent_of(text[: len(text) - len(body)].rpartition("\n")[2])
    if not body or (now != level and now.startswith(level)):
        # Nothing is known yet, or the cursor is further out.
        return ""
    return body if now == level else None


def _may_move(text: str, then: str, now: str, view: View) -> bool:
    """Whether a text may stand at another level than the one it was proposed for."""
    language = view.language_id
    if family_of(language) != "python" and language not in _BY_INDENTATION:
        return True
    if len(now) > len(then):
        above = view.previous_line()
        return opens_block(above, language) and len(now) > len(indent_of(above))
    return _FOLLOWS.match(text) is not None or (bool(now) and _ENDS.match(text) is not None)
