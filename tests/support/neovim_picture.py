"""Draws the screen of an embedded Neovim as an SVG, cell by cell, in its real colours.

Owns the drawing. Must not know what is shown. As a script it makes the README's picture: `python -m
tests.support.neovim_picture OUT.svg [--light]` types in a real editor with the real server. The server has no key, so the
ghost text comes from the file itself.
"""

import argparse
import re
import sys
import tempfile
from html import escape
from pathlib import Path

from tests.support.neovim import Neovim
from tests.support.neovim_screen import Looks, Screen

CELL_WIDTH, CELL_HEIGHT, BASELINE, MARGIN = 8.4, 19.0, 14.0, 12.0
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"

SCENE = '''\
from dataclasses import dataclass


@dataclass
class Invoice:
    net: int
    tax: int
    discount: int


def total_net(invoices: list[Invoice]) -> int:
    """Return the sum of all net amounts, in cents."""
    return sum(invoice.net for invoice in invoices)


def total_tax(invoices: list[Invoice]) -> int:
    """Return the sum of all tax amounts, in cents."""
    return sum(invoice.tax for invoice in invoices)


'''
# The editor indents the lines that follow by itself. The suggestion begins after the last letter.
TYPED = 'def total_discount(invoices: list[Invoice]) -> int:\n"""Return the sum of all discount amounts, in cents."""\nr'
SUGGESTED = "eturn sum(invoice.discount for invoice in invoices)"


def svg(screen: Screen) -> str:
    """Return the screen as a complete SVG document. Ghost text is in italics, so that it is visible in print too."""
    rows = len(screen.rows)
    columns = max(len(row) for row in screen.rows)
    width, height = columns * CELL_WIDTH + 2 * MARGIN, rows * CELL_HEIGHT + 2 * MARGIN
    backgrounds: list[str] = []
    texts: list[str] = []
    for number in range(rows):
        for column, text, looks in screen.runs(number):
            backgrounds += _background(screen, number, column, text, looks)
            texts += _text(screen, number, column, text, looks)
    row, column = screen.cursor
    caret = f'<rect x="{_x(column):g}" y="{_y(row):g}" width="2" height="{CELL_HEIGHT:g}" fill="{_colour(screen.foreground)}"/>'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}"',
            f'     height="{height:g}" role="img" aria-label="Ghost text in Neovim">',
            f'<rect width="100%" height="100%" rx="8" fill="{_colour(screen.background)}"/>',
            *backgrounds,
            caret,
            f'<g font-family="{escape(FONT)}" font-size="14" xml:space="preserve">',
            *texts,
            "</g>",
            "</svg>",
            "",
        ]
    )


def _colours(screen: Screen, looks: Looks) -> tuple[int, int]:
    foreground = screen.foreground if looks.foreground is None else looks.foreground
    background = screen.background if looks.background is None else looks.background
    return (background, foreground) if looks.reverse else (foreground, background)


def _background(screen: Screen, row: int, column: int, text: str, looks: Looks) -> list[str]:
    _, background = _colours(screen, looks)
    if background == screen.background:
        return []
    where = f'x="{_x(column):g}" y="{_y(row):g}" width="{len(text) * CELL_WIDTH:g}" height="{CELL_HEIGHT:g}"'
    return [f'<rect {where} fill="{_colour(background)}"/>']


def _text(screen: Screen, row: int, column: int, text: str, looks: Looks) -> list[str]:
    style = ' font-weight="bold"' if looks.bold else ""
    style += ' font-style="italic"' if looks.italic or looks.is_ghost else ""
    style += ' text-decoration="underline"' if looks.underline else ""
    foreground, _ = _colours(screen, looks)
    drawn_as = f'lengthAdjust="spacingAndGlyphs" fill="{_colour(foreground)}"{style}'
    drawn = []
    # A text with several blanks in a row is drawn in parts, because some renderers join such blanks into one.
    for part in re.finditer(r"\S+(?: \S+)*", text):
        # The width is given explicitly, so that columns are aligned with any of the fonts.
        where = f'x="{_x(column + part.start()):g}" y="{_y(row) + BASELINE:g}"'
        width = f'textLength="{len(part[0]) * CELL_WIDTH:g}"'
        drawn.append(f"<text {where} {width} {drawn_as}>{escape(part[0])}</text>")
    return drawn


def _x(column: int) -> float:
    return round(MARGIN + column * CELL_WIDTH, 2)


def _y(row: int) -> float:
    return round(MARGIN + row * CELL_HEIGHT, 2)


def _colour(rgb: int) -> str:
    return f"#{rgb:06x}"


def draw(light: bool) -> str:
    """Type the scene in a real Neovim with the real server, and return the screen with its ghost text as an SVG."""
    background = "light" if light else "dark"
    look = (
        f"vim.o.background = '{background}'\nvim.o.laststatus = 0\nvim.o.ruler = false\nvim.o.number = true\n"
    )
    lines = (SCENE + TYPED).count("\n") + 3
    with (
        tempfile.TemporaryDirectory() as folder,
        Neovim(Path(folder) / "home", init_lua=look, columns=76, lines=lines) as editor,
    ):
        editor.open("invoices.py", SCENE)
        editor.attach()
        editor.keys("Go")
        editor.type(TYPED)
        editor.wait_for_ghost(SUGGESTED, timeout_s=20)
        return svg(editor.picture())


def main(arguments: list[str]) -> int:
    """Write the picture to the named file. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.neovim_picture")
    parser.add_argument("out", type=Path)
    parser.add_argument("--light", action="store_true", help="on a light background")
    options = parser.parse_args(arguments)
    options.out.write_text(draw(options.light), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
