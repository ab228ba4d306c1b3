"""The demo's last words: what was typed, what was saved, where suggestions came from, how fast, and what it cost."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from typethrough.cli.demo.paint import BOLD, FAINT, RESET
from typethrough.telemetry.recorder import percentile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typethrough.cli.demo.editor import Score
    from typethrough.core.settings.access import EndpointChoice
    from typethrough.telemetry.recorder import Counters


def summary(
    name: str,
    score: Score,
    counters: Counters,
    choice: EndpointChoice,
    notices: Sequence[str],
    *,
    plain: bool,
) -> list[str]:
    """One line a figure, then what went wrong; with ANSI unless `plain`."""
    times_ms = [ms for _source, ms in score.first_ms]
    sources = Counter(source for source, _ms in score.first_ms)
    usage, cost = counters.spent.usage, counters.spent.dollars
    by_source = ", ".join(f"{source} {count}" for source, count in sources.most_common())
    struck = f"{score.keys} keys: {score.saved_share:.0%} saved, {score.accepts} × ⇥, "
    struck += f"{score.through_chars} characters typed through, {score.diverged} × diverged"
    upstream = f"{counters.streams.total()} requests, {usage.prompt_tokens} tokens in ({usage.cached_tokens} cached), "
    upstream += f"{usage.output_tokens} out, ${cost:.5f}"
    rows = [
        ("typed", f"{score.typed_keys_worth} keystrokes' worth of {name}"),
        ("struck", struck),
        ("ghost text", f"{len(times_ms)} suggestions: {by_source or 'none'}"),
        ("after", f"p50 {percentile(times_ms, 0.5):.1f} ms, p95 {percentile(times_ms, 0.95):.1f} ms"),
        ("upstream", upstream),
        ("lane", choice.why),
    ]
    if not (choice.usable or choice.is_refused):
        rows.append(
            (
                "",
                "set AI_GATEWAY_API_KEY, or TYPETHROUGH_BASE_URL and TYPETHROUGH_API_KEY, to ask a model too",
            )
        )
    rows += [("note", notice) for notice in notices]
    bold, faint, reset = ("", "", "") if plain else (BOLD, FAINT, RESET)
    heading = [f"{bold}typethrough demo{reset}"] if not plain else [""]
    return [*heading, *(f"{faint}{label:<11}{reset} {value}" for label, value in rows)]
