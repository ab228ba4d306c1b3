"""Secrets whose name stands on a line above, as formatters of code write them; none was ever real."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.prompt.editing import Editing, whole
from tests.support.permits import send, tell
from typethrough.core.codebase.codebase import digest
from typethrough.core.document.document import Position
from typethrough.core.document.view import View
from typethrough.core.models import FimMarks, ModelProfile
from typethrough.core.prompt.economist import Terms
from typethrough.core.prompt.related import Excerpt, render
from typethrough.core.secrets.detector import finds, opening_of, openings, redacted
from typethrough.core.secrets.placeholders import PLACEHOLDER
from typethrough.core.secrets.vault import Vault

# A `¤` stands where the secret does.
_SHAPES = (
    'const password =\n  "¤";',
    "const password: string =\n  `¤`;",
    'API_KEY = (\n    "¤"\n)',
    'API_KEY = (  # noqa\n\n    # of staging\n    "¤"\n)',
    "password: |\n  ¤",
    "password: >-\n  ¤",
    'x = os.environ.get("DB_PASSWORD",\n  "¤")',
    'x = os.environ.get("PW",\n  "¤")',
    'x = os.environ.get(\n    "DB_PASSWORD",\n    "¤",\n)',
    "const key = process.env.API_KEY ||\n  '¤'",
    'app.config["SECRET_KEY"] = \\\n    "¤"',
    'connect(\n    user="me",\n    password=\n        "¤",\n)',
    "<password>\n  ¤\n</password>",
    '{\n  "password":\n    "¤"\n}',
    '"password" =>\n  "¤"',
    "psql --password \\\n  ¤",
    'password = """\n¤\n"""',
    "password = <<EOF\n¤\nEOF",
    "# password:\n#   ¤",
    'password = (\n    os.getenv("DB_PW")\n    or "¤"\n)',
    "$password\n    = '¤';",
    "env:\n  - name: DB_PASSWORD\n    value: ¤",
    '{\n  "name": "DB_PASSWORD",\n  "value": "¤"\n}',
    'set {\n  name  = "api.password"\n  value = "¤"\n}',
    "<key>password</key>\n<string>¤</string>",
    "passwords:\n  - ¤",
    'set_password(\n    "¤"\n)',
)
_SECRET = "Tr0ub4dor3xKq9"
_MARKS = FimMarks("<PRE>", "<SUF>", "<MID>")


@pytest.mark.parametrize("shape", _SHAPES)
def test_a_value_below_its_name_is_taken_out_and_nothing_else(shape: str) -> None:
    told = redacted(shape.replace("¤", _SECRET))
    assert told == shape.replace("¤", told[told.index("__HIDDEN_") : told.rindex("__") + 2])
    assert Vault().lines(shape.replace("¤", _SECRET).split("\n"))[:1] == shape.split("\n")[:1]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('password = "Tr0ub\\\n4dor&3xKq9"', 'password = "¤\n¤"'),
        ('password = (\n  "Tr0ub4"\n  "dor&3xKq9"\n)', 'password = (\n  "¤"\n  "¤"\n)'),
        ('secret = "wJalr4XUtn" +\n    "FEMI7qzzz";', 'secret = "¤" +\n    "¤";'),
        (
            "password = (\n" + '    "abc1Xyz9"\n' * 9 + ")",
            "password = (\n" + '    "¤"\n' * 9 + ")",
        ),
        ("# password:\n# root_password:\n# hunter2x", "# password:\n# root_password:\n# ¤"),
        ("passwords:\n  - hunter2\n  - hunter3", "passwords:\n  - ¤\n  - ¤"),
    ],
)
def test_a_secret_in_several_lines_is_taken_out_of_each(text: str, told: str) -> None:
    assert PLACEHOLDER.sub("¤", redacted(text)) == told


@pytest.mark.parametrize("shape", _SHAPES)
def test_lines_that_end_with_a_carriage_return_are_read_too(shape: str) -> None:
    assert _SECRET not in redacted(shape.replace("¤", _SECRET).replace("\n", "\r\n"))
    assert "dor&3" not in redacted('password = "Tr0ub\\\r\n4dor&3xKq9"\r\n')


@pytest.mark.parametrize(
    "line", ["password =", 'x(password="a', 'password = "abc" +', '"abc1" +', "# token:"]
)
def test_what_is_left_open_stays_short_however_many_lines_leave_it(line: str) -> None:
    opening = None
    for _ in range(300):
        opening = opening_of(line, opening) or opening_of("password = (")
        assert opening is not None
        assert len(opening.text) < 1_500


@pytest.mark.parametrize(
    "text",
    [
        'password =\n  input("Password2: ")',
        "password = (\n    get_password2()\n)",
        "if password:\n    return value2x",
        "for token in tokens:\n    stack3.append(token)",
        "password:\n  username2: bob",
        'secrets = {\n  "user2name": "x",\n}',
        'def login(self, password):\n    """Use CRAM-MD5 to log in."""',
        'names = [\n    "DB_PASSWORD",\n    "DB_HOST1",\n]',
        'names = [\n    "password",\n    "sha256_token2",\n]',
        "def login(\n    password: str,\n    token2: str,\n):",
        "password: |\n  ${DB_PASSWORD1}",
        'api_key = os.environ.get(\n    "API_KEY",\n    "your-api-key-1",\n)',
        "# Why a token:\n# The sha256 of it is kept.",
        "- name: DB_PASSWORD\n  valueFrom: secret2ref",
        "- name: DB_PASSWORD\n- name: DB_HOST\n  value: db2.internal",
        '{\n  "key": "password",\n  "label": "Passw0rd2x"\n}',
        '# Ask for a password\nname2 = "x1y2z3w4"',
        "if x == password\n   or y == 'abc123x'",
        "token = (\n    first2 + second3\n)",
    ],
)
def test_what_only_stands_below_such_a_name_is_left_as_it_is(text: str) -> None:
    assert redacted(text) == text


@given(st.lists(st.sampled_from([line for shape in _SHAPES for line in shape.split("\n")]), min_size=1))
def test_a_vault_hides_the_same_lines_whatever_it_has_seen_before(lines: list[str]) -> None:
    lines = [line.replace("¤", "correcthorsebattery") for line in lines]
    used = Vault()
    for start in range(len(lines)):
        used.lines(lines[start : start + 3])
    once, again = used.lines(lines), used.lines(lines)
    assert once == again
    told = redacted("\n".join(lines)).split("\n")
    assert [PLACEHOLDER.sub("¤", line) for line in once] == [PLACEHOLDER.sub("¤", line) for line in told]


_PARTS = (
    "password",
    "token",
    '"',
    "'",
    "`",
    "=",
    ":",
    " ",
    "(",
    ",",
    "\\",
    "|",
    "#",
    "- ",
    "name: ",
    "value: ",
    "x7Kq9",
    "\u0130",
)


@given(st.lists(st.lists(st.sampled_from(_PARTS), max_size=12).map("".join), max_size=8))
def test_any_lines_give_spans_in_order_that_lie_in_them(lines: list[str]) -> None:
    opened = openings(lines, range(len(lines)))
    for number, line in enumerate(lines):
        end = 0
        for find in finds(line, opened.get(number)):
            assert end <= find.start < find.end <= len(line)
            end = find.end


def test_a_line_is_hidden_below_a_name_only_and_known_lines_are_looked_at_again() -> None:
    vault = Vault()
    value = '    "correcthorse"'
    assert vault.lines([value, "b = 1"]) == [value, "b = 1"]
    hidden = ["password = (", '    "__HIDDEN_password_1__"', ")"]
    assert vault.lines(["password = (", value, ")"]) == hidden
    assert vault.lines(["password = (", value, ")"]) == hidden
    assert vault.lines(["words = (", value, ")"]) == ["words = (", value, ")"]


def _filled(shape: str, above: int, below: int) -> tuple[str, int]:
    """A file with the shape in it, and the line that its secret is in."""
    lines = [f"value_{n} = compute(value_{n})" for n in range(above)]
    lines += shape.replace("¤", _SECRET).split("\n")
    lines += [f"other_{n} = compute(other_{n})" for n in range(below)]
    return "\n".join(lines), next(n for n, line in enumerate(lines) if _SECRET in line)


@pytest.mark.parametrize("shape", _SHAPES)
def test_it_leaves_by_no_window_anchor_or_code_models_prompt(shape: str) -> None:
    # The window begins at a multiple of 16 lines: with the secret's line, or one above it, or elsewhere.
    for above in (46, 47, 48):
        text, number = _filled(shape, above, 40)
        editing = Editing(text, anchor_chars=600)
        for line, column in ((number, 4), (number, 99), (number + 1, 0), (number + 12, 0), (number - 3, 0)):
            at = Position(line, column)
            assert _SECRET not in whole(editing.prompt(at))
            for chars in (120, 500, 900):
                terms = Terms(ModelProfile(fim=_MARKS), chars, 64)
                view = View.at(editing.document.snapshot, at, uri=editing.document.uri)
                assert _SECRET not in whole(editing.state.build(send("src/main.py"), view, terms, 0.0))


def test_while_somebody_types_elsewhere_what_was_sent_stays_as_it_was() -> None:
    text = "\n".join(f"a_{n} = 1\n{shape.replace('¤', f'{_SECRET}{n}')}" for n, shape in enumerate(_SHAPES))
    editing = Editing(f"{text}\n\nend = 1\n", anchor_chars=9_000)
    at = Position(text.count("\n") + 1, 0)
    first = editing.prompt(at)
    for typed in "value = compute(a_1)\nother":
        at = editing.edit(at, at, typed)
        prompt = editing.prompt(at)
        stable = list(zip(first.messages[: first.stable], prompt.messages, strict=False))
        assert all(old is new for old, new in stable)
        assert _SECRET not in whole(prompt)


@pytest.mark.parametrize("shape", _SHAPES)
def test_while_it_is_typed_only_its_beginning_is_sent(shape: str) -> None:
    before = shape[: shape.index("¤")]
    lines = before.split("\n")
    editing = Editing("a = 1\n" + before)
    at = Position(len(lines), len(lines[-1]))
    editing.prompt(at)
    for typed in _SECRET:
        at = editing.edit(at, at, typed)
        assert _SECRET[:8] not in whole(editing.prompt(at))


@pytest.mark.parametrize("shape", _SHAPES)
def test_it_leaves_by_no_change_in_which_its_name_is_not(shape: str) -> None:
    text, number = _filled(shape, 30, 60)
    editing = Editing(text, anchor_chars=9_000)
    editing.prompt(Position(80, 0))
    line = editing.document.snapshot.lines(number, number + 1)[0]
    start = line.index(_SECRET)
    # Another one, of letters alone: it is not known again by its pieces.
    editing.edit(Position(number, start), Position(number, start + len(_SECRET)), "correcthorseBatteryQ1")
    told = whole(editing.prompt(Position(80, 0)))
    assert _SECRET not in told
    assert "correcthorse" not in told


@pytest.mark.parametrize("shape", _SHAPES)
def test_it_leaves_by_no_piece_or_declaration_of_another_file(shape: str) -> None:
    text, number = _filled(shape, 8, 8)
    lines = text.split("\n")
    for first in range(number - 2, number + 1):
        piece = Excerpt(
            tell("src/other.py"), "\n".join(lines[first:]), tuple(lines[max(0, first - 6) : first])
        )
        ((_, told),) = render([], [piece]).files
        assert _SECRET not in told
        assert told.count("\n") == len(lines) - first - 1
    assert _SECRET not in repr(digest("src/keys.py", text, "python"))
