"""The fake editor shows what a real one would show, and reports answers that cannot be shown."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.fake_editor import FakeEditor
from tests.support.lsp_client import LspClient, Reply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.support.fake_editor import Asked, Kind


class Wire:
    """A client that sends nothing. The test gives the answers."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []
        self.on_notification: Callable[[str, Any], None] | None = None

    def notify(self, method: str, params: Any = None) -> float:
        self.sent.append((method, params))
        return float(len(self.sent))

    def request(
        self, method: str, params: Any = None, on_reply: Callable[[Reply], None] | None = None
    ) -> Reply:
        return Reply(len(self.sent), method, self.notify(method, params), on_reply=on_reply)

    def cancel(self, reply: Reply) -> float:
        return self.notify("$/cancelRequest", {"id": reply.id})

    @property
    def methods(self) -> list[str]:
        return [method.rpartition("/")[2] for method, _ in self.sent]


def editing(text: str, kind: Kind = "vscode") -> tuple[FakeEditor, Wire]:
    """An editor with `text` open and its cursor at `$0`."""
    wire = Wire()
    editor = FakeEditor(wire, kind)  # type: ignore[arg-type]  # it quacks: no process is wanted here
    before = text.partition("$0")[0]
    cursor = (before.count("\n"), len(before.rpartition("\n")[2]))
    editor.open("file:///a.py", text.replace("$0", ""), cursor=cursor)
    return editor, wire


def item(text: str, line: int, start: int, end: int, **extra: Any) -> dict[str, Any]:
    place = {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}
    return {"insertText": text, "range": place, **extra}


def answer(asked: Asked, result: Any, error: dict[str, Any] | None = None) -> None:
    reply = asked.reply
    reply.received_s, reply.result, reply.error = 1.0, result, error
    assert reply.on_reply is not None
    reply.on_reply(reply)


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await scenario()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("text", "insert", "result"),
    [
        ("a$0b\nc", "x", "ax$0b\nc"),
        ("a$0b\nc", "1\n2", "a1\n2$0b\nc"),
        ("é😀$0x\n", "y", "é😀y$0x\n"),
        ("$0", "\n", "\n$0"),
    ],
)
def test_typing_changes_the_text_and_moves_the_cursor(text: str, insert: str, result: str) -> None:
    editor, wire = editing(text)
    editor.type(insert)
    line, column = editor.cursor
    shown = editor.lines.copy()
    shown[line] = shown[line][:column] + "$0" + shown[line][column:]
    assert "\n".join(shown) == result
    change = next(params for method, params in wire.sent if method == "textDocument/didChange")
    before = text.partition("$0")[0].rpartition("\n")[2]
    units = len(before.encode("utf-16-le")) // 2
    assert change["contentChanges"][0]["range"]["start"]["character"] == units


def test_vscode_tells_of_the_change_then_cancels_then_asks() -> None:
    editor, wire = editing("$0")
    editor.type("a")
    editor.type("b")
    assert wire.methods == [
        "didOpen",
        "didChange",
        "inlineCompletion",
        "didChange",
        "cancelRequest",
        "inlineCompletion",
    ]


def test_vscode_does_not_cancel_what_was_answered() -> None:
    editor, wire = editing("$0")
    editor.type("a")
    answer(editor.asked[0], None)
    editor.type("b")
    assert "cancelRequest" not in wire.methods


def test_neovim_asks_once_after_the_last_edit_and_never_cancels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.fake_editor.NEOVIM_DEBOUNCE_S", 0.0)

    async def scenario() -> None:
        editor, wire = editing("$0", "neovim")
        editor.type("a")
        editor.type("b")
        assert "inlineCompletion" not in wire.methods
        for _ in range(3):
            await asyncio.sleep(0)
        assert wire.methods.count("inlineCompletion") == 1
        assert "cancelRequest" not in wire.methods
        editor.close()

    run(scenario)


def test_ghost_text_stays_while_typing_matches_and_goes_when_it_does_not() -> None:
    editor, _ = editing("re$0")
    answer(editor.ask(), {"items": [item("return x", 0, 0, 2)]})
    assert editor.ghost_text == "turn x"
    editor.type("t")
    assert editor.ghost_text == "urn x"
    editor.type("z")
    assert editor.ghost_text == ""


def test_ghost_text_can_be_typed_through_over_a_line_break() -> None:
    editor, _ = editing("    a$0")
    answer(editor.ask(), {"items": [item("    ab\n    cd", 0, 0, 5)]})
    for text in ("b", "\n    ", "c"):
        editor.type(text)
    assert editor.ghost_text == "d"


@pytest.mark.parametrize(
    ("answer_text", "shown", "flickers"),
    [("ab + c", " + c", 0), ("ab = d", " = d", 1), ("ab +", " +", 1)],
)
def test_neovim_shows_the_last_answer_and_a_change_that_extends_nothing_is_flicker(
    answer_text: str, shown: str, flickers: int
) -> None:
    editor, _ = editing("ab$0", "neovim")
    answer(editor.ask(), {"items": [item("ab + ", 0, 0, 2)]})
    answer(editor.ask(), {"items": [item(answer_text, 0, 0, 2)]})
    assert (editor.ghost_text, editor.faults.flickers) == (shown, flickers)


