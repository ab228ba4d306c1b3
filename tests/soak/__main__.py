"""Live through a long day: `python -m tests.soak --keys 1000000`. The exit code is 1 when something should not have been."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.soak import day


def main() -> int:
    """Run, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--documents", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--growth", type=float, default=0.05, help="the most growth after the first tenth")
    options = parser.parse_args()
    print(f"{'keys':>9} {'hours':>6} {'MiB':>7} {'blocks':>9} {'µs a key':>9} {'slowest ms':>10}")
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"XDG_STATE_HOME": f"{home}/state", "XDG_CACHE_HOME": f"{home}/cache"}
        lived = day.live(
            Path(home), keys=options.keys, documents=options.documents, seed=options.seed, on_mark=_show
        )
    print(f"{time.monotonic() - began_s:.0f} s of real time")
    print(f"requests {lived.requests}, unanswered {lived.unanswered}, late {lived.late}", end="")
    print(f", slowest {lived.slowest_s * 1e3:.0f} ms, errors {lived.errors}")
    print(f"shown {lived.shown}, accepted {lived.accepted}, questions {lived.questions}")
    print(f"texts compared {lived.compared}, different {lived.unequal}")
    print(f"messages {len(lived.messages)}, told again within the hour {lived.repeated}:")
    for at_s, text in lived.messages:
        print(f"  {at_s / 3_600:6.2f} h  {text}")
    problems = lived.problems(most_growth=options.growth)
    print("\n".join(problems) if problems else f"as it should be; growth {lived.growth:+.1%}")
    return 1 if problems else 0


def _show(mark: day.Mark) -> None:
    print(
        f"{mark.keys:9} {mark.hours:6.1f} {mark.rss_mib:7.1f} {mark.blocks:9} {mark.key_us:9.0f} {mark.slowest_ms:10.1f}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
