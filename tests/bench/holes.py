"""Where in a real file a person types: seeded holes in code, never in prose."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

from tests.bench.strokes import Hole, strokes_alone

if TYPE_CHECKING:
    from tests.bench.human import Person


def cut_holes(text: str, person: Person, strokes: int) -> tuple[str, list[Hole]]:
    """Cut holes worth about `strokes` keystrokes out of a file; return what is left of it and the holes, top down."""
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    draw = random.Random(f"{person.seed}:{person.file}:holes")
    taken = [False] * len(lines)
    holes: list[Hole] = []
    left = strokes
    for _ in range(1000):
        if left <= 0:
            break
        first = draw.randrange(len(lines) // 20, len(lines))
        height = draw.choice((1, 1, 2, 4, 6, 9, 12))
        last = min(first + height - 1, len(lines) - 2)
        hole = _hole(lines, starts, first, last, draw)
        if hole is None or any(taken[max(0, first - 6) : last + 7]):
            continue
        taken[first : last + 1] = [True] * (last + 1 - first)
        holes.append(hole)
        left -= strokes_alone(person, hole)
    holes.sort(key=lambda hole: hole.offset)
    for hole in reversed(holes):
        text = text[: hole.offset] + text[hole.offset + len(hole.text) :]
    return text, holes


def _hole(lines: list[str], starts: list[int], first: int, last: int, draw: random.Random) -> Hole | None:
    """A hole over whole lines, or over the end of one; None where nobody would type code, as in prose."""
    while last > first and not lines[last].strip():
        last -= 1
    piece = lines[first : last + 1]
    head = lines[first]
    if last < first or not head.strip() or any(not line.isascii() or "\t" in line for line in piece):
        return None
    prose = sum(not re.search(r"[=()\[\]:.,]", line) or '"""' in line for line in piece if line.strip())
    if prose * 3 > len(piece) or sum(len(line) for line in piece) < 12:
        return None
    indent = len(head) - len(head.lstrip())
    column = indent
    if first == last and draw.random() < 0.5:
        words = [found.start() for found in re.finditer(r"\b\w", head[indent:])]
        column = indent + draw.choice(words or [0])
    start, end = starts[first] + column, starts[last] + len(lines[last].rstrip())
    return Hole(start, "\n".join(lines)[start:end], indent) if end - start >= 8 else None
