"""Leads from a language's idioms: lines that everybody writes in the same way, and lines that follow from the line above.

An idiom is proposed once enough of it is typed to recognise it. Names in it are taken from the code there. This module does not
know how likely a lead is right.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.local.customs import LINES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from typethrough.local.leads import Leads

# As much as sixteen equal bytes of context.
RULE_WEIGHT: Final = 2.0**8
# The marks in the tables.
_ENOUGH: Final = "|"
_GOES_ON: Final = "…"


class _Line(NamedTuple):
    """An idiom: its beginning, its rest, and whether the line ends after it."""

    begins: str
    rest: str
    is_whole: bool


def _read(table: str) -> list[_Line]:
    found = []
    for line in table.strip().split("\n"):
        begins, _, rest = line.partition(_ENOUGH)
        found.append(_Line(begins, rest.removesuffix(_GOES_ON), not rest.endswith(_GOES_ON)))
    return found


_TABLES: Final = {language: _read(table) for language, table in LINES.items()}
# Languages that use another language's table.
ALIKE: Final = {
    "javascriptreact": "javascript",
    "typescriptreact": "typescript",
    "cpp": "c",
    "sh": "shellscript",
    "bash": "shellscript",
}
# How a line looks below a line that matches. `{0}` is the first group of the match.
_BELOW: Final = {
    "go": ((r"(?:.*[\s,])?err :?= .*[^{]", "if err != nil {{"),),
    "rust": ((r"#\[cfg\(test\)\]", "mod tests {{"), (r"mod tests \{", "use super::*;")),
    "c": ((r"#ifndef (\w+)", "#define {0}"),),
    "python": ((r"@dataclass.*", "class …"), (r"@(?:property|cached_property)", "def …")),
}
_COUNTING: Final = (
    (r".*\bfor \((?:\w+ )+(\$?\w+) = \d+; ", "{0} < …"),
    (r".*\bfor \((?:\w+ )*(\$?\w+) = [^;]+; \1 <=? [^;]+; ", "{0}++) {{"),
)
# How a line continues when its part before the current word matches.
_BEHIND: Final = {
    "javascript": (*_COUNTING, (r"const \[(\w)(\w*), ", "set{0:^}{1}] = useState(…")),
    "typescript": (*_COUNTING, (r"const \[(\w)(\w*), ", "set{0:^}{1}] = useState(…")),
    "java": _COUNTING,
    "c": _COUNTING,
    "php": (*_COUNTING, (r"for \((\$\w+) = \d+; ", "{0} < …"), (r"foreach \(\$(\w+)s as ", "${0}) {{")),
    "go": (
        (r"for (\w+) := \d+; ", "{0} < …"),
        (r"for (\w+) := \d+; \1 <=? [^;]+; ", "{0}++ {{"),
    ),
    "python": (
        (r"(?:async )?with open\(.*\) as ", "f:"),
        (r".*[\[({](\w+) for ", "{0} in …"),
        (r"for (\w+) in (?:range|enumerate|zip)\((?:[^()]|\([^()]*\))*\)", ":"),
    ),
}


class _Rule(NamedTuple):
    """A pattern, the text that follows it, and whether the line ends after that."""

    before: re.Pattern[str]
    follows: str
    is_whole: bool


def _rules(table: Mapping[str, Sequence[tuple[str, str]]]) -> dict[str, list[_Rule]]:
    return {
        language: [
            _Rule(re.compile(before), follows.removesuffix(_GOES_ON), not follows.endswith(_GOES_ON))
            for before, follows in rules
        ]
        for language, rules in table.items()
    }


_RULES_BELOW: Final = _rules(_BELOW)
_RULES_BEHIND: Final = _rules(_BEHIND)


class _Name(str):
    """A part of a name. The format `{:^}` inserts it with a capital letter, as a word begins inside a name."""

    __slots__ = ()

    def __format__(self, form: str) -> str:
        return self.upper() if form == "^" else str(self)


def by_idiom(leads: Leads, language_id: str, known: str, partial: str, above: Sequence[str]) -> None:
    """Add what an idiom suggests. `known` is the line up to the word `partial` at the cursor, `above` are the lines above."""
    language = ALIKE.get(language_id, language_id)
    for text, is_whole in _texts(language, known.lstrip(), partial, above[-1].strip() if above else ""):
        if text.strip():
            evidence = leads.of(text, is_whole=is_whole)
            evidence.weight += RULE_WEIGHT
            evidence.is_idiom = True


def _texts(language: str, known: str, partial: str, line_above: str) -> Iterator[tuple[str, bool]]:
    written = known + partial
    for line in _TABLES.get(language, ()):
        if written.startswith(line.begins) and (line.begins + line.rest).startswith(written):
            yield (line.begins + line.rest)[len(written) :], line.is_whole
    for rule in _RULES_BELOW.get(language, ()):
        if found := rule.before.fullmatch(line_above):
            whole = rule.follows.format(*found.groups())
            if whole.startswith(written):
                yield whole[len(written) :], rule.is_whole
    for rule in _RULES_BEHIND.get(language, ()):
        if found := rule.before.fullmatch(known):
            follows = rule.follows.format(*map(_Name, found.groups()))
            if follows.startswith(partial):
                yield follows[len(partial) :], rule.is_whole
