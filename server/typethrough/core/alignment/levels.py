"""The levels of indentation in an answer: the widths that the answer uses, and the columns they get in the file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.alignment.shape import shape_of
from typethrough.core.document.indentation import indent_of

if TYPE_CHECKING:
    from typethrough.core.alignment.margin import Margin
    from typethrough.core.document.view import View


_CHAIN: Final = re.compile(r"\s*\.\w")


class Level(NamedTuple):
    """Lines that the answer indents by `said` columns (None: not known yet), and the column that they get."""

    said: int | None
    column: int


class Context(NamedTuple):
    """What comes before a line: the last line that is not blank, whether a blank line follows it, and whether the answer has
    closed a bracket that it did not open.
    """

    line: str
    gap: bool
    closed_outside: bool


class Levels:
    """The level of the cursor's line, where the answer begins, and the levels that the answer has opened inside it.

    `own` are widths that, as the answer shows, mean the cursor's level.
    """

    def __init__(self, view: View, margin: Margin, column: int, own: frozenset[int]) -> None:
        self.view = view
        self.margin = margin
        self.shape = shape_of(view.language_id)
        self.stack = [Level(None, column)]
        self.own = own

    @property
    def base(self) -> Level:
        """The outermost level that the answer has reached: at first that of the cursor's line."""
        return self.stack[0]

    def know(self, said: int) -> int:
        """Learn that the answer writes the base level with the width `said`. Returns the base's column."""
        self.stack[0] = Level(said, self.base.column)
        return self.base.column

    def copy(self) -> Levels:
        """A copy of the levels, to look ahead with."""
        other = Levels(self.view, self.margin, 0, self.own)
        other.stack = self.stack.copy()
        return other

    def leave(self, column: int) -> None:
        """Go back to the level whose block has ended. Outside the answer's own levels only the document's remain."""
        while len(self.stack) > 1 and self.stack[-1].column > column:
            self.stack.pop()
        if self.stack[-1].column > column:
            base = self.base
            said = None if base.said is None else max(0, base.said - base.column + column)
            self.stack = [Level(said, column)]
            self.own = frozenset()

    def closing_column(self, below: int, said: int) -> int:
        """The column of the line that opened the nearest block left of `below`. Without one in sight, as the answer has it."""
        for line, column in zip(self.margin.openers, self.margin.outer, strict=True):
            if column < below and self.shape.facts(line).opened:
                return column
        return min(said, below)

    def going_on(self, said: int, *, opens: bool, closes: bool = False) -> int:
        """The column for a line that continues or ends a block, such as `else` or a closing word or tag: where the block began.

        `opens`: the line before opens a block. `closes`: this line ends one.
        """
        while len(self.stack) > 1 and said < (self.stack[-2].said or 0):
            self.stack.pop()
        top, base = self.stack[-1], self.stack[0]
        if closes and top is base and base.said == said and said < base.column:
            # The answer was written from the margin, and this line ends the block around the cursor.
            column = self.margin.outside(base.column)
            self.leave(column)
            return column
        if top.said == said and self.shape.family != "python":
            return top.column
        if len(self.stack) > 1:
            matching = [level for level in self.stack[:-1] if level.said == said]
            column = matching[-1].column if matching else self.stack[-2].column
            self.leave(column)
            return column
        if opens and base.said is None:
            # The first branch of a `case` may stand at the same column as the `case`.
            return self.know(said)
        if said == base.said:
            return base.column
        if said in self.margin.outer or said >= base.column or not self.margin.outer:
            column = said if said <= base.column or not self.shape.is_code else base.column
        else:
            column = self.margin.outside(base.column)
        self.leave(column)
        return column

    def statement(self, line: str, said: int, context: Context) -> tuple[int, bool]:
        """The column of a line at an open level or further out, and whether it begins a statement (False: it continues one)."""
        stack = self.stack
        for index in range(len(stack) - 1, -1, -1):
            if stack[index].said == said:
                if not index and self._has_left_the_block(line, said, context):
                    return self.outside(said), True
                del stack[index + 1 :]
                return stack[index].column, True
        top = stack[-1]
        if top.said is not None and said > top.said:
            if self.shape.is_finished(context.line, line):
                stack.append(Level(said, top.column))
                return top.column, True
            return top.column + said - top.said, self.shape.family == "data"
        has_left = len(stack) > 1
        while len(stack) > 1 and (stack[-1].said or 0) > said:
            stack.pop()
        if len(stack) > 1:
            return stack[-1].column, True
        here = self.base.column
        if self.base.said is not None:
            if said > self.base.said and self.shape.family == "data":
                # After a text of several lines: the next key of the same item.
                stack.append(Level(said, here + said - self.base.said))
                return stack[-1].column, True
            return self.outside(said), True
        if (
            said == here > 0
            and not self.own
            and self.shape.family not in {"python", "css"}
            and _CHAIN.match(line)
        ):
            # A chain of calls stands deeper than its start. An answer written from the margin stands there only by chance.
            return self.know(0) + said, False
        if said in self.own or said == here or (said > here and has_left):
            return self.know(said), True
        if said > here:
            if self.shape.is_finished(context.line, line):
                return self.know(said), True
            if self.shape.family == "data":
                self.know(here)
                stack.append(Level(said, said))
            return said, self.shape.family == "data"
        if self._is_lost(line, said, context):
            return self.know(said), True
        self.know(here)
        return self.outside(said), True

    def _is_lost(self, line: str, said: int, context: Context) -> bool:
        """Whether a line left of the cursor's level still belongs to it, because the answer was written from the margin."""
        shape, opener = self.shape, self.margin.openers[0] if self.margin.openers else ""
        if shape.is_label(line) or context.closed_outside:
            return False
        if shape.ends_blocks_by_sign:
            return shape.is_block_opener(opener) and not shape.is_single_statement(opener)
        if said not in (0, *self.margin.outer):
            return shape.family == "python"
        if said or shape.family in {"unknown", "sql", "make"}:
            return False
        if shape.is_last_of_a_block(context.line) or shape.is_item(context.line):
            return False
        if context.gap:
            return bool(indent_of(self.view.next_line())) and not shape.is_top_level(line)
        return True

    def _has_left_the_block(self, line: str, said: int, context: Context) -> bool:
        """Whether a line at the block's left edge is outside the cursor's block, in an answer that was written from the
        margin.
        """
        base = self.base
        if self.shape.family != "python" or base.said is None or base.said >= base.column:
            return False
        if len(self.stack) == 1 and self.shape.is_last_of_a_block(context.line):
            return True
        return context.gap and not said and self.shape.is_top_level(line) and not self._is_method(line)

    def _is_method(self, line: str) -> bool:
        opener = self.margin.openers[0] if self.margin.openers else ""
        return opener.lstrip().startswith("class ") or "(self" in line or "(cls" in line

    def outside(self, said: int) -> int:
        """The column for a line that is left of the cursor's block: that of the document's level to which it belongs."""
        base = self.base
        levels = [0, *self.margin.outer]
        column = said
        if base.said is not None and base.said > base.column:
            # The answer doubles its indentation, or adds it to the cursor's.
            column = said * base.column // base.said if base.said % 2 == 0 else said - base.said + base.column
        if self.shape.family == "python" and column not in levels:
            column = min(levels, key=lambda level: (abs(level - column), -level))
        column = max(0, min(column, base.column))
        self.stack = [Level(said, column)]
        self.own = frozenset()
        return column
