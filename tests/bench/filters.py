"""How often the filters give back the truth: alone, and from under each defect of a chat model. Seeded; prints one table.

`python -m tests.bench.filters [positions] [--show N]`, with `server` on PYTHONPATH or the package installed. The truth is what
real code (the standard library) has at a cursor. `whole` is the share of answers that come out of all filters equal to the
truth; `cut` the share whose first unit, after the stream cut, equals the one cut from the truth itself.
"""

from __future__ import annotations

import argparse
import random
import sysconfig
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from typethrough.core.document.document import Position, snapshot_of
from typethrough.core.document.indentation import indent_of
from typethrough.core.document.view import View
from typethrough.core.filters import Refused, finished, growing
from typethrough.core.suggestion.amount import Amount
from typethrough.core.suggestion.cut import enough

_FILES = (
    "argparse", "ast", "asyncio/base_events", "bdb", "calendar", "codecs", "configparser", "csv", "dataclasses",
    "difflib", "doctest", "email/message", "enum", "fractions", "ftplib", "functools", "gettext", "heapq",
    "http/client", "imaplib", "inspect", "ipaddress", "json/encoder", "locale", "logging/handlers", "mailbox",
    "mimetypes", "optparse", "socket", "pdb", "pickle", "platform", "pprint", "random", "sched", "selectors",
    "shelve", "shutil", "smtplib", "socketserver", "statistics", "contextlib", "subprocess", "tarfile", "tempfile",
    "textwrap", "threading", "trace", "typing", "urllib/request", "uuid", "weakref", "ssl",
)  # fmt: skip
_SEED = 20
_KINDS = ("rest", "rest", "rest", "blank", "newline", "middle")
_MAX_LINES = 6


class Scene(NamedTuple):
    """A cursor in real code whose true continuation was taken out."""

    view: View
    truth: str
    kind: str


Defect = Callable[[Scene, random.Random], str | None]


def scenes(count: int, seed: int = _SEED, kinds: Sequence[str] = _KINDS) -> list[Scene]:
    """`count` seeded cursors in the standard library."""
    draw = random.Random(seed)
    folder = Path(sysconfig.get_path("stdlib"))
    texts = [(folder / f"{name}.py").read_text(encoding="utf-8").splitlines() for name in _FILES]
    found: list[Scene] = []
    while len(found) < count:
        scene = _scene(draw.choice(texts), draw.choice(kinds), draw)
        if scene is not None:
            found.append(scene)
    return found


def _scene(lines: list[str], kind: str, draw: random.Random) -> Scene | None:
    row = draw.randrange(2, len(lines) - 8)
    line = lines[row].rstrip()
    if len(line.strip()) < 4 or "\t" in line:
        return None
    depth = len(indent_of(line))
    column = {"blank": depth, "newline": len(line), "margin": draw.randrange(depth + 1)}.get(
        kind, draw.randrange(depth + 1, len(line))
    )
    if kind == "middle":
        end = draw.randrange(column + 1, len(line) + 1)
        if not line[column:end].strip():
            return None
        if not line[column:end].strip():
            return None
        return _taken_out(lines, row, column, row, end, kind)
    last = row + draw.randrange(5) + (kind == "newline")
    while last > row and not lines[last].strip():
        last -= 1
    if kind == "newline" and last == row:
        return None
    return _taken_out(lines, row, column, last, len(lines[last].rstrip()), kind)


def _taken_out(lines: list[str], row: int, column: int, last: int, end: int, kind: str) -> Scene:
    taken = [one.rstrip() for one in lines[row : last + 1]]
    taken[-1] = lines[last][:end]
    truth = "\n".join(taken)[column:]
    left = [*lines[:row], lines[row][:column] + lines[last].rstrip()[end:], *lines[last + 1 :]]
    snapshot = snapshot_of("\n".join(left) + "\n")
    return Scene(View.at(snapshot, Position(row, column), language_id="python"), truth, kind)


def _following(scene: Scene, change: Callable[[str], str]) -> str | None:
    """The truth with its further lines changed; None when none stands at the cursor's depth or deeper."""
    first, *further = scene.truth.split("\n")
    depth = len(scene.view.indent) + (0 if scene.view.line_prefix.strip() else len(indent_of(first)))
    solid = [line for line in further if line.strip()]
    if depth == 0 or not solid or min(len(indent_of(line)) for line in solid) < depth:
        return None
    return "\n".join([first, *(change(line) if line.strip() else line for line in further)])


def _lost(scene: Scene, _draw: random.Random) -> str | None:
    return _following(scene, lambda line: line[len(scene.view.indent) :])


def _doubled(scene: Scene, _draw: random.Random) -> str | None:
    said = _following(scene, lambda line: indent_of(line) + line)
    return None if said is None else ("" if scene.view.line_prefix.strip() else scene.view.indent) + said


def _shifted(scene: Scene, _draw: random.Random) -> str | None:
    said = _following(scene, lambda line: scene.view.indent + line)
    return None if said is None else ("" if scene.view.line_prefix.strip() else scene.view.indent) + said


