"""An editor with one document and one screen. It shows what a user would see of a server's ghost text.

There are two kinds, modelled on real editors. "vscode" asks at each edit, cancels the request before, and drops an answer
to an old version. While the typing matches, it keeps the text that it shows; only a longer text with the same beginning
replaces it. "neovim" asks 200 ms after the last edit, never cancels, and shows the answer that arrived last: `null`
changes nothing, an empty list clears the screen. This module owns the text, the cursor, the screen and the list of faults
there. `lsp_client` owns the wire.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from tests.support.lsp_client import LspClient, Reply

Kind = Literal["vscode", "neovim"]
Position = tuple[int, int]

INVOKED: Final = 1
AUTOMATIC: Final = 2
NEOVIM_DEBOUNCE_S: Final = 0.2
# If an answer was sent before the server could read the change or the cancellation, that is not a fault.
WIRE_RACE_S: Final = 0.02


def _now_s() -> float:
    return asyncio.get_running_loop().time()


@dataclass(slots=True)
class Asked:
    """One request for ghost text: its version, its times, and its answer. Times are those of the running loop, which are
    `time.monotonic()` unless a replay moves the clock.

    `text` is the first item's text. `new` is its part after the cursor, if the answer came for the current text.
    """

    reply: Reply
    version: int
    cursor: Position
    sent_s: float
    answered_s: float | None = None
    cancelled_s: float | None = None
    items: list[dict[str, Any]] | None = None
    text: str = ""
    new: str = ""


@dataclass(slots=True)
class Ghost:
    """The text on the screen: an item's text from `start` on. Its part up to the cursor has already been typed."""

    id: int
    start: Position
    text: str
    replaces: int
    command: dict[str, Any] | None
    shown_s: float
    asked: Asked


@dataclass(frozen=True, slots=True)
class Display:
    """One change of the screen to a new text: the text after the cursor, the time, and the request that was answered."""

    at_s: float
    text: str
    asked: Asked


@dataclass(slots=True)
class Faults:
    """Counts of what would annoy a user. `invalid` says in words what was wrong with an item."""

    flickers: int = 0
    stale: int = 0
    contradictions: int = 0
    errors: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)


