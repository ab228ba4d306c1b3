"""The person of the demo: a seeded typing rhythm, and what they do about ghost text. Pure; time is only proposed, never spent.

They type in bursts inside words, slow down at symbols and line starts, and stop to think before a statement. They take ghost text
only when it is what they were about to write, after the third of a second it takes to read it; now and then they type through it.
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
_TAKES_AT_ONCE = 0.72
_TAKES_LATER = 0.3


class Act(Enum):
    """What the person does next."""

    TYPE = "type"
    ACCEPT = "accept"


@dataclass(frozen=True, slots=True)
class Move:
    """The next act, after `wait_s` more."""

    act: Act
    wait_s: float


class Typist:
    """One person. The same seed, text and ghost text give the same person."""

    def __init__(self, seed: int, speed: float = 1.0) -> None:
        self._random = Random(seed)  # noqa: S311  # rhythm, not cryptography
        self._speed = speed
        self._considered = ""

    def pause_s(self, typed: str, upcoming: str) -> float:
        """Seconds from the last key to the next one, were there no ghost text to read."""
        last, following = typed[-1:], upcoming[:1]
        if typed and not typed.rpartition("\n")[2].strip():
            base = _THINK_S if self._random.random() < _THINK_SHARE else _LINE_START_S
        elif following.isalnum() and last.isalnum():
            base = _IN_WORD_S
        else:
            base = _SYMBOL_S
        return base * self._random.lognormvariate(0.0, _SPREAD) / self._speed

    def step(self, ghost: str, upcoming: str) -> Move:
        """What they do now that the pause is over and `ghost` ("" for none) is on screen."""
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
        # Taking "sett" when "settings" was meant would cost more looking than it saves typing.
        inside_word = ghost[-1:].isalnum() and upcoming[len(ghost) : len(ghost) + 1].isalnum()
        return upcoming.startswith(ghost) and len(ghost) >= _WORTH_A_TAB_CHARS and not inside_word


def keystroke(upcoming: str) -> str:
    """What one key brings: a character, or a line end with the indentation the editor adds to it."""
    if not upcoming.startswith("\n"):
        return upcoming[:1]
    line = upcoming[1:].partition("\n")[0]
    return "\n" + line[: len(line) - len(line.lstrip())] if line.strip() else "\n"


def keystrokes(text: str) -> int:
    """Keys needed to type a text with no ghost text."""
    count = 0
    while text:
        text = text[len(keystroke(text)) :]
        count += 1
    return count
