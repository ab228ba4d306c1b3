"""The document's indentation around a cursor: its levels, and how a column is written in its tabs and spaces."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from typethrough.core.alignment.shape import shape_of
from typethrough.core.document.indentation import indent_of
from typethrough.core.document.scan import family_of, indents_by_tabs
from typethrough.core.remembered import remembered

if TYPE_CHECKING:
    from typethrough.core.alignment.shape import Shape
    from typethrough.core.document.view import View

_LINES_ABOVE: Final = 60
# The width of a tab where tabs and spaces are mixed and nothing else tells it.
_COMMON_TAB: Final = 4
_OLD_TAB: Final = 8
_STEPS: Final = (2, 3, 4, 8)
_FILLED_STEPS: Final = (2, 4)


class Margin:
    """The columns of one document. A tab counts as one step of `step` columns, or as eight columns.

    `indent` is the indentation of the cursor's line, `here` its width. In a file with tabs, an answer may use spaces. `spaced` is
    then the width of its first such line and the level that this line should have. From these follows the width of a step.
    """

    def __init__(self, view: View, spaced: tuple[int, int] | None, indent: str) -> None:
        self._view = view
        # Not 0 if eight columns are written as a tab: every second level of four columns, or every fourth of two.
        self.filled = _filled_step(view)
        # A line that begins with spaces continues with spaces, even if the rest of the file uses tabs.
        self.by_tabs = (
            not self.filled
            and view.unit == "\t"
            and (indents_by_tabs(view.language_id) or not view.indent or "\t" in view.indent)
        )
        self.step = self.filled or len(view.unit)
        if view.unit == "\t" and not self.filled:
            self.step = _step(spaced) if self.by_tabs else _COMMON_TAB
        # In a file with both, such as old C code, a tab is eight columns. An answer that follows this is not changed.
        self.mixes = bool(self.filled) or (not self.by_tabs and _mixes(view))
        self._tab = _OLD_TAB if self.mixes else self.step
        self.indent = indent
        self.here = self.width(indent)

    def width(self, indent: str) -> int:
        """The number of columns that white space takes."""
        return len(indent) if "\t" not in indent else len(indent.expandtabs(self._tab))

    @cached_property
    def outer(self) -> list[int]:
        """The columns of the blocks around the cursor's line, innermost first."""
        return [self.width(indent_of(line)) for line in self.openers]

    @cached_property
    def openers(self) -> list[str]:
        """The lines from which `outer` was read: at each column the nearest line above, which usually opens the block."""
        found: list[str] = []
        least = self.here
        shape = shape_of(self._view.language_id)
        for line in reversed(self._view.lines_before(_LINES_ABOVE)):
            if not least and not (found and shape.is_label(found[-1])):
                break
            if not line.strip() or shape.is_directive(line):
                continue
            width = self.width(indent_of(line))
            if width < least and _only_ends(line, shape):
                continue
            if width < least:
                found.append(line)
                least = width
            elif width == least and found and shape.is_label(found[-1]) and shape.facts(line).opened:
                # The labels of a `switch` may be at the column of the `switch`.
                found[-1] = line
        return found

    def outside(self, column: int) -> int:
        """The column of the nearest block around the cursor's line that is left of `column`."""
        return next((width for width in self.outer if width < column), 0)

    def written(self, column: int, said: str, *, aligned: bool = False) -> str:
        """White space up to `column` in the style of the file. `said` is the answer's own, which is kept if it fits.

        If `aligned`, spaces follow after the level of the cursor's line.
        """
        if not self.by_tabs:
            if self.mixes and self.width(said) == column:
                return said
            if self.filled:
                return "\t" * (column // _OLD_TAB) + " " * (column % _OLD_TAB)
            return said if len(said) == column and "\t" not in said else " " * column
        if column >= self.here:
            more = column - self.here
            if aligned:
                return self.indent + " " * more
            return self.indent + "\t" * (more // self.step) + " " * (more % self.step)
        return "\t" * (column // self.step) + " " * (column % self.step)

    def further(self, column: int) -> str:
        """White space from the end of the cursor line's indentation up to `column`."""
        whole = self.written(column, "")
        if whole.startswith(self._view.indent):
            return whole[len(self._view.indent) :]
        # Spaces that are already typed cannot become a tab.
        return " " * max(0, column - self.width(self._view.indent))


@remembered(4)
def margin_of(view: View, spaced: tuple[int, int] | None, indent: str) -> Margin:
    """The `Margin` of a place, kept while an answer grows."""
    return Margin(view, spaced, indent)


def _only_ends(line: str, shape: Shape) -> bool:
    """Whether a line only ends a statement of several lines. Such a line can have any indentation and opens no block."""
    facts = shape.facts(line)
    return facts.closed > 0 and not facts.opened and not facts.opens and not facts.closes


def _mixes(view: View) -> bool:
    """Whether some lines near the cursor begin with tabs and others with spaces, in a language that allows both."""
    if family_of(view.language_id) == "python":
        return False
    lines = (*view.lines_before(_LINES_ABOVE), *view.lines_after(_LINES_ABOVE))
    return any(line[:1] == "\t" for line in lines) and any(line[:2] == "  " for line in lines)


def _filled_step(view: View) -> int:
    """The step of a file that indents by two or four columns and writes eight columns as a tab. 0 for other files.

    Signs of such a file: a line with spaces opens a block whose first line has a tab, or the other way round; or a line with a
    tab continues directly below what follows a bracket in a line with spaces.
    """
    if family_of(view.language_id) in {"python", "make", "data"} or indents_by_tabs(view.language_id):
        return 0
    lines = (*view.lines_before(_LINES_ABOVE), view.line_prefix, *view.lines_after(_LINES_ABOVE))
    if not any(line[:1] == "\t" for line in lines):
        return 0
    filled: list[int] = []
    spaced: list[int] = []
    above = ""
    is_aligned = False
    for line in lines:
        if not line.strip():
            continue
        indent, before = indent_of(line), indent_of(above)
        if indent.startswith(" " * _OLD_TAB):
            # This file writes eight columns as spaces.
            return 0
        width = len(indent.expandtabs(_OLD_TAB))
        step = abs(width - len(before.expandtabs(_OLD_TAB)))
        if ("\t" in indent) != ("\t" in before):
            is_aligned = is_aligned or ("\t" in indent and above[width - 1 : width] in ("(", "["))
            if indent and before and step in _FILLED_STEPS:
                filled.append(step)
        elif "\t" not in indent and step in _FILLED_STEPS:
            spaced.append(step)
        above = line
    if len(filled) > 1:
        return min(filled)
    return min(spaced) if is_aligned and spaced else 0


def _step(spaced: tuple[int, int] | None) -> int:
    if spaced is None:
        return _COMMON_TAB
    width, level = spaced
    if level and width % level == 0 and width // level in _STEPS:
        return width // level
    return next((step for step in (4, 2) if width % step == 0), _COMMON_TAB)
