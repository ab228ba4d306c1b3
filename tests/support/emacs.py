"""A real Emacs in a terminal, with its unpacked packages and a test's configuration.

Owns how Emacs runs from another folder than its own, and how a test asks it for values. Must not know the language server's
insides.
"""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.support.debian_editors import installed
from tests.support.terminal import clean_environment
from tests.support.terminal_editor import TerminalEditor

# Without a compiler, Emacs would report each attempt to compile its Lisp to machine code. The rest is what a package manager
# does at start-up.
_EARLY = """\
(setq native-comp-jit-compilation nil native-comp-enable-subr-trampolines nil package-enable-at-startup nil)
(dolist (folder load-path)
  (dolist (file (and (file-directory-p folder) (directory-files folder t "-autoloads\\\\.el\\\\'")))
    (load file nil t)))
"""
# Switches off files that tests would have to remove, and questions at the end. Starts the server that `eval` uses.
_LATE = """\
(setq make-backup-files nil auto-save-default nil create-lockfiles nil inhibit-startup-screen t)
(setq confirm-kill-processes nil server-socket-dir "{sockets}" server-name "emacs")
(require 'server)
(server-start)
"""


class Emacs(TerminalEditor):
    """An Emacs that has read `init` as its user's init file and opened `file`, which holds `content`."""

    def __init__(
        self,
        home: Path,
        *,
        init: str,
        file: str,
        content: bytes,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        root = installed() / "usr"
        configuration = home / ".emacs.d"
        configuration.mkdir(parents=True)
        self._sockets = home / "s"
        self._sockets.mkdir(mode=0o700)
        late = _LATE.format(sockets=self._sockets)
        (configuration / "early-init.el").write_text(_EARLY, encoding="utf-8")
        (configuration / "init.el").write_text(f"{init}\n{late}", encoding="utf-8")
        variables = _variables(root) | dict(environment or {})
        super().__init__(home, [*_command(root), "-nw"], file=file, content=content, environment=variables)

    def eval(self, expression: str) -> str:
        """The value of a Lisp expression in the selected window, as Emacs prints it."""
        root = installed() / "usr"
        inside = f'(with-current-buffer (window-buffer (selected-window)) (format "%S" {expression}))'
        ask = (
            f'(progn (setq server-socket-dir "{self._sockets}") (princ (server-eval-at "emacs" \'{inside})))'
        )
        asked = subprocess.run(
            [*_command(root), "-Q", "--batch", "-l", "server", "--eval", ask],
            capture_output=True,
            encoding="utf-8",
            timeout=20,
            check=False,
            env=clean_environment(self.home) | _variables(root),
        )
        if asked.returncode != 0:
            raise AssertionError(self.report(f"{expression}: {asked.stderr.strip()}"))
        return asked.stdout

    def buffer(self) -> str:
        """The text of the buffer in the selected window."""
        return _unquoted(self.eval("(buffer-substring-no-properties (point-min) (point-max))"))

    def messages(self) -> str:
        """Everything that Emacs told its user, warnings included."""
        shown = '(mapconcat (lambda (b) (if (get-buffer b) (with-current-buffer b (buffer-string)) "")) '
        return _unquoted(self.eval(f'(substring-no-properties {shown} \'("*Messages*" "*Warnings*")))'))


def version() -> tuple[int, ...]:
    """The version of this Emacs."""
    root = installed() / "usr"
    return tuple(int(part) for part in _emacs_version(root).split("."))


def package_paths() -> list[Path]:
    """The folders of Lisp packages that do not belong to Emacs, as a package manager would put them on the load path."""
    return sorted((installed() / "usr/share/emacs/site-lisp/elpa-src").iterdir())


def _emacs_version(root: Path) -> str:
    folders = [path.name for path in (root / "share" / "emacs").iterdir() if re.match(r"\d", path.name)]
    return folders[0]


def _command(root: Path) -> list[str]:
    dump = next((root / "libexec" / "emacs").glob("*/*/emacs-*.pdmp"))
    return [str(root / "bin" / "emacs-nox"), f"--dump-file={dump}"]


def _variables(root: Path) -> dict[str, str]:
    """Environment variables that tell Emacs where its files are."""
    data = root / "share" / "emacs" / _emacs_version(root)
    load_path = [*package_paths(), data / "lisp"]
    return {
        "EMACSLOADPATH": ":".join(str(path) for path in load_path),
        "EMACSDATA": str(data / "etc"),
        "EMACSDOC": str(data / "etc"),
        "EMACSPATH": str(next((root / "libexec" / "emacs").glob("*/*-linux-gnu*"))),
    }


def _unquoted(printed: str) -> str:
    return printed.removeprefix('"').removesuffix('"').replace('\\"', '"').replace("\\\\", "\\")
