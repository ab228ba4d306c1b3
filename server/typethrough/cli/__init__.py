"""The commands, and the composition root. What several commands need is defined here, where its import is cheap."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class UsageError(Exception):
    """What the user asked for cannot be done. `str()` is one sentence for the user."""


def write_for_user(path: Path, text: str) -> None:
    """Write a file that only the user can read; a file that exists keeps its mode. Raises UsageError."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror})") from None
