"""What a long context costs: seeded editing sessions over real files, four layouts of the prompt, and the provider's cache.

`context` prints it. Each layout sees the same sessions, an hour of typing each, and, but for "each key", the same moments at
which a model is asked. The cache is the simulator's (exact prefixes in steps of 128 tokens, from 1,024 on, kept for five
minutes), tokens are the simulator's, prices are those of the default model. A machine that gets more than about 15 requests a
minute hands some on to a cold one: that is held against this server's layout alone.
"""

from __future__ import annotations

import gc
import random
import statistics
import sysconfig
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.bench.provider import Provider
from tests.support.permits import ROOT, put, send, tell
from typethrough.core.codebase.choice import choose
from typethrough.core.codebase.codebase import IDENTIFIER, Codebase, digest
from typethrough.core.document.document import Document, Position
from typethrough.core.document.view import View
from typethrough.core.models import profile_of
from typethrough.core.prompt.economist import Terms
from typethrough.core.prompt.layout import PromptState
from typethrough.core.prompt.related import render
from typethrough.core.prompt.rules import CURSOR, opening
from typethrough.core.settings.schema import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from typethrough.core.outcome.outcome import Usage

_LIBRARY = Path(sysconfig.get_paths()["stdlib"])
# About 2, 10, 20, 40 and 120 thousand tokens of context.
FILES: Final = {
    "2k": ("bisect.py", "this.py", "queue.py"),
    "10k": ("fractions.py", "shlex.py"),
    "20k": ("argparse.py",),
    "40k": ("_pydecimal.py",),
    "120k": ("_pydecimal.py", "turtle.py", "argparse.py", "typing.py", "tarfile.py"),
}
_OTHER_FILE: Final = "textwrap.py"
KEYS: Final = 22_500
_KEY_S: Final = 0.16
# What the typing benchmark measures of the whole server: requests a hundred keys, of all that could be sent.
_ASKS_PER_KEY: Final = 0.06
_OUTPUT_TOKENS: Final = 40
# Who asks at each key sends so much that one request in so many stands for all of them.
_SAMPLED_KEYS: Final = 12
_IDLE_S: Final = 400.0
_CONTEXT_CHARS: Final = 4_000_000
_NEAR_LINES: Final = 30
_LINE_END: Final = 10_000
# What a person does between two pieces of typing, and how often.
_DIGRESSIONS: Final = {"go on": 10.0, "paste": 2.0, "undo": 3.0, "idle": 0.3, "switch": 2.0, "look": 4.0}


@dataclass(frozen=True)
class Ask:
    """A moment at which a model is asked: when, about which document, where; `every_key` is for who asks at each."""

    at_s: float
    document: int
    position: Position
    every_key: bool


class Editing:
    """A session: documents that change as it goes on, the prompts that follow them, and the moments at which somebody may ask."""

    def __init__(self, texts: list[str], *, lively: bool, seed: int, keys: int) -> None:
        self.documents = [
            Document(f"{ROOT}/{number}.py", "python", 1, text) for number, text in enumerate(texts)
        ]
        self.states = [PromptState(tell(f"{number}.py"), "python", "bench") for number in range(len(texts))]
        self.informed = [_informed(f"{number}.py", text) for number, text in enumerate(texts)]
        self.keys = 0
        self._lively = lively
        self._most_keys = keys
        self._draw = random.Random(seed)
        self._time_s = 0.0
        self._place = 0

    def play(self) -> Iterator[Ask]:
        """Type, and yield each moment after the edit that leads to it."""
        draw = self._draw
        while self.keys < self._most_keys:
            yield from self._type_back(draw.randrange(self._document.snapshot.line_count))
            if self._lively:
                yield from self._digress(draw.choices(tuple(_DIGRESSIONS), tuple(_DIGRESSIONS.values()))[0])

    def _digress(self, how: str) -> Iterator[Ask]:
        snapshot = self._document.snapshot
        line = self._draw.randrange(snapshot.line_count)
        match how:
            case "paste":
                lines = snapshot.lines(line, line + 30)
                self._edit(Position(line, 0), Position(line, 0), "".join(f"{one}\n" for one in lines))
            case "undo":
                self._edit(Position(line, 0), Position(line + 2, 0), "")
            case "idle":
                self._time_s += _IDLE_S
            case "switch":
                self._place = (self._place + 1) % len(self.documents)
            case "look":
                self._time_s += 2.0
                yield Ask(self._time_s, self._place, Position(line, _LINE_END), every_key=False)

    @property
    def _document(self) -> Document:
        return self.documents[self._place]

    def _type_back(self, line: int) -> Iterator[Ask]:
        """Take a few lines out, as if they had not been written yet, and type them."""
        height = self._draw.choice((1, 2, 3, 5, 8))
        text = "\n".join(self._document.snapshot.lines(line, line + height))
        if not text.strip():
            return
        at = Position(line, 0)
        self._edit(at, Position(line + height - 1, _LINE_END), "")
        self._time_s += self._draw.uniform(0.5, 3.0)
        for char in text:
            at = self._edit(at, at, char)
            self._time_s += _KEY_S
            self.keys += 1
            yield Ask(self._time_s, self._place, at, every_key=self._draw.random() >= _ASKS_PER_KEY)

    def _edit(self, start: Position, end: Position, text: str) -> Position:
        before = self._document.snapshot
        edit = self._document.replace(start, end, text)
        self.states[self._place].note(edit, before)
        self.informed[self._place].note(edit, before)
        return edit.new_end


