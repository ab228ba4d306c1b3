"""The ways of setting Neovim up that the README names, and the keys and reports the plugin adds."""

import re
import shutil
from pathlib import Path

import pytest

from tests.e2e.conftest import HEAD, StartNeovim
from tests.e2e.neovim_steps import OWN, TYPED, open_and_type, press, removals
from tests.support.neovim import PLUGIN, Neovim, View
from tests.support.simulator import Simulator

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def press_tab_in(editor: Neovim, content: str, keys: str) -> None:
    editor.open("labels.py", content)
    editor.attach()
    editor.keys(keys)
    editor.keys("<Tab>")


def test_health_says_what_is_there_and_never_the_key(neovim: StartNeovim, gateway: Simulator) -> None:
    editor = neovim(gateway, environment={"TYPETHROUGH_API_KEY": "sk-secret-0123456789"})
    open_and_type(editor)
    editor.keys("<Esc>:checkhealth typethrough<CR>")
    editor.wait_for(lambda: any("<M-Right>" in line for line in editor.buffer()), 10, "the report")
    report = "\n".join(editor.buffer())
    assert "sk-secret" not in report
    for expected in (
        "Neovim 0.",
        "server: typethrough ",
        "at 127.0.0.1 (TYPETHROUGH_API_KEY)",
        "attached: 1 buffers",
        "the server says: TT",
        "<Tab>  accept",
    ):
        assert expected in report
    assert "ERROR" not in report
    assert "WARN" not in report


def test_health_says_what_keeps_the_model_lane_closed(neovim: StartNeovim, gateway: Simulator) -> None:
    environment = {"TYPETHROUGH_BASE_URL": "myhost:8443/v1", "TYPETHROUGH_API_KEY": "sk-secret-0123456789"}
    editor = neovim(gateway, environment=environment)
    editor.open("labels.py", HEAD)
    editor.attach()
    editor.keys(":checkhealth typethrough<CR>")
    editor.wait_for(lambda: any("<M-Right>" in line for line in editor.buffer()), 10, "the report")
    report = "\n".join(editor.buffer())
    assert "sk-secret" not in report
    assert "WARNING model lane: environment: TYPETHROUGH_BASE_URL must begin with https://" in report
    assert "No model is asked until that is mended." in report


def test_the_doctor_says_what_it_finds_and_never_the_key(neovim: StartNeovim, gateway: Simulator) -> None:
    editor = neovim(gateway, environment={"TYPETHROUGH_API_KEY": "sk-secret-0123456789"})
    editor.open("labels.py", HEAD)
    editor.attach()
    editor.keys(":Typethrough doctor<CR>")
    editor.wait_for(lambda: "All that is needed works." in editor.buffer()[-1], 30, "the doctor's page")
    page = "\n".join(editor.buffer())
    assert "sk-secret" not in page
    assert "from TYPETHROUGH_API_KEY" in page
    assert "first text after" in page
    editor.keys("<Esc>")
    assert editor.buffer() == HEAD.splitlines()


def test_the_doctor_needs_no_server(neovim: StartNeovim, gateway: Simulator) -> None:
    init = "require('typethrough').setup({ settings = { modelLane = false, maxLines = 3 } })"
    editor = neovim(gateway, init_lua=init)
    editor.keys(":Typethrough doctor<CR>")
    editor.wait_for(lambda: "All that is needed works." in editor.buffer()[-1], 30, "the doctor's page")
    page = "\n".join(editor.buffer())
    assert "max_lines = 3 lines (configuration)" in page
    assert "switched off (setting model_lane)" in page


def test_without_ghost_text_tab_is_a_tab(neovim: StartNeovim, gateway: Simulator) -> None:
    editor = neovim(gateway, init_lua="vim.o.expandtab = false")
    press_tab_in(editor, HEAD, "Go")
    editor.wait_for(
        lambda: editor.buffer()[-1].strip(" ") == "\t" or editor.buffer()[-1].isspace(), 5, "a tab"
    )


