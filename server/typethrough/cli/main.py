"""The command `typethrough`: reads the command line and runs one verb.

Defines the arguments and exit codes. Imports a verb only when it runs, so that `--version` and usage errors are fast.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from typethrough import __version__
from typethrough.cli import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOG_LEVELS = ("debug", "info", "warning", "error")


class _Parser(argparse.ArgumentParser):
    """A parser that prints its errors on one line."""

    def error(self, message: str) -> NoReturn:
        """Print the error on one line of stderr, and exit with 2."""
        print(f"{self.prog}: {message} (see {self.prog} --help)", file=sys.stderr)
        raise SystemExit(2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns the exit code: 0 done, 1 no result, 2 wrong usage, 130 interrupted."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except KeyboardInterrupt:
        return 130
    except UsageError as error:
        print(f"typethrough{' ' + options.verb if options.verb else ''}: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader of our output has stopped reading, as `head` does. Nobody would see a message.
        sys.stderr.close()
        return 1
    except Exception as error:
        from typethrough.telemetry.logs import say_last_words

        say_last_words(error)
        return 1


def _run(options: argparse.Namespace) -> int:
    match options.verb:
        case "complete":
            from typethrough.cli.complete import run_complete

            return run_complete(options)
        case "demo":
            from typethrough.cli.demo.verb import run_demo

            return run_demo(options)
        case "doctor":
            from typethrough.cli.doctor.verb import run_doctor

            return run_doctor(options)
        case "evaluate":
            from typethrough.cli.evaluate.verb import run_evaluate

            return run_evaluate(options)
        case "settings":
            from typethrough.cli.settings import run_settings

            return run_settings(options)
        case "stats":
            from typethrough.cli.record import run_stats

            return run_stats(options)
        case "why":
            from typethrough.cli.record import run_why

            return run_why(options)
        case _:
            from typethrough.cli.serve import run_serve

            return run_serve(options)


def _parser() -> _Parser:
    parser = _Parser(
        prog="typethrough",
        description="Turns typing into ghost text. Without a verb it speaks LSP on standard input and output.",
    )
    parser.add_argument("--version", action="version", version=f"typethrough {__version__}")
    transport = parser.add_mutually_exclusive_group()
    transport.add_argument(
        "--stdio", action="store_true", help="speak LSP on standard input and output (the default)"
    )
    transport.add_argument(
        "--tcp", metavar="HOST:PORT", type=_loopback, help="speak LSP to one client on a loopback address"
    )
    _add_log_options(parser, None)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", parser_class=_Parser)
    _add_complete(verbs)
    _add_demo(verbs)
    _add_doctor(verbs)
    _add_evaluate(verbs)
    settings = verbs.add_parser("settings", help="print the settings in force, and what is wrong with them")
    form = settings.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="print the table of all settings instead")
    form.add_argument("--json", action="store_true", help="print that table for programs instead")
    stats = verbs.add_parser(
        "stats", help="print what suggestions cost and saved, and how many were accepted"
    )
    target = stats.add_mutually_exclusive_group()
    target.add_argument("--html", metavar="FILE", type=Path, help="write one page with plots instead")
    target.add_argument("--json", action="store_true", help="print the figures for programs instead")
    why = verbs.add_parser(
        "why", help="print the last outcomes: why there was no suggestion, and what to do about it"
    )
    why.add_argument("--limit", metavar="N", type=_count, default=20, help="how many (default 20)")
    return parser


def _add_complete(verbs: argparse._SubParsersAction[_Parser]) -> None:
    complete = verbs.add_parser("complete", help="print one completion, with where its time went")
    complete.add_argument(
        "place", metavar="FILE:LINE:COL", help="line and column from 1, as editors show them"
    )
    complete.add_argument(
        "--show-prompt",
        action="store_true",
        help="print the request instead of sending it; stderr shows the address, and which secrets are kept back and why",
    )
    _add_log_options(complete, argparse.SUPPRESS)


def _add_demo(verbs: argparse._SubParsersAction[_Parser]) -> None:
    demo = verbs.add_parser("demo", help="type a file in the terminal and show ghost text as it comes")
    demo.add_argument(
        "file", nargs="?", type=Path, help="the file to type (default: a module of typethrough itself)"
    )
    demo.add_argument(
        "--speed",
        type=_speed,
        help="multiple of human speed (default 1; 3 with --plain if no model is asked)",
    )
    demo.add_argument("--seed", type=int, default=7, help="seed for the typist's behaviour (default 7)")
    demo.add_argument("--seconds", type=_seconds, default=None, help="how long to type")
    demo.add_argument(
        "--plain", action="store_true", help="print events line by line; the default when not on a terminal"
    )
    _add_log_options(demo, argparse.SUPPRESS)


def _add_doctor(verbs: argparse._SubParsersAction[_Parser]) -> None:
    doctor = verbs.add_parser(
        "doctor",
        help="check everything that suggestions need, with two real completions, and say what to do about failures",
    )
    form = doctor.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the findings for programs instead")
    form.add_argument("--html", action="store_true", help="print them as a page instead")
    doctor.add_argument(
        "--no-request", action="store_true", help="do not ask for completions, which may cost money"
    )
    doctor.add_argument(
        "--bundle",
        metavar="FILE",
        nargs="?",
        const=Path(),
        type=Path,
        help="write a report for whoever looks for a fault, without text, paths and keys (default: a new file here)",
    )
    doctor.add_argument("--settings", metavar="JSON", help="the settings that an editor sends to the server")
    _add_log_options(doctor, argparse.SUPPRESS)


def _add_evaluate(verbs: argparse._SubParsersAction[_Parser]) -> None:
    evaluate = verbs.add_parser(
        "evaluate",
        help="hide lines of your own repository, ask for them, and print how often the answers are right",
    )
    evaluate.add_argument(
        "path", nargs="?", type=Path, default=Path(), help="a file or folder under git (default: this folder)"
    )
    evaluate.add_argument("--model", action="append", metavar="NAME", help="a model to ask; may be repeated")
    evaluate.add_argument(
        "--prompt-form",
        action="append",
        choices=("chat", "fim"),
        help="the form of the prompt; may be repeated",
    )
    evaluate.add_argument(
        "--lane",
        action="append",
        choices=("model", "local"),
        help="the lane to ask (default model); may be repeated",
    )
    evaluate.add_argument(
        "--count", metavar="N", type=_count, default=40, help="how many places (default 40)"
    )
    evaluate.add_argument(
        "--max-cents",
        metavar="C",
        type=_cents,
        default=10.0,
        help="stop when this much is spent (default 10)",
    )
    evaluate.add_argument(
        "--seed", type=int, default=7, help="seed for the choice of places in lines (default 7)"
    )
    evaluate.add_argument("--json", action="store_true", help="print the figures for programs instead")
    _add_log_options(evaluate, argparse.SUPPRESS)


def _add_log_options(parser: _Parser, default: object) -> None:
    parser.add_argument("--log-file", metavar="FILE", type=Path, default=default, help="log to a file too")
    parser.add_argument(
        "--log-level",
        choices=_LOG_LEVELS,
        default=default,
        help="how much to log (default: the setting log_level)",
    )


def _loopback(value: str) -> tuple[str, int]:
    host, separator, port = value.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not separator or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError("expected HOST:PORT, such as 127.0.0.1:9257")
    from typethrough.core.settings.access import is_loopback

    if not is_loopback(f"http://[{host}]/" if ":" in host else f"http://{host}/"):
        raise argparse.ArgumentTypeError(
            "only a loopback address is served, such as 127.0.0.1: anyone could connect to another"
        )
    return host, int(port)


def _count(value: str) -> int:
    return int(_between(value, 1, 1_000))


def _cents(value: str) -> float:
    return _between(value, 0.0, 10_000.0)


def _speed(value: str) -> float:
    return _between(value, 0.1, 50.0)


def _seconds(value: str) -> float:
    return _between(value, 1.0, 600.0)


def _between(value: str, low: float, high: float) -> float:
    try:
        number = float(value)
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise argparse.ArgumentTypeError(f"expected a number from {low:g} to {high:g}")
    return number
