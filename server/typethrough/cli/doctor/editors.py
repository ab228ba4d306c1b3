"""The doctor's check for our parts in editors: the extension for VS Code and its variants, and the plugin for Neovim."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from typethrough import __version__
from typethrough.cli.doctor.findings import ok, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from typethrough.cli.doctor.findings import Finding

_EXTENSION = "typethrough.typethrough-"
# VS Code and editors based on it keep their extensions in these folders in the user's home.
_VSCODES = {
    ".vscode": "VS Code",
    ".vscode-insiders": "VS Code Insiders",
    ".vscode-oss": "VSCodium",
    ".vscode-server": "VS Code's server",
    ".cursor": "Cursor",
    ".windsurf": "Windsurf",
    ".local/share/code-server": "code-server",
}
# Where Neovim and its common plugin managers keep plugins, as patterns below Neovim's data folder.
_PLUGINS = ("site/pack/*/*/*", "lazy/*", "plugged/*", "site")
_PLUGIN_FILE = "lua/typethrough/init.lua"
_MOST_FOUND = 20


def editors(environment: Mapping[str, str], home: Path) -> Iterator[Finding]:
    """A finding for each extension or plugin that is installed. If there is none, one finding that says so."""
    found = False
    for name, version in _extensions(environment, home):
        found = True
        if version == __version__:
            yield ok("editor", f"{name}: extension {version}")
        else:
            remedy = "Install the extension of the same version, or see which server the setting `typethrough.command` names."
            yield warning("editor", f"{name}: extension {version}, but this server is {__version__}", remedy)
    for path in _plugins(environment, home):
        found = True
        yield ok("editor", f"Neovim: plugin in {path}", private=[path])
    if not found:
        yield ok(
            "editor", "no extension for VS Code and no plugin for Neovim: any editor's own LSP client will do"
        )


def _extensions(environment: Mapping[str, str], home: Path) -> Iterator[tuple[str, str]]:
    """Yield each editor that has the extension, with the extension's version."""
    folders = {home / folder / "extensions": name for folder, name in _VSCODES.items()}
    if named := environment.get("VSCODE_EXTENSIONS", ""):
        folders[Path(named)] = "VS Code (VSCODE_EXTENSIONS)"
    for folder, name in folders.items():
        for extension in _below(folder, f"{_EXTENSION}*"):
            try:
                version = json.loads((extension / "package.json").read_text("utf-8"))["version"]
            except (OSError, ValueError, KeyError, TypeError, RecursionError):
                continue
            yield name, str(version)[:40]


def _plugins(environment: Mapping[str, str], home: Path) -> Iterator[Path]:
    """Yield the folders that contain the plugin, among those where Neovim or a plugin manager looks."""
    app = environment.get("NVIM_APPNAME") or "nvim"
    if os.name == "nt":
        local = Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local")
        config, data = local / app, local / f"{app}-data"
    else:
        config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / app
        data = Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share") / app
    places = [config, *(folder for pattern in _PLUGINS for folder in _below(data, pattern))]
    seen = [
        place for place in dict.fromkeys((*places, *_below(config, "pack/*/*/*"))) if _holds_plugin(place)
    ]
    yield from seen


def _holds_plugin(folder: Path) -> bool:
    return any((place / _PLUGIN_FILE).is_file() for place in (folder, folder / "editors" / "neovim"))


def _below(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(folder.glob(pattern))[: _MOST_FOUND * 50]
    except OSError:
        return []
