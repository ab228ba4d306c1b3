"""The composition root: from the process's environment and the user's file to settings, an endpoint, a gateway and an engine.

The only place where the parts are put together. Holds the layers that do not change while the process runs; an editor's layers
are handed in each time.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from typethrough.cli import UsageError
from typethrough.cli.key_commands import KeyCommands
from typethrough.cli.user_file import (
    administrator_file_path,
    read_administrator_file,
    read_user_file,
    record_path,
    user_file_path,
)
from typethrough.core.settings.access import CLOSED, EndpointChoice, endpoint_of, keys_of
from typethrough.core.settings.layers import Layer, Origin, Problem, environment_layer, resolve, resolved
from typethrough.engine.loop import AsyncioClock
from typethrough.telemetry.logs import set_level, start_logging

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence

    from typethrough.core.outcome.history import KeptOutcome
    from typethrough.core.settings.schema import Settings
    from typethrough.engine.engine import Engine
    from typethrough.engine.gateways import Gateways
    from typethrough.engine.ports import Gateway, Recorder
    from typethrough.gateway.endpoint import Endpoint
    from typethrough.telemetry.logs import Redactor

logger = logging.getLogger(__name__)


class Composition:
    """Settings and parts of one process."""

    def __init__(
        self,
        *,
        environment: Mapping[str, str],
        user_layer: Layer,
        user_problems: Sequence[Problem] = (),
        administrator_layer: Layer | None = None,
        command_line: Mapping[str, object] | None = None,
        log_file: Path | None = None,
    ) -> None:
        self.clock = AsyncioClock()
        self.environment = environment
        self.log_file = log_file
        self._user_problems = tuple(user_problems)
        self._layers = (
            *((administrator_layer,) if administrator_layer is not None else ()),
            user_layer,
            environment_layer(environment),
            Layer(Origin.COMMAND_LINE.value, Origin.COMMAND_LINE, command_line or {}),
        )
        self._commands = KeyCommands(self.clock)
        self._user_file: Path | None = None
        self._administrator_file: Path | None = None
        self._stamps: dict[Path, tuple[int, int] | None] = {}
        self._redactor: Redactor | None = None

    @classmethod
    def from_process(cls, options: argparse.Namespace) -> Composition:
        """The composition for this process: its environment, the user's file, and what the command line said."""
        user_layer, problems = read_user_file(user_file_path())
        administrator_file = administrator_file_path()
        log_level = getattr(options, "log_level", None)
        composition = cls(
            environment=os.environ,
            user_layer=user_layer,
            user_problems=problems,
            administrator_layer=read_administrator_file(administrator_file),
            command_line={"log_level": log_level},
            log_file=getattr(options, "log_file", None),
        )
        composition._user_file = user_file_path()
        composition._administrator_file = administrator_file
        return composition

    def settings(self, editor_layers: Sequence[Layer] = ()) -> tuple[Settings, tuple[Problem, ...]]:
        """The settings in force with what an editor said, and every problem."""
        settings, problems = resolve((*self._layers, *editor_layers))
        access = tuple(access.with_fetched(self._commands.keys) for access in settings.access)
        settings = replace(settings, access=access)
        self._follow(settings)
        choice = self.endpoint(settings)
        said = list(choice.notes)
        if choice.problem and not any(one.message.startswith(choice.problem) for one in problems):
            # It stands in a variable that other programs read too, and so in no layer.
            said.append(f"{choice.problem}. {CLOSED}")
        more = (Problem("settings", "api_key", sentence) for sentence in said)
        return settings, (*self._user_problems, *problems, *more, *self._token_problems(settings))

    def sources(self, editor_layers: Sequence[Layer] = ()) -> Mapping[str, str]:
        """For each setting that somebody has set, the name of the place whose value holds."""
        return resolved((*self._layers, *editor_layers)).sources

    async def fetch_key(self, settings: Settings, *, is_refused: bool = False) -> Problem | None:
        """Run `api_key_command`, if there is one and no key yet, or the key is refused; `settings()` has the key afterwards.

        Takes up to 10 seconds, and does nothing while it is too early for another try.
        """
        choice = self.endpoint(settings)
        command = choice.command
        if is_refused and not command:
            own = (one for one in settings.access if one.api_key and one.api_key == choice.api_key)
            command = next((one.api_key_command for one in own), ())
        return await self._commands.fetch(command, is_refused=is_refused)

    def try_again(self) -> None:
        """The user is back: the command for a key need not be waited with."""
        self._commands.try_again()

    def files_changed(self, settings: Settings) -> bool:
        """Whether one of the files with settings, or that with the token, has changed since this was asked last. The settings are
        those of the files as they are now then. The first time they are only looked at.
        """
        known = (self._administrator_file, self._user_file, _path(settings.oidc_token_file))
        files = [path for path in known if path is not None]
        stamps = {path: _stamp(path) for path in files}
        changed = [path for path in files if path in self._stamps and self._stamps[path] != stamps[path]]
        self._stamps = stamps
        if self._user_file in changed and self._user_file is not None:
            user_layer, problems = read_user_file(self._user_file)
            self._replace(user_layer)
            self._user_problems = tuple(problems)
        if self._administrator_file in changed:
            self._replace(read_administrator_file(self._administrator_file))
        return bool(changed)

    def _replace(self, layer: Layer) -> None:
        """Put a layer in the place of the one with the same origin."""
        self._layers = tuple(layer if one.origin is layer.origin else one for one in self._layers)

    async def ready_settings(
        self, editor_layers: Sequence[Layer] = ()
    ) -> tuple[Settings, tuple[Problem, ...]]:
        """The settings in force, with no editor unless its layers are given; the key is fetched."""
        settings, problems = self.settings(editor_layers)
        problem = await self.fetch_key(settings)
        return self.settings(editor_layers)[0], problems if problem is None else (*problems, problem)

    def endpoint(self, settings: Settings) -> EndpointChoice:
        """Where the model lane goes, and why."""
        token = self._token_in_file(settings)
        if not token:
            return endpoint_of(settings, self.environment)
        from typethrough.gateway.oidc import VARIABLE, later

        token = later(self.environment.get(VARIABLE, ""), token)
        return endpoint_of(settings, {**self.environment, VARIABLE: token})

    def gateway(self, settings: Settings) -> Gateway | Gateways | None:
        """A gateway for the settings, or None when nobody asks for one. Opens no connection, but imports the HTTP client.

        Where what was set cannot be used it is a gateway that says so to every request, and sends nothing.
        """
        choice = self.endpoint(settings)
        if not (choice.usable or choice.is_refused):
            return None
        from typethrough.cli.upstream import open_gateways

        return open_gateways(settings, choice, self.environment, self.clock, self._hide)

    def gateways(self, settings: Settings) -> Gateways | None:
        """The same, with a name for each of them."""
        from typethrough.engine.gateways import Gateways

        gateway = self.gateway(settings)
        return Gateways.of(gateway) if gateway is not None else None

    def endpoint_of_model(self, settings: Settings) -> Endpoint:
        """The model lane's endpoint, where there is a model lane."""
        from typethrough.cli.upstream import endpoint_for

        return endpoint_for(settings, self.endpoint(settings), self.environment)

    @contextmanager
    def recorder(self, settings: Settings) -> Iterator[Recorder]:
        """A recorder for a server, which keeps a record on this machine unless the settings say otherwise."""
        from typethrough.telemetry.recorder import LogRecorder

        if not settings.record:
            yield LogRecorder(self.clock.local_time)
            return
        from typethrough.telemetry.keeper import Keeper
        from typethrough.telemetry.store import Store

        local_time = self.clock.local_time
        store = Store(record_path(), lambda: local_time().date().isoformat())
        try:
            yield Keeper(LogRecorder(local_time), store, local_time, paths=settings.record_paths)
        finally:
            store.close()

    def statistics_page(self) -> str:
        """The statistics as HTML, or, when the record cannot be read, a page that says so. Takes as long as a file needs."""
        from typethrough.cli.record import read_report
        from typethrough.telemetry.page.statistics import message, page

        try:
            return page(read_report(self.clock.local_time().date()))
        except UsageError as error:
            return message(str(error))

    def why_page(self, entries: Sequence[KeptOutcome]) -> str:
        """The last outcomes as HTML."""
        from typethrough.telemetry.page.why import why_page

        return why_page(entries)

    def engine(self, settings: Settings, recorder: Recorder, root: Path | None) -> Engine:
        """An engine with its gateway, for files in a folder; without one, for a file by itself."""
        from typethrough.engine.engine import Engine
        from typethrough.engine.workspace import LocalDisk, folder_at

        gateway = self.gateway(settings)
        return Engine(
            settings=settings,
            gateway=gateway,
            clock=self.clock,
            recorder=recorder,
            folders=[folder_at(root.resolve())] if root is not None else (),
            workspace=LocalDisk(self.clock.now),
        )

    async def read_workspace(self, engine: Engine, limit_s: float) -> None:
        """Have the local lane read the folder's files, within the settings' bounds and `limit_s`; open documents are left out."""
        engine.files.read_workspace(limit_s)
        with suppress(TimeoutError):
            await asyncio.wait_for(engine.read_all(), limit_s)

    def start_logging(
        self, settings: Settings, problems: Sequence[Problem], *, to_stderr: bool = True
    ) -> None:
        """Begin to log, and log what is wrong with the settings. Raises UsageError."""
        try:
            self._redactor = start_logging(settings.log_level, self.log_file, to_stderr=to_stderr)
        except OSError as error:
            raise UsageError(f"{self.log_file} cannot be written ({error.strerror})") from None
        self._follow(settings)
        for problem in problems:
            logger.warning("%s", problem.message)

    def _hide(self, key: str) -> None:
        if self._redactor is not None:
            self._redactor.hide(key)

    def _token_in_file(self, settings: Settings) -> str:
        if not settings.oidc_token_file or not settings.model_lane:
            return ""
        from typethrough.gateway.oidc import read_token

        return read_token(Path(settings.oidc_token_file))

    def _token_problems(self, settings: Settings) -> tuple[Problem, ...]:
        if not settings.oidc_token_file or not settings.model_lane or self._token_in_file(settings):
            return ()
        message = (
            "settings: oidc_token_file names no file with a VERCEL_OIDC_TOKEN in it: run `vercel env pull`."
        )
        return (Problem("settings", "oidc_token_file", message),)

    def _follow(self, settings: Settings) -> None:
        """Keep every key that may be sent out of the log, and log as much as the settings say."""
        if self._redactor is not None:
            self._redactor.hide(*keys_of(settings, self.environment), self.endpoint(settings).api_key)
            set_level(settings.log_level)


def _path(name: str) -> Path | None:
    return Path(name).expanduser() if name else None


def _stamp(path: Path) -> tuple[int, int] | None:
    """What tells one state of a file from another; None where there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size


def workspace_of(file: Path) -> Path | None:
    """The folder whose files may be read for a file: the root of its repository. None outside one, and where that is as much as
    somebody's whole home: such a file stands by itself.
    """
    file, home = file.resolve(), Path.home().resolve()
    root = next((folder for folder in file.parents if (folder / ".git").exists()), None)
    return root if root is not None and root not in (home, *home.parents) else None


def begin_verb(options: argparse.Namespace) -> Composition:
    """Make SIGTERM end like Ctrl-C, by way of every `finally`, and build the composition."""
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    return Composition.from_process(options)
