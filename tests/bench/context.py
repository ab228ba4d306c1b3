"""What a long context costs: seeded editing sessions over real files, four layouts of the prompt, and the provider's cache.

Run `python -m tests.bench.context` in the project's root with `server` on PYTHONPATH. Each layout sees the same sessions and, but
for "each key", the same moments at which a model is asked. The cache is the simulator's (exact prefixes in steps of 128 tokens,
from 1,024 on, kept for five minutes), tokens are the simulator's, prices are those of the default model.
"""

from __future__ import annotations

import random
import statistics
import sysconfig
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.support.gateway_simulator.prompt_cache import PromptCache
from typethrough.core.context import Context
from typethrough.core.document import Document, Position
from typethrough.core.models import profile_of
from typethrough.core.outcome import Usage
from typethrough.core.prompt.economist import Terms
from typethrough.core.prompt.layout import PromptState
from typethrough.core.prompt.rules import CURSOR, opening
from typethrough.core.settings import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typethrough.core.prompt.message import Message

_LIBRARY = Path(sysconfig.get_paths()["stdlib"])
# About 2, 10, 20, 40 and 120 thousand tokens of context.
_FILES: Final = {
    "2k": ("bisect.py", "this.py", "queue.py"),
    "10k": ("fractions.py", "shlex.py"),
    "20k": ("argparse.py",),
    "40k": ("_pydecimal.py",),
    "120k": ("_pydecimal.py", "turtle.py", "argparse.py", "typing.py", "tarfile.py"),
}
_OTHER_FILE: Final = "textwrap.py"
_KEYS: Final = 3_000
_KEY_S: Final = 0.16
# What the typing benchmark measures of the whole server: requests a hundred keys, of all that could be sent.
_ASKS_PER_KEY: Final = 0.06
_OUTPUT_TOKENS: Final = 40
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

    def __init__(self, texts: list[str], *, lively: bool, seed: int) -> None:
        self.documents = [
            Document(f"file:///{number}.py", "python", 1, text) for number, text in enumerate(texts)
        ]
        self.states = [PromptState(f"src/{number}.py", "python", "bench") for number in range(len(texts))]
        self.keys = 0
        self._lively = lively
        self._draw = random.Random(seed)
        self._time_s = 0.0
        self._place = 0

    def play(self) -> Iterator[Ask]:
        """Type, and yield each moment after the edit that leads to it."""
        draw = self._draw
        while self.keys < _KEYS:
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
        return edit.new_end


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

    def __init__(self) -> None:
        self.cache = PromptCache()
        self.usages: list[Usage] = []
        self.bytes: list[int] = []

    def ask(self, parts: list[str], now_s: float) -> None:
        """One request."""
        usage = self.cache.admit(parts, now_s)
        self.usages.append(Usage(usage.prompt_tokens, usage.cached_tokens, _OUTPUT_TOKENS))
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


def session(size: str, *, lively: bool, seed: int) -> dict[str, float | str]:
    """Play one session for every layout; the figures of a row, by column."""
    text = "\n".join((_LIBRARY / name).read_text(encoding="utf-8") for name in _FILES[size])
    other = (_LIBRARY / _OTHER_FILE).read_text(encoding="utf-8")
    texts = [text, other] if lively else [text]
    editing = Editing(texts, lively=lively, seed=seed)
    layouts = {"in place": whole_in_place, "suffix first": suffix_first, "60 lines": sixty_lines}
    tallies = {name: Tally() for name in (*layouts, "anchored", "in place, each key")}
    rules = [message.text for message in opening("bench")]
    build_ms: list[float] = []
    # The messages themselves: an id alone may come back.
    anchors: dict[int, Message] = {}
    for ask in editing.play():
        document = editing.documents[ask.document]
        tallies["in place, each key"].ask([*rules, *whole_in_place(document, ask.position)], ask.at_s)
        if ask.every_key:
            continue
        for name, layout in layouts.items():
            tallies[name].ask([*rules, *layout(document, ask.position)], ask.at_s)
        start_s = time.perf_counter()
        prompt = editing.states[ask.document].build(
            Context.at(document.snapshot, ask.position, language_id="python"),
            Terms(profile_of(DEFAULTS.model), _CONTEXT_CHARS, 256, DEFAULTS.model),
            ask.at_s,
        )
        build_ms.append((time.perf_counter() - start_s) * 1_000)
        anchor = prompt.messages[len(rules)]
        anchors[id(anchor)] = anchor
        tallies["anchored"].ask([message.text for message in prompt.messages], ask.at_s)
    hours = editing.keys * _KEY_S / 3_600
    ours, naive = tallies["anchored"], tallies["in place, each key"]
    row: dict[str, float | str] = {"context": f"{size}, {'moves' if lively else 'steady'}"}
    row |= {f"{name}: cached": f"{tally.cached_share:.1%}" for name, tally in tallies.items()}
    row |= {f"{name}: $/h": f"{tally.dollars / hours:.3f}" for name, tally in tallies.items()}
    row["anchored: fresh tokens a request"] = f"{ours.fresh:.0f}"
    row["anchored: reading ms"] = f"{ours.reading_ms:.0f}"
    row["anchored: re-anchors"] = str(len(anchors) - len(texts))
    row["anchored: KiB a request"] = f"{statistics.mean(ours.bytes) / 1024:.0f}"
    row["anchored: build ms p50 / p99"] = (
        f"{statistics.median(build_ms):.2f} / {statistics.quantiles(build_ms, n=100)[98]:.2f}"
    )
    row["$ against each key"] = f"{ours.dollars / naive.dollars:.3f} ×"
    row["requests"] = f"{len(ours.usages)} of {editing.keys} keys"
    return row


def main() -> None:
    """Print the table, a column a session."""
    rows = [session(size, lively=lively, seed=7) for size in _FILES for lively in (False, True)]
    names = list(rows[0])
    print("| " + " | ".join(["figure", *(str(row["context"]) for row in rows)]) + " |")
    print("| --- " * (len(rows) + 1) + "|")
    for name in names[1:]:
        print("| " + " | ".join([name, *(str(row[name]) for row in rows)]) + " |")


if __name__ == "__main__":
    main()
