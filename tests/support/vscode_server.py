"""A code-server process with a temporary home: the part of a real VS Code that runs where the files are.

Owns the process, what it may know about the machine, its extensions and settings, and the socket into its extension host. Must
not know the page in which it is shown, nor what the extensions do.
"""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from tests.support.vscode_install import Parts

BRIDGE: Final = Path(__file__).parent / "vscode_bridge"
_START_S: Final = 60.0
_POLL_S: Final = 0.02
_LISTENING: Final = re.compile(r"listening on (http://127\.0\.0\.1:\d+)")
# Switches off everything that uses a network, asks questions or moves by itself. Settings for suggestions keep their
# defaults.
_QUIET: Final = {
    "breadcrumbs.enabled": False,
    "chat.disableAIFeatures": True,
    "editor.fontFamily": "'DejaVu Sans Mono', monospace",
    "editor.minimap.enabled": False,
    "extensions.autoCheckUpdates": False,
    "extensions.autoUpdate": False,
    "extensions.ignoreRecommendations": True,
    "git.enabled": False,
    "npm.autoDetect": "off",
    "telemetry.telemetryLevel": "off",
    "typescript.disableAutomaticTypeAcquisition": True,
    "update.mode": "none",
    "workbench.enableExperiments": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
}


class CodeServer:
    """A running server with an empty home.

    `home` is an empty folder for everything that it writes. `extension` is a .vsix that is there from the start.
    `install` is one that is installed with VS Code's own command, as a user would, which takes some seconds.
    `environment` is added to one without keys. `path` is put on PATH before the system's folders. `settings` are the
    user's. Settings that say what runs and where code goes must be in `machine`, because VS Code takes them only from
    there. `project` are files of the folder that it opens. With `trust`, this folder is not trusted until the user
    agrees.
    """

    def __init__(
        self,
        home: Path,
        parts: Parts,
        *,
        extension: Path | None = None,
        install: Path | None = None,
        environment: Mapping[str, str] | None = None,
        settings: Mapping[str, object] | None = None,
        machine: Mapping[str, object] | None = None,
        project: Mapping[str, str] | None = None,
        trust: bool = False,
        path: tuple[Path, ...] = (Path(sys.executable).parent,),
    ) -> None:
        self.home = home
        self.work = home / "work"
        self._parts = parts
        self._extensions = home / "extensions"
        self._bridges = home / "bridges"
        self._user = home / "user"
        for folder in (
            self.work,
            self._extensions,
            self._bridges,
            self._user / "User",
            self._user / "Machine",
        ):
            folder.mkdir(parents=True, exist_ok=True)
        self._environment = _clean_environment(home, path) | {"TEST_BRIDGE": str(self._bridges)}
        self._environment |= dict(environment or {})
        if install is None:
            shutil.copytree(BRIDGE, self._extensions / "tests.bridge-1.0.0")
        else:
            self._install(install, _packed_bridge(home))
        if extension is not None:
            unpack(extension, self._extensions)
        self.configure(settings or {}, machine or {})
        for name, content in (project or {}).items():
            file = self.work / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
        self._log = home / "code-server.log"
        self._process = self._start(trust=trust)
        self.address = self._wait_until_listening()

    def configure(self, settings: Mapping[str, object], machine: Mapping[str, object] | None = None) -> None:
        """Write the settings: these and those that prevent pop-ups."""
        for name, values in (("User", {**_QUIET, **settings}), ("Machine", dict(machine or {}))):
            (self._user / name / "settings.json").write_text(json.dumps(values), encoding="utf-8")

    def close(self) -> None:
        """End the server and all its processes, first politely like a service manager, then by killing."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for number in self.processes(""):
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, 9)

    def processes(self, words: str) -> list[int]:
        """Return the ids of the server's processes whose command line contains `words`."""
        found = []
        mark = f"\0HOME={self.home}\0".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if words in command and mark in b"\0" + (folder / "environ").read_bytes():
                    found.append(int(folder.name))
        return sorted(found)

    def js(self, code: str, values: object, timeout_s: float) -> Any:
        """Run JavaScript in the newest extension host. Raises AssertionError with its error, or OSError if there is no host."""
        bridges = sorted(self._bridges.glob("*.sock"), key=lambda path: path.stat().st_mtime_ns)
        if not bridges:
            raise ConnectionRefusedError("no extension host listens yet")
        with socket.socket(socket.AF_UNIX) as bridge:
            bridge.settimeout(timeout_s)
            bridge.connect(str(bridges[-1]))
            bridge.sendall(json.dumps({"code": code, "values": values}).encode())
            bridge.shutdown(socket.SHUT_WR)
            pieces = []
            while piece := bridge.recv(65536):
                pieces.append(piece)
        answer = json.loads(b"".join(pieces) or b'{"error": "the extension host ended"}')
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["value"]

    def log(self) -> list[str]:
        """Return the ends of the logs that help to understand a failed test."""
        lines = []
        logs = [self._log, *sorted((self._user / "logs").rglob("*exthost*.log"))]
        logs += sorted((self._user / "logs").rglob("*ypethrough*.log"))
        for path in logs:
            text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
            lines += [f"--- {path.name}, its end", *(line[:400] for line in text.splitlines()[-25:])]
        return lines

    def _install(self, *extensions: Path) -> None:
        command = [self._parts.node, self._parts.code_server, *self._folders()]
        for extension in extensions:
            command += ["--install-extension", extension]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_START_S, check=False, env=self._environment
        )
        if done.returncode != 0:
            raise AssertionError(f"VS Code installed no extension:\n{done.stdout}{done.stderr}")

    def _folders(self) -> tuple[str | Path, ...]:
        config = self.home / "config.yaml"
        return ("--user-data-dir", self._user, "--extensions-dir", self._extensions, "--config", config)

    def _start(self, *, trust: bool) -> "subprocess.Popen[bytes]":
        command = [
            *(self._parts.node, self._parts.code_server, "--auth", "none", "--bind-addr", "127.0.0.1:0"),
            *self._folders(),
            *("--ignore-last-opened", "--disable-telemetry", "--disable-update-check"),
            *("--disable-getting-started-override", "--disable-proxy"),
            *([] if trust else ["--disable-workspace-trust"]),
        ]
        with self._log.open("wb") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.work,
                env=self._environment,
            )

    def _wait_until_listening(self) -> str:
        def listening() -> re.Match[str] | None:
            return _LISTENING.search(self._log.read_text(encoding="utf-8", errors="replace"))

        wait_for(lambda: listening() is not None or self._process.poll() is not None, _START_S, self._said)
        found = listening()
        if found is None:
            raise AssertionError(self._said())
        return found[1]

    def _said(self) -> str:
        return "\n".join(["code-server did not start", *self.log()])


