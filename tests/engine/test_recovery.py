"""What the user is told of a model that fails and answers again."""

from __future__ import annotations

import pytest

from tests.support.engine_kit import Bench, run
from typethrough.core.outcome.faults import Fault
from typethrough.engine.ports import CredentialsRejected, GatewayError, GatewayUnavailable

_BACK = "The model openai/gpt-4.1-nano answers again."


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (CredentialsRejected("No.", status=401), ["No.", _BACK]),
        (CredentialsRejected("A page.", status=403, fault=Fault.WEB_PAGE), ["A page.", _BACK]),
        (GatewayUnavailable("It is down."), ["It is down."]),
    ],
)
def test_what_somebody_had_to_mend_is_told_when_it_is_mended(error: GatewayError, told: list[str]) -> None:
    async def scenario() -> None:
        bench = Bench("def f():\n    return $0\n")
        await bench.type("a", ms=500)
        await bench.wait(200)
        bench.stream.fail(error)
        await bench.wait(0)
        assert bench.notes.statuses[-1] == "error"
        assert bench.engine.trouble is error.fault
        for _ in range(2):
            await bench.type("b", ms=500)
            await bench.wait(200)
            await bench.say("zzz")
            bench.stream.finish()
            await bench.wait(0)
        assert bench.notes.statuses[-1] == "ready"
        assert bench.engine.trouble is None
        assert bench.notes.notices == told

    run(scenario)


@pytest.mark.parametrize(
    ("said", "is_empty"),
    [
        ("<think>Hm.</think>", False),
        ("<think>Hm, and no end", False),
        ("<think>Hm.</think>\n\n", False),
        ("", True),
        ("\n", True),
    ],
)
def test_an_answer_of_reasoning_alone_is_not_remembered_as_nothing_to_add(said: str, is_empty: bool) -> None:
    async def scenario() -> None:
        bench = Bench("def f():\n    return $0\n")
        await bench.type("a", ms=500)
        await bench.wait(200)
        await bench.say(said)
        bench.stream.finish()
        await bench.wait(0)
        assert [Fault.ONLY_REASONED.told] * (not is_empty) == bench.notes.notices
        bench.ask()
        await bench.wait(500)
        assert len(bench.gateway.streams) == (1 if is_empty else 2)

    run(scenario)


def test_a_stream_that_is_closed_before_it_speaks_is_no_sign_that_all_is_well() -> None:
    async def scenario() -> None:
        bench = Bench("def f():\n    return $0\n")
        await bench.type("a", ms=500)
        await bench.wait(200)
        bench.stream.fail(CredentialsRejected("No.", status=401))
        await bench.wait(0)
        await bench.type("b", ms=500)
        await bench.wait(200)
        bench.insert("\n\n")
        await bench.wait(0)
        assert bench.notes.notices == ["No."]
        assert bench.notes.statuses[-1] != "ready"

    run(scenario)
