"""Requests for suggestions: `textDocument/inlineCompletion`, and `textDocument/completion` for clients without it."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from lsprotocol import types

from typethrough.core.document.cells import heading_in
from typethrough.core.document.document import Position
from typethrough.core.outcome.causes import Cause
from typethrough.core.outcome.outcome import Ending
from typethrough.engine.pending import Request
from typethrough.lsp import copilot
from typethrough.lsp.convert import (
    Notation,
    asked,
    completion_item,
    is_draft_kind,
    item,
    line_end,
    position_in,
    unit_in,
    version_in,
)
from typethrough.lsp.fields import uri_of
from typethrough.lsp.protocol import REQUEST_CANCELLED, as_object, is_id

if TYPE_CHECKING:
    from typethrough.core.document.view import View
    from typethrough.core.outcome.outcome import Outcome, Suggestion
    from typethrough.engine.engine import Engine
    from typethrough.engine.pending import Pending
    from typethrough.engine.ports import Clock
    from typethrough.lsp.documents import Documents, Opened
    from typethrough.lsp.initialize import Client
    from typethrough.lsp.protocol import MessageId, Protocol


_NO_COMPLETIONS: Final[dict[str, Any]] = {"completions": []}


class _Kind(Enum):
    """The request that an answer belongs to."""

    INLINE = auto()
    MENU = auto()
    COPILOT = auto()


class _Form(NamedTuple):
    """The form of an answer. `opened` is the document of the request. `token` is the token for partial results.

    `start` is where the range of an open completion menu begins.
    """

    opened: Opened
    kind: _Kind = _Kind.INLINE
    start: Position | None = None
    token: MessageId | None = None


class Requests:
    """The open requests of one client, and the form of their answers. The client runs `command` when it accepts an item."""

    def __init__(
        self,
        engine: Engine,
        documents: Documents,
        protocol: Protocol,
        clock: Clock,
        client: Client,
        command: str,
    ) -> None:
        self._engine = engine
        self._documents = documents
        self._protocol = protocol
        self._clock = clock
        self._encoding = client.encoding
        self._markdown = client.markdown
        self._whole_lines = client.whole_lines
        self._command = command
        self._pending: dict[MessageId, Pending] = {}
        self._draft_kinds = False

    def inline_completion(self, message_id: MessageId, params: dict[str, Any]) -> None:
        """Answer an inline completion request, now or later."""
        arrived_s = self._clock.now()
        opened = self._documents.find(uri_of(params))
        if opened is None or version_in(params) not in (None, opened.version):
            self._protocol.reply(message_id, None)
            return
        opened.document.usual_unit = unit_in(params) or opened.document.usual_unit
        if is_draft_kind(params):
            # Only drafts of LSP 3.18 have the kind 0. Such a client's 1 means Automatic, which is 2 today.
            self._draft_kinds = True
        ask = asked(params, opened.snapshot, self._encoding, draft_kinds=self._draft_kinds)
        if ask.expected is None:
            self._protocol.reply(message_id, None)
            return
        request = _request(opened, ask.position, arrived_s, invoked=ask.invoked, expected=ask.expected)
        start = opened.place(ask.start) if ask.start is not None else None
        token = params.get("partialResultToken")
        self._begin(message_id, request, _Form(opened, start=start, token=token if is_id(token) else None))

    def panel(self, message_id: MessageId, params: dict[str, Any]) -> None:
        """Answer a request for the panel, a list of suggestions that the user opened."""
        arrived_s = self._clock.now()
        opened = self._documents.find(uri_of(params))
        if opened is None:
            self._protocol.reply(message_id, {"items": []})
            return
        position = position_in(opened.snapshot, params.get("position"), self._encoding)
        self._begin(message_id, _request(opened, position, arrived_s, invoked=True), _Form(opened))

    def completion(self, message_id: MessageId, params: dict[str, Any]) -> None:
        """Answer a completion request with at most one item. The list is incomplete, so the client asks again as the user
        types.
        """
        arrived_s = self._clock.now()
        opened = self._documents.find(uri_of(params))
        if opened is None:
            self._protocol.reply(message_id, None)
            return
        position = position_in(opened.snapshot, params.get("position"), self._encoding)
        request = _request(opened, position, arrived_s, invoked=False)
        self._begin(message_id, request, _Form(opened, _Kind.MENU))

    def copilot_completions(self, message_id: MessageId, params: dict[str, Any], *, invoked: bool) -> None:
        """Answer `getCompletions` or `getCompletionsCycling`, Copilot's requests from before LSP had inline completion."""
        arrived_s = self._clock.now()
        doc = as_object(params.get("doc"))
        opened = self._documents.find(uri_of({"textDocument": doc}))
        if opened is None or version_in({"textDocument": doc}) not in (None, opened.version):
            self._protocol.reply(message_id, _NO_COMPLETIONS)
            return
        opened.document.usual_unit = unit_in({"formattingOptions": doc}) or opened.document.usual_unit
        position = position_in(opened.snapshot, doc.get("position"), self._encoding)
        request = _request(opened, position, arrived_s, invoked=invoked)
        self._begin(message_id, request, _Form(opened, _Kind.COPILOT))

    def cancel(self, message_id: MessageId) -> bool:
        """End a request that the client has cancelled. Returns False if there is no such request."""
        pending = self._pending.get(message_id)
        if pending is not None:
            pending.end(Cause.CANCELLED)
        return pending is not None

    def end_all(self) -> None:
        """End all requests without suggestions, because the client shuts down."""
        for pending in list(self._pending.values()):
            pending.end(Cause.SHUTTING_DOWN)

    def _begin(self, message_id: MessageId, request: Request, form: _Form) -> None:
        told = ""

        def grown(view: View, suggestion: Suggestion) -> None:
            nonlocal told
            if suggestion.text != told:
                told = suggestion.text
                value = [self._item(suggestion, view, form)]
                self._protocol.tell(types.PROGRESS, {"token": form.token, "value": value})

        def ended(view: View, outcome: Outcome) -> None:
            self._pending.pop(message_id, None)
            if outcome.ending is Ending.CANCELLED:
                self._protocol.fail(message_id, REQUEST_CANCELLED, "the request was cancelled")
            elif outcome.ending is Ending.SUPERSEDED:
                # Null does not change what a newer request may have put on the screen. An empty list would hide it.
                self._protocol.reply(message_id, _NO_COMPLETIONS if form.kind is _Kind.COPILOT else None)
            elif told and outcome.suggestions:
                # If a part was reported, the whole is reported too, and the response is empty (LSP, "Partial Result
                # Progress").
                grown(view, outcome.suggestions[0])
                self._protocol.reply(message_id, None)
            else:
                self._protocol.reply(message_id, self._result(outcome, view, form))

        partial = grown if form.token is not None else None
        pending = self._engine.begin(request, ended, partial)
        if pending is not None:
            self._pending[message_id] = pending

    def _result(self, outcome: Outcome, view: View, form: _Form) -> dict[str, Any]:
        items = [
            self._item(one, view, form)
            for one in outcome.suggestions
            # A suggestion may contain the line that begins the next cell. It must not be inserted into this cell.
            if not form.opened.is_cell or heading_in(view.line_prefix + one.text) < 0
        ]
        match form.kind:
            case _Kind.INLINE:
                return {"items": items}
            case _Kind.MENU:
                return {"isIncomplete": True, "items": items}
            case _Kind.COPILOT:
                return {"completions": items}

    def _item(self, suggestion: Suggestion, view: View, form: _Form) -> dict[str, Any]:
        first_line = form.opened.first_line
        notation = Notation(
            self._encoding,
            line_end(form.opened.snapshot, view.position.line - first_line),
            self._command,
            first_line,
        )
        if form.kind is _Kind.MENU:
            return completion_item(suggestion, view, notation, markdown=self._markdown)
        start = form.start
        whole_line = self._whole_lines and not view.line_suffix.strip()
        if form.kind is _Kind.COPILOT or (start is None and whole_line):
            # lsp-mode moves the cursor one to the left if the range is empty. Some clients for Copilot show only whole lines.
            start = Position(view.position.line, 0)
        inline = item(suggestion, view, notation, start=start)
        if form.kind is _Kind.INLINE:
            return inline
        return copilot.completion(suggestion, form.opened.version, inline)


def _request(
    opened: Opened, position: Position, arrived_s: float, *, invoked: bool, expected: str = ""
) -> Request:
    return Request(opened.uri, opened.place(position), invoked, arrived_s, expected, opened.unwanted)
