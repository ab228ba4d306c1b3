"""Ghost text in a real VS Code beside the rest of it: several lines, the suggest widget, switches, asking by hand."""

import pytest

from tests.e2e.conftest import ACCOUNTS_HEAD, HEAD, TAIL
from tests.e2e.test_vscode_through import LINES, begin
from tests.e2e.test_vscode_typing import REST, TYPED, at_rest, open_and_type
from tests.support.simulator import Simulator
from tests.support.vscode import VSCode

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

BODY = TAIL.split("\n", 1)[1].rstrip("\n")
INDENT = "    "


def test_the_body_of_a_block_that_was_just_opened_goes_where_it_belongs(editor: VSCode) -> None:
    before = HEAD + "def label_for(weekday):"
    editor.open("labels.py", before)
    editor.type("\n")
    ghost = editor.wait_for_ghost(BODY.removeprefix(INDENT))
    assert ghost.count("\n") == 2
    editor.press("Tab")
    editor.wait_for_text(before + "\n" + BODY)
    editor.press("Control+z")
    editor.wait_for_text(before + "\n" + INDENT)


def test_the_next_line_is_accepted_alone_and_the_rest_stays(editor: VSCode) -> None:
    before = HEAD + "def label_for(weekday):"
    editor.open("labels.py", before)
    editor.type("\n")
    editor.wait_for_ghost(BODY.removeprefix(INDENT))
    first, rest = BODY.split("\n", 1)
    editor.run("editor.action.inlineSuggest.acceptNextLine")
    editor.wait_for_text(before + "\n" + first + "\n")
    editor.wait_for_ghost(rest)
    # Where a line begins Tab indents, and what is shown is still right behind the indentation.
    editor.press("Tab")
    editor.wait_for_ghost(rest.removeprefix(INDENT))
    editor.press("Tab")
    editor.wait_for_text(before + "\n" + BODY)


def test_asked_for_by_hand_ghost_text_comes_where_it_was_sent_away(editor: VSCode) -> None:
    ghost = open_and_type(editor)
    editor.press("Escape")
    editor.wait_for_ghost("")
    editor.press("Alt+Backslash")
    assert REST.startswith(editor.wait_for_ghost()[: len(ghost)])
    editor.wait_for_text(HEAD + TYPED)


def test_with_the_suggest_widget_open_ghost_text_extends_what_is_selected_in_it(editor: VSCode) -> None:
    number, typed, offered = 5, 'return {"amount": rounded', "rounded_amount"
    ghost = begin(editor, number, typed)
    editor.press("Control+Space")
    widget = "document.querySelector('.suggest-widget.visible .monaco-list-row.focused')?.ariaLabel ?? ''"
    editor.wait_for(lambda: editor.page(widget).startswith(offered), 10, "the suggest widget")
    editor.wait_for_ghost(ghost)
    # The first Tab is the widget's, the second takes the ghost text.
    editor.press("Tab")
    editor.wait_for(lambda: offered in editor.text().splitlines()[-1], 5, "what was selected")
    editor.wait_for_ghost(ghost.removeprefix("_amount"))
    editor.press("Tab")
    editor.wait_for_text(ACCOUNTS_HEAD + "\n".join(LINES[: number + 1]))
    assert editor.told() == []


def test_a_menu_that_opens_first_gets_ghost_text_for_its_selection_and_tab_leaves_the_rest(
    editor: VSCode, model: Simulator
) -> None:
    number, typed, offered = 5, 'return {"amount": rounded', "rounded_amount"
    editor.open("accounts.py", ACCOUNTS_HEAD + "\n".join([*LINES[:number], "    " + typed[:-1]]))
    editor.type(typed[-1])
    widget = "document.querySelector('.suggest-widget.visible .monaco-list-row.focused')?.ariaLabel ?? ''"
    editor.press("Control+Space")
    editor.wait_for(lambda: editor.page(widget).startswith(offered), 10, "the suggest widget")
    rest = LINES[number].partition(offered)[2]
    editor.wait_for_ghost("_amount" + rest)
    asked = at_rest(editor, model)
    assert any(f"{typed}_amount" in str(record["messages"]) for record in model.log(full=True)[-1:])
    editor.press("Tab")
    editor.wait_for_text(ACCOUNTS_HEAD + "\n".join([*LINES[:number], "    " + typed + "_amount"]))
    editor.wait_for_ghost(rest)
    assert at_rest(editor, model) == asked


def test_with_the_menu_open_one_key_takes_all_of_the_ghost_text(editor: VSCode) -> None:
    number, typed = 5, 'return {"amount": rounded'
    begin(editor, number, typed)
    editor.press("Control+Space")
    widget = "!!document.querySelector('.suggest-widget.visible .monaco-list-row.focused')"
    editor.wait_for(lambda: bool(editor.page(widget)), 10, "the suggest widget")
    editor.wait_for_ghost()
    editor.press("Alt+Backslash")
    editor.wait_for_text(ACCOUNTS_HEAD + "\n".join(LINES[: number + 1]))


