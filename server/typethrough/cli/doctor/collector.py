"""The doctor's check of the OpenTelemetry collector. It is made only if the setting `opentelemetry` is on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from typethrough.cli.doctor.findings import ok, warning
from typethrough.telemetry.logs import place_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typethrough.cli.doctor.findings import Finding

_NAME: Final = "opentelemetry"
_WITHIN_S: Final = 2.0
# The variables that name the collector, the most particular first.
_VARIABLES: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_DEFAULT: Final = "http://localhost:4318"
_REMEDY: Final = (
    "Set OTEL_EXPORTER_OTLP_ENDPOINT, where your editor gets its environment from, to a collector that speaks OTLP over HTTP"
    " (usually port 4318), or set `opentelemetry` to false. Suggestions come as well without it."
)


async def collector(environment: Mapping[str, str]) -> Finding:
    """Whether the collector takes what is sent. An empty list of spans is sent to it."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return ok(_NAME, "metrics and traces are switched off (OTEL_SDK_DISABLED)")
    variable = next((name for name in _VARIABLES if environment.get(name, "").strip()), "")
    where = _shown(environment[variable]) if variable else _DEFAULT
    source = variable or "the default"
    try:
        is_there = await asyncio.to_thread(_reaches)
    except Exception as error:
        # The SDK raises various errors for variables that it cannot read.
        text = f"no metrics and traces are sent: OpenTelemetry cannot start ({place_of(error)})"
        return warning(_NAME, text, "Look through the variables that begin with OTEL_.")
    if is_there:
        return ok(_NAME, f"metrics and traces go to {where} ({source})", private=[where])
    text = f"the collector at {where} ({source}) takes no metrics and traces"
    return warning(_NAME, text, _REMEDY, private=[where])


def _reaches() -> bool:
    from typethrough.telemetry.instruments import reaches_collector

    return reaches_collector(_WITHIN_S)


def _shown(url: str) -> str:
    """A URL without the parts that may contain a password."""
    try:
        parts = urlsplit(url.strip())
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an address that cannot be read"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "an address that does not begin with http:// or https://"
    return f"{parts.scheme}://{parts.hostname}{port}"
