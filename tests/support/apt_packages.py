"""Downloads packages of Debian or Ubuntu without installing them. So it changes nothing in the system and needs no root.

Owns the address of the mirror, which it asks from apt, and the downloading. Must not know what the packages are for or where
they are unpacked.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

# The parts of the archive to use, by distribution.
_AREAS: Final = {"debian": ("main",), "ubuntu": ("main", "universe")}
_STEP_S: Final = 300


class PackagesMissing(Exception):
    """Packages could not be downloaded or unpacked. The message is one line for the person who runs the tests."""


def family() -> str:
    """`debian` or `ubuntu`: this system, or the one that it is derived from. Raises PackagesMissing on any other."""
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise PackagesMissing(f"there is no {tool} here")
    release = _os_release()
    for name in (release.get("ID", ""), *release.get("ID_LIKE", "").split()):
        if name in _AREAS:
            return name
    raise PackagesMissing("fetching packages is known for Debian and Ubuntu only")


def fetch(package: str, state: Path, *more: str, suite: str | None = None, alone: bool = False) -> list[Path]:
    """Download `package` and `more` into the new folder `state`. Returns the package files.

    Their dependencies are downloaded too, including the C library, unless `alone`. `suite` is this system's own if none
    is named. Raises PackagesMissing.
    """
    names = (package, *more)
    distribution = family()
    codename = _os_release().get("VERSION_CODENAME", "")
    mirror = _mirror(codename, distribution)
    for folder in ("parts", "lists/partial", "cache/archives/partial"):
        (state / folder).mkdir(parents=True)
    # With an empty package database, apt downloads all dependencies, so nothing depends on this system's libraries.
    (state / "status").touch()
    keyring = Path(f"/usr/share/keyrings/{distribution}-archive-keyring.gpg")
    signed = f"[signed-by={keyring}] " if keyring.exists() else ""
    (state / "sources.list").write_text(
        f"deb {signed}{mirror} {suite or codename} {' '.join(_AREAS[distribution])}\n", encoding="utf-8"
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
    archives = state / "cache" / "archives"
    run([*apt, "update"], f"read the index of {suite or codename}")
    if alone:
        run([*apt, "download", *names], f"download {' '.join(names)}", folder=archives)
    else:
        install = ["--no-install-recommends", "--download-only", "install"]
        run([*apt, *install, *names], f"download {' '.join(names)}")
    return sorted(archives.glob("*.deb"))


def unpack(packages: list[Path], target: Path) -> None:
    """Unpack package files into the folder `target`. Raises PackagesMissing."""
    for package in packages:
        run(["dpkg-deb", "-x", str(package), str(target)], f"unpack {package.name}")


def run(command: list[str], purpose: str, *, folder: Path | None = None) -> str:
    """Run one step and return its output. A failure raises PackagesMissing with one line that names the step."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_STEP_S,
            check=False,
            env=environment,
            cwd=folder,
        )
    except subprocess.TimeoutExpired:
        raise PackagesMissing(f"could not {purpose} in five minutes") from None
    if done.returncode != 0:
        said = [line for line in (done.stderr + done.stdout).splitlines() if line.startswith(("E:", "error"))]
        raise PackagesMissing(f"could not {purpose} ({said[0] if said else f'exit {done.returncode}'})")
    return done.stdout


def _os_release() -> dict[str, str]:
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {key: value.strip('"') for key, _, value in pairs}


def _mirror(codename: str, distribution: str) -> str:
    """The address of the mirror that this machine uses for its own release, according to apt's sources."""
    form = json.dumps({"release": "$(RELEASE)", "area": "$(COMPONENT)", "address": "$(REPO_URI)"})
    listed = run(["apt-get", "indextargets", "--no-release-info", "--format", form], "read the apt sources")
    entries = [json.loads(line) for line in listed.splitlines()]
    addresses = [(entry["release"], str(entry["address"])) for entry in entries if entry["area"] == "main"]
    own = [address for release, address in addresses if release == codename]
    # The sources may say "stable" where os-release has the codename, so the archive's path is compared too.
    alike = [address for _, address in addresses if address.rstrip("/").endswith(f"/{distribution}")]
    for address in own + alike:
        return address
    raise PackagesMissing(f"the apt sources name no mirror for {codename or 'this release'}")
