"""A suggestion beside an open completion menu. Editors only show one that continues the menu's selected entry.

The model is asked as if the selected text stood at the cursor (`View.ahead`). Most models continue after it. Some answer
for the real text, because other parts of the prompt show that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.filters import growing

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_WORD_CHAR: Final = re.compile(r"\w")


def continued(raw: str, view: View, *, complete: bool = False) -> str:
    """Like `growing`, but the result is for the place without the assumed text, so it begins with that text.

    It is only the assumed text while nothing else is certain, or when the answer continues another word.
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
