"""Model profiles: how models differ, as data. The model is a setting. No other module contains a model's name.

The figures are those that vendors published by 2026-11; prices are US dollars per million tokens. A gateway's own catalogue
refines them where it can be read. Fill-in-the-middle marks come from the models' own cards.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typethrough.core.outcome.outcome import Usage

_PER_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class FimMarks:
    """The marks with which a model wants a hole in a text marked, for a text completion (not a chat).

    `order` "psm": prefix mark, text before, suffix mark, text after, middle mark. `order` "spm": suffix mark, text after,
    prefix mark, text before, middle mark. Spaces belong to a mark. Some models accept several files before that:
    `repository` stands before the repository's name, `file` before each file's path, and a line break ends the path. Both
    are empty if the model's card has none. `stop` are further texts that end an answer.
    """

    prefix: str
    suffix: str
    middle: str
    order: str = "psm"
    repository: str = ""
    file: str = ""
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelProfile:
    """How to speak to one family of models, how its cache works, and what it costs.

    `cache_write_price` is the price of tokens written to the provider's cache; 0 means the price of new tokens. `fim` is for a
    model that can fill in the middle. `ttft_ms` and `ttft_p95_ms` are the provider's recent times to first token as its
    gateway measured them, 0 if unknown. `is_local`: the model runs on this machine, so a request costs only time.
    `successors` are models that can replace it, best first. `shutdown` is the date on which its vendor ends it. `warning` is a
    sentence for the user, for a model that ends or that the gateway does not list.
    """

    token_limit_field: str = "max_tokens"
    reasoning_effort: str = ""
    supports_temperature: bool = True
    supports_stop: bool = True
    sends_cache_key: bool = True
    context_tokens: int = 128_000
    cache_min_tokens: int = 1_024
    cache_step_tokens: int = 128
    cache_ttl_s: float = 300.0
    input_price: float = 0.0
    cached_price: float = 0.0
    cache_write_price: float = 0.0
    output_price: float = 0.0
    successors: tuple[str, ...] = ()
    shutdown: str = ""
    fim: FimMarks | None = None
    ttft_ms: float = 0.0
    ttft_p95_ms: float = 0.0
    is_local: bool = False
    warning: str = ""

    @property
    def successor(self) -> str:
        """The model that replaces this one. Empty if there is none."""
        return next(iter(self.successors), "")

    def cost_dollars(self, usage: Usage) -> float:
        """The price of the counted tokens, in US dollars."""
        fresh_tokens = max(0, usage.prompt_tokens - usage.cached_tokens)
        written_tokens = min(fresh_tokens, usage.cache_write_tokens)
        return (
            (fresh_tokens - written_tokens) * self.input_price
            + written_tokens * (self.cache_write_price or self.input_price)
            + usage.cached_tokens * self.cached_price
            + usage.output_tokens * self.output_price
        ) / _PER_MILLION

    def saved_dollars(self, usage: Usage) -> float:
        """What the provider's prompt cache saved, minus what writing to it cost. Below 0 when the writing did not pay."""
        surcharge = max(0.0, self.cache_write_price - self.input_price)
        spared = usage.cached_tokens * (self.input_price - self.cached_price)
        return (spared - usage.cache_write_tokens * surcharge) / _PER_MILLION


_NANO = ModelProfile(
    context_tokens=1_047_576,
    input_price=0.10,
    cached_price=0.025,
    output_price=0.40,
    successors=("openai/gpt-6-luna", "openai/gpt-5.6-luna", "openai/gpt-5.4-nano"),
    shutdown="2026-10-23",
)
# The same model in the vendor's priority tier. The Vercel AI Gateway sells it under its own name. No price of cached
# tokens is published for such names, nor for gpt-5.4-nano, so we use the same share as for their siblings.
_NANO_FAST = replace(
    _NANO, input_price=0.20, cached_price=0.05, output_price=0.80, successors=("openai/gpt-6-luna-fast",)
)

