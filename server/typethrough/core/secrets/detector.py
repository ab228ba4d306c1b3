"""Which parts of a line are secrets.

A line is looked at by itself, so what is found in it is found wherever the line goes. What depends on several lines, the body
of a private key, is in `private_keys`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.secrets.forms import find_forms
from typethrough.core.secrets.likeness import is_random, piece_chars
from typethrough.core.secrets.names import find_named, opens_something

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# A line without any of these holds no secret: the two questions that are asked of all text. First, the beginnings of the names
# that lead to short secrets too (in small letters); second, a run as long as the shortest key, which has a digit in it.
_NAMES: Final = re.compile(
    r"pass[^\n]|pwd|secret|tok[_.\-\"'= e]|cred|conn[a-z]*[_\-. ]?str|bearer|basic|key|private|://[^\s/]*@|-u |--user"
)
_RUN: Final = re.compile(r"[A-Za-z0-9_\-+/=.~:]{14,}")
_PART_CHARS: Final = 3_000
_OVERLAP_CHARS: Final = 1_000
_DIGIT: Final = re.compile(r"\d")
# What no provider's form covers: a long run of letters of both cases and digits, without any word in it.
_TOKEN: Final = re.compile(r"(?<![A-Za-z0-9_\-+/=.])[A-Za-z0-9_\-+/]{24,200}={0,2}(?![A-Za-z0-9_\-+/=]|\.\w)")
_MOST_PIECE_CHARS: Final = 2.75
# Before a run: it is a digest or an image.
_DIGEST_BEFORE = re.compile(r"(?:sha\d{1,3}[-:=]|h1:|md5[-:=]|base64,|[#?&]\w*hash=)$", re.IGNORECASE)
_DIGEST = re.compile(r"sha\d{3}-", re.IGNORECASE)


# Kinds that say less than another does.
_GENERAL: Final = ("key", "password", "secret", "text")


class Find(NamedTuple):
    """Characters `start` to `end` of a line are a secret of a kind; the kind has letters only."""

    start: int
    end: int
    kind: str


def finds(line: str) -> list[Find]:
    """The secrets of a line, in order, none overlapping another."""
    if len(line) > _PART_CHARS:
        # In parts that overlap, for what is done for each name costs what the line before it is long.
        starts = range(0, len(line) - _OVERLAP_CHARS, _PART_CHARS - _OVERLAP_CHARS)
        return apart(
            Find(start + one.start, start + one.end, one.kind)
            for start in starts
            for one in _finds(line[start : start + _PART_CHARS])
        )
    return apart(_finds(line))


def _finds(line: str) -> Iterator[Find]:
    small = _small(line)
    if any(map(_DIGIT.search, _RUN.findall(line))):
        yield from (Find(*one) for one in (*find_forms(line), *find_named(line, small), *_find_random(line)))
    elif any(_leads_on(match, small) for match in _NAMES.finditer(small)):
        yield from (Find(*one) for one in find_named(line, small))


def _leads_on(match: re.Match[str], small: str) -> bool:
    # Most names that end with `key` have nothing to do with secrets.
    return match[0] != "key" or opens_something(small, match.start())


def apart(found: Iterable[Find]) -> list[Find]:
    """Finds in order, those that overlap as one: the first of them, which reaches as far as the last."""
    merged: list[Find] = []
    for find in sorted(found, key=lambda one: (one.start, one.kind in _GENERAL, one.end)):
        if merged and find.start < merged[-1].end:
            merged[-1] = merged[-1]._replace(end=max(find.end, merged[-1].end))
        elif find.end > find.start:
            merged.append(find)
    return merged


def suspect_lines(text: str) -> list[int]:
    """The numbers of the lines, counted from 0, of a long text that may hold a secret; far cheaper than `finds` of each."""
    small = _small(text)
    places = [match.start() for match in _NAMES.finditer(small) if _leads_on(match, small)]
    places += [match.start() for match in _RUN.finditer(text) if _DIGIT.search(match[0])]
    numbers: list[int] = []
    number = position = 0
    for place in sorted(places):
        number += text.count("\n", position, place)
        position = place
        if not numbers or numbers[-1] != number:
            numbers.append(number)
    return numbers


def _small(text: str) -> str:
    """A text in small letters, of the same length: there is one letter of which the small one is two characters."""
    return text.replace("\u0130", "I").lower()


def _find_random(line: str) -> Iterator[tuple[int, int, str]]:
    for match in _TOKEN.finditer(line):
        run = match[0]
        if (
            any(map(str.isupper, run))
            and any(map(str.islower, run))
            and sum(map(str.isdigit, run)) >= 2
            and piece_chars(run) < _MOST_PIECE_CHARS
            and is_random(run)
            and not _DIGEST.match(run)
            and not _DIGEST_BEFORE.search(line, max(0, match.start() - 20), match.start())
        ):
            yield match.start(), match.end(), "key"
