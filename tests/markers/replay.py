"""Plays cases against the server's own process: `python -m tests.markers.replay FILE… [--cut whole|characters|pieces]`.

A file is a marker case or holds cases in JSON, and a folder stands for its marker cases. A case in JSON has `text` with its
cursor `$0`, `language`, and `answer` or `frames` (the raw body, with `status`, `headers` and `refuse_if`). What is right, one of:
`expect`, the texts of which one must be the first item's; `after`, the documents of which one must stand when all that is
offered was accepted; `expect_message`, a word that the user must be told. With `or_nothing` silence is right too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.e2e.typing_server import started
from tests.markers.form import Case, cases, indent_of, read
from tests.markers.player import Split, characters, pieces, whole
from tests.support.cursor import parse
from typethrough.core.document.document import split_lines
from typethrough.lsp.convert import Encoding, to_column, to_units

if TYPE_CHECKING:
    from tests.support.lsp_client import LspClient

_SPLITS: Final[dict[str, Split]] = {"whole": whole, "characters": characters, "pieces": pieces(0)}
_MOST_ACCEPTED: Final = 12
_MODEL: Final = "openai/gpt-4.1-nano"
_CONTENT_LENGTH: Final = re.compile(rb"(?im)^content-length: *(\d+)\r$")
_STREAM: Final = {"content-type": "text/event-stream"}
Item = dict[str, Any]


def _formatting(indent: str) -> dict[str, Any]:
    return {"tabSize": 4 if indent == "tab" else int(indent), "insertSpaces": indent != "tab"}


def _cases(path: Path) -> list[dict[str, Any]]:
    """The cases in a file or a folder. Marker cases with steps or a menu are left out: they are more than a request."""
    if path.suffix == ".json":
        told: list[dict[str, Any]] = json.loads(path.read_text())
        return told
    marked = [read(one) for one in cases() if one.is_relative_to(path.resolve())]
    return [_as_json(case) for case in marked if not case.steps and not case.selected]


def _as_json(case: Case) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": case.name,
        "language": case.language,
        "text": case.document,
        "answer": case.answers[0] if case.answers else "",
        "trigger": 2 - case.invoked,
        "or_nothing": case.or_nothing,
        "settings": case.settings | ({"local_lane": True, "model_lane": False} if case.is_local else {}),
        "status": case.status,
        "headers": case.headers,
        "refuse_if": case.refuse_if,
    }
    if case.frames is not None:
        told["frames"] = case.frames
    if case.indent:
        told["formattingOptions"] = _formatting(case.indent)
    if case.after is not None:
        told["after"] = list(case.after)
    elif case.message:
        told["expect_message"] = case.message
    else:
        told["expect"] = list(case.shown or ())
    return told


def _settings(case: dict[str, Any]) -> dict[str, Any]:
    """The settings that a case is played with; where all is accepted there may be ten lines."""
    return {"local_lane": False, **({"max_lines": 10} if "after" in case else {}), **case.get("settings", {})}


class _Model:
    """An endpoint that gives a case's answer to the first question about it, and to the others an answer without text."""

    def __init__(self, split: Split) -> None:
        self._split = split
        self._case: dict[str, Any] = {}
        self._asked = 0

    def use(self, case: dict[str, Any]) -> None:
        self._case, self._asked = case, 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = _CONTENT_LENGTH.search(head)
        asked = json.loads(await reader.readexactly(int(length[1]))) if length else {}
        status, headers, body = self._answer(asked) if head.startswith(b"POST") else (404, {}, [b"{}"])
        lines = [f"HTTP/1.1 {status} Told", *(f"{name}: {value}" for name, value in headers.items())]
        # Without a length: the end of the connection is the end of the answer.
        writer.write(("\r\n".join([*lines, "connection: close"]) + "\r\n\r\n").encode())
        for piece in body:
            writer.write(piece)
            await writer.drain()

    def _answer(self, asked: dict[str, Any]) -> tuple[int, dict[str, str], list[bytes]]:
        case, count = self._case, self._asked
        self._asked += 1
        frames = case.get("frames")
        if frames is not None and case.get("refuse_if", "") in {"", *asked}:
            cut = self._split(frames.encode().decode("latin-1"))
            headers = case.get("headers") or _STREAM
            return case.get("status", 200), headers, [piece.encode("latin-1") for piece in cut]
        is_first = count == 0 or frames is not None
        told = [{"content": piece} for piece in self._split(case["answer"])] if is_first else []
        chunks: list[dict[str, Any]] = [{"index": 0, "delta": delta, "finish_reason": None} for delta in told]
        chunks.append({"index": 0, "delta": {}, "finish_reason": "stop"})
        events = [b"data: " + json.dumps({"choices": [chunk]}).encode() + b"\n\n" for chunk in chunks]
        return 200, _STREAM, [*events, b"data: [DONE]\n\n"]


