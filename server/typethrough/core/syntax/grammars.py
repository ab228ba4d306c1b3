"""The tree-sitter grammar of each language, and parsing that can be stopped.

A grammar is imported with the first file of its language, so the server's start does not wait for it. If it is not installed or
cannot be loaded, the language has no grammar.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Language, Parser, Tree

_CHUNK_BYTES: Final = 65_536
# py-tree-sitter 0.26 never frees the object that it reads from, which would lose two kilobytes per parse. So these objects are
# reused: one for each thread that parses at the same time. Between parses they contain no text.
_BUFFERS: Final[list[bytearray]] = []


@lru_cache
def grammar(language_id: str) -> Language | None:
    """The grammar of a language, or None."""
    try:
        match language_id:
            case "python":
                from tree_sitter_python import language
            case "javascript" | "javascriptreact":
                from tree_sitter_javascript import language
            case "typescript":
                from tree_sitter_typescript import language_typescript as language
            case "typescriptreact":
                from tree_sitter_typescript import language_tsx as language
            case "go":
                from tree_sitter_go import language
            case "rust":
                from tree_sitter_rust import language
            case "java":
                from tree_sitter_java import language
            case "c":
                from tree_sitter_c import language
            case "cpp":
                from tree_sitter_cpp import language
            case _:
                return None
        from tree_sitter import Language

        return Language(language())
    except (ImportError, OSError, ValueError):
        # There is no package for this machine, or its version does not fit.
        return None


def parsed(
    parser: Parser, source: bytes, is_enough: Callable[[bool], bool], old_tree: Tree | None = None
) -> Tree | None:
    """Parse a text with a limit on the time.

    The parser calls `is_enough` about every 50 µs with whether there is an error so far, and stops when it returns True.
    Then the result is None. A further call with the same text continues; before another text, call `parser.reset()`.
    `old_tree` is the tree of an earlier text, edited for the differences.
    """
    try:
        buffer = _BUFFERS.pop()
    except IndexError:
        buffer = bytearray()

    def read(offset: int, _point: object) -> bytes:
        buffer[:] = source[offset : offset + _CHUNK_BYTES]
        # The type checker wants bytes. The parser accepts any buffer.
        return cast(bytes, buffer)

    def progress(_offset: int, has_error: bool) -> bool:
        return is_enough(has_error)

    try:
        if old_tree is None:
            return parser.parse(read, progress_callback=progress)
        return parser.parse(read, old_tree, progress_callback=progress)
    except ValueError:
        return None
    finally:
        buffer.clear()
        _BUFFERS.append(buffer)
