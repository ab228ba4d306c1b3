"""`typethrough evaluate [PATH]`: hides lines of a repository, asks for them as an editor would, and prints the results.

Requests go through all the real parts: gate, secrets, prompt, stream, cut and filters. For each place the file is opened anew
without its hidden text, so the engine does not know the answer from the place before.
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
# After an answer was taken, the stream continues for the cache, and its end brings the token counts. We wait this long for
# it.
_ENDING_S: Final = 10.0
# After this many failures in a row, the following requests would fail too.
_MOST_FAILURES: Final = 3
_BAR_CHARS: Final = 30


class Contestant(NamedTuple):
    """What is measured: a name for the table, and the settings to use."""

    name: str
    settings: Settings


def run_evaluate(options: argparse.Namespace) -> int:
    """Measure, and print the table. Returns exit code 1 if nothing was answered. Raises UsageError."""
    below = options.path.resolve()
    root = repository_of(below)
    composition = begin_verb(options)
    scores: list[Score] = []
    try:
        asyncio.run(_evaluate(composition, options, root, below, scores))
    finally:
        # Also after an interruption: the results so far have been paid for.
        if options.json:
            print(json.dumps([score.figures() for score in scores], indent=1))
        elif lines := table(scores):
            print("\n".join(lines))
    return 0 if any(score.is_answered for score in scores) else 1


async def _evaluate(
    composition: Composition, options: argparse.Namespace, root: Path, below: Path, scores: list[Score]
) -> None:
    settings, problems = await composition.ready_settings()
    # Log lines would destroy the progress bar. So problems are printed here, and failures below the table.
    composition.start_logging(settings, problems, to_stderr=False)
    for problem in problems:
        print(problem.message, file=sys.stderr)
    gate = Gate(settings, folders=[folder_at(root)], disk=LocalDisk(composition.clock.now))

    def may(path: Path) -> bool:
        # The same check as for an open document: no requests for files that are excluded, ignored or switched off.
        uri = path.as_uri()
        return gate.refusal(uri, language_of(uri) or PLAIN_TEXT, composition.clock.now()) is None

    places = await asyncio.to_thread(holes, root, below, options.count, options.seed, may)
    if not places:
        raise UsageError(f"{below} has no lines under git that may be asked for")
    names = len({place.path for place in places})
    print(
        f"{_counted(len(places), 'place')} in {_counted(names, 'file')}, those of the last commits first",
        file=sys.stderr,
    )
    for contestant in contestants(settings, options):
        left_dollars = options.max_cents / 100 - sum(score.dollars for score in scores)
        score = Score(contestant.name)
        scores.append(score)
        await _measure(composition, contestant, places, root, score, left_dollars)


def contestants(settings: Settings, options: argparse.Namespace) -> list[Contestant]:
    """The contestants that the command line names: each model with each prompt form, and the local lane. Raises UsageError."""
    # Exactly one model is measured with one question: no routes, fallbacks or requests in advance.
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
    """Ask a contestant at every place, as long as the money lasts."""
    settings = contestant.settings
    choice = composition.endpoint(settings)
    if settings.model_lane and not choice.usable:
        score.stopped = f"{choice.why}. `--lane local` measures the local lane."
        return
    recorder = _Recorder(composition.clock.local_time, score.streamed)
    engine = composition.engine(settings, recorder, root)
    failures = 0
    try:
        await composition.read_workspace(engine, _READING_S)
        for number, place in enumerate(places):
            _bar(contestant.name, number, len(places), score.dollars)
            if left_dollars <= score.dollars and settings.model_lane:
                score.stopped = f"stopped after {_counted(score.asked, 'place')}: --max-cents is reached"
                break
            outcome = await _ask(engine, composition, place, recorder)
            score.ended(outcome, place.hidden)
            failures = failures + 1 if outcome.ending is Ending.FAILED else 0
            if failures == _MOST_FAILURES:
                score.stopped = f"stopped after {_counted(score.asked, 'place')}: {outcome.reason}"
                break
    finally:
        await engine.aclose()
        _bar("", 0, 0, 0)


async def _ask(engine: Engine, composition: Composition, place: Hole, recorder: _Recorder) -> Outcome:
    """Open the file without the hidden text, ask at the cursor, and close it after the answer."""
    uri = place.path.as_uri()
    lines = bare_lines(place.before)
    engine.open(uri, language_of(uri) or PLAIN_TEXT, 1, place.before + place.behind)
    await engine.read_all()
    recorder.ended.clear()
    cursor = Position(len(lines) - 1, len(lines[-1]))
    request = Request(uri, cursor, invoked=False, arrived_s=composition.clock.now())
    outcome = await engine.complete(request)
    if "asked" in outcome.stages_ms:
        # A stream that takes longer is ended by closing the document. Its tokens are then estimated.
        with suppress(TimeoutError):
            await asyncio.wait_for(recorder.ended.wait(), _ENDING_S)
    engine.close(uri)
    return outcome


class _Recorder(LogRecorder):
    """A recorder that passes on each stream's figures, and signals when a stream has ended."""

    def __init__(self, local_time: Callable[[], datetime], on_stream: Callable[[StreamRecord], None]) -> None:
        super().__init__(local_time)
        self.ended = asyncio.Event()
        self._on_stream = on_stream
        self._told: set[str] = set()

    def stream_ended(self, stream: StreamRecord) -> None:
        """Count a stream and pass it on. A stream is reported again when the provider's counts come, which is ignored here."""
        super().stream_ended(stream)
        if stream.id not in self._told:
            self._told.add(stream.id)
            self._on_stream(stream)
        self.ended.set()


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _bar(name: str, done: int, total: int, dollars: float) -> None:
    """Draw the progress bar, if stderr is a terminal. Without a `total`, erase it."""
    if not sys.stderr.isatty():
        return
    full = round(_BAR_CHARS * done / total) if total else 0
    bar = f"{'█' * full}{'░' * (_BAR_CHARS - full)} {done}/{total} {name}, {dollars * 100:.2f} ¢"
    print(f"\r\x1b[K{bar if total else ''}", end="", file=sys.stderr, flush=True)
