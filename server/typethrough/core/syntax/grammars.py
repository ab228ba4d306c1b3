"""The grammars of tree-sitter, by language, and parsing that can be stopped.

A grammar is imported with the first file of its language, so a server that starts does not wait for it. One that is not
installed, or cannot be loaded, makes its language one without a grammar.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Language, Parser, Tree

_CHUNK_BYTES: Final = 65_536


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
        # No wheel for this machine, or one whose version does not fit.
        return None


def parsed(
    parser: Parser, source: bytes, is_enough: Callable[[bool], bool], old_tree: Tree | None = None
) -> Tree | None:
    """Parse a text that may take too long: `is_enough` is asked about every 50 µs, and told whether there is
    an error so far; None says that it was enough.

    Then the parser goes on with the same text when it is called again, and must be reset before another. `old_tree` is the
    tree of an earlier text, which has been told what is different.
    """
    whole = memoryview(source)
    views: list[memoryview] = []

    def read(offset: int, _point: object) -> bytes:
        views.append(whole[offset : offset + _CHUNK_BYTES])
        # Bytes to a type checker; what is asked for is a buffer.
        return cast(bytes, views[-1])

    def progress(_offset: int, has_error: bool) -> bool:
        return is_enough(has_error)

    try:
        if old_tree is None:
            return parser.parse(read, progress_callback=progress)
        return parser.parse(read, old_tree, progress_callback=progress)
    except ValueError:
        return None
    finally:
        # The library keeps what it has read (py-tree-sitter 0.26): an empty view must be all that is left of it.
        for view in views:
            view.release()
        whole.release()
