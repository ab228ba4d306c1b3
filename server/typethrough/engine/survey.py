"""Looking at the disk from time to time, for editors that do not tell which files come, change and go.

Only what is known of is looked at: its files, by their stamps, and the folders they lie in, for what is new there. That is
thousands of files in some milliseconds of a thread, where reading the workspace again would be seconds.
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

# A folder with more in it holds data, and is not looked through again and again.
_MOST_ENTRIES = 5_000


class _Stamp(NamedTuple):
    """By what it is seen that a file has changed."""

    changed_ns: int
    size: int


# Of what lies in a folder and was not asked about.
_THERE = _Stamp(0, -1)


class News(NamedTuple):
    """What has come or changed, and what is gone, since the last look: URIs of files, and of folders that are new."""

    changed: list[str]
    gone: list[str]


class Survey:
    """The looks at one workspace. `is_open` says whether an editor holds a document open: then the disk does not count.

    A change between the reading of a file and the first look at it is not seen; that it is gone is.
    """

    def __init__(self, gate: Gate, is_open: Callable[[str], bool]) -> None:
        self._gate = gate
        self._is_open = is_open
        self._stamps: dict[str, _Stamp] = {}
        self._through: set[str] = set()
        self._places: dict[str, str] = {}
        self._is_looking = False

    async def look(self) -> News:
        """What is new since the last look; nothing when there is no workspace, or a look is under way."""
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
        """The look itself, in a thread."""
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
    """The stamps of those files that are there, and of ignore files in the folders; and what else in these may be read."""
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
    """The stamp of a file; None when there is none."""
    try:
        status = os.lstat(_on_disk(place))
    except (OSError, ValueError):
        return None
    return _Stamp(status.st_mtime_ns, status.st_size) if stat.S_ISREG(status.st_mode) else None


def _on_disk(place: str) -> str:
    # A Path for each of thousands would take more time than the looks themselves.
    return place if os.sep == "/" else str(on_disk(place))


def _differs(one: _Stamp, other: _Stamp) -> bool:
    """Whether a file that was looked at both times is another now."""
    return one != other and _THERE not in (one, other)


def _folder(place: str) -> str:
    return place.rpartition("/")[0]
