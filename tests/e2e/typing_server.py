"""The real server's process for a typing session against somebody else's gateway or model."""

from __future__ import annotations

import os
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.support.lsp_client import LspClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_ROOT: Final = Path(__file__).parents[2]
_OWN: Final = ("TYPETHROUGH_", "AI_GATEWAY_", "VERCEL_", "OPENAI_", "XDG_")


@asynccontextmanager
async def started(
    base_url: str, home: Path, *, model: str, options: dict[str, Any], key: str = ""
) -> AsyncIterator[LspClient]:
    """A server with this gateway and no settings of the person who runs the tests; its record is below `home`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OWN)}
    environment = kept | {
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / ".state"),
        "PYTHONPATH": str(_ROOT / "server"),
        "TYPETHROUGH_BASE_URL": base_url,
        "TYPETHROUGH_MODEL": model,
    }
    if key:
        environment["TYPETHROUGH_API_KEY"] = key
    command = (sys.executable, "-m", "typethrough", "--stdio")
    # Not in `home`: Python would import the modules that are being typed there.
    client = await LspClient.start(command, environment, cwd=str(_ROOT))
    try:
        await client.initialize(root_uri=home.as_uri(), options=options)
        yield client
    finally:
        await client.stop()