def test_vscode_keeps_what_matches_and_a_different_answer_is_a_contradiction() -> None:
    editor, _ = editing("ab$0")
    answer(editor.ask(), {"items": [item("ab + ", 0, 0, 2)]})
    answer(editor.ask(), {"items": [item("ab = d", 0, 0, 2)]})
    answer(editor.ask(), {"items": []})
    assert (editor.ghost_text, editor.faults.flickers, editor.faults.contradictions) == (" + ", 0, 2)
    answer(editor.ask(), {"items": [item("ab + c", 0, 0, 2)]})
    assert (editor.ghost_text, editor.faults.contradictions) == (" + c", 2)


def test_an_empty_answer_hides_in_neovim_and_null_does_not() -> None:
    editor, _ = editing("ab$0", "neovim")
    answer(editor.ask(), [item("abc", 0, 0, 2)])
    answer(editor.ask(), None)
    assert (editor.ghost_text, editor.faults.flickers) == ("c", 0)
    answer(editor.ask(), [])
    assert (editor.ghost_text, editor.faults.flickers) == ("", 1)


@pytest.mark.parametrize(("kind", "asks_again"), [("vscode", True), ("neovim", False)])
def test_an_answer_to_older_text_that_no_longer_fits_is_stale(kind: Kind, *, asks_again: bool) -> None:
    async def scenario() -> None:
        editor, _ = editing("a$0", kind)
        old = editor.ask()
        editor.type("z")
        assert (len(editor.asked) == 2) == asks_again
        answer(old, {"items": [item("abc", 0, 0, 1)]})
        assert (editor.ghost_text, editor.faults.stale) == ("", 1)
        editor.close()

    run(scenario)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"insertText": "abc"}, "no range"),
        (item("xbc", 0, 0, 1), "the text before the cursor is not how the item begins"),
        (item("a  ", 0, 0, 1), "nothing but blanks to show"),
        (item("abc", 0, 2, 3), "a range that does not contain the cursor"),
        (
            {
                "insertText": "abc",
                "range": {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}},
            },
            "a range over more than one line",
        ),
    ],
)
def test_an_item_that_no_editor_can_place_is_reported(wrong: dict[str, Any], said: str) -> None:
    editor, _ = editing("a$0\n")
    answer(editor.ask(), {"items": [wrong]})
    assert editor.faults.invalid == [said]
    assert editor.ghost_text == ""


def test_accepting_replaces_the_range_and_runs_the_command() -> None:
    editor, wire = editing("x = f(a$0)")
    command = {"title": "", "command": "taken", "arguments": ["7"]}
    answer(editor.ask(), {"items": [item("ab, c)", 0, 6, 8, command=command)]})
    editor.type("b")
    assert editor.accept() == ", c)"
    assert editor.text == "x = f(ab, c)"
    assert editor.cursor == (0, 12)
    assert ("workspace/executeCommand", {"command": "taken", "arguments": ["7"]}) in wire.sent


def test_errors_and_messages_are_kept_and_the_editors_own_cancel_is_not_one() -> None:
    editor, wire = editing("a$0")
    answer(editor.ask(), None, {"code": -32800, "message": "cancelled"})
    answer(editor.ask(), None, {"code": -32603, "message": "boom"})
    assert wire.on_notification is not None
    wire.on_notification("window/showMessage", {"type": 1, "message": "no key"})
    assert (editor.faults.errors, editor.faults.messages) == (["-32603"], ["no key"])


SERVER = r"""
import json, sys
def say(message):
    body = json.dumps(dict(message, jsonrpc="2.0")).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    sys.stdout.buffer.flush()
while line := sys.stdin.buffer.readline():
    sys.stdin.buffer.readline()
    message = json.loads(sys.stdin.buffer.read(int(line.split(b":")[1])))
    method = message.get("method")
    if method == "initialize":
        say({"id": 900, "method": "workspace/configuration", "params": {"items": [{"section": "it"}, {}]}})
        say({"id": message["id"], "result": message["params"]["capabilities"]["textDocument"]})
    elif message.get("id") == 900:
        say({"method": "heard", "params": message["result"]})
    elif method == "die" or method == "exit":
        sys.exit(3)
    elif method == "shutdown":
        say({"id": message["id"], "result": None})
"""


@pytest.mark.parametrize("inline_completion", [True, False])
def test_the_client_speaks_with_a_process(*, inline_completion: bool) -> None:
    async def scenario() -> None:
        client = await LspClient.start([sys.executable, "-c", SERVER], settings={"it": {"a": 1}})
        heard, arrived = list[Any](), asyncio.Event()

        def on_notification(method: str, params: Any) -> None:
            heard.append((method, params))
            arrived.set()

        client.on_notification = on_notification
        offered = await client.initialize(inline_completion=inline_completion)
        assert ("inlineCompletion" in offered) == inline_completion
        await arrived.wait()
        assert heard == [("heard", [{"a": 1}, {"it": {"a": 1}}])]
        assert [one.message.get("method") for one in client.recorded if one.sent][:1] == ["initialize"]
        assert await client.stop() == 3
        assert client.problems == []

    run(scenario)


def test_who_waits_for_an_answer_is_told_when_the_server_ends() -> None:
    async def scenario() -> None:
        client = await LspClient.start([sys.executable, "-c", SERVER])
        reply = client.request("never answered")
        client.notify("die")
        with pytest.raises(RuntimeError, match="the server ended"):
            await reply.value()
        assert await client.stop() == 3

    run(scenario)
