"""The lines around a cursor are read once for all keys in a line."""

from __future__ import annotations

import pytest

from tests.support.cursor import view_at
from typethrough.local.scene import Scene


def test_a_scene_lasts_while_one_line_is_typed() -> None:
    scene = Scene.of(view_at("a = 1\n\nb = $0\nc = 3\n"))

    assert Scene.of(view_at("a = 1\n\nb = 22$0\nc = 3\n"), scene) is scene
    assert (scene.above, scene.below) == (["a = 1"], ["c = 3"])


@pytest.mark.parametrize(
    "marked", ["a = 2\n\nb = $0\nc = 3\n", "a = 1\nb = $0\nc = 3\n", "a = 1\n\nb = $0\nc = 4\n"]
)
def test_another_line_is_another_scene(marked: str) -> None:
    scene = Scene.of(view_at("a = 1\n\nb = $0\nc = 3\n"))

    assert Scene.of(view_at(marked), scene) is not scene


def test_lines_are_found_by_their_beginning_the_nearest_first() -> None:
    scene = Scene.of(view_at("return 1\nx = 1\nreturn 2\n$0\nreturn 3\nreturn 4\n"))

    assert [scene.lines[number] for number in scene.by_beginning["return"]] == [
        "return 2",
        "return 1",
        "return 3",
        "return 4",
    ]
    assert [line for _, _, line in scene.nearest] == ["return 2", "x = 1", "return 1", "return 3", "return 4"]
