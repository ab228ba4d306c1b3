"""What ends a command before it begins."""

from __future__ import annotations


class UsageError(Exception):
    """What was asked for cannot be done; `str()` is one sentence for the person who asked."""
