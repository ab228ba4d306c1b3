"""Quality, time and memory of the local lane on real code, and the calibration of its confidence.

Run ``python -m tests.bench.local_lane`` for the table, with ``--calibrate`` for fresh coefficients first. Files are split by
a seeded shuffle: half are indexed, a quarter calibrates, a quarter is tested. A tested file is indexed too, without the line
in question, as when somebody edits it. A position is a cursor anywhere in a line, its end included.
"""

import argparse
import random
import shutil
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import exp
from pathlib import Path

from typethrough.local.index import LocalIndex
from typethrough.local.predictor import CONFIDENT, USABLE, gather, predict

SEED = 20_260_101
POSITIONS = 6_000
TYPED_LINES = 1_000
LINES_BEFORE = 8
SKIPPED_FOLDERS = {
    "site-packages",
    "test",
    "tests",
    "idle_test",
    "pydoc_data",
    "encodings",
    "dist",
    "__pycache__",
}


@dataclass(slots=True)
class CodeFile:
    name: str
    lines: list[str]


@dataclass(slots=True)
class Position:
    """A held-out cursor: the file, the line, the column and what really followed."""

    file: CodeFile
    line: int
    column: int

    @property
    def prefix(self) -> str:
        return self.file.lines[self.line][: self.column]

    @property
    def truth(self) -> str:
        return self.file.lines[self.line][self.column :].rstrip()

    @property
    def before(self) -> list[str]:
        return self.file.lines[max(0, self.line - LINES_BEFORE) : self.line]


@dataclass(slots=True)
class Split:
    indexed: list[CodeFile]
    calibration: list[CodeFile]
    test: list[CodeFile]


@dataclass(slots=True)
class Measured:
    guesses: list[tuple[float, bool, int]] = field(default_factory=list)
    positions: int = 0
    predict_us: list[float] = field(default_factory=list)
    edit_us: list[float] = field(default_factory=list)


def load(root: Path, pattern: str) -> list[CodeFile]:
    files = []
    for path in sorted(root.rglob(pattern)):
        parts = path.relative_to(root).parts
        if SKIPPED_FOLDERS.isdisjoint(parts) and 400 < path.stat().st_size < 300_000:
            try:
                files.append(CodeFile("/".join(parts), path.read_text("utf-8").split("\n")))
            except UnicodeDecodeError:
                continue
    return files


def split_files(files: list[CodeFile]) -> Split:
    shuffled = files[:]
    random.Random(SEED).shuffle(shuffled)
    half, quarter = len(files) // 2, len(files) // 4
    return Split(shuffled[:half], shuffled[half : half + quarter], shuffled[half + quarter :])


def held_out(index: LocalIndex, files: list[CodeFile], positions: int) -> Iterator[Position]:
    """Index each file in turn and yield positions in it, each while its line is cut at the cursor."""
    rng = random.Random(SEED)
    total = sum(len(file.lines) for file in files)
    for file in files:
        index.add(file.name, "\n".join(file.lines))
        code = [number for number, line in enumerate(file.lines) if line.strip()]
        for _ in range(max(1, round(positions * len(file.lines) / total))):
            number = rng.choice(code)
            line = file.lines[number].rstrip()
            column = rng.randint(len(line) - len(line.lstrip()), len(line))
            index.replace_lines(file.name, number, 1, [line[:column]])
            yield Position(file, number, column)
            index.replace_lines(file.name, number, 1, [line])
        index.remove(file.name)


def microseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e6


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)]


def held_mib(index: LocalIndex) -> float:
    """Return the memory of the index by its parts; resident memory would count what earlier work gave back."""
    parts: list[object] = [*index._keys._shards, index._bases, *index._bases, index._segments]
    parts += [part for segment in index._segments for part in (segment, segment.text)]
    parts += [part for entry in index._sources.values() for part in (entry, entry.addresses, entry.segments)]
    return sum(map(sys.getsizeof, parts)) / 2**20


