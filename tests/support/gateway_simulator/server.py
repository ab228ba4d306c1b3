"""The routes of the gateway, and those of the simulator itself, which begin with an underscore.

Owns which path answers what. Completions are passed on to `chat`. Everything else is answered here at once.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from tests.support.gateway_simulator import catalogue, generation, http11
from tests.support.gateway_simulator.chat import TEXT_PATH
from tests.support.gateway_simulator.connection import Connection
from tests.support.gateway_simulator.defects import Defects
from tests.support.gateway_simulator.faults import HTML, HTML_PAGE, JSON, error_answer
from tests.support.gateway_simulator.latency import MODELS, Latency
from tests.support.gateway_simulator.wire import dumps

if TYPE_CHECKING:
    from tests.support.gateway_simulator.chat import Chat
    from tests.support.gateway_simulator.http11 import Request

STYLES: Final = ("vercel", "openai")
LATENCIES: Final = MODELS
_CONTROLLED: Final = frozenset(
    {"faults", "release", "latency", "defects", "style", "key", "seed", "generation_misses"}
)
_MODELS: Final = "/v1/models"


class Server:
    """Creates connections and routes their requests."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._connections = 0

    def connection(self) -> Connection:
        """The protocol object of a new connection. Connections are numbered from 1."""
        self._connections += 1
        return Connection(self._connections, self._route)

    async def _route(self, request: Request, connection: Connection) -> None:
        if request.path in ("/v1/chat/completions", TEXT_PATH):
            if request.method == "POST":
                await self._chat.handle(request, connection)
            else:
                connection.write(http11.response(405, JSON, b""))
        elif request.path == "/v1/generation" and request.method == "GET":
            connection.write(generation.answer(request, self._chat))
        elif request.path.startswith("/_"):
            connection.write(await self._own(request))
        elif request.path.startswith("/v1/"):
            connection.write(self._read(request))
        else:
            connection.write(http11.response(404, HTML, HTML_PAGE))

    def _read(self, request: Request) -> bytes:
        path, style = request.path, self._chat.settings.style
        found: Any = None
        if path == _MODELS:
            found = catalogue.listing(style)
        elif path.startswith(f"{_MODELS}/") and path.endswith("/endpoints"):
            found = catalogue.endpoints(path[len(_MODELS) + 1 : -len("/endpoints")])
        elif path.startswith(f"{_MODELS}/"):
            found = catalogue.model(path[len(_MODELS) + 1 :], style)
        else:
            return error_answer("not_found", {}, {}) or b""
        if request.method not in ("GET", "HEAD"):
            return http11.response(405, JSON, b"")
        if found is None:
            return (
                error_answer(
                    "model_not_found", {}, {"model": path[len(_MODELS) + 1 :].removesuffix("/endpoints")}
                )
                or b""
            )
        answer = http11.response(200, JSON, dumps(found))
        return answer if request.method == "GET" else answer[: answer.index(b"\r\n\r\n") + 4]

    async def _own(self, request: Request) -> bytes:
        try:
            status, value = await self._own_value(request)
        except (ValueError, KeyError, TypeError) as error:
            status, value = 400, {"error": repr(error)}
        return http11.response(status, JSON, dumps(value))

    async def _own_value(self, request: Request) -> tuple[int, Any]:
        log = self._chat.log
        match request.method, request.path:
            case "GET", "/_log":
                return 200, log.as_json(full=request.query.get("full") == "1")
            case "GET", "/_wait":
                record = await log.wait(request.query["event"], int(request.query["number"]))
                return (200, record) if record else (504, {"error": "did not happen"})
            case "POST", "/_reset":
                self._chat.reset()
                return 200, {}
            case "POST", "/_control":
                self._control(json.loads(request.body))
                return 200, {}
        return 404, {"error": "no such path"}

    def _control(self, wanted: dict[str, Any]) -> None:
        settings = self._chat.settings
        unknown = set(wanted) - _CONTROLLED
        if unknown:
            raise ValueError(f"no such setting: {', '.join(sorted(unknown))}")
        if "faults" in wanted:
            self._chat.faults.set(wanted["faults"])
        if wanted.get("release"):
            self._chat.release()
        if "latency" in wanted:
            settings.latency = _latency(wanted["latency"])
        if "defects" in wanted:
            settings.defects = Defects.parse(wanted["defects"])
        if "style" in wanted:
            if wanted["style"] not in STYLES:
                raise ValueError("no such style")
            settings.style = wanted["style"]
        if "key" in wanted:
            settings.key = wanted["key"]
        if "generation_misses" in wanted:
            settings.generation_misses = wanted["generation_misses"]
        if "seed" in wanted:
            settings.seed = int(wanted["seed"])


def _latency(wanted: str | dict[str, Any]) -> Latency:
    latency = Latency(model=wanted) if isinstance(wanted, str) else Latency(**wanted)
    if latency.model not in LATENCIES:
        raise ValueError("no such latency")
    return latency
