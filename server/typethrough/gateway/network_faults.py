"""Finds the fault when there is no connection, from the error of the system, of TLS or of a proxy. Pure.

Messages name the variable or setting that can fix it. They contain no password, and nothing that the other side wrote.
"""

from __future__ import annotations

import errno
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from typethrough.core.outcome.faults import Fault
from typethrough.engine.ports import GatewayError, GatewayProtocolError, GatewayTimeout, GatewayUnavailable
from typethrough.gateway.http1 import NoAnswer, NotHttp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typethrough.gateway.endpoint import Endpoint
    from typethrough.gateway.proxies import Proxy

BASE_URL = "the setting `base_url` (TYPETHROUGH_BASE_URL)"
_LATE = frozenset({Fault.UNREACHABLE_IN_TIME, Fault.TLS_SILENT, Fault.PROXY_SILENT})
_NO_ROUTE = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EPERM, errno.EACCES}
)
# OpenSSL's numbers for problems with a certificate (X509_V_ERR_* in x509_vfy.h). Where the system's own library has
# judged, its words are checked instead.
_ENDED = {9: "it is not valid yet", 10: "it has expired", 23: "its authority has revoked it"}
_SIGNED_BY_ITSELF = frozenset({18, 19})
_OTHER_HOST = frozenset({62, 64})
# OpenSSL's names for the answer of a server that speaks no TLS at all.
_NO_TLS = frozenset(
    {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"}
)  # fmt: skip
_OLD_TLS = frozenset({"TLSV1_ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS_AVAILABLE"})
_WANTS_CERTIFICATE = frozenset({"TLSV13_ALERT_CERTIFICATE_REQUIRED", "TLSV1_ALERT_NO_CERTIFICATE"})
_REFUSES_CERTIFICATE = frozenset(
    f"{version}_ALERT_{what}"
    for version in ("SSLV3", "TLSV1", "TLSV13")
    for what in ("BAD_CERTIFICATE", "CERTIFICATE_EXPIRED", "CERTIFICATE_REVOKED", "CERTIFICATE_UNKNOWN", "UNKNOWN_CA",
                 "UNSUPPORTED_CERTIFICATE", "ACCESS_DENIED")
)  # fmt: skip


class Unreachable(httpx.ConnectError):
    """There is no connection. `str()` is a sentence for the user. `is_late`: something took too long."""

    def __init__(self, fault: Fault, **places: object) -> None:
        super().__init__(fault.says(**places))
        self.fault = fault

    @property
    def is_late(self) -> bool:
        """Whether something took too long."""
        return self.fault in _LATE


@dataclass(frozen=True, slots=True)
class Party:
    """A server or proxy to connect to: how a sentence about it begins, its host, and what to do if it cannot be reached."""

    who: str
    host: str
    advice: str
    has_client_certificate: bool = False
    is_socket: bool = False
    is_proxy: bool = False

    def fault(self, fault: Fault, **places: object) -> Unreachable:
        """The error for a fault of this party."""
        whose = self.who.replace("The", "the", 1) if self.is_proxy else self.host
        return Unreachable(fault, who=self.who, whose=whose, host=self.host, advice=self.advice, **places)


def not_reached(error: Exception, party: Party) -> Unreachable:
    """The error when no socket could be opened."""
    if isinstance(error, socket.gaierror | UnicodeError):
        return party.fault(Fault.NAME_UNKNOWN)
    if isinstance(error, ConnectionRefusedError):
        return party.fault(Fault.NOBODY_LISTENS)
    if isinstance(error, FileNotFoundError):
        return party.fault(Fault.NO_SOCKET)
    if isinstance(error, TimeoutError):
        return party.fault(Fault.UNREACHABLE_IN_TIME)
    if isinstance(error, PermissionError) and party.is_socket:
        return party.fault(Fault.NO_SOCKET)
    is_away = isinstance(error, OSError) and error.errno in _NO_ROUTE
    return party.fault(Fault.NO_ROUTE if is_away else Fault.UNREACHABLE)


def no_tunnel(error: Exception, party: Party) -> Unreachable:
    """The error when a proxy closed the connection, or did not answer in time."""
    is_late = isinstance(error, TimeoutError | httpx.TimeoutException)
    return party.fault(Fault.PROXY_SILENT if is_late else Fault.PROXY_CLOSED)


def not_secured(error: Exception, party: Party) -> Unreachable:
    """The error when TLS failed on an open connection."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _not_trusted(error, party)
    if isinstance(error, TimeoutError):
        return party.fault(Fault.TLS_SILENT)
    reason = _reason(error)
    if reason in _NO_TLS:
        return party.fault(Fault.NO_TLS)
    if reason in _OLD_TLS:
        return party.fault(Fault.OLD_TLS)
    return refused_certificate(error, party) or party.fault(Fault.TLS_ENDED)


def refused_certificate(error: BaseException | None, party: Party) -> Unreachable | None:
    """The error if a server wants a client certificate or refuses ours. None if the error is about something else."""
    reason = _reason(error)
    if reason in _WANTS_CERTIFICATE or (reason in _REFUSES_CERTIFICATE and not party.has_client_certificate):
        return party.fault(Fault.CLIENT_CERTIFICATE_WANTED)
    return party.fault(Fault.CLIENT_CERTIFICATE_REFUSED) if reason in _REFUSES_CERTIFICATE else None


def refused_by_proxy(
    status: int, headers: Mapping[str, str], proxy: Proxy, party: Party, target: str
) -> Unreachable:
    """The error for an answer of the proxy itself to a request for `target` (host and port)."""
    where = f"HTTP {status}"
    is_page = "html" in headers.get("content-type", "").lower()
    if status == 407:
        offered = headers.get("proxy-authenticate", "").lower()
        if offered and "basic" not in offered:
            return party.fault(Fault.PROXY_LOGIN_UNKNOWN, where=where)
        return wants_login(proxy, party, where)
    if status < 400:
        return party.fault(Fault.PROXY_PAGE, where=where)
    if status in (502, 503, 504):
        return party.fault(Fault.PROXY_CANNOT_REACH, where=where, target=target)
    if status not in (403, 451) and (is_page or status in (400, 404, 405, 501)):
        return party.fault(Fault.NO_PROXY, where=where)
    return party.fault(Fault.PROXY_FORBIDS, where=where, target=target)


def wants_login(proxy: Proxy, party: Party, where: str) -> Unreachable:
    """The error when a proxy wants a login. If we sent one, it was refused."""
    if proxy.has_login:
        return party.fault(Fault.PROXY_PASSWORD_REFUSED, where=where)
    example = f"{proxy.speaks}://name:password@{proxy.place}"
    return party.fault(Fault.PROXY_PASSWORD, where=where, example=example)


def _reason(error: BaseException | None) -> str:
    return (isinstance(error, ssl.SSLError) and error.reason) or ""


def _not_trusted(error: ssl.SSLCertVerificationError, party: Party) -> Unreachable:
    code = getattr(error, "verify_code", 0)
    said = str(getattr(error, "verify_message", "") or error).lower()
    known = 10 if "expired" in said else 23 if "revoked" in said else code
    if cause := _ENDED.get(known, ""):
        return party.fault(Fault.CERTIFICATE_ENDED, cause=cause)
    if code in _OTHER_HOST or "mismatch" in said or "doesn't match" in said:
        return party.fault(Fault.CERTIFICATE_OF_OTHERS)
    is_own = code in _SIGNED_BY_ITSELF
    cause = "it is signed by itself" if is_own else "nobody whom this machine trusts has signed it"
    return party.fault(Fault.UNTRUSTED, cause=cause)


def network_error(error: httpx.TransportError, endpoint: Endpoint) -> GatewayError:
    """The `GatewayError` for a request that got no HTTP answer."""
    if not isinstance(error, Unreachable) and (
        refused := refused_certificate(error.__cause__, endpoint.party)
    ):
        # In TLS 1.3 this error comes with the first bytes after the handshake.
        error = refused
    if isinstance(error, Unreachable):
        return (GatewayTimeout if error.is_late else GatewayUnavailable)(str(error), fault=error.fault)
    if isinstance(error, httpx.TimeoutException):
        return GatewayTimeout(Fault.SILENT.says(), fault=Fault.SILENT)
    if isinstance(error, NotHttp):
        if endpoint.forwards:
            other = endpoint.proxy_party.fault(Fault.NO_PROXY, where="it does not speak HTTP")
            return GatewayUnavailable(str(other), fault=other.fault)
        hint = ", but TLS (write https:// in place of http://)" if error.is_tls else ""
        return GatewayUnavailable(Fault.NOT_HTTP.says(hint=hint), fault=Fault.NOT_HTTP)
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
        return GatewayProtocolError("The request cannot be sent over HTTP/1.1.")
    proxy = endpoint.proxy
    way = f" through the proxy named by {proxy.named_by}" if proxy.url else ""
    hint = ""
    if isinstance(error, NoAnswer) and not proxy.url and not endpoint.socket_path:
        hint = " If that server wants TLS, write https:// in the setting `base_url`."
        if endpoint.url.scheme == "https":
            whose = (
                "another certificate of its clients"
                if endpoint.certificates.client
                else "a certificate of its clients"
            )
            hint = f" If that server wants {whose}, name it by the setting `client_certificate`."
    fault = Fault.BROKEN_CONNECTION
    return GatewayUnavailable(fault.says(way=way, hint=hint), fault=fault)
