"""A hardened pygls: every request gets exactly one reply, whatever the client sends and whatever a handler does.

Messages of the keystroke path are handled as plain JSON. So their handlers can reply later, accept the forms of LSP 3.18's
drafts, and refuse wrong types that lsprotocol would convert, such as a number in place of a string. pygls handles the others.
Four things of pygls are switched off: its copy of each document, its silence after malformed parameters, its pop-ups, and
errors and log lines that quote a message. This module does not know documents or the engine.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from enum import Enum, auto
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any, TypeGuard

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.protocol import JsonRPCRequestMessage, LanguageServerProtocol, default_converter, lsp_method

from typethrough import __version__
from typethrough.engine.loop import fault_of
from typethrough.lsp.fields import InvalidParams, is_integer
from typethrough.lsp.transport import frame

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from cattrs import Converter

    from typethrough.lsp.transport import Writer

logger = logging.getLogger(__name__)
# pygls logs whole messages and tracebacks. This module logs what is needed instead.
logging.getLogger("pygls").setLevel(logging.CRITICAL)

PARSE_ERROR = types.ErrorCodes.ParseError.value
INVALID_REQUEST = types.ErrorCodes.InvalidRequest.value
METHOD_NOT_FOUND = types.ErrorCodes.MethodNotFound.value
INVALID_PARAMS = types.ErrorCodes.InvalidParams.value
INTERNAL_ERROR = types.ErrorCodes.InternalError.value
SERVER_NOT_INITIALIZED = types.ErrorCodes.ServerNotInitialized.value
REQUEST_CANCELLED = types.LSPErrorCodes.RequestCancelled.value

_MALFORMED = "the parameters are not what the protocol says"

# Only these messages are given to pygls. It would keep a second copy of each document and notebook, and would give no
# reply to a notification's method that is sent as a request.
_TYPED_REQUESTS = {types.SHUTDOWN, types.WORKSPACE_EXECUTE_COMMAND}
_TYPED_NOTIFICATIONS = {types.INITIALIZED, types.WORKSPACE_DID_CHANGE_CONFIGURATION, types.SET_TRACE}

# LSP requires these fields, but some clients leave out fields that are null.
_OFTEN_LEFT_OUT = {types.WORKSPACE_DID_CHANGE_CONFIGURATION: {"settings": None}}

MessageId = int | str
Params = dict[str, Any]


class Phase(Enum):
    """The phase of the connection."""

    NEW = auto()
    SERVING = auto()
    SHUT_DOWN = auto()


class ClientRefused(Exception):
    """The client answered our request with an error, or with a result of the wrong type."""


class Protocol(LanguageServerProtocol):
    """One client's connection: handles each decoded message, and sends replies, notifications and requests."""

    def __init__(self, server: LanguageServer, converter: Converter) -> None:
        super().__init__(server, converter)
        self.output: Writer | None = None
        """Where messages are written. While it is None, they are dropped."""
        self.requests: dict[str, Callable[[MessageId, Params], None]] = {}
        """The handlers of requests taken as plain JSON. Each must reply itself, now or later, and may raise InvalidParams."""
        self.notifications: dict[str, Callable[[Params], None]] = {}
        """The handlers of notifications taken as plain JSON."""
        self.lenient: set[str] = set()
        """Requests whose parameters are not used. Parameters that are no object count as empty."""
        self.workspace_options: types.WorkspaceOptions | None = None
        """The workspace part of the answer to `initialize`."""
        self.on_cancel: Callable[[MessageId], bool] = lambda _: False
        """Ends an open request as cancelled. Returns False if there is no such request."""
        self._open: set[MessageId] = set()
        self._ids = count(1)

    @property
    def phase(self) -> Phase:
        """The phase of the connection, from pygls' state."""
        if self._shutdown:
            return Phase.SHUT_DOWN
        # pygls sets `server_capabilities` when `initialize` has succeeded.
        return Phase.SERVING if hasattr(self, "server_capabilities") else Phase.NEW

    @property
    def shutting_down(self) -> bool:
        """Whether the client has sent `shutdown`."""
        return self.phase is Phase.SHUT_DOWN

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        """pygls' answer to `initialize`, with our workspace options in place of pygls'."""
        result = yield from super().lsp_initialize(params)
        result.capabilities.workspace = self.workspace_options
        return result

    def introduce(self, message_id: MessageId, client: types.InitializeParams) -> None:
        """Let pygls answer `initialize`. `client` are the parameters that pygls sees."""
        self.handle_message(JsonRPCRequestMessage(message_id, types.INITIALIZE, self.VERSION, client))

    def receive(self, message: Any) -> None:
        """Handle one decoded message of any form. Never raises."""
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
        elif (phase := self.phase) is Phase.NEW and method != types.INITIALIZE:
            self._refuse(message_id, SERVER_NOT_INITIALIZED, "the server waits for initialize")
        elif phase is Phase.SHUT_DOWN:
            self._refuse(message_id, INVALID_REQUEST, "the server is shutting down")
        elif phase is Phase.SERVING and method == types.INITIALIZE:
            self._refuse(message_id, INVALID_REQUEST, "initialize was sent before")
        elif method not in self.requests and method not in _TYPED_REQUESTS:
            self._refuse(message_id, METHOD_NOT_FOUND, "method not found")
        else:
            self._open.add(message_id)
            try:
                if method in self.requests:
                    ignored = method in self.lenient and not isinstance(params, dict)
                    self.requests[method](message_id, {} if ignored else as_object(params))
                else:
                    self._take_typed({"id": message_id, "method": method, "params": as_object(params)})
            except InvalidParams as error:
                self.fail(message_id, INVALID_PARAMS, str(error))
            except Exception as error:
                # This is the boundary: a client must not see our traceback, and one bad message must not end the server.
                _log_failure(method, error)
                self.fail(message_id, INTERNAL_ERROR, "internal error")

    def _take_notification(self, method: Any, params: Any) -> None:
        if method == types.CANCEL_REQUEST:
            target = params.get("id") if isinstance(params, dict) else None
            if is_id(target):
                self.on_cancel(target)
            return
        if not isinstance(method, str) or self.phase is not Phase.SERVING:
            return
        try:
            if method in self.notifications:
                self.notifications[method](as_object(params))
            elif method in _TYPED_NOTIFICATIONS:
                full = _OFTEN_LEFT_OUT.get(method, {}) | as_object(params)
                self._take_typed({"method": method, "params": full})
        except InvalidParams as error:
            logger.warning("%s ignored: %s", method, error)
        except Exception as error:
            # The boundary, as for requests. A notification has no reply.
            _log_failure(method, error)

    def _take_response(self, message: Params) -> None:
        message_id = message.get("id")
        asked = self._request_futures.get(message_id) if is_id(message_id) else None
        if asked is None or asked.done():
            if "result" not in message and "error" not in message:
                self._refuse(None, INVALID_REQUEST, "a message must have a method")
            return
        # Some clients send both `result` and `error`, one of them null.
        kind = "result" if message.get("error") is None else "error"
        try:
            self._take_typed({"id": message_id, kind: message.get(kind)})
        except InvalidParams:
            asked.set_exception(ClientRefused())

    def _take_typed(self, message: Params) -> None:
        """Let pygls handle a message. Raises InvalidParams if the message does not have the type of its method."""
        try:
            typed = self.structure_message({"jsonrpc": self.VERSION, **message})
        except JsonRpcException:
            raise InvalidParams(_MALFORMED) from None
        self.handle_message(typed)

    def reply(self, message_id: MessageId, result: Any) -> None:
        """Reply to a request with plain JSON. If a request gets several replies, only the first is sent."""
        if message_id in self._open:
            self._open.discard(message_id)
            self._write({"jsonrpc": self.VERSION, "id": message_id, "result": result})

    def tell(self, method: str, params: Any) -> None:
        """Send a notification of plain JSON."""
        self._write({"jsonrpc": self.VERSION, "method": method, "params": params})

    def fail(self, message_id: MessageId, code: int, reason: str) -> None:
        """Reply to a request with an error: a code and a sentence, never with data."""
        if message_id in self._open:
            self._open.discard(message_id)
            self._refuse(message_id, code, reason)

    def bad_json(self) -> None:
        """Report that a message could not be decoded."""
        self._refuse(None, PARSE_ERROR, "invalid JSON")

    async def ask(self, method: str, params: Any, timeout_s: float) -> Any:
        """Send a request and return its result. Raises ClientRefused, or TimeoutError if no answer comes in time."""
        message_id = f"typethrough-{next(self._ids)}"
        try:
            async with asyncio.timeout(timeout_s):
                return await self.send_request_async(method, params, message_id)
        except JsonRpcException:
            raise ClientRefused from None
        finally:
            # pygls would keep these entries for ever, and would fail if the answer comes late.
            self._request_futures.pop(message_id, None)
            self._result_types.pop(message_id, None)

    def _send_response(
        self, msg_id: MessageId, result: Any | None = None, error: types.ResponseError | None = None
    ) -> None:
        # For pygls' own replies. Its errors quote the exception and have the traceback as data, so we send a fixed text.
        if error is None:
            self.reply(msg_id, self._converter.unstructure(result))
        else:
            malformed = error.code == INVALID_PARAMS
            self.fail(msg_id, error.code, _MALFORMED if malformed else "internal error")

    def _send_data(self, data: Any) -> None:
        # For pygls' own requests and notifications. pygls' version would log them.
        self._write(self._converter.unstructure(data))

    def _refuse(self, message_id: MessageId | None, code: int, reason: str) -> None:
        self._write({"jsonrpc": self.VERSION, "id": message_id, "error": {"code": code, "message": reason}})

    def _write(self, message: Params) -> None:
        if self.output is not None:
            self.output.write(frame(message))


