"""Names such as `password` whose value stands on a line below, as code formatters write it.

Such a line leaves an `Opening`. The next line is checked as if it were joined to it, so the same rules find the same secrets.
A value may also span lines: a string continued with a backslash, or several strings below each other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.secrets.detector import Opening, finds, small_letters
from typethrough.core.secrets.names import NAME, QUOTED, TO_QUOTE, kind_of

if TYPE_CHECKING:
    from typethrough.core.secrets.detector import Find

# From the end of the name to the end of the line, which may end with the start of a YAML block, a here-document or a comment.
_OPENED: Final = re.compile(
    r"""(?P<until>(?:_\w{1,20})?["'`]?(?:\[\w{0,20}\])?[\])]{0,2}\s*
    (?P<by>:\s*[\w&\[\].<>|?*]{1,40}(?:\s+[\w&\[\].<>|?*]{1,20})?\s*=
    |as\s+\w{1,30}\s*=|=>|->|::?=|\?{1,2}=|\?[?:]|\|\|=?|[=!]={0,2}|[+.]=|<<?-|,|\(|:|：|>|or\b|(?=\s*\\$))
    \s*[\[({]?)\s*(?P<block>[|>][+-]?\d?)?(?:<<[-~<]?["']?\w+["']?(?:\.\w+)?)?\s*\\?\s*(?:(?:\#|//).*)?$""",
    re.VERBOSE | re.IGNORECASE,
)
# A quoted name that is the first argument of a call, or a constant alone on its line.
_ARGUMENT: Final = re.compile(r"""\(\s*["'`][\w.\-]*$|^\s*["'`][A-Z][A-Z0-9_]*$""")
# The line ends with the name, or with a call that contains it.
_ENDS: Final = re.compile(r"""_?["'`]?[\])]{0,2}\s*$""")
# The end of a string that may continue on the next line.
_GOES_ON: Final = re.compile(r"""["'`]+\s*(?:\+{1,2}|\.{1,2}|&|<>|<<|\^|\*)?\s*[\\_]?\s*$""")
# A string without spaces at the end of a line, which may continue on the next line.
_CUT: Final = re.compile(
    r"""["'`](?P<text>[^\s"'`]{3,400})["'`]\s{0,8}(?:\+{1,2}|\.{1,2}|&|<>|\^|\*)?\s{0,8}[\\_]?\s*$"""
)
# The string ends inside the user part of a URL.
_CUT_URL: Final = re.compile(r"://[^\s/@]*$")
# What may stand before the value on its line: the sign of a comment, a list, a diff, or a joined string.
_LEAD: Final = re.compile(r"\s*(?:(?://+|#+|--|[*+\-&.^]{1,2}|<>)\s+)?")
# The end of a line whose construct continues: a bracket, a list, a call.
_INSIDE: Final = re.compile(r"[(\[{,\\:]\s*(?:(?:#|//).*)?$")
# The value alone on its line.
_ALONE: Final = re.compile(r"""\s*(?:\]\s*=\s*)?["'`]?[^\s"'`]+["'`]?[\s)\];,]*$""")
_LONG_QUOTES: Final = ('"""', "'''", "`")
# Joins a name to a value when we only know that they stand close together.
_NEAR: Final = " ~ "
_SOMEWHERE: Final = Opening(f"secret{_NEAR}", then="near")
_BRACKETS: Final = ("(", "[", "{")
# The line of the value begins with another name.
_NAMED: Final = re.compile(r"""["'`]?[\w.$\-]+["'`]?\s*(?::(?!\S)|=>|=\s)""")
# How the line below must begin, for some values of `then`.
_THEN: Final = {
    "quote": re.compile(r"""[rbfuLR@$]{0,2}["'`]"""),
    "value": re.compile(r"""["']?value["']?\s*[:=]\s*|<(?:value|string)>""", re.IGNORECASE),
    "operator": re.compile(
        r"""(?=values\s*\(|(?:or\b|\?[?:]|\|\||=(?![=>]))\s*["'`]|\.\w+\()""", re.IGNORECASE
    ),
}
# A line that contains only a name, as in lists of variables.
_NAME_ALONE: Final = re.compile(
    r"""[\s\-{<]*(?:\w+\s+)?["']?(?:name|key)["']?\s*[:=>]\s*["']?(?P<name>[\w.\-]+)["']?(?:</\w+>)?,?\s*$""",
    re.IGNORECASE,
)
# How much of a line's end is checked, and how much of a started string is kept.
_MOST_CHARS: Final = 400
# How much before a name is kept with it.
_BEFORE_CHARS: Final = 80


def find_opening(line: str, above: Opening | None) -> Opening | None:
    """What a line leaves open for the line below. `above` is what was open above this line."""
    if above is None:
        return _find(line[-_MOST_CHARS:])
    text = line[_lead(line) :]
    if not text or text != line.lstrip():
        # A blank line or a comment may stand between the name and the value.
        return _find(line[-_MOST_CHARS:]) or above
    if above.then == "block" and _indent(line) > _indent(above.text):
        return above
    if above.then == "near" and _closes(text[:_MOST_CHARS]) <= 0:
        return _find(line[-_MOST_CHARS:]) or above
    joined, _ = _joined(above, line)
    found = _find(joined if joined and len(line) <= _MOST_CHARS else line[-_MOST_CHARS:])
    if found is None and above.text.endswith(_BRACKETS) and _closes(text[:_MOST_CHARS]) <= 0:
        # Other content of the brackets.
        return _SOMEWHERE
    return found


def _find(line: str) -> Opening | None:
    line = line.rstrip("\r")
    small = small_letters(line)
    alone = _NAME_ALONE.match(line)
    near = None
    for match in NAME.finditer(small):
        start, end = match.span()
        if kind_of(line, small, start) in ("", "perhaps"):
            continue
        if alone is not None and end == alone.end("name"):
            return Opening(f"{alone['name']}: ", then="value")
        opened = _opened(line, end) or _unfinished(line, end)
        if opened is None and _ENDS.match(line, end):
            opened = Opening(f"{line.rstrip()} ", then="operator")
        if opened is not None:
            return opened._replace(text=opened.text[max(0, start - _BEFORE_CHARS) :])
        near = _SOMEWHERE
    if near is not None and _INSIDE.search(line):
        return near
    return _cut(line)


def _cut(line: str) -> Opening | None:
    cut = _CUT.search(line)
    if cut is None:
        return None
    text = cut["text"]
    if _CUT_URL.search(text) or any(one.end == len(text) for one in finds(text)):
        return Opening(f'"{text}', then="quote")
    return None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _closes(text: str) -> int:
    """How many more brackets are closed than opened in a text."""
    return sum(text.count(one) for one in ")]}") - sum(text.count(one) for one in "([{")


def _opened(line: str, end: int) -> Opening | None:
    opened = _OPENED.match(line, end)
    if opened is None or (opened["by"] == "," and not _ARGUMENT.search(line, 0, end)):
        return None
    if opened["by"] == ":" and ")" in opened["until"]:
        # This ends the parameters of a function.
        return None
    if opened["block"]:
        return Opening(f"{line[: opened.end('until')].rstrip()} ", then="block")
    gap = "" if opened["until"].endswith(("(", "[", "{", ">")) else " "
    return Opening(f"{line[: opened.end('until')].rstrip()}{gap}")


def _unfinished(line: str, end: int) -> Opening | None:
    opened = TO_QUOTE.match(line, end)
    body = QUOTED[opened["quote"]].match(line, opened.end()) if opened is not None else None
    if opened is None or body is None:
        return None
    text = line[: body.end()][: opened.end() + _MOST_CHARS]
    if body.end() < len(line):
        return Opening(text, then="quote") if _GOES_ON.match(line, body.end()) else None
    if line.endswith("\\"):
        return Opening(text.removesuffix("\\"))
    return Opening(text) if opened["quote"] in _LONG_QUOTES and body.end() == opened.end() else None


def find_below(opening: Opening, line: str) -> list[Find]:
    """The secrets of a line that are recognised by what was open above it."""
    joined, shift = _joined(opening, line)
    if not joined and opening.then == "operator" and _ALONE.match(line):
        opening = Opening(f"{opening.text.rstrip()}{_NEAR}", then="near")
        joined, shift = _joined(opening, line)
    if joined and opening.text.endswith(_BRACKETS) and _NAMED.match(joined, len(opening.text)):
        opening = _SOMEWHERE
        joined, shift = _joined(opening, line)
    if not joined or (opening.then != "near" and _NAMED.match(joined, len(opening.text))):
        return []
    start = len(opening.text)
    return [
        one._replace(start=max(one.start, start) + shift, end=one.end + shift)
        for one in finds(joined)
        if one.end > start
    ]


def _lead(line: str) -> int:
    lead = _LEAD.match(line)
    return lead.end() if lead is not None else 0


def _joined(opening: Opening, line: str) -> tuple[str, int]:
    """The opening and the line joined, and the offset from a place in it to the place in the line.

    The text is empty when the line does not begin as the opening requires.
    """
    start = _lead(line)
    if opening.then in _THEN:
        begins = _THEN[opening.then].match(line, start)
        if begins is None:
            return "", 0
        start = begins.end()
    return f"{opening.text}{line[start:]}", start - len(opening.text)
