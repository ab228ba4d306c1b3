"""What one keystroke costs the document, at three sizes of file: an edit, the snapshot, and a look at the line.

Run `python -m tests.bench.document` in the project's root with `server` on PYTHONPATH, or `python tests/bench/document.py` with
the package installed. Prints medians; the sizes take turns, so that a busy machine slows all of them alike.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from typethrough.core.document.document import Document, Position

if TYPE_CHECKING:
    from collections.abc import Callable

_SIZES = (200, 5_000, 50_000)
_ROUNDS = 200
_KEYS_PER_ROUND = 50


def _text(lines: int) -> str:
    return "".join(f"    value_{index} = compute(value_{index - 1}, {index})\n" for index in range(lines))


def _type(doc: Document, at: Position) -> None:
    doc.replace(at, at, "x")
    doc.snapshot.line(at.line)


def _delete(doc: Document, at: Position) -> None:
    doc.replace(at, Position(at.line, at.column + 1), "")
    doc.snapshot.line(at.line)


def _break_line(doc: Document, at: Position) -> None:
    doc.replace(at, at, "\n    ")
    doc.snapshot.line(at.line + 1)


def _join_lines(doc: Document, at: Position) -> None:
    doc.replace(at, Position(at.line + 1, 4), "")
    doc.snapshot.line(at.line)


def _round_us(doc: Document, keys: tuple[Callable[[Document, Position], None], ...]) -> float:
    """Microseconds a key of one round; each key but the first undoes the one before it."""
    at = Position(doc.snapshot.line_count // 2, 8)
    start = time.perf_counter_ns()
    for _ in range(_KEYS_PER_ROUND // len(keys)):
        for key in keys:
            key(doc, at)
    return (time.perf_counter_ns() - start) / 1_000 / (_KEYS_PER_ROUND // len(keys) * len(keys))


def _medians_us(keys: tuple[Callable[[Document, Position], None], ...]) -> list[float]:
    documents = [Document("file:///bench.py", "python", 1, _text(size)) for size in _SIZES]
    rounds: list[list[float]] = [[] for _ in _SIZES]
    for _ in range(_ROUNDS):
        for figures, doc in zip(rounds, documents, strict=True):
            figures.append(_round_us(doc, keys))
    return [statistics.median(figures) for figures in rounds]


def main() -> None:
    """Print the table."""
    print(f"{'µs a key (median)':24}" + "".join(f"{size:>10,}" for size in _SIZES) + "     ratio")
    for name, keys in (
        ("a character", (_type, _delete)),
        ("a line break", (_break_line, _join_lines)),
    ):
        medians = _medians_us(keys)
        ratio = max(medians) / min(medians)
        print(f"{name:24}" + "".join(f"{figure:10.1f}" for figure in medians) + f"{ratio:9.2f}×")


if __name__ == "__main__":
    main()
