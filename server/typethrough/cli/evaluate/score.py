"""The results of one contestant, and the table of all contestants. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Final

from typethrough.core.outcome.outcome import Ending, Usage
from typethrough.telemetry.recorder import percentile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typethrough.core.outcome.outcome import Outcome, StreamRecord

_HEADINGS: Final = (
    ("first line", "right"),
    ("block", "right"),
    ("similar", ""),
    ("shown", "wrong"),
    ("silent", ""),
    ("first text", "p50"),
    ("", "p95"),
    ("in", "budget"),
    ("from", "cache"),
    ("$ per", "1,000"),
)


@dataclass(slots=True)
class Score:
    """One contestant's results. `stopped` says why not all places were asked for. Empty if all were."""

    name: str
    asked: int = 0
    silent: int = 0
    late: int = 0
    failed: int = 0
    right_lines: int = 0
    blocks: int = 0
    right_blocks: int = 0
    similarities: list[float] = field(default_factory=list)
    ttft_ms: list[float] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    dollars: float = 0.0
    stopped: str = ""

    def ended(self, outcome: Outcome, hidden: str) -> None:
        """Count the outcome of a request. `hidden` is the text that was hidden at its place."""
        self.asked += 1
        self.late += outcome.ending is Ending.DEADLINE
        self.failed += outcome.ending is Ending.FAILED
        if not outcome.suggestions:
            self.silent += 1
            return
        shown, truth = _lines(outcome.suggestions[0].text), _lines(hidden)
        self.right_lines += shown[0] == truth[0]
        if len(shown) > 1:
            self.blocks += 1
            self.right_blocks += shown == truth[: len(shown)]
        pair = ("\n".join(shown), "\n".join(truth[: len(shown)]))
        self.similarities.append(SequenceMatcher(None, *pair, autojunk=False).ratio())

    @property
    def is_answered(self) -> bool:
        """Whether any request was answered, even if with nothing."""
        return self.asked > self.failed

    def streamed(self, stream: StreamRecord) -> None:
        """Count the time, tokens and cost of a stream."""
        if stream.ttft_ms is not None:
            self.ttft_ms.append(stream.ttft_ms)
        self.dollars += stream.dollars
        if not stream.is_estimated:
            self.usage.prompt_tokens += stream.usage.prompt_tokens
            self.usage.cached_tokens += stream.usage.cached_tokens

    def figures(self) -> dict[str, Any]:
        """The figures by name: shares from 0 to 1, times in milliseconds. None if there is no data."""
        shown = self.asked - self.silent
        return {
            "name": self.name,
            "asked": self.asked,
            "first_line_right": _share(self.right_lines, self.asked),
            "block_right": _share(self.right_blocks, self.blocks),
            "similarity": _share(sum(self.similarities), shown),
            "shown_wrong": _share(shown - self.right_lines, self.asked),
            "silent": _share(self.silent, self.asked),
            "first_text_p50_ms": percentile(self.ttft_ms, 0.5) if self.ttft_ms else None,
            "first_text_p95_ms": percentile(self.ttft_ms, 0.95) if self.ttft_ms else None,
            "in_budget": _share(self.asked - self.late, self.asked),
            "from_cache": _share(self.usage.cached_tokens, self.usage.prompt_tokens),
            "dollars": self.dollars,
            "dollars_per_1000": _share(self.dollars * 1_000, self.asked),
            "stopped": self.stopped,
        }


def table(scores: Sequence[Score]) -> list[str]:
    """The scores as lines of text, one per contestant that answered. Below them, why a contestant was stopped early."""
    stopped = [f"{score.name}: {score.stopped}" for score in scores if score.stopped]
    rows = [[score.name, *_cells(score.figures())] for score in scores if score.is_answered]
    if not rows:
        return stopped
    head = [["", *upper_and_lower] for upper_and_lower in zip(*_HEADINGS, strict=True)]
    widths = [max(len(row[column]) for row in (*head, *rows)) for column in range(len(head[0]))]
    lines = [_row(row, widths) for row in (*head, *rows)]
    return [*lines, *([""] if stopped else []), *stopped]


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = cells
    told = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
    return "  ".join([first.ljust(widths[0]), *told]).rstrip()


def _cells(figures: dict[str, Any]) -> list[str]:
    def percent(name: str) -> str:
        return "–" if figures[name] is None else f"{figures[name]:.0%}"

    def milliseconds(name: str) -> str:
        return "–" if figures[name] is None else f"{figures[name]:.0f} ms"

    shares = ("first_line_right", "block_right", "similarity", "shown_wrong", "silent")
    dollars = figures["dollars_per_1000"]
    return [
        *map(percent, shares),
        milliseconds("first_text_p50_ms"),
        milliseconds("first_text_p95_ms"),
        percent("in_budget"),
        percent("from_cache"),
        "–" if dollars is None else f"{dollars:.3f}",
    ]


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().split("\n")]


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
