"""What a gateway's lists say of one model: whether it is there, its prices, its context, its end, and how fast it is now. Pure.

Reads the forms of the Vercel AI Gateway and OpenRouter (prices per token as decimal strings; `/endpoints` with latencies), OpenAI
(`shutdown_date`), vLLM (`max_model_len`), llama.cpp (`meta`) and Mistral. What makes no sense is as good as not said.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typethrough.core.models import ModelProfile

_PER_MILLION = 1_000_000
# A dollar for a thousand tokens, ten times the dearest there ever was.
_MAX_PRICE = 1_000.0
_CONTEXT_TOKENS = range(256, 100_000_001)
_MAX_TTFT_MS = 60_000.0
_CONTEXT_NAMES = ("context_window", "context_length", "max_model_len", "max_context_length")
# What llama.cpp, vLLM, SGLang and Ollama say of themselves; who stands before a vendor's models names the vendor, or nobody.
_MODEL_SERVERS = frozenset(("llamacpp", "vllm", "sglang", "library"))
_AHEAD = timedelta(days=30)
_END_NAMES = ("shutdown_date", "deprecated_at", "deprecation_date")


@dataclass(frozen=True, slots=True)
class Listing:
    """What was said of a model; None or the empty string where nothing was. Prices in US dollars per million tokens.

    `listed` is False only when a list was read that should have held the model; `successor` is then the first of its successors
    that the list has, as the list spells it. `ends` is a date. `context_limit_tokens` is the
    most that the context can be, whatever it is. `runs_model`: it is a model server that says so, and nothing in front of one.
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

    def as_json(self) -> dict[str, Any]:
        """As plain data, to be kept."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> Listing | None:
        """What `as_json` gave, or None when it is something else; each figure is looked at again, for files can be edited."""
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
        )


def facts_in_list(listing: Any, model: str, successors: Sequence[str] = ()) -> tuple[Listing, bool] | None:
    """What a list of models says of one, and whether there are `/endpoints` to ask about; None when it is no such list."""
    data = _members(listing).get("data")
    if not isinstance(data, list):
        return None
    items = [item for item in data if isinstance(item, dict) and isinstance(item.get("id"), str)]
    names = {item["id"]: item for item in items}
    item = next((names[name] for name in _spellings(model) if name in names), None)
    if item is None and len(items) == 1:
        # A server with one model serves that, by whatever name it is asked for.
        item = items[0]
    if item is None:
        # A name that stands for many may stand for this one too.
        is_absent = bool(items) and not any("*" in name for name in names)
        spelt = (name for heir in successors for name in _spellings(heir) if name in names)
        return (Listing(listed=False, successor=next(spelt, "")), False) if is_absent else None
    return _facts(item), isinstance(item.get("pricing"), dict)


def with_endpoints(facts: Listing, answer: Any, providers: tuple[str, ...]) -> Listing:
    """`facts` with what `/endpoints` says of the first of `providers` that serves the model, or of the only one that does."""
    listed = _members(_members(answer).get("data")).get("endpoints")
    offers = [offer for offer in listed if isinstance(offer, dict)] if isinstance(listed, list) else []
    names = [str(offer.get("provider_name") or "").lower() for offer in offers]
    at = next((names.index(name) for name in map(str.lower, providers) if name in names), None)
    if at is None and len(offers) != 1:
        # Which of several will be asked is the gateway's choice, so its own figures for the model hold.
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
    """The profile with what is known better now of a model behind an address that may be this machine's own."""
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
    """What the user should know about the model, as a sentence that names the setting it stands in, or the empty string.

    An end that is farther away than a month, counted from `today`, is no news yet.
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
    advice = f", for instance to {profile.successor}" if profile.successor else ""
    return f"{what}: change the setting `{setting}` (TYPETHROUGH_{setting.upper()}){advice}."


def _spellings(model: str) -> tuple[str, ...]:
    """A name as lists may have it: with Ollama's ":latest", without what a router is asked for behind a colon, with no vendor."""
    model = model.strip()
    plain = model.partition(":")[0]
    return model, f"{model}:latest", plain, plain.rpartition("/")[2]


def _facts(item: dict[str, Any]) -> Listing:
    pricing, meta = _members(item.get("pricing")), _members(item.get("meta"))
    # A list may sell images by the piece under the same names; only what is said per token of text is taken.
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
    # What is not said stands to the price of fresh tokens as far as that is known of the model, or else is the same.
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
    # Rounded, because 0.0000001 times a million is not quite 0.1.
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
    """A day as YYYY-MM-DD, from that, from a time that begins with it, or from seconds or milliseconds since 1970."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return datetime.fromtimestamp(value / 1_000 if value > 1e11 else value, UTC).date().isoformat()
        return date.fromisoformat(value[:10]).isoformat() if isinstance(value, str) else ""
    except (ValueError, OverflowError, OSError):
        return ""


def _members(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
