"""What a user may decide: every setting with its type, unit, bounds and reach.

Owns names, defaults and descriptions; SETTINGS.md is generated from here. `values` checks one value, `layers` decides which of
several places holds, `access` where code may go.
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
BUDGET_MIN_MS = 50
BUDGET_MAX_MS = 5000

_EXCLUDED = """
.env .env.* .envrc *.env *.pem *.key *.p12 *.pfx *.jks *.keystore *.kdbx *.ovpn *.tfvars *.tfstate id_rsa*
id_dsa* id_ecdsa* id_ed25519* .netrc _netrc .npmrc .pypirc .pgpass .htpasswd .git-credentials credentials
credentials.json secrets.json secrets.toml secrets.yaml secrets.yml .ssh/ .gnupg/ .aws/ .kube/
"""
DEFAULT_EXCLUDE = tuple(_EXCLUDED.split())


def _setting(default: T, kind: Kind, description: str, others: Others, **limits: Any) -> T:
    """A dataclass field that carries its `Spec`; typed as its default, which is what reading the field gives."""
    spec = Spec(kind=kind, description=description, others=others, **limits)
    # A command may hold a secret as an argument.
    shown = not spec.secret and spec.kind is not Kind.COMMAND
    return field(default=default, repr=shown, metadata={"spec": spec})


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a user may decide, checked. Built by `resolve`; the defaults alone are a working set.

    `access`: where code may go and with which key, one for each place that says anything of it, the place that wins first.
    `closed`, a sentence: why no model may be asked, since what was set to keep something back could not be read.
    `model_is_named`: somebody has set the model, so no other may take its place.
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
        "The proxy to go through, such as `http://host:3128` or `socks5h://user:password@host:1080`; `none` for no proxy. Without"
        " it `HTTPS_PROXY`, `HTTP_PROXY` and `ALL_PROXY` count, as for curl. `NO_PROXY` counts in any case, and this machine is"
        " never asked through a proxy. Proxies speak `http`, `https`, `socks5h` (they look up names) or `socks5`.",
        Others.KEEP,
        reach=Reach.USER,
        secret=True,
        guards=True,
    )
    client_certificate: str = _setting(
        "",
        Kind.PATH,
        "The certificate that we show to an endpoint that asks for one: a PEM file, with its key in it or in `client_key`.",
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
        "The file that `vercel env pull` writes, to take the next `VERCEL_OIDC_TOKEN` from when one ends; for the Vercel AI "
        "Gateway alone.",
        Others.KEEP,
        reach=Reach.USER,
    )
    model: str = _setting(
        DEFAULT_MODEL,
        Kind.NAME,
        "The model's name as the endpoint spells it; behind a routing gateway it also says which provider reads the code.",
        Others.KEEP,
        reach=Reach.USER,
        guards=True,
    )
    prompt_form: str = _setting(
        "auto",
        Kind.CHOICE,
        "How the model is asked: in a `chat`, or by fill-in-the-middle marks (`fim`) in a text completion, as llama.cpp, vLLM, "
        "Ollama and LiteLLM serve it. `auto`: by marks where the model has them and the endpoint takes them.",
        Others.KEEP,
        choices=("auto", "chat", "fim"),
        reach=Reach.USER,
    )
    routes: tuple[Route, ...] = _setting(
        (),
        Kind.ROUTES,
        "Other models than `model`, each perhaps with its own budget: `invoked` answers what is asked for by hand, `block` writes"
        " the body of a block that was just opened (where `max_lines` allows one), `hedge` is asked as well when another is late."
        ' Such as `"MODEL 1500 ms"`; in the environment `invoked=MODEL 1500 ms,hedge=MODEL`.',
        Others.KEEP,
        minimum=BUDGET_MIN_MS,
        maximum=BUDGET_MAX_MS,
        reach=Reach.USER,
    )
    hedge_share: int = _setting(
        5,
        Kind.NUMBER,
        "Of every hundred dollars that the model lane spends, how many at most go into asking the model of the route `hedge`.",
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
        "Providers behind the gateway in the order they are asked, such as `openai`; the model's own comes first by itself.",
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
        "What the gateway chooses a provider by: price, time to first token, or tokens per second.",
        Others.KEEP,
        choices=("none", "cost", "ttft", "tps"),
        reach=Reach.USER,
    )
    service_tier: str = _setting(
        "none",
        Kind.CHOICE,
        "`priority` is faster and dearer, `flex` slower and cheaper, where the provider has them.",
        Others.KEEP,
        choices=("none", "flex", "priority"),
        reach=Reach.USER,
    )
    zero_data_retention: bool = _setting(
        False,
        Kind.FLAG,
        "Only providers that keep nothing; the Vercel AI Gateway's promise, so with another endpoint nothing is sent.",
        Others.SWITCH_ON,
        reach=Reach.USER,
        guards=True,
    )
    no_prompt_training: bool = _setting(
        False,
        Kind.FLAG,
        "Only providers that do not train on prompts; the Vercel AI Gateway's promise, like `zero_data_retention`.",
        Others.SWITCH_ON,
        reach=Reach.USER,
        guards=True,
    )
    catalogue: bool = _setting(
        True,
        Kind.FLAG,
        "Whether prices, context size, announced end and speed of the model are read from the endpoint's own list, once a day.",
        Others.SWITCH_OFF,
        reach=Reach.USER,
    )
    model_lane: bool = _setting(
        True, Kind.FLAG, "Whether a model may be asked over the network.", Others.SWITCH_OFF, guards=True
    )
    local_lane: bool = _setting(
        True,
        Kind.FLAG,
        "Whether suggestions may come from the workspace's own text and from names of installed libraries, with no network.",
        Others.SWITCH_OFF,
    )
    budget_ms: int = _setting(
        900,
        Kind.NUMBER,
        "Every request is answered within this time; above 1000 ghost text comes after the thought has moved on.",
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
        "The longest such wait; the typing rhythm decides between.",
        Others.KEEP,
        unit="ms",
        minimum=0,
        maximum=2000,
    )
    max_lines: int | Literal["auto"] = _setting(
        AUTO,
        Kind.NUMBER,
        "Lines of a suggestion that comes by itself, at most; asked for by hand it may be longer."
        " `auto` goes by the place: the body where a block has just been opened, elsewhere one line.",
        Others.KEEP,
        unit="lines",
        minimum=1,
        maximum=50,
        choices=(AUTO,),
    )
    context_tokens: int = _setting(
        8000,
        Kind.NUMBER,
        "How much of the file the prompt may hold; most of it is read from the provider's cache.",
        Others.LOWER,
        unit="tokens",
        minimum=200,
        maximum=100_000,
    )
    max_output_tokens: int = _setting(
        256,
        Kind.NUMBER,
        "Tokens a model may generate for one request.",
        Others.LOWER,
        unit="tokens",
        minimum=16,
        maximum=2000,
    )
    daily_limit_cents: int = _setting(
        0,
        Kind.NUMBER,
        "US cents a day that the model lane may cost by its published prices; over it the local lane goes on alone. 0: no limit.",
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
        "Whether declarations of other files in the workspace go into the prompt, and the places in open files edited last.",
        Others.SWITCH_OFF,
        reach=Reach.USER,
        guards=True,
    )
    project_notes: bool = _setting(
        False,
        Kind.FLAG,
        "Whether the head of the project's AGENTS.md, CLAUDE.md or README goes into the prompt.",
        Others.SWITCH_OFF,
    )
    hide_secrets: bool = _setting(
        True,
        Kind.FLAG,
        "Whether keys and passwords in the file being typed are kept from the model; it sees a placeholder, and in its answer the"
        " secret is put back. Those of other files are always kept back.",
        Others.SWITCH_ON,
        reach=Reach.USER,
    )
    warm_up: str = _setting(
        "auto",
        Kind.CHOICE,
        "Whether a model reads a document's context before it is asked: on opening, on focus, after a pause. `auto`: where it is"
        " free, by a model that runs on this machine.",
        Others.KEEP,
        choices=("auto", "always", "never"),
        reach=Reach.USER,
    )
    prefetch: bool = _setting(
        True,
        Kind.FLAG,
        "Whether accepting a suggestion asks for the next one before it is needed.",
        Others.SWITCH_OFF,
    )
    disabled_languages: tuple[str, ...] = _setting(
        (), Kind.NAMES, "Language ids that get no suggestions, such as `markdown`.", Others.ADD, guards=True
    )
    exclude: tuple[str, ...] = _setting(
        DEFAULT_EXCLUDE,
        Kind.GLOBS,
        "Files that are never completed, sent or indexed: patterns as in a .gitignore, relative to each folder of the workspace."
        " An editor's settings can add to it, not take away.",
        Others.ADD,
        grows=True,
        guards=True,
    )
    workspace_max_files: int = _setting(
        2000,
        Kind.NUMBER,
        "Files of the workspace the local lane reads, at most.",
        Others.LOWER,
        unit="files",
        minimum=0,
        maximum=50_000,
    )
    workspace_max_bytes: int = _setting(
        20_000_000,
        Kind.NUMBER,
        "Bytes of the workspace the local lane reads, at most.",
        Others.LOWER,
        unit="bytes",
        minimum=0,
        maximum=500_000_000,
    )
    record: bool = _setting(
        True,
        Kind.FLAG,
        "Whether outcomes, times and token counts are kept in a file on this machine, for the day's total, `typethrough why` and"
        " `typethrough stats`; never any text.",
        Others.KEEP,
        reach=Reach.USER,
    )
    record_paths: bool = _setting(
        False,
        Kind.FLAG,
        "Whether that file holds the whole paths of files; without it, their names alone and only for the last outcomes.",
        Others.SWITCH_OFF,
        reach=Reach.USER,
    )
    log_level: str = _setting(
        "info", Kind.CHOICE, "How much is logged.", Others.KEEP, choices=("debug", "info", "warning", "error")
    )


# The halves of an `Access`: each is written as a setting, and neither is read as one.
ACCESS_SPECS: Mapping[str, Spec] = {
    "base_url": Spec(
        Kind.URL,
        "The OpenAI-compatible endpoint, with its `/v1`; empty means the one that the key belongs to. A server on this machine"
        " may listen on a Unix socket: `unix:///run/llama.sock` asks it for `/v1`, `unix:///run/llama.sock:/api/v1` for another"
        " path, and `http+unix://%2Frun%2Fllama.sock/v1` is another way to write it.",
        Others.KEEP,
        reach=Reach.USER,
    ),
    "api_key": Spec(
        Kind.KEY,
        "The key sent to the `base_url` that stands in the same place, and to nothing else; with none there it is one of the"
        " Vercel AI Gateway.",
        Others.KEEP,
        reach=Reach.USER,
        secret=True,
    ),
    "api_key_command": Spec(
        Kind.COMMAND,
        "A command (no shell) whose first line of output is the key; it has 10 seconds.",
        Others.KEEP,
        reach=Reach.FILE,
    ),
    "headers": Spec(
        Kind.HEADERS,
        "Headers for each request to the `base_url` that stands in the same place, and to nothing else, such as"
        ' `{"X-Team" = "core"}`; in the environment `X-Team: core, X-Org: me`, or one a line. Their values are shown nowhere. One'
        " that holds a key, such as `api-key`, takes the place of `api_key`.",
        Others.KEEP,
        reach=Reach.USER,
        secret=True,
    ),
}
_OWN_SPECS = {item.name: item.metadata["spec"] for item in fields(Settings) if "spec" in item.metadata}
SPECS: Mapping[str, Spec] = {"enabled": _OWN_SPECS["enabled"], **ACCESS_SPECS, **_OWN_SPECS}
DEFAULTS = Settings()


def environment_name(setting: str) -> str:
    """The environment variable that sets a setting, or the empty string when none may."""
    return "" if SPECS[setting].reach is Reach.FILE else ENVIRONMENT_PREFIX + setting.upper()
