"""The demo's person: the rhythm of typing, from a seed, and reactions to ghost text. Pure: it returns waiting times but never
waits.

The person types fast inside words, slower at symbols and line starts, and pauses before some statements. They accept ghost text
only if it is what they want to write, after about a third of a second for reading it. Sometimes they type through it instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from random import Random

_IN_WORD_S = 0.105
_SYMBOL_S = 0.165
_LINE_START_S = 0.28
_THINK_S = 0.75
_THINK_SHARE = 0.55
_SPREAD = 0.32
_REACTION_S = (0.26, 0.42)
_READING_S_PER_LINE = 0.18
_MAX_READING_S = 1.4
_WORTH_A_TAB_CHARS = 3
_WORTH_IT_WITHIN_A_LINE_CHARS = 8
_TAKES_AT_ONCE = 0.72
_TAKES_LATER = 0.3


class Act(Enum):
    """What the person does next."""

    TYPE = "type"
    ACCEPT = "accept"


@dataclass(frozen=True, slots=True)
class Move:
    """The next act. The person does it after `wait_s` seconds."""

    act: Act
    wait_s: float


class Typist:
    """One person. The same seed, text and ghost text always give the same behaviour."""

    def __init__(self, seed: int, speed: float = 1.0) -> None:
        self._random = Random(seed)  # noqa: S311  # rhythm, not cryptography
        self._speed = speed
        self._considered = ""

    def pause_s(self, typed: str, upcoming: str) -> float:
        """Seconds between the last key and the next one, without ghost text to read."""
        last, following = typed[-1:], upcoming[:1]
        if typed and not typed.rpartition("\n")[2].strip():
            base = _THINK_S if self._random.random() < _THINK_SHARE else _LINE_START_S
        elif following.isalnum() and last.isalnum():
            base = _IN_WORD_S
        else:
            base = _SYMBOL_S
        return base * self._random.lognormvariate(0.0, _SPREAD) / self._speed

    def step(self, ghost: str, upcoming: str) -> Move:
        """The next move after the pause. `ghost` is the text on the screen, empty if there is none."""
        if not self._wanted(ghost, upcoming):
            self._considered = ""
            return Move(Act.TYPE, 0.0)
        seen_before = bool(self._considered) and self._considered.endswith(ghost)
        self._considered = ghost
        takes = self._random.random() < (_TAKES_LATER if seen_before else _TAKES_AT_ONCE)
        if not takes:
            return Move(Act.TYPE, 0.0)
        reading_s = min(_MAX_READING_S, ghost.count("\n") * _READING_S_PER_LINE)
        return Move(Act.ACCEPT, (self._random.uniform(*_REACTION_S) + reading_s) / self._speed)

    @staticmethod
    def _wanted(ghost: str, upcoming: str) -> bool:
        # A text that ends inside a word is not taken: typing on is faster.
        inside_word = ghost[-1:].isalnum() and upcoming[len(ghost) : len(ghost) + 1].isalnum()
        # The end of a line is a natural place to stop. A few characters within a line are typed before they are read.
        ends_line = upcoming[len(ghost) : len(ghost) + 1] in {"", "\n"}
        worth = _WORTH_A_TAB_CHARS if ends_line else _WORTH_IT_WITHIN_A_LINE_CHARS
        return upcoming.startswith(ghost) and len(ghost) >= worth and not inside_word


def keystroke(upcoming: str) -> str:
    """The text that one key inserts: a character, or a line end with the indentation that an editor adds."""
    if not upcoming.startswith("\n"):
        return upcoming[:1]
    line = upcoming[1:].partition("\n")[0]
    return "\n" + line[: len(line) - len(line.lstrip())] if line.strip() else "\n"


def keystrokes(text: str) -> int:
    """How many keys it takes to type a text without ghost text."""
    count = 0
    while text:
        text = text[len(keystroke(text)) :]
        count += 1
    return count
