"""What knowing a workspace of 5,000 files costs: memory, time, and how long the event loop is held up meanwhile.

Run with `.venv/bin/python -m tests.bench.memory`. The workspace is made of the standard library's own sources, taken in turn and
given names of their own, so that every machine with the same Python makes the same one.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import re
import sysconfig
import tempfile
import time
import tracemalloc
from pathlib import Path

from tests.support.permits import put
from typethrough.core.codebase.codebase import Codebase, digest
from typethrough.core.document.uris import language_of
from typethrough.core.gate.gate import Gate
from typethrough.core.settings.schema import DEFAULTS
from typethrough.engine.local_lane import LocalLane
from typethrough.engine.loop import AsyncioClock
from typethrough.engine.surroundings import Surroundings
from typethrough.engine.workspace import LocalDisk, folder_at

_MAX_FILE_BYTES = 23_000
_MIB = 1024 * 1024
_DEFINED = re.compile(r"\b(def|class) (?!__)(\w+)")


def sources() -> list[tuple[str, str]]:
    """The standard library's files, as (path, text), without its tests."""
    root = Path(sysconfig.get_path("stdlib"))
    found = []
    for path in sorted(root.rglob("*.py")):
        relative = path.relative_to(root).as_posix()
        if (
            "test" not in relative
            and "site-packages" not in relative
            and 0 < path.stat().st_size < _MAX_FILE_BYTES
        ):
            found.append((relative, path.read_text("utf-8", errors="replace")))
    return found


def make(root: Path, count: int) -> int:
    """Write `count` files under `root`, and say how many characters they have."""
    chosen = sources()
    chars = 0
    for number in range(count):
        relative, text = chosen[number % len(chosen)]
        round_number = number // len(chosen)
        if round_number:
            # Names of its own, as in a code base of this size, so that no string is shared that would not be.
            text = _DEFINED.sub(rf"\1 \2_{round_number}", text)
        path = root / f"part{round_number}" / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        chars += len(text)
    return chars


def resident_bytes() -> int:
    """What the process has in memory now."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * 4096


def codebase_memory(root: Path) -> tuple[int, int, int]:
    """Bytes that a codebase of the files takes, by tracemalloc and by the system's count, and how many files it knows."""
    digest("warm.py", "def f(): pass", "python")
    gc.collect()
    before = resident_bytes()
    tracemalloc.start()
    codebase = Codebase(root.name)
    for path in sorted(root.rglob("*.py")):
        relative = path.relative_to(root).as_posix()
        put(codebase, digest(relative, path.read_text("utf-8"), language_of(relative)))
    gc.collect()
    traced, _ = tracemalloc.get_traced_memory()
    overhead = tracemalloc.get_tracemalloc_memory()
    tracemalloc.stop()
    return traced, resident_bytes() - before - overhead, len(codebase)


async def reading(root: Path, *, with_context: bool, seconds: float) -> tuple[float, list[float], int]:
    """How long reading takes, how late the event loop was each millisecond (ms, sorted), and how many files are known then."""
    gate = Gate(DEFAULTS, folders=[folder_at(root)])
    surroundings = Surroundings(
        AsyncioClock(), gate, lambda: 80_000 if with_context else 0, lambda _uri: None
    )
    local = LocalLane()
    lags: list[float] = []
    done = False

    async def poll() -> None:
        while not done:
            due = time.perf_counter() + 0.001
            await asyncio.sleep(0.001)
            lags.append(max(0.0, time.perf_counter() - due) * 1_000)

    polling = asyncio.ensure_future(poll())
    begun = time.perf_counter()
    local.read(surroundings.passing(LocalDisk(time.monotonic).files(gate, 10_000, 10**9, seconds)))
    await local.idle()
    await surroundings.background.idle()
    took_s = time.perf_counter() - begun
    done = True
    await polling
    return took_s, sorted(lags), len(surroundings.codebase)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=5_000)
    parser.add_argument("--seconds", type=float, default=600.0, help="the bound on reading")
    parser.add_argument("--only", choices=("memory", "reading"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "workspace"
        chars = make(root, arguments.files)
        print(f"{arguments.files} files, {chars / _MIB:.1f} MiB of Python")
        for with_context in () if arguments.only == "memory" else (False, True):
            took_s, lags, known = asyncio.run(
                reading(root, with_context=with_context, seconds=arguments.seconds)
            )
            p50, p99 = (lags[int(len(lags) * share)] for share in (0.5, 0.99))
            name = f"local lane and outlines of {known} files" if with_context else "local lane alone"
            print(
                f"{name}: read in {took_s:.1f} s, loop late by {p50:.1f} / {p99:.1f} / {lags[-1]:.1f} ms (p50/p99/most)"
            )
        if arguments.only != "reading":
            traced, resident, known = codebase_memory(root)
            print(
                f"codebase of {known} files: {traced / _MIB:.1f} MiB traced, {resident / _MIB:.1f} MiB resident"
            )


if __name__ == "__main__":
    main()
