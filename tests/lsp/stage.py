"""A session in this process: an editor's messages go in as plain JSON, and every message that comes back is kept.

The engine, the settings and the protocol are the real ones; time is told by hand and the gateway says what a test has it say.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from tests.support.engine_kit import ManualClock, Notes, ScriptedGateway, settle
from typethrough.cli.compose import Composition
from typethrough.core.settings.layers import Layer, Origin
from typethrough.lsp.session import Session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typethrough.core.settings.schema import Settings

URI = "file:///project/module.py"
INLINE = "textDocument/inlineCompletion"
Message = dict[str, Any]
INLINE_CLIENT: Message = {"textDocument": {"inlineCompletion": {}}}


class Wire:
    """What the server has written, decoded."""

    def __init__(self) -> None:
        self.raw = bytearray()
        self.lost = asyncio.Event()
        self.written = asyncio.Event()
        self.messages: list[Message] = []

    def write(self, data: bytes) -> None:
        self.raw += data
        header, _, body = data.partition(b"\r\n\r\n")
        assert header == b"Content-Length: %d" % len(body)
        self.messages.append(json.loads(body))
        self.written.set()

    async def aclose(self) -> None:
        pass


class StageComposition(Composition):
    """The real composition with a scripted gateway."""

    def __init__(self, environment: Mapping[str, str], user: Mapping[str, Any]) -> None:
        values = {"local_lane": False, "debounce_min_ms": 100, "debounce_max_ms": 100, **user}
        super().__init__(environment=environment, user_layer=Layer("user file", Origin.USER_FILE, values))
        self.scripted = ScriptedGateway()
        self.used: list[Settings] = []

    def gateway(self, settings: Settings) -> Any:
        self.used.append(settings)
        return self.scripted


class Stage:
    """One client and its session."""

    def __init__(self, environment: Mapping[str, str] | None = None, **user: Any) -> None:
        self.parts = StageComposition(environment or {}, user)
        self.clock = ManualClock()
        self.notes = Notes()
        self.session = Session(self.parts, self.notes, self.clock)
        self.wire = Wire()
        self.session.protocol.output = self.wire
        self._ids = 0

    @property
    def gateway(self) -> ScriptedGateway:
        return self.parts.scripted

    @property
    def text(self) -> str:
        """The engine's idea of the document."""
        assert self.session.engine is not None
        document = self.session.engine.document(URI)
        assert document is not None
        return document.snapshot.text()

    def receive(self, message: Any) -> None:
        self.session.protocol.receive(message)

    def notify(self, method: str, params: Any = None) -> None:
        self.receive({"jsonrpc": "2.0", "method": method, "params": params})

    def request(self, method: str, params: Any = None, message_id: Any = None) -> Any:
        """Send a request; its id."""
        if message_id is None:
            self._ids += 1
            message_id = self._ids
        self.receive({"jsonrpc": "2.0", "id": message_id, "method": method, "params": params})
        return message_id

    def replies(self, message_id: Any) -> list[Message]:
        return [
            message
            for message in self.wire.messages
            if "method" not in message and "id" in message and message["id"] == message_id
        ]

    def reply(self, message_id: Any) -> Message:
        """The one reply to a request."""
        replies = self.replies(message_id)
        assert len(replies) == 1, f"one request has one reply, this one: {replies}"
        return replies[0]

    def call(self, method: str, params: Any = None) -> Any:
        """Send a request that is answered at once; its result."""
        reply = self.reply(self.request(method, params))
        assert "error" not in reply, reply
        return reply["result"]

    def error(self, method: str, params: Any = None) -> tuple[int, str]:
        """Send a request that is refused at once; code and message. There is nothing else in such an error."""
        error = self.reply(self.request(method, params))["error"]
        assert error.keys() == {"code", "message"}
        return error["code"], error["message"]

    def told(self, method: str) -> list[Any]:
        """The parameters of every notification or request of a method that the server has sent."""
        return [message["params"] for message in self.wire.messages if message.get("method") == method]

    def asked(self, method: str) -> list[Message]:
        """The server's own requests of a method."""
        return [m for m in self.wire.messages if m.get("method") == method and "id" in m]

    def initialize(self, capabilities: Any = None, *, encoding: str = "utf-16", **more: Any) -> Any:
        """Introduce a client; the result of `initialize`."""
        known = dict(INLINE_CLIENT if capabilities is None else capabilities)
        known.setdefault("general", {"positionEncodings": [encoding]})
        return self.call("initialize", {"processId": None, "capabilities": known, **more})

    def open(self, text: str, uri: str = URI) -> None:
        document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def change(self, *changes: Any, version: Any = 2, uri: str = URI) -> None:
        self.notify(
            "textDocument/didChange",
            {"textDocument": {"uri": uri, "version": version}, "contentChanges": list(changes)},
        )

    def place(self, line: int, character: int, uri: str = URI, **context: Any) -> Message:
        """The parameters of an inline completion request."""
        return {
            "textDocument": {"uri": uri},
            "position": {"line": line, "character": character},
            "context": {"triggerKind": 2, **context},
        }

    async def wait(self, ms: float) -> None:
        """Let time pass, and let what it set off happen."""
        self.clock.advance(ms)
        await settle()


async def ready(text: str, stage: Stage | None = None) -> Stage:
    """A stage with an initialized client and an open document."""
    stage = stage or Stage()
    stage.initialize()
    stage.notify("initialized", {})
    await settle()
    stage.open(text)
    await settle()
    return stage


def at(line: int, start: int, end_line: int, end: int) -> Message:
    """A range."""
    return {"start": {"line": line, "character": start}, "end": {"line": end_line, "character": end}}
