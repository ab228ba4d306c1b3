"""A real Vim in a terminal, with the package ALE and a test's vimrc."""

from collections.abc import Mapping
from pathlib import Path

from tests.support.debian_editors import installed
from tests.support.terminal_editor import TerminalEditor


class Vim(TerminalEditor):
    """A Vim that has read `vimrc` as the user's and opened `file` with the text `content`. ALE is installed as a package."""

    def __init__(
        self,
        home: Path,
        *,
        vimrc: str,
        file: str,
        content: bytes,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        root = installed() / "usr"
        packages = home / ".vim" / "pack" / "plugins" / "start"
        packages.mkdir(parents=True)
        (packages / "ale").symlink_to(root / "share" / "vim-ale")
        (home / ".vim" / "vimrc").write_text(vimrc, encoding="utf-8")
        runtime = {"VIMRUNTIME": str(next((root / "share" / "vim").glob("vim[0-9]*")))}
        super().__init__(
            home,
            [str(root / "bin" / "vim.basic")],
            file=file,
            content=content,
            environment=runtime | dict(environment or {}),
        )
