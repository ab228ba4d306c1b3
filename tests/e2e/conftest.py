"""Fixtures of the end-to-end tests: a gateway simulator that knows a file's true text, and a real Neovim.

Owns: what every such test starts from. A test that takes `neovim` gets a function that starts one, so that it can set
the environment and the configuration first; all of them end with the test.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support import simulator
from tests.support.neovim import Neovim
from tests.support.neovim_install import find_or_install
from tests.support.simulator import Simulator

# Nothing in the second function can be guessed from the first, so that what is shown for it came from the model.
HEAD = """\
import math


def area_of_circle(radius):
    return math.pi * radius**2


"""
TAIL = """\
def label_for(weekday):
    names = ["Mon", "Tue", "Wed"]
    picked = names[weekday % 3]
    return f"<{picked}>"
"""

StartNeovim = Callable[..., Neovim]


@pytest.fixture(scope="session")
def _neovim_installed() -> Path:
    return find_or_install()


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """The file that the simulated model knows by heart."""
    path = tmp_path / "truth" / "labels.py"
    path.parent.mkdir()
    path.write_text(HEAD + TAIL, encoding="utf-8")
    return path


@pytest.fixture
def gateway(truth: Path) -> Iterator[Simulator]:
    """A gateway whose model answers with the true text, at once."""
    with simulator.start(truth=[truth]) as running:
        yield running


@pytest.fixture
def neovim(tmp_path: Path, _neovim_installed: Path) -> Iterator[StartNeovim]:
    """Start a Neovim with the plugin; its server uses `gateway` when one is given, else it has no key at all."""
    with ExitStack() as running:
        started = 0

        def start(
            gateway: Simulator | None = None,
            *,
            environment: Mapping[str, str] | None = None,
            init_lua: str = "",
            plugin: bool = True,
            version: str = "0.12",
        ) -> Neovim:
            nonlocal started
            started += 1
            endpoint = {"TYPETHROUGH_BASE_URL": gateway.base_url} if gateway is not None else {}
            return running.enter_context(
                Neovim(
                    tmp_path / f"neovim-{started}",
                    environment=endpoint | dict(environment or {}),
                    init_lua=init_lua,
                    plugin=plugin,
                    version=version,
                )
            )

        yield start
