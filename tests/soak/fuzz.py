"""Random inputs for what reads bytes from outside: the stream decoder, the reader of errors, and the JSON-RPC entry.

`python -m tests.soak.fuzz stream --inputs 10000000` runs one target. Inputs are mutations of real ones; an input that makes its
target behave in a way not seen before is mutated further. Where `atheris` is installed, `--atheris` has it choose by coverage.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import random
import sys
import tempfile
import time
import types
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tests.gateway.stage import KEY, PROMPT, endpoint
from tests.lsp.stage import INLINE, URI, Stage
from typethrough.engine.ports import GatewayError
from typethrough.gateway import deltas, error_bodies, refusals, reply, sse
from typethrough.gateway.error_bodies import parse_error_body
from typethrough.gateway.refusals import error_in_stream, quoted_text
from typethrough.gateway.reply import Reply
from typethrough.gateway.sse import EventParser
from typethrough.lsp import convert, documents, fields, protocol, transport

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

_ENDPOINT: Final = endpoint("https://gateway.example/v1", key=KEY)
_MOST_KEPT: Final = 2_000
_MOST_BYTES: Final = 4_000

_SAID: Final = (
    b'data: {"id":"gen_1","choices":[{"index":0,"delta":{"content":"x = 1\\n"},"finish_reason":null}]}\n\n'
)
_STREAMS: Final = (
    _SAID + _SAID + b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
    _SAID + b'data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2}}\r\n\r\ndata:[DONE]\r\r',
    b'\xef\xbb\xbf: ping\nevent: error\ndata: {"error":{"message":"no","code":429}}\n\n',
    b'{"choices":[{"message":{"content":"whole"},"finish_reason":"length"}],"usage":{"prompt_tokens":1}}',
    b'data: {"choices":[{"text":"raw","finish_reason":"content_filter"}]}\ndata: {"choices":[]}\n',
    b"<html><body>Sign in</body></html>",
)
_ERRORS: Final = (
    b'{"error":{"message":"Bad","type":"invalid_request_error","param":"stop","code":"unsupported"}}',
    b'[{"error":{"code":400,"message":"INVALID","status":"INVALID_ARGUMENT","details":[{"fieldViolations":[{"field":"x"}]}]}}]',
    b'{"detail":[{"loc":["body","temperature"],"msg":"extra fields not permitted","type":"value_error"}]}',
    b'data: {"error":"{\\"message\\":\\"inner\\",\\"code\\":401}"}\n\n',
    b'{"base_resp":{"status_code":1004,"status_msg":"login fail"}}',
    b"upstream connect error or disconnect/reset before headers",
)
_PLACE: Final = {"line": 0, "character": 3}
_CELL: Final = {"uri": "cell:1", "languageId": "python", "version": 1, "text": "a"}
# What is said by method; requests are those whose parameters are followed by an id.
_TALK: Final[tuple[tuple[Any, ...], ...]] = (
    (INLINE, {"textDocument": {"uri": URI}, "position": _PLACE, "context": {"triggerKind": 2}}, 1),
    (
        "textDocument/didChange",
        {
            "textDocument": {"uri": URI, "version": 3},
            "contentChanges": [{"range": {"start": _PLACE, "end": _PLACE}, "text": "é🙂\n"}],
        },
    ),
    ("textDocument/didOpen", {"textDocument": {**_CELL, "uri": URI, "text": "def f(a):\n    return a\n"}}),
    ("textDocument/didClose", {"textDocument": {"uri": URI}}),
    (
        "notebookDocument/didOpen",
        {
            "notebookDocument": {"uri": URI, "version": 1, "cells": [{"kind": 2, "document": "cell:1"}]},
            "cellTextDocuments": [_CELL],
        },
    ),
    (
        "notebookDocument/didChange",
        {
            "notebookDocument": {"uri": URI, "version": 2},
            "change": {
                "cells": {
                    "structure": {"array": {"start": 0, "deleteCount": 1}},
                    "textContent": [
                        {"document": {"uri": "cell:1", "version": 2}, "changes": [{"text": "b"}]}
                    ],
                }
            },
        },
    ),
    ("workspace/executeCommand", {"command": "typethrough.accepted", "arguments": ["1"]}, "2"),
    ("workspace/didChangeConfiguration", {"settings": {"typethrough": {"max_lines": 3, "exclude": ["x"]}}}),
    ("workspace/didChangeWatchedFiles", {"changes": [{"uri": URI, "type": 2}]}),
    (
        "workspace/didChangeWorkspaceFolders",
        {"event": {"added": [{"uri": "file:///a", "name": "a"}], "removed": []}},
    ),
    ("typethrough/switch", {"scope": "file", "uri": URI, "value": "off"}, 3),
    ("getCompletions", {"doc": {"uri": URI, "version": 1, "position": _PLACE}}, 4),
    ("$/cancelRequest", {"id": 1}),
    ("textDocument/didPartiallyAcceptCompletion", {"item": {"insertText": "x"}, "acceptedLength": 1}),
)
_MESSAGES: Final = tuple(
    json.dumps(
        {"jsonrpc": "2.0", "method": method, "params": params, **({"id": rest[0]} if rest else {})}
    ).encode()
    for method, params, *rest in _TALK
)
_WORDS: Final = (
    b"data:", b"data: ", b"event: error\n", b"\n\n", b"\r\n", b"\r", b"\n", b"[DONE]", b"{", b"}", b"[", b"]", b'"', b"\\",
    b"null", b"true", b"1e999", b"-1", b"99999999999999999999", b"\xff",
    b"\xed\xa0\x80", b"\\ud800", b"\xef\xbb\xbf", b"\x00", b":", b",",
    b'"error":', b'"choices":', b'"delta":', b'"content":', b'"message":', b'"usage":', b'"finish_reason":"stop"', b'"text":',
    b"<", b'"id":', b'"method":', b'"params":', b'"uri":', b'"range":', b'"version":', b'"line":', b"[" * 200, b'{"error":' * 40,
)  # fmt: skip


class Target(NamedTuple):
    """What is fuzzed: inputs to begin with, and a function that reads one and says in short how; it raises where it must not."""

    seeds: Sequence[bytes]
    read: Callable[[bytes, random.Random], Hashable]
    close: Callable[[], None] = lambda: None


def _pieces(data: bytes, dice: random.Random) -> list[bytes]:
    cuts = sorted(dice.randrange(len(data) + 1) for _ in range(dice.randrange(4)))
    return [data[start:end] for start, end in pairwise([0, *cuts, len(data)])]


def _heard(pieces: Sequence[bytes]) -> tuple[str, str, bool]:
    reply = Reply(_ENDPOINT, PROMPT)
    text = ""
    for piece in pieces:
        text += reply.feed(piece)
        if reply.error is not None or reply.is_done:
            break
    text += reply.end(may_lack_ending=True)
    assert (reply.error is None) == reply.is_done, "neither an answer nor an error, or both"
    if reply.error is None:
        reply.stream_end()
    return text, type(reply.error).__name__, reply.is_done


def _events(pieces: Sequence[bytes]) -> list[bytes]:
    parser = EventParser()
    return [*(event for piece in pieces for event in parser.feed(piece)), *parser.finish()]


def read_stream(data: bytes, dice: random.Random) -> Hashable:
    """A stream: however it is cut, the same events and the same answer."""
    pieces = _pieces(data, dice)
    events = _events([data])
    assert _events(pieces) == events, "the cut changes the events"
    heard = _heard(pieces)
    assert heard == _heard([data]), "the cut changes the answer"
    text, error, done = heard
    return error, done, min(len(text), 3), min(len(events), 6)


def read_error(data: bytes, dice: random.Random) -> Hashable:
    """The body of an error: always an `ErrorBody` of strings, and one leaf of the tree of errors."""
    body = parse_error_body(data)
    assert all(isinstance(part, str) for part in (body.message, body.kind, body.code, body.parameter))
    quoted = quoted_text(data, _ENDPOINT, PROMPT)
    assert KEY not in quoted
    kind = ""
    try:
        frame = json.loads(data)
    except (ValueError, RecursionError):
        frame = None
    if frame is not None:
        error = error_in_stream(frame, _ENDPOINT, PROMPT)
        assert isinstance(error, GatewayError)
        kind = type(error).__name__
    return bool(body.message), bool(body.kind), bool(body.code), bool(body.parameter), body.is_page, kind


class Entry:
    """The JSON-RPC entry of one session, to which everything is said; it is begun anew now and then."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._stage: Stage | None = None
        self._left = 0
        self._faults: list[str] = []
        logging.getLogger("typethrough").addHandler(_Faults(self._faults))

    def read(self, data: bytes, dice: random.Random) -> Hashable:
        """A message, cut anywhere: no exception, no handler that fails, and one answer to each request."""
        return self._runner.get_loop().run_until_complete(self._read(data, dice))

    def close(self) -> None:
        """End the session."""
        if self._stage is not None:
            self._runner.run(self._stage.session.aclose())
        self._runner.close()

    async def _read(self, data: bytes, dice: random.Random) -> Hashable:
        if self._left <= 0:
            if self._stage is not None:
                await self._stage.session.aclose()
            self._stage, self._left = Stage(), 500
            workspace = {"workspaceFolders": True}
            self._stage.initialize({"textDocument": {"inlineCompletion": {}}, "workspace": workspace})
            self._stage.notify("initialized", {})
        self._left -= 1
        stage = self._stage
        assert stage is not None
        wire = stage.wire
        wire.messages.clear()
        wire.raw.clear()
        asked: list[Any] = []

        def take(message: Any) -> None:
            if isinstance(message, dict) and "method" in message and "id" in message:
                asked.append(message["id"])
            if isinstance(message, dict) and message.get("method") == "shutdown":
                self._left = 0
            stage.receive(message)

        messages = transport._Messages(take, stage.session.protocol.bad_json)
        framed = b"Content-Length: %d\r\n\r\n%s" % (len(data), data)
        for piece in _pieces(framed, dice):
            messages.feed(piece)
        stage.clock.advance(2_000)
        replies = [one for one in wire.messages if "method" not in one]
        assert len(replies) <= 1, "more than one answer"
        assert replies or not asked, "a request without an answer"
        assert not self._faults, self._faults
        error = replies[0].get("error", {}) if replies else {}
        return len(wire.messages), error.get("code"), error.get("message")


