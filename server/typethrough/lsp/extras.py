"""Optional messages beyond LSP: reports about suggestions, the document in focus, switches, `why`, and statistics.

The notifications have the names and shapes of those of Copilot's language server, so clients written for it work unchanged.
The requests are our own. server/PROTOCOL.md describes all of them.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from typethrough.core.gate.switches import Scope
from typethrough.core.outcome.history import advice, headline, why_lines
from typethrough.core.outcome.outcome import Feedback
from typethrough.lsp import copilot
from typethrough.lsp.fields import InvalidParams, is_integer, text_of
from typethrough.lsp.protocol import INTERNAL_ERROR, as_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from typethrough.core.outcome.history import KeptOutcome
    from typethrough.engine.engine import Engine
    from typethrough.engine.ports import Clock, Recorder
    from typethrough.lsp.documents import Documents
    from typethrough.lsp.protocol import MessageId, Params, Protocol
    from typethrough.lsp.session import Parts
    from typethrough.lsp.status import Status

logger = logging.getLogger(__name__)

DID_FOCUS = "textDocument/didFocus"
DID_SHOW = "textDocument/didShowCompletion"
DID_PARTLY_ACCEPT = "textDocument/didPartiallyAcceptCompletion"
DISMISSED = "typethrough/dismissed"
SWITCH = "typethrough/switch"
WHY = "typethrough/why"
STATS = "typethrough/stats"

_PAUSE_MINUTES = 10.0
_LONGEST_PAUSE_MINUTES = 24 * 60.0


class Extras:
    """The handlers of these messages, for one client."""

    def __init__(
        self,
        engine: Engine,
        documents: Documents,
        protocol: Protocol,
        recorder: Recorder,
        status: Status,
        clock: Clock,
        pages: Parts,
        on_focus: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._documents = documents
        self._protocol = protocol
        self._recorder = recorder
        self._status = status
        self._clock = clock
        self._pages = pages
        self._on_focus = on_focus
        self._shown_id = ""
        protocol.requests |= {
            SWITCH: self.switch,
            WHY: self.why,
            STATS: self.stats,
            copilot.NOTIFY_SHOWN: self.notify_shown,
            copilot.NOTIFY_ACCEPTED: self.notify_accepted,
            # Clients also send this when the user types what was suggested, so it does not mean a rejection.
            copilot.NOTIFY_REJECTED: lambda message_id, _: protocol.reply(message_id, "OK"),
        }
        protocol.notifications |= {
            DID_FOCUS: self.did_focus,
            DID_SHOW: self.did_show,
            DID_PARTLY_ACCEPT: self.did_partly_accept,
            DISMISSED: self.dismissed,
        }

    def did_focus(self, params: Params) -> None:
        """The user looks at a document, or at something else if the message names no document."""
        document = params.get("textDocument")
        uri = document.get("uri") if isinstance(document, dict) else None
        if isinstance(uri, str):
            uri = self._documents.engine_uri(uri)
            self._status.focus(uri)
            self._on_focus()
            self._engine.focused(uri)
        else:
            self._status.focus("")

    def notify_shown(self, message_id: MessageId, params: Params) -> None:
        """Copilot's older request with the same meaning as `did_show`."""
        self._shown(text_of(params.get("uuid"), "uuid"))
        self._protocol.reply(message_id, "OK")

    def notify_accepted(self, message_id: MessageId, params: Params) -> None:
        """Copilot's older request with the same meaning as an item's command: the suggestion was accepted."""
        self._engine.reports.accepted(text_of(params.get("uuid"), "uuid"))
        self._protocol.reply(message_id, "OK")

    def did_show(self, params: Params) -> None:
        """A suggestion is on the screen. Some clients send this at every redraw, so repetitions are ignored."""
        self._shown(suggestion_of(params))

    def _shown(self, suggestion_id: str) -> None:
        if suggestion_id and suggestion_id != self._shown_id:
            self._shown_id = suggestion_id
            self._recorder.feedback(Feedback.SHOWN, suggestion_id)

    def did_partly_accept(self, params: Params) -> None:
        """The user accepted the first `acceptedLength` UTF-16 units of a suggestion's text."""
        length = params.get("acceptedLength")
        if suggestion_id := suggestion_of(params):
            chars = length if is_integer(length) and length > 0 else 0
            text = as_object(params.get("item")).get("insertText")
            whole = len(text.encode("utf-16-le", "surrogatepass")) // 2 if isinstance(text, str) else None
            self._engine.reports.partly_accepted(
                suggestion_id, chars, None if whole is None else max(0, whole - chars)
            )

    def dismissed(self, params: Params) -> None:
        """The user dismissed a suggestion."""
        if suggestion_id := suggestion_of(params):
            self._engine.reports.dismissed(suggestion_id)

    def switch(self, message_id: MessageId, params: Params) -> None:
        """Switch suggestions off or on until this process ends. The reply is the status after that. Raises InvalidParams."""
        on = params.get("on")
        if not isinstance(on, bool):
            raise InvalidParams("on must be true or false")
        match params.get("scope"):
            case Scope.EVERYWHERE:
                self._engine.gate.switches.set_everywhere(on=on)
            case Scope.LANGUAGE:
                self._engine.gate.switches.set_language(self._language(params), on=on)
            case Scope.FILE:
                self._engine.gate.switches.set_file(self._uri(params), on=on)
            case Scope.PAUSE if on:
                self._engine.gate.switches.resume()
            case Scope.PAUSE:
                self._pause(params.get("minutes"))
            case _:
                raise InvalidParams(f"scope must be one of {', '.join(Scope)}")
        self._engine.admission.switched()
        self._status.refresh()
        kind, message = self._status.now
        self._protocol.reply(message_id, {"kind": kind, "message": message})

    def why(self, message_id: MessageId, params: Params) -> None:
        """Reply with the last outcomes, newest first: as data, as lines of text and, if `html` is true, as a page."""
        limit = params.get("limit")
        history = self._recorder.history
        entries = history.newest(limit) if is_integer(limit) else history.newest()
        answer = {"entries": [_entry(entry) for entry in entries], "lines": list(why_lines(entries))}
        if params.get("html") is True:
            answer["html"] = self._pages.why_page(entries)
        self._protocol.reply(message_id, answer)

    def stats(self, message_id: MessageId, _params: Params) -> None:
        """Reply with the statistics as a page. A thread computes it, because it would delay keystrokes."""

        def done(work: asyncio.Future[str]) -> None:
            if work.cancelled():
                return
            if (error := work.exception()) is not None:
                logger.error("the statistics could not be made: %s", type(error).__name__)
                self._protocol.fail(
                    message_id, INTERNAL_ERROR, "the statistics could not be made; see the log"
                )
            else:
                self._protocol.reply(message_id, {"html": work.result()})

        asyncio.get_running_loop().run_in_executor(None, self._pages.statistics_page).add_done_callback(done)

    def _uri(self, params: Params) -> str:
        return self._documents.engine_uri(text_of(params.get("uri"), "uri"))

    def _language(self, params: Params) -> str:
        document = self._engine.document(self._uri(params))
        if document is None:
            raise InvalidParams("uri must be that of an open document")
        return document.language_id

    def _pause(self, minutes: Any) -> None:
        number = isinstance(minutes, int | float) and not isinstance(minutes, bool)
        known = number and 0 < minutes <= _LONGEST_PAUSE_MINUTES
        if minutes is not None and not known:
            raise InvalidParams(f"minutes must be above 0 and up to {_LONGEST_PAUSE_MINUTES:g}")
        now_s = self._clock.now()
        self._engine.gate.switches.pause(minutes if known else _PAUSE_MINUTES, now_s)
        # The end of the pause causes no other event, so a timer tells the client.
        self._clock.call_at(self._engine.gate.switches.paused_until_s, self._status.refresh)


def suggestion_of(params: Params) -> str:
    """The id of the suggestion in `params.item`, taken from the item's command. Empty if there is none.

    Some clients send the whole item, some only its command.
    """
    item = params.get("item")
    command = item.get("command") if isinstance(item, dict) else None
    arguments = command.get("arguments") if isinstance(command, dict) else None
    first = arguments[0] if isinstance(arguments, list) and arguments else None
    return first if isinstance(first, str) else ""


def _entry(entry: KeptOutcome) -> dict[str, Any]:
    return {
        "at": entry.at,
        "file": entry.file,
        "ending": entry.ending.value,
        "source": entry.source or None,
        "cause": entry.cause.name.lower() if entry.cause is not None else None,
        "reason": entry.reason,
        "headline": headline(entry),
        "advice": advice(entry),
        "keptBack": entry.kept_back,
        "totalMs": round(entry.total_ms, 1),
        "stages": [
            {"name": name, "ms": round(ms, 1)} for name, ms in entry.stages_ms.items() if name != "total"
        ],
    }
