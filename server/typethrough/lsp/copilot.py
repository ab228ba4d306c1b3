"""Clients written for Copilot's language server: how to recognise them, and answers to what they ask besides suggestions.

Such clients ask who is signed in, and offer to sign in if nobody is. We have no sign-in, so we always answer that somebody is
signed in. The methods are those in the README of github/copilot-language-server-release, and older ones that clients still use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from typethrough import __version__
from typethrough.core.settings.entries import SECTION

if TYPE_CHECKING:
    from typethrough.core.outcome.outcome import Suggestion
    from typethrough.lsp.protocol import MessageId, Params, Protocol

ACCEPTED_COMMAND = "github.copilot.didAcceptCompletionItem"
FINISH_COMMAND = "github.copilot.finishDeviceFlow"
PANEL = "textDocument/copilotPanelCompletion"
# This method is older than LSP's own request. A client may use it without the `editorPluginInfo` that `speaks` looks for.
COMPLETIONS = "getCompletions"
CYCLING = "getCompletionsCycling"
NOTIFY_SHOWN = "notifyShown"
NOTIFY_ACCEPTED = "notifyAccepted"
NOTIFY_REJECTED = "notifyRejected"

# Clients show the user as "signed in as …".
_SIGNED_IN: Final = {"status": "OK", "user": "typethrough"}
_ALREADY: Final = {"status": "AlreadySignedIn", "user": "typethrough"}
_ANSWERS: Final[dict[str, Any]] = {
    "checkStatus": _SIGNED_IN,
    # No `command`: with one, clients open a browser.
    "signIn": _ALREADY,
    "signInInitiate": _ALREADY,
    "signInConfirm": _SIGNED_IN,
    "signInWithGithubToken": _SIGNED_IN,
    "signOut": {"status": "NotSignedIn"},
    "setEditorInfo": "OK",
    "getVersion": {"version": __version__},
    # Clients that show next edits send this at each key. An error would be shown at each key.
    "textDocument/copilotInlineEdit": {"edits": []},
}


def speaks(options: Any) -> bool:
    """Whether `initializationOptions` come from a client for Copilot's server. Such clients name their plugin there."""
    return isinstance(options, dict) and isinstance(options.get("editorPluginInfo"), dict)


def own_settings(values: Any) -> Any:
    """Our part of such a client's options or configuration. The rest are Copilot's settings, which mean other things."""
    return values.get(SECTION) if isinstance(values, dict) else None


def register(protocol: Protocol) -> None:
    """Register answers to the requests that such clients send besides those for suggestions."""
    for method, answer in _ANSWERS.items():
        protocol.requests[method] = _constant(protocol, answer)
    # Lua and Emacs Lisp encode missing parameters as an empty array.
    protocol.lenient |= set(_ANSWERS)


def completion(suggestion: Suggestion, version: int, item: dict[str, Any]) -> dict[str, Any]:
    """`item`, an inline completion item for a whole line, in the form that Copilot's server used before LSP had such items."""
    return {
        "uuid": suggestion.id,
        "text": item["insertText"],
        "displayText": suggestion.text,
        "range": item["range"],
        "position": item["range"]["end"],
        "docVersion": version,
    }


def finish_sign_in(*_: Any) -> dict[str, str]:
    """The command that ends the sign-in. Some clients run it although they are signed in."""
    return dict(_SIGNED_IN)


def _constant(protocol: Protocol, answer: Any) -> Any:
    def handler(message_id: MessageId, _: Params) -> None:
        protocol.reply(message_id, answer)

    return handler
