"""Where log lines go, and what they may contain: never stdout, no keys, no document text, no values from exceptions.

Our own messages are written without such text. Messages of other packages may quote a whole request, so only the place in the
code where they were logged is kept.
"""

from __future__ import annotations

import logging
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from typethrough.core.settings.redaction import Redaction

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

ROOT = "typethrough"
LEVELS: Mapping[str, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
_MAX_FILE_BYTES = 5_000_000


class Redactor(logging.Formatter):
    """Formats a log record without secrets: known keys are replaced, and an exception is reduced to its type and place."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        self._redaction = Redaction()

    def hide(self, *keys: str) -> None:
        """Never print these keys, or parts of them, from now on. Keys given earlier stay hidden."""
        self._redaction = self._redaction.also(keys)

    def format(self, record: logging.LogRecord) -> str:
        """Format a record as one line. Of another package's message only the place is kept."""
        safe = logging.makeLogRecord(record.__dict__)
        if not (record.name == ROOT or record.name.startswith(ROOT + ".")):
            safe.msg, safe.args = f"spoke at {record.filename}:{record.lineno}", None
        if record.exc_info and record.exc_info[1] is not None:
            safe.msg, safe.args = f"{_message(safe)} ({place_of(record.exc_info[1])})", None
        safe.msg, safe.args = self._redaction.hidden(_message(safe)), None
        safe.exc_info, safe.exc_text, safe.stack_info = None, None, None
        return " ".join(super().format(safe).split("\n"))


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return "a message whose arguments do not fit"


def place_of(error: BaseException) -> str:
    """An exception's type and place, without its text: "KeyError at engine.py:120 in complete"."""
    place = ""
    step: TracebackType | None = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        place = f" at {Path(code.co_filename).name}:{step.tb_lineno} in {code.co_name}"
        step = step.tb_next
    return type(error).__name__ + place


def start_logging(
    level: str, file: Path | None = None, *, to_stderr: bool = True, stderr_level: str = "debug"
) -> Redactor:
    """Send log lines to stderr, and to `file` if given. Returns the formatter, which must be told the keys to hide.

    Lines below `level` are not logged, and those below `stderr_level` not on stderr. Raises OSError if the file cannot be opened.
    """
    formatter = Redactor()
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)] if to_stderr else []
    for handler in handlers:
        handler.setLevel(LEVELS[stderr_level])
    if file is not None:
        handlers.append(_file_handler(file))
    if not handlers:
        # Without any handler, logging would print on stderr without our formatter.
        handlers.append(logging.NullHandler())
    for handler in handlers:
        handler.setFormatter(formatter)
    # A formatting error would print the record's arguments to stderr.
    logging.raiseExceptions = False
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    for handler in handlers:
        root.addHandler(handler)
    # Other packages log only warnings and errors. The setting `log_level` is for our own lines.
    root.setLevel(logging.WARNING)
    for name in ("httpx", "httpcore", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # pygls logs tracebacks and whole messages, which contain document text. `lsp/` logs the important part in its own words.
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
    set_level(level)
    _hush_last_words()
    return formatter


def set_level(level: str) -> None:
    """Log our own lines from this level on; `level` is a value of the setting `log_level`."""
    logging.getLogger(ROOT).setLevel(LEVELS[level])


def _file_handler(file: Path) -> logging.Handler:
    from logging.handlers import (
        RotatingFileHandler,
    )  # imported late: it loads socket and more, which only a log file needs

    file.touch(mode=0o600)
    return RotatingFileHandler(file, maxBytes=_MAX_FILE_BYTES, backupCount=1, encoding="utf-8")


def say_last_words(error: BaseException) -> None:
    """Log what ended the process, as its type and place, and print that if the log does not go to stderr.

    Its text may contain a key, a password or a line of a document. This works before `start_logging` too.
    """
    said = f"ended by an unexpected error: {place_of(error)}"
    logging.getLogger(ROOT).critical("%s", said)
    # Without any handler, logging prints on stderr by itself.
    if (handlers := logging.getLogger().handlers) and all(
        getattr(handler, "stream", None) is not sys.stderr for handler in handlers
    ):
        sys.stderr.write(f"typethrough: {said}\n")


def _hush_last_words() -> None:
    """Log an uncaught exception as its type and place, because Python's default prints its text."""
    logger = logging.getLogger(ROOT)

    def unhandled(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        say_last_words(error)

    def unhandled_in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            logger.critical("a thread ended by an unexpected error: %s", place_of(args.exc_value))

    sys.excepthook = unhandled
    threading.excepthook = unhandled_in_thread
