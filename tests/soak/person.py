"""A person who types all day in many documents, as an editor tells it to a language server; and what that editor knows itself.

The editor keeps its own copy of every text, which is held against the server's; and it counts the answers to each request.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

Message = dict[str, Any]
INLINE: Final = "textDocument/inlineCompletion"
# A document that has grown beyond this is cut down, as a person moves code elsewhere: the texts must not grow for ever.
_MOST_LINES: Final = 320
_CUT_LINES: Final = 40


def units(text: str) -> int:
    """How many UTF-16 units a text has."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


@dataclass(slots=True)
class Buffer:
    """One document as the editor has it. A position is (line, column), in characters."""

    path: Path
    lines: list[str]
    version: int = 1
    is_open: bool = False
    is_dirty: bool = False

    @property
    def uri(self) -> str:
        return self.path.as_uri()

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@dataclass(slots=True)
class Told:
    """What an editor has seen: `late` counts answers after the budget, `wrong` those that nobody had asked for."""

    asked: int = 0
    answered: int = 0
    shown: int = 0
    accepted: int = 0
    late: int = 0
    slowest_s: float = 0.0
    wrong: int = 0
    errors: dict[int, int] = field(default_factory=dict)
    messages: list[tuple[float, str]] = field(default_factory=list)


class Editor:
    """One client with many documents. `send` hands a message to the server, `now` tells the time in seconds."""

    def __init__(self, send: Callable[[Message], None], now: Callable[[], float], budget_s: float) -> None:
        self._send = send
        self._now = now
        self._budget_s = budget_s
        self._ids = 0
        self.told = Told()
        self.open: dict[int, float] = {}
        self.ghost = ""
        self._ghost_of = 0
        self._accepting: Message | None = None

    def receive(self, message: Message) -> None:
        """Take a message of the server's."""
        if "method" in message:
            self._take_call(message)
            return
        told, sent_s = self.told, self.open.pop(message["id"], None)
        if sent_s is None:
            told.wrong += 1
            return
        told.answered += 1
        took_s = self._now() - sent_s
        told.slowest_s = max(told.slowest_s, took_s)
        told.late += took_s > self._budget_s
        if error := message.get("error"):
            told.errors[error["code"]] = told.errors.get(error["code"], 0) + 1
        result = message.get("result")
        if message["id"] == self._ghost_of and isinstance(result, dict) and result.get("items"):
            self.ghost = result["items"][0]["insertText"]
            self._accepting = result["items"][0]
            told.shown += 1

    def _take_call(self, message: Message) -> None:
        method, params = message["method"], message.get("params", {})
        if method == "window/showMessage":
            self.told.messages.append((self._now(), params["message"]))
        if "id" in message:
            result = [None for _ in params["items"]] if method == "workspace/configuration" else None
            self._send({"jsonrpc": "2.0", "id": message["id"], "result": result})

    def request(self, method: str, params: Any) -> int:
        """Send a request; its id."""
        self._ids += 1
        self.open[self._ids] = self._now()
        self.told.asked += 1
        self._send({"jsonrpc": "2.0", "id": self._ids, "method": method, "params": params})
        return self._ids

    def notify(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def open_document(self, buffer: Buffer) -> None:
        buffer.version, buffer.is_open = 1, True
        item = {"uri": buffer.uri, "languageId": "python", "version": 1, "text": buffer.text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def close_document(self, buffer: Buffer) -> None:
        buffer.is_open = False
        self.notify("textDocument/didClose", {"textDocument": {"uri": buffer.uri}})

    def save(self, buffer: Buffer) -> None:
        buffer.path.write_text(buffer.text, "utf-8")
        buffer.is_dirty = False
        self.notify("textDocument/didSave", {"textDocument": {"uri": buffer.uri}})

    def edit(
        self, buffer: Buffer, start: tuple[int, int], end: tuple[int, int], text: str
    ) -> tuple[int, int]:
        """Replace a range, here and there; where the text ends."""
        (line, column), (end_line, end_column) = start, end
        where = {
            "start": {"line": line, "character": units(buffer.lines[line][:column])},
            "end": {"line": end_line, "character": units(buffer.lines[end_line][:end_column])},
        }
        new = (buffer.lines[line][:column] + text + buffer.lines[end_line][end_column:]).split("\n")
        tail = len(buffer.lines[end_line]) - end_column
        buffer.lines[line : end_line + 1] = new
        buffer.version += 1
        buffer.is_dirty = True
        self.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": buffer.uri, "version": buffer.version},
                "contentChanges": [{"range": where, "text": text}],
            },
        )
        last = line + len(new) - 1
        return last, len(buffer.lines[last]) - tail

    def ask(self, buffer: Buffer, at: tuple[int, int], kind: int = 2) -> int:
        """Ask for ghost text, as VS Code does: the request before is taken back."""
        if self._ghost_of in self.open:
            self.notify("$/cancelRequest", {"id": self._ghost_of})
        line, column = at
        place = {"line": line, "character": units(buffer.lines[line][:column])}
        self.ghost = ""
        # Before it is sent, for the answer may come at once.
        self._ghost_of = self._ids + 1
        return self.request(
            INLINE,
            {
                "textDocument": {"uri": buffer.uri},
                "position": place,
                "context": {"triggerKind": kind},
            },
        )

    def accepted(self) -> None:
        """Run the command of the item that is shown."""
        if self._accepting is not None and (command := self._accepting.get("command")):
            self.told.accepted += 1
            self.request("workspace/executeCommand", command)


