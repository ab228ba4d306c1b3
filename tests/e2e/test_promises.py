"""What server/docs/privacy.md promises of the whole process: where it connects to, and what it leaves on the disk."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.support.lsp_client import LspClient
from tests.support.simulator import start

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.e2e

_SERVER: Final = str(Path(__file__).parents[2] / "server")
# Python itself tells of each address that the process looks up or connects to.
_AUDITED: Final = """
import sys
def hook(event, arguments, told=open(sys.argv.pop(1), "a", buffering=1)):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        print(event, *arguments[-1 if event == "socket.connect" else 0:][:2], file=told)
sys.addaudithook(hook)
from typethrough.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
_KEY: Final = "sk-promised-0123456789abcdef"
_TYPED: Final = "quetzalcoatl"
_TEXT: Final = f"import json\n\n\ndef {_TYPED}(path):\n    "


@asynccontextmanager
async def _server(home: Path, **settings: str) -> AsyncIterator[LspClient]:
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    own = {"HOME": str(home), "TMPDIR": str(home), "PYTHONPATH": _SERVER, "PYTHONDONTWRITEBYTECODE": "1"}
    environment = kept | own | {f"TYPETHROUGH_{name}": value for name, value in settings.items()}
    log = ("--log-level", "debug", "--log-file", str(home / "server.log"))
    command = (sys.executable, "-c", _AUDITED, str(home / "connections"), "--stdio", *log)
    client = await LspClient.start(command, environment, cwd=str(home))
    try:
        project = home / "project"
        project.mkdir()
        (project / "other.py").write_text("class Shop:\n    pass\n", "utf-8")
        await client.initialize(root_uri=project.as_uri())
        yield client
    finally:
        await client.stop()


async def _ask(client: LspClient, home: Path) -> list[str]:
    """The texts offered at the end of a document that stands in no file."""
    uri = (home / "project" / "main.py").as_uri()
    document = {"uri": uri, "languageId": "python", "version": 1, "text": _TEXT}
    client.notify("textDocument/didOpen", {"textDocument": document})
    params: dict[str, Any] = {
        "textDocument": {"uri": uri},
        "position": {"line": 4, "character": 4},
        "context": {"triggerKind": 1},
    }
    found = await client.request("textDocument/inlineCompletion", params).value()
    return [item["insertText"] for item in (found or {"items": []})["items"]]


def _connections(home: Path) -> list[str]:
    return (home / "connections").read_text("utf-8").splitlines()


@pytest.mark.parametrize(
    "settings",
    [{}, {"MODEL_LANE": "false", "API_KEY": _KEY}, {"ENABLED": "false", "API_KEY": _KEY}],
    ids=["no key", "no model lane", "switched off"],
)
def test_with_no_key_the_server_opens_no_connection(tmp_path: Path, settings: dict[str, str]) -> None:
    async def scenario() -> None:
        async with _server(tmp_path, **settings) as client:
            await _ask(client, tmp_path)

    asyncio.run(scenario())
    assert _connections(tmp_path) == []


def test_with_a_gateway_the_server_connects_to_that_alone(tmp_path: Path) -> None:
    async def scenario(base_url: str) -> list[str]:
        async with _server(tmp_path, BASE_URL=base_url, API_KEY=_KEY) as client:
            return await _ask(client, tmp_path)

    with start(latency="none") as simulator:
        offered = asyncio.run(scenario(simulator.base_url))
        assert simulator.log()
    assert offered
    connections = _connections(tmp_path)
    assert connections
    assert [line for line in connections if "127.0.0.1" not in line or str(simulator.port) not in line] == []


def test_a_session_leaves_no_text_on_the_disk(tmp_path: Path) -> None:
    async def scenario(base_url: str) -> list[str]:
        async with _server(tmp_path, BASE_URL=base_url, API_KEY=_KEY) as client:
            return await _ask(client, tmp_path)

    with start(latency="none") as simulator:
        offered = asyncio.run(scenario(simulator.base_url))
    assert offered
    left = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert any(path.name == "record.sqlite3" for path in left), "there is a record to look into"
    assert any(path.name == "server.log" and text for path, text in left.items()), "and a log"
    for word in (_TYPED, _KEY, *(text.strip() for text in offered if len(text.strip()) > 3)):
        assert [str(path) for path, text in left.items() if word.encode() in text] == [], word
