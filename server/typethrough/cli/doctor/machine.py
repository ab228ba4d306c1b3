"""The doctor's checks of this machine: Python, the program, settings, record and log. None of them uses the network."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typethrough import __version__
from typethrough.cli import UsageError
from typethrough.cli.doctor.findings import Finding, failure, ok, warning
from typethrough.cli.settings import shown
from typethrough.cli.user_file import administrator_file_path, record_path, user_file_path
from typethrough.core.outcome.causes import Cause
from typethrough.core.settings.access import CLOSED
from typethrough.core.settings.layers import Origin
from typethrough.core.settings.schema import ACCESS_SPECS, SPECS
from typethrough.telemetry import schema
from typethrough.telemetry.store import Unreadable, spent_on

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from typethrough.cli.compose import Composition
    from typethrough.core.settings.layers import Problem
    from typethrough.core.settings.schema import Settings

_OLDEST, _NEWEST = (3, 11), (3, 14)
_LIBRARIES = ("pygls", "lsprotocol", "httpx", "h11", "tree-sitter")
_VERSION_S = 5.0


def python() -> Finding:
    """The Python interpreter."""
    name = f"{platform.python_version()} ({platform.python_implementation()} on {platform.system()})"
    if not _OLDEST <= sys.version_info[:2] <= _NEWEST:
        remedy = "typethrough is tested with Python 3.11 to 3.14: install it with one of these."
        return warning("Python", name, remedy)
    return ok("Python", name)


def program() -> Iterator[Finding]:
    """The version of typethrough and its libraries, and whether an editor would start this installation."""
    libraries = ", ".join(f"{name} {_version(name)}" for name in _LIBRARIES)
    yield ok("typethrough", __version__, more=[libraries])
    found = shutil.which("typethrough")
    if found is None:
        text = (
            "has no `typethrough`: an editor needs the program's full path, or an extension that contains it"
        )
        yield ok("PATH", text)
        return
    other = _version_of(found)
    if other != __version__:
        said = f"is version {other}" if other else "does not start"
        yield warning(
            "PATH",
            f"{found} {said}, but this one is {__version__}",
            "An editor that looks on PATH starts that one: install it again, or put this one's folder first.",
            private=[found],
        )
    else:
        yield ok("PATH", found, private=[found])


def settings_in_force(
    settings: Settings, problems: Sequence[Problem], sources: Mapping[str, str]
) -> Iterator[Finding]:
    """The problems of the settings, and the settings that differ from the defaults, each with its source."""
    file, administrator_file = user_file_path(), administrator_file_path()
    places = [administrator_file] if administrator_file is not None else []
    for problem in problems:
        make = failure if is_closing(problem) else warning
        yield make("settings", problem.message, _remedy(problem, file), private=[file, *places])
    own = [
        f"{name} = {shown(SPECS[name], getattr(settings, name))} ({source})"
        for name, source in sorted(sources.items())
        if name not in ACCESS_SPECS
    ]
    there = "exists" if file.exists() else "does not exist: what is not set elsewhere has its default"
    yield ok("settings", f"user file {file} {there}", more=own, private=[file], changed=len(own))
    if (administrator_file := administrator_file_path()) is not None:
        yield ok(
            "settings", f"administrator's file {administrator_file}: what it sets can only be made tighter"
        )
    if not settings.enabled:
        yield warning("settings", "suggestions are switched off (enabled = false)", Cause.SWITCHED_OFF.advice)


def is_closing(problem: Problem) -> bool:
    """Whether this problem stops all questions to a model."""
    return CLOSED in problem.message or problem.setting == "api_key_command"


def record(settings: Settings, today: str) -> Iterator[Finding]:
    """The record's file, and how much of the day's limit is spent."""
    path, limit_cents = record_path(), settings.daily_limit_cents
    if settings.record:
        yield _record_file(path)
    else:
        yield ok("record", "none is kept (record = false)")
    if not limit_cents:
        return
    try:
        dollars = spent_on(path, today)
    except Unreadable as error:
        yield failure("limit", f"what today has cost is not known: {error}", _damaged(path), private=[path])
        return
    text = f"${dollars:.4f} of ${limit_cents / 100:.2f} spent today (setting daily_limit_cents)"
    figures: dict[str, Any] = {"dollars": dollars, "limit_dollars": limit_cents / 100}
    if dollars * 100 >= limit_cents:
        yield failure("limit", f"{text}: local lane only", Cause.LIMIT_SPENT.advice, **figures)
    else:
        yield ok("limit", text, **figures)


def log(composition: Composition, settings: Settings) -> Finding:
    """Where log lines go. From this call on they go only to the log file, because stderr would mix with the findings."""
    file = composition.log_file
    try:
        composition.start_logging(settings, (), to_stderr=False)
    except UsageError as error:
        return failure(
            "log",
            str(error),
            "Name a file that you can write with --log-file, or leave it out.",
            private=[file],
        )
    where = f"{file} too" if file is not None else "no file of its own (--log-file FILE names one)"
    text = f"to standard error, which the editor keeps; {where}; from level {settings.log_level} on"
    return ok("log", text, private=[file] if file is not None else [])


def _record_file(path: Path) -> Finding:
    import sqlite3

    private = [path, path.parent]
    try:
        # A server does the same when it starts.
        with closing(schema.opened(path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.rollback()
        size_bytes = path.stat().st_size
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return warning(
                "record", f"{path} is held by another program", "Look again in a moment.", private=private
            )
        return failure("record", f"{path} cannot be written", _unwritable(path), private=private)
    except sqlite3.Error:
        return failure("record", f"{path} is damaged, or of a later version", _damaged(path), private=private)
    except OSError as error:
        return failure(
            "record", f"{path} cannot be written ({error.strerror})", _unwritable(path), private=private
        )
    return ok(
        "record", f"{path}, {size_bytes / 1_000:,.0f} kB, can be written", private=private, bytes=size_bytes
    )


def _unwritable(path: Path) -> str:
    return f"Make {path.parent} a folder that you can write, or set `record` to false."


def _damaged(path: Path) -> str:
    return f"Move {path} away: the next server begins a new one. `typethrough stats` then starts afresh."


def _remedy(problem: Problem, file: Path) -> str:
    match problem.layer:
        case Origin.ADMINISTRATOR:
            return "Ask who looks after this machine to mend the administrator's file."
        case Origin.USER_FILE:
            return f"Edit {file}."
        case Origin.ENVIRONMENT:
            return "Set the variable anew, or unset it, where your editor gets its environment from."
        case Origin.INITIALIZATION_OPTIONS | Origin.CONFIGURATION:
            return "Change it in the editor's settings."
        case _:
            return "`typethrough settings` shows what is in force, and SETTINGS.md what can be set where."


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "missing"


def _version_of(found: str) -> str:
    """The version that a program prints. Empty if it does not start."""
    mine = Path(sys.argv[0])
    if mine.is_file() and Path(found).resolve() == mine.resolve():
        return __version__
    try:
        process = subprocess.run(  # noqa: S603 - the program that the user's own PATH names
            [found, "--version"],
            capture_output=True,
            text=True,
            timeout=_VERSION_S,
            check=False,
            stdin=subprocess.DEVNULL,
            cwd=os.path.abspath(os.sep),  # noqa: PTH100 - the root folder, so that nothing is imported from here
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
    return process.stdout.removeprefix("typethrough ").strip() if process.returncode == 0 else ""
