"""The lines of a private key's body (RFC 7468), found by its first and its last line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

PRIVATE_KEY: Final = "privatekey"
_LINE: Final = "PRIVATE KEY"
# A line of the body: as it is, in a comment, in quotes, or with a sign that continues it.
_BODY: Final = re.compile(r"""[\s"'`#/*\-+>|]*?(?P<body>[A-Za-z0-9+/=]{2,})(?:\\[nr])*[\s"'`,+\\.);]*$""")
# After the first line only the key itself follows, when all of it is one line with `\\n` in it.
_BEGIN: Final = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?P<body>[^\s\"'`,;)]*)")
_END: Final = re.compile(r"(?P<body>[^\s\"'`]*)-----END [A-Z0-9 ]*PRIVATE KEY")
_MOST_LINES: Final = 400


def may_hold_key(text: str) -> bool:
    """A cheap check: whether a text may contain a private key."""
    return _LINE in text


def may_be_body(line: str) -> bool:
    """Whether a line could be part of a private key's body."""
    return _BODY.match(line) is not None


def key_spans(lines: Sequence[str]) -> dict[int, list[tuple[int, int]]]:
    """For each line number, start and end of the parts that belong to a private key.

    Finds a key even if only its first or its last line is among `lines`.
    """
    found: dict[int, list[tuple[int, int]]] = {}
    for number, line in enumerate(lines):
        if not may_hold_key(line):
            continue
        begin, end = _BEGIN.search(line), _END.search(line)
        if begin is not None:
            start, stop = begin.span("body")
            if end is not None and end.end("body") > start:
                stop = end.end("body")
            if _has_key(line[start:stop]):
                found.setdefault(number, []).append((start, stop))
            if end is None:
                _run(lines, range(number + 1, min(len(lines), number + _MOST_LINES)), found)
        elif end is not None:
            if _has_key(end["body"]):
                found.setdefault(number, []).append(end.span("body"))
            _run(lines, range(number - 1, max(-1, number - _MOST_LINES), -1), found)
    return found


def _has_key(text: str) -> bool:
    # More than a line break, or a `+` of a diff.
    return len(text.replace("\\n", "").replace("\\r", "")) > 1


def _run(lines: Sequence[str], numbers: range, found: dict[int, list[tuple[int, int]]]) -> None:
    for number in numbers:
        if (body := _BODY.match(lines[number])) is not None:
            found.setdefault(number, []).append(body.span("body"))
        elif ": " not in lines[number] and lines[number].strip():
            # Neither one of the header lines about encryption nor the empty line after them.
            return
