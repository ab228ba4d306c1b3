"""What lists of models say of one: every form seen, and nonsense."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from typethrough.core.models import ModelProfile, profile_of
from typethrough.gateway.catalogue import Listing, facts_in_list, offer, refined, warning, with_endpoints

NANO = "openai/gpt-4.1-nano"
VERCEL_ITEM: dict[str, Any] = {
    "id": NANO,
    "object": "model",
    "context_window": 1_047_576,
    "max_tokens": 32_768,
    "type": "language",
    "pricing": {"input": "0.0000002", "output": "0.0000008", "input_cache_read": "0.00000005"},
}


def listing(*items: object) -> dict[str, Any]:
    return {"object": "list", "data": [*items, {"id": "another/model"}, {"id": "third"}]}


@pytest.mark.parametrize(
    ("model", "item", "facts"),
    [
        (
            NANO,
            VERCEL_ITEM,
            Listing(context_tokens=1_047_576, input_price=0.2, cached_price=0.05, output_price=0.8),
        ),
        (
            NANO,
            {**VERCEL_ITEM, "deprecated_at": "2026-10-23T00:00:00Z", "pricing": None},
            Listing(context_tokens=1_047_576, ends="2026-10-23"),
        ),
        ("gpt-4.1-nano", {"id": "gpt-4.1-nano", "shutdown_date": "2026-10-23"}, Listing(ends="2026-10-23")),
        ("gpt-4.1-nano", {"id": "gpt-4.1-nano", "shutdown_date": None}, Listing()),
        (NANO, {"id": "gpt-4.1-nano"}, Listing()),
        (NANO, {"id": NANO, "deprecated_at": 1_792_713_600}, Listing(ends="2026-10-23")),
        (NANO, {"id": NANO, "deprecated_at": 1_792_713_600_000}, Listing(ends="2026-10-23")),
        (
            "openai/gpt-6-luna:floor",
            {
                "id": "openai/gpt-6-luna",
                "context_length": 1_050_000,
                "pricing": {
                    "prompt": "0.0000001",
                    "completion": "0.0000005",
                    "input_cache_write": "0.000000125",
                },
            },
            Listing(context_tokens=1_050_000, input_price=0.1, cache_write_price=0.125, output_price=0.5),
        ),
        (
            "Qwen/Qwen2.5-Coder-7B",
            {"id": "Qwen/Qwen2.5-Coder-7B", "max_model_len": 4_096},
            Listing(context_tokens=4_096),
        ),
        ("qwen2.5-coder", {"id": "qwen2.5-coder:latest"}, Listing()),
        ("m.gguf", {"id": "m.gguf", "meta": {"n_ctx_train": 8_192}}, Listing(context_limit_tokens=8_192)),
        (
            "m.gguf",
            {"id": "m.gguf", "meta": {"n_ctx": 2_048, "n_ctx_train": 8_192}},
            Listing(True, 2_048, 8_192),
        ),
        (
            "codestral-latest",
            {"id": "codestral-latest", "max_context_length": 256_000},
            Listing(context_tokens=256_000),
        ),
    ],
)
def test_every_form_of_a_list(model: str, item: dict[str, Any], facts: Listing) -> None:
    assert facts_in_list(listing(item), model) == (facts, isinstance(item.get("pricing"), dict))


OTHERS = tuple(item["id"] for item in listing()["data"])
_ONLY = Listing(context_tokens=2_048, others=("the-only-one",), takes_any_name=True)


@pytest.mark.parametrize(
    ("answer", "facts"),
    [
        (listing(), Listing(listed=False, others=OTHERS)),
        ({"data": [{"id": "openai/*"}, {"id": "x"}]}, None),
        ({"data": [{"id": "the-only-one", "max_model_len": 2_048}]}, _ONLY),
        ({"data": []}, None),
        ({"data": {"id": NANO}}, None),
        ({"models": [{"id": NANO}]}, None),
        ([], None),
        (None, None),
        ("<html>", None),
        ({"data": [None, 3, {"id": 4}, {"name": NANO}]}, None),
    ],
)
def test_a_model_is_missing_only_from_a_list_that_should_have_it(answer: Any, facts: Listing | None) -> None:
    found = facts_in_list(answer, NANO)
    assert (found[0] if found else None) == facts


@pytest.mark.parametrize(
    "price",
    [
        "-1",
        "-0.0000001",
        "NaN",
        "inf",
        "1e999",
        "0.01",
        "free",
        "",
        None,
        True,
        [],
        {},
        10**400,
        "١",
        -1,
        float("nan"),
    ],
)
def test_a_price_that_cannot_be_is_as_good_as_none(price: Any) -> None:
    item = {"id": NANO, "pricing": {"input": price, "output": "0.0000004"}}
    found = facts_in_list(listing(item), NANO)
    assert found is not None
    assert found[0].input_price is None
    assert refined(profile_of(NANO), found[0]) == profile_of(NANO)


@pytest.mark.parametrize("tokens", [0, -1, 255, 10**12, "8192", 8192.5, None, True, [8192]])
def test_a_context_that_cannot_be_is_as_good_as_none(tokens: Any) -> None:
    found = facts_in_list(listing({"id": NANO, "context_window": tokens}), NANO)
    assert found is not None
    assert refined(profile_of(NANO), found[0]) == profile_of(NANO)


@pytest.mark.parametrize(
    "day", ["soon", "2026-13-01", "", 0, -5, True, 10**30, float("inf"), ["2026-10-23"], {}]
)
def test_an_end_that_is_no_day_is_as_good_as_none(day: Any) -> None:
    found = facts_in_list(listing({"id": NANO, "deprecated_at": day}), NANO)
    assert found is not None
    assert found[0] == Listing()


def offers(*names: str, **more: Any) -> dict[str, Any]:
    return {
        "data": {
            "endpoints": [
                {
                    "provider_name": name,
                    "context_length": 100_000 * (at + 1),
                    "pricing": {"prompt": f"0.00000{at + 1}", "completion": f"0.00000{at + 4}"},
                    "latency_last_1h": {"p50": 350 + at, "p95": 800 + at},
                    **more,
                }
                for at, name in enumerate(names)
            ]
        }
    }


@pytest.mark.parametrize(
    ("answer", "providers", "at"),
    [
        (offers("openai", "azure"), ("azure",), 1),
        (offers("openai", "azure"), ("none", "OpenAI"), 0),
        (offers("openai"), (), 0),
        (offers("azure"), ("openai",), 0),
        (offers("openai", "azure"), (), None),
        (offers("openai", "azure"), ("mistral",), None),
        (offers(), ("openai",), None),
        ({"data": None}, (), None),
        ({"data": {"endpoints": {"openai": 1}}}, ("openai",), None),
        (["?"], (), None),
    ],
)
def test_the_provider_that_will_be_asked_has_the_say(
    answer: Any, providers: tuple[str, ...], at: int | None
) -> None:
    facts = Listing(context_tokens=1_000, input_price=9.0, output_price=9.0, ends="2026-10-23")
    said = with_endpoints(facts, answer, providers)
    if at is None:
        assert said == facts
    else:
        assert said == replace(
            facts,
            context_tokens=100_000 * (at + 1),
            input_price=at + 1.0,
            output_price=at + 4.0,
            ttft_ms=350.0 + at,
            ttft_p95_ms=800.0 + at,
        )


@pytest.mark.parametrize("p50", [-1, 1e9, "350", None, True])
def test_a_latency_that_cannot_be_is_left_out(p50: Any) -> None:
    said = with_endpoints(Listing(), offers("openai", latency_last_1h={"p50": p50, "p95": 800}), ("openai",))
    assert (said.ttft_ms, said.ttft_p95_ms) == (None, 800.0)


def test_a_profile_takes_what_is_known_better() -> None:
    luna = profile_of("openai/gpt-6-luna")
    known = Listing(
        context_tokens=500_000,
        input_price=0.2,
        cached_price=0.03,
        output_price=2.0,
        ttft_ms=300.0,
        ttft_p95_ms=700.0,
    )
    assert refined(luna, known) == replace(
        luna,
        context_tokens=500_000,
        input_price=0.2,
        cached_price=0.03,
        # Twice the price of fresh tokens, so twice that of written ones too.
        cache_write_price=0.25,
        output_price=2.0,
        ttft_ms=300.0,
        ttft_p95_ms=700.0,
    )
    assert refined(luna, Listing()) == luna
    assert refined(luna, Listing(input_price=5.0)) == luna
    # Not said: cached tokens cost the known share, or the full price when no share is known; and never more than fresh ones.
    assert refined(luna, Listing(input_price=1.0, output_price=2.0)).cached_price == pytest.approx(0.1)
    assert refined(ModelProfile(), Listing(input_price=1.0, output_price=2.0)).cached_price == 1.0
    assert refined(luna, Listing(input_price=1.0, cached_price=7.0, output_price=2.0)).cached_price == 1.0


@pytest.mark.parametrize(
    ("facts", "tokens"),
    [
        (Listing(context_tokens=2_048), 2_048),
        (Listing(context_tokens=200_000), 200_000),
        (Listing(context_limit_tokens=4_096), 4_096),
        (Listing(context_limit_tokens=1_000_000), 32_768),
        (Listing(context_tokens=2_048, context_limit_tokens=32_768), 2_048),
    ],
)
def test_a_small_context_of_a_server_of_ones_own_is_kept_to(facts: Listing, tokens: int) -> None:
    assert refined(profile_of("qwen2.5-coder:7b"), facts).context_tokens == tokens


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        (Listing(), ""),
        (
            Listing(listed=False, successor="openai/gpt-6-luna"),
            "The endpoint's list of models does not have openai/gpt-4.1-nano",
        ),
        (Listing(ends="2026-10-23"), "The provider of the model openai/gpt-4.1-nano ends it on 2026-10-23"),
    ],
)
def test_a_model_that_goes_is_one_sentence_with_the_setting_and_the_successor(
    facts: Listing, says: str
) -> None:
    sentence = warning(facts, profile_of(NANO), NANO)
    assert sentence == (
        f"{says}: change the setting `model` (TYPETHROUGH_MODEL). Its successor is openai/gpt-6-luna."
        if says
        else ""
    )


@pytest.mark.parametrize(
    ("listed", "says"),
    [
        (["toy", "toy2"], " The endpoint lists toy and toy2."),
        (["toy"], " The endpoint lists toy."),
        (
            ["b", "c", "d", "gpt-4.1-nanu", "e", "f"],
            " The endpoint lists, for instance, gpt-4.1-nanu, b, c, d and e.",
        ),
        (["a", "b", "c", "d", "e"], " The endpoint lists a, b, c, d and e."),
        (["toy", "x\ny"], " The endpoint lists toy."),
        (["toy", "gpt-6-luna"], " Its successor is gpt-6-luna."),
    ],
)
def test_instead_of_a_model_that_is_not_there_those_that_are_there_are_named(
    listed: list[str], says: str
) -> None:
    profile = profile_of(NANO)
    found = facts_in_list({"data": [{"id": name} for name in listed]}, NANO, profile.successors)
    assert found is not None
    assert offer(found[0], profile) == says
    assert Listing.from_json(json.loads(json.dumps(found[0].as_json()))) == found[0]


def test_where_no_list_could_be_read_the_vendors_successor_is_named() -> None:
    assert offer(None, profile_of(NANO)) == " Its successor is openai/gpt-6-luna."
    assert offer(None, ModelProfile()) == ""


@pytest.mark.parametrize(
    ("today", "says"), [("2026-09-22", ""), ("2026-09-23", " ends it on "), ("2026-10-24", " ended it on ")]
)
def test_an_end_is_told_a_month_ahead(today: str, says: str) -> None:
    told = warning(Listing(ends="2026-10-23"), profile_of(NANO), NANO, today=date.fromisoformat(today))
    assert says in told
    assert bool(told) is bool(says)


@pytest.mark.parametrize(
    ("listed", "successor"),
    [
        (["gpt-6-luna", "x"], "gpt-6-luna"),
        (["x", "openai/gpt-5.6-luna", "openai/gpt-6-luna"], "openai/gpt-6-luna"),
        (["x", "y"], ""),
    ],
)
def test_of_its_successors_the_first_that_is_listed_takes_its_place(
    listed: list[str], successor: str
) -> None:
    found = facts_in_list({"data": [{"id": name} for name in listed]}, NANO, profile_of(NANO).successors)
    assert found is not None
    assert (found[0].listed, found[0].successor) == (False, successor)


def test_a_model_of_a_route_names_that_setting() -> None:
    assert "`routes` (TYPETHROUGH_ROUTES)" in warning(Listing(listed=False), ModelProfile(), "x", "routes")


def test_a_name_that_is_not_for_people_is_not_repeated() -> None:
    assert "\n" not in warning(Listing(listed=False), ModelProfile(), "a\nb")
    assert "xxxx" not in warning(Listing(listed=False), ModelProfile(), "x" * 101)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["data", "id", "pricing", "input", "output", "meta", "n_ctx", "endpoints", "provider_name"]
            )
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON, JSON)
def test_any_answer_gives_a_profile_that_makes_sense(answer: Any, offered: Any) -> None:
    found = facts_in_list(answer, "id")
    facts = with_endpoints(found[0] if found else Listing(), offered, ("openai",))
    profile = refined(profile_of(NANO), facts)
    assert 0 <= profile.cached_price <= profile.input_price <= 1_000
    assert profile.context_tokens >= 256
    assert Listing.from_json(facts.as_json()) == facts


@given(JSON)
def test_any_file_gives_facts_or_none(data: Any) -> None:
    facts = Listing.from_json(data)
    assert facts is None or Listing.from_json(facts.as_json()) == facts


@pytest.mark.parametrize(
    "change",
    [{"input_price": -1.0}, {"input_price": 1e9}, {"context_tokens": 3}, {"ends": "never"}, {"ttft_ms": "x"}],
)
def test_an_edited_file_is_believed_no_more_than_a_gateway(change: dict[str, Any]) -> None:
    kept = Listing(input_price=0.1, output_price=0.4, context_tokens=8_192, ends="2026-10-23", ttft_ms=300.0)
    facts = Listing.from_json(kept.as_json() | change)
    assert facts is not None
    (name,) = change
    assert not getattr(facts, name)


@pytest.mark.parametrize(
    ("owner", "is_loopback", "is_local"),
    [
        ("llamacpp", True, True),
        ("vllm", True, True),
        ("library", True, True),
        ("vllm", False, False),
        # A router on this machine names the vendor whose model costs money.
        ("openai", True, False),
        (None, True, False),
        (["vllm"], True, False),
    ],
)
def test_a_model_runs_here_when_its_own_server_says_so_from_here(
    owner: object, *, is_loopback: bool, is_local: bool
) -> None:
    found = facts_in_list({"data": [{"id": "m", "owned_by": owner}]}, "m")
    assert found is not None
    assert Listing.from_json(found[0].as_json()) == found[0]
    assert refined(ModelProfile(), found[0], is_loopback=is_loopback).is_local is is_local
