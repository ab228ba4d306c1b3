"""A suggestion beside an open completion menu: it goes on from the menu's selection, and editors show no other.

The model is asked as if the selection stood there (`View.ahead`). Most models go on behind it; some answer for the place as it is
in spite of that, because other parts of the prompt show it so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.filters import growing

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_WORD_CHAR: Final = re.compile(r"\w")


def continued(raw: str, view: View, *, complete: bool = False) -> str:
    """What `growing` gives for a view, where something is assumed as the text for the place as it is: it begins with that.

    Just the assumed text while nothing can be said, or where the answer is the rest of another word.
    """
    assumed = view.assumed
    if not assumed:
        return growing(raw, view, complete=complete)
    if _WORD_CHAR.search(assumed):
        here = growing(raw, view.base, complete=complete)
        if here.startswith(assumed):
            return here
        if assumed.startswith(here):
            return assumed
    behind = growing(raw, view, complete=complete)
    is_one_word = _WORD_CHAR.match(assumed[-1]) and _WORD_CHAR.match(behind[:1])
    return assumed if is_one_word else assumed + behind
