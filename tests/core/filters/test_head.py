"""What each head filter takes off, what it must leave, and what it withholds while it cannot know."""

from __future__ import annotations

import pytest

from tests.core.filters.place import place
from typethrough.core.filters import growing

TOKENS = [
    ("x = $0", "1<|im_end|>", "1"),
    ("x = $0", "1</s>", "1"),
    ("x = $0", "<|im_start|>assistant\n1<|im_end|>\nmore", "1"),
    ("x = $0", "1<CURSOR>2", "1"),
    ("x = $0", "<CURSOR>1", "1"),
    ("x = $0", "a < b", "a < b"),
    ("x = $0", "a <", "a <"),
    ("if tok == '<|im_end|>':\n    y = $0", "'<|im_start|>'", "'<|im_start|>'"),
]
FENCES = [
    ("x = $0", "```python\nfoo()\n```", "foo()\n"),
    ("x = $0", "```\nfoo()\n```\nThis calls foo.", "foo()\n"),
    ("x = $0", "\n```py\nfoo()", "foo()"),
    ("x = $0", "```foo()```", "foo()"),
    ("x = $0", "`foo()`", "foo()"),
    ("x = $0", "~~~\nfoo()\n~~~", "foo()\n"),
    ("x = $0", "foo()\n```\n", "foo()\n"),
    ('x = "$0', "`a` and `b`", "`a` and `b`"),
]
TAGS = [
    ("x = $0", "<completion>1</completion>", "1"),
    ("x = $0", "<completion>\n1\n</completion>", "1\n"),
    ("x = $0", "1\n</window>\nmore", "1\n"),
    ("x = $0", "<answer>```\n1\n```</answer>", "1\n"),
    ("x = $0", "```\n<code>1</code>\n```", "1"),
    ("x = $0", "a </ b", "a </ b"),
]
PROSE = [
    ("x = $0", "Here is the completed code:\nfoo()", "foo()"),
    ("x = $0", "Sure! Here's the missing code:\n\nfoo()", "foo()"),
    ("x = $0", "The missing code is:\n\n```python\nfoo()\n```\n\nIt calls foo.", "foo()\n"),
    ("def f():$0", "Here is the completion:\n\n    return 1", "\n    return 1"),
    ("def f():\n    $0", "return 1\n\nThis completes the function.", "return 1\n\n"),
    ("def f():\n    $0", "return 1\n\nLet me know if you need anything else!", "return 1\n\n"),
    ("$0", "This = 1", "This = 1"),
    ("$0", "Note(text)\n", "Note(text)\n"),
    ("$0", "The_thing.run()", "The_thing.run()"),
    ('def f():\n    """Do it.\n\n    $0', "This is a sentence about it.\n", "This is a sentence about it.\n"),
    ("# $0", "Here is a remark.", "Here is a remark."),
]
ECHOES = [
    ("    return $0", "    return x + 1", "x + 1"),
    ("    return $0", "return x + 1", "x + 1"),
    ("    return$0", "return x + 1", " x + 1"),
    ("x = $0", "x + 1", "x + 1"),
    ("total = $0", "total + 1", "total + 1"),
    ("def f(a):\n    b = a\n    return $0", "def f(a):\n    b = a\n    return a + b", "a + b"),
    ("def f(a):\n    b = a\n    return $0", "b = a\nreturn a + b", "a + b"),
    ("def function(a):\n    $0", "def function(a):\n    return a", "return a"),
    ("self.calc$0", "calculate(1)", "ulate(1)"),
    ("foo.bar$0", "foo.bar(1)", "(1)"),
    ("    }$0", "\n}", "\n}"),
    ("    self.value = compute($0", "\n    self.value = compute(a, b)", "a, b)"),
    ("x$0", "x = 1", "x = 1"),
]
INDENTATION = [
    ("def f():\n    $0", "    return 1", "return 1"),
    ("def f():\n    $0", "    a = 1\n    return a", "a = 1\n    return a"),
    ("def f():\n    $0", "if a:\n    return 1\nreturn 2", "if a:\n        return 1\n    return 2"),
    ("def f():\n    $0\n    z = 1", "a = 1\nb = 2", "a = 1\n    b = 2"),
    ("def f():$0", "\nreturn 1", "\n    return 1"),
    ("def f():\n    $0", "a = 1\n        return a", "a = 1\n    return a"),
    ("def f():\n    $0", "        a = 1\n        return a", "a = 1\n    return a"),
    ("def f():\n    $0", "a = 1\n\n\ndef g():\n    pass", "a = 1\n\n\ndef g():\n    pass"),
    ("def f():\n    if a:\n        $0", "return 1\n    return 2", "return 1\n    return 2"),
    ("def f():\n    x = foo($0", "a,\n            b)", "a,\n            b)"),
    ("def f():\n    if a:\n    $0", "    return 1", "    return 1"),
    ("class A:\n    def f():\n        s = '''$0", "\nat the margin\n'''", "\nat the margin\n'''"),
]
FRAMES = [
    ("reasoning_eff$0", '<now path="core/a.py" language="python">\n"""Profiles', ""),
    ("x = $0", '<now path="a.py">\n<now path="a.py">\n<now path="a.py">\n1', ""),
    ("x = $0", '\n<file path="a.py" language="python">\nx = 1\n</file>', ""),
    ("x = $0", "<change line=3>\n+x = 1\n</change>", ""),
    ("x = $0", '```python\n<now path="a.py" language="python">\nx = 1\n```', ""),
    ("x = $0", '1\n<now path="a.py" language="python">\nx = 1', "1\n"),
    ("x = $0", "1\n</change>\n<change line=4>", "1\n"),
    ("x = $0", "a <now and b", "a <now and b"),
    ("x = '<change line=2>'\ny = $0", "'<change line=3>'", "'<change line=3>'"),
]
TABS = [
    ("def f():\n    $0", "\tif a:\n\t\treturn 1", "if a:\n        return 1"),
    ("def f():\n\tx = 1\n\t$0", "if a:\n        return 1\n    return 2", "if a:\n\t\treturn 1\n\treturn 2"),
    ("def f():\n\tx = 1\n\t$0", "a = 'b    c'", "a = 'b    c'"),
]
JOINT = [
    ("    return $0", " x + 1", "x + 1"),
    ("    x = 1 $0", " # why", " # why"),
    ("# A sentence. $0", " And", " And"),
    ("a $0", " = 1", "= 1"),
    ("abc = 2\na $0", "  = 1", "  = 1"),
    ("x =$0", " 1", " 1"),
]
CELLS = [
    ("x = $0", "1\n# %%\ny = 2", "1\n"),
    ("x = $0", "1\n// %% [markdown]\n", "1\n"),
    ("$0", "# %%\ny = 2", ""),
    ("x = $0", "1  # %%\n", "1  # %%\n"),
    ("def f():\n    $0", "pass\n    # %%\n", "pass\n    # %%\n"),
]


