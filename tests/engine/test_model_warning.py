"""What the catalogue says of a model reaches the user once, before the first question and not with every key."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tests.support.engine_kit import Bench


def test_a_model_that_ends_is_told_once() -> None:
    async def scene() -> None:
        bench = Bench("def f():\n    return $0\n")
        await bench.type("a", ms=500)
        await bench.wait(200)
        assert bench.notes.notices == []
        bench.gateway.profile = replace(bench.gateway.profile, warning="The model ends: change `model`.")
        for _ in range(3):
            # Not what is typed next, so that there is a new question each time.
            await bench.say("zzz")
            await bench.type("b", ms=500)
            await bench.wait(200)
        assert len(bench.gateway.streams) > 2
        assert bench.notes.notices == ["The model ends: change `model`."]

    asyncio.run(scene())
