"""Raw prompts: when they are used, what goes over the wire for them, and what comes back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway.stage import KEY, HandClock, endpoint, play
from tests.support.simulator import Simulator, start
from typethrough.core.models import profile_of
from typethrough.core.outcome.outcome import Usage
from typethrough.core.prompt.message import Message, Prompt
from typethrough.core.settings.schema import GATEWAY_BASE_URL
from typethrough.engine.ports import Finish, GatewayRejected
from typethrough.gateway.endpoint import Endpoint
from typethrough.gateway.error_bodies import ErrorBody
from typethrough.gateway.http_gateway import HttpGateway, open_gateway
from typethrough.gateway.reply import Reply
from typethrough.gateway.wire import RequestEncoder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

QWEN = "qwen2.5-coder:1.5b-base"
HERE = "http://127.0.0.1:8080/v1"
SOURCE = 'def greet(name):\n    message = f"Hello, {name}!"\n    print(message)\n    return len(message)\n'
HEAD = Message("", "<|repo_name|>demo\n<|file_sep|>greeting.py\n")
RAW = Prompt(
    (HEAD, Message("", '<|fim_prefix|>def "x"\\\n'), Message("", "<|fim_suffix|>\té<|fim_middle|>")),
    2,
    tuple("abcdef"),
    64,
    "shard-1",
    raw=True,
)


def place(model: str = QWEN, base_url: str = HERE, form: str = "auto") -> Endpoint:
    return Endpoint(base_url, KEY, model, profile_of(model), prompt_form=form)


@pytest.mark.parametrize(
    ("model", "base_url", "form", "is_fim"),
    [
        (QWEN, HERE, "auto", True),
        (QWEN, "https://vllm.example/v1/", "auto", True),
        (QWEN, HERE, "fim", True),
        (QWEN, HERE, "chat", False),
        (QWEN, GATEWAY_BASE_URL, "auto", False),
        (QWEN, "https://openrouter.ai/api/v1", "auto", False),
        ("mistral/codestral", "https://api.mistral.ai/v1", "auto", False),
        ("openai/gpt-4.1-nano", HERE, "auto", False),
        ("some-local-model", HERE, "auto", False),
    ],
)
def test_the_form_is_decided_by_setting_model_and_endpoint(
    model: str, base_url: str, form: str, is_fim: bool
) -> None:
    asked = place(model, base_url, form)
    assert asked.problem == ""
    profile = open_gateway(asked, HandClock()).profile
    assert profile.fim == (profile_of(model).fim if is_fim else None)
    assert replace(profile, fim=None) == replace(profile_of(model), fim=None)


@pytest.mark.parametrize(
    ("model", "base_url", "says"),
    [
        ("some-local-model", HERE, "marks of some-local-model are not known"),
        ("openai/gpt-4.1-nano", GATEWAY_BASE_URL, "marks of openai/gpt-4.1-nano are not known"),
        (QWEN, GATEWAY_BASE_URL, "ai-gateway.vercel.sh serves no raw text completions"),
    ],
)
def test_a_form_that_cannot_be_is_one_message_that_names_the_setting(
    model: str, base_url: str, says: str
) -> None:
    gateway = open_gateway(place(model, base_url, "fim"), HandClock())
    assert says in gateway.refusal()
    assert "`prompt_form` (TYPETHROUGH_PROMPT_FORM)" in gateway.refusal()


@pytest.mark.parametrize(
    "base_url",
    [
        "https://g.example/v1",
        "https://g.example/v1/",
        "https://g.example/v1/chat/completions",
        "https://g.example/v1/completions",
    ],
)
def test_both_addresses_stand_side_by_side(base_url: str) -> None:
    asked = place(base_url=base_url)
    assert str(asked.url) == "https://g.example/v1/chat/completions"
    assert str(asked.text_url) == "https://g.example/v1/completions"


def test_a_raw_prompt_is_one_string_with_what_every_server_knows() -> None:
    assert json.loads(RequestEncoder(place()).body(RAW)) == {
        "model": QWEN,
        "prompt": "".join(message.text for message in RAW.messages),
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 64,
        "temperature": 0,
        "stop": list("abcdef"),
    }
    reasoning = Endpoint(HERE, KEY, "gpt-6-luna", profile_of("gpt-6-luna"))
    sent = json.loads(RequestEncoder(reasoning).body(RAW))
    assert not {"max_completion_tokens", "reasoning_effort", "prompt_cache_key", "messages"} & sent.keys()
    assert sent["max_tokens"] == 64


def test_stable_parts_are_the_same_bytes_and_are_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[Message] = []
    escape = RequestEncoder.body.__globals__["_escape"]

    def counting(message: Message) -> bytes:
        encoded.append(message)
        result: bytes = escape(message)
        return result

    monkeypatch.setitem(RequestEncoder.body.__globals__, "_escape", counting)
    encoder = RequestEncoder(place())
    anchor = Message("", 'a = "1"\n' * 30_000)
    bodies = [
        encoder.body(Prompt((HEAD, anchor, Message("", f"x{number}")), 2, (), 8, "k", raw=True))
        for number in range(3)
    ]
    stable = bodies[0].index(b'x0"')
    assert len({body[:stable] for body in bodies}) == 1
    assert json.loads(bodies[1])["prompt"] == HEAD.text + anchor.text + "x1"
    assert encoded.count(anchor) == encoded.count(HEAD) == 1
    # The same messages in a chat are not taken for parts of a string.
    chat = json.loads(encoder.body(Prompt((HEAD, anchor), 2, (), 8, "k")))
    assert chat["messages"][1]["content"] == anchor.text


def test_a_parameter_that_a_server_refuses_is_left_out() -> None:
    encoder = RequestEncoder(place())
    assert encoder.refuse(ErrorBody("Unknown parameter: stream_options", parameter="stream_options"), RAW)
    assert "stream_options" not in json.loads(encoder.body(RAW))
    assert not encoder.refuse(ErrorBody("The prompt is too long"), RAW)


def _frames(*frames: dict[str, Any]) -> bytes:
    return (
        b"".join(b"data: " + json.dumps(frame).encode() + b"\n\n" for frame in frames) + b"data: [DONE]\n\n"
    )


@pytest.mark.parametrize(
    ("frames", "usage"),
    [
        # vLLM: counts behind, in a chunk with no choices.
        (
            (
                {"choices": [{"index": 0, "text": "x = ", "finish_reason": None}]},
                {"choices": [{"index": 0, "text": "1", "finish_reason": "stop"}]},
                {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 3}},
            ),
            Usage(9, 0, 3),
        ),
        # llama.cpp: an empty text with the ending, and what the cache spared among the timings.
        (
            (
                {"choices": [{"text": "x = 1", "index": 0, "logprobs": None, "finish_reason": None}]},
                {
                    "choices": [{"text": "", "index": 0, "finish_reason": "stop"}],
                    "usage": {"prompt_tokens": 900, "completion_tokens": 3},
                    "timings": {"cache_n": 850, "prompt_n": 50},
                },
            ),
            Usage(900, 850, 3),
        ),
        # DeepSeek's names, and a server that answers whole.
        (
            (
                {
                    "choices": [{"text": "x = 1", "index": 0, "finish_reason": "stop"}],
                    "usage": {"prompt_tokens": 90, "prompt_cache_hit_tokens": 64, "completion_tokens": 3},
                },
            ),
            Usage(90, 64, 3),
        ),
        (
            (
                {"choices": [{"text": "x = 1", "index": 0}, {"text": "no", "index": 1}]},
                {
                    "choices": [{"text": None, "index": 0, "finish_reason": "stop"}],
                    "usage": {"prompt_tokens": []},
                },
            ),
            Usage(),
        ),
    ],
)
def test_text_chunks_are_read(frames: tuple[dict[str, Any], ...], usage: Usage) -> None:
    reply = Reply(place(), RAW)
    text = reply.feed(_frames(*frames)) + reply.end()
    assert (text, reply.error, reply.stream_end()) == ("x = 1", None, Finish("stop", usage))


def test_tokens_written_to_the_cache_are_read_under_both_names() -> None:
    for counts in (
        {"prompt_tokens_details": {"cached_tokens": 1_024, "cache_write_tokens": 512}},
        {"prompt_tokens_details": {"cached_tokens": 1_024}, "cache_creation_input_tokens": 512},
    ):
        reply = Reply(endpoint(HERE), RAW)
        usage = {"prompt_tokens": 2_000, "completion_tokens": 5, **counts}
        reply.feed(
            _frames({"choices": [{"delta": {"content": "x"}, "finish_reason": "stop"}], "usage": usage})
        )
        assert reply.stream_end().usage == Usage(2_000, 1_024, 5, 512)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """An OpenAI-compatible server of one's own, which knows one file."""
    truth: Path = tmp_path_factory.mktemp("truth") / "greeting.py"
    truth.write_text(SOURCE)
    with start(truth=[truth], seed=5, style="openai") as simulator:
        yield simulator


