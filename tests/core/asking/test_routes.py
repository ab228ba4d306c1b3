"""Routes: how the setting is written and what is wrong with it, and which route a request takes."""

from __future__ import annotations

import json
from typing import Literal

import pytest

from tests.support.cursor import view_at
from typethrough.cli.settings import as_json, in_force
from typethrough.core.asking.routes import Route, RoutePurpose, hedge_model, route_of
from typethrough.core.settings.access import endpoint_of
from typethrough.core.settings.layers import Layer, Origin, environment_layer, resolve
from typethrough.core.settings.schema import DEFAULTS, Settings
from typethrough.core.suggestion.amount import empty_block

INVOKED = Route(RoutePurpose.INVOKED, "openai/gpt-4.1-mini", 1500)
BLOCK = Route(RoutePurpose.BLOCK, "mistral/codestral")
HEDGE = Route(RoutePurpose.HEDGE, "claude@20241022")
WRITTEN = {"block": "mistral/codestral", "invoked": "openai/gpt-4.1-mini 1500 ms", "hedge": "claude@20241022"}


def user_file(routes: object) -> Layer:
    return Layer("user file", Origin.USER_FILE, {"routes": routes})


@pytest.mark.parametrize(
    "layer",
    [
        user_file(WRITTEN),
        user_file({**WRITTEN, "invoked": "  openai/gpt-4.1-mini   1500ms "}),
        environment_layer(
            {
                "TYPETHROUGH_ROUTES": "block=mistral/codestral, invoked = openai/gpt-4.1-mini 1500 ms,hedge=claude@20241022,"
            }
        ),
    ],
    ids=["object", "spaces", "environment"],
)
def test_routes_are_read_in_one_order_however_they_are_written(layer: Layer) -> None:
    settings, problems = resolve([layer])
    assert (settings.routes, problems) == ((INVOKED, BLOCK, HEDGE), ())
    assert hash(settings)


@pytest.mark.parametrize("value", [{}, []])
def test_no_routes_are_no_problem(value: object) -> None:
    assert resolve([user_file(WRITTEN), user_file(value)]) == (DEFAULTS, ())


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"fast": "m"}, "has no other purposes than invoked, block, hedge"),
        ({1: "m"}, "has no other purposes than invoked, block, hedge"),
        (
            {"invoked": "m", "block": ""},
            'needs for block a model, or a model and its budget such as "MODEL 1500 ms"',
        ),
        ({"block": 7}, 'needs for block a model, or a model and its budget such as "MODEL 1500 ms"'),
        (
            {"block": {"model": "m"}},
            'needs for block a model, or a model and its budget such as "MODEL 1500 ms"',
        ),
        ({"block": "m\nn"}, 'needs for block a model, or a model and its budget such as "MODEL 1500 ms"'),
        ({"block": "m" * 501}, 'needs for block a model, or a model and its budget such as "MODEL 1500 ms"'),
        (
            {"invoked": "m 1500"},
            'needs for invoked a model, or a model and its budget such as "MODEL 1500 ms"',
        ),
        (
            {"invoked": "m 2 s"},
            'needs for invoked a model, or a model and its budget such as "MODEL 1500 ms"',
        ),
        ({"invoked": "m 49 ms"}, "needs for invoked a budget from 50 to 5000 ms"),
        ({"invoked": "m 5001 ms"}, "needs for invoked a budget from 50 to 5000 ms"),
        ({"hedge": "m 900 ms"}, "takes no budget for hedge, which has that of the request it helps"),
        ("invoked=m", 'must be an object such as {"invoked": "MODEL", "hedge": "MODEL"}'),
        (["invoked"], 'must be an object such as {"invoked": "MODEL", "hedge": "MODEL"}'),
        (True, 'must be an object such as {"invoked": "MODEL", "hedge": "MODEL"}'),
    ],
)
def test_a_wrong_route_is_one_problem_that_names_setting_and_purpose(value: object, message: str) -> None:
    below = user_file({"hedge": "kept"})
    settings, problems = resolve([below, user_file(value)])
    assert settings.routes == (Route(RoutePurpose.HEDGE, "kept"),)
    assert [problem.message for problem in problems] == [f"user file: routes {message}."]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("openai/gpt-4.1-mini", "must be a list such as invoked=MODEL,hedge=MODEL"),
        ("invoked=", 'needs for invoked a model, or a model and its budget such as "MODEL 1500 ms"'),
        ("Invoked=m", "has no other purposes than invoked, block, hedge"),
    ],
)
def test_a_wrong_variable_is_one_problem(text: str, message: str) -> None:
    settings, problems = resolve([environment_layer({"TYPETHROUGH_ROUTES": text})])
    assert settings == DEFAULTS
    assert [problem.message for problem in problems] == [f"environment: TYPETHROUGH_ROUTES {message}."]


