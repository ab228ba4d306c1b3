"""An invisible X display, with a keyboard that tests use and a picture that they read: Xvfb and xdotool.

Owns the display, its two system packages, and its pixels. Must not know which program is shown.
`python -m tests.support.virtual_screen` installs the packages.
"""

import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.support.apt_packages import PackagesMissing, family, run

PROGRAMS: Final = {"Xvfb": "xvfb", "xdotool": "xdotool"}


class VirtualScreen:
    """An X display. A context manager that ends it. `name` is the value for a program's DISPLAY."""

    def __init__(self, width: int = 800, height: int = 600) -> None:
        install()
        self._folder = Path(tempfile.mkdtemp(prefix="typethrough-"))
        command = ["Xvfb", "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"]
        read_end, write_end = os.pipe()
        self._server = subprocess.Popen(
            [*command, "-displayfd", str(write_end), "-fbdir", str(self._folder)],
            pass_fds=[write_end],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(write_end)
        with os.fdopen(read_end) as chosen:
            # Xvfb writes the number of the display when it is ready, and nothing if it fails.
            self.name = f":{chosen.readline().strip()}"
        assert self.name != ":", "Xvfb did not start"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.terminate()
        self._server.wait(10)
        shutil.rmtree(self._folder, ignore_errors=True)

    def keys(self, *keys: str) -> None:
        """Press keys in xdotool's notation, for example `ctrl+s` or `Return`."""
        self._xdotool("key", "--delay", "40", *keys)

    def type(self, text: str) -> None:
        """Type plain text."""
        self._xdotool("type", "--delay", "80", text)

    def picture(self) -> bytes:
        """Return the pixels of the screen, row by row, four bytes each."""
        raw = (self._folder / "Xvfb_screen0").read_bytes()
        # An XWD file: a header whose first word is its length, then a colour table with twelve bytes per entry.
        header = struct.unpack(">25I", raw[:100])
        return raw[header[0] + 12 * header[19] :]

    def changed(self, before: bytes) -> int:
        """Return how many pixels differ from an earlier picture."""
        now = self.picture()
        return sum(now[at : at + 4] != before[at : at + 4] for at in range(0, len(now), 4))

    def settled(self, for_s: float = 0.5, tolerance: int = 300, timeout_s: float = 15.0) -> bytes:
        """Wait until nothing has changed for a while, except what blinks, and return the picture."""
        deadline = time.monotonic() + timeout_s
        picture, since = self.picture(), time.monotonic()
        while time.monotonic() - since < for_s:
            assert time.monotonic() < deadline, "the screen does not come to rest"
            time.sleep(0.05)
            if self.changed(picture) > tolerance:
                picture, since = self.picture(), time.monotonic()
        return picture

    def _xdotool(self, *command: str) -> None:
        environment = {**os.environ, "DISPLAY": self.name}
        subprocess.run(["xdotool", *command], check=True, timeout=30, env=environment)


def install() -> None:
    """Install what is missing into the system, because the paths of its helpers are built into an X server. Raises
    PackagesMissing.
    """
    missing = [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
    if not missing:
        return
    family()
    if os.geteuid() != 0 and shutil.which("sudo") is None:
        raise PackagesMissing(f"as root: apt-get install {' '.join(missing)}")
    apt = [*([] if os.geteuid() == 0 else ["sudo", "-n"]), "apt-get", "-q", "-y"]
    run([*apt, "update"], "read the package index")
    run([*apt, "--no-install-recommends", "install", *missing], f"install {' '.join(missing)}")


def main() -> int:
    """Install what a display needs. Returns the exit status."""
    try:
        install()
    except PackagesMissing as error:
        sys.stderr.write(f"display: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
