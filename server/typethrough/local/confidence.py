"""The probability that a proposed text is right, by logistic regression on the evidence for it."""

from __future__ import annotations

from math import exp, log, log1p
from operator import mul
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.local.lines import spaced_tokens

if TYPE_CHECKING:
    from typethrough.local.cuts import Cut

_BRACKETS: Final = ("()", "[]", "{}")
_MOST_UNBALANCED: Final = 3
# The logarithm of the usual number of entries, for some files of one folder.
_COMMON_ENTRIES: Final = 9.0
_LEAST_ENTRIES: Final = 6.5
# One for each feature, fitted to 34,773 texts at 48,000 positions in held-out files of six languages:
# `python -m tests.bench.local_lane --calibrate`.
_COEFFICIENTS: Final = (
    *(
        -1.969,
        1.826,
        1.161,
        -0.636,
        -0.297,
        0.232,
        -0.410,
        0.066,
        -0.360,
        -0.146,
        -0.076,
        -0.452,
        0.082,
        0.063,
        -0.069,
        0.694,
        -0.740,
        -0.138,
        -0.184,
        -0.011,
    ),
    *(-1.439, 0.334, 0.423, 0.680, -0.314),
    *(-0.669, 0.171, -0.043, 0.927, 0.868, 0.008, -0.595, -0.498, 0.373, 0.569, 0.109),
    *(-0.168, 0.594, 0.800, 0.044, 0.757, 1.165, -0.971, -0.768, -0.233, -0.775, 0.381, 0.033),
    *(-2.383, 4.866, -0.322, -0.188),
    *(-0.258, 2.977, 0.838),
    *(-0.600, 0.630),
)


class Here(NamedTuple):
    """The place for which texts are judged: the line before the cursor, and the word `partial` at its end.

    `is_known`: the word also stands nearby, so it may be complete. `is_keyword`: it is a keyword of a language. `is_prose`: the
    text here is for people. `is_new`: something gets its name here. `entries`: how many entries the index has. With few, it
    misses much of what may stand here.
    """

    written: str
    partial: str
    is_known: bool
    is_keyword: bool
    is_prose: bool
    is_new: bool
    entries: int


def confidence(features: tuple[float, ...]) -> float:
    """The probability that the text is right, from its features."""
    score = sum(map(mul, _COEFFICIENTS, features))
    return 1.0 / (1.0 + exp(-max(-30.0, min(30.0, score))))


def features(cut: Cut, here: Here) -> tuple[float, ...]:
    """The features that the probability depends on."""
    text, found, share = cut.text, cut.evidence, cut.share
    is_whole = float(cut.is_whole)
    reach = log1p(found.reach)
    likeness = found.likeness / 8
    length = log(len(text))
    line = here.written + text
    # The only evidence is a word that begins like the one being typed.
    is_bare = float(found.words > 0 and not (found.pairs or found.singles or found.alike or found.count))
    letters = len(here.partial)
    known = max(_LEAST_ENTRIES, log1p(here.entries)) - _COMMON_ENTRIES
    unbalanced = sum(abs(line.count(opening) - line.count(closing)) for opening, closing in _BRACKETS)
    return (
        1.0,
        share,
        share * share,
        length,
        log(len(spaced_tokens(text)) or 1),
        log1p(letters),
        float(not letters),
        float(letters == 1),
        float(here.is_known),
        float(here.is_keyword),
        float(here.is_prose),
        float(here.is_new),
        log1p(len(here.written)),
        known,
        share * known,
        is_whole,
        is_whole * share,
        is_whole * min(unbalanced, _MOST_UNBALANCED),
        float(text[-1] == "("),
        float(text[-1].isalnum()),
        # From memory.
        float(found.count > 0),
        reach,
        share * reach,
        log1p(found.count),
        float(found.is_own),
        # From lines that are like this one.
        float(found.alike > 0),
        likeness,
        share * likeness,
        log1p(found.alike),
        log1p(found.renamed),
        known * (found.renamed > 0),
        float(found.aligned > 0),
        float(max(0, found.aligned - 1)),
        float(found.aligned > 1 and found.renamed > 0),
        found.sameness,
        share * found.sameness,
        # From the same words nearby.
        log1p(found.near),
        log1p(found.pairs),
        log1p(found.singles),
        log1p(found.words),
        share * log1p(found.words),
        is_bare,
        is_bare * share,
        is_bare * (letters == 1),
        is_bare * (letters == len(here.written)),
        is_bare * here.is_prose,
        is_bare * here.is_new,
        is_bare * known,
        # By a rule.
        float(found.is_idiom),
        share * found.is_idiom,
        length * found.is_idiom,
        known * found.is_idiom,
        float(found.is_defined),
        share * found.is_defined,
        length * found.is_defined,
        # From a library.
        float(found.is_imported),
        share * found.is_imported,
    )
