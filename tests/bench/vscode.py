"""`python -m tests.bench.vscode`: what ghost text costs in a real VS Code, from the key to the painted frame.

Owns the measurements and their table. The window is headless Chromium's at 60 frames a second; the model is the gateway
simulator, whose latencies are said in each row. Minutes, not seconds: five VS Codes are started.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.e2e.conftest import ACCOUNTS_HEAD, ACCOUNTS_TAIL
from tests.e2e.test_neovim_trouble import REPEATED
from tests.e2e.test_vscode_through import taken_away
from tests.support import simulator, vscode_extension, vscode_install
from tests.support.vscode import VSCode
from tests.support.vscode_browser import Browser

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.support.simulator import Simulator
    from tests.support.vscode import Seen

FRAME_MS: Final = 1000 / 60
RHYTHM_MS: Final = 90
ROUNDS: Final = 9
# The first token after 350 ms, then 150 tokens a second: the median of the typing benchmark's gateway.
LATENCY: Final = {"ttft_ms": 350.0, "tokens_per_s": 150.0}
WHOLE_LINES: Final = 6
LINES: Final = ACCOUNTS_TAIL.splitlines()

_ACTIVATION: Final = """[...document.querySelectorAll('.runtime-extensions-editor .extension')]
    .find(row => row.querySelector('.name')?.textContent === 'typethrough')
    ?.querySelector('.activation-time')?.textContent ?? ''"""

Row = tuple[str, str]


class Bench:
    """One browser, and VS Codes in it one after the other."""

    def __init__(
        self, folder: Path, browser: Browser, parts: vscode_install.Parts, gateway: Simulator
    ) -> None:
        self.gateway = gateway
        self._folder = folder
        self._browser = browser
        self._parts = parts
        self._started = 0

    def vscode(self, **options: Any) -> VSCode:
        """Start one with the extension, in a home of its own."""
        self._started += 1
        options.setdefault(
            "environment", {"TYPETHROUGH_BASE_URL": self.gateway.base_url, "TYPETHROUGH_CATALOGUE": "false"}
        )
        options.setdefault("extension", vscode_extension.pack())
        return VSCode(self._folder / f"home-{self._started}", self._browser, self._parts, **options)


def spread(values: Sequence[float], unit: str = "ms") -> str:
    """Return median, 95th percentile and number."""
    ordered = sorted(values)
    high = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    return f"{statistics.median(ordered):.1f} / {high:.1f} {unit} (n={len(ordered)})"


def after_keys(editor: VSCode, seen: Sequence[Seen], *, holds: Callable[[Seen], bool]) -> list[float]:
    """Return for each key the time to the first thing seen after it that holds, before the next key."""
    pressed = [at for at, _ in editor.pressed()]
    times = []
    for at, following in zip(pressed, [*pressed[1:], float("inf")], strict=True):
        found = next((one.at_ms for one in seen if at < one.at_ms < following and holds(one)), None)
        if found is not None:
            times.append(found - at)
    return times


def typed_through(bench: Bench) -> list[Row]:
    """Type a function line by line, each behind the ghost text that is there already."""
    dom: list[float] = []
    painted: list[float] = []
    lost = typed = 0
    with bench.vscode() as editor:
        editor.attach()
        editor.open("accounts.py", ACCOUNTS_HEAD)
        for number, line in enumerate(LINES):
            text = line.lstrip()
            start = text[:8] if number == 0 else ""
            editor.type(start or "\n")
            _wait_until_shown(editor, text[-8:])
            editor.forget()
            editor.type(text[len(start) :], RHYTHM_MS)
            editor.wait_for_text(ACCOUNTS_HEAD + "\n".join(LINES[: number + 1]))
            editor.wait_until_painted()
            changes = editor.changes()
            dom += after_keys(editor, changes, holds=lambda _: True)
            painted += after_keys(editor, editor.frames(), holds=lambda _: True)
            lost += len(taken_away(changes, line))
            typed += len(text) - len(start)
    return [
        ("typed through: key to ghost text in the page, p50 / p95", spread(dom)),
        (f"typed through: key to painted frame, p50 / p95 (a frame is {FRAME_MS:.1f} ms)", spread(painted)),
        (f"removals of still-valid ghost text over {typed} characters", str(lost)),
    ]


def from_the_cache(bench: Bench) -> list[Row]:
    """Take a line with Tab and see the next, which the server knows already; take a character back and see it again."""
    accepted: list[float] = []
    retyped: list[float] = []
    with bench.vscode() as editor:
        editor.attach()
        for _ in range(ROUNDS):
            editor.clear()
            editor.run("typethrough.restart")
            editor.attach()
            editor.open("accounts.py", ACCOUNTS_HEAD)
            editor.type(LINES[0][:8])
            editor.wait_for_ghost()
            _wait_until_idle(editor, bench.gateway)
            editor.forget()
            editor.press("Backspace")
            editor.wait_for_ghost(LINES[0][7:])
            editor.wait_until_painted()
            retyped += after_keys(editor, editor.frames(), holds=lambda one: LINES[0][7:] in one.ghost)
            editor.forget()
            editor.press("Tab")
            editor.wait_for(lambda: LINES[1] in editor.ghost(), 10, "the next line")
            editor.wait_until_painted()
            accepted += after_keys(editor, editor.frames(), holds=lambda one: LINES[1] in one.ghost)
    return [
        ("a character taken back: key to painted frame, p50 / p95", spread(retyped)),
        ("Tab to the next line's ghost text painted, p50 / p95", spread(accepted)),
    ]


def early_text(bench: Bench) -> list[Row]:
    """How soon something useful is painted: the first line at once, or all lines; and whether one can become the other."""
    bench.gateway.control(latency=LATENCY)
    first: list[float] = []
    whole: list[float] = []
    extended = gone = 0
    hidden_ms: list[float] = []
    with bench.vscode() as editor:
        editor.attach()
        for lines, times in ((1, first), (WHOLE_LINES, whole)):
            for _ in range(ROUNDS):
                editor.clear()
                editor.set("typethrough.maxLines", lines)
                editor.run("typethrough.restart")
                editor.attach()
                editor.open("accounts.py", ACCOUNTS_HEAD + LINES[0])
                editor.forget()
                editor.press("Enter")
                editor.wait_for(lambda: LINES[1].strip() in editor.ghost(), 10, "the line")
                editor.wait_until_painted()
                times += after_keys(editor, editor.frames(), holds=lambda one: LINES[1].strip() in one.ghost)
                if lines == 1:
                    _wait_until_idle(editor, bench.gateway)
                    editor.run("editor.action.inlineSuggest.trigger")
                    extended += _comes(editor, lambda: editor.ghost().count("\n") > 1)
                    seen = len(editor.frames())
                    editor.run("editor.action.inlineSuggest.hide")
                    editor.run("editor.action.inlineSuggest.trigger")
                    editor.wait_for_ghost()
                    editor.wait_until_painted()
                    frames = editor.frames()[seen:]
                    gone += any(not one.ghost for one in frames)
                    hidden_ms += [then.at_ms - one.at_ms for one, then in pairwise(frames) if not one.ghost]
    bench.gateway.control(latency="none")
    return [
        ("first line painted, cut early (the default), p50 / p95", spread(first)),
        (f"{WHOLE_LINES} lines painted, waited for (max_lines {WHOLE_LINES}), p50 / p95", spread(whole)),
        (
            "first line, asked again when the stream had ended: grew on the screen",
            f"{extended} of {len(first)}",
        ),
        ("the same, hidden before it was asked again: the screen went empty", f"{gone} of {len(first)}"),
        ("… for, p50 / p95", spread(hidden_ms) if hidden_ms else "–"),
    ]


def _comes(editor: VSCode, predicate: Callable[[], bool]) -> bool:
    """Whether it holds within a time that is long for an answer that the server has already."""
    try:
        editor.wait_for(predicate, 1.5, "it")
    except AssertionError:
        return False
    return True


def start_up(bench: Bench) -> list[Row]:
    """VS Code's own figure for our extension, as its list of running extensions has it, and the size of what it loads."""
    activation: list[float] = []
    for _ in range(3):
        # Tall enough for every row of the list, which is drawn as far as it is in view.
        with bench.vscode(height=1600) as editor:
            editor.attach()
            editor.run("workbench.action.showRuntimeExtensions")
            editor.wait_for(lambda: "ms" in editor.page(_ACTIVATION), 10, "the time of activation")
            activation.append(float(editor.page(_ACTIVATION).split("ms")[0].split()[-1]))
    packed = vscode_extension.pack()
    with zipfile.ZipFile(packed) as archive:
        scripts = [entry.file_size for entry in archive.infolist() if entry.filename.endswith(".js")]
    return [
        ("activation, as VS Code counts it, p50 / p95", spread(activation)),
        ("bundle / .vsix", f"{sum(scripts) / 1024:.0f} / {packed.stat().st_size / 1024:.0f} KiB"),
    ]


