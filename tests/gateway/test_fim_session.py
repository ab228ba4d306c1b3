"""Code models on a server of one's own, asked by their own marks: from a keystroke to ghost text, with nothing in between faked
but the model itself.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.gateway.stage import until
from tests.support.engine_kit import Bench
from tests.support.simulator import Simulator, start
from typethrough.core.models import profile_of
from typethrough.gateway.connections import open_transport
from typethrough.gateway.endpoint import Endpoint
from typethrough.gateway.http_gateway import HttpGateway

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(json.__file__).parent / "decoder.py"
WHOLE = "raise JSONDecodeError(msg, s, pos)"
# Half a kept line is typed, the rest is missing.
AT = SOURCE.read_text().index(WHOLE) + len("raise JSON")
END = AT - len("raise JSON") + len(WHOLE)


@pytest.fixture(scope="module")
def server() -> Iterator[Simulator]:
    with start(truth=[SOURCE], seed=11, style="openai") as simulator:
        yield simulator


@pytest.mark.parametrize(
    "model",
    [
        *("qwen2.5-coder:7b", "qwen3-coder:30b", "deepseek-coder:6.7b", "starcoder2:3b", "codellama:7b-code"),
        *("codegemma:2b", "granite-code:3b", "codestral:22b", "mellum-4b-base"),
    ],
)
def test_what_is_missing_is_shown(server: Simulator, model: str) -> None:
    server.reset()
    text = SOURCE.read_text()

    async def scene() -> str:
        bench = Bench(f"{text[:AT]}$0{text[END:]}")
        place = Endpoint(server.base_url, "", model, profile_of(model))
        gateway = HttpGateway(place, bench.clock, open_transport(place, bench.clock))
        bench.engine.configure(bench.settings, gateway)
        asked = bench.ask(invoked=True)
        await until(lambda: not asked.open)
        await bench.engine.aclose()
        assert bench.notes.notices == []
        return asked.text

    assert asyncio.run(scene()).split("\n")[0] == "DecodeError(msg, s, pos)"
    (record,) = server.log(full=True)
    assert record["raw"]
    assert (record["status"], record["messages"]) == (200, None)
    assert all(record["parameters"]["stop"])
    marks = profile_of(model).fim
    assert marks is not None
    prompt = record["prompt"]
    assert prompt.count(marks.prefix) == prompt.count(marks.suffix) == 1
    assert prompt.endswith(marks.middle)
