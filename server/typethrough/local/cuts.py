"""Where a suggestion may end: the places along the likeliest continuation at which the leads part.

Of `helper.join(parts)` and `helper.join(names)` the likelier is proposed whole when it is sure enough, and else what they share.
Must not know how sure that is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.local.leads import together
from typethrough.local.lines import is_word, spaced_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from typethrough.local.leads import Evidence, Lead

_MOST_LEADS: Final = 64
_MOST_TOKENS: Final = 80
# The place of a line's end among the tokens.
_END: Final = ""


class Cut(NamedTuple):
    """A text that may be proposed, what speaks for it, its share of the weight of all, and whether the line ends behind it."""

    text: str
    evidence: Evidence
    share: float
    is_whole: bool


def cuts(leads: Iterable[Lead]) -> list[Cut]:
    """Follow the likeliest continuation, and return its beginnings that some leads agree on, the shortest first.

    Nothing is returned where the line most likely ends at the cursor.
    """
    # The text itself settles a tie, so that equal input gives equal output in every process.
    kept = sorted(leads, key=lambda lead: (-lead.evidence.weight, lead.text))[:_MOST_LEADS]
    total = sum(lead.evidence.weight for lead in kept)
    rest = [(_tokens(lead), lead) for lead in kept]
    text = ""
    found: list[Cut] = []
    for depth in range(_MOST_TOKENS):
        weights: dict[str, float] = {}
        for tokens, lead in rest:
            if depth < len(tokens):
                token = tokens[depth]
                weights[token] = weights.get(token, 0.0) + lead.evidence.weight
        likeliest = max(weights, key=lambda token: (weights[token], token)) if weights else None
        if likeliest == _END:
            rest = [one for one in rest if one[0][depth:] == (_END,)]
        following = [one for one in rest if depth < len(one[0]) and one[0][depth] == likeliest]
        is_end = likeliest is None or likeliest == _END
        if text and (is_end or (len(following) < len(rest) and _may_end(text))):
            evidence = together(lead for _, lead in (following if likeliest == _END else rest))
            found.append(Cut(text, evidence, evidence.weight / total, likeliest == _END))
        if is_end or likeliest is None:
            break
        text += likeliest
        rest = following
    return found


def _tokens(lead: Lead) -> Sequence[str]:
    tokens = spaced_tokens(lead.text)
    return (*tokens, _END) if lead.is_whole else tokens


def _may_end(text: str) -> bool:
    """Tell whether a person would stop here: behind a word, an opened call, or something closed."""
    return text[-1] in "()]}" or is_word(text[-1])
