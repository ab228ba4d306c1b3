"""Quality, time and memory of the local lane on real code, and the calibration of its confidence.

`python -m tests.bench.local_lane [LANGUAGE…]` prints a table for each language; with `--calibrate`, fresh coefficients first,
fitted to six languages and put to use for the tables. Half of a language's files are known, a quarter calibrates, a quarter
is tested; four languages take no part in the calibration at all. A tested file is known too, but for the line in question, as
when somebody edits it. At last small projects are typed from their top, where nothing is known but the files beside and what
stands above.
"""

from __future__ import annotations

import argparse
import random
import sys
import sysconfig
import time
from collections import defaultdict
from math import exp
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.code_bases import CALIBRATED, SEED, UNSEEN, CodeFile, Split, files_of, split_of
from tests.bench.local_typing import Place, Typed, first_places, fits, places, type_files, type_lines
from tests.bench.repositories import RepositoryMissing
from typethrough.cli.demo.stretch import stretch_of
from typethrough.local import confidence
from typethrough.local.index import LocalIndex
from typethrough.local.predictor import CONFIDENT, USABLE, best, gather, judged, predict
from typethrough.local.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

POSITIONS = 3_000
CALIBRATION_POSITIONS = 4_000
TYPED_LINES = 1_000
YOUNG_FILES = 80
PROJECTS = 6
PROJECT_FILES = 5
PROJECT_LINES = 150
_RIDGE = 0.05


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)]


def held_mib(index: LocalIndex) -> float:
    """Return the memory of the index by its parts; resident memory would count what earlier work gave back."""
    parts: list[object] = [*index._keys._shards, index._bases, *index._bases, index._segments]
    parts += [part for segment in index._segments for part in (segment, segment.text)]
    parts += [part for entry in index._sources.values() for part in (entry, entry.addresses, entry.segments)]
    return sum(map(sys.getsizeof, parts)) / 2**20


def build(files: Sequence[CodeFile]) -> LocalIndex:
    index = LocalIndex()
    for file in files:
        index.add(file.name, file.text)
    return index


def report_index(files: Sequence[CodeFile]) -> LocalIndex:
    """Index a language's known files in slices, and print what that costs."""
    index = LocalIndex()
    slices_us: list[float] = []
    start = time.perf_counter()
    for file in files:
        last = time.perf_counter()
        for _ in index.indexing(file.name, file.text):
            now = time.perf_counter()
            slices_us.append((now - last) * 1e6)
            last = now
    seconds = time.perf_counter() - start
    size, lines = sum(len(file.text) for file in files), sum(len(file.lines) for file in files)
    print(
        f"  {len(files)} files known, {lines:,} lines: indexed at {size / 1e6 / seconds:.1f} MB/s, ", end=""
    )
    print(f"slice p99 {percentile(slices_us, 0.99) / 1e3:.2f} ms, {held_mib(index):.1f} MiB")
    return index


def report_positions(index: LocalIndex, files: Sequence[CodeFile]) -> None:
    """Print how often something is proposed at a cursor anywhere, and how much of it is right."""
    likeliest: list[tuple[float, bool, bool, int]] = []
    whole: list[tuple[float, bool, bool, int]] = []
    predict_us: list[float] = []
    for place in places(index, files, POSITIONS):
        start = time.thread_time()
        guesses = predict(index, place.view, place.imported)
        predict_us.append((time.thread_time() - start) * 1e6)
        chosen = best(guesses, USABLE) or best(guesses, 0.0)
        for guess, kept in ((chosen, likeliest), (best(guesses, 0.0, only_whole=True), whole)):
            if guess is not None:
                text = guess.text
                kept.append((guess.confidence, fits(text, place.truth), text == place.truth, len(text)))
    count = len(predict_us)
    print(
        f"  a guess takes p50 {percentile(predict_us, 0.5):.0f} µs, p99 {percentile(predict_us, 0.99):.0f} µs",
        end="",
    )
    print(" at places never seen before")
    print(
        "  precision at least   coverage   characters a hit   confidence there   coverage by whole rests of lines"
    )
    for wanted in (0.9, 0.8, 0.7, 0.6):
        share, characters, least = _coverage(likeliest, count, wanted, 1)
        print(f"  {wanted:18.0%} {share:10.1%} {characters:18.1f} {least:18.2f}", end="")
        print(f" {_coverage(whole, count, wanted, 2)[0]:34.1%}")
    shown = [guess for guess in likeliest if guess[0] >= USABLE]
    print(f"  shown from {USABLE}: {len(shown) / count:.1%}, right {_share(shown):.1%}; of it ", end="")
    bands = [[g for g in likeliest if low <= g[0] < low + 0.2] for low in (0.0, 0.2, 0.4, 0.6, 0.8)]
    told = ", ".join(
        f"{sum(g[0] for g in band) / len(band):.2f}→{_share(band):.2f}" for band in bands if band
    )
    print(f"mean confidence → share right {told}")


