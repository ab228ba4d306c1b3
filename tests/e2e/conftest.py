"""Fixtures of the end-to-end tests: a gateway simulator that knows a file's true text, and a real Neovim.

Owns: what every such test starts from. A test that takes `neovim` gets a function that starts one, so that it can set
the environment and the configuration first; all of them end with the test.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support import simulator
from tests.support.neovim import BUILT_IN_ONLY, Neovim, View
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
def view(request: pytest.FixtureRequest) -> View:
    """Which Neovim, and who draws its ghost text; the newest with our plugin unless a test says otherwise."""
    chosen = getattr(request, "param", View("0.12"))
    assert isinstance(chosen, View)
    return chosen


@pytest.fixture
def neovim(tmp_path: Path, view: View) -> Iterator[StartNeovim]:
    """Start a Neovim; its server uses `gateway` when one is given, else it has no key at all."""
    with ExitStack() as running:
        started = 0

        def start(
            gateway: Simulator | None = None,
            *,
            environment: Mapping[str, str] | None = None,
            init_lua: str = "",
            plugin: bool = True,
        ) -> Neovim:
            nonlocal started
            started += 1
            endpoint = {"TYPETHROUGH_BASE_URL": gateway.base_url} if gateway is not None else {}
            return running.enter_context(
                Neovim(
                    tmp_path / f"neovim-{started}",
                    environment=endpoint | dict(environment or {}),
                    init_lua=BUILT_IN_ONLY + init_lua if view.built_in else init_lua,
                    plugin=plugin and not view.built_in,
                    version=view.version,
                )
            )

        yield start
