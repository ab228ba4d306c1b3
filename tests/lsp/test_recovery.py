"""What is told of a lane that fails and comes back, and what is looked at meanwhile."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tests.lsp.stage import Stage, ready
from tests.support.engine_kit import ManualClock, Notes, settle
from typethrough.lsp.notices import Notices
from typethrough.lsp.status import Status

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

SHOW = "window/showMessage"


def _notices(clock: ManualClock, told: list[Any]) -> Notices:
    status = Status(lambda *_: None, clock, lambda _: "")
    return Notices(Notes(), lambda _, params: told.append((params.type.value, params.message)), status, clock)


def test_a_cause_is_told_once_however_often_it_comes_and_again_when_it_was_long_away() -> None:
    clock, told = ManualClock(), list[Any]()
    notices = _notices(clock, told)
    for _ in range(600):
        notices.notice("NOT_WORKING", "It is down.")
        clock.advance(10_000)
    assert told == [(2, "typethrough: It is down.")], "an hour and a half in which it never went away"
    notices.notice("KEY_REFUSED", "The key is wrong.")
    assert len(told) == 2
    clock.advance(11 * 60_000)
    notices.notice("NOT_WORKING", "It is down.")
    assert len(told) == 3
    clock.advance(50 * 60_000)
    notices.notice("NOT_WORKING", "It is down.")
    assert len(told) == 3, "within the hour"
    notices.forget()
    notices.notice("NOT_WORKING", "It is down.")
    assert len(told) == 4, "the user has changed something meanwhile"


def test_good_news_are_no_warning() -> None:
    told = list[Any]()
    _notices(ManualClock(), told).notice("well", "It answers again.", is_good=True)
    assert told == [(3, "typethrough: It answers again.")]


def test_no_words_of_a_gateway_become_a_link() -> None:
    told = list[Any]()
    said = 'The gateway says: "[Renew it here](command:workbench.action.terminal.new)"'
    _notices(ManualClock(), told).notice("x", said)
    _notices(ManualClock(), told).problems([said])
    shown = 'typethrough: The gateway says: "[Renew it here] (command:workbench.action.terminal.new)"'
    assert told == [(2, shown)] * 2


def test_a_command_that_gave_no_key_is_run_again_and_one_message_says_that_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs, keys = list[float](), ["", "", "sk-0123456789"]

    async def scenario() -> None:
        stage = Stage(base_url="https://gateway.example/v1", api_key_command=["print-key"])
        commands = stage.parts._commands
        commands._clock = stage.clock

        async def run(_: Any) -> tuple[str, Any]:
            runs.append(stage.clock.now() - 1_000)
            key = keys.pop(0)
            return key, None if key else _problem()

        monkeypatch.setattr("typethrough.cli.key_commands.key_from_command", run)
        await ready("x = 1\n", stage)
        for _ in range(10):
            await stage.wait(2_000)
        assert runs == [0.0, 4.0, 10.0], "after 3 s and 6 s, when it is looked the next time"
        shown = [params["message"] for params in stage.told(SHOW)]
        assert shown[0] == "typethrough: user file: api_key_command is locked."
        assert shown[1].startswith("typethrough: The key is there now: ")
        assert len(shown) == 2
        await stage.session.aclose()

    asyncio.run(scenario())


def test_who_comes_back_to_the_window_need_not_wait_for_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        stage = Stage(base_url="https://gateway.example/v1", api_key_command=["print-key"])
        stage.parts._commands._clock = stage.clock
        keys = ["", "", "", "", "", "sk-0123456789"]

        async def run(_: Any) -> tuple[str, Any]:
            key = keys.pop(0)
            return key, None if key else _problem()

        monkeypatch.setattr("typethrough.cli.key_commands.key_from_command", run)
        await ready("x = 1\n", stage)
        for _ in range(30):
            await stage.wait(2_000)
        assert len(keys) == 1, "the next try is a minute away"
        stage.notify("textDocument/didFocus", {"textDocument": {"uri": "file:///project/module.py"}})
        await settle()
        assert keys == []
        assert stage.parts.used[-1].access[0].api_key == "sk-0123456789"
        await stage.session.aclose()

    asyncio.run(scenario())


def test_a_key_that_is_written_into_the_users_file_is_used_without_a_restart(tmp_path: Path) -> None:
    async def scenario() -> None:
        stage = Stage()
        file = tmp_path / "config.toml"
        stage.parts._user_file = file
        await ready("x = 1\n", stage)
        assert stage.session.status.now[0] == "no_key"
        file.write_text('api_key = "sk-0123456789"\n')
        file.chmod(0o600)
        await stage.wait(2_000)
        assert stage.session.status.now[0] == "ready"
        # All is well, and nothing is looked at any more.
        await stage.wait(2_000)
        assert not stage.session._is_looking
        await stage.session.aclose()

    asyncio.run(scenario())


def _problem() -> Any:
    from typethrough.core.settings.layers import Problem

    return Problem("user file", "api_key_command", "user file: api_key_command is locked.")
