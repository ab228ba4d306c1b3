"""Finds or installs a real VS Code for tests: code-server, shown in Debian's Chromium.

Owns the recipe, what is kept between runs, and the check for an earlier installation that was interrupted. Must not know
how the editor is driven. `python -m tests.support.vscode_install` prints where the parts are.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support import cache, node_install
from tests.support.apt_packages import PackagesMissing, family, run
from tests.support.node_install import NodeMissing

# It is VS Code 1.139.1.
CODE_SERVER = "4.139.1"
BROWSER_PACKAGES = ("chromium", "fonts-dejavu-core")
# The compiler for code-server's native modules.
BUILD_PACKAGES = ("g++", "make", "pkg-config", "python3", "libkrb5-dev", "libsecret-1-dev")


class VSCodeMissing(Exception):
    """There is no usable VS Code and none could be installed. The message is one line for the person who runs the tests."""


@dataclass(frozen=True)
class Parts:
    """The parts of a real VS Code: executables or scripts to start."""

    node: Path
    code_server: Path
    chromium: Path


def find_or_install() -> Parts:
    """A VS Code that runs, from the cache or newly installed into it. Raises VSCodeMissing."""
    try:
        node = node_install.find() / "bin" / "node"
        with _alone():
            chromium = _chromium()
            entry = _code_server(node)
    except (PackagesMissing, NodeMissing) as error:
        raise VSCodeMissing(f"VS Code: none to test with: {error}") from None
    return Parts(node, entry, chromium)


@contextmanager
def _alone() -> Iterator[None]:
    """Prevent other runs that use the same cache from installing at the same time."""
    lock = cache.folder("vscode.lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _chromium() -> Path:
    found = shutil.which("chromium")
    if found is None:
        _apt_install(BROWSER_PACKAGES)
        found = shutil.which("chromium")
    if found is None:
        raise PackagesMissing("the package chromium has no such executable here")
    return Path(found)


def _code_server(node: Path) -> Path:
    target = cache.folder("code-server")
    entry = target / "node_modules" / "code-server" / "out" / "node" / "entry.js"
    if not _runs(node, entry):
        _apt_install(BUILD_PACKAGES)
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        (target / "package.json").write_text('{"private": true}\n', encoding="utf-8")
        node_install.npm(["install", f"code-server@{CODE_SERVER}"], "install code-server", folder=target)
        # Written last: without it, the installation was interrupted.
        _finished(target).write_text(CODE_SERVER, encoding="utf-8")
        if not _runs(node, entry):
            raise NodeMissing("the installed code-server does not run")
    return entry


def _finished(target: Path) -> Path:
    return target / "finished"


def _runs(node: Path, entry: Path) -> bool:
    finished = _finished(entry.parents[4])
    if not finished.exists() or finished.read_text(encoding="utf-8") != CODE_SERVER:
        return False
    try:
        answer = subprocess.run(
            [node, entry, "--version"], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.stdout.startswith(CODE_SERVER)


def _apt_install(packages: tuple[str, ...]) -> None:
    """Install missing packages into the system, because a browser cannot run from another folder. Raises PackagesMissing."""
    family()
    missing = [package for package in packages if not _is_installed(package)]
    if not missing:
        return
    if os.geteuid() != 0 and shutil.which("sudo") is None:
        raise PackagesMissing(f"as root: apt-get install {' '.join(missing)}")
    apt = [*([] if os.geteuid() == 0 else ["sudo", "-n"]), "apt-get", "-q", "-y"]
    run([*apt, "update"], "read the package index")
    run([*apt, "--no-install-recommends", "install", *missing], f"install {' '.join(missing)}")


def _is_installed(package: str) -> bool:
    asked = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout == "installed"


def main() -> int:
    """Print where the parts of a usable VS Code are, installing it if necessary. Returns the exit status."""
    try:
        parts = find_or_install()
    except VSCodeMissing as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{parts.node}\n{parts.code_server}\n{parts.chromium}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
