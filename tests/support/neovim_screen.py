"""The screen of an embedded Neovim, built from its redraw events.

Owns the grid of cells, each with its text and highlighting, as a terminal would show it. Must not know how the events arrive.
Source of the events' forms: Neovim's manual, `:help ui-linegrid` and `:help ui-hlstate`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

# Our view draws ghost text with TypethroughGhost, the built-in one with ComplHint. By default ComplHint is a link to
# NonText, and of a link the editor reports only the target. Other uses of NonText (the filler below the text, visible
# blanks) are reported with another name beside it.
_GHOST_GROUPS = frozenset({"TypethroughGhost", "ComplHint", "ComplHintMore"})
_LINKED_GHOST = frozenset({"NonText"})


@dataclass(frozen=True)
class Looks:
    """How cells are drawn: colours as 0xRRGGBB or None for the default, and their highlight groups."""

    foreground: int | None = None
    background: int | None = None
    bold: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False
    groups: frozenset[str] = frozenset()

    @property
    def is_ghost(self) -> bool:
        """Whether this is the highlighting of ghost text."""
        return bool(self.groups & _GHOST_GROUPS) or self.groups == _LINKED_GHOST


@dataclass(frozen=True)
class Cell:
    """One cell of the grid. `text` is empty for the right half of a wide character."""

    text: str = " "
    looks: Looks = field(default_factory=Looks)


BLANK = Cell()


class Screen:
    """The grid after the last redraw event. `apply` updates it.

    `ghosts` has every ghost text that was on the screen, in order, with "" for none. `cursor_lines` has every text of the
    line with the cursor, including ghost text.
    """

    def __init__(self) -> None:
        self.rows: list[list[Cell]] = []
        self.cursor: tuple[int, int] = (0, 0)
        self.foreground = 0x000000
        self.background = 0xFFFFFF
        self.ghosts: list[str] = [""]
        self.cursor_lines: list[str] = [""]
        self._looks: dict[int, Looks] = {0: Looks()}

    def apply(self, events: Sequence[Sequence[Any]]) -> None:
        """Apply one `redraw` notification. Events that are not needed are ignored."""
        for name, *calls in events:
            handler = getattr(self, f"_on_{name}", None)
            if handler is not None:
                for call in calls:
                    handler(*call)

    def lines(self) -> list[str]:
        """Return the text of each row, without trailing blanks."""
        return ["".join(cell.text for cell in row).rstrip() for row in self.rows]

    def ghost(self) -> str:
        """Return the ghost text on the screen, rows joined by a line feed. Empty if there is none."""
        rows = ("".join(cell.text for cell in row if cell.looks.is_ghost) for row in self.rows)
        return "\n".join(text for text in rows if text)

    def runs(self, row: int) -> Iterator[tuple[int, str, Looks]]:
        """Yield (column, text, looks) for each stretch of a row with the same highlighting."""
        start, text = 0, ""
        cells = self.rows[row]
        for column, cell in enumerate(cells):
            if text and cell.looks != cells[start].looks:
                yield start, text, cells[start].looks
                start, text = column, ""
            text += cell.text
        if text:
            yield start, text, cells[start].looks

    def _on_default_colors_set(self, foreground: int, background: int, *_: Any) -> None:
        self.foreground, self.background = foreground, background

    def _on_hl_attr_define(
        self, number: int, rgb: dict[str, Any], _cterm: Any, info: list[dict[str, Any]]
    ) -> None:
        names = {part.get("hi_name") for part in info} | {part.get("ui_name") for part in info}
        self._looks[number] = Looks(
            foreground=rgb.get("foreground"),
            background=rgb.get("background"),
            bold=rgb.get("bold", False),
            italic=rgb.get("italic", False),
            underline=rgb.get("underline", False),
            reverse=rgb.get("reverse", False),
            groups=frozenset(name for name in names if name),
        )

    def _on_flush(self, *_: Any) -> None:
        ghost = self.ghost()
        if ghost != self.ghosts[-1]:
            self.ghosts.append(ghost)
        line = "".join(cell.text for cell in self.rows[self.cursor[0]]).rstrip() if self.rows else ""
        if line != self.cursor_lines[-1]:
            self.cursor_lines.append(line)

    def _on_grid_resize(self, _grid: int, width: int, height: int) -> None:
        kept = [(row + [BLANK] * width)[:width] for row in self.rows[:height]]
        self.rows = kept + [[BLANK] * width for _ in range(height - len(kept))]

    def _on_grid_clear(self, _grid: int) -> None:
        self.rows = [[BLANK] * len(row) for row in self.rows]

    def _on_grid_cursor_goto(self, _grid: int, row: int, column: int) -> None:
        self.cursor = (row, column)

    def _on_grid_line(self, _grid: int, row: int, column: int, cells: list[list[Any]], *_: Any) -> None:
        number = 0
        for text, *rest in cells:
            number = rest[0] if rest else number
            for _repeat in range(rest[1] if len(rest) > 1 else 1):
                self.rows[row][column] = Cell(text, self._looks.get(number, Looks()))
                column += 1

    def _on_grid_scroll(
        self, _grid: int, top: int, bottom: int, left: int, right: int, by: int, _cols: int
    ) -> None:
        order = range(top, bottom - by) if by > 0 else range(bottom - 1, top - by - 1, -1)
        for row in order:
            self.rows[row][left:right] = self.rows[row + by][left:right]
