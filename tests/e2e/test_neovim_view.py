"""What our own view of ghost text does in a real Neovim, from 0.10 on, that the client built into 0.12 does not."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import HEAD, TAIL, StartNeovim
from tests.e2e.neovim_steps import OWN, REST, TYPED, at_rest, open_and_type, press, removals
from tests.support import simulator
from tests.support.neovim import Neovim
from tests.support.simulator import Simulator

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(120),
    pytest.mark.parametrize("view", OWN, indirect=True, ids=str),
]

FIRST_LINE = REST.partition("\n")[0]

# Writes down what the client sends, as the server gets it.
SENT_LUA = """
_G.sent = {}
local start = vim.lsp.rpc.start
vim.lsp.rpc.start = function(...)
  local client = start(...)
  local notify, request = client.notify, client.request
  client.notify = function(method, params)
    table.insert(_G.sent, { method = method, params = params })
    return notify(method, params)
  end
  client.request = function(method, params, ...)
    table.insert(_G.sent, { method = method, params = params })
    return request(method, params, ...)
  end
  return client
end
"""


def sent(editor: Neovim, method: str) -> list[dict[str, Any]]:
    """Return the parameters of every message of this method that went to the server."""
    code = """
        return vim.iter(_G.sent):filter(function(message) return message.method == ... end)
          :map(function(message) return message.params end):totable()
    """
    return list(editor.lua(code.replace("...", "'" + method + "'")))


def test_ghost_text_that_no_longer_fits_is_gone_with_the_key_that_left_it(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    editor = neovim(gateway)
    ghost = open_and_type(editor)
    seen = len(editor.ghosts())
    editor.type("y")
    editor.wait_for(lambda: len(editor.ghosts()) > seen, 5, "the screen to follow the key")
    assert editor.ghosts()[seen] == ""
    assert ghost not in editor.ghosts()[seen:]


def test_two_hundred_keys_through_suggestions_remove_no_ghost_text(
    neovim: StartNeovim, tmp_path: Path
) -> None:
    lines = [
        f"    {word}_of_weekday = names[weekday % {n}]"
        for n, word in enumerate(("first", "second", "third"), 3)
    ]
    lines += [
        f'    {word}_message = f"{word} of {{weekday}}"' for word in ("morning", "noon", "evening", "night")
    ]
    path = tmp_path / "labels.py"
    path.write_text(HEAD + "def label_for(weekday):\n" + "\n".join(lines) + "\n", encoding="utf-8")
    with simulator.start(truth=[path]) as gateway:
        editor = neovim(gateway)
        open_and_type(editor, "def label_for(weekday):\n")
        seen, keys = len(editor.ghosts()), 0
        for line in lines:
            editor.wait_for_ghost()
            for count in range(5, len(line) + 1):
                press(editor, line[count - 1], line[:count])
            # The editor indents the line that Enter begins.
            editor.type("\n")
            keys += len(line) - 3
        editor.wait_for(lambda: editor.buffer()[-1].isspace(), 5, "the last key")
        assert keys >= 200
        assert removals(editor.ghosts()[seen - 1 :]) == []
        assert sum(ghost != "" for ghost in editor.ghosts()[seen:]) >= 200


def test_a_slow_answer_grows_on_screen_and_is_never_rewritten(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    gateway.control(latency={"ttft_ms": 0.0, "tokens_per_s": 12.0})
    editor = neovim(gateway, init_lua=SENT_LUA)
    first = open_and_type(editor, growing=True)
    editor.wait_for_ghost(FIRST_LINE)
    seen = editor.ghosts()
    grown = seen[seen.index(first) : seen.index(FIRST_LINE) + 1]
    assert len(grown) >= 3
    assert all(after.startswith(before) for before, after in pairwise(grown))
    # It is one suggestion, so it is announced once.
    assert len(sent(editor, "textDocument/didShowCompletion")) == 1


def test_growing_text_can_be_typed_through(neovim: StartNeovim, gateway: Simulator) -> None:
    gateway.control(latency={"ttft_ms": 0.0, "tokens_per_s": 12.0})
    editor = neovim(gateway)
    ghost = open_and_type(editor, growing=True)
    assert FIRST_LINE.startswith(ghost)
    for count in (1, 2):
        press(editor, ghost[count - 1], TYPED + ghost[:count])
    editor.wait_for_ghost(FIRST_LINE[2:])
    seen = editor.ghosts()
    assert removals(seen[seen.index(ghost) :]) == []
    assert len(gateway.log()) == 1


def test_each_request_says_what_the_server_needs_and_a_key_takes_back_the_one_before(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    gateway.fault("stall_before_headers")
    editor = neovim(gateway, init_lua=SENT_LUA + "vim.o.shiftwidth = 3\nvim.o.expandtab = true\n")
    editor.open("labels.txt", HEAD)
    editor.attach()
    editor.keys("Go")
    editor.type("d")
    editor.wait_for(lambda: len(editor.requests()) >= 1, 5, "a request")
    editor.type("e")
    editor.wait_for(lambda: len(sent(editor, "$/cancelRequest")) >= 1, 5, "its cancellation")
    at_once = [request for request in editor.requests() if "ended_ms" not in request]
    assert len(at_once) <= 1
    last = sent(editor, "textDocument/inlineCompletion")[-1]
    assert (
        last["textDocument"]["version"]
        == sent(editor, "textDocument/didChange")[-1]["textDocument"]["version"]
    )
    assert last["formattingOptions"] == {"tabSize": 3, "insertSpaces": True}
    assert last["context"] == {"triggerKind": 2}
    assert sent(editor, "textDocument/didFocus")[-1]["textDocument"] == {
        "uri": (editor.work / "labels.txt").as_uri()
    }
    assert editor.messages() == ""


def test_a_file_whose_type_changes_is_opened_as_what_it_is_now(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    editor = neovim(gateway, init_lua=SENT_LUA)
    editor.open("labels", HEAD)
    editor.attach()
    editor.keys(":set filetype=python<CR>")
    editor.wait_for(lambda: len(sent(editor, "textDocument/didOpen")) == 2, 5, "the file to be opened again")
    documents = [params["textDocument"] for params in sent(editor, "textDocument/didOpen")]
    assert [document["languageId"] for document in documents] == ["", "python"]
    editor.keys("Go")
    editor.type(TYPED)
    editor.wait_for_ghost()


def test_a_word_then_a_line_then_the_rest(neovim: StartNeovim, gateway: Simulator) -> None:
    editor = neovim(gateway, init_lua=SENT_LUA)
    open_and_type(editor)
    before = editor.buffer()
    seen = len(editor.ghosts())
    editor.keys("<M-Right>")
    editor.wait_for_buffer([*before[:-1], "def label_for"])
    editor.wait_for_ghost(FIRST_LINE.removeprefix("el_for"))
    editor.keys("<M-Right>")
    editor.wait_for_buffer([*before[:-1], "def label_for("])
    lengths = [
        params["acceptedLength"] for params in sent(editor, "textDocument/didPartiallyAcceptCompletion")
    ]
    assert lengths == [len("def label_for"), len("def label_for(")]
    editor.type("w")
    editor.wait_for_ghost("eekday):")
    assert removals([ghost.removeprefix("el_for") for ghost in editor.ghosts()[seen:]]) == []
    editor.keys("<M-C-Right>")
    editor.wait_for(lambda: "def label_for(weekday):" in editor.buffer(), 5, "the line")
    assert sent(editor, "workspace/executeCommand")[0]["command"] == "typethrough.accepted"


def test_an_accepted_suggestion_is_one_step_of_undo(neovim: StartNeovim, gateway: Simulator) -> None:
    editor = neovim(gateway)
    ghost = open_and_type(editor)
    before = editor.buffer()
    accepted = [*before[:-1], *(TYPED + ghost).split("\n")]
    editor.keys("<Tab>")
    editor.wait_for_buffer(accepted)
    editor.type("#")
    editor.wait_for(lambda: editor.buffer()[-1].endswith("#"), 5, "a key after it")
    editor.keys("<Esc>u")
    editor.wait_for_buffer(accepted)
    editor.keys("u")
    editor.wait_for_buffer(before)
    editor.keys("<C-r>")
    editor.wait_for_buffer(accepted)


def test_a_dismissed_suggestion_goes_and_is_not_offered_there_again(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    editor = neovim(gateway, init_lua=SENT_LUA)
    open_and_type(editor)
    at_rest(editor, gateway)
    editor.keys("<C-]>")
    editor.wait_for_ghost("")
    assert len(sent(editor, "typethrough/dismissed")) == 1
    requests = len(editor.requests())
    editor.type("e")
    editor.keys("<BS>")
    editor.wait_for(
        lambda: len(editor.requests()) > requests and editor.buffer()[-1] == TYPED, 5, "new requests"
    )
    at_rest(editor, gateway)
    assert editor.ghost() == ""
    assert editor.buffer()[-1] == TYPED


def test_asked_for_by_hand_it_comes_where_none_comes_by_itself(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    editor = neovim(gateway)
    open_and_type(editor)
    editor.keys("<C-]>")
    editor.wait_for_ghost("")
    editor.keys("<M-Bslash>")
    editor.wait_for(lambda: editor.ghost().startswith(FIRST_LINE), 5, "ghost text")


def test_a_block_asked_for_by_hand_stands_below_and_goes_in_as_it_is(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    gateway.control(latency={"ttft_ms": 0.0, "tokens_per_s": 40.0})
    editor = neovim(gateway)
    editor.open("labels.py", HEAD + "def label_for(weekday):\n    \n")
    editor.attach()
    before = editor.buffer()
    seen = len(editor.ghosts())
    block = TAIL.partition("\n")[2].strip("\n").removeprefix("    ")
    editor.keys("GA<M-Bslash>")
    editor.wait_for_ghost(block)
    assert removals(editor.ghosts()[seen:]) == []
    editor.keys("<Tab>")
    after = [*before[:-1], *("    " + block).split("\n")]
    editor.wait_for_buffer(after)
    editor.keys("<Esc>u")
    editor.wait_for_buffer(before)


def test_the_body_of_a_block_that_was_just_opened_grows_in_steps_and_can_be_taken_by_lines(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    gateway.control(latency={"ttft_ms": 0.0, "tokens_per_s": 60.0})
    editor = neovim(gateway)
    editor.open("labels.py", HEAD.rstrip("\n") + "\n")
    editor.attach()
    editor.keys("Go<CR><CR>")
    editor.type("def label_for(weekday):")
    seen = len(editor.ghosts())
    editor.keys("<CR>")
    lines = TAIL.rstrip("\n").split("\n")[1:]
    body = "\n".join(lines).removeprefix("    ")
    editor.wait_for_ghost(body)
    grown = [ghost for ghost in editor.ghosts()[seen:] if ghost and ghost != lines[0]]
    assert removals(grown) == []
    editor.keys("<M-C-Right>")
    editor.wait_for(lambda: lines[0] in editor.buffer(), 5, "the first line")
    editor.wait_for_ghost()
    editor.keys("<Tab>")
    editor.wait_for(lambda: editor.buffer()[-len(lines) :] == lines, 5, "the body")


# A server of a few lines, in the editor itself, for it always has three to choose from.
SEVERAL_LUA = """
local function serve(dispatchers)
  local closing = false
  return {
    request = function(method, params, callback)
      local result = {}
      if method == 'initialize' then
        result = { capabilities = { inlineCompletionProvider = true, textDocumentSync = 1 } }
      elseif method == 'textDocument/inlineCompletion' then
        local at = params.position
        result = { items = {} }
        for number = 1, params.context.triggerKind == 1 and 3 or 1 do
          local text = ('choice %d of it'):format(number)
          result.items[number] = { insertText = text, range = { start = at, ['end'] = at } }
        end
      end
      vim.schedule(function() callback(nil, result) end)
      return true, 1
    end,
    notify = function() return true end,
    is_closing = function() return closing end,
    terminate = function() closing = true dispatchers.on_exit(0, 0) end,
  }
