"""What every verb does to the process first: signals that end it cleanly, and the composition with what the command line said."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from typethrough.cli.compose import Composition

if TYPE_CHECKING:
    import argparse


def begin_verb(options: argparse.Namespace) -> Composition:
    """Make SIGTERM end like Ctrl-C, by way of every `finally`, and build the composition."""
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    return Composition.from_process(options)
