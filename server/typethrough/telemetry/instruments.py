"""Metrics and spans in the names of OpenTelemetry's conventions for generative AI, and the SDK that sends them.

This module imports OpenTelemetry, which only the extra `otel` installs, so it is imported late. The collector, its headers and
certificates are those of the standard variables (`OTEL_EXPORTER_OTLP_ENDPOINT` …), which the SDK reads itself.

Names and buckets: https://github.com/open-telemetry/semantic-conventions-genai, as of November 2026.
"""

from __future__ import annotations

import logging
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.trace import SpanKind, StatusCode

from typethrough import __version__
from typethrough.core.outcome.outcome import Ending
from typethrough.telemetry.exporting import RequestEnded, StreamEnded

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricReader
    from opentelemetry.sdk.trace import SpanProcessor

    from typethrough.core.outcome.outcome import StreamRecord
    from typethrough.telemetry.exporting import Event, Place

_SECONDS: Final = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
_GHOST_SECONDS: Final = [
    0.001,
    0.002,
    0.005,
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.3,
    0.5,
    0.7,
    1.0,
    1.5,
    2.0,
    3.0,
    5.0,
    10.0,
]
_TOKENS: Final = [4.0**power for power in range(14)]

_Attributes = dict[str, str | int | float | bool]


class Instruments:
    """Makes metrics and spans of events. `spans` and `metrics` send them, or keep them in a test."""

    def __init__(self, spans: SpanProcessor, metrics: MetricReader) -> None:
        # Made without the SDK's own detectors, which would add the machine, the command line and other programs' variables.
        # The random name tells processes apart: else a collector would mix up their counters.
        resource = Resource(
            {
                "service.name": "typethrough",
                "service.version": __version__,
                "service.instance.id": str(uuid4()),
            }
        )
        self._tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._tracers.add_span_processor(spans)
        self._tracer = self._tracers.get_tracer("typethrough", __version__)
        self._meters = MeterProvider([metrics], resource=resource, shutdown_on_exit=False)
        meter = self._meters.get_meter("typethrough", __version__)
        self._duration = meter.create_histogram(
            "gen_ai.client.operation.duration",
            "s",
            "GenAI operation duration.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._first_chunk = meter.create_histogram(
            "gen_ai.client.operation.time_to_first_chunk",
            "s",
            "Time to the first text of a stream.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._tokens = meter.create_histogram(
            "gen_ai.client.token.usage",
            "{token}",
            "Number of input and output tokens used.",
            explicit_bucket_boundaries_advisory=_TOKENS,
        )
        self._ghost = meter.create_histogram(
            "typethrough.ghost_text.duration",
            "s",
            "Time from an editor's request to its suggestion.",
            explicit_bucket_boundaries_advisory=_GHOST_SECONDS,
        )
        self._requests = meter.create_counter(
            "typethrough.requests",
            "{request}",
            "Requests of editors, by how they ended and where the text came from.",
        )
        self._feedback = meter.create_counter(
            "typethrough.suggestions", "{suggestion}", "What editors report about suggestions."
        )

    def take(self, event: Event) -> None:
        """Count an event, and make a span of a stream."""
        if isinstance(event, RequestEnded):
            self._request(event)
        elif isinstance(event, StreamEnded):
            self._stream(event)
        else:
            self._feedback.add(1, {"typethrough.suggestion.feedback": event.value})

    def close(self, within_s: float) -> None:
        """Send what was not sent yet. Metrics may take all of the time; spans that remain then are lost."""
        self._meters.shutdown(within_s * 1_000)
        self._tracers.shutdown()

    def _request(self, ended: RequestEnded) -> None:
        source = {} if ended.source is None else {"typethrough.suggestion.source": ended.source.value}
        self._requests.add(1, {"typethrough.request.ending": ended.ending.value, **source})
        if ended.ghost_ms is not None:
            self._ghost.record(ended.ghost_ms / 1_000, source)

    def _stream(self, ended: StreamEnded) -> None:
        stream, common = ended.stream, _common(ended.stream, ended.place)
        is_counted = not stream.is_estimated and stream.usage.prompt_tokens > 0
        if is_counted:
            usage = {"input": stream.usage.prompt_tokens, "output": stream.usage.output_tokens}
            for kind, tokens in usage.items():
                self._tokens.record(tokens, {**common, "gen_ai.token.type": kind})
        if not ended.is_first:
            return
        error: _Attributes = {}
        if stream.end.cause.ending is Ending.FAILED:
            error = {"error.type": stream.end.value}
        if stream.total_ms is not None:
            self._duration.record(stream.total_ms / 1_000, {**common, **error})
        if stream.ttft_ms is not None:
            self._first_chunk.record(stream.ttft_ms / 1_000, common)
        span = self._tracer.start_span(
            f"{common['gen_ai.operation.name']} {common['gen_ai.request.model']}",
            Context(),
            SpanKind.CLIENT,
            {**common, **error, **_of_span(stream, is_counted=is_counted)},
            start_time=ended.at_ns - round((stream.total_ms or 0.0) * 1e6),
        )
        if error:
            span.set_status(StatusCode.ERROR)
        span.end(ended.at_ns)


def _common(stream: StreamRecord, place: Place) -> _Attributes:
    """What metrics and spans of a stream have in common."""
    common: _Attributes = {
        "gen_ai.operation.name": "chat" if stream.is_chat else "text_completion",
        "gen_ai.provider.name": place.provider,
        "gen_ai.request.model": _model(stream.model),
    }
    if place.address and place.port is not None:
        common |= {"server.address": place.address, "server.port": place.port}
    return common


def _of_span(stream: StreamRecord, *, is_counted: bool) -> _Attributes:
    found: _Attributes = {
        "gen_ai.request.stream": True,
        "typethrough.stream.end": stream.end.value,
        "typethrough.stream.purpose": stream.purpose.value,
    }
    if stream.ttft_ms is not None:
        found["gen_ai.response.time_to_first_chunk"] = stream.ttft_ms / 1_000
    if is_counted:
        found |= {
            "gen_ai.usage.input_tokens": stream.usage.prompt_tokens,
            "gen_ai.usage.cache_read.input_tokens": stream.usage.cached_tokens,
            "gen_ai.usage.output_tokens": stream.usage.output_tokens,
        }
    return found


def _model(name: str) -> str:
    """A model's name. Servers on one's own machine take a file's path for it: then only the file's name."""
    path = PureWindowsPath(name)
    return path.name if path.anchor or name.startswith(("~", ".")) else name


def standard_instruments() -> Instruments:
    """Instruments that send to the collector of the standard variables. Raises ValueError if one cannot be read."""
    _hush()
    spans = BatchSpanProcessor(OTLPSpanExporter())
    return Instruments(spans, PeriodicExportingMetricReader(OTLPMetricExporter()))


def reaches_collector(within_s: float) -> bool:
    """Whether the collector takes an empty list of spans. Takes about `within_s` at most. Raises ValueError if a variable
    cannot be read.
    """
    _hush()
    exporter = OTLPSpanExporter(timeout=within_s)
    try:
        return exporter.export([]) is SpanExportResult.SUCCESS
    except OSError:
        # Older versions of the exporter raise what requests raises.
        return False
    finally:
        exporter.shutdown()  # type: ignore[no-untyped-call]  # the exporter's own types leave this method out


def _hush() -> None:
    """Keep these packages out of our log: while a collector is down, they would write to it again and again."""
    for name in ("opentelemetry", "urllib3"):
        logger = logging.getLogger(name)
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
