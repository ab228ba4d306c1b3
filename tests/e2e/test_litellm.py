"""A person types into the real server with somebody else's gateway behind it: LiteLLM's proxy, before the gateway simulator.

The server is told the proxy's address and key, as it is by users, and nothing else of it.
"""

from __future__ import annotations

import asyncio
import graphlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.bench.steady import Steady
from tests.e2e.typing_server import started
from tests.support import litellm, record, simulator
from tests.support.fake_editor import INVOKED, FakeEditor
from tests.support.http_tap import tap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.http_tap import Exchange
    from tests.support.litellm import Proxy
    from tests.support.simulator import Simulator

# The first run installs the proxy.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

_SOURCE = Path(str(graphlib.__file__))
_PROXY_KEY = "sk-proxy-0123456789abcdef"
_PROVIDER_KEY = "sk-provider-fedcba9876543210"
# Under this name the server speaks the dialect with the most parameters.
_MODEL = "openai/gpt-4.1-nano"
_CANNED = "canned"
_PATIENCE_S = 30.0


@pytest.fixture(scope="module")
def provider() -> Iterator[Simulator]:
    with simulator.start(truth=[_SOURCE], seed=7, style="openai", key=_PROVIDER_KEY) as running:
        running.control(latency={"ttft_ms": 20, "tokens_per_s": 1_000})
        yield running


@pytest.fixture(scope="module")
def proxy(provider: Simulator) -> Iterator[Proxy]:
    behind = {"model": "openai/gpt-4.1-nano", "api_base": provider.base_url, "api_key": _PROVIDER_KEY}
    canned = {"model": "openai/none", "api_key": "none", "mock_response": "self.width * self.height"}
    models = [
        {"model_name": _MODEL, "litellm_params": behind},
        {"model_name": _CANNED, "litellm_params": canned},
    ]
    with litellm.start(models, key=_PROXY_KEY) as running:
        yield running


def _told(exchange: Exchange) -> tuple[int, int, int]:
    """What the proxy said of a stream at its end."""
    usage = exchange.last("usage")
    details = usage.get("prompt_tokens_details") or {}
    return usage["prompt_tokens"], details.get("cached_tokens") or 0, usage["completion_tokens"]


def test_a_typing_session_goes_through_a_litellm_proxy_unchanged(
    provider: Simulator, proxy: Proxy, tmp_path: Path
) -> None:
    person = Steady(_SOURCE.read_text(encoding="utf-8"), seed=5, strokes=120, patience_s=_PATIENCE_S)

    async def run() -> None:
        async with tap(proxy.base_url) as wire:
            options = {"local_lane": False}
            async with started(
                wire.base_url, tmp_path, model=_MODEL, options=options, key=_PROXY_KEY
            ) as client:
                editor = FakeEditor(client)
                editor.open((tmp_path / _SOURCE.name).as_uri(), person.text)
                await person.run(editor)
            asked = wire.completions()
            told = Counter(_told(one) for one in asked if one.is_read_to_end)
        rows = await asyncio.to_thread(provider.log)
        served = Counter((row["prompt_tokens"], row["cached_tokens"], row["output_tokens"]) for row in rows)
        kept = record.streams(tmp_path)
        counted = Counter(one.tokens for one in kept if one.is_read_to_end)

        assert editor.faults.messages == []
        assert editor.faults.errors == []
        assert editor.faults.invalid == []
        assert client.problems == []
        assert editor.displays, "something was shown"
        assert "failed" not in record.endings(tmp_path)
        # Errors go by their names, which begin with a capital; every other ending is the server's own wish.
        assert [one.ending for one in kept if not one.ending.islower()] == []
        # Every question was taken as it was, the first time, and answered piece by piece.
        assert {one.status for one in asked if one.answer} == {200}
        assert any(len(one.events) > 5 for one in asked)
        # The key goes to the proxy, which has its own for the provider: with any other the simulator refuses.
        assert {one.headers["authorization"] for one in asked} == {f"Bearer {_PROXY_KEY}"}
        assert {row["status"] for row in rows if row["status"]} == {200}
        # What the provider counted came through to the record, the cache's part too.
        assert counted
        assert counted <= told
        assert told <= served
        assert any(cached for _, cached, _ in counted)

    asyncio.run(run())


def test_an_answer_that_the_proxy_makes_up_itself_is_shown(proxy: Proxy, tmp_path: Path) -> None:
    async def run() -> None:
        options = {"local_lane": False, "budget_ms": 5_000}
        async with started(
            proxy.base_url, tmp_path, model=_CANNED, options=options, key=_PROXY_KEY
        ) as client:
            editor = FakeEditor(client)
            text = "class Box:\n    def area(self):\n        return \n"
            editor.open((tmp_path / "box.py").as_uri(), text, cursor=(2, 15))
            asked = editor.ask(INVOKED)
            await asked.reply.value(_PATIENCE_S)
            assert asked.new == "self.width * self.height"
            assert editor.faults.messages == []

    asyncio.run(run())


def test_a_key_that_the_proxy_does_not_know_is_told_once_and_not_shown(proxy: Proxy, tmp_path: Path) -> None:
    async def run() -> None:
        options = {"local_lane": False, "budget_ms": 5_000}
        wrong = "sk-somebody-elses-key"
        async with started(proxy.base_url, tmp_path, model=_MODEL, options=options, key=wrong) as client:
            editor = FakeEditor(client)
            editor.open((tmp_path / "box.py").as_uri(), "width = \n", cursor=(0, 8))
            for _ in range(3):
                await editor.ask(INVOKED).reply.value(_PATIENCE_S)
            assert len(editor.faults.messages) == 1
            # Without a database the proxy answers with status 400, and blames that.
            assert "does not accept the key" in editor.faults.messages[0]
            assert wrong not in editor.faults.messages[0]

    asyncio.run(run())
