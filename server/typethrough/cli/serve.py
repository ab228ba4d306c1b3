"""`typethrough [--stdio | --tcp HOST:PORT]`: the language server, until its client is done."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from typethrough.cli.compose import Composition

if TYPE_CHECKING:
    import argparse


def run_serve(options: argparse.Namespace) -> int:
    """Serve; the exit code is LSP's: 0 after shutdown and exit, 1 otherwise."""
    composition = Composition.from_process(options)
    # What is wrong with the settings is told to the client, which shows it; here it is only logged.
    settings, problems = composition.settings()
    composition.start_logging(settings, problems)
    from typethrough.lsp.server import serve_stdio, serve_tcp

    with composition.recorder(settings) as recorder:
        if options.tcp is None:
            return serve_stdio(composition, recorder)
        host, port = options.tcp
        try:
            return serve_tcp(composition, recorder, host, port)
        except OSError as error:
            print(f"typethrough: {host}:{port} cannot be listened on ({error.strerror})", file=sys.stderr)
            return 1