def _informed(path: str, text: str) -> PromptState:
    """The prompt of a document in the folder of the standard library, with what its other files define."""
    codebase = Codebase()
    for file in sorted(_LIBRARY.glob("*.py")):
        put(codebase, digest(file.name, file.read_text(encoding="utf-8"), "python"))
    put(codebase, digest(path, text, "python"))
    state = PromptState(tell(path), "python", "bench", codebase)
    used = Counter(IDENTIFIER.findall(text))
    state.related = render(choose(codebase, path, used=used, max_chars=len(text) // 2))
    return state


def whole_in_place(document: Document, at: Position) -> list[str]:
    """The file as it is, with the cursor marked in it."""
    snapshot = document.snapshot
    here = snapshot.clamp(at)
    end = Position(snapshot.line_count, 0)
    return [snapshot.slice(Position(0, 0), here), CURSOR + snapshot.slice(here, end)]


def suffix_first(document: Document, at: Position) -> list[str]:
    """What follows the cursor, then what stands before it."""
    snapshot = document.snapshot
    here = snapshot.clamp(at)
    end = Position(snapshot.line_count, 0)
    return [snapshot.slice(here, end), "\n<prefix>\n", snapshot.slice(Position(0, 0), here)]


def sixty_lines(document: Document, at: Position) -> list[str]:
    """The lines round the cursor."""
    snapshot = document.snapshot
    here = snapshot.clamp(at)
    first, last = max(0, here.line - _NEAR_LINES), here.line + _NEAR_LINES
    return [snapshot.slice(Position(first, 0), here), CURSOR + snapshot.slice(here, Position(last, 0))]


class Tally:
    """One layout's account: what each of its requests had in it and what of that the cache knew."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.usages: list[Usage] = []
        self.bytes: list[int] = []

    def ask(self, parts: Sequence[str], key: str, now_s: float) -> None:
        """One request."""
        self.usages.append(self.provider.admit(parts, key, now_s, _OUTPUT_TOKENS))
        self.bytes.append(sum(len(part.encode("utf-8", "replace")) for part in parts))

    @property
    def cached_share(self) -> float:
        """Of all prompt tokens, those read from the cache."""
        return sum(one.cached_tokens for one in self.usages) / sum(one.prompt_tokens for one in self.usages)

    @property
    def dollars(self) -> float:
        """What it costs by the default model's prices."""
        profile = profile_of(DEFAULTS.model)
        return sum(profile.cost_dollars(one) for one in self.usages)

    @property
    def fresh(self) -> float:
        """Uncached tokens a request."""
        return statistics.mean(one.prompt_tokens - one.cached_tokens for one in self.usages)

    @property
    def reading_ms(self) -> float:
        """Time to first token that prompt tokens cost, at the median (0.012 ms a fresh token, 0.003 ms a cached one)."""
        return statistics.median(
            0.012 * (one.prompt_tokens - one.cached_tokens) + 0.003 * one.cached_tokens for one in self.usages
        )


_LAYOUTS: Final = {"in place": whole_in_place, "suffix first": suffix_first, "60 lines": sixty_lines}
_OURS: Final = "this"
_INFORMED: Final = "this, other files too"
_EACH_KEY: Final = "in place, each key"


class Session:
    """One session played for every layout. `with_text` may change the file before it."""

    def __init__(
        self,
        size: str,
        *,
        lively: bool,
        seed: int = 7,
        keys: int = KEYS,
        with_text: Callable[[str], str] = str,
    ) -> None:
        text = "\n".join((_LIBRARY / name).read_text(encoding="utf-8") for name in FILES[size])
        text = with_text(text)
        other = (_LIBRARY / _OTHER_FILE).read_text(encoding="utf-8")
        self.editing = Editing([text, other] if lively else [text], lively=lively, seed=seed, keys=keys)
        self.tallies = {name: Tally(Provider(limited=False)) for name in (*_LAYOUTS, _EACH_KEY)}
        self.tallies |= {_OURS: Tally(Provider()), _INFORMED: Tally(Provider())}
        self.build_ms: dict[str, list[float]] = {_OURS: [], _INFORMED: []}
        self.frozen = dict.fromkeys(self.build_ms, 0)
        self._play()

    @property
    def hours(self) -> float:
        """How long somebody typed, pauses left out."""
        return self.editing.keys * _KEY_S / 3_600

    @property
    def against_each_key(self) -> float:
        """What this costs, of what asking at each key with the cursor marked in place does."""
        return self.tallies[_OURS].dollars / (self.tallies[_EACH_KEY].dollars * _SAMPLED_KEYS)

    def _play(self) -> None:
        rules = [message.text for message in opening("bench")]
        skipped = 0
        for ask in self.editing.play():
            document = self.editing.documents[ask.document]
            skipped += 1
            if skipped % _SAMPLED_KEYS == 0:
                self.tallies[_EACH_KEY].ask([*rules, *whole_in_place(document, ask.position)], "", ask.at_s)
            if ask.every_key:
                continue
            for name, layout in _LAYOUTS.items():
                self.tallies[name].ask([*rules, *layout(document, ask.position)], "", ask.at_s)
            self._ask_ours(ask, document)

    def _ask_ours(self, ask: Ask, document: Document) -> None:
        view = View.at(document.snapshot, ask.position, language_id="python", uri=document.uri)
        terms = Terms(profile_of(DEFAULTS.model), _CONTEXT_CHARS, 256)
        permit = send(f"{ask.document}.py")
        for name, states in ((_OURS, self.editing.states), (_INFORMED, self.editing.informed)):
            state = states[ask.document]
            # Thread time: what other processes take of a shared machine is not the prompt's. Nor is a walk through this one's
            # heap, which is all caches of a simulated provider.
            gc.disable()
            start_s = time.thread_time()
            prompt = state.build(permit, view, terms, ask.at_s)
            self.build_ms[name].append((time.thread_time() - start_s) * 1_000)
            gc.enable()
            self.frozen[name] += state.reason not in ("", "first")
            parts = [message.text for message in prompt.messages]
            self.tallies[name].ask(parts, prompt.cache_key, ask.at_s)

    def row(self) -> dict[str, str]:
        """The figures, by name."""
        row = {f"from the cache: {name}": f"{tally.cached_share:.1%}" for name, tally in self.tallies.items()}
        for name, tally in self.tallies.items():
            times = _SAMPLED_KEYS if name == _EACH_KEY else 1
            row[f"$ an hour: {name}"] = f"{tally.dollars * times / self.hours:.2f}"
        row["$ of this, against each key in place"] = f"{self.against_each_key:.3f} ×"
        others = {name: tally for name, tally in self.tallies.items() if name != _EACH_KEY}
        row |= {
            f"tokens read afresh a request: {name}": f"{tally.fresh:,.0f}" for name, tally in others.items()
        }
        row |= {
            f"ms of reading before the first token: {name}": f"{tally.reading_ms:.0f}"
            for name, tally in others.items()
        }
        for name, build_ms in self.build_ms.items():
            p50, p99 = statistics.median(build_ms), statistics.quantiles(build_ms, n=100)[98]
            row[f"frozen anew, times an hour: {name}"] = f"{self.frozen[name] / self.hours:.0f}"
            row[f"KiB a request: {name}"] = f"{statistics.mean(self.tallies[name].bytes) / 1024:.0f}"
            row[f"CPU ms to build a prompt, p50, p99: {name}"] = f"{p50:.2f}, {p99:.2f}"
        row["requests an hour"] = f"{len(self.tallies[_OURS].usages) / self.hours:.0f}"
        return row


def table(sizes: Sequence[str], keys: int = KEYS) -> str:
    """The figures in Markdown, a column a size: typing steadily / with jumps, pastes, undo, pauses and other files in between."""
    columns = [[Session(size, lively=lively, keys=keys).row() for lively in (False, True)] for size in sizes]
    lines = ["| " + " | ".join(["steady / with moves", *sizes]) + " |", "| --- " * (len(sizes) + 1) + "|"]
    lines += [
        "| " + " | ".join([name, *(f"{one[name]} / {other[name]}" for one, other in columns)]) + " |"
        for name in columns[0][0]
    ]
    return "\n".join(lines)