def choose(editor: VSCode, label: str) -> None:
    """Choose an entry of our menu, the one behind the status bar item."""
    editor.click("[id='typethrough.typethrough.typethrough.status']")
    row = f".quick-input-list [aria-label*={label!r}]"
    editor.wait_for(
        lambda: bool(editor.page(f"!!document.querySelector({row!r})")), 10, f"{label} in the menu"
    )
    editor.click(row)
    editor.run("workbench.action.focusActiveEditorGroup")


@pytest.mark.parametrize(
    ("off", "on"),
    [
        ("Turn off everywhere", "Turn on everywhere"),
        ("Turn off for python", "Turn on for python"),
        ("Turn off for this file", "Turn on for this file"),
        ("Pause for 10 minutes", "Resume"),
    ],
)
def test_switched_off_nothing_is_shown_or_asked_and_switched_on_it_is_back(
    editor: VSCode, model: Simulator, off: str, on: str
) -> None:
    open_and_type(editor)
    asked = at_rest(editor, model)
    choose(editor, off)
    editor.wait_for(lambda: editor.status() == "typethrough: Off here", 10, "the status")
    editor.type("el")
    editor.wait_for_text(HEAD + TYPED + "el")
    # What was on screen may be typed through; nothing new comes.
    editor.press("Escape")
    editor.type("_")
    editor.wait_for_text(HEAD + TYPED + "el_")
    assert editor.ghost() == ""
    assert at_rest(editor, model) == asked
    choose(editor, on)
    editor.wait_for(lambda: editor.status() == "typethrough: Ready", 10, "the status")
    editor.type("f")
    assert REST.startswith("el_f" + editor.wait_for_ghost())
    assert editor.told() == []


def test_why_no_suggestion_lists_the_last_requests(editor: VSCode) -> None:
    open_and_type(editor)
    editor.run("typethrough.why")
    editor.wait_for(lambda: "Why No Suggestion?" in editor.tabs(), 10, "the panel")
    editor.wait_for(lambda: "labels.py" in editor.panels(), 10, "the request in the panel")
    assert "suggested" in editor.panels()


def test_the_doctor_looks_at_all_that_suggestions_need(editor: VSCode) -> None:
    open_and_type(editor)
    choose(editor, "Doctor")
    editor.wait_for(lambda: "Doctor" in editor.tabs(), 10, "the panel")
    editor.wait_for(lambda: "Look again" in editor.panels(), 30, "what the doctor found")
    assert "All that is needed works." in editor.panels()
    assert "first text after" in editor.panels()


def test_the_list_of_requests_is_brought_up_to_date_by_its_link(editor: VSCode) -> None:
    open_and_type(editor)
    editor.run("typethrough.why")
    rows = "document.querySelectorAll('tbody tr').length"
    editor.wait_for(lambda: any(editor.in_panels(rows)), 10, "the requests in the panel")
    before = max(editor.in_panels(rows), default=0)
    editor.type("e")
    editor.wait_for_text(HEAD + TYPED + "e")
    editor.click_in_panel("text=Refresh")
    editor.wait_for(lambda: max(editor.in_panels(rows), default=0) > before, 10, "one request more")


@pytest.mark.parametrize("theme", ["Default Light Modern", "Default Dark Modern"])
def test_the_statistics_are_a_page_in_the_colours_of_the_editor(editor: VSCode, theme: str) -> None:
    editor.set("workbench.colorTheme", theme)
    ghost = open_and_type(editor)
    editor.press("Tab")
    editor.wait_for_text(HEAD + TYPED + ghost)
    choose(editor, "Statistics")
    editor.wait_for(lambda: "Statistics" in editor.tabs(), 10, "the panel")

    def is_there() -> bool:
        # The record is written a second later.
        editor.run("typethrough.stats")
        return "What typethrough cost" in editor.panels()

    editor.wait_for(is_there, 20, "the figures in the panel")
    assert "python" in editor.panels()
    plots = "document.querySelectorAll('figure svg[role=img]').length"
    assert max(editor.in_panels(plots), default=0) >= 4
    panel = "document.querySelector('figure') && getComputedStyle(document.body).backgroundColor"
    (colour,) = [colour for colour in editor.in_panels(panel) if colour]
    window = (
        "getComputedStyle(document.querySelector('.monaco-editor .monaco-editor-background')).backgroundColor"
    )
    assert colour == editor.page(window)
    ink = "document.querySelector('figure') && getComputedStyle(document.body).color"
    (text,) = [colour for colour in editor.in_panels(ink) if colour]
    assert text == ("rgb(31, 35, 40)" if "Light" in theme else "rgb(226, 230, 234)")
    assert editor.told() == []
