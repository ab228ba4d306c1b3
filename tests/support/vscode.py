"""A real VS Code for tests: started without configuration, driven by its keys, read from its screen.

Owns one window, its page, the server behind it, and the waiting. Must not know the language server's insides: a test
learns only what a user would see, or what is in the document.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

from tests.support.vscode_browser import Browser
from tests.support.vscode_install import Parts
from tests.support.vscode_server import CodeServer, wait_for

_PROBE: Final = (Path(__file__).parent / "vscode_probe.js").read_text(encoding="utf-8")
_START_S: Final = 60.0
_JS_S: Final = 20.0
STATUS: Final = "[id='typethrough.typethrough.typethrough.status']"


@dataclass(frozen=True)
class Seen:
    """What was painted at `at_ms`: the ghost text, and the cursor's line without and with the ghost text."""

    at_ms: float
    ghost: str
    line: str | None
    shown: str | None

    @classmethod
    def all(cls, entries: list[dict[str, Any]]) -> list[Self]:
        return [cls(entry["at"], entry["ghost"], entry["line"], entry["shown"]) for entry in entries]


class VSCode:
    """A running VS Code with an empty home. A context manager that ends it.

    `environment` is added to one without keys, `settings` to ones that prevent pop-ups. `trust` switches workspace trust
    on, so that the folder is not trusted until the user agrees.
    """

    def __init__(
        self,
        home: Path,
        browser: Browser,
        parts: Parts,
        *,
        width: int = 1000,
        height: int = 640,
        scale: float = 1,
        **server: Any,
    ) -> None:
        self.home = home
        self.server = CodeServer(home, parts, **server)
        # Each run of the window gets a new folder inside the open one, because an editor remembers files by their names.
        self._lives = 1
        self._page = browser.page(width=width, height=height, scale=scale, script=_PROBE)
        try:
            self.load()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def work(self) -> Path:
        """The folder for this test's files."""
        return self.server.work / str(self._lives)

    def close(self) -> None:
        """Close the window and end the server behind it."""
        self._page.close()
        self.server.close()

    def load(self) -> None:
        """Open the window, or load it again, with the working folder, and wait until extensions run."""
        self._page.load(f"{self.server.address}/?folder={quote(str(self.server.work))}")
        self.wait_for(
            lambda: bool(self.page("!!document.querySelector('.monaco-workbench')")), _START_S, "VS Code"
        )

        def runs() -> bool:
            try:
                return bool(
                    self.server.js("return vscode.workspace.workspaceFolders?.length > 0", None, _JS_S)
                )
            except OSError:
                return False

        self.wait_for(runs, _START_S, "the extension host")
        self.run("workbench.action.closeSidebar")

    # What a person does.

    def write(self, name: str, content: str | bytes) -> Path:
        """Create a file in the working folder and return its path. Text is written as UTF-8, with its line ends unchanged."""
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def open(self, name: str, content: str | bytes | None = None) -> None:
        """Open a file of the working folder with the cursor at its end. Creates it first if `content` is given."""
        path = self.work / name if content is None else self.write(name, content)
        self.js(
            """
            const document = await vscode.workspace.openTextDocument(vscode.Uri.file(values));
            const end = document.lineAt(document.lineCount - 1).range.end;
            await vscode.window.showTextDocument(document, { preview: false, selection: new vscode.Range(end, end) });
            """,
            str(path),
        )
        here = """name => document.querySelector('.editor-group-container.active .tab.active')?.dataset.resourceName === name
            && typethrough.editor()?.closest('.monaco-editor').contains(document.activeElement)"""
        self.wait_for(
            lambda: bool(self.page(here, path.name)), _START_S, f"the keyboard to write into {name}"
        )
        self.wait_until_whole()

    def wait_until_whole(self) -> None:
        """Wait until all parts of an editor exist, including inline suggestions. They are created when the page is first
        idle, or after five seconds.
        """
        self.page(
            "() => new Promise(idle => requestIdleCallback(() => requestIdleCallback(idle), { timeout: 6000 }))"
        )

    def press(self, *keys: str) -> None:
        """Press keys or chords one after the other, such as `Tab` or `Control+ArrowRight`."""
        for key in keys:
            self._page.press(key)

    def type(self, text: str, rhythm_ms: float = 0) -> None:
        """Type plain text, at once or with a pause after each key. A line feed is the Enter key."""
        self._page.type(text, rhythm_ms)

    def attach(self, status: str | None = None, timeout_s: float = 20.0) -> None:
        """Wait until the language server runs and, if `status` is given, until our status item shows it."""
        wanted = f"the status {status}" if status else "the language server to run"
        self.wait_for(
            lambda: self.status() == status if status else self.status() not in ("", "typethrough: Starting"),
            timeout_s,
            wanted,
        )

    def click(self, selector: str) -> None:
        """Click the first element of the window that matches."""
        self._page.click(selector)

    def hover(self, selector: str) -> None:
        """Move the mouse over the first element of the window that matches."""
        self._page.hover(selector)

    def run(self, command: str, *arguments: object) -> Any:
        """Run a command of VS Code or of an extension, as the palette would."""
        return self.js("return await vscode.commands.executeCommand(...values)", [command, *arguments])

    def set(self, key: str, value: object) -> None:
        """Change one of the user's settings. None removes it."""
        code = """
            const value = values[1] === null ? undefined : values[1];
            await vscode.workspace.getConfiguration().update(values[0], value, vscode.ConfigurationTarget.Global);
        """
        self.js(code, [key, value])

    def js(self, code: str, values: object = None) -> Any:
        """Run JavaScript with `vscode` and `values` in the extension host and return its value."""
        return self.server.js(code, values, _JS_S)

    def page(self, script: str, value: object = None) -> Any:
        """Run JavaScript in the page and return its value."""
        return self._page.evaluate(script, value)

    def clear(self) -> None:
        """Bring the window back to its first state: no file, no notification, nothing seen."""
        for _ in range(len(self.tabs())):
            self.run("workbench.action.revertAndCloseActiveEditor")
        self.run("workbench.action.closeAllEditors")
        self.run("notifications.clearAll")
        shutil.rmtree(self.work, ignore_errors=True)
        self._lives += 1
        self.wait_for(lambda: not self.tabs() and not self.notifications(), 10, "an empty window")
        self.forget()

    def forget(self) -> None:
        """Forget all frames, changes, keys and notifications that were seen so far."""
        self.page("['frames', 'changes', 'keys', 'told'].forEach(name => { typethrough[name].length = 0 })")

    # What a person sees.

    def ghost(self) -> str:
        """Return the ghost text on the page, rows joined by a line feed. Empty if there is none."""
        return str(self.page("typethrough.ghost()"))

    def frames(self) -> list[Seen]:
        """Return the ghost text of each painted frame in which it changed, in order. Flicker shows here."""
        return Seen.all(self.page("typethrough.frames"))

    def changes(self) -> list[Seen]:
        """Return every change of the ghost text in the page, even if it was not painted."""
        return Seen.all(self.page("typethrough.changes"))

    def pressed(self) -> list[tuple[float, str]]:
        """Return when each key was pressed."""
        return [(entry["at"], entry["key"]) for entry in self.page("typethrough.keys")]

    def text(self) -> str:
        """Return the whole text of the active document with its line ends."""
        return str(self.js("return vscode.window.activeTextEditor?.document.getText() ?? ''"))

    def saved(self) -> bytes:
        """Save the active document and return the content of its file."""
        self.run("workbench.action.files.save")
        path = self.js("return vscode.window.activeTextEditor.document.fileName")
        return Path(str(path)).read_bytes()

    def tabs(self) -> list[str]:
        """Return the names of the open tabs."""
        code = "return vscode.window.tabGroups.all.flatMap(group => group.tabs.map(tab => tab.label))"
        return list(self.js(code))

    def panels(self) -> str:
        """Return the text of the extensions' own panels."""
        return self._page.text_of_frames()

    def in_panels(self, script: str) -> list[Any]:
        """Run JavaScript in the extensions' own panels and return their values."""
        return self._page.evaluate_in_frames(script)

    def click_in_panel(self, selector: str) -> None:
        """Click in one of the extensions' own panels."""
        self._page.click_in_frames(selector)

    def status(self) -> str:
        """Return our status bar item as a screen reader reads it, such as `typethrough: Ready`. Empty if there is none."""
        return str(self.page(f"document.querySelector({json.dumps(STATUS)})?.ariaLabel ?? ''"))

    def notifications(self) -> list[str]:
        """Return the notifications that are on screen now."""
        script = "[...document.querySelectorAll('.notification-toast .notification-list-item-message')].map(e => e.textContent)"
        return list(self.page(script))

    def told(self) -> list[str]:
        """Return every notification that appeared since the start or since `forget`."""
        return list(self.page("typethrough.told"))

    def server_pids(self) -> list[int]:
        """Return the process ids of the language servers it runs."""
        return self.server.processes("typethrough --stdio")

    def picture(self, path: Path, *, selector: str | None = None) -> Path:
        """Write what is on screen, or one element of it, as a PNG."""
        self._page.picture(path, selector=selector)
        return path

    # Waiting for it.

    def wait_for(self, predicate: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Poll until the predicate holds. Raises AssertionError with the logs and a picture if it does not in time."""
        wait_for(predicate, timeout_s, lambda: self.report(f"waited {timeout_s:g} s for {what}"))

    def wait_for_ghost(self, text: str | None = None, timeout_s: float = 10.0) -> str:
        """Wait for ghost text on the screen, any or exactly this one, and return it."""
        what = "ghost text" if text is None else f"the ghost text {text!r}"
        found = ""

        def shown() -> bool:
            nonlocal found
            found = self.ghost()
            return found == text if text is not None else found != ""

        self.wait_for(shown, timeout_s, what)
        return found

    def wait_until_painted(self) -> None:
        """Wait until the ghost text in the page has been painted, so that `frames` has it."""

        def painted() -> bool:
            frames = self.frames()
            return (frames[-1].ghost if frames else "") == self.ghost()

        self.wait_for(painted, 5, "the frame to be painted")

    def wait_for_text(self, text: str, timeout_s: float = 5.0) -> None:
        """Wait until the active document has exactly this text."""
        self.wait_for(lambda: self.text() == text, timeout_s, f"the text {text!r}")

    def report(self, headline: str) -> str:
        """Return what helps to understand a failed test: the screen's text, the logs, and the path of a picture."""
        seen = [f"{frame.at_ms:.0f} ms {frame.ghost!r} behind {frame.line!r}" for frame in self.frames()[-8:]]
        picture = self.picture(self.home / "failed.png")
        told = [f"told: {text}" for text in self.told()]
        status = f"status: {self.status()}, text: {self.text()!r}"
        return "\n".join([headline, f"--- screen, in {picture}", *seen, *told, status, *self.server.log()])


def mapping(**settings: object) -> Mapping[str, object]:
    """Return settings under their full names: `budgetMs` becomes `typethrough.budgetMs`."""
    return {f"typethrough.{name}": value for name, value in settings.items()}
