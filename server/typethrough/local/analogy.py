"""Leads from nearby lines that resemble the current one, with its names in place of theirs.

Below `self.width = width`, the line `self.height = ` continues with `height`. Below `if kind == "left":`, a branch for
`"right"`
continues like its sister. This module decides what makes two lines alike. It does not know how likely a lead is right.
"""

from __future__ import annotations

from math import log2
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.local.lines import Line, Renaming, is_name, line_of, spaced_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typethrough.local.leads import Leads
    from typethrough.local.scene import Scene

# How many lines are compared, the nearest first, and from how many of them names are replaced.
_MOST_COMPARED: Final = 24
_MOST_LIKE: Final = 10
_EQUAL_TOKEN: Final = 2.0
_OTHER_TOKEN: Final = -1.0
_LINE_ABOVE: Final = 4.0
_EQUAL_ABOVE: Final = 6
# How many lines above are compared, and how much each pair of similar lines counts.
_MOST_ABOVE: Final = 4
_LINE_FURTHER_ABOVE: Final = 3.0
_DISTANCE: Final = 0.7
_RENAMED_BITS: Final = 3.0
_NO_LINE: Final = Line((), ())


class Like(NamedTuple):
    """A line that resembles the cursor's line as far as that goes.

    `likeness`: how much. `number`: its index. `names`: its names, each with the name at the same place here. `aligned`: how
    many lines directly above the two are also alike. `sameness`: the sum of the squares of their shares of equal tokens.
    """

    likeness: float
    number: int
    names: dict[str, str]
    aligned: int
    sameness: float


def by_analogy(leads: Leads, known: str, partial: str, scene: Scene) -> None:
    """Add what follows in lines like this one. `known` is the line up to the word `partial` that the cursor stands in."""
    alike = scene.alike.get(known)
    if alike is None:
        # Only the last place: while a word is typed it stays the same.
        scene.alike = {known: (alike := _likes(known, scene))}
    is_apart = not known.strip() or bool(partial) or known[-1:].isspace()
    for like, text, renamed in alike:
        if is_apart:
            text = text.lstrip()
        if not text.startswith(partial):
            continue
        evidence = leads.of(text[len(partial) :], is_whole=True)
        evidence.weight += 2.0 ** (like.likeness + (_RENAMED_BITS if renamed else 0.0))
        evidence.alike += 1
        evidence.aligned = max(evidence.aligned, like.aligned)
        evidence.sameness = max(evidence.sameness, like.sameness)
        evidence.renamed = max(evidence.renamed, renamed)
        evidence.likeness = max(evidence.likeness, like.likeness)


def _likes(known: str, scene: Scene) -> list[tuple[Like, str, int]]:
    """Return the lines that are like the one being written, what follows in each with its names, and how many were renamed."""
    here = line_of(known)
    found = sorted(_alike(here, scene), key=lambda like: -like.likeness)[:_MOST_LIKE]
    tokens = [spaced_tokens(scene.lines[like.number].strip())[len(here.tokens) :] for like in found]
    return [(like, *Renaming(like.names).of(rest)) for like, rest in zip(found, tokens, strict=True)]


def _alike(here: Line, scene: Scene) -> list[Like]:
    count, shape = len(here.tokens), here.shape
    lines, above = scene.parsed, len(scene.above)
    over = [_line(lines, above - 1 - step) for step in range(_MOST_ABOVE)]
    previous = over[0]
    found = []
    for number in _beginning_alike(here, previous, scene):
        line = lines[number]
        if line.shape[:count] != shape or len(line.shape) <= count:
            continue
        # The first line below stands below the cursor's line, not below the last line above.
        line_above = _line(lines, number - 1) if number != above else _NO_LINE
        is_aligned = bool(previous.shape) and line_above.shape == previous.shape
        if not count and not is_aligned:
            continue
        names = _names(line.tokens, here.tokens)
        if names is None:
            continue
        equal = sum(map(str.__eq__, line.tokens, here.tokens))
        likeness = _EQUAL_TOKEN * equal + _OTHER_TOKEN * (count - equal)
        aligned, sameness = 0, 0.0
        if is_aligned:
            same = _more_names(names, line_above, previous)
            likeness += _LINE_ABOVE + min(same, _EQUAL_ABOVE)
            aligned, sameness = 1, (same / len(previous.shape)) ** 2
            for further in over[1:]:
                fellow = _line(lines, number - 1 - aligned)
                if not further.shape or fellow.shape != further.shape:
                    break
                same = _more_names(names, fellow, further)
                likeness += _LINE_FURTHER_ABOVE
                aligned += 1
                sameness += (same / len(further.shape)) ** 2
        distance = above - number if number < above else number - above + 1
        found.append(Like(likeness - _DISTANCE * log2(1 + distance), number, names, aligned, sameness))
        if len(found) == _MOST_COMPARED:
            break
    return found


def _beginning_alike(here: Line, previous: Line, scene: Scene) -> Sequence[int]:
    """Return the numbers of lines that may be like the cursor's, the nearest first.

    They begin alike; below an empty cursor's line, the lines above them begin alike.
    """
    if here.shape:
        return scene.by_beginning.get(here.shape[0], ())
    if not previous.shape:
        return ()
    # What is below the last line above is the cursor's line, and below the last of all is nothing.
    no_more = (len(scene.above) - 1, len(scene.lines) - 1)
    alike = scene.by_beginning.get(previous.shape[0], ())
    return [number + 1 for number in alike if number not in no_more]


def _line(lines: Sequence[Line], number: int) -> Line:
    return lines[number] if number >= 0 else _NO_LINE


def _names(tokens: Sequence[str], here: Sequence[str]) -> dict[str, str] | None:
    """Map each name of a line to the name at the same place here. None if a name would map to two."""
    names: dict[str, str] = {}
    for old, new in zip(tokens, here, strict=False):
        if old == new and not is_name(old):
            continue
        if names.setdefault(old, new) != new:
            return None
    return names


def _more_names(names: dict[str, str], line: Line, here: Line) -> int:
    """Add the names of two lines of one shape, if they are not in `names` yet. Returns how many tokens are equal."""
    equal = 0
    for old, new in zip(line.tokens, here.tokens, strict=True):
        if old == new:
            equal += 1
        elif old not in names:
            names[old] = new
    return equal
