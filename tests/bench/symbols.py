"""What the recall benchmark knows of source code: definitions, and the places that use them.

Owns the shapes that both languages' ground truths share, and when a definition counts as shown. The truths themselves come from
parsers that the server does not use (Python's own `ast`) or through code that it does not share (TypeScript).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TOKEN: Final = re.compile(r"\w+|[^\w\s]")
# As much of a signature as must be there: an outline may cut a long one.
_STEM_CHARS: Final = 60
_CLOSERS: Final = ")]}>"
# What may stand before a definition on its line: an outline's mark, an export, a modifier.
_BEFORE: Final = r"^[-+|*\s]*(?:(?:export|default|declare|async|public|private|protected|readonly|static|abstract|override)\s+)*"
# A name that stands for more definitions than this says nothing about which of them is meant.
MAX_CANDIDATES: Final = 3


@dataclass(frozen=True, slots=True)
class Definition:
    """Where a name is defined: lines `line` to `end` (exclusive) of `file`, counted from 0; `owner` is the class that has it.

    `stem` is the start of its signature, a blank between tokens: what must be in a prompt for the definition to be known.
    """

    file: str
    name: str
    kind: str
    line: int
    end: int
    stem: str
    owner: str = ""


def define(
    file: str, name: str, kind: str, line: int, end: int, signature: str, owner: str = ""
) -> Definition:
    """A definition whose signature starts as `signature` does."""
    tokens: list[str] = []
    chars = 0
    for token in _TOKEN.findall(signature):
        # A comma before a bracket is a matter of how the lines were broken.
        if token in _CLOSERS and tokens and tokens[-1] == ",":
            tokens.pop()
        chars += len(token)
        if chars > _STEM_CHARS:
            break
        tokens.append(token)
    while len(tokens) > 1 and tokens[-1] in (":", ";", "{", ","):
        tokens.pop()
    return Definition(file, name, kind, line, end, " ".join(tokens), owner)


@lru_cache(maxsize=16_384)
def _pattern(stem: str) -> re.Pattern[str]:
    """Finds a signature at the start of a line, however it is spaced and broken."""
    pieces = [
        rf",?\s*{re.escape(token)}" if token in _CLOSERS else re.escape(token) for token in stem.split(" ")
    ]
    end = r"(?!\w)" if stem[-1].isalnum() else ""
    return re.compile(_BEFORE + r"\s*".join(pieces) + end, re.MULTILINE)


def is_shown(use: Use, prompt: str) -> bool:
    """Whether one of the definitions that a use may mean stands in a prompt: its signature does, and on a line of its own."""
    return any(one.name in prompt and _pattern(one.stem).search(prompt) for one in use.definitions)


@dataclass(frozen=True, slots=True)
class Use:
    """A name used at a place, and what it may stand for. `how` the name was resolved: see `Truth.uses`."""

    name: str
    line: int
    column: int
    how: str
    definitions: tuple[Definition, ...]


class Truth(Protocol):
    """What an independent reading of a repository says of it."""

    @property
    def definitions(self) -> Sequence[Definition]:
        """Every definition in it."""
        ...

    @property
    def bodies(self) -> Mapping[str, Sequence[tuple[int, int]]]:
        """By file, the lines of the bodies of functions: first, and the one after the last."""
        ...

    @property
    def imports(self) -> Mapping[str, frozenset[str]]:
        """By file, the files of this repository that it imports itself."""
        ...

    def uses(self, file: str) -> Sequence[Use]:
        """The uses in a file of names that this repository defines and that are not local.

        `how`: "name" (of this file), "imported", "module" (`module.name`), "self" (a member of the class it stands in),
        "inherited" (of a class above that), "typed" (a member of an object whose class is written down), "guess" (a member
        that at most three places define).
        """
        ...


def distinguishable(definitions: Sequence[Definition]) -> frozenset[str]:
    """The stems that belong to one name of one owner alone, so that finding one proves what was found."""
    owners: dict[str, set[tuple[str, str]]] = {}
    for one in definitions:
        owners.setdefault(one.stem, set()).add((one.file, one.owner))
    return frozenset(stem for stem, found in owners.items() if len(found) == 1)
