"""A `typethrough` that records what goes over the wire in both directions, and otherwise is the real one.

An editor starts it in place of the server. `python -m tests.support.wiretap LOG COMMAND …` starts the command and passes
bytes on. `install` puts a program with the server's name into a folder. `messages` reads what was recorded so far.
"""

import json
import os
import shlex
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
_LOCK: Final = threading.Lock()


def install(folder: Path, log: Path) -> None:
    """Put a `typethrough` into a folder that comes first on PATH. What it passes on is appended to `log`."""
    server = Path(sys.executable).parent / "typethrough"
    command = shlex.join([sys.executable, "-m", "tests.support.wiretap", str(log), str(server)])
    program = folder / "typethrough"
    program.unlink(missing_ok=True)
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {command} "$@"\n', encoding="utf-8"
    )
    program.chmod(0o755)


def messages(log: Path, *, sent_by: str) -> list[dict[str, Any]]:
    """What the `client` or the `server` has sent so far, oldest first."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    entries = [json.loads(line) for line in lines]
    return [entry["message"] for entry in entries if entry["by"] == sent_by]


def _pass_on(source: IO[bytes], target: IO[bytes], by: str, log: IO[str]) -> None:
    while header := source.readline():
        if not header.strip():
            continue
        name, _, value = header.partition(b":")
        if name.lower() != b"content-length":
            continue
        while source.readline().strip():
            pass
        body = source.read(int(value))
        with _LOCK:
            log.write(json.dumps({"by": by, "message": json.loads(body)}) + "\n")
            log.flush()
        target.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        target.flush()
    target.close()


def main(log_path: str, *command: str) -> int:
    """Run the command between this process's input and output. Returns its exit status."""
    with Path(log_path).open("a", encoding="utf-8") as log:
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if server.stdin is None or server.stdout is None:
            return 1
        ways = (
            threading.Thread(
                target=_pass_on, args=(sys.stdin.buffer, server.stdin, "client", log), daemon=True
            ),
            threading.Thread(
                target=_pass_on, args=(server.stdout, sys.stdout.buffer, "server", log), daemon=True
            ),
        )
        for way in ways:
            way.start()
        return server.wait()


if __name__ == "__main__":
    os._exit(main(*sys.argv[1:]))
