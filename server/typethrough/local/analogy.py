"""Leads from nearby lines that resemble the current one, with its names in place of theirs.

Below `self.width = width`, the line `self.height = ` continues with `height`. Below `if kind == "left":`, a branch for `"right"`
continues in the same way. This module decides what makes two lines alike. It does not know how likely a lead is right.
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


class Fellows(NamedTuple):
    """A comparison of the lines directly above a line with those directly above the cursor's line.

    `aligned`: how many are alike. `likeness`: how much this adds to the likeness of the two lines. `sameness`: the sum of the
    squares of their shares of equal tokens. `names`: their names, each with the name at the same place above the cursor.
    """

    aligned: int
    likeness: float
    sameness: float
    names: dict[str, str]


class Like(NamedTuple):
    """A line that resembles the cursor's line as far as that goes.

    `likeness`: how much. `number`: its index. `names`: its names, each with the name at the same place here. `fellows`: the
    comparison of the lines above the two.
    """

    likeness: float
    number: int
    names: dict[str, str]
    fellows: Fellows


_NO_FELLOWS: Final = Fellows(0, 0.0, 0.0, {})


def by_analogy(leads: Leads, known: str, partial: str, scene: Scene) -> None:
    """Add what follows in similar lines. `known` is the line up to the word `partial` at the cursor."""
    alike = scene.alike.get(known)
    if alike is None:
        # Only the last one is kept: `known` stays the same while a word is typed.
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
        evidence.aligned = max(evidence.aligned, like.fellows.aligned)
        evidence.sameness = max(evidence.sameness, like.fellows.sameness)
        evidence.renamed = max(evidence.renamed, renamed)
        evidence.likeness = max(evidence.likeness, like.likeness)


def _likes(known: str, scene: Scene) -> list[tuple[Like, str, int]]:
    """Return the similar lines, and for each the text that follows, renamed, and how many names in it were replaced."""
    here = line_of(known)
    found = []
    renamings: dict[tuple[tuple[str, str], ...], Renaming] = {}
    for like in sorted(_alike(here, scene), key=lambda like: -like.likeness)[:_MOST_LIKE]:
        rest = spaced_tokens(scene.lines[like.number].strip())[len(here.tokens) :]
        # For a name, the line itself has precedence over the lines above it.
        names = like.names | {old: new for old, new in like.fellows.names.items() if old not in like.names}
        # Lines that resemble each other often have the same names, so their `Renaming` is shared.
        if (renaming := renamings.get(key := tuple(names.items()))) is None:
            renaming = renamings[key] = Renaming(names)
        found.append((like, *renaming.of(rest)))
    return found


def _alike(here: Line, scene: Scene) -> list[Like]:
    count, shape, tokens = len(here.tokens), here.shape, here.tokens
    lines, above = scene.parsed, len(scene.above)
    found = []
    for number in _beginning_alike(here, scene):
        line = lines[number]
        if line.shape[:count] != shape or len(line.shape) <= count:
            continue
        fellows = scene.fellows.get(number)
        if fellows is None:
            fellows = scene.fellows[number] = _fellows(number, scene)
        if not count and not fellows.aligned:
            continue
        names = _names(line.tokens, tokens)
        if names is None:
            continue
        equal = sum(map(str.__eq__, line.tokens, tokens))
        likeness = _EQUAL_TOKEN * equal + _OTHER_TOKEN * (count - equal) + fellows.likeness
        distance = above - number if number < above else number - above + 1
        found.append(Like(likeness - _DISTANCE * log2(1 + distance), number, names, fellows))
        if len(found) == _MOST_COMPARED:
            break
    return found


def _fellows(number: int, scene: Scene) -> Fellows:
    """Compare the lines above a line with those above the cursor's."""
    lines, above = scene.parsed, len(scene.above)
    # The first line below is below the cursor's line, not below the last line above.
    if number == above:
        return _NO_FELLOWS
    aligned, likeness, sameness = 0, 0.0, 0.0
    names: dict[str, str] = {}
    for step in range(1, _MOST_ABOVE + 1):
        over, fellow = _line(lines, above - step), _line(lines, number - step)
        if not over.shape or fellow.shape != over.shape:
            break
        same = _more_names(names, fellow, over)
        likeness += _LINE_FURTHER_ABOVE if aligned else _LINE_ABOVE + min(same, _EQUAL_ABOVE)
        aligned += 1
        sameness += (same / len(over.shape)) ** 2
    return Fellows(aligned, likeness, sameness, names)


def _beginning_alike(here: Line, scene: Scene) -> Sequence[int]:
    """Return the indices of lines that may resemble the cursor's line, the nearest first.

    They begin with the same token. If the cursor's line is empty, the lines above them begin with the same token.
    """
    if here.shape:
        return scene.by_beginning.get(here.shape[0], ())
    previous = _line(scene.parsed, len(scene.above) - 1)
    if not previous.shape:
        return ()
    # The cursor's line is below the last line above, and nothing is below the last line of all.
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
