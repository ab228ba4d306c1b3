"""What a run of the tests says of our cost beside the naive server's."""

from __future__ import annotations

from tests.bench.ratios import sentence


def test_the_sentence_names_each_ratio_and_what_it_is_of() -> None:
    assert sentence([0.5, 0.754], its_cpu_s=5.0, our_cpu_s=1.25) == (
        "beside the naive server: from request to answer 0.50 × (200 lines) and 0.75 × (5,000 lines) of its time, "
        "0.25 × its CPU (1.25 s per 1,000 keys)"
    )
