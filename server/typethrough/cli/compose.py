"""The composition root: builds settings, endpoint, gateway and engine from the process's environment and the user's file.

The parts are put together only here. It keeps the layers of settings that do not come from an editor. An editor's layers are
passed in at each call.
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
    from typethrough.telemetry.exporting import Meters
    from typethrough.telemetry.logs import Redactor

logger = logging.getLogger(__name__)


class Composition:
    """The settings and parts of one process."""

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
        self._names_log_level = bool(command_line and command_line.get("log_level"))
        self._commands = KeyCommands(self.clock)
        self._user_file: Path | None = None
        self._administrator_file: Path | None = None
        self._stamps: dict[Path, tuple[int, int] | None] = {}
        self._redactor: Redactor | None = None
        self._base_url = ""

    @classmethod
    def from_process(cls, options: argparse.Namespace) -> Composition:
        """The composition for this process, from its environment, the settings files and the command line."""
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
        """The settings in force, including those from an editor, and all problems in them."""
        settings, problems = resolve((*self._layers, *editor_layers))
        access = tuple(access.with_fetched(self._commands.keys) for access in settings.access)
        settings = replace(settings, access=access)
        self._follow(settings)
        choice = self.endpoint(settings)
        self._base_url = choice.base_url
        said = list(choice.notes)
        if choice.problem and not any(one.message.startswith(choice.problem) for one in problems):
            # The value comes from a variable that other programs use too, so no layer has reported it.
            said.append(f"{choice.problem}. {CLOSED}")
        more = (Problem("settings", "api_key", sentence) for sentence in said)
        missing = _missing_packages(settings)
        return settings, (*self._user_problems, *problems, *more, *self._token_problems(settings), *missing)

    def sources(self, editor_layers: Sequence[Layer] = ()) -> Mapping[str, str]:
        """For each setting that is set somewhere: the name of the source whose value is in force."""
        return resolved((*self._layers, *editor_layers)).sources

    async def fetch_key(self, settings: Settings, *, is_refused: bool = False) -> Problem | None:
        """Run `api_key_command` if there is one and no key yet, or if the key was refused. Afterwards `settings()` has the key.

        Takes up to 10 seconds. Does nothing if it is too early for another run. Returns what is wrong, if anything.
        """
        choice = self.endpoint(settings)
        command = choice.command
        if is_refused and not command:
            own = (one for one in settings.access if one.api_key and one.api_key == choice.api_key)
            command = next((one.api_key_command for one in own), ())
        return await self._commands.fetch(command, is_refused=is_refused)

    def try_again(self) -> None:
        """The user is back: let the key command run now, without waiting."""
        self._commands.try_again()

    def files_changed(self, settings: Settings) -> bool:
        """Whether a settings file or the file with the OIDC token has changed since the last call. If so, `settings()`
        uses the new content. The first call only remembers the state of the files.
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
        """Replace the layer that has the same origin."""
        self._layers = tuple(layer if one.origin is layer.origin else one for one in self._layers)

    async def ready_settings(
        self, editor_layers: Sequence[Layer] = ()
    ) -> tuple[Settings, tuple[Problem, ...]]:
        """The settings in force after the key has been fetched, and all problems. Without `editor_layers`, no editor's are
        included.
        """
        settings, problems = self.settings(editor_layers)
        problem = await self.fetch_key(settings)
        return self.settings(editor_layers)[0], problems if problem is None else (*problems, problem)

    def endpoint(self, settings: Settings) -> EndpointChoice:
        """The endpoint of the model lane, and why it was chosen."""
        token = self._token_in_file(settings)
        if not token:
            return endpoint_of(settings, self.environment)
        from typethrough.gateway.oidc import VARIABLE, later

        token = later(self.environment.get(VARIABLE, ""), token)
        return endpoint_of(settings, {**self.environment, VARIABLE: token})

    def gateway(self, settings: Settings) -> Gateway | Gateways | None:
        """A gateway for the settings. None if no model lane is set up. Opens no connection, but imports the HTTP client.

        If the settings for the endpoint cannot be used, the gateway answers every request with the reason, and sends nothing.
        """
        choice = self.endpoint(settings)
        if not (choice.usable or choice.is_refused):
            return None
        from typethrough.cli.upstream import open_gateways

        return open_gateways(settings, choice, self.environment, self.clock, self._hide)

    def gateways(self, settings: Settings) -> Gateways | None:
        """The same as `gateway`, as `Gateways`."""
        from typethrough.engine.gateways import Gateways

        gateway = self.gateway(settings)
        return Gateways.of(gateway) if gateway is not None else None

    def endpoint_of_model(self, settings: Settings) -> Endpoint:
        """The model lane's endpoint. Call it only if there is a model lane."""
        from typethrough.cli.upstream import endpoint_for

        return endpoint_for(settings, self.endpoint(settings), self.environment)

    @contextmanager
    def recorder(self, settings: Settings) -> Iterator[Recorder]:
        """Yield a recorder for a server. It keeps a record on this machine, unless the settings switch that off, and sends
        metrics and traces if they ask for that.
        """
        with self._keeping(settings) as recorder:
            if not settings.opentelemetry or _missing_packages(settings):
                yield recorder
                return
            from typethrough.telemetry.exporting import ExportingRecorder

            exporting = ExportingRecorder(
                recorder, self.clock.local_time, lambda: self._base_url, _standard_instruments
            )
            try:
                yield exporting
            finally:
                exporting.close()

    @contextmanager
    def _keeping(self, settings: Settings) -> Iterator[Recorder]:
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
        """The statistics as HTML. If the record cannot be read, a page that says so. Reads a file, so it may take time."""
        from typethrough.cli.record import read_report
        from typethrough.telemetry.page.statistics import message, page

        try:
            return page(read_report(self.clock.local_time().date()))
        except UsageError as error:
            return message(str(error))

    def why_page(self, entries: Sequence[KeptOutcome]) -> str:
        """A page with the last outcomes, as HTML."""
        from typethrough.telemetry.page.why import why_page

        return why_page(entries)

    def engine(
        self, settings: Settings, recorder: Recorder, root: Path | None, *, connects: bool = True
    ) -> Engine:
        """An engine with its gateway. `root` is the workspace folder, or None for a file without one. `connects`: whether
        connections are opened in advance.
        """
        from typethrough.engine.engine import Engine
        from typethrough.engine.workspace import LocalDisk, folder_at

        gateway = self.gateways(settings)
        if gateway is not None:
            gateway.connects = connects
        return Engine(
            settings=settings,
            gateway=gateway,
            clock=self.clock,
            recorder=recorder,
            folders=[folder_at(root.resolve())] if root is not None else (),
            workspace=LocalDisk(self.clock.now),
        )

    async def read_workspace(self, engine: Engine, limit_s: float) -> None:
        """Let the local lane read the workspace's files, for at most `limit_s` and within the settings' limits."""
        engine.files.read_workspace(limit_s)
        with suppress(TimeoutError):
            await asyncio.wait_for(engine.read_all(), limit_s)

    def start_logging(
        self,
        settings: Settings,
        problems: Sequence[Problem],
        *,
        to_stderr: bool = True,
        is_quiet: bool = False,
    ) -> None:
        """Start logging, and log the problems of the settings. Raises UsageError if the log file cannot be written.

        `is_quiet`: the command itself says what happened. Then only errors are logged on stderr, unless the command line
        names a level.
        """
        stderr_level = "error" if is_quiet and not self._names_log_level else "debug"
        try:
            self._redactor = start_logging(
                settings.log_level, self.log_file, to_stderr=to_stderr, stderr_level=stderr_level
            )
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
        """Keep all keys that may be sent out of the log, and set the log level."""
        if self._redactor is not None:
            self._redactor.hide(*keys_of(settings, self.environment), self.endpoint(settings).api_key)
            set_level(settings.log_level)


def _missing_packages(settings: Settings) -> tuple[Problem, ...]:
    """The problem that OpenTelemetry is asked for and not installed."""
    if not settings.opentelemetry:
        return ()
    from typethrough.telemetry.exporting import MISSING, is_installed

    return () if is_installed() else (Problem("settings", "opentelemetry", MISSING),)


def _standard_instruments() -> Meters:
    from typethrough.telemetry.instruments import standard_instruments

    return standard_instruments()


def _path(name: str) -> Path | None:
    return Path(name).expanduser() if name else None


def _stamp(path: Path) -> tuple[int, int] | None:
    """Time and size, by which a change of the file is noticed. None if there is no file."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size


def workspace_of(file: Path) -> Path | None:
    """The folder whose files may be read for a file: the root of its git repository.

    None if it is in no repository, or if the root is the home folder or above it.
    """
    file, home = file.resolve(), Path.home().resolve()
    root = next((folder for folder in file.parents if (folder / ".git").exists()), None)
    return root if root is not None and root not in (home, *home.parents) else None


def begin_verb(options: argparse.Namespace) -> Composition:
    """Build the composition. SIGTERM will end the process like Ctrl-C, so that every `finally` runs."""
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    return Composition.from_process(options)
