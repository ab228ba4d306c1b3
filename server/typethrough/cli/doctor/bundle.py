"""`typethrough doctor --bundle`: writes a report for whoever looks for a fault, without the user's private data.

Private names are removed in three ways: what each finding declares private, what this process knows of keys, hosts and people,
and what looks like a path or a secret. From the record only the causes are taken, which are our own words.
"""

from __future__ import annotations

import getpass
import ipaddress
import re
import socket
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from typethrough import __version__
from typethrough.cli.doctor.findings import lines, summary
from typethrough.cli.settings import shown
from typethrough.cli.user_file import administrator_file_path, record_path, user_file_path
from typethrough.core.models import profile_of
from typethrough.core.secrets.detector import redacted
from typethrough.core.settings.access import OPENAI_BASE_URL, is_loopback, keys_of
from typethrough.core.settings.redaction import Redaction
from typethrough.core.settings.schema import (
    ACCESS_SPECS,
    ENVIRONMENT_PREFIX,
    GATEWAY_BASE_URL,
    SPECS,
)
from typethrough.core.settings.values import Kind
from typethrough.telemetry.store import Unreadable, read_outcomes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from urllib.parse import SplitResult

    from typethrough.cli.doctor.findings import Finding
    from typethrough.core.settings.schema import Settings

_HEAD = """\
typethrough: a report for whoever looks for a fault. Read it before you send it.

In it: what `typethrough doctor` found, which settings differ from the defaults, the names of variables that matter,
and how the last requests ended.
Not in it: text of any document, keys and passwords, paths and names of files, names of people and of this machine,
and names of hosts and models, except those that everybody knows.
"""
_OUTCOMES = 50
# The values of these settings may contain the user's own words.
_OWN_WORDS = frozenset(
    {Kind.NAME, Kind.NAMES, Kind.GLOBS, Kind.PATH, Kind.ROUTES, Kind.URL, Kind.KEY, Kind.COMMAND}
)
_COUNTS = re.compile(
    r"TYPETHROUGH_|(?:https?|all|no)_proxy$|SSL_CERT_|SSLKEYLOGFILE$|XDG_|NVIM_APPNAME$|VSCODE_EXTENSIONS$",
    re.IGNORECASE,
)
_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH", re.IGNORECASE)
_SHORTEST_SECRET = 6
# Shorter paths, such as the root folder, are not private.
_SHORTEST_PATH = 4
_MODEL_NAME = re.compile(r"[\w.:-]{1,60}(?:/[\w.:-]{1,60})?", re.ASCII)
_KNOWN_HOSTS = frozenset(
    {
        urlsplit(GATEWAY_BASE_URL).hostname,
        urlsplit(OPENAI_BASE_URL).hostname,
        "openrouter.ai",
        "api.mistral.ai",
    }
)
# Text that looks like a path: it begins at a root, the home folder or a drive, and ends where a path certainly ends.
_PATH = re.compile(
    r"(?<![\w/.:<])(?:~|[A-Za-z]:)?[/\\](?:[^\s/\\:;,()'\"`]+[/\\])*[^\s/\\:;,()'\"`]+|~[/\\]\S+"
)

# What a gateway says may name projects and people. A quote may contain quotes, so all to the last one is left out.
_QUOTED = re.compile(r' The gateway says: "(?:.*"|.*)', re.DOTALL)
_UNKNOWN = re.compile(r'"\w+" is not a setting')
_ADDRESS = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\w)|[0-9a-f]{0,4}:[0-9a-f]{0,4}:[0-9a-f:.]*(?!\w))",
    re.IGNORECASE,
)


def bundle(
    findings: Sequence[Finding],
    settings: Settings,
    sources: Mapping[str, str],
    environment: Mapping[str, str],
    at: str,
) -> str:
    """The report as text. `at` is the time. `sources` has the source of each setting."""
    parts = [
        _HEAD,
        f"typethrough {__version__}, {at}",
        "",
        *(line for finding in findings for line in lines(_without_own_words(finding))),
        "",
        summary(findings),
        "",
        "Settings that differ from the defaults:",
        *(f"  {line}" for line in _settings(settings, sources)),
        "",
        "Variables that are set:",
        *(f"  {name}" for name in _variables(environment)),
        "",
        "The last requests, newest first:",
        *(f"  {line}" for line in _outcomes()),
        "",
    ]
    private = [word for finding in findings for word in finding.private]
    return scrubbed("\n".join(parts), settings, environment, private)


def scrubbed(
    text: str, settings: Settings, environment: Mapping[str, str], private: Iterable[object] = ()
) -> str:
    """The text with keys, paths, hosts and private names replaced."""
    paths, names = set[str](), set[str]()
    for word in map(str, (*private, *_own(settings, environment))):
        (paths if "/" in word or "\\" in word else names).add(word)
    for path in sorted(paths, key=len, reverse=True):
        if len(path) < _SHORTEST_PATH:
            continue
        text = text.replace(path, "[path]")
    text = _without_addresses(_PATH.sub("[path]", text))
    for name in sorted(filter(None, names), key=len, reverse=True):
        text = re.sub(
            rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", "[name]", text, flags=re.IGNORECASE
        )
    hide = Redaction(_secrets(settings, environment)).hidden
    return redacted("\n".join(map(hide, text.split("\n")))).rstrip() + "\n"