class Person:
    """Who types. `sources` are texts to take the words from; each `turn` is one place where something is written."""

    def __init__(
        self, editor: Editor, buffers: Sequence[Buffer], sources: Sequence[list[str]], dice: random.Random
    ) -> None:
        self.editor = editor
        self.buffers = buffers
        self.keys = 0
        self._sources = sources
        self._dice = dice
        self._wanted = ""
        self.buffer = buffers[0]

    def expected(self) -> str:
        """What the gateway's model guesses: what is wanted, most of the time, up to somewhere."""
        dice, wanted = self._dice, self._wanted
        if dice.random() < 0.3:
            source = dice.choice(self._sources)
            return source[dice.randrange(len(source))]
        return wanted[: dice.randrange(1, 240)]

    def choose(self, number: int | None = None) -> tuple[int, int]:
        """Go to a place in a document, some one if no number says which, and make up what to write there."""
        dice, editor = self._dice, self.editor
        buffer = self.buffer = dice.choice(self.buffers) if number is None else self.buffers[number]
        if not buffer.is_open:
            editor.open_document(buffer)
        editor.notify("textDocument/didFocus", {"textDocument": {"uri": buffer.uri}})
        line = dice.randrange(len(buffer.lines))
        at = line, len(buffer.lines[line])
        if len(buffer.lines) > _MOST_LINES:
            first = dice.randrange(len(buffer.lines) - _CUT_LINES)
            at = editor.edit(buffer, (first, 0), (first + _CUT_LINES, 0), "")
            at = at[0], len(buffer.lines[at[0]])
        source = dice.choice(self._sources)
        first = dice.randrange(len(source))
        self._wanted = "\n" + "\n".join(source[first : first + dice.randrange(1, 9)])
        if dice.random() < 0.05:
            self._wanted += "  # «𝒶» naïve 🙂"
        return at

    def strokes(self, at: tuple[int, int]) -> Iterator[float]:
        """Write what is wanted, a key at a time; yields after each key how many seconds pass until the next."""
        dice, editor, buffer = self._dice, self.editor, self.buffer
        while self._wanted:
            ghost = editor.ghost
            prefix = buffer.lines[at[0]][: at[1]].lstrip()
            new = ghost.removeprefix(prefix)
            if new and self._wanted.startswith(new) and dice.random() < 0.5:
                at = editor.edit(buffer, at, at, new)
                editor.accepted()
                self._wanted = self._wanted[len(new) :]
            elif dice.random() < 0.02:
                at = editor.edit(buffer, at, at, "~")
                editor.ask(buffer, at)
                yield 0.2
                at = editor.edit(buffer, (at[0], at[1] - 1), at, "")
            else:
                at = editor.edit(buffer, at, at, self._wanted[0])
                self._wanted = self._wanted[1:]
            self.keys += 1
            editor.ask(buffer, at)
            yield dice.lognormvariate(0.0, 0.5) if dice.random() < 0.08 else dice.lognormvariate(-2.0, 0.35)

    def between(self) -> None:
        """What people do between two places."""
        dice, editor, buffer = self._dice, self.editor, self.buffer
        what = dice.random()
        if what < 0.25 and buffer.is_dirty:
            editor.save(buffer)
        elif what < 0.30:
            # Without saving: what was typed is gone.
            if buffer.is_dirty:
                buffer.lines = buffer.path.read_text("utf-8").split("\n")
                buffer.is_dirty = False
            editor.close_document(buffer)
        elif what < 0.34:
            line = dice.randrange(len(buffer.lines))
            editor.ask(buffer, (line, len(buffer.lines[line])), kind=1)
        elif what < 0.36:
            editor.request("typethrough/why", {})
        elif what < 0.37:
            editor.ask(Buffer(buffer.path.with_name("never_opened.py"), [""]), (0, 0))
        elif what < 0.38:
            editor.notify("$/cancelRequest", {"id": 10**9})
        elif what < 0.385:
            end = len(buffer.lines) - 1, len(buffer.lines[-1])
            editor.edit(buffer, (0, 0), end, buffer.text)
        elif what < 0.387:
            settings = {"max_lines": dice.choice((1, 4, "auto")), "exclude": [f"gone_{dice.randrange(9)}.py"]}
            editor.notify("workspace/didChangeConfiguration", {"settings": {"typethrough": settings}})
