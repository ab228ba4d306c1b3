"""The server as a process: what its gateway's list says of the model is told once, whatever is typed."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.fake_editor import INVOKED, FakeEditor
from tests.support.lsp_client import LspClient
from tests.support.simulator import start

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "def area(width, height):\n    return \n"


@pytest.mark.timeout(60)
def test_an_announced_end_is_told_once_and_kept_for_the_next_server(tmp_path: Path) -> None:
    async def session(base_url: str) -> list[str]:
        """Ask until something is told, and then some more; what was told."""
        environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
        environment |= {"TYPETHROUGH_BASE_URL": base_url, "TYPETHROUGH_LOCAL_LANE": "false"}
        client = await LspClient.start([sys.executable, "-m", "typethrough", "--stdio"], environment)
        await client.initialize()
        editor = FakeEditor(client)
        editor.open((tmp_path / "shapes.py").as_uri(), TEXT)
        editor.asks = False
        editor.cursor = (1, 11)
        left = 200
        while left:
            editor.type("x")
            await editor.ask(INVOKED).reply.value()
            left = min(left - 1, 4) if editor.faults.messages else left - 1
        await client.stop()
        return editor.faults.messages

    with start() as gateway:
        # Each question waits a little for its text, so that the list has come long before the last of them.
        gateway.control(latency={"ttft_ms": 20})
        told = asyncio.run(session(gateway.base_url))
        assert len(told) == 1
        assert "ended it on 2026-10-23" in told[0]
        assert "TYPETHROUGH_MODEL" in told[0]
        (kept,) = (tmp_path / "cache").rglob("*.json")
        assert json.loads(kept.read_text())["facts"]["ends"] == "2026-10-23"
