"""The configurations that the documentation gives to readers, for tests that use them as a reader would."""

import re
from pathlib import Path
from typing import Final

EDITORS_GUIDE: Final = Path(__file__).resolve().parents[2] / "editors" / "README.md"


def snippet(heading: str, language: str, *, guide: Path = EDITORS_GUIDE) -> str:
    """The first code block in `language` under a heading. Raises LookupError if there is none."""
    text = guide.read_text(encoding="utf-8")
    under = re.search(
        rf"^(#+) {re.escape(heading)}\n(.*?)(?=^#{{1,6}} |\Z)", text, flags=re.MULTILINE | re.DOTALL
    )
    if under is None:
        raise LookupError(f"{guide.name} has no heading {heading!r}")
    block = re.search(
        rf"^```{re.escape(language)}\n(.*?)^```$", under.group(2), flags=re.MULTILINE | re.DOTALL
    )
    if block is None:
        raise LookupError(f"{guide.name} has no {language} block under {heading!r}")
    return block.group(1)