_GPT_4_1 = replace(_NANO, input_price=2.0, cached_price=0.50, output_price=8.0, shutdown="2027-01-14")
_GPT_4_1_MINI = replace(_GPT_4_1, input_price=0.40, cached_price=0.10, output_price=1.60)

# From GPT-5 on the token limit has another name, reasoning is on by default and must be turned off, and sampling is fixed.
_REASONING = ModelProfile(
    token_limit_field="max_completion_tokens",
    reasoning_effort="none",
    supports_temperature=False,
    supports_stop=False,
    context_tokens=400_000,
)
# From GPT-5.6 on, a token that is written to the cache costs a quarter more than other new tokens.
_LUNA_6 = replace(
    _REASONING,
    context_tokens=1_050_000,
    input_price=0.10,
    cached_price=0.01,
    cache_write_price=0.125,
    output_price=0.50,
)
_LUNA_6_FAST = replace(
    _LUNA_6, input_price=0.20, cached_price=0.02, cache_write_price=0.25, output_price=1.00
)
_LUNA_5_6 = replace(_LUNA_6, input_price=0.20, cached_price=0.02, cache_write_price=0.25, output_price=1.20)
_LUNA_5_6_FAST = replace(
    _LUNA_6, input_price=0.40, cached_price=0.04, cache_write_price=0.50, output_price=2.40
)
_GPT_5_4_NANO = replace(_REASONING, input_price=0.20, cached_price=0.02, output_price=1.25)

# Hosted by Mistral, without a price for cached tokens. Its fill-in-the-middle needs a special address (/fim/completions).
_CODESTRAL = ModelProfile(sends_cache_key=False, input_price=0.30, cached_price=0.30, output_price=0.90)
# Inception's diffusion models write many tokens at once. The prices of the older ones come from the gateway's catalogue.
_MERCURY = ModelProfile(sends_cache_key=False)
_MERCURY_2_5 = replace(
    _MERCURY, context_tokens=260_000, input_price=0.04, cached_price=0.004, output_price=0.15
)

# An unknown model gets the simplest dialect, which every OpenAI-compatible server understands.
_PLAIN = ModelProfile(sends_cache_key=False, context_tokens=8_192)


def _local(context_tokens: int, fim: FimMarks) -> ModelProfile:
    """A model with open weights on the user's own server. Its cache is exact to the token and lasts until the room is needed."""
    return replace(
        _PLAIN,
        context_tokens=context_tokens,
        cache_min_tokens=1,
        cache_step_tokens=1,
        cache_ttl_s=3_600.0,
        fim=fim,
    )


# github.com/QwenLM/Qwen2.5-Coder, README, "Fill in the middle" and "Repository level code completion"; Qwen3-Coder is the same.
_QWEN_MARKS = FimMarks(
    "<|fim_prefix|>",
    "<|fim_suffix|>",
    "<|fim_middle|>",
    repository="<|repo_name|>",
    file="<|file_sep|>",
    stop=("<|endoftext|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<|im_end|>"),
)
# github.com/deepseek-ai/DeepSeek-Coder, README, "Code Insertion". The bars and the low blocks are not ASCII characters.
_DEEPSEEK_MARKS = FimMarks(
    "<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>", stop=("<｜end▁of▁sentence｜>",)
)
# The StarCoder papers (arXiv 2305.06161 and 2402.19173). The second has the repository and file marks.
_STARCODER_MARKS = FimMarks("<fim_prefix>", "<fim_suffix>", "<fim_middle>", stop=("<|endoftext|>",))
_STARCODER_2_MARKS = replace(
    _STARCODER_MARKS,
    repository="<repo_name>",
    file="<file_sep>",
    stop=("<|endoftext|>", "<file_sep>", "<repo_name>"),
)
# github.com/meta-llama/codellama, `infilling_prompt_tokens`: a space before and after the code, but none after <SUF>.
_CODELLAMA_MARKS = FimMarks("<PRE> ", " <SUF>", " <MID>", stop=("<EOT>",))
# ai.google.dev/gemma/docs/codegemma, "Fill-in-the-middle".
_CODEGEMMA_MARKS = FimMarks(
    "<|fim_prefix|>",
    "<|fim_suffix|>",
    "<|fim_middle|>",
    file="<|file_separator|>",
    stop=("<|file_separator|>",),
)
# github.com/mistralai/mistral-common, `encode_fim`: the text after the hole comes first, and the hole itself has no mark.
_CODESTRAL_MARKS = FimMarks("[PREFIX]", "[SUFFIX]", "", order="spm", stop=("</s>",))
# huggingface.co/JetBrains/Mellum-4b-base; arXiv 2510.05788.
_MELLUM_MARKS = FimMarks(
    "<fim_prefix>",
    "<fim_suffix>",
    "<fim_middle>",
    order="spm",
    file="<filename>",
    stop=("<|endoftext|>", "<filename>"),
)

