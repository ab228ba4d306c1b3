"""No part of a key or a password is seen, whatever its place and its encoding; ordinary words are."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from typethrough.core.settings.redaction import HIDDEN, Redaction

KEY = "sk-proj-9fQx7+/Zt4LmW2=Rb8Kd"
SHORT = "hunter2"


@pytest.mark.parametrize("secret", [KEY, SHORT])
@pytest.mark.parametrize(
    "wrap", ["{}", "Incorrect key {} given", "x{}y", "key=****{}", "a/b?key={}&x", 'Basic "{}"']
)
def test_any_run_of_four_characters_is_seen_in_any_place(secret: str, wrap: str) -> None:
    redaction = Redaction([secret])
    for start in range(len(secret) - 3):
        run = secret[start : start + 4]
        for form in (run, quote(run, safe=""), quote(quote(run, safe=""), safe="")):
            assert redaction.shows(wrap.format(form)), run
            assert run not in redaction.hidden(wrap.format(form))


@pytest.mark.parametrize("before", ["", "u", "us", "user:", "Bearer "])
@pytest.mark.parametrize("after", ["", ":", "@host"])
@pytest.mark.parametrize("secret", [KEY, SHORT])
def test_base64_shows_it_wherever_it_begins(secret: str, before: str, after: str) -> None:
    data = f"{before}{secret}{after}".encode()
    for encoded in (base64.b64encode(data), base64.urlsafe_b64encode(data)):
        text = f"Authorization: Basic {encoded.decode()} is wrong"
        assert Redaction([secret]).shows(text)
        hidden = Redaction([secret]).hidden(text)
        assert HIDDEN in hidden
        assert not Redaction([secret]).shows(hidden)


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        (KEY, "The project has no balance, status 402"),
        ("sk-model-key-error", "This model does not exist: error in the request"),
        (KEY, ""),
        ("", "anything at all"),
        ("abc", "abcd and xabc"),
    ],
)
def test_what_shows_nothing_is_left_as_it_is(secret: str, text: str) -> None:
    assert not Redaction([secret]).shows(text)
    assert Redaction([secret]).hidden(text) == text


def test_a_run_that_is_more_than_an_ordinary_word_is_no_ordinary_word() -> None:
    assert Redaction(["sk-model-key-error"]).hidden("model-key") == f"mo{HIDDEN}"
    assert Redaction(["tokens4life"]).hidden("tokens, then tokens4") == f"tokens, then tok{HIDDEN}"


def test_a_secret_shorter_than_a_run_is_hidden_as_a_word() -> None:
    assert Redaction(["pw1"]).hidden("me:pw1@host, pw12") == f"me:{HIDDEN}@host, pw12"


def test_a_secret_that_is_the_mark_itself_ends() -> None:
    assert Redaction(["[key]%41"]).hidden("a [key]%41 b").startswith("a ")


def test_secrets_add_up_and_are_in_no_representation() -> None:
    redaction = Redaction([KEY]).also([SHORT, ""])
    assert redaction.shows("hunt")
    assert redaction.shows("9fQx")
    assert redaction.also([KEY]) is redaction
    assert KEY not in repr(redaction)


# No letters of which a word could be made: an ordinary word tells nothing, and is no part of this.
_PARTS = st.characters(categories=("N", "P", "S", "Lo"), exclude_characters="%")


@settings(max_examples=50)
@given(st.text(_PARTS, min_size=4, max_size=20), st.text(max_size=12), st.text(max_size=12), st.data())
def test_nothing_is_left_to_be_seen(secret: str, before: str, after: str, data: st.DataObject) -> None:
    redaction = Redaction([secret])
    start = data.draw(st.integers(0, len(secret) - 4))
    text = f"{before}{secret[start : start + data.draw(st.integers(4, 20))]}{after}"
    assert redaction.shows(text)
    hidden = redaction.hidden(text).replace(HIDDEN, "x")
    assert not any(secret[at : at + 4] in hidden for at in range(len(secret) - 3))
