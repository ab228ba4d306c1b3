"""Leads from memory: what followed where the same tokens occurred before, in any file.

This module does not know how places are stored, or what is shown in the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from typethrough.local.tokens import cursor_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typethrough.core.document.view import View
    from typethrough.local.index import LocalIndex
    from typethrough.local.leads import Leads

_REACH_BYTES: Final = 64
_BYTES_TO_DOUBLE: Final = 2
_SAME_SOURCE: Final = 4.0


def recall(
    leads: Leads, index: LocalIndex, view: View, line_prefix: str, lines_before: Sequence[str]
) -> None:
    """Add rests of lines that continue at the cursor. A place counts double for each two more bytes of equal context."""
    source = view.uri
    ending = view.line_suffix.strip().encode("utf-8", "surrogatepass")
    next_line = view.next_line().strip().encode("utf-8", "surrogatepass")
    written = line_prefix.lstrip().encode("utf-8", "surrogatepass")
    is_met = False
    cursor = cursor_at(line_prefix, lines_before, _REACH_BYTES)
    context_number = int.from_bytes(cursor.context, "big")
    context_size = len(cursor.context)
    skip = len(cursor.partial)
    for text, offset, origin in index.places(cursor.hashes, cursor.partial, source):
        end = text.find(b"\n", offset)
        rest = text[offset + skip : end] if end >= 0 else text[offset + skip :]
        start = max(offset - _REACH_BYTES, 0)
        # As numbers, two byte strings are compared from their ends in one step: equal bytes leave zeros in the lowest bits.
        differing = int.from_bytes(text[start:offset], "big") ^ context_number
        length = min(offset - start, context_size)
        if differing:
            length = min((differing & -differing).bit_length() - 1 >> 3, length)
        if origin == source:
            if written + rest == next_line:
                # The line below equals this one, so it is no evidence for a line above it.
                continue
            if not is_met and rest == ending and length >= context_size:
                # The cursor's own line, as it was when the document was opened.
                is_met = True
                continue
        try:
            found = leads.of(rest.decode("utf-8"), is_whole=True)
        except UnicodeDecodeError:
            # Half a surrogate pair may occur in a document, but it cannot be sent to an editor.
            continue
        weight = 2.0 ** (length / _BYTES_TO_DOUBLE)
        if origin == source:
            weight *= _SAME_SOURCE
            found.is_own = True
        found.weight += weight
        found.count += 1
        if length > found.reach:
            found.reach = length
