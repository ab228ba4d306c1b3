"""What is known of a workspace's files: what each defines and imports. Their texts are not kept.

Paths are relative to the workspace, with slashes. A file of a thousand lines costs a few kilobytes, for a signature is a slice of
one string a file, and names are shared.
"""

from __future__ import annotations

import re
from sys import intern
from typing import TYPE_CHECKING, NamedTuple

from typethrough.core.imports import Paths, imports
from typethrough.core.outline import definitions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from typethrough.core.imports import Import
    from typethrough.core.outline.definition import Definition

IDENTIFIER = re.compile(r"[^\W\d]\w*")
_DOC = "\x1f"
_BREAK = "\x1e"
_MAX_ROWS = 600
# Files looked at to find where a name that is handed on comes from.
_MOST_HANDING_ON = 60
_MAX_ALL_ROWS = 200_000
# A name that is defined everywhere says nothing about where it comes from.
_COMMON_FILES = 64


class Row(NamedTuple):
    """One definition of a file: its place among them, name, depth, signature and documentation."""

    number: int
    name: str
    depth: int
    signature: str
    doc: str


class Digest(NamedTuple):
    """What is kept of one file."""

    path: str
    names: tuple[str, ...]
    depths: bytes
    packed: str
    imports: tuple[Import, ...]

    def rows(self) -> Iterator[Row]:
        """Its definitions, in the order of its lines."""
        if not self.names:
            return
        for number, line in enumerate(self.packed.split("\n")):
            signature, _, doc = line.partition(_DOC)
            yield Row(number, self.names[number], self.depths[number], signature.replace(_BREAK, "\n"), doc)


def digest(path: str, text: str, language_id: str) -> Digest:
    """Read a file's text. The slow part of knowing a file: a millisecond for a few hundred lines."""
    return digest_of(path, definitions(text, language_id), imports(text, language_id))


def digest_of(path: str, found: Sequence[Definition], imported: Iterable[Import]) -> Digest:
    """The same from an outline that is there already."""
    found = found[:_MAX_ROWS]
    return Digest(
        path,
        tuple(intern(one.name) for one in found),
        bytes(min(one.depth, 9) for one in found),
        "\n".join(map(_packed, found)),
        tuple(imported),
    )


def _packed(one: Definition) -> str:
    signature = one.signature.replace("\n", _BREAK)
    return f"{signature}{_DOC}{one.doc}" if one.doc else signature


class Codebase:
    """The files of one workspace. Looking something up takes microseconds."""

    def __init__(self) -> None:
        self._files: dict[str, Digest] = {}
        self._paths = Paths()
        self._defining: dict[str, tuple[str, ...]] = {}
        self._importers: dict[str, set[str]] = {}
        self._imported: dict[str, tuple[str, ...]] = {}
        self._row_count = 0
        self.version = 0

    def __len__(self) -> int:
        return len(self._files)

    def add(self, file: Digest) -> None:
        """A file is as it is now. What would make the whole too large stays out."""
        path = file.path
        before = self._files.get(path)
        grown = len(file.names) - (len(before.names) if before else 0)
        if before == file or (self._row_count + grown > _MAX_ALL_ROWS and grown > 0):
            return
        self._row_count += grown
        self.version += 1
        self._files[path] = file
        self._paths.add(path)
        if before is not None:
            if before.names != file.names:
                self._forget_names(before)
            if before.imports != file.imports:
                self._forget_imports(path)
        if before is None or before.names != file.names:
            for name in dict.fromkeys(file.names):
                places = self._defining.get(name, ())
                if len(places) < _COMMON_FILES:
                    self._defining[name] = (*places, path)

    def discard(self, path: str) -> None:
        """A file is gone."""
        file = self._files.pop(path, None)
        if file is not None:
            self._row_count -= len(file.names)
            self.version += 1
            self._paths.discard(path)
            self._forget_names(file)
            self._forget_imports(path)

    def get(self, path: str) -> Digest | None:
        """What is known of a file."""
        return self._files.get(path)

    def defining(self, name: str) -> tuple[str, ...]:
        """The files that define a name; empty as well when there are too many for it to mean anything."""
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
                found.update(dict.fromkeys(self._paths.imported(one, path)[:4]))
            found.pop(path, None)
            known = self._imported[path] = tuple(found)
        return known

    def resolved(self, one: Import, importer: str) -> list[str]:
        """The files that one import means."""
        return self._paths.imported(one, importer)

    def importers(self, path: str) -> set[str]:
        """The files that import a file, of those whose imports were followed (`follow_imports`)."""
        return self._importers.get(path, set())

    def definer(self, name: str, path: str) -> str:
        """The file that defines a name which is taken out of `path`, be it through others; empty when none does."""
        seen = {path}
        reached = [path]
        while reached and len(seen) < _MOST_HANDING_ON:
            further: list[str] = []
            for place in reached:
                file = self._files.get(place)
                if file is None:
                    continue
                if name in file.names:
                    return place
                for one in file.imports:
                    # What takes everything out of a module has no names.
                    if not one.names or name in one.names:
                        further += [
                            target for target in self._paths.imported(one, place)[:4] if target not in seen
                        ]
            seen.update(further)
            reached = further
        return ""

    def follow_imports(self, paths: Iterable[str]) -> None:
        """Find out what files import; only once all files are known does that make sense."""
        for path in paths:
            for target in self.imported_by(path):
                self._importers.setdefault(target, set()).add(path)

    def named(self, name: str) -> list[str]:
        """The files of a name, up to the first dot of it."""
        return self._paths.named(name)

    def beside(self, path: str) -> list[str]:
        """The files of the same folder, by name."""
        return self._paths.beside(path)

    def paths(self) -> tuple[str, ...]:
        """All files."""
        return tuple(self._files)

    def _forget_names(self, file: Digest) -> None:
        for name in dict.fromkeys(file.names):
            places = tuple(path for path in self._defining.get(name, ()) if path != file.path)
            if places:
                self._defining[name] = places
            else:
                self._defining.pop(name, None)

    def _forget_imports(self, path: str) -> None:
        for target in self._imported.pop(path, ()):
            self._importers.get(target, set()).discard(path)