@pytest.mark.parametrize(
    ("marked", "raw", "expected"),
    TOKENS + FENCES + TAGS + FRAMES + PROSE + ECHOES + INDENTATION + TABS + JOINT + CELLS,
)
def test_a_whole_answer_in_python_is_cleaned(marked: str, raw: str, expected: str) -> None:
    assert growing(raw, place(marked), complete=True) == expected


@pytest.mark.parametrize(
    ("language", "marked", "raw", "expected"),
    [
        ("markdown", "Some text:\n\n$0", "```python\nfoo()\n```\n", "```python\nfoo()\n```\n"),
        ("markdown", "Some $0", "```text\nwords\n```", "words\n"),
        ("markdown", "Some $0", "```\ntext\n```", ""),
        ("markdown", "The rest of the $0", "```\n# Vim\n\n# vim.pack", ""),
        ("markdown", "```lua\n{ dir = '/a/edit$0", "```\n\nThis is a plugin that allows", ""),
        ("markdown", "An example:$0", "\n```python\nfoo()\n```", "\n```python\nfoo()\n```"),
        ("markdown", "```python\nfoo()$0", "\n```\n\nMore.", "\n```\n\nMore."),
        ("markdown", "$0", "```markdown\n# Title\n```", "# Title\n"),
        ("markdown", "```python\nx = 1\n$0", "```python\ny = 2\n```", "y = 2\n"),
        (
            "markdown",
            "Text. $0",
            "This is a sentence.\n\nThe next one.",
            "This is a sentence.\n\nThe next one.",
        ),
        ("markdown", "a <s>$0", "b</s>", "b</s>"),
        ("html", "<p>$0", "Here is the text: <b>a</b></p>", "Here is the text: <b>a</b></p>"),
        ("html", "<code>a</code>\n$0", "<code>b</code>", "<code>b</code>"),
        ("html", "<ul>\n  <li></li>$0", "</li>", "</li>"),
        (
            "xml",
            "<a>\n  $0\n</a>",
            '<file path="b"/>\n  <change line="3">',
            '<file path="b"/>\n  <change line="3">',
        ),
        ("xml", "<file path='a'/>\n$0", '<file path="b" language="c"/>', '<file path="b" language="c"/>'),
        ("html", "<p>$0", '<now path="a.html" language="html">\n<p>', ""),
        ("typescriptreact", "return $0", "<file path={a} />;", "<file path={a} />;"),
        ("lua", "local function set()$0", '\n<now path="a.lua" language="lua">\n\n--- A', ""),
        ("javascript", "const a = $0", "`x`;", "`x`;"),
        ("javascript", "const a = b\n  $0", ".map(c)\n      .filter(d)", ".map(c)\n      .filter(d)"),
        ("javascript", "function f() {\n  x();\n  $0\n}", "if (a) {\n  b();\n}", "if (a) {\n    b();\n  }"),
        ("go", "func f() {\n\tx := 1\n\t$0", "if a {\n        return\n    }", "if a {\n\t\treturn\n\t}"),
        (
            "c",
            "switch (a) {\n    $0",
            "case 1:\n        b();\n    case 2:",
            "case 1:\n        b();\n    case 2:",
        ),
        ("cobol", "$0", "Whatever it IS.\n", "Whatever it IS.\n"),
        ("", "x $0", "`odd` ```", "`odd` ```"),
    ],
)
def test_other_languages_keep_what_is_theirs(language: str, marked: str, raw: str, expected: str) -> None:
    assert growing(raw, place(marked, language), complete=True) == expected


