"""The typing benchmark: `python -m tests.bench.typing`, from the top of the repository.

Seeded people type real source files in real time into servers that run as processes, against the gateway simulator; then come the
drills. Prints one table in Markdown. Contestants are played side by side, each with a server and a simulator a session, so
that the machine is the same for both. Linux only: it reads /proc.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import shlex
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.bench import drills, hardship, process, ratios
from tests.bench.play import Part, play
from tests.bench.table import NOTES, Harvest, table

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from tests.bench.process import Contestant

_LANES: Final = 6
_PASSING_GROUPS: Final = 4


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: quick for a smoke test, full for figures to quote."""

    strokes: int
    seeds: int
    neovim: int
    starts: int
    rounds: int
    every: int


QUICK: Final = Size(strokes=90, seeds=1, neovim=1, starts=1, rounds=12, every=9)
FULL: Final = Size(strokes=400, seeds=6, neovim=1, starts=3, rounds=40, every=1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.typing", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a smoke test of a minute; its figures mean little"
    )
    parser.add_argument(
        "--ratios", action="store_true", help="two ratios to the naive server alone, in under a minute"
    )
    parser.add_argument("--keys", type=int, help="keystrokes' worth of text a session")
    parser.add_argument("--seeds", type=int, help="people typing, each another file")
    parser.add_argument(
        "--server", action="append", default=[], help="measure this command line instead of ours"
    )
    parser.add_argument("--only", choices=["naive", "typethrough"], help="one contestant alone")
    parser.add_argument("--no-drills", action="store_true", help="typing alone")
    return parser.parse_args()


def _contestants(arguments: argparse.Namespace) -> list[Contestant]:
    others = [process.command(shlex.split(line)) for line in arguments.server]
    chosen = [process.NAIVE, *(others or [process.OURS])]
    return [one for one in chosen if arguments.only in (None, one.name)]


async def _side_by_side(
    contestants: Sequence[Contestant], exercise: Callable[[Contestant], Coroutine[None, None, None]]
) -> None:
    async with asyncio.TaskGroup() as group:
        for contestant in contestants:
            group.create_task(exercise(contestant))


async def _type(contestant: Contestant, harvest: Harvest, size: Size) -> None:
    parts = [Part(seed, "vscode", size.strokes) for seed in range(size.seeds)]
    parts += [Part(100 + seed, "neovim", size.strokes) for seed in range(size.neovim)]
    async with asyncio.TaskGroup() as group:
        playing = [group.create_task(play(contestant, part)) for part in parts]
    harvest.played = [task.result() for task in playing]


async def _endure(contestant: Contestant, harvest: Harvest, size: Size) -> None:
    passing = hardship.PASSING[:: size.every]
    groups = [passing[first::_PASSING_GROUPS] for first in range(min(_PASSING_GROUPS, len(passing)))]
    groups += [(mode,) for mode in hardship.REFUSING[:: size.every]]
    lanes = asyncio.Semaphore(_LANES)

    async def one(modes: Sequence[str]) -> list[hardship.Endured]:
        async with lanes:
            return await hardship.endure(contestant, modes)

    async with asyncio.TaskGroup() as tasks:
        enduring = [tasks.create_task(one(group)) for group in groups]
    harvest.endured = [endured for task in enduring for endured in task.result()]


async def _drill_alone(contestant: Contestant, harvest: Harvest, size: Size) -> None:
    """The drills whose figures are milliseconds of work: nothing else runs meanwhile."""
    harvest.start_up = await drills.start_up(contestant, size.starts)
    harvest.sizes = [await drills.by_size(contestant, lines, size.rounds) for lines in drills.SIZES]
    harvest.closing = await drills.closing(contestant, size.rounds)


async def measure(contestants: Sequence[Contestant], size: Size, *, with_drills: bool) -> dict[str, Harvest]:
    """Measure all contestants; the harvest of each by its name."""
    harvests = {contestant.name: Harvest() for contestant in contestants}
    if with_drills:
        for contestant in contestants:
            _say(f"drills: {contestant.name}")
            await _drill_alone(contestant, harvests[contestant.name], size)
        _say("faults")
        await _side_by_side(contestants, lambda one: _endure(one, harvests[one.name], size))
    _say("typing")
    await _side_by_side(contestants, lambda one: _type(one, harvests[one.name], size))
    return harvests


def _say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


def main() -> None:
    """Measure as the command line says and print the table."""
    arguments = _arguments()
    size = QUICK if arguments.quick else FULL
    size = Size(
        arguments.keys or size.strokes,
        arguments.seeds or size.seeds,
        size.neovim,
        size.starts,
        size.rounds,
        size.every,
    )
    # A collection in the editor would be measured as the server's slowness.
    gc.disable()
    started_s = time.monotonic()
    if arguments.ratios:
        print(asyncio.run(ratios.measure(process.NAIVE, _contestants(arguments)[-1])))
        return
    harvests = asyncio.run(measure(_contestants(arguments), size, with_drills=not arguments.no_drills))
    print(table(harvests))
    print(f"\n{NOTES}")
    load, cores = os.getloadavg()[0], os.cpu_count()
    print(f"\n{time.monotonic() - started_s:.0f} s on {cores} cores, load {load:.1f} at the end.")


if __name__ == "__main__":
    main()
