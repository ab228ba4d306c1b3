"""The figures: each a small pure function over what was written down. No clock, no process, no file.

**Upstream** is one request the gateway simulator got. A display on screen is traced to the upstream request it came from by
its text: the newest request that had, by then, sent the display's first line (blanks aside). A request is *shown* when some
display is traced to it. This gives every server the same benefit of the doubt.

**Ready** is the instant at which the last line that a display needed had been sent: its line break, or the answer's last
token when the display ends with it. What a server waits beyond that (to see whether a block goes on, or a pipe) is its overhead.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from tests.bench.human import PAUSE_S
from tests.support.gateway_simulator.tokens import tokenize

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.bench.session import Key, Trace
    from tests.support.fake_editor import Asked, Display

# Dollars per million tokens of the default model: fresh prompt, cached prompt, output.
PRICE_FRESH: Final = 0.10
PRICE_CACHED: Final = 0.025
PRICE_OUTPUT: Final = 0.40

BUDGET_S: Final = 0.9
# What a loaded two-core machine may add on the way there and back.
BUDGET_SLACK_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Upstream:
    """One request as the simulator saw it; instants share the editor's clock."""

    arrived_s: float
    ended_s: float
    disconnected: bool = False
    first_text_s: float | None = None
    last_text_s: float | None = None
    newlines_s: tuple[float, ...] = ()
    text: str = ""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0

    @classmethod
    def from_log(cls, row: dict[str, Any]) -> Upstream:
        """Read one row of the simulator's log."""
        ended_s = row["disconnected_at"] or row["finished_at"] or float("inf")
        return cls(
            arrived_s=row["arrived_at"],
            ended_s=ended_s,
            disconnected=row["disconnected_at"] is not None,
            first_text_s=row["first_text_at"],
            last_text_s=row["last_text_at"],
            newlines_s=tuple(row["newlines_at"]),
            text=row["text"],
            prompt_tokens=row["prompt_tokens"],
            cached_tokens=row["cached_tokens"],
            output_tokens=len(tokenize(row["text"])),  # what was sent, not what would have been
        )


def percentile(values: Iterable[float], share: float) -> float:
    """The nearest-rank percentile; NaN when there is nothing."""
    ordered = sorted(values)
    if not ordered:
        return float("nan")
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def share(part: int, whole: int) -> float:
    """`part` of `whole`; NaN when there is no whole."""
    return part / whole if whole else float("nan")


# --- tracing text to the request it came from


def _bare(text: str) -> str:
    return "".join(text.split())


def _lines(text: str) -> list[str]:
    return [line for line in map(_bare, text.split("\n")) if line]


def _sent_by(upstream: Upstream, at_s: float) -> list[str]:
    """The lines that had been sent, at least in part, by an instant."""
    whole = sum(newline_s <= at_s for newline_s in upstream.newlines_s)
    return [_bare(line) for line in upstream.text.split("\n")[: whole + 1]]


def trace_to_upstream(text: str, at_s: float, upstreams: Sequence[Upstream]) -> Upstream | None:
    """The newest request that had sent the first line of `text` by `at_s`; None for text of no upstream's."""
    lines = _lines(text)
    if not lines:
        return None
    for upstream in reversed(upstreams):
        if upstream.first_text_s is None or upstream.first_text_s > at_s:
            continue
        if any(lines[0] in line for line in _sent_by(upstream, at_s)):
            return upstream
    return None


def ready_s(text: str, upstream: Upstream) -> float | None:
    """When the last line that `text` needs had been sent; None when the request never sent it."""
    sent = [_bare(line) for line in upstream.text.split("\n")]
    place = -1
    for line in _lines(text):
        place = next((index for index in range(place + 1, len(sent)) if line in sent[index]), len(sent))
    if not 0 <= place < len(sent):
        return None
    return upstream.newlines_s[place] if place < len(upstream.newlines_s) else upstream.last_text_s


# --- what the person got


def pauses(keys: Sequence[Key]) -> list[Key]:
    """The keys that end a pause; finding the next place in the file is not one."""
    return [key for key in keys if key.gap_s >= PAUSE_S and not key.first]


def on_screen_after_pause(keys: Sequence[Key]) -> float:
    """The share of pauses that end with a suggestion on screen."""
    ended = pauses(keys)
    return share(sum(bool(key.shown) for key in ended), len(ended))


def on_screen_by_next_key(keys: Sequence[Key]) -> float:
    """The share of keys that find a suggestion on screen."""
    inside = [key for key in keys if not key.first]
    return share(sum(bool(key.shown) for key in inside), len(inside))


def times_to_ghost_text_s(keys: Sequence[Key], displays: Sequence[Display]) -> list[float]:
    """For each pause that got a suggestion, from the key before it to the text on screen; 0 when it was there already."""
    times = []
    for before, key in pairwise(keys):
        if key.gap_s < PAUSE_S or key.first or not key.shown:
            continue
        drawn = [display.at_s for display in displays if before.at_s <= display.at_s <= key.at_s]
        times.append(drawn[0] - before.at_s if drawn else 0.0)
    return times


