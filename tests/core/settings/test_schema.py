"""Settings: every default is legal, layers override in order, what is wrong is reported by name and changes nothing."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from typethrough.core.settings.layers import Layer, Origin, Problem, environment_layer, resolve
from typethrough.core.settings.schema import ACCESS_SPECS, DEFAULTS, SPECS, Settings, environment_name
from typethrough.core.settings.values import Kind, Reach, checked

SECRET = "vck_s3cret-value"


def user_file(**values: object) -> Layer:
    return Layer("user file", Origin.USER_FILE, values)


def editor(values: object) -> Layer:
    return Layer("configuration", Origin.CONFIGURATION, values)


def only(problems: tuple[Problem, ...]) -> str:
    assert len(problems) == 1, problems
    return problems[0].message


def test_with_no_layers_the_defaults_hold_and_nothing_is_wrong() -> None:
    assert resolve(()) == (DEFAULTS, ())


@pytest.mark.parametrize("name", SPECS)
def test_every_default_is_a_legal_value_of_its_own_setting(name: str) -> None:
    default = getattr(DEFAULTS, name, "")
    if default not in ("", ()):
        value = list(default) if isinstance(default, tuple) else default
        assert checked(SPECS[name], value) == default


def test_every_setting_says_what_it_means_in_one_sentence() -> None:
    assert [name for name, spec in SPECS.items() if not spec.description.endswith(".")] == []
    assert all(spec.unit for spec in SPECS.values() if spec.kind is Kind.NUMBER)
    assert {item.name for item in fields(Settings)} - {"access", "closed", "model_is_named"} == set(
        SPECS
    ) - set(ACCESS_SPECS)


def test_a_key_is_not_in_the_representation_of_settings_or_of_a_layer() -> None:
    layer = user_file(api_key=SECRET, api_key_command=[SECRET])
    settings, _ = resolve([layer])
    assert SECRET not in repr(settings) + repr(settings.access) + repr(layer)


def test_layers_override_in_the_order_of_their_origin_whatever_the_order_given() -> None:
    layers = [
        Layer("command line", Origin.COMMAND_LINE, {"log_level": "debug"}),
        editor({"budget_ms": 500, "log_level": "error"}),
        Layer("initializationOptions", Origin.INITIALIZATION_OPTIONS, {"budget_ms": 400, "max_lines": 4}),
        environment_layer(
            {"TYPETHROUGH_BUDGET_MS": "300", "TYPETHROUGH_MAX_LINES": "3", "TYPETHROUGH_MODEL": "b"}
        ),
        user_file(budget_ms=200, max_lines=2, model="a", prefetch=False),
    ]
    settings, problems = resolve(layers)
    assert problems == ()
    assert (settings.budget_ms, settings.max_lines, settings.model) == (500, 4, "b")
    assert (settings.prefetch, settings.log_level) == (False, "debug")


@pytest.mark.parametrize(
    "values",
    [
        {"budget_ms": 321},
        {"budgetMs": 321},
        {"budget-ms": 321},
        {"budget": {"ms": 321}},
        {"typethrough": {"budgetMs": 321}},
        {"typethrough.budgetMs": 321},
        {"budget_ms": 321.0},
    ],
    ids=json.dumps,
)
def test_a_name_may_be_spelled_as_editors_spell_it(values: object) -> None:
    settings, problems = resolve([editor(values)])
    assert (settings.budget_ms, problems) == (321, ())


@pytest.mark.parametrize(
    "values", [None, [], {}, {"typethrough": None}, {"typethrough": []}, {"budget_ms": None}]
)
def test_nothing_set_is_nothing_wrong(values: object) -> None:
    assert resolve([editor(values)]) == (DEFAULTS, ())


@pytest.mark.parametrize("values", [[1], "text", 7, True, 1.5])
def test_a_layer_of_the_wrong_shape_is_one_problem(values: object) -> None:
    settings, problems = resolve([editor(values)])
    assert settings == DEFAULTS
    assert only(problems).startswith("configuration: expected an object")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("budget_ms", 49),
        ("budget_ms", 5001),
        ("budget_ms", "900"),
        ("budget_ms", True),
        ("budget_ms", 900.5),
        ("enabled", "yes"),
        ("enabled", 1),
        ("model", ""),
        ("model", "two\nlines"),
        ("model", 4),
        ("log_level", "loud"),
        ("disabled_languages", "markdown"),
        ("disabled_languages", ["markdown", 3]),
        ("base_url", "not a url"),
        ("base_url", "ftp://host/v1"),
        ("base_url", "https://user:pass@host/v1"),
        ("base_url", "https://host/v1?key=1"),
        ("base_url", "https://ho st/v1"),
        ("base_url", "https://host:99999/v1"),
        ("api_key", "two words"),
        ("api_key", "lines\nof it"),
        ("api_key", "schlüssel"),
        ("api_key_command", []),
        ("api_key_command", ["pass", 3]),
        ("api_key_command", 'pass "show'),
    ],
)
def test_a_bad_value_is_one_problem_that_names_setting_and_layer_and_the_lower_value_holds(
    name: str, value: object
) -> None:
    settings, problems = resolve([user_file(**{name: value})])
    assert replace(settings, access=(), closed="") == DEFAULTS
    assert (settings.closed != "") == SPECS[name].guards
    assert [(access.base_url, access.has_key, access.problem == "") for access in settings.access] == (
        [("", False, False)] if name in ACCESS_SPECS else []
    )
    assert only(problems).startswith(f"user file: {name} ")
    assert problems[0].setting == name


EXCLUDE, LIMIT = {"exclude": "*.secret"}, {"daily_limit_cents": "5"}


@pytest.mark.parametrize(
    ("layers", "closed"),
    [
        ([user_file(**EXCLUDE)], "user file: exclude must be a list of texts"),
        ([user_file(zero_data_retention="yes")], "user file: zero_data_retention must be true or false"),
        ([user_file(**LIMIT)], "user file: daily_limit_cents must be a whole number from 0 to 100000"),
        ([environment_layer({"TYPETHROUGH_MODEL_LANE": "flase"})], "environment: TYPETHROUGH_MODEL_LANE must be true or false"),
        ([editor(EXCLUDE)], "configuration: exclude must be a list of texts"),
        # A good value above takes its place; an editor's adds to what is below, which it does not know.
        ([user_file(**LIMIT), environment_layer({"TYPETHROUGH_DAILY_LIMIT_CENTS": "5"})], ""),
        ([user_file(**EXCLUDE), environment_layer({"TYPETHROUGH_EXCLUDE": "*.secret"})], ""),
        ([user_file(**EXCLUDE), editor({"exclude": ["*.secret"]})], "user file: exclude must be a list of texts"),
        ([user_file(**LIMIT), environment_layer({"TYPETHROUGH_DAILY_LIMIT_CENTS": "x"})], "environment: TYPETHROUGH_DAILY_"),
        # What keeps nothing back, and what an editor may not set at all, closes nothing.
        ([user_file(budget_ms="fast", record="off", prefetch=1)], ""),
        ([editor({"zeroDataRetention": "yes", "dailyLimitCents": "5", "model": ""})], ""),
    ],
)  # fmt: skip
def test_what_was_set_to_keep_something_back_and_cannot_be_read_closes_the_model_lane(
    layers: list[Layer], closed: str
) -> None:
    settings, problems = resolve(layers)
    assert settings.closed.startswith(closed)
    assert bool(settings.closed) == bool(closed)
    assert bool(closed) == any(
        "No model is asked until that is mended." in one.message for one in problems[-1:]
    )


def test_the_value_of_the_layer_below_holds_when_the_one_above_is_bad() -> None:
    settings, problems = resolve([user_file(budget_ms=700), editor({"budgetMs": 7})])
    assert settings.budget_ms == 700
    assert only(problems) == "configuration: budget_ms must be from 50 to 5000 ms."


def test_an_unknown_name_is_reported_with_the_nearest_one() -> None:
    settings, problems = resolve([editor({"budgetsMs": 100})])
    assert settings == DEFAULTS
    assert only(problems) == 'configuration: "budgets_ms" is not a setting; did you mean "budget_ms"?'


def test_a_key_pasted_as_a_name_is_not_repeated() -> None:
    _, problems = resolve([editor({SECRET: True})])
    assert SECRET not in only(problems)


@pytest.mark.parametrize("name", ["api_key", "apiKey", "api_key_command", "base_url", "baseUrl", "model"])
@pytest.mark.parametrize("origin", [Origin.INITIALIZATION_OPTIONS, Origin.CONFIGURATION])
def test_an_editor_cannot_say_where_code_and_keys_go(name: str, origin: Origin) -> None:
    value = "https://attacker.example/v1" if "rl" in name else SECRET
    mine = user_file(base_url="https://mine.example/v1")
    settings, problems = resolve([mine, Layer("editor", origin, {name: value})])
    assert settings == resolve([mine])[0]
    assert "cannot be set by an editor" in only(problems)
    assert value not in only(problems)


def test_an_editor_that_repeats_the_endpoint_in_force_is_not_blamed() -> None:
    mine = user_file(base_url="https://mine.example/v1")
    assert resolve([mine, editor({"base_url": "https://mine.example/v1/"})]) == resolve([mine])
    assert resolve([mine])[1] == ()


def test_an_editor_can_add_exclusions_but_take_none_away() -> None:
    settings, problems = resolve([editor({"exclude": ["*.secret", "*.pem"]})])
    assert problems == ()
    assert settings.exclude == (*DEFAULTS.exclude, "*.secret")


def test_the_user_file_can_replace_exclusions() -> None:
    assert resolve([user_file(exclude=["*.mine"])])[0].exclude == ("*.mine",)


def test_a_command_for_the_key_is_taken_from_the_user_file_alone() -> None:
    settings, problems = resolve([user_file(api_key_command="pass show 'my key'")])
    assert ([access.api_key_command for access in settings.access], problems) == (
        [("pass", "show", "my key")],
        (),
    )
    settings, problems = resolve([environment_layer({"TYPETHROUGH_API_KEY_COMMAND": "pass"})])
    assert settings == DEFAULTS
    assert only(problems) == "environment: api_key_command can only be set in the user file."


def test_a_problem_in_the_environment_names_the_variable() -> None:
    _, problems = resolve([environment_layer({"TYPETHROUGH_BUDGET_MS": "7"})])
    assert only(problems) == "environment: TYPETHROUGH_BUDGET_MS must be from 50 to 5000 ms."


def test_environment_values_are_read_from_text() -> None:
    settings, problems = resolve(
        [
            environment_layer(
                {
                    "TYPETHROUGH_ENABLED": "off",
                    "TYPETHROUGH_PREFETCH": " No ",
                    "TYPETHROUGH_BUDGET_MS": " 700 ",
                    "TYPETHROUGH_DISABLED_LANGUAGES": "markdown, plaintext,",
                    "TYPETHROUGH_BASE_URL": "http://127.0.0.1:8080/v1/",
                    "TYPETHROUGH_LOG_LEVEL": "DEBUG",
                    "TYPETHROUGH_MODEL": "",
                    "HOME": "/home/user",
                }
            )
        ]
    )
    assert problems == ()
    assert (settings.enabled, settings.prefetch, settings.budget_ms) == (False, False, 700)
    assert settings.disabled_languages == ("markdown", "plaintext")
    assert ([access.base_url for access in settings.access], settings.log_level) == (
        ["http://127.0.0.1:8080/v1"],
        "debug",
    )
    assert settings.model == DEFAULTS.model


def test_every_setting_but_the_command_has_a_variable() -> None:
    without = [name for name in SPECS if not environment_name(name)]
    assert (
        without == [name for name, spec in SPECS.items() if spec.reach is Reach.FILE] == ["api_key_command"]
    )


def test_a_debounce_whose_bounds_cross_is_reported_and_both_defaults_hold() -> None:
    settings, problems = resolve([editor({"debounceMinMs": 500, "debounceMaxMs": 100})])
    assert settings == DEFAULTS
    assert "debounce_min_ms is above debounce_max_ms" in only(problems)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*SPECS, "typethrough", "budget", "budgetMs"]) | st.text(max_size=8),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values, st.sampled_from(Origin))
def test_any_shape_gives_legal_settings_and_never_an_error(values: object, origin: Origin) -> None:
    settings, problems = resolve([Layer("any", origin, values)])
    assert all("\n" not in problem.message for problem in problems)
    if origin in (Origin.INITIALIZATION_OPTIONS, Origin.CONFIGURATION):
        assert settings.access == ()
        assert set(DEFAULTS.exclude) <= set(settings.exclude)
    again, _ = resolve([Layer("again", Origin.USER_FILE, {"budget_ms": settings.budget_ms})])
    assert again.budget_ms == settings.budget_ms
