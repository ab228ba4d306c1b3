"""Reads small files of the user's that could be something else. A pipe or a device could make the reader wait for ever."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Without O_NONBLOCK, opening a pipe waits for its writer. Windows has neither it nor pipes among files, but text files.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_regular(path: Path, most_bytes: int) -> tuple[bytes, int]:
    """The first `most_bytes` of a file, and its mode. Raises OSError, also if it is no regular file, and ValueError if no
    path can be so.
    """
    with os.fdopen(os.open(path, _FLAGS), "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        _refuse(mode)
        return file.read(most_bytes), mode


def refuse_special(path: Path) -> None:
    """Raise OSError if there is something at this path that is no regular file. A library is about to open it."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return
    _refuse(mode)


def _refuse(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is a pipe or a device, no regular file")
