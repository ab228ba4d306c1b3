"""Chooses definitions of other files for the prompt: what this file imports and uses, and what files close to it define.

Each definition in a file that is related to this one gets a score. Those with the highest score per character are taken until
the room is full. Nothing is read from disk: all candidates come from the `Codebase`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from typethrough.core.codebase.paths import stem
from typethrough.core.document.uris import kind_of
from typethrough.core.prompt.rules import plain

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from typethrough.core.codebase.codebase import Codebase, Digest, Row

# How close a file is, by its relation to the edited file. With several relations, the largest weight counts.
_IMPORTED = 1.0
_COUNTERPART = 0.8
_RECENT = 0.6
_IMPORTER = 0.25
_IMPORTED_BY_IMPORTED = 0.25
_SAME_FOLDER = 0.15
_DEFINES_USED = 0.1

# What makes one definition of a close file more likely to be needed than another.
_TAKEN_BY_NAME = 4.0
_MEMBER_OF_TAKEN = 2.0
_USED = 2.0
_PRIVATE = 0.3
_DUNDER = 0.15
_INNER = 0.7
_WORTH_A_DOC = 2.0

_MAX_FILES = 80
_MAX_RECENT = 8
_MAX_FOLDER = 30
_MAX_IMPORTERS = 12
# The frame of a file, and the line break and indentation of a definition, take room too.
_ROW_OVERHEAD_CHARS = 6
_FILE_OVERHEAD_CHARS = 40
# A definition with a lower score is left out even if there is room, because each token costs.
_LEAST_SCORE = 0.05
_AFFIX_WORDS = ("test", "tests", "spec", "impl", "types", "type", "stories", "mock", "mocks")


class Chosen(NamedTuple):
    """Some definitions of one file, in the file's order, with the definitions that enclose them."""

    path: str
    rows: tuple[Row, ...]


class _Candidate(NamedTuple):
    density: float
    path: str
    row: Row
    enclosing: tuple[Row, ...]


def choose(
    codebase: Codebase,
    path: str,
    *,
    used: Mapping[str, int],
    present: Container[str] = (),
    recent: Sequence[str] = (),
    max_chars: int,
) -> tuple[Chosen, ...]:
    """Choose the definitions to show with the file `path`, in at most `max_chars` characters. The result is sorted by path.

    `used` counts the identifiers in the file's text. `present` holds its lines without indentation. A definition that is
    already there is not shown again, because a model that reads a line twice tends to write it a third time. `recent` are
    the files that were opened or edited last, newest first.
    """
    candidates: list[_Candidate] = []
    taken = _names_taken(codebase, path)
    for near, weight in _near_files(codebase, path, taken, used, recent).items():
        file = codebase.get(near)
        if file is not None:
            candidates += _scored(codebase, file, weight, taken.get(near, frozenset()), used, present)
    candidates.sort(key=lambda one: (-one.density, one.path, one.row.number))
    kept: dict[str, dict[int, Row]] = {}
    documented: list[_Candidate] = []
    for one in candidates:
        rows = kept.get(one.path)
        bare = one.row._replace(doc="")
        wanted = [row for row in (*one.enclosing, bare) if rows is None or row.number not in rows]
        chars = sum(_chars(row) for row in wanted) + (
            0 if rows is not None else _FILE_OVERHEAD_CHARS + len(one.path)
        )
        if chars <= max_chars:
            max_chars -= chars
            kept.setdefault(one.path, {}).update((row.number, row) for row in wanted)
            documented.append(one)
    # Documentation gets the room that is left: one more signature helps more than a sentence about one.
    for one in documented:
        chars = _chars(one.row) - _chars(one.row._replace(doc=""))
        if chars <= max_chars:
            max_chars -= chars
            kept[one.path][one.row.number] = one.row
    return tuple(
        Chosen(near, tuple(rows[number] for number in sorted(rows))) for near, rows in sorted(kept.items())
    )


def _chars(row: Row) -> int:
    """The most characters that a definition takes in a prompt, after marks like the prompt's own are broken up."""
    doc = len(plain(row.doc)) + _ROW_OVERHEAD_CHARS + 4 * row.depth if row.doc else 0
    lines = 1 + row.signature.count("\n")
    return len(plain(row.signature)) + 4 * row.depth * lines + _ROW_OVERHEAD_CHARS + doc


