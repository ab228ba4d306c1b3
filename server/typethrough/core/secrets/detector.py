"""Which parts of a line are secrets; and texts of other files, from which they are cut for good.

A line is looked at by itself, so what is found in it is found wherever the line goes. Two things depend on several lines: the
body of a private key (`private_keys`), and a value whose name stands on a line above (`openings`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.secrets.placeholders import MARK, PLACEHOLDER, placeholder
from typethrough.core.secrets.private_keys import PRIVATE_KEY, key_spans, may_hold_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# A line without any of these holds no secret: the two questions that are asked of all text. First, the beginnings of the names
# that lead to short secrets too (in small letters); second, a run as long as the shortest key, which has a digit in it.
_NAMES: Final = re.compile(
    r"pass[^\n]|pw|secret|tok[_.\-\"'= e]|cred|conn[a-z]{0,12}[_\-. ]?str|bearer|identified by|basic|key|private|senha|contrase"
    r"|otp|://[^\s/]*[@\"'`]|-u |--user"
)
_RUN: Final = re.compile(r"[A-Za-z0-9_\-+/=.~:]{14,}")
# More rarely a line names one by a word of another language, or speaks of a login; plain words are the cheapest to look for.
_WORDS: Final = (
    "auth", "login", "connect", "mysql", "jwt", "new pdo", "redis-cli", "openssl", "securestr", "mdp", "kennwort", "wachtwoord",
    "clave", "parol", "haslo", "heslo", "salasana", "sifre", "jelsz", ":5432:", ":6432:", ":*:", "%s@", "signwith",
)  # fmt: skip
_FAR_WORDS: Final = (
    "has\u0142o", "l\u00f6senord", "\u015fifre", "пароль", "密码", "密碼", "口令", "パスワード", "비밀번호",
)  # fmt: skip
# From the end of a piece of a text to the next piece: what puts texts together in some language, or nothing.
JOINT: Final = re.compile(
    r"""["'`](?<=[A-Za-z0-9_\-+/=.:@~!#$%^*]["'`])(?:[ \t]{0,8}(?:\+{1,2}|\.{1,2}|&|<>|\^|\*)?[ \t]{0,8}@?[rbfuLRN]{0,2}"""
    r"""|\.(?:concat|append|plus)\()["'`](?=[A-Za-z0-9_\-+/=.:@~!#$%^*])"""
)
# At the end of a line: a text that may go on in the next line.
_ENDS_WITH_TEXT: Final = re.compile(r"""[\w\-+/=.:]["'`][\s+.&<>^*\\_]{0,20}$""")
_ON: Final = re.compile(r"[A-Za-z0-9_\-+/=.~:]*")
_PART_CHARS: Final = 3_000
_OVERLAP_CHARS: Final = 1_000
_DIGIT: Final = re.compile(r"\d")
# Before `key`: what it opens.
_OPENS: Final = (
    "api", "app", "access", "auth", "account", "private", "secret", "encryption", "encrypt", "signing", "master", "shared",
    "storage", "service", "license", "deploy",
    "session", "jwt", "webhook", "admin", "bot", "client", "consumer", "hmac", "cipher",
)  # fmt: skip
# A name stands so many lines above its value at most, blank lines and the lines of a long text among them.
REACH_LINES: Final = 6
# Kinds that say less than another does, the more telling ones first.
_GENERAL: Final = "key password secret text"


class Find(NamedTuple):
    """Characters `start` to `end` of a line are a secret of a kind; the kind has letters only."""

    start: int
    end: int
    kind: str


class Opening(NamedTuple):
    """What a line leaves open for the one below it: `text` stands before the value. `then` is how the line below must begin: with
    a "quote", since its text is put together with the one above; with the word "value"; with an "operator" that gives a value;
    as a part of a "block" of text, or in any way, "near" the name; or, empty, in any way, right behind it.
    """

    text: str
    then: str = ""


def opening_of(line: str, above: Opening | None = None) -> Opening | None:
    """What a line leaves open for the one below it; `above` is what it found open itself."""
    if above is None and not _speaks(small_letters(line)) and not _ENDS_WITH_TEXT.search(line):
        return None
    from typethrough.core.secrets.openings import find_opening

    return find_opening(line, above)


def openings(lines: Sequence[str], numbers: Iterable[int]) -> dict[int, Opening]:
    """By the number of a line, what it finds open. `numbers` are the lines, in order, that may hold a name."""
    found: dict[int, Opening] = {}
    below = -1
    for number in numbers:
        if number < below:
            continue
        opening = opening_of(lines[number])
        below, last = number + 1, number + REACH_LINES
        while opening is not None and below <= last:
            found[below] = opening
            if below == len(lines):
                break
            opening, above = opening_of(lines[below], opening), opening
            if opening != above:
                last = below + REACH_LINES
            below += 1
    return found


def finds(line: str, above: Opening | None = None) -> list[Find]:
    """The secrets of a line, in order, none overlapping another; `above` is what it finds open."""
    if len(line) <= _PART_CHARS:
        found = list(_finds(line))
        if not found and above is None and MARK not in line:
            return found
    else:
        found = _finds_in_parts(line)
    if above is not None:
        from typethrough.core.secrets.openings import find_below

        found += find_below(above, line)
    if MARK in line:
        # A secret may stand side by side with what looks like a placeholder, as if both were one word.
        found += _finds_in_parts(PLACEHOLDER.sub(lambda match: " " * len(match[0]), line))
    return apart(found)


