"""Where the simulated model is wrong about the content, and what it says instead.

Owns the choice of right and wrong lines, and the changes that make a line wrong. The choice depends only on the seed, the file
and the line, not on the request: asking again, or from another place, gives the same. A wrong line differs from the truth from
one fixed column on. If the user types past this column, the rest is right, as with a real model that has seen the surprising
word.
"""

from __future__ import annotations

import hashlib
import keyword
import random
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.support.gateway_simulator.truth import Place, Truth, TruthFile

_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z_0-9]{2,}|\d+")
_KEYWORDS: Final = frozenset(keyword.kwlist) | frozenset(
    (
        "const",
        "function",
        "let",
        "var",
        "this",
        "new",
        "export",
        "typeof",
        "void",
        "func",
        "struct",
        "impl",
        "pub",
    )
)
# Measured: on lines that are wrong from their start, this share of all positions is before the wrong column.
_SHARE_BEFORE_THE_FLAW: Final = 0.60
_BLOCK_LINES: Final = 128


@dataclass(frozen=True)
class Rates:
    """How often content is right: `first` over all positions, `further` for each line after one that the model knows.

    With `vague`, a line that the model does not know is wrong from the cursor on, until a drawn part of it has been
    typed. `first` is then the share of lines that it knows at once.
    """

    first: float = 1.0
    further: float = 1.0
    vague: bool = False

    @property
    def from_line_start(self) -> float:
        """The share of lines that are right if asked for at their first column."""
        if self.vague:
            return self.first
        return max(0.0, 1 - (1 - self.first) / _SHARE_BEFORE_THE_FLAW)

    @property
    def after_wrong(self) -> float:
        """The share of lines that are right after a wrong one. With it, the share of right lines is the same throughout."""
        right = self.from_line_start
        return min(1.0, right * (1 - self.further) / (1 - right)) if right < 1 else 1.0


def spoil(place: Place, lines: list[str], rates: Rates, seed: int) -> tuple[list[str], int]:
    """`lines` (the true answer at `place`) with wrong lines put in, and how many of the first lines are right."""
    said: list[str] = []
    right, lost = 0, False
    for offset, true in enumerate(lines):
        wrong = _wrong_rest(place, offset, true, rates, seed) if true.strip() else None
        lost = lost or wrong is not None
        said.append(true if wrong is None else wrong)
        right += not lost
    return said, right


def _wrong_rest(place: Place, offset: int, missing: str, rates: Rates, seed: int) -> str | None:
    file, line, column = place.file, place.line + offset, 0 if offset else place.column
    block, within = divmod(line, _BLOCK_LINES)
    if _right_lines(file, block, rates, seed)[within]:
        return None
    true = file.lines[line]
    if rates.vague:
        typed = len(true[:column].lstrip()) / len(true.strip())
        if typed >= _lot(f"threshold:{seed}:{file.name}:{line}"):
            return None
        mutant = _other_word_from(file, line, column, seed)
    else:
        mutant = _mutant(file, line, seed)
    if mutant == true or mutant[:column] != true[:column]:
        return None
    # The text after the cursor on its line is not repeated. An echo is a separate defect.
    return mutant[column:].removesuffix(true[column + len(missing) :])


@lru_cache(maxsize=1024)
def _right_lines(file: TruthFile, block: int, rates: Rates, seed: int) -> tuple[bool, ...]:
    """For each line of a block, whether the model knows it. Easy and hard lines come in stretches, as in real code.

    There is one chain per block and not one draw per request, so that a line is equally hard from wherever it is asked for.
    """
    chance, known = rates.from_line_start, []
    for line in range(block * _BLOCK_LINES, (block + 1) * _BLOCK_LINES):
        known.append(_lot(f"right:{seed}:{file.name}:{line}") < chance)
        chance = rates.further if known[-1] else rates.after_wrong
    return tuple(known)


def _lot(name: str) -> float:
    """A number in [0, 1) for `name`, by a hash. Seeding a generator would take ten times as long."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=6).digest()) / 2**48


@lru_cache(maxsize=4096)
def _mutant(file: TruthFile, line: int, seed: int) -> str:
    draw = random.Random(f"mutant:{seed}:{file.name}:{line}")
    true = file.lines[line]
    words = [found for found in _WORD.finditer(true) if found[0] not in _KEYWORDS]
    if not words:
        return true
    # The later of two columns is taken: the beginning of a line is easier to guess than its arguments.
    flaw = words[max(draw.randrange(len(words)), draw.randrange(len(words)))]
    kind = draw.random()
    if kind < 0.25:
        return _another_line(file, true, draw) or true
    if kind < 0.45 and "(" in true[flaw.start() :]:
        return _other_arguments(true, true.index("(", flaw.start()), draw)
    return true[: flaw.start()] + _another_word(file, flaw[0], draw) + true[flaw.end() :]


def _other_word_from(file: TruthFile, line: int, column: int, seed: int) -> str:
    true = file.lines[line]
    flaw = next((found for found in _WORD.finditer(true, column) if found[0] not in _KEYWORDS), None)
    if flaw is None:
        return true
    draw = random.Random(f"mutant:{seed}:{file.name}:{line}:{flaw.start()}")
    return true[: flaw.start()] + _another_word(file, flaw[0], draw) + true[flaw.end() :]


def _another_line(file: TruthFile, true: str, draw: random.Random) -> str | None:
    depth = len(true) - len(true.lstrip())
    alike = [
        row
        for row in _sample(file, draw)
        if len(row) - len(row.lstrip()) == depth and row.strip() and row != true
    ]
    return draw.choice(alike) if alike else None


def _other_arguments(true: str, bracket: int, draw: random.Random) -> str:
    head, inside = true[: bracket + 1], true[bracket + 1 :]
    if "," in inside:
        return head + inside.split(",", 1)[1].lstrip()
    return head + draw.choice(("value, ", "self.", "None, ", "0, ")) + inside


def _another_word(file: TruthFile, word: str, draw: random.Random) -> str:
    if word.isdigit():
        return str(int(word[:9]) + draw.randint(1, 9))
    others = {found for row in _sample(file, draw) for found in _WORD.findall(row) if not found.isdigit()}
    alike = sorted(other for other in others if other[0].isupper() == word[0].isupper() and other != word)
    return draw.choice(alike) if alike else word + "_value"


def _sample(file: TruthFile, draw: random.Random) -> tuple[str, ...]:
    start = draw.randrange(len(file.lines))
    return file.lines[start : start + 60] or file.lines[:60]


def invent(truth: Truth, file: TruthFile | None, line_prefix: str, seed: int) -> list[str]:
    """A plausible but wrong answer for a line that is in no true file. The same line always gets the same answer."""
    draw = random.Random(f"invent:{seed}:{line_prefix}")
    source = file or (draw.choice(truth.files) if truth.files else None)
    told = [row for row in (_sample(source, draw) if source else ()) if row.strip()]
    indent = line_prefix[: len(line_prefix) - len(line_prefix.lstrip())]
    if not told:
        told = ["value = compute(value)", "return value"]
    first, *further = draw.sample(told, min(len(told), draw.randint(1, 3)))
    words = first.strip().split(" ")
    rest = " ".join(words[len(words) // 2 :]) if line_prefix.strip() and len(words) > 1 else first.strip()
    return [rest, *(indent + row.strip() for row in further)]
