"""Which signs are written twice in a row. Then a repeated sign may be the second half of another sign, not an echo."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.document.scan import comment_marks, family_of

if TYPE_CHECKING:
    from typethrough.core.document.view import View


def _words(words: str) -> frozenset[str]:
    return frozenset(words.split())


_CODE: Final = _words(
    "== === != !== => -> ++ -- && || << >> ** *** // :: .. ... ?? := <- <> |> =~ <= >= += -= *= /= %= &= |= ^= ?? >>> <<< "
    ";; !! {{ {% {# [[ %% $$ ~~ /* /** </ <!-- --- ^^ ??= ||= &&= **= //= >>= <<= .* ?. !. #! ## ''' \"\"\""
)
_TEXT: Final = _words("** *** ~~ == -- --- [[ $$ `` ``` \"\" '' <!-- {{ {% ::")
# This many of one sign are a drawn line.
_RULER: Final = 3
_LINE: Final = 5
_RUBY: Final = frozenset(("@@",))
_RANGES: Final = frozenset(("rust", "ruby", "lua"))
_HEREDOCS: Final = frozenset(("shell", "ruby"))
_CALL: Final = re.compile(r"\w+\(")


def is_written_twice(signs: str, said: str, following: str, prefix: str, view: View) -> bool:
    """Whether `signs` at the end of the line prefix and `said` at the start of the answer are one sign together.

    `following` is the rest of the answer.
    """
    family = family_of(view.language_id)
    joined = signs + said
    blank = following[:1].isspace()
    if signs.endswith("../") or joined.startswith("../") or (said == "." and prefix[-2:-1].isdigit()):
        return True
    if (len(signs) >= _RULER or len(joined) >= _LINE) and signs[0] != "." and not joined.strip(joined[0]):
        return True
    if joined.startswith("#") and not joined.strip("#"):
        # The preprocessor of C joins names with ##.
        return family == "text" or (family == "c" and prefix[-2:-1].isalnum())
    if joined == "<<" and following[:1].isalpha():
        return family in _HEREDOCS or view.language_id == "php"
    if joined == "\\\\":
        return view.state.inside[:1] in {'"', "'", "`"}
    if joined == ".." and family == "css":
        return False
    if joined == "..":
        return not prefix[:-1][-1:].isalnum() or (family in _RANGES and _CALL.match(following) is None)
    if family == "text":
        return joined == "::" or (joined in _TEXT and not blank)
    if joined in {"--", "//", ";;"} and blank:
        return joined in comment_marks(view.language_id) or family in {"unknown", "shell"} or joined == "//"
    if joined == "///":
        return signs == "//" or "///" in view.near()
    return joined in _CODE or (joined in _RUBY and family == "ruby")
