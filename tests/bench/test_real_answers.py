from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.bench.real_answers import Place, dressed, ending, places

HERE = Place(Path("a.py"), "python", "def f(a):\n    x = ", "a + 1\n    return x", "\n\nf(1)\n")


@pytest.mark.parametrize(
    ("got", "what"),
    [
        (HERE.hidden, "whole"),
        ("a + 1", "the first lines"),
        ("a", "cut inside a line"),
        ("a + 1\n        return x", "damaged"),
    ],
)
def test_what_became_of_a_place_is_told_by_the_document(got: str, what: str) -> None:
    assert ending(HERE, HERE.before + got + HERE.behind, is_shown=True) == what
    assert ending(HERE, HERE.before + HERE.behind, is_shown=False) == "nothing"


def test_an_answer_is_dressed_as_models_dress_it() -> None:
    assert dressed(HERE, "echo") == "    x = a + 1\n    return x"
    assert dressed(HERE, "over") == "a + 1\n    return x\n\nf(1)"
    assert dressed(HERE, "fence").startswith("```python\na + 1")


def test_places_put_together_are_the_file(tmp_path: Path) -> None:
    text = "".join(f"value_{number} = compute({number})\n" for number in range(30))
    (tmp_path / "a.py").write_text(text, "utf-8")
    found = list(places([tmp_path / "a.py"], 20, random.Random(1)))
    assert found
    assert all(place.before + place.hidden + place.behind == text for place in found)
