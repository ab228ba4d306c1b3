"""What the prompt says about other files.

Chosen definitions are frozen with the anchor. More are added when the cursor comes near a place that uses them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cachetools import LRUCache

from typethrough.core.document.uris import kind_of
from typethrough.core.prompt.message import Message
from typethrough.core.prompt.rules import attribute, plain, plain_line
from typethrough.core.secrets.detector import redacted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from typethrough.core.codebase.choice import Chosen
    from typethrough.core.codebase.codebase import Codebase, Digest, Row
    from typethrough.core.gate.gate import TellPermit

_MOST_EXPLAINED = 3
_EXPLAINED_ROWS = 8
# Reading the definitions of a large file takes a fraction of a millisecond. Names beyond this limit wait for the next prompt.
_MOST_UNPACKED = 6
_KEPT_FILES = 16
# Nothing of a line after this many characters is shown, even when a secret before that point is hidden.
_LONGEST_CHARS = 6_000
_LEAST_NAME_CHARS = 3
# A name of several words: camelCase, snake_case or capitals.
_DISTINCT = re.compile(r"[a-z][A-Z]|\w_\w|[A-Z]{2}")


class Excerpt(NamedTuple):
    """A piece of another file, or of a project's notes. The permit says that it may go into prompts.

    The lines `above` are not put into the prompt. They are read because they may name a secret in the text.
    """

    permit: TellPermit
    text: str
    above: tuple[str, ...] = ()


class Related(NamedTuple):
    """The frozen part. `files` are pairs of path and text. `shown` are the definitions in them, as `identities` gives them."""

    files: tuple[tuple[str, str], ...] = ()
    shown: frozenset[tuple[str, str]] = frozenset()

    @property
    def text(self) -> str:
        """All files, as a chat prompt shows them. The same files always give the same text."""
        return "\n".join(_frame(path, text) for path, text in self.files)

    def differs_from(self, other: Related) -> bool:
        """Whether the content differs so much that it should be replaced when the cache is cold anyway."""
        if self.files == other.files:
            return False
        union = len(self.shown | other.shown)
        return not union or len(self.shown & other.shown) / union < _SIMILAR


_SIMILAR = 0.75


def render(chosen: Iterable[Chosen], excerpts: Iterable[Excerpt] = ()) -> Related:
    """Make the prompt's text about other files from chosen definitions and excerpts."""
    chosen = tuple(chosen)
    files = [(one.path, _text(one.rows)) for one in chosen]
    files += [
        (one.permit.name, _shown(one)) for one in excerpts if one.text.strip() and not one.permit.is_void
    ]
    shown = frozenset(known for one in chosen for known in identities(one.path, one.rows))
    return Related(tuple(files), shown)


def _shown(one: Excerpt) -> str:
    """The text of an excerpt for the prompt: without secrets, then with long lines cut."""
    lines = [*one.above, *one.text.split("\n")]
    text = redacted("\n".join(line[:_LONGEST_CHARS] for line in lines))
    return "\n".join(map(plain_line, text.split("\n")[len(one.above) :]))


def identities(path: str, rows: Iterable[Row]) -> Iterator[tuple[str, str]]:
    """An identity for each definition that stays the same in later versions of its file: path, enclosing names, signature.

    `rows` are in the file's order, and include the definitions that enclose others.
    """
    enclosing: list[Row] = []
    for row in rows:
        while enclosing and enclosing[-1].depth >= row.depth:
            enclosing.pop()
        yield path, "\n".join([*(one.name for one in enclosing), row.signature])
        enclosing.append(row)


def _text(rows: Sequence[Row]) -> str:
    lines = []
    for row in rows:
        indent = "    " * row.depth
        lines += [f"{indent}{line}" for line in row.signature.split("\n")]
        if row.doc:
            lines.append(f"{indent}    # {row.doc}")
    return "\n".join(lines)


