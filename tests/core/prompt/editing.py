"""A document with a prompt that follows it, and a reader of prompts that knows only their written form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.support.cursor import parse
from tests.support.permits import send, tell
from typethrough.core.document.document import Document, Position
from typethrough.core.document.view import View
from typethrough.core.models import profile_of
from typethrough.core.prompt.economist import Terms
from typethrough.core.prompt.layout import PromptState
from typethrough.core.prompt.rules import CURSOR
from typethrough.core.settings.schema import DEFAULT_MODEL

if TYPE_CHECKING:
    from typethrough.core.prompt.message import Prompt

_FILE = re.compile(r'<file [^>\n]*?(?: lines="(\d+)-(\d+)")?>\n(.*)</file>\Z', re.DOTALL)
_CHANGE = re.compile(r"<change line=(\d+)>\n(.*)\n</change>\Z", re.DOTALL)
_NOW = re.compile(r"<now [^>\n]*>\n(.*)\n</now>\Z", re.DOTALL)


class Editing:
    """One document and the state of its prompt; time is what the test says."""

    def __init__(self, text: str, *, anchor_chars: int = 4_000, language: str = "python") -> None:
        self.document = Document("file:///project/src/main.py", language, 1, text)
        self.state = PromptState(tell("src/main.py"), language, "project")
        self.anchor_chars = anchor_chars
        self.limit_tokens = 100_000
        self.now_s = 0.0

    @classmethod
    def of(cls, marked: str) -> tuple[Editing, Position]:
        text, cursor = parse(marked)
        return cls(text), cursor

    def edit(self, start: Position, end: Position, text: str) -> Position:
        """Replace a range; where it ends."""
        before = self.document.snapshot
        edit = self.document.replace(start, end, text)
        self.state.note(edit, before)
        return edit.new_end

    def prompt(self, at: Position) -> Prompt:
        return self.state.build(
            send("src/main.py"),
            View.at(self.document.snapshot, at, language_id=self.document.language_id, uri=self.document.uri),
            Terms(profile_of(DEFAULT_MODEL), self.anchor_chars, 256, self.limit_tokens),
            self.now_s,
        )


def whole(prompt: Prompt) -> str:
    """A prompt as one text, the way a person would read it."""
    return "\n".join(f"[{message.role}]\n{message.text}" for message in prompt.messages) + "\n"


def anchor_text(prompt: Prompt) -> str:
    return next(message.text for message in prompt.messages if message.text.startswith("<file "))


def changes(prompt: Prompt) -> list[str]:
    return [message.text for message in prompt.messages if message.text.startswith("<change ")]


def window_lines(prompt: Prompt) -> list[str]:
    """The lines of the window, without the cursor's mark."""
    found = _NOW.match(prompt.messages[-1].text)
    assert found is not None
    return found[1].replace(CURSOR, "", 1).split("\n")


def replayed(prompt: Prompt) -> list[str]:
    """What a reader makes of the file: the anchor's lines with every change applied in order. Whole anchors only."""
    found = _FILE.match(anchor_text(prompt))
    assert found is not None
    assert found[1] is None
    lines = found[3].split("\n")
    for change in changes(prompt):
        read = _CHANGE.match(change)
        assert read is not None
        at = int(read[1]) - 1
        body = read[2].split("\n")
        removed = [line[1:] for line in body if line.startswith("-")]
        added = [line[1:] for line in body if line.startswith("+")]
        assert body == [f"-{line}" for line in removed] + [f"+{line}" for line in added]
        assert lines[at : at + len(removed)] == removed, "a change names the lines it replaces"
        lines[at : at + len(removed)] = added
    return lines