def _without_own_words(finding: Finding) -> Finding:
    """The finding without words of the user or of the gateway. Of the settings only the first line is kept, because the
    report lists them separately.
    """
    text, remedy, *more = (_anonymous(line) for line in (finding.text, finding.remedy, *finding.more))
    return replace(finding, text=text, remedy=remedy, more=() if finding.name == "settings" else tuple(more))


def _anonymous(line: str) -> str:
    return _UNKNOWN.sub("a name is not a setting", _QUOTED.sub("", line))


def _variables(environment: Mapping[str, str]) -> Iterator[str]:
    """The names of the variables that matter. A name that the user made up is not repeated."""
    ours = {ENVIRONMENT_PREFIX + name.upper() for name in SPECS}
    is_of_another = False
    for name in sorted(environment):
        if name.upper().startswith(ENVIRONMENT_PREFIX) and name.upper() not in ours:
            is_of_another = True
        elif _COUNTS.match(name) or name in _known_keys(environment):
            yield name
    if is_of_another:
        yield f"a {ENVIRONMENT_PREFIX} variable that is no setting"


def _without_addresses(text: str) -> str:
    """The text without IP addresses, except those of this machine."""

    def hidden(match: re.Match[str]) -> str:
        word = match[0].rstrip(":.")
        try:
            is_private = not ipaddress.ip_address(word).is_loopback
        except ValueError:
            return match[0]
        return "[address]" + match[0][len(word) :] if is_private else match[0]

    return _ADDRESS.sub(hidden, text)


def _settings(settings: Settings, sources: Mapping[str, str]) -> Iterator[str]:
    for name, source in sorted(sources.items()):
        spec = SPECS[name]
        if name in ACCESS_SPECS:
            continue
        value = getattr(settings, name)
        if spec.kind in _OWN_WORDS:
            said = f"({len(value)} items)" if isinstance(value, tuple) else "(set)"
        else:
            said = shown(spec, value)
        yield f"{name} = {said} ({source})"


def _outcomes() -> Iterator[str]:
    try:
        entries = read_outcomes(record_path(), _OUTCOMES)
    except Unreadable:
        yield "(the record cannot be read)"
        return
    for entry in entries:
        cause = entry.cause.name.lower() if entry.cause is not None else ""
        stages = ", ".join(f"{name} {ms:.1f}" for name, ms in entry.stages_ms.items())
        yield f"{entry.at} {entry.ending} {entry.source or cause} ({stages} ms)"
    if not entries:
        yield "(none)"


def _own(settings: Settings, environment: Mapping[str, str]) -> Iterator[object]:
    """The paths, hosts, models and names known to this process that the report must not contain."""
    yield from (
        Path.home(),
        Path.home().name,
        Path.cwd(),
        user_file_path(),
        record_path(),
        administrator_file_path() or "",
    )
    yield socket.gethostname()
    try:
        yield getpass.getuser()
    except (KeyError, OSError, ImportError):
        yield ""
    addresses = [
        *(access.base_url for access in settings.access),
        *_proxies(environment),
        environment.get("OPENAI_BASE_URL", ""),
    ]
    for address in addresses:
        host = _host(address)
        if host not in _KNOWN_HOSTS and not is_loopback(f"http://{f'[{host}]' if ':' in host else host}/"):
            yield host
    models = (settings.model, *settings.fallback_models, *(route.model for route in settings.routes))
    for model in models:
        if not _MODEL_NAME.fullmatch(model) or profile_of(model) == profile_of(""):
            yield from (model, model.removeprefix("openai/"))


def _secrets(settings: Settings, environment: Mapping[str, str]) -> Iterator[str]:
    """All keys and passwords known to this process, including those of other programs."""
    yield from keys_of(settings, environment)
    yield from (
        word for access in settings.access for word in access.api_key_command if len(word) >= _SHORTEST_SECRET
    )
    for address in (*_proxies(environment), settings.proxy):
        parts = _split(address)
        yield from (unquote(word) for word in (parts.username or "", parts.password or ""))
    for name, value in environment.items():
        if _SECRET_NAME.search(name) and len(value) >= _SHORTEST_SECRET and not value.startswith(("/", "~")):
            yield value


def _known_keys(environment: Mapping[str, str]) -> frozenset[str]:
    names = ("AI_GATEWAY_API_KEY", "VERCEL_OIDC_TOKEN", "OPENAI_API_KEY", "OPENAI_BASE_URL")
    return frozenset(name for name in names if environment.get(name))


def _proxies(environment: Mapping[str, str]) -> list[str]:
    named = [
        value
        for name, value in environment.items()
        if name.lower().endswith("_proxy") and name.lower() != "no_proxy"
    ]
    return [value if "://" in value else f"http://{value}" for value in named if value]


def _host(address: str) -> str:
    return _split(address).hostname or ""


def _split(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")
