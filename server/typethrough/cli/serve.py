"""`typethrough [--stdio | --tcp HOST:PORT]`: runs the language server until its client is done."""

from __future__ import annotations

import gc
import linecache
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from typethrough.cli.compose import Composition

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

# How long a thread that reads files may delay the thread that answers. Python's default is 5 ms.
_SWITCH_S: Final = 0.0005
_IN_TERMINAL: Final = (
    "typethrough: this is a language server, which an editor starts. Ctrl-D ends it. For what it does in a terminal, see "
    "typethrough --help."
)


def run_serve(options: argparse.Namespace) -> int:
    """Serve. Returns the exit code that LSP demands: 0 after shutdown and exit, else 1."""
    composition = Composition.from_process(options)
    # Problems with the settings are sent to the client, which shows them. Here they are only logged.
    settings, problems = composition.settings()
    composition.start_logging(settings, problems)
    with _importing_much():
        from typethrough.lsp.server import serve_stdio, serve_tcp

    sys.setswitchinterval(_SWITCH_S)
    with composition.recorder(settings) as recorder:
        if options.tcp is None:
            if sys.stdin is not None and sys.stdin.isatty():
                print(_IN_TERMINAL, file=sys.stderr)
            return serve_stdio(composition, recorder)
        host, port = options.tcp
        try:
            return serve_tcp(composition, recorder, host, port)
        except OSError as error:
            print(f"typethrough: {host}:{port} cannot be listened on ({error.strerror})", file=sys.stderr)
            return 1


@contextmanager
def _importing_much() -> Iterator[None]:
    """Collect garbage less often while many classes are imported. They stay for ever, so the collector ignores them afterwards.

    lsprotocol creates about 560 classes. Examining them several times would take a fifth of the time from the start to
    the reply to `initialize`.
    """
    often = gc.get_threshold()
    gc.set_threshold(*often[:2], 1_000_000)
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(*often)
        # attrs keeps the source text of the classes that it made: 1.5 MB that only a debugger uses.
        linecache.clearcache()
