"""The recorder: counts add up, and a line tells how a request ended without telling what was in it."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from typethrough.core.document.document import Position
from typethrough.core.models import ModelProfile
from typethrough.core.outcome.causes import StreamEnd
from typethrough.core.outcome.outcome import (
    Ending,
    Outcome,
    Purpose,
    Source,
    StreamRecord,
    Suggestion,
    Usage,
)
from typethrough.telemetry.recorder import LogRecorder, file_tag, percentile

URI = "file:///home/someone/secret-project/plan.py"


def noon() -> datetime:
    return datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def answered(source: Source, total_ms: float) -> Outcome:
    suggestion = Suggestion("1", "hunter2", Position(0, 0), source)
    return Outcome(
        Ending.ANSWERED, "first line done", source, (suggestion,), {"asked": 0.25, "total": total_ms}
    )


def test_requests_are_counted_by_ending_and_answers_by_source() -> None:
    recorder = LogRecorder(noon)
    recorder.request_ended(URI, answered(Source.MODEL, 400.0))
    recorder.request_ended(URI, answered(Source.CACHE, 0.5))
    recorder.request_ended(URI, Outcome(Ending.SKIPPED, "switched off"))
    counters = recorder.counters
    assert dict(counters.endings) == {"answered": 2, "skipped": 1}
    assert dict(counters.sources) == {"model": 1, "cache": 1}
    assert list(counters.ghost_ms) == [400.0, 0.5]


def test_tokens_add_up_and_cached_ones_cost_less() -> None:
    recorder = LogRecorder(noon)
    profile = ModelProfile(input_price=0.10, cached_price=0.025, output_price=0.40)
    usage = Usage(1_000_000, 750_000, 100_000)
    dollars = profile.cost_dollars(usage)
    record = StreamRecord(
        "1", "m", Purpose.AUTOMATIC, StreamEnd.ENOUGH, usage, ttft_ms=350.0, dollars=dollars
    )
    recorder.stream_ended(record)
    recorder.stream_ended(StreamRecord("2", "m", Purpose.PREFETCH, StreamEnd.DIVERGED, Usage()))
    counters = recorder.counters
    assert dict(counters.streams) == {"enough": 1, "diverged": 1}
    assert list(counters.ttft_ms) == [350.0]
    assert counters.spent.dollars == pytest.approx(0.025 + 0.01875 + 0.04)


def test_without_a_record_a_day_begins_with_nothing_spent_all_the_same() -> None:
    day = [24]
    recorder = LogRecorder(lambda: datetime(2026, 11, day[0], 12, 0, tzinfo=UTC))
    late = StreamRecord("1", "m", Purpose.AUTOMATIC, StreamEnd.ENOUGH, Usage(), dollars=0.5)
    recorder.stream_ended(late)
    assert recorder.today().dollars == 0.5
    day[0] = 25
    assert recorder.today().dollars == 0.0
    recorder.stream_ended(StreamRecord("2", "m", Purpose.AUTOMATIC, StreamEnd.ENOUGH, Usage(), dollars=0.25))
    # Counted afterwards, it is still yesterday's.
    recorder.stream_ended(replace(late, dollars=0.75))
    assert recorder.today().dollars == 0.25
    assert recorder.counters.spent.dollars == 1.0


def test_a_line_holds_ending_reason_source_and_times_but_no_text_and_no_path(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG, "typethrough"):
        LogRecorder(noon).request_ended(URI, answered(Source.JOIN, 12.34))
    (line,) = caplog.messages
    assert (
        line
        == f"request {file_tag(URI)}: answered (first line done), source join, asked 0.2 ms total 12.3 ms"
    )
    assert not any(word in line for word in ("hunter2", "plan", "secret-project", "someone"))


def test_a_notice_is_logged_once_per_cause(caplog: pytest.LogCaptureFixture) -> None:
    recorder = LogRecorder(noon)
    for key in ("key", "key", "model"):
        recorder.notice(key, f"trouble with the {key}")
    assert recorder.notices == ["trouble with the key", "trouble with the model"]
    assert caplog.messages == recorder.notices


def test_a_status_is_logged_when_it_changes_to_something_a_person_would_care_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    recorder = LogRecorder(noon)
    with caplog.at_level(logging.INFO, "typethrough"):
        for kind in ("ready", "busy", "ready", "error", "error", "ready"):
            recorder.status(kind, "why")
    assert caplog.messages == ["status error: why"]


@pytest.mark.parametrize(
    ("values", "share", "expected"), [([], 0.5, 0.0), ([3.0], 0.95, 3.0), ([4.0, 1.0, 3.0, 2.0], 0.5, 3.0)]
)
def test_percentiles_are_by_nearest_rank(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == expected