def first_use(bench: Bench) -> list[Row]:
    """What README says to somebody with VS Code and a Python and nothing else: each step, and all of them."""
    python = Path(sys.base_prefix) / "bin"
    began = time.monotonic()
    with bench.vscode(
        path=(python,), environment={}, extension=None, install=vscode_extension.pack()
    ) as editor:
        editor.open("invoices.py", REPEATED.rstrip("\n"))
        opened = time.monotonic()
        question = ".notification-toast .monaco-button:text-is('Install')"
        editor.wait_for(
            lambda: any("no language server" in told for told in editor.told()), 30, "the question"
        )
        editor.click(question)
        clicked = time.monotonic()
        editor.attach("typethrough: Local lane only: no key", 120)
        ready = time.monotonic()
        editor.type("\nwith ")
        editor.wait_for_ghost()
        done = time.monotonic()
    steps = [opened - began, clicked - opened, ready - clicked, done - ready]
    said = " + ".join(f"{step:.1f}" for step in steps)
    return [
        (
            "a new user: .vsix installed and VS Code open, asked, server installed, first ghost text",
            f"{said} s",
        ),
        ("from a clean VS Code to the first ghost text", f"{done - began:.1f} s"),
    ]


def _wait_until_shown(editor: VSCode, text: str) -> None:
    editor.wait_for(lambda: text in editor.page("typethrough.shown()"), 10, text)


def _wait_until_idle(editor: VSCode, gateway: Simulator) -> None:
    editor.wait_for(lambda: all(record["ending"] for record in gateway.log()), 10, "all answers to end")


PARTS: Final = {
    "through": typed_through,
    "cache": from_the_cache,
    "early": early_text,
    "start": start_up,
    "first": first_use,
}


def main(arguments: list[str]) -> int:
    """Measure the parts named, or all of them, and print a row a figure; returns the exit status."""
    parts = vscode_install.find_or_install()
    with tempfile.TemporaryDirectory(prefix="typethrough-bench-") as folder:
        truth = Path(folder) / "accounts.py"
        truth.write_text(ACCOUNTS_HEAD + ACCOUNTS_TAIL, encoding="utf-8")
        with simulator.start(truth=[truth]) as gateway, Browser(parts.chromium) as browser:
            bench = Bench(Path(folder), browser, parts, gateway)
            print("| VS Code | |\n| --- | --- |")
            for name in arguments or PARTS:
                for label, figure in PARTS[name](bench):
                    print(f"| {label} | {figure} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
