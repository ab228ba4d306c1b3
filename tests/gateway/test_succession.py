"""The default model where it is gone: who takes its place, who is told, and who is never exchanged."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway.stage import DONE, END, HEAD, STOP, HandClock, Server, chunk, frame, play, text_of
from typethrough.cli.compose import Composition
from typethrough.core.settings.layers import Layer, Origin
from typethrough.engine.gateways import Gateways
from typethrough.engine.ports import CredentialsRejected, GatewayUnavailable, ModelNotFound, RateLimited
from typethrough.gateway.succession import SucceededGateway

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway.stage import Visit
    from typethrough.engine.ports import Gateway

NANO, LUNA_6, LUNA_5 = "openai/gpt-4.1-nano", "openai/gpt-6-luna", "openai/gpt-5.6-luna"
GONE = {"error": {"message": "It does not exist", "code": "model_not_found"}}


@dataclass
class Vendor:
    """A gateway with some models, which may have a list of others, or of none."""

    models: tuple[str, ...]
    listed: tuple[str, ...] | None = None
    refuses_all: int = 0
    asked: list[dict[str, Any]] = field(default_factory=list)

    async def script(self, visit: Visit) -> None:
        while request := await visit.request():
            if request.startswith(b"GET"):
                found = {"data": [{"id": name} for name in self.listed or ()]}
                await self._answer(visit, 404 if self.listed is None else 200, found)
                continue
            body = json.loads(request.partition(b"\r\n\r\n")[2])
            self.asked.append(body)
            if self.refuses_all:
                await self._answer(visit, self.refuses_all, {"error": {"message": "No."}})
            elif body["model"] in self.models:
                await visit.send(HEAD, chunk(frame("x + 1")), chunk(STOP), chunk(DONE) + END)
            else:
                await self._answer(visit, 404, GONE)

    async def _answer(self, visit: Visit, status: int, value: Any) -> None:
        body = json.dumps(value).encode()
        await visit.send(b"HTTP/1.1 %d Told\r\nContent-Length: %d\r\n\r\n" % (status, len(body)), body)

    @property
    def names(self) -> list[str]:
        return [body["model"] for body in self.asked]


def opened(server: Server, folder: Path, **user: Any) -> Gateway:
    """The gateway of settings that name this server, and what a test wants."""
    layer = Layer("user file", Origin.USER_FILE, {"base_url": server.base_url, **user})
    composition = Composition(environment={}, user_layer=layer)
    composition.clock = HandClock()  # type: ignore[assignment]
    composition.clock.local_time = _today  # type: ignore[method-assign]
    settings, problems = composition.settings()
    assert problems == ()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        gateway = composition.gateway(settings)
    assert gateway is not None
    assert not isinstance(gateway, Gateways)
    return gateway


def _today() -> Any:
    from datetime import UTC, datetime

    return datetime(2026, 11, 29, tzinfo=UTC)


async def look(gateway: Gateway) -> None:
    """Have the list read."""
    facts = gateway._first._facts  # type: ignore[attr-defined]
    await gateway.warm()
    await facts._task


@pytest.mark.parametrize("kept", [True, False])
def test_a_refused_question_goes_to_the_successor_and_so_do_all_that_follow(
    tmp_path: Path, kept: bool
) -> None:
    vendor = Vendor((LUNA_5,))

    async def scene() -> None:
        async with Server(vendor.script) as server:
            gateway = opened(server, tmp_path, catalogue=kept)
            assert await text_of(gateway) == "x + 1"
            assert vendor.names == [NANO, LUNA_6, "gpt-6-luna", LUNA_5]
            assert await text_of(gateway) == "x + 1"
            assert vendor.names[4:] == [LUNA_5]
            assert gateway.model == LUNA_5
            assert gateway.refusal() == ""
            said = vendor.asked[-1]
            assert said["reasoning_effort"] == "none"
            assert "temperature" not in said
            assert f"{LUNA_5} is used instead" in gateway.profile.warning
            assert NANO in gateway.profile.warning
            await gateway.aclose()
            # The next server on this machine knows it, and says nothing more.
            following = opened(server, tmp_path, catalogue=kept)
            await following.warm()
            if kept:
                await look(following)
                assert following.model == LUNA_5
                assert following.profile.warning == ""
            else:
                assert following.model == NANO
            await following.aclose()

    play(scene())


def test_a_vendor_of_its_own_spells_its_models_without_its_name(tmp_path: Path) -> None:
    vendor = Vendor(("gpt-6-luna",))

    async def scene() -> None:
        async with Server(vendor.script) as server:
            gateway = opened(server, tmp_path)
            assert await text_of(gateway) == "x + 1"
            assert gateway.model == "gpt-6-luna"
            assert gateway.profile is gateway.profile
            await gateway.aclose()

    play(scene())


def test_a_list_without_it_is_enough(tmp_path: Path) -> None:
    vendor = Vendor((LUNA_5,), (LUNA_5, "another"))

    async def scene() -> None:
        async with Server(vendor.script) as server:
            gateway = opened(server, tmp_path)
            await look(gateway)
            assert gateway.model == LUNA_5
            assert f"{LUNA_5} is used instead" in gateway.profile.warning
            assert await text_of(gateway) == "x + 1"
            assert vendor.names == [LUNA_5]
            await gateway.aclose()

    play(scene())


def test_where_the_list_has_no_successor_either_nobody_else_is_asked(tmp_path: Path) -> None:
    vendor = Vendor(("qwen",), ("qwen", "another"))

    async def scene() -> None:
        async with Server(vendor.script) as server:
            gateway = opened(server, tmp_path)
            await look(gateway)
            with pytest.raises(ModelNotFound, match="change the setting `model`"):
                await text_of(gateway)
            assert vendor.names == [NANO]
            await gateway.aclose()

    play(scene())


@pytest.mark.parametrize("listed", [("toy",), ("toy", "toy2")])
@pytest.mark.parametrize("named", [{}, {"model": "toy9"}])
def test_a_server_that_lists_other_models_is_asked_once_and_its_models_are_named(
    tmp_path: Path, listed: tuple[str, ...], named: dict[str, str]
) -> None:
    vendor = Vendor(listed, listed)

    async def scene() -> None:
        async with Server(vendor.script) as server:
            gateway = opened(server, tmp_path, **named)
            # Nobody has read the list yet.
            with pytest.raises(ModelNotFound, match=f"The endpoint lists {' and '.join(listed)}\\.$") as told:
                await text_of(gateway)
            assert "luna" not in str(told.value)
            assert vendor.names == [named.get("model", NANO)]
            await gateway.aclose()

    play(scene())


def test_where_nobody_knows_any_of_them_the_default_models_own_error_is_told(tmp_path: Path) -> None:
    vendor = Vendor(())

    async def scene() -> None:
        async with Server(vendor.script) as server:
            gateway = opened(server, tmp_path)
            with pytest.raises(ModelNotFound, match=NANO):
                await text_of(gateway)
            assert gateway.model == NANO
            assert NANO in gateway.refusal()
            assert gateway.profile.warning == ""
            await gateway.aclose()

    play(scene())


def test_a_model_that_somebody_named_is_never_exchanged(tmp_path: Path) -> None:
    vendor = Vendor((LUNA_6,), (LUNA_6, "another"))

    async def scene() -> None:
        async with Server(vendor.script) as server:
            gateway = opened(server, tmp_path, model=NANO)
            assert not isinstance(gateway, SucceededGateway)
            with pytest.raises(ModelNotFound, match=f"Its successor is {LUNA_6}"):
                await text_of(gateway)
            assert vendor.names == [NANO]
            await gateway.aclose()

    play(scene())


@pytest.mark.parametrize(
    ("status", "kind"), [(401, CredentialsRejected), (429, RateLimited), (500, GatewayUnavailable)]
)
def test_other_refusals_exchange_nothing(tmp_path: Path, status: int, kind: type[Exception]) -> None:
    vendor = Vendor((NANO,), refuses_all=status)

    async def scene() -> None:
        async with Server(vendor.script) as server:
            gateway = opened(server, tmp_path)
            with pytest.raises(kind):
                await text_of(gateway)
            assert gateway.model == NANO
            assert vendor.names == [NANO]
            await gateway.aclose()

    play(scene())
