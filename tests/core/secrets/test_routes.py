"""A planted secret leaves by no route, whatever the place, the cursor, and where a text is cut."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.core.prompt.editing import Editing, whole
from tests.core.secrets.planted import KINDS, plant
from tests.core.secrets.routes import ROUTES, leaked, places
from tests.support.permits import send
from typethrough.core.document.document import Position
from typethrough.core.document.view import View
from typethrough.core.models import profile_of
from typethrough.core.prompt.economist import Terms
from typethrough.core.settings.schema import DEFAULT_MODEL

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


# What the others are shows at their end alone, or late.
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in {"mailchimp", "braintree"}])
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


def test_when_secrets_are_to_be_hidden_after_all_the_file_is_frozen_anew_without_them() -> None:
    editing = Editing('KEY = "ghp_0123456789abcdefABCDEF0123456789abcd"\n\n')
    view = View.at(editing.document.snapshot, Position(1, 0), uri=editing.document.uri)
    terms = Terms(profile_of(DEFAULT_MODEL), 4_000, 64)
    sent = [
        editing.state.build(send("src/main.py"), view, terms._replace(hides_secrets=hides), 0.0)
        for hides in (False, True, True, False)
    ]
    assert ["ghp_" in whole(prompt) for prompt in sent] == [True, False, False, True]
    assert [len(prompt.kept_back) for prompt in sent] == [0, 1, 1, 0]
