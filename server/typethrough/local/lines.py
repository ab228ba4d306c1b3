"""A line of code as tokens, and its shape: what two lines have in common that differ in names and numbers alone.

Owns what a token of a text is, what a name is, and how one line's names are put in place of another's. Must not know where the
lines come from. (`tokens` has the same tokens in bytes, for the index.)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.remembered import remembered

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_WORD: Final = r"[A-Za-z0-9_$\x80-\U0010ffff]"
_BARE_TOKEN: Final = re.compile(rf"{_WORD}+|[^\sA-Za-z0-9_$\x80-\U0010ffff]")
_TOKEN: Final = re.compile(rf"\s*(?:{_BARE_TOKEN.pattern})")
# Words that mean the same in two lines or nothing: of all languages together, since a keyword of one is seldom a name in another.
KEYWORDS: Final = frozenset(
    re.findall(
        r"\w+",
        """abstract and as assert async await begin break case catch chan char class const continue crate def default defer del
        delete do double dyn elif else elseif elsif end ensure enum except export extends extern false False final
        finally float fn for foreach from func function global go goto if impl implements import in include inline
        instanceof int interface internal is lambda let local long loop map match mod module move mut namespace new
        nil None nonlocal not null operator or override package pass private protected pub public raise range readonly
        ref repeat require rescue return select self Self static string struct super switch template then this throw
        throws trait true True try type typedef typeof union unless unsafe until use using val var virtual void
        volatile where while with yield""",
    )
)
_LONGEST_LINE: Final = 200
# The least that a part of a name says something.
_PART_CHARACTERS: Final = 3
_NAME, _NUMBER = "a", "0"
_KINDS: Final = {token: token for token in (*KEYWORDS, *"()[]{}.,:;=+-*/<>'\"")}


class Line(NamedTuple):
    """A line's tokens, and their shape: any name is the same there, and any number."""

    tokens: tuple[str, ...]
    shape: tuple[str, ...]


def is_word(text: str) -> bool:
    """Tell whether a token or a character belongs to a word."""
    first = text[:1]
    return first.isalnum() or first in ("_", "$") or first > "\x7f"


def is_name(token: str) -> bool:
    """Tell whether a token is a name that somebody gave."""
    return is_word(token) and not token[0].isdigit() and token not in KEYWORDS


@remembered(2_048)
def spaced_tokens(text: str) -> tuple[str, ...]:
    """Cut a text into tokens, each with the blanks before it; what stands behind the last one is left out."""
    return tuple(_TOKEN.findall(text))


@remembered(4_096)
def line_of(text: str) -> Line:
    """Read a line; its blanks do not count. One too long to be written by hand is as an empty one."""
    tokens = tuple(_BARE_TOKEN.findall(text)) if len(text) <= _LONGEST_LINE else ()
    return Line(tokens, tuple([_KINDS.get(token) or _kind(token) for token in tokens]))


def _kind(token: str) -> str:
    return token if not is_word(token) else _NUMBER if token[0].isdigit() else _NAME


def word_before(prefix: str) -> int:
    """Return where the word begins that the prefix ends in; its length where it ends in none."""
    start = len(prefix)
    while start and is_word(prefix[start - 1]):
        start -= 1
    return start


class Renaming:
    """The names of one line by those of another that is like it, and by the parts in which two names differ."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        parts = [_difference(old, new) for old, new in names.items() if old != new]
        self._parts = [part for part in parts if len(part[0]) >= _PART_CHARACTERS and part[1]]
        self._parts += [
            (form(old), form(new))
            for old, new in self._parts
            if old.islower()
            for form in (str.capitalize, str.upper)
        ]

    def of(self, spaced: Iterable[str]) -> tuple[str, int]:
        """Return the tokens as one text with the other line's names, and how many of them were changed."""
        changed = 0
        said = []
        for token in spaced:
            bare = token.lstrip()
            if is_word(bare):
                new = self._new(bare)
                changed += new != bare
                token = token[: len(token) - len(bare)] + new
            said.append(token)
        return "".join(said), changed

    def _new(self, name: str) -> str:
        new = self._names.get(name)
        if new is None:
            for old_part, new_part in self._parts:
                if old_part in name:
                    return name.replace(old_part, new_part)
        return name if new is None else new


def _difference(old: str, new: str) -> tuple[str, str]:
    """Return the parts in which two names differ, in whole words of theirs: `width`, `height` of `get_width`, `get_height`."""
    most = min(len(old), len(new))
    start = 0
    while start < most and old[start] == new[start]:
        start += 1
    while start and not (_begins(old, start) and _begins(new, start)):
        start -= 1
    end = 0
    while end < most - start and old[-1 - end] == new[-1 - end]:
        end += 1
    while end and not (_begins(old, len(old) - end) and _begins(new, len(new) - end)):
        end -= 1
    return old[start : len(old) - end], new[start : len(new) - end]


def _begins(name: str, place: int) -> bool:
    """Tell whether a word of a name begins at a place."""
    return name[place - 1] == "_" or name[place : place + 1] == "_" or name[place : place + 1].isupper()
