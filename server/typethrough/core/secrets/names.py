"""Secrets that are recognised by their place: the value of a name such as `password` in any notation, the user part of a URL,
or a header.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.secrets.detector import opens_something
from typethrough.core.secrets.likeness import (
    are_words,
    has_digit,
    is_filled_in_later,
    is_random,
    is_words,
    looks_secret,
    speaks_of_secrets,
)
from typethrough.core.secrets.nearby import find_nearby

if TYPE_CHECKING:
    from collections.abc import Iterator

# The end of a name, in small letters. After `pass…` nearly every value is a secret. After the others the value must look like
# one. After `key` and similar names it must be a random run.
NAME: Final = re.compile(
    r"(?:pass(?:words?|wds?|phrases?|codes?|wort)?|pwd?|mot[_\-. ]?de[_\-. ]?passe|senha|kennwort|wachtwoord|salasana"
    r"|jelsz(?:o|ó)|h[ae](?:sl|s\u0142)o|l\u00f6senord|(?:s|\u015f)ifre|парол[ья]|密码|密碼|口令|パスワード|비밀번호|mdp|clave|parola?"
    r"|contrase(?:ñ|n\u0303?)a|t?otp[_\-. ]?(?:seed|secret|key)|secrets?|tok(?:ens?)?|credentials?|conn(?:ection)?"
    r"[_\-. ]?str(?:ing)?|bearer|identified by|keys?|auth(?:orization|[_\-]?code)?|sig|cookie|dsn|pat|salt|session[_\-. ]?id|sid"
    r"|webhook(?:[_\-. ]?url)?|creds?)"
    # What may follow in the same name, to tell several apart.
    r"(?:[_-]?(?:value|string|str|text|raw|env|id|base64|b64|hex|prod(?:uction)?|dev(?:elopment)?|test|stag(?:e|ing)|live|default"
    r"|main|root|user|admin|old|new|primary|secondary|v?\d{1,3}))*(?![a-z0-9])"
)
_PASSWORD: Final = (
    "pass", "pw", "identified", "mot", "senha", "contrase", "otp", "totp", "kennwort", "wachtwoord", "salasana", "jelsz", "h",
    "l\u00f6senord", "sifre", "\u015fifre", "парол", "密", "口令", "パスワード", "비밀번호",
)  # fmt: skip
_SECRET: Final = ("secret", "tok", "cred", "conn", "bearer", "mdp", "clave", "parol")
# From the end of the name to the opening quote: `= `, `: str = `, `"] = `, `", `, `(`, ` or `, or a space.
TO_QUOTE: Final = re.compile(
    r"""_?["'`]?+(?:\[\w{0,20}\])?[\])]{0,2}\s*+
    (?P<by>:\s*[\w&\[\].<>|?*]{1,40}(?:\s+[\w&\[\].<>|?*]{1,20})?\s*=
    |value\s*=|as\s+\w{1,30}\s*=|=>|->|::?=|\?{1,2}=|\?[?:]|\|\|=?|[=!]={0,2}|[+.]=|<<?-|<<<?|,|\(|:|：|or\b|is\b|eq\b|to\b|)
    \s*+[\[({]?\s*+(?:!!\w+\s+)?[rbfuLRN@$]{0,2}(?P<quote>\"{3}|'{3}|["'`])""",
    re.VERBOSE | re.IGNORECASE,
)
_TO_BARE: Final = re.compile(
    r"""["'`]?\s*(?:=>|::?=|\?=|=|[:：](?:\s+(?:&\w+|!!\w+))?|>(?:<!\[CDATA\[)?)\s*|\s+(?=[^\s=:|&+<>*/,;(){}\[\].-])"""
)
_BARE: Final = re.compile(r"""[^\s"'`<>;,&(){}\[\]|\\…：，。、]+""")
_WHOLE: Final = re.compile(r"[^\s\"'`<>…]+")
QUOTED: Final = {quote: re.compile(rf"(?:\\.|(?!{quote}).)*") for quote in ('"', "'", "`", '"""', "'''")}
_CONSTANT: Final = re.compile(r"\w*_\w*$|[A-Z]+$")
_CONSTANTS: Final = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$")
_LEAST_ARGUMENT_CHARS: Final = 10
# How many characters before a name, and of a value, are checked.
_NEAR_CHARS: Final = 200
_JUDGED_CHARS: Final = 120
# What stands before the name in a line of a settings file or a shell, also when the line is commented out.
_SETTING: Final = re.compile(
    r"[\s\-+#;*/!<>|]*(?:(?<=[#*/;-] )(?:\w+\s+){1,3})?(?:"
    r"(?:export|set|setenv|setx|ENV|ARG|env|-e|declare|let|var)\s+|\$(?:env:|Env:)?|-D)*[\w.\-]*$"
)
_AFTER_SETTING: Final = re.compile(r"[\s\"',;]*(?:$|[#/<…])")
_LOGS_IN: Final = re.compile(
    r"\blogin\s+\S+\s+$|^\s*$|^\s*(?:set|setx|setenv|env)\s+(?:-\w+\s+){0,2}\$?[\w(]*$", re.IGNORECASE
)
_OPTION: Final = re.compile(r"(?:^|[\s\"'`])--?[\w-]*$")
_URL: Final = re.compile(
    r"://[^\s:/@\"'`<>]{0,80}:(?P<secret>[^\s/@<>]{1,200}(?:/[^\s/@<>]{1,80})?)@(?=[\w\[{$%.-])"
)
# A URL that is cut by the end of its string: the text where the port stands may be a password.
_URL_CUT: Final = re.compile(r"://[^\s:/@\"'`<>]{0,80}:(?P<secret>[^\s:/@\"'`<>]{4,200})[\"'`]")
# A token instead of a user name. User names are shorter, and consist of words.
_URL_TOKEN: Final = re.compile(r"://(?P<secret>[^\s:/@\"'`<>]{16,200})@(?=[\w\[{$%.-])")
_HEADER: Final = re.compile(
    r"(?:\b(?:bearer|basic|apikey|negotiate)\s+|\btoken\s+(?=[\w-]*\d)|authorization[\"']?\s*[:=,]\s*[\"']?(?:token\s+|key\s+)?)"
    r"(?P<secret>[\w.~+/=-]{8,})",
    re.IGNORECASE,
)
_HEADER_WORDS: Final = ("bearer", "basic", "authorization", "token ", "apikey", "negotiate")
# The address of a database in the form of Go's drivers.
_DSN: Final = re.compile(r"[\"'`][^\s:@\"'`]{1,80}:(?P<secret>[^\s@\"'`%{]{3,200})@tcp\(")
# A line of PostgreSQL's password file (.pgpass).
_PGPASS: Final = re.compile(r"^[^\s:#]+:(?:\d+|\*):[^\s:]+:[^\s:]+:(?P<secret>(?:\\.|[^\s:\\])+)$")
_LOGIN: Final = re.compile(
    r"\s(?:-u|--user|--proxy-user)[ =]?\s*[\"']?[^\s:\"'/]{1,60}:(?P<secret>[^\s\"']{3,})"
)
# What documentation writes instead of a real password.
_SAMPLES: Final = frozenset(
    ("password", "passwd", "pass", "pwd", "pw", "secret", "token", "key", "port", "mypassword", "your_password", "yourpassword")
)  # fmt: skip


def find_named(line: str, small: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and kind of each secret that is recognised by its place; `small` is the line in small letters."""
    ends = []
    for match in NAME.finditer(small):
        start, end = match.span()
        kind = kind_of(line, small, start)
        if kind and kind != "perhaps":
            ends.append(end)
        if kind and (span := _quoted(line, end, kind) or _bare(line, start, end, kind)):
            yield *span, "password" if kind == "password" else "secret"
    if has_digit(line):
        yield from find_nearby(line, small, ends)
    if "@tcp(" in line:
        yield from ((*one.span("secret"), "password") for one in _DSN.finditer(line))
    if "://" in line:
        for one in _URL.finditer(line):
            if not is_filled_in_later(one["secret"]) and one["secret"].lower() not in _SAMPLES:
                yield *one.span("secret"), "password"
        for one in _URL_CUT.finditer(line):
            text = one["secret"]
            if has_digit(text) and any(map(str.isalpha, text)) and not is_filled_in_later(text):
                yield *one.span("secret"), "password"
        for one in _URL_TOKEN.finditer(line):
            text = one["secret"]
            looks_so = is_random(text) or (text.isalnum() and _is_encoded(text))
            if looks_so and not is_filled_in_later(text):
                yield *one.span("secret"), "secret"
    password = _PGPASS.match(line) if line.count(":") >= 4 else None
    if password is not None and not is_filled_in_later(password["secret"]):
        yield *password.span("secret"), "password"
    if "-u" in small:
        for one in _LOGIN.finditer(line):
            if not is_filled_in_later(one["secret"]) and one["secret"].lower() not in _SAMPLES:
                yield *one.span("secret"), "password"
    for one in _HEADER.finditer(line) if any(word in small for word in _HEADER_WORDS) else ():
        if looks_secret(one["secret"]) or is_random(one["secret"]) or _is_encoded(one["secret"]):
            yield *one.span("secret"), "secret"


def _is_encoded(text: str) -> bool:
    return len(text) >= 16 and has_digit(text) and any(map(str.isupper, text)) and any(map(str.islower, text))


def kind_of(line: str, small: str, start: int) -> str:
    """What the name at `start` says of its value: "password", "secret" or "perhaps". Empty when it only ends another word."""
    before = line[start - 1 : start]
    # Chinese, Japanese and Korean words are not separated by spaces.
    begins = not before.isalpha() or line[start] > "\u2fff" or (before.islower() and line[start].isupper())
    if small.startswith(_PASSWORD, start):
        # `bypass` is no password; `dbpass`, `adminpw` and `userpassword` are.
        is_word = small.startswith(("passw", "passp", "passc", "pwd", "identified"), start)
        is_word = is_word or small.endswith(("db", "user", "my", "smtp", "admin", "root"), 0, start)
        return "password" if begins or is_word else ""
    if small.startswith(_SECRET, start):
        return "secret" if begins or small.startswith(("token", "secret"), start) else ""
    if small.startswith("key", start):
        return "secret" if opens_something(small, start) else "perhaps"
    return "perhaps" if begins else ""


def _quoted(line: str, end: int, kind: str) -> tuple[int, int] | None:
    opened = TO_QUOTE.match(line, end)
    if opened is None:
        return None
    body = QUOTED[opened["quote"]].match(line, opened.end())
    start, stop = opened.end(), body.end() if body is not None else opened.end()
    value, by = line[start:stop], opened["by"]
    if by in ("", ",", "is", "to", "("):
        # Prose, lists of words and arguments look like this too.
        is_constant = bool(_CONSTANT.search(line, max(0, end - _NEAR_CHARS), end))
        if not has_digit(value) or (kind == "password" and not is_constant and (not by or are_words(value))):
            return None
        if by == "," and _CONSTANTS.match(value):
            return None
        if by == "(" and line.endswith(("pass", "Pass"), 0, end):
            # In a call such as `pass(…)` the word does not mean a password.
            return None
        if by in (",", "(") and kind != "password" and len(value) < _LEAST_ARGUMENT_CHARS:
            return None
    return (start, stop) if _is_quoted_secret(value[:_JUDGED_CHARS], kind) else None


def _bare(line: str, start: int, end: int, kind: str) -> tuple[int, int] | None:
    gap = _TO_BARE.match(line, end)
    value = _BARE.match(line, gap.end()) if gap is not None else None
    if gap is None or value is None or line[value.end() : value.end() + 1] in ("(", "["):
        return None
    by, before = gap[0].strip("\"'` \t"), line[max(0, start - _NEAR_CHARS) : start]
    # A space alone says little, except after an option of a command.
    if not by and not _OPTION.search(before) and not _LOGS_IN.search(before):
        return None
    in_list = gap[0] == "=" and line[value.end() : value.end() + 1] in (";", "&")
    is_variable = gap[0] == "=" and line[start:end].isupper()
    is_setting = not by or by == ">" or is_variable or before.endswith("=")
    is_setting = is_setting or (start <= _NEAR_CHARS and bool(_SETTING.match(before)))
    if is_setting and not in_list and by in ("=", ":") and kind != "perhaps":
        # The value extends to the end of the line, so it may contain commas and brackets.
        value = _WHOLE.match(line, gap.end()) or value
        is_setting = is_variable or before.endswith("=") or bool(_AFTER_SETTING.match(line, value.end()))
    text = value[0].rstrip(",;")
    found = _is_bare_secret(
        text[:_JUDGED_CHARS], kind, is_setting=is_setting or in_list, is_variable=is_variable
    )
    return (value.start(), value.start() + len(text)) if found else None


def _is_quoted_secret(value: str, kind: str) -> bool:
    text = value.strip()
    if len(text) < 4 or is_filled_in_later(text):
        return False
    if kind == "perhaps":
        return len(text) >= 16 and is_random(text)
    if kind == "password":
        return not is_words(text)
    return len(text) >= 6 and looks_secret(text)


def _is_bare_secret(text: str, kind: str, *, is_setting: bool, is_variable: bool) -> bool:
    if len(text) < 6 or is_filled_in_later(text) or _CODE.match(text) or "(" in text or "[" in text:
        return False
    if kind == "perhaps":
        return len(text) >= 16 and is_random(text)
    if kind == "password" and is_setting:
        # `password: token2` is code, `password: hunter2` is a password. A name like $NAME has its value without quotes.
        return (has_digit(text) or is_variable) and not speaks_of_secrets(text)
    return len(text) >= 8 and looks_secret(text)


# A name, an attribute or a constant, which stands for a value in code.
_CODE: Final = re.compile(
    r"[~.]?/(?:[a-z_.-]+\d*/|[\w.-]*$)|[A-Za-z_]\w*(?:(?:\.|->|::)[A-Za-z_]\w*)+$|[A-Z]+_[A-Z_]*\d?$|[a-z]+_[a-z_]+\d?$|self\b|this\b|os\.|process\.|\*"
)