end
require('typethrough').setup({ cmd = serve })
"""


def test_the_next_suggestion_is_the_models_where_a_guess_came_first(
    neovim: StartNeovim, tmp_path: Path
) -> None:
    known = "def load(path):\n    with open(path) as handle:\n        return parse(handle.read())\n\n\n"
    start = known + known.replace("load", "load_again") + "def load_bytes(path):\n"
    (tmp_path / "load.py").write_text(
        start + '    with open(path, "rb") as handle:\n        return handle.read()\n'
    )
    with simulator.start(truth=[tmp_path / "load.py"]) as gateway:
        editor = neovim(gateway)
        editor.open("load.py", start)
        editor.attach()
        editor.keys("Go")
        editor.type("with open(path")
        guess = editor.wait_for_ghost(") as handle:")
        editor.keys("<M-]>")
        editor.wait_for(lambda: editor.ghost().startswith(', "rb") as handle:'), 5, "the model's suggestion")
        editor.keys("<M-]>")
        editor.wait_for_ghost(guess)


def test_next_and_previous_go_round_the_choices_by_a_count(neovim: StartNeovim) -> None:
    editor = neovim(init_lua=SEVERAL_LUA)
    editor.open("choices.txt", "")
    editor.attach()
    editor.keys("i")
    editor.wait_for_ghost("choice 1 of it")
    for keys, expected in (("<M-]>", 2), ("<M-]>", 3), ("<M-]>", 1), ("<M-[>", 3)):
        editor.keys(keys)
        editor.wait_for_ghost(f"choice {expected} of it")
    editor.lua("require('typethrough').next(2)")
    editor.wait_for_ghost("choice 2 of it")
    editor.keys("<Tab>")
    editor.wait_for_buffer(["choice 2 of it"])


def test_after_tab_the_next_suggestion_comes_without_waiting_for_the_gateway(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    editor = neovim(gateway)
    ghost = open_and_type(editor)
    at_rest(editor, gateway)
    if ghost == REST:
        pytest.fail("the whole function came at once, so nothing is left to suggest")
    gateway.fault("stall_before_headers")
    editor.keys("<Tab>")
    editor.wait_for(lambda: editor.ghost() not in ("", ghost), 5, "the next ghost text")
    following = editor.ghost()
    assert editor.buffer()[-1] != TYPED
    assert REST[len(ghost) :].lstrip("\n").startswith(following.lstrip("\n"))


def test_an_automatically_closed_bracket_is_not_doubled(neovim: StartNeovim, gateway: Simulator) -> None:
    editor = neovim(gateway, init_lua="vim.keymap.set('i', '(', '()<Left>')")
    editor.open("labels.py", HEAD)
    editor.attach()
    editor.keys("Go")
    editor.type("def label_for(")
    ghost = editor.wait_for_ghost()
    assert ghost == editor.ghost_marks()
    editor.keys("<Tab>")
    editor.wait_for(lambda: "weekday" in "\n".join(editor.buffer()), 5, "the text to be accepted")
    accepted = "\n".join(editor.buffer()).removeprefix(HEAD)
    assert accepted.startswith("def label_for(weekday)")
    assert accepted.count("(") == accepted.count(")")


def test_a_body_between_closed_brackets_gets_lines_of_its_own(neovim: StartNeovim, tmp_path: Path) -> None:
    truth = tmp_path / "truth" / "go.js"
    truth.parent.mkdir()
    body = ["function go() {", "  start(count);", "  stop(count);", "}"]
    truth.write_text("const count = 1;\n\n" + "\n".join(body) + "\n")
    with simulator.start(truth=[truth]) as gateway:
        pairs = "vim.keymap.set('i', '{', '{}<Left>')\nvim.o.shiftwidth = 2\nvim.o.expandtab = true"
        editor = neovim(gateway, init_lua=pairs)
        editor.open("go.js", "const count = 1;\n\n")
        editor.attach()
        editor.keys("Go")
        editor.type(body[0])
        assert editor.wait_for_ghost().split("\n")[-2:] == body[1:3]
        editor.keys("<Tab>")
        editor.wait_for(lambda: editor.buffer()[-4:] == body, 5, "the body")


# As nvim-autopairs and its like do it: an expression that closes what is opened, and steps over what is closed already.
AUTO_PAIRS_LUA = """
local function next_is(character)
  return vim.api.nvim_get_current_line():sub(vim.fn.col('.'), vim.fn.col('.')) == character