def _share(guesses: Sequence[tuple[float, bool, bool, int]]) -> float:
    return sum(guess[1] for guess in guesses) / max(1, len(guesses))


def _coverage(
    guesses: Sequence[tuple[float, bool, bool, int]], count: int, wanted: float, right: int
) -> tuple[float, float, float]:
    hits, characters = 0.0, 0.0
    row = (0.0, 0.0, 1.0)
    for number, guess in enumerate(sorted(guesses, reverse=True), 1):
        hits += guess[right]
        characters += guess[3] * guess[right]
        if hits >= wanted * number:
            row = (number / count, characters / max(1, hits), guess[0])
    return row


def report_lines(index: LocalIndex, files: Sequence[CodeFile]) -> None:
    for name, least in (("USABLE", USABLE), ("CONFIDENT", CONFIDENT)):
        typed = type_lines(index, files, TYPED_LINES, least)
        print(f"  {TYPED_LINES:,} lines, shown when {name}: {typed}; ", end="")
        print(f"p50 {percentile(typed.guess_us, 0.5):.0f} µs, p99 {percentile(typed.guess_us, 0.99):.0f} µs")


def report_projects(language: str) -> None:
    """Print what a project of five files, and a file alone, save."""
    for size in (PROJECT_FILES, 1):
        together = Typed()
        for others, file in projects(language, size):
            typed = type_files(others, file, 0, PROJECT_LINES, USABLE)
            together.keys += typed.keys
            together.saved += typed.saved
            together.shown += typed.shown
            together.right += typed.right
        print(f"  a file from its top, {size - 1} beside it: {together}")


def projects(language: str, size: int) -> Iterator[tuple[list[CodeFile], CodeFile]]:
    """Yield so many files of one folder, the last of which is to be typed."""
    folders: dict[str, list[CodeFile]] = defaultdict(list)
    for file in files_of(language):
        if 30 <= len(file.lines) <= 400:
            folders[file.name.rpartition("/")[0]].append(file)
    rng = random.Random(SEED)
    large = sorted(name for name, files in folders.items() if len(files) >= PROJECT_FILES)
    for name in rng.sample(large, min(PROJECTS, len(large))):
        *others, file = rng.sample(folders[name], PROJECT_FILES)
        yield others[: size - 1], file


