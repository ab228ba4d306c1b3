"""Decides where code may be sent and with which key. An `Access` is an address with the key that was given with it.

A key belongs to the source that gave it and to the address given there. It is never sent to another address. If the address or
the key of a source is refused, the source gives nothing, and no lower source is used instead. Otherwise a typing error could
change who reads the code. The process environment is passed in; nothing here reads it.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from typethrough.core.settings.halves import KEY_RULE, address_problem, socket_and_path, unwrapped, usable_key
from typethrough.core.settings.headers import Headers, has_login, merged, secrets_in
from typethrough.core.settings.schema import GATEWAY_BASE_URL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from typethrough.core.settings.schema import Settings

OPENAI_BASE_URL = "https://api.openai.com/v1"
_OIDC = "VERCEL_OIDC_TOKEN"
_KNOWN = ("AI_GATEWAY_API_KEY", _OIDC, "OPENAI_API_KEY")
_LOCAL_ONLY = "local lane only"
CLOSED = "No model is asked until that is mended."


@dataclass(frozen=True, slots=True)
class Access:
    """An address and its key, as one source gives them.

    `base_url` is empty if the source names no address; its key is then for the Vercel AI Gateway. `api_key_command` gives
    the key if `api_key` is empty. `problem` is a sentence that says why the source cannot be used, else empty. `key_name`
    and `address_name` are how messages call the key and the address. `note` is a sentence about what was corrected.
    """

    key_name: str
    address_name: str
    base_url: str = ""
    api_key: str = field(default="", repr=False)
    api_key_command: tuple[str, ...] = field(default=(), repr=False)
    headers: Headers = field(default=(), repr=False)
    problem: str = ""
    note: str = ""

    @property
    def address(self) -> str:
        """The address to which its key may be sent."""
        return self.base_url or GATEWAY_BASE_URL

    @property
    def has_key(self) -> bool:
        """Whether it has a key, or a command that prints one."""
        return bool(self.api_key or self.api_key_command)

    @property
    def command_name(self) -> str:
        """How messages call the command."""
        return self.key_name.replace("api_key", "api_key_command")

    def with_fetched(self, keys: Mapping[tuple[str, ...], str]) -> Access:
        """This access with the key that its command printed, if there is one."""
        key = "" if self.api_key else keys.get(self.api_key_command, "")
        return replace(self, api_key=key, key_name=self.command_name) if key else self


@dataclass(frozen=True, slots=True)
class EndpointChoice:
    """Where the model lane sends its questions. `base_url` is empty if there is no model lane. `why` explains the choice in
    words.

    `key_name` says where the key comes from, `address_name` where the address comes from, if it was set. `notes` are
    sentences about keys that are not sent or were corrected. `command` is the command that would print a missing key.
    `problem` is a sentence that says why the settings cannot be used, else empty.
    """

    base_url: str
    api_key: str = field(repr=False)
    model: str
    why: str
    key_name: str = ""
    address_name: str = ""
    notes: tuple[str, ...] = ()
    command: tuple[str, ...] = field(default=(), repr=False)
    problem: str = ""
    headers: Headers = field(default=(), repr=False)

    @property
    def usable(self) -> bool:
        """Whether there is a model lane."""
        return bool(self.base_url)

    @property
    def is_refused(self) -> bool:
        """Whether there is no model lane because what was set cannot be used."""
        return bool(self.problem)

    @property
    def is_oidc(self) -> bool:
        """Whether the key is Vercel's OIDC token, which expires after some hours. It is only used for Vercel's gateway."""
        return self.key_name == _OIDC

    @property
    def is_well_known(self) -> bool:
        """Whether the key is in a variable that is known to be for one address."""
        return self.key_name in _KNOWN

    def model_there(self, model: str) -> str:
        """The name of a model in the spelling of this endpoint."""
        return model.removeprefix("openai/") if _host(self.base_url) == _host(OPENAI_BASE_URL) else model


def endpoint_of(settings: Settings, environment: Mapping[str, str]) -> EndpointChoice:
    """The endpoint, its key, and the model's name there.

    The address comes from the highest source that names one. Then only a key for this address is used. If no source names
    an address, the first key decides: that of the settings, then AI_GATEWAY_API_KEY, VERCEL_OIDC_TOKEN, then
    OPENAI_API_KEY with OPENAI_BASE_URL.
    """
    if not settings.model_lane:
        return _none("the model lane is off (setting model_lane)")
    stated, known = settings.access, _known(environment)
    if settings.closed:
        return _refused(settings.closed)
    named = named_access(stated)
    if named is None:
        told = (access for access in (*stated, *known) if access.has_key or access.problem)
        if (first := next(told, None)) is None:
            # A key given only as a header is for the Vercel AI Gateway, like every key of a source without an address.
            first = next((access for access in stated if has_login(access.headers)), None)
        return _none("no key") if first is None else _chosen(settings, first, first.address)
    if named.problem:
        return _refused(named.problem)
    rivals = (*(access for access in stated if not access.problem), *known)
    own = [a for a in rivals if (a.has_key or a.problem) and is_same_origin(a.address, named.address)]
    choice = _chosen(settings, own[0] if own else named, named.address)
    notes = (*choice.notes, *_left(stated, named, choice))
    return replace(choice, address_name=named.address_name, notes=notes)


def named_access(stated: Sequence[Access]) -> Access | None:
    """The source that decides the address: the first that names one or was refused. `stated` has the highest source first."""
    return next((access for access in stated if access.base_url or access.problem), None)


def keys_of(settings: Settings, environment: Mapping[str, str]) -> frozenset[str]:
    """Every key that any source gives, sent or not. None of them may be shown."""
    known = (*settings.access, *_known(environment))
    in_headers = (text for one in known for text in secrets_in(one.headers))
    return frozenset((*(access.api_key for access in known), *in_headers))


def is_loopback(base_url: str) -> bool:
    """Whether an address can only be on this machine."""
    if socket_and_path(base_url) is not None:
        return True
    host = _host(base_url).rstrip(".")
    # A name such as app.localhost does not count: not every system looks it up on this machine.
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_same_origin(one: str, other: str) -> bool:
    """Whether two addresses have the same scheme, host and port, and so the same server."""
    return _origin(one) == _origin(other)


def _known(environment: Mapping[str, str]) -> tuple[Access, ...]:
    """What the variables say that other programs use too, in the order of preference."""
    found = [
        _from_variables(environment, "AI_GATEWAY_API_KEY", "", GATEWAY_BASE_URL),
        _from_variables(environment, _OIDC, "", GATEWAY_BASE_URL),
        _from_variables(environment, "OPENAI_API_KEY", "OPENAI_BASE_URL", OPENAI_BASE_URL),
    ]
    return tuple(access for access in found if access is not None)


def _from_variables(
    environment: Mapping[str, str], key_name: str, address_name: str, default: str
) -> Access | None:
    key, key_note = _mended(key_name, environment.get(key_name, ""))
    said, address_note = _mended(address_name, environment.get(address_name, ""))
    base_url, problem = said.rstrip("/") or default, ""
    if not key:
        return None
    if refusal := address_problem(base_url):
        base_url, problem = "", f"environment: {address_name} {refusal}"
    elif not usable_key(key):
        problem = f"environment: {key_name} {KEY_RULE}"
    note = " ".join(filter(None, (key_note, address_note)))
    named_by = address_name if said else ""
    return Access(key_name, named_by, base_url, "" if problem else key, problem=problem, note=note)


def _mended(name: str, value: str) -> tuple[str, str]:
    text, left_out = unwrapped(value)
    return text, mended_note("environment", name, left_out)


def mended_note(place: str, name: str, left_out: str) -> str:
    """The sentence that says what was removed from a value. Empty if nothing was."""
    return f"{place}: {name} was copied with {left_out}; it is read without." if left_out else ""


def _chosen(settings: Settings, access: Access, base_url: str) -> EndpointChoice:
    if access.problem:
        return _refused(access.problem)
    if not access.api_key and access.api_key_command:
        return _none(f"{access.command_name} gave no key", command=access.api_key_command)
    headers = _headers(settings.access, base_url)
    if not access.api_key and not is_loopback(base_url) and not has_login(headers):
        return _none(f"no key for {_host(base_url)}")
    key_name = access.key_name if access.api_key else ""
    address_name = access.address_name if access.base_url else ""
    notes = (*filter(None, (access.note,)), *_headers_left(settings.access, base_url))
    choice = EndpointChoice(base_url, access.api_key, "", "", key_name, address_name, notes, headers=headers)
    model = choice.model_there(settings.model)
    login = key_name or (
        "a key in `headers`" if has_login(headers) else "no key: a loopback address needs none"
    )
    why = f"{model} at {_host(base_url)} ({login})"
    return replace(choice, model=model, why=why)


def _headers(stated: Sequence[Access], base_url: str) -> Headers:
    """The headers that were given with an address. Those of the highest source win."""
    headers: Headers = ()
    for access in stated:
        if access.headers and is_same_origin(access.address, base_url):
            headers = merged(headers, access.headers)
    return headers


def _headers_left(stated: Sequence[Access], base_url: str) -> Iterator[str]:
    """Yield a sentence for each source whose headers are not sent, because they belong to another address."""
    for access in stated:
        if access.headers and not is_same_origin(access.address, base_url):
            where = access.key_name.replace("api_key", "headers").replace("API_KEY", "HEADERS")
            own, other = _host(access.address), _host(base_url)
            yield f"{where} is for {own} and not sent to {other}: give address and headers in the same place."


def _left(stated: Sequence[Access], named: Access, choice: EndpointChoice) -> list[str]:
    """A sentence for each key that the user may have meant for this address, but that is not sent there."""
    left = []
    is_above = True
    for access in stated:
        if access is named:
            is_above = False
        # A key of a lower source was meant for another address. It is only mentioned if a key is missing.
        elif (
            access.has_key
            and (is_above or not (choice.usable or choice.is_refused or choice.command))
            and not is_same_origin(access.address, named.address)
        ):
            left.append(
                f"{access.key_name} is for {_host(access.address)} and not sent to {_host(named.address)}, which "
                f"{named.address_name} names: give address and key in the same place."
            )
    return left


def _none(why: str, *, command: tuple[str, ...] = ()) -> EndpointChoice:
    return EndpointChoice("", "", "", f"{why}: {_LOCAL_ONLY}", command=command)


def _refused(problem: str) -> EndpointChoice:
    # The problem begins with the name of its source and a colon.
    return EndpointChoice("", "", "", f"{problem}; {_LOCAL_ONLY}", problem=problem)


def _host(base_url: str) -> str:
    if (parts := socket_and_path(base_url)) is not None:
        return f"the socket {parts[0]}"
    return urlsplit(base_url).hostname or ""


def _origin(base_url: str) -> tuple[str, str, int]:
    if socket_and_path(base_url) is not None:
        return "unix", _host(base_url), 0
    parts = urlsplit(base_url)
    return parts.scheme, _host(base_url).rstrip("."), parts.port or (443 if parts.scheme == "https" else 80)
