"""What is found of planted secrets, what is wrongly taken for one, what leaves, and what looking costs.

Run `python -m tests.bench.secrets` in the project's root with `server` on PYTHONPATH; about two minutes. `--places` says how many
places of each kind are tried on each route, `--tree` looks for false alarms in another folder than the standard library.
"""

from __future__ import annotations

import argparse
import statistics
import sysconfig
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.bench.context_cost import Session
from tests.bench.secrets_wire import through_the_server
from tests.core.secrets.planted import KINDS, plant
from tests.core.secrets.routes import ROUTES, leaked, places
from tests.support.permits import ROOT, send, tell
from typethrough.core.document.document import Document, Position
from typethrough.core.document.view import View
from typethrough.core.models import profile_of
from typethrough.core.prompt.economist import Terms
from typethrough.core.prompt.layout import PromptState
from typethrough.core.secrets.detector import finds, openings, redacted, suspect_lines
from typethrough.core.settings.schema import DEFAULT_MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

_EACH: Final = 200
_LIBRARY: Final = Path(sysconfig.get_paths()["stdlib"])
_KEYS: Final = 2_000
_SESSION_KEYS: Final = 4_000
_PLANTED_EVERY: Final = 40


class Tree(NamedTuple):
    """Source files looked through: their lines and characters, the false alarms among them, and CPU seconds."""

    lines: int
    chars: int
    alarms: list[str]
    cpu_s: float


def kinds_found() -> str:
    """How many of the kinds are found always, and how many of the secrets."""
    missed = {
        kind: sum(not _is_found(kind, random) for _ in range(_EACH))
        for kind in KINDS
        for random in [Random(kind)]
    }
    whole = sum(not count for count in missed.values())
    rest = ", ".join(f"{kind} ({count} of {_EACH} missed)" for kind, count in missed.items() if count)
    return f"kinds found always: {whole} of {len(KINDS)}{'; ' if rest else ''}{rest}"


def _is_found(kind: str, random: Random) -> bool:
    line, secret = plant(kind, random)
    start = line.index(secret)
    return any(one.start <= start and one.end >= start + len(secret) for one in finds(line))


def look_through(folder: Path) -> Tree:
    """Look for secrets in a folder's Python files, where there are none; tests and what was installed are left out."""
    lines = chars = 0
    alarms: list[str] = []
    cpu_s = 0.0
    for path in sorted(folder.rglob("*.py")):
        if {"test", "tests", "idle_test", "site-packages"} & set(path.relative_to(folder).parts):
            continue
        text = path.read_text("utf-8", "replace")
        start_s = time.process_time()
        found = suspect_lines(text)
        rows = text.split("\n")
        opened = openings(rows, found)
        opened.pop(len(rows), None)
        alarms += [
            f"{path.name}:{number + 1}"
            for number in sorted({*found, *opened})
            if finds(rows[number], opened.get(number))
        ]
        cpu_s += time.process_time() - start_s
        lines, chars = lines + len(rows), chars + len(text)
    return Tree(lines, chars, alarms, cpu_s)


def false_alarms(folder: Path) -> str:
    """False alarms, and how fast they were not found."""
    tree = look_through(folder)
    share = 100 * len(tree.alarms) / max(1, tree.lines)
    speed = tree.chars / 1e6 / max(tree.cpu_s, 1e-9)
    return f"false alarms: {len(tree.alarms)} in {tree.lines:,} lines ({share:.4f} %); {speed:.0f} MB/s {tree.alarms[:5] or ''}"


def leaks(count: int) -> str:
    """Pieces of planted secrets in prompts, on every route."""
    tried = prompts = 0
    found: list[str] = []
    for route in ROUTES:
        for kind in KINDS:
            for random, line, secret in places(kind, count):
                tried += 1
                for prompt in route(random, line, secret):
                    prompts += 1
                    if leaked(secret, prompt):
                        found.append(f"{route.__name__} {kind}: {line[:80]}")
    return f"left the machine: {len(found)} of {tried:,} planted ({prompts:,} prompts) {found[:5] or ''}"


def cost() -> str:
    """What hiding costs a request while somebody types in a file with secrets in it, and the first look at a file."""
    text = with_secrets("".join(f"    value_{n} = compute(value_{n - 1}, {n})\n" for n in range(2_000)))
    rows = [f"{_typing(text, hides=hides)}" for hides in (False, True)]
    start_s = time.process_time()
    redacted(text)
    first_ms = (time.process_time() - start_s) * 1_000
    other = f"another file of {len(text):,} characters: {first_ms:.1f} ms"
    return f"prompt a request, nothing hidden: {rows[0]}; hidden: {rows[1]}; {other}"


def _typing(text: str, *, hides: bool) -> str:
    document = Document(f"{ROOT}/src/bench.py", "python", 1, text)
    state = PromptState(tell("src/bench.py"), "python", "bench")
    terms = Terms(profile_of(DEFAULT_MODEL), 80_000, 256, hides_secrets=hides)
    permit, at = send("src/bench.py"), Position(1_000, 4)
    build_ms: list[float] = []
    for number in range(_KEYS):
        before = document.snapshot
        edit = document.replace(at, at, "\n    " if number % 30 == 29 else "x")
        at = edit.new_end
        start_s = time.process_time()
        state.note(edit, before)
        view = View.at(document.snapshot, at, language_id="python", uri=document.uri)
        state.build(permit, view, terms, 0.0)
        build_ms.append((time.process_time() - start_s) * 1_000)
    return f"{statistics.median(build_ms):.3f} ms, the first {build_ms[0]:.1f} ms"


def with_secrets(text: str) -> str:
    """A text with secrets of all kinds in it."""
    random = Random(7)
    lines = text.split("\n")
    for at in range(_PLANTED_EVERY, len(lines), _PLANTED_EVERY):
        lines[at] = f"# {plant(random.choice(KINDS), random).line}"
    return "\n".join(lines)


def cached_share() -> str:
    """What of the prompt the provider's cache knows while somebody types steadily in a file of 20,000 tokens."""
    plain, planted = (
        100 * Session("20k", lively=False, keys=_SESSION_KEYS, with_text=change).tallies["this"].cached_share
        for change in (str, with_secrets)
    )
    return f"cached share at 20k tokens, steady typing: {plain:.2f} % without secrets, {planted:.2f} % with"


def main() -> None:
    """Print each figure on a line of its own."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.secrets", description=__doc__)
    parser.add_argument("--places", type=int, default=4, help="of each kind on each route")
    parser.add_argument("--tree", type=Path, default=_LIBRARY)
    arguments = parser.parse_args()
    parts: list[Callable[[], str]] = [
        kinds_found,
        lambda: false_alarms(arguments.tree),
        lambda: leaks(arguments.places),
        through_the_server,
        cost,
        cached_share,
    ]
    for part in parts:
        print(part(), flush=True)


if __name__ == "__main__":
    main()
