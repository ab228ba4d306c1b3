"""The extension in the form that users get: packed by its own script, once for each state of its sources.

Owns the check whether an existing package is up to date. Must not know how it is packed.
`python -m tests.support.vscode_extension` prints its path.
"""

import hashlib
import shutil
import sys
from pathlib import Path
from typing import Final

from tests.support import cache, node_install
from tests.support.node_install import NodeMissing

FOLDER: Final = cache.ROOT / "editors" / "vscode"
# The package contains the server's wheel too.
_SOURCES: Final = (FOLDER, cache.ROOT / "server", cache.ROOT / "pyproject.toml", cache.ROOT / "README.md")
_MADE: Final = {"node_modules", "dist", "__pycache__", "images"}


def pack() -> Path:
    """The .vsix made from the present sources. Raises NodeMissing if it cannot be made."""
    kept = cache.folder("vscode-extension")
    packed = kept / f"{_state()}.vsix"
    if not packed.exists():
        for old in FOLDER.glob("*.vsix"):
            old.unlink()
        node_install.npm(["run", "package"], "pack the VS Code extension", folder=FOLDER)
        made = list(FOLDER.glob("*.vsix"))
        if len(made) != 1:
            raise NodeMissing("the extension's package script made no .vsix")
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        made[0].replace(packed)
    return packed


def _state() -> str:
    """A name for the present state of the sources."""
    digest = hashlib.sha256()
    for source in _SOURCES:
        files = [source] if source.is_file() else [path for path in source.rglob("*") if path.is_file()]
        for path in sorted(files):
            parts = path.relative_to(cache.ROOT).parts
            # The wheel in the extension's folder and the copies made while packing are results, not sources.
            is_result = path.parent in (FOLDER, FOLDER / "server") and _is_result(path)
            if not _MADE.intersection(parts) and not is_result:
                digest.update("/".join(parts).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _is_result(path: Path) -> bool:
    return path.suffix in (".vsix", ".whl") or path.name in ("LICENSE", "CHANGELOG.md")


def main() -> int:
    """Print the path of the packed extension. Returns the exit status."""
    try:
        sys.stdout.write(f"{pack()}\n")
    except NodeMissing as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
