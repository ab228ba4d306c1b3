"""OpenTelemetry and the whole process: what a collector gets, and that a session is as good with one that is down, that never
answers, or without the extra.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.lsp_client import LspClient
from tests.support.simulator import start

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]

_SERVER: Final = str(Path(__file__).parents[2] / "server")
_KEY: Final = "sk-promised-0123456789abcdef"
_TYPED: Final = "quetzalcoatl"
_TEXT: Final = f"import json\n\n\ndef {_TYPED}(path):\n    "
_FOLDER: Final = "merger-folder"


class Collector:
    """A collector on loopback that keeps what comes, by path. With `hangs` it reads a request and does not answer."""

    def __init__(self, *, hangs: bool = False) -> None:
        self.got: dict[str, list[bytes]] = {}
        self.headers: list[str] = []
        self.released = threading.Event()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.got.setdefault(self.path, []).append(body)
                collector.headers.append(str(self.headers))
                if hangs:
                    collector.released.wait(30)
                    return
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def collector(*, hangs: bool = False) -> Iterator[Collector]:
    made = Collector(hangs=hangs)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address at which nobody listens, and nobody else can while the test runs."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def environment(home: Path, more: dict[str, str], *, extra: bool = True) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    places = [_SERVER]
    if not extra:
        # An empty package of this name stands before the real one.
        (home / "empty" / "opentelemetry").mkdir(parents=True)
        (home / "empty" / "opentelemetry" / "__init__.py").touch()
        places.insert(0, str(home / "empty"))
    own = {"HOME": str(home), "PYTHONPATH": os.pathsep.join(places), "PYTHONDONTWRITEBYTECODE": "1"}
    return kept | own | more


def session(home: Path, more: dict[str, str], *, extra: bool = True) -> tuple[list[str], LspClient]:
    """Ask for one suggestion and end in order. The texts that came, and the client after the end."""
    project = home / _FOLDER
    project.mkdir()
    log = ("--log-level", "debug", "--log-file", str(home / "server.log"))

    async def scenario() -> tuple[list[str], LspClient]:
        command = (sys.executable, "-m", "typethrough", "--stdio", *log)
        client = await LspClient.start(command, environment(home, more, extra=extra), cwd=str(home))
        try:
            await client.initialize(root_uri=project.as_uri())
            uri = (project / "main.py").as_uri()
            document = {"uri": uri, "languageId": "python", "version": 1, "text": _TEXT}
            client.notify("textDocument/didOpen", {"textDocument": document})
            params: dict[str, Any] = {
                "textDocument": {"uri": uri},
                "position": {"line": 4, "character": 4},
                "context": {"triggerKind": 1},
            }
            found = await client.request("textDocument/inlineCompletion", params).value()
        finally:
            # It kills a process that does not end.
            await client.stop()
        return [item["insertText"] for item in (found or {"items": []})["items"]], client

    with start(latency="none") as simulator:
        more = {"TYPETHROUGH_BASE_URL": simulator.base_url, "TYPETHROUGH_API_KEY": _KEY, **more}
        return asyncio.run(scenario())


def asked(url: str) -> dict[str, str]:
    headers = {"OTEL_EXPORTER_OTLP_HEADERS": "x-tenant=core"}
    return {"TYPETHROUGH_OPENTELEMETRY": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": url, **headers}


def test_the_collector_gets_numbers_at_the_end_and_nothing_else(tmp_path: Path) -> None:
    with collector() as one:
        offered, client = session(tmp_path, asked(one.url))
    assert offered
    assert client.returncode == 0
    assert sorted(one.got) == ["/v1/metrics", "/v1/traces"]
    assert "x-tenant: core" in one.headers[0].lower()
    traces = ExportTraceServiceRequest.FromString(one.got["/v1/traces"][-1])
    spans = [span for group in traces.resource_spans for scope in group.scope_spans for span in scope.spans]
    told = {one.key: one.value.string_value for one in spans[0].attributes}
    assert told["gen_ai.operation.name"] == "chat"
    assert told["server.address"] == "127.0.0.1"
    assert spans[0].end_time_unix_nano >= spans[0].start_time_unix_nano > 0
    metrics = ExportMetricsServiceRequest.FromString(one.got["/v1/metrics"][-1])
    names = {
        metric.name
        for group in metrics.resource_metrics
        for scope in group.scope_metrics
        for metric in scope.metrics
    }
    assert {
        "gen_ai.client.operation.duration",
        "typethrough.requests",
        "typethrough.ghost_text.duration",
    } <= names
    resource = metrics.resource_metrics[0].resource.attributes
    assert {one.key for one in resource} == {"service.name", "service.version", "service.instance.id"}
    sent = b"".join(body for bodies in one.got.values() for body in bodies) + "".join(one.headers).encode()
    texts = [text.strip() for text in offered if len(text.strip()) > 3]
    words = (_KEY, _TYPED, _FOLDER, "main.py", str(tmp_path), socket.gethostname(), *texts)
    assert [word for word in words if word.encode() in sent] == []


def test_a_collector_that_is_down_delays_no_end_and_is_not_in_the_log(tmp_path: Path, nobody: str) -> None:
    offered, client = session(tmp_path, asked(nobody))
    assert offered
    assert client.returncode == 0
    for said in (bytes(client.stderr).decode(), (tmp_path / "server.log").read_text("utf-8")):
        assert [line for line in said.splitlines() if "opentelemetry" in line or "urllib3" in line] == []


def test_a_collector_that_never_answers_delays_no_end(tmp_path: Path) -> None:
    with collector(hangs=True) as one:
        offered, client = session(tmp_path, asked(one.url))
        assert one.got
    assert offered
    assert client.returncode == 0


def test_the_standard_variables_alone_switch_nothing_on(tmp_path: Path) -> None:
    with collector() as one:
        offered, _ = session(tmp_path, {"OTEL_EXPORTER_OTLP_ENDPOINT": one.url})
    assert offered
    assert one.got == {}


def test_without_the_extra_the_server_runs_and_the_user_is_told(tmp_path: Path, nobody: str) -> None:
    offered, client = session(tmp_path, asked(nobody), extra=False)
    assert offered
    assert client.returncode == 0
    shown = [str(one.message) for one in client.recorded if one.message.get("method") == "window/showMessage"]
    assert sum("typethrough[otel]" in message for message in shown) == 1


def run(home: Path, verb: list[str], more: dict[str, str], *, extra: bool = True) -> str:
    """What a command prints, on both streams."""
    command = [sys.executable, "-m", "typethrough", *verb]
    done = subprocess.run(
        command,
        env=environment(home, more, extra=extra),
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    return done.stdout + done.stderr


def test_settings_name_the_missing_extra(tmp_path: Path, nobody: str) -> None:
    assert 'pip install "typethrough[otel]"' in run(tmp_path, ["settings"], asked(nobody), extra=False)


def findings(home: Path, more: dict[str, str], *, extra: bool = True) -> list[tuple[str, str]]:
    """What the doctor finds about OpenTelemetry: level and text."""
    found = json.loads(run(home, ["doctor", "--json", "--no-request"], more, extra=extra))
    words = ("opentelemetry is true", "metrics and traces")
    return [
        (one["level"], one["text"]) for one in found["findings"] if any(word in one["text"] for word in words)
    ]


def test_the_doctor_names_the_missing_extra(tmp_path: Path, nobody: str) -> None:
    [(level, text)] = findings(tmp_path, asked(nobody), extra=False)
    assert level == "warning"
    assert "typethrough[otel]" in text


def test_the_doctor_says_whether_the_collector_is_there(tmp_path: Path, nobody: str) -> None:
    with collector() as one:
        assert findings(tmp_path, asked(one.url.replace("127", f"me:{_KEY}@127"))) == [
            ("ok", f"metrics and traces go to {one.url} (OTEL_EXPORTER_OTLP_ENDPOINT)")
        ]
        assert list(one.got) == ["/v1/traces"]
    [(level, text)] = findings(tmp_path, asked(nobody))
    assert level == "warning"
    assert text == f"the collector at {nobody} (OTEL_EXPORTER_OTLP_ENDPOINT) takes no metrics and traces"


def test_the_doctor_says_nothing_of_it_when_it_is_off(tmp_path: Path) -> None:
    assert findings(tmp_path, {}) == []


def test_the_doctor_says_what_the_variables_do(tmp_path: Path) -> None:
    [(level, text)] = findings(tmp_path, asked("collector:4318"))
    assert level == "warning"
    assert "an address that does not begin with http:// or https://" in text
    off = "metrics and traces are switched off (OTEL_SDK_DISABLED)"
    assert findings(tmp_path, asked("") | {"OTEL_SDK_DISABLED": "true"}) == [("ok", off)]
