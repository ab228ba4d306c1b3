"""What each file of a workspace defines and imports. The texts of the files are not kept.

Paths are relative to the workspace, with slashes. A file of a thousand lines costs a few kilobytes: all signatures of a
file are one string, and equal names share memory.
"""

from __future__ import annotations

import re
from sys import intern
from typing import TYPE_CHECKING, NamedTuple

from typethrough.core.codebase.imports import imports
from typethrough.core.codebase.paths import Paths
from typethrough.core.gate.gate import NotPermitted
from typethrough.core.outline import definitions
from typethrough.core.secrets.detector import redacted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from typethrough.core.codebase.imports import Import
    from typethrough.core.gate.gate import TellPermit
    from typethrough.core.outline.definition import Definition

IDENTIFIER = re.compile(r"[^\W\d]\w*")
_DOC = "\x1f"
_BREAK = "\x1e"
_APART = str.maketrans({_DOC: " ", _BREAK: " "})
_MAX_ROWS = 600
# How many files are searched for the definition of a name that is re-exported.
_MOST_HANDING_ON = 60
_MAX_ALL_ROWS = 200_000
# A name that this many files define says nothing about its origin.
_COMMON_FILES = 64
# An import may fit several files, such as a package in Go. At most this many are used.
_MOST_MEANT = 4
_MOST_IMPORTERS = 400


class Row(NamedTuple):
    """One definition of a file: its index in the file, name, depth, signature and documentation."""

    number: int
    name: str
    depth: int
    signature: str
    doc: str


class Digest(NamedTuple):
    """What is kept of one file. `packed` has the signatures and documentation of all definitions, one per line."""

    path: str
    names: tuple[str, ...]
    depths: bytes
    packed: str
    imports: tuple[Import, ...]

    def rows(self) -> Iterator[Row]:
        """The file's definitions, in the order of its lines."""
        if not self.names:
            return
        for number, line in enumerate(self.packed.split("\n")):
            signature, _, doc = line.partition(_DOC)
            yield Row(number, self.names[number], self.depths[number], signature.replace(_BREAK, "\n"), doc)


def digest(path: str, text: str, language_id: str, is_late: Callable[[], bool] = lambda: False) -> Digest:
    """Read a file's text and keep its definitions and imports, without secrets.

    This is the slow part: a millisecond for a few hundred lines. For `is_late` see `definitions`.
    """
    text = redacted(text)
    return digest_of(path, definitions(text, language_id, is_late), imports(text, language_id))


def digest_of(path: str, found: Sequence[Definition], imported: Iterable[Import]) -> Digest:
    """Make a digest from an outline and imports that were already read from a text without secrets."""
    found = found[:_MAX_ROWS]
    return Digest(
        path,
        tuple(intern(one.name) for one in found),
        bytes(min(one.depth, 9) for one in found),
        "\n".join(map(_packed, found)),
        tuple(imported),
    )


def _packed(one: Definition) -> str:
    """A definition as one line. Our separators and line breaks inside it are replaced, so that it stays one line."""
    signature = one.signature.translate(_APART).replace("\n", _BREAK)
    return f"{signature}{_DOC}{one.doc.translate(_APART).replace(chr(10), ' ')}" if one.doc else signature


