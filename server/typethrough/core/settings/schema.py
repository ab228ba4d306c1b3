"""All settings with type, unit, bounds and reach.

Owns names, defaults and descriptions. SETTINGS.md is generated from it. `values` checks one value, `layers` decides which
source wins, `access` where code may be sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from typethrough.core.settings.values import Kind, Others, Reach, Spec
from typethrough.core.suggestion.amount import AUTO

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typethrough.core.asking.routes import Route
    from typethrough.core.settings.access import Access

T = TypeVar("T")
ENVIRONMENT_PREFIX = "TYPETHROUGH_"
GATEWAY_BASE_URL = "https://ai-gateway.vercel.sh/v1"
DEFAULT_MODEL = "openai/gpt-4.1-nano"
BUDGET_MIN_MS, BUDGET_MAX_MS = 50, 5000

_EXCLUDED = """
.env .env.* .envrc *.env *.pem *.key *.p12 *.pfx *.jks *.keystore *.kdbx *.ovpn *.tfvars *.tfstate id_rsa*
id_dsa* id_ecdsa* id_ed25519* .netrc _netrc .npmrc .pypirc .pgpass .htpasswd .git-credentials credentials
credentials.json secrets.json secrets.toml secrets.yaml secrets.yml .ssh/ .gnupg/ .aws/ .kube/
"""
DEFAULT_EXCLUDE = tuple(_EXCLUDED.split())


def _setting(default: T, kind: Kind, description: str, others: Others, **limits: Any) -> T:
    """A dataclass field with its `Spec`. It has the type of the default, because reading the field gives a value."""
    spec = Spec(kind=kind, description=description, others=others, **limits)
    # A command may contain a secret as an argument.
    shown = not spec.secret and spec.kind is not Kind.COMMAND
    return field(default=default, repr=shown, metadata={"spec": spec})


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, checked. Built by `resolve`. The defaults alone work.

    `access`: where code may be sent and with which key, one for each source that says it, the highest first. `closed`: a
    sentence that says why no model may be asked (a value that may forbid something could not be read), else empty.
    `model_is_named`: the model was set, so no other model may replace it.
    """

    enabled: bool = _setting(
        True, Kind.FLAG, "Whether there are any suggestions at all.", Others.SWITCH_OFF, guards=True
    )
    access: tuple[Access, ...] = field(default=(), repr=False)
    closed: str = ""
    model_is_named: bool = False
    proxy: str = _setting(
        "",
        Kind.NAME,
        "The proxy to use, such as `http://host:3128` or `socks5h://user:password@host:1080`, or `none` for no proxy. If not set,"
        " `HTTPS_PROXY`, `HTTP_PROXY` and `ALL_PROXY` count, as for curl. `NO_PROXY` always counts, and this machine is never"
        " asked through a proxy. A proxy can speak `http`, `https`, `socks5h` (it looks up names itself) or `socks5`.",
        Others.KEEP,
        reach=Reach.USER,
        secret=True,
        guards=True,
    )
    client_certificate: str = _setting(
        "",
        Kind.PATH,
        "The certificate for an endpoint that demands one: a PEM file. Its key is in the same file or in `client_key`.",
        Others.KEEP,
        reach=Reach.USER,
    )
    client_key: str = _setting(
        "",
        Kind.PATH,
        "The key of `client_certificate`, a PEM file without a password.",
        Others.KEEP,
        reach=Reach.USER,
    )
    oidc_token_file: str = _setting(
        "",
        Kind.PATH,
        "The file that `vercel env pull` writes. When a `VERCEL_OIDC_TOKEN` expires, the next one is read from it. Only for the "
        "Vercel AI Gateway.",
        Others.KEEP,
        reach=Reach.USER,
    )
    model: str = _setting(
        DEFAULT_MODEL,
        Kind.NAME,
        "The model's name in the endpoint's spelling. With a routing gateway it also decides which provider reads the code.",
        Others.KEEP,
        reach=Reach.USER,
        guards=True,
    )
    prompt_form: str = _setting(
        "auto",
        Kind.CHOICE,
        "The form of the prompt: a `chat`, or a text completion with fill-in-the-middle marks (`fim`), which llama.cpp, vLLM, "
        "Ollama and LiteLLM serve. `auto`: `fim` if the model has such marks and the endpoint accepts them.",
        Others.KEEP,
        choices=("auto", "chat", "fim"),
        reach=Reach.USER,
    )
    routes: tuple[Route, ...] = _setting(
        (),
        Kind.ROUTES,
        "Models other than `model` for some purposes, each with an optional budget: `invoked` answers what the user asks for by"
        " hand, `block` writes the body of a block that was just opened (if `max_lines` allows that), `hedge` is asked too when"
        ' another is late. Such as `"MODEL 1500 ms"`; in the environment `invoked=MODEL 1500 ms,hedge=MODEL`.',
        Others.KEEP,
        minimum=BUDGET_MIN_MS,
        maximum=BUDGET_MAX_MS,
        reach=Reach.USER,
    )
    hedge_share: int = _setting(
        5,
        Kind.NUMBER,
        "How much of the model lane's cost may go to the model of the route `hedge`, at most.",
        Others.LOWER,
        unit="percent",
        minimum=0,
        maximum=50,
        reach=Reach.USER,
    )
    fallback_models: tuple[str, ...] = _setting(
        (),
        Kind.NAMES,
        "Models that a routing gateway asks, in this order, when `model` fails.",
        Others.LEAVE_OUT,
        reach=Reach.USER,
    )
    provider_order: tuple[str, ...] = _setting(
        (),
        Kind.NAMES,
        "Providers behind the gateway, such as `openai`, in the order in which they are asked. If nothing is set, the model's own"
        " provider comes first.",
        Others.KEEP,
        reach=Reach.USER,
    )
    provider_only: tuple[str, ...] = _setting(
        (),
        Kind.NAMES,
        "The only providers behind the gateway that may read the code.",
        Others.CHOOSE,
        reach=Reach.USER,
        guards=True,
    )
    provider_sort: str = _setting(
        "none",
        Kind.CHOICE,
        "How the gateway chooses a provider: by price (`cost`), time to first token (`ttft`) or tokens per second (`tps`).",
        Others.KEEP,
        choices=("none", "cost", "ttft", "tps"),
        reach=Reach.USER,
    )
    service_tier: str = _setting(
        "none",
        Kind.CHOICE,
        "`priority` is faster and more expensive, `flex` slower and cheaper, if the provider has them.",
        Others.KEEP,
        choices=("none", "flex", "priority"),
        reach=Reach.USER,
    )
    zero_data_retention: bool = _setting(
        False,
        Kind.FLAG,
        "Use only providers that keep no data. Only the Vercel AI Gateway promises this, so nothing is sent to another endpoint.",
        Others.SWITCH_ON,
        reach=Reach.USER,
        guards=True,
    )
    no_prompt_training: bool = _setting(
        False,
        Kind.FLAG,
        "Use only providers that do not train on prompts. Only the Vercel AI Gateway promises this, so nothing is sent to another"
        " endpoint.",
        Others.SWITCH_ON,
        reach=Reach.USER,
        guards=True,
    )
    catalogue: bool = _setting(
        True,
        Kind.FLAG,
        "Whether the model's prices, context size, announced end and speed are read from the endpoint's own list, once a day.",
        Others.SWITCH_OFF,
        reach=Reach.USER,
    )
    model_lane: bool = _setting(
        True, Kind.FLAG, "Whether a model may be asked over the network.", Others.SWITCH_OFF, guards=True
    )
    local_lane: bool = _setting(
        True,
        Kind.FLAG,
        "Whether suggestions may come from the workspace's own text and from names in installed libraries, without a network.",
        Others.SWITCH_OFF,
    )
    budget_ms: int = _setting(
        900,
        Kind.NUMBER,
        "Every request is answered within this time. Above 1000, ghost text comes too late to be useful.",
        Others.LOWER,
        unit="ms",
        minimum=BUDGET_MIN_MS,
        maximum=BUDGET_MAX_MS,
    )
    debounce_min_ms: int = _setting(
        30,
        Kind.NUMBER,
        "The shortest wait after a keystroke before a model is asked.",
        Others.KEEP,
        unit="ms",
        minimum=0,
        maximum=1000,
    )
    debounce_max_ms: int = _setting(
        450,
        Kind.NUMBER,
        "The longest such wait. The typing rhythm decides the wait between the two.",
        Others.KEEP,
        unit="ms",
        minimum=0,
        maximum=2000,
    )
    max_lines: int | Literal["auto"] = _setting(
        AUTO,
        Kind.NUMBER,
        "The most lines of an automatic suggestion. One that the user asks for by hand may be longer."
        " `auto`: the whole body if a block was just opened, elsewhere one line.",
        Others.KEEP,
        unit="lines",
        minimum=1,
        maximum=50,
        choices=(AUTO,),
    )
    context_tokens: int = _setting(
        8000,
        Kind.NUMBER,
        "How much of the file the prompt may contain. Most of it is read from the provider's cache.",
        Others.LOWER,
        unit="tokens",
        minimum=200,
        maximum=100_000,
    )
    max_output_tokens: int = _setting(
        256,
        Kind.NUMBER,
        "How many tokens a model may generate for one request.",
        Others.LOWER,
        unit="tokens",
        minimum=16,
        maximum=2000,
    )
    daily_limit_cents: int = _setting(
        0,
        Kind.NUMBER,
        "US cents per day that the model lane may cost by published prices. Then only the local lane answers. 0: no limit.",
        Others.LIMIT,
        unit="cents",
        minimum=0,
        maximum=100_000,
        reach=Reach.USER,
        guards=True,
    )
    other_files: bool = _setting(
        True,
        Kind.FLAG,
        "Whether the prompt may contain declarations from the workspace's other files, and the last edited places in open files.",
        Others.SWITCH_OFF,
        reach=Reach.USER,
        guards=True,
    )
    project_notes: bool = _setting(
        False,
        Kind.FLAG,
        "Whether the prompt may contain the beginning of the project's AGENTS.md, CLAUDE.md or README.",
        Others.SWITCH_OFF,
    )
    hide_secrets: bool = _setting(
        True,
        Kind.FLAG,
        "Whether keys and passwords in the edited file are hidden from the model. It sees placeholders, and in its answer they"
        " are replaced by the secrets. Those of other files are always hidden.",
        Others.SWITCH_ON,
        reach=Reach.USER,
    )
    warm_up: str = _setting(
        "auto",
        Kind.CHOICE,
        "Whether a model reads a document's context in advance: when it is opened or focused, and after a pause. `auto`: only if"
        " that is free, by a model that runs on this machine.",
        Others.KEEP,
        choices=("auto", "always", "never"),
        reach=Reach.USER,
    )
    prefetch: bool = _setting(
        True, Kind.FLAG, "Whether accepting a suggestion asks for the next one in advance.", Others.SWITCH_OFF
    )
    disabled_languages: tuple[str, ...] = _setting(
        (), Kind.NAMES, "Language ids that get no suggestions, such as `markdown`.", Others.ADD, guards=True
    )
    exclude: tuple[str, ...] = _setting(
        DEFAULT_EXCLUDE,
        Kind.GLOBS,
        "Files that are never completed, sent or indexed: patterns as in a .gitignore, relative to each folder of the workspace."
        " An editor's settings can add patterns, but not remove any.",
        Others.ADD,
        grows=True,
        guards=True,
    )
    workspace_max_files: int = _setting(
        2000,
        Kind.NUMBER,
        "How many files of the workspace the local lane reads, at most.",
        Others.LOWER,
        unit="files",
        minimum=0,
        maximum=50_000,
    )
    workspace_max_bytes: int = _setting(
        20_000_000,
        Kind.NUMBER,
        "How many bytes of the workspace the local lane reads, at most.",
        Others.LOWER,
        unit="bytes",
        minimum=0,
        maximum=500_000_000,
    )
    record: bool = _setting(
        True,
        Kind.FLAG,
        "Whether outcomes, times and token counts are kept in a file on this machine, for the day's total, `typethrough why` and"
        " `typethrough stats`. The file never contains text.",
        Others.KEEP,
        reach=Reach.USER,
    )
    record_paths: bool = _setting(
        False,
        Kind.FLAG,
        "Whether that file contains the full paths of files. If not, it has only their names, and only for the last outcomes.",
        Others.SWITCH_OFF,
        reach=Reach.USER,
    )
    opentelemetry: bool = _setting(
        False,
        Kind.FLAG,
        "Whether metrics and traces, no text, go to the collector of `OTEL_EXPORTER_OTLP_ENDPOINT`. Needs `typethrough[otel]`.",
        Others.SWITCH_OFF,
        reach=Reach.USER,
    )
    log_level: str = _setting(
        "info", Kind.CHOICE, "How much is logged.", Others.KEEP, choices=("debug", "info", "warning", "error")
    )


