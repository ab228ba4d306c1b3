"""LiteLLM's proxy, a real gateway by others, installed in its own environment, in front of a given server.

Owns the recipe (one package from the usual index, installed once into the tests' cache), the configuration and the
process. Must not know what it is asked. `python -m tests.support.litellm` installs it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tests.support import cache

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION: Final = "1.106.12"
_INSTALL_S: Final = 900
_START_S: Final = 120.0
_LAST_WORDS: Final = 2_000
# Variables of the person who runs the tests must not influence it, and it must get no key of theirs.
_KEPT_VARIABLES: Final = ("PATH", "HOME", "LANG", "TMPDIR")


class LiteLLMMissing(Exception):
    """LiteLLM could not be installed or started. The message is one line for the person who runs the tests."""


class Proxy(NamedTuple):
    """A running proxy. `base_url` includes the `/v1`. `log` is its output."""

    base_url: str
    key: str
    log: Path


def find_or_install() -> Path:
    """The folder of an environment that has LiteLLM, installed if necessary. Raises LiteLLMMissing."""
    target = cache.folder(f"litellm-{VERSION}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with cache.folder("litellm.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (target / "finished").exists():
            shutil.rmtree(target, ignore_errors=True)
            _install(target)
            # Written last: without it, the installation was interrupted.
            (target / "finished").touch()
    return target


def _install(target: Path) -> None:
    steps = (
        [sys.executable, "-m", "venv", str(target)],
        [str(target / "bin" / "python"), "-m", "pip", "install", "--quiet", f"litellm[proxy]=={VERSION}"],
    )
    for step in steps:
        answer = subprocess.run(step, capture_output=True, text=True, timeout=_INSTALL_S, check=False)
        if answer.returncode:
            said = [line for line in answer.stderr.strip().splitlines() if "ERROR" in line]
            raise LiteLLMMissing(f"LiteLLM could not be installed: {(said or ['no reason given'])[0]}")


@contextmanager
def start(
    models: list[dict[str, Any]], *, key: str, settings: dict[str, Any] | None = None
) -> Iterator[Proxy]:
    """Run a proxy for `models` (in the form of its configuration) while the context lasts. Raises LiteLLMMissing."""
    home = find_or_install()
    with tempfile.TemporaryDirectory() as folder:
        configuration = Path(folder) / "config.json"
        wanted = {
            "model_list": models,
            "general_settings": {"master_key": key},
            "litellm_settings": {"telemetry": False, **(settings or {})},
        }
        configuration.write_text(json.dumps(wanted), encoding="utf-8")
        port, log = _free_port(), Path(folder) / "log"
        command = [
            str(home / "bin" / "litellm"),
            "--config",
            str(configuration),
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
        ]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                env=_environment(),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            _wait_until_up(process, port, log)
            yield Proxy(f"http://127.0.0.1:{port}/v1", key, log)
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in _KEPT_VARIABLES}
    # It uses the price table that it came with, and sends no telemetry.
    return kept | {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False", "DO_NOT_TRACK": "1"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_up(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until_s = time.monotonic() + _START_S
    while time.monotonic() < until_s and process.poll() is None:
        try:
            address = f"http://127.0.0.1:{port}/health/liveliness"
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            # It does not announce that it listens, so we try until it answers.
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.2)
    said = log.read_text(encoding="utf-8", errors="replace")[-_LAST_WORDS:]
    raise LiteLLMMissing(f"LiteLLM did not start: {said}")


def main() -> int:
    """Install it unless it is there. Returns the exit status."""
    try:
        sys.stdout.write(f"{find_or_install()}\n")
    except LiteLLMMissing as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
