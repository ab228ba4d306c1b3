"""Fixtures of the end-to-end tests: a gateway simulator that knows a file's true text, a real Neovim and a real VS Code.

Owns: what every such test starts from. A test that takes `neovim` or `vscode` gets a function that starts one, so that it
can set the environment and the configuration first; each Neovim ends with its test, each VS Code with its module.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support import simulator, vscode_extension, vscode_install
from tests.support.neovim import BUILT_IN_ONLY, Neovim, View
from tests.support.simulator import Simulator
from tests.support.vscode import VSCode
from tests.support.vscode_browser import Browser

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

# The same as a notebook, in the form in which the model is told of one.
CELLS = f"""\
# %%
{HEAD.strip()}
# %% [markdown]
# Labels for *days*.
# %%
{TAIL.strip()}
# %%
print(1)
"""

# A function to type from beginning to end: long lines, and all the pairs that an editor closes by itself.
ACCOUNTS_HEAD = """\
class Account:
    def __init__(self, owner, balance):
        self.owner = owner
        self.balance = balance


"""
ACCOUNTS_TAIL = """\
def settle_outstanding_amounts(accounts, exchange_rate, rounding_unit):
    remaining = sum(account.balance for account in accounts) * exchange_rate
    rounded_amount = rounding_unit * round(remaining / rounding_unit, 2)
    print(f"settled {rounded_amount} for {len(accounts)} accounts", "in all")
    first, second = accounts[0].owner.strip().lower(), accounts[-1].owner
    return {"amount": rounded_amount, "first": first, "second": second}
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
            # An editor asks once; what is tested here is not how long a busy machine takes to answer.
            endpoint = {"TYPETHROUGH_BUDGET_MS": "5000", "TYPETHROUGH_CATALOGUE": "false"}
            if gateway is not None:
                endpoint["TYPETHROUGH_BASE_URL"] = gateway.base_url
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


# VS Code takes some ten seconds to start, so the tests of a module share a window; each gets a new language server in it.

KEY = "sk-test-0123456789"
StartVSCode = Callable[..., VSCode]


@pytest.fixture(scope="session")
def _vscode_installed() -> vscode_install.Parts:
    return vscode_install.find_or_install()


@pytest.fixture(scope="session")
def extension() -> Path:
    """The VS Code extension as people get it."""
    return vscode_extension.pack()


@pytest.fixture(scope="module")
def browser(_vscode_installed: vscode_install.Parts) -> Iterator[Browser]:
    with Browser(_vscode_installed.chromium) as running:
        yield running


@pytest.fixture(scope="module")
def vscode(
    tmp_path_factory: pytest.TempPathFactory,
    _vscode_installed: vscode_install.Parts,
    browser: Browser,
    extension: Path,
) -> Iterator[StartVSCode]:
    """Start a VS Code with the extension; its server uses `gateway` when one is given, else it has no key at all."""
    with ExitStack() as running:

        def start(gateway: Simulator | None = None, **options: Any) -> VSCode:
            home = tmp_path_factory.mktemp("vscode")
            endpoint = (
                {}
                if gateway is None
                else {"TYPETHROUGH_BASE_URL": gateway.base_url, "TYPETHROUGH_API_KEY": KEY}
            )
            # The simulator lists the default model with its announced end, and the message about it would stand in the way.
            own = {"TYPETHROUGH_LOG_LEVEL": "debug", "TYPETHROUGH_CATALOGUE": "false"}
            options["environment"] = own | endpoint | dict(options.get("environment", {}))
            options.setdefault("extension", extension)
            return running.enter_context(VSCode(home, browser, _vscode_installed, **options))

        yield start


@pytest.fixture(scope="module")
def _shared_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    labels = tmp_path_factory.mktemp("truth") / "labels.py"
    labels.write_text(HEAD + TAIL, encoding="utf-8")
    accounts = labels.with_name("accounts.py")
    accounts.write_text(ACCOUNTS_HEAD + ACCOUNTS_TAIL, encoding="utf-8")
    cells = labels.with_name("labels.ipynb")
    cells.write_text(CELLS, encoding="utf-8")
    with simulator.start(truth=[labels, accounts, cells]) as running:
        yield running


@pytest.fixture(scope="module")
def _shared_vscode(vscode: StartVSCode, _shared_gateway: Simulator) -> VSCode:
    return vscode(_shared_gateway)


@pytest.fixture
def model(_shared_gateway: Simulator) -> Simulator:
    """The gateway behind `editor`, whose model answers with the true text, at once."""
    _shared_gateway.reset()
    _shared_gateway.control(latency="none", key=None)
    return _shared_gateway


@pytest.fixture
def editor(_shared_vscode: VSCode, model: Simulator) -> VSCode:
    """A VS Code with nothing open and a language server that has seen nothing yet."""
    window = _shared_vscode
    window.attach()
    window.clear()
    # The editor gives a new server what it still holds of closed files: the local lane would know the answers of other tests.
    for name in ("enabled", "disabledLanguages", "maxLines"):
        window.set(f"typethrough.{name}", None)
    window.set("typethrough.localLane", False)
    window.run("typethrough.restart")
    window.attach()
    model.reset()
    return window
