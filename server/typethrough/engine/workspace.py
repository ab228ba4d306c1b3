"""Reading a workspace's files for the local lane: what git would track, bounded in files, bytes and time, in a thread.

Only text that lies under the workspace's folder is read; links are not followed, so that a project cannot lead out of it.
"""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from typethrough.core.document.uris import is_excluded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from pathspec import GitIgnoreSpec

# Generated, vendored or not text: large, never typed again, and often not in .gitignore.
_SKIPPED_FOLDERS = frozenset(
    (
        *("node_modules", "bower_components", "vendor", "third_party", "site-packages", "venv", "env"),
        *("dist", "build", "target", "out", "__pycache__"),
    )
)
_MAX_FILE_BYTES = 256 * 1024
_MAX_LISTED = 50_000
_BATCH = 16


class Bounds(NamedTuple):
    """How much of a workspace may be read."""

    files: int
    bytes: int
    seconds: float = 10.0


async def read_files(
    root: Path, bounds: Bounds, exclude: tuple[str, ...], now_s: Callable[[], float]
) -> AsyncIterator[tuple[str, str]]:
    """The workspace's text files as (URI, text), those changed last first, until a bound is reached."""
    until_s = now_s() + bounds.seconds
    paths = await asyncio.to_thread(_listed, root, exclude, lambda: now_s() > until_s)
    left_bytes = bounds.bytes
    chosen = paths[: bounds.files]
    for start in range(0, len(chosen), _BATCH):
        texts = await asyncio.to_thread(_texts, chosen[start : start + _BATCH])
        for path, text in texts:
            left_bytes -= len(text)
            if left_bytes < 0 or now_s() > until_s:
                return
            yield path.as_uri(), text


def _listed(root: Path, exclude: tuple[str, ...], expired: Callable[[], bool]) -> list[Path]:
    found: list[tuple[float, Path]] = []
    for path, status in _walk(root, [], exclude):
        if len(found) >= _MAX_LISTED or expired():
            break
        found.append((status.st_mtime, path))
    found.sort(reverse=True)
    return [path for _, path in found]


def _walk(
    folder: Path, ignores: list[tuple[Path, GitIgnoreSpec]], exclude: tuple[str, ...]
) -> Iterator[tuple[Path, os.stat_result]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    if any(entry.name == ".gitignore" for entry in entries):
        ignores = [*ignores, (folder, _ignore_spec(folder / ".gitignore"))]
    for entry in entries:
        path = Path(entry.path)
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            continue
        is_folder = stat.S_ISDIR(status.st_mode)
        if entry.name.startswith(".") or _ignored(path, ignores, is_folder=is_folder):
            continue
        if is_folder:
            if entry.name not in _SKIPPED_FOLDERS:
                yield from _walk(path, ignores, exclude)
        elif _is_small_file(status) and not is_excluded(path.as_uri(), exclude):
            yield path, status


def _is_small_file(status: os.stat_result) -> bool:
    return stat.S_ISREG(status.st_mode) and 0 < status.st_size <= _MAX_FILE_BYTES


def _ignore_spec(path: Path) -> GitIgnoreSpec:
    # Imported here, in the thread that reads: the server's start does not wait for it.
    from pathspec import GitIgnoreSpec

    try:
        lines = path.read_text("utf-8", errors="replace")[:100_000].split("\n")
    except OSError:
        lines = []
    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError:
        # One line that is no pattern must not let in what the others keep out.
        return GitIgnoreSpec.from_lines(line for line in lines if _is_pattern(line))


def _is_pattern(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True


def _ignored(path: Path, ignores: list[tuple[Path, GitIgnoreSpec]], *, is_folder: bool) -> bool:
    """What git says: the deepest .gitignore with an opinion wins."""
    for base, spec in reversed(ignores):
        relative = path.relative_to(base).as_posix() + ("/" if is_folder else "")
        verdict = spec.check_file(relative).include
        if verdict is not None:
            return verdict
    return False


def _texts(paths: list[Path]) -> list[tuple[Path, str]]:
    return [(path, text) for path in paths if (text := _text(path))]


def _text(path: Path) -> str:
    """The file's text, or the empty string when it is not text."""
    try:
        raw = path.read_bytes()
    except OSError:
        return ""
    if b"\0" in raw[:8_192]:
        return ""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return ""
