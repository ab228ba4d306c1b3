"""A person types into the real server, which asks a real llama.cpp: it goes on unchanged, and hardly anything is read twice.

llama.cpp says of each stream how much of its prompt its prefix cache held (`timings` and `usage` in the last event), and of all
of them together (`/metrics`). The server's own record must say the same.
"""

from __future__ import annotations

import asyncio
import graphlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.bench.steady import Steady
from tests.e2e.typing_server import started
from tests.support import real_model, record
from tests.support.fake_editor import INVOKED, FakeEditor
from tests.support.http_tap import tap

if TYPE_CHECKING:
    from tests.support.http_tap import Exchange
    from tests.support.real_model import RealModel

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

_SOURCE = Path(str(graphlib.__file__))
_PATIENCE_S = 120.0
# Three places in the file, 144 characters in all.
_SEED, _STROKES = 28, 100
# As somebody sets it up whose model runs on their own two cores: short answers. Without the other lane, so that the model is
# asked for all there is to ask.
_OPTIONS = {"budget_ms": 1_000, "context_tokens": 4_000, "max_output_tokens": 16, "local_lane": False}
_REUSED = 0.9


async def _idle(model: RealModel) -> None:
    """Wait until the model answers nobody any more. Raises TimeoutError."""
    async with asyncio.timeout(_PATIENCE_S):
        while await asyncio.to_thread(model.busy):
            pass


def _told(exchange: Exchange) -> tuple[int, int, int]:
    """What llama.cpp said of a stream at its end: prompt tokens, those reused, and those it wrote."""
    usage, timings = exchange.last("usage"), exchange.last("timings")
    cached = usage["prompt_tokens_details"]["cached_tokens"]
    assert (cached, usage["prompt_tokens"]) == (timings["cache_n"], timings["cache_n"] + timings["prompt_n"])
    return usage["prompt_tokens"], cached, usage["completion_tokens"]


def test_a_typing_session_goes_through_and_llama_cpp_reads_little_twice(tmp_path: Path) -> None:
    true_text = _SOURCE.read_text(encoding="utf-8")

    async def run(model: RealModel) -> None:
        async with tap(model.base_url) as wire:
            # They wait for the model to come to its end, so that however slow it is, as much is asked of it.
            person = Steady(true_text, _SEED, _STROKES, patience_s=_PATIENCE_S, settled=wire.idle)
            async with started(wire.base_url, tmp_path, model="smollm2", options=_OPTIONS) as client:
                editor = FakeEditor(client)
                editor.open((tmp_path / _SOURCE.name).as_uri(), person.text)
                # Whoever opens a file looks at it first; the model reads it meanwhile.
                await editor.ask(INVOKED).reply.value(_PATIENCE_S)
                await _idle(model)
                await person.run(editor)
                editor.asks = False
                await _idle(model)
            # All that it has read since it was started, the first time too, when nothing was there to be reused.
            read = await asyncio.to_thread(model.prompt_tokens_read)
            reused = await asyncio.to_thread(model.prompt_tokens_reused)
        kept = record.streams(tmp_path)
        told = Counter(_told(one) for one in wire.completions() if one.is_read_to_end)
        counted = Counter(one.tokens for one in kept if one.is_read_to_end)

        assert editor.text == person.true_text
        assert editor.faults.messages == []
        assert editor.faults.errors == []
        assert editor.faults.invalid == []
        assert client.problems == []
        assert "failed" not in record.endings(tmp_path)
        # Errors go by their names, which begin with a capital; every other ending is the server's own wish.
        assert [one.ending for one in kept if not one.ending.islower()] == []
        assert len(kept) >= len(wire.completions()) > 5
        assert counted
        assert counted <= told, "the record says what llama.cpp said, to the token"
        said = f"{len(wire.completions())} requests, {read} prompt tokens read, {reused} reused"
        assert reused / (read + reused) >= _REUSED, said

    with real_model.start() as model:
        asyncio.run(run(model))
