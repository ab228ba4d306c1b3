"""The workspace on disk: the files that git would track and the gate permits, their texts, and the ignore files.

Files, bytes and time are bounded, and reading runs in a thread. Links are not followed, so a project cannot lead out of its
folder.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import stat
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from typethrough.core.document.uris import place_of
from typethrough.core.gate.rules import FORBIDDING_FILES, IGNORE_FILES, REPOSITORY, Folder
from typethrough.engine.ports import TextsRead
from typethrough.engine.reading import text_of
from typethrough.engine.regular_file import read_regular

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence

    from typethrough.core.gate.gate import Gate, TellPermit
    from typethrough.core.gate.rules import Rules, Verdict

logger = logging.getLogger(__name__)
# Folders with generated files, copies of other projects, or no text: large, never edited, and often missing in .gitignore.
SKIPPED_FOLDERS = frozenset(
    (
        *("node_modules", "bower_components", "vendor", "third_party", "site-packages", "venv", "env"),
        *("dist", "build", "target", "out", "__pycache__"),
    )
)
_GITIGNORE = ".gitignore"
_MAX_FILE_BYTES = 256 * 1024
# Reading 3,000 patterns takes a second.
_MAX_IGNORE_BYTES = 64_000
_MAX_LISTED = 50_000
_BATCH = 16
_DRIVE = re.compile(r"/[A-Za-z]:(?=/|$)")
# Why something was skipped, in words for the log.
_LARGE = "files too large"
_NO_TEXT = "files that are no text"
_CLOSED = "files or folders that cannot be read"
_MORE = "more files than are looked at"
_LATE = "what could not be read in time"


class LocalDisk:
    """This machine's disk. `now_s` reads a clock. Nothing is cached. How many files were skipped, and why, is logged."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._said = ""

    def ignore_files(self, folder: str) -> dict[str, list[str]]:
        """The ignore files in a folder: name to lines. Also has the key `.git` if a repository begins there."""
        base = str(on_disk(folder))
        found = {name: lines for name in IGNORE_FILES if (lines := _lines(base, name)) is not None}
        if os.path.lexists(f"{base}/{REPOSITORY}"):
            found[REPOSITORY] = []
            # The lines of `info/exclude` belong to this clone only (gitignore(5)). A .gitignore overrides them, so it comes
            # after them.
            if own := _lines(base, f"{REPOSITORY}/info/exclude"):
                found[_GITIGNORE] = [*own, *found.get(_GITIGNORE, ())]
        return found

    def real_paths(self, paths: Sequence[str]) -> list[str]:
        """The paths with symbolic links resolved."""
        folders: dict[str, str] = {}
        found = []
        for path in paths:
            folder, _, name = path.rpartition("/")
            if folder not in folders:
                folders[folder] = _real_path(folder).rstrip("/") if folder else ""
            inside = f"{folders[folder]}/{name}"
            found.append(inside if os.sep == "/" and not _is_link(inside) else _real_path(path))
        return found

    async def files(
        self, gate: Gate, most_files: int, most_bytes: int, limit_s: float
    ) -> AsyncIterator[tuple[TellPermit, str]]:
        """The texts of files in the gate's folders that may be used in prompts, last changed first, until a bound is reached."""
        until_s = self._now_s() + limit_s
        wanted = True
        passed: Counter[str] = Counter()

        def expired() -> bool:
            return not wanted or self._now_s() > until_s

        try:
            folders, rules = [on_disk(folder.path) for folder in gate.folders], gate.fresh_rules()
            paths = await asyncio.to_thread(_listed, folders, rules, expired, passed)
            for start in range(0, len(paths), _BATCH):
                asked = [(path, gate.may_tell(path.as_uri())) for path in paths[start : start + _BATCH]]
                told = [(path, permit) for path, permit in asked if permit is not None][:most_files]
                most_files -= len(told)
                texts = await asyncio.to_thread(_texts, [path for path, _ in told], passed)
                for (_, permit), text in zip(told, texts, strict=True):
                    most_bytes -= len(text or "")
                    if most_bytes < 0 or expired():
                        passed[_LATE if most_bytes >= 0 else _MORE] += 1
                        return
                    if text and not permit.is_void:
                        yield permit, text
                if most_files <= 0:
                    passed[_MORE] += len(paths) > start + _BATCH
                    return
        finally:
            # A thread cannot be cancelled, but it checks this flag.
            wanted = False
            self._say(passed)

    async def texts(self, places: Sequence[str]) -> TextsRead:
        """The texts of files, whose paths are in the form of `place_of`."""
        return await asyncio.to_thread(_read_places, [on_disk(place) for place in places])

    def _say(self, passed: Counter[str]) -> None:
        """Log what was skipped, unless the same was logged before."""
        counted = [
            what if what in (_MORE, _LATE) else f"{what}: {count}" for what, count in passed.items() if count
        ]
        if counted and (said := ", ".join(sorted(counted))) != self._said:
            self._said = said
            logger.info("passed over in the workspace: %s", said)


