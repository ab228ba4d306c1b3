"""Leads from definitions: arguments from a function's parameters, and attributes from a constructor's.

In the body of `def __init__(self, path, mode)` the lines are `self.path = path` and `self.mode = mode`. A call `read(`
gets `path, mode)` if the definition of `read` has these parameters and both names are known here. This module also reads
parameters. It does not know how likely a lead is right.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.remembered import remembered
from typethrough.local.idioms import RULE_WEIGHT
from typethrough.local.lines import KEYWORDS, line_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from typethrough.local.leads import Leads
    from typethrough.local.scene import Scene

# How many lines up definitions are searched, and how many lines of one are read.
_FAR_LINES: Final = 40
_LONG_LINES: Final = 12
_MOST_PARAMETERS: Final = 12
# A single equal name may be chance.
_FEWEST_ARGUMENTS: Final = 2
_MAKES: Final = re.compile(
    r"\s*(?:def __init__|def initialize|(?:public )?function __construct|constructor)\s*\("
)
_OPENS: Final = re.compile(r"(?:^|[^\w$.]|\b(self|this|cls)[.:])([A-Za-z_$][\w$]*)\s?\($")
_DEFINES: Final = re.compile(
    r"^\s*(?:(?:export|default|async|pub|public|private|protected|static|final|local|unsafe|abstract|override)\s+)*"
    r"(?:(?:def|function|func|fn|fun|sub)\s+(?:\([^()]*\)\s*|self\.|\w+[.:])?)(\w+)(?:<[^<>]*>)?\s*\((.*)"
)
_PARAMETER: Final = re.compile(r"[^$]*\$(\w+)|\s*(?:\*{0,2}|&?mut\s+|\.{3}|&)([A-Za-z_]\w*)")
_BEGINS: Final = re.compile(r"\s*(?:def|class|function)\b")
_HEAD_ENDS: Final = re.compile(r"[:{)]\s*$")
_NAME: Final = re.compile(r"[A-Za-z_]\w*")
# Lines that may stand among the lines that set attributes.
_BESIDE: Final = ("super", "parent::", "#", "//", "*", "/*", '"""', "{")
_OWN: Final = frozenset(("self", "cls", "this"))


class _Attribute(NamedTuple):
    """The form of a line that sets an attribute from a parameter: the text before, between and after the names."""

    before: str
    between: str
    behind: str


_ATTRIBUTES: Final[Mapping[str, _Attribute]] = {
    "python": _Attribute("self.", " = ", ""),
    "ruby": _Attribute("@", " = ", ""),
    "php": _Attribute("$this->", " = $", ";"),
    "javascript": _Attribute("this.", " = ", ";"),
    "javascriptreact": _Attribute("this.", " = ", ";"),
    "typescript": _Attribute("this.", " = ", ";"),
    "typescriptreact": _Attribute("this.", " = ", ";"),
}


def by_definition(leads: Leads, language_id: str, known: str, partial: str, scene: Scene) -> None:
    """Add what definitions nearby suggest. `known` is the line up to the word `partial` at the cursor."""
    found = [(text, True) for text in _attributes(language_id, known, partial, scene)]
    found += [(text, False) for text in _arguments(known, partial, scene.above, scene.below)]
    for text, is_whole in found:
        evidence = leads.of(text, is_whole=is_whole)
        evidence.weight += RULE_WEIGHT
        evidence.is_defined = True


def _attributes(language_id: str, known: str, partial: str, scene: Scene) -> Iterator[str]:
    """Yield the line that sets the next attribute, if the lines above only set attributes."""
    form = _ATTRIBUTES.get(language_id)
    written = known.lstrip() + partial
    if form is None or not (written.startswith(form.before) or form.before.startswith(written)):
        return
    above = scene.above
    start = _maker(above)
    if start < 0:
        return
    names = [name for name in _parameters(_after_bracket(above[start:])) if name not in _OWN]
    done = _set(form, above[_body(above, start) :])
    if done is None or not (done or written):
        return
    private = "_" if done and done[-1].startswith("_") else ""
    places = [names.index(name.removeprefix("_")) for name in done if name.removeprefix("_") in names]
    following = next(iter(names[max(places, default=-1) + 1 :]), "")
    line = f"{form.before}{private}{following}{form.between}{following}{form.behind}"
    if following and line.startswith(written) and line != written and line not in map(str.strip, scene.below):
        yield line[len(written) :]


def _maker(above: Sequence[str]) -> int:
    """Where the nearest definition above begins, if it is a constructor. Else -1."""
    for number in range(len(above) - 1, max(-1, len(above) - 1 - _FAR_LINES), -1):
        if _MAKES.match(above[number]):
            return number
        if _BEGINS.match(above[number]):
            return -1
    return -1


def _body(above: Sequence[str], start: int) -> int:
    """The first line after a constructor's head."""
    ends = (number for number in range(start, len(above)) if _HEAD_ENDS.search(above[number]))
    return next(ends, len(above)) + 1


def _set(form: _Attribute, body: Sequence[str]) -> list[str] | None:
    """The attributes that a constructor's body has set so far. None if it does anything else."""
    names = []
    for line in map(str.strip, body):
        if line.startswith(form.before) and (name := _NAME.match(line, len(form.before))):
            names.append(name[0])
        elif not line.startswith(_BESIDE):
            return None
    return names


def _arguments(known: str, partial: str, above: Sequence[str], below: Sequence[str]) -> Iterator[str]:
    """Yield the arguments of a call that was just opened, if all parameters have names that are known here."""
    called = _OPENS.search(known)
    if called is None or called[2] in KEYWORDS or _DEFINES.match(known):
        return
    parameters = _defined(called[2], above, below)
    if len(parameters) < _FEWEST_ARGUMENTS or not parameters[0].startswith(partial):
        return
    elsewhere = (line for line in above[-_FAR_LINES:] if f"{called[2]}(" not in line)
    near = {token for line in elsewhere for token in line_of(line).tokens}
    if all(name in near for name in parameters):
        yield (", ".join(parameters) + ")")[len(partial) :]


def _defined(name: str, above: Sequence[str], below: Sequence[str]) -> list[str]:
    wanted = f"{name}("
    for lines in (above, below):
        for number, line in enumerate(lines):
            if wanted in line and (found := _DEFINES.match(line)) and found[1] == name:
                return [one for one in _parameters(_after_bracket(lines[number:])) if one not in _OWN]
    return []


def _after_bracket(lines: Sequence[str]) -> str:
    return "\n".join(lines[:_LONG_LINES]).partition("(")[2]


def parameters_in(signature: str) -> tuple[str, ...]:
    """The names of a function's parameters in its signature, without the object itself."""
    return tuple(name for name in _parameters(signature.partition("(")[2]) if name not in _OWN)


@remembered(256)
def _parameters(text: str) -> tuple[str, ...]:
    """The names of the parameters in a text that begins after the opening bracket. Empty if they do not end."""
    depth, start = 0, 0
    found: list[str] = []
    for place, character in enumerate(text):
        if character in "([{<":
            depth += 1
        elif character in ")]}>" and text[place - 1 : place] not in ("-", "="):
            depth -= 1
        if depth < 0 or (character == "," and not depth):
            name = _PARAMETER.match(text[start:place])
            if name and (called := name[1] or name[2]) not in KEYWORDS - _OWN:
                found.append(called)
            start = place + 1
        if depth < 0:
            return tuple(found[:_MOST_PARAMETERS])
    return ()
