"""The ways of setting Neovim up that the README names, and the keys and reports the plugin adds."""

import re
import shutil
from pathlib import Path

import pytest

from tests.e2e.conftest import HEAD, StartNeovim
from tests.e2e.neovim_steps import open_and_type
from tests.support.neovim import PLUGIN, Neovim
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
    editor.wait_for(lambda: any("TYPETHROUGH_API_KEY" in line for line in editor.buffer()), 10, "the report")
    report = "\n".join(editor.buffer())
    assert "sk-secret" not in report
    for expected in ("Neovim 0.", "server: typethrough ", "attached: 1 buffers", "inline completion is on"):
        assert expected in report
    assert "ERROR" not in report
    assert "WARN" not in report


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


def test_keys_can_be_chosen_and_left_out(neovim: StartNeovim, gateway: Simulator) -> None:
    choice = (
        "require('typethrough').setup({ keymaps = { accept = '<C-l>', next = false, previous = false } })"
    )
    editor = neovim(gateway, init_lua=choice)
    ghost = open_and_type(editor)
    mapped = editor.lua("""
        return vim.iter(vim.api.nvim_buf_get_keymap(0, 'i')):map(function(map) return map.lhs end):totable()
    """)
    assert mapped == ["<C-L>"]
    editor.keys("<C-l>")
    editor.wait_for(lambda: "\n".join(editor.buffer()).endswith(ghost), 5, "the text to be accepted")


def test_a_disabled_filetype_and_a_wrong_option_name(neovim: StartNeovim, gateway: Simulator) -> None:
    choice = "require('typethrough').setup({ disabled_filetypes = { 'python' }, colour = 'Comment' })"
    editor = neovim(gateway, init_lua=choice)
    editor.open("labels.lua", "local x = 1\n")
    editor.attach()
    editor.open("labels.py", HEAD)
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


def test_the_help_has_a_tag_for_every_word_it_points_to(neovim: StartNeovim) -> None:
    editor = neovim()
    shutil.copytree(PLUGIN / "doc", editor.work / "doc", ignore=shutil.ignore_patterns("tags"))
    editor.lua("vim.cmd.helptags(...)", str(editor.work / "doc"))
    tags = (editor.work / "doc" / "tags").read_text(encoding="utf-8")
    text = (PLUGIN / "doc" / "typethrough.txt").read_text(encoding="utf-8")
    defined = {line.split("\t")[0] for line in tags.splitlines()}
    pointed_to = {word for word in re.findall(r"\|([^|\s]+)\|", text) if word.startswith("typethrough")}
    assert pointed_to
    assert pointed_to <= defined