class _Faults(logging.Handler):
    def __init__(self, faults: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._kept = faults

    def emit(self, record: logging.LogRecord) -> None:
        self._kept.append(record.getMessage())


def targets() -> dict[str, Target]:
    """The targets by name."""
    entry = Entry()
    return {
        "stream": Target(_STREAMS, read_stream),
        "error": Target(_ERRORS, read_error),
        "entry": Target(_MESSAGES, entry.read, entry.close),
    }


def mutated(data: bytes, dice: random.Random, others: Sequence[bytes]) -> bytes:
    """An input like another one."""
    found = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 4, 8))):
        at = dice.randrange(len(found) + 1)
        end = min(len(found), at + dice.choice((1, 1, 2, 8, 40)))
        kind = dice.randrange(7)
        if kind == 0:
            found[at:at] = dice.choice(_WORDS)
        elif kind == 1:
            found[at:end] = dice.choice(_WORDS)
        elif kind == 2:
            del found[at:end]
        elif kind == 3:
            found[at:at] = found[at:end] * dice.choice((1, 1, 2, 20))
        elif kind == 4:
            other = dice.choice(others)
            found[at:] = other[dice.randrange(len(other) + 1) :]
        elif kind == 5 and found:
            found[min(at, len(found) - 1)] ^= 1 << dice.randrange(8)
        else:
            _exchange(found, dice)
    return bytes(found[:_MOST_BYTES])


