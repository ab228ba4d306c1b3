"""A person who types at the pace of the answers: bursts of keys, and after each a pause until the server has said something.

For sessions against servers whose speed is not ours to choose, and for tests, which wait for events and never for a time. What is
typed, where the bursts end and what is slipped is drawn from a seed; when it happens is up to the server.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from tests.bench.holes import cut_holes
from tests.bench.human import Person

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.bench.strokes import Hole
    from tests.support.fake_editor import FakeEditor

_BURST_KEYS: Final = (1, 2, 3, 4, 6, 8)
_SLIPS: Final = 0.15
_TAKES: Final = 0.5


class Steady:
    """One seeded person at one file. `text` is the file before typing; a request may take `patience_s` to be answered.

    `settled` is waited for in each pause, after the answer: for a model to come to its end, say.
    """

    def __init__(
        self,
        true_text: str,
        seed: int,
        strokes: int,
        *,
        patience_s: float = 30.0,
        settled: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.true_text = true_text
        self.text, self._holes = cut_holes(true_text, Person(seed, "steady"), strokes)
        self.keys = 0
        self.pauses = 0
        self.accepted = 0
        self._patience_s = patience_s
        self._settled = settled
        self._draw = random.Random(f"steady:{seed}")
        # Not top down: people go where they are needed.
        self._draw.shuffle(self._holes)
        self._typed: set[int] = set()

    async def run(self, editor: FakeEditor) -> None:
        """Type every hole into the editor, which holds `text`. Raises RuntimeError when the text comes out wrong."""
        for hole in self._holes:
            await self._fill(editor, hole)
            self._typed.add(hole.offset)
        if editor.text != self.true_text:
            raise RuntimeError("the person did not type the true text")

    async def _fill(self, editor: FakeEditor, hole: Hole) -> None:
        editor.move_to(self._place(hole))
        rest = hole.text
        while rest:
            for char in rest[: self._draw.choice(_BURST_KEYS)]:
                editor.type(char)
                self.keys += 1
                rest = rest[1:]
            if self._draw.random() < _SLIPS:
                await self._slip(editor)
            await self._pause(editor)
            shown = editor.ghost_text
            # Only what is right is taken, so that the text comes out right.
            if shown and rest.startswith(shown) and self._draw.random() < _TAKES:
                rest = rest[len(editor.accept()) :]
                self.accepted += 1

    def _place(self, hole: Hole) -> tuple[int, int]:
        """Line and column of a hole, with the holes above it typed or not."""
        before = [one for one in self._holes if one.offset < hole.offset and one.offset not in self._typed]
        head = self.true_text[: hole.offset]
        for one in sorted(before, key=lambda one: -one.offset):
            head = head[: one.offset] + head[one.offset + len(one.text) :]
        return head.count("\n"), len(head) - head.rfind("\n") - 1

    async def _slip(self, editor: FakeEditor) -> None:
        """A wrong key, seen when the server has answered, and taken back: what is under way no longer fits."""
        editor.type("~")
        await self._pause(editor)
        line, column = editor.cursor
        editor.edit((line, column - 1), (line, column), "")
        self.keys += 2

    async def _pause(self, editor: FakeEditor) -> None:
        self.pauses += 1
        if editor.asked:
            await editor.asked[-1].reply.value(self._patience_s)
        if self._settled is not None:
            await self._settled()