def keystrokes_saved(traces: Sequence[Trace]) -> float:
    """The share of keystrokes that suggestions spared; corrections of wrong ones count against it."""
    alone = sum(trace.strokes_alone for trace in traces)
    return 1 - share(sum(len(trace.keys) for trace in traces), alone)


def accepted_wrong(traces: Sequence[Trace]) -> float:
    """The share of accepted characters that had to be taken out again."""
    taken = [one for trace in traces for one in trace.accepted]
    return share(sum(one.wrong for one in taken), sum(one.chars for one in taken))


def unwanted_per_100_keys(traces: Sequence[Trace]) -> float:
    """How many suggestions per 100 keys stood on screen when a key came down, the last that met them, and were not wanted."""
    keys = sum(len(trace.keys) for trace in traces)
    return 100 * share(sum(not key.wanted for key in _last_keys(traces)), keys)


def unwanted_of_shown(traces: Sequence[Trace]) -> float:
    """The share of the suggestions that a key found on screen which were not wanted."""
    last = _last_keys(traces)
    return share(sum(not key.wanted for key in last), len(last))


def _last_keys(traces: Sequence[Trace]) -> list[Key]:
    """The last key that met each suggestion."""
    met = {(number, key.ghost): key for number, trace in enumerate(traces) for key in trace.keys if key.ghost}
    return list(met.values())


# --- what it cost upstream


def never_shown(upstreams: Sequence[Upstream], displays: Sequence[Display]) -> float:
    """The share of upstream requests no display is traced to."""
    seen = {id(trace_to_upstream(display.text, display.at_s, upstreams)) for display in displays}
    return share(sum(id(upstream) not in seen for upstream in upstreams), len(upstreams))


def cached_share(upstreams: Sequence[Upstream]) -> float:
    """The share of prompt tokens that came from the provider's cache."""
    return share(sum(one.cached_tokens for one in upstreams), sum(one.prompt_tokens for one in upstreams))


def cost_dollars(upstreams: Sequence[Upstream]) -> float:
    """What the tokens cost; those of an answer that was cut short, too."""
    fresh = sum(one.prompt_tokens - one.cached_tokens for one in upstreams)
    cached = sum(one.cached_tokens for one in upstreams)
    output = sum(one.output_tokens for one in upstreams)
    return (fresh * PRICE_FRESH + cached * PRICE_CACHED + output * PRICE_OUTPUT) / 1e6


# --- how the server answered


def shown_answers(asked: Sequence[Asked]) -> list[Asked]:
    """The answers with text that came before the editor had moved on."""
    return [one for one in asked if one.answered_s is not None and one.new and one.cancelled_s is None]


def inside_budget(asked: Sequence[Asked]) -> tuple[int, int]:
    """How many requests were answered inside the budget, and of how many.

    A request that the editor cancelled before the budget was over is not counted: nobody waited for it.
    """
    limit_s = BUDGET_S + BUDGET_SLACK_S
    waited = [one for one in asked if one.cancelled_s is None or one.cancelled_s - one.sent_s > limit_s]
    answered = sum(one.answered_s is not None and one.answered_s - one.sent_s <= limit_s for one in waited)
    return answered, len(waited)


def overheads_s(asked: Sequence[Asked], upstreams: Sequence[Upstream]) -> list[float]:
    """From the text an answer needs being sent to the answer's arrival, for answers that had to wait for that text."""
    found = []
    for one in shown_answers(asked):
        answered_s = one.answered_s or 0.0
        upstream = trace_to_upstream(one.new, answered_s, upstreams)
        ready = ready_s(one.new, upstream) if upstream is not None else None
        if ready is not None and one.sent_s < ready <= answered_s:
            found.append(answered_s - ready)
    return found


def served_without_upstream(asked: Sequence[Asked], upstreams: Sequence[Upstream]) -> tuple[int, int]:
    """How many answers needed no text that was sent after the request, and no new upstream request; and of how many."""
    answers = shown_answers(asked)
    return sum(_known_before(one, upstreams) for one in answers), len(answers)


def _known_before(one: Asked, upstreams: Sequence[Upstream]) -> bool:
    answered_s = one.answered_s or 0.0
    if any(one.sent_s <= upstream.arrived_s <= answered_s for upstream in upstreams):
        return False
    upstream = trace_to_upstream(one.new, answered_s, upstreams)
    ready = ready_s(one.new, upstream) if upstream is not None else None
    return ready is None or ready <= one.sent_s


def times_without_upstream_s(asked: Sequence[Asked], upstreams: Sequence[Upstream]) -> list[float]:
    """The answer times of requests during which no upstream request was open at all."""
    return [
        (one.answered_s or 0.0) - one.sent_s
        for one in shown_answers(asked)
        if not any(up.arrived_s <= (one.answered_s or 0.0) and up.ended_s >= one.sent_s for up in upstreams)
    ]