@pytest.mark.parametrize(
    "mapping",
    [
        "vim.keymap.set('i', '<Tab>', 'MAPPED')",
        "vim.keymap.set('i', '<Tab>', function() return 'MAPPED' end, { expr = true })",
        "vim.keymap.set('i', '<Tab>', function() vim.api.nvim_put({ 'MAPPED' }, 'c', true, true) end)",
        "vim.cmd([[inoremap <expr> <Tab> 'MAP' .. 'PED']])",
        "vim.cmd([[imap <Tab> <Plug>(mapped)]]) vim.cmd([[inoremap <Plug>(mapped) MAPPED]])",
    ],
)
def test_without_ghost_text_tab_does_what_the_users_own_mapping_does(
    neovim: StartNeovim, gateway: Simulator, mapping: str
) -> None:
    editor = neovim(gateway, init_lua=mapping)
    press_tab_in(editor, HEAD, "Go")
    editor.wait_for(lambda: editor.buffer()[-1] == "MAPPED", 5, "the mapping's text")


def test_an_open_completion_menu_keeps_tab_for_itself(neovim: StartNeovim, gateway: Simulator) -> None:
    editor = neovim(
        gateway, init_lua="vim.keymap.set('i', '<Tab>', '<C-n>')\nvim.o.completeopt = 'menuone,noinsert'"
    )
    editor.open("labels.py", HEAD + "labelled = labels = 1\n")
    editor.attach()
    editor.keys("Go")
    editor.type("lab")
    editor.keys("<C-x><C-n>")
    editor.wait_for(lambda: editor.lua("return vim.fn.pumvisible()") == 1, 5, "the menu")
    editor.keys("<Tab>")
    editor.wait_for(
        lambda: editor.lua("return vim.fn.complete_info({ 'selected' }).selected") == 1, 5, "the menu to move"
    )


