"""Servers whose template wants other roles than ours, and models that reason: adapted to once, by what the refusal says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway.stage import DONE, END, HEAD, STOP, Server, chunk, endpoint, frame, gateway, play, text_of
from typethrough.core.prompt.message import Message, Prompt
from typethrough.engine.ports import GatewayRejected
from typethrough.gateway.error_bodies import ErrorBody, parse_error_body
from typethrough.gateway.roles import Form, arranged, asked_for
from typethrough.gateway.wire import RequestEncoder

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.gateway.stage import Visit

ROLES = ("system", "user", "assistant", "user", "assistant", "user", "user")
PROMPT = Prompt(
    tuple(Message(role, f"text {number}") for number, role in enumerate(ROLES)), 5, ("\n\n",), 64, "k"
)
Messages = list[dict[str, str]]


def _is_in_turns(messages: Messages) -> bool:
    return [one["role"] for one in messages] == ["user", "assistant"] * (len(messages) // 2) + ["user"]


def _turns_after_system(messages: Messages) -> bool:
    return _is_in_turns(messages[1:] if messages[0]["role"] == "system" else messages)


# What a server takes, with which status and words it refuses all else, and in how many requests it is understood.
SERVERS: list[tuple[str, Callable[[Messages], bool], int, Any, int]] = [
    ("gemma", lambda m: "system" not in {one["role"] for one in m}, 400,
     {"error": {"message": "System role not supported", "type": "BadRequestError"}}, 2),
    ("mistral", _turns_after_system, 400,
     {"object": "error", "message": "After the optional system message, conversation roles must alternate"}, 2),
    ("llama.cpp", _is_in_turns, 500,
     {"error": {"code": 500, "message": "Jinja Exception: Conversation roles must alternate", "type": "server_error"}}, 2),
    ("pydantic", lambda m: "system" not in {one["role"] for one in m}, 422,
     {"detail": [{"loc": ["body", "messages", 0, "role"], "msg": "Input should be 'user' or 'assistant'"}]}, 2),
    ("only two", _is_in_turns, 400, {"error": "Only user and assistant roles are supported!"}, 2),
    ("value", _is_in_turns, 400,
     {"error": {"message": "Unsupported value: 'messages[0].role' does not support 'system'", "param": "messages[0].role"}}, 2),
    ("plain", _is_in_turns, 400, b"unknown role: system", 2),
    ("one message", lambda m: len(m) == 1, 400, {"error": {"message": "This model takes a single message"}}, 2),
    ("at most one", lambda m: len(m) == 1, 422,
     {"detail": [{"loc": ["body", "messages"], "msg": "List should have at most 1 item after validation, not 7"}]}, 2),
    ("turns, then one", lambda m: len(m) == 1, 400, {"error": "Template error: unexpected role"}, 3),
]  # fmt: skip


@pytest.mark.parametrize(
    ("takes", "status", "body", "requests"), [one[1:] for one in SERVERS], ids=[one[0] for one in SERVERS]
)
def test_a_strict_server_is_understood_once_and_for_all(
    takes: Callable[[Messages], bool], status: int, body: Any, requests: int
) -> None:
    asked = list[Messages]()

    async def strict(visit: Visit) -> None:
        while request := await visit.request():
            asked.append(json.loads(request.partition(b"\r\n\r\n")[2])["messages"])
            if takes(asked[-1]):
                await visit.send(HEAD, chunk(frame("x + 1")), chunk(STOP), chunk(DONE) + END)
            else:
                raw = body if isinstance(body, bytes) else json.dumps(body).encode()
                await visit.send(b"HTTP/1.1 %d No\r\nContent-Length: %d\r\n\r\n" % (status, len(raw)), raw)

    async def scene() -> None:
        async with Server(strict) as server:
            asking, _ = gateway(server)
            assert await text_of(asking, PROMPT) == "x + 1"
            assert len(asked) == requests
            assert await text_of(asking, PROMPT) == "x + 1"
            assert len(asked) == requests + 1
            words = "\n".join(one["content"] for one in asked[-1])
            assert all(words.count(message.text) == 1 for message in PROMPT.messages)
            await asking.aclose()

    play(scene())


def test_a_server_that_says_so_only_in_its_stream_is_understood_too() -> None:
    error = b'data: {"error": {"message": "Error rendering prompt with jinja template: roles must alternate"}}\n\n'

    async def scene() -> None:
        async def strict(visit: Visit) -> None:
            while request := await visit.request():
                takes = _is_in_turns(json.loads(request.partition(b"\r\n\r\n")[2])["messages"])
                answer = chunk(frame("x + 1") + STOP + DONE) if takes else chunk(error)
                await visit.send(HEAD, answer + END)

        async with Server(strict) as server:
            asking, _ = gateway(server)
            assert await text_of(asking, PROMPT) == "x + 1"
            await asking.aclose()

    play(scene())


def test_who_refuses_every_form_is_told_with_his_own_words() -> None:
    async def scene() -> None:
        async def never(visit: Visit) -> None:
            while await visit.request():
                body = b'{"error": "Conversation roles must alternate"}'
                await visit.send(b"HTTP/1.1 400 No\r\nContent-Length: %d\r\n\r\n" % len(body), body)

        async with Server(never) as server:
            asking, _ = gateway(server)
            with pytest.raises(GatewayRejected, match="roles must alternate"):
                await text_of(asking, PROMPT)
            assert len(server.visits[0].requests) + len(server.visits[1:]) >= 3
            await asking.aclose()

    play(scene())


@pytest.mark.parametrize(
    ("status", "message"),
    [(400, "max_tokens is too large"), (401, "roles must alternate"), (403, "Your role does not allow that"),
     (400, "Invalid JSON"), (500, "Internal error"), (429, "One message a minute")],
)  # fmt: skip
def test_other_refusals_change_no_form(status: int, message: str) -> None:
    assert asked_for(status, ErrorBody(message), Form.AS_THEY_ARE) is None


def test_the_beginning_of_a_prompt_stays_its_beginning() -> None:
    longer = Prompt((*PROMPT.messages[:-1], Message("user", "another window")), 5, (), 64, "k")
    for form in Form:
        one, other = (
            json.dumps([message.text for message in arranged(prompt.messages, form)])
            for prompt in (PROMPT, longer)
        )
        upto = one.index("text 6")
        assert one[:upto] == other[:upto]


@pytest.mark.parametrize(
    ("refusals", "efforts"),
    [
        (["Unsupported value: reasoning_effort does not know 'none'. Values: 'minimal', 'low'."], ["none", "minimal"]),
        (["reasoning_effort should be one of low, medium, high: unsupported"], ["none", "low"]),
        (["Unsupported parameter: reasoning_effort"], ["none", None]),
        (["reasoning_effort: unsupported value. Use one of medium, high"], ["none", None]),
    ],
)  # fmt: skip
def test_the_least_reasoning_that_a_model_knows_is_asked_for(
    refusals: list[str], efforts: list[str | None]
) -> None:
    encoder = RequestEncoder(endpoint("http://127.0.0.1:1/v1", model="openai/gpt-6-luna"))
    seen = [encoder.parameters(PROMPT).get("reasoning_effort")]
    for said in refusals:
        assert encoder.refuse(parse_error_body(json.dumps({"error": {"message": said}}).encode()), PROMPT)
        seen.append(json.loads(encoder.body(PROMPT)).get("reasoning_effort"))
    assert seen == efforts


def test_a_model_that_reasons_unasked_is_told_not_to() -> None:
    asked = list[dict[str, Any]]()
    thought = b'data: {"choices":[{"index":0,"delta":{"reasoning_content":"Hm."},"finish_reason":null}]}\n\n'

    async def thinker(visit: Visit) -> None:
        while request := await visit.request():
            asked.append(json.loads(request.partition(b"\r\n\r\n")[2]))
            first = b"" if "chat_template_kwargs" in asked[-1] else chunk(thought)
            await visit.send(HEAD, first + chunk(frame("x + 1")), chunk(STOP), chunk(DONE) + END)

    async def scene() -> None:
        async with Server(thinker) as server:
            asking, _ = gateway(server)
            for _ in range(4):
                assert await text_of(asking, PROMPT) == "x + 1"
            told = [(one.get("reasoning_effort"), one.get("chat_template_kwargs")) for one in asked]
            off = {"enable_thinking": False}
            assert told == [(None, None), ("none", None), ("none", off), ("none", off)]
            await asking.aclose()

    play(scene())
