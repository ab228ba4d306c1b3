"""The certificates for TLS: those we trust and our own, from variables, settings and the operating system's store.

A company that inspects its traffic has its certificate in that store. If something cannot be used, the error is one
sentence that names where it was set. This module does not know hosts or connections.
"""

from __future__ import annotations

import importlib
import os
import re
import ssl
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import certifi

from typethrough.engine.regular_file import refuse_special

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILE, _FOLDER, _LOG = "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"
_HASHED_NAME = re.compile(r"[0-9a-fA-F]{8}\.[0-9]+")
# Where distributions keep certificates, for an OpenSSL that was built elsewhere.
_STORES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
)


class BadCertificates(Exception):
    """TLS cannot be set up with these settings. `str()` is a sentence for the user that says what to correct."""


@dataclass(frozen=True, slots=True)
class Certificates:
    """The files for TLS, as paths, empty for none.

    `file` and `folder`: the authorities to trust, instead of the system's. `client`: the certificate that we show to a server
    that asks for one. `client_key`: its key, if that is in another file. `key_log`: where session keys are logged for
    Wireshark.
    """

    file: str = ""
    folder: str = ""
    client: str = ""
    client_key: str = ""
    key_log: str = ""

    def __str__(self) -> str:
        """Which certificates are trusted and shown, in words for the user."""
        names = [name for name, path in ((_FILE, self.file), (_FOLDER, self.folder)) if path]
        trusted = f"those in {' and '.join(names)}" if names else "those of the operating system"
        return f"{trusted}; a client's own (setting client_certificate)" if self.client else trusted

    def context(self) -> ssl.SSLContext:
        """A TLS context for a client. It reads the files again, which takes about 30 ms. Raises BadCertificates."""
        context = self._trusting() if self.file or self.folder else _of_system()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        if self.client:
            self._present(context)
        if self.key_log:
            try:
                context.keylog_filename = self.key_log
            except OSError as error:
                raise BadCertificates(
                    f"{_LOG} names a file that cannot be written: correct it, or unset it."
                ) from error
        return context

    def _trusting(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self.file:
            try:
                # OpenSSL would wait for a pipe's writer.
                refuse_special(Path(self.file))
                context.load_verify_locations(cafile=self.file)
            except OSError as error:
                raise BadCertificates(
                    f"{_FILE} names a file {_fault(error)}: correct it, or unset it."
                ) from error
        folders = [folder for folder in self.folder.split(os.pathsep) if folder]
        if folders and not any(_holds_certificates(folder) for folder in folders):
            raise BadCertificates(
                f"{_FOLDER} names no folder with certificates under the names that `openssl rehash` gives them: "
                "correct it, or unset it."
            )
        # OpenSSL finds a certificate in the folder by a hash of its name, when a server shows one that it signed.
        for folder in folders or [ssl.get_default_verify_paths().openssl_capath]:
            context.load_verify_locations(capath=folder)
        return context

    def _present(self, context: ssl.SSLContext) -> None:
        def no_password() -> str:
            # Without this, OpenSSL would ask for a password in the terminal, where the editor's protocol runs.
            raise BadCertificates(
                "The key in the setting `client_key` (TYPETHROUGH_CLIENT_KEY) has a password, and typethrough has none for it: "
                "give a file with the key alone that only you may read."
            )

        set_by = {"client_certificate": self.client, "client_key": self.client_key}
        paths = {name: Path(path).expanduser() for name, path in set_by.items() if path}
        for name, path in paths.items():
            if not path.is_file():
                raise BadCertificates(
                    f"The setting `{name}` (TYPETHROUGH_{name.upper()}) names a file that does not exist: "
                    "correct it, or unset it."
                )
        try:
            context.load_cert_chain(paths["client_certificate"], paths.get("client_key"), no_password)
        except OSError as error:
            fault = "cannot be read as PEM files that hold a certificate and its key"
            if isinstance(error, ssl.SSLError) and error.reason == "KEY_VALUES_MISMATCH":
                fault = "do not belong together: the key is that of another certificate"
            raise BadCertificates(
                "What the settings `client_certificate` (TYPETHROUGH_CLIENT_CERTIFICATE) and `client_key` "
                f"(TYPETHROUGH_CLIENT_KEY) name {fault}."
            ) from error


SYSTEM = Certificates()


def certificates_of(
    environment: Mapping[str, str], *, client: str = "", client_key: str = ""
) -> Certificates:
    """The files from the variables that OpenSSL knows, and from the settings."""
    said = {name: environment.get(name, "").strip() for name in (_FILE, _FOLDER, _LOG)}
    return Certificates(said[_FILE], said[_FOLDER], client, client_key, said[_LOG])


def _of_system() -> ssl.SSLContext:
    """A TLS context that trusts the system's authorities, or if there is no such list, those that browsers trust."""
    if sys.platform in ("darwin", "win32"):
        # Their stores are not files. A company's certificate may be trusted there by a rule that OpenSSL does not know.
        truststore = importlib.import_module("truststore")
        return cast("ssl.SSLContext", truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    paths = ssl.get_default_verify_paths()
    # A Python that brings its own OpenSSL, such as conda's, has its own list, without what a company has added to the system's.
    system = next((path for path in _STORES if Path(path).is_file()), "")
    for file in {Path(path).resolve() for path in (paths.openssl_cafile, system) if path}:
        with suppress(OSError):
            context.load_verify_locations(cafile=file)
    if _holds_certificates(paths.openssl_capath):
        context.load_verify_locations(capath=paths.openssl_capath)
    elif not context.cert_store_stats()["x509_ca"]:
        context.load_verify_locations(cafile=certifi.where())
    return context


def _holds_certificates(folder: str) -> bool:
    try:
        return any(_HASHED_NAME.fullmatch(path.name) for path in Path(folder).iterdir())
    except OSError:
        return False


def _fault(error: OSError) -> str:
    """What is wrong with a file, as the end of "names a file"."""
    if isinstance(error, ssl.SSLError):
        return "that holds no certificate in PEM form (text that begins with -----BEGIN CERTIFICATE-----)"
    if isinstance(error, FileNotFoundError):
        return "that does not exist"
    return "that cannot be read"
