"""The texts that may follow a cursor, each with all that speaks for it, whoever has found it.

Owns what evidence is, by kind, and how that of several texts adds up where they begin alike. Must not know how a text was found,
nor how sure its evidence makes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(slots=True)
class Evidence:
    """What speaks for a text.

    `weight` compares it with other texts at the same cursor. The rest is by who has found it: in memory (`reach` bytes of
    equal context at most, `count` places, one of them in the document itself), in lines nearby that are like this one
    (`likeness` at best, `alike` of them, `renamed` names in the text at most, and `aligned` lines right above that are like
    each other too), in the same words nearby (`near` characters of equal context, `pairs`, `singles` and `words` by how many
    tokens were the same), by an idiom of the language, by a definition nearby, and in a library that the file imports.
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
        """Take in what speaks for another text that begins with this one."""
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
    """A text that may follow the cursor. `is_whole`: the line ends behind it; else nothing is known of what follows."""

    text: str
    is_whole: bool
    evidence: Evidence


class Leads:
    """All that may follow one cursor, each text once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, bool], Evidence] = {}

    def __iter__(self) -> Iterator[Lead]:
        for (text, is_whole), evidence in self._found.items():
            yield Lead(text, is_whole, evidence)

    def __len__(self) -> int:
        return len(self._found)

    def of(self, text: str, *, is_whole: bool) -> Evidence:
        """Return what speaks for a text by now, to add to it."""
        found = self._found.get((text, is_whole))
        if found is None:
            found = self._found[text, is_whole] = Evidence()
        return found


def together(leads: Iterable[Lead]) -> Evidence:
    """Add up what speaks for the beginning that some texts share."""
    found = Evidence()
    for lead in leads:
        found.add(lead.evidence)
    return found
