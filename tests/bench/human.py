"""A person who types true source text, with what they do about ghost text. Pure and seeded.

The person wants the text of a *hole*: a piece cut out of a real file, typed back where it was, one hole after the other. What
they do at a place is drawn from (seed, file, place, question) and from nothing else, so the same person meets every server
with the same rhythm, the same slips and the same taste. The model, and why:

- **Rhythm.** Inside a word fingers run ahead of thought: a log-normal gap of 130 ms median. Starting a word takes longer, a
  symbol longer still (it wants Shift or a stretch).
- **Pauses.** People think where a statement starts, and now and then after `(`, `=`, `.` or `,`: 0.6 to 2.5 s. A pause is a
  gap of 500 ms or more; it is when ghost text can be of use at all.
- **Slips.** One key in forty is the neighbour's; it is noticed a moment later and taken back.
- **Editors help.** Enter brings the indentation that an editor would give, Backspace takes back a level of it, and for some
  people brackets close by themselves.
- **Looking at ghost text.** It is seen about 300 ms after it appears, and only if it is still there. In a pause most people
  take a suggestion that looks right; in the middle of a burst most type on. *Looks right* is what people check: the first
  word or two, or the first line, and at times a glance at the second one. Nobody reads eight lines. So a long suggestion with
  a wrong tail gets accepted, and taking out the wrong text costs a key for each word, from the end.
- **Not modelled.** Accepting a part of a suggestion, waiting on purpose for one, asking by hand, and turning off what annoys.

No draw looks at who answers. The constants were set with a naive server alone, to the figures known for it.
"""

from __future__ import annotations

import math
import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.bench.strokes import Hole, Stroke

PAUSE_S: Final = 0.5

_WORD_S: Final = 0.130
_WORD_START_S: Final = 0.165
_SYMBOL_S: Final = 0.190
_ENTER_S: Final = 0.240
_DELETE_S: Final = 0.110
_NOTICE_SLIP_S: Final = 0.260
_READ_ACCEPTED_S: Final = 0.450
_THINK_S: Final = 1.0
_THINK_MIN_S: Final = 0.6
_THINK_MAX_S: Final = 2.5
_THINK_AT_STATEMENT: Final = 0.75
_THINK_INSIDE: Final = 0.28
_THINK_AT_WORD: Final = 0.1
_SEES_AFTER_S: Final = 0.300
_SLIP: Final = 0.025
_TAKES_IN_PAUSE: Final = 0.75
_TAKES_IN_BURST: Final = 0.25
_CHECKS_ONE_WORD: Final = 0.15
_CHECKS_TWO_WORDS: Final = 0.33
_GLANCES_AT_SECOND_LINE: Final = 0.38
_LEAST_WORTH_CHARS: Final = 3
_TOKEN: Final = re.compile(r"\w+|[^\w\s]+")


@dataclass(frozen=True, slots=True)
class Person:
    """One seeded person at one file."""

    seed: int
    file: str
    closes_brackets: bool = False

    def _draw(self, place: int, question: str) -> random.Random:
        return random.Random(f"{self.seed}:{self.file}:{place}:{question}")

    def gap_s(self, hole: Hole, typed: str, stroke: Stroke, before: str) -> float:
        """Seconds from the last keystroke, named `before`, to `stroke`, with `typed` of the hole standing."""
        place = hole.offset + len(typed)
        draw = self._draw(place, f"gap:{stroke.name}")
        if stroke.name in ("backspace", "word", "delete"):
            if before == "accept":
                return _lognormal(draw, _READ_ACCEPTED_S, 0.3)
            return _lognormal(draw, _NOTICE_SLIP_S if before == "slip" else _DELETE_S, 0.25)
        gap_s = self._typing_s(draw, hole.text[: len(typed)], stroke)
        return gap_s + (_lognormal(draw, _READ_ACCEPTED_S, 0.3) / 2 if before == "accept" else 0.0)

    def _typing_s(self, draw: random.Random, typed: str, stroke: Stroke) -> float:
        last, char = typed[-1:], stroke.insert[:1]
        line = typed.rpartition("\n")[2]
        starts_statement = stroke.name != "enter" and not line.strip()
        if starts_statement:
            thinks = _THINK_AT_STATEMENT
        elif last in ("(", "=", ",", ".", "[", ":") or line.endswith(("return ", " = ", ", ", "if ", "in ")):
            thinks = _THINK_INSIDE
        else:
            thinks = _THINK_AT_WORD if char.isalnum() and not last.isalnum() else 0.0
        if draw.random() < thinks:
            return min(max(_lognormal(draw, _THINK_S, 0.45), _THINK_MIN_S), _THINK_MAX_S)
        if stroke.name == "enter":
            return _lognormal(draw, _ENTER_S, 0.35)
        if not (char.isalnum() or char in "_ "):
            return _lognormal(draw, _SYMBOL_S, 0.4)
        within = last.isalnum() or last == "_" or char == " "
        return _lognormal(draw, _WORD_S if within else _WORD_START_S, 0.35)

    def between_holes_s(self, hole: Hole) -> float:
        """Seconds to find the next place and start on it."""
        return 1.2 + self._draw(hole.offset, "find").random()

    def sees_after_s(self, place: int) -> float:
        """Seconds that ghost text must stand before this person has taken it in."""
        return min(max(_lognormal(self._draw(place, "see"), _SEES_AFTER_S, 0.2), 0.2), 0.5)

    def slips(self, place: int) -> bool:
        """Say whether the key at this place goes to its neighbour first."""
        return self._draw(place, "slip").random() < _SLIP

    def takes(self, place: int, shown: str, wanted: str, *, in_pause: bool) -> bool:
        """Say whether this person, who wants to type `wanted`, accepts `shown`."""
        draw = self._draw(place, "take" if in_pause else "take in burst")
        if draw.random() >= (_TAKES_IN_PAUSE if in_pause else _TAKES_IN_BURST):
            return False
        if len("".join(shown.split())) < _LEAST_WORTH_CHARS:
            return False
        care, glance = draw.random(), draw.random()
        words = 1 if care < _CHECKS_ONE_WORD else 2 if care < _CHECKS_ONE_WORD + _CHECKS_TWO_WORDS else None
        first, second = _first_lines(shown)
        true_first, true_second = _first_lines(wanted)
        if shown.startswith("\n") != wanted.startswith("\n") or not first:
            return False
        checked = first[:words]
        if checked != true_first[: len(checked)]:
            return False
        if glance < _GLANCES_AT_SECOND_LINE and second:
            return second[:1] == true_second[:1]
        return True


def _lognormal(draw: random.Random, median: float, sigma: float) -> float:
    return draw.lognormvariate(math.log(median), sigma)


def _first_lines(text: str) -> tuple[list[str], list[str]]:
    """The tokens of the first two lines that are not blank; a line break at the very start does not count as a line."""
    lines = [_TOKEN.findall(line) for line in text.lstrip("\n").split("\n")]
    first = lines[0]
    return first, next((line for line in lines[1:] if line), [])
