"""One pass over the lines of an answer, which gives each line its column."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.alignment.levels import Context, Level, Levels
from typethrough.core.alignment.shape import shape_of
from typethrough.core.document.indentation import indent_of

if TYPE_CHECKING:
    from typethrough.core.alignment.margin import Margin
    from typethrough.core.alignment.shape import Facts
    from typethrough.core.document.view import View

# The longest word that matters (`protected`) is recognised once this much of the line is known.
_TELLING_CHARS: Final = 12
_NEAR_LINES: Final = 60
_ELEMENT: Final = re.compile(r"(?:</[\w.:-]+|/)>\s*$")
_OPENING_TAG: Final = re.compile(r"<[A-Za-z][^<>]*(?<!/)>")
# The step of indentation that editors report when the user has set none.
_DEFAULT_UNIT: Final = "    "
# Lines inside these are moved with the code around them.
_TEXTS: Final = frozenset(('"""', "'''", "/*"))


class _Open(NamedTuple):
    """An open bracket: its line, the start of the statement that it belongs to, and whether it ends its line."""

    sign: str
    line: Level
    statement: Level
    ends_line: bool


class Walk:
    """One pass over the lines of an answer after its first.

    `line` is the line before the current one, and `statement` the start of the statement that it belongs to. Each has its width
    in the answer (None for the cursor's line, whose width is unknown) and its column.
    """

    def __init__(self, view: View, margin: Margin, first: str, own: frozenset[int]) -> None:
        self.view = view
        self.margin = margin
        self.language = view.language_id
        self.shape = shape_of(view.language_id)
        whole = view.line_prefix + first
        self.gap = not whole.strip()
        self.before = view.previous_line() if self.gap else whole
        above = view.state_above.inside.removesuffix("#")
        facts = self.shape.facts(whole, above)
        self.inside = facts.inside
        # In text and in markup, a line's indentation says nothing about the lines after it.
        self.blind = bool(above) or self.shape.family == "markup" or view.previous_line().endswith("\\")
        self.facts = self.shape.facts(self.before) if self.gap else facts
        self.levels = Levels(view, margin, margin.here, own)
        column = margin.width(indent_of(self.before))
        if not self.gap:
            column = self._statement_column(facts)
            self.levels.stack = [Level(None, column)]
        self.statement = Level(None, column)
        self.line = self.statement if self.gap else Level(None, margin.here)
        self.brackets = [_Open(sign, self.line, self.statement, self.facts.opens) for sign in facts.opened]
        self.closed_outside = bool(facts.closed)
        self.is_new = True
        # The word that ends the here-document which the answer is in.
        self.heredoc = self.shape.heredoc(whole)
        # In markup: how many elements the answer has opened and not closed.
        self.tags = 0
        self.seen: list[str] = []
        self.placed: list[str] = []

    def _statement_column(self, facts: Facts) -> int:
        """The column where the statement of the cursor's line began. The cursor may be on its last line."""
        column = self.margin.here
        if not column or self.blind or facts.closes:
            return column
        if facts.closed:
            return self.levels.closing_column(column, column)
        if not self.shape.is_code:
            return column
        for line in reversed(self.view.lines_before(_NEAR_LINES)):
            width = self.margin.width(indent_of(line))
            if width < column and line.strip():
                break
            if width == column and "{" in self.shape.facts(line).opened:
                return column
        for line, width in zip(self.margin.openers, self.margin.outer, strict=True):
            if self.shape.is_block_opener(line) or self.shape.is_single_statement(line):
                break
            column = width
        return column

    def goes_on_in(self, ended: list[str]) -> bool:
        """Whether these lines begin with the lines that were moved before."""
        return ended[: len(self.seen)] == self.seen

    def moved(self, lines: list[str], *, done: bool) -> list[str]:
        """The lines with their new indentation. An unfinished last line is left empty while its level is unknown.

        Each finished line is moved once, although this is called again as the answer grows.
        """
        ended = lines if done else lines[:-1]
        for line in ended[len(self.seen) :]:
            self.seen.append(line)
            self.placed.append(self._moved(line))
        if done:
            return self.placed
        return [*self.placed, self._glimpse(lines[-1])]

    def _moved(self, line: str) -> str:
        content = line.lstrip(" \t")
        if not content.strip():
            self.gap = True
            return line if self.inside else ""
        said = self.margin.width(line[: len(line) - len(content)])
        column = self._placed(line, said)
        moved = self._lead(line, column) + content
        self._take(line, Level(said, column))
        return moved

    def _glimpse(self, line: str) -> str:
        """The part of an unfinished line that is certain."""
        content = line.lstrip(" \t")
        said = self.margin.width(line[: len(line) - len(content)])
        if not content.strip() or not self._tells(content, said):
            return ""
        levels, blind = self.levels.copy(), self.blind
        moved = self._lead(line, self._placed(line, said)) + content
        self.levels, self.blind = levels, blind
        return moved

    def _lead(self, line: str, column: int) -> str:
        lead = indent_of(line)
        if self.heredoc or (self.inside and self.inside not in _TEXTS):
            return lead
        if self.shape.family == "make" and not self.facts.opens and not self.line.column:
            # The line is neither after a target nor in a recipe.
            return lead
        aligned = (column - self.margin.here) % self.margin.step != 0
        return self.margin.written(column, lead, aligned=aligned)

    def _tells(self, content: str, said: int) -> bool:
        """Whether the start of a line is enough to know its column."""
        if not said and not self.margin.here and not self.facts.opens and len(self.levels.stack) == 1:
            return True
        if len(content) < _TELLING_CHARS or content.startswith(("def ", "async ")):
            return False
        return not self.facts.opens or not self.before.lstrip().startswith(content)

    def _take(self, line: str, place: Level) -> None:
        """Note a line whose column is decided."""
        was_inside = self.inside
        facts = self.shape.facts(line, was_inside)
        self.inside = facts.inside
        self.gap = False
        if self.heredoc:
            self.heredoc = "" if line.strip() == self.heredoc else self.heredoc
            return
        self.heredoc = self.shape.heredoc(line)
        left = len(self.brackets) - facts.closed
        self.closed_outside = self.closed_outside or left < 0
        ended, self.brackets = self.brackets[max(0, left) :], self.brackets[: max(0, left)]
        if was_inside:
            return
        if not facts.closes and left < 0 and not self.blind:
            column = self.levels.closing_column(self.levels.base.column, place.column)
            self.statement = Level(None, column)
            self.levels.leave(column)
        elif not facts.closes and ended:
            # The statement that began before the bracket continues.
            self.statement = ended[0].statement
        elif self.is_new:
            self.statement = place
        self.before, self.line, self.facts = line, place, facts
        if self.shape.family == "markup":
            self.tags += len(_OPENING_TAG.findall(line)) - line.count("</")
        self.brackets += [_Open(sign, place, self.statement, facts.opens) for sign in facts.opened]

    def _placed(self, line: str, said: int) -> int:
        """Decide the column of a line."""
        self.is_new = True
        if self.inside:
            return self._in_text(line, said)
        if self.heredoc:
            return said
        if self.blind:
            return self._in_markup(line, said) if self.shape.family == "markup" else said
        facts = self.shape.facts(line)
        if facts.closes:
            return self._closing(line, said)
        if self.facts.opens and not (facts.goes_on and said <= self._above()):
            return self._in_new_block(line, said)
        if self.brackets and not self.brackets[-1].ends_line:
            self.is_new = self.brackets[-1].sign not in "(["
            if not self.is_new or said > (self.brackets[-1].statement.said or 0):
                return self._continued(said)
        if self.before.endswith("\\"):
            self.is_new = False
            return self._continued(said)
        if facts.goes_on:
            return self.levels.going_on(said, opens=self.facts.opens)
        if (item := self.shape.item_width(self.before)) and not line.lstrip().startswith("- "):
            return self._in_item(line, said, item)
        return self._statement(line, said)

    def _in_text(self, line: str, said: int) -> int:
        """In a docstring or a block comment, lines move with the code. In other strings they stay unchanged."""
        base = self.levels.base
        if self.inside not in _TEXTS or not self.shape.is_code:
            return said
        if base.said is not None:
            return max(0, said - base.said + base.column)
        starred = said == 1 and self.inside == "/*" and line[1:2] == "*"
        lost = not said and bool(indent_of(self.view.next_line())) and not line.startswith("*/")
        if said < base.column and (starred or lost):
            self.blind = False
            return self.levels.know(0) + said
        if said == 2 * base.column and base.column > self.margin.step and not any(self.placed):
            self.blind = False
            return self.levels.know(said)
        return said

    def _in_markup(self, line: str, said: int) -> int:
        """Elements written from the margin move to the first one. Other lines of markup stay where they are."""
        here = self.margin.here
        if self.levels.base.said is None:
            if said or not here or self.placed or line.startswith("</") or not _ELEMENT.search(self.before):
                return said
            self.levels.know(0)
        if line.startswith("</") and self.tags <= 0:
            return self.margin.outside(here)
        return here + said

    def _continued(self, said: int) -> int:
        """Inside a bracket that has more on its line: keep the distance to that line that the answer has."""
        if self.line.said is not None:
            return self._natural(said)
        here = self.levels.base.column
        return here + said if said < here else said

    def _natural(self, said: int) -> int:
        """The column that keeps the answer's distance to the line before."""
        return said if self.line.said is None else max(0, self.line.column + said - self.line.said)

    def _above(self) -> int:
        """The width of the statement before in the answer. If unknown, its column."""
        return self.statement.column if self.statement.said is None else self.statement.said

    def _in_new_block(self, line: str, said: int) -> int:
        """The first line of a block: one step deeper, or as in the answer where another step is usual."""
        above = self._above()
        mark = self.shape.item_width(self.before)
        natural, wanted = self._natural(said), self.statement.column + mark + self.margin.step
        base = self.levels.base
        if said > above:
            if self.statement.said is None and base.said is None and natural == wanted:
                self.levels.know(base.column)
            inner = self.statement.column + mark
            if natural == inner and mark and self.shape.is_item(line):
                # A list may stand at the column of its key.
                wanted = natural
            elif natural > inner and self._is_own_step(natural):
                wanted = natural
        elif line.strip() == self.before.strip() or self.shape.may_stand_at_the_opener(
            self.before, line, natural == self.statement.column, self.statement.column
        ):
            return natural
        elif self.statement.said is None and base.said is None:
            self.levels.know(max(0, said - self.margin.step))
        self.levels.stack.append(Level(said, wanted))
        return wanted

    def _is_own_step(self, natural: int) -> bool:
        """Whether a block may begin at this column although it is not one of the file's steps deeper."""
        step = natural - self.statement.column
        if not self.view.shown_unit and not self.margin.here and self.view.usual_unit in {"", _DEFAULT_UNIT}:
            # Nobody has chosen a step, so the answer's own is used, except in Python, which has a standard one.
            return self.shape.family != "python"
        bracket = self.brackets[-1].sign if self.brackets else ""
        if bracket and (bracket in "([" or self.shape.family == "python"):
            return True
        if self.shape.family == "data" and self.gap:
            # The line before may be text that only looks like an opener.
            return True
        here = self.margin.here
        if natural - self.line.column == self.margin.step:
            return True
        if natural == self.margin.width(indent_of(self.view.next_line())):
            return True
        return here > 0 and step == here - self.margin.outside(here)

    def _closing(self, line: str, said: int) -> int:
        """A line that closes a bracket gets the column of the opening line. Another closing line goes one level out."""
        sign = line.lstrip()[0]
        if sign == ";":
            return self._natural(said)
        if sign not in ")]}":
            return self.levels.going_on(said, opens=self.facts.opens, closes=True)
        if self.brackets:
            opener = self.brackets[-1]
            if sign == "}" or (opener.ends_line and (self.line.said is None or said < self.line.said)):
                stands = opener.line.column == self._natural(said)
                column = (opener.line if stands else opener.statement).column
                self.levels.leave(column)
                return column
            return self._natural(said)
        base = self.levels.base
        if said == base.column and base.said in {None, said}:
            return said
        column = self.levels.closing_column(base.column, said)
        self.levels.leave(column)
        return column

    def _in_item(self, line: str, said: int, item: int) -> int:
        """The further lines of a YAML list item stand after its mark."""
        here = self.margin.here
        if self.line.said is None and said == item <= here and not self._is_flush_list():
            self.levels.stack = [Level(0, here), Level(said, here + said)]
            return here + said
        if self.line.said is None and said == here + item:
            self.levels.stack = [Level(here, here), Level(said, said)]
            return said
        if self.line.said is not None and said - self.line.said == item:
            self.levels.stack.append(Level(said, self.line.column + item))
            return self.line.column + item
        return self._statement(line, said)

    def _statement(self, line: str, said: int) -> int:
        context = Context(self.before, self.gap, self.closed_outside)
        column, self.is_new = self.levels.statement(line, said, context)
        return column

    def _is_flush_list(self) -> bool:
        """Whether the list around the cursor stands at the column of its key."""
        for line in reversed(self.view.lines_before(_NEAR_LINES)):
            width = len(indent_of(line))
            if line.strip() and width <= self.margin.here and not line.lstrip().startswith("-"):
                return width == self.margin.here
        return False
