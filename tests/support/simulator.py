"""Starts the gateway simulator as a process, controls it, and reads its log.

Owns the process and its control paths. Uses only the standard library, so that any test can use it.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

_ROOT: Final = Path(__file__).parents[2]
_TIMEOUT_S: Final = 10.0


class Simulator:
    """A running simulator. As a context manager it ends the process."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port
        self.base_url = f"http://127.0.0.1:{port}/v1"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process by closing its input. If it hangs, kill it."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def control(self, **wanted: Any) -> None:
        """Change settings: faults, latency, defects, style, key, seed, release. Raises ValueError if they are refused."""
        status, value = self._ask("POST", "/_control", json.dumps(wanted))
        if status != http.HTTPStatus.OK:
            raise ValueError(value["error"])

    def fault(self, mode: str, **options: Any) -> None:
        """Set this fault and no other, for example `fault("rate_limit", next=1, retry_after_s=3)`."""
        self.control(faults={"mode": mode, **options})

    def release(self) -> None:
        """Let all answers that a fault has stalled continue."""
        self.control(release=True)

    def reset(self) -> None:
        """Clear the log, the prompt cache and the faults. Request numbers start at 1 again."""
        self._ask("POST", "/_reset", "")

    def log(self, *, full: bool = False) -> list[dict[str, Any]]:
        """The record of each request so far. `full` adds the messages."""
        rows: list[dict[str, Any]] = self._ask("GET", "/_log?full=1" if full else "/_log")[1]
        return rows

    def wait(self, event: str, number: int) -> dict[str, Any]:
        """The record of request `number` after `event` (arrived, stalled, headers, first_text, finished, disconnect).
        Raises TimeoutError after five seconds.
        """
        status, value = self._ask("GET", "/_wait?" + urlencode({"event": event, "number": number}))
        if status == http.HTTPStatus.GATEWAY_TIMEOUT:
            raise TimeoutError(f"request {number}: no {event}")
        if status != http.HTTPStatus.OK:
            raise ValueError(value["error"])
        record: dict[str, Any] = value
        return record

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_TIMEOUT_S)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()


def start(
    *,
    truth: Sequence[Path] = (),
    seed: int = 0,
    latency: str = "none",
    style: str = "vercel",
    defects: str = "0",
    key: str | None = None,
    port: int = 0,
) -> Simulator:
    """Start a simulator and return it when it listens. Raises RuntimeError if it ends before that."""
    command = [
        sys.executable,
        "-m",
        "tests.support.gateway_simulator",
        "--port",
        str(port),
        "--seed",
        str(seed),
    ]
    command += ["--latency", latency, "--style", style, "--truth-defects", defects]
    command += ["--key", key] if key is not None else []
    command += ["--truth", *map(str, (path.resolve() for path in truth))] if truth else []
    process = subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline() if process.stdout is not None else ""
    simulator = Simulator(process, 0)
    if not line:
        simulator.stop()
        raise RuntimeError("the gateway simulator did not start")
    return Simulator(process, json.loads(line)["port"])
