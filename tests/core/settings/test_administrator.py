"""An administrator's file: what it sets holds for all, others can only make it tighter, and a mistake in it closes the lane."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from typethrough.core.settings.access import CLOSED, endpoint_of
from typethrough.core.settings.layers import Layer, Origin, environment_layer, resolve, resolved
from typethrough.core.settings.schema import DEFAULT_EXCLUDE, DEFAULTS, GATEWAY_BASE_URL, SPECS
from typethrough.core.settings.values import Others

KEY = "vck_s3cretvalue"
CORP, EVIL = "https://llm.corp.example/v1", "https://evil.example/v1"


def administrator(**values: object) -> Layer:
    return Layer(Origin.ADMINISTRATOR.value, Origin.ADMINISTRATOR, values)


def user(**values: object) -> Layer:
    return Layer(Origin.USER_FILE.value, Origin.USER_FILE, values)


def editor(**values: object) -> Layer:
    return Layer(Origin.CONFIGURATION.value, Origin.CONFIGURATION, values)


@pytest.mark.parametrize(
    ("name", "held", "wanted", "in_force", "told"),
    [
        ("model", "corp/code", "openai/gpt-4.1-nano", "corp/code", True),
        ("model", "corp/code", "corp/code", "corp/code", False),
        ("routes", {}, {"invoked": "m"}, (), True),
        ("model_lane", False, True, False, True),
        ("model_lane", True, False, False, False),
        ("project_notes", False, True, False, True),
        ("hide_secrets", True, False, True, True),
        ("zero_data_retention", True, False, True, True),
        ("zero_data_retention", False, True, True, False),
        ("context_tokens", 2000, 9000, 2000, True),
        ("context_tokens", 2000, 500, 500, False),
        ("daily_limit_cents", 100, 0, 100, True),
        ("daily_limit_cents", 100, 200, 100, True),
        ("daily_limit_cents", 100, 50, 50, False),
        ("daily_limit_cents", 0, 50, 50, False),
        ("provider_only", ["openai", "azure"], ["azure"], ("azure",), False),
        ("provider_only", ["openai"], ["azure"], ("openai",), True),
        ("provider_only", ["openai"], [], ("openai",), True),
        ("provider_only", [], ["azure"], ("azure",), False),
        ("fallback_models", ["a", "b"], ["b"], ("b",), False),
        ("fallback_models", ["a"], ["z"], (), True),
        ("fallback_models", ["a"], [], (), False),
        ("disabled_languages", ["sql"], ["python"], ("sql", "python"), False),
        ("disabled_languages", ["sql"], [], ("sql",), False),
        ("log_level", "warning", "debug", "warning", True),
    ],
)
def test_others_may_only_make_it_tighter(
    name: str, held: Any, wanted: Any, in_force: Any, told: bool
) -> None:
    found, problems = resolve([user(**{name: wanted}), administrator(**{name: held})])
    assert getattr(found, name) == in_force
    assert [problem.message for problem in problems] == (
        [f"user file: {name} is set by your administrator; others may {SPECS[name].others}. This is ignored."]
        if told
        else []
    )


def test_what_nobody_else_sets_is_the_administrators_and_says_so() -> None:
    layers = [administrator(context_tokens=2000, budget_ms=700), user(budget_ms=600, max_lines=2)]
    found, problems, sources = resolved(layers)
    assert (found.context_tokens, found.budget_ms, problems) == (2000, 600, ())
    assert sources == {
        "context_tokens": "administrator's file",
        "budget_ms": "user file",
        "max_lines": "user file",
    }


def test_a_value_that_goes_too_far_is_still_the_administrators() -> None:
    assert resolved([administrator(budget_ms=700), user(budget_ms=900)]).sources == {
        "budget_ms": "administrator's file"
    }


def test_patterns_are_added_by_all_and_taken_away_by_none() -> None:
    layers = [
        administrator(exclude=["secret/"]),
        user(exclude=["*.log", "!secret/"]),
        editor(exclude=["*.tmp", "!*.log"]),
    ]
    found, problems = resolve(layers)
    assert found.exclude == (*DEFAULT_EXCLUDE, "secret/", "*.log", "*.tmp")
    assert [problem.message.partition(": ")[0] for problem in problems] == ["user file", "configuration"]
    assert all("cannot take from what is excluded" in problem.message for problem in problems)


def test_an_editor_may_tighten_no_more_than_it_may_set() -> None:
    found, problems = resolve([administrator(context_tokens=2000), editor(context_tokens=900, model="m")])
    assert (found.context_tokens, found.model) == (900, DEFAULTS.model)
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("layer", "key", "note"),
    [
        # Their own key for that host, whatever path they give.
        (user(base_url=CORP, api_key=KEY), KEY, ""),
        (user(base_url="https://llm.corp.example/other", api_key=KEY), KEY, "base_url is set by your administrator"),
        # A key that was given to another host stays at home.
        (user(base_url=EVIL, api_key=KEY), "", "base_url is set by your administrator"),
        (user(api_key=KEY), "", ""),
        (environment_layer({"TYPETHROUGH_BASE_URL": EVIL, "TYPETHROUGH_API_KEY": KEY}), "", "TYPETHROUGH_BASE_URL is set by"),
        (environment_layer({"TYPETHROUGH_BASE_URL": "http://127.0.0.1:1/v1"}), "", "TYPETHROUGH_BASE_URL is set by"),
    ],
)  # fmt: skip
def test_code_goes_to_the_administrators_address_and_keys_to_the_host_they_were_given_for(
    layer: Layer, key: str, note: str
) -> None:
    found, problems = resolve([administrator(base_url=CORP), layer])
    choice = endpoint_of(found, {"OPENAI_API_KEY": "sk-0123456789", "OPENAI_BASE_URL": EVIL})
    assert (choice.base_url, choice.api_key) == ((CORP, key) if key else ("", ""))
    assert [problem.message for problem in problems if note not in problem.message] == []
    assert bool(problems) == bool(note)


def test_the_administrators_headers_are_sent_as_they_are() -> None:
    team = administrator(base_url=CORP, headers={"X-Team": "core"})
    own = user(base_url=CORP, headers={"x-team": "other", "X-Mine": "1"}, api_key=KEY)
    found, problems = resolve([team, own])
    assert endpoint_of(found, {}).headers == (("X-Team", "core"), ("X-Mine", "1"))
    assert [problem.message for problem in problems] == [
        "user file: headers is set by your administrator; others may not change it. This is ignored."
    ]


@pytest.mark.parametrize("named", [{}, {"base_url": GATEWAY_BASE_URL}])
@pytest.mark.parametrize(
    "layer",
    [
        user(headers={"x-team": "other"}),
        user(base_url=GATEWAY_BASE_URL, headers={"x-team": "other"}),
        environment_layer({"TYPETHROUGH_HEADERS": "X-Team: other"}),
    ],
)
def test_the_administrators_headers_hold_whether_or_not_an_address_is_written(
    named: dict[str, str], layer: Layer
) -> None:
    found, problems = resolve([administrator(headers={"X-Team": "core"}, api_key=KEY, **named), layer])
    choice = endpoint_of(found, {})
    assert (choice.headers, choice.api_key) == ((("X-Team", "core"),), KEY)
    assert len(problems) == 1
    assert "is set by your administrator" in problems[0].message


@pytest.mark.parametrize("held", [{"api_key": KEY}, {"api_key_command": ["corp-token"]}])
@pytest.mark.parametrize(
    ("address", "given"),
    [
        ({"base_url": CORP}, {"base_url": CORP, "api_key": "mine-0123456789"}),
        ({"base_url": CORP}, {"base_url": CORP, "api_key_command": ["mine"]}),
        ({"base_url": CORP}, {"base_url": CORP, "headers": {"authorization": "Bearer mine"}}),
        ({"base_url": GATEWAY_BASE_URL}, {"api_key": "mine-0123456789"}),
        ({}, {"api_key": "mine-0123456789"}),
        ({}, {"base_url": GATEWAY_BASE_URL, "api_key": "mine-0123456789"}),
    ],
)
def test_the_administrators_key_is_sent_and_no_other(
    held: dict[str, Any], address: dict[str, Any], given: dict[str, Any]
) -> None:
    found, problems = resolve([administrator(**address, **held), user(**given)])
    choice = endpoint_of(found, {"AI_GATEWAY_API_KEY": "other-0123456789"})
    assert (choice.api_key, choice.command, choice.headers) == (
        held.get("api_key", ""),
        tuple(held.get("api_key_command", ())),
        (),
    )
    assert len(problems) == 1
    assert "is set by your administrator; others may not change it" in problems[0].message


def test_the_administrators_own_key_command_is_for_all() -> None:
    found, problems = resolve([administrator(base_url=CORP, api_key_command=["corp-token"]), user(model="m")])
    assert problems == ()
    assert endpoint_of(found, {}).command == ("corp-token",)


@pytest.mark.parametrize(
    "values",
    [
        {"daily_limit_cent": 100},
        {"daily_limit_cents": "ten"},
        {"log_level": "loud"},
        {"exclude": ["["], "context_tokens": 500},
        {"base_url": "llm.corp.example"},
        {"max_lines": 0},
    ],
)
def test_a_mistake_in_it_closes_the_model_lane_whatever_others_set(values: dict[str, Any]) -> None:
    mended = user(daily_limit_cents=5, log_level="info", max_lines=1, api_key=KEY)
    found, problems = resolve([administrator(**values), mended])
    choice = endpoint_of(found, {"AI_GATEWAY_API_KEY": KEY})
    assert choice.is_refused
    assert choice.base_url == ""
    assert any(CLOSED in one.message and one.layer == "administrator's file" for one in problems), problems


@pytest.mark.parametrize("table", [{}, {"model": "m"}, ""])
@pytest.mark.parametrize("layer", [administrator, user])
def test_what_stands_beside_a_table_of_our_name_in_a_file_holds_too(layer: Any, table: object) -> None:
    values = {"base_url": CORP, "exclude": ["secret/"], "zero_data_retention": True, "model_lane": False}
    found, problems = resolve([layer(**values, typethrough=table)])
    assert (found.zero_data_retention, found.model_lane) == (True, False)
    assert "secret/" in found.exclude
    assert [access.base_url for access in found.access] == [CORP]
    if isinstance(table, dict):
        assert (problems, found.model) == ((), table.get("model", DEFAULTS.model))
    else:
        assert '"typethrough" is not a setting' in problems[0].message


@pytest.mark.parametrize(
    "values",
    [
        {"zero_data_retention": True, "zeroDataRetention": False},
        {"zero_data_retention": True, "typethrough": {"zero_data_retention": False}},
        {"base_url": CORP, "baseUrl": EVIL},
        {"exclude": ["secret/"], "Exclude": []},
    ],
)
@pytest.mark.parametrize("layer", [administrator, user])
def test_two_values_of_one_setting_close_the_model_lane_if_it_can_forbid_something(
    layer: Any, values: dict[str, Any]
) -> None:
    found, problems = resolve([layer(**values)])
    assert endpoint_of(found, {"AI_GATEWAY_API_KEY": KEY}).is_refused
    assert "is set twice, in two spellings with different values" in problems[0].message
    assert "exclude" not in values or "secret/" in found.exclude


def test_one_value_in_two_spellings_is_no_mistake() -> None:
    assert resolve([administrator(max_lines=2, maxLines=2)])[1] == ()


def test_a_file_that_cannot_be_read_closes_the_model_lane() -> None:
    broken = Layer("administrator's file", Origin.ADMINISTRATOR, {}, "administrator's file: is not TOML")
    found, problems = resolve([broken, user(api_key=KEY)])
    assert endpoint_of(found, {}).is_refused
    assert [problem.message for problem in problems] == [f"administrator's file: is not TOML. {CLOSED}"]


OURS = ["TYPETHROUGH_BASE_URL", "TYPETHROUGH_API_KEY"]
KNOWN = ["OPENAI_API_KEY", "OPENAI_BASE_URL", "AI_GATEWAY_API_KEY"]
VALUES: dict[Others, st.SearchStrategy[Any]] = {
    Others.SWITCH_OFF: st.booleans(),
    Others.SWITCH_ON: st.booleans(),
    Others.LOWER: st.integers(0, 9),
    Others.LIMIT: st.integers(0, 9),
    **dict.fromkeys(
        (Others.KEEP, Others.ADD, Others.LEAVE_OUT, Others.CHOOSE),
        st.lists(st.sampled_from("abc"), unique=True).map(tuple),
    ),
}


@given(st.sampled_from(list(Others)), st.data())
def test_tightening_twice_is_tightening_once_and_never_loosens(others: Others, data: st.DataObject) -> None:
    held, wanted = data.draw(VALUES[others]), data.draw(VALUES[others])
    tight = others.tightened(held, wanted)
    assert others.tightened(held, tight) == tight
    assert others.tightened(held, held) == held
    match others:
        case Others.LIMIT:
            assert not held or 0 < tight <= held
        case Others.LOWER:
            assert tight <= held
        case Others.CHOOSE:
            assert not held or (tight and set(tight) <= set(held))
        case Others.ADD:
            assert set(held) | set(wanted) == set(tight)
        case _:
            pass


@settings(max_examples=40)
@given(
    st.dictionaries(st.sampled_from(["base_url", "api_key", "model"]), st.sampled_from([CORP, EVIL, KEY, "", "x y"])),
    st.dictionaries(
        st.sampled_from(OURS + KNOWN),
        st.sampled_from([CORP, EVIL, KEY, "http://127.0.0.1:1", "x y"]),
    ),
    st.dictionaries(st.sampled_from(["base_url", "baseUrl", "api_key"]), st.sampled_from([EVIL, KEY])),
)  # fmt: skip
def test_nothing_that_others_set_sends_code_elsewhere(
    own: dict[str, str], environment: dict[str, str], editors: dict[str, str]
) -> None:
    found, _ = resolve(
        [administrator(base_url=CORP), user(**own), environment_layer(environment), editor(**editors)]
    )
    assert endpoint_of(found, environment).base_url in ("", CORP)
