"""JSON-RPC as LSP uses it: every request gets exactly one reply, whatever the client sends and whatever a handler does.

Messages are plain JSON and handlers are looked up by method. Typed messages (lsprotocol under pygls) would take two thirds of the
start-up and refuse a whole `initialize` over one capability that they do not know. Knows nothing of documents or of the engine.
"""

from __future__ import annotations

import asyncio
import logging
from enum import Enum, auto
from itertools import count
from typing import TYPE_CHECKING, Any, TypeGuard

from typethrough.lsp.convert import InvalidParams, is_integer
from typethrough.lsp.transport import frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from typethrough.lsp.transport import Writer

logger = logging.getLogger(__name__)

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
SERVER_NOT_INITIALIZED = -32002
REQUEST_CANCELLED = -32800

MessageId = int | str
Params = dict[str, Any]


class Phase(Enum):
    """Where the connection is in its life."""

    NEW = auto()
    SERVING = auto()
    SHUT_DOWN = auto()


class ClientRefused(Exception):
    """The client answered one of our requests with an error."""


class Protocol:
    """One client's connection: takes each decoded message, and writes replies, notifications and requests."""

    def __init__(self) -> None:
        self.writer: Writer | None = None
        self.phase = Phase.NEW
        self.requests: dict[str, Callable[[MessageId, Params], None]] = {}
        """Each handler replies by itself, now or later; it may raise InvalidParams."""
        self.notifications: dict[str, Callable[[Params], None]] = {}
        self.on_cancel: Callable[[MessageId], bool] = lambda _: False
        """Ends a request that is being answered as cancelled; False when it is none."""
        self._open: set[MessageId] = set()
        self._asked: dict[MessageId, asyncio.Future[Any]] = {}
        self._ids = count(1)

    @property
    def shutting_down(self) -> bool:
        """Whether the client has sent `shutdown`."""
        return self.phase is Phase.SHUT_DOWN

    def receive(self, message: Any) -> None:
        """Handle one decoded message, whatever it is. Never raises."""
        if not isinstance(message, dict):
            self._refuse(None, INVALID_REQUEST, "a message must be an object")
        elif "method" not in message:
            self._take_response(message)
        elif "id" in message:
            self._take_request(message["id"], message["method"], message.get("params"))
        else:
            self._take_notification(message["method"], message.get("params"))

    def _take_request(self, message_id: Any, method: Any, params: Any) -> None:
        if not is_id(message_id):
            self._refuse(None, INVALID_REQUEST, "id must be an integer or a string")
        elif message_id in self._open:
            self._refuse(message_id, INVALID_REQUEST, "id belongs to a request that is still open")
        elif not isinstance(method, str):
            self._refuse(message_id, INVALID_REQUEST, "method must be a string")
        elif self.phase is Phase.NEW and method != "initialize":
            self._refuse(message_id, SERVER_NOT_INITIALIZED, "the server waits for initialize")
        elif self.phase is Phase.SHUT_DOWN:
            self._refuse(message_id, INVALID_REQUEST, "the server is shutting down")
        elif self.phase is Phase.SERVING and method == "initialize":
            self._refuse(message_id, INVALID_REQUEST, "initialize was sent before")
        elif method not in self.requests:
            self._refuse(message_id, METHOD_NOT_FOUND, "method not found")
        else:
            self._open.add(message_id)
            try:
                self.requests[method](message_id, as_object(params))
            except InvalidParams as error:
                self.fail(message_id, INVALID_PARAMS, str(error))
            except Exception as error:
                # The boundary: a client must never see our traceback, nor lose the server to one bad message.
                _log_failure(method, error)
                self.fail(message_id, INTERNAL_ERROR, "internal error")

    def _take_notification(self, method: Any, params: Any) -> None:
        if method == "$/cancelRequest":
            target = params.get("id") if isinstance(params, dict) else None
            if is_id(target):
                self.on_cancel(target)
            return
        handler = self.notifications.get(method) if isinstance(method, str) else None
        if handler is None or self.phase is not Phase.SERVING:
            return
        try:
            handler(as_object(params))
        except InvalidParams as error:
            logger.warning("%s ignored: %s", method, error)
        except Exception as error:
            # The boundary, as for requests; a notification has no reply to say so in.
            _log_failure(method, error)

    def _take_response(self, message: Params) -> None:
        message_id = message.get("id")
        asked = self._asked.pop(message_id, None) if is_id(message_id) else None
        if asked is None:
            if "result" not in message and "error" not in message:
                self._refuse(None, INVALID_REQUEST, "a message must have a method")
        elif not asked.done():
            if message.get("error") is None:
                asked.set_result(message.get("result"))
            else:
                asked.set_exception(ClientRefused())

    def reply(self, message_id: MessageId, result: Any) -> None:
        """Answer a request; of several answers to one request only the first is sent."""
        if message_id in self._open:
            self._open.discard(message_id)
            self._write({"jsonrpc": "2.0", "id": message_id, "result": result})

    def fail(self, message_id: MessageId, code: int, reason: str) -> None:
        """Answer a request with an error: a code and a sentence, never data."""
        if message_id in self._open:
            self._open.discard(message_id)
            self._refuse(message_id, code, reason)

    def bad_json(self) -> None:
        """Say that a message could not be decoded."""
        self._refuse(None, PARSE_ERROR, "invalid JSON")

    def tell(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._write({"jsonrpc": "2.0", "method": method, "params": params})

    async def ask(self, method: str, params: Any, timeout_s: float) -> Any:
        """Send a request and wait for its result. Raises ClientRefused, and TimeoutError when no answer comes."""
        message_id = f"typethrough-{next(self._ids)}"
        asked: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked[message_id] = asked
        self._write({"jsonrpc": "2.0", "id": message_id, "method": method, "params": params})
        try:
            async with asyncio.timeout(timeout_s):
                return await asked
        finally:
            self._asked.pop(message_id, None)

    def _refuse(self, message_id: MessageId | None, code: int, reason: str) -> None:
        self._write({"jsonrpc": "2.0", "id": message_id, "error": {"code": code, "message": reason}})

    def _write(self, message: dict[str, Any]) -> None:
        if self.writer is not None:
            self.writer.write(frame(message))


def is_id(value: Any) -> TypeGuard[MessageId]:
    """Whether this can be a message's id; JSON's true is not the integer 1."""
    return isinstance(value, str) or is_integer(value)


def as_object(params: Any) -> Params:
    """Parameters by name; none at all count as empty. Raises InvalidParams for anything else."""
    if params is None:
        return {}
    if not isinstance(params, dict):
        raise InvalidParams("params must be an object")
    return params


def _log_failure(method: str, error: Exception) -> None:
    # Only the kind of the error and the place of its origin: its text can hold the document's.
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    where = f"{step.tb_frame.f_code.co_name}:{step.tb_lineno}" if step is not None else "unknown"
    logger.error("%s failed: %s in %s", method, type(error).__name__, where)