@pytest.mark.parametrize("values", [{"routes": {"hedge": "theirs"}}, {"hedgeShare": 50}])
def test_a_project_can_neither_route_nor_spend(values: object) -> None:
    settings, problems = resolve([user_file(WRITTEN), Layer("editor", Origin.CONFIGURATION, values)])
    assert settings == Settings(routes=(INVOKED, BLOCK, HEDGE))
    assert len(problems) == 1
    assert "cannot be set by an editor" in problems[0].message


def test_routes_are_shown_as_the_environment_has_them() -> None:
    settings, _ = resolve([user_file(WRITTEN)])
    (line,) = [line for line in in_force(settings, endpoint_of(settings, {})) if line.startswith("routes ")]
    shown = line.removeprefix("routes").strip()
    assert shown == "invoked=openai/gpt-4.1-mini 1500 ms, block=mistral/codestral, hedge=claude@20241022"
    assert resolve([environment_layer({"TYPETHROUGH_ROUTES": shown})])[0] == settings


def test_a_settings_page_gets_an_object() -> None:
    (row,) = [row for row in json.loads(as_json()) if row["name"] == "routes"]
    assert (row["kind"], row["default"], row["reach"]) == ("routes", {}, "environment")


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("def area(width):\n    $0\n", "python"),
        ("def area(width):\n    $0\n\nprint(1)\n", "python"),
        ("def area(width):$0\n", "python"),
        ("def area(width):\n$0\n", "python"),
        ('def area(width):\n    """The area."""\n    # By Pythagoras.\n    $0\n', "python"),
        ("class A:\n    def area(self):\n        $0\n\n    def next(self): ...\n", "python"),
        ("function area(width) {\n  $0\n}\n", "javascript"),
        ("function area(width) {$0}\n", "javascript"),
        ("function area(width) {\n  // By Pythagoras.\n  $0\n}\n", "javascript"),
    ],
)
def test_a_block_is_wanted_where_one_was_opened_and_is_empty(code: str, language: str) -> None:
    view = view_at(code, language_id=language)
    assert empty_block(view) >= 0


@pytest.mark.parametrize(
    "code",
    [
        "$0\n",
        "x = 1\n$0\n",
        "def area(width):\n    return $0\n",
        "def area(width):\n    x = 1\n    $0\n",
        "def area(width):\n    $0\n    return width\n",
        "def area(width):\n\n    $0\n",
        "    def area(width):\n$0\n",
        "def area(width):$0 return 1\n",
        '    """Not a head."""\n    $0\n',
    ],
)
def test_no_block_is_wanted_elsewhere(code: str) -> None:
    assert empty_block(view_at(code)) < 0


@pytest.mark.parametrize(
    ("routes", "code", "invoked", "max_lines", "expected"),
    [
        ((), "if x:\n    $0", True, 10, None),
        ((INVOKED,), "x = $0", True, 10, INVOKED),
        ((INVOKED,), "x = $0", False, 5, None),
        ((BLOCK,), "if x:\n    $0", False, 5, BLOCK),
        ((BLOCK,), "if x:\n    $0", False, 1, None),
        ((BLOCK,), "if x:\n    $0", False, "auto", BLOCK),
        ((BLOCK,), "if x:\n    $0", True, 10, BLOCK),
        ((BLOCK,), "x = $0", True, 10, None),
        ((INVOKED, BLOCK), "if x:\n    $0", True, 10, INVOKED),
        ((INVOKED, BLOCK), "if x:\n    $0", False, 5, BLOCK),
        ((HEDGE,), "if x:\n    $0", True, 10, None),
    ],
)
def test_a_request_takes_the_route_that_the_user_wrote_for_it(
    routes: tuple[Route, ...],
    code: str,
    invoked: bool,
    max_lines: int | Literal["auto"],
    expected: Route | None,
) -> None:
    assert route_of(routes, view_at(code), invoked=invoked, max_lines=max_lines) == expected


def test_the_hedge_is_the_route_of_that_name() -> None:
    assert hedge_model((INVOKED, HEDGE)) == HEDGE.model
    assert hedge_model((INVOKED, BLOCK)) == ""