end
for open, close in pairs({ ['('] = ')', ['['] = ']', ['"'] = '"' }) do
  vim.keymap.set('i', open, function()
    if open == close and next_is(close) then return '<C-g>U<Right>' end
    return open .. close .. '<C-g>U<Left>'
  end, { expr = true })
  if open ~= close then
    vim.keymap.set('i', close, function() return next_is(close) and '<C-g>U<Right>' or close end, { expr = true })
  end
end
"""


def test_typing_through_closed_pairs_leaves_the_line_on_screen_as_it_is(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    editor = neovim(gateway, init_lua=AUTO_PAIRS_LUA, environment={"TYPETHROUGH_MAX_LINES": "1"})
    head, line = TAIL.split("\n")[:2]
    open_and_type(editor)
    for text, done in ((head.removeprefix(TYPED), head), (line.strip(), line)):
        editor.wait_for_ghost(text)
        seen = len(editor.cursor_lines())
        for count in range(1, len(text) + 1):
            press(editor, text[count - 1], done[: len(done) - len(text) + count])
        assert editor.buffer()[-1] == done
        assert set(editor.cursor_lines()[seen:]) <= {done}
        editor.type("\n")


MENU_LUA = """
vim.o.completeopt = 'menuone,noinsert,noselect'
vim.keymap.set('i', '<F5>', function() vim.fn.complete(5, { 'label_for', 'label_of' }) end)
"""


def test_ghost_text_stands_beside_an_open_completion_menu(neovim: StartNeovim, gateway: Simulator) -> None:
    editor = neovim(gateway, init_lua=MENU_LUA)
    open_and_type(editor)
    seen = len(editor.ghosts())
    editor.keys("<F5>")
    editor.wait_for(lambda: editor.lua("return vim.fn.pumvisible()") == 1, 5, "the menu")
    for count in (1, 2):
        editor.type(FIRST_LINE[count - 1])
        editor.wait_for_ghost(FIRST_LINE[count:])
    assert removals(editor.ghosts()[seen - 1 :]) == []
    # What is chosen in the menu is what is typed: ghost text that goes on otherwise leaves, other ghost text may come.
    editor.keys("<C-n><C-n>")
    editor.wait_for(lambda: editor.buffer()[-1] == "def label_of", 5, "the second entry")
    assert not editor.ghost().startswith(FIRST_LINE[2:])


def test_at_the_end_of_the_window_lines_below_the_cursor_are_seen(
    neovim: StartNeovim, tmp_path: Path
) -> None:
    path = tmp_path / "labels.py"
    above = "".join(f"# {number}\n" for number in range(60)) + HEAD
    path.write_text(above + TAIL, encoding="utf-8")
    body = TAIL.partition("\n")[2].rstrip("\n").removeprefix("    ")
    with simulator.start(truth=[path]) as gateway:
        editor = neovim(gateway)
        editor.open("labels.py", above)
        editor.attach()
        editor.keys("Go")
        editor.type("def label_for(weekday):\n")
        editor.wait_for_ghost(body)
        tops = editor.lua("return vim.fn.line('w0')")
        press(editor, "n", "    n")
        editor.wait_for_ghost(body[1:])
        assert editor.lua("return vim.fn.line('w0')") == tops


def test_a_line_further_out_is_there_when_a_level_of_indentation_is_taken_back(
    neovim: StartNeovim, tmp_path: Path
) -> None:
    head = "def joined(parts):\n    text = ''\n    for part in parts:\n"
    path = tmp_path / "labels.py"
    path.write_text(head + "        text += part\n    return text.strip()\n", encoding="utf-8")
    with simulator.start(truth=[path]) as gateway:
        editor = neovim(
            gateway, init_lua="vim.o.autoindent = true vim.o.softtabstop = 4 vim.o.expandtab = true"
        )
        editor.open("labels.py", head)
        editor.attach()
        editor.keys("Go")
        editor.type("text += part")
        at_rest(editor, gateway)
        editor.type("\n")
        asked = at_rest(editor, gateway)
        editor.keys("<BS>")
        editor.wait_for_ghost("return text.strip()")
        assert editor.buffer()[-1] == "    "
        assert at_rest(editor, gateway) == asked
