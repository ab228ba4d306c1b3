"""Which profile a model's name finds."""

from __future__ import annotations

from datetime import date

import pytest

from typethrough.core.models import _BY_NAME, FimMarks, ModelProfile, profile_of
from typethrough.core.outcome.outcome import Usage

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
    others = {"gpt-4.1-nano", "gpt-4.1-nano-fast", "gpt-4.1-mini", "gpt-4.1"} - {name}
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


@pytest.mark.parametrize("profile", [profile for _, profile in _BY_NAME] + [_PLAIN])
def test_a_profile_makes_sense(profile: ModelProfile) -> None:
    assert profile.token_limit_field in {"max_tokens", "max_completion_tokens"}
    assert 0.0 <= profile.cached_price <= profile.input_price <= profile.output_price
    assert profile.cache_write_price == 0.0 or profile.cache_write_price >= profile.input_price
    assert 0 < profile.cache_step_tokens <= profile.cache_min_tokens < profile.context_tokens
    assert profile.cache_ttl_s > 0
    assert (profile.ttft_ms, profile.ttft_p95_ms) == (0.0, 0.0)
    marks = profile.fim
    if marks is not None:
        assert marks.prefix
        assert marks.suffix
        assert marks.order in {"psm", "spm"}
        assert marks.stop
        assert all(stop.strip() for stop in marks.stop)
        assert (
            len({marks.prefix, marks.suffix, marks.middle, marks.repository or "r", marks.file or "f"}) == 5
        )


# Per million tokens: input, cached, written, output, and how many tokens the context holds.
@pytest.mark.parametrize(
    ("name", "prices", "context_tokens"),
    [
        ("openai/gpt-4.1-nano", (0.10, 0.025, 0.0, 0.40), 1_047_576),
        ("openai/gpt-4.1-nano-fast", (0.20, 0.05, 0.0, 0.80), 1_047_576),
        ("openai/gpt-4.1-mini", (0.40, 0.10, 0.0, 1.60), 1_047_576),
        ("openai/gpt-4.1", (2.0, 0.50, 0.0, 8.0), 1_047_576),
        ("openai/gpt-6-luna", (0.10, 0.01, 0.125, 0.50), 1_050_000),
        ("openai/gpt-6-luna-fast", (0.20, 0.02, 0.25, 1.00), 1_050_000),
        ("openai/gpt-5.6-luna", (0.20, 0.02, 0.25, 1.20), 1_050_000),
        ("openai/gpt-5.6-luna-fast", (0.40, 0.04, 0.50, 2.40), 1_050_000),
        ("openai/gpt-5.4-nano", (0.20, 0.02, 0.0, 1.25), 400_000),
        ("mistral/codestral", (0.30, 0.30, 0.0, 0.90), 128_000),
        ("inception/mercury-2.5", (0.04, 0.004, 0.0, 0.15), 260_000),
    ],
)
def test_published_prices_and_contexts(
    name: str, prices: tuple[float, float, float, float], context_tokens: int
) -> None:
    profile = profile_of(name)
    assert (
        profile.input_price,
        profile.cached_price,
        profile.cache_write_price,
        profile.output_price,
    ) == prices
    assert profile.context_tokens == context_tokens


def _holed(marks: FimMarks) -> str:
    before, after = marks.prefix + "BEFORE", marks.suffix + "AFTER"
    return (before + after if marks.order == "psm" else after + before) + marks.middle


@pytest.mark.parametrize(
    ("name", "prompt"),
    [
        ("qwen2.5-coder:7b-base", "<|fim_prefix|>BEFORE<|fim_suffix|>AFTER<|fim_middle|>"),
        ("Qwen/Qwen2.5-Coder-1.5B", "<|fim_prefix|>BEFORE<|fim_suffix|>AFTER<|fim_middle|>"),
        ("/models/qwen2.5-coder-1.5b-q8_0.gguf", "<|fim_prefix|>BEFORE<|fim_suffix|>AFTER<|fim_middle|>"),
        ("qwen3-coder:30b", "<|fim_prefix|>BEFORE<|fim_suffix|>AFTER<|fim_middle|>"),
        ("deepseek-coder:6.7b-base", "<｜fim▁begin｜>BEFORE<｜fim▁hole｜>AFTER<｜fim▁end｜>"),
        ("deepseek-ai/DeepSeek-Coder-V2-Lite-Base", "<｜fim▁begin｜>BEFORE<｜fim▁hole｜>AFTER<｜fim▁end｜>"),
        ("bigcode/starcoder2-3b", "<fim_prefix>BEFORE<fim_suffix>AFTER<fim_middle>"),
        ("starcoder:1b", "<fim_prefix>BEFORE<fim_suffix>AFTER<fim_middle>"),
        ("codellama:7b-code", "<PRE> BEFORE <SUF>AFTER <MID>"),
        ("codegemma:2b-code", "<|fim_prefix|>BEFORE<|fim_suffix|>AFTER<|fim_middle|>"),
        ("granite-code:3b", "<fim_prefix>BEFORE<fim_suffix>AFTER<fim_middle>"),
        ("ibm-granite/granite-8b-code-base-4k", "<fim_prefix>BEFORE<fim_suffix>AFTER<fim_middle>"),
        ("codestral:22b", "[SUFFIX]AFTER[PREFIX]BEFORE"),
        ("mistralai/Codestral-22B-v0.1", "[SUFFIX]AFTER[PREFIX]BEFORE"),
        ("stable-code:3b-code", "<fim_prefix>BEFORE<fim_suffix>AFTER<fim_middle>"),
        ("JetBrains/Mellum-4b-base", "<fim_suffix>AFTER<fim_prefix>BEFORE<fim_middle>"),
    ],
)
def test_a_model_with_a_hole_in_its_training_has_its_cards_marks(name: str, prompt: str) -> None:
    marks = profile_of(name).fim
    assert marks is not None
    assert _holed(marks) == prompt


@pytest.mark.parametrize(
    "name",
    [
        *("openai/gpt-4.1-nano", "openai/gpt-6-luna", "mistral/codestral", "inception/mercury-2.5"),
        *("codellama:34b", "codellama:7b-python", "CodeLlama-70b-hf", "llama3.2:1b", "smollm2-135m-instruct"),
        *("granite-3.3-8b-instruct", "stable-code-instruct-3b", "qwen2.5:7b"),
    ],
)
def test_no_marks_are_guessed(name: str) -> None:
    assert profile_of(name).fim is None


def test_tokens_are_paid_for_by_what_became_of_them() -> None:
    luna = profile_of("openai/gpt-6-luna")
    # 1,000 fresh, 2,000 written, 7,000 cached, 100 out, in dollars per million.
    usage = Usage(10_000, 7_000, 100, 2_000)
    expected = 1_000 * 0.10 + 2_000 * 0.125 + 7_000 * 0.01 + 100 * 0.50
    assert luna.cost_dollars(usage) == pytest.approx(expected / 1e6)
    assert luna.saved_dollars(usage) == pytest.approx((7_000 * 0.09 - 2_000 * 0.025) / 1e6)
    # Where writing is free, what is written costs what is fresh, and a count that cannot be is not paid for twice.
    nano = profile_of("openai/gpt-4.1-nano")
    assert nano.cost_dollars(Usage(10_000, 0, 0, 2_000)) == pytest.approx(10_000 * 0.10 / 1e6)
    assert nano.cost_dollars(Usage(1_000, 2_000, 0, 9_000)) == pytest.approx(2_000 * 0.025 / 1e6)
    assert luna.saved_dollars(Usage(2_000, 0, 0, 2_000)) < 0
