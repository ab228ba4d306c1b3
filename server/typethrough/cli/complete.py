"""`typethrough complete FILE:LINE:COL`: prints one completion on stdout. On stderr: how it ended and how long each stage took.

With `--show-prompt` no request is sent, and stdout gets the request's body, byte for byte as it would be sent. Without a key
it is the request that would be sent with one.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from typethrough.cli import UsageError
from typethrough.cli.compose import begin_verb, workspace_of
from typethrough.core.document.cells import is_notebook
from typethrough.core.document.document import Position, split_lines
from typethrough.core.document.uris import PLAIN_TEXT, language_of, printable
from typethrough.core.secrets.placeholders import reason
from typethrough.core.settings.access import Access, named_access
from typethrough.engine.reading import text_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import AsyncIterator, Sequence

    from typethrough.cli.compose import Composition
    from typethrough.core.outcome.outcome import Outcome
    from typethrough.core.settings.schema import Settings
    from typethrough.engine.engine import Engine
    from typethrough.telemetry.recorder import Counters, LogRecorder

_MAX_FILE_BYTES = 20_000_000
_READING_S = 5.0


class NoSuchPlace(UsageError):
    """The argument does not name a position in a readable file."""


@dataclass(frozen=True, slots=True)
class Place:
    """A file's text and a position in it."""

    path: Path
    text: str
    position: Position


def run_complete(options: argparse.Namespace) -> int:
    """Print one completion. Returns exit code 1 if there is none. Raises NoSuchPlace."""
    place = place_of_argument(options.place)
    composition = begin_verb(options)
    return asyncio.run((_show if options.show_prompt else _complete)(composition, place))


@asynccontextmanager
async def _opened(
    composition: Composition, place: Place, *, is_preview: bool = False
) -> AsyncIterator[tuple[Engine, LogRecorder]]:
    """Yield an engine that has opened the file and read its workspace, and its recorder.

    `is_preview`: without a key, an engine that can make the request, but opens no connection.
    """
    from typethrough.telemetry.recorder import LogRecorder

    settings, problems = await composition.ready_settings()
    composition.start_logging(settings, problems, is_quiet=True)
    for problem in problems:
        _note(problem.message)
    recorder = LogRecorder(composition.clock.local_time)
    choice = composition.endpoint(settings)
    lacks_key = is_preview and settings.model_lane and not (choice.usable or choice.is_refused)
    if lacks_key:
        settings = _with_stand_in(settings)
    engine = composition.engine(settings, recorder, workspace_of(place.path), connects=not lacks_key)
    try:
        uri = place.path.as_uri()
        # Nearly all notebooks that are files are Python notebooks.
        usual = "python" if is_notebook(place.path.name) else PLAIN_TEXT
        engine.open(uri, language_of(uri) or usual, 1, place.text)
        await composition.read_workspace(engine, _READING_S)
        yield engine, recorder
    finally:
        await engine.aclose()
    print(f"lane      {choice.why}", file=sys.stderr)
    if lacks_key:
        _note(
            "There is no key, so nothing is sent. With a key, this request would be sent to the address below."
        )


def _with_stand_in(settings: Settings) -> Settings:
    """The settings with a key that is never sent, for the address that is set. No request is sent in advance."""
    named = named_access(settings.access)
    access = Access("", "", base_url=named.base_url if named is not None else "", api_key="stand-in")
    return replace(settings, access=(access,), warm_up="never", prefetch=False)


def _note(message: str) -> None:
    print(printable(f"note      {message}"), file=sys.stderr)


async def _complete(composition: Composition, place: Place) -> int:
    from typethrough.engine.pending import Request

    async with _opened(composition, place) as (engine, recorder):
        arrived_s = composition.clock.now()
        request = Request(place.path.as_uri(), place.position, invoked=True, arrived_s=arrived_s)
        outcome = await engine.complete(request)
    for notice in recorder.notices:
        if notice not in outcome.reason:
            _note(notice)
    for line in report(outcome, recorder.counters):
        print(line, file=sys.stderr)
    if outcome.suggestions:
        print(outcome.suggestions[0].text)
    return 0 if outcome.suggestions else 1


