"""The recall benchmark on repositories small enough to know all the answers."""

from __future__ import annotations

import pytest

from tests.bench.held import Held, Sampler
from tests.bench.recall import CurrentFile, SixtyLines, ThisServer, measure, where
from tests.bench.repositories import Repository
from tests.bench.symbols import Use, define, is_shown
from tests.bench.truth_python import PythonTruth
from tests.bench.truth_typescript import TypeScriptTruth

PYTHON = Repository(
    "shop",
    "python",
    {
        "shop/__init__.py": "from shop.basket import Basket\nfrom shop.prices import *\n",
        "shop/prices.py": "RATE: float = 0.19\n\n\ndef with_tax(amount, rate=RATE):\n    return amount * (1 + rate)\n",
        "shop/basket.py": (
            "import logging\n\nfrom . import prices\nfrom shop.items import Item as Thing\n\n\n"
            "class Container:\n    limit: int = 3\n\n    def weigh(self, scale):\n        return scale\n\n\n"
            "class Basket(Container):\n    def __init__(self, first: Thing, log: logging.Logger):\n"
            "        self.first = first\n        self.log = log\n\n"
            "    def total(self, rate):\n        amount = self.first.cost + self.weigh(2)\n"
            "        self.log.info('asked')\n        return prices.with_tax(amount, rate)\n\n\n"
            "def fill(things):\n    basket = Basket(things[0], None)\n    basket.total(0.1)\n"
            "    return other(things).shelf_life\n"
        ),
        "shop/items.py": "class Item:\n    def __init__(self):\n        self.cost = 3\n        self.shelf_life = 1\n",
        "shop/broken.py": "def (:\n",
        "shop/main.py": "import shop\n\n\ndef main():\n    print(shop.RATE)\n    return shop.Basket\n",
    },
)
TYPESCRIPT = Repository(
    "shop",
    "typescript",
    {
        "src/index.ts": "export * from './basket.js';\nexport { withTax as taxed } from './prices';\n",
        "src/prices.ts": (
            "export const RATE = 0.19;\nexport function withTax(amount: number): number {\n"
            "  return amount * (1 + RATE);\n}\n"
        ),
        "src/item.ts": "export interface Item {\n  cost: number;\n  shelfLife(): number;\n}\nexport default class Box {}\n",
        "src/basket.ts": (
            "import type { Item as Thing } from './item';\nimport Box from './item';\nimport * as prices from './prices';\n\n"
            "export abstract class Container {\n  weigh(scale: number) {\n    return scale;\n  }\n}\n\n"
            "export class Basket extends Container {\n  private box = new Box();\n\n"
            "  constructor(\n    private readonly first: Thing,\n  ) {\n    super();\n  }\n\n"
            "  total(rate: number): number {\n    const amount = this.first.cost + this.weigh(2);\n"
            "    return prices.withTax(amount);\n  }\n}\n\n"
            "export const fill = (things: Thing[], RATE: number) => {\n  const basket = new Basket(things[0]);\n"
            "  basket.total(RATE);\n  return other(things).shelfLife();\n};\n"
        ),
        "src/main.ts": "import { Basket, taxed } from './index';\n\nfunction main() {\n  return taxed(new Basket());\n}\n",
    },
)


def _meant(uses: list[Use]) -> dict[str, tuple[str, str]]:
    """By name: how a use was resolved, and where its definition is."""
    return {
        use.name: (use.how, " ".join(f"{one.file}:{one.line + 1}" for one in use.definitions)) for use in uses
    }


def test_python_names_are_followed_to_their_definitions() -> None:
    truth = PythonTruth(PYTHON)
    assert _meant(truth.uses("shop/basket.py")) == {
        "Thing": ("imported", "shop/items.py:1"),
        "Container": ("name", "shop/basket.py:7"),
        "Basket": ("name", "shop/basket.py:14"),
        "first": ("self", "shop/basket.py:16"),
        "log": ("self", "shop/basket.py:17"),
        "cost": ("typed", "shop/items.py:3"),
        "weigh": ("inherited", "shop/basket.py:10"),
        "with_tax": ("module", "shop/prices.py:4"),
        "total": ("typed", "shop/basket.py:19"),
        "shelf_life": ("guess", "shop/items.py:4"),
    }
    assert _meant(truth.uses("shop/main.py")) == {
        "RATE": ("module", "shop/prices.py:1"),
        "Basket": ("module", "shop/basket.py:14"),
    }
    assert truth.uses("shop/broken.py") == []
    assert truth.imports["shop/basket.py"] == {"shop/prices.py", "shop/items.py"}


