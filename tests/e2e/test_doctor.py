"""`typethrough doctor` as a process of its own, in set-ups that are well and set-ups that are broken: each cause is
named, with what to do about it, the exit code says whether all that is needed works, and no key is shown.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.odd_gateway import OddGateway
from typethrough.core.outcome.causes import StreamEnd
from typethrough.core.outcome.outcome import Purpose, StreamRecord, Usage
from typethrough.telemetry import schema
from typethrough.telemetry.rows import StreamRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]

ROOT = Path(__file__).parents[2]
KEY = "vck_9fQx7ZtLmW2Rb8KdPlanted"
PASSWORD = "hunter2zebra"
# A name that no name server may know (RFC 6761).
NO_NAME = "gateway.invalid"


@dataclass
class Case:
    """What is set up, and what the page must say of it. `says` are words of the finding that is a failure."""

    says: list[str]
    remedy: str
    gateway: dict[str, Any] | None = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    user: str = ""
    key: str = KEY


CASES = {
    "key command fails": Case(
        ["api_key_command ended with status 3"], "Edit ", user='api_key_command = ["sh", "-c", "exit 3"]', key=""
    ),
    "key command prints nothing of use": Case(
        ["api_key_command printed no key"], "Edit ", user='api_key_command = ["echo", "a b"]', key=""
    ),
    "no key for an address": Case(
        ["no key for gateway.invalid"], "api_key", None, {"TYPETHROUGH_BASE_URL": f"https://{NO_NAME}/v1"}, key=""
    ),
    "wrong key": Case(
        ["does not accept the key", "401"],
        "Set a key that this endpoint accepts",
        {"status": 401, "body": {"error": {"message": f"Incorrect API key provided: {KEY}.", "type": "authentication_error"}}},
    ),
    "a key with a space in it": Case(["TYPETHROUGH_API_KEY must be a key"], "variable", key="vck_ab cd"),
    "a key with letters that are not ASCII": Case(["TYPETHROUGH_API_KEY must be a key"], "variable", key="vck_abcé"),
    "nothing listens": Case(
        ["cannot be reached", "nothing listens"], "Start the server", None, {"TYPETHROUGH_BASE_URL": "http://127.0.0.1:{free}/v1"}
    ),
    "a name that does not resolve": Case(
        [NO_NAME, "because the name"], "Correct TYPETHROUGH_BASE_URL", None, {"TYPETHROUGH_BASE_URL": f"https://{NO_NAME}/v1"}
    ),
    "an address without https": Case(
        ["TYPETHROUGH_BASE_URL must begin with https://"], "variable", None, {"TYPETHROUGH_BASE_URL": "myhost:8443/v1"}
    ),
    "the proxy is down": Case(
        ["The proxy named by HTTPS_PROXY cannot be reached", "nothing listens"], "Start the proxy, or correct HTTPS_PROXY", None,
        {"TYPETHROUGH_BASE_URL": f"https://{NO_NAME}/v1", "HTTPS_PROXY": "http://me:" + PASSWORD + "@127.0.0.1:{free}"},
    ),
    "a SOCKS proxy is down": Case(
        ["The proxy named by ALL_PROXY cannot be reached"], "Start the proxy, or correct ALL_PROXY", None,
        {"TYPETHROUGH_BASE_URL": f"https://{NO_NAME}/v1", "ALL_PROXY": "socks5h://127.0.0.1:{free}"},
    ),
    "the gateway is no proxy": Case(
        ["HTTPS_PROXY"], "Mend what it names", {"status": 501},
        {"TYPETHROUGH_BASE_URL": f"https://{NO_NAME}/v1", "HTTPS_PROXY": "http://127.0.0.1:{port}"},
    ),
    "no TLS where the address says so": Case(
        ["does not speak TLS"], "Mend what it names", {}, {"TYPETHROUGH_BASE_URL": "https://127.0.0.1:{port}/v1"}
    ),
    "TLS where the address says none": Case(
        ["gateway"], "", {"tls": True}, {"TYPETHROUGH_BASE_URL": "http://127.0.0.1:{port}/v1"}
    ),
    "a web filter": Case(
        ["A web page came instead of the gateway's answer"], "",
        {"status": 403, "body": b"<!DOCTYPE html><html>blocked</html>", "content_type": "text/html"},
    ),
    "the gateway sends us elsewhere": Case(["redirects", "302"], "", {"status": 302, "body": b"", "models": None}),
    "a promise that this gateway does not make": Case(
        ["zero_data_retention"], "Mend", {}, {"TYPETHROUGH_ZERO_DATA_RETENTION": "true"}
    ),
    "a model of one's own is retired": Case(
        ["does not know the model acme/old"], "Set `model`",
        {"status": 404, "body": {"error": {"message": "The model acme/old has been shut down", "code": "model_not_found"}}},
        {"TYPETHROUGH_MODEL": "acme/old"},
    ),
    "the proxy wants a password": Case(
        ["HTTPS_PROXY", "407"], "", {"status": 407},
        {"TYPETHROUGH_BASE_URL": f"https://{NO_NAME}/v1", "HTTPS_PROXY": "http://me:" + PASSWORD + "@127.0.0.1:{port}"},
    ),
    "the proxy's address is none": Case(
        ["HTTPS_PROXY holds no address"], "Mend", None,
        {"TYPETHROUGH_BASE_URL": f"https://{NO_NAME}/v1", "HTTPS_PROXY": "http://proxy:port"},
    ),
    "a certificate that nobody trusts": Case(["certificate of 127.0.0.1 is not trusted"], "", {"tls": True}),
    "a file of certificates that is none": Case(
        ["SSL_CERT_FILE"], "", {"tls": True}, {"SSL_CERT_FILE": str(Path(__file__))}
    ),
    "a file of certificates that is not there": Case(
        ["SSL_CERT_FILE"], "", {"tls": True}, {"SSL_CERT_FILE": "/nowhere/ca.pem"}
    ),
    "the model is unknown": Case(
        ["does not know the model openai/gpt-9-none"], "Set `model`",
        {"status": 404, "body": {"error": {"message": "The model does not exist", "code": "model_not_found"}}},
        {"TYPETHROUGH_MODEL": "openai/gpt-9-none"},
    ),
    "too many requests": Case(
        ["limits requests", "429"], "Wait", {"status": 429, "body": {"error": {"message": "Rate limit exceeded"}}}
    ),
    "credits are spent": Case(
        ["no balance left", "402"], "Add money to the account",
        {"status": 402, "body": {"error": {"message": "Insufficient credits", "type": "insufficient_funds"}}},
    ),
    "the gateway answers a web page": Case(
        ["gateway"], "base_url",
        {"body": b"<!DOCTYPE html><html><body>Sign in</body></html>", "content_type": "text/html", "models": None},
    ),
    "not the path of an API": Case(
        ["does not serve chat completions"], "", {"status": 404, "body": b"<h1>404</h1>", "models": None}
    ),
    "a slow gateway": Case(
        ["later than the budget of 50 ms"], "faster model", {"first_s": 0.2}, {"TYPETHROUGH_BUDGET_MS": "50"}
    ),
    "a user file that is no TOML": Case(["user file: is not TOML"], "Edit ", user="base_url = "),
    "a setting that keeps something back is wrong": Case(
        ["daily_limit_cents must be"], "Edit ", user='daily_limit_cents = "ten"'
    ),
    "the limit is spent": Case(
        ["$1.0000 of $1.00 spent"], "Raise `daily_limit_cents`", {}, {"TYPETHROUGH_DAILY_LIMIT_CENTS": "100"}
    ),
    "the record cannot be written": Case(["cannot be written"], "`record` to false", {}, {"XDG_STATE_HOME": "{file}"}),
    "the record is damaged": Case(["is damaged"], "Move ", {}, {"XDG_STATE_HOME": "{damaged}"}),
    "neither lane": Case(
        ["local_lane"], "Set `local_lane` to true", None, {"TYPETHROUGH_LOCAL_LANE": "false"}, key=""
    ),
}  # fmt: skip


@dataclass
class Page:
    """What a run said."""

    code: int
    text: str
    findings: list[dict[str, Any]]

    def failures(self) -> list[dict[str, Any]]:
        return [one for one in self.findings if one["level"] == "failure"]

    def of(self, name: str) -> list[dict[str, Any]]:
        return [one for one in self.findings if one["name"] == name]


@pytest.fixture
def doctor(tmp_path: Path) -> Callable[..., Page]:
    """Runs the verb as a person without anything of their own; `{name}` in a variable is a place of this test's."""

    def run(*arguments: str, user: str = "", is_told: str = "", **environment: str) -> Page:
        config = tmp_path / "config" / "typethrough" / "config.toml"
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(user, "utf-8")
        config.chmod(0o600)
        process = subprocess.run(
            [sys.executable, "-m", "typethrough", "doctor", "--json", *arguments],
            env={**surroundings(tmp_path), **environment},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=50,
        )
        assert process.stderr == is_told
        return Page(process.returncode, process.stdout, json.loads(process.stdout)["findings"])

    return run


