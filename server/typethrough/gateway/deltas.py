"""Finds what each delta of a stream adds to the text, even if a gateway repeats text. Pure.

Some gateways send the whole text so far in each delta, or once more in the last one, or as a `message` at the end. But a
correct stream may repeat itself too: "ha", "ha". So a delta that begins with the whole text so far is held back until the
next ones show which of both it is.
"""

from __future__ import annotations

from itertools import pairwise

# No model writes this much text twice in a row as its first two deltas.
_TELLING_CHARS = 12
_TELLING_TIMES = 2
_TELLING_WORDS = 3


class Deltas:
    """The text of one stream. Each call returns only new text, to be appended to what was returned before."""

    def __init__(self) -> None:
        self._text = ""
        self._pieces = 0
        self._held: list[str] = []
        self._is_cumulative = False

    @property
    def has_words(self) -> bool:
        """Whether any text other than white space has come."""
        return bool(self._text.strip()) or bool(self._held)

    def add(self, delta: str) -> str:
        """The text that a delta adds. Empty while the delta may be a repetition."""
        if not delta:
            return ""
        if self._is_cumulative:
            return self._grown_to(delta) if delta.startswith(self._text) else ""
        so_far = self._held[-1] if self._held else self._text
        if not so_far or not delta.startswith(so_far) or (self._held and delta == so_far):
            return self._taken(delta)
        self._held.append(delta)
        growths = [before for before, one in pairwise([self._text, *self._held]) if _grew(before, one)]
        if len(growths) >= _TELLING_TIMES or any(len(before) >= _TELLING_CHARS for before in growths):
            self._is_cumulative = True
            return self._grown_to(delta)
        return ""

    def whole(self, message: str) -> str:
        """The text that a whole message after the deltas adds. None of it if it does not begin with their text."""
        if not message.startswith(self._text):
            return self.end()
        self._is_cumulative = True
        return self._grown_to(message)

    def end(self, *, in_last: bool = False) -> str:
        """The text that is still held back, when no more will come. If the last delta is the whole text, it adds nothing.

        `in_last`: the delta came in the chunk that ends the stream. In a correct stream that one is usually empty.
        """
        if not self._held:
            return ""
        whole = self._held[-1]
        is_telling = len(self._text) >= _TELLING_CHARS or (in_last and len(whole.split()) >= _TELLING_WORDS)
        return self._grown_to(whole) if self._pieces > 1 or is_telling else self._taken("")

    def _taken(self, delta: str) -> str:
        added = "".join([*self._held, delta])
        self._pieces += len(self._held) + bool(delta)
        self._held = []
        self._text += added
        return added

    def _grown_to(self, text: str) -> str:
        added = text[len(self._text) :]
        self._held = []
        self._text = text
        return added


def _grew(before: str, after: str) -> bool:
    """Whether the growth of a text cannot come from a correct stream. "a", "aa", "aaa" may be pieces of many a's."""
    if len(after) == len(before) or not before.strip():
        return False
    return after != (before * (len(after) // len(before) + 1))[: len(after)]
