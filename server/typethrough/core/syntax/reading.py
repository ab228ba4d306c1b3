"""A text for the parser: the region with the suggestion inserted and the missing parts added."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.document.indentation import indent_of
from typethrough.core.document.scan import scan
from typethrough.core.syntax.ends import Ends, ends, goings_on, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typethrough.core.document.scan import State
    from typethrough.core.syntax.region import Region

# What may follow a decorator, an annotation or an attribute.
_ITEMS: Final = {
    "python": "def x(): x",
    "java": "void x() {}",
    "rust": "fn x() {}",
    "javascript": "x() {}",
    "typescript": "x() {}",
    "typescriptreact": "x() {}",
}
PREPROCESSED: Final = frozenset(("c", "cpp"))
# A condition and its end are often in different regions.
_CONDITION: Final = re.compile(r"^[ \t]*#[ \t]*(?:if|else|elif|endif)[^\n]*", re.MULTILINE)
# A macro may stand for anything.
_MACRO: Final = re.compile(
    r"^[ \t]*(?:[A-Z][A-Z\d_]{2,}\b|(?!(?:if|for|while|switch|else|do|try)\b)\w+[ \t]*(?:\([^;{}\n]*\))?[ \t]*$)",
    re.MULTILINE,
)


class Reading:
    """The region with other text on the cursor's line: `line` before the cursor, suggestion included, and `suffix` after it."""

    def __init__(self, region: Region, line: str, suffix: str, language_id: str) -> None:
        self._region = region
        self._line = line
        self._below = suffix + region.below
        self._language_id = language_id
        self._state: State | None = None

    @property
    def first_row(self) -> int:
        """The row of the cursor's line in the region."""
        return self._region.above.count("\n")

    @property
    def last_row(self) -> int:
        """The last row of the inserted text."""
        return self.first_row + self._line.count("\n")

    @property
    def has_macros(self) -> bool:
        """Whether there may be a macro. Then no grammar can tell what is correct."""
        if self._language_id not in PREPROCESSED:
            return False
        return _MACRO.search(self._region.above + self._line + self._below) is not None

    def source(self) -> bytes:
        """The text as it is, with all that is open closed."""
        return self._with(ends(self._open, self._below, self._language_id))

    def sources_going_on(self) -> Iterator[bytes]:
        """The text with its last statement completed, once for each way in which it may continue."""
        last = self._line.rpartition("\n")[2]
        indent = indent_of(last)
        if last[len(indent) :].startswith(("@", "#[")) and (item := _ITEMS.get(self._language_id)):
            missing = ends(self._open, self._below, self._language_id)
            yield self._with(Ends(f"\n{indent}{item}", missing.of_region))
        opened = min(len(scan(self._line, self._language_id).opened), len(self._open.opened))
        for missing in goings_on(self._open, opened, self._below, self._language_id):
            yield self._with(missing)

    @property
    def _open(self) -> State:
        if self._state is None:
            above = read(self._region.above, self._language_id)
            self._state = scan(self._line, self._language_id, above)
        return self._state

    def _with(self, missing: Ends) -> bytes:
        text = f"{self._region.above}{self._line}{missing.of_text}{self._below}{missing.of_region}\n"
        if self._language_id in PREPROCESSED:
            text = _CONDITION.sub("", text)
        return text.encode("utf-8", "replace")
