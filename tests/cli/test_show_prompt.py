"""`typethrough complete --show-prompt` prints the request as a gateway gets it, says what is kept back, and sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.engine_kit import URI, Bench, run
from tests.support.simulator import start
from typethrough.cli.main import main
from typethrough.engine.model_lane import Question

if TYPE_CHECKING:
    from pathlib import Path

_KEY = "sk-live-51H8aBcDeFgHiJkLmN"
_TEXT = f'from shop import Shop\n\nKEY = "{_KEY}"\nPASSWORD = "hunter2"\n\n\ndef client():\n    return \n'
_SHOP = 'TOKEN = "ghp_0123456789abcdefABCDEF0123456789abcd"\n\n\nclass Shop:\n    """Sells."""\n'


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name, value in {
        "LOCAL_LANE": "false",
        "CATALOGUE": "false",
        "API_KEY": "secret-of-the-gateway",
    }.items():
        monkeypatch.setenv(f"TYPETHROUGH_{name}", value)
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "main.py").write_text(_TEXT, "utf-8")
    (folder / "shop.py").write_text(_SHOP, "utf-8")
    return f"{folder / 'main.py'}:8:12"


@pytest.mark.parametrize("model", ["openai/gpt-4.1-nano", "qwen2.5-coder-1.5b"])
def test_what_is_shown_is_byte_for_byte_what_a_gateway_gets(
    model: str, place: str, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setenv("TYPETHROUGH_MODEL", model)
    with start(latency="none", style="openai") as simulator:
        monkeypatch.setenv("TYPETHROUGH_BASE_URL", simulator.base_url)
        assert main(["complete", "--show-prompt", place]) == 0
        out, error = capsysbinary.readouterr()
        assert not simulator.log(), "nothing is sent"
        main(["complete", place])
        (row,) = simulator.log(full=True)

    assert out.decode() == row["body"] + "\n"
    assert row["raw"] is ("qwen" in model)
    told = error.decode()
    address = "/completions" if row["raw"] else "/chat/completions"
    assert f"to        {simulator.base_url}{address}\nmodel     {model}\n" in told
    assert "__HIDDEN_password_" in told
    for text in (out.decode(), told):
        assert _KEY not in text
        assert "hunter2" not in text
        assert "0123456789abcdef" not in text
        assert "secret-of-the-gateway" not in text


def test_where_nothing_would_be_sent_it_says_why(
    place: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TYPETHROUGH_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("TYPETHROUGH_EXCLUDE", "main.py")
    assert main(["complete", "--show-prompt", place]) == 1
    out, error = capsys.readouterr()
    assert out == ""
    assert "nothing would be sent: the file is excluded" in error


@pytest.mark.parametrize(
    ("environment", "why", "address"),
    [
        ({}, "no key", "https://ai-gateway.vercel.sh/v1"),
        (
            {"TYPETHROUGH_BASE_URL": "https://one.example/v1"},
            "no key for one.example",
            "https://one.example/v1",
        ),
    ],
)
def test_without_a_key_it_shows_what_would_be_sent_with_one_and_opens_no_connection(
    place: str,
    environment: dict[str, str],
    why: str,
    address: str,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    connections: list[object] = []

    async def warm(gateway: object) -> None:
        connections.append(gateway)

    monkeypatch.setattr("typethrough.gateway.http_gateway.HttpGateway.warm", warm)
    for name in ("TYPETHROUGH_API_KEY", "TYPETHROUGH_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(["complete", "--show-prompt", place]) == 0
    alone, error = capsysbinary.readouterr()
    said = error.decode()
    assert f"lane      {why}: local lane only" in said
    assert "There is no key, so nothing is sent." in said
    assert f"to        {address}/chat/completions" in said
    assert connections == []
    monkeypatch.setenv("TYPETHROUGH_API_KEY", "sk-0123456789")
    assert main(["complete", "--show-prompt", place]) == 0
    with_key, error = capsysbinary.readouterr()
    assert with_key == alone
    assert b"no key" not in error


def test_over_a_typing_session_it_shows_each_request_that_is_sent() -> None:
    async def scenario() -> None:
        bench = Bench(_TEXT.replace("return \n", "return $0\n"))
        seen = 0
        for text in ("Client(", "KEY", ", ", "PASSWORD", ")", "\n    # ", "token ghp_abcdefghijkl0123456789"):
            await bench.type(text, 40)
            await bench.wait(150)
            question = bench.engine.question(URI, bench.cursor)
            assert isinstance(question, Question)
            if len(bench.gateway.streams) > seen:
                seen = len(bench.gateway.streams)
                # But for the shard of the cache, of which each question takes the next.
                assert question.prompt.messages == bench.stream.prompt.messages
                assert question.prompt.stable == bench.stream.prompt.stable
                assert question.terms.max_output_tokens == bench.stream.prompt.max_output_tokens
                # Nothing of it fits what is typed next, so that another request must be sent.
                await bench.say("zzz\n")
                bench.stream.finish()
        assert seen >= 6

    run(scenario)
