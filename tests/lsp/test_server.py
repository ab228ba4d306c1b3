"""The server from outside: a real process over its pipes or a socket, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.lsp.stage import INLINE_CLIENT, StageComposition
from tests.support.engine_kit import Notes
from tests.support.lsp_client import LspClient
from typethrough.lsp.server import run
from typethrough.lsp.session import Session
from typethrough.lsp.transport import StreamWriter, frame

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# A process each: half a second, and so not in the quick part.
pytestmark = pytest.mark.e2e

SERVER = str(Path(__file__).parents[2] / "server")
COMMAND = [sys.executable, "-m", "typethrough", "--stdio"]
INITIALIZE = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": INLINE_CLIENT}}
SHUTDOWN = {"jsonrpc": "2.0", "id": 2, "method": "shutdown"}
EXIT = {"jsonrpc": "2.0", "method": "exit"}


def environment(tmp_path: Path, **more: str) -> Mapping[str, str]:
    """No settings, no key, nothing of this machine but the path."""
    keep = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return {**keep, "PYTHONPATH": SERVER, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), **more}


def served(
    tmp_path: Path, stream: bytes, command: Sequence[str] = COMMAND
) -> subprocess.CompletedProcess[bytes]:
    """Run a server over a whole input, to its end."""
    return subprocess.run(
        command, input=stream, capture_output=True, env=environment(tmp_path), timeout=25, check=False
    )


def messages(stdout: bytes) -> list[Any]:
    """What was written; fails when anything but LSP was."""
    found = []
    while stdout:
        header, _, rest = stdout.partition(b"\r\n\r\n")
        name, _, length = header.partition(b": ")
        assert name == b"Content-Length", "stdout carries LSP only"
        found.append(json.loads(rest[: int(length)]))
        stdout = rest[int(length) :]
    return found


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        (b"".join(map(frame, [INITIALIZE, SHUTDOWN, EXIT])), 0),
        (b"".join(map(frame, [INITIALIZE, EXIT])), 1),
        (frame(INITIALIZE), 1),
        (frame(EXIT), 1),
        (b"", 1),
        (b"garbage\r\n\r\n", 1),
        (frame(INITIALIZE) + b"Content-Length: 99999999999\r\n\r\n", 1),
    ],
)
def test_the_exit_code_says_whether_the_client_said_goodbye(tmp_path: Path, stream: bytes, code: int) -> None:
    done = served(tmp_path, stream)
    assert done.returncode == code
    assert b"Traceback" not in done.stderr
    assert [message["id"] for message in messages(done.stdout)] == [1, 2][: stream.count(b'"id"')]


def test_a_file_as_stdin_is_read_too(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_bytes(b"".join(map(frame, [INITIALIZE, SHUTDOWN, EXIT])))
    with script.open("rb") as stdin, (tmp_path / "out").open("wb") as stdout:
        env = environment(tmp_path)
        done = subprocess.run(COMMAND, stdin=stdin, stdout=stdout, env=env, timeout=25, check=False)
    assert done.returncode == 0
    assert [message["id"] for message in messages((tmp_path / "out").read_bytes())] == [1, 2]


@pytest.mark.parametrize(
    ("redirection", "code"),
    [("<&-", 1), (">&-", 1), ("</dev/null", 1), ("2>&-", 0), (">/dev/null", 0), ("2>/dev/full", 0)],
)
def test_standard_streams_may_be_closed_or_devices(tmp_path: Path, redirection: str, code: int) -> None:
    stream = b"".join(map(frame, [INITIALIZE, SHUTDOWN, EXIT]))
    done = served(tmp_path, stream, ["sh", "-c", f'exec "$0" -m typethrough {redirection}', sys.executable])
    assert done.returncode == code
    assert b"Traceback" not in done.stderr
    assert not [message for message in messages(done.stdout) if "error" in message]


PRINTING = """
import os, subprocess, sys
from typethrough.lsp import session
def printing(old):
    def offer(self, *arguments):
        print("printed by mistake")
        os.write(1, b"written by mistake")
        subprocess.run([sys.executable, "-c", "print('by a child', len(input and open(0).read()))"])
        old(self, *arguments)
    return offer
session.Session._offer = printing(session.Session._offer)
from typethrough.cli.main import main
sys.exit(main(["--stdio"]))
"""


def test_what_prints_to_stdout_by_mistake_reaches_stderr(tmp_path: Path) -> None:
    stream = b"".join(map(frame, [INITIALIZE, SHUTDOWN, EXIT]))
    done = served(tmp_path, stream, [sys.executable, "-c", PRINTING])
    assert [message["id"] for message in messages(done.stdout)] == [1, 2]
    for line in (b"printed by mistake", b"written by mistake", b"by a child 0"):
        assert line in done.stderr
    assert done.returncode == 0


LEAN = """
import sys
from typethrough.lsp import protocol
reply = protocol.Protocol.reply
heavy = ("httpx", "httpcore", "pathspec", "websockets", "pygls.client", "typethrough.engine.engine")
def looking(self, message_id, result):
    if message_id == 1:
        print(*(name for name in heavy if name in sys.modules), "loaded", file=sys.stderr)
    reply(self, message_id, result)
