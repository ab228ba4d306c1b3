"""Logs: lines for people, in which no key, no foreign words and no exception's values can stand."""

from __future__ import annotations

import logging
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from typethrough.telemetry.logs import Redactor, place_of, start_logging

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "vck_s3cret"
TEXT = "password = 'hunter2'"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    names = ("typethrough", "pygls", "httpx", "httpcore", "asyncio")
    levels = {name: logging.getLogger(name).level for name in names}
    saved = (root.handlers[:], root.level, sys.excepthook, threading.excepthook, logging.raiseExceptions)
    yield
    for handler in root.handlers:
        if handler not in saved[0]:
            handler.close()
    root.handlers[:], sys.excepthook, threading.excepthook = saved[0], saved[2], saved[3]
    logging.raiseExceptions = saved[4]
    root.setLevel(saved[1])
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def failing() -> None:
    raise ValueError(TEXT)


def test_our_own_words_are_logged_to_stderr_and_nothing_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("info")
    logging.getLogger("typethrough.engine").info("a %s of ours", "message")
    logging.getLogger("typethrough.engine").debug("too much")
    out, error = capsys.readouterr()
    assert out == ""
    assert error.count("\n") == 1
    assert error.endswith("INFO    typethrough.engine: a message of ours\n")


@pytest.mark.parametrize("name", ["httpcore.connection", "httpx", "asyncio", "anyone"])
def test_of_others_only_the_place_is_logged_and_only_from_warnings_on(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    start_logging("debug")
    logging.getLogger(name).info(TEXT)
    logging.getLogger(name).error("%s failed", TEXT)
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "spoke at test_logs.py:" in error
    assert "hunter2" not in error


@pytest.mark.parametrize("name", ["typethrough.lsp", "httpx"])
def test_an_exception_is_its_type_and_place(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("info")
    try:
        failing()
    except ValueError:
        logging.getLogger(name).exception("it failed", stack_info=True)
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "ValueError at test_logs.py:" in error
    assert "in failing)" in error
    assert "hunter2" not in error


def test_a_known_key_is_replaced_wherever_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("info").hide(SECRET, "")
    logging.getLogger("typethrough").warning("refused with %s", f"Bearer {SECRET}")
    assert capsys.readouterr().err.endswith("refused with Bearer [key]\n")


def test_no_part_of_a_known_key_is_printed_but_the_time_and_the_place_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    start_logging("info").hide("2026-typethrough-s3cret")
    logging.getLogger("typethrough.lsp").warning("refused ****%s, or %s", "s3cr", "rough-s3c%72et")
    line = capsys.readouterr().err
    assert line.endswith("typethrough.lsp: refused ****[key], or [key]\n")
    assert not line.startswith("[key]")


def test_a_message_whose_arguments_do_not_fit_prints_none_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("info")
    logging.getLogger("typethrough").warning("%d lines", TEXT)
    try:
        failing()
    except ValueError:
        logging.getLogger("typethrough").warning("%d lines", TEXT, exc_info=True)
    assert "hunter2" not in "".join(capsys.readouterr())


def test_a_line_end_in_a_message_cannot_forge_a_line() -> None:
    record = logging.LogRecord("typethrough", logging.INFO, "f", 1, "one\n2026 CRITICAL forged", None, None)
    assert "\n" not in Redactor().format(record)


def test_what_nobody_caught_is_logged_without_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("info")
    try:
        failing()
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
    thread = threading.Thread(target=failing)
    thread.start()
    thread.join()
    written = capsys.readouterr().err
    assert written.count("ValueError at test_logs.py:") == 2
    assert "hunter2" not in written


def test_a_log_file_gets_the_same_lines_and_is_its_owners_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log"
    start_logging("info", path, to_stderr=False)
    logging.getLogger("typethrough").info("to the file")
    assert path.read_text("utf-8").endswith("typethrough: to the file\n")
    assert path.stat().st_mode & 0o077 == 0
    assert capsys.readouterr().err == ""


def test_with_nowhere_to_log_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("info", to_stderr=False)
    logging.getLogger("typethrough").error("unheard")
    assert "".join(capsys.readouterr()) == ""


def test_the_place_of_an_exception_never_raised_is_its_type() -> None:
    assert place_of(KeyError(TEXT)) == "KeyError"
