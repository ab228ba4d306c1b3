"""The servers that are measured and the gateway simulator, as processes, and what the kernel knows of them (Linux: /proc).

Owns command lines, environments and the reading of CPU time and memory. Knows nothing of typing.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.support import simulator
from tests.support.lsp_client import LspClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from tests.support.simulator import Simulator

_ROOT: Final = Path(__file__).parents[2]
_NS_PER_S: Final = 1e9
_KIB_PER_MIB: Final = 1024
_LAST_WORDS: Final = 2000
# The budget's own variable is not set: what is measured is what a new user gets.
_OURS_ALONE: Final = ("TYPETHROUGH_", "AI_GATEWAY_", "VERCEL_", "OPENAI_", "XDG_")


@dataclass(frozen=True, slots=True)
class Contestant:
    """A server under test: its column's name and how it is started."""

    name: str
    argv: tuple[str, ...]


NAIVE: Final = Contestant("naive", (sys.executable, "-m", "tests.bench.naive_server"))
OURS: Final = Contestant("typethrough", (sys.executable, "-m", "typethrough", "--stdio"))


def environment(base_url: str, home: Path) -> dict[str, str]:
    """The environment of a contestant: this one's, with no settings of the person who runs the benchmark."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS_ALONE)}
    paths = [str(_ROOT / "server"), str(_ROOT), kept.get("PYTHONPATH", "")]
    return kept | {
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / ".state"),
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "TYPETHROUGH_BASE_URL": base_url,
        # The simulator lists the default model with its announced end, and what a session tells its user is counted.
        "TYPETHROUGH_CATALOGUE": "false",
        "OPENAI_BASE_URL": base_url,
        "OPENAI_API_KEY": "none",
    }


async def start(contestant: Contestant, base_url: str, home: Path) -> tuple[LspClient, float]:
    """Start a contestant on the workspace `home`; return it initialized, and the seconds until it was.

    Raises RuntimeError with the last it said when it does not get so far.
    """
    # Not in `home`: Python would import the modules that are being typed there.
    client = await LspClient.start(
        contestant.argv, environment(base_url, home), cwd=str(_ROOT), keep_messages=False
    )
    try:
        await client.initialize(root_uri=home.as_uri())
    except (RuntimeError, TimeoutError) as error:
        await client.stop()
        said = bytes(client.stderr[-_LAST_WORDS:]).decode(errors="replace")
        raise RuntimeError(f"{contestant.name} did not start: {said}") from error
    return client, time.monotonic() - client.started_s


@asynccontextmanager
async def gateway(**simulated: Any) -> AsyncIterator[Simulator]:
    """Run a gateway simulator with the options of `simulator.start`."""
    starting = asyncio.ensure_future(asyncio.to_thread(simulator.start, **simulated))
    try:
        yield await asyncio.shield(starting)
    finally:
        await asyncio.to_thread((await starting).stop)


def cpu_s(pid: int) -> float:
    """CPU seconds a process has used so far, over all its threads, to the nanosecond."""
    spent = 0
    for schedstat in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            spent += int(schedstat.read_text().split()[0])
        except (OSError, ProcessLookupError):
            continue  # A thread that ended between the listing and the reading.
    return spent / _NS_PER_S


def rss_mib(pid: int) -> float:
    """Resident memory of a process in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / _KIB_PER_MIB


def command(words: Sequence[str]) -> Contestant:
    """A contestant given on the command line; its column is named after the program."""
    return Contestant(Path(words[0]).name, tuple(words))
