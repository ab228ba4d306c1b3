"""Checks the disk from time to time, for editors that do not report which files were added, changed or removed.

Only known files are checked, by their stamps, and their folders for new files. This takes milliseconds in a thread for
thousands of files, while reading the workspace again would take seconds.
"""

from __future__ import annotations

import asyncio
import os
import stat
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from typethrough.core.document.uris import place_of
from typethrough.core.gate.rules import IGNORE_FILES, is_ignore_file
from typethrough.engine.workspace import SKIPPED_FOLDERS, on_disk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from typethrough.core.gate.gate import Gate
    from typethrough.core.gate.rules import Folder

# A folder with more entries contains data, and is not checked.
_MOST_ENTRIES = 5_000


class _Stamp(NamedTuple):
    """What shows that a file has changed: its time and its size."""

    changed_ns: int
    size: int


# The stamp of a file that is in a folder but is not known to us.
_THERE = _Stamp(0, -1)


class News(NamedTuple):
    """What was added or changed, and what was removed, since the last check: URIs of files, and of new folders."""

    changed: list[str]
    gone: list[str]


class Survey:
    """The checks of one workspace. `is_open` says whether an editor has a document open; then its file on disk does not count.

    A change between the reading of a file and its first check is not noticed. A removal is.
    """

    def __init__(self, gate: Gate, is_open: Callable[[str], bool]) -> None:
        self._gate = gate
        self._is_open = is_open
        self._stamps: dict[str, _Stamp] = {}
        self._through: set[str] = set()
        self._places: dict[str, str] = {}
        self._is_looking = False

    async def look(self) -> News:
        """What is new since the last check. Nothing without a workspace, or while another check is running."""
        folders = self._gate.folders
        if self._is_looking or not folders:
            return News([], [])
        self._is_looking = True
        try:
            kept = [uri for uri in self._gate.kept() if not self._is_open(uri)]
            return await asyncio.to_thread(self._compare, kept, folders)
        finally:
            self._is_looking = False

    def _compare(self, kept: Sequence[str], folders: Sequence[Folder]) -> News:
        """The check itself, which runs in a thread."""
        known = {
            place: uri
            for uri in kept
            if uri.startswith("file:") and any(folder.holds(place := place_of(uri)) for folder in folders)
        }
        through = {_folder(place) for place in known}.union(folder.path for folder in folders)
        now = _stamps(known, through)
        before, self._stamps = self._stamps, now
        before_through, self._through = self._through, through
        changed = [
            place
            for place, stamp in now.items()
            if (_differs(before[place], stamp) if place in before else _folder(place) in before_through)
        ]
        gone = [place for place in known if place not in now]
        gone += [place for place in before if place not in now and is_ignore_file(place)]

        def uris(found: Iterable[str]) -> list[str]:
            return [known.get(place) or on_disk(place).as_uri() for place in found]

        return News(uris(changed), uris(gone))


def _stamps(places: Iterable[str], folders: Iterable[str]) -> dict[str, _Stamp]:
    """The stamps of the files that exist and of ignore files in the folders, and all other files in the folders that may be
    read.
    """
    found: dict[str, _Stamp] = {}
    for folder in folders:
        try:
            with os.scandir(_on_disk(folder)) as entries:
                names = [entry.name for entry in islice(entries, _MOST_ENTRIES)]
        except OSError:
            continue
        for name in names if len(names) < _MOST_ENTRIES else ():
            place = f"{folder}/{name}"
            if name in IGNORE_FILES:
                found[place] = _stamp(place) or _THERE
            elif not name.startswith(".") and name not in SKIPPED_FOLDERS:
                found[place] = _THERE
    for place in places:
        if (stamp := _stamp(place)) is not None:
            found[place] = stamp
        else:
            found.pop(place, None)
    return found


def _stamp(place: str) -> _Stamp | None:
    """The stamp of a file, or None if it does not exist."""
    try:
        status = os.lstat(_on_disk(place))
    except (OSError, ValueError):
        return None
    return _Stamp(status.st_mtime_ns, status.st_size) if stat.S_ISREG(status.st_mode) else None


def _on_disk(place: str) -> str:
    # Making a Path for each of thousands of files would take longer than the checks.
    return place if os.sep == "/" else str(on_disk(place))


def _differs(one: _Stamp, other: _Stamp) -> bool:
    """Whether a file has changed between two checks."""
    return one != other and _THERE not in (one, other)


def _folder(place: str) -> str:
    return place.rpartition("/")[0]