def _finds_in_parts(line: str) -> list[Find]:
    """In parts that overlap where a line is long, for what is done for each name costs what the line before it is long."""
    starts = range(0, max(1, len(line) - _OVERLAP_CHARS), _PART_CHARS - _OVERLAP_CHARS)
    return [
        Find(start + one.start, _end(line, start + one.end, start + _PART_CHARS), one.kind)
        for start in starts
        for one in _finds(line[start : start + _PART_CHARS])
    ]


def _end(line: str, end: int, part_end: int) -> int:
    """Where a find ends: one that reaches to the end of its part goes on, for what gives it away is not in the next one."""
    on = _ON.match(line, end) if end == part_end else None
    return on.end() if on is not None else end


def _finds(line: str) -> Iterator[Find]:
    small = small_letters(line)
    has_run = _RUN.search(line) is not None and any(map(_DIGIT.search, _RUN.findall(line)))
    has_pieces = ("'" in line or '"' in line or "`" in line) and JOINT.search(line) is not None
    if not (has_run or has_pieces or _speaks(small)):
        return
    yield from _finds_in(line, small, has_run=has_run)
    if has_pieces:
        from typethrough.core.secrets.pieces import Pieces

        pieces = Pieces(line)
        for one in _finds_in(pieces.text, small_letters(pieces.text), has_run=True):
            yield from (Find(*span, one.kind) for span in pieces.spans(one.start, one.end))


def _finds_in(line: str, small: str, *, has_run: bool) -> Iterator[Find]:
    # Not before a line may hold a secret: their patterns take milliseconds to compile, and the start should not.
    from typethrough.core.secrets.names import find_named

    yield from (Find(*one) for one in find_named(line, small))
    if has_run:
        from typethrough.core.secrets.forms import find_forms
        from typethrough.core.secrets.likeness import find_random

        yield from (Find(*one) for one in (*find_forms(line), *find_random(line)))


def _speaks(small: str) -> bool:
    """Whether it is worth looking for the name of a secret, or for a login, in a line in small letters."""
    if _NAMES.search(small) is not None and any(_leads_on(match, small) for match in _NAMES.finditer(small)):
        return True
    if _DIGIT.search(small) is None and "'" not in small and '"' not in small:
        # What has no digit in it is a secret in quotes only, or behind the names above.
        return False
    if any(map(small.__contains__, _WORDS)):
        return True
    return not small.isascii() and any(map(small.__contains__, _FAR_WORDS))


def opens_something(small: str, start: int) -> bool:
    """Whether the `key` that begins there is one that opens something, such as an `api_key`."""
    return small[max(0, start - 12) : start].rstrip("_-. ").endswith(_OPENS)


def _leads_on(match: re.Match[str], small: str) -> bool:
    # Most names that end with `key` have nothing to do with secrets.
    return match[0] != "key" or opens_something(small, match.start())


def apart(found: Iterable[Find]) -> list[Find]:
    """Finds in order, those that overlap as one: the first of them, which reaches as far as the last."""
    merged: list[Find] = []
    for find in sorted(found, key=lambda one: (one.start, _GENERAL.find(one.kind), one.end)):
        if merged and find.start < merged[-1].end:
            merged[-1] = merged[-1]._replace(end=max(find.end, merged[-1].end))
        elif find.end > find.start:
            merged.append(find)
    return merged


def suspect_lines(text: str) -> list[int]:
    """The numbers of the lines, counted from 0, of a long text that may hold a secret; far cheaper than `finds` of each."""
    small = small_letters(text)
    places = [match.start() for match in _NAMES.finditer(small) if _leads_on(match, small)]
    places += [match.start() for match in _RUN.finditer(text) if _DIGIT.search(match[0])]
    places += [match.start() for match in JOINT.finditer(text)]
    places += _places(_WORDS if small.isascii() else (*_WORDS, *_FAR_WORDS), small)
    return _numbers(places, text)


def lines_with(pieces: Iterable[str], text: str) -> list[int]:
    """The numbers of the lines that one of some pieces of text stands in."""
    return _numbers(_places(pieces, text), text)


def _places(pieces: Iterable[str], text: str) -> list[int]:
    places = []
    for piece in pieces:
        place = text.find(piece)
        while place >= 0:
            places.append(place)
            place = text.find(piece, place + len(piece))
    return places


def _numbers(places: Iterable[int], text: str) -> list[int]:
    numbers: list[int] = []
    number = position = 0
    for place in sorted(places):
        number += text.count("\n", position, place)
        position = place
        if not numbers or numbers[-1] != number:
            numbers.append(number)
    return numbers


def small_letters(text: str) -> str:
    """A text in small letters, of the same length: there is one letter of which the small one is two characters."""
    return text.replace("\u0130", "I").lower()


def redacted(text: str) -> str:
    """A text with placeholders for its secrets, and for what looks like a placeholder; as many lines as before. Takes 20 ms for
    half a megabyte.
    """
    suspects = suspect_lines(text)
    lines = text.split("\n")
    opened = openings(lines, suspects)
    opened.pop(len(lines), None)
    numbers = {*suspects, *opened}
    spans = key_spans(lines) if may_hold_key(text) else {}
    numbers.update(spans)
    if MARK in text:
        numbers.update(number for number, line in enumerate(lines) if MARK in line)
    for number in numbers:
        line = lines[number]
        found = [
            *(Find(start, end, PRIVATE_KEY) for start, end in spans.get(number, ())),
            *finds(line, opened.get(number)),
            *(Find(*match.span(), "text") for match in PLACEHOLDER.finditer(line)),
        ]
        told: list[str] = []
        end = 0
        for find in apart(found):
            told += (line[end : find.start], placeholder(find.kind))
            end = find.end
        lines[number] = "".join((*told, line[end:]))
    return "\n".join(lines) if numbers else text