def folder_at(path: Path) -> Folder:
    """The workspace folder at this path on disk."""
    place = place_of(path.as_uri())
    return Folder(place.rstrip("/"), path.name)


def _text(path: Path, passed: Counter[str]) -> str | None:
    """A file's text. None if it does not exist, is too large, or is not a text. Only regular files are opened."""
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_FILE_BYTES:
            return None
        text = text_of(path.name, path.read_bytes())
    except (OSError, ValueError):
        passed[_CLOSED] += 1
        return None
    if text is None:
        passed[_NO_TEXT] += 1
    return text


def _texts(paths: Iterable[Path], passed: Counter[str]) -> list[str | None]:
    return [_text(path, passed) for path in paths]


def _read_places(paths: Sequence[Path]) -> TextsRead:
    return TextsRead(_texts(paths, Counter()), any(map(os.path.isdir, paths)))


def _listed(
    folders: list[Path], rules: Rules, expired: Callable[[], bool], passed: Counter[str]
) -> list[Path]:
    """The files to read, last changed first. What is skipped is counted in `passed`."""
    found: dict[str, float] = {}
    for folder in folders:
        for path, changed_s in _walk(str(folder), rules, expired, passed):
            if len(found) >= _MAX_LISTED:
                passed[_MORE] += 1
                break
            found[path] = changed_s
    if expired():
        passed[_LATE] += 1
    return [Path(path) for path in sorted(found, key=lambda path: (found[path], path), reverse=True)]


def _walk(
    root: str, rules: Rules, expired: Callable[[], bool], passed: Counter[str]
) -> Iterator[tuple[str, float]]:
    """The files below a folder that may be used in prompts, with the time of their last change. Checks the clock often."""
    waiting = [root]
    while waiting and not expired():
        folder = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name, reverse=True)
        except OSError:
            passed[_CLOSED] += 1
            continue
        for number, entry in enumerate(entries):
            if number % 256 == 255 and expired():
                return
            if entry.name.startswith("."):
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                passed[_CLOSED] += 1
                continue
            place = _as_place(entry.path)
            if stat.S_ISDIR(status.st_mode):
                if entry.name not in SKIPPED_FOLDERS and _is_open(rules.folder_verdict(place)):
                    waiting.append(entry.path)
            elif stat.S_ISREG(status.st_mode) and status.st_size and _is_open(rules.file_verdict(place)):
                if status.st_size <= _MAX_FILE_BYTES:
                    yield entry.path, status.st_mtime
                else:
                    passed[_LARGE] += 1


def _is_open(verdict: Verdict) -> bool:
    return not verdict.forbidden and not verdict.is_private


def _lines(folder: str, name: str) -> list[str] | None:
    """The lines of an ignore file, or None if it does not exist.

    If a file that forbids cannot be read, it forbids everything. If only a part of a file is read, it names everything.
    """
    unreadable = ["*"] if name in FORBIDDING_FILES else None
    # Most do not exist, and making a Path for each would take as long as all other work.
    if not os.path.lexists(f"{folder}/{name}"):
        return None
    try:
        read, _ = read_regular(Path(folder, name), _MAX_IGNORE_BYTES + 1)
        lines = read.decode("utf-8", "replace").lstrip("\ufeff").split("\n")
        return lines if len(read) <= _MAX_IGNORE_BYTES else ["*"]
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError):
        return unreadable


def _is_link(path: str) -> bool:
    try:
        return stat.S_ISLNK(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False


def _real_path(path: str) -> str:
    try:
        return _as_place(os.path.realpath(on_disk(path)))
    except (OSError, ValueError):
        # For example a path with a character that no path can have.
        return path


def on_disk(place: str) -> Path:
    """The file or folder on disk for a path in the form of `place_of`, which has a slash before a drive letter."""
    return Path(place[1:] if _DRIVE.match(place) else place)


def _as_place(path: str) -> str:
    return place_of(path) if os.sep != "/" or "/." in path or "//" in path else path
