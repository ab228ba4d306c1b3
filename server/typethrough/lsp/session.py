"""One client's session: its engine and its settings, from `initialize` to the end. Nothing before that reply waits.

Wires the protocol's methods to the modules that handle them; owns which settings are in force and what the client is told.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from typethrough.core.outcome.faults import Fault
from typethrough.core.settings.layers import SECTION, Layer, Origin
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

# While no model answers, it is looked this often for a new key.
_LOOK_S = 2.0
# A client that has not answered by then never will; what waits for its settings goes on without them.
_ANSWER_S = 10.0


class Parts(Protocol):
    """Where the parts come from; implemented by the composition root."""

    def settings(self, editor_layers: Sequence[Layer] = ()) -> tuple[Settings, tuple[Problem, ...]]:
        """The settings in force with what an editor said, and every problem."""
        ...

    async def fetch_key(self, settings: Settings, *, is_refused: bool = False) -> Problem | None:
        """Run the key command, if there is one and it is needed, or its key `is_refused`; with patience."""
        ...

    def try_again(self) -> None:
        """The user is back: do not wait with the key command."""
        ...

    def files_changed(self, settings: Settings) -> bool:
        """Whether a file with settings or keys has changed since this was asked last; it is read anew then."""
        ...

    def endpoint(self, settings: Settings) -> EndpointChoice:
        """Where the model lane goes, and why."""
        ...

    def gateway(self, settings: Settings) -> Gateway | Gateways | None:
        """A gateway for the settings, or None when there is no model lane."""
        ...

    def statistics_page(self) -> str:
        """The statistics as HTML; called in a thread, for it reads the record and adds it up."""
        ...

    def why_page(self, entries: Sequence[KeptOutcome]) -> str:
        """The last outcomes as HTML."""
        ...


class Session:
    """One client's connection. Its engine exists from `initialize` on."""

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
        # Pushes and pulls of the configuration are numbered: what was said last holds, whatever arrives last.
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
        """Learn what the client can do, answer, and build the engine."""
        client = client_of(params)
        self.parent_id = client.process_id
        self._options = Layer("initializationOptions", Origin.INITIALIZATION_OPTIONS, client.options)
        # The problems are told after `initialized`: no notification may go out before that.
        settings, _ = self._parts.settings(self._layers())
        self._offer(client)
        self.protocol.introduce(message_id, introduction(client))
        # Not before the reply, which nothing of the engine is needed for.
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
        """Have pygls know what the reply to `initialize` offers, and the methods that it handles."""
        protocol, server = self.protocol, self._server
        protocol.workspace_options = client.workspace
        # An option of its own, for without any pygls offers nothing, and some clients take an empty object for nothing.
        inline = types.InlineCompletionOptions(work_done_progress=False)
        menu = types.CompletionOptions(resolve_provider=False)
        server.feature(client.offered, inline if client.inline_completion else menu)(lambda _: None)
        # That it is offered is all that pygls has to know.
        server.feature(types.TEXT_DOCUMENT_DID_SAVE)(lambda _: None)
        # Functions of their own, because pygls sets attributes on what it registers, which methods do not take.
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
        """Begin what may take its time: a warm connection, configuration, the key's command, the workspace's files."""
        self._use(self._settings())
        self._background.start(self._settle(client))

    def _accepted(self, arguments: tuple[Any, ...]) -> None:
        """The client runs an item's command: its suggestion was accepted."""
        if self.engine is None or not arguments or not isinstance(arguments[0], str):
            raise JsonRpcInvalidParams
        self.engine.reports.accepted(arguments[0])

    def _shut_down(self) -> None:
        if self._serving is not None:
            self._serving.requests.end_all()

    def _configuration_changed(self, params: types.DidChangeConfigurationParams, client: Client) -> None:
        """The client pushed its configuration; an empty push means that it wants to be asked."""
        pushed = params.settings
        if client.copilot:
            pushed = copilot.own_settings(pushed)
        elif isinstance(pushed, dict):
            pushed = pushed.get(SECTION, pushed)
        if not pushed and client.can_pull_configuration:
            # What was said before holds until there is an answer: it may forbid files.
            self._background.start(self._settle_configuration(client))
            return
        self._configuration_asked += 1
        self._take_configuration(pushed, self._configuration_asked)
        self._background.start(self._apply())

    def _take_configuration(self, values: Any, number: int) -> None:
        """Put the editor's layer in place of the one before, unless a later one is known or this is no object."""
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
            # A lone string or object comes out of structuring as a list of strings.
            if answer and not isinstance(answer[0], str):
                self._take_configuration(answer[0], number)
        await self._apply()

    async def _ask(self, method: str, params: Any) -> Any:
        """The client's answer, or None when it gives none."""
        try:
            return await self.protocol.ask(method, params, _ANSWER_S)
        except (ClientRefused, TimeoutError) as error:
            logger.warning("the client did not answer %s: %s", method, type(error).__name__)
            return None

    async def _apply(self, *, is_refused: bool = False, has_changed: bool = False) -> None:
        """Put the settings in force, with a new gateway when something it depends on has changed."""
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
        """The user looks at a document: what kept the model from answering may have been mended elsewhere."""
        self._parts.try_again()
        if self._applied is not None and self._has_trouble():
            self._background.start(self._look())

    def _has_trouble(self) -> bool:
        """Whether no model answers that should."""
        if self._applied is None or not self._applied.model_lane or self.engine is None:
            return False
        if self.engine.trouble is not None or (self._gateway is not None and self._gateway.refusal()):
            return True
        return not self._parts.endpoint(self._applied).usable

    def _lane_changed(self, kind: str) -> None:
        """The model lane does something else: look for a remedy, or say which model it is that answers."""
        if kind == "error":
            self._look_soon()
        elif kind == "ready" and self._model_in_use() not in ("", self._told_model):
            self._report_lane()

    def _model_in_use(self) -> str:
        gateway = self._gateway.default if isinstance(self._gateway, Gateways) else self._gateway
        return gateway.model if gateway is not None else ""

    def _look_soon(self) -> None:
        """Begin to look for what may end the trouble, unless somebody does."""
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
        """See whether there is a key that was not there before."""
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
            # Said now and not at the first request: what is wrong with an address or a key is known beforehand.
            self.notices.notice("endpoint", refusal)
            self.notices.status("error", refusal)
        elif choice.usable:
            self._told_model = self._model_in_use()
            # Its successor may have taken the default model's place.
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
        """End everything that runs."""
        await self._background.aclose()
        if self._serving is not None:
            await self._serving.aclose()
        self.notices.pass_on()


def _registrations(client: Client) -> Iterator[types.Registration]:
    """What the client is to tell of that it tells of only when asked."""
    if client.wants_registration:
        section = types.DidChangeConfigurationRegistrationOptions(section=SECTION)
        yield types.Registration(SECTION, types.WORKSPACE_DID_CHANGE_CONFIGURATION, section)
    if client.watches_files:
        files = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(EVERYTHING)])
        yield types.Registration(f"{SECTION}.files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, files)
