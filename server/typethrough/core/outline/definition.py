"""One definition in a file."""

from __future__ import annotations

import re
from typing import NamedTuple

_SIGNATURE_CHARS = 240
_DOC_CHARS = 120
_MARKS = re.compile(r"^[\s/*#!\"'`;-]+|[\s/*\"'`-]+$")


class Definition(NamedTuple):
    """A name and its declaration.

    Lines count from 0; `last_line` is the last line of the body. `depth` is the number of enclosing definitions. `signature`
    is one line, after one line for each decorator. `doc` is one line or empty. Neither is indented.
    """

    name: str
    line: int
    last_line: int
    depth: int
    signature: str
    doc: str = ""


def one_line(text: str, limit: int = _SIGNATURE_CHARS) -> str:
    """A signature on one line, cut at `limit` characters. Only the start is read, since it may be a table of a thousand
    lines.
    """
    line = " ".join(text[: 4 * limit].split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def first_sentence(comment: str) -> str:
    """The first line with content in a documentation comment, without comment marks."""
    for line in comment[:2_000].split("\n"):
        said = _MARKS.sub("", line)
        if said and not said.startswith("@"):
            return one_line(said, _DOC_CHARS)
    return ""