def surroundings(folder: Path) -> dict[str, str]:
    """The environment of a person who has set nothing."""
    places = {name: str(folder / name.lower()) for name in ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")}
    own = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "server"),
        "XDG_CONFIG_HOME": str(folder / "config"),
    }
    return {**own, **places}


@contextmanager
def free_port() -> Iterator[int]:
    """A port of loopback at which nobody listens while it is held."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.mark.parametrize("name", CASES)
def test_a_broken_set_up_is_named_with_its_remedy(
    name: str, doctor: Callable[..., Page], tmp_path: Path
) -> None:
    case = CASES[name]
    spend(tmp_path / "xdg_state_home", dollars=1.0)
    (tmp_path / "file").write_text("", "utf-8")
    damaged = tmp_path / "damaged" / "typethrough" / "record.sqlite3"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"no database at all" * 100)
    with ExitStack() as stack:
        gateway = stack.enter_context(OddGateway(**case.gateway)) if case.gateway is not None else None
        places = {
            "free": str(stack.enter_context(free_port())),
            "port": str(gateway.port) if gateway else "",
            "file": str(tmp_path / "file"),
            "damaged": str(tmp_path / "damaged"),
        }
        environment = {"TYPETHROUGH_BASE_URL": gateway.base_url} if gateway is not None else {}
        if case.key:
            environment["TYPETHROUGH_API_KEY"] = case.key
        for variable, value in case.environment.items():
            for place, known in places.items():
                value = value.replace("{" + place + "}", known)
            environment[variable] = value
        user = case.user
        if "command" in user and gateway is not None:
            user = f'base_url = "http://model.invalid/v1"\n{user}'
            environment.pop("TYPETHROUGH_BASE_URL")
        page = doctor(user=user, **environment)
    assert page.code == 1
    # One cause, one failure.
    [found] = page.failures()
    assert all(words in found["text"] for words in case.says), found
    assert case.remedy in found["remedy"], found
    assert found["remedy"]
    assert not any(secret in page.text for secret in (KEY, PASSWORD, "ab cd", "abcé"))


def test_all_is_well_with_a_key_and_a_gateway(doctor: Callable[..., Page]) -> None:
    with OddGateway() as gateway:
        page = doctor(
            TYPETHROUGH_BASE_URL=gateway.base_url, TYPETHROUGH_API_KEY=KEY, TYPETHROUGH_BUDGET_MS="5000"
        )
    assert page.code == 0
    assert {one["level"] for one in page.findings} == {"ok"}
    [asked] = page.of("completion")
    assert len(asked["figures"]["first_text_ms"]) == 2
    assert asked["figures"]["cached_tokens"] == 2_816
    assert gateway.requests.count("/v1/chat/completions") == 2
    assert set(gateway.authorizations) == {f"Bearer {KEY}"}
    assert page.of("settings")[0]["more"] == ["budget_ms = 5000 ms (environment)"]


def test_without_a_key_the_local_lane_alone_is_well(doctor: Callable[..., Page]) -> None:
    page = doctor()
    assert page.code == 0
    assert page.of("key")[0]["text"] == "no key: local lane only"


def test_without_a_request_nothing_is_asked_that_costs_money(doctor: Callable[..., Page]) -> None:
    with OddGateway() as gateway:
        page = doctor("--no-request", TYPETHROUGH_BASE_URL=gateway.base_url, TYPETHROUGH_API_KEY=KEY)
    assert page.code == 0
    assert set(gateway.requests) == {"/v1/models"}


def test_a_model_that_ends_is_told_and_one_that_still_answers_is_well(doctor: Callable[..., Page]) -> None:
    models = {"data": [{"id": "openai/gpt-4.1-nano", "shutdown_date": "2020-01-01"}, {"id": "other"}]}
    with OddGateway(models=models) as gateway:
        page = doctor(
            TYPETHROUGH_BASE_URL=gateway.base_url, TYPETHROUGH_API_KEY=KEY, TYPETHROUGH_BUDGET_MS="5000"
        )
    assert page.code == 0
    [said] = page.of("model")
    assert said["level"] == "warning"
    assert "2020-01-01" in said["text"]


@pytest.mark.parametrize(
    ("listed", "says"),
    [
        (["toy"], "the endpoint lists only `toy`, which may answer to any name"),
        (["openai/gpt-4.1-nano", "toy"], "the list gives no end; its vendor announced 2026-10-23"),
    ],
)
def test_what_a_short_list_cannot_say_is_not_said(
    doctor: Callable[..., Page], listed: list[str], says: str
) -> None:
    with OddGateway(models={"data": [{"id": name} for name in listed]}) as gateway:
        page = doctor("--no-request", TYPETHROUGH_BASE_URL=gateway.base_url, TYPETHROUGH_API_KEY=KEY)
    [said] = page.of("model")
    assert said["level"] == "ok"
    assert says in said["text"]


def test_the_default_model_is_gone_and_its_successor_answers(doctor: Callable[..., Page]) -> None:
    models = {"data": [{"id": "openai/gpt-6-luna"}, {"id": "other"}]}
    with OddGateway(models=models, unknown="openai/gpt-4.1-nano") as gateway:
        page = doctor(
            TYPETHROUGH_BASE_URL=gateway.base_url, TYPETHROUGH_API_KEY=KEY, TYPETHROUGH_BUDGET_MS="5000"
        )
    assert page.code == 0
    [said] = page.of("model")
    assert said["text"].endswith("openai/gpt-6-luna takes its place")
    assert page.of("completion")[0]["figures"]["model"] == "openai/gpt-6-luna"


def test_what_an_editor_has_set_counts(doctor: Callable[..., Page]) -> None:
    page = doctor("--settings", '{"maxLines": 3, "modelLane": false}')
    assert page.of("settings")[0]["more"] == [
        "max_lines = 3 lines (configuration)",
        "model_lane = false (configuration)",
    ]
    assert "switched off" in page.of("model lane")[0]["text"]


def test_the_extension_and_the_plugin_are_found(doctor: Callable[..., Page], tmp_path: Path) -> None:
    extension = tmp_path / "home" / ".vscode" / "extensions" / "typethrough.typethrough-0.0.1"
    plugin = tmp_path / "home" / ".local" / "share" / "nvim" / "lazy" / "typethrough"
    extension.mkdir(parents=True)
    (extension / "package.json").write_text('{"version": "0.0.1"}', "utf-8")
    (plugin / "editors" / "neovim" / "lua" / "typethrough").mkdir(parents=True)
    (plugin / "editors" / "neovim" / "lua" / "typethrough" / "init.lua").write_text("", "utf-8")
    page = doctor()
    assert page.code == 0
    code, nvim = page.of("editor")
    assert (code["level"], nvim["level"]) == ("warning", "ok")
    assert "extension 0.0.1" in code["text"]
    assert str(plugin) in nvim["text"]


def test_its_completions_are_on_record(doctor: Callable[..., Page], tmp_path: Path) -> None:
    import sqlite3

    with OddGateway() as gateway:
        doctor(TYPETHROUGH_BASE_URL=gateway.base_url, TYPETHROUGH_API_KEY=KEY)
    with sqlite3.connect(tmp_path / "xdg_state_home" / "typethrough" / "record.sqlite3") as record:
        rows = record.execute("SELECT prompt_tokens, dollars > 0 FROM stream").fetchall()
    assert rows == [(3_000, 1), (3_000, 1)]


def test_the_report_for_a_fault_has_nothing_that_is_only_the_users(
    doctor: Callable[..., Page], tmp_path: Path
) -> None:
    said = {
        "error": {"message": f"Incorrect API key {KEY} of jane@acme.example", "type": "authentication_error"}
    }
    report = tmp_path / "report.txt"
    with OddGateway(status=401, body=said) as gateway:
        page = doctor(
            "--bundle",
            str(report),
            user='exclude = ["merger/"]\nmodel = "acme/merger-model"\nmodle = "zebra"',
            TYPETHROUGH_BASE_URL=gateway.base_url,
            TYPETHROUGH_API_KEY=KEY,
            HTTPS_PROXY=f"http://jane:{PASSWORD}@proxy.acme.example:3128",
            USER="jane",
            is_told=f"{report} is written: read it before you send it.\n",
        )
    assert page.code == 1
    text = report.read_text("utf-8")
    assert report.stat().st_mode & 0o777 == 0o600
    assert "completion" in text
    for planted in (KEY, KEY[4:], PASSWORD, "merger", "proxy.acme", "zebra", str(tmp_path), "xdg_state_home"):
        assert planted not in text


def spend(state: Path, *, dollars: float) -> None:
    """Have a record on which today has cost so much."""
    connection = schema.opened(state / "typethrough" / "record.sqlite3")
    at = dt.datetime.now().astimezone().isoformat(timespec="seconds")
    stream = StreamRecord("1", "m", Purpose.INVOKED, StreamEnd.COMPLETE, Usage(10, 0, 1), dollars=dollars)
    with connection:
        StreamRow(at, stream).write(connection, "another")
    connection.close()
