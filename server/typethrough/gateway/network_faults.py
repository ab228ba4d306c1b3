"""Why there is no connection, as one sentence for people: what happened, to whom, and what to do. Pure.

A sentence names the variable or the setting that can mend it, and shows no password and nothing that the other side wrote.
"""

from __future__ import annotations

import errno
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from typethrough.gateway.proxies import Proxy

BASE_URL = "the setting `base_url` (TYPETHROUGH_BASE_URL)"
_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})
# OpenSSL's numbers for what is wrong with a certificate (X509_V_ERR_*, in its x509_vfy.h).
_EXPIRED, _NOT_YET, _REVOKED = 10, 9, 23
_SIGNED_BY_ITSELF = frozenset({18, 19})
_OTHER_HOST = frozenset({62, 64})
# What a server that speaks no TLS at all makes of ours, as OpenSSL calls it.
_NO_TLS = frozenset(
    {
        "WRONG_VERSION_NUMBER",
        "HTTP_REQUEST",
        "HTTPS_PROXY_REQUEST",
        "RECORD_LAYER_FAILURE",
        "PACKET_LENGTH_TOO_LONG",
    }
)
_NO_COMMON_VERSION = frozenset(
    {"TLSV1_ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS_AVAILABLE"}
)
_WANTS_CERTIFICATE = frozenset({"TLSV13_ALERT_CERTIFICATE_REQUIRED", "TLSV1_ALERT_NO_CERTIFICATE"})
_REFUSES_CERTIFICATE = frozenset(
    f"{version}_ALERT_{what}"
    for version in ("SSLV3", "TLSV1", "TLSV13")
    for what in ("BAD_CERTIFICATE", "CERTIFICATE_EXPIRED", "CERTIFICATE_REVOKED", "CERTIFICATE_UNKNOWN", "UNKNOWN_CA",
                 "UNSUPPORTED_CERTIFICATE", "ACCESS_DENIED")
)  # fmt: skip


class Unreachable(httpx.ConnectError):
    """There is no connection; `str()` is a sentence for people. `is_late`: because something took too long."""

    def __init__(self, sentence: str, *, is_late: bool = False) -> None:
        super().__init__(sentence)
        self.is_late = is_late


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody to connect to, as a sentence begins with it, the name of its host, and what can be done when that fails."""

    who: str
    host: str
    advice: str
    has_client_certificate: bool = False


def not_reached(error: Exception, party: Party) -> str:
    """Why no socket could be opened."""
    if isinstance(error, socket.gaierror | UnicodeError):
        return f"{party.who} cannot be reached, since the name {party.host} is not known here: {party.advice}"
    if isinstance(error, ConnectionRefusedError):
        return (
            f"{party.who} cannot be reached, since nothing listens there (connection refused): {party.advice}"
        )
    if isinstance(error, TimeoutError):
        return f"{party.who} could not be reached in time: {party.advice}"
    if isinstance(error, PermissionError):
        return f"{party.who} cannot be reached, since this machine does not allow it (a firewall, or a sandbox): {party.advice}"
    if isinstance(error, OSError) and error.errno in _NO_ROUTE:
        return f"{party.who} cannot be reached, since there is no way to its network: {party.advice}"
    return f"{party.who} cannot be reached: {party.advice}"


def not_secured(error: Exception, party: Party) -> str:
    """Why TLS did not come to be on a connection that stands."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _not_trusted(error, party)
    if isinstance(error, TimeoutError):
        return f"{party.who} took the connection and then said nothing in time for TLS: {party.advice}"
    reason = (isinstance(error, ssl.SSLError) and error.reason) or ""
    if reason in _NO_TLS:
        return f"{party.who} does not speak TLS there: to ask it without, write http:// in place of https://; {party.advice}"
    if reason in _NO_COMMON_VERSION:
        return f"{party.who} speaks only versions of TLS that are no longer safe, or none that is known here: {party.advice}"
    return refused_certificate(error, party) or (
        f"{party.who} ended the connection in the middle of TLS's handshake: something between may block it, or it wants a "
        f"client's certificate (the setting `client_certificate`); {party.advice}"
    )


def refused_certificate(error: BaseException | None, party: Party) -> str:
    """What a server says of a client's certificate, or of there being none; empty when an error is about something else."""
    reason = (isinstance(error, ssl.SSLError) and error.reason) or ""
    if reason in _WANTS_CERTIFICATE or (reason in _REFUSES_CERTIFICATE and not party.has_client_certificate):
        return (
            f"{party.who} wants a certificate of its clients: name yours by the settings `client_certificate` "
            "(TYPETHROUGH_CLIENT_CERTIFICATE) and `client_key` (TYPETHROUGH_CLIENT_KEY)."
        )
    if reason in _REFUSES_CERTIFICATE:
        return (
            f"{party.who} does not accept the client's certificate that the setting `client_certificate` "
            "(TYPETHROUGH_CLIENT_CERTIFICATE) names: it may have ended, or be signed by somebody else."
        )
    return ""


def wants_login(proxy: Proxy) -> str:
    """What a proxy's HTTP 407 means, which depends on whether it was shown a name and a password."""
    who = f"The proxy named by {proxy.named_by or 'nobody here'}"
    if proxy.has_login:
        return f"{who} does not accept the user name and the password in its address (HTTP 407): correct them there."
    return f"{who} wants a user name and a password (HTTP 407): write them into its address, like http://name:password@host:3128."


def _not_trusted(error: ssl.SSLCertVerificationError, party: Party) -> str:
    start = f"The certificate of {party.host} is not trusted:"
    said = (
        error.verify_message.lower()
        if isinstance(getattr(error, "verify_message", None), str)
        else str(error)
    )
    code = getattr(error, "verify_code", 0)
    if code == _EXPIRED or "expired" in said:
        return f"{start} it has expired. Whoever runs that server has to renew it; look at this machine's date as well."
    if code == _NOT_YET:
        return f"{start} it is not valid yet. Look at this machine's date."
    if code == _REVOKED or "revoked" in said:
        return f"{start} its authority has revoked it. Whoever runs that server has to renew it."
    if code in _OTHER_HOST or "mismatch" in said or "doesn't match" in said:
        return f"{start} it is for another host name. {party.advice[:1].upper()}{party.advice[1:]}"
    cause = (
        "it is signed by itself"
        if code in _SIGNED_BY_ITSELF
        else "nobody whom this machine trusts has signed it"
    )
    return (
        f"{start} {cause}. If your network or that server has an authority of its own, add its certificate to the system's "
        "store, or name its PEM file in SSL_CERT_FILE."
    )
