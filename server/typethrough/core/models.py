"""Model profiles: what differs between models, as data. The model is a setting; nothing else in the code names one.

Figures are the vendors' published ones as of 2026-11 (prices in US dollars per million tokens); a gateway's own catalogue refines
them where it can be read. Fill-in-the-middle marks are those of the models' own cards; a model whose card names none has none.
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
    """How a model wants a hole in a text marked, in a text completion and not in a chat.

    `order` "psm": prefix mark, text before, suffix mark, text after, middle mark; "spm": suffix mark, text after, prefix mark,
    text before, middle mark. Spaces in a mark belong to it. A model that knows more than one file takes them first: `repository`
    goes before the repository's name, `file` before each file's path, which a line break ends; empty where the card names none.
    `stop` is what ends an answer besides these marks.
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
    """How to speak to one family of models, what its cache does, and what it costs.

    `cache_write_price` is that of tokens which the provider says it wrote to its cache; 0 means they cost what fresh ones do.
    `fim` are the marks of a model that can fill in the middle. `ttft_ms` and `ttft_p95_ms` are the provider's times to first
    token as its gateway measured them lately, 0 when nobody said. `is_local`: the model itself runs on this machine, so asking
    costs time alone. `successors` can take its place, the best first; `shutdown` is the day that its vendor set for its end.
    `warning` is a sentence for the user, when the gateway's list says that the model ends or does not have it.
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
        """The model to change to, or the empty string."""
        return next(iter(self.successors), "")

    def cost_dollars(self, usage: Usage) -> float:
        """What these tokens cost."""
        fresh_tokens = max(0, usage.prompt_tokens - usage.cached_tokens)
        written_tokens = min(fresh_tokens, usage.cache_write_tokens)
        return (
            (fresh_tokens - written_tokens) * self.input_price
            + written_tokens * (self.cache_write_price or self.input_price)
            + usage.cached_tokens * self.cached_price
            + usage.output_tokens * self.output_price
        ) / _PER_MILLION

    def saved_dollars(self, usage: Usage) -> float:
        """What the provider's prompt cache spared of that, less what writing to it cost; below 0 when it was written in vain."""
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
# The same model in the vendor's priority tier, which the Vercel AI Gateway sells under a name of its own. No price of cached
# tokens is published for such names, nor for gpt-5.4-nano: theirs is the same share as their siblings'.
_NANO_FAST = replace(
    _NANO, input_price=0.20, cached_price=0.05, output_price=0.80, successors=("openai/gpt-6-luna-fast",)
)

_GPT_4_1 = replace(_NANO, input_price=2.0, cached_price=0.50, output_price=8.0, shutdown="2027-01-14")
_GPT_4_1_MINI = replace(_GPT_4_1, input_price=0.40, cached_price=0.10, output_price=1.60)

# From GPT-5 on: the limit has another name, reasoning is on by default and must be turned off, sampling is fixed.
_REASONING = ModelProfile(
    token_limit_field="max_completion_tokens",
    reasoning_effort="none",
    supports_temperature=False,
    supports_stop=False,
    context_tokens=400_000,
)
# From GPT-5.6 on writing to the cache costs a quarter more than reading afresh.
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

# Hosted by Mistral, whose prices know no cache; its marks are behind an address of its own kind (/fim/completions).
_CODESTRAL = ModelProfile(sends_cache_key=False, input_price=0.30, cached_price=0.30, output_price=0.90)
# Inception's diffusion models write many tokens at a time; the older ones' prices come from the gateway's catalogue.
_MERCURY = ModelProfile(sends_cache_key=False)
_MERCURY_2_5 = replace(
    _MERCURY, context_tokens=260_000, input_price=0.04, cached_price=0.004, output_price=0.15
)

# Anything unknown gets the plainest dialect: what every OpenAI-compatible server has understood for years.
_PLAIN = ModelProfile(sends_cache_key=False, context_tokens=8_192)


def _local(context_tokens: int, fim: FimMarks) -> ModelProfile:
    """A model with open weights. A server of one's own keeps what it read until it needs the room, token by token."""
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
# github.com/deepseek-ai/DeepSeek-Coder, README, "Code Insertion"; the bars and the low blocks are no ASCII.
_DEEPSEEK_MARKS = FimMarks(
    "<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>", stop=("<｜end▁of▁sentence｜>",)
)
# The StarCoder papers (arXiv 2305.06161 and 2402.19173): the second names its repository and file marks.
_STARCODER_MARKS = FimMarks("<fim_prefix>", "<fim_suffix>", "<fim_middle>", stop=("<|endoftext|>",))
_STARCODER_2_MARKS = replace(
    _STARCODER_MARKS,
    repository="<repo_name>",
    file="<file_sep>",
    stop=("<|endoftext|>", "<file_sep>", "<repo_name>"),
)
# github.com/meta-llama/codellama, `infilling_prompt_tokens`: as text a space stands round the code, none behind <SUF>.
_CODELLAMA_MARKS = FimMarks("<PRE> ", " <SUF>", " <MID>", stop=("<EOT>",))
# ai.google.dev/gemma/docs/codegemma, "Fill-in-the-middle".
_CODEGEMMA_MARKS = FimMarks(
    "<|fim_prefix|>",
    "<|fim_suffix|>",
    "<|fim_middle|>",
    file="<|file_separator|>",
    stop=("<|file_separator|>",),
)
# github.com/mistralai/mistral-common, `encode_fim`: the text after the hole comes first, and nothing marks the hole itself.
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

# The first glob that fits a name decides. Sizes and variants that were not trained on holes are named before their family.
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
    """The profile for a model's name, with or without its provider, its size or its file's ending.

    "openai/gpt-4.1-nano", "gpt-4.1-nano-2025-04-14", "qwen2.5-coder:7b-base", "/models/qwen2.5-coder-1.5b-q8_0.gguf".
    """
    name = model.rsplit("/", 1)[-1].lower()
    return next((profile for glob, profile in _BY_NAME if fnmatchcase(name, glob)), _PLAIN)
