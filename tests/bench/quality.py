"""The quality of suggestions beside the naive server's, in one table: `python -m tests.bench.quality`.

Three parts. Marker cases: the model's answer is known, and what should be shown. Dressed answers: real code in a chat model's
habits (`tests.bench.filters`). Typing: people type into both servers side by side (`tests.bench.typing`). `--model N` adds what a
real small model says at N places (`tests.bench.bad_model`), some eight seconds each.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tests.bench import bad_model, process, table
from tests.bench.filters import DEFECTS, cleaned, same, scenes
from tests.bench.typing import FULL, measure
from tests.markers.form import cases, read
from tests.markers.player import play_all_ways, wrong
from tests.support import real_model
from tests.support.cursor import parse
from typethrough.core.document.document import split_lines

if TYPE_CHECKING:
    from tests.markers.form import Case

_POSITIONS: Final = 200
_ANSWER_LINES: Final = 8
_KEYS: Final = 300
_TOLD: Final = (
    "upstream requests whose text is never shown",
    "suggestion on screen by the end of a pause",
    "suggestion on screen by the next key",
    "flicker / stale / unanswered / errors and messages / invalid items",
    "answers that contradict valid shown text",
    "keystrokes saved / accepted characters that are wrong",
    "suggestions shown and not wanted per 100 keystrokes",
)


def naive_text(answer: str) -> str:
    """What the naive server makes of an answer: its first lines, without the lines of fences."""
    lines = [line for line in answer.rstrip().split("\n") if not line.startswith("```")]
    return "\n".join(lines[:_ANSWER_LINES])


def is_right_plainly(case: Case) -> bool:
    """Whether the answer is right as the naive server puts it in: at the cursor, and over nothing."""
    text, cursor = parse(case.document)
    lines = split_lines(text)
    line, said = lines[cursor.line], naive_text(case.answers[0])
    if not said.strip():
        return case.or_nothing or (case.shown is not None and not case.shown)
    prefix, suffix = line[: cursor.column], line[cursor.column :]
    if case.shown is not None:
        return (said if suffix.strip() else prefix.lstrip() + said) in case.shown
    lines[cursor.line] = prefix + said + suffix
    return "".join(lines) in (case.after or ())


def of_markers() -> list[list[str]]:
    """A row: the marker cases in which one answer is given, and nothing was done before."""
    given = [
        case for case in map(read, cases()) if len(case.answers) == 1 and not (case.steps or case.message)
    ]
    with asyncio.Runner() as runner:
        ours = sum(not wrong(case, runner.run(play_all_ways(case))) for case in given)
    naive = sum(map(is_right_plainly, given))
    return [[f"marker cases right, of {len(given)}", str(naive), str(ours), "all"]]


def of_dressed() -> list[list[str]]:
    """A row: how often the truth is left of an answer in one of a chat model's habits."""
    places = scenes(_POSITIONS)
    naive = ours = count = 0
    for name, defect in DEFECTS.items():
        draw = random.Random(name)
        for scene in places:
            raw = defect(scene, draw)
            if raw is not None:
                count += 1
                naive += same(naive_text(raw), scene.truth, scene.view)
                ours += same(cleaned(raw, scene.view), scene.truth, scene.view)
    label = f"dressed answers that come out as the truth, {len(DEFECTS)} habits"
    return [[label, table.percent(naive / count), table.percent(ours / count), ""]]


def of_typing() -> list[list[str]]:
    """The rows of the typing benchmark that tell of suggestions, and not of time or cost."""
    size = replace(FULL, strokes=_KEYS)
    harvests = asyncio.run(measure([process.NAIVE, process.OURS], size, with_drills=False))
    both = [harvests[contestant.name] for contestant in (process.NAIVE, process.OURS)]
    return [
        [title, *(figure(one) for one in both), aim] for title, aim, figure in table.FIGURES if title in _TOLD
    ]


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.quality", description=__doc__)
    parser.add_argument(
        "--model", type=int, default=0, metavar="N", help="ask a real small model at N places"
    )
    parser.add_argument("--no-typing", action="store_true", help="leave out what takes minutes of real time")
    options = parser.parse_args()
    rows = [["figure", "naive", "typethrough", "aim"], ["---"] * 4, *of_markers(), *of_dressed()]
    rows += [] if options.no_typing else of_typing()
    print("\n".join(f"| {' | '.join(row)} |" for row in rows), flush=True)
    if options.model:
        print("\nA real small model, its answers as they are and what is shown of them:\n")
        with real_model.start() as model:
            print("\n".join(bad_model.measure(model, scenes(options.model), 0)))


if __name__ == "__main__":
    main()
