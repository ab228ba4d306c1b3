"""A real Helix in a terminal, with the `languages.toml` that a test gives it."""

from collections.abc import Mapping
from pathlib import Path

from tests.support.debian_editors import installed
from tests.support.terminal_editor import TerminalEditor


class Helix(TerminalEditor):
    """A Helix that has read `languages` as the user's `languages.toml` and opened `file` with the text `content`."""

    def __init__(
        self,
        home: Path,
        *,
        languages: str,
        file: str,
        content: bytes,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        root = installed()
        configuration = home / "config" / "helix"
        configuration.mkdir(parents=True)
        (configuration / "languages.toml").write_text(languages, encoding="utf-8")
        runtime = {"HELIX_RUNTIME": str(root / "usr" / "lib" / "hx" / "runtime")}
        super().__init__(
            home,
            [str(root / "usr" / "bin" / "hx")],
            file=file,
            content=content,
            environment=runtime | dict(environment or {}),
        )
