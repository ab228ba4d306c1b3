"""A planted secret leaves by no route, whatever the place, the cursor, and where a text is cut."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.core.prompt.editing import Editing
from tests.core.secrets.planted import KINDS, plant
from tests.core.secrets.routes import ROUTES, leaked, places
from typethrough.core.document.document import Position

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typethrough.core.prompt.message import Prompt

# Of each kind and each route; `tests.bench.secrets` tries thousands.
_PLACES = 1


@pytest.mark.parametrize("route", ROUTES)
def test_no_piece_of_a_secret_is_in_any_prompt(route: Callable[[Random, str, str], Iterator[Prompt]]) -> None:
    for kind in KINDS:
        for random, line, secret in places(kind, _PLACES):
            for prompt in route(random, line, secret):
                piece = leaked(secret, prompt)
                assert not piece, f"{piece} of {secret} ({kind}), in {line}"


# What it is shows at its end alone.
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "mailchimp"])
def test_while_a_secret_is_typed_only_its_beginning_is_sent(kind: str) -> None:
    line, secret = plant(kind, Random(kind))
    editing = Editing("a = 1\n\nb = 2\n")
    at = Position(1, 0)
    editing.prompt(at)
    for end in range(len(line) // 2, len(line) + 1, 5):
        at = editing.edit(Position(1, 0), at, line[:end])
        assert len(secret) < 32 or not leaked(secret[24:], editing.prompt(at)), line[:end]
    at = editing.edit(Position(1, 0), at, line)
    assert not leaked(secret, editing.prompt(at))
