"""The one table: every figure of the typing benchmark, a row each, a column for each contestant, and what is aimed at.

Owns wording and formats. A figure's meaning is in `score` and `drills`; where a row needs a definition, `NOTES` gives it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.bench import score

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.drills import BySize, Closing, StartUp
    from tests.bench.hardship import Endured
    from tests.bench.play import Played

NOTES: Final = f"""\
A pause is a gap of 500 ms or more inside a hole. *Never shown* traces each display to the newest upstream request that had
sent its first line. *Text to answer* runs from the last line break (or token) that the answer needed to the answer's arrival
in the editor. *Inside the budget* is {score.BUDGET_S:g} s and {1000 * score.BUDGET_SLACK_S:g} ms for the way there and back,
over all requests that the editor did not cancel before. *Closed* is from an edit against a running stream, with the
editor's cancel, to the simulator's disconnect. *Not wanted*: when the last key came that found it on
screen, the true text did not go on with its first line."""


@dataclass(slots=True)
class Harvest:
    """All that was measured of one contestant; a list is empty where a drill was left out."""

    played: list[Played] = field(default_factory=list)
    start_up: StartUp | None = None
    sizes: list[BySize] = field(default_factory=list)
    closing: Closing | None = None
    endured: list[Endured] = field(default_factory=list)

    def of(self, kind: str) -> list[Played]:
        """The sessions in one kind of editor."""
        return [one for one in self.played if one.part.kind == kind]


Figure = tuple[str, str, "Callable[[Harvest], str]"]


def percent(value: float) -> str:
    """A share as people read it."""
    return "–" if math.isnan(value) else f"{100 * value:.0f} %"


def number(value: float, unit: str = "") -> str:
    """A number with two to three telling digits, and its unit."""
    if math.isnan(value):
        return "–"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f}{' ' if unit else ''}{unit}"


def milliseconds(values_s: Sequence[float], *shares: float) -> str:
    """Percentiles of times in seconds, as milliseconds, with the number of them."""
    if not values_s:
        return "–"
    found = " / ".join(number(1000 * score.percentile(values_s, share)) for share in shares)
    return f"{found} ms (n={len(values_s)})"


def _keys(sessions: Sequence[Played]) -> int:
    return sum(len(one.trace.keys) for one in sessions)


def _mean(
    sessions: Sequence[Played], part: Callable[[Played], float], whole: Callable[[Played], float]
) -> float:
    total = sum(whole(one) for one in sessions)
    return sum(part(one) for one in sessions) / total if total else math.nan


def _upstreams(one: Played) -> int:
    return len(one.upstreams)


def requests_per_100_keys(sessions: Sequence[Played]) -> str:
    """Upstream requests per 100 keystrokes."""
    return number(100 * _mean(sessions, _upstreams, lambda one: len(one.trace.keys)))


def wasted(sessions: Sequence[Played]) -> str:
    """The share of upstream requests whose text never came on screen."""
    return percent(
        _mean(
            sessions,
            lambda one: (
                _upstreams(one)
                * (score.never_shown(one.upstreams, one.trace.displays) if one.upstreams else 0)
            ),
            _upstreams,
        )
    )


def after_pauses(sessions: Sequence[Played]) -> str:
    """The share of pauses that end with a suggestion on screen."""
    keys = [key for one in sessions for key in one.trace.keys]
    return f"{percent(score.on_screen_after_pause(keys))} (n={len(score.pauses(keys))})"


def by_next_key(sessions: Sequence[Played]) -> str:
    """The share of keys that find a suggestion on screen."""
    return percent(score.on_screen_by_next_key([key for one in sessions for key in one.trace.keys]))


def in_budget(harvest: Harvest) -> str:
    """The share of requests answered inside the budget, in typing and under every fault."""
    pairs = [score.inside_budget(one.trace.asked) for one in harvest.played]
    pairs += [score.inside_budget(one.asked) for one in harvest.endured]
    answered, whole = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
    return f"{percent(score.share(answered, whole))} ({answered} of {whole})"


def late_under(harvest: Harvest) -> str:
    """The fault modes under which a request was late or got no answer."""
    late = [one.mode for one in harvest.endured if len(set(score.inside_budget(one.asked))) > 1]
    met = sum(one.met for one in harvest.endured)
    return f"{len(late)} of {len(harvest.endured)} ({met} reached upstream)" if harvest.endured else "–"


def overhead(harvest: Harvest) -> str:
    """From upstream text to answer."""
    times = [t for one in harvest.played for t in score.overheads_s(one.trace.asked, one.upstreams)]
    return milliseconds(times, 0.5, 0.99)


def without_upstream(harvest: Harvest) -> str:
    """Answer times with no upstream request open."""
    times = [
        t for one in harvest.played for t in score.times_without_upstream_s(one.trace.asked, one.upstreams)
    ]
    return milliseconds(times, 0.5, 0.99)


def served_at_no_cost(harvest: Harvest) -> str:
    """The share of answers that asked nothing of upstream."""
    pairs = [score.served_without_upstream(one.trace.asked, one.upstreams) for one in harvest.played]
    return percent(score.share(sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)))


def time_to_ghost(sessions: Sequence[Played]) -> str:
    """From the key before a pause to ghost text on screen."""
    times = [t for one in sessions for t in score.times_to_ghost_text_s(one.trace.keys, one.trace.displays)]
    return milliseconds(times, 0.5, 0.95, 0.99)


def annoyances(sessions: Sequence[Played]) -> str:
    """Flicker, stale answers, requests with no answer, errors and messages shown, items no editor can place."""
    unanswered = sum(asked.answered_s is None for one in sessions for asked in one.trace.asked)
    found = (
        sum(one.faults.flickers for one in sessions),
        sum(one.faults.stale for one in sessions),
        unanswered,
        sum(len(one.faults.errors) + len(one.faults.messages) + len(one.problems) for one in sessions),
        sum(len(one.faults.invalid) for one in sessions),
    )
    return " / ".join(map(str, found))


def annoyances_under_faults(harvest: Harvest) -> str:
    """Requests with no answer, errors, messages, and deaths under the faults."""
    if not harvest.endured:
        return "–"
    unanswered = sum(asked.answered_s is None for one in harvest.endured for asked in one.asked)
    errors = sum(len(one.errors) for one in harvest.endured)
    messages = sum(len(one.messages) for one in harvest.endured)
    return f"{unanswered} / {errors} / {messages} / {sum(not one.alive for one in harvest.endured)}"


def contradictions(harvest: Harvest) -> str:
    """Answers that would have taken away or replaced valid shown text, had the editor let them."""
    answers = sum(len(score.shown_answers(one.trace.asked)) for one in harvest.played)
    return f"{sum(one.faults.contradictions for one in harvest.played)} of {answers}"


def saved(sessions: Sequence[Played]) -> str:
    """Keystrokes saved, and the share of accepted characters that were wrong."""
    traces = [one.trace for one in sessions]
    accepts = sum(len(trace.accepted) for trace in traces)
    return f"{percent(score.keystrokes_saved(traces))} / {percent(score.accepted_wrong(traces))} ({accepts} accepted)"


def unwanted(sessions: Sequence[Played]) -> str:
    """Suggestions per 100 keystrokes that stood on screen and were not wanted, and their share of all that stood there."""
    traces = [one.trace for one in sessions]
    return (
        f"{number(score.unwanted_per_100_keys(traces))} ({percent(score.unwanted_of_shown(traces))} of shown)"
    )


def _cost_per_hour(sessions: Sequence[Played]) -> str:
    hours = sum(one.trace.ended_s - one.trace.started_s for one in sessions) / 3600
    dollars = sum(score.cost_dollars(one.upstreams) for one in sessions)
    return f"${dollars / hours:.4f}" if hours else "–"


def _cost_per_key_saved(sessions: Sequence[Played]) -> str:
    spared = sum(one.trace.strokes_alone - len(one.trace.keys) for one in sessions)
    dollars = sum(score.cost_dollars(one.upstreams) for one in sessions)
    return f"${1000 * dollars / spared:.4f}" if spared > 0 else "–"


def answers_by_size(harvest: Harvest) -> str:
    """From request to answer when upstream answers at once, and how many requests did go upstream."""
    asked = sum(size.asked_upstream for size in harvest.sizes)
    return f"{by_sizes(harvest, lambda size: size.answer_s)}, {asked} asked" if harvest.sizes else "–"


def by_sizes(harvest: Harvest, figure: Callable[[BySize], float]) -> str:
    """A time for each size of file, and how much more the largest takes than the smallest."""
    times = [figure(size) for size in harvest.sizes]
    if not times:
        return "–"
    return f"{' / '.join(number(1000 * time_s) for time_s in times)} ms ({times[-1] / times[0]:.1f} ×)"


def memory(harvest: Harvest) -> str:
    """Resident memory: idle, after the sessions, with the largest file."""
    idle = harvest.start_up.idle_mib if harvest.start_up else math.nan
    after = max((one.rss_mib for one in harvest.played), default=math.nan)
    large = harvest.sizes[-1].rss_mib if harvest.sizes else math.nan
    return f"{idle:.0f} / {after:.0f} / {large:.0f} MiB"


FIGURES: Final[tuple[Figure, ...]] = (
    ("upstream requests per 100 keystrokes", "≤ 10", lambda h: requests_per_100_keys(h.of("vscode"))),
    ("upstream requests whose text is never shown", "≤ 20 %", lambda h: wasted(h.of("vscode"))),
    ("suggestion on screen by the end of a pause", "≥ 88 %", lambda h: after_pauses(h.of("vscode"))),
    ("suggestion on screen by the next key", "≥ 55 %", lambda h: by_next_key(h.of("vscode"))),
    ("time to ghost text in a pause, p50 / p95 / p99", "", lambda h: time_to_ghost(h.of("vscode"))),
    ("answered inside the budget, every fault mode included", "100 %", in_budget),
    ("fault modes with a late or missing answer", "0", late_under),
    ("upstream text to answer, p50 / p99", "≤ 2 / 8 ms", overhead),
    (
        "request to answer when upstream answers at once, p50: 200 / 5,000 / 50,000 lines",
        "≤ 2.5 ms, ≤ 1.3 ×",
        answers_by_size,
    ),
    ("answer with no upstream, p50 / p99", "≤ 1.5 / 5 ms", without_upstream),
    ("answers that needed nothing new from upstream", "", served_at_no_cost),
    (
        "one edit, p50: 200 / 5,000 / 50,000 lines",
        "≤ 0.5 ms, flat",
        lambda h: by_sizes(h, lambda size: size.edit_s),
    ),
    (
        "CPU seconds per 1,000 keystrokes",
        "≤ 2.5",
        lambda h: number(1000 * _mean(h.played, lambda one: one.cpu_s, lambda one: len(one.trace.keys))),
    ),
    (
        "divergence and cancel to upstream closed, p50 / p99",
        "≤ 2 / 10 ms",
        lambda h: (
            milliseconds(h.closing.times_s, 0.5, 0.99) + f", {h.closing.missed} missed" if h.closing else "–"
        ),
    ),
    (
        "flicker / stale / unanswered / errors and messages / invalid items",
        "0",
        lambda h: annoyances(h.of("vscode")),
    ),
    ("under faults: unanswered / errors / messages / deaths", "0 / 0 / few / 0", annoyances_under_faults),
    ("answers that contradict valid shown text", "0", contradictions),
    (
        "keystrokes saved / accepted characters that are wrong",
        "≥ 62 % / ≤ 12 %",
        lambda h: saved(h.of("vscode")),
    ),
    (
        "suggestions shown and not wanted per 100 keystrokes",
        "≤ 0.5 × naive",
        lambda h: unwanted(h.of("vscode")),
    ),
    (
        "prompt tokens from the provider's cache",
        "",
        lambda h: percent(score.cached_share([up for one in h.played for up in one.upstreams])),
    ),
    ("cost of an hour's typing", "", lambda h: _cost_per_hour(h.of("vscode"))),
    ("cost of 1,000 keystrokes saved", "", lambda h: _cost_per_key_saved(h.of("vscode"))),
    (
        "start-up to `initialize` answered / to the first answer",
        "≤ 0.6 s",
        lambda h: (
            f"{h.start_up.initialized_s:.2f} / {h.start_up.first_answer_s:.2f} s" if h.start_up else "–"
        ),
    ),
    ("RSS idle / after the session / with a 50,000-line file", "≤ 60 / 80 / 110 MiB", memory),
    ("Neovim: requests per 100 keystrokes", "", lambda h: requests_per_100_keys(h.of("neovim"))),
    ("Neovim: never shown", "", lambda h: wasted(h.of("neovim"))),
    ("Neovim: on screen by the end of a pause", "", lambda h: after_pauses(h.of("neovim"))),
    ("Neovim: on screen by the next key", "", lambda h: by_next_key(h.of("neovim"))),
    ("Neovim: time to ghost text in a pause, p50 / p95 / p99", "", lambda h: time_to_ghost(h.of("neovim"))),
    ("Neovim: flicker / stale / unanswered / errors / invalid", "0", lambda h: annoyances(h.of("neovim"))),
    ("Neovim: keystrokes saved / wrong", "", lambda h: saved(h.of("neovim"))),
    ("Neovim: not wanted per 100 keystrokes", "", lambda h: unwanted(h.of("neovim"))),
    ("keystrokes pressed", "", lambda h: f"{_keys(h.of('vscode'))} + {_keys(h.of('neovim'))}"),
)


def table(harvests: dict[str, Harvest]) -> str:
    """The table in Markdown."""
    names = list(harvests)
    rows = [["figure", *names, "aim"], ["---"] * (len(names) + 2)]
    rows += [[title, *(figure(harvests[name]) for name in names), aim] for title, aim, figure in FIGURES]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
