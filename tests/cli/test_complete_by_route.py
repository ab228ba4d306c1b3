"""`typethrough complete` asks by hand, so a route for that holds: over real sockets, from the environment to the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.simulator import start
from typethrough.cli.main import main
from typethrough.core.settings.schema import DEFAULT_MODEL

if TYPE_CHECKING:
    from pathlib import Path

MINI = "openai/gpt-4.1-mini"
TRUTH = "def area(width: int, height: int) -> int:\n    return width * height\n"


@pytest.mark.parametrize("is_known", [True, False])
def test_the_routes_model_is_asked_and_the_default_one_when_there_is_no_such_model(
    is_known: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    truth, held = tmp_path / "truth" / "area.py", tmp_path / "area.py"
    truth.parent.mkdir()
    truth.write_text(TRUTH, "utf-8")
    held.write_text(TRUTH.replace("width * height", ""), "utf-8")
    with start(truth=[truth], latency="none") as simulator:
        if not is_known:
            simulator.fault("model_not_found", model=MINI)
        for name, value in {
            "BASE_URL": simulator.base_url,
            "ROUTES": f"invoked={MINI} 5000 ms",
            "LOCAL_LANE": "false",
            # The simulated list does not have every model, and may be read before the end or after.
            "CATALOGUE": "false",
        }.items():
            monkeypatch.setenv(f"TYPETHROUGH_{name}", value)
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
        code = main(["complete", f"{held}:2:12"])
        asked = [row["model"] for row in simulator.log()]
    out, error = capsys.readouterr()
    assert (code, out) == (0, "width * height\n")
    assert asked == ([MINI] if is_known else [MINI, DEFAULT_MODEL])
    assert ("change the setting `routes` (TYPETHROUGH_ROUTES)" in error) is not is_known
