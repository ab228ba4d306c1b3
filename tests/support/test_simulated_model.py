"""The simulated model's answers and its cache, tested without a process."""

from __future__ import annotations

import argparse
import inspect
import random
import statistics

import pytest

from tests.support.gateway_simulator.answer import answer, cursors
from tests.support.gateway_simulator.defects import DEFECTS, Defects, Scene
from tests.support.gateway_simulator.latency import Latency
from tests.support.gateway_simulator.prompt_cache import PromptCache
from tests.support.gateway_simulator.tokens import tokenize
from tests.support.gateway_simulator.truth import Cursor, Truth, TruthFile, missing_lines
from tests.support.gateway_simulator.wrongness import Rates, spoil

SHAPES = """\
import math

def area(width):
    if width < 0:
        raise ValueError(width)
    return width * width

def length(width):
    if width < 0:
        raise ValueError(width)
    return math.fsum(
        [width, width],
    )
"""
OTHER = "import math\n\ndef other(width):\n    return width * width\n"


def files(**texts: str) -> Truth:
    return Truth([TruthFile(f"/src/{name}.py", tuple(text.split("\n"))) for name, text in texts.items()])


TRUTH = files(shapes=SHAPES, other=OTHER)


def fill(document: str, path: str | None = None) -> str | None:
    prefix, suffix = document.split("$0")
    place = TRUTH.locate(Cursor(prefix, suffix, path))
    return None if place is None else "\n".join(missing_lines(place, suffix.split("\n")[0]))


def generated(lines: int) -> TruthFile:
    """A file of many different lines, as code has them."""
    draw = random.Random(11)
    words = [
        "width",
        "height",
        "depth",
        "result",
        "total",
        "index",
        "value",
        "limit",
        "name",
        "Path",
        "load",
        "store",
    ]
    rows = []
    for number in range(lines):
        first, second, third = draw.sample(words, 3)
        rows.append(f"    {first}_{number} = {second}({third}, {draw.randint(1, 99)})")
    return TruthFile("/src/generated.py", tuple(rows))


@pytest.mark.parametrize("text", ["", "def f(a):\n\treturn  a\r\n", SHAPES, "é — 漢字 🙂\n", "   \n\n   x"])
def test_tokens_joined_are_the_text(text: str) -> None:
    assert "".join(tokenize(text)) == text


def test_tokens_before_a_line_break_do_not_depend_on_what_follows() -> None:
    whole = tokenize(SHAPES)
    for at, sign in enumerate(SHAPES):
        if sign == "\n":
            start = tokenize(SHAPES[: at + 1])
            assert whole[: len(start)] == start


def test_tokens_of_code_have_three_and_a_half_to_four_characters() -> None:
    code = inspect.getsource(argparse)
    assert 3.5 < len(code) / len(tokenize(code)) < 4.1


