"""What a vault hides, what it puts back, and that a prompt keeps its bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from typethrough.core.prompt.message import Message, Prompt, Unsealed
from typethrough.core.secrets.detector import redacted
from typethrough.core.secrets.vault import Vault

_KEY = "ghp_0123456789abcdefABCDEF0123456789abcd"
_OTHER = "sk-proj-abcdefgh0123456789ABCDEFGH"
_PEM = [
    "-----BEGIN RSA PRIVATE KEY-----",
    "MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF0qf1wqDVUUcq2BqSxfPzqYpJGJQ",
    "aG1vc3QgdGhlcmU+",
    "Q2==",
    "-----END RSA PRIVATE KEY-----",
]


def sealed(vault: Vault, *texts: str, stable: int = 0) -> Prompt:
    messages = tuple(Message("user", text) for text in texts)
    return vault.seal(Unsealed(messages, stable, (), 16, ""))


def test_a_secret_has_one_placeholder_as_long_as_the_document_is_open() -> None:
    vault = Vault()
    first = vault.lines([f'A = "{_KEY}"', "b = 1", f"# {_OTHER}"])

    assert first == ['A = "__HIDDEN_github_1__"', "b = 1", "# __HIDDEN_openai_2__"]
    assert vault.lines([f"x({_OTHER}, {_KEY})"]) == ["x(__HIDDEN_openai_2__, __HIDDEN_github_1__)"]


def test_the_model_may_use_a_secret_that_it_has_not_seen() -> None:
    vault = Vault()
    (line,) = vault.lines([f'A = "{_KEY}"'])
    prompt = sealed(vault, line)

    assert prompt.restored('connect("__HIDDEN_github_1__")', growing=False) == f'connect("{_KEY}")'
    assert prompt.kept_back == ("__HIDDEN_github_1__",)
    assert _KEY not in repr(prompt)


@pytest.mark.parametrize("end", range(len('x("__HIDDEN_github_1__'), len('x("'), -1))
def test_half_a_placeholder_is_not_shown_while_the_answer_grows(end: int) -> None:
    vault = Vault()
    prompt = sealed(vault, *vault.lines([_KEY]))
    answer = 'x("__HIDDEN_github_1__'[:end]

    shown = prompt.restored(answer, growing=True)
    assert shown == (f'x("{_KEY}' if end == len('x("__HIDDEN_github_1__') else 'x("')


def test_the_answer_ends_before_a_placeholder_that_stands_for_nothing() -> None:
    vault = Vault()
    prompt = sealed(vault, *vault.lines([_KEY]))

    assert prompt.restored("a = 1\nb = '__HIDDEN_aws_7__'\nc", growing=False) == "a = 1\nb = '"
    assert prompt.restored("a = __HIDDEN_aws__", growing=True) == "a = "


def test_a_placeholder_of_another_files_secret_ends_the_answer_too() -> None:
    prompt = sealed(Vault(), "<known>\nKEY = '__HIDDEN_aws__'\n</known>")

    assert prompt.kept_back == ("__HIDDEN_aws__",)
    assert prompt.restored("a = 1\nb = '__HIDDEN_aws__'", growing=False) == "a = 1\nb = '"


def test_what_looks_like_a_placeholder_in_the_users_text_comes_back_as_it_was() -> None:
    vault = Vault()
    lines = vault.lines([_KEY, "x = __HIDDEN_github_1__", "y = __HIDDEN_aws__"])
    prompt = sealed(vault, *lines)

    assert lines == ["__HIDDEN_github_1__", "x = __HIDDEN_text_2__", "y = __HIDDEN_text_3__"]
    assert prompt.restored(lines[1], growing=False) == "x = __HIDDEN_github_1__"
    assert redacted("x = __HIDDEN_github_1__") == "x = __HIDDEN_text__"


def test_a_cursor_in_a_secret_is_moved_behind_it() -> None:
    vault = Vault()
    line = f'A = "{_KEY}", "{_OTHER}"'
    for column in range(line.index(_KEY) + 1, line.index(_KEY) + len(_KEY) + 1):
        before, after = vault.at_cursor(line[:column], line[column:])
        assert before == 'A = "__HIDDEN_github__'
        assert after == '", "__HIDDEN_openai_1__"'


def test_a_cursor_elsewhere_stays_where_it_is() -> None:
    vault = Vault()
    line = f'A = "{_KEY}", b'
    for column in (*range(line.index(_KEY) + 1), *range(line.index('", b'), len(line) + 1)):
        before, after = vault.at_cursor(line[:column], line[column:])
        assert vault.lines([line])[0] == before + after or "__HIDDEN_github__" in before
    assert vault.at_cursor("A = 1, ", "b") == ("A = 1, ", "b")


def test_a_piece_of_a_known_secret_is_hidden_without_what_gave_it_away() -> None:
    vault = Vault()
    vault.lines([f'A = "{_KEY}"'])

    for line in (_KEY[4:], _KEY[8:20], _KEY[:20], f"{_KEY[:12]}x{_KEY[12:]}", f"g{_KEY}"):
        assert vault.lines([f"- {line}"])[0].startswith("- __HIDDEN_")


def test_a_short_secret_is_known_again_when_its_name_is_changed() -> None:
    vault = Vault()
    (line,) = vault.lines(["password = 'NAGo7c4Gv'"])

    assert line == "password = '__HIDDEN_password_1__'"
    assert vault.lines(["paxssword = 'NAGo7c4Gv'"]) == ["paxssword = '__HIDDEN_password_1__'"]
    assert vault.lines(["NAGo7c4Gv2"]) == ["__HIDDEN_key_2__"]
    assert vault.lines(["NAGo7c4"]) == ["NAGo7c4"]


@pytest.mark.parametrize("first", range(5))
@pytest.mark.parametrize("last", range(5))
@pytest.mark.parametrize("form", ["{}", '  "{}\\n"', "# {}", "+{}"])
def test_no_line_of_a_private_key_is_told_whichever_of_its_ends_is_in_sight(
    first: int, last: int, form: str
) -> None:
    lines = [form.format(line) for line in _PEM[first : last + 1]]
    told = "\n".join(Vault().lines(["a = 1", *lines, "b = 2"]))

    assert _PEM[1][:12] not in told
    if first == 0 or last == 4:
        assert "aG1vc3QgdG" not in told
        assert redacted("\n".join(lines)).count("__HIDDEN_privatekey__") == len(
            [line for line in _PEM[first : last + 1] if "-----" not in line]
        )


def test_a_private_key_in_one_line_is_hidden_to_its_end() -> None:
    key = "\\n".join(_PEM)
    (line,) = Vault().lines([f'{{"type": "x", "private_key": "{key}\\n", "token": "{_KEY}"}}'])

    assert "MIIEp" not in line
    assert "aG1vc3" not in line
    assert _KEY not in line
    assert line.startswith('{"type": "x", "private_key": "')


def test_what_comes_by_another_way_is_hidden_when_the_prompt_is_sealed() -> None:
    vault = Vault()
    stable = Message("user", f"<known>\nA = '{_KEY}'\n</known>")
    unsealed = Unsealed((stable, Message("user", f"b = '{_OTHER}'")), 1, (), 16, "")

    first, second = vault.seal(unsealed), vault.seal(unsealed)
    assert first.messages[0].text == "<known>\nA = '__HIDDEN_github_1__'\n</known>"
    assert first.messages[1].text == "b = '__HIDDEN_openai_2__'"
    # The very message, so that whoever encodes it does so once.
    assert second.messages[0] is first.messages[0]


def test_switched_off_nothing_is_hidden_and_nothing_is_put_back() -> None:
    vault = Vault()
    vault.lines([_KEY])
    assert vault.use(hides=False)
    prompt = sealed(vault, _KEY)

    assert prompt.messages[0].text == _KEY
    assert prompt.restored("__HIDDEN_github_1__", growing=True) == "__HIDDEN_github_1__"
    assert not vault.use(hides=False)


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\n\r")), max_size=40))
def test_text_without_secrets_passes_as_it_is(lines: list[str]) -> None:
    vault = Vault()
    hidden = vault.lines(lines)
    assert len(hidden) == len(lines)
    # Whatever was hidden comes back, even where chance has made up what looks like a secret.
    text = sealed(vault, "\n".join(hidden)).restored("\n".join(hidden), growing=False)
    assert text == "\n".join(lines)


@pytest.mark.parametrize("freezes", [True, False])
def test_lines_that_are_in_no_prompt_any_more_are_not_remembered(freezes: bool) -> None:
    vault = Vault()
    for number in range(300):
        lines = [f"line {number} of {other} {'x' * 50}" for other in range(50)]
        assert vault.lines(lines) == lines
        if freezes and number % 10 == 9:
            vault.begin()
    remembered = {**vault._lines, **vault._lines_before}
    assert sum(map(len, remembered)) < (80_000 if freezes else 420_000)
    assert lines[0] in remembered


def test_what_is_hidden_stays_hidden_when_the_file_is_frozen_anew() -> None:
    vault = Vault()
    lines = ["password = 'hunter2hunter2'", "x = 1"]
    before = vault.lines(lines)
    for _ in range(4):
        vault.begin()
        assert vault.lines(lines) == before
    assert "hunter2" not in "".join(before)
