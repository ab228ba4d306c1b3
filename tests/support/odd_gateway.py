"""A gateway on loopback with given answers, over HTTP or TLS. It can also be a proxy that refuses every connection.

Owns one server in its own threads. Its certificate is trusted by nobody.
"""

from __future__ import annotations

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

CERTIFICATE = Path(__file__).parents[1] / "gateway" / "loopback.pem"
PIECES = ("number", " % 2", " == 0\n")
USAGE = {"prompt_tokens": 3_000, "completion_tokens": 8, "prompt_tokens_details": {"cached_tokens": 2_816}}
MODELS = {"object": "list", "data": [{"id": "openai/gpt-4.1-nano"}, {"id": "other"}]}


class OddGateway:
    """`status` and `body` are the answer to a completion; if `body` is None, it is a stream. `models` is the list of
    models, or None if there is no list. `first_s` is the time until the first text. `unknown` is a model that it refuses.
    `requests` has the paths of requests, `authorizations` their `Authorization` headers.
    """

    def __init__(
        self,
        *,
        status: int = 200,
        body: bytes | dict[str, Any] | None = None,
        content_type: str = "application/json",
        models: Any = MODELS,
        first_s: float = 0.0,
        unknown: str = "",
        tls: bool = False,
    ) -> None:
        self.status, self.content_type, self.models, self.first_s = status, content_type, models, first_s
        self.body = json.dumps(body).encode() if isinstance(body, dict) else body
        self.unknown = unknown
        self.requests: list[str] = []
        self.authorizations: list[str] = []
        self.released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.base_url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler_of(gateway: OddGateway) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """Log nothing."""

        def do_GET(self) -> None:
            self._note()
            if gateway.models is None:
                self._reply(404, "text/html", b"<h1>404</h1>")
            else:
                self._reply(200, "application/json", json.dumps(gateway.models).encode())

        def do_POST(self) -> None:
            self._note()
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if asked["model"] == gateway.unknown:
                self._reply(
                    404, "application/json", b'{"error": {"message": "gone", "code": "model_not_found"}}'
                )
                return
            if gateway.body is not None or gateway.status != 200:
                self._reply(gateway.status, gateway.content_type, gateway.body or b"")
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            gateway.released.wait(gateway.first_s)
            for piece in PIECES:
                self._event({"choices": [{"index": 0, "delta": {"content": piece}}]})
            self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": USAGE})
            self.wfile.write(b"data: [DONE]\n\n")
            self.close_connection = True

        def do_CONNECT(self) -> None:
            self._note()
            self._reply(gateway.status, "text/plain", b"")

        def _note(self) -> None:
            gateway.requests.append(self.path)
            gateway.authorizations.append(self.headers.get("Authorization", ""))

        def _event(self, value: dict[str, Any]) -> None:
            self.wfile.write(b"data: " + json.dumps(value).encode() + b"\n\n")

        def _reply(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