@pytest.mark.parametrize(
    ("marked", "raw", "expected"),
    [
        ("x = $0", "`", ""),
        ("x = $0", "```py", ""),
        ("x = $0", "Here is", ""),
        ("x = $0", "Hereafter(", "Hereafter("),
        ("x = $0", "1<|im_", "1"),
        ("x = $0", "a <", "a "),
        ("    return $0", "    ret", ""),
        ("    return $0", "retry()", "retry()"),
        ("def f():\n    $0", "   ", ""),
        ("def f():\n    $0", "a = 1\n  ", "a = 1\n"),
        ("def f():\n    $0", "a = 1\nThis is", "a = 1\n"),
        ("x = $0", "<compl", ""),
        ("x = $0", "1\n<now pa", "1\n"),
        ("x = $0", "1\n<nowhere", "1\n<nowhere"),
        ("x = $0", "1\n</comp", "1\n"),
        ("alpha = 1\nbeta_value = 2\n$0", "alpha = 1\nbeta", ""),
        ("x = $0", "1\n# %", "1\n"),
        ("x = $0", "1\n# a", "1\n# a"),
    ],
)
def test_what_cannot_be_known_yet_is_withheld(marked: str, raw: str, expected: str) -> None:
    assert growing(raw, place(marked)) == expected


@pytest.mark.parametrize("language", ["xml", "typescriptreact", "python"])
@pytest.mark.parametrize(
    "raw",
    [
        '<file path="b" lang="c"/>\n<file path="d" language="e">\nx',
        '<a>\n<change line="3">\n<change line=3>',
        '\n<now path="a">\n<b>',
    ],
)
def test_a_frame_never_takes_text_back(language: str, raw: str) -> None:
    view = place("<a>\n  $0\n", language)
    seen = ""
    for length in range(len(raw) + 1):
        now = growing(raw[:length], view)
        assert now.startswith(seen)
        assert growing(raw[:length], view, complete=True).startswith(now)
        seen = now
    assert 'language="e"' not in seen
    assert "line=3" not in seen
    assert "<now" not in seen
