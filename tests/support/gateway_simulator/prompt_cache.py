"""A model of the provider's prompt cache: exact prefixes, a minimum length, whole steps, and a time to live.

Owns the hashes of blocks and when they were last used. Knows no clock (times are passed in), and not what a prompt means. A
prompt is a chain of blocks of 128 tokens. Each block's key covers everything before it, so one look-up per block replaces the
comparison of whole prompts. Long stretches that were seen before are not tokenised again.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.support.gateway_simulator.tokens import tokenize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MINIMUM_TOKENS: Final = 1024
STEP_TOKENS: Final = 128
TTL_S: Final = 300.0
_STRETCH_CHARS: Final = 2048
_KEPT_STRETCHES: Final = 8192
_PURGE_ABOVE_BLOCKS: Final = 200_000


@dataclass(frozen=True)
class Usage:
    """The tokens of a prompt, and how many of them were read from the cache."""

    prompt_tokens: int
    cached_tokens: int


# Compared by identity. Equal states are the same object, and hashing 127 tokens at each look-up would be the main cost.
@dataclass(frozen=True, eq=False)
class _State:
    chain: int
    pending: tuple[str, ...]


_START: Final = _State(chain=0, pending=())


@dataclass(frozen=True)
class _Step:
    state: _State
    blocks: tuple[int, ...]
    tokens: int


class PromptCache:
    """Remembers prompts by their blocks, and computes how much of a new prompt is known."""

    def __init__(self) -> None:
        self._last_used: dict[int, float] = {}
        self._steps: OrderedDict[tuple[_State, str], _Step] = OrderedDict()

    def clear(self) -> None:
        """Forget all prompts."""
        self._last_used.clear()

    def admit(self, parts: Sequence[str], now_s: float) -> Usage:
        """Count the tokens of a prompt given in parts, and remember it as used at `now_s`."""
        blocks: list[int] = []
        tokens = 0
        state = _START
        for part in parts:
            for stretch in _stretches(part):
                step = self._advance(state, stretch)
                blocks.extend(step.blocks)
                tokens += step.tokens
                state = step.state
        known = self._known(blocks, now_s)
        for block in blocks:
            self._last_used[block] = now_s
        if len(self._last_used) > _PURGE_ABOVE_BLOCKS:
            self._purge(now_s)
        cached = known * STEP_TOKENS
        return Usage(tokens, cached if cached >= MINIMUM_TOKENS else 0)

    def _known(self, blocks: list[int], now_s: float) -> int:
        for count, block in enumerate(blocks):
            used = self._last_used.get(block)
            if used is None or now_s - used > TTL_S:
                return count
        return len(blocks)

    def _advance(self, state: _State, stretch: str) -> _Step:
        key = (state, stretch)
        step = self._steps.get(key)
        if step is None:
            step = self._steps[key] = _cut(state, stretch)
            if len(self._steps) > _KEPT_STRETCHES:
                self._steps.popitem(last=False)
        else:
            self._steps.move_to_end(key)
        return step

    def _purge(self, now_s: float) -> None:
        self._last_used = {block: used for block, used in self._last_used.items() if now_s - used <= TTL_S}


def _cut(state: _State, stretch: str) -> _Step:
    fresh = tokenize(stretch)
    row = [*state.pending, *fresh]
    chain = state.chain
    blocks: list[int] = []
    whole = len(row) - len(row) % STEP_TOKENS
    for start in range(0, whole, STEP_TOKENS):
        chain = hash((chain, *row[start : start + STEP_TOKENS]))
        blocks.append(chain)
    return _Step(_State(chain, tuple(row[whole:])), tuple(blocks), len(fresh))


def _stretches(text: str) -> Iterator[str]:
    """Cut after the first line break past a fixed length, so that a text that grows keeps its cuts."""
    start = 0
    while len(text) - start > _STRETCH_CHARS:
        line_break = text.find("\n", start + _STRETCH_CHARS)
        if line_break < 0:
            break
        yield text[start : line_break + 1]
        start = line_break + 1
    if start < len(text):
        yield text[start:]
