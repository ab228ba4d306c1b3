"""What the local lane proposes at a cursor, and what it must never propose."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import typethrough.local.predictor
from typethrough.core.document.document import Position, snapshot_of
from typethrough.core.document.view import View
from typethrough.local.index import LocalIndex
from typethrough.local.predictor import CONFIDENT, USABLE, Guess, predict

CLASSES = """\
class Circle(Shape):
    def __init__(self, radius: float) -> None:
        super().__init__("circle")
        self.radius = radius

    def area(self) -> float:
        return math.pi * self.radius ** 2
"""
LOOP = """\
for (let i = 0; i < items.length; i++) {
  console.log(items[i]);
}
"""


def view_at(marked: str, language_id: str = "python") -> View:
    """The view at `$0` of a text."""
    before, after = marked.split("$0")
    *lines, prefix = before.split("\n")
    return View.at(
        snapshot_of(before + after), Position(len(lines), len(prefix)), uri="current", language_id=language_id
    )


def at_cursor(index: LocalIndex, marked: str) -> Guess | None:
    """The guess at `$0` in a text that would save most, were it shown."""
    guesses = predict(index, view_at(marked))
    return max(guesses, key=lambda guess: guess.confidence * len(guess.text), default=None)


@pytest.mark.parametrize(
    ("known", "marked", "expected"),
    [
        pytest.param(
            CLASSES,
            "class Square(Shape):\n    def __i$0",
            "nit__(self, radius: float) -> None:",
            id="in a word",
        ),
        pytest.param(CLASSES, "        super().$0", '__init__("circle")', id="behind a dot"),
        pytest.param(CLASSES, "\tdef area(self)$0", " -> float:", id="the space belongs to the guess"),
        pytest.param(CLASSES, "  def area(self) $0", "-> float:", id="the space is typed already"),
        pytest.param(
            CLASSES,
            "    def area(self) -> float:\n$0",
            "return math.pi * self.radius ** 2",
            id="a blank line continues from the line above",
        ),
        pytest.param(
            CLASSES,
            "    def area(self) -> float:\n\n        $0",
            "return math.pi * self.radius ** 2",
            id="indentation is no context and blank lines are skipped",
        ),
        pytest.param(CLASSES, "        super().$0]", None, id="nothing known ends like the suffix"),
        pytest.param(
            CLASSES, "        super().__init__($0)", '"circle"', id="closers at the right stay where they are"
        ),
        pytest.param(
            LOOP, "for ($0) {", "let i = 0; i < items.length; i++", id="a longer suffix is kept too"
        ),
        pytest.param(LOOP, "  console.log(items$0", "[i]);", id="brackets are closed as in the copied line"),
        pytest.param(LOOP, "  console.log(items[i]);$0", None, id="the line ended here before"),
        pytest.param(LOOP, "  console.log(it$0[i]);", "ems", id="the rest of a word before what stands"),
        pytest.param(LOOP, "  console.log(it$0ms[i]);", None, id="never half of a word"),
        pytest.param(
            LOOP, "$0\n", "for (let i = 0; i < items.length; i++) {", id="a file begins as others did"
        ),
        pytest.param(
            LOOP,
            "for (let i = 0; i < items.length; i++) {\n  $0\n  console.log(items[i]);",
            None,
            id="never the next line",
        ),
        pytest.param(
            LOOP,
            "for (let i = 0; i < items.length; i++) {\n  console.$0\n  console.log(items[i]);",
            None,
            id="never what makes the line equal to the next",
        ),
        pytest.param("größe = maß(länge)\n", "grö$0", "ße = maß(länge)", id="words in any script"),
        pytest.param("name = '😀' + rest\n", "name = $0", "'😀' + rest", id="astral characters"),
        pytest.param("a = b\x0cc(1)\n", "a = $0", None, id="control characters are not shown"),
        pytest.param("a = '\ud800' + b\n", "a = $0", None, id="half of a surrogate pair cannot be sent"),
        pytest.param("alpha = 1\n", "zeta = $0", None, id="a context never seen"),
    ],
)
def test_the_guess_at_the_cursor(known: str, marked: str, expected: str | None) -> None:
    index = LocalIndex()
    index.add("other", known)
    guess = at_cursor(index, marked)
    assert (guess.text if guess else None) == expected


def test_a_line_that_has_the_bracket_behind_the_cursor_elsewhere_takes_its_place() -> None:
    index = LocalIndex()
    index.add("other", CLASSES)
    guess = at_cursor(index, "        super($0)")
    assert guess is not None
    assert (guess.text, guess.replaces) == (').__init__("circle")', 1)


@pytest.mark.parametrize(
    ("tail", "is_there"),
    [
        ("    def g(se$0", True),
        ("def g(se$0", False),
        ("    def g(self):\n        return se$0", True),
        ("def g(s):\n    return se$0", False),
        ("se$0", False),
        ("def make():\n    class B:\n        def h(self):\n            return se$0", True),
    ],
)
def test_self_is_proposed_where_there_is_one(tail: str, is_there: bool) -> None:
    marked = f"class A:\n    def f(self):\n        return self\n\n{tail}"
    found = [guess.text for guess in predict(LocalIndex(), view_at(marked)) if guess.text.startswith("lf")]
    assert bool(found) is is_there


def test_nothing_is_known_to_an_empty_index() -> None:
    assert at_cursor(LocalIndex(), "import $0") is None


def test_the_longest_equal_context_wins_over_the_more_frequent_one() -> None:
    index = LocalIndex()
    index.add("a", "begin\nvalue = usual()\n" * 5)
    index.add("b", "open the door\nvalue = special()\n")
    guess = at_cursor(index, "open the door\nvalue = $0")
    assert guess is not None
    assert guess.text == "special()"


def test_the_same_file_wins_between_equal_contexts() -> None:
    index = LocalIndex()
    index.add("current", "value = mine()")
    index.add("other", "value = theirs()")
    guess = at_cursor(index, "value = $0")
    assert guess is not None
    assert guess.text == "mine()"


def test_agreement_and_longer_context_raise_the_confidence() -> None:
    agreeing, divided = LocalIndex(), LocalIndex()
    agreeing.add("a", "result = compute(left, right)\n" * 4)
    divided.add("a", "".join(f"result = compute(left, right{number})\n" for number in range(4)))
    sure, unsure = (at_cursor(index, "result = comp$0") for index in (agreeing, divided))
    assert sure is not None
    assert unsure is not None
    assert sure.confidence > unsure.confidence
    longer = at_cursor(agreeing, "result = compute(left, right)\nresult = compute($0")
    assert longer is not None
    assert longer.confidence > CONFIDENT > USABLE > unsure.confidence


def test_text_of_a_removed_or_edited_source_is_never_proposed() -> None:
    index = LocalIndex()
    index.add("current", "token = fetch(1)\nother = 2\n")
    index.replace_lines("current", 0, 1, [])
    assert at_cursor(index, "token = $0") is None
    index.add("gone", "token = fetch(2)\n")
    index.remove("gone")
    assert at_cursor(index, "token = $0") is None


def test_a_line_just_written_is_proposed_again_below() -> None:
    index = LocalIndex()
    index.add("current", "import os\n\n")
    index.replace_lines("current", 1, 1, ["parser.add_argument('--verbose', action='store_true')", ""])
    index.replace_lines("current", 2, 1, ["parser.add"])
    guess = at_cursor(index, "import os\nparser.add_argument('--verbose', action='store_true')\nparser.add$0")
    # The line above is no guess for the line below it where both would be the same only with the next line.
    assert guess is not None
    assert guess.text == "_argument('--verbose', action='store_true')"


def test_every_process_gives_the_same_answer() -> None:
    program = (
        "from typethrough.core.document.document import Position, snapshot_of\n"
        "from typethrough.core.document.view import View\n"
        "from typethrough.local.index import LocalIndex\n"
        "from typethrough.local.predictor import predict\n"
        "index = LocalIndex()\n"
        "for name in ('a', 'b', 'c'):\n"
        "    index.add(name, f'value = {name}(1)\\nvalue = {name}(2)\\n')\n"
        "view = View.at(snapshot_of('x = 1\\nvalue = '), Position(1, 8), uri='d')\n"
        "print(predict(index, view))\n"
    )
    server = Path(typethrough.local.predictor.__file__).parents[2]
    answers = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(server)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(answers) == 1
    assert "Guess" in answers.pop()


@given(
    known=st.text(alphabet=st.characters(), max_size=120),
    repeat=st.integers(1, 3),
    cut=st.integers(0, 120),
    suffix=st.text(alphabet=st.characters(), max_size=4),
    next_line=st.text(alphabet=st.characters(), max_size=12),
)
def test_any_unicode_gives_guesses_that_fit_or_none(
    known: str, repeat: int, cut: int, suffix: str, next_line: str
) -> None:
    index = LocalIndex()
    index.add("current", "\n".join([known] * repeat))
    *before, prefix = known[:cut].split("\n")
    index.replace_lines("current", len(before), 1, "\n".join([prefix, suffix, known[cut:]]).split("\n"))
    check(
        index, f"{known[:cut].replace('$0', '')}$0{suffix.replace('$0', '')}\n{next_line.replace('$0', '')}"
    )
    index.remove("current")
    assert index.entries == 0


@given(
    st.text(alphabet="ab.() =\n\t", max_size=200),
    st.text(alphabet="ab.() =", max_size=6),
    st.sampled_from(["", ")", "a", " )"]),
)
def test_a_small_alphabet_gives_guesses_that_fit_or_none(known: str, prefix: str, suffix: str) -> None:
    index = LocalIndex()
    index.add("other", known)
    check(index, f"{known}\n{prefix}$0{suffix}\n{known}")


def check(index: LocalIndex, marked: str) -> None:
    view = view_at(marked)
    next_line, suffix = view.next_line(), view.line_suffix
    for guess in predict(index, view):
        assert len(guess.text.strip()) > 1
        assert guess.text.splitlines() == [guess.text]
        assert 0.0 < guess.confidence < 1.0
        assert guess.text.strip() != suffix.strip()
        assert not next_line.strip() or guess.text.strip() != next_line.strip()
        assert not next_line.strip() or (view.line_prefix + guess.text + suffix).strip() != next_line.strip()
        assert guess.text.encode("utf-8")
        assert not (suffix[:1].isalnum() and guess.text[-1].isalnum())