def _frame(path: str, text: str) -> str:
    return f'<known path="{attribute(path)}">\n{plain(text)}\n</known>'


class Glossary:
    """Adds a definition to the prompt when the cursor comes near a use of its name, each definition once per anchor.

    The definitions that enclose it are shown with it, to say where it belongs. They may still be added later themselves.
    """

    def __init__(self, codebase: Codebase, path: str) -> None:
        self._codebase = codebase
        self._path = path
        self._kind = kind_of(path)
        self._told: set[tuple[str, str]] = set()
        self._looked_up: set[str] = set()
        self._version = -1
        self._files: LRUCache[str, tuple[Digest, list[Row], list[tuple[str, str]]]] = LRUCache(_KEPT_FILES)
        self._unpacked_now = 0

    def begin(self, shown: frozenset[tuple[str, str]]) -> None:
        """Start with a new anchor. `shown` are the definitions that its related part already has."""
        self._told = set(shown)
        self._looked_up.clear()

    def explain(self, names: Iterable[str]) -> list[Message]:
        """Messages for those names, nearest first, that exactly one other known file defines and that were not shown yet."""
        if self._version != self._codebase.version:
            self._version = self._codebase.version
            self._looked_up.clear()
        messages: list[Message] = []
        self._unpacked_now = 0
        for name in names:
            if len(messages) == _MOST_EXPLAINED or self._unpacked_now == _MOST_UNPACKED:
                break
            if name in self._looked_up or len(name) < _LEAST_NAME_CHARS:
                continue
            self._looked_up.add(name)
            if (rows := self._rows(name)) is not None:
                messages.append(Message("user", _frame(rows[0], _text(rows[1]))))
        return messages

    def _unpacked(self, file: Digest) -> tuple[list[Row], list[tuple[str, str]]]:
        """A file's definitions and their identities. They are cached, because one place in a text uses a few files again and
        again.
        """
        found = self._files.get(file.path)
        if found is None or found[0] is not file:
            rows = list(file.rows())
            found = self._files[file.path] = (file, rows, list(identities(file.path, rows)))
            self._unpacked_now += 1
        return found[1:]

    def _rows(self, name: str) -> tuple[str, list[Row]] | None:
        """The definition of a name, what encloses it and its first members.

        None if it was shown already, if this file defines it, or if several files may be meant.
        """
        places = [near for near in self._codebase.defining(name) if kind_of(near) == self._kind]
        if not places or self._path in places:
            return None
        imported = [place for place in self._codebase.imported_by(self._path) if place in places]
        if len(imported or places) > 1:
            return None
        path = (imported or list(places))[0]
        file = self._codebase.get(path)
        if file is None:
            return None
        number = min(_places_of(name, file.names), key=file.depths.__getitem__)
        # Without an import, a member of a class or a plain word is probably not the name that is used here.
        if not imported and (file.depths[number] or not _DISTINCT.search(name)):
            return None
        rows, known = self._unpacked(file)
        if known[number] in self._told:
            return None
        fresh = [row for row in _members(rows, number) if known[row.number] not in self._told]
        self._told.update(known[row.number] for row in (rows[number], *fresh))
        return path, [*_enclosing(rows, number), rows[number], *fresh]


def _places_of(name: str, names: Sequence[str]) -> list[int]:
    return [number for number, other in enumerate(names) if other == name]


def _enclosing(rows: Sequence[Row], number: int) -> list[Row]:
    found: list[Row] = []
    depth = rows[number].depth
    for row in reversed(rows[:number]):
        if row.depth < depth:
            found.append(row._replace(doc=""))
            depth = row.depth
    return found[::-1]


def _members(rows: Sequence[Row], number: int) -> list[Row]:
    found: list[Row] = []
    for row in rows[number + 1 :]:
        if row.depth <= rows[number].depth or len(found) == _EXPLAINED_ROWS:
            break
        found.append(row._replace(doc=""))
    return found
