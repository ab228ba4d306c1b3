"""How likely a proposed text is right: a logistic regression on what speaks for it."""

from __future__ import annotations

from math import exp, log, log1p
from typing import TYPE_CHECKING, Final

from typethrough.local.lines import spaced_tokens

if TYPE_CHECKING:
    from typethrough.local.cuts import Cut

_BRACKETS: Final = ("()", "[]", "{}")
_MOST_UNBALANCED: Final = 3
# One for each feature, fitted to 26,711 texts at 24,000 positions in held-out files of six languages:
# `python -m tests.bench.local_lane --calibrate`.
_COEFFICIENTS: Final = (
    *(
        -1.510,
        1.922,
        0.798,
        -0.632,
        -0.250,
        0.145,
        -0.452,
        -0.266,
        0.066,
        0.514,
        -0.564,
        -0.241,
        -0.203,
        -0.112,
    ),
    *(-1.535, 0.242, 0.428, 0.672, -0.212),
    *(-0.526, 0.081, 0.081, 0.802, 0.792, 0.067),
    *(-0.088, 0.486, 0.670, -0.204, 1.108),
    *(-6.047, 6.948, 0.315),
    *(-0.374, 2.642, 0.886),
    *(-0.384, 0.089),
)


def confidence(features: tuple[float, ...]) -> float:
    """Return the probability that the text is right."""
    score = sum(weight * feature for weight, feature in zip(_COEFFICIENTS, features, strict=True))
    return 1.0 / (1.0 + exp(-max(-30.0, min(30.0, score))))


def features(cut: Cut, written: str, partial: str, *, is_known: bool) -> tuple[float, ...]:
    """Return what the probability depends on. `written` is the line before the cursor, `partial` the word that it ends in.

    `is_known`: that word is a whole one nearby, so that it may be finished.
    """
    text, found, share = cut.text, cut.evidence, cut.share
    is_whole = float(cut.is_whole)
    reach = log1p(found.reach)
    likeness = found.likeness / 8
    length = log(len(text))
    line = written + text
    unbalanced = sum(abs(line.count(opening) - line.count(closing)) for opening, closing in _BRACKETS)
    return (
        1.0,
        share,
        share * share,
        length,
        log(len(spaced_tokens(text)) or 1),
        log1p(len(partial)),
        float(not partial),
        float(is_known),
        log1p(len(written)),
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
        float(found.is_aligned),
        # From the same words nearby.
        log1p(found.near),
        log1p(found.pairs),
        log1p(found.singles),
        log1p(found.words),
        share * log1p(found.words),
        # By a rule.
        float(found.is_idiom),
        share * found.is_idiom,
        length * found.is_idiom,
        float(found.is_defined),
        share * found.is_defined,
        length * found.is_defined,
        # From a library.
        float(found.is_imported),
        share * found.is_imported,
    )
