"""The recall check: is the definition of each symbol that the true continuation uses inside the prompt?

Run `python -m tests.bench.recall` in the project's root with `server` on PYTHONPATH. At held positions (`held`) in real
repositories (`repositories`) it counts what each way to make a prompt shows of the definitions one needs there. Equal cost means
an equal prompt: each way may use so many tokens, at 3.6 characters each.
"""

from __future__ import annotations

import argparse
import statistics
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from tests.bench import repositories
from tests.bench.held import Sampler
from tests.bench.symbols import is_shown
from tests.bench.truth_python import PythonTruth
from tests.bench.truth_typescript import TypeScriptTruth
from tests.support.permits import ROOT, put, send, tell
from typethrough.core.codebase.choice import choose
from typethrough.core.codebase.codebase import IDENTIFIER, Codebase, digest
from typethrough.core.document.document import Document, Position
from typethrough.core.document.view import View
from typethrough.core.models import profile_of
from typethrough.core.outline import definitions
from typethrough.core.prompt.economist import Terms
from typethrough.core.prompt.layout import PromptState
from typethrough.core.prompt.related import render
from typethrough.core.prompt.rules import opening
from typethrough.core.prompt.window import bounds
from typethrough.core.settings.schema import DEFAULT_MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tests.bench.held import Held
    from tests.bench.repositories import Repository
    from tests.bench.symbols import Truth, Use

CHARS_PER_TOKEN: Final = 3.6
SIZES: Final = (2_000, 4_000, 8_000)
POSITIONS: Final = 400
SEED: Final = 7
_NEAR_LINES: Final = 30
_SHARE_ABOVE: Final = 0.75
_BASELINE: Final = "current file"
_TRUTHS: Final[dict[str, Callable[[Repository], Truth]]] = {
    "python": PythonTruth,
    "typescript": TypeScriptTruth,
}
SOURCES: Final = {"python": repositories.python, "typescript": repositories.typescript}


class Maker(Protocol):
    """A way to make prompts. It is made once a repository, and may read all of it but the text that is held back."""

    def __init__(self, repository: Repository) -> None: ...

    def prompt(self, held: Held, tokens: int) -> str:
        """The prompt's text at a place, of at most so many tokens."""
        ...


class CurrentFile:
    """The current file alone: all of it, or its lines nearest the cursor, three quarters of them above."""

    def __init__(self, repository: Repository) -> None:
        pass

    def prompt(self, held: Held, tokens: int) -> str:
        """See `Maker.prompt`."""
        chars = int(tokens * CHARS_PER_TOKEN)
        if len(held.text) <= chars:
            return held.text
        above = int(chars * _SHARE_ABOVE)
        before = _fitting(reversed(held.lines[: held.line + 1]), above)
        after = _fitting(held.lines[held.line + 1 :], chars - above)
        return "\n".join([*reversed(before), *after])


class SixtyLines:
    """The lines round the cursor, whatever the tokens."""

    def __init__(self, repository: Repository) -> None:
        pass

    def prompt(self, held: Held, tokens: int) -> str:
        """See `Maker.prompt`."""
        return "\n".join(held.lines[max(0, held.line - _NEAR_LINES) : held.line + _NEAR_LINES])


class ThisServer:
    """The server's own prompt, as its core builds it, without the rules and examples, which any chat model needs."""

    def __init__(self, repository: Repository) -> None:
        self._name = repository.name
        self._language = repository.language
        self._codebase = Codebase()
        for path, text in repository.files.items():
            put(self._codebase, digest(path, text, self._language))

    def prompt(self, held: Held, tokens: int) -> str:
        """See `Maker.prompt`."""
        chars = int(tokens * CHARS_PER_TOKEN)
        whole = self._codebase.get(held.file)
        put(self._codebase, digest(held.file, held.text, self._language))
        # The lines round the cursor come again at the end: they are paid for out of the same tokens.
        first, last = bounds(held.line, len(held.lines))
        window_chars = sum(len(line) + 1 for line in held.lines[first:last])
        built = self._built(held, max(0, chars - window_chars))
        if whole is not None:
            put(self._codebase, whole)
        return built

    def _built(self, held: Held, context_chars: int) -> str:
        document = Document(f"{ROOT}/{held.file}", self._language, 1, held.text)
        view = View.at(
            document.snapshot, Position(held.line, held.column), language_id=self._language, uri=document.uri
        )
        state = PromptState(tell(held.file), self._language, self._name, self._codebase)
        state.outline = definitions(held.text, self._language)
        chosen = choose(
            self._codebase,
            held.file,
            used=Counter(IDENTIFIER.findall(held.text)),
            present={line.strip() for line in held.lines},
            max_chars=state.related_chars(document.snapshot, context_chars),
        )
        state.related = render(chosen)
        prompt = state.build(send(held.file), view, Terms(profile_of(DEFAULT_MODEL), context_chars, 256), 0.0)
        own = len(opening(self._name))
        return "\n".join(message.text for message in prompt.messages[own:])