def wait_for(predicate: Callable[[], bool], timeout_s: float, report: Callable[[], str]) -> None:
    """Poll until the predicate holds. Raises AssertionError with the report if it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not predicate():
        if time.monotonic() > deadline:
            raise AssertionError(report())
        time.sleep(_POLL_S)


def unpack(extension: Path, extensions: Path) -> None:
    """Unpack the extension of a .vsix into the folder where VS Code looks for it at start."""
    with zipfile.ZipFile(extension) as packed:
        manifest = json.loads(packed.read("extension/package.json"))
        target = extensions / f"{manifest['publisher']}.{manifest['name']}-{manifest['version']}"
        names = [name for name in packed.namelist() if name.startswith("extension/")]
        packed.extractall(target, names)
    for child in list((target / "extension").iterdir()):
        child.rename(target / child.name)
    (target / "extension").rmdir()


def _packed_bridge(folder: Path) -> Path:
    packed = folder / "bridge.vsix"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(BRIDGE.iterdir()):
            archive.write(path, f"extension/{path.name}")
    return packed


def _clean_environment(home: Path, path: tuple[Path, ...]) -> dict[str, str]:
    """Return an environment without keys and configuration."""
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TZ", "TMPDIR") if name in os.environ}
    # Without the folders of this Python's environment. `path` says what can be found.
    own = str(Path(sys.executable).parent)
    system = [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if folder != own]
    variable = os.pathsep.join([*map(str, path), *system])
    # The server takes its environment from a login shell, as on a desktop. The system's profile sets PATH anew.
    (home / ".profile").write_text(f'export PATH="{variable}"\n', encoding="utf-8")
    folders = {f"XDG_{kind.upper()}_HOME": str(home / kind) for kind in ("config", "data", "state", "cache")}
    shell = shutil.which("bash") or "/bin/sh"
    return {"LANG": "C.UTF-8", **kept, **folders, "HOME": str(home), "PATH": variable, "SHELL": shell}
