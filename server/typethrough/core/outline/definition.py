"""One thing that a file defines."""

from __future__ import annotations

import re
from typing import NamedTuple

_SIGNATURE_CHARS = 240
_DOC_CHARS = 120
_MARKS = re.compile(r"^[\s/*#!\"'`;-]+|[\s/*\"'`-]+$")


class Definition(NamedTuple):
    """A name and how it is declared. Lines count from 0, `last_line` is the last one of its body; `depth` counts enclosing
    definitions. `signature` is one line, after lines of decorators if there are any, and `doc` is one or empty; none is indented.
    """

    name: str
    line: int
    last_line: int
    depth: int
    signature: str
    doc: str = ""


def one_line(text: str, limit: int = _SIGNATURE_CHARS) -> str:
    """A signature on one line, cut where it crowds out others."""
    # Not all of a long text is looked at: a table of a thousand lines is an assignment too.
    line = " ".join(text[: 4 * limit].split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def first_sentence(comment: str) -> str:
    """The first line of a documentation comment that says something, without its marks."""
    for line in comment[:2_000].split("\n"):
        said = _MARKS.sub("", line)
        if said and not said.startswith("@"):
            return one_line(said, _DOC_CHARS)
    return ""
