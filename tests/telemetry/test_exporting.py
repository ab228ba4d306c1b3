"""What OpenTelemetry is told: names of its conventions, numbers, and no text; and that nobody waits for it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from typethrough.cli.compose import Composition
from typethrough.core.document.document import Position
from typethrough.core.outcome.causes import StreamEnd
from typethrough.core.outcome.outcome import (
    Ending,
    Feedback,
    Outcome,
    Purpose,
    Source,
    StreamRecord,
    Suggestion,
    Usage,
)
from typethrough.core.settings.layers import Layer, Origin
from typethrough.telemetry import exporting, instruments
from typethrough.telemetry.exporting import MISSING, ExportingRecorder, Place, place_at
from typethrough.telemetry.instruments import Instruments
from typethrough.telemetry.recorder import LogRecorder

if TYPE_CHECKING:
    from collections.abc import Callable

    from typethrough.telemetry.exporting import Event, Meters

NOW = datetime(2026, 11, 29, 8, 0, tzinfo=UTC)
KEY, FOLDER, NAME, TEXT, LANGUAGE = (
    "sk-9fQx7ZtLmW2Rb8Kd",
    "merger-folder",
    "hush.py",
    "quetzalcoatl()",
    "zapotec",
)
COMMON = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "openai/gpt-4.1-nano",
    "server.address": "llm.corp.example",
    "server.port": 8443,
}


class Desk:
    """A recorder whose numbers stay in memory. `end` sends them, and gives what was sent."""

    def __init__(self, address: str = "https://llm.corp.example:8443/v1") -> None:
        self.spans = InMemorySpanExporter()
        self.reader = InMemoryMetricReader()
        self.inner = LogRecorder(lambda: NOW)
        self.recorder = ExportingRecorder(self.inner, lambda: NOW, lambda: address, self._load)
        self.data: Any = None

    def _load(self) -> Meters:
        desk, made = self, Instruments(SimpleSpanProcessor(self.spans), self.reader)

        class Kept:
            def take(self, event: Event) -> None:
                made.take(event)

            def close(self, within_s: float) -> None:
                # After the end a reader in memory has nothing more.
                desk.data = desk.reader.get_metrics_data()
                made.close(within_s)

        return Kept()

    def stream(self, stream_id: str = "1", end: StreamEnd = StreamEnd.ENOUGH, **more: Any) -> None:
        usage = more.pop("usage", Usage(900, 800, 12))
        model = more.pop("model", "openai/gpt-4.1-nano")
        more = {"ttft_ms": 250.0, "total_ms": 400.0, **more}
        self.recorder.stream_ended(StreamRecord(stream_id, model, Purpose.AUTOMATIC, end, usage, **more))

    def request(self, ending: Ending = Ending.ANSWERED, source: Source | None = Source.MODEL) -> None:
        found = (Suggestion("s1", TEXT, Position(0, 0), source),) if source is not None else ()
        stages_ms = {"asked": 30.0, "total": 320.0}
        uri = f"file:///home/me/{FOLDER}/{NAME}"
        self.recorder.request_ended(uri, Outcome(ending, f"not {TEXT}", source, found, stages_ms, LANGUAGE))

    def end(self) -> dict[str, dict[tuple[tuple[str, Any], ...], Any]]:
        """For each metric its points by their attributes."""
        self.recorder.close(10.0)
        if self.data is None:
            return {}
        metrics = self.data.resource_metrics[0].scope_metrics[0].metrics
        return {
            one.name: {tuple(sorted(point.attributes.items())): point for point in one.data.data_points}
            for one in metrics
        }


def attributes(**more: Any) -> tuple[tuple[str, Any], ...]:
    names = {name.replace("__", "."): value for name, value in more.items()}
    return tuple(sorted((COMMON | names).items()))


def test_a_stream_is_a_span_and_three_metrics_in_the_names_of_the_conventions() -> None:
    desk = Desk()
    desk.stream()
    metrics = desk.end()
    duration = metrics["gen_ai.client.operation.duration"][attributes()]
    first = metrics["gen_ai.client.operation.time_to_first_chunk"][attributes()]
    tokens = metrics["gen_ai.client.token.usage"]
    assert (duration.count, duration.sum, first.sum) == (1, 0.4, 0.25)
    assert tokens[attributes(gen_ai__token__type="input")].sum == 900
    assert tokens[attributes(gen_ai__token__type="output")].sum == 12
    assert duration.explicit_bounds[:3] == (0.01, 0.02, 0.04)
    [span] = desk.spans.get_finished_spans()
    assert (span.name, span.kind.name, span.parent) == ("chat openai/gpt-4.1-nano", "CLIENT", None)
    assert (span.end_time, span.start_time) == (NOW.timestamp() * 1e9, NOW.timestamp() * 1e9 - 4e8)
    assert span.attributes == COMMON | {
        "gen_ai.request.stream": True,
        "gen_ai.response.time_to_first_chunk": 0.25,
        "gen_ai.usage.input_tokens": 900,
        "gen_ai.usage.cache_read.input_tokens": 800,
        "gen_ai.usage.output_tokens": 12,
        "typethrough.stream.end": "enough",
        "typethrough.stream.purpose": "automatic",
    }


def test_a_stream_that_failed_names_its_error() -> None:
    desk = Desk()
    desk.stream(end=StreamEnd.RATE_LIMITED, usage=Usage(), ttft_ms=None, is_chat=False)
    metrics = desk.end()
    wanted = attributes(error__type="RateLimited", gen_ai__operation__name="text_completion")
    assert list(metrics["gen_ai.client.operation.duration"]) == [wanted]
    assert "gen_ai.client.token.usage" not in metrics, "nothing was counted"
    [span] = desk.spans.get_finished_spans()
    assert (span.status.status_code.name, span.status.description) == ("ERROR", None)
    assert span.attributes is not None
    assert span.attributes["error.type"] == "RateLimited"


def test_an_estimate_is_not_told_and_a_later_count_adds_no_second_span() -> None:
    desk = Desk()
    desk.stream(is_estimated=True)
    desk.stream(usage=Usage(1_000, 0, 20))
    desk.stream(usage=Usage(1_000, 0, 20))
    metrics = desk.end()
    assert metrics["gen_ai.client.token.usage"][attributes(gen_ai__token__type="input")].sum == 1_000
    assert metrics["gen_ai.client.operation.duration"][attributes()].count == 1
    assert len(desk.spans.get_finished_spans()) == 1


def test_requests_are_counted_by_their_ending_and_source_and_the_time_to_ghost_text_by_source() -> None:
    desk = Desk()
    desk.request()
    desk.request()
    desk.request(source=Source.LOCAL)
    desk.request(Ending.DEADLINE, None)
    desk.recorder.feedback(Feedback.ACCEPTED, "s1")
    metrics = desk.end()
    counted = {names: point.value for names, point in metrics["typethrough.requests"].items()}
    ending, source = "typethrough.request.ending", "typethrough.suggestion.source"
    assert counted == {
        ((ending, "answered"), (source, "model")): 2,
        ((ending, "answered"), (source, "local")): 1,
        ((ending, "deadline"),): 1,
    }
    ghost = metrics["typethrough.ghost_text.duration"]
    assert {names: (point.count, point.sum) for names, point in ghost.items()} == {
        ((source, "model"),): (2, 0.64),
        ((source, "local"),): (1, 0.32),
    }
    accepted = metrics["typethrough.suggestions"][(("typethrough.suggestion.feedback", "accepted"),)]
    assert accepted.value == 1


def test_all_is_passed_on() -> None:
    desk = Desk()
    desk.request()
    desk.stream()
    desk.recorder.feedback(Feedback.SHOWN, "s1")
    desk.recorder.survived("s1", 30.0, 1.0)
    desk.recorder.notice("key", "a message")
    desk.recorder.status("ready", "")
    desk.end()
    counters = desk.inner.counters
    assert (counters.endings["answered"], counters.streams["enough"], counters.feedback["shown"]) == (1, 1, 1)
    assert desk.inner.notices == ["a message"]
    assert desk.recorder.history is desk.inner.history
    assert desk.recorder.today() == desk.inner.today()


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("https://api.openai.com/v1", Place("api.openai.com", 443, "openai")),
        ("https://me.openai.azure.com/openai/v1", Place("me.openai.azure.com", 443, "azure.ai.openai")),
        ("https://api.mistral.ai/v1", Place("api.mistral.ai", 443, "mistral_ai")),
        ("https://notx.ai:99/v1", Place("notx.ai", 99, "openai")),
        ("https://api.x.ai/v1", Place("api.x.ai", 443, "x_ai")),
        ("http://me:secret@[::1]/v1/secret?k=secret", Place("::1", 80, "openai")),
        ("unix:///home/me/llama.sock", Place()),
        ("http+unix://%2Frun%2Fllama.sock/v1", Place()),
        ("", Place()),
    ],
)
def test_of_an_address_only_host_and_port_are_told(address: str, place: Place) -> None:
    assert place_at(address) == place


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("/home/me/models/qwen.gguf", "qwen.gguf"),
        ("~/models/qwen.gguf", "qwen.gguf"),
        ("../models/qwen.gguf", "qwen.gguf"),
        ("C:\\models\\qwen.gguf", "qwen.gguf"),
        ("openai/gpt-4.1-nano", "openai/gpt-4.1-nano"),
        ("qwen2.5-coder:1.5b", "qwen2.5-coder:1.5b"),
    ],
)
def test_a_model_that_is_named_by_a_path_is_told_without_its_folders(model: str, told: str) -> None:
    desk = Desk("unix:///home/me/llama.sock")
    desk.stream(model=model)
    desk.end()
    [span] = desk.spans.get_finished_spans()
    assert span.attributes is not None
    assert (span.name, span.attributes["gen_ai.request.model"]) == (f"chat {told}", told)
    assert "server.address" not in span.attributes


def test_no_text_no_path_and_no_key_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", f"folder={FOLDER}")
    monkeypatch.setenv("OTEL_SERVICE_NAME", NAME)
    monkeypatch.setenv("OTEL_EXPERIMENTAL_RESOURCE_DETECTORS", "process,host,os")
    desk = Desk(f"https://me:{KEY}@llm.corp.example/{FOLDER}/v1")
    for end in StreamEnd:
        desk.stream(end.name, end, model=f"/home/{FOLDER}/m")
    for ending in Ending:
        desk.request(ending)
    for kind in Feedback:
        desk.recorder.feedback(kind, TEXT)
    desk.recorder.notice(KEY, TEXT)
    desk.recorder.status("error", TEXT)
    desk.end()
    told = encode_metrics(desk.data).SerializeToString()
    told += encode_spans(desk.spans.get_finished_spans()).SerializeToString()
    assert b"llm.corp.example" in told
    assert b"answered" in told
    planted = (KEY, FOLDER, NAME, TEXT, LANGUAGE, "/home", "python", threading.current_thread().name)
    assert [word for word in planted if word.encode() in told] == []


def test_nobody_waits_for_a_slow_import_or_for_a_collector_that_never_answers() -> None:
    desk, held = Desk(), threading.Event()
    load: Callable[[], Meters] = desk.recorder._load
    desk.recorder._load = lambda: (held.wait(20), load())[1]
    desk.request()
    assert desk.recorder._thread is not None
    assert desk.recorder._thread.daemon
    desk.recorder.close(0.0)
    assert desk.data is None
    held.set()
    desk.recorder._thread.join(10)
    assert desk.data is not None


def test_without_a_request_nothing_is_loaded() -> None:
    desk = Desk()
    desk.recorder.close()
    assert desk.recorder._thread is None


def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "_MOST_WAITING", 3)
    desk, held = Desk(), threading.Event()
    load: Callable[[], Meters] = desk.recorder._load
    desk.recorder._load = lambda: (held.wait(20), load())[1]
    for _ in range(9):
        desk.request()
    held.set()
    assert [point.value for point in desk.end()["typethrough.requests"].values()] == [3]


def test_a_fault_of_opentelemetry_is_logged_once_and_without_its_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def load() -> Meters:
        raise ValueError(TEXT)

    recorder = ExportingRecorder(LogRecorder(lambda: NOW), lambda: NOW, str, load)
    recorder.feedback(Feedback.SHOWN, "1")
    recorder.close(10.0)
    recorder.feedback(Feedback.SHOWN, "2")
    recorder.close(10.0)
    assert caplog.text.count("no metrics and traces are sent: OpenTelemetry failed (ValueError") == 1
    assert TEXT not in caplog.text


def composed(origin: Origin, *, environment: dict[str, str] | None = None) -> tuple[bool, bool]:
    """Whether it is on with the setting in this layer, and whether the missing extra is named."""
    layer = Layer(origin.value, origin, {"opentelemetry": True, "record": False})
    nothing = Layer("user file", Origin.USER_FILE, {"record": False})
    editor = origin in (Origin.CONFIGURATION, Origin.INITIALIZATION_OPTIONS)
    parts = Composition(
        environment=environment or {},
        user_layer=layer if origin is Origin.USER_FILE else nothing,
        administrator_layer=layer if origin is Origin.ADMINISTRATOR else None,
    )
    settings, problems = parts.settings([layer] if editor else ())
    with parts.recorder(settings) as recorder:
        is_on = isinstance(recorder, ExportingRecorder)
    return is_on, any(one.message == MISSING for one in problems)


STANDARD = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "otlp"}


@pytest.mark.parametrize(
    ("origin", "environment", "is_on"),
    [
        (Origin.USER_FILE, {}, True),
        (Origin.ADMINISTRATOR, {}, True),
        (Origin.DEFAULTS, {"TYPETHROUGH_OPENTELEMETRY": "true"}, True),
        (Origin.DEFAULTS, STANDARD, False),
        (Origin.CONFIGURATION, STANDARD, False),
        (Origin.INITIALIZATION_OPTIONS, STANDARD, False),
    ],
)
def test_only_the_user_or_the_administrator_can_switch_it_on(
    origin: Origin, environment: dict[str, str], is_on: bool
) -> None:
    assert composed(origin, environment=environment) == (is_on, False)


def test_a_missing_extra_is_named_when_it_is_asked_for_and_only_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "_PACKAGES", ("opentelemetry.sdk", "opentelemetry.not_there.http"))
    assert composed(Origin.USER_FILE) == (False, True)
    assert composed(Origin.DEFAULTS) == (False, False)


def test_an_exporter_that_raises_reaches_no_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    class Old:
        """As in the oldest version that is allowed."""

        def __init__(self, timeout: float) -> None:
            self.timeout = timeout

        def export(self, spans: list[Any]) -> None:
            raise ConnectionRefusedError(KEY)

        def shutdown(self) -> None:
            pass

    monkeypatch.setattr(instruments, "OTLPSpanExporter", Old)
    assert not instruments.reaches_collector(2.0)
