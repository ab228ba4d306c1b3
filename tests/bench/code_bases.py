"""Code by many hands in ten languages, for benchmarks that type it: what is on the machine, and what npm and apt bring.

Python's is its standard library, JavaScript's is npm's own; the rest are packages that ship their sources, fetched once into the
tests' cache. None is kept in this repository. A file has so much that there is something to type, and is no test and no table.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.bench.repositories import RepositoryMissing, npm_package
from tests.support import cache

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED: Final = 20_260_101
_MOST_FILES: Final = 400
_BYTES: Final = range(400, 300_000)
_SKIPPED: Final = frozenset(
    (
        *(
            "site-packages",
            "test",
            "tests",
            "idle_test",
            "__tests__",
            "testdata",
            "spec",
            "benchmarks",
            "examples",
        ),
        *("pydoc_data", "encodings", "dist", "__pycache__", "locales"),
    )
)


class _Source(NamedTuple):
    """A language's code: where it comes from (`here`, `npm` or `apt`), the packages, and how the files' names end."""

    origin: str
    packages: tuple[str, ...]
    suffixes: tuple[str, ...]


_NPM_TYPESCRIPT: Final = (
    *("rxjs@7.8.2", "@reduxjs/toolkit@2.14.0", "@tanstack/query-core@5.108.0", "@trpc/server@11.25.2"),
    *("mobx@7.1.3", "msw@2.15.0", "zod@4.6.7"),
)
_SOURCES: Final = {
    "python": _Source("here", (), (".py",)),
    "typescript": _Source("npm", _NPM_TYPESCRIPT, (".ts", ".tsx")),
    "go": _Source(
        "apt",
        tuple(
            f"golang-github-{name}-dev"
            for name in ("gin-gonic-gin", "spf13-cobra", "hashicorp-raft", "labstack-echo")
        ),
        (".go",),
    ),
    "rust": _Source(
        "apt",
        tuple(f"librust-{name}-dev" for name in ("hyper", "image", "regex-automata", "tokio", "h2")),
        (".rs",),
    ),
    "java": _Source("apt", ("openjdk-17-source",), (".java",)),
    "c": _Source("npm", ("usb@3.1.0", "tree-sitter@0.25.1", "node-hid@3.4.0"), (".c",)),
    "javascript": _Source("here", (), (".js",)),
    "ruby": _Source("apt", ("ruby-rack", "ruby-sinatra", "ruby-activesupport", "ruby-mail"), (".rb",)),
    "php": _Source("apt", ("php-symfony-console", "composer", "php-monolog", "php-twig"), (".php",)),
    "lua": _Source("apt", ("lua-penlight", "neovim-runtime"), (".lua",)),
}
# What the confidence is fitted to, and what is kept from it altogether. Of the former's files a part is only tested.
CALIBRATED: Final = ("python", "typescript", "go", "rust", "java", "c")
UNSEEN: Final = ("javascript", "ruby", "php", "lua")
# Of the JDK, so much is enough.
_ARCHIVED: Final = ("java.base/java/util/*", "java.base/java/net/*", "java.net.http/*")


@dataclass(slots=True)
class CodeFile:
    """A file's name and lines."""

    name: str
    language: str
    lines: list[str]

    @property
    def text(self) -> str:
        """The file as one text."""
        return "\n".join(self.lines)


@dataclass(slots=True)
class Split:
    """One language's files, apart: half are known, a quarter calibrates, a quarter is tested."""

    indexed: list[CodeFile]
    calibration: list[CodeFile]
    test: list[CodeFile]


def split_of(language: str) -> Split:
    """The files of a language, split by a seeded shuffle. Raises RepositoryMissing."""
    shuffled = files_of(language)
    random.Random(SEED).shuffle(shuffled)
    del shuffled[_MOST_FILES:]
    half, quarter = len(shuffled) // 2, len(shuffled) // 4
    return Split(shuffled[:half], shuffled[half : half + quarter], shuffled[half + quarter :])


def files_of(language: str) -> list[CodeFile]:
    """All files of a language. Raises RepositoryMissing."""
    source = _SOURCES[language]
    return [file for root in _roots(language, source) for file in _read(root, source.suffixes, language)]


def _roots(language: str, source: _Source) -> list[Path]:
    match source.origin:
        case "npm":
            return [npm_package(package) for package in source.packages]
        case "apt":
            return [_debian(package) for package in source.packages]
    if language == "python":
        return [Path(sysconfig.get_path("stdlib"))]
    npm = shutil.which("npm")
    if npm is None:
        raise RepositoryMissing("npm is not installed here")
    return [Path(npm).resolve().parent.parent]


def _read(root: Path, suffixes: tuple[str, ...], language: str) -> Iterator[CodeFile]:
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if (
            path.suffix not in suffixes
            or path.name.endswith(".d.ts")
            or not _SKIPPED.isdisjoint(parts)
            or path.is_symlink()
            or not path.is_file()
            or path.stat().st_size not in _BYTES
        ):
            continue
        try:
            text = path.read_text("utf-8").replace("\r\n", "\n")
        except UnicodeDecodeError:
            continue
        yield CodeFile("/".join((root.name, *parts)), language, text.split("\n"))


def _debian(package: str) -> Path:
    """What a Debian package holds, unpacked into the tests' cache."""
    target = cache.folder("code") / package
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        inside = Path(scratch) / package
        _run(["apt-get", "download", package], Path(scratch))
        archive = next(Path(scratch).glob("*.deb"), None)
        if archive is None:
            raise RepositoryMissing(f"apt brought no archive of {package}")
        _run(["dpkg-deb", "-x", str(archive), str(inside)], Path(scratch))
        for packed in [path for path in inside.rglob("src.zip") if path.is_file() and not path.is_symlink()]:
            shutil.unpack_archive(packed, inside / "src")
            packed.unlink()
            _thin(inside / "src")
        inside.replace(target)
    return target


def _thin(folder: Path) -> None:
    wanted = {path for pattern in _ARCHIVED for path in folder.glob(pattern)}
    for path in sorted(folder.rglob("*.java")):
        if not any(parent in wanted for parent in path.parents):
            path.unlink()


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=600, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RepositoryMissing(f"{command[0]} cannot be run here ({error.__class__.__name__})") from None
    if done.returncode:
        raise RepositoryMissing(f"{' '.join(command[:3])} failed") from None
