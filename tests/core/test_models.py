"""Which profile a model's name finds."""

from __future__ import annotations

from datetime import date

import pytest

from typethrough.core.models import ModelProfile, profile_of

_PLAIN = profile_of("somebody/some-model")


@pytest.mark.parametrize(
    ("family", "name"),
    [
        ("gpt-4.1-nano", "openai/gpt-4.1-nano"),
        ("gpt-4.1-nano", "gpt-4.1-nano-2025-04-14"),
        ("gpt-4.1-nano", "openai/gpt-4.1-nano-2025-04-14"),
        ("gpt-4.1-nano", "OpenAI/GPT-4.1-Nano"),
        ("gpt-4.1-nano", "router/openai/gpt-4.1-nano"),
        ("gpt-4.1-nano", "openai/gpt-4.1-nano:floor"),
        ("gpt-4.1-mini", "openai/gpt-4.1-mini-2025-04-14"),
        ("gpt-4.1", "openai/gpt-4.1-2025-04-14"),
        ("gpt-4o", "azure/gpt-4o-mini"),
        ("gpt-5", "openai/gpt-5-nano"),
        ("gpt-6-luna", "openai/gpt-6-luna"),
    ],
)
def test_a_name_finds_its_family_with_or_without_provider_and_date(family: str, name: str) -> None:
    assert profile_of(name) is profile_of(family)
    assert profile_of(name) is not _PLAIN


@pytest.mark.parametrize(
    "name", ["", "/", "openai/", "llama-3.2-1b", "my-gpt-4.1-nano", "gpt-4.1-nano/local", "gpt"]
)
def test_an_unknown_name_gets_the_plainest_dialect(name: str) -> None:
    assert profile_of(name) is _PLAIN


def test_the_plainest_dialect_sends_nothing_new_and_promises_nothing() -> None:
    assert _PLAIN.token_limit_field == "max_tokens"
    assert _PLAIN.reasoning_effort == ""
    assert not _PLAIN.sends_cache_key
    assert (_PLAIN.input_price, _PLAIN.cached_price, _PLAIN.output_price) == (0.0, 0.0, 0.0)
    assert _PLAIN.context_tokens <= 8_192


@pytest.mark.parametrize("name", ["gpt-4.1-nano", "gpt-4.1-mini", "gpt-4.1"])
def test_a_sibling_is_not_taken_for_another(name: str) -> None:
    others = {"gpt-4.1-nano", "gpt-4.1-mini", "gpt-4.1"} - {name}
    assert all(profile_of(name) != profile_of(other) for other in others)


@pytest.mark.parametrize("name", ["gpt-5", "gpt-5.1-mini", "gpt-6", "gpt-6-luna"])
def test_a_reasoning_model_is_told_not_to_reason_and_is_not_sent_what_it_refuses(name: str) -> None:
    profile = profile_of(f"openai/{name}")
    assert profile.token_limit_field == "max_completion_tokens"
    assert profile.reasoning_effort == "none"
    assert not profile.supports_temperature
    assert not profile.supports_stop


def test_the_default_model_keeps_the_old_dialect_and_names_a_successor_that_has_a_profile() -> None:
    nano = profile_of("openai/gpt-4.1-nano")
    assert nano.token_limit_field == "max_tokens"
    assert nano.supports_stop
    assert nano.supports_temperature
    assert date.fromisoformat(nano.shutdown) > date(2025, 4, 14)
    successor = profile_of(nano.successor)
    assert successor is not _PLAIN
    assert successor is not nano
    assert not successor.shutdown


@pytest.mark.parametrize(
    "name", ["gpt-4.1-nano", "gpt-4.1-mini", "gpt-4.1", "gpt-4o", "gpt-5", "gpt-6", "gpt-6-luna", "?"]
)
def test_a_profile_makes_sense(name: str) -> None:
    profile = profile_of(name)
    assert isinstance(profile, ModelProfile)
    assert profile.token_limit_field in {"max_tokens", "max_completion_tokens"}
    assert 0.0 <= profile.cached_price <= profile.input_price <= profile.output_price
    assert 0 < profile.cache_step_tokens <= profile.cache_min_tokens < profile.context_tokens
    assert profile.cache_ttl_s > 0
