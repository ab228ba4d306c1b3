"""`typethrough doctor`: prints each finding as soon as it is there, and ends after a limited time whatever hangs.

The checks run in a thread. If a name server or a disk never answers, only this thread hangs.
"""

from __future__ import annotations

import asyncio
import json
import os
import queue
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from typethrough.cli import UsageError, write_for_user
from typethrough.cli.compose import begin_verb
from typethrough.cli.doctor import editors, machine
from typethrough.cli.doctor.bundle import bundle
from typethrough.cli.doctor.collector import collector
from typethrough.cli.doctor.findings import Level, as_json, failure, is_well, lines, summary
from typethrough.cli.doctor.lane import lane
from typethrough.core.settings.layers import Layer, Origin
from typethrough.telemetry.exporting import is_installed
from typethrough.telemetry.logs import place_of
from typethrough.telemetry.page.doctor import doctor_page

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from typethrough.cli.compose import Composition
    from typethrough.cli.doctor.findings import Finding

_WHOLE_S: Final = 75.0


def run_doctor(options: argparse.Namespace) -> int:
    """Run the checks and print the findings. Returns exit code 1 if something needed does not work. Raises UsageError."""
    layers = _editor_layers(options.settings)
    composition = begin_verb(options)
    found: list[Finding] = []
    plain = not (options.json or options.html)
    examination = _Examination(composition, layers, sends=not options.no_request)
    for finding in examination.findings():
        found.append(finding)
        if plain:
            print("\n".join(lines(finding)), flush=True)
    if plain:
        print(f"\n{summary(found)}")
    elif options.json:
        print(json.dumps(as_json(found), indent=2))
    else:
        print(doctor_page(found, summary(found)))
    if options.bundle is not None:
        _write_report(options.bundle, composition, layers, found)
    code = 0 if is_well(found) else 1
    if examination.hangs:
        # The thread that hangs would keep the process alive.
        sys.stdout.flush()
        os._exit(code)
    return code


def _write_report(path: Path, composition: Composition, layers: list[Layer], found: list[Finding]) -> None:
    """Write the report of `--bundle`. Raises UsageError."""
    now = composition.clock.local_time()
    if not path.name:
        path = Path(f"typethrough-report-{now:%Y-%m-%d-%H%M%S}.txt")
    settings, _ = composition.settings(layers)
    sources = composition.sources(layers)
    at = now.isoformat(timespec="seconds")
    write_for_user(path, bundle(found, settings, sources, composition.environment, at))
    print(f"{path} is written: read it before you send it.", file=sys.stderr)


class _Examination:
    """One run of all checks, in a thread."""

    def __init__(self, composition: Composition, layers: list[Layer], *, sends: bool) -> None:
        self.hangs = False
        self._fault = ""
        self._composition = composition
        self._layers = layers
        self._sends = sends
        self._found: queue.SimpleQueue[Finding | None] = queue.SimpleQueue()

    def findings(self) -> Iterator[Finding]:
        """Yield every finding as soon as it is there."""
        thread = threading.Thread(target=self._run, name="typethrough-doctor", daemon=True)
        thread.start()
        ends_s = self._composition.clock.now() + _WHOLE_S
        last = "start"
        while True:
            try:
                finding = self._found.get(timeout=max(0.0, ends_s - self._composition.clock.now()))
            except queue.Empty:
                self.hangs = True
                text = f"what comes after “{last}” has not ended within {_WHOLE_S:g} s"
                yield failure("doctor", text, "See what is said above; a disk or a name server may hang.")
                return
            if finding is None:
                thread.join()
                if self._fault:
                    text = f"the doctor itself failed after “{last}”: {self._fault}"
                    yield failure("doctor", text, "Report it as a fault of ours.")
                return
            last = finding.name
            yield finding

    def _run(self) -> None:
        try:
            asyncio.run(self._look())
        except Exception as error:
            # This is the thread's boundary: any error becomes a finding.
            self._fault = place_of(error)
        finally:
            self._found.put(None)

    async def _look(self) -> None:
        composition, put = self._composition, self._found.put
        put(machine.python())
        for finding in machine.program():
            put(finding)
        settings, problems = await composition.ready_settings(self._layers)
        log = machine.log(composition, settings)
        for finding in machine.settings_in_force(settings, problems, composition.sources(self._layers)):
            put(finding)
        put(log)
        is_limit_spent = False
        for finding in machine.record(settings, composition.clock.local_time().date().isoformat()):
            put(finding)
            is_limit_spent |= finding.name == "limit" and finding.level is Level.FAILURE
        if settings.opentelemetry and is_installed():
            put(await collector(composition.environment))
        for finding in editors.editors(composition.environment, Path.home()):
            put(finding)
        async for finding in lane(
            composition, settings, problems, is_limit_spent=is_limit_spent, sends=self._sends
        ):
            put(finding)


def _editor_layers(text: str | None) -> list[Layer]:
    """The layer of settings from an editor, given as JSON. Raises UsageError."""
    if text is None:
        return []
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise UsageError("--settings takes a JSON object, as the editor hands it to the server")
    return [Layer(Origin.CONFIGURATION.value, Origin.CONFIGURATION, values)]
