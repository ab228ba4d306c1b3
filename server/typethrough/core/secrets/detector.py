"""Finds the secrets in a line. Also cuts secrets out of other files' texts, where they are not put back.

Each line is checked alone, so a secret is found wherever its line goes. Two things need several lines: the body of a
private key (`private_keys`), and a value whose name stands on a line above (`openings`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.secrets.placeholders import MARK, PLACEHOLDER, placeholder
from typethrough.core.secrets.private_keys import PRIVATE_KEY, key_spans, may_hold_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# A line without any of these contains no secret. All text passes these two checks. The first: beginnings of names after
# which a short value may be a secret (in small letters). The second: a run as long as the shortest key, with a digit in
# it.
_NAMES: Final = re.compile(
    r"pass[^\n]|pw|secret|tok[_.\-\"'= e]|cred|conn[a-z]{0,12}[_\-. ]?str|bearer|identified by|basic|key|private|senha|contrase"
    r"|otp|://[^\s/]*[@\"'`]|-u |--user"
)
_RUN: Final = re.compile(r"[A-Za-z0-9_\-+/=.~:]{14,}")
# Words of other languages for a secret, or for a login. They are rarer; searching plain words is cheapest.
_WORDS: Final = (
    "auth", "login", "connect", "mysql", "jwt", "new pdo", "redis-cli", "openssl", "securestr", "mdp", "kennwort", "wachtwoord",
    "clave", "parol", "haslo", "heslo", "salasana", "sifre", "jelsz", ":5432:", ":6432:", ":*:", "%s@", "signwith",
)  # fmt: skip
_FAR_WORDS: Final = (
    "has\u0142o", "l\u00f6senord", "\u015fifre", "пароль", "密码", "密碼", "口令", "パスワード", "비밀번호",
)  # fmt: skip
# From the end of one string literal to the start of the next: nothing, or what joins strings in some language.
JOINT: Final = re.compile(
    r"""["'`](?<=[A-Za-z0-9_\-+/=.:@~!#$%^*]["'`])(?:[ \t]{0,8}(?:\+{1,2}|\.{1,2}|&|<>|\^|\*)?[ \t]{0,8}@?[rbfuLRN]{0,2}"""
    r"""|\.(?:concat|append|plus)\()["'`](?=[A-Za-z0-9_\-+/=.:@~!#$%^*])"""
)
# A string literal at the end of a line. It may continue on the next line.
_ENDS_WITH_TEXT: Final = re.compile(r"""[\w\-+/=.:]["'`][\s+.&<>^*\\_]{0,20}$""")
_ON: Final = re.compile(r"[A-Za-z0-9_\-+/=.~:]*")
_PART_CHARS: Final = 3_000
_OVERLAP_CHARS: Final = 1_000
_DIGIT: Final = re.compile(r"\d")
# Words before `key` that make it a secret.
_OPENS: Final = (
    "api", "app", "access", "auth", "account", "private", "secret", "encryption", "encrypt", "signing", "master", "shared",
    "storage", "service", "license", "deploy",
    "session", "jwt", "webhook", "admin", "bot", "client", "consumer", "hmac", "cipher",
)  # fmt: skip
# The most lines between a name and its value, blank lines and the lines of a long text included.
REACH_LINES: Final = 6
# General kinds. When finds overlap, a more specific kind wins, and among these the one that stands first.
_GENERAL: Final = "key password secret text"


class Find(NamedTuple):
    """The characters `start` to `end` (not included) of a line are a secret. `kind` has only letters."""

    start: int
    end: int
    kind: str


class Opening(NamedTuple):
    """The start of a secret that continues on the line below. `text` is what stands before the value.

    `then` says how the line below must begin: "quote" (a string, joined to the one above), "value" (the word value),
    "operator" (an operator that assigns), "block" (a line of a text block), "near" (anything close to the name), or
    empty (anything, directly after the text).
    """

    text: str
    then: str = ""


def opening_of(line: str, above: Opening | None = None) -> Opening | None:
    """What a line leaves open for the line below. `above` is what was open above this line."""
    if above is None and not _speaks(small_letters(line)) and not _ENDS_WITH_TEXT.search(line):
        return None
    from typethrough.core.secrets.openings import find_opening

    return find_opening(line, above)


