"""The repositories that the recall benchmark looks into: real ones, of many files, that come with packages.

Python's are installed beside this interpreter anyway (its own library, what the project and its tests depend on). TypeScript's
are npm packages that ship their sources; they are fetched once, by npm, into the tests' cache. None is kept in this repository.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.support import cache, node_install

if TYPE_CHECKING:
    from collections.abc import Mapping

# Applications, libraries and parts of Python's own, by many hands and of many ages.
PYTHON: Final = (
    "asyncio",
    "email",
    "unittest",
    "importlib",
    "httpx",
    "httpcore",
    "pygls",
    "pathspec",
    "typethrough",
    "hypothesis",
    "_pytest",
    "pip._internal",
)
# Packages with their sources, and the folder of these in the package.
TYPESCRIPT: Final = (
    ("rxjs", "7.8.2", "src/internal"),
    ("@reduxjs/toolkit", "2.14.0", "src"),
    ("@tanstack/query-core", "5.108.0", "src"),
    ("@trpc/server", "11.25.2", "src"),
    ("ethers", "6.17.0", "src.ts"),
    ("mobx", "7.1.3", "src"),
    ("msw", "2.15.0", "src"),
    ("zod", "4.6.7", "src/v4"),
)
_SOURCES: Final = {"python": (".py",), "typescript": (".ts", ".tsx")}
# Tests, tables and texts in many languages are not what people type in, or not with other files in mind.
_LEFT_OUT: Final = ("tests", "test", "__tests__", "locales", "wordlists", "_vendor", "vendor", "benchmarks")
_MAX_BYTES: Final = 200_000
_FETCH_S: Final = 300


class RepositoryMissing(Exception):
    """A package's sources could not be had; the message is one line for who runs the benchmark."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository's sources: text by path, in the order of the paths. Lines end in `\\n`."""

    name: str
    language: str
    files: Mapping[str, str]


def python() -> list[Repository]:
    """The Python repositories. Raises RepositoryMissing."""
    return [_python(package) for package in PYTHON]


def typescript() -> list[Repository]:
    """The TypeScript repositories, fetched by npm unless they are in the cache. Raises RepositoryMissing."""
    return [_typescript(*package) for package in TYPESCRIPT]


def _python(package: str) -> Repository:
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise RepositoryMissing(f"the Python package {package} is not installed here")
    folder = Path(next(iter(found.submodule_search_locations)))
    return _read(package, "python", folder, prefix=package.replace(".", "/"))


def npm_package(package: str) -> Path:
    """The folder of an npm package as it was published, fetched unless it is in the cache. Raises RepositoryMissing."""
    folder = cache.folder("typescript") / "-".join(package.replace("/", "+").rsplit("@", 1))
    if not folder.is_dir():
        _fetch(package, folder)
    return folder


def _typescript(package: str, version: str, sources: str) -> Repository:
    folder = npm_package(f"{package}@{version}")
    return _read(package, "typescript", folder / sources, prefix=sources)


def _read(name: str, language: str, folder: Path, *, prefix: str) -> Repository:
    files: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        wanted = path.suffix in _SOURCES[language] and not path.name.endswith((".d.ts", ".test.ts"))
        if not wanted or any(part in _LEFT_OUT for part in inside.parts) or path.stat().st_size > _MAX_BYTES:
            continue
        text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
        if text.strip():
            files[f"{prefix}/{inside.as_posix()}"] = text
    if not files:
        raise RepositoryMissing(f"{name} has no sources where they should be")
    return Repository(name, language, files)


def _fetch(package: str, target: Path) -> None:
    """Have npm fetch a package as it was published, with nothing that it depends on, and unpack it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        _npm_pack(package, Path(scratch))
        archive = next(Path(scratch).glob("*.tgz"), None)
        if archive is None:
            raise RepositoryMissing(f"npm brought no archive of {package}")
        with tarfile.open(archive) as packed:
            packed.extractall(scratch, filter="data")
        inside = next(path for path in Path(scratch).iterdir() if path.is_dir())
        # The folder appears whole or not at all.
        inside.replace(target)


def _npm_pack(package: str, folder: Path) -> None:
    try:
        node_install.npm(
            ["pack", package, "--ignore-scripts"], f"fetch {package}", folder=folder, timeout_s=_FETCH_S
        )
    except node_install.NodeMissing as error:
        # Where the tests' own Node.js is not installed, the machine's npm does as well.
        npm = shutil.which("npm")
        if npm is None:
            raise RepositoryMissing(str(error)) from None
        done = subprocess.run(
            [npm, "pack", package, "--ignore-scripts", "--silent"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_FETCH_S,
            check=False,
        )
        if done.returncode:
            raise RepositoryMissing(f"npm could not fetch {package}") from None