class Codebase:
    """The files of one workspace. A lookup takes microseconds. `root_name` is the name of the workspace's folder."""

    def __init__(self, root_name: str = "") -> None:
        self._files: dict[str, Digest] = {}
        self._permits: dict[str, TellPermit] = {}
        self._paths = Paths(root_name)
        self._defining: dict[str, tuple[str, ...]] = {}
        # For the last part of an import: the files that have such an import. Only these are affected when a file of this
        # name changes.
        self._wanting: dict[str, tuple[str, ...]] = {}
        self._imported: dict[str, tuple[str, ...]] = {}
        self._row_count = 0
        self.version = 0

    def __len__(self) -> int:
        return len(self._files)

    def add(self, permit: TellPermit, file: Digest) -> None:
        """Add a file, or its new version. It is ignored when the whole would be too large. Raises NotPermitted for a bad
        permit.
        """
        path = file.path
        if permit.is_void or permit.name != path:
            raise NotPermitted("the content of a file may go into prompts only with a permit for that file")
        before = self._files.get(path)
        grown = len(file.names) - (len(before.names) if before else 0)
        if before == file:
            self._permits[path] = permit
            return
        if self._row_count + grown > _MAX_ALL_ROWS and grown > 0:
            return
        self._row_count += grown
        self.version += 1
        self._files[path] = file
        self._permits[path] = permit
        if before is None:
            self._paths.add(path)
            self._forget_who_may_mean(path)
        if before is None or before.names != file.names:
            _move(self._defining, path, set(before.names) if before else set(), set(file.names))
        if before is None or before.imports != file.imports:
            _move(self._wanting, path, self._wanted(before), self._wanted(file))
            self._imported.pop(path, None)

    def discard(self, path: str) -> None:
        """Remove a file."""
        file = self._files.pop(path, None)
        if file is not None:
            del self._permits[path]
            self._row_count -= len(file.names)
            self.version += 1
            self._paths.discard(path)
            self._forget_who_may_mean(path)
            _move(self._defining, path, set(file.names), set())
            _move(self._wanting, path, self._wanted(file), set())
            self._imported.pop(path, None)

    def clear(self) -> None:
        """Remove all files."""
        for path in self.paths():
            self.discard(path)

    def get(self, path: str) -> Digest | None:
        """What is known of a file, if it may be used in prompts."""
        permit = self._permits.get(path)
        return self._files[path] if permit is not None and not permit.is_void else None

    def defining(self, name: str) -> tuple[str, ...]:
        """The files that define a name. Empty too when so many do that it says nothing."""
        places = self._defining.get(name, ())
        return places if len(places) < _COMMON_FILES else ()

    def imported_by(self, path: str) -> tuple[str, ...]:
        """The files of the workspace that a file imports, in the order of its imports."""
        file = self._files.get(path)
        if file is None:
            return ()
        known = self._imported.get(path)
        if known is None:
            found: dict[str, None] = {}
            for one in file.imports:
                found.update(dict.fromkeys(self.resolved(one, path)))
            found.pop(path, None)
            known = self._imported[path] = tuple(found)
        return known

    def resolved(self, one: Import, importer: str) -> list[str]:
        """The files that one import may mean, best match first, at most a few."""
        return self._paths.imported(one, importer)[:_MOST_MEANT]

    def importers(self, path: str) -> set[str]:
        """The files that import a file. Empty too when so many may do it that it says nothing."""
        may = {one for key in self._paths.keys(path) for one in self._wanting.get(key, ())}
        return {one for one in may if path in self.imported_by(one)} if len(may) <= _MOST_IMPORTERS else set()

    def definer(self, name: str, path: str) -> str:
        """The file that defines a name imported from `path`, directly or through re-exports. Empty when no file does."""
        seen = {path}
        reached = [path]
        while reached and len(seen) < _MOST_HANDING_ON:
            further: dict[str, None] = {}
            for place in reached:
                file = self._files.get(place)
                if file is None:
                    continue
                if name in file.names:
                    return place
                for one in file.imports:
                    # An import without names takes everything from a module.
                    if not one.names or name in one.names:
                        further.update(dict.fromkeys(self.resolved(one, place)))
            reached = [place for place in further if place not in seen]
            seen.update(reached)
        return ""

    def named(self, name: str) -> list[str]:
        """The files with this name, compared up to the first dot."""
        return self._paths.named(name)

    def beside(self, path: str) -> list[str]:
        """The other files of the same folder, sorted."""
        return self._paths.beside(path)

    def paths(self) -> tuple[str, ...]:
        """All files."""
        return tuple(self._files)

    def _wanted(self, file: Digest | None) -> set[str]:
        return {key for one in file.imports for key in self._paths.wanted(one, file.path)} if file else set()

    def _forget_who_may_mean(self, path: str) -> None:
        """Forget which files were imported where `path` may have been meant, so that this is found again."""
        if self._imported:
            for key in self._paths.keys(path):
                for importer in self._wanting.get(key, ()):
                    self._imported.pop(importer, None)


def _move(places: dict[str, tuple[str, ...]], path: str, before: set[str], now: set[str]) -> None:
    """Move a path from the keys `before` to the keys `now`. Only keys that differ are touched."""
    for key in before - now:
        if left := tuple(other for other in places[key] if other != path):
            places[key] = left
        else:
            del places[key]
    for key in now - before:
        places[intern(key)] = (*places.get(key, ()), path)
