"""Small files of the user's: a pipe in the place of one is refused at once, and nobody waits for its writer."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from typethrough.cli.user_file import read_administrator_file, read_user_file
from typethrough.engine.regular_file import read_regular
from typethrough.gateway.certificates import BadCertificates, Certificates
from typethrough.gateway.model_facts import CatalogueFile
from typethrough.gateway.oidc import read_token
from typethrough.telemetry import schema
from typethrough.telemetry.store import Unreadable, read_outcomes, spent_on

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes among files are POSIX")


def pipe(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)
    return path


def in_time(read: Callable[[], object]) -> object:
    """What it returns, or the error that it raises. One that waits for the pipe's writer is left behind in its thread."""
    found: list[object] = []

    def run() -> None:
        try:
            found.append(read())
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(5)
    assert found, "it waits for the pipe"
    return found[0]


def test_a_settings_file_that_is_a_pipe_closes_the_model_lane(tmp_path: Path) -> None:
    path = pipe(tmp_path / "config.toml")
    for read in (lambda: read_user_file(path)[0], lambda: read_administrator_file(path)):
        assert "it is a pipe or a device" in getattr(in_time(read), "unread", "")


def test_a_token_or_a_list_of_models_in_a_pipe_is_none(tmp_path: Path) -> None:
    assert in_time(lambda: read_token(pipe(tmp_path / ".env.local"))) == ""
    file = CatalogueFile(tmp_path, "https://g.example/v1", "m", lambda: 0.0)
    file.write(None)
    (written,) = tmp_path.glob("*.json")
    written.unlink()
    pipe(written)
    assert (in_time(file.read), in_time(file.told)) == (None, "")


def test_a_record_that_is_a_pipe_cannot_be_read_or_written(tmp_path: Path) -> None:
    path = pipe(tmp_path / "record.sqlite3")
    for read in (lambda: read_outcomes(path, 9), lambda: spent_on(path, "2026-11-29")):
        assert isinstance(in_time(read), Unreadable)
    assert isinstance(in_time(lambda: schema.opened(path)), OSError)


def test_certificates_in_a_pipe_are_refused(tmp_path: Path) -> None:
    certificates = Certificates(file=str(pipe(tmp_path / "ca.pem")))
    assert isinstance(in_time(certificates.context), BadCertificates)


def test_only_what_fits_is_read_and_a_device_or_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"123456")
    assert read_regular(tmp_path / "a", 4)[0] == b"1234"
    for path in (tmp_path, Path(os.devnull)):
        with pytest.raises(OSError, match=r"directory|device"):
            read_regular(path, 4)