def test_ghost_text_is_typed_through_under_neovims_own_autocompletion(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    options = "vim.o.autocomplete = true\nvim.o.complete = '.'\nvim.o.completeopt = 'menuone,noselect'\n"
    editor = neovim(gateway, init_lua=options)
    ghost = open_and_type(editor, content=HEAD.replace("math", "math  # label_form, label_fort", 1))
    seen = len(editor.ghosts())
    for count in range(1, 7):
        press(editor, ghost[count - 1], TYPED + ghost[:count])
    editor.wait_for(lambda: editor.lua("return vim.fn.pumvisible()") == 1, 5, "the menu")
    editor.wait_for_ghost(ghost[6:])
    assert removals(editor.ghosts()[seen - 1 :]) == []


def test_keys_can_be_chosen_and_left_out_and_what_they_were_comes_back(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    choice = (
        "require('typethrough').setup({ keymaps = { accept = '<C-l>', next = false, previous = false } })"
    )
    editor = neovim(gateway, init_lua=f"vim.keymap.set('i', '<C-l>', 'MAPPED')\n{choice}")
    ghost = open_and_type(editor)
    mapped = """
        local own = vim.iter(vim.api.nvim_get_keymap('i')):filter(function(map)
          return vim.startswith(map.desc or '', 'typethrough: ')
        end)
        return own:map(function(map) return map.lhs end):totable()
    """
    assert sorted(editor.lua(mapped)) == sorted(["<C-L>", "<C-]>", "<M-Bslash>", "<M-Right>", "<M-C-Right>"])
    editor.keys("<C-l>")
    editor.wait_for(lambda: "\n".join(editor.buffer()).endswith(ghost), 5, "the text to be accepted")
    editor.lua("require('typethrough').setup({ keymaps = { accept = false } })")
    assert editor.lua("return vim.fn.maparg('<C-l>', 'i')") == "MAPPED"


# The parts of nvim-cmp and blink.cmp that meet ours: a menu of their own, and <Tab> with a way back to what it was.
CMP_LUA = """
local open = false
package.loaded['cmp'] = { visible = function() return open end }
vim.keymap.set('i', '<F5>', function() open = not open end)
vim.api.nvim_create_autocmd('InsertEnter', { once = true, callback = function()
  local before = vim.fn.maparg('<Tab>', 'i', false, true)
  vim.keymap.set('i', '<Tab>', function()
    if open then return vim.api.nvim_put({ 'CHOSEN' }, 'c', false, true) end
    before.callback()
  end)
end })
"""
BLINK_LUA = """
local open = false
package.loaded['blink.cmp'] = { is_menu_visible = function() return open end, is_visible = function() return true end }
vim.keymap.set('i', '<F5>', function() open = not open end)
vim.api.nvim_create_autocmd('InsertEnter', { callback = function(event)
  vim.keymap.set('i', '<Tab>', function()
    if open then
      vim.schedule(function() vim.api.nvim_put({ 'CHOSEN' }, 'c', false, true) end)
      return ''
    end
    for _, map in ipairs(vim.api.nvim_get_keymap('i')) do
      if map.lhs == '<Tab>' and map.expr ~= 1 then vim.schedule(map.callback) return '' end
    end
    return '<Tab>'
  end, { buffer = event.buf, expr = true })
end })
"""


@pytest.mark.parametrize("menu", [CMP_LUA, BLINK_LUA], ids=["nvim-cmp", "blink.cmp"])
def test_tab_goes_to_the_menu_of_another_plugin_while_that_is_open_and_to_ghost_text_else(
    neovim: StartNeovim, gateway: Simulator, menu: str
) -> None:
    editor = neovim(gateway, init_lua=menu)
    ghost = open_and_type(editor)
    editor.keys("<F5><Tab>")
    editor.wait_for(lambda: editor.buffer()[-1] == "def labCHOSEN", 5, "the menu's text")
    editor.keys("<F5><C-w><C-w>")
    editor.wait_for(lambda: editor.buffer()[-1] == "", 5, "an empty line")
    editor.type("def lab")
    editor.wait_for_ghost(ghost)
    editor.keys("<Tab>")
    editor.wait_for(
        lambda: "\n".join(editor.buffer()).endswith("def lab" + ghost), 5, "the text to be accepted"
    )


def test_a_key_that_no_menu_uses_accepts_while_one_is_open(neovim: StartNeovim, gateway: Simulator) -> None:
    editor = neovim(
        gateway, init_lua=CMP_LUA + "require('typethrough').setup({ keymaps = { accept = '<C-l>' } })"
    )
    ghost = open_and_type(editor)
    editor.keys("<F5><C-l>")
    editor.wait_for(
        lambda: "\n".join(editor.buffer()).endswith("def lab" + ghost), 5, "the text to be accepted"
    )


@pytest.mark.parametrize("view", OWN[:2], indirect=True, ids=str)
def test_who_enables_it_as_neovim_does_gets_one_server_and_one_ghost_text(
    neovim: StartNeovim, gateway: Simulator, view: View
) -> None:
    own = "vim.lsp.config('typethrough', { settings = { typethrough = { no_such_setting = 1 } } })\n"
    enabled = "vim.lsp.enable('typethrough')\n"
    built_in = "vim.lsp.inline_completion.enable()\n" if view.version == "0.12" else ""
    editor = neovim(gateway, init_lua=own + enabled + built_in)
    ghost = open_and_type(editor)
    assert "no_such_setting" in editor.messages(), "the settings of vim.lsp.config have reached the server"
    assert ghost == editor.ghost_marks()
    assert len(editor.server_pids()) == 1
    assert len(gateway.log()) == 1


def test_the_configuration_serves_the_built_in_view_too(neovim: StartNeovim, gateway: Simulator) -> None:
    lines = (
        "vim.g.loaded_typethrough = true",
        "vim.lsp.enable('typethrough')",
        "vim.lsp.inline_completion.enable()",
    )
    editor = neovim(gateway, init_lua="\n".join(lines))
    open_and_type(editor)
    namespaces = editor.lua("return vim.tbl_keys(vim.api.nvim_get_namespaces())")
    assert "typethrough" not in namespaces


def test_a_disabled_filetype_and_a_wrong_option_name(neovim: StartNeovim, gateway: Simulator) -> None:
    choice = "require('typethrough').setup({ disabled_filetypes = { 'python' }, colour = 'Comment' })"
    editor = neovim(gateway, init_lua=choice)
    editor.open("labels.lua", "local x = 1\n")
    editor.attach()
    editor.open("labels.py", HEAD)
    editor.keys("i")
    assert editor.lua("return #vim.lsp.get_clients({ bufnr = 0 })") == 0
    assert editor.messages() == "typethrough: unknown option `colour`"


def test_ghost_text_can_look_as_wished_and_keeps_its_looks_before_a_bracket(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    look = "require('typethrough').setup({ highlight = { fg = '#123456', italic = true } })"
    editor = neovim(gateway, init_lua=look)
    editor.open("labels.py", HEAD)
    editor.attach()
    editor.keys("Go")
    editor.type("def label_for()")
    editor.keys("<Left>")
    ghost = editor.wait_for_ghost()
    editor.wait_for(
        lambda: editor.ghost() == editor.ghost_marks() == ghost, 5, "the ghost text in its own looks"
    )
    cells = [cell for row in editor.picture().rows for cell in row if cell.looks.is_ghost]
    assert {(cell.looks.foreground, cell.looks.italic) for cell in cells} == {(0x123456, True)}


def test_a_link_in_the_native_package_folder_is_all_it_takes(
    neovim: StartNeovim, gateway: Simulator, tmp_path: Path
) -> None:
    packages = tmp_path / "neovim-1" / "data" / "nvim" / "site" / "pack" / "typethrough" / "start"
    packages.mkdir(parents=True)
    (packages / "typethrough").symlink_to(PLUGIN)
    editor = neovim(gateway, plugin=False)
    open_and_type(editor)
    assert editor.lua("return vim.fn.exists(':Typethrough')") == 2


def test_a_plugin_manager_may_load_it_late(neovim: StartNeovim, gateway: Simulator) -> None:
    editor = neovim(gateway, plugin=False)
    editor.open("labels.py", HEAD)
    editor.lua("vim.opt.runtimepath:append(...) vim.cmd.runtime('plugin/typethrough.lua')", str(PLUGIN))
    editor.attach()
    editor.keys("Godef lab")
    ghost = editor.wait_for_ghost()
    editor.keys("<Tab>")
    editor.wait_for(
        lambda: "\n".join(editor.buffer()).endswith("def lab" + ghost), 5, "the text to be accepted"
    )


@pytest.mark.parametrize("view", OWN, indirect=True, ids=str)
def test_the_help_is_found_with_no_further_step_and_its_tags_are_those_that_neovim_makes(
    neovim: StartNeovim,
) -> None:
    editor = neovim()
    editor.lua("vim.cmd.help('typethrough-menus')")
    assert editor.lua("return vim.api.nvim_get_current_line()").startswith("Completion menus")
    shutil.copytree(PLUGIN / "doc", editor.work / "doc", ignore=shutil.ignore_patterns("tags"))
    editor.lua("vim.cmd.helptags(...)", str(editor.work / "doc"))
    made = (editor.work / "doc" / "tags").read_text(encoding="utf-8")
    tags = (PLUGIN / "doc" / "tags").read_text(encoding="utf-8")
    assert tags == made, "run :helptags editors/neovim/doc"
    text = (PLUGIN / "doc" / "typethrough.txt").read_text(encoding="utf-8")
    defined = {line.split("\t")[0] for line in tags.splitlines()}
    pointed_to = {word for word in re.findall(r"\|([^|\s]+)\|", text) if word.startswith("typethrough")}
    assert pointed_to
    assert pointed_to <= defined


def test_the_plugin_stays_thin() -> None:
    lines = [line.strip() for path in PLUGIN.rglob("*.lua") for line in path.read_text("utf-8").splitlines()]
    code = [line for line in lines if line and not line.startswith("--")]
    assert len(code) <= 1_000