def calibrate(languages: Sequence[str]) -> tuple[float, ...]:
    """Fit the logistic regression by Newton's method with a slight ridge, and print it."""
    rows: list[tuple[tuple[float, ...], bool]] = []
    for language in languages:
        split = split_of(language)
        index = build(split.indexed)
        rows += _rows(index, places(index, split.calibration, CALIBRATION_POSITIONS, SEED + 1))
        # Half of the places are in projects that have just begun: there the same signs are worth less.
        rng = random.Random(SEED + 2)
        young = [file for file in split.calibration if 30 <= len(file.lines) <= 400][:YOUNG_FILES]
        for file in young:
            index = build(rng.sample(split.indexed, rng.randrange(PROJECT_FILES)))
            rows += _rows(index, first_places(index, file, CALIBRATION_POSITIONS // YOUNG_FILES, rng))
    size = len(rows[0][0])
    weights = [0.0] * size
    for _ in range(10):
        system = [[_RIDGE * (i == j) for j in range(size)] + [-_RIDGE * weights[i]] for i in range(size)]
        for features, is_right in rows:
            score = sum(map(float.__mul__, weights, features))
            probability = 1 / (1 + exp(-max(-30.0, min(30.0, score))))
            slope = probability * (1 - probability)
            kept = [(i, feature) for i, feature in enumerate(features) if feature]
            for i, feature in kept:
                row, part = system[i], slope * feature
                row[size] += (is_right - probability) * feature
                for j, other in kept:
                    row[j] += part * other
        weights = [a + b for a, b in zip(weights, solve(system), strict=True)]
    print(f"calibrated on {len(rows):,} texts in {', '.join(languages)}:")
    print("(" + ", ".join(f"{weight:.3f}" for weight in weights) + ")")
    return tuple(round(weight, 3) for weight in weights)


def _rows(index: LocalIndex, found: Iterable[Place]) -> list[tuple[tuple[float, ...], bool]]:
    rows: list[tuple[tuple[float, ...], bool]] = []
    for place in found:
        scene = Scene.of(place.view)
        leads = gather(index, place.view, scene, place.imported)
        judgements = judged(index, leads, place.view, scene)
        rows += [(features, fits(cut.text, place.truth)) for cut, features in judgements]
    return rows


def solve(system: list[list[float]]) -> list[float]:
    """Solve a symmetric positive linear system, given with its right side as the last column."""
    size = len(system)
    for i in range(size):
        for row in range(size):
            if row != i:
                factor = system[row][i] / system[i][i]
                system[row] = [a - factor * b for a, b in zip(system[row], system[i], strict=True)]
    return [system[i][size] / system[i][i] for i in range(size)]


def report(language: str) -> None:
    try:
        split: Split = split_of(language)
    except RepositoryMissing as missing:
        print(f"\n{language}: left out, {missing}")
        return
    print(f"\n{language}{'' if language in CALIBRATED else ', which nothing was fitted to'}", flush=True)
    index = report_index(split.indexed)
    report_positions(index, split.test)
    report_lines(index, split.test)
    report_projects(language)


def report_first_minute() -> None:
    """Print what a new user sees who writes a function in a small project: `shlex.quote`, and the one that the demo types."""
    library = Path(sysconfig.get_path("stdlib"))
    demo = stretch_of(None)
    cases = (
        (
            "shlex.quote in its file, two beside it",
            library,
            ("shlex.py", "glob.py", "fnmatch.py"),
            "def quote(",
        ),
        ("shlex.quote in its file alone", library, ("shlex.py",), "def quote("),
    )
    print("\nThe first minute")
    for label, folder, names, mark in cases:
        file, *others = (
            CodeFile(name, "python", (folder / name).read_text("utf-8").split("\n")) for name in names
        )
        first = next(number for number, line in enumerate(file.lines) if line.startswith(mark))
        end = next(number for number in range(first + 1, len(file.lines)) if file.lines[number][:1].strip())
        _report_minute(label, type_files(others, file, first, end, USABLE))
    whole = CodeFile(demo.path.name, "python", (demo.before + demo.to_type).split("\n"))
    first = demo.before.count("\n") + 1
    _report_minute("the demo's function, its file alone", type_files([], whole, first, first + 12, USABLE))


def _report_minute(label: str, typed: Typed) -> None:
    right = typed.on_screen_right / max(1, typed.on_screen)
    print(
        f"  {label}: {typed}; at {typed.on_screen} of {typed.pauses} pauses something is there, {right:.0%} right"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("languages", nargs="*", default=[*CALIBRATED, *UNSEEN], metavar="LANGUAGE")
    parser.add_argument("--calibrate", action="store_true", help="fit the confidence anew first, and use it")
    options = parser.parse_args()
    if options.calibrate:
        vars(confidence)["_COEFFICIENTS"] = calibrate(CALIBRATED)
    for language in options.languages:
        report(language)
    report_first_minute()


if __name__ == "__main__":
    main()
