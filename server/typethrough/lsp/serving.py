"""The engine of one client, and the handler of each method, created after the reply to `initialize`.

This is a separate module because it imports the whole engine. That would take a tenth of the CPU time before the reply.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from lsprotocol import types

from typethrough.engine.engine import Engine
from typethrough.engine.survey import Survey
from typethrough.engine.workspace import LocalDisk, folder_at
from typethrough.lsp import copilot
from typethrough.lsp.documents import Documents
from typethrough.lsp.extras import Extras
from typethrough.lsp.notebooks import Notebooks
from typethrough.lsp.requests import Requests
from typethrough.lsp.watching import Watching

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from typethrough.core.settings.schema import Settings
    from typethrough.engine.ports import WallClock
    from typethrough.lsp.initialize import Client
    from typethrough.lsp.notices import Notices
    from typethrough.lsp.protocol import Protocol
    from typethrough.lsp.session import Parts
    from typethrough.lsp.status import Status

# Reading the workspace stops after this time.
_READING_S = 10.0


class Serving:
    """One client's engine, and the handlers that use it."""

    def __init__(
        self,
        protocol: Protocol,
        client: Client,
        settings: Settings,
        notices: Notices,
        status: Status,
        clock: WallClock,
        parts: Parts,
        on_focus: Callable[[], None],
    ) -> None:
        self.engine = engine = Engine(
            settings=settings,
            gateway=None,
            clock=clock,
            recorder=notices,
            folders=[folder_at(root) for root in client.roots],
            workspace=LocalDisk(clock.now),
        )
        self.watching = watching = Watching(engine.admission, clock, client.roots)
        notebooks = Notebooks(engine, client.encoding, watching)
        documents = Documents(engine, client.encoding, notebooks, watching)
        self.requests = requests = Requests(
            engine, documents, protocol, clock, client, client.accepted_command
        )
        Extras(engine, documents, protocol, notices, status, clock, parts, on_focus)
        protocol.on_cancel = requests.cancel
        protocol.requests |= {
            client.offered: requests.inline_completion if client.inline_completion else requests.completion,
            copilot.COMPLETIONS: partial(requests.copilot_completions, invoked=False),
            copilot.CYCLING: partial(requests.copilot_completions, invoked=True),
        }
        if client.copilot:
            protocol.requests[copilot.PANEL] = requests.panel
        protocol.notifications |= {
            types.TEXT_DOCUMENT_DID_OPEN: documents.did_open,
            types.TEXT_DOCUMENT_DID_CHANGE: documents.did_change,
            types.TEXT_DOCUMENT_DID_SAVE: documents.did_save,
            types.TEXT_DOCUMENT_DID_CLOSE: documents.did_close,
            types.NOTEBOOK_DOCUMENT_DID_OPEN: notebooks.did_open,
            types.NOTEBOOK_DOCUMENT_DID_CHANGE: notebooks.did_change,
            types.NOTEBOOK_DOCUMENT_DID_SAVE: notebooks.did_save,
            types.NOTEBOOK_DOCUMENT_DID_CLOSE: notebooks.did_close,
            types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: watching.did_change_folders,
            types.WORKSPACE_DID_CHANGE_WATCHED_FILES: watching.did_change_watched,
            types.WORKSPACE_DID_CREATE_FILES: watching.did_create,
            types.WORKSPACE_DID_RENAME_FILES: watching.did_rename,
            types.WORKSPACE_DID_DELETE_FILES: watching.did_delete,
        }

    def read_workspace(
        self, spawn: Callable[[Coroutine[None, None, None]], object], *, watched: bool
    ) -> None:
        """Let the engine read the workspace's files. If the client does not watch files (`watched`), examine them
        periodically.
        """
        engine = self.engine
        engine.files.read_workspace(_READING_S)
        if not watched:
            survey = Survey(engine.gate, lambda uri: engine.document(uri) is not None)
            self.watching.look_now_and_then(lambda: spawn(_look(survey, engine)))

    async def aclose(self) -> None:
        """Stop everything that runs."""
        self.watching.stop()
        await self.engine.aclose()


async def _look(survey: Survey, engine: Engine) -> None:
    news = await survey.look()
    if news.gone:
        engine.admission.files_gone(news.gone)
    if news.changed:
        engine.admission.files_changed(news.changed)
