"""Which file of the workspace an import means.

A module is found by the end of its path. So nothing needs to be known about source roots, build files or path mappings. When
several files match, the one nearest to the importing file comes first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from typethrough.core.codebase.imports import Import

_ENOUGH_PARTS = 2
_MOST_NAMES = 40
# Files with these names stand for their folder.
_INDEXES = frozenset(("__init__", "index", "mod", "lib", "init", "main"))
_PACKAGES = frozenset(("__init__", "index", "mod"))
# An import may say `x.js` and mean x.ts, because it names the compiled file.
_SUFFIX = re.compile(r"\.(?:d\.ts|[cm]?[jt]sx?|vue|svelte|h|hh|hpp|c|cc|cpp|rs|rb|lua|py|pyi)$")


class Paths:
    """The workspace's files, found by the last parts of their paths.

    `root_name` is the name of the workspace's folder. If that folder is a package, an import may begin with its name.
    """

    def __init__(self, root_name: str = "") -> None:
        self._root = (root_name,) if root_name else ()
        self._by_stem: dict[str, list[str]] = {}
        self._by_folder: dict[str, list[str]] = {}

    def add(self, path: str) -> None:
        """Add a file. Adding it twice changes nothing."""
        for places, key in self._places(path):
            known = places.setdefault(key, [])
            if path not in known:
                known.append(path)

    def discard(self, path: str) -> None:
        """Remove a file."""
        for places, key in self._places(path):
            known = places.get(key, [])
            if path in known:
                known.remove(path)
                if not known:
                    del places[key]

    def _places(self, path: str) -> Iterable[tuple[dict[str, list[str]], str]]:
        return ((self._by_stem, stem(path)), (self._by_folder, _folder_name(path)))

    def named(self, name: str) -> list[str]:
        """The files whose name up to its first dot is `name`, sorted."""
        return sorted(self._by_stem.get(name, ()))

    def beside(self, path: str) -> list[str]:
        """The other files in the folder of `path`, sorted."""
        folder = path.rpartition("/")[0]
        near = self._by_folder.get(_folder_name(path), ())
        return sorted(other for other in near if other != path and other.rpartition("/")[0] == folder)

    def imported(self, one: Import, importer: str) -> list[str]:
        """The files that an import may mean, best match first. Empty when it lies outside the workspace."""
        found: dict[str, None] = {}
        for way in _ways(one):
            found.update(
                dict.fromkeys(self._at(way, one, importer) if one.up else self._ending(way, one, importer))
            )
        return list(found)

    def wanted(self, one: Import, importer: str) -> Iterator[str]:
        """The last parts of the paths that an import may mean. It can mean a file only if one of them is in the file's
        `keys`.
        """
        for way in _ways(one):
            if not way:
                yield (_above(importer, one.up) or ("",))[-1]
            else:
                yield "" if way == self._root else stem(way[-1])
                yield way[-1]

    @staticmethod
    def keys(path: str) -> tuple[str, str]:
        """The last parts of imports that may mean this file: its own name and its folder's name."""
        return stem(path), _folder_name(path)

    def _ending(self, way: tuple[str, ...], one: Import, importer: str) -> list[str]:
        """The files whose path ends as the import does, or whose path is the end of the import (with the root folder's name)."""
        files = self._of_stem(way[-1])
        matches = [path for path in files if self._ends_with(_module_parts(path, way[-1]), way)]
        inside = self._by_folder.get("" if way == self._root else way[-1], ())
        package = [path for path in inside if self._ends_with(_folder_parts(path), way)]
        # If the folder has a file such as `__init__.py`, the import means only that file.
        matches += [path for path in package if stem(path) in _PACKAGES] or package
        # A single part is too little to go by, except for a file near the importing file.
        if len(way) == 1 and not one.names:
            matches = [path for path in matches if _shared(path, importer) or _beside(path, importer)]
        return sorted(matches, key=lambda path: (-_shared(path, importer), *_plainness(path)))

    def _at(self, way: tuple[str, ...], one: Import, importer: str) -> list[str]:
        """The files at a path that is relative to the importing file's folder."""
        folder = _above(importer, one.up)
        found = self._exactly(_normal((*folder, *way)))
        if not found and importer.endswith(".rs") and stem(importer) not in _INDEXES:
            # Rust: the modules of src/a.rs are in src/a.
            found = self._exactly((*folder, stem(importer), *way))
        return found

    def _exactly(self, wanted: tuple[str, ...]) -> list[str]:
        last = wanted[-1] if wanted else ""
        files = [path for path in self._of_stem(last) if _module_parts(path, last) == wanted]
        inside = self._by_folder.get(last, ())
        indexes = [path for path in inside if stem(path) in _INDEXES and _folder_parts(path) == wanted]
        return sorted(files, key=_plainness) + sorted(indexes, key=_plainness)

    def _of_stem(self, name: str) -> list[str]:
        """The files with this name without suffix. The name may contain dots: `app.component` means app.component.ts."""
        files = self._by_stem.get(stem(name), [])
        return (
            [path for path in files if _file_name(path).startswith(f"{name}.")] if "." in name[1:] else files
        )

    def _ends_with(self, parts: tuple[str, ...], end: tuple[str, ...]) -> bool:
        if len(end) > len(parts):
            parts = (*self._root, *parts)
        common = min(len(parts), len(end))
        return (common == len(end) or common >= _ENOUGH_PARTS) and parts[-common:] == end[-common:]


def _ways(one: Import) -> Iterator[tuple[str, ...]]:
    """The paths that an import may mean. The module comes first; an imported name may also be a module of a package."""
    parts = (*one.parts[:-1], _SUFFIX.sub("", one.parts[-1])) if one.parts else ()
    if parts or one.up:
        yield parts
    for name in one.names[:_MOST_NAMES]:
        yield (*parts, name)


def stem(path: str) -> str:
    """A file's name up to its first dot. A dot at the start belongs to the name."""
    name = _file_name(path)
    return name[:1] + name[1:].split(".", 1)[0]


def _above(importer: str, up: int) -> tuple[str, ...]:
    folder = _folder_parts(importer)
    return folder[: max(0, len(folder) - up + 1)]


def _file_name(path: str) -> str:
    return path.rpartition("/")[2]


def _folder_name(path: str) -> str:
    return path.rpartition("/")[0].rpartition("/")[2]


def _module_parts(path: str, name: str) -> tuple[str, ...]:
    return (*path.split("/")[:-1], name)


def _folder_parts(path: str) -> tuple[str, ...]:
    return tuple(path.split("/")[:-1])


def _plainness(path: str) -> tuple[int, str]:
    """A sort key that puts x.ts before x.test.ts."""
    return _file_name(path).count("."), path


def _normal(parts: tuple[str, ...]) -> tuple[str, ...]:
    kept: list[str] = []
    for part in parts:
        if part == "..":
            if kept:
                kept.pop()
        elif part != ".":
            kept.append(part)
    return tuple(kept)


def _beside(one: str, other: str) -> bool:
    return one.rpartition("/")[0] == other.rpartition("/")[0]


def _shared(one: str, other: str) -> int:
    """How many folders two paths have in common at the start."""
    count = 0
    for left, right in zip(one.split("/")[:-1], other.split("/")[:-1], strict=False):
        if left != right:
            break
        count += 1
    return count
