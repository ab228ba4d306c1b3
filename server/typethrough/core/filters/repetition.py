"""Tail filter: removes text that repeats itself, and refuses copies of the lines just above the cursor."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.document.scan import closes_block, family_of, scan
from typethrough.core.dressing.draft import Refused, significant
from typethrough.core.outcome.causes import Cause

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_TOKEN: Final = re.compile(r"\w+|[^\w\s]")
_LINES_ABOVE: Final = 30
_MIN_LINE: Final = 3
_MIN_ABOVE: Final = 8
_MAX_LINE_PERIOD: Final = 3
_MAX_TOKEN_PERIOD: Final = 12
_TIMES: Final = 3
_LONG_PERIOD: Final = 8
_TAIL_CHARS: Final = 40
_NEVER: Final = 1_000_000
_LOOP_CHARS: Final = 600
_MOST_CLOSERS: Final = 16
_MOST_LETTERS: Final = 40
# After one of these signs, a line rarely repeats its first word.
_OPENERS: Final = frozenset("([{.:")
_CLOSERS: Final = frozenset(")]}>")
# Signs between equal values in a list, a row of a table or a format.
_LIST_SIGNS: Final = frozenset(",;\"'`|%?:")
_VALUE: Final = re.compile(
    r"\d\w*|None|null|NULL|nil|nullptr|undefined|[Tt]rue|[Ff]alse|TRUE|FALSE|NaN|auto|_"
)
_HEX: Final = re.compile(r"\b0[xX][0-9a-fA-F]+\b")
_WORD: Final = re.compile(r"[^\W\d_]")
_SHORT_WORD: Final = re.compile(r"[a-z]{1,4}")
_SENTENCE: Final = re.compile(r"[^\n.!?]*[.!?](?=\s)")
_STUTTERED: Final = re.compile(rf"([^\W\d_])\1{{{_MOST_LETTERS},}}\W*\Z")


def repetition(text: str, view: View) -> str | Refused:
    """Keep one of lines that come three times or more. Refuse looping words in a line, and copies of the lines above."""
    if _repeats_above(text, view) or _goes_on_repeating(text, view):
        return Refused(Cause.REPETITION)
    text = _once(text, view)
    if not any(_loops(line, view) for line in text.split("\n")):
        return text
    sentence = _SENTENCE.match(text) if family_of(view.language_id) == "text" else None
    return sentence[0] if sentence is not None else Refused(Cause.REPETITION)


def is_row(line: str, language_id: str) -> bool:
    """Whether a line may come several times: signs and digits of a table, or an instruction of one short word."""
    if family_of(language_id) == "unknown" and _SHORT_WORD.fullmatch(line.strip()):
        return True
    return any(map(str.isdigit, line)) and _WORD.search(_HEX.sub("", line)) is None


def may_loop(text: str, view: View) -> bool:
    """Whether an unfinished line may be starting to repeat its last words, or is too short to tell."""
    said = _TOKEN.findall(text)
    tokens = [*_TOKEN.findall(view.line_prefix[-_TAIL_CHARS:]), *said[-2 * _MAX_TOKEN_PERIOD :]]
    last = tokens[-1]
    if len(said) < _TIMES and (len(said) == 1 or last not in _OPENERS):
        return True
    if len(said) == _TIMES and said[0].startswith(last):
        return True
    return any(
        tokens[-1 - period].startswith(last)
        and (period == 1 or period + 1 == len(tokens) or tokens[-2] == tokens[-2 - period])
        for period in range(1, min(_MAX_TOKEN_PERIOD + 1, len(tokens)))
    )


def _once(text: str, view: View) -> str:
    """The text up to the end of the first group that comes three times or more: of one to three lines, or of growing lines."""
    if "\n" not in text:
        return text
    lines = text.rstrip().split("\n")
    typed = view.line_prefix.strip() != ""
    if typed and _comes_again(lines, view.language_id):
        return lines[0]
    rows = [lines[0] if typed else view.line_prefix + lines[0], *lines[1:]]
    for start in range(len(rows)):
        for period in range(1, _MAX_LINE_PERIOD + 1):
            group = rows[start : start + period]
            if start + _TIMES * period > len(rows) or len("".join(group).strip()) < _MIN_LINE:
                continue
            if all(rows[start + turn * period :][:period] == group for turn in range(1, _TIMES)):
                if all(is_row(line, view.language_id) for line in group):
                    continue
                # When the rest of the cursor's line is repeated, the copies have another indentation.
                again = typed and start == period == 1 and rows[0].strip() == rows[1].strip()
                return "\n".join(lines[: start + (0 if again else period)])
        if start + _TIMES <= len(rows) and _grow_alike(*rows[start : start + _TIMES]):
            return "\n".join(lines[: start + 1])
    return text


def _goes_on_repeating(text: str, view: View) -> bool:
    """Whether the text's first new line repeats the end of the cursor's line, with closing brackets that belong to it."""
    if not text.startswith("\n"):
        return False
    said, line = text.strip().partition("\n")[0].strip(), view.line_prefix.strip()
    if len(said) < _MIN_LINE or said == line or not line.endswith(said) or _WORD.search(said) is None:
        return False
    return bool(scan(said, view.language_id).stray) and not closes_block(said, view.language_id)


def _comes_again(lines: list[str], language_id: str) -> bool:
    """Whether the first line is repeated by the next two, whatever their indentation. It is only the end of the cursor's line,
    so it cannot be expected again below.
    """
    first = lines[0].strip()
    if len(first) < _MIN_LINE or _WORD.search(first) is None or closes_block(first, language_id):
        return False
    return len(lines) >= _TIMES and all(line.strip() == first for line in lines[1:_TIMES])


def _grow_alike(first: str, second: str, third: str) -> bool:
    """Whether each line is the line before with the same words added."""
    if not second.startswith(first) or not third.startswith(second):
        return False
    added = second[len(first) :]
    if len(first.strip()) < _MIN_LINE or not significant(added):
        return False
    return third == second + added


def _loops(line: str, view: View) -> bool:
    """Whether a line ends with the same words again and again, more often than code does."""
    if len(line) > _MOST_LETTERS and _STUTTERED.search(line):
        return True
    tokens = _TOKEN.findall(line.rstrip(" \t;")[-_LOOP_CHARS:])
    if len(tokens) < _TIMES:
        return False
    last = tokens[-1]
    for period in range(1, min(_MAX_TOKEN_PERIOD, len(tokens) - 1) + 1):
        before = tokens[-1 - period]
        # The last word may be cut off at `max_tokens`.
        if before.startswith(last) and _looping(tokens if before == last else tokens[:-1], view, period):
            return True
    return False


def _looping(tokens: list[str], view: View, period: int) -> bool:
    """Whether the last groups of `period` words are equal too often."""
    group = tokens[-period:]
    if tokens[-2 * period : -period] != group:
        return False
    if any(period % part == 0 and group == group[:part] * (period // part) for part in range(1, period)):
        # The shorter period is checked by itself.
        return False
    times = 2
    while tokens[-period * (times + 1) : -period * times] == group:
        times += 1
    return times >= _most(group, view)


def _most(group: list[str], view: View) -> int:
    """How often a group of words must come to count as a loop."""
    words = [token for token in group if token[0].isalnum() or token[0] == "_"]
    signs = set(group).difference(words)
    size = significant("".join(group))
    if not words:
        return _MOST_CLOSERS if signs <= _CLOSERS and family_of(view.language_id) != "unknown" else _NEVER
    are_values = all(_VALUE.fullmatch(word) for word in words)
    if not signs:
        return _NEVER if are_values or size < 2 else _TIMES if size >= _LONG_PERIOD and len(group) > 1 else 5
    if signs <= _LIST_SIGNS or "\\" in signs:
        return _NEVER if are_values else _TIMES + 1 if size >= 2 * _LONG_PERIOD else 10
    if "<" in signs and family_of(view.language_id) == "markup":
        return 20
    if "=" in signs:
        return _TIMES + 1
    return 8 if are_values else _TIMES if size >= _LONG_PERIOD and len(words) > 1 else 6


def _repeats_above(text: str, view: View) -> bool:
    """Whether the text's lines equal the last lines above the cursor, or a line comes for the third time in a row."""
    starts_line = not view.line_prefix.strip()
    if not starts_line and not text.startswith("\n"):
        return False
    said = [
        line.rstrip()
        for line in (view.line_prefix + text if starts_line else text).split("\n")
        if line.strip()
    ]
    above = view.lines_before(_LINES_ABOVE) + ([] if starts_line else [view.line_prefix])
    stands = [line.rstrip() for line in above if line.strip()]
    if len(said) == 1 and stands[1 - _TIMES :] == said * (_TIMES - 1):
        return not is_row(said[0], view.language_id)
    last = stands[-len(said) :] if said else []
    return bool(said) and said == last and significant("".join(said)) >= _MIN_ABOVE
