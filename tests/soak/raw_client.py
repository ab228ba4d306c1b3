"""A client that may say anything: bytes to a real server's process, and the messages that come back."""

from __future__ import annotations

import json
import os
import re
import selectors
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

_PATIENCE_S: Final = 60.0
_ROOT: Final = Path(__file__).parents[2]
Message = dict[str, Any]


def frame(message: Any) -> bytes:
    """A message as it goes over the wire; bytes are taken for a body as they are."""
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def request(message_id: Any, method: str, params: Any = None) -> bytes:
    """A framed request."""
    return frame({"jsonrpc": "2.0", "id": message_id, "method": method, "params": params})


def notification(method: str, params: Any = None) -> bytes:
    """A framed notification."""
    return frame({"jsonrpc": "2.0", "method": method, "params": params})


class RawClient:
    """A server's process, over its standard streams, or with `tcp` over a socket; gone on leaving."""

    def __init__(
        self, home: Path, *, tcp: bool = False, environment: Mapping[str, str] | None = None
    ) -> None:
        base = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("TYPETHROUGH_", "AI_", "OPENAI_", "XDG_"))
        }
        directories = {f"XDG_{kind}_HOME": str(home / kind) for kind in ("STATE", "CACHE", "CONFIG")}
        command = [sys.executable, "-m", "typethrough", *(["--tcp", "127.0.0.1:0"] if tcp else [])]
        self.log = home / "stderr.txt"
        with self.log.open("wb") as stderr:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={**base, "PYTHONPATH": str(_ROOT / "server"), **directories, **(environment or {})},
            )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._stdin, self._stdout = self.process.stdin, self.process.stdout
        self._socket: socket.socket | None = None
        if tcp:
            self._socket = self.connect()
        self.messages: list[Message] = []
        self._buffer = bytearray()
        self._unsent = bytearray()
        self.reads = True
        self.ended = False
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)

    @property
    def _in(self) -> int:
        return self._socket.fileno() if self._socket is not None else self._stdin.fileno()

    @property
    def _out(self) -> int:
        return self._socket.fileno() if self._socket is not None else self._stdout.fileno()

    def connect(self) -> socket.socket:
        """A connection of its own to a server on TCP."""
        self._wait_for_log(r"listening on 127\.0\.0\.1:(\d+)")
        port = re.search(r"listening on 127\.0\.0\.1:(\d+)", self.log.read_text())
        assert port is not None
        return socket.create_connection(("127.0.0.1", int(port[1])), timeout=_PATIENCE_S)

    def _wait_for_log(self, pattern: str) -> None:
        until_s = time.monotonic() + _PATIENCE_S
        while not re.search(pattern, self.log.read_text()):
            assert time.monotonic() < until_s, "the server does not listen"
            os.sched_yield()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self._stdin, self._stdout, self._socket):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue

    def send(self, *data: bytes) -> None:
        """Have bytes sent; a server that does not read them is not waited for longer than `until` waits."""
        for piece in data:
            self._unsent += piece

    def until(self, done: Callable[[], bool], patience_s: float = _PATIENCE_S) -> None:
        """Send what is to be sent and read what comes until something is true. Raises TimeoutError."""
        until_s = time.monotonic() + patience_s
        with selectors.DefaultSelector() as selector:
            while not done():
                left_s = until_s - time.monotonic()
                if left_s < 0:
                    raise TimeoutError(f"{len(self.messages)} messages, {self.log.read_text()[-500:]}")
                for key in list(selector.get_map().values()):
                    selector.unregister(key.fd)
                wanted: dict[int, int] = {}
                if self.reads and not self.ended:
                    wanted[self._out] = selectors.EVENT_READ
                if self._unsent:
                    wanted[self._in] = wanted.get(self._in, 0) | selectors.EVENT_WRITE
                for descriptor, events in wanted.items():
                    selector.register(descriptor, events)
                for _, events in selector.select(min(left_s, 0.05)):
                    if events & selectors.EVENT_WRITE:
                        self._write()
                    if events & selectors.EVENT_READ:
                        self._read()

    def _write(self) -> None:
        try:
            count = os.write(self._in, memoryview(self._unsent)[: 1 << 16])
        except BlockingIOError:
            return
        except OSError:
            self._unsent.clear()
            return
        del self._unsent[:count]

    def _read(self) -> None:
        try:
            data = os.read(self._out, 1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.ended = True
            return
        buffer = self._buffer
        buffer += data
        while (end := buffer.find(b"\r\n\r\n")) >= 0:
            size = int(bytes(buffer[:end]).rpartition(b":")[2])
            if len(buffer) < end + 4 + size:
                return
            message = json.loads(bytes(buffer[end + 4 : end + 4 + size]))
            del buffer[: end + 4 + size]
            self.messages.append(message)
            if "method" in message and "id" in message:
                self.send(frame({"jsonrpc": "2.0", "id": message["id"], "result": None}))

    def replies(self, message_id: Any) -> list[Message]:
        """The answers to a request."""
        return [one for one in self.messages if "method" not in one and one.get("id") == message_id]

    def ask(
        self, message_id: Any, method: str, params: Any = None, patience_s: float = _PATIENCE_S
    ) -> Message:
        """Send a request; its one answer."""
        self.send(request(message_id, method, params))
        self.until(lambda: bool(self.replies(message_id)), patience_s)
        [reply] = self.replies(message_id)
        return reply

    def begin(self, **more: Any) -> None:
        """Introduce an ordinary client."""
        capabilities: Message = {"textDocument": {"inlineCompletion": {}}}
        reply = self.ask("begin", "initialize", {"processId": None, "capabilities": capabilities, **more})
        assert "result" in reply, reply
        self.send(notification("initialized", {}))

    def open(self, uri: str, text: str, language_id: str = "python") -> None:
        document = {"uri": uri, "languageId": language_id, "version": 1, "text": text}
        self.send(notification("textDocument/didOpen", {"textDocument": document}))

    def close_stdin(self) -> None:
        """Send what is to be sent, and then no more."""
        self.until(lambda: not self._unsent)
        self._stdin.close()

    def close_stdout(self) -> None:
        """Read no more, and let the server know."""
        self._stdout.close()
        self.ended = True

    def reset(self) -> None:
        """Break the connection off, as when a machine is switched off."""
        assert self._socket is not None
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self._socket.close()
        self._socket = None
        self.ended = True

    def rss_mib(self) -> float:
        """What the server has in memory."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)

    def exit_code(self, patience_s: float = _PATIENCE_S) -> int:
        """Wait for the end of the process."""
        self.until(lambda: self.process.poll() is not None, patience_s)
        return self.process.wait()

    def end(self) -> int:
        """Say goodbye; the exit code."""
        self.ask("end", "shutdown")
        self.send(notification("exit"))
        return self.exit_code()