def openings(lines: Sequence[str], numbers: Iterable[int]) -> dict[int, Opening]:
    """For each line number, what is open above that line. `numbers` are the lines, in order, that may contain a name."""
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
    """The secrets of a line, in order and without overlap. `above` is what is open above the line."""
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
        # A secret may stand directly beside text that looks like a placeholder, as if both were one word. Search without
        # that text.
        found += _finds_in_parts(PLACEHOLDER.sub(lambda match: " " * len(match[0]), line))
    return apart(found)


def _finds_in_parts(line: str) -> list[Find]:
    """Search a long line in overlapping parts, because the cost for each name grows with the text before it."""
    starts = range(0, max(1, len(line) - _OVERLAP_CHARS), _PART_CHARS - _OVERLAP_CHARS)
    return [
        Find(start + one.start, _end(line, start + one.end, start + _PART_CHARS), one.kind)
        for start in starts
        for one in _finds(line[start : start + _PART_CHARS])
    ]


def _end(line: str, end: int, part_end: int) -> int:
    """Where a find ends. One that reaches the end of its part is extended, because the next part lacks what identified it."""
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
    # Imported late: compiling these patterns takes milliseconds, which the server's start should not pay.
    from typethrough.core.secrets.names import find_named

    yield from (Find(*one) for one in find_named(line, small))
    if has_run:
        from typethrough.core.secrets.forms import find_forms
        from typethrough.core.secrets.likeness import find_random

        yield from (Find(*one) for one in (*find_forms(line), *find_random(line)))


def _speaks(small: str) -> bool:
    """Whether a line in small letters may contain the name of a secret, or a login."""
    if _NAMES.search(small) is not None and any(_leads_on(match, small) for match in _NAMES.finditer(small)):
        return True
    if _DIGIT.search(small) is None and "'" not in small and '"' not in small:
        # Without a digit, only a quoted value or a value after the names above can be a secret.
        return False
    if any(map(small.__contains__, _WORDS)):
        return True
    return not small.isascii() and any(map(small.__contains__, _FAR_WORDS))


def opens_something(small: str, start: int) -> bool:
    """Whether the `key` at `start` is one like `api_key`, whose value is a secret."""
    return small[max(0, start - 12) : start].rstrip("_-. ").endswith(_OPENS)


def _leads_on(match: re.Match[str], small: str) -> bool:
    # Most names that end with `key` are not secrets.
    return match[0] != "key" or opens_something(small, match.start())


def apart(found: Iterable[Find]) -> list[Find]:
    """Finds in order. Overlapping finds become one, from the start of the first to the end of the last."""
    merged: list[Find] = []
    for find in sorted(found, key=lambda one: (one.start, _GENERAL.find(one.kind), one.end)):
        if merged and find.start < merged[-1].end:
            merged[-1] = merged[-1]._replace(end=max(find.end, merged[-1].end))
        elif find.end > find.start:
            merged.append(find)
    return merged


def suspect_lines(text: str) -> list[int]:
    """The numbers, from 0, of the lines in a long text that may contain a secret. Much cheaper than `finds` for each line."""
    small = small_letters(text)
    places = [match.start() for match in _NAMES.finditer(small) if _leads_on(match, small)]
    places += [match.start() for match in _RUN.finditer(text) if _DIGIT.search(match[0])]
    places += [match.start() for match in JOINT.finditer(text)]
    places += _places(_WORDS if small.isascii() else (*_WORDS, *_FAR_WORDS), small)
    return _numbers(places, text)


def lines_with(pieces: Iterable[str], text: str) -> list[int]:
    """The numbers of the lines that contain one of these pieces of text."""
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
    """A text in small letters, with the same length. One letter (U+0130) would become two characters, so it is replaced."""
    return text.replace("\u0130", "I").lower()


def redacted(text: str) -> str:
    """A text with placeholders instead of its secrets, and instead of text that looks like a placeholder.

    The number of lines stays the same. Takes 20 ms for half a megabyte.
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