# One per process: it compiles a function for each type that it meets. It keeps no values.
_converter: Callable[[], Converter] = cache(default_converter)


class Server(LanguageServer):
    """pygls' server without pop-ups. The module `notices` decides what the user is shown."""

    protocol: Protocol

    def __init__(self) -> None:
        # We want all cells of all notebooks. Cells without code become comments in prompts.
        selector = types.NotebookDocumentFilterWithNotebook(notebook="*")
        sync = types.NotebookDocumentSyncOptions(notebook_selector=[selector], save=True)
        super().__init__(
            "typethrough",
            __version__,
            protocol_cls=Protocol,
            converter_factory=_converter,
            notebook_document_sync=sync,
        )

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Called by pygls when a handler of a typed message has failed."""
        if not isinstance(error, JsonRpcInvalidParams):
            # pygls calls this while it handles the exception. `error` is a copy that does not say where it happened.
            cause = sys.exception()
            _log_failure(source.__name__, cause if isinstance(cause, Exception) else error)


def is_id(value: Any) -> TypeGuard[MessageId]:
    """Whether the value can be the id of a message. JSON's `true` is not the integer 1."""
    return isinstance(value, str) or is_integer(value)


def as_object(params: Any) -> Params:
    """The parameters as an object. Missing ones count as empty. Raises InvalidParams for anything else."""
    if params is None:
        return {}
    if not isinstance(params, dict):
        raise InvalidParams("params must be an object")
    return params


def _log_failure(method: str, error: Exception) -> None:
    logger.error("%s failed: %s", method, fault_of(error))