def _near_files(
    codebase: Codebase, path: str, taken: Iterable[str], used: Mapping[str, int], recent: Sequence[str]
) -> dict[str, float]:
    """The files that are related to `path`, each with its weight."""
    weights: dict[str, float] = {}

    def add(near: str, weight: float) -> None:
        if near != path and (near in weights or len(weights) < _MAX_FILES):
            weights[near] = max(weight, weights.get(near, 0.0))

    for near in taken:
        add(near, _IMPORTED)
    imported = codebase.imported_by(path)
    for near in imported:
        add(near, _IMPORTED)
    for near in _counterparts(codebase, path):
        add(near, _COUNTERPART)
    for place, near in enumerate(recent[:_MAX_RECENT]):
        add(near, _RECENT * 0.85**place)
    for near in sorted(codebase.importers(path))[:_MAX_IMPORTERS]:
        add(near, _IMPORTER)
    for near in imported:
        for further in codebase.imported_by(near):
            add(further, _IMPORTED_BY_IMPORTED)
    # A word in prose, or in code of another language, is not the name that is used here.
    own_kind = kind_of(path)
    for near in codebase.beside(path)[:_MAX_FOLDER]:
        if kind_of(near) == own_kind:
            add(near, _SAME_FOLDER)
    for name in used:
        places = [near for near in codebase.defining(name) if kind_of(near) == own_kind]
        if len(places) <= 2:
            for near in places:
                add(near, _DEFINES_USED)
    return weights


def _counterparts(codebase: Codebase, path: str) -> list[str]:
    """Files with the same name except for a word such as "test", or for the suffix: a source's test, a header's
    implementation.
    """
    own = stem(path)
    bare = _bare(own)
    names = {bare, own}
    for word in _AFFIX_WORDS:
        names |= {f"{word}_{bare}", f"{bare}_{word}", f"{bare}{word.title()}"}
    return [
        near
        for name in sorted(names)
        for near in codebase.named(name)[:4]
        if near != path and kind_of(near) == kind_of(path)
    ]


def _bare(name: str) -> str:
    for word in _AFFIX_WORDS:
        name = name.removeprefix(f"{word}_").removesuffix(f"_{word}").removesuffix(word.title())
    return name


def _names_taken(codebase: Codebase, path: str) -> dict[str, frozenset[str]]:
    """Per file, the names that `path` imports from it, also when the import goes through another file that re-exports them."""
    file = codebase.get(path)
    taken: dict[str, set[str]] = {}
    for one in file.imports if file else ():
        for near in codebase.resolved(one, path):
            for name in one.names:
                if definer := codebase.definer(name, near):
                    taken.setdefault(definer, set()).add(name)
    return {near: frozenset(names) for near, names in taken.items()}


def _scored(
    codebase: Codebase,
    file: Digest,
    weight: float,
    taken: frozenset[str],
    used: Mapping[str, int],
    present: Container[str],
) -> list[_Candidate]:
    found = []
    parents: list[Row] = []
    for row in file.rows():
        while parents and parents[-1].depth >= row.depth:
            parents.pop()
        enclosing = tuple(parents)
        likelihood = _likelihood(codebase, row, parents[-1] if parents else None, taken, used)
        parents.append(row._replace(doc=""))
        score = weight * likelihood
        if score >= _LEAST_SCORE and row.signature not in present:
            shown = row if likelihood >= _WORTH_A_DOC else row._replace(doc="")
            found.append(
                _Candidate(score / (_chars(shown._replace(doc="")) + 20), file.path, shown, enclosing)
            )
    return found


def _likelihood(
    codebase: Codebase, row: Row, parent: Row | None, taken: frozenset[str], used: Mapping[str, int]
) -> float:
    factor = 1.0
    name = row.name
    if name in taken:
        factor = _TAKEN_BY_NAME
    elif parent is not None and parent.name in taken:
        factor = _MEMBER_OF_TAKEN
    if name.startswith("__") and name != "__init__":
        factor *= _DUNDER
    elif name.startswith("_") and name != "__init__":
        factor *= _PRIVATE
    if row.depth > 1:
        factor *= _INNER
    if times := used.get(name, 0):
        rarity = 1.0 / max(1, len(codebase.defining(name)))
        factor += _USED * math.sqrt(rarity) * min(2.0, math.log2(1 + times))
    return factor
