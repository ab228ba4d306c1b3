"""The rest of the line at a cursor, copied from where the same context occurred before, with a calibrated confidence.

Owns the choice between continuations, the probability and the rules of what may be proposed at all. Must not know how places
are stored, nor what the engine does with a guess.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, log1p
from typing import Final, NamedTuple

from typethrough.core.document.cells import heading_in
from typethrough.local.index import LocalIndex
from typethrough.local.tokens import Cursor, cursor_at, is_word

# Probabilities of one guess. On held-out files of Python's standard library guesses from 0.7 up are right in 87 % and come at
# 15 % of positions, from 0.45 up in 76 % and at 24 %, from 0.3 up in 70 % and at 30 % (tests/bench/local_lane.py). A nano
# model's first line is right about as often as the former, and later: so a guess that sure goes first.
CONFIDENT: Final = 0.5
USABLE: Final = 0.45
_REACH_BYTES: Final = 64
_BYTES_TO_DOUBLE: Final = 2.0
_SAME_SOURCE: Final = 4.0
_BRACKETS: Final = ((b"(", b")"), (b"[", b"]"), (b"{", b"}"))
# One for each feature of ``gather``, fitted to 11,630 guesses at 18,000 positions in 142 files of Python 3.11's standard library
# that were not indexed, against 285 that were: ``python -m tests.bench.local_lane --calibrate``. JavaScript (npm's own code)
# was kept for testing only.
_COEFFICIENTS: Final = (-2.894, 0.207, 1.160, 0.772, 0.944, 0.683, -0.734, 0.233, -0.137, -0.863)


@dataclass(frozen=True, slots=True)
class Guess:
    """A proposed rest of the line, without line end, and the probability that it is exactly right."""

    text: str
    confidence: float


class Evidence(NamedTuple):
    """The heaviest continuation and the features its confidence is computed from."""

    text: bytes
    features: tuple[float, ...]


@dataclass(slots=True)
class _Support:
    """What speaks for one continuation: its weight, how often it occurred, its longest match, whether it is near."""

    weight: float = 0.0
    count: int = 0
    longest_bytes: int = 0
    same_source: bool = False


def predict(
    index: LocalIndex,
    source: str,
    line_prefix: str,
    lines_before: Sequence[str],
    line_suffix: str,
    next_line: str,
) -> Guess | None:
    """Return the likeliest rest of the line, or None; ``lines_before`` are the last few lines above, nearest last.

    With a line suffix the text is what fits before it, and the probability that of the whole line.
    """
    evidence = gather(index, source, line_prefix, lines_before, line_suffix)
    if evidence is None:
        return None
    try:
        text = evidence.text.decode("utf-8")
    except UnicodeDecodeError:
        # Half of a surrogate pair can stand in a document but cannot be sent to an editor.
        return None
    if not _may_be_shown(text, line_prefix, line_suffix, next_line):
        return None
    return Guess(text, _probability(evidence.features))


def gather(
    index: LocalIndex, source: str, line_prefix: str, lines_before: Sequence[str], line_suffix: str
) -> Evidence | None:
    """Return the best continuation and its features, or None where nothing is known or the line most likely ends here."""
    cursor = cursor_at(line_prefix, lines_before, _REACH_BYTES)
    supports = _weigh(index, source, cursor, line_suffix.strip().encode("utf-8", "surrogatepass"))
    if not supports:
        return None
    # The text itself settles a tie, so that equal input gives equal output in every process.
    best = max(supports, key=lambda rest: (supports[rest].weight, rest))
    if not best.strip():
        return None
    support = supports[best]
    share = support.weight / sum(other.weight for other in supports.values())
    reach = log1p(support.longest_bytes)
    written = line_prefix.strip().encode("utf-8", "surrogatepass")
    return Evidence(
        best,
        (
            1.0,
            reach,
            share,
            share * reach,
            log(support.count),
            float(support.same_source),
            log(len(best)),
            log1p(len(cursor.partial)),
            log1p(len(written)),
            float(_unbalanced(written + best)),
        ),
    )


def _weigh(index: LocalIndex, source: str, cursor: Cursor, ending: bytes) -> dict[bytes, _Support]:
    """Group the places that continue the cursor by what follows; each counts double for two more bytes of equal context."""
    context_number = int.from_bytes(cursor.context, "big")
    context_size = len(cursor.context)
    skip = len(cursor.partial)
    supports: dict[bytes, _Support] = {}
    for text, offset, origin in index.places(cursor.hashes, cursor.partial, source):
        end = text.find(b"\n", offset)
        rest = text[offset + skip : end] if end >= 0 else text[offset + skip :]
        if ending:
            if not rest.endswith(ending):
                continue
            rest = rest[: -len(ending)]
            if not _closes_only_its_own(rest):
                continue
        start = max(offset - _REACH_BYTES, 0)
        # As numbers, two byte strings are compared from their ends in one step: equal bytes leave zeros at the bottom.
        differing = int.from_bytes(text[start:offset], "big") ^ context_number
        length = min(offset - start, context_size)
        if differing:
            length = min((differing & -differing).bit_length() - 1 >> 3, length)
        support = supports.get(rest)
        if support is None:
            support = supports[rest] = _Support()
        weight = 2.0 ** (length / _BYTES_TO_DOUBLE)
        if origin == source:
            weight *= _SAME_SOURCE
            support.same_source = True
        support.weight += weight
        support.count += 1
        if length > support.longest_bytes:
            support.longest_bytes = length
    return supports


def _may_be_shown(text: str, line_prefix: str, line_suffix: str, next_line: str) -> bool:
    """Refuse what stands there already, what cannot be shown as text, and a part of a word that goes on behind it."""
    shown = text.strip()
    following = next_line.strip()
    if not shown or not text.replace("\t", " ").isprintable():
        return False
    if shown == line_suffix.strip():
        return False
    if heading_in(line_prefix + text) >= 0:
        # Where a notebook's cell ends, another begins, and that is nobody's to type.
        return False
    if following and following in (shown, (line_prefix + text + line_suffix).strip()):
        return False
    behind = line_suffix[:1].encode("utf-8", "surrogatepass")[:1]
    return not (behind and is_word(behind) and is_word(text[-1:].encode()[:1]))


def _closes_only_its_own(text: bytes) -> bool:
    """Tell whether no bracket is closed that was not opened in the text: the one behind the cursor closes the user's."""
    for opening, closing in _BRACKETS:
        depth = 0
        for byte in text:
            if byte == opening[0]:
                depth += 1
            elif byte == closing[0]:
                depth -= 1
                if depth < 0:
                    return False
    return True


def _unbalanced(line: bytes) -> int:
    """Count the brackets of a line that lack a partner, by kind and number only."""
    return sum(abs(line.count(opening) - line.count(closing)) for opening, closing in _BRACKETS)


def _probability(features: tuple[float, ...]) -> float:
    score = sum(weight * feature for weight, feature in zip(_COEFFICIENTS, features, strict=True))
    return 1.0 / (1.0 + exp(-max(-30.0, min(30.0, score))))
