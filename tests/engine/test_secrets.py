"""A line that uses a key still completes: the model sees a placeholder, the user their own text and never half a placeholder."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.engine.test_growing import asked
from tests.support.engine_kit import Bench, run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_KEY = "sk-live-51H8aBcDeFgHiJkLmN"
_CODE = f'KEY = "{_KEY}"\n\ndef client():\n    $0\n'


def scenario(body: Callable[[Bench], Awaitable[None]], **settings: Any) -> None:
    async def whole() -> None:
        await body(Bench(_CODE, **settings))

    run(whole)


def test_a_key_stays_here_and_a_suggestion_with_it_is_whole() -> None:
    async def body(bench: Bench) -> None:
        asking = await bench.type("return ")
        await bench.wait(100)
        sent = "\n".join(message.text for message in bench.stream.prompt.messages)
        assert _KEY not in sent
        assert 'KEY = "__HIDDEN_key_1__"' in sent

        await bench.say('Client("__HIDDEN_key_1__")\n')
        assert asking.text == f'Client("{_KEY}")'
        assert asking.outcome.kept_back == 1

    scenario(body)


def test_half_a_placeholder_is_never_shown() -> None:
    async def body(bench: Bench) -> None:
        growing = await asked(bench, invoked=True)
        for piece in ('Client("', "_", "_HID", "DEN_key", "_1", "__", '")', "\n"):
            await bench.say(piece)
        bench.stream.finish()
        await bench.wait(0)

        (answer,) = growing.outcome.suggestions
        assert answer.text == f'Client("{_KEY}")'
        shown = [*growing.texts, answer.text]
        assert all(later.startswith(earlier) for earlier, later in pairwise(shown))
        assert not any("_" in text for text in growing.texts)

    scenario(body)


def test_a_suggestion_ends_before_a_placeholder_that_the_model_made_up() -> None:
    async def body(bench: Bench) -> None:
        asking = await bench.type("return ")
        await bench.wait(100)
        await bench.say("one + two + __HIDDEN_key_9__\n")
        bench.stream.finish()
        await bench.wait(0)
        assert "HIDDEN" not in asking.text

    scenario(body)


def test_switched_off_the_file_is_sent_as_it_is() -> None:
    async def body(bench: Bench) -> None:
        await bench.type("return ")
        await bench.wait(100)
        assert f'KEY = "{_KEY}"' in "\n".join(message.text for message in bench.stream.prompt.messages)

    scenario(body, hide_secrets=False)
