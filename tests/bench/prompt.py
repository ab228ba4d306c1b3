"""What the prompt costs on the way of a keystroke, at three sizes of file: noting the edit, building, and freezing apart.

Run `python -m tests.bench.prompt` in the project's root with `server` on PYTHONPATH. Prints medians and the 99th percentile.
"""

from __future__ import annotations

import statistics
import time

from tests.support.permits import ROOT, send, tell
from typethrough.core.document.document import Document, Position
from typethrough.core.document.view import View
from typethrough.core.models import profile_of
from typethrough.core.prompt.economist import Terms
from typethrough.core.prompt.layout import PromptState
from typethrough.core.settings.schema import DEFAULT_MODEL

_SIZES = (200, 5_000, 50_000)
_KEYS = 2_000
_COLD = 30
_ANCHOR_CHARS = 28_800


class _Typing:
    """One document, with a prompt built after every key."""

    def __init__(self, lines: int) -> None:
        text = "".join(f"    value_{index} = compute(value_{index - 1}, {index})\n" for index in range(lines))
        self.document = Document(f"{ROOT}/src/bench.py", "python", 1, text)
        self.state = PromptState(tell("src/bench.py"), "python", "bench")
        self.at = Position(lines // 2, 4)
        self.figures: dict[str, list[float]] = {"freeze": [], "note": [], "build": []}

    def freeze(self) -> None:
        self.state = PromptState(tell("src/bench.py"), "python", "bench")
        self._build("freeze")

    def key(self, number: int) -> None:
        text = "\n    " if number % 30 == 29 else "x"
        before = self.document.snapshot
        edit = self.document.replace(self.at, self.at, text)
        start_s = time.perf_counter()
        self.state.note(edit, before)
        self.figures["note"].append((time.perf_counter() - start_s) * 1_000)
        self.at = edit.new_end
        self._build("build")

    def _build(self, figure: str) -> None:
        view = View.at(self.document.snapshot, self.at, language_id="python", uri=self.document.uri)
        permit = send("src/bench.py")
        start_s = time.perf_counter()
        self.state.build(permit, view, Terms(profile_of(DEFAULT_MODEL), _ANCHOR_CHARS, 256), 0.0)
        self.figures[figure].append((time.perf_counter() - start_s) * 1_000)


def main() -> None:
    """Print the table."""
    documents = [_Typing(size) for size in _SIZES]
    for _ in range(_COLD):
        for typing in documents:
            typing.freeze()
    for number in range(_KEYS):
        for typing in documents:
            typing.key(number)
    print(f"{'ms':34}" + "".join(f"{size:>16,}" for size in _SIZES) + "  lines")
    for figure, name in (
        ("note", "an edit noted, p50 / p99"),
        ("build", "a prompt built, p50 / p99"),
        ("freeze", "the file frozen as well, p50 / p99"),
    ):
        cells = []
        for typing in documents:
            sample = typing.figures[figure]
            cells.append(f"{statistics.median(sample):.3f} / {statistics.quantiles(sample, n=100)[98]:.3f}")
        print(f"{name:34}" + "".join(f"{cell:>16}" for cell in cells))


if __name__ == "__main__":
    main()