def build(files: list[CodeFile], label: str) -> LocalIndex:
    index = LocalIndex()
    texts = [(file.name, "\n".join(file.lines)) for file in files]
    size, lines = sum(len(text) for _, text in texts), sum(len(file.lines) for file in files)
    slices_us = []
    start = time.perf_counter()
    for name, text in texts:
        last = time.perf_counter()
        for _ in index.indexing(name, text):
            now = time.perf_counter()
            slices_us.append((now - last) * 1e6)
            last = now
    seconds = time.perf_counter() - start
    memory_mib = held_mib(index)
    print(f"\n{label}: {len(files)} files, {lines:,} lines, {size / 1e6:.1f} MB indexed")
    print(
        f"  indexing {size / 1e6 / seconds:.1f} MB/s, slice p50 {percentile(slices_us, 0.5) / 1e3:.2f} ms, ",
        end="",
    )
    print(
        f"p99 {percentile(slices_us, 0.99) / 1e3:.2f} ms; {index.entries / lines:.1f} entries a line; ",
        end="",
    )
    print(f"memory {memory_mib:.1f} MiB ({memory_mib / lines * 1e5:.1f} MiB per 100,000 lines)")
    return index


def measure(index: LocalIndex, files: list[CodeFile]) -> Measured:
    measured = Measured()
    for at in held_out(index, files, POSITIONS):
        line = at.file.lines[at.line]

        def edit(at: Position = at, line: str = line) -> None:
            index.replace_lines(at.file.name, at.line, 1, [line[: at.column]])

        measured.edit_us.append(microseconds(edit))
        start = time.perf_counter()
        guess = predict(index, at.file.name, at.prefix, at.before, "", "")
        measured.predict_us.append((time.perf_counter() - start) * 1e6)
        measured.positions += 1
        if guess is not None:
            measured.guesses.append((guess.confidence, guess.text == at.truth, len(guess.text)))
    return measured


def report(measured: Measured) -> None:
    guesses = sorted(measured.guesses, reverse=True)
    print(f"  predict p50 {percentile(measured.predict_us, 0.5):.0f} µs, ", end="")
    print(f"p99 {percentile(measured.predict_us, 0.99):.0f} µs; ", end="")
    print(f"edit in the line being written p50 {percentile(measured.edit_us, 0.5):.1f} µs, ", end="")
    print(f"p99 {percentile(measured.edit_us, 0.99):.1f} µs; {measured.positions:,} positions")
    print("  precision at least   coverage   characters a hit   confidence there")
    for wanted in (0.9, 0.8, 0.7, 0.6):
        right = characters = 0
        row = (0.0, 0.0, 1.0)
        for number, (confidence, is_right, length) in enumerate(guesses, 1):
            right += is_right
            characters += length * is_right
            if right >= wanted * number:
                row = (number / measured.positions, characters / right, confidence)
        print(f"  {wanted:18.0%} {row[0]:10.1%} {row[1]:18.1f} {row[2]:18.2f}")
    print("  confidence at least  coverage  precision  characters a hit")
    for name, threshold in (("CONFIDENT", CONFIDENT), ("USABLE", USABLE)):
        chosen = [guess for guess in guesses if guess[0] >= threshold]
        hits = [length for _, is_right, length in chosen if is_right]
        print(f"  {name:10} {threshold:7.2f} {len(chosen) / measured.positions:10.1%}", end="")
        print(f" {len(hits) / len(chosen):10.1%} {sum(hits) / len(hits):17.1f}")
    bands = [[g for g in guesses if low <= g[0] < low + 0.2] for low in (0.0, 0.2, 0.4, 0.6, 0.8)]
    told = ", ".join(
        f"{sum(g[0] for g in band) / len(band):.2f}→{sum(g[1] for g in band) / len(band):.2f}"
        for band in bands
        if band
    )
    print(f"  calibration, mean confidence → share right: {told}")


