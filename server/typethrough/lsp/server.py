"""The language server: one client, one engine, from `initialize` to `exit`."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from lsprotocol import types
from pygls.protocol import default_converter
from pygls.uris import to_fs_path

from typethrough import __version__
from typethrough.core.settings_layers import SECTION, Layer, Origin
from typethrough.engine.clock import AsyncioClock
from typethrough.engine.engine import Engine
from typethrough.engine.workspace import Bounds, read_files
from typethrough.lsp import documents, transport
from typethrough.lsp.convert import ACCEPTED_COMMAND, Encoding
from typethrough.lsp.feedback import Feedback
from typethrough.lsp.protocol import Protocol as LspProtocol
from typethrough.lsp.protocol import Server
from typethrough.lsp.requests import Requests

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from typethrough.core.settings import Settings
    from typethrough.core.settings_endpoint import EndpointChoice
    from typethrough.core.settings_layers import Problem
    from typethrough.engine.ports import Gateway, Recorder

logger = logging.getLogger(__name__)

_PARENT_CHECK_S = 2.0


class Composition(Protocol):
    """Where the parts come from; implemented by the composition root."""

    def settings(self, editor_layers: Sequence[Layer] = ()) -> tuple[Settings, tuple[Problem, ...]]:
        """The settings in force with what an editor said, and every problem."""
        ...

    async def fetch_key(self, settings: Settings) -> Problem | None:
        """Run the key command, if there is one."""
        ...

    def endpoint(self, settings: Settings) -> EndpointChoice:
        """Where the model lane goes, and why."""
        ...

    def gateway(self, settings: Settings) -> Gateway | None:
        """A gateway for the settings, or None when there is no model lane."""
        ...


class Session:
    """One client's connection. Its engine exists from `initialize` on."""

    def __init__(self, composition: Composition, recorder: Recorder) -> None:
        self._composition = composition
        self.server = Server(
            "typethrough", __version__, protocol_cls=LspProtocol, converter_factory=default_converter
        )
        self.protocol = self.server.protocol
        self.feedback = Feedback(recorder, self.protocol.tell)
        self.engine: Engine | None = None
        self.parent_id: int | None = None
        self._clock = AsyncioClock()
        self._requests: Requests | None = None
        self._options: Layer | None = None
        self._pushed: Layer | None = None
        self._applied: Settings | None = None
        self._can_pull = False
        self._roots: list[Path] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._register()

    def _register(self) -> None:
        # pygls writes attributes on what it registers, which bound methods do not take: hence the functions.
        server = self.server

        @server.feature(types.INITIALIZE)
        def initialize(params: types.InitializeParams) -> None:
            self._initialize(params)

        @server.feature(types.INITIALIZED)
        def initialized(_: types.InitializedParams) -> None:
            self._initialized()

        @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
        def configuration_changed(params: types.DidChangeConfigurationParams) -> None:
            self._configuration_changed(params)

        @server.command(ACCEPTED_COMMAND)
        def accepted(*arguments: Any) -> None:
            self._accepted(*arguments)

    def _initialize(self, params: types.InitializeParams) -> None:
        """Learn what the client can do, and build the engine. Nothing here waits for the network."""
        capabilities = params.capabilities
        self.parent_id = params.process_id
        text = capabilities.text_document
        if text is not None and text.inline_completion is not None:
            options = types.InlineCompletionOptions(work_done_progress=False)
            self.server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, options)(_answered_elsewhere)
            self.protocol.fast_requests[types.TEXT_DOCUMENT_INLINE_COMPLETION] = self._inline_completion
        else:
            menu = types.CompletionOptions(resolve_provider=False)
            self.server.feature(types.TEXT_DOCUMENT_COMPLETION, menu)(_answered_elsewhere)
            self.protocol.fast_requests[types.TEXT_DOCUMENT_COMPLETION] = self._completion
        workspace = capabilities.workspace
        self._can_pull = bool(workspace and workspace.configuration)
        self._options = Layer(
            "initializationOptions", Origin.INITIALIZATION_OPTIONS, params.initialization_options
        )
        self._roots = _roots(params)
        self.engine = Engine(
            settings=self._settings(),
            gateway=None,
            clock=self._clock,
            recorder=self.feedback,
            workspace=self._roots[0].name if self._roots else "",
        )

    def _initialized(self) -> None:
        """Begin what may take its time: configuration, the key's command, the workspace's files, a warm connection."""
        encoding = Encoding(self.protocol.server_capabilities.position_encoding or Encoding.UTF16)
        if self.engine is None:
            return
        self._use(self._settings())
        self._requests = Requests(self.engine, self.protocol, self._clock, encoding)
        self.protocol.on_cancel = self._requests.cancel
        fast = self.protocol.fast_notifications
        fast[types.TEXT_DOCUMENT_DID_OPEN] = self._guarded(documents.did_open)
        fast[types.TEXT_DOCUMENT_DID_CLOSE] = self._guarded(documents.did_close)
        fast[types.TEXT_DOCUMENT_DID_CHANGE] = self._guarded(
            lambda engine, params: documents.did_change(engine, params, encoding)
        )
        self._spawn(self._settle())

    def _guarded(self, handle: Callable[[Engine, dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
        def handler(params: dict[str, Any]) -> None:
            if self.engine is not None:
                handle(self.engine, params)

        return handler

    def _inline_completion(self, message_id: int | str, params: dict[str, Any]) -> None:
        if self._requests is None:
            self.protocol.reply(message_id, None)
        else:
            self._requests.inline_completion(message_id, params)

    def _completion(self, message_id: int | str, params: dict[str, Any]) -> None:
        if self._requests is None:
            self.protocol.reply(message_id, None)
        else:
            self._requests.completion(message_id, params)

    def _accepted(self, *arguments: Any) -> None:
        """The client ran an item's command: its suggestion was accepted."""
        if self.engine is not None and arguments and isinstance(arguments[0], str):
            self.engine.accepted(arguments[0])

    def _configuration_changed(self, params: types.DidChangeConfigurationParams) -> None:
        """The client pushed its configuration; an empty push means that it wants to be asked."""
        pushed = params.settings
        if isinstance(pushed, dict):
            pushed = pushed.get(SECTION, pushed)
        if pushed:
            self._pushed = Layer("configuration", Origin.CONFIGURATION, pushed)
            self._spawn(self._apply())
        else:
            self._spawn(self._settle_configuration())

    async def _settle(self) -> None:
        await self._settle_configuration()
        self._report_lane()
        if self.engine is None or not self._roots or not self.engine.settings.local_lane:
            return
        settings = self.engine.settings
        bounds = Bounds(settings.workspace_max_files, settings.workspace_max_bytes)
        self.engine.local.read(read_files(self._roots[0], bounds, settings.exclude, self._clock.now))

    async def _settle_configuration(self) -> None:
        if self._can_pull:
            item = types.ConfigurationItem(section=SECTION)
            try:
                answer = await self.server.workspace_configuration_async(types.ConfigurationParams([item]))
            except Exception as error:
                # The boundary to a client's answer: whatever it says, the settings in force stay.
                logger.warning("the client did not give its configuration: %s", type(error).__name__)
            else:
                if answer and answer[0]:
                    self._pushed = Layer("configuration", Origin.CONFIGURATION, answer[0])
        await self._apply()

    async def _apply(self) -> None:
        """Put the settings in force, with a new gateway when something it depends on has changed."""
        if self.engine is None:
            return
        problem = await self._composition.fetch_key(self._settings())
        settings = self._settings()
        if problem is not None:
            self.feedback.problems([problem.message])
        if settings != self._applied:
            self._use(settings)
            self._report_lane()

    def _use(self, settings: Settings) -> None:
        if self.engine is not None:
            self._applied = settings
            self.engine.configure(settings, self._composition.gateway(settings))

    def _settings(self) -> Settings:
        layers = [
            layer for layer in (self._options, self._pushed) if layer is not None and layer.values is not None
        ]
        settings, problems = self._composition.settings(layers)
        if self.engine is not None:
            self.feedback.problems(problem.message for problem in problems)
        return settings

    def _report_lane(self) -> None:
        if self._applied is None:
            return
        choice = self._composition.endpoint(self._applied)
        if not self._applied.enabled:
            self.feedback.status("off", "switched off")
        elif choice.usable:
            self.feedback.status("ready", choice.why)
        else:
            self.feedback.status("local" if not self._applied.model_lane else "no_key", choice.why)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """End everything that runs."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.engine is not None:
            await self.engine.aclose()


async def _run(session: Session, reader: transport.Reader, writer: transport.Writer) -> int:
    """Serve one client until it says `exit`, goes away, or its process dies; the exit code."""
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[None] = loop.create_future()

    def stop() -> None:
        if not stopped.done():
            stopped.set_result(None)

    def on_message(message: Any) -> None:
        if isinstance(message, dict) and message.get("method") == "exit":
            stop()
        elif not stopped.done():
            session.protocol.receive(message)

    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop)
        except (NotImplementedError, RuntimeError):
            # Windows has no handlers on the loop; there the signal ends the process by itself.
            break
    session.protocol.set_writer(writer)
    reading = asyncio.ensure_future(
        transport.read_messages(
            reader, on_message, lambda: session.protocol.fail(None, -32700, "invalid JSON")
        )
    )
    watching = asyncio.ensure_future(_watch_parent(session))
    try:
        await asyncio.wait({reading, stopped, watching}, return_when=asyncio.FIRST_COMPLETED)
        if reading.done() and reading.exception() is not None:
            logger.error("the client's stream is broken: %s", reading.exception())
    finally:
        for task in (reading, watching):
            task.cancel()
        await session.aclose()
        writer.close()
    return 0 if session.protocol.shutting_down else 1


async def _watch_parent(session: Session) -> None:
    """Return when the process that started us is gone, for clients whose death leaves our pipes open."""
    while True:
        await asyncio.sleep(_PARENT_CHECK_S)
        if session.parent_id and os.name == "posix" and not _alive(session.parent_id):
            logger.warning("the editor's process is gone")
            return


def _alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _roots(params: types.InitializeParams) -> list[Path]:
    """The workspace's folders on this machine, if there are any."""
    uris = [folder.uri for folder in params.workspace_folders or ()]
    if not uris and params.root_uri:
        uris = [params.root_uri]
    paths = [Path(path) for uri in uris if uri.startswith("file:") and (path := to_fs_path(uri))]
    if not paths and params.root_path:
        paths = [Path(params.root_path)]
    return [path for path in paths if path.is_dir()]


def _answered_elsewhere(_: Any) -> None:
    """Registered so that pygls advertises a request that `Protocol.fast_requests` answers."""


def serve_stdio(composition: Composition, recorder: Recorder) -> int:
    """Speak LSP on stdin and stdout until the client is done; the exit code."""

    async def run() -> int:
        reader, writer = await transport.stdio()
        return await _run(Session(composition, recorder), reader, writer)

    return asyncio.run(run())


def serve_tcp(composition: Composition, recorder: Recorder, host: str, port: int) -> int:
    """Speak LSP to the first client that connects; the exit code."""

    async def run() -> int:
        code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            server.close()
            result = await _run(Session(composition, recorder), reader, writer)
            if not code.done():
                code.set_result(result)

        server = await asyncio.start_server(connected, host, port)
        logger.info("listening on %s:%d", *server.sockets[0].getsockname()[:2])
        return await code

    return asyncio.run(run())
