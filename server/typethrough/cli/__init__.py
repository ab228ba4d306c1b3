"""The commands, and the composition root. The error that every command may raise is defined here, where its import is cheap."""

from __future__ import annotations


class UsageError(Exception):
    """What the user asked for cannot be done. `str()` is one sentence for the user."""
