"""Colours for the demo: paints a line of code with ANSI codes, roughly right for any language, and clips text to a width."""

from __future__ import annotations

import re
import unicodedata

RESET = "\x1b[0m"
GHOST = "\x1b[2;3m"
ACCEPTED = "\x1b[1;32m"
FAINT = "\x1b[90m"
BOLD = "\x1b[1m"
CURSOR = "\x1b[7m"

_STYLES = {
    "comment": "\x1b[90m",
    "string": "\x1b[32m",
    "word": "\x1b[35m",
    "number": "\x1b[36m",
    "call": "\x1b[34m",
}
_WORDS = (
    "and as assert async await break case catch class const continue def del do elif else enum except export extends "
    "False false finally fn for from func function global go if impl import in interface is lambda let local match mod "
    "mut new nil None nonlocal not null or package pass pub raise return self static struct super switch then this throw "
    "True true try type use var void while with yield"
)
_TOKEN = re.compile(
    r"(?P<comment>\#.*|//.*)"
    r"|(?P<string>[rbfRBF]{0,2}(?:\"\"\".*|'''.*|\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?))"
    rf"|(?P<word>\b(?:{'|'.join(_WORDS.split())})\b)"
    r"|(?P<number>\b\d[\w.]*)"
    r"|(?P<call>\b[A-Za-z_]\w*(?=\())"
)


def painted(line: str) -> str:
    """A line of code with ANSI colours."""
    return _TOKEN.sub(lambda match: f"{_STYLES[match.lastgroup or 'word']}{match.group()}{RESET}", line)


def cell_width(text: str) -> int:
    """The columns that a text takes in a terminal."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def clipped(text: str, width: int) -> str:
    """The text, cut to `width` columns with … at the cut. Control characters become a middle dot."""
    text = "".join(char if char.isprintable() else " " if char == "\t" else "·" for char in text)
    if cell_width(text) <= width:
        return text
    kept, used = [], 0
    for char in text:
        used += cell_width(char)
        if used > width - 1:
            break
        kept.append(char)
    return "".join(kept) + ("…" if width > 0 else "")
