"""A stream that is closed early is on record with an estimate, until its count comes."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.support.engine_kit import Bench
from typethrough.core.models import profile_of
from typethrough.core.outcome.causes import StreamEnd
from typethrough.core.outcome.outcome import Purpose, StreamRecord, Usage
from typethrough.engine.experience import Counts
from typethrough.engine.ports import Upstream

TRUE = Usage(1_234, 1_024, 7)


def test_the_count_takes_the_place_of_the_estimate_under_the_same_id() -> None:
    async def scene() -> None:
        bench = Bench("def f():\n    return $0\n")
        await bench.type("a", ms=500)
        await bench.wait(200)
        await bench.say("zzz")
        await bench.type("b", ms=500)
        (estimate,) = bench.notes.records
        assert (estimate.is_estimated, estimate.end) == (True, "diverged")
        counted = bench.gateway.streams[0].on_counted
        assert counted is not None
        counted(TRUE)
        profile = bench.gateway.profile
        assert bench.notes.records[1] == replace(
            estimate,
            usage=TRUE,
            is_estimated=False,
            dollars=profile.cost_dollars(TRUE),
            saved_dollars=profile.saved_dollars(TRUE),
        )
        # It is no news of the lane: what the editor shows of it is what the newest stream has left.
        assert bench.notes.notices == []
        await bench.engine.aclose()

    asyncio.run(scene())


@pytest.mark.parametrize("is_hedge", [False, True])
def test_of_two_that_raced_each_has_its_own_record_and_its_own_prices(is_hedge: bool) -> None:
    bench_notes = []

    class Notes:
        def stream_ended(self, stream: StreamRecord) -> None:
            bench_notes.append(stream)

    counts = Counts(Notes())  # type: ignore[arg-type]  # the only part of a recorder that is needed
    for number, (model, hedge) in enumerate((("openai/gpt-4.1-nano", False), ("openai/gpt-6-luna", True))):
        upstream = Upstream(model, profile_of(model), is_hedge=hedge)
        counts.record(StreamRecord(str(number), model, Purpose.AUTOMATIC, StreamEnd.LOST, Usage(9)), upstream)
    counts(TRUE, is_hedge=is_hedge)
    model = "openai/gpt-6-luna" if is_hedge else "openai/gpt-4.1-nano"
    assert len(bench_notes) == 3
    assert (bench_notes[2].id, bench_notes[2].model, bench_notes[2].usage) == (
        str(int(is_hedge)),
        model,
        TRUE,
    )
    assert bench_notes[2].dollars == profile_of(model).cost_dollars(TRUE)


def test_a_count_of_what_is_not_on_record_is_dropped() -> None:
    class Deaf:
        def stream_ended(self, stream: StreamRecord) -> None:
            raise AssertionError(stream)

    Counts(Deaf())(TRUE, is_hedge=True)  # type: ignore[arg-type]
