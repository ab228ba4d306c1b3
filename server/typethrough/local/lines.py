"""A line of code as tokens, and its shape: what two lines have in common that differ only in names and numbers.

This module defines what a token and a name are, and how the names of one line replace those of another. `tokens` has the same
tokens as bytes, for the index.
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
# Keywords of all languages together, because a keyword of one language is rarely a name in another.
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
_EXCEPTION: Final = re.compile(r"\w*(?:Error|Exception|StopIteration)\(?")
# An exception is raised, caught or looked at, or is the base of a class. Elsewhere it is hardly ever named.
_HANDLES: Final = re.compile(
    r"\b(?:raise|raises|except|suppress|isinstance|issubclass|class|throw|throws|catch|rescue|new|instanceof|import)\b"
)
_LONGEST_LINE: Final = 200
# The least length of a part of a name that tells something.
_PART_CHARACTERS: Final = 3
_NAME, _NUMBER = "a", "0"
_KINDS: Final = {token: token for token in (*KEYWORDS, *"()[]{}.,:;=+-*/<>'\"")}


class Line(NamedTuple):
    """A line's tokens and its shape. In the shape, all names are equal, and all numbers are."""

    tokens: tuple[str, ...]
    shape: tuple[str, ...]


def is_word(text: str) -> bool:
    """Whether a token or a character belongs to a word."""
    first = text[:1]
    return first.isalnum() or first in ("_", "$") or first > "\x7f"


def is_name(token: str) -> bool:
    """Whether a token is a name, not a keyword or a number."""
    return is_word(token) and not token[0].isdigit() and token not in KEYWORDS


def is_exception(name: str) -> bool:
    """Whether a name is that of an exception, by its end."""
    return _EXCEPTION.fullmatch(name) is not None


def handles_exceptions(known: str) -> bool:
    """Whether the name of an exception may stand at the end of this part of a line."""
    return _HANDLES.search(known) is not None


@remembered(2_048)
def spaced_tokens(text: str) -> tuple[str, ...]:
    """Cut a text into tokens, each with the blanks before it. Blanks after the last token are dropped."""
    return tuple(_TOKEN.findall(text))


def token_at(text: str, start: int) -> str:
    """Return the token at `start`, with the blanks before it. Empty if there is none."""
    found = _TOKEN.match(text, start)
    return found[0] if found is not None else ""


@remembered(4_096)
def line_of(text: str) -> Line:
    """The tokens and shape of a line, without its blanks. A line too long to be hand-written counts as empty."""
    tokens = tuple(_BARE_TOKEN.findall(text)) if len(text) <= _LONGEST_LINE else ()
    return Line(tokens, tuple([_KINDS.get(token) or _kind(token) for token in tokens]))


def _kind(token: str) -> str:
    return token if not is_word(token) else _NUMBER if token[0].isdigit() else _NAME


def word_before(prefix: str) -> int:
    """Where the word at the end of the prefix begins. The prefix's length if it does not end in a word."""
    start = len(prefix)
    while start and is_word(prefix[start - 1]):
        start -= 1
    return start


class Renaming:
    """Replaces the names of one line by those of a similar line, whole names and the parts in which names differ."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        changes = [(old, new) for old, new in names.items() if old != new]
        self._changes = bool(changes)
        parts = [_difference(old, new) for old, new in changes]
        self._parts = [part for part in parts if len(part[0]) >= _PART_CHARACTERS and part[1]]
        self._parts += [
            (form(old), form(new))
            for old, new in self._parts
            if old.islower()
            for form in (str.capitalize, str.upper)
        ]

    def of(self, spaced: Iterable[str]) -> tuple[str, int]:
        """The tokens as one text, with the other line's names, and how many of them were changed."""
        if not self._changes:
            return "".join(spaced), 0
        changed = 0
        said = []
        names, parts = self._names, self._parts
        for token in spaced:
            bare = token.lstrip()
            new = names.get(bare)
            if new is None and parts:
                new = next((bare.replace(old, part) for old, part in parts if _is_part(bare, old)), None)
            if new is not None and new != bare:
                changed += 1
                token = token[: len(token) - len(bare)] + new
            said.append(token)
        return "".join(said), changed


@remembered(1_024)
def _difference(old: str, new: str) -> tuple[str, str]:
    """The parts in which two names differ, as whole words: `width` and `height` for `get_width` and `get_height`."""
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


def _is_part(name: str, part: str) -> bool:
    """Whether a name contains a part as whole words: `app_dir` contains `dir`, but `directory` does not."""
    at = name.find(part)
    end = at + len(part)
    return at >= 0 and (not at or _begins(name, at)) and (end == len(name) or _begins(name, end))


def _begins(name: str, place: int) -> bool:
    """Whether a word inside a name begins at this place."""
    return name[place - 1] == "_" or name[place : place + 1] == "_" or name[place : place + 1].isupper()
