"""Tail filter: removes a comment that stands for code that the model did not write ("# your code here")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.document.scan import family_of, is_comment
from typethrough.core.dressing.draft import Refused
from typethrough.core.outcome.causes import Cause

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_MARKS: Final = re.compile(r"^[\s#/*;<!.…-]+|[\s*/>.…-]+$")
_WORDS: Final = re.compile(
    r"(?:(?:add|put|insert|write|enter|place)?\s*"
    r"(?:your|the rest of|rest of|remaining|existing|more|other|additional)\b.*"
    r"\b(?:code|logic|implementation|function|method|class|here|goes|below|file|unchanged|statements?)\b"
    r"|(?:code|logic|implementation|body)\s+(?:goes\s+)?here|implement(?:ation)?\b.{0,40}\bhere|existing code|placeholder"
    r"|todo\b:?\s*(?:(?:implement|complete|fill|add|write|finish)(?:\s+(?:me|this|it|the|your)\b.*)?)?)"
    r"[\s.…:!]*(?:here|goes here|below|unchanged)?[\s.…:!]*",
    re.IGNORECASE,
)
# Texts that mean an empty answer.
_NOTHING: Final = re.compile(
    r"[\[(<](?:no (?:changes?|completions?|code|edits?)(?: (?:is|are))?(?: \w+)?"
    r"|nothing to (?:add|complete)|empty(?: message)?)[\])>]"
    r"|N/A|<(?:empty|none)>",
    re.IGNORECASE,
)
# A longer comment is more than a placeholder.
_MOST_CHARS: Final = 200
_ELLIPSIS: Final = re.compile(r"\s*\.\.\.\s*")


def placeholder(text: str, view: View) -> str | Refused:
    """Refuse a text that has only placeholders. Cut placeholders from the end of other texts."""
    if family_of(view.language_id) == "text":
        return text
    if _NOTHING.fullmatch(text.strip()):
        return Refused(Cause.PLACEHOLDER)
    lines = text.rstrip().split("\n")
    starts_line = not view.line_prefix.strip()
    kept = len(lines)
    while kept and (not lines[kept - 1].strip() or _stands_for_code(lines[kept - 1], view)):
        if kept == 1 and not starts_line and not is_comment(lines[0], view.language_id):
            # After code on the same line, blanks and ellipses may be code.
            break
        kept -= 1
    if kept == len(lines):
        return text
    return (
        "\n".join(lines[:kept]) if any(line.strip() for line in lines[:kept]) else Refused(Cause.PLACEHOLDER)
    )


def _stands_for_code(line: str, view: View) -> bool:
    if _ELLIPSIS.fullmatch(line):
        # Stubs, protocols and overloads contain real ellipses. If the file uses them nearby, they are code.
        return not re.search(r"^\s*\.\.\.\s*$|:\s*\.\.\.\s*$", view.near(), re.MULTILINE)
    if len(line) > _MOST_CHARS or not is_comment(line, view.language_id):
        return False
    words = _MARKS.sub("", line)
    return _WORDS.fullmatch(words) is not None if words else "..." in line or "…" in line
