"""`typethrough settings`: the settings in force, where code would be sent, and what is wrong."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from typethrough.cli.process import begin_verb
from typethrough.cli.settings_table import as_json, in_force, markdown
from typethrough.cli.user_file import user_file_path

if TYPE_CHECKING:
    import argparse


def run_settings(options: argparse.Namespace) -> int:
    """Print; exit code 1 when something is wrong with what is set."""
    if options.markdown or options.json:
        print(markdown() if options.markdown else as_json(), end="")
        return 0
    composition = begin_verb(options)
    settings, problems = asyncio.run(composition.ready_settings())
    print(f"user file: {user_file_path()}")
    choice, gateway = composition.endpoint(settings), composition.gateway(settings)
    print(f"model lane: {choice.why}")
    refusal = gateway.refusal() if gateway is not None else ""
    if refusal:
        print(f"nothing is sent: {refusal}")
    print("\n" + "\n".join(in_force(settings, choice)))
    for problem in problems:
        print(problem.message, file=sys.stderr)
    return 1 if problems or refusal or choice.is_refused else 0
