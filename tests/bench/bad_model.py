"""What a real bad model says, and what of it is shown: the faults of its raw answers and of the filtered ones, by kind.

`python -m tests.bench.bad_model [positions] [--show N]`, with `server` on PYTHONPATH. The model is that of
`tests.support.real_model` (SmolLM2, fetched once). The places are seeded cursors in the standard library; the prompt is the real
one without other files; the answer goes the real way but for the stream. Ends with an error when the model cannot be had.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from tests.bench.filters import scenes
from tests.support import real_model
from tests.support.permits import ROOT, send, tell
from typethrough.core.document.view import View
from typethrough.core.filters import Refused, fitted, growing
from typethrough.core.models import profile_of
from typethrough.core.prompt.economist import Terms
from typethrough.core.prompt.layout import PromptState
from typethrough.core.prompt.rules import STOP
from typethrough.core.settings.schema import DEFAULT_MODEL
from typethrough.core.suggestion.amount import Amount
from typethrough.core.suggestion.cut import enough
from typethrough.core.syntax.syntax import Syntax

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.filters import Scene
    from tests.support.real_model import RealModel

_LINES: Final = 6
_ANCHOR_CHARS: Final = 1_500
_OUTPUT_TOKENS: Final = 64
_MARKS: Final = re.compile(r"```|<CURSOR|</?(?:now|file|change|known)\b|<\|")
_PROSE: Final = re.compile(
    r"^\s*(?:Sure|Here(?:'s| is)|I'm sorry|As an AI|Note|The (?:code|function|following|above)|This (?:code|function|is)|"
    r"You can|In this)\b|^\s*[A-Z][a-z]+(?: [a-z']+){4,}[.:]?$",
    re.MULTILINE,
)
_DOCSTRING: Final = re.compile(r'"""(?:.*?"""|.*\Z)', re.DOTALL)
_KINDS: Final = ("marks", "prose", "duplicate", "brackets", "syntax", "does not parse")


def faults(text: str, replaces: int, scene: Scene, view: View) -> list[str]:
    """The kinds of fault that a text has at a place."""
    found = []
    if _MARKS.search(text):
        found.append("marks")
    inside = view.state.inside
    if not inside and _PROSE.search(_DOCSTRING.sub("", text)) and not text.lstrip().startswith(("#", '"')):
        found.append("prose")
    if _is_duplicate(text, view):
        found.append("duplicate")
    first = text.partition("\n")[0]
    line = view.line_prefix + first + view.line_suffix[replaces:]
    if not inside and any(line.count(one) < line.count(other) for one, other in ("()", "[]", "{}")):
        before = scene.view.line_prefix + scene.truth.partition("\n")[0] + scene.view.line_suffix
        if not any(before.count(one) < before.count(other) for one, other in ("()", "[]", "{}")):
            found.append("brackets")
    if view.syntax is not None and not view.syntax.accepts(view, text, replaces):
        found.append("syntax")
    if _parses(scene.truth, 0, view) and not _parses(text, replaces, view):
        found.append("does not parse")
    return found


def _is_duplicate(text: str, view: View) -> bool:
    said = [line.strip() for line in text.split("\n") if line.strip()]
    prefix = view.line_prefix.strip()
    if len(prefix) > 3 and said and said[0].startswith(prefix):
        return True
    below = view.next_line().strip()
    if len(below) > 5 and below in said[-1:]:
        return True
    return any(len(one) > 5 and one == other for one, other in pairwise(said))


def _parses(text: str, replaces: int, view: View) -> bool:
    lines = view.snapshot.lines(0, view.snapshot.line_count)
    lines[view.position.line] = view.line_prefix + text + view.line_suffix[replaces:]
    try:
        ast.parse("\n".join(lines))
    except (SyntaxError, ValueError):
        return False
    return True


def _answer(model: RealModel, view: View) -> str:
    state = PromptState(tell("src/bench.py"), "python", "bench")
    terms = Terms(profile_of(DEFAULT_MODEL), _ANCHOR_CHARS, _OUTPUT_TOKENS)
    prompt = state.build(send("src/bench.py"), view, terms, 0.0)
    messages = [{"role": one.role, "content": one.text} for one in prompt.messages]
    said = model.chat(messages, max_tokens=_OUTPUT_TOKENS, stop=list(STOP))
    return str(said["choices"][0]["message"]["content"] or "")


def _read(scene: Scene) -> View:
    syntax = Syntax("python")
    view = View.at(
        scene.view.snapshot,
        scene.view.position,
        uri=f"{ROOT}/src/bench.py",
        language_id="python",
        syntax=syntax,
    )
    for _ in syntax.reading(view):
        pass
    return view


def measure(model: RealModel, places: Sequence[Scene], show: int) -> list[str]:
    """Ask at each place; the lines of the table."""
    counts: dict[str, Counter[str]] = {"raw": Counter(), "filtered": Counter()}
    given: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for number, scene in enumerate(places):
        print(f"\r{number}/{len(places)}", end="", file=sys.stderr, flush=True)
        view = _read(scene)
        try:
            raw = _answer(model, view)
        except KeyboardInterrupt:
            # Interrupted: what has been measured is told.
            break
        text = growing(raw, view, complete=True)
        cut = enough(text, view, amount=Amount(_LINES), complete=True)
        fit = fitted(text[: cut.length] if cut is not None else text, view)
        if isinstance(fit, Refused):
            refused[fit.cause.sentence] += 1
        for name, said, replaces in (
            ("raw", raw, 0),
            *((("filtered", fit.text, fit.replaces),) if not isinstance(fit, Refused) else ()),
        ):
            if not said.strip():
                continue
            given[name] += 1
            found = faults(said, replaces, scene, view)
            counts[name].update(found)
            counts[name]["any"] += bool(set(found) - {"does not parse"})
            if found and name == "filtered" and show > 0:
                show -= 1
                print(f"{', '.join(found)}: {view.line_prefix!r} + {said!r} before {view.line_suffix!r}")
    rows = [f"{'fault':16}" + "".join(f"{name + f' ({given[name]})':>18}" for name in counts)]
    rows += [
        f"{kind:16}" + "".join(f"{counts[name][kind] / max(1, given[name]):18.1%}" for name in counts)
        for kind in (*_KINDS, "any")
    ]
    return [*rows, f"refused: {', '.join(f'{cause} {count}' for cause, count in refused.most_common())}"]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("positions", type=int, nargs="?", default=100)
    parser.add_argument("--show", type=int, default=0)
    arguments = parser.parse_args()
    with real_model.start() as model:
        print("\n".join(measure(model, scenes(arguments.positions), arguments.show)))


if __name__ == "__main__":
    main()
