"""What README says to somebody new with Neovim: each of its steps, timed. Run `.venv/bin/python -m tests.bench.first_use`.

A clean clone, an empty home, and no virtual environment; the commands are read out of README and run as they stand there. The
first of them installs and goes on into the demo, which is ended after a second. For VS Code: `tests.bench.vscode`, part `first`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.support.neovim import Neovim

_ROOT: Final = Path(__file__).parents[2]
_LIMIT_S: Final = 300.0
# A file in which the next line is plain from the ones before it, for there is no key.
_KNOWN: Final = "total = width + depth\nprint(total)\n" * 4


def readme_commands(readme: str) -> tuple[str, str]:
    """The command that README begins with, and the block that sets Neovim up."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    install = next(block for block in blocks if "server/demo" in block)
    set_up = next(block for block in blocks if "site/pack" in block)
    return install.strip(), set_up


def main() -> int:
    """Print the table; the exit status."""
    install, set_up = readme_commands((_ROOT / "README.md").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="typethrough-first-use-") as folder:
        checkout, home = Path(folder) / "checkout", Path(folder) / "home"
        home.mkdir()
        subprocess.run(["git", "clone", "-q", "--local", _ROOT, checkout], check=True)
        environment = {**os.environ, "HOME": str(home)}

        def run(command: str) -> float:
            began = time.monotonic()
            subprocess.run(
                ["sh", "-euc", command],
                cwd=checkout,
                env=environment,
                check=True,
                stdout=subprocess.DEVNULL,
                timeout=_LIMIT_S,
            )
            return time.monotonic() - began

        steps = {install: run(f"{install} --plain --seconds 1"), "the links": run(set_up)}
        began = time.monotonic()
        path = os.pathsep.join([str(home / ".local" / "bin"), os.environ.get("PATH", os.defpath)])
        as_user = {"HOME": str(home), "PATH": path, "XDG_DATA_HOME": str(home / ".local" / "share")}
        with Neovim(home / "neovim", environment=as_user, plugin=False) as editor:
            editor.open("totals.py", _KNOWN)
            editor.attach()
            editor.keys("Go")
            editor.type("total = ")
            editor.wait_for_ghost(timeout_s=30)
        steps["Neovim opened, typed, ghost text"] = time.monotonic() - began
    print("| a new user with Neovim | s |\n| --- | --- |")
    for step, seconds in (*steps.items(), ("all of it", sum(steps.values()))):
        print(f"| {step} | {seconds:.1f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
