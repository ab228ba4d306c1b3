"""Random values in a line that mentions a password or a login, in any notation: `token = f("…")`, `mysql -p…`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.secrets.likeness import (
    are_words,
    has_digit,
    is_filled_in_later,
    looks_secret,
    piece_chars,
    transitions,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Words, in small letters, that mention a password or a login, besides the names in `names`.
_SPEAKS: Final = re.compile(
    r"pass(?:word|wd|phrase|code|[-_]?in\b)|(?<![a-z])pwd?\b|secret|token|mdp|credential|bearer|x-api-key|login|securestring"
    r"|basic[_ ]?auth|['\"]basic |auth[a-z]{0,6}[\"']?\s{0,8}[=:(]\s{0,8}[(\[{\"']|signwith"
    r"|%[sv]@|jwt\.?(?:sign|verify|encode|decode)|connect\w{0,20}\(|new pdo"
    r"|getpass|htpasswd|chpasswd|sshpass|mysql|redis-cli|openssl\s{1,8}enc"
)
# A command with the password after an option of one letter.
_COMMAND: Final = re.compile(
    r"\b(?:sshpass|mysql\w{0,9}|mariadb\w{0,9}|redis-cli|(?:docker|podman|az|registry|oc)\s{1,8}login|openssl\s{1,8}enc|htpasswd)"
    r"\s[^\n|;]{0,120}?(?<=\s)-(?:p[\s=]{0,2}|[ak]\s{1,2}|b\s{1,2}\S{1,80}\s{1,2}\S{1,80}\s{1,2})[\"']?"
    r"(?P<secret>[^\s\"'`$<>|;-][^\s\"'`<>|;]{3,80})"
)
_VALUE: Final = re.compile(r"[^\s\"'`<>(){}\[\],;|\\…：，。、]{6,200}")
_QUOTES: Final = ('"', "'", "`")
# A value without quotes is not followed by these. A name that is used, such as in a call, is.
_CODE_AFTER: Final = ("(", "[", ".", ":", "=")
# Texts with digits that are no secret: a path, an address, a file, a version, a date, a number.
_NO_SECRET: Final = re.compile(
    r"[~.]?/|\w+://|[^.]*(?:\.[\w-]+)*\.[a-z]{2,5}\d?$|[\w-]+(?:\.[A-Za-z_]\w*)+$|v?\d+(?:\.\d+)+|\d[\d:T.+\-Zx_]*[a-z]{0,3}$"
    r"|0x|[0-9a-f]{8}-[0-9a-f]{4}-|[a-z-]+/[\w.+-]+$|[A-Z0-9]+(?:_[A-Z0-9]+)+$|--?\w+=?$|[^:]*:$"
)
_USER: Final = re.compile(r"[\w.-]{1,40}:(?![:/])")
# The most characters between the word and the value, on each side.
_BEFORE_CHARS: Final = 80
_BEHIND_CHARS: Final = 200
_LEAST_QUOTED_CHARS: Final = 7
_LEAST_BARE_CHARS: Final = 9
_LEAST_CHANGES: Final = 0.3
# The average piece of a name of two words with a number is at least this long.
_QUOTED_PIECE_CHARS: Final = 3.0
_BARE_PIECE_CHARS: Final = 2.6


def find_nearby(line: str, small: str, named: Iterable[int]) -> Iterator[tuple[int, int, str]]:
    """Start, end and kind of each such value. `small` is the line in small letters, `named` are the ends of secrets' names."""
    places = sorted({*named, *(match.start() for match in _SPEAKS.finditer(small))})
    if not places:
        return
    for match in _COMMAND.finditer(line) if " -" in line else ():
        if not is_filled_in_later(match["secret"]):
            yield *match.span("secret"), "password"
    reached = 0
    for place in places:
        start, stop = max(reached, place - _BEFORE_CHARS), place + _BEHIND_CHARS
        if start >= stop:
            continue
        for match in _VALUE.finditer(line, start, min(len(line), stop + _BEHIND_CHARS)):
            if match.start() > stop:
                break
            reached = match.end()
            begin, end = _value(line, *match.span())
            if begin < end:
                yield begin, end, "secret"


def _value(line: str, start: int, end: int) -> tuple[int, int]:
    """Start and end of the secret in a run of characters. Both are equal when there is none."""
    text = line[start:end]
    if not has_digit(text):
        return end, end
    is_quoted = line[start - 1 : start] in _QUOTES and line[end : end + 1] in _QUOTES
    if is_quoted and (user := _USER.match(text)) is not None:
        start, text = start + user.end(), text[user.end() :]
    elif not is_quoted:
        # `name=value`, `user:value`, `-pvalue`
        begin = max(text.rfind(one, 0, -4) for one in "=:") + 1
        begin = begin or (2 if text.startswith("-p") else 0)
        start, text = start + begin, text[begin:].rstrip(".:")
        end = start + len(text)
        if line[end : end + 1] in _CODE_AFTER or line[start - 1 : start] in (".", "$", "@"):
            return end, end
    return (start, end) if _is_made(text, is_quoted=is_quoted) else (end, end)


def _is_made(text: str, *, is_quoted: bool) -> bool:
    if len(text) < (_LEAST_QUOTED_CHARS if is_quoted else _LEAST_BARE_CHARS) or len(set(text)) < 5:
        return False
    if not has_digit(text) or not any(map(str.isalpha, text)):
        return False
    if is_filled_in_later(text) or _NO_SECRET.match(text) or not looks_secret(text):
        return False
    if is_quoted:
        return not _has_words(text, _QUOTED_PIECE_CHARS)
    if _has_words(text, _BARE_PIECE_CHARS) or sum(not one.isalnum() for one in text) * 6 > len(text):
        return False
    return (
        not ("_" in text and text.isidentifier())
        and any(map(str.isupper, text))
        and any(map(str.islower, text))
        and transitions(text) >= _LEAST_CHANGES
    )


def _has_words(text: str, least_piece_chars: float) -> bool:
    return are_words(text) and (piece_chars(text) >= least_piece_chars or not text.isalnum())
