"""`typethrough complete FILE:LINE:COL`: one completion on stdout; how it ended and where its time went on stderr."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from typethrough.cli import UsageError
from typethrough.cli.process import begin_verb
from typethrough.core.document.document import Position, split_lines
from typethrough.core.document.uris import PLAIN_TEXT, language_of

if TYPE_CHECKING:
    import argparse

    from typethrough.cli.compose import Composition
    from typethrough.core.outcome.outcome import Outcome
    from typethrough.telemetry.recorder import Counters

_MAX_FILE_BYTES = 20_000_000
_READING_S = 5.0


class NoSuchPlace(UsageError):
    """The argument names no place in a readable file."""


@dataclass(frozen=True, slots=True)
class Place:
    """A file's text and a position in it."""

    path: Path
    text: str
    position: Position


def run_complete(options: argparse.Namespace) -> int:
    """Print one completion; exit code 1 when there is none. Raises NoSuchPlace."""
    place = place_of_argument(options.place)
    composition = begin_verb(options)
    outcome = asyncio.run(_complete(composition, place))
    return 0 if outcome.suggestions else 1


async def _complete(composition: Composition, place: Place) -> Outcome:
    from typethrough.engine.pending import Request
    from typethrough.telemetry.recorder import LogRecorder

    settings, problems = await composition.ready_settings()
    composition.start_logging(settings, problems)
    recorder = LogRecorder(composition.clock.local_time)
    root = workspace_of(place.path)
    engine = composition.engine(settings, recorder, root)
    try:
        uri = place.path.as_uri()
        engine.open(uri, language_of(uri) or PLAIN_TEXT, 1, place.text)
        await composition.read_workspace(engine, _READING_S)
        arrived_s = composition.clock.now()
        outcome = await engine.complete(Request(uri, place.position, invoked=True, arrived_s=arrived_s))
    finally:
        await engine.aclose()
    choice = composition.endpoint(settings)
    for line in report(outcome, recorder.counters):
        print(line, file=sys.stderr)
    print(f"lane      {choice.why}", file=sys.stderr)
    if outcome.suggestions:
        print(outcome.suggestions[0].text)
    return outcome


def report(outcome: Outcome, counters: Counters) -> list[str]:
    """How a request ended and where its time went, a line each."""
    stages_ms = outcome.timings.stages_ms
    lines = [f"outcome   {outcome.ending} ({outcome.reason})"]
    if outcome.source is not None:
        lines.append(f"source    {outcome.source}")
    lines += [f"{name:<9} {ms:8.1f} ms" for name, ms in stages_ms.items()]
    usage = counters.spent.usage
    if usage.prompt_tokens or usage.output_tokens:
        tokens = f"{usage.prompt_tokens} in ({usage.cached_tokens} cached), {usage.output_tokens} out"
        lines.append(f"tokens    {tokens}, ${counters.spent.dollars:.6f}")
    return lines


def place_of_argument(argument: str) -> Place:
    """The place that FILE:LINE:COL names, both counted from 1. Raises NoSuchPlace."""
    parts = argument.rsplit(":", 2)
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts[1:]) or not parts[0]:
        raise NoSuchPlace("expected FILE:LINE:COL, such as main.py:12:5")
    path, line, column = Path(parts[0]), int(parts[1]), int(parts[2])
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise NoSuchPlace(f"{path} is too large")
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise NoSuchPlace(f"{path} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise NoSuchPlace(f"{path} is not UTF-8 text") from None
    lines = split_lines(text)
    if not lines or lines[-1].endswith(("\r", "\n")):
        lines.append("")
    if not 1 <= line <= len(lines):
        raise NoSuchPlace(f"{path} has {len(lines)} lines, so there is no line {line}")
    length = len(lines[line - 1].rstrip("\r\n"))
    if not 1 <= column <= length + 1:
        raise NoSuchPlace(f"line {line} of {path} has {length} characters, so there is no column {column}")
    return Place(path.resolve(), text, Position(line - 1, column - 1))


def workspace_of(path: Path) -> Path:
    """The folder whose files the local lane may read: the repository's root, or the file's own folder outside one."""
    return next((folder for folder in path.parents if (folder / ".git").exists()), path.parent)