# The first glob that matches a name decides. Variants that were not trained to fill in the middle stand before their family.
_BY_NAME: tuple[tuple[str, ModelProfile], ...] = (
    ("gpt-4.1-nano-fast*", _NANO_FAST),
    ("gpt-4.1-nano*", _NANO),
    ("gpt-4.1-mini*", _GPT_4_1_MINI),
    ("gpt-4.1*", _GPT_4_1),
    ("gpt-4o*", ModelProfile(successors=_NANO.successors, shutdown="2027-01-14")),
    ("gpt-6-luna-fast*", _LUNA_6_FAST),
    ("gpt-6-luna*", _LUNA_6),
    ("gpt-5.6-luna-fast*", _LUNA_5_6_FAST),
    ("gpt-5.6-luna*", _LUNA_5_6),
    ("gpt-5.4-nano*", _GPT_5_4_NANO),
    ("gpt-5*", _REASONING),
    ("gpt-6*", _REASONING),
    ("mercury-2.5*", _MERCURY_2_5),
    ("mercury*", _MERCURY),
    ("codestral-22b*", _local(32_768, _CODESTRAL_MARKS)),
    ("codestral:*", _local(32_768, _CODESTRAL_MARKS)),
    ("codestral*", _CODESTRAL),
    ("qwen2.5-coder*", _local(32_768, _QWEN_MARKS)),
    ("qwen3-coder*", _local(262_144, _QWEN_MARKS)),
    ("deepseek-coder-v2*", _local(128_000, _DEEPSEEK_MARKS)),
    ("deepseek-coder*", _local(16_384, _DEEPSEEK_MARKS)),
    ("starcoder2*", _local(16_384, _STARCODER_2_MARKS)),
    ("starcoder*", _local(8_192, _STARCODER_MARKS)),
    ("codellama*python*", _PLAIN),
    ("codellama*34b*", _PLAIN),
    ("codellama*70b*", _PLAIN),
    ("codellama*", _local(16_384, _CODELLAMA_MARKS)),
    ("codegemma*", _local(8_192, _CODEGEMMA_MARKS)),
    ("granite-code*", _local(8_192, _STARCODER_MARKS)),
    ("granite-*b-code*", _local(8_192, _STARCODER_MARKS)),
    ("stable-code-instruct*", _PLAIN),
    ("stable-code*", _local(16_384, _STARCODER_MARKS)),
    ("mellum*", _local(8_192, _MELLUM_MARKS)),
)


def profile_of(model: str) -> ModelProfile:
    """The profile for a model's name. The name may contain the provider, the size and a file's ending.

    "openai/gpt-4.1-nano", "gpt-4.1-nano-2025-04-14", "qwen2.5-coder:7b-base", "/models/qwen2.5-coder-1.5b-q8_0.gguf".
    """
    name = model.rsplit("/", 1)[-1].lower()
    return next((profile for glob, profile in _BY_NAME if fnmatchcase(name, glob)), _PLAIN)