async def _show(composition: Composition, place: Place) -> int:
    from typethrough.engine.model_lane import Question
    from typethrough.engine.ports import Previews

    async with _opened(composition, place, is_preview=True) as (engine, _):
        question = engine.question(place.path.as_uri(), place.position)
        if not isinstance(question, Question):
            print(f"nothing would be sent: {question.sentence}", file=sys.stderr)
            return 1
        gateway, prompt = question.gateway, question.prompt
        if not isinstance(gateway, Previews):
            raise UsageError(f"{gateway.model} does not tell what it would be sent")
        preview = gateway.preview(prompt)
    print(f"to        {preview.address}\nmodel     {gateway.model}", file=sys.stderr)
    for line in kept_back(prompt.kept_back):
        print(line, file=sys.stderr)
    sys.stdout.buffer.write(preview.body + b"\n")
    return 0


def kept_back(placeholders: Sequence[str]) -> list[str]:
    """Lines about the secrets that were kept out of a prompt, and why. The secrets themselves are never shown."""
    counts = Counter(placeholders)
    lines = [f"kept back {len(placeholders)}" if counts else "kept back nothing"]
    for placeholder, count in counts.items():
        times = f", {count} times" if count > 1 else ""
        lines.append(f"          {placeholder}{times}: {reason(placeholder)}")
    return lines


def report(outcome: Outcome, counters: Counters) -> list[str]:
    """Lines about how a request ended and how long each stage took."""
    stages_ms = outcome.stages_ms
    lines = [f"outcome   {outcome.ending} ({outcome.reason})"]
    if outcome.source is not None:
        lines.append(f"source    {outcome.source}")
    lines += [f"{name:<9} {ms:8.1f} ms" for name, ms in stages_ms.items()]
    if outcome.kept_back:
        lines.append(f"kept back {outcome.kept_back} (`--show-prompt` says why)")
    usage = counters.spent.usage
    if usage.prompt_tokens or usage.output_tokens:
        tokens = f"{usage.prompt_tokens} in ({usage.cached_tokens} cached), {usage.output_tokens} out"
        lines.append(f"tokens    {tokens}, ${counters.spent.dollars:.6f}")
    return lines


def place_of_argument(argument: str) -> Place:
    """The position named by FILE:LINE:COL, where both count from 1. In a notebook: in the joined text of its cells. Raises
    NoSuchPlace.
    """
    parts = argument.rsplit(":", 2)
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts[1:]) or not parts[0]:
        raise NoSuchPlace("expected FILE:LINE:COL, such as main.py:12:5")
    path, line, column = Path(parts[0]), int(parts[1]), int(parts[2])
    try:
        with path.open("rb") as file:
            # The size is checked by reading: a device reports size 0 and may never end.
            read = file.read(_MAX_FILE_BYTES + 1)
        if len(read) > _MAX_FILE_BYTES:
            raise NoSuchPlace(f"{path} is too large")
        text = text_of(path.name, read)
    except OSError as error:
        raise NoSuchPlace(f"{path} cannot be read ({error.strerror})") from None
    if text is None:
        raise NoSuchPlace(f"{path} holds no text")
    lines = split_lines(text)
    if not lines or lines[-1].endswith(("\r", "\n")):
        lines.append("")
    if not 1 <= line <= len(lines):
        raise NoSuchPlace(f"{path} has {len(lines)} lines, so there is no line {line}")
    length = len(lines[line - 1].rstrip("\r\n"))
    if not 1 <= column <= length + 1:
        raise NoSuchPlace(f"line {line} of {path} has {length} characters, so there is no column {column}")
    return Place(path.resolve(), text, Position(line - 1, column - 1))