def _tabs(scene: Scene, _draw: random.Random) -> str | None:
    unit = len(scene.view.unit)

    def change(line: str) -> str:
        width = len(indent_of(line))
        return "\t" * (width // unit) + " " * (width % unit) + line[width:]

    first, *further = scene.truth.split("\n")
    return "\n".join([first, *map(change, further)]) if further else None


def _echo_two(scene: Scene, _draw: random.Random) -> str | None:
    above = scene.view.lines_before(2)
    if not all(line.strip() for line in above):
        return None
    return "\n".join([*above, scene.view.line_prefix + scene.truth])


def _echo_line(scene: Scene, _draw: random.Random) -> str | None:
    prefix = scene.view.line_prefix
    return prefix + scene.truth if sum(map(str.isalnum, prefix)) > 2 else None


def _echo_stripped(scene: Scene, _draw: random.Random) -> str | None:
    prefix = scene.view.line_prefix
    return prefix.lstrip() + scene.truth if sum(map(str.isalnum, prefix)) > 2 else None


def _echo_word(scene: Scene, _draw: random.Random) -> str | None:
    word = scene.view.line_prefix.split(" ")[-1]
    return word + scene.truth if len(word) > 2 and word.isidentifier() else None


def _echo_suffix(scene: Scene, _draw: random.Random) -> str | None:
    if scene.view.line_suffix.strip():
        return scene.truth + scene.view.line_suffix
    below = [line for line in scene.view.lines_after(8) if line.strip()][:2]
    return "\n".join([scene.truth, *below]) if below else None


def _fence(scene: Scene, draw: random.Random) -> str | None:
    return f"```{draw.choice(('', 'python', 'py'))}\n{scene.truth}\n```"


def _fence_and_prose(scene: Scene, _draw: random.Random) -> str | None:
    return f"Here is the completed code:\n\n```python\n{scene.truth}\n```\n\nThis code returns the value."


def _prose_before(scene: Scene, draw: random.Random) -> str | None:
    return draw.choice(("Here is the completion:\n", "Sure! Here's the missing code:\n\n")) + scene.truth


def _prose_after(scene: Scene, draw: random.Random) -> str | None:
    return scene.truth + draw.choice(
        ("\n\nThis completes the function.", "\n\nLet me know if you need anything else!")
    )


def _token(scene: Scene, draw: random.Random) -> str | None:
    return scene.truth + draw.choice(
        ("<|im_end|>", "</s>", "<|endoftext|>", "<CURSOR>", "</completion>", "<|im_end|>\nfoo")
    )


def _frame_after(scene: Scene, _draw: random.Random) -> str | None:
    return f'{scene.truth}\n<now path="a.py" language="python">\n{scene.view.previous_line()}'


def _repeated(scene: Scene, draw: random.Random) -> str | None:
    last = scene.truth.split("\n")[-1]
    return None if scene.view.line_suffix else "\n".join([scene.truth] + [last] * draw.randint(4, 12))


DEFECTS: dict[str, Defect] = {
    "none": lambda scene, _draw: scene.truth,
    "fence": _fence,
    "fence and prose": _fence_and_prose,
    "prose before": _prose_before,
    "prose after": _prose_after,
    "special token or tag": _token,
    "the prompt's frame after": _frame_after,
    "line prefix echoed": _echo_line,
    "the same, indentation lost": _echo_stripped,
    "word at the cursor echoed": _echo_word,
    "two lines and prefix echoed": _echo_two,
    "suffix echoed": _echo_suffix,
    "indentation lost": _lost,
    "indentation doubled (×2)": _doubled,
    "indentation doubled (+)": _shifted,
    "tabs": _tabs,
    "last line repeated": _repeated,
}


def cleaned(raw: str, view: View) -> str:
    """All filters on the whole answer, without a cut."""
    shown = finished(growing(raw, view, complete=True), view)
    return f"({shown.cause.sentence})" if isinstance(shown, Refused) else shown


def first_unit(raw: str, view: View) -> str:
    """What the engine would show first."""
    text = growing(raw, view, complete=True)
    cut = enough(text, view, amount=Amount(_MAX_LINES), complete=True)
    shown = finished(text[: cut.length] if cut else text, view)
    return f"({shown.cause.sentence})" if isinstance(shown, Refused) else shown


def true_unit(scene: Scene) -> str:
    """The first unit of the truth, cut but not filtered."""
    cut = enough(scene.truth, scene.view, amount=Amount(_MAX_LINES), complete=True)
    return scene.truth[: cut.length] if cut else scene.truth


def same(one: str, other: str, view: View) -> bool:
    """Whether two texts would show the same; white space at the end of the line after the cursor is nothing."""
    ends_line = not view.line_suffix.strip() or view.line_suffix[0].isspace()
    return one == other or (ends_line and one.rstrip() == other.rstrip())


def _row(name: str, defect: Defect, places: list[Scene], show: int) -> None:
    draw = random.Random(name)
    count = whole = cut = 0
    spent = 0.0
    for scene in places:
        raw = defect(scene, draw)
        if raw is None:
            continue
        count += 1
        start = time.perf_counter()
        text = cleaned(raw, scene.view)
        spent += time.perf_counter() - start
        right = same(text, scene.truth, scene.view)
        unit, true = first_unit(raw, scene.view), true_unit(scene)
        right_unit = same(unit, true, scene.view)
        whole += right
        cut += right_unit
        if not (right and right_unit) and show > 0:
            show -= 1
            print(f"  {scene.kind}: {scene.view.line_prefix!r} + {raw!r}")
            print(f"    before {scene.view.line_suffix!r} / {scene.view.next_line()!r}")
            print(f"    whole {text!r}" if not right else f"    unit {unit!r} for {true!r}")
    print(f"{name:32} {count:5} {whole / count:8.1%} {cut / count:8.1%} {spent / count * 1e6:9.0f}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("positions", type=int, nargs="?", default=500)
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    places = scenes(arguments.positions)
    print(f"{'defect':32} {'n':>5} {'whole':>8} {'cut':>8} {'µs each':>9}")
    for name, defect in DEFECTS.items():
        if arguments.only in name:
            _row(name, defect, places, arguments.show)
    if arguments.only in "none, inside the margin":
        margin = scenes(arguments.positions // 5, kinds=("margin",))
        _row("none, inside the margin", DEFECTS["none"], margin, arguments.show)


if __name__ == "__main__":
    main()
