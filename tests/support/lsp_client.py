"""A language server's process, and JSON-RPC with it over its standard streams.

Owns the process, the framing, and the record of every message with its time. Knows nothing about documents or screens: how an
editor uses the messages is in `fake_editor`. It uses only the standard library and little time, because it shares the machine
with what it measures.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Message = dict[str, Any]

_END_OF_HEADER: Final = b"\r\n\r\n"
_STDERR_KEPT: Final = 100_000
_PATIENCE_S: Final = 10.0


@dataclass(slots=True)
class Reply:
    """The answer to one request. `sent_s` and `received_s` are times of `time.monotonic()`."""

    id: int
    method: str
    sent_s: float
    received_s: float | None = None
    result: Any = None
    error: Message | None = None
    cancelled: bool = False
    on_reply: Callable[[Reply], None] | None = None
    done: asyncio.Event = field(default_factory=asyncio.Event)

    async def value(self, timeout_s: float = _PATIENCE_S) -> Any:
        """Wait for the result. Raises RuntimeError if it is an error, TimeoutError if none comes."""
        async with asyncio.timeout(timeout_s):
            await self.done.wait()
        if self.error is not None:
            raise RuntimeError(f"{self.method}: {self.error}")
        return self.result


@dataclass(frozen=True, slots=True)
class Recorded:
    """One message on the wire. `sent`: from us to the server."""

    sent: bool
    at_s: float
    message: Message


class LspClient(asyncio.SubprocessProtocol):
    """One server process. Its requests are answered. Its notifications are recorded and passed on."""

    def __init__(self, *, settings: Any = None, keep_messages: bool = True) -> None:
        self.settings = settings
        self.recorded: list[Recorded] = []
        self.problems: list[str] = []
        self.on_notification: Callable[[str, Any], None] | None = None
        self.pending: dict[int, Reply] = {}
        self.stderr = bytearray()
        self.exited = asyncio.Event()
        self.started_s = 0.0
        self._keep = keep_messages
        self._buffer = bytearray()
        self._next_id = 1
        self._transport: asyncio.SubprocessTransport | None = None
        self._stdin: asyncio.WriteTransport | None = None

    @classmethod
    async def start(
        cls,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        *,
        cwd: str | None = None,
        settings: Any = None,
        keep_messages: bool = True,
    ) -> Self:
        """Start `argv`. `settings` is the answer to workspace/configuration, whole or by section."""
        started_s = time.monotonic()
        loop = asyncio.get_running_loop()
        starting = asyncio.ensure_future(
            loop.subprocess_exec(
                lambda: cls(settings=settings, keep_messages=keep_messages), *argv, env=env, cwd=cwd
            )
        )
        try:
            transport, client = await asyncio.shield(starting)
        except asyncio.CancelledError:
            # If the start of a process is cancelled, asyncio may wait for it for ever. So it is started and then ended.
            (await starting)[0].close()
            raise
        client.started_s = started_s
        client._transport = transport
        client._stdin = cast("asyncio.WriteTransport", transport.get_pipe_transport(0))
        return client

    @property
    def pid(self) -> int:
        """The server's process id."""
        if self._transport is None:
            raise RuntimeError("the server was not started")
        return self._transport.get_pid()

    @property
    def returncode(self) -> int | None:
        """The exit status. None while the process runs."""
        return self._transport.get_returncode() if self._transport is not None else None

    # --- speaking

    def request(
        self, method: str, params: Any = None, on_reply: Callable[[Reply], None] | None = None
    ) -> Reply:
        """Send a request. `on_reply` is called as soon as its answer has been read."""
        request_id = self._next_id
        self._next_id += 1
        message = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
        reply = Reply(request_id, method, self._send(message), on_reply=on_reply)
        self.pending[request_id] = reply
        return reply

    def notify(self, method: str, params: Any = None) -> float:
        """Send a notification. Returns the time."""
        return self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def cancel(self, reply: Reply) -> float:
        """Send $/cancelRequest for a request without an answer. Returns the time."""
        reply.cancelled = True
        return self.notify("$/cancelRequest", {"id": reply.id})

    async def initialize(
        self,
        *,
        root_uri: str | None = None,
        inline_completion: bool = True,
        encodings: Sequence[str] = ("utf-16",),
        name: str = "fake editor",
        options: Any = None,
    ) -> Any:
        """Send `initialize` as an editor of LSP 3.18, or as one without inline completion. Returns the InitializeResult."""
        text_document: Message = {
            "synchronization": {"dynamicRegistration": False, "didSave": True},
            "completion": {"completionItem": {"snippetSupport": False}},
        }
        if inline_completion:
            text_document["inlineCompletion"] = {"dynamicRegistration": False}
        params = {
            "processId": None,
            "clientInfo": {"name": name, "version": "1"},
            "rootUri": root_uri,
            "workspaceFolders": [{"uri": root_uri, "name": "work"}] if root_uri else None,
            "initializationOptions": options,
            "capabilities": {
                "general": {"positionEncodings": list(encodings)},
                "textDocument": text_document,
                "workspace": {"configuration": True, "workspaceFolders": True},
                "window": {"workDoneProgress": True, "showMessage": {}},
            },
        }
        result = await self.request("initialize", params).value(timeout_s=30.0)
        self.notify("initialized", {})
        return result

    async def stop(self) -> int | None:
        """Shut down in order, and kill the process if it does not end. Returns its exit status."""
        if not self.exited.is_set():
            try:
                await self.request("shutdown").value(timeout_s=3.0)
                self.notify("exit")
                async with asyncio.timeout(3.0):
                    await self.exited.wait()
            except (RuntimeError, TimeoutError):
                self.kill()
                await self.exited.wait()
        status = self.returncode
        if self._transport is not None:
            self._transport.close()
        return status

    def kill(self) -> None:
        """Kill the process."""
        if self._transport is not None and self.returncode is None:
            self._transport.kill()

    def _send(self, message: Message) -> float:
        if self._stdin is None:
            raise RuntimeError("the server was not started")
        body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
        at_s = time.monotonic()
        self._stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        if self._keep:
            self.recorded.append(Recorded(True, at_s, message))
        return at_s

    # --- listening

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Take what the process wrote. Its time is that of the arrival here."""
        at_s = time.monotonic()
        if fd != 1:
            self.stderr += data
            del self.stderr[:-_STDERR_KEPT]
            return
        self._buffer += data
        while (end := self._buffer.find(_END_OF_HEADER)) >= 0:
            size = _content_length(bytes(self._buffer[:end]))
            start = end + len(_END_OF_HEADER)
            if size is None:
                self.problems.append("something other than LSP on the standard output")
                self._buffer.clear()
                return
            if len(self._buffer) < start + size:
                return
            message = json.loads(bytes(self._buffer[start : start + size]))
            del self._buffer[: start + size]
            self._take(message, at_s)

    def process_exited(self) -> None:
        """Record the end of the process. Requests that still wait get an error."""
        self.exited.set()
        for reply in self.pending.values():
            reply.error = {"code": None, "message": f"the server ended with status {self.returncode}"}
            reply.done.set()

    def _take(self, message: Message, at_s: float) -> None:
        if self._keep:
            self.recorded.append(Recorded(False, at_s, message))
        if "method" not in message:
            self._take_reply(message, at_s)
        elif "id" in message:
            result = self._answer(message["method"], message.get("params"))
            self._send({"jsonrpc": "2.0", "id": message["id"], "result": result})
        elif self.on_notification is not None:
            self.on_notification(message["method"], message.get("params"))

    def _take_reply(self, message: Message, at_s: float) -> None:
        reply = self.pending.pop(message.get("id", 0), None)
        if reply is None:
            self.problems.append("an answer to no open request")
            return
        reply.received_s = at_s
        reply.result = message.get("result")
        reply.error = message.get("error")
        reply.done.set()
        if reply.on_reply is not None:
            reply.on_reply(reply)

    def _answer(self, method: str, params: Any) -> Any:
        if method == "workspace/configuration":
            return [self._section(item.get("section")) for item in params["items"]]
        if method == "workspace/applyEdit":
            return {"applied": False}
        return None

    def _section(self, name: str | None) -> Any:
        if isinstance(self.settings, dict) and name in self.settings:
            return self.settings[name]
        return self.settings


def _content_length(header: bytes) -> int | None:
    for line in header.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length" and value.strip().isdigit():
            return int(value)
    return None