def _question(marks: tuple[str, str, str], *, suffix_first: bool = False, path: str = "") -> Prompt:
    at = SOURCE.index("print")
    prefix, suffix = marks[0] + SOURCE[:at], marks[1] + SOURCE[at + len("print(message)") :]
    body = suffix + prefix if suffix_first else prefix + suffix
    return Prompt(
        (Message("", path), Message("", body), Message("", marks[2])), 1, ("\n\n",), 64, "", raw=True
    )


@pytest.mark.parametrize(
    ("model", "suffix_first", "path"),
    [
        ("qwen2.5-coder", False, "<|repo_name|>demo\n<|file_sep|>greeting.py\n"),
        ("starcoder2", False, "<file_sep>greeting.py\n"),
        ("codellama:7b-code", False, ""),
        ("codestral:22b", True, ""),
        ("mellum-4b", True, "<filename>greeting.py\n"),
        ("deepseek-coder", False, ""),
        ("codegemma:2b", False, ""),
    ],
)
def test_a_hole_is_filled_over_a_real_socket(
    server: Simulator, model: str, suffix_first: bool, path: str
) -> None:
    server.reset()
    marks = profile_of(model).fim
    assert marks is not None
    assert (marks.order == "spm") is suffix_first
    prompt = _question((marks.prefix, marks.suffix, marks.middle), suffix_first=suffix_first, path=path)

    async def scene() -> None:
        client = open_gateway(place(model, server.base_url), HandClock())
        pieces: list[str] = []
        end = await client.stream(prompt, pieces.append)
        await client.aclose()
        assert "".join(pieces) == "print(message)"
        record = server.log(full=True)[0]
        assert end == Finish("stop", Usage(record["prompt_tokens"], 0, record["output_tokens"]))
        assert record["raw"]
        assert record["place"].endswith("greeting.py:3")
        assert record["prompt"] == "".join(message.text for message in prompt.messages)

    play(scene())


def test_a_server_that_refuses_a_parameter_is_asked_again_without_it(server: Simulator) -> None:
    server.reset()
    server.fault("unsupported_parameter", names=["stream_options"])

    async def scene() -> None:
        client = open_gateway(place(base_url=server.base_url), HandClock())
        pieces: list[str] = []
        assert (await client.stream(RAW, pieces.append)).finish_reason == "stop"
        await client.aclose()
        assert [record["status"] for record in server.log()] == [400, 200]

    play(scene())


def test_where_there_are_no_text_completions_the_message_names_the_setting(server: Simulator) -> None:
    server.reset()
    server.control(style="vercel")

    async def scene() -> None:
        client = open_gateway(place(base_url=server.base_url), HandClock())
        assert isinstance(client, HttpGateway)
        with pytest.raises(GatewayRejected, match="`prompt_form` \\(TYPETHROUGH_PROMPT_FORM\\)") as caught:
            await client.stream(RAW, lambda _: None)
        assert caught.value.status == 404
        await client.aclose()

    try:
        play(scene())
    finally:
        server.control(style="openai")
