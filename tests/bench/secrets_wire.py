"""Planted secrets against the server as a process: what of them a gateway gets while somebody edits a project full of them."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from tests.core.secrets.planted import KINDS, plant
from tests.support.lsp_client import LspClient
from tests.support.simulator import start

if TYPE_CHECKING:
    from tests.support.simulator import Simulator

_EDITS: Final = 140
_PIECE: Final = 8
_GATHERED_S: Final = 2.5


class Project:
    """Two files and notes with a secret of each kind, which are edited at random places."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = Random(seed)
        self.secrets: list[str] = []
        self.folder = folder
        code = "def area(width, height):\n    return width * height\n"
        self.main = "\n".join(["from keys import Keys\n", *(f"{self.line(kind)}\n{code}" for kind in KINDS)])
        members = (
            f"    # {self.line(kind)}\n    def get_{number}(self, key={self.line(kind)!r}):\n        return key"
            for number, kind in enumerate(KINDS)
        )
        self.keys = "\n".join(["class Keys:", *members, *(self.line(kind).strip() for kind in KINDS)])
        (folder / "main.py").write_text(self.main, "utf-8")
        (folder / "keys.py").write_text(self.keys, "utf-8")
        (folder / "README.md").write_text("\n".join(self.line(kind) for kind in KINDS[:30]), "utf-8")

    def line(self, kind: str) -> str:
        """Another line with a secret of a kind."""
        planted = plant(kind, self.random)
        self.secrets.append(planted.secret)
        return planted.line

    def insertion(self) -> str:
        """Something to type or to paste."""
        return self.random.choice((f"{self.line(self.random.choice(KINDS))}\n", "    keys = Keys()\n", "x"))


async def edit(project: Project, simulator: Simulator) -> None:
    """Edit the project through a server, and ask for a suggestion after each edit."""
    environment = {
        **os.environ,
        "TYPETHROUGH_BASE_URL": simulator.base_url,
        "TYPETHROUGH_PROJECT_NOTES": "true",
        "TYPETHROUGH_LOCAL_LANE": "false",
        "TYPETHROUGH_CONTEXT_TOKENS": "60000",
        "TYPETHROUGH_RECORD": "false",
    }
    client = await LspClient.start([sys.executable, "-m", "typethrough"], environment)
    random, root = project.random, project.folder.as_uri()
    uri, other = f"{root}/main.py", f"{root}/keys.py"
    capabilities: dict[str, object] = {"textDocument": {"inlineCompletion": {}}}
    await client.request(
        "initialize", {"processId": None, "rootUri": root, "capabilities": capabilities}
    ).value()
    client.notify("initialized", {})
    for name, text in ((other, project.keys), (uri, project.main)):
        document = {"uri": name, "languageId": "python", "version": 1, "text": text}
        client.notify("textDocument/didOpen", {"textDocument": document})
    await asyncio.sleep(_GATHERED_S)
    _change(client, other, 2, 6, 0, f"# {project.line('stripe')}\n")
    lines = project.main.split("\n")
    for number in range(_EDITS):
        line, text = random.randrange(len(lines)), project.insertion()
        column = 0 if text.endswith("\n") else random.randrange(len(lines[line]) + 1)
        _change(client, uri, number + 2, line, column, text)
        lines[line : line + 1] = f"{lines[line][:column]}{text}{lines[line][column:]}".split("\n")
        asked = random.choice((line, random.randrange(len(lines))))
        position = {"line": asked, "character": random.randrange(len(lines[asked]) + 1)}
        place = {"textDocument": {"uri": uri}, "position": position, "context": {"triggerKind": 1}}
        await client.request("textDocument/inlineCompletion", place).value()
        if number % 40 == 0:
            await asyncio.sleep(_GATHERED_S)
    await client.stop()


def _change(client: LspClient, uri: str, version: int, line: int, column: int, text: str) -> None:
    at = {"line": line, "character": column}
    change = {"range": {"start": at, "end": at}, "text": text}
    document = {"uri": uri, "version": version}
    client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})


def leaked(secrets: list[str], sent: str) -> list[str]:
    """The secrets of which eight characters, or all where there are fewer, were sent."""
    return [
        secret
        for secret in secrets
        for size in [min(_PIECE, len(secret))]
        if any(secret[at : at + size] in sent for at in range(len(secret) - size + 1))
    ]


def through_the_server(seed: int = 5) -> str:
    """A line with what a gateway got."""
    with TemporaryDirectory() as folder, start(latency="none", style="openai") as simulator:
        project = Project(Path(folder).resolve(), seed)
        asyncio.run(edit(project, simulator))
        rows = simulator.log(full=True)
    texts = [message["content"] for row in rows for message in row["messages"]]
    sent = "\n".join((*texts, *(row["body"] for row in rows)))
    found = leaked(project.secrets, sent)
    size = f"{len(rows)} requests, {len(sent) / 2e6:.1f} MB"
    return f"through the server: {len(found)} of {len(project.secrets)} secrets in {size} {found[:3] or ''}"
