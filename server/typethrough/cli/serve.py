"""`typethrough [--stdio | --tcp HOST:PORT]`: the language server, until its client is done."""

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

# So long may a thread that reads files keep the interpreter from the one that answers; by default it is 5 ms.
_SWITCH_S: Final = 0.0005


def run_serve(options: argparse.Namespace) -> int:
    """Serve; the exit code is LSP's: 0 after shutdown and exit, 1 otherwise."""
    composition = Composition.from_process(options)
    # What is wrong with the settings is told to the client, which shows it; here it is only logged.
    settings, problems = composition.settings()
    composition.start_logging(settings, problems)
    with _importing_much():
        from typethrough.lsp.server import serve_stdio, serve_tcp

    sys.setswitchinterval(_SWITCH_S)
    with composition.recorder(settings) as recorder:
        if options.tcp is None:
            return serve_stdio(composition, recorder)
        host, port = options.tcp
        try:
            return serve_tcp(composition, recorder, host, port)
        except OSError as error:
            print(f"typethrough: {host}:{port} cannot be listened on ({error.strerror})", file=sys.stderr)
            return 1


@contextmanager
def _importing_much() -> Iterator[None]:
    """Collect less garbage while many classes are imported. They all stay, so afterwards the collector leaves them out.

    lsprotocol makes some 560 classes. To look through all of them for garbage, several times on the way, is a fifth of the
    time from start to the reply to `initialize`.
    """
    often = gc.get_threshold()
    gc.set_threshold(*often[:2], 1_000_000)
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(*often)
        # The source text that attrs made for these classes: 1.5 MB, of use to a debugger alone.
        linecache.clearcache()
