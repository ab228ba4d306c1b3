"""Writes the extension's settings into package.json, from the server's own list (`typethrough settings --json`).

`python editors/vscode/scripts/settings.py` rewrites package.json; `--check` says whether it is up to date. The server is the
one that decides about a setting: its name, type, default, bounds and words, and whether a project may set it.
"""

# ruff: noqa: INP001  # a script, not a module of a package
from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent.parent / "package.json"

# Settings of the extension itself: the server never hears of them.
OWN: dict[str, dict[str, Any]] = {
    "typethrough.command": {
        "type": "array",
        "items": {"type": "string"},
        "default": [],
        "scope": "machine",
        "markdownDescription": (
            "The program that is the language server, then its arguments, such as `--log-level` and `debug`. "
            "Empty means: `typethrough` on your PATH, else the one that the extension has installed."
        ),
    },
}
_TYPES = {
    "flag": "boolean",
    "number": "integer",
    "names": "array",
    "globs": "array",
    "command": "array",
    "routes": "object",
}


def key_of(name: str) -> str:
    """The setting's name in an editor: `budget_ms` is `typethrough.budgetMs`."""
    return "typethrough." + re.sub(r"_(\w)", lambda match: match[1].upper(), name)


def is_offered(row: dict[str, Any]) -> bool:
    """Whether an editor's settings page may have it: a key belongs in the secret storage, a user file's setting there."""
    return not row["secret"] and row["reach"] != "user_file"


def property_of(row: dict[str, Any]) -> dict[str, Any]:
    """One row of the server's list as a property of `contributes.configuration`."""
    kind = _TYPES.get(row["kind"], "string")
    entry: dict[str, Any] = {"type": kind}
    if kind == "array":
        entry |= {"items": {"type": "string"}, "uniqueItems": True}
    if kind == "object":
        entry["additionalProperties"] = {"type": "string"}
    numbers = range(row["minimum"], row["maximum"] + 1) if kind == "integer" else ()
    if row["choices"]:
        # A word or a number: the settings page has a list for both, and no field that takes either.
        entry |= {"type": ["string", kind]} if numbers else {}
        entry["enum"] = [*row["choices"], *numbers]
    elif numbers:
        entry |= {"minimum": row["minimum"], "maximum": row["maximum"]}
    entry["default"] = row["default"]
    # Where code and keys go is the user's to say, never a project's: VS Code reads a machine setting from no workspace.
    entry["scope"] = "window" if row["reach"] == "anywhere" else "machine"
    entry["markdownDescription"] = row["description"]
    if kind == "integer":
        entry["markdownDescription"] += f" In {row['unit']}, {row['minimum']} to {row['maximum']}."
    return entry


def properties(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Every setting of the extension, in the order of its settings page."""
    offered = {key_of(row["name"]): property_of(row) for row in rows if is_offered(row)}
    entries = offered | OWN
    return {key: entry | {"order": order} for order, (key, entry) in enumerate(entries.items())}


def with_settings(package: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """package.json as it should be: in an untrusted workspace no setting of ours may come from the workspace."""
    entries = properties(rows)
    package["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"] = list(entries)
    package["contributes"]["configuration"]["properties"] = entries
    return package


def main() -> int:
    """Rewrite or check; the exit code is 1 when a check finds a difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit with 1 if something would change"
    )
    check = parser.parse_args().check
    said = subprocess.run(
        [sys.executable, "-m", "typethrough", "settings", "--json"], stdout=subprocess.PIPE, check=True
    )
    before = PACKAGE.read_text(encoding="utf-8")
    after = (
        json.dumps(with_settings(json.loads(before), json.loads(said.stdout)), indent=2, ensure_ascii=False)
        + "\n"
    )
    if check:
        return int(before != after)
    PACKAGE.write_text(after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
