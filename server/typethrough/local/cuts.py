"""Where a suggestion may end: the places along the most likely continuation where the leads differ.

Of `helper.join(parts)` and `helper.join(names)`, the more likely one is proposed as a whole if it is likely enough, else the
part that both share. This module does not know how likely a text is right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.local.leads import together
from typethrough.local.lines import is_word, token_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from typethrough.local.leads import Evidence, Lead

_MOST_LEADS: Final = 64
_MOST_TOKENS: Final = 80
# Stands for the end of a line among the tokens.
_END: Final = ""


class Cut(NamedTuple):
    """A text that may be proposed: its evidence, its share of all candidates' weight, and whether the line ends after it."""

    text: str
    evidence: Evidence
    share: float
    is_whole: bool


def cuts(leads: Iterable[Lead]) -> list[Cut]:
    """Follow the most likely continuation, and return those beginnings of it that some leads share, the shortest first.

    Returns nothing if the line most likely ends at the cursor.
    """
    # In a tie the text itself decides, so that equal input gives equal output in every process.
    rest = sorted(leads, key=_heaviest_first)[:_MOST_LEADS]
    text, share = "", 1.0
    found: list[Cut] = []
    for _ in range(_MOST_TOKENS):
        # All remaining leads begin with the text. Most differ at their first token and are not read further.
        said = [(_token_at(lead, len(text)), lead) for lead in rest]
        weights: dict[str, float] = {}
        for token, lead in said:
            if token is not None:
                weights[token] = weights.get(token, 0.0) + lead.evidence.weight
        likeliest = max(weights, key=lambda token: (weights[token], token)) if weights else None
        following = [lead for token, lead in said if token == likeliest]
        if likeliest is None or likeliest == _END:
            if text:
                share *= _share(weights, likeliest)
                found.append(Cut(text, together(following), share, likeliest == _END))
            break
        if text and len(following) < len(rest) and _may_end(text):
            found.append(Cut(text, together(rest), share, is_whole=False))
        text += likeliest
        # A lead that has ended says nothing about what follows.
        share *= _share(weights, likeliest)
        rest = following
    return found


def _heaviest_first(lead: Lead) -> tuple[float, str]:
    return -lead.evidence.weight, lead.text


def _share(weights: Mapping[str, float], token: str | None) -> float:
    return 1.0 if token is None else weights[token] / sum(weights.values())


def _token_at(lead: Lead, start: int) -> str | None:
    return token_at(lead.text, start) or (_END if lead.is_whole else None)


def _may_end(text: str) -> bool:
    """Whether a person would stop here: after a word, an opened call, or a closing bracket."""
    return text[-1] in "()]}" or is_word(text[-1])
