"""Plays marker cases and says what came of each: `python -m tests.markers [--update] [NAME…]`; without a name, all of them.

A name is a case's (`folder/case`), a folder's, or a path. `--update` writes what is shown now into the cases that are named, for
one who has looked at each and finds it right; a case that depends on how its answer is cut is not written.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from tests.markers.form import FOLDER, FormError, cases, name_of, read, with_expected
from tests.markers.player import play_all_ways, wrong


def main() -> None:
    """Play what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tests.markers", description=__doc__)
    parser.add_argument("--update", action="store_true", help="write what is shown now")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    if options.update and not options.names:
        parser.error("--update wants the names of cases")
    paths = [
        path for path in cases() if not options.names or any(_is_in(path, name) for name in options.names)
    ]
    known = frozenset((FOLDER / "open.txt").read_text().split())
    failed = 0
    with asyncio.Runner() as runner:
        for path in paths:
            case = read(path)
            played = runner.run(play_all_ways(case))
            problem = wrong(case, played)
            failed += bool(problem)
            told = "right" if not problem else "open " if case.name in known else "WRONG"
            print(f"{told} {case.name}" + (f"\n      {problem}" if problem else ""))
            if problem and options.update:
                if len({one.shown for one in played}) > 1:
                    raise SystemExit(f"{case.name}: {problem}")
                try:
                    path.write_bytes(with_expected(path.read_bytes().decode(), played[0].shown).encode())
                except FormError as error:
                    raise SystemExit(f"{case.name}: {error}") from None
    print(f"{len(paths)} cases, {failed} wrong")


def _is_in(path: Path, name: str) -> bool:
    case = name_of(path)
    return case == name or case.startswith(name.rstrip("/") + "/") or path == Path(name).resolve()


if __name__ == "__main__":
    main()
