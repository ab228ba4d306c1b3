"""The two ratios that every run of the tests prints: what we take of the naive server's time and of its CPU.

A cost that creeps is seen at the change that brings it. Both servers are measured in the same run, one after the other or side by
side, because a machine's own speed changes more from run to run than a change to the code does. Nothing fails by these figures.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from tests.bench import drills
from tests.bench.play import Part, play
from tests.bench.score import percentile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.process import Contestant

_SIZES: Final = drills.SIZES[:2]
_TURNS: Final = 3
_ROUNDS: Final = 40
# People whose files leave them few holes to wait at: some 300 keys in half a minute.
_SEEDS: Final = (0, 1, 2, 3)
_STROKES: Final = 50
_LIMIT_S: Final = 180.0


async def measure(naive: Contestant, ours: Contestant) -> str:
    """Measure both for about a minute; the sentence to print. A server that fails or is slow is a sentence too: tests judge."""
    try:
        async with asyncio.timeout(_LIMIT_S):
            return await _measure(naive, ours)
    except Exception as error:
        return f"beside the naive server: not measured ({type(error).__name__}: {error})"


async def _measure(naive: Contestant, ours: Contestant) -> str:
    answers = [
        [(await drills.by_size(one, lines, _ROUNDS)).answer_s for one in (naive, ours)]
        for _ in range(_TURNS)
        for lines in _SIZES
    ]
    times = [mine_s / its_s for its_s, mine_s in answers]
    shares = [percentile(times[place :: len(_SIZES)], 0.5) for place in range(len(_SIZES))]
    parts = [Part(seed, "vscode", _STROKES, warm=True) for seed in _SEEDS]
    its_cpu_s, our_cpu_s = await asyncio.gather(_cpu_s(naive, parts), _cpu_s(ours, parts))
    return sentence(shares, its_cpu_s, our_cpu_s)


def sentence(shares: Sequence[float], its_cpu_s: float, our_cpu_s: float) -> str:
    """The ratios in words: our share of its time at each size of file, and of its CPU seconds per 1,000 keys."""
    times = " and ".join(
        f"{share:.2f} × ({lines:,} lines)" for share, lines in zip(shares, _SIZES, strict=True)
    )
    return (
        f"beside the naive server: from request to answer {times} of its time, "
        f"{our_cpu_s / its_cpu_s:.2f} × its CPU ({our_cpu_s:.2f} s per 1,000 keys)"
    )


async def _cpu_s(contestant: Contestant, parts: Sequence[Part]) -> float:
    """CPU seconds per 1,000 keys, over sessions that are played at once."""
    played = await asyncio.gather(*(play(contestant, part) for part in parts))
    return 1000 * sum(one.cpu_s for one in played) / sum(len(one.trace.keys) for one in played)