MAKERS: Final[dict[str, type[Maker]]] = {
    _BASELINE: CurrentFile,
    "60 lines": SixtyLines,
    "this server": ThisServer,
}


def _fitting(lines: Iterable[str], chars: int) -> list[str]:
    kept: list[str] = []
    for line in lines:
        chars -= len(line) + 1
        if chars < 0:
            break
        kept.append(line)
    return kept


@dataclass
class Score:
    """What prompts of one kind and size had in them. `unseen` counts symbols whose name does not stand near the cursor."""

    symbols: int = 0
    shown: int = 0
    unseen: int = 0
    unseen_shown: int = 0
    tokens: list[float] = field(default_factory=list)
    missed: Counter[str] = field(default_factory=Counter)

    @property
    def recall(self) -> float:
        """The share of symbols whose definition was in the prompt."""
        return self.shown / max(1, self.symbols)

    @property
    def unseen_recall(self) -> float:
        """The same of those that could not be copied from the lines round the cursor."""
        return self.unseen_shown / max(1, self.unseen)

    def note(self, held: Held, prompt: str, truth: Truth) -> None:
        """One prompt at one place."""
        self.tokens.append(len(prompt) / CHARS_PER_TOKEN)
        for use in held.symbols:
            is_in, is_unseen = is_shown(use, prompt), use.name not in held.window_words
            self.symbols += 1
            self.shown += is_in
            self.unseen += is_unseen
            self.unseen_shown += is_in and is_unseen
            if not is_in:
                self.missed[where(held, use, truth)] += 1


def where(held: Held, use: Use, truth: Truth) -> str:
    """In what relation the place of a symbol's definition stands to the file in which it is used."""
    files = {one.file for one in use.definitions}
    imported = truth.imports.get(held.file, frozenset())
    if held.file in files:
        return "same file"
    if files & imported:
        return "imported file"
    if any(files & truth.imports.get(file, frozenset()) for file in imported):
        return "file imported by an imported one"
    return "elsewhere"


def measure(
    found: Sequence[Repository],
    makers: dict[str, type[Maker]],
    *,
    positions: int = POSITIONS,
    sizes: Sequence[int] = SIZES,
    seed: int = SEED,
) -> dict[tuple[str, int], Score]:
    """The score of each maker at each size, over so many positions, as many in each repository."""
    scores = {(name, size): Score() for name in makers for size in sizes}
    for number, repository in enumerate(found):
        truth = _TRUTHS[repository.language](repository)
        share = positions * (number + 1) // len(found) - positions * number // len(found)
        ready = {name: maker(repository) for name, maker in makers.items()}
        for held in Sampler(repository, truth).draw(share, seed):
            for (name, size), score in scores.items():
                score.note(held, ready[name].prompt(held, size), truth)
    return scores


def table(language: str, scores: dict[tuple[str, int], Score]) -> str:
    """The rows of a language in Markdown: recall, of it the unseen, tokens used, and the ratio to the current file alone."""
    sizes = sorted({size for _, size in scores})
    one = next(iter(scores.values()))
    lines = [
        f"{language}: {one.symbols} symbols at {len(one.tokens)} positions, {one.unseen} of them unseen near the cursor",
        "",
        "| prompt | "
        + " | ".join(f"{size // 1000}k: recall (unseen), tokens, ratio" for size in sizes)
        + " |",
        "| --- " * (len(sizes) + 1) + "|",
    ]
    for name in dict.fromkeys(name for name, _ in scores):
        cells = []
        for size in sizes:
            score, base = scores[name, size], scores[_BASELINE, size]
            ratio = score.recall / base.recall if base.recall else float("inf")
            cells.append(
                f"{score.recall:.0%} ({score.unseen_recall:.0%}), {statistics.mean(score.tokens):.0f}, {ratio:.2f} ×"
            )
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def missed(scores: dict[tuple[str, int], Score]) -> str:
    """Where the definitions are that prompts did not have, as shares of all symbols."""
    lines = ["| not in the prompt, as a share of all symbols | where it is defined |", "| --- | --- |"]
    for (name, size), score in scores.items():
        shares = [f"{place} {count / score.symbols:.0%}" for place, count in score.missed.most_common()]
        lines.append(f"| {name}, {size // 1000}k | {', '.join(shares)} |")
    return "\n".join(lines)


def main() -> None:
    """Print a table a language."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.recall", description=__doc__)
    parser.add_argument("--language", choices=[*SOURCES], action="append", help="this one alone")
    parser.add_argument("--positions", type=int, default=POSITIONS, help="held positions a language")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--missed", action="store_true", help="say where the missed definitions are")
    arguments = parser.parse_args()
    for language in arguments.language or SOURCES:
        scores = measure(SOURCES[language](), MAKERS, positions=arguments.positions, seed=arguments.seed)
        print(table(language, scores), end="\n\n")
        if arguments.missed:
            print(missed(scores), end="\n\n")


if __name__ == "__main__":
    main()
