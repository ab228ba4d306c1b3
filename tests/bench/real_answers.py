"""How often right answers out of real files stay right: `python -m tests.bench.real_answers FOLDER… [--places N] [--dress HOW]`.

The text of a place in a file is taken out and given as the answer, and all that is offered is accepted: the file must stand as
before. `--dress` gives it in a form that models give it in: in a `fence`, with the line's beginning again (`echo`), or with two
lines of what stands below (`over`). Prints a table by language, and with `--show` each place that came out wrong. Seeded.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.markers.form import Case, indent_of
from tests.markers.player import play, whole
from typethrough.core.document.uris import language_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MOST_LINES: Final = 500
_LEAST_LINES: Final = 12
_MOST_COLUMNS: Final = 200
_MOST_CHARS: Final = 120_000
_TOKEN: Final = re.compile(r"\w+|[^\w\s]")
_FURTHER_LINES: Final = (0, 0, 0, 1, 1, 2, 3, 5)
_ENDINGS: Final = ("whole", "the first lines", "nothing", "cut inside a line", "damaged")


class Place(NamedTuple):
    """A place in a file: what stands before the cursor, what is taken out, and what stands behind that."""

    path: Path
    language: str
    before: str
    hidden: str
    behind: str


def places(files: Sequence[Path], count: int, draw: random.Random) -> Iterator[Place]:
    """Up to `count` places: at a line's beginning, at a token, or at the end of the line above."""
    for _ in range(count):
        path = draw.choice(files)
        text = _text(path)
        lines = text.split("\n") if text else []
        if _LEAST_LINES <= len(lines) <= _MOST_LINES and max(map(len, lines)) <= _MOST_COLUMNS:
            yield from _place(path, lines, draw)


def _text(path: Path) -> str:
    try:
        text = path.read_text("utf-8") if path.stat().st_size <= _MOST_CHARS else ""
    except (OSError, UnicodeDecodeError):
        return ""
    return "" if "$0" in text or "\r" in text or "\0" in text else text


def _place(path: Path, lines: list[str], draw: random.Random) -> Iterator[Place]:
    line = draw.randrange(2, len(lines) - 2)
    end = min(line + draw.choice(_FURTHER_LINES), len(lines) - 2)
    text, above = lines[line], lines[line - 1]
    if not text.strip():
        return
    tokens = [token.start() for token in _TOKEN.finditer(text)]
    column = draw.choice([0, 0, *tokens]) or len(text) - len(text.lstrip())
    if above.strip() and draw.random() < 1 / 5:
        before, first = "\n".join(lines[:line]), "\n" + text
    else:
        before, first = "\n".join([*lines[:line], text[:column]]), text[column:]
    hidden = "\n".join([first, *lines[line + 1 : end + 1]]).rstrip()
    behind = "".join("\n" + one for one in lines[end + 1 :])
    if hidden.strip():
        yield Place(path, language_of(path.name), before, hidden, behind)


def dressed(place: Place, how: str) -> str:
    """The answer as a model may give it."""
    before = place.before.rpartition("\n")[2]
    if how == "fence":
        return f"```{place.language}\n{place.hidden}\n```"
    if how == "echo" and before.strip() and not place.hidden.startswith("\n"):
        return before + place.hidden
    if how == "over":
        return "\n".join([place.hidden, *place.behind.split("\n")[1:3]])
    return place.hidden


def ending(place: Place, after: str, *, is_shown: bool) -> str:
    """What became of the place."""
    if not is_shown:
        return "nothing"
    if not after.startswith(place.before) or not after.endswith(place.behind):
        return "damaged"
    got = _tidy(after[len(place.before) : len(after) - len(place.behind)])
    hidden = _tidy(place.hidden)
    if got == hidden:
        return "whole"
    if hidden.startswith(got + "\n"):
        return "the first lines"
    return "cut inside a line" if hidden.startswith(got) else "damaged"


def _tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.split("\n")).rstrip()


async def _measure(found: Iterator[Place], how: str, *, show: bool) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for number, place in enumerate(found):
        document = f"{place.before}$0{place.behind}"
        answer, settings = dressed(place, how), {"max_lines": 20}
        case = Case(
            f"{number}",
            document,
            (answer,),
            language=place.language,
            path=place.path.name,
            invoked=True,
            indent=indent_of(document),
            settings=settings,
            after=(),
        )
        played = await play(case, whole)
        what = ending(place, played.after, is_shown=played.shown is not None)
        counts[place.language][what] += 1
        if show and what not in _ENDINGS[:2]:
            line = place.before.rpartition("\n")[2]
            print(
                f"{what} ({played.reason}): {place.path.name}, {line!r} + {answer!r}, shown {played.shown!r}"
            )
    return counts


def main() -> None:
    """Measure what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.real_answers", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--places", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dress", choices=("fence", "echo", "over"), default="")
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    by_language: dict[str, list[Path]] = defaultdict(list)
    for folder in options.folders:
        for path in sorted(folder.rglob("*.*")):
            if language_of(path.name) and path.is_file():
                by_language[language_of(path.name)].append(path)
    draw, share = random.Random(options.seed), options.places // max(1, len(by_language))
    found = (place for files in by_language.values() for place in places(files, share, draw))
    counts = asyncio.run(_measure(found, options.dress, show=options.show))
    total: Counter[str] = sum(counts.values(), Counter())
    print(f"{'':18}" + "".join(f"{name:>19}" for name in _ENDINGS))
    for name, row in [*sorted(counts.items()), ("all", total)]:
        shares = "".join(f"{row[what] / row.total():>19.1%}" for what in _ENDINGS)
        print(f"{name:<12}{row.total():>6}{shares}")


if __name__ == "__main__":
    main()
