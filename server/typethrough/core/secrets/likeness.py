"""What a secret looks like, and what only resembles one: names, paths, prose, hashes, values to be filled in later."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# `${X}`, `{{ x }}`, `{x}`, `%s`, `$X`, `<your key>`, `xxxx`, `****`, `...`, `your-key-here`
_LATER: Final = re.compile(
    r"\$[{(]|\$[A-Za-z_]{4,}|^\$\w+$|\{\{|\{[\w.!:()\[\]]*\}|%[sdr]\b|%\(|^<|>$|^\[.*\]$|[xX*•_\-.?]{4,}|^[.*x]+$"
    r"|\b(?:(?:your|my|insert|replace|change|enter|fake|dummy|mock|invalid|wrong|sample|example|placeholder|redacted)[\s_-]?"
    r"|(?:some|the|an?)[\s_-])(?:own|me|this|it|with|here|key|token|secret|pass|api|pw|value|access|auth)"
    r"|changeme|0-9a-|a-za-|a-z0-|%\d?\.\d[defgs]|^#[0-9a-f]{3,8}$|\bTODO\b|\bREDACTED\b|__HIDDEN_",
    re.IGNORECASE,
)
# Words that occur in texts about passwords.
_SPOKEN: Final = frozenset(
    (
        "password", "passwords", "passwd", "pass", "passphrase", "passcode", "pwd", "secret", "secrets", "token", "tokens", "key",
        "keys", "user", "username", "login", "name", "admin", "root", "none", "null", "true", "false", "string", "str", "text",
        "test", "tests", "testing", "required", "optional", "hidden", "invalid", "missing", "basic", "bearer", "auth",
        "authorization", "oauth", "value", "default", "empty", "unknown", "input", "type", "field", "label", "title", "current",
        "confirm", "new", "old", "repeat", "forgot", "reset", "change", "show", "hide", "enter", "your", "please", "strong",
        "weak", "plain", "hash", "hashed", "encrypted", "cookie", "header", "body", "query", "object", "number", "boolean",
        "bytes", "file", "env", "example", "port",
    )
)  # fmt: skip
# `HTTPServer2`, `win32api`, `blake2b`, `3rd`, `i18n`
_WORD: Final = re.compile(
    r"(?:[A-Z]?[a-z]{2,}+|[A-Z]++)*+\d{0,4}(?:[a-z]{3,}|[a-z])?|\d+[a-z]{0,2}|[a-z]\d{0,3}[a-z]?"
)
_PIECE: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
# The average length of a piece. Real words are longer than this, random letters and digits have less than two.
_PIECE_CHARS: Final = 3.2
_LETTERS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_CONSONANTS: Final = re.compile(r"[A-Z]?[b-df-hj-np-tv-xz]{3,}")
# Abbreviations without a vowel that programmers use.
_CLIPPED: Final = frozenset(
    (
        "http", "https", "html", "xhtml", "xml", "css", "ssl", "ssh", "tls", "sql", "ctrl", "cmd", "src", "str", "ptr", "ctx",
        "cfg", "pkg", "tmp", "npm", "pwd", "txt", "img", "btn", "msg", "mgr", "svc", "http2", "dns", "csv", "tsv", "ftp", "smtp",
        "grpc", "rpc", "jwt", "ldap", "tcp", "mqtt", "wss", "ws", "db", "rds", "vpc", "gpg", "pgp", "png", "jpg", "svg", "pdf",
        "md", "ttl", "crc", "rng", "prng", "std",
    )
)  # fmt: skip
# For each letter, the letters that rarely follow it. Counted over the words in the names and texts of Python's standard
# library: each such pair occurs in fewer than 8 of 10,759 words. In random letters, every third pair is rare.
_SELDOM: Final = {
    "a": "joqz", "b": "ghkqvwxz", "c": "jxz", "d": "hkqwz", "e": "j", "f": "bhjkqvwxz", "g": "bjkqxyz", "h": "bcfghjkpqvwxz",
    "i": "hijquwy", "j": "bcdfghijklmnpqrstvwxyz", "k": "bhjkmpqvxyz", "l": "jqwxz", "m": "ghjqvwxz", "n": "jxz", "o": "hjqyz",
    "p": "jqvxz", "q": "abcdefghijklmnopqrstvwxyz", "r": "jqxz", "s": "jxz", "t": "gjq", "u": "hjkquvwxyz",
    "v": "bdfghjklnpqtuvwxyz", "w": "bgjkmquvxyz", "x": "ghjknquvwz", "y": "aghjkquvxyz", "z": "bcdfghjklmnpqrstuvwxyz",
}  # fmt: skip
# Text with at least this share of rare pairs, and at least two of them, does not consist of words.
_LEAST_SELDOM: Final = 0.15
# Shorter runs of capital letters are often acronyms.
_LEAST_ACRONYM_CHARS: Final = 6
_DIGIT: Final = re.compile(r"\d")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
# The form of seeds for one-time passwords.
_BASE32: Final = re.compile(r"[A-Z2-7]{16,}={0,6}$")
# In random letters and digits the class of character changes at 6 of 10 places, in words at 2.
_RANDOM: Final = 0.3

# A key without a known form: a long run of letters of both cases and digits, without words.
_TOKEN: Final = re.compile(r"(?<![A-Za-z0-9_\-+/=.])[A-Za-z0-9_\-+/]{24,200}={0,2}(?![A-Za-z0-9_\-+/=]|\.\w)")
_MOST_PIECE_CHARS: Final = 2.75
_QUOTES: Final = ('"', "'", "`")
_LONG_WORD: Final = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{4,}")
_MOST_WORDS: Final = 0.45
# If this stands before a run, the run is a hash or an image.
_DIGEST_BEFORE: Final = re.compile(r"(?:sha\d{1,3}[-:=]|h1:|md5[-:=]|base64,|[#?&]\w*hash=)$", re.IGNORECASE)
_DIGEST: Final = re.compile(r"sha\d{3}-", re.IGNORECASE)


def has_digit(text: str) -> bool:
    """Whether a text contains a digit."""
    return _DIGIT.search(text) is not None


def is_filled_in_later(text: str) -> bool:
    """Whether a text stands for a value that is filled in elsewhere: a variable, a template, an instruction."""
    return bool(_LATER.search(text))


def transitions(text: str) -> float:
    """The share of places, from 0 to 1, where the class of character (upper, lower, digit, other) changes."""
    classes = [0 if one.islower() else 1 if one.isupper() else 2 if one.isdigit() else 3 for one in text]
    return sum(a != b for a, b in pairwise(classes)) / max(1, len(text) - 1)


def is_random(text: str) -> bool:
    """Whether a text is one run of random letters and digits."""
    if any(one in text for one in " \t<>{}()[],;|") or len(set(text)) < 8:
        return False
    if not has_digit(text) or not any(map(str.isalpha, text)):
        return False
    if _is_hex(text):
        return len(text) >= 24
    return transitions(text) >= _RANDOM and not are_words(text)


def piece_chars(text: str) -> float:
    """The average length of the words and numbers in a text: 1.9 for random letters and digits, above 3 for words."""
    pieces = _PIECE.findall(text)
    return sum(map(len, pieces)) / max(1, len(pieces))


def is_unreadable(text: str) -> bool:
    """Whether the letters of a text follow each other as they do in no word."""
    pairs = seldom = 0
    for piece in _PIECE.findall(text):
        if not piece.isupper() or len(piece) >= _LEAST_ACRONYM_CHARS:
            pairs += len(piece) - 1
            seldom += sum(second in _SELDOM.get(first, "") for first, second in pairwise(piece.lower()))
    return seldom >= 2 and seldom >= _LEAST_SELDOM * pairs


def looks_secret(text: str) -> bool:
    """Whether a value is a secret, given that its name says `secret`: it is not words, a path or a name."""
    if is_filled_in_later(text) or text.startswith(("http://", "https://", "@")):
        return False
    if _UUID.match(text) or (_BASE32.match(text) and has_digit(text)):
        return True
    if _is_hex(text):
        return len(text) >= 16 or (len(text) >= 8 and has_digit(text) and not text.isdigit())
    is_mixed = has_digit(text) and any(map(str.isupper, text)) and any(map(str.islower, text))
    if is_mixed and len(text) >= 10 and text.isalnum() and not speaks_of_secrets(text):
        # Words can look like this too, but rarely as the value of such a name.
        return True
    if are_words(text):
        return False
    if has_digit(text):
        return any(map(str.isalpha, text))
    return len(text) >= 16 and " " not in text and transitions(text) >= _RANDOM


def is_words(text: str) -> bool:
    """Whether a text is a label, a sentence, a name or a path, and so no password."""
    if text.startswith(("/", "./", "http://", "https://")):
        return True
    if speaks_of_secrets(text):
        return not has_digit(text) or len(text) < 12
    return not has_digit(text) and bool(re.search(r"[\s_.:/\-]", text) or not _LETTERS.search(text))


def speaks_of_secrets(text: str) -> bool:
    """Whether a text contains a word about secrets, as a label or a name does: `password2`, `Enter your key`.

    If it contains a digit, at least half of it must be such words.
    """
    spoken = sum(len(part) for part in _LETTERS.findall(text) if part.lower() in _SPOKEN)
    return spoken * 2 >= len(text) if has_digit(text) else spoken > 0


def are_words(text: str) -> bool:
    """Whether a text is words with numbers, as programmers combine them: `sha256`, `access_token_2`, `utf-8`, `v1.2.3`."""
    if is_unreadable(text):
        return False
    if piece_chars(text) < _PIECE_CHARS and not all(map(_WORD.fullmatch, re.split(r"[^A-Za-z0-9]+", text))):
        return False
    return all(
        one.lower() in _CLIPPED
        for one in _LETTERS.findall(text)
        if _CONSONANTS.fullmatch(one) and not one.isupper()
    )


def _is_hex(text: str) -> bool:
    return not text.strip("0123456789abcdefABCDEF") and (text.lower() == text or text.upper() == text)


def find_random(line: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and kind of each random run in a line, for keys that neither a name nor a form identifies."""
    for match in _TOKEN.finditer(line):
        run = match[0]
        if (
            any(map(str.isupper, run))
            and any(map(str.islower, run))
            and sum(map(str.isdigit, run)) >= 2
            and piece_chars(run) < _MOST_PIECE_CHARS
            and is_random(run)
            and (line[match.start() - 1 : match.start()] in _QUOTES or not _is_name(run))
            and not is_filled_in_later(run)
            and line[match.end() : match.end() + 1] != "("
            and not _DIGEST.match(run)
            and not _DIGEST_BEFORE.search(line, max(0, match.start() - 20), match.start())
        ):
            yield match.start(), match.end(), "key"


def _is_name(run: str) -> bool:
    """Whether a run is a name with numbers in it: `glTexCoord4fColor4fVertex4f`, `GL_ARB_texture_rgb10_a2ui`."""
    if not run.isidentifier():
        return False
    if sum(map(len, _LONG_WORD.findall(run))) > _MOST_WORDS * len(run):
        return True
    parts = run.strip("_").split("_")
    return len(parts) > 2 and sum(_WORD.fullmatch(part) is not None for part in parts) > _MOST_WORDS * len(
        parts
    )
