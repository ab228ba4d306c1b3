"""pygls, hardened. The messages of the keystroke path are taken as plain JSON; all others go pygls' way.

What pygls does and we do not want: no reply to malformed parameters, a pop-up for each error, tracebacks with text in error
data, bodies in its log, a document mirror that splits lines at form feeds and rebuilds the file at each key.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol

from typethrough.lsp.convert import InvalidParams
from typethrough.lsp.transport import frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from lsprotocol import types

logger = logging.getLogger(__name__)

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
REQUEST_CANCELLED = -32800

MessageId = int | str


class Protocol(LanguageServerProtocol):
    """Takes each decoded message, and sees to it that a request gets exactly one reply."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fast_requests: dict[str, Callable[[MessageId, dict[str, Any]], None]] = {}
        self.fast_notifications: dict[str, Callable[[dict[str, Any]], None]] = {}
        self.on_cancel: Callable[[MessageId], bool] = lambda _: False
        """Ends one of the fast requests as cancelled; False when it is not one of them."""

    @property
    def shutting_down(self) -> bool:
        """Whether the client has sent `shutdown`."""
        return bool(self._shutdown)

    def receive(self, message: Any) -> None:
        """Handle one decoded message, whatever it is. Never raises."""
        if not isinstance(message, dict):
            self.fail(None, INVALID_REQUEST, "a message must be an object")
            return
        method, message_id = message.get("method"), message.get("id")
        try:
            if isinstance(method, str) and not self._take_fast(method, message_id, message.get("params")):
                self._take_slow(message_id, message)
            elif method is None and message_id is not None:
                self.handle_message(self.structure_message(message))
        except InvalidParams as error:
            self._refuse(method, message_id, INVALID_PARAMS, str(error))
        except JsonRpcException:
            self._refuse(method, message_id, INVALID_PARAMS, "the parameters are not what the protocol says")
        except Exception as error:
            # The boundary: a client must never see our traceback, nor lose the server to one bad message.
            logger.error("message %r failed: %s", method, type(error).__name__)  # noqa: TRY400 - a traceback can hold text
            self._refuse(method, message_id, INTERNAL_ERROR, "internal error")

    def _take_fast(self, method: str, message_id: Any, params: Any) -> bool:
        """Handle a message of the keystroke path; False when it is not one."""
        if method == "$/cancelRequest":
            target = params.get("id") if isinstance(params, dict) else None
            if (
                isinstance(target, int | str)
                and not self.on_cancel(target)
                and target in self._request_futures
            ):
                self._request_futures[target].cancel()
            return True
        notify = self.fast_notifications.get(method)
        if notify is not None:
            notify(_object(params))
            return True
        request = self.fast_requests.get(method)
        if request is None or not isinstance(message_id, int | str):
            return False
        if self._shutdown:
            self.fail(message_id, INVALID_REQUEST, "the server is shutting down")
            return True
        request(message_id, _object(params))
        return True

    def _take_slow(self, message_id: Any, message: dict[str, Any]) -> None:
        if self._shutdown and message_id is not None:
            self.fail(message_id, INVALID_REQUEST, "the server is shutting down")
            return
        message.setdefault("jsonrpc", "2.0")
        self.handle_message(self.structure_message(message))

    def _refuse(self, method: Any, message_id: Any, code: int, reason: str) -> None:
        if message_id is not None and method is not None:
            self.fail(message_id, code, reason)
        else:
            logger.warning("notification %r ignored: %s", method, reason)

    def reply(self, message_id: MessageId, result: Any) -> None:
        """Answer a request with plain JSON."""
        self._write({"jsonrpc": "2.0", "id": message_id, "result": result})

    def fail(self, message_id: MessageId | None, code: int, reason: str) -> None:
        """Answer a request with an error; no traceback, no data."""
        self._write({"jsonrpc": "2.0", "id": message_id, "error": {"code": code, "message": reason}})

    def tell(self, method: str, params: Any) -> None:
        """Send a notification of plain JSON."""
        self._write({"jsonrpc": "2.0", "method": method, "params": params})

    def _send_response(
        self, msg_id: MessageId, result: Any | None = None, error: types.ResponseError | None = None
    ) -> None:
        """Pygls' own replies: an error loses its data, which holds a traceback."""
        if error is not None:
            self.fail(msg_id, error.code, _plain_reason(error.code))
        else:
            super()._send_response(msg_id, result)

    def _write(self, message: dict[str, Any]) -> None:
        if self.writer is not None:
            self.writer.write(frame(message))


def _object(params: Any) -> dict[str, Any]:
    if params is None:
        return {}
    if not isinstance(params, dict):
        raise InvalidParams("params must be an object")
    return params


def _plain_reason(code: int) -> str:
    """What to say for a code. Pygls quotes the exception, which can quote the document."""
    return {
        METHOD_NOT_FOUND: "method not found",
        INVALID_PARAMS: "the parameters are not what the protocol says",
        REQUEST_CANCELLED: "the request was cancelled",
    }.get(code, "internal error")


class Server(LanguageServer):
    """pygls' server without pop-ups: what a user should know is decided in `feedback`."""

    protocol: Protocol

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log the kind of an error, not its text."""
        logger.error("%s: %s", getattr(source, "__name__", source), type(error).__name__)
