"""The commands, and the composition root. What every command may raise stands here, for it costs nothing to import."""

from __future__ import annotations


class UsageError(Exception):
    """What was asked for cannot be done; `str()` is one sentence for the person who asked."""