def type_lines(index: LocalIndex, files: list[CodeFile], threshold: float) -> tuple[float, float]:
    """Type held-out lines key by key, accepting right guesses; return characters saved and wrong guesses shown, per key."""
    keys = saved = wrong = 0
    for at in held_out(index, files, TYPED_LINES):
        line = at.file.lines[at.line].rstrip()
        column = len(line) - len(line.lstrip())
        keys += len(line) - column
        while column <= len(line):
            guess = predict(index, at.file.name, line[:column], at.before, "", "")
            if guess is not None and guess.confidence >= threshold:
                if guess.text == line[column:]:
                    saved += len(guess.text) - 1
                    break
                wrong += 1
            column += 1
    return saved / keys, wrong / keys


def calibrate(index: LocalIndex, files: list[CodeFile]) -> list[float]:
    """Fit the logistic regression by Newton's method with a slight ridge."""
    rows: list[tuple[tuple[float, ...], bool]] = []
    for at in held_out(index, files, 3 * POSITIONS):
        evidence = gather(index, at.file.name, at.prefix, at.before, "")
        if evidence is not None:
            rows.append((evidence.features, evidence.text.decode("utf-8", "replace") == at.truth))
    size = len(rows[0][0])
    weights = [0.0] * size
    for _ in range(12):
        system = [[0.01 * (i == j) for j in range(size)] + [-0.01 * weights[i]] for i in range(size)]
        for features, is_right in rows:
            score = sum(a * b for a, b in zip(weights, features, strict=True))
            probability = 1 / (1 + exp(-max(-30.0, min(30.0, score))))
            slope = probability * (1 - probability)
            for i, feature in enumerate(features):
                system[i][size] += (is_right - probability) * feature
                for j, other in enumerate(features):
                    system[i][j] += slope * feature * other
        weights = [a + b for a, b in zip(weights, solve(system), strict=True)]
    print(f"calibrated on {len(rows):,} guesses at {3 * POSITIONS:,} positions in {len(files)} files:")
    print("  (" + ", ".join(f"{weight:.3f}" for weight in weights) + ")")
    return weights


def solve(system: list[list[float]]) -> list[float]:
    """Solve a symmetric positive linear system, given with its right side as the last column."""
    size = len(system)
    for i in range(size):
        for row in range(size):
            if row != i:
                factor = system[row][i] / system[i][i]
                system[row] = [a - factor * b for a, b in zip(system[row], system[i], strict=True)]
    return [system[i][size] / system[i][i] for i in range(size)]


def report_edits() -> None:
    """Print what Enter costs in files of three sizes: the line left is indexed, and all lines below move."""
    for lines in (200, 5_000, 50_000):
        index = LocalIndex()
        index.add(
            "file",
            "\n".join(f"name{number} = call(value, {number})" for number in range(lines)),
            is_open=True,
        )
        times_us = []
        for number in range(500):
            new = [f"self.field{number} = compute(self.field, {number})", "    "]
            start = time.perf_counter()
            index.replace_lines("file", lines // 3 + number // 10, 1, new)
            times_us.append((time.perf_counter() - start) * 1e6)
        print(f"  Enter in a file of {lines:6,} lines: ", end="")
        print(f"p50 {percentile(times_us, 0.5):.0f} µs, p99 {percentile(times_us, 0.99):.0f} µs")


def code_bases() -> Iterator[tuple[str, Path, str]]:
    yield "Python standard library", Path(sysconfig.get_path("stdlib")), "*.py"
    npm = shutil.which("npm")
    if npm is not None:
        yield "JavaScript of npm", Path(npm).resolve().parent.parent, "*.js"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--calibrate", action="store_true", help="print fresh coefficients from the Python code first"
    )
    with_calibration = parser.parse_args().calibrate
    for label, root, pattern in code_bases():
        files = split_files(load(root, pattern))
        index = build(files.indexed, label)
        if with_calibration and pattern == "*.py":
            calibrate(index, files.calibration)
        report(measure(index, files.test))
        for name, threshold in (("CONFIDENT", CONFIDENT), ("USABLE", USABLE)):
            saved, wrong = type_lines(index, files.test, threshold)
            print(f"  typing {TYPED_LINES:,} lines, shown when {name}: ", end="")
            print(f"{saved:.0%} of keys saved, {wrong * 100:.1f} wrong suggestions per 100 keys")
    print("\nEdits")
    report_edits()


if __name__ == "__main__":
    main()