def _exchange(found: bytearray, dice: random.Random) -> None:
    """Put one value of the JSON in another's place."""
    values = (b"null", b"true", b"0", b"-1", b"1.5", b'""', b'"x"', b"[]", b"{}", b"[[]]", b'{"a":1}')
    colons = [place for place, byte in enumerate(found) if byte == 0x3A]
    if not colons:
        return
    start = dice.choice(colons) + 1
    end = start
    while end < len(found) and found[end] not in b",}]\n":
        end += 1
    found[start:end] = dice.choice(values)


class Failure(Exception):
    """An input that its target does not take as it should."""


def fuzz(target: Target, inputs: int, seed: int) -> tuple[int, int]:
    """Try so many inputs; how many ways of reading them were seen, and the milliseconds of CPU of the slowest. Raises Failure."""
    dice = random.Random(seed)
    kept, slowest_s = list(target.seeds), 0.0
    seen: set[Hashable] = set()
    try:
        for number in range(inputs):
            is_seed = number < len(target.seeds)
            data = kept[number] if is_seed else mutated(dice.choice(kept), dice, target.seeds)
            began_s = time.process_time()
            behaviour = _tried(target, data, dice)
            slowest_s = max(slowest_s, time.process_time() - began_s)
            if behaviour not in seen:
                seen.add(behaviour)
                kept.append(data)
                if len(kept) > _MOST_KEPT:
                    del kept[dice.randrange(len(target.seeds), len(kept))]
    finally:
        target.close()
    return len(seen), round(slowest_s * 1_000)


def _tried(target: Target, data: bytes, dice: random.Random) -> Hashable:
    try:
        return target.read(data, dice)
    except Exception as error:
        raise Failure(f"{type(error).__name__}: {error}: {data!r}") from error


def main() -> int:
    """Run one target, and print how many inputs it took and in how many ways."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("target", choices=sorted(targets()))
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--atheris", action="store_true", help="have atheris choose the inputs, by coverage")
    options = parser.parse_args()

    target = targets()[options.target]
    if options.atheris:
        return _by_coverage(target, options.inputs)
    began_s = time.monotonic()
    try:
        ways, slowest_ms = fuzz(target, options.inputs, options.seed)
    except Failure as failure:
        print(failure)
        return 1
    took_s = time.monotonic() - began_s
    print(
        f"{options.target}: {options.inputs} inputs in {took_s:.0f} s, {ways} ways to read, slowest {slowest_ms} ms"
    )
    return 0


def _by_coverage(target: Target, inputs: int) -> int:
    import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore]

    dice = random.Random(1)
    for function in _functions(
        sse, reply, deltas, error_bodies, refusals, transport, protocol, fields, documents, convert
    ):
        atheris.instrument_func(function)
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(target.seeds):
            Path(folder, str(number)).write_bytes(seed)
        arguments = [sys.argv[0], f"-runs={inputs}", f"-max_len={_MOST_BYTES}", folder]
        atheris.Setup(arguments, lambda data: target.read(data, dice))
        atheris.Fuzz()
    return 0


def _functions(*modules: types.ModuleType) -> Iterator[types.FunctionType]:
    """The functions of some modules, and the methods of their classes."""
    for module in modules:
        ours = [one for one in vars(module).values() if getattr(one, "__module__", "") == module.__name__]
        for one in ours:
            for function in vars(one).values() if isinstance(one, type) else (one,):
                if isinstance(function, types.FunctionType):
                    yield function


if __name__ == "__main__":
    sys.exit(main())
