"""One client's session, from `initialize` to its end. Nothing before the reply to `initialize` waits.

Connects the protocol's methods to their handlers. Decides which settings are in force and what the client is told.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from typethrough.core.outcome.faults import Fault
from typethrough.core.settings.entries import SECTION
from typethrough.core.settings.layers import Layer, Origin
from typethrough.engine.gateways import Gateways
from typethrough.engine.loop import AsyncioClock, Background
from typethrough.lsp import copilot
from typethrough.lsp.initialize import EVERYTHING, client_of, introduction
from typethrough.lsp.notices import Notices
from typethrough.lsp.protocol import ClientRefused, Server
from typethrough.lsp.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from typethrough.core.outcome.history import KeptOutcome
    from typethrough.core.settings.access import EndpointChoice
    from typethrough.core.settings.layers import Problem
    from typethrough.core.settings.schema import Settings
    from typethrough.engine.engine import Engine
    from typethrough.engine.ports import Gateway, Recorder, WallClock
    from typethrough.lsp.initialize import Client
    from typethrough.lsp.protocol import MessageId, Params
    from typethrough.lsp.serving import Serving

logger = logging.getLogger(__name__)

# While no model can answer, we look this often for a new key.
_LOOK_S = 2.0
# We stop waiting for a client's answer after this time, and go on without its settings.
_ANSWER_S = 10.0


class Parts(Protocol):
    """What a session needs from the composition root, which implements this."""

    def settings(self, editor_layers: Sequence[Layer] = ()) -> tuple[Settings, tuple[Problem, ...]]:
        """The settings in force, including those from the editor, and all problems in them."""
        ...

    async def fetch_key(self, settings: Settings, *, is_refused: bool = False) -> Problem | None:
        """Run the key command if it is needed. `is_refused`: the server refused its last key. Waits before it tries again."""
        ...

    def try_again(self) -> None:
        """The user is back: let the key command run now, without waiting."""
        ...

    def files_changed(self, settings: Settings) -> bool:
        """Whether a file with settings or keys has changed since the last call. If so, it is read again."""
        ...

    def endpoint(self, settings: Settings) -> EndpointChoice:
        """The endpoint of the model lane, and why it was chosen."""
        ...

    def gateway(self, settings: Settings) -> Gateway | Gateways | None:
        """A gateway for the settings. None if there is no model lane."""
        ...

    def statistics_page(self) -> str:
        """The statistics as HTML. Called in a thread, because it reads the record from the disk."""
        ...

    def why_page(self, entries: Sequence[KeptOutcome]) -> str:
        """A page with the last outcomes, as HTML."""
        ...


class Session:
    """One client's connection. `engine` is None until `initialize`."""

    def __init__(self, parts: Parts, recorder: Recorder, clock: WallClock | None = None) -> None:
        self._server = Server()
        self.protocol = self._server.protocol
        self.engine: Engine | None = None
        self.parent_id: int | None = None
        self._parts = parts
        self._clock = clock or AsyncioClock()
        self.status = Status(self.protocol.tell, self._clock, self._off_reason)
        self.notices = Notices(recorder, self.protocol.notify, self.status, self._clock)
        self._options: Layer | None = None
        self._configuration: Layer | None = None
        # Numbers for the pushes and pulls of the configuration. An answer to an older pull does not replace newer values.
        self._configuration_asked = 0
        self._configuration_known = 0
        self._applied: Settings | None = None
        self._gateway: Gateway | Gateways | None = None
        self._serving: Serving | None = None
        self._background = Background()
        self._is_looking = self._lacks_key = False
        self._told_model = ""
        self.notices.on_lane = self._lane_changed
        self.protocol.requests[types.INITIALIZE] = self._initialize

    def _initialize(self, message_id: MessageId, params: Params) -> None:
        """Read the client's capabilities, reply, and create the engine."""
        client = client_of(params)
        self.parent_id = client.process_id
        self._options = Layer("initializationOptions", Origin.INITIALIZATION_OPTIONS, client.options)
        # The problems are shown after `initialized`, because no notification may be sent before.
        settings, _ = self._parts.settings(self._layers())
        self._offer(client)
        self.protocol.introduce(message_id, introduction(client))
        # Imported after the reply, which needs nothing of the engine.
        from typethrough.lsp.serving import Serving

        self._serving = Serving(
            self.protocol,
            client,
            settings,
            self.notices,
            self.status,
            self._clock,
            self._parts,
            self._is_back,
        )
        self.engine = self._serving.engine

    def _offer(self, client: Client) -> None:
        """Tell pygls what the reply to `initialize` offers, and which methods it handles."""
        protocol, server = self.protocol, self._server
        protocol.workspace_options = client.workspace
        # Without an option, pygls offers nothing. An empty object would count as nothing for some clients, so it has one
        # field.
        inline = types.InlineCompletionOptions(work_done_progress=False)
        menu = types.CompletionOptions(resolve_provider=False)
        server.feature(client.offered, inline if client.inline_completion else menu)(lambda _: None)
        # pygls needs to know only that this is offered.
        server.feature(types.TEXT_DOCUMENT_DID_SAVE)(lambda _: None)
        # These are lambdas because pygls sets attributes on handlers, which is not possible on methods.
        server.feature(types.INITIALIZED)(lambda _: self._initialized(client))
        server.feature(types.SHUTDOWN)(lambda _: self._shut_down())
        server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)(
            lambda params: self._configuration_changed(params, client)
        )
        server.command(client.accepted_command)(lambda *arguments: self._accepted(arguments))
        if client.copilot:
            self.status.copilot = True
            copilot.register(protocol)
            server.command(copilot.FINISH_COMMAND)(copilot.finish_sign_in)

    def _initialized(self, client: Client) -> None:
        """Start what may take time: opening a connection, the configuration, the key command, reading the workspace."""
        self._use(self._settings())
        self._background.start(self._settle(client))

    def _accepted(self, arguments: tuple[Any, ...]) -> None:
        """The client ran the command of an item: the suggestion was accepted."""
        if self.engine is None or not arguments or not isinstance(arguments[0], str):
            raise JsonRpcInvalidParams
        self.engine.reports.accepted(arguments[0])

    def _shut_down(self) -> None:
        if self._serving is not None:
            self._serving.requests.end_all()

    def _configuration_changed(self, params: types.DidChangeConfigurationParams, client: Client) -> None:
        """The client pushed its configuration. An empty push means that we should ask for it."""
        pushed = params.settings
        if client.copilot:
            pushed = copilot.own_settings(pushed)
        elif isinstance(pushed, dict):
            pushed = pushed.get(SECTION, pushed)
        if not pushed and client.can_pull_configuration:
            # The present values hold until the answer comes, because they may exclude files.
            self._background.start(self._settle_configuration(client))
            return
        self._configuration_asked += 1
        self._take_configuration(pushed, self._configuration_asked)
        self._background.start(self._apply())

    def _take_configuration(self, values: Any, number: int) -> None:
        """Replace the editor's layer of settings, unless a newer one is known or the values are no object."""
        if number < self._configuration_known:
            return
        self._configuration_known = number
        if values and not isinstance(values, dict):
            kind = type(values).__name__
            self.notices.problems(
                [f"configuration: expected an object with settings, got {kind}; the settings before hold."]
            )
            return
        self._configuration = (
            Layer(Origin.CONFIGURATION.value, Origin.CONFIGURATION, values) if values else None
        )

    async def _settle(self, client: Client) -> None:
        if registrations := list(_registrations(client)):
            wanted = types.RegistrationParams(registrations)
            self._background.start(self._ask(types.CLIENT_REGISTER_CAPABILITY, wanted))
        await self._settle_configuration(client)
        self._report_lane()
        self.status.spent(self.notices.today())
        if self._serving is not None:
            self._serving.read_workspace(self._background.start, watched=client.watches_files)

    async def _settle_configuration(self, client: Client) -> None:
        if client.can_pull_configuration:
            self._configuration_asked += 1
            number = self._configuration_asked
            items = [types.ConfigurationItem(section=SECTION)]
            answer = await self._ask(types.WORKSPACE_CONFIGURATION, types.ConfigurationParams(items))
            # If the answer is a string or an object instead of an array, pygls makes it a list of strings.
            if answer and not isinstance(answer[0], str):
                self._take_configuration(answer[0], number)
        await self._apply()

    async def _ask(self, method: str, params: Any) -> Any:
        """Send a request and return the client's answer. None if it gives none."""
        try:
            return await self.protocol.ask(method, params, _ANSWER_S)
        except (ClientRefused, TimeoutError) as error:
            logger.warning("the client did not answer %s: %s", method, type(error).__name__)
            return None

    async def _apply(self, *, is_refused: bool = False, has_changed: bool = False) -> None:
        """Apply the settings. If something that the gateway depends on has changed, create a new gateway."""
        problem = await self._parts.fetch_key(self._settings(), is_refused=is_refused)
        settings = self._settings()
        if problem is not None:
            self._lacks_key = True
            self.notices.problems([problem.message])
        elif self._lacks_key and (choice := self._parts.endpoint(settings)).usable:
            self._lacks_key = False
            self.notices.notice("key", f"The key is there now: {choice.why}.", is_good=True)
        if settings != self._applied or has_changed:
            self.notices.forget()
            self._use(settings)
            self._report_lane()

    def _is_back(self) -> None:
        """The user looks at a document. The cause of a failure may have been removed in the meantime, so look for it."""
        self._parts.try_again()
        if self._applied is not None and self._has_trouble():
            self._background.start(self._look())

    def _has_trouble(self) -> bool:
        """Whether the model lane is switched on but no model can answer."""
        if self._applied is None or not self._applied.model_lane or self.engine is None:
            return False
        if self.engine.trouble is not None or (self._gateway is not None and self._gateway.refusal()):
            return True
        return not self._parts.endpoint(self._applied).usable

    def _lane_changed(self, kind: str) -> None:
        """The model lane's state has changed. After an error, look for a remedy. Otherwise say which model answers, if it is
        new.
        """
        if kind == "error":
            self._look_soon()
        elif kind == "ready" and self._model_in_use() not in ("", self._told_model):
            self._report_lane()

    def _model_in_use(self) -> str:
        gateway = self._gateway.default if isinstance(self._gateway, Gateways) else self._gateway
        return gateway.model if gateway is not None else ""

    def _look_soon(self) -> None:
        """Start the periodic search for a remedy, unless it runs already."""
        if not self._is_looking and self._applied is not None and self._has_trouble():
            self._is_looking = True
            self._parts.files_changed(self._applied)
            self._clock.call_at(self._clock.now() + _LOOK_S, self._look_now)

    def _look_now(self) -> None:
        self._is_looking = False
        if self._has_trouble():
            self._background.start(self._look())
            self._is_looking = True
            self._clock.call_at(self._clock.now() + _LOOK_S, self._look_now)

    async def _look(self) -> None:
        """Check whether there is a new key or changed settings, and apply them."""
        if self._applied is None or self.engine is None:
            return
        has_changed = self._parts.files_changed(self._applied)
        is_refused = self.engine.trouble in (Fault.KEY_REFUSED, Fault.TOKEN_ENDED)
        await self._apply(is_refused=is_refused, has_changed=has_changed)

    def _use(self, settings: Settings) -> None:
        if self.engine is not None:
            self._applied = settings
            self._gateway = self._parts.gateway(settings)
            self.engine.configure(settings, self._gateway)

    def _layers(self) -> list[Layer]:
        return [layer for layer in (self._options, self._configuration) if layer is not None]

    def _settings(self) -> Settings:
        settings, problems = self._parts.settings(self._layers())
        self.notices.problems(problem.message for problem in problems)
        return settings

    def _report_lane(self) -> None:
        if self._applied is None:
            return
        choice = self._parts.endpoint(self._applied)
        if choice.usable and self._gateway is not None and (refusal := self._gateway.refusal()):
            # Tell it now rather than at the first request: a wrong address or key is known before.
            self.notices.notice("endpoint", refusal)
            self.notices.status("error", refusal)
        elif choice.usable:
            self._told_model = self._model_in_use()
            # If the default model has a successor, name the model that answers.
            why = choice.why.removeprefix(choice.model)
            self.notices.status("ready", f"{self._told_model}{why}")
        elif choice.is_refused:
            self.notices.status("error", choice.why)
        else:
            self.notices.status("local" if not self._applied.model_lane else "no_key", choice.why)
        if self.engine is not None:
            self.engine.look_at_limit()
        self._look_soon()

    def _off_reason(self, uri: str) -> str:
        refusal = self.engine.admission.refusal(uri) if self.engine is not None else None
        return refusal.sentence if refusal is not None else ""

    async def aclose(self) -> None:
        """Stop everything that runs."""
        await self._background.aclose()
        if self._serving is not None:
            await self._serving.aclose()
        self.notices.pass_on()


def _registrations(client: Client) -> Iterator[types.Registration]:
    """The registrations for events that the client sends only after a registration."""
    if client.wants_registration:
        section = types.DidChangeConfigurationRegistrationOptions(section=SECTION)
        yield types.Registration(SECTION, types.WORKSPACE_DID_CHANGE_CONFIGURATION, section)
    if client.watches_files:
        files = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(EVERYTHING)])
        yield types.Registration(f"{SECTION}.files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, files)
