"""Takes the README's pictures of ghost text in VS Code, in a light and a dark theme.

Owns the scene, and which part of the window is shown. `python -m tests.support.vscode_picture` types in a real VS Code with the
real server, which has no key, and writes the pictures into the extension's folder.
"""

import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.support import vscode_extension, vscode_install
from tests.support.neovim_picture import SCENE, SUGGESTED, TYPED
from tests.support.vscode import VSCode
from tests.support.vscode_browser import Browser

IMAGES: Final = vscode_extension.FOLDER / "images"
THEMES: Final = {"light": "Default Light Modern", "dark": "Default Dark Modern"}
SETTINGS: Final = {
    "editor.fontSize": 15,
    "editor.lineHeight": 22,
    "editor.cursorBlinking": "solid",
    "editor.lightbulb.enabled": "off",
    "editor.scrollbar.vertical": "hidden",
    "editor.overviewRulerBorder": False,
    "editor.hideCursorInOverviewRuler": True,
    "editor.scrollBeyondLastLine": False,
    "editor.stickyScroll.enabled": False,
    # As the extension's README says: no completion list over a suggestion.
    "editor.wordBasedSuggestions": "off",
    "workbench.activityBar.location": "hidden",
    "workbench.editor.editorActionsLocation": "hidden",
    "workbench.layoutControl.enabled": False,
    "workbench.statusBar.visible": False,
    "window.commandCenter": False,
}


def take(name: str, browser: Browser, parts: vscode_install.Parts, folder: Path) -> Path:
    """Type the scene in one theme and write its picture."""
    with VSCode(
        folder / name,
        browser,
        parts,
        width=760,
        height=565,
        scale=2,
        extension=vscode_extension.pack(),
        settings={**SETTINGS, "workbench.colorTheme": THEMES[name]},
    ) as editor:
        editor.wait_for(lambda: editor.server_pids() != [], 20, "the language server")
        editor.open("invoices.py", SCENE)
        # One line at a time, so that the editor has inserted the closing quotes before they are typed over.
        for part in TYPED.splitlines(keepends=True):
            editor.type(part)
        editor.wait_for_ghost(SUGGESTED, timeout_s=20)
        editor.run("scrollEditorTop")
        IMAGES.mkdir(exist_ok=True)
        return editor.picture(IMAGES / f"ghost-text-{name}.png")


def main() -> int:
    """Write both pictures. Returns the exit status."""
    parts = vscode_install.find_or_install()
    with tempfile.TemporaryDirectory() as folder, Browser(parts.chromium) as browser:
        for name in THEMES:
            path = take(name, browser, parts, Path(folder))
            sys.stdout.write(f"{path} {path.stat().st_size // 1024} KiB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
