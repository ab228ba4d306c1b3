"""The rest of Copilot's dialect: how a client written for its language server is recognised, and what it asks before it works.

It asks who is signed in and offers to sign in when nobody is. There is nothing to sign in to here, so somebody always is. The
methods are those of the README of github/copilot-language-server-release, and older ones that clients still send.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from typethrough import __version__
from typethrough.core.settings.layers import SECTION

if TYPE_CHECKING:
    from typethrough.core.outcome.outcome import Suggestion
    from typethrough.lsp.protocol import MessageId, Params, Protocol

ACCEPTED_COMMAND = "github.copilot.didAcceptCompletionItem"
FINISH_COMMAND = "github.copilot.finishDeviceFlow"
PANEL = "textDocument/copilotPanelCompletion"
# Older than LSP's own request; clients that send it need not say in `initialize` who they are.
COMPLETIONS = "getCompletions"
CYCLING = "getCompletionsCycling"
NOTIFY_SHOWN = "notifyShown"
NOTIFY_ACCEPTED = "notifyAccepted"
NOTIFY_REJECTED = "notifyRejected"

# Shown as "signed in as …".
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
    # Polled at each key by clients that show next edits; an error would be one at each key.
    "textDocument/copilotInlineEdit": {"edits": []},
}


def speaks(options: Any) -> bool:
    """Whether `initializationOptions` are those of a client for Copilot's server: they say which plugin it is."""
    return isinstance(options, dict) and isinstance(options.get("editorPluginInfo"), dict)


def own_settings(values: Any) -> Any:
    """What of such a client's options or configuration is ours: the rest are Copilot's settings, which mean other things."""
    return values.get(SECTION) if isinstance(values, dict) else None


def register(protocol: Protocol) -> None:
    """Answer what such clients ask besides suggestions."""
    for method, answer in _ANSWERS.items():
        protocol.requests[method] = _constant(protocol, answer)
    # Lua and Emacs Lisp write no parameters as an empty array.
    protocol.lenient |= set(_ANSWERS)


def completion(suggestion: Suggestion, version: int, item: dict[str, Any]) -> dict[str, Any]:
    """An inline completion item of a whole line as Copilot's server had it before LSP knew such items."""
    return {
        "uuid": suggestion.id,
        "text": item["insertText"],
        "displayText": suggestion.text,
        "range": item["range"],
        "position": item["range"]["end"],
        "docVersion": version,
    }


def finish_sign_in(*_: Any) -> dict[str, str]:
    """The command that ends signing in, for clients that run it all the same."""
    return dict(_SIGNED_IN)


def _constant(protocol: Protocol, answer: Any) -> Any:
    def handler(message_id: MessageId, _: Params) -> None:
        protocol.reply(message_id, answer)

    return handler
