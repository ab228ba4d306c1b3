"""`typethrough evaluate [PATH]`: hides lines of a repository, asks for them the way an editor does, and prints how it went.

The whole way is the real one: gate, secrets, prompt, stream, cut and filters. Each place is opened anew, without what is hidden
there, so that no answer is known from the place before.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.cli import UsageError
from typethrough.cli.compose import begin_verb
from typethrough.cli.evaluate.holes import holes, repository_of
from typethrough.cli.evaluate.score import Score, table
from typethrough.core.document.document import Position, bare_lines
from typethrough.core.document.uris import PLAIN_TEXT, language_of
from typethrough.core.gate.gate import Gate
from typethrough.core.outcome.outcome import Ending
from typethrough.engine.pending import Request
from typethrough.engine.workspace import LocalDisk, folder_at
from typethrough.telemetry.recorder import LogRecorder

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from typethrough.cli.compose import Composition
    from typethrough.cli.evaluate.holes import Hole
    from typethrough.core.outcome.outcome import Outcome, StreamRecord
    from typethrough.core.settings.schema import Settings
    from typethrough.engine.engine import Engine

_READING_S: Final = 10.0
# The answer goes on for the cache, and its end brings the counts.
_ENDING_S: Final = 10.0
# After so many failures in a row the next will fail too.
_MOST_FAILURES: Final = 3
_BAR_CHARS: Final = 30


class Contestant(NamedTuple):
    """What is measured: a name for the table, and the settings it is asked with."""

    name: str
    settings: Settings


def run_evaluate(options: argparse.Namespace) -> int:
    """Measure, and print the table; exit code 1 when nothing was asked. Raises UsageError."""
    below = options.path.resolve()
    root = repository_of(below)
    composition = begin_verb(options)
    scores: list[Score] = []
    try:
        asyncio.run(_evaluate(composition, options, root, below, scores))
    finally:
        # Interrupted as well: what has been measured has been paid for.
        if options.json:
            print(json.dumps([score.figures() for score in scores], indent=1))
        elif scores:
            print("\n".join(table(scores)))
    return 0 if any(score.asked for score in scores) else 1


async def _evaluate(
    composition: Composition, options: argparse.Namespace, root: Path, below: Path, scores: list[Score]
) -> None:
    settings, problems = await composition.ready_settings()
    # The log would tear the bar; what is wrong with the settings is told here, and what fails beside the table.
    composition.start_logging(settings, problems, to_stderr=False)
    for problem in problems:
        print(problem.message, file=sys.stderr)
    gate = Gate(settings, folders=[folder_at(root)], disk=LocalDisk(composition.clock.now))

    def may(path: Path) -> bool:
        # The same question as an open document asks: what is excluded, ignored or switched off is not asked for.
        uri = path.as_uri()
        return gate.refusal(uri, language_of(uri) or PLAIN_TEXT, composition.clock.now()) is None

    places = await asyncio.to_thread(holes, root, below, options.count, options.seed, may)
    if not places:
        raise UsageError(f"{below} has no lines under git that may be asked for")
    names = len({place.path for place in places})
    print(f"{len(places)} places in {names} files, those of the last commits first", file=sys.stderr)
    for contestant in contestants(settings, options):
        left_dollars = options.max_cents / 100 - sum(score.dollars for score in scores)
        score = Score(contestant.name)
        scores.append(score)
        await _measure(composition, contestant, places, root, score, left_dollars)


def contestants(settings: Settings, options: argparse.Namespace) -> list[Contestant]:
    """Whom the command line names: each model in each form of prompt, and the local lane. Raises UsageError."""
    # One question, one model: what would be asked besides, or ahead, or in place of it, is not what is measured.
    plain = replace(settings, routes=(), fallback_models=(), prefetch=False, warm_up="never")
    lanes = options.lane or ["model"]
    found: list[Contestant] = []
    if "model" in lanes:
        if not settings.model_lane:
            raise UsageError("the setting model_lane is off: name `--lane local`")
        for model in options.model or [settings.model]:
            for form in options.prompt_form or [settings.prompt_form]:
                name = model if len(options.prompt_form or "x") == 1 else f"{model}, {form}"
                found.append(
                    Contestant(name, replace(plain, model=model, prompt_form=form, local_lane=False))
                )
    if "local" in lanes:
        found.append(Contestant("local lane", replace(plain, local_lane=True, model_lane=False)))
    return found


async def _measure(
    composition: Composition,
    contestant: Contestant,
    places: Sequence[Hole],
    root: Path,
    score: Score,
    left_dollars: float,
) -> None:
    """Ask a contestant for every place, while there is money left."""
    settings = contestant.settings
    choice = composition.endpoint(settings)
    if settings.model_lane and not choice.usable:
        score.stopped = choice.why
        return
    recorder = _Recorder(composition.clock.local_time, score.streamed)
    engine = composition.engine(settings, recorder, root)
    failures = 0
    try:
        await composition.read_workspace(engine, _READING_S)
        for number, place in enumerate(places):
            _bar(contestant.name, number, len(places), score.dollars)
            if left_dollars <= score.dollars and settings.model_lane:
                score.stopped = f"stopped after {score.asked} places: --max-cents is reached"
                break
            outcome = await _ask(engine, composition, place, recorder)
            score.ended(outcome, place.hidden)
            failures = failures + 1 if outcome.ending is Ending.FAILED else 0
            if failures == _MOST_FAILURES:
                score.stopped = f"stopped after {score.asked} places: {outcome.reason}"
                break
    finally:
        await engine.aclose()
        _bar("", 0, 0, 0)


async def _ask(engine: Engine, composition: Composition, place: Hole, recorder: _Recorder) -> Outcome:
    """Open the file without what is hidden, ask at the cursor, and close it when the answer is in."""
    uri = place.path.as_uri()
    lines = bare_lines(place.before)
    engine.open(uri, language_of(uri) or PLAIN_TEXT, 1, place.before + place.behind)
    await engine.read_all()
    recorder.ended.clear()
    cursor = Position(len(lines) - 1, len(lines[-1]))
    request = Request(uri, cursor, invoked=False, arrived_s=composition.clock.now())
    outcome = await engine.complete(request)
    if "asked" in outcome.stages_ms:
        # One that goes on for longer is closed with the document, and counted by estimate.
        with suppress(TimeoutError):
            await asyncio.wait_for(recorder.ended.wait(), _ENDING_S)
    engine.close(uri)
    return outcome


class _Recorder(LogRecorder):
    """A recorder that hands on each stream's figures, and tells when one has ended."""

    def __init__(self, local_time: Callable[[], datetime], on_stream: Callable[[StreamRecord], None]) -> None:
        super().__init__(local_time)
        self.ended = asyncio.Event()
        self._on_stream = on_stream
        self._told: set[str] = set()

    def stream_ended(self, stream: StreamRecord) -> None:
        """Count a stream, and hand it on, once: what the provider counts later is no other stream."""
        super().stream_ended(stream)
        if stream.id not in self._told:
            self._told.add(stream.id)
            self._on_stream(stream)
        self.ended.set()


def _bar(name: str, done: int, total: int, dollars: float) -> None:
    """Draw how far it is on a terminal's one line; without a `total` wipe it."""
    if not sys.stderr.isatty():
        return
    full = round(_BAR_CHARS * done / total) if total else 0
    bar = f"{'█' * full}{'░' * (_BAR_CHARS - full)} {done}/{total} {name}, {dollars * 100:.2f} ¢"
    print(f"\r\x1b[K{bar if total else ''}", end="", file=sys.stderr, flush=True)
