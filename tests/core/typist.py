"""A hand at a document whose every edit is followed: for tests of what keeps up with typing. Knows documents and trails only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.cursor import parse
from typethrough.core.document.document import Document, Position
from typethrough.core.document.view import View
from typethrough.core.suggestion.trail import Trail, fits, follow, typed_between

if TYPE_CHECKING:
    from typethrough.core.document.document import Edit

URI = "file:///project/main.py"


class Typist:
    """Types into a document at its `$0`, where `text` has been proposed. `trail` is None once the text has diverged."""

    def __init__(self, marked: str, text: str = "", *, growing: bool = False, line_end: str = "\n") -> None:
        whole, self.cursor = parse(marked)
        self.document = Document(URI, "python", 1, whole)
        self.text = text
        self.growing = growing
        self.line_end = line_end
        self.trail: Trail | None = Trail(self.cursor, self.cursor)

    def replace(self, start: Position, end: Position, text: str) -> Edit:
        """One edit as an editor reports it, with the file's line ends; the cursor goes where it ends, the trail is checked."""
        edit = self.document.replace(start, end, text.replace("\n", self.line_end))
        self.cursor = edit.new_end
        if self.trail is not None:
            self.trail = follow(self.trail, edit, self.document.snapshot, self.text, growing=self.growing)
        if self.trail is not None:
            typed = typed_between(self.document.snapshot, *self.trail)
            assert fits(typed, self.text, growing=self.growing), "a trail never covers what does not fit"
        return edit

    def insert(self, text: str) -> None:
        self.replace(self.cursor, self.cursor, text)

    def type(self, text: str) -> None:
        for char in text:
            self.insert(char)

    def pair(self, pair: str) -> None:
        """An opening character, and the closing one that the editor adds to it in the same edit."""
        self.insert(pair)
        self.left()

    def pair_in_two(self, pair: str) -> None:
        """The same in two edits."""
        self.insert(pair[0])
        self.insert(pair[1])
        self.left()

    def over(self) -> None:
        """The closing character right of the cursor, typed over as VS Code does: it is replaced by itself."""
        end = Position(self.cursor.line, self.cursor.column + 1)
        self.replace(self.cursor, end, self.document.snapshot.slice(self.cursor, end))

    def backspace(self, count: int = 1, behind: int = 0) -> None:
        """`count` characters left of the cursor, with `behind` right of it."""
        line, column = self.cursor
        self.replace(Position(line, column - count), Position(line, column + behind), "")

    def left(self, count: int = 1) -> None:
        self.cursor = Position(self.cursor.line, self.cursor.column - count)

    @property
    def view(self) -> View:
        return View.at(self.document.snapshot, self.cursor, uri=URI, language_id="python")

    @property
    def typed(self) -> str:
        """What the trail says was typed; fails when the text was lost."""
        assert self.trail is not None, "the text was lost"
        return typed_between(self.document.snapshot, *self.trail)