protocol.Protocol.reply = looking
from typethrough.cli.main import main
sys.exit(main(["--stdio"]))
"""


def test_initialize_is_answered_without_the_http_client_or_anything_as_heavy(tmp_path: Path) -> None:
    done = served(tmp_path, b"".join(map(frame, [INITIALIZE, SHUTDOWN, EXIT])), [sys.executable, "-c", LEAN])
    assert done.stderr.decode().split() == ["loaded"]


async def client(tmp_path: Path) -> LspClient:
    started = await LspClient.start(COMMAND, environment(tmp_path))
    await started.initialize()
    return started


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    async def scenario() -> None:
        server = await client(tmp_path)
        os.kill(server.pid, number)
        await server.exited.wait()
        assert await server.stop() == 1
        assert not [word for word in (b"Traceback", b"ERROR", b"CRITICAL") if word in server.stderr]
        assert server.problems == []

    asyncio.run(scenario())


def test_a_client_that_closes_its_end_of_stdout_ends_it(tmp_path: Path) -> None:
    with subprocess.Popen(
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(tmp_path),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(frame(INITIALIZE))
        process.stdin.flush()
        assert process.stdout.readline().startswith(b"Content-Length")
        process.stdout.close()
        assert process.wait(20) == 1
        assert b"Traceback" not in process.stderr.read()


class Endless:
    """A client that keeps its pipe open and says only this."""

    def __init__(self, *said: bytes) -> None:
        self._said = list(said)

    async def read(self, n: int) -> bytes:
        if self._said:
            return self._said.pop(0)
        await asyncio.Event().wait()
        raise AssertionError


def gone_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize("alive", [True, False])
def test_the_death_of_the_editors_process_ends_it_though_the_pipes_stay_open(alive: bool) -> None:
    async def scenario() -> None:
        process_id = os.getpid() if alive else gone_process()
        params = {"processId": process_id, "capabilities": {}}
        reader = Endless(frame({**INITIALIZE, "params": params}))
        session = Session(StageComposition({}, {}), Notes())
        serving = asyncio.ensure_future(run(session, reader, StreamWriter(), parent_check_s=0))
        for _ in range(200):
            await asyncio.sleep(0)
        assert serving.done() is not alive
        serving.cancel()
        if alive:
            with pytest.raises(asyncio.CancelledError):
                await serving
        else:
            assert await serving == 1

    asyncio.run(scenario())


async def listening(tmp_path: Path) -> tuple[asyncio.subprocess.Process, int]:
    command = [sys.executable, "-m", "typethrough", "--tcp", "127.0.0.1:0", "--log-level", "info"]
    process = await asyncio.create_subprocess_exec(
        *command, env=environment(tmp_path), stderr=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL
    )
    assert process.stderr is not None
    async for line in process.stderr:
        if b"listening on" in line:
            return process, int(line.rpartition(b":")[2])
    raise AssertionError("it does not listen")


def test_over_tcp_one_client_is_served_and_a_second_refused(tmp_path: Path) -> None:
    async def scenario() -> None:
        process, port = await listening(tmp_path)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(frame(INITIALIZE))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"Content-Length")
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        writer.write(frame(SHUTDOWN) + frame(EXIT))
        assert (await reader.read()).count(b'"result":null') == 1
        assert await process.wait() == 0
        writer.close()

    asyncio.run(scenario())


def test_over_tcp_the_clients_end_is_the_servers(tmp_path: Path) -> None:
    async def scenario() -> None:
        process, port = await listening(tmp_path)
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        assert await process.wait() == 1
        assert process.stderr is not None
        assert b"Traceback" not in await process.stderr.read()

    asyncio.run(scenario())


def test_a_document_in_a_crash_of_the_stream_stays_out_of_the_log(tmp_path: Path) -> None:
    document = {"uri": "file:///a.py", "languageId": "python", "version": 1, "text": "TOP_SECRET_TEXT"}
    opened = {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": document}}
    stream = frame(INITIALIZE) + frame(opened) + frame({**opened, "params": {"TOP_SECRET_TEXT": 1}})
    stream += b"Content-Length: 16\r\n\r\n{TOP_SECRET_TEXT" + b"TOP_SECRET_TEXT\r\n\r\n"
    done = served(tmp_path, stream, [*COMMAND, "--log-level", "debug"])
    assert done.returncode == 1
    assert b"TOP_SECRET" not in done.stderr + done.stdout
    assert messages(done.stdout)[-1]["error"]["code"] == -32700