def test_typescript_names_are_followed_to_their_definitions() -> None:
    truth = TypeScriptTruth(TYPESCRIPT)
    assert _meant(truth.uses("src/basket.ts")) == {
        "Thing": ("imported", "src/item.ts:1"),
        "Box": ("imported", "src/item.ts:5"),
        "Container": ("name", "src/basket.ts:5"),
        "Basket": ("name", "src/basket.ts:11"),
        "first": ("self", "src/basket.ts:15"),
        "cost": ("typed", "src/item.ts:2"),
        "weigh": ("inherited", "src/basket.ts:6"),
        "withTax": ("module", "src/prices.ts:2"),
        "total": ("typed", "src/basket.ts:20"),
        "shelfLife": ("guess", "src/item.ts:3"),
    }
    assert _meant(truth.uses("src/main.ts")) == {
        "taxed": ("imported", "src/prices.ts:2"),
        "Basket": ("imported", "src/basket.ts:11"),
    }
    assert truth.imports["src/main.ts"] == {"src/index.ts"}


@pytest.mark.parametrize(
    ("signature", "prompt", "expected"),
    [
        ("def total(self, rate):", "class Basket:\n    def total(self, rate):\n        return 1", True),
        ("def total(self, rate):", "    def total(self, rate): ...", True),
        ("def total(\n    self,\n    rate,\n):", "    def total(self, rate): ...", True),
        ("def total(self, rate):", "    def total(\n        self,\n        rate,\n    ) -> int:", True),
        ("def total(self, rate):", "def total(self):", False),
        ("def total(self, rate):", "x = 'def total(self, rate):'", False),
        ("total(rate: number): number", "  public async total(rate: number): number {", True),
        ("cost: number;", "  readonly cost: number;", True),
        ("cost: number;", "function pay(cost: number) {", False),
        ("class Bas", "class Basket:", False),
        ("const RATE =", "export const RATE = 1;", True),
    ],
)
def test_a_definition_is_shown_when_its_signature_begins_a_line(
    signature: str, prompt: str, expected: bool
) -> None:
    name = "total" if "total" in signature else signature.split("=")[0].split(":")[0].split()[-1]
    use = Use(name, 0, 0, "name", (define("a.py", name, "function", 0, 1, signature),))
    assert is_shown(use, prompt) is expected


@pytest.mark.parametrize(
    ("repository", "truth"), [(PYTHON, PythonTruth(PYTHON)), (TYPESCRIPT, TypeScriptTruth(TYPESCRIPT))]
)
def test_a_held_position_names_what_was_removed_and_no_more(
    repository: Repository, truth: PythonTruth | TypeScriptTruth
) -> None:
    drawn = Sampler(repository, truth).draw(6, seed=1)
    assert drawn == Sampler(repository, truth).draw(6, seed=1)
    assert len({(held.file, held.line) for held in drawn}) == len(drawn) > 3
    for held in drawn:
        before, after = held.lines[: held.line + 1], held.lines[held.line + 1 :]
        whole = "\n".join(before) + held.continuation + "".join(f"\n{line}" for line in after)
        assert whole == repository.files[held.file]
        assert held.symbols
        for use in held.symbols:
            assert use.name in held.continuation
            assert all(is_shown(use, repository.files[one.file]) for one in use.definitions)


def _held(line: int, column: int, *names: str) -> tuple[Held, PythonTruth]:
    """A place in the Python basket, from a line of it on to the end of that line."""
    truth = PythonTruth(PYTHON)
    uses = {use.name: use for use in truth.uses("shop/basket.py")}
    return Held(PYTHON, "shop/basket.py", line, column, line + 1, tuple(uses[name] for name in names)), truth


def test_the_current_file_has_its_own_definitions_and_no_others() -> None:
    held, truth = _held(19, 8, "first", "cost", "weigh")
    whole = CurrentFile(PYTHON).prompt(held, 10_000)
    assert whole == held.text
    assert [is_shown(use, whole) for use in held.symbols] == [True, False, True]
    assert [where(held, use, truth) for use in held.symbols] == ["same file", "imported file", "same file"]
    short = CurrentFile(PYTHON).prompt(held, 40)
    assert len(short) <= 40 * 3.6
    assert "        self.log.info('asked')" in short
    assert "import logging" not in short
    assert "def total(self, rate):" in SixtyLines(PYTHON).prompt(held, 1)


def test_this_server_shows_the_file_in_its_prompt_without_the_removed_text() -> None:
    held, _ = _held(19, 8, "first", "cost", "weigh")
    prompt = ThisServer(PYTHON).prompt(held, 4_000)
    assert is_shown(held.symbols[0], prompt)
    assert held.continuation not in prompt


def test_the_score_is_of_symbols_over_all_positions() -> None:
    scores = measure([PYTHON], {"current file": CurrentFile}, positions=5, sizes=(10, 1_000), seed=3)
    small, large = scores["current file", 10], scores["current file", 1_000]
    assert small.symbols == large.symbols >= 5
    assert small.recall < large.recall < 1
    assert len(large.tokens) == 5
    assert sum(large.missed.values()) == large.symbols - large.shown
