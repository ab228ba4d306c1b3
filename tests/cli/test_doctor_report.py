"""The report that `typethrough doctor --bundle` writes: secrets are planted everywhere, and none of them may be in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from typethrough.cli.compose import Composition
from typethrough.cli.doctor.bundle import bundle, scrubbed
from typethrough.cli.doctor.completion import Timed, judged
from typethrough.cli.doctor.findings import Level, failure, is_well, lines, ok, summary, warning
from typethrough.core.outcome.outcome import Usage
from typethrough.core.settings.layers import Layer, Origin
from typethrough.core.settings.schema import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typethrough.cli.doctor.findings import Finding

KEY, OTHER_KEY = "vck_9fQx7ZtLmW2Rb8Kd", "sk-proj-Zx81kQpL0vN3"
PLANTED = [
    KEY, OTHER_KEY, "hunter2zebra", "jane", "acme", "merger", "wJalrXUtnFEMI", "proxyuser", "10.9.8.7", "corp-token",
    "h3aderSecret99", "T0kenOfAnother", "/home", "/srv", "C:\\",
]  # fmt: skip
ENVIRONMENT = {
    "TYPETHROUGH_API_KEY": KEY,
    "TYPETHROUGH_BASE_URL": "https://llm.acme.example/v1",
    "OPENAI_API_KEY": OTHER_KEY,
    "HTTPS_PROXY": "http://proxyuser:hunter2zebra@10.9.8.7:3128",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG",
    "GITHUB_TOKEN": "T0kenOfAnother",
    "EDITOR": "/home/jane/bin/vi",
}
USER = {
    "model": "acme/merger-model",
    "exclude": ["merger/", "jane*"],
    "routes": {"invoked": "acme/merger-large 900 ms"},
    "api_key_command": ["corp-token", "--user", "jane"],
    "budget_ms": 700,
    "base_url": "https://llm.acme.example/v1",
    "headers": {"X-Api-Key": "h3aderSecret99", "X-Team": "merger-team"},
    "proxy": "http://proxyuser:hunter2zebra@10.9.8.7:3128",
}


def report(found: Sequence[object] = ()) -> str:
    parts = Composition(environment=ENVIRONMENT, user_layer=Layer("user file", Origin.USER_FILE, USER))
    settings, _ = parts.settings()
    findings = [
        ok("record", "/home/jane doe/state/typethrough/record.sqlite3, 4 kB", private=["/home/jane doe/state/typethrough"]),
        ok("model lane", "acme/merger-model at https://llm.acme.example/v1", more=["10.9.8.7: connected"]),
        warning("PATH", "/srv/jane/bin/typethrough is older (C:\\Users\\jane\\x too)", "Install ~/merger/typethrough."),
        failure("completion", f'h3aderSecret99, {KEY} and {KEY[4:14]}… at llm.acme.example', "Set T0kenOfAnother."),
        ok("settings", "changed", more=["exclude = merger/ (user file)"]),
    ]  # fmt: skip
    return bundle(findings, settings, parts.sources(), ENVIRONMENT, "2026-11-29T06:00:00+00:00")


def test_nothing_that_was_planted_is_in_the_report() -> None:
    said = report()
    assert [word for word in PLANTED if word.lower() in said.lower()] == []


def test_what_helps_is_in_the_report() -> None:
    said = report()
    for expected in (
        "In it:", "Not in it:", "budget_ms = 700 ms (user file)", "model = (set) (user file)", "exclude = (2 items) (user file)",
        "HTTPS_PROXY", "TYPETHROUGH_API_KEY", "OPENAI_API_KEY", "To be mended: completion.", "The last requests",
    ):  # fmt: skip
        assert expected in said


@pytest.mark.parametrize(
    "finding",
    [
        failure("completion", 'HTTP 403. The gateway says: "Project phoenix of "jdoe@phoenix.example" (org-phoenix)."', "Wait."),
        failure("completion", 'HTTP 403. The gateway says: "Project phoenix', "Wait."),
        ok("model", "listed", more=['It ends soon. The gateway says: "phoenix has ended"']),
        warning("settings", 'user file: "phoenix_limit" is not a setting; did you mean "daily_limit_cents"?', "Correct it."),
        warning("settings", 'environment: "phoenix" is not a setting.', "Correct it."),
        failure("connection", "the proxy did not reach 203.0.113.9:443", "Look at it."),
        failure("connection", "the proxy did not reach 2001:db8::9, or [2001:db8::9]:443.", "Look at it."),
    ],
)  # fmt: skip
def test_words_of_others_and_addresses_are_not_in_the_report(finding: Finding) -> None:
    said = bundle([finding], DEFAULTS, {}, {"TYPETHROUGH_PHOENIX": "1"}, "2026-11-29T06:00:00+00:00")
    for word in ("phoenix", "203.0.113.9", "2001:db8"):
        assert word not in said.lower()
    assert "a TYPETHROUGH_ variable that is no setting" in said
    assert "2026-11-29T06:00:00+00:00" in said


@given(
    st.text("abcdefgxyz", min_size=5, max_size=9),
    st.sampled_from(["/home/{}/src/x.py", "C:\\Users\\{}\\x", "~/{}/x", "/Users/{}/Library/x", "/mnt/d/{}"]),
    st.sampled_from(["see {}.", "{}: no", "({})", '"{}"', "in {} and {}"]),
)
def test_whatever_a_path_looks_like_it_is_not_left(name: str, path: str, sentence: str) -> None:
    said = scrubbed(sentence.replace("{}", path.replace("{}", name)), DEFAULTS, {})
    assert name not in said
    assert "[path]" in said


@pytest.mark.parametrize(
    "sentence",
    [
        "IPv4 and IPv6, and/or TLS at 12/48 tokens",
        "openai/gpt-4.1-nano at https://ai-gateway.vercel.sh/v1",
        "set `prompt_form` (TYPETHROUGH_PROMPT_FORM) to `chat`",
        "HTTP 401, authentication_error",
        "127.0.0.1:8080 and [::1]:8080 at 06:00:00, Python 3.13.1, x::y",
    ],
)
def test_what_is_no_path_is_left_alone(sentence: str) -> None:
    assert scrubbed(sentence, DEFAULTS, {}) == f"{sentence}\n"


def timed(first_ms: float | None, total_ms: float = 500.0, output: int = 11) -> Timed:
    return Timed(first_ms, total_ms, Usage(3_000, 2_816, output))


@pytest.mark.parametrize(
    ("first", "second", "level", "says"),
    [
        (timed(800.0), timed(300.0), Level.OK, "after 800 ms and 300 ms, then 50 tokens a second; 3000 tokens in, 2816"),
        (timed(950.0), timed(300.0), Level.OK, "m: first text after 950 ms and 300 ms"),
        (timed(300.0), timed(950.0), Level.FAILURE, "That is later than the budget of 900 ms"),
        (timed(7_000.0, 7_100.0), None, Level.FAILURE, "That is later than the budget of 900 ms"),
        (timed(None), timed(None), Level.WARNING, "no text in it"),
        (timed(300.0), timed(499.9999), Level.OK, "ms; 3000"),
        (timed(300.0), timed(400.0, output=1), Level.OK, "ms; 3000"),
    ],
)  # fmt: skip
def test_two_completions_are_judged_by_the_second(
    first: Timed, second: Timed | None, level: Level, says: str
) -> None:
    finding = judged(first, second, 900, "m", lambda usage: usage.output_tokens / 1_000)
    assert finding.level is level
    assert says in finding.text
    assert bool(finding.remedy) == (level is not Level.OK)


def test_only_a_failure_is_no_good() -> None:
    well, better, bad = ok("a", "x"), warning("b", "y", "do"), failure("c", "z", "do")
    assert is_well([well, better])
    assert not is_well([well, bad])
    assert summary([well]) == "All that is needed works."
    assert summary([well, better]) == "All that is needed works. 1 warning."
    assert summary([better, bad, better]) == "To be mended: c. 2 warnings."


def test_a_finding_is_written_on_lines_that_any_terminal_takes() -> None:
    finding = failure("name", "tab\tand\x1b[31m red", "mend\nit")
    assert all(line.isprintable() for line in lines(finding))
