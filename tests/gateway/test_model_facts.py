"""How a gateway keeps the profile of its model up to date: when it asks, whom, with which key, and what it keeps for a day."""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway.stage import KEY, NANO, HandClock, Server, endpoint, play, until
from typethrough.cli.compose import Composition
from typethrough.core.models import profile_of
from typethrough.core.settings.layers import Layer, Origin
from typethrough.core.settings.schema import GATEWAY_BASE_URL
from typethrough.gateway.catalogue import Listing
from typethrough.gateway.connections import open_transport
from typethrough.gateway.errands import MAX_BYTES, Errands
from typethrough.gateway.http_gateway import HttpGateway
from typethrough.gateway.model_facts import CatalogueFile, ModelFacts

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway.stage import Visit
    from tests.support.simulator import Simulator
    from typethrough.gateway.endpoint import Endpoint

DAY_S = 24 * 3_600.0
LISTED = {"data": [{"id": NANO, "context_window": 9_000}, {"id": "another"}]}


@dataclass
class Shelf:
    """A server of lists: each path's answer, and what it was asked."""

    answers: dict[str, Any] = field(default_factory=lambda: {"/v1/models": LISTED})
    asked: list[str] = field(default_factory=list)
    keys: list[bool] = field(default_factory=list)

    async def script(self, visit: Visit) -> None:
        while request := await visit.request():
            path = request.split(b" ")[1].decode()
            assert request.startswith(b"GET ")
            self.asked.append(path)
            self.keys.append(f"authorization: bearer {KEY.lower()}".encode() in request.lower())
            answer = self.answers.get(path)
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            status = b"200 OK" if path in self.answers else b"404 Not Found"
            await visit.send(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n" % (status, len(body)), body)


# Every server here is on loopback.
HERE = profile_of(NANO)


class Wall:
    """Time of day that passes with a clock moved by hand."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        # 2026-10-14, nine days before the model's end.
        self.start_s = 1_792_000_000.0

    def __call__(self) -> float:
        return self.start_s + self.clock.now()


def at(base_url: str, clock: HandClock, folder: Path, *, key: str = KEY, model: str = NANO) -> HttpGateway:
    place = endpoint(base_url, key=key, model=model)
    file = CatalogueFile(folder, base_url, model, Wall(clock))
    return HttpGateway(place, clock, open_transport(place, clock), catalogue=file)


async def looked(gateway: HttpGateway) -> None:
    """Have the gateway look, and wait until it has."""
    facts = gateway._facts
    assert facts is not None
    facts.look()
    if facts._task is not None:
        await facts._task


def test_nothing_is_asked_before_it_is_wanted_and_then_once_a_day_for_all(tmp_path: Path) -> None:
    async def scene() -> None:
        shelf, clock = Shelf(), HandClock()
        async with Server(shelf.script) as server:
            first, second = (at(server.base_url, clock, tmp_path) for _ in range(2))
            assert first.profile == HERE
            assert server.visits == []
            await first.warm()
            await until(lambda: first.profile.context_tokens == 9_000)
            await looked(first)
            # Another window, the same window later, the same window opened again: all of it from the file.
            await looked(second)
            assert second.profile.context_tokens == 9_000
            clock.advance(DAY_S - 1)
            await looked(first)
            assert shelf.asked == ["/v1/models"]
            shelf.answers["/v1/models"] = {"data": [{"id": NANO, "context_window": 7_000}, {"id": "another"}]}
            clock.advance(2)
            await looked(first)
            await looked(second)
            assert shelf.asked == ["/v1/models"] * 2
            assert first.profile.context_tokens == second.profile.context_tokens == 7_000
            await first.aclose()
            await second.aclose()

    play(scene())


def test_prices_and_latency_of_the_simulated_gateway(simulator: Simulator, tmp_path: Path) -> None:
    async def scene() -> None:
        gateway = at(simulator.base_url, HandClock(), tmp_path, model="openai/gpt-4.1-nano-fast")
        await looked(gateway)
        assert gateway.profile == replace(
            profile_of("openai/gpt-4.1-nano-fast"), ttft_ms=350.0, ttft_p95_ms=800.0
        )
        await gateway.aclose()

    play(scene())


@pytest.mark.parametrize("style", ["vercel", "openai"])
def test_an_announced_end_is_told_by_who_has_asked_and_only_there(
    simulator: Simulator, tmp_path: Path, style: str
) -> None:
    simulator.control(style=style)
    model = NANO if style == "vercel" else "gpt-4.1-nano"

    async def scene() -> None:
        clock = HandClock()
        first, second = (at(simulator.base_url, clock, tmp_path, model=model) for _ in range(2))
        await looked(first)
        await looked(second)
        assert "ends it on 2026-10-23" in first.profile.warning
        assert "`model`" in first.profile.warning
        assert "openai/gpt-6-luna" in first.profile.warning
        assert second.profile == replace(first.profile, warning="")
        await first.aclose()
        await second.aclose()

    play(scene())


def test_a_model_that_is_not_listed_is_told(simulator: Simulator, tmp_path: Path) -> None:
    async def scene() -> None:
        gateway = at(simulator.base_url, HandClock(), tmp_path, model="openai/gpt-4.1")
        await looked(gateway)
        assert "does not have openai/gpt-4.1:" in gateway.profile.warning
        await gateway.aclose()

    play(scene())


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        b"[1, 2]",
        b'{"data": [',
        b'{"data": "none"}',
        b"[" * 100_000,
        b'{"data": [], "x": "' + b"x" * MAX_BYTES + b'"}',
    ],
    ids=["empty", "html", "list", "broken", "text", "deep", "huge"],
)
def test_a_list_that_cannot_be_read_is_no_news_and_is_asked_for_again_in_an_hour(
    answer: bytes, tmp_path: Path
) -> None:
    async def scene() -> None:
        shelf, clock = Shelf({"/v1/models": answer}), HandClock()
        async with Server(shelf.script) as server:
            gateway = at(server.base_url, clock, tmp_path)
            for _ in range(2):
                await looked(gateway)
            assert gateway.profile == HERE
            assert len(shelf.asked) == 1
            clock.advance(3_601)
            await looked(gateway)
            assert len(shelf.asked) == 2
            await gateway.aclose()

    play(scene())


def test_a_server_that_is_not_there_or_never_answers_costs_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = HandClock()

        async def mute(visit: Visit) -> None:
            await visit.request()
            await visit.watch()

        gateway = at("http://127.0.0.1:9/v1", clock, tmp_path)
        await looked(gateway)
        assert gateway.profile == HERE
        await gateway.aclose()
        async with Server(mute) as server:
            gateway = at(server.base_url, clock, tmp_path)
            assert gateway._facts is not None
            gateway._facts.look()
            visit = await server.visited(1)
            await until(lambda: bool(visit.requests))
            # Closing does not wait for it.
            await gateway.aclose()
            await visit.closed.wait()

    play(scene())


def test_the_key_goes_with_it_only_where_a_list_may_need_one(tmp_path: Path) -> None:
    async def scene() -> None:
        shelf = Shelf(
            {
                "/v1/models": {"data": [{"id": NANO, "pricing": {}}, {"id": "another"}]},
                f"/v1/models/{NANO}/endpoints": {"data": {"endpoints": []}},
            }
        )
        async with Server(shelf.script) as server:
            clock = HandClock()
            gateway = at(server.base_url, clock, tmp_path)
            await looked(gateway)
            assert shelf.asked == ["/v1/models", f"/v1/models/{NANO}/endpoints"]
            assert shelf.keys == [True, True]
            # The Vercel AI Gateway's are open to all: asked here as if this server were it.
            vercel = replace(endpoint(GATEWAY_BASE_URL, key=KEY))
            here = endpoint(server.base_url, key=KEY)
            errands = Errands(lambda: open_transport(here, clock, keeps_spare=False), lambda: KEY)
            file = CatalogueFile(tmp_path / "other", GATEWAY_BASE_URL, NANO, Wall(clock))
            facts = ModelFacts(_Detour(vercel, here), vercel.profile, errands, file, clock)  # type: ignore[arg-type]
            facts.look()
            assert facts._task is not None
            await facts._task
            assert shelf.keys == [True, True, False, False]
            await errands.aclose()
            await gateway.aclose()

    play(scene())
    assert KEY not in "".join(path.read_text() for path in tmp_path.rglob("*.json"))


class _Detour:
    """An endpoint that is Vercel's in all but where its lists are."""

    def __init__(self, real: Endpoint, here: Endpoint) -> None:
        self.is_loopback = False
        self.is_vercel, self.providers = real.is_vercel, real.providers
        self.model, self.setting, self.profile = real.model, real.setting, real.profile
        self.beside = here.beside


@pytest.mark.parametrize("wanted", [True, False])
def test_the_setting_switches_it_off(simulator: Simulator, tmp_path: Path, wanted: bool) -> None:
    user = {"base_url": simulator.base_url, "catalogue": wanted, "model": NANO}
    composition = Composition(environment={}, user_layer=Layer("user file", Origin.USER_FILE, user))
    settings, problems = composition.settings()
    assert problems == ()

    async def scene() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_CACHE_HOME", str(tmp_path))
            gateway = composition.gateway(settings)
        assert isinstance(gateway, HttpGateway)
        await gateway.warm()
        if wanted:
            await looked(gateway)
        assert bool(gateway.profile.ttft_ms) is bool(gateway.profile.warning) is wanted
        await gateway.aclose()

    play(scene())
    assert len(list(tmp_path.rglob("*.json"))) == wanted


@pytest.mark.parametrize("model", ["../../x/y", "a/../b", "a b/c", "a/b?c=d", "plain", "a//b", "ä/b"])
def test_a_name_that_is_no_slug_is_not_made_an_address(model: str, tmp_path: Path) -> None:
    async def scene() -> None:
        shelf = Shelf({"/v1/models": {"data": [{"id": model, "pricing": {}}, {"id": "another"}]}})
        async with Server(shelf.script) as server:
            gateway = at(server.base_url, HandClock(), tmp_path, model=model)
            await looked(gateway)
            assert shelf.asked == ["/v1/models"]
            await gateway.aclose()

    play(scene())


def test_the_errands_connection_leaves_the_completions_spare_alone(tmp_path: Path) -> None:
    async def scene() -> None:
        shelf = Shelf()
        async with Server(shelf.script) as server:
            gateway = at(server.base_url, HandClock(), tmp_path)
            await gateway.warm()
            await looked(gateway)
            # One spare for completions, and the one that the list came by; it gets no spare of its own.
            assert sorted(len(visit.requests) for visit in server.visits) == [0, 1]
            await gateway.aclose()

    play(scene())


def holding(file: CatalogueFile) -> tuple[Listing | None, float]:
    kept = file.read()
    assert kept is not None
    return kept[0], round(kept[1])


def test_the_file_is_the_users_alone_and_whole(tmp_path: Path) -> None:
    clock = HandClock()
    folder = tmp_path / "cache" / "models"
    file = CatalogueFile(folder, "https://g.example/v1", NANO, Wall(clock))
    assert file.read() is None
    facts = Listing(input_price=0.1, output_price=0.4, ends="2026-10-23")
    file.write(facts)
    file.write(facts)
    (path,) = folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert holding(file) == (facts, DAY_S)
    other = CatalogueFile(folder, "https://g.example/v1", "another", Wall(clock))
    assert other.read() is None
    clock.advance(DAY_S)
    assert file.read() is None
    file.write(None)
    assert holding(file) == (None, 3_600.0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"read_at": "now", "facts": null}',
        '{"read_at": 1e99, "facts": null}',
        '{"read_at": NaN, "facts": null}',
        f'{{"read_at": 1{"0" * 400}, "facts": null}}',
        '{"read_at": 1790001000, "facts": {"listed": false}}',
        '{"read_at": 1790001000, "facts": 3}',
        "[" * 16_000,
        "\udcff",
    ],
)
def test_a_file_that_is_something_else_is_no_file(text: str, tmp_path: Path) -> None:
    file = CatalogueFile(tmp_path, "https://g.example/v1", NANO, Wall(HandClock()))
    file.write(Listing())
    (path,) = tmp_path.iterdir()
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert file.read() is None


def test_a_disk_that_refuses_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be")
    file = CatalogueFile(tmp_path / "taken" / "models", "https://g.example/v1", NANO, Wall(HandClock()))
    file.write(Listing())
    assert file.read() is None


def test_after_it_was_closed_nothing_is_looked_for_any_more(tmp_path: Path) -> None:
    async def scene() -> None:
        shelf = Shelf()
        async with Server(shelf.script) as server:
            gateway = at(server.base_url, HandClock(), tmp_path)
            await gateway.warm()
            await gateway.aclose()
            facts, asked = gateway._facts, list(shelf.asked)
            assert facts is not None
            assert facts._task is not None
            assert facts._task.done()
            await gateway.warm()
            assert facts._task.done()
            assert shelf.asked == asked

    play(scene())
