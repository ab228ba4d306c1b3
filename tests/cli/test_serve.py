"""Starting the server: the import of many classes, and the collector that would look through all of them."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from typethrough.cli.serve import _importing_much

if TYPE_CHECKING:
    from pathlib import Path


def test_after_a_large_import_the_collector_is_as_it_was_and_leaves_out_what_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    often = gc.get_threshold()
    frozen_at: list[int] = []
    monkeypatch.setattr(gc, "freeze", lambda: frozen_at.append(gc.get_threshold()[2]))
    with _importing_much():
        during = gc.get_threshold()
    assert during[:2] == often[:2]
    assert during[2] > often[2]
    assert frozen_at == [during[2]]
    assert gc.get_threshold() == often


@pytest.mark.skipif(os.name != "posix", reason="a terminal of our own needs a pty")
@pytest.mark.parametrize("is_terminal", [True, False])
def test_whoever_starts_it_in_a_terminal_is_told_what_it_is(is_terminal: bool, tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-m", "typethrough"],
        stdin=theirs if is_terminal else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        os.close(theirs)
        if is_terminal:
            os.write(ours, b"\x04")
        out, error = process.communicate(timeout=30)
    os.close(ours)
    assert out == b""
    assert (b"this is a language server" in error) is is_terminal
