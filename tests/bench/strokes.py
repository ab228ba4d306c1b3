"""Which key comes next: from the text that stands in a hole to the keystroke of somebody who wants the hole's true text.

Owns the keys and what editors make of them (indentation, pairs of brackets, a word back). Pure; when a key comes is the person's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.bench.human import Person

_INDENT: Final = 4
_CLOSERS: Final = {"(": ")", "[": "]", "{": "}"}
_LAST_WORD: Final = re.compile(r"\s*(?:\w+|[^\w\s]+|\s)$")
_NEIGHBOURS: Final = dict(zip("qwertyuiopasdfghjklzxcvbnm", "wertyuiopisdfghjklkxcvbnmn", strict=True))


@dataclass(frozen=True, slots=True)
class Hole:
    """A piece of a file that is to be typed: where it starts in the true text, its text, and its line's indentation."""

    offset: int
    text: str
    indent: int


@dataclass(frozen=True, slots=True)
class Stroke:
    """One keystroke as an edit at the cursor; `back` is how far before the end of `insert` the cursor stays."""

    name: str
    insert: str = ""
    remove_before: int = 0
    remove_after: int = 0
    back: int = 0


def next_stroke(
    person: Person, hole: Hole, typed: str, after: str, slipped: set[int]
) -> tuple[Stroke, bool] | None:
    """The key to press with `typed` standing in the hole and `after` behind the cursor on the hole's side; None when done.

    The second value says that the key is a slip; the caller adds its place to `slipped`.
    """
    right = common_prefix(typed, hole.text)
    excess, line = typed[right:], typed.rpartition("\n")[2]
    blank_line = "\n" in typed and not line.strip()
    wanted = hole.text[right:]
    if excess:
        return _correction(excess, line, wanted, blank_line=blank_line), False
    if after and (not wanted or wanted[0] == "\n"):
        return Stroke("delete", remove_after=1), False
    if not wanted:
        return None
    char = wanted[0]
    if char == "\n":
        return _enter(hole, typed, line, blank_line=blank_line), False
    if blank_line and char == " ":
        return Stroke("indent", wanted[: min(_INDENT, len(wanted) - len(wanted.lstrip(" ")))]), False
    if after[:1] == char:
        return Stroke("over", char, remove_after=1), False
    place = hole.offset + right
    if char in _NEIGHBOURS and place not in slipped and person.slips(place):
        return Stroke("slip", _NEIGHBOURS[char]), True
    if char in _CLOSERS and person.closes_brackets and _closes_on_line(wanted):
        return Stroke("pair", char + _CLOSERS[char], back=1), False
    return Stroke("type", char), False


def _correction(excess: str, line: str, wanted: str, *, blank_line: bool) -> Stroke:
    if blank_line and not excess.strip() and "\n" not in excess:
        if wanted[:1] == "\n":
            # An editor takes back the indentation it gave when Enter comes first.
            return Stroke("enter", "\n" + line, remove_before=len(line))
        return Stroke("backspace", remove_before=min(len(excess), (len(line) - 1) % _INDENT + 1))
    if len(excess) == 1:
        return Stroke("backspace", remove_before=1)
    found = _LAST_WORD.search(excess)
    return Stroke("word", remove_before=len(found.group()) if found else 1)


def _enter(hole: Hole, typed: str, line: str, *, blank_line: bool) -> Stroke:
    if blank_line:
        return Stroke("enter", "\n" + line, remove_before=len(line))
    indent = len(line) - len(line.lstrip(" ")) if "\n" in typed else hole.indent
    if line.rstrip().endswith((":", "(", "[", "{")):
        indent += _INDENT
    elif line.split()[:1] in (["return"], ["raise"], ["pass"], ["break"], ["continue"]):
        indent = max(0, indent - _INDENT)
    return Stroke("enter", "\n" + " " * indent)


def _closes_on_line(wanted: str) -> bool:
    depth = 0
    for char in wanted.split("\n", 1)[0]:
        depth += (char == wanted[0]) - (char == _CLOSERS[wanted[0]])
        if depth == 0:
            return True
    return False


def common_prefix(one: str, other: str) -> int:
    """The number of characters with which both begin."""
    length = min(len(one), len(other))
    if one[:length] == other[:length]:
        return length
    return next(index for index in range(length) if one[index] != other[index])


def apply(stroke: Stroke, typed: str, after: str) -> tuple[str, str]:
    """The text before and behind the cursor once the stroke is made."""
    head = typed[: len(typed) - stroke.remove_before] + stroke.insert
    tail = after[stroke.remove_after :]
    if stroke.back:
        return head[: -stroke.back], head[-stroke.back :] + tail
    return head, tail


def strokes_alone(person: Person, hole: Hole) -> int:
    """The keystrokes this person needs for a hole without any suggestion."""
    typed, after, count, slipped = "", "", 0, set[int]()
    while (pressed := next_stroke(person, hole, typed, after, slipped)) is not None:
        stroke, slip = pressed
        if slip:
            slipped.add(hole.offset + len(typed))
        typed, after = apply(stroke, typed, after)
        count += 1
    return count
