"""Typing that the local lane's benchmark watches: positions with the rest of the line unknown, lines, and files from their top.

What is proposed is right when the text goes on so, as far as it goes, and it does not end inside a word. The person takes
whatever is right, and nothing else; the key that takes it is not saved.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from tests.bench.code_bases import SEED, CodeFile
from typethrough.core.document.document import Document, Position
from typethrough.core.document.view import View
from typethrough.engine.libraries import Libraries
from typethrough.engine.workspace import LocalDisk
from typethrough.local.index import LocalIndex
from typethrough.local.lines import is_word
from typethrough.local.predictor import best, predict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from typethrough.local.imported import Imported

LONGEST_LINE = 300


@dataclass(slots=True)
class Place:
    """A cursor in held-out code: what the lane may see, and what really follows in the line."""

    view: View
    truth: str
    imported: Imported | None


@lru_cache
def imported_by(name: str, language: str, text: str) -> Imported | None:
    """What is known of the standard library's modules that a file imports: only Python's is on every machine."""
    if language != "python":
        return None
    libraries = Libraries(LocalDisk(time.monotonic), lambda _uri: None)
    return asyncio.run(libraries.imported(name, language, text))


@dataclass(slots=True)
class Typed:
    """What came of typing: keys a plain editor wants, keys saved, what was shown and how much of it was right.

    The places where a word or a sign begins are where people pause: there something is `on_screen`, and right or not.
    """

    keys: int = 0
    saved: int = 0
    shown: int = 0
    right: int = 0
    pauses: int = 0
    on_screen: int = 0
    on_screen_right: int = 0
    guess_us: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        keys = max(1, self.keys)
        wrong = self.shown - self.right
        return (
            f"{self.saved / keys:.1%} of {self.keys:,} keys saved, "
            f"{100 * wrong / keys:.1f} wrong of {100 * self.shown / keys:.1f} shown per 100 keys"
        )


def fits(text: str, truth: str) -> bool:
    """Whether the line goes on with the text, and the text does not end inside a word."""
    following = truth[len(text) : len(text) + 1]
    return truth.startswith(text) and not (following and is_word(text[-1]) and is_word(following))


class Editor:
    """One open file that the lane follows: its document, and its lines in the index."""

    def __init__(self, index: LocalIndex, file: CodeFile, lines: Sequence[str]) -> None:
        self.index = index
        self.file = file
        text = "\n".join(lines)
        self.document = Document(file.name, file.language, 1, text)
        index.add(file.name, text, is_open=True)
        self.imported = imported_by(file.name, file.language, file.text)

    def replace(self, line: int, text: str) -> None:
        """Put a text in place of a line; with a line break in it, it is two."""
        end = self.document.snapshot.line_chars(line) if line < self.document.snapshot.line_count else 0
        self.document.replace(Position(line, 0), Position(line, end), text)
        self.index.replace_lines(self.file.name, line, 1, text.split("\n"))

    def view(self, line: int, column: int) -> View:
        """What a request at a place would see."""
        return View.at(
            self.document.snapshot,
            Position(line, column),
            uri=self.file.name,
            language_id=self.file.language,
        )


def places(index: LocalIndex, files: Sequence[CodeFile], count: int, seed: int = SEED) -> Iterator[Place]:
    """Open each file in turn and yield cursors anywhere in its lines, while the line ends at the cursor. Nothing of it stays."""
    rng = random.Random(seed)
    total = sum(len(file.lines) for file in files)
    for file in files:
        editor = Editor(index, file, file.lines)
        for number in _lines(file, max(1, round(count * len(file.lines) / total)), rng):
            line = file.lines[number].rstrip()
            column = rng.randint(len(line) - len(line.lstrip()), len(line))
            editor.replace(number, line[:column])
            yield Place(editor.view(number, column), line[column:], editor.imported)
            editor.replace(number, file.lines[number])
        index.remove(file.name)


def first_places(index: LocalIndex, file: CodeFile, count: int, rng: random.Random) -> Iterator[Place]:
    """Write a file from its top and yield cursors in lines below which nothing stands yet."""
    editor = Editor(index, file, [""])
    chosen = set(rng.sample(range(len(file.lines)), min(count, len(file.lines))))
    for number in range(len(file.lines)):
        line = file.lines[number].rstrip()
        if number in chosen and line.strip() and len(line) < LONGEST_LINE:
            column = rng.randint(len(line) - len(line.lstrip()), len(line))
            editor.replace(number, line[:column])
            yield Place(editor.view(number, column), line[column:], editor.imported)
        editor.replace(number, line + "\n")


def type_lines(index: LocalIndex, files: Sequence[CodeFile], count: int, least: float) -> Typed:
    """Type held-out lines, each in its file as it is, beside what is known."""
    rng = random.Random(SEED)
    typed = Typed()
    total = sum(len(file.lines) for file in files)
    for file in files:
        editor = Editor(index, file, file.lines)
        for number in _lines(file, max(1, round(count * len(file.lines) / total)), rng):
            _type_line(editor, number, file.lines[number].rstrip(), least, typed)
            editor.replace(number, file.lines[number])
        index.remove(file.name)
    return typed


def type_files(known: Sequence[CodeFile], file: CodeFile, first: int, last: int, least: float) -> Typed:
    """Type lines `first` to `last` (exclusive) of a file of which nothing more is there, beside others that are known."""
    index = LocalIndex()
    for other in known:
        index.add(other.name, other.text)
    editor = Editor(index, file, [*file.lines[:first], ""])
    typed = Typed()
    for number in range(first, min(last, len(file.lines))):
        line = file.lines[number].rstrip()
        _type_line(editor, number, line, least, typed)
        typed.keys += 1
        editor.replace(number, line + "\n")
    return typed


def _lines(file: CodeFile, count: int, rng: random.Random) -> Iterator[int]:
    code = [number for number, line in enumerate(file.lines) if line.strip() and len(line) < LONGEST_LINE]
    for _ in range(count if code else 0):
        yield rng.choice(code)


def _type_line(editor: Editor, number: int, line: str, least: float, typed: Typed) -> None:
    column = len(line) - len(line.lstrip())
    typed.keys += len(line) - column
    shown = ""
    while True:
        editor.replace(number, line[:column])
        view = editor.view(number, column)
        start = time.thread_time()
        guess = best(predict(editor.index, view, editor.imported), least)
        typed.guess_us.append((time.thread_time() - start) * 1e6)
        step = 1
        if not (column and is_word(line[column - 1]) and is_word(line[column : column + 1])):
            typed.pauses += 1
            typed.on_screen += guess is not None
            typed.on_screen_right += guess is not None and fits(guess.text, line[column:])
        if guess is not None and guess.text != shown:
            typed.shown += 1
            if fits(guess.text, line[column:]):
                typed.right += 1
                step = len(guess.text)
                typed.saved += step - 1
        # What is typed through stays the same suggestion.
        shown = guess.text[1:] if guess is not None and step == 1 else ""
        if column >= len(line):
            return
        column += step
