"""Typing rhythm, and the debounce that follows from it: how long to wait for the next key before asking a model.

Waiting costs latency, not waiting costs a request whenever the next key makes the question moot. Since a stream that the
typing still fits is joined and not started again, the wait only has to filter out bursts.
"""

from __future__ import annotations

import re
from collections import deque
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_WORD = re.compile(r"[^\W\d]\w*$")
# Far enough to know the words in use, near enough to search in microseconds.
_NEAR_LINES = 150


class Word(Enum):
    """What stands right before the cursor."""

    BLANK = "nothing but indentation"
    NONE = "no word"
    KNOWN = "a word, or the beginning of one, that stands near"
    UNKNOWN = "a new word"
    LEFT = "a word that stood near until its last character: most likely a slip"


# How many typical intervals to wait. Short where people stop to think; long where the next key most likely follows or the last
# one is taken back: on a blank line for one more Enter or another depth, in a new word for its end.
_PATIENCE = {Word.BLANK: 0.8, Word.NONE: 0.7, Word.KNOWN: 2.6, Word.UNKNOWN: 4.0}
# People notice a slip within 200 to 400 ms, and delete at about the same rate.
_TAKING_BACK_MS = 450.0

# Longer gaps are pauses, not rhythm.
_PAUSE_MS = 1_000.0
# Until a user has typed enough to be known: the median of published keystroke data is about 150 ms.
_TYPICAL_INTERVAL_MS = 150.0


class Rhythm:
    """The last intervals between keystrokes of one document."""

    __slots__ = ("_intervals_ms", "deleting", "last_edit_s")

    def __init__(self, samples: int = 40) -> None:
        self._intervals_ms: deque[float] = deque(maxlen=samples)
        self.last_edit_s = float("-inf")
        self.deleting = False

    def note(self, now_s: float) -> None:
        """A change happened now."""
        interval_ms = (now_s - self.last_edit_s) * 1_000
        if interval_ms < _PAUSE_MS:
            self._intervals_ms.append(interval_ms)
        self.last_edit_s = now_s

    def interval_ms(self) -> float:
        """The median interval inside bursts."""
        if len(self._intervals_ms) < 5:
            return _TYPICAL_INTERVAL_MS
        return sorted(self._intervals_ms)[len(self._intervals_ms) // 2]


class Latency:
    """The median time to first token over the last streams."""

    __slots__ = ("_samples_ms",)

    def __init__(self, samples: int = 16) -> None:
        self._samples_ms: deque[float] = deque(maxlen=samples)

    def note(self, ttft_ms: float) -> None:
        """A stream gave its first text after `ttft_ms`."""
        self._samples_ms.append(ttft_ms)

    def median_ms(self, default_ms: float = 400.0) -> float:
        """The median, or `default_ms` before anything was measured."""
        if not self._samples_ms:
            return default_ms
        return sorted(self._samples_ms)[len(self._samples_ms) // 2]


def debounce_ms(
    view: View,
    *,
    interval_ms: float,
    deleting: bool,
    ttft_ms: float,
    budget_ms: float,
    min_ms: float,
    max_ms: float,
) -> float:
    """Milliseconds to wait after the last edit before the model is asked; never so long that the budget cannot be kept.

    `deleting` says that the last edit only removed text: more of that usually follows, a word or a level at a time.
    """
    word = word_at(view)
    if deleting or word is Word.LEFT:
        # Whatever would be answered now is about to change: that the answer may come late costs nothing.
        return max(min_ms, min(_TAKING_BACK_MS, max_ms, budget_ms / 2))
    delay = max(min_ms, min(interval_ms * _PATIENCE[word], max_ms))
    # Half of all streams take longer than the median: leave them room.
    return max(0.0, min(delay, budget_ms - ttft_ms * 1.5))


def word_at(view: View) -> Word:
    """What the characters before the cursor are, judged by the words that stand near."""
    line = view.line_prefix
    if not line.strip():
        return Word.BLANK
    match = _WORD.search(view.word)
    if match is None:
        return Word.NONE
    word = match[0]
    near = "\n".join((*view.lines_before(_NEAR_LINES), *view.lines_after(_NEAR_LINES)))
    if word in near:
        return Word.KNOWN
    return Word.LEFT if len(word) > 2 and word[:-1] in near else Word.UNKNOWN
