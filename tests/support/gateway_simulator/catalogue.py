"""The list of models, in both dialects.

Owns the answers of `/models` and `/endpoints`. The prices and limits are the public ones. The default model has the date
that its vendor announced for its end.
"""

from __future__ import annotations

from typing import Any, Final

_CREATED: Final = 1744588800
# slug: prices per token for input, cached input and output as decimal strings; context; longest output; end of service
_MODELS: Final[dict[str, tuple[str, str, str, int, int, str | None]]] = {
    "openai/gpt-4.1-nano": ("0.0000001", "0.000000025", "0.0000004", 1_047_576, 32_768, "2026-10-23"),
    "openai/gpt-4.1-nano-fast": ("0.0000002", "0.00000005", "0.0000008", 1_047_576, 32_768, None),
    "openai/gpt-5.6-luna": ("0.0000002", "0.00000002", "0.0000012", 1_050_000, 128_000, None),
    "openai/gpt-6-luna": ("0.0000001", "0.00000001", "0.0000005", 1_050_000, 128_000, None),
}


def listing(style: str) -> dict[str, Any]:
    """The body of `GET /models`."""
    return {"object": "list", "data": [_item(slug, style) for slug in _MODELS]}


def model(slug: str, style: str) -> dict[str, Any] | None:
    """The body of `GET /models/{creator}/{model}`. None if the model is not listed."""
    return _item(slug, style) if slug in _MODELS else None


def endpoints(slug: str) -> dict[str, Any] | None:
    """The body of `GET /models/{creator}/{model}/endpoints`. None if the model is not listed."""
    if slug not in _MODELS:
        return None
    price_in, price_cached, price_out, context, longest, _ = _MODELS[slug]
    endpoint = {
        "name": f"openai | {slug}",
        "model_name": slug,
        "context_length": context,
        "pricing": {"prompt": price_in, "completion": price_out, "input_cache_read": price_cached},
        "provider_name": "openai",
        "max_completion_tokens": longest,
        "supported_parameters": ["max_tokens", "temperature", "stop"],
        "status": 0,
        "uptime_last_15m": 1,
        "uptime_last_1h": 1,
        "uptime_last_1d": 0.999,
        "throughput_last_1h": {"p50": 150, "p95": 110},
        "latency_last_1h": {"p50": 350, "p95": 800},
        "supports_implicit_caching": True,
    }
    return {"data": {"id": slug, "endpoints": [endpoint]}}


def _item(slug: str, style: str) -> dict[str, Any]:
    price_in, price_cached, price_out, context, longest, ends = _MODELS[slug]
    name = slug.partition("/")[2]
    if style == "openai":
        return {
            "id": name,
            "object": "model",
            "created": _CREATED,
            "owned_by": "openai",
            "shutdown_date": ends,
        }
    item: dict[str, Any] = {
        "id": slug,
        "object": "model",
        "created": _CREATED,
        "released": _CREATED,
        "owned_by": "openai",
        "name": name,
        "description": "",
        "context_window": context,
        "max_tokens": longest,
        "type": "language",
        "tags": ["implicit-caching"],
        "pricing": {"input": price_in, "output": price_out, "input_cache_read": price_cached},
    }
    return {**item, "deprecated_at": ends} if ends else item
