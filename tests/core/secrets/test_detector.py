"""What is taken for a secret and what is not; no example was ever a real key."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.secrets.planted import HARMLESS, KINDS, plant
from typethrough.core.secrets.detector import finds, suspect_lines
from typethrough.core.secrets.forms import FORMS

_EACH = 20


def masked(line: str) -> str:
    """The line with a sign where secrets were found."""
    for find in reversed(finds(line)):
        line = f"{line[: find.start]}¤{line[find.end :]}"
    return line


@pytest.mark.parametrize("kind", KINDS)
def test_a_planted_secret_is_found_whole_and_little_else(kind: str) -> None:
    random = Random(kind)
    for _ in range(_EACH):
        line, secret = plant(kind, random)
        start = line.index(secret)
        (found,) = [one for one in finds(line) if one.start < start + len(secret) and one.end > start]
        assert found.start <= start
        assert found.end >= start + len(secret)
        # What is round it is left, but for the end of a value with a space in it and the like.
        assert found.end - found.start <= len(secret) + 12


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_with_a_secret_is_a_suspect_among_others(kind: str) -> None:
    line = plant(kind, Random(kind)).line
    assert list(suspect_lines(f"a = 1\n\n{line}\nb = 2\n{line}")) == [2, 4]


@pytest.mark.parametrize("line", HARMLESS)
def test_code_that_only_speaks_of_secrets_is_left_as_it_is(line: str) -> None:
    assert masked(line) == line


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("# token sk-live-51H8aBcDeFgHiJk", "# token ¤"),
        ("token='sk-live-51H8 aBcDeFg ef'", "token='¤'"),
        ('"postgres://user:p\'assw0rd@host/db"', '"postgres://user:¤@host/db"'),
        ('#define API_KEY "abc123def456"', '#define API_KEY "¤"'),
        ('PASSWORD = "hunter2"', 'PASSWORD = "¤"'),
        ('password = "hunt', 'password = "¤'),
        ("password: hunter2  # for now", "password: ¤  # for now"),
        ('{"user": "a", "password": "hunter2", "port": 1}', '{"user": "a", "password": "¤", "port": 1}'),
        ("a = ghp_0123456789abcdef…", "a = ¤…"),
        ('x = "line\\nghp_0123456789abcdefABCDEF"', 'x = "line\\n¤"'),
        ("docker run -e POSTGRES_PASSWORD=hunter2 img", "docker run -e POSTGRES_PASSWORD=¤ img"),
        ("machine api.x login me password hunter2", "machine api.x login me password ¤"),
        (
            "kubectl create secret x --from-literal=password=hunter2",
            "kubectl create secret x --from-literal=password=¤",
        ),
        ("PGPASSWORD=hunter2 psql -h db", "PGPASSWORD=¤ psql -h db"),
        ("setenv PASSWORD hunter2", "setenv PASSWORD ¤"),
        ("define('DB_PASSWORD', 'hunter2');", "define('DB_PASSWORD', '¤');"),
        ("ALTER USER x IDENTIFIED BY 'S3cret!'", "ALTER USER x IDENTIFIED BY '¤'"),
        ("redis://:p4ssw0rd@localhost:6379/0", "redis://:¤@localhost:6379/0"),
        ('<add key="ApiKey" value="1234567890abcdef12" />', '<add key="ApiKey" value="¤" />'),
        ('SECRET_KEY = "django-insecure-#x$y9@z0l3h&w4"', 'SECRET_KEY = "¤"'),
        ('pw = "hunter2"', 'pw = "¤"'),
        ("DB_PW=hunter2", "DB_PW=¤"),
        ("  dbpw: hunter2", "  dbpw: ¤"),
        ("adminPw = 'hunter2'", "adminPw = '¤'"),
        ("os.environ.get('DB_PW', 'hunter2')", "os.environ.get('DB_PW', '¤')"),
        ('otp_seed = "JBSWY3DPEHPK3PXP"', 'otp_seed = "¤"'),
        ("TOTP_SECRET=JBSWY3DPEHPK3PXP", "TOTP_SECRET=¤"),
        ('secret = "JBSWY3DPEHPK3PXP"', 'secret = "¤"'),
        ('contraseña = "hunter2"', 'contraseña = "¤"'),
        ('contrasen\u0303a = "hunter2"', 'contrasen\u0303a = "¤"'),
        ("CONTRASENA=hunter2", "CONTRASENA=¤"),
        ('mot_de_passe = "hunter2"', 'mot_de_passe = "¤"'),
        ("motDePasse: 'hunter2',", "motDePasse: '¤',"),
        ("senha: hunter2", "senha: ¤"),
        ('passwort = "hunter2"', 'passwort = "¤"'),
        ("git clone https://a1B2c3D4e5F6g7H8i9J0@git.corp/x", "git clone https://¤@git.corp/x"),
        ("https://9f86d081884c7d659a2feaa0c55ad015@git.corp/x", "https://¤@git.corp/x"),
        ('x = "eyJhbGciOiJIUzI1NiIsInR5cCI6I', 'x = "¤'),
    ],
)
def test_only_the_secret_is_taken_out(line: str, left: str) -> None:
    assert masked(line) == left


@pytest.mark.parametrize("size", [10, 4_000, 200_000])
def test_a_long_line_is_looked_at_in_all_its_length(size: int) -> None:
    filler = "x = f(y) " * (size // 9)
    line = f'{filler}password="hunter2" {filler}'
    assert masked(line) == line.replace("hunter2", "¤")


@pytest.mark.parametrize("before", [1_500, 2_500, 5_900])
def test_a_secret_is_found_to_its_end_however_long_the_line_and_it_are(before: int) -> None:
    line = f"{'a = 1, ' * (before // 7)}'eyJ{'a1B2c3D4' * 5}.{'q8Lm2Nq7' * 400}.{'x-Y9_' * 20}', b = 2"
    assert masked(line) == f"{'a = 1, ' * (before // 7)}'¤', b = 2"


def test_a_secret_is_found_beside_what_looks_like_a_placeholder() -> None:
    line = "y = __HIDDEN_key_1__wJalrXUtnFEMIK7MDENGbPxRfiCYzTq8Lm2Nq7__HIDDEN_key_2__"
    assert masked(line) == "y = __HIDDEN_key_1__¤__HIDDEN_key_2__"


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300))
def test_any_line_gives_spans_in_order_that_lie_in_it(line: str) -> None:
    end = 0
    for find in finds(line):
        assert end <= find.start < find.end <= len(line)
        end = find.end


@given(st.lists(st.sampled_from([*HARMLESS, *(plant(kind, Random(kind)).line for kind in KINDS)])))
def test_in_a_long_text_the_same_lines_are_found_as_one_by_one(lines: list[str]) -> None:
    suspects = set(suspect_lines("\n".join(lines)))
    assert {number for number, line in enumerate(lines) if finds(line)} <= suspects


def test_each_form_has_a_kind_that_can_stand_in_a_placeholder_and_a_source() -> None:
    for kind, marks, _, source in FORMS:
        assert kind.isalpha()
        assert kind.islower()
        assert marks
        assert source
