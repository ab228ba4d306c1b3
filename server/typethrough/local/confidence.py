"""How likely a proposed text is right: a logistic regression on what speaks for it."""

from __future__ import annotations

from math import exp, log, log1p
from typing import TYPE_CHECKING, Final

from typethrough.local.lines import spaced_tokens

if TYPE_CHECKING:
    from typethrough.local.cuts import Cut

_BRACKETS: Final = ("()", "[]", "{}")
_MOST_UNBALANCED: Final = 3
# One for each feature, fitted to 27,265 texts at 24,000 positions in held-out files of six languages:
# `python -m tests.bench.local_lane --calibrate`.
_COEFFICIENTS: Final = (
    *(-1.641, 2.164, 0.650, -0.562, -0.335, 0.172, -0.316, 0.027, 0.508, -0.556, -0.238, -0.254, -0.138),
    *(-1.407, 0.207, 0.427, 0.675, -0.209),
    *(-0.548, 0.097, 0.088, 0.852, 0.749, -0.017),
    *(-0.079, 0.439, 0.662, -0.251, 0.915),
    *(-5.731, 7.163, 1.652, 2.822, -1.358, 1.167),
)


def confidence(features: tuple[float, ...]) -> float:
    """Return the probability that the text is right."""
    score = sum(weight * feature for weight, feature in zip(_COEFFICIENTS, features, strict=True))
    return 1.0 / (1.0 + exp(-max(-30.0, min(30.0, score))))


def features(cut: Cut, written: str, partial: str) -> tuple[float, ...]:
    """Return what the probability depends on. `written` is the line before the cursor, `partial` the word that it ends in."""
    text, found, share = cut.text, cut.evidence, cut.share
    is_whole = float(cut.is_whole)
    reach = log1p(found.reach)
    likeness = found.likeness / 8
    line = written + text
    unbalanced = sum(abs(line.count(opening) - line.count(closing)) for opening, closing in _BRACKETS)
    return (
        1.0,
        share,
        share * share,
        log(len(text)),
        log(len(spaced_tokens(text)) or 1),
        log1p(len(partial)),
        float(not partial),
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
        float(found.is_defined),
        share * found.is_defined,
        # From a library.
        float(found.is_imported),
        share * found.is_imported,
    )
