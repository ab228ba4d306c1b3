"""The context benchmark: what a long context costs, what of it is needed, and whether the books are right.

Run `python -m tests.bench.context` in the project's root with `server` on PYTHONPATH. Three parts, each its table: seeded
editing sessions in four layouts of the prompt (`context_cost`), definitions that the next lines use (`recall`), and the
gateway's account of a session beside the server's own (`accounts`). Some ten minutes; TypeScript's repositories come from npm
the first time.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from tests.bench import context_cost, recall
from tests.bench.accounts import accounts

if TYPE_CHECKING:
    from collections.abc import Callable

_SIZES: Final = tuple(context_cost.FILES)


def definitions() -> str:
    """A table a language."""
    return "\n\n".join(
        recall.table(language, recall.measure(found(), recall.MAKERS))
        for language, found in recall.SOURCES.items()
    )


def main() -> None:
    """Print the parts."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.context", description=__doc__)
    parser.add_argument("--size", choices=_SIZES, action="append", help="sessions of these contexts alone")
    parser.add_argument("--keys", type=int, default=context_cost.KEYS, help="keystrokes a session")
    parser.add_argument(
        "--part", choices=("costs", "definitions", "accounts"), action="append", help="these alone"
    )
    arguments = parser.parse_args()
    parts: dict[str, Callable[[], str]] = {
        "costs": lambda: context_cost.table(arguments.size or _SIZES, arguments.keys),
        "definitions": definitions,
        "accounts": lambda: accounts().table(),
    }
    for name in arguments.part or parts:
        print(parts[name](), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