@pytest.mark.parametrize(
    ("shared", "cached"),
    [(1023, 0), (1024, 1024), (1151, 1024), (1152, 1152), (5000, 4992), (0, 0)],
)
def test_cache_serves_whole_steps_of_the_common_prefix_from_a_minimum_on(shared: int, cached: int) -> None:
    cache = PromptCache()
    assert cache.admit(["a\n" * (shared // 2) + "a" * (shared % 2), "b\n" * 500], 0.0).cached_tokens == 0
    usage = cache.admit(["a\n" * (shared // 2) + "a" * (shared % 2), "c\n" * 500], 1.0)
    assert (usage.prompt_tokens, usage.cached_tokens) == (shared + 1000, cached)


def test_cache_is_about_the_text_and_not_about_how_it_is_parted() -> None:
    cache = PromptCache()
    cache.admit(["line of code\n" * 900], 0.0)
    usage = cache.admit(["line of code\n" * 400, "line of code\n" * 500], 0.0)
    assert usage.cached_tokens == usage.prompt_tokens - usage.prompt_tokens % 128 > 1024


def test_cache_forgets_what_was_idle_for_five_minutes_and_keeps_what_was_used() -> None:
    cache, prompt = PromptCache(), ["a\n" * 1024]
    cache.admit(prompt, 0.0)
    assert cache.admit(prompt, 299.0).cached_tokens == 2048
    assert cache.admit(prompt, 598.0).cached_tokens == 2048
    assert cache.admit(prompt, 899.0).cached_tokens == 0


def test_nano_latency_has_the_quantiles_it_promises_and_adds_prefill() -> None:
    nano = Latency("nano")
    draws = sorted(nano.offsets_s(seed=1, number=n, fresh=0, cached=0, tokens=1)[0] for n in range(4000))
    assert statistics.median(draws) == pytest.approx(0.350, rel=0.05)
    assert draws[3800] == pytest.approx(0.800, rel=0.08)
    plain, filled = (
        nano.offsets_s(seed=1, number=1, fresh=f, cached=c, tokens=1)[0] for f, c in ((0, 0), (1000, 4000))
    )
    assert filled - plain == pytest.approx(0.012 + 0.012)


def test_latency_is_drawn_from_seed_and_number_and_tokens_flow_at_their_rate() -> None:
    nano = Latency("nano")
    one, again, other = (nano.offsets_s(seed=1, number=n, fresh=9, cached=0, tokens=301) for n in (1, 1, 2))
    assert one == again != other
    assert 300 / (one[-1] - one[0]) == pytest.approx(150, rel=0.05)
    assert Latency().offsets_s(seed=1, number=1, fresh=9, cached=0, tokens=2) == [0.0, 0.0]
    fixed = Latency("nano", ttft_ms=200, tokens_per_s=0)
    assert fixed.offsets_s(seed=1, number=1, fresh=9, cached=0, tokens=2) == [0.2, 0.2]


@pytest.mark.parametrize(
    ("document", "path", "missing"),
    [
        (
            "def area(width):\n    if wid$0\n    return width * width",
            None,
            "th < 0:\n        raise ValueError(width)",
        ),
        (
            "def length(width):\n    if wid$0\n    return math.fsum(",
            None,
            "th < 0:\n        raise ValueError(width)",
        ),
        (
            "def length(width):\n    if width < 0:\n        raise ValueError($0)\n    return math.fsum(",
            None,
            "width",
        ),
        (
            "def area(width):\n$0\n    return width * width",
            None,
            "    if width < 0:\n        raise ValueError(width)",
        ),
        (
            "def area(width):\n    $0\n    return width * width",
            None,
            "if width < 0:\n        raise ValueError(width)",
        ),
        ("    return math.fsum($0)", None, "\n        [width, width],\n    "),
        ("def area(width):$0\n    if width < 0:", None, ""),
        ("    return width * width\n    $0\ndef length(width):", None, ""),
        ("import math\n\ndef $0\n</window>", "a/other.py", "other(width):\n    return width * width"),
        ("<window>\n$0", "src/other.py", OTHER.rstrip("\n")),
        (
            "def area(width):\r\n    if wid$0\r\n    return width * width",
            None,
            "th < 0:\n        raise ValueError(width)",
        ),
        ("def volume(width):\n    re$0", None, None),
        ("something else entirely\n$0", None, None),
    ],
)
def test_true_text_between_cursor_and_suffix_is_found(
    document: str, path: str | None, missing: str | None
) -> None:
    assert fill(document, path) == missing


def test_equal_places_are_told_apart_by_what_stands_above_and_below() -> None:
    lines = "\n".join(f"def f{n}(x):\n    y = prepare(x)\n    return use{n}(y)\n" for n in range(50))
    truth = files(many=lines)
    above = truth.locate(Cursor("def f31(x):\n    y = pre", "\n"))
    below = truth.locate(Cursor("    y = pre", "\n    return use17(y)"))
    assert above is not None
    assert below is not None
    assert (above.line // 4, below.line // 4) == (31, 17)


def test_cursor_is_the_last_mark_that_stands_in_true_text() -> None:
    def said(text: str) -> str:
        messages = [
            {"role": "user", "content": [{"type": "text", "text": text}]},
            {"role": "assistant", "content": "no"},
        ]
        return answer(messages, TRUTH, Defects(), seed=1, number=1).text

    window = "def area(width):\n    if width <CURSOR_2>\n        raise ValueError(width)"
    assert said(window) == "< 0:"
    assert said(window + "\n\nWrite what belongs at <CURSOR_2>.") == "< 0:"
    assert "mark the cursor" in said("no mark")


def test_named_path_is_the_last_one_before_the_mark() -> None:
    text = '<file path="a.py">x</file><window path="b.py">\ny<CURSOR>z</window> path="c.py"'
    assert cursors([{"role": "user", "content": text}])[0].path == "b.py"


def test_text_that_occurs_nowhere_gets_a_wrong_answer_that_stays_the_same() -> None:
    question = [{"role": "user", "content": "nothing like this here\n    completely = unk<CURSOR>"}]
    said = [answer(question, TRUTH, Defects(), seed=1, number=n) for n in range(3)]
    assert {one.place for one in said} == {None}
    assert len({one.text for one in said}) == 1
    assert said[0].text.strip()


def right_lines(truth: Truth, line: int, column: int, missing: int) -> tuple[int, int]:
    """How many of an answer's first lines are right, and how many lines it has."""
    lines = truth.files[0].lines
    before = "\n".join([*lines[line - 3 : line], lines[line][:column]])
    place = truth.locate(Cursor(before, "\n" + lines[line + missing]))
    assert place is not None
    wanted = missing_lines(place, "")
    assert len(wanted) == missing
    return spoil(place, wanted, Rates(0.70, 0.85), 5)[1], missing


def test_first_lines_are_right_at_their_rate_over_all_columns() -> None:
    truth, draw = Truth([generated(6000)]), random.Random(3)
    asked = [(line, draw.randrange(len(truth.files[0].lines[line]))) for line in range(100, 5900)]
    right = [right_lines(truth, line, column, 1)[0] > 0 for line, column in asked]
    assert statistics.mean(right) == pytest.approx(0.70, abs=0.05)


def test_further_lines_are_right_at_their_rate_after_a_right_one() -> None:
    truth = Truth([generated(6000)])
    further: list[bool] = []
    for line in range(100, 5900, 3):
        right, missing = right_lines(truth, line, 0, 6)
        further.extend([True] * (right - 1) + [False] * (right < missing) if right else [])
    assert statistics.mean(further) == pytest.approx(0.85, abs=0.02)


def test_line_is_as_right_from_above_as_from_its_own_start() -> None:
    truth = Truth([generated(600)])
    for line in range(100, 500):
        if right_lines(truth, line, 0, 2)[0] >= 1:
            from_above = right_lines(truth, line, 0, 2)[0] == 2
            assert from_above is (right_lines(truth, line + 1, 0, 1)[0] == 1)


def test_what_is_wrong_depends_on_the_place_and_not_on_the_asking() -> None:
    file = generated(200)
    truth = Truth([file])
    for line in range(50, 100):
        question = "\n".join([*file.lines[line - 3 : line], "<CURSOR>", file.lines[line + 2]])
        messages = [{"role": "user", "content": question}]
        said = {
            answer(messages, truth, Defects(content=Rates(0.5, 0.5)), seed=1, number=n).text for n in range(5)
        }
        assert len(said) == 1


def test_who_has_typed_past_the_flaw_gets_the_rest_right() -> None:
    file = generated(200)
    truth, rates = Truth([file]), Rates(0.0, 0.0)
    for line in range(50, 80):
        true = file.lines[line]
        rights = []
        for column in range(len(true)):
            place = truth.locate(
                Cursor(file.lines[line - 1] + "\n" + true[:column], "\n" + file.lines[line + 1])
            )
            assert place is not None
            said, right = spoil(place, missing_lines(place, ""), rates, 5)
            rights.append(right > 0)
            assert (said == [true[column:]]) is rights[-1]
        assert rights == sorted(rights)
        assert not rights[0]


def test_wrong_line_does_not_say_again_what_stands_after_the_cursor() -> None:
    file = generated(200)
    truth = Truth([file])
    for line in range(50, 80):
        bracket = file.lines[line].index("(") + 1
        place = truth.locate(
            Cursor(file.lines[line - 1] + "\n" + file.lines[line][:bracket], ")\n" + file.lines[line + 1])
        )
        assert place is not None
        said, right = spoil(place, missing_lines(place, ")"), Rates(0.0, 0.0), 5)
        assert (said == [file.lines[line][bracket:-1]]) is (right == 1)
        assert not said[0].endswith(")")


SCENE = Scene(["def area(width):", "    if width"], ["", "    return width"], "py")
TRUE = " < 0:\n        raise ValueError(width)"


@pytest.mark.parametrize(
    ("name", "spoilt"),
    [
        ("fence", f"```\n{TRUE}\n```"),
        ("fence_tag", f"```python\n{TRUE}\n```"),
        ("fence_open", f"```python\n{TRUE}"),
        ("echo_line", f"    if width{TRUE}"),
        ("echo_previous", f"def area(width):\n    if width{TRUE}"),
        ("echo_suffix", f"{TRUE}\n    return width"),
        ("indent_lost", "< 0:\nraise ValueError(width)"),
        ("indent_doubled", f" < 0:\n{' ' * 16}raise ValueError(width)"),
        ("tabs", "< 0:\n\t\traise ValueError(width)"),
        ("placeholder", "# ... your code here ..."),
    ],
)
def test_defect_of_form_does_what_its_name_says(name: str, spoilt: str) -> None:
    assert Defects.parse(f"{name}=1").apply(TRUE, SCENE, seed=1, number=1) == (spoilt, name)


def test_other_defects_leave_their_sign() -> None:
    def made(name: str) -> str:
        return Defects.parse(f"{name}=1").apply(TRUE, SCENE, seed=1, number=1)[0]

    assert made("prose_before").endswith(TRUE)
    assert made("prose_after").startswith(TRUE + "\n\n")
    assert not made("blank").strip()
    assert made("repetition").count("raise ValueError") >= 5
    assert made("special_token")[len(TRUE) :] in {"<|im_end|>", "</s>", "<|endoftext|>"}
    brackets = Scene(["    f(a"], ["))"], "py")
    assert Defects.parse("echo_suffix=1").apply(", b", brackets, seed=1, number=1)[0] == ", b))"


def test_default_rates_are_met_and_drawn_from_seed_and_number() -> None:
    defects = Defects.parse("default")
    names = [defects.apply(TRUE, SCENE, seed=4, number=n)[1] for n in range(4000)]
    assert set(names) == {None, *DEFECTS}
    assert sum(name is not None for name in names) / len(names) == pytest.approx(0.15, abs=0.02)
    assert names == [defects.apply(TRUE, SCENE, seed=4, number=n)[1] for n in range(4000)]
    assert names != [defects.apply(TRUE, SCENE, seed=5, number=n)[1] for n in range(4000)]


def test_no_defects_leave_the_truth_alone_and_unknown_ones_are_refused() -> None:
    assert all(Defects.parse("0").apply(TRUE, SCENE, seed=1, number=n) == (TRUE, None) for n in range(50))
    with pytest.raises(ValueError, match="nonsense"):
        Defects.parse("nonsense=1")
