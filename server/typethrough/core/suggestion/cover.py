"""Closers that the editor has put behind the cursor and that a suggestion brings itself: it takes their place.

An editor closes what is typed: after `f(` the cursor stands before `)`. Most often the rest of the line ends in that closer, and
the text is put in before it. Where the line goes on behind it (`def f(a):`, `a[0].name`, `"a", "b"`), no insertion can give
the line; replacing the closer does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.document.scan import scan

if TYPE_CHECKING:
    from typethrough.core.document.view import View

# More than an editor closes at one place; each is a reading of the line.
_CLOSERS: Final = re.compile(r"[)\]}>\"'`]{1,8}")


def covered(text: str, view: View) -> int:
    """How many characters right of the cursor a one-line text should take the place of; 0 when inserting is as good."""
    closers = _CLOSERS.match(view.line_suffix)
    if closers is None or "\n" in text:
        return 0
    now = _imbalance("", view, 0)
    by_count = {
        count: _imbalance(text, view, count)
        for count in range(closers.end() + 1)
        if _holds(text, closers[0][:count])
    }
    best = min(by_count, key=lambda count: (by_count[count], count))
    return best if by_count[best] <= now and by_count[best] < by_count[0] else 0


def _imbalance(text: str, view: View, count: int) -> int:
    """What is open or closed too often in the line with the text in place of `count` characters."""
    line = view.line_prefix + text + view.line_suffix[count:]
    state = scan(line, view.language_id)
    return len(state.opened) + len(state.stray) + (state.inside not in {"", "#"})


def _holds(text: str, signs: str) -> bool:
    """Whether the signs stand in the text in this order: editors show a replacement only then."""
    rest = iter(text)
    return all(sign in rest for sign in signs)