class FakeEditor:
    """One open document. Every edit goes through `edit`. Positions are (line, column) in code points."""

    def __init__(self, client: LspClient, kind: Kind = "vscode") -> None:
        self.client = client
        self.kind = kind
        self.uri = ""
        self.lines: list[str] = [""]
        self.cursor: Position = (0, 0)
        self.version = 0
        self.asked: list[Asked] = []
        self.displays: list[Display] = []
        self.faults = Faults()
        self.screen_changed = asyncio.Event()
        self.asks = True
        self._ghost: Ghost | None = None
        self._ghosts = 0
        self._changed_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        client.on_notification = self._notified

    # --- the document

    @property
    def text(self) -> str:
        """The whole buffer."""
        return "\n".join(self.lines)

    def open(self, uri: str, text: str, language_id: str = "python", cursor: Position = (0, 0)) -> None:
        """Open a document. Its lines must end with `\\n`."""
        self.uri, self.lines, self.cursor, self.version = uri, text.split("\n"), cursor, 1
        document = {"uri": uri, "languageId": language_id, "version": 1, "text": text}
        self.client.notify("textDocument/didOpen", {"textDocument": document})

    def close(self) -> None:
        """Close the document."""
        self._stop_timer()
        self._clear()
        self.client.notify("textDocument/didClose", {"textDocument": {"uri": self.uri}})

    def text_between(self, start: Position, end: Position) -> str:
        """The text from `start` to `end`."""
        (first, a), (last, b) = start, end
        if first == last:
            return self.lines[first][a:b]
        return "\n".join([self.lines[first][a:], *self.lines[first + 1 : last], self.lines[last][:b]])

    def edit(self, start: Position, end: Position, text: str, *, back: int = 0) -> float:
        """Replace a range in one change, put the cursor `back` characters before the end of the new text, and ask as this
        kind of editor asks. Returns the time at which the change was sent.
        """
        change = {"range": {"start": self._wire(start), "end": self._wire(end)}, "text": text}
        # Typing inserts at the cursor, or replaces the bracket that the editor has inserted automatically.
        typed = start == self.cursor and text != "" and end <= (start[0], start[1] + 1) and not back
        new = (self.lines[start[0]][: start[1]] + text + self.lines[end[0]][end[1] :]).split("\n")
        tail = len(self.lines[end[0]]) - end[1]
        self.lines[start[0] : end[0] + 1] = new
        line = start[0] + len(new) - 1
        self.cursor = (line, len(new[-1]) - tail - back)
        self.version += 1
        document = {"uri": self.uri, "version": self.version}
        changes = {"textDocument": document, "contentChanges": [change]}
        self._changed_s = self.client.notify("textDocument/didChange", changes)
        self._follow_typing(still=typed or text.startswith("\n"))
        self._after_edit()
        return self._changed_s

    def type(self, text: str) -> float:
        """Insert at the cursor, in one change."""
        return self.edit(self.cursor, self.cursor, text)

    def move_to(self, cursor: Position) -> None:
        """Move the cursor. This clears the screen."""
        self.cancel_last()
        self.cursor = cursor
        self._clear()
        if self.kind == "neovim" and self.asks:
            self._restart_timer()

    # --- asking

    def ask(self, trigger_kind: int = AUTOMATIC) -> Asked:
        """Ask for ghost text at the cursor now."""
        params = {
            "textDocument": {"uri": self.uri},
            "position": self._wire(self.cursor),
            "context": {"triggerKind": trigger_kind},
        }
        reply = self.client.request("textDocument/inlineCompletion", params)
        asked = Asked(reply, self.version, self.cursor, reply.sent_s)
        reply.on_reply = lambda _: self._answered(asked)
        self.asked.append(asked)
        return asked

    def _after_edit(self) -> None:
        if not self.asks:
            return
        if self.kind == "vscode":
            self.cancel_last()
            self.ask()
        else:
            self._restart_timer()

    def cancel_last(self) -> None:
        """Cancel the newest request if it is open and this kind of editor cancels."""
        last = self.asked[-1] if self.asked else None
        if self.kind == "vscode" and last and last.answered_s is None and last.cancelled_s is None:
            last.cancelled_s = self.client.cancel(last.reply)

    def _restart_timer(self) -> None:
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(NEOVIM_DEBOUNCE_S, self.ask)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # --- the screen

    @property
    def ghost(self) -> Ghost | None:
        """What is shown now. None if nothing is."""
        return self._ghost

    @property
    def ghost_text(self) -> str:
        """The part of the shown text that is not typed yet. Empty if nothing is shown."""
        return self._rest(self._ghost) if self._ghost is not None else ""

    def accept(self) -> str:
        """Insert the shown text, run the item's command, and return the part that was new."""
        ghost = self._ghost
        if ghost is None:
            raise RuntimeError("nothing is shown")
        new = self._rest(ghost)
        self._clear()
        line, column = self.cursor
        self.edit(ghost.start, (line, column + ghost.replaces), ghost.text)
        if ghost.command is not None:
            wanted = {"command": ghost.command["command"], "arguments": ghost.command.get("arguments", [])}
            self.client.request("workspace/executeCommand", wanted, self._command_done)
        return new

    def _command_done(self, reply: Reply) -> None:
        if reply.error is not None:
            self.faults.errors.append(f"executeCommand: {reply.error.get('code')}")

    def _rest(self, ghost: Ghost) -> str:
        return ghost.text[len(self.text_between(ghost.start, self.cursor)) :]

    def _follow_typing(self, *, still: bool) -> None:
        ghost = self._ghost
        if ghost is None:
            return
        if not still or self.cursor <= ghost.start or not self._fits(ghost.start, ghost.text):
            self._clear()

    def _fits(self, start: Position, text: str) -> bool:
        typed = self.text_between(start, self.cursor)
        return text.startswith(typed) and bool(text[len(typed) :].strip())

    def _clear(self) -> None:
        if self._ghost is not None:
            self._ghost = None
            self.screen_changed.set()

    def _answered(self, asked: Asked) -> None:
        reply = asked.reply
        asked.answered_s = reply.received_s
        if reply.error is not None:
            if reply.error.get("code") != -32800:
                self.faults.errors.append(f"{reply.error.get('code')}")
            return
        if reply.result is None:
            return
        items = reply.result["items"] if isinstance(reply.result, dict) else reply.result
        asked.items = items
        item = items[0] if items else None
        if item is not None:
            asked.text = str(item["insertText"])
        if self.kind == "vscode" and (asked.version != self.version or asked.cancelled_s is not None):
            if item is not None and _now_s() - self._changed_s > WIRE_RACE_S:
                self.faults.stale += 1
            return
        if item is None:
            self._hide()
        elif self._placed(item, asked):
            self._show(item, asked)

    def _hide(self) -> None:
        if self._ghost is None:
            return
        if self.kind == "vscode":
            self.faults.contradictions += 1
            return
        self.faults.flickers += 1
        self._clear()

    def _placed(self, item: dict[str, Any], asked: Asked) -> bool:
        """Check an item against the rules of the protocol and of both editors."""
        place = item.get("range")
        if place is None:
            self.faults.invalid.append("no range")
            return False
        start, end = self._from_wire(place["start"]), self._from_wire(place["end"])
        now_current = asked.version == self.version and asked.cursor == self.cursor
        if start[0] != end[0]:
            self.faults.invalid.append("a range over more than one line")
        elif not start <= asked.cursor <= end:
            self.faults.invalid.append("a range that does not contain the cursor")
        elif now_current and not asked.text.startswith(self.text_between(start, self.cursor)):
            self.faults.invalid.append("the text before the cursor is not how the item begins")
        elif now_current and not asked.text[len(self.text_between(start, self.cursor)) :].strip():
            self.faults.invalid.append("nothing but blanks to show")
        elif not now_current and (start > self.cursor or not self._fits(start, asked.text)):
            # Neovim still shows it, over a text to which it does not belong.
            self.faults.stale += 1
            self._clear()
        else:
            asked.new = asked.text[len(self.text_between(start, self.cursor)) :]
            return True
        return False

    def _show(self, item: dict[str, Any], asked: Asked) -> None:
        start, end = self._from_wire(item["range"]["start"]), self._from_wire(item["range"]["end"])
        replaces = end[1] - asked.cursor[1]
        now_s = asked.answered_s or _now_s()
        self._ghosts += 1
        ghost = Ghost(self._ghosts, start, asked.text, replaces, item.get("command"), now_s, asked)
        old, new = self.ghost_text, self._rest(ghost)
        if old and new.startswith(old):
            # The same text or a longer one: for a user this is still the same suggestion. The new item, with the id in
            # its command, replaces the old one.
            ghost.id = self._ghost.id if self._ghost else ghost.id
            ghost.shown_s = self._ghost.shown_s if self._ghost else now_s
        elif old and self.kind == "vscode":
            self.faults.contradictions += 1
            return
        elif old:
            self.faults.flickers += 1
        self._ghost = ghost
        if new != old:
            self.displays.append(Display(now_s, new, asked))
            self.screen_changed.set()

    def _notified(self, method: str, params: Any) -> None:
        if method == "window/showMessage":
            self.faults.messages.append(str(params.get("message", "")))

    # --- positions on the wire count UTF-16 units

    def _wire(self, position: Position) -> dict[str, int]:
        line, column = position
        before = self.lines[line][:column]
        units = column if before.isascii() else len(before.encode("utf-16-le")) // 2
        return {"line": line, "character": units}

    def _from_wire(self, position: dict[str, int]) -> Position:
        line, units = position["line"], position["character"]
        if line >= len(self.lines):
            return line, units
        text = self.lines[line]
        if text.isascii():
            return line, units
        return line, len(text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore"))
