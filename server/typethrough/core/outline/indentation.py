"""Outlines of files without a grammar: a line with a deeper block below it, near the left edge, is taken as a definition."""

from __future__ import annotations

import re

from typethrough.core.outline.definition import Definition, first_sentence, one_line

_WORD = re.compile(r"[A-Za-z_][\w$-]*")
# Words that may stand before a definition's name and are not the name.
_KEYWORDS = frozenset(
    re.findall(
        r"\w+",
        """abstract actor alias and async case class companion const constexpr data def default defmodule defn defp do else elsif
        elif end enum export extends extern extension fi final for foreach func fun function global if impl implements import in
        init inline interface internal let local match module mut namespace new not object open operator or override package
        private property proc protected protocol pub public record return sealed static struct sub suspend switch template then
        trait try type typealias typedef union unless until use using val var virtual void when while with""",
    )
)
_DEFINING = frozenset(
    re.findall(
        r"\w+",
        """class def defmodule defn defp enum extension fn func fun function impl interface module namespace object proc protocol
        record struct sub trait type typealias union""",
    )
)
_CONTROL = frozenset(
    re.findall(
        r"\w+",
        "if else elsif elif for foreach while until unless switch case match try catch do when with return end then",
    )
)
_COMMENT = re.compile(r"\s*(?:#|//|--|;|/\*|\*|%|\"\"\"|<!--)")
_CLOSER = re.compile(r"\s*[\])}]")
_MAX_DEFINITIONS = 1_000
_MAX_LINE_CHARS = 1_000
_DEPTHS = 3


def definitions(text: str, language_id: str) -> list[Definition]:
    """Lines that begin a block, on the three outermost levels. In Markdown, the headings."""
    if language_id == "markdown":
        return _headings(text)
    found: list[Definition] = []
    # The indentation of each definition that encloses the current line.
    levels: list[int] = []
    doc = ""
    pending: tuple[int, int, str, str] | None = None
    for number, line in enumerate(text.split("\n")):
        if not line.strip() or len(line) > _MAX_LINE_CHARS:
            continue
        indent = len(line) - len(line.lstrip())
        if pending is not None and indent > pending[1] and not _CLOSER.match(line):
            begun = _begun(*pending, levels)
            if begun is not None:
                found.append(begun)
                levels.append(pending[1])
            if len(found) >= _MAX_DEFINITIONS:
                break
        pending = None
        if _COMMENT.match(line):
            doc = doc or first_sentence(line)
            continue
        while levels and indent <= levels[-1]:
            levels.pop()
        if len(levels) < _DEPTHS and not _CLOSER.match(line):
            pending = (number, indent, line, doc)
        doc = ""
    return found


def _begun(number: int, _indent: int, line: str, doc: str, levels: list[int]) -> Definition | None:
    words = _WORD.findall(line)
    if not words or words[0].lower() in _CONTROL:
        return None
    after = next((place for place, word in enumerate(words) if word in _DEFINING), -1) + 1
    name = next((word for word in words[after:] if after or word.lower() not in _KEYWORDS), "")
    if not name:
        return None
    signature = one_line(line).rstrip(" {")
    return Definition(name, number, number, len(levels), signature, doc)


def _headings(text: str) -> list[Definition]:
    found: list[Definition] = []
    is_fenced = False
    for number, line in enumerate(text.split("\n")):
        if line.startswith("```"):
            is_fenced = not is_fenced
        elif line.startswith("#") and not is_fenced and len(found) < _MAX_DEFINITIONS:
            title = one_line(line.lstrip("#"))
            if title:
                found.append(Definition(title, number, number, 0, one_line(line)))
    return found