class _Editor:
    """One document in one server: its text, its cursor, and what it is asked and told."""

    def __init__(self, client: LspClient, case: dict[str, Any], uri: str) -> None:
        self._client, self._case, self._uri, self._version = client, case, uri, 1
        self.text, self._cursor = parse(case["text"])
        document = {"uri": uri, "languageId": case["language"], "version": 1, "text": self.text}
        client.notify("textDocument/didOpen", {"textDocument": document})

    async def ask(self, trigger: int) -> Item | None:
        """The first item that is offered."""
        params = {
            "textDocument": {"uri": self._uri},
            "position": self._position,
            "context": {"triggerKind": trigger},
        }
        options = self._case.get("formattingOptions")
        if options is None and "after" in self._case:
            options = _formatting(indent_of(self._case["text"]))
        if options is not None:
            params["formattingOptions"] = options
        result = await self._client.request("textDocument/inlineCompletion", params).value()
        items = result.get("items") if isinstance(result, dict) else result
        return items[0] if items else None

    async def accept(self, item: Item) -> None:
        """Put an item's text in its range, tell the server, and run the item's command."""
        start, end = (self._offset(item["range"][name]) for name in ("start", "end"))
        self.text = self.text[:start] + item["insertText"] + self.text[end:]
        self._cursor = parse(f"{self.text[: start + len(item['insertText'])]}$0")[1]
        self._version += 1
        changed = {
            "textDocument": {"uri": self._uri, "version": self._version},
            "contentChanges": [{"range": item["range"], "text": item["insertText"]}],
        }
        self._client.notify("textDocument/didChange", changed)
        command = item["command"]
        params = {"command": command["command"], "arguments": command["arguments"]}
        await self._client.request("workspace/executeCommand", params).value()

    def close(self) -> None:
        """Close the document."""
        self._client.notify("textDocument/didClose", {"textDocument": {"uri": self._uri}})

    @property
    def _position(self) -> dict[str, int]:
        line, column = self._cursor
        return {"line": line, "character": to_units(self._line(line), column, Encoding.UTF16)}

    def _offset(self, position: dict[str, int]) -> int:
        line = position["line"]
        before = sum(map(len, split_lines(self.text)[:line]))
        return before + to_column(self._line(line), position["character"], Encoding.UTF16)

    def _line(self, line: int) -> str:
        lines = split_lines(self.text)
        return lines[line].rstrip("\r\n") if line < len(lines) else ""


async def _play(case: dict[str, Any], client: LspClient, uri: str) -> str:
    """What is wrong with a case, or the empty string."""
    heard = len(client.recorded)
    editor = _Editor(client, case, uri)
    first = item = await editor.ask(case.get("trigger", 2))
    count = 0
    while item is not None and "after" in case and count < _MOST_ACCEPTED:
        await editor.accept(item)
        item = await editor.ask(2)
        count += 1
    if word := case.get("expect_message"):
        # The reason alone: the advice beside it names settings whatever the cause.
        entries = (await client.request("typethrough/why", {"limit": 1}).value())["entries"]
        told = [entries[0]["reason"]] if entries else []
        messages = [one.message for one in client.recorded[heard:] if not one.sent]
        told += [one["params"]["message"] for one in messages if one.get("method") == "window/showMessage"]
        if not any(word.lower() in one.lower() for one in told):
            return f"nobody is told of {word!r}: {told}"
    editor.close()
    shown = first["insertText"] if first is not None else None
    if "after" in case:
        if first is None:
            return "" if case.get("or_nothing") else "nothing is shown"
        return "" if editor.text in case["after"] else f"after is {editor.text!r}"
    expected = case.get("expect")
    if expected is None or shown in expected or (shown is None and (not expected or case.get("or_nothing"))):
        return ""
    return f"shown is {shown!r}"


async def _replay(paths: list[Path], cut: str, word: str) -> int:
    model, failed, count = _Model(_SPLITS[cut]), 0, 0
    endpoint = await asyncio.start_server(model.serve, "127.0.0.1", 0)
    base_url = f"http://127.0.0.1:{endpoint.sockets[0].getsockname()[1]}/v1"
    for path in paths:
        groups: dict[str, list[tuple[int, dict[str, Any]]]] = {}
        for index, case in enumerate(_cases(path)):
            if word in str(case):
                # A refusal is remembered by the process that met it, so that each of those cases has one of its own.
                alone = str(index) if "frames" in case else ""
                groups.setdefault(json.dumps(_settings(case)) + alone, []).append((index, case))
        for group in groups.values():
            options = _settings(group[0][1])
            with tempfile.TemporaryDirectory() as home:
                async with started(base_url, Path(home), model=_MODEL, options=options) as client:
                    for index, case in group:
                        model.use(case)
                        name = case.get("name") or case.get("kind") or "case"
                        try:
                            problem = await _play(case, client, (Path(home) / f"case{index}").as_uri())
                        except TimeoutError:
                            problem = "no answer within ten seconds"
                        count, failed = count + 1, failed + bool(problem)
                        told = f"WRONG {path.stem} {index} {name} ({case['language']}): {problem}"
                        print(told if problem else f"right {path.stem} {index} {name}", flush=True)
    endpoint.close()
    print(f"{count} cases, {failed} wrong, each answer cut: {cut}")
    return failed


def main() -> None:
    """Play the files that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tests.markers.replay", description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--cut", choices=sorted(_SPLITS), default="pieces", help="how answers are streamed")
    parser.add_argument("--only", default="", help="a text that a case must hold to be played")
    options = parser.parse_args()
    raise SystemExit(bool(asyncio.run(_replay(options.paths, options.cut, options.only))))


if __name__ == "__main__":
    main()
