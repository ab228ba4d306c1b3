"""The user's files: their paths, reading the settings file, and running the key command. Mistakes become a `Problem`."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from typethrough.core.settings.halves import unwrapped, usable_key
from typethrough.core.settings.layers import Layer, Origin, Problem
from typethrough.engine.regular_file import read_regular

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMAND_LIMIT_S = 10.0
_ENDING_S = 1.0
_MAX_FILE_BYTES = 1_000_000


def user_file_path() -> Path:
    """The path of the user's settings file on this system."""
    from platformdirs import user_config_path

    return _of_the_user(user_config_path("typethrough", appauthor=False)) / "config.toml"


def administrator_file_path() -> Path | None:
    """The path of the administrator's settings file. None if there is none.

    No environment variable decides it, because a user could then replace the file by another.
    """
    return next((path for path in _administrator_places() if os.path.lexists(path)), None)


def _administrator_places() -> tuple[Path, ...]:
    if sys.platform == "win32":
        from platformdirs import site_config_path

        # %ProgramData%, asked from the system and not from the environment.
        return (site_config_path("typethrough", appauthor=False) / "config.toml",)
    if sys.platform == "darwin":
        return (Path("/Library/Application Support/typethrough/config.toml"),)
    return Path("/etc/typethrough/config.toml"), Path("/etc/xdg/typethrough/config.toml")


def record_path() -> Path:
    """The path of the record on this system."""
    from platformdirs import user_state_path

    return _of_the_user(user_state_path("typethrough", appauthor=False)) / "record.sqlite3"


def catalogue_path() -> Path:
    """The folder for what gateways say about their models."""
    from platformdirs import user_cache_path

    return _of_the_user(user_cache_path("typethrough", appauthor=False)) / "models"


def _of_the_user(folder: Path) -> Path:
    """The folder. If it is relative, a path that cannot exist: a relative folder would be in the project, not the user's.

    It is relative with XDG_CONFIG_HOME=. for example, or if a user has no home.
    """
    return folder if folder.is_absolute() else Path(os.devnull).absolute() / folder.name


def read_user_file(path: Path) -> tuple[Layer, tuple[Problem, ...]]:
    """The layer from the user's file, empty if there is no file, and its problems. They name the place in the file, not its
    text.
    """
    name = Origin.USER_FILE.value
    try:
        values, mode = _read_toml(path)
    except (FileNotFoundError, NotADirectoryError):
        return Layer(name, Origin.USER_FILE, {}), ()
    except _Unreadable as error:
        return Layer(name, Origin.USER_FILE, {}, f"{name}: {error}"), ()
    return Layer(name, Origin.USER_FILE, values), _exposed(name, mode, values)


def read_administrator_file(path: Path | None) -> Layer:
    """The layer from the administrator's file, empty for None. If it cannot be read or trusted, no model is asked."""
    name = Origin.ADMINISTRATOR.value
    if path is None:
        return Layer(name, Origin.ADMINISTRATOR, {})
    why, values = "", dict[str, object]()
    try:
        values, mode = _read_toml(path)
        if os.name == "posix" and mode & stat.S_IWOTH:
            why = "can be changed by everybody, so it need not be the administrator's"
    except _Unreadable as error:
        why = str(error)
    except OSError as error:
        why = f"cannot be read ({error.strerror})"
    unread = f"{name}: {why}: ask who looks after this machine to mend {path}" if why else ""
    return Layer(name, Origin.ADMINISTRATOR, values, unread)


class _Unreadable(Exception):
    """A file exists but cannot be used. `str()` continues a sentence that begins with the file's name."""


def _read_toml(path: Path) -> tuple[dict[str, object], int]:
    """A file's values and mode. Raises _Unreadable, or FileNotFoundError or NotADirectoryError if there is no file."""
    try:
        data, mode = read_regular(path, _MAX_FILE_BYTES + 1)
        if len(data) > _MAX_FILE_BYTES:
            raise _Unreadable(f"is larger than {_MAX_FILE_BYTES} bytes")
        return tomllib.loads(data.decode("utf-8-sig")), mode
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        raise _Unreadable(f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise _Unreadable("is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        # The error's text may quote a line that contains a key. Only the place at its end is used.
        place = str(error).rpartition("(")[2].rstrip(")")
        raise _Unreadable(f"is not TOML ({place})") from None
    except RecursionError:
        raise _Unreadable("is not TOML (nested too deeply)") from None


def _exposed(name: str, mode: int, values: dict[str, object]) -> tuple[Problem, ...]:
    if os.name != "posix" or not _holds_key(values) or not mode & (stat.S_IRGRP | stat.S_IROTH):
        return ()
    message = f"{name}: holds a key and others can read it; make it yours alone (mode 600)."
    return (Problem(name, "api_key", message),)


def _holds_key(values: dict[str, object]) -> bool:
    """Whether any table sets a name with "key" in it, except a command that prints one."""
    return any(
        _holds_key(value)
        if isinstance(value, dict)
        else "key" in name.lower() and "command" not in name.lower()
        for name, value in values.items()
    )


async def key_from_command(
    command: Sequence[str], limit_s: float = COMMAND_LIMIT_S
) -> tuple[str, Problem | None]:
    """The first line that the command prints, or an empty key and the reason. The command is killed after `limit_s`. Nothing
    is logged.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        return "", _no_key(f"could not be started ({error.strerror})")
    except ValueError:
        return "", _no_key("could not be started (it holds what no command can)")
    try:
        output, status = await asyncio.wait_for(_first_line(process), limit_s)
    except TimeoutError:
        return "", _no_key(f"gave no key within {limit_s:g} seconds")
    finally:
        await _end(process)
    if status:
        return "", _no_key(f"ended with status {status}")
    # A password manager may print the key in quotes, or a whole header.
    key = usable_key(unwrapped(output.decode("utf-8", "replace"))[0])
    return (key, None) if key else ("", _no_key("printed no key on its first line"))


async def _first_line(process: asyncio.subprocess.Process) -> tuple[bytes, int]:
    """The first line of the output. If it is empty, also the exit status, which says why."""
    if process.stdout is None:
        return b"", 0
    try:
        line = await process.stdout.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        line = error.partial
    except asyncio.LimitOverrunError:
        return b"", 0
    return (line, 0) if line.strip() else (b"", await process.wait())


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill the command and all processes that it started, and close its pipe."""
    with suppress(ProcessLookupError, PermissionError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    with suppress(TimeoutError):
        # This waits only if a daemon has left the command's session and keeps its output open.
        await asyncio.wait_for(process.communicate(), _ENDING_S)


def _no_key(message: str) -> Problem:
    return Problem("user file", "api_key_command", f"user file: api_key_command {message}.")