# The parts of an `Access`. Each is written as a setting, but is not a field of `Settings`.
ACCESS_SPECS: Mapping[str, Spec] = {
    "base_url": Spec(
        Kind.URL,
        "The OpenAI-compatible endpoint, with its `/v1`. If empty, the one that the key belongs to. A server on this machine"
        " may listen on a Unix socket: `unix:///run/llama.sock` asks it for `/v1`, `unix:///run/llama.sock:/api/v1` for another"
        " path, and `http+unix://%2Frun%2Fllama.sock/v1` is another way to write it.",
        Others.KEEP,
        reach=Reach.USER,
    ),
    "api_key": Spec(
        Kind.KEY,
        "The key for the `base_url` that is set in the same place. It is sent to no other address. If that place has no"
        " `base_url`, the key is for the Vercel AI Gateway.",
        Others.KEEP,
        reach=Reach.USER,
        secret=True,
    ),
    "api_key_command": Spec(
        Kind.COMMAND,
        "A command, run without a shell, whose first line of output is the key. It has 10 seconds.",
        Others.KEEP,
        reach=Reach.FILE,
    ),
    "headers": Spec(
        Kind.HEADERS,
        "Headers for each request to the `base_url` that is set in the same place, and to no other address, such as"
        ' `{"X-Team" = "core"}`; in the environment `X-Team: core, X-Org: me`, or one per line. Their values are never shown. One'
        " that contains a key, such as `api-key`, replaces `api_key`.",
        Others.KEEP,
        reach=Reach.USER,
        secret=True,
    ),
}
_OWN_SPECS = {item.name: item.metadata["spec"] for item in fields(Settings) if "spec" in item.metadata}
SPECS: Mapping[str, Spec] = {"enabled": _OWN_SPECS["enabled"], **ACCESS_SPECS, **_OWN_SPECS}
DEFAULTS = Settings()


def environment_name(setting: str) -> str:
    """The environment variable for a setting. Empty if there is none."""
    return "" if SPECS[setting].reach is Reach.FILE else ENVIRONMENT_PREFIX + setting.upper()
