"""The texts that may follow at a cursor, each with all evidence for it.

This module defines the kinds of evidence, and how the evidence of several texts adds up for a common beginning. It does
not know how a text was found, or how likely its evidence makes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(slots=True)
class Evidence:
    """The evidence for a text.

    `weight` compares it with other texts at the same cursor. The other fields are by source. Memory: at most `reach` bytes of
    equal context, `count` places, `is_own` if one is in the document itself. Similar lines nearby: the best `likeness`, `alike`
    such lines, at most `renamed` changed names, at most `aligned` lines directly above that are also alike. The same words
    nearby: at most `near` characters of equal context, and how often two tokens, one, or only the word's beginning were the
    same (`pairs`, `singles`, `words`). The rest: an idiom, a definition nearby, a library that the file imports.
    """

    weight: float = 0.0
    reach: int = 0
    count: int = 0
    is_own: bool = False
    likeness: float = 0.0
    alike: int = 0
    renamed: int = 0
    aligned: int = 0
    sameness: float = 0.0
    near: int = 0
    pairs: int = 0
    singles: int = 0
    words: int = 0
    is_idiom: bool = False
    is_defined: bool = False
    is_imported: bool = False

    def add(self, other: Evidence) -> None:
        """Add the evidence for another text that begins with this one."""
        self.weight += other.weight
        self.count += other.count
        self.alike += other.alike
        self.pairs += other.pairs
        self.singles += other.singles
        self.words += other.words
        self.is_own = self.is_own or other.is_own
        if other.reach > self.reach:
            self.reach = other.reach
        if other.likeness > self.likeness:
            self.likeness = other.likeness
        if other.renamed > self.renamed:
            self.renamed = other.renamed
        if other.aligned > self.aligned:
            self.aligned = other.aligned
        if other.sameness > self.sameness:
            self.sameness = other.sameness
        if other.near > self.near:
            self.near = other.near
        self.is_idiom = self.is_idiom or other.is_idiom
        self.is_defined = self.is_defined or other.is_defined
        self.is_imported = self.is_imported or other.is_imported


class Lead(NamedTuple):
    """A text that may follow at the cursor. `is_whole`: the line ends after it. Else what follows is unknown."""

    text: str
    is_whole: bool
    evidence: Evidence


class Leads:
    """All texts that may follow at one cursor, each once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, bool], Evidence] = {}

    def __iter__(self) -> Iterator[Lead]:
        for (text, is_whole), evidence in self._found.items():
            yield Lead(text, is_whole, evidence)

    def __len__(self) -> int:
        return len(self._found)

    def of(self, text: str, *, is_whole: bool) -> Evidence:
        """The evidence for a text so far, so that more can be added."""
        found = self._found.get((text, is_whole))
        if found is None:
            found = self._found[text, is_whole] = Evidence()
        return found


def together(leads: Iterable[Lead]) -> Evidence:
    """The evidence for a beginning that several texts share."""
    found = Evidence()
    for lead in leads:
        found.add(lead.evidence)
    return found
