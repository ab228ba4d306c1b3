"""Typing rhythm, and the debounce that follows from it: how long to wait for the next key before asking a model.

Waiting costs latency, not waiting costs a request whenever the next key makes the question moot. Since a stream that the
typing still fits is joined and not started again, the wait only has to filter out bursts.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typethrough.core.context import Context

_WORD = re.compile(r"[^\W\d]\w{2,}$")
# Far enough to know the words in use, near enough to search in microseconds.
_NEAR_LINES = 150
_SLIP_PATIENCE = 3.5

# Longer gaps are pauses, not rhythm.
_PAUSE_MS = 1_000.0
# Until a user has typed enough to be known: the median of published keystroke data is about 150 ms.
_TYPICAL_INTERVAL_MS = 150.0


class Rhythm:
    """The last intervals between keystrokes of one document."""

    __slots__ = ("_intervals_ms", "last_edit_s")

    def __init__(self, samples: int = 40) -> None:
        self._intervals_ms: deque[float] = deque(maxlen=samples)
        self.last_edit_s = float("-inf")

    def note(self, now_s: float) -> None:
        """An edit happened now."""
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
    """The time to first token of late, as a median over the last streams."""

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
    context: Context,
    *,
    interval_ms: float,
    ttft_ms: float,
    budget_ms: float,
    min_ms: float,
    max_ms: float,
) -> float:
    """Milliseconds to wait after the last edit before the model is asked; never so long that the budget cannot be kept."""
    delay = interval_ms * _patience(context)
    delay = max(min_ms, min(delay, max_ms))
    return max(0.0, min(delay, budget_ms - ttft_ms * 1.5))


def _patience(context: Context) -> float:
    """How many typical intervals to wait: short where people stop to think, long where a key is likely to be taken back."""
    before = context.line_prefix
    if not before.strip():
        return 1.0
    last = before[-1]
    if last.isalnum() or last == "_":
        return _SLIP_PATIENCE if looks_like_a_slip(context) else 2.0
    return 1.0


def looks_like_a_slip(context: Context) -> bool:
    """Whether the word being typed has just left every word that stands near: most likely the wrong key was hit.

    The user notices within about 300 ms and takes it back; a question asked meanwhile would be asked for nothing.
    """
    match = _WORD.search(context.line_prefix)
    if match is None:
        return False
    word = match[0]
    near = "\n".join((*context.lines_before(_NEAR_LINES), *context.lines_after(_NEAR_LINES)))
    return word not in near and word[:-1] in near
