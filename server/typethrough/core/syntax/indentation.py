"""Two rules of Python that its grammar does not check: statements of a block have one column, and a block has a statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tree_sitter import Node

_BLOCKS: Final = frozenset(("block", "module"))


def is_misplaced(root: Node, first_row: int, last_row: int) -> bool:
    """Whether these rows break the rules.

    That is so if a statement that begins in them has another column than the one before it in its block, or if a block that
    begins in them, before the last row, is empty.
    """
    stack = [root]
    while stack:
        node = stack.pop()
        if node.end_point.row < first_row or node.start_point.row > last_row:
            continue
        children = node.named_children
        if node.type in _BLOCKS:
            if not children and first_row <= node.start_point.row < last_row:
                return True
            row, column = -1, -1
            for child in children:
                start = child.start_point
                if child.type == "comment" or start.row == row:
                    continue
                if column not in {-1, start.column} and first_row <= start.row <= last_row:
                    return True
                row, column = child.end_point.row, start.column
        stack.extend(children)
    return False
