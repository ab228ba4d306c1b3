"""What a gateway's lists say about one model: whether it exists, its prices, context, end, and current speed. Pure.

Reads the forms of the Vercel AI Gateway and OpenRouter (prices per token as decimal strings; `/endpoints` with
latencies), OpenAI (`shutdown_date`), vLLM (`max_model_len`), llama.cpp (`meta`) and Mistral. Implausible values count as
missing.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from typethrough.core.models import ModelProfile

_PER_MILLION = 1_000_000
# A dollar for a thousand tokens, ten times the highest price there ever was.
_MAX_PRICE = 1_000.0
_CONTEXT_TOKENS = range(256, 100_000_001)
_MAX_TTFT_MS = 60_000.0
_CONTEXT_NAMES = ("context_window", "context_length", "max_model_len", "max_context_length")
# The names that llama.cpp, vLLM, SGLang and Ollama give as owner. Servers in front of a vendor's models name the vendor or
# nobody.
_MODEL_SERVERS = frozenset(("llamacpp", "vllm", "sglang", "library"))
_AHEAD = timedelta(days=30)
_MOST_OFFERED = 5
_MOST_NAMES = 1_000
_END_NAMES = ("shutdown_date", "deprecated_at", "deprecation_date")


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list says about a model; None or the empty string where it says nothing. Prices in US dollars per million tokens.

    `listed` is False only if a complete list lacks the model. Then `others` are names from the list, the most similar ones
    first; one more than are shown if there are more. `successor` is the first of its successors in the list, in the list's
    spelling. `takes_any_name`: the list has a single model, under another name. Such servers usually answer to any name.
    `ends` is a date. `context_limit_tokens` is an upper bound of the context. `runs_model`: the answer
    comes from a server that runs the model itself, not from one in front of it.
    """

    listed: bool = True
    context_tokens: int | None = None
    context_limit_tokens: int | None = None
    input_price: float | None = None
    cached_price: float | None = None
    cache_write_price: float | None = None
    output_price: float | None = None
    ttft_ms: float | None = None
    ttft_p95_ms: float | None = None
    ends: str = ""
    successor: str = ""
    runs_model: bool = False
    others: tuple[str, ...] = ()
    takes_any_name: bool = False

    def as_json(self) -> dict[str, Any]:
        """The listing as plain data, for a file."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> Listing | None:
        """The listing from `as_json`, or None for other data. Each value is checked again, because files can be edited."""
        if not isinstance(data, dict) or not {item.name for item in fields(cls)} <= data.keys():
            return None
        return cls(
            listed=data["listed"] is not False,
            context_tokens=_tokens(data["context_tokens"]),
            context_limit_tokens=_tokens(data["context_limit_tokens"]),
            input_price=_within(data["input_price"], _MAX_PRICE),
            cached_price=_within(data["cached_price"], _MAX_PRICE),
            cache_write_price=_within(data["cache_write_price"], _MAX_PRICE),
            output_price=_within(data["output_price"], _MAX_PRICE),
            ttft_ms=_within(data["ttft_ms"], _MAX_TTFT_MS),
            ttft_p95_ms=_within(data["ttft_p95_ms"], _MAX_TTFT_MS),
            ends=_date(data["ends"]),
            successor=data["successor"] if isinstance(data["successor"], str) else "",
            runs_model=data["runs_model"] is True,
            others=_names(data["others"]) if isinstance(data["others"], list | tuple) else (),
            takes_any_name=data["takes_any_name"] is True,
        )


def facts_in_list(listing: Any, model: str, successors: Sequence[str] = ()) -> tuple[Listing, bool] | None:
    """What a list says about one model, and whether `/endpoints` has more. None if this is not a list of models."""
    data = _members(listing).get("data")
    if not isinstance(data, list):
        return None
    items = [item for item in data if isinstance(item, dict) and isinstance(item.get("id"), str)]
    names = {item["id"]: item for item in items}
    item = next((names[name] for name in _spellings(model) if name in names), None)
    successor = next((name for heir in successors for name in _spellings(heir) if name in names), "")
    if item is not None:
        return replace(_facts(item), successor=successor), isinstance(item.get("pricing"), dict)
    # A listed name with `*` stands for many models, so it may include this one.
    if not items or any("*" in name for name in names):
        return None
    others = _nearest(model, names)
    if len(items) == 1:
        # A server with a single model usually serves it under any name.
        facts = replace(_facts(items[0]), others=others, takes_any_name=True)
        return facts, isinstance(items[0].get("pricing"), dict)
    return Listing(listed=False, successor=successor, others=others), False


def with_endpoints(facts: Listing, answer: Any, providers: tuple[str, ...]) -> Listing:
    """`facts` updated by `/endpoints`: from the first of `providers` that serves the model, or the only one that does."""
    listed = _members(_members(answer).get("data")).get("endpoints")
    offers = [offer for offer in listed if isinstance(offer, dict)] if isinstance(listed, list) else []
    names = [str(offer.get("provider_name") or "").lower() for offer in offers]
    at = next((names.index(name) for name in map(str.lower, providers) if name in names), None)
    if at is None and len(offers) != 1:
        # Several providers serve the model, and we cannot tell which: keep the gateway's own values.
        return facts
    offer = offers[at or 0]
    latency = _members(offer.get("latency_last_1h"))
    said = replace(
        _facts(offer),
        ttft_ms=_within(latency.get("p50"), _MAX_TTFT_MS),
        ttft_p95_ms=_within(latency.get("p95"), _MAX_TTFT_MS),
    )
    news = {name: value for name, value in said.as_json().items() if name != "listed" and value}
    return replace(facts, **news)


def refined(profile: ModelProfile, facts: Listing, *, is_loopback: bool = False) -> ModelProfile:
    """The profile, updated by what the lists say. `is_loopback`: the address is on this machine."""
    context_tokens = facts.context_tokens or min(
        profile.context_tokens, facts.context_limit_tokens or profile.context_tokens
    )
    profile = replace(
        profile,
        context_tokens=context_tokens,
        ttft_ms=facts.ttft_ms or profile.ttft_ms,
        ttft_p95_ms=facts.ttft_p95_ms or profile.ttft_p95_ms,
        is_local=profile.is_local or (is_loopback and facts.runs_model),
    )
    return _priced(profile, facts)


def warning(
    facts: Listing, profile: ModelProfile, model: str, setting: str = "model", *, today: date | None = None
) -> str:
    """A sentence for the user about a model that ends or is not listed. It names the `setting`. Empty if all is well.

    An end more than a month after `today` is not mentioned yet.
    """
    if facts.listed and (
        not facts.ends or (today is not None and date.fromisoformat(facts.ends) - today > _AHEAD)
    ):
        return ""
    name = model if model.isprintable() and len(model) <= 100 else "asked for"
    ends = "ended" if today is not None and facts.ends and date.fromisoformat(facts.ends) < today else "ends"
    what = (
        f"The provider of the model {name} {ends} it on {facts.ends}"
        if facts.listed
        else f"The endpoint's list of models does not have {name}"
    )
    advice = offer(replace(facts, successor=profile.successor) if facts.listed else facts, profile)
    return f"{what}: change the setting `{setting}` (TYPETHROUGH_{setting.upper()}).{advice}"


def offer(facts: Listing | None, profile: ModelProfile) -> str:
    """A sentence that names models to use instead of this one, from the list if it could be read. May be empty."""
    successor = profile.successor if facts is None else facts.successor
    if successor:
        return f" Its successor is {successor}."
    if facts is None or not facts.others:
        return ""
    names = facts.others[:_MOST_OFFERED]
    some = ", for instance," if len(facts.others) > len(names) else ""
    return f" The endpoint lists{some} {' and '.join(filter(None, (', '.join(names[:-1]), names[-1])))}."


def _nearest(model: str, names: Iterable[str]) -> tuple[str, ...]:
    known = _names(names)
    return tuple(dict.fromkeys((*get_close_matches(model, known, _MOST_OFFERED), *known)))[
        : _MOST_OFFERED + 1
    ]


def _names(names: Iterable[Any]) -> tuple[str, ...]:
    """Those that can be shown in a message."""
    first = islice(names, _MOST_NAMES)
    return tuple(
        name for name in first if isinstance(name, str) and name.isprintable() and 0 < len(name) <= 100
    )


def _spellings(model: str) -> tuple[str, ...]:
    """Spellings of a name in lists: with Ollama's ":latest", without a router's option after a colon, without the vendor."""
    model = model.strip()
    plain = model.partition(":")[0]
    return model, f"{model}:latest", plain, plain.rpartition("/")[2]


def _facts(item: dict[str, Any]) -> Listing:
    pricing, meta = _members(item.get("pricing")), _members(item.get("meta"))
    # A list may have prices for images under the same names. Only prices per token of text are read.
    return Listing(
        context_tokens=_tokens(next((item[name] for name in _CONTEXT_NAMES if item.get(name)), None))
        or _tokens(meta.get("n_ctx")),
        context_limit_tokens=_tokens(meta.get("n_ctx_train")),
        input_price=_price(pricing, "input", "prompt"),
        cached_price=_price(pricing, "input_cache_read"),
        cache_write_price=_price(pricing, "input_cache_write"),
        output_price=_price(pricing, "output", "completion"),
        ends=next((ends for name in _END_NAMES if (ends := _date(item.get(name)))), ""),
        runs_model=str(item.get("owned_by")) in _MODEL_SERVERS,
    )


def _priced(profile: ModelProfile, facts: Listing) -> ModelProfile:
    if facts.input_price is None or facts.output_price is None:
        return profile
    # A missing price has the same ratio to the input price as in the profile. Without that, it equals the input price.
    known = profile.input_price
    cached, written = facts.cached_price, facts.cache_write_price
    if cached is None:
        cached = facts.input_price * (profile.cached_price / known if known else 1.0)
    if written is None:
        written = facts.input_price * (profile.cache_write_price / known if known else 0.0)
    return replace(
        profile,
        input_price=facts.input_price,
        cached_price=min(cached, facts.input_price),
        cache_write_price=written,
        output_price=facts.output_price,
    )


def _price(pricing: dict[str, Any], *names: str) -> float | None:
    value = next((pricing[name] for name in names if name in pricing), None)
    try:
        per_token = (
            float(value) if isinstance(value, str | float | int) and not isinstance(value, bool) else math.nan
        )
    except (ValueError, OverflowError):
        return None
    # Rounded, because 0.0000001 times a million is not exactly 0.1.
    return _within(round(per_token * _PER_MILLION, 9) if math.isfinite(per_token) else None, _MAX_PRICE)


def _within(value: Any, maximum: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= maximum else None


def _tokens(value: Any) -> int | None:
    return (
        value if isinstance(value, int) and not isinstance(value, bool) and value in _CONTEXT_TOKENS else None
    )


def _date(value: Any) -> str:
    """A date as YYYY-MM-DD, from a date, from a time that begins with one, or from (milli)seconds since 1970. Else empty."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return datetime.fromtimestamp(value / 1_000 if value > 1e11 else value, UTC).date().isoformat()
        return date.fromisoformat(value[:10]).isoformat() if isinstance(value, str) else ""
    except (ValueError, OverflowError, OSError):
        return ""


def _members(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
