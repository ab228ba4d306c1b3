"""The table of faults between us and a model: how each shows, what the user is told, what is sent then, when we try again.

It is the only source for all four: `gateway` makes its errors from it, `Health` its pauses. The page of
faults is made from it.
"""

from __future__ import annotations

from enum import Enum

from typethrough.core.outcome.again import Again


class Fault(Enum):
    """One fault. `met` is how it shows itself. `told` is the message for the user, a format string, or empty for none.

    A message is shown once per `name`. `sent` is what we send after the fault, if it differs from that of `again`.
    """

    # Reaching the gateway.
    NAME_UNKNOWN = (
        "the name of the gateway or of the proxy cannot be resolved",
        "{who} cannot be reached, because the name {host} cannot be resolved: {advice}",
        Again.BREAKER,
    )
    NOBODY_LISTENS = (
        "the connection is refused",
        "{who} cannot be reached, because nothing listens there (connection refused): {advice}",
        Again.BREAKER,
    )
    NO_SOCKET = (
        "there is no Unix socket of that name",
        "{who} cannot be reached, because there is no such socket, or it belongs to another user: {advice}",
        Again.BREAKER,
    )
    NO_ROUTE = (
        "no route to the network of the gateway or of the proxy",
        "{who} cannot be reached, because there is no route to its network, or a firewall here: {advice}",
        Again.BREAKER,
    )
    UNREACHABLE = (
        "no connection for another cause",
        "{who} cannot be reached: {advice}",
        Again.BREAKER,
    )
    UNREACHABLE_IN_TIME = (
        "no connection within the time limit",
        "{who} could not be reached in time: {advice}",
        Again.BREAKER,
    )
    SILENT = (
        "a connection, but no data for too long",
        "The gateway sent nothing for too long.",
        Again.BREAKER,
    )
    BROKEN_CONNECTION = (
        "the connection is reset or closed before an answer",
        "The connection to the gateway{way} broke off.{hint}",
        Again.BREAKER,
    )
    NOT_HTTP = (
        "the answer is in another protocol",
        "The server at this address does not speak HTTP{hint}: check the setting `base_url` (TYPETHROUGH_BASE_URL).",
        Again.BREAKER,
    )
    NO_TLS = (
        "no TLS where the address begins with https",
        "{who} does not speak TLS there: to connect without TLS, write http:// instead of https://; {advice}",
        Again.PATIENT,
    )
    OLD_TLS = (
        "no version of TLS that both sides allow",
        "{who} speaks only TLS versions that are not safe any more, or that are unknown here: {advice}",
        Again.PATIENT,
    )
    TLS_ENDED = (
        "the connection ends during the TLS handshake",
        (
            "{who} ended the connection during the TLS handshake: something in the network may block it, or it wants a "
            "client certificate (the setting `client_certificate`); {advice}"
        ),
        Again.BREAKER,
    )
    TLS_SILENT = (
        "no data during the TLS handshake",
        "{who} accepted the connection, but did not answer the TLS handshake in time: {advice}",
        Again.BREAKER,
    )
    UNTRUSTED = (
        "a certificate that no trusted authority has signed",
        (
            "The certificate of {whose} is not trusted: {cause}. If your network or that server has its own authority, "
            "add its certificate to the system's store, or set SSL_CERT_FILE to its PEM file."
        ),
        Again.PATIENT,
    )
    CERTIFICATE_ENDED = (
        "a certificate that has expired, is not valid yet, or was revoked",
        (
            "The certificate of {whose} is not trusted: {cause}. The operator of that server must renew it. Also check this "
            "machine's date."
        ),
        Again.PATIENT,
    )
    CERTIFICATE_OF_OTHERS = (
        "a certificate for another host",
        (
            "The certificate of {whose} is not trusted: it is for another host name. Correct the address, or ask the operator of "
            "that server."
        ),
        Again.PATIENT,
    )
    CERTIFICATES_UNUSABLE = (
        "certificate files that cannot be used",
        "TLS cannot be set up on this machine: {problem}",
        Again.PATIENT,
    )
    CLIENT_CERTIFICATE_WANTED = (
        "the server asks for a certificate, and there is none",
        (
            "{who} asks for a client certificate: name yours in the settings `client_certificate` "
            "(TYPETHROUGH_CLIENT_CERTIFICATE) and `client_key` (TYPETHROUGH_CLIENT_KEY)."
        ),
        Again.PATIENT,
    )
    CLIENT_CERTIFICATE_REFUSED = (
        "the server does not accept our client certificate",
        (
            "{who} does not accept the client certificate that the setting `client_certificate` "
            "(TYPETHROUGH_CLIENT_CERTIFICATE) names: it may have expired, or another authority may have signed it."
        ),
        Again.PATIENT,
    )
    PROXY_PASSWORD = (
        "the proxy wants a login, and its address has none",
        "{who} wants a user name and a password ({where}): write them into its address, like {example}.",
        Again.PATIENT,
    )
    PROXY_PASSWORD_REFUSED = (
        "the proxy does not accept the login",
        "{who} does not accept the user name and the password in its address ({where}): correct them there.",
        Again.PATIENT,
    )
    PROXY_LOGIN_UNKNOWN = (
        "the proxy wants a login by Kerberos or NTLM",
        (
            "{who} wants a login of a kind that typethrough does not speak, such as Kerberos or NTLM ({where}): run a helper "
            "such as px or cntlm on this machine, and name it as the proxy."
        ),
        Again.PATIENT,
    )
    PROXY_FORBIDS = (
        "the proxy refuses the address",
        "{who} refuses the connection to {target} ({where}): ask its operator to allow that address.",
        Again.PATIENT,
    )
    PROXY_CANNOT_REACH = (
        "the proxy cannot reach the gateway",
        "{who} works, but cannot reach {target} ({where}): check that address, or ask the operator of the proxy.",
        Again.BREAKER,
    )
    PROXY_PAGE = (
        "the proxy answers with a web page",
        (
            "{who} answers with a web page ({where}): you may have to log in with a browser first, or"
            " it is no proxy; {advice}"
        ),
        Again.PATIENT,
    )
    NO_PROXY = (
        "the proxy's address is that of another kind of server",
        "{who} is no proxy of that kind ({where}): {advice}",
        Again.PATIENT,
    )
    PROXY_CLOSED = (
        "the proxy closes before there is a tunnel",
        "{who} closed the connection without an answer: {advice}",
        Again.BREAKER,
    )
    PROXY_SILENT = (
        "the proxy does not answer in time",
        "{who} accepted the connection, but opened no tunnel in time: {advice}",
        Again.BREAKER,
    )
    REDIRECTED = (
        "status 3xx",
        (
            "The gateway redirects to another address (HTTP {status}), and the key is not sent there: "
            "correct the setting `base_url` (TYPETHROUGH_BASE_URL), or log in where your network has a login page."
        ),
        Again.PATIENT,
    )
    WEB_PAGE = (
        "status 200, 403, 407, 451 or 511 with a web page: a web filter, a bot check, a hotel's login",
        (
            "A web page came instead of the gateway's answer ({where}): a web filter, a bot check or a login page "
            "stands in front of {host}, or the setting `base_url` (TYPETHROUGH_BASE_URL) is the address of a website. Open it "
            "in a browser, or ask your network's administrator."
        ),
        Again.PATIENT,
    )

    # Key and account.
    KEY_REFUSED = (
        "status 401, or 400 with words about the key",
        "The gateway at {host} does not accept {key} ({where}): {advice}.",
        Again.PATIENT,
    )
    TOKEN_ENDED = (
        "status 401 for Vercel's token, and its file has no newer one",
        "{advice}",
        Again.PATIENT,
    )
    CARD_WANTED = (
        "status 403, customer_verification_required",
        (
            "The gateway wants a payment card on file before it serves any model ({where}): add one to the account. "
            "The key and the model's name may be right."
        ),
        Again.PATIENT,
    )
    NO_PROVIDER = (
        "status 403, no_providers_available",
        "No provider serves this model to this account ({where}).{quote}",
        Again.PATIENT,
    )
    NOT_ALLOWED = (
        "status 403",
        "The gateway does not allow this request with this key ({where}).{quote}",
        Again.PATIENT,
    )
    NO_BALANCE = (
        "status 402, or insufficient_quota",
        "The account has no balance left, or a spending limit is reached ({where}).{quote}",
        Again.PATIENT,
    )

    # The request.
    MODEL_UNKNOWN = (
        "status 404 or 410 about a model, or model_not_found",
        (
            "The gateway at {host} does not know the model {model}{history} ({where}): change the setting `{setting}` "
            "(TYPETHROUGH_{variable}).{quote}{offer}"
        ),
        Again.PATIENT,
    )
    MODEL_RETIRED = (
        "the same, or a list of models without it, for the default model that no setting names",
        (
            "The default model {model} is gone at {host}{ended}: {successor} is used instead. "
            "Set `model` (TYPETHROUGH_MODEL) to choose another."
        ),
        Again.AT_ONCE,
        "the same question to the successor, and every question from then on",
    )
    WRONG_ADDRESS = (
        "status 404 or 405 without a word about a model",
        (
            "The gateway does not serve chat completions at this address ({where}): check the setting "
            "`base_url` (TYPETHROUGH_BASE_URL), which usually ends in /v1."
        ),
        Again.PATIENT,
    )
    NO_TEXT_COMPLETIONS = (
        "the same where a text completion was asked for",
        (
            "The server does not serve text completions at this address ({where}): set `prompt_form` "
            "(TYPETHROUGH_PROMPT_FORM) to `chat`, or check the setting `base_url` (TYPETHROUGH_BASE_URL)."
        ),
        Again.PATIENT,
    )
    PARAMETER_REFUSED = (
        "status 400 or 422 that names a parameter of ours as unsupported",
        "",
        Again.AT_ONCE,
        "the same question without the parameter, and no question with it from then on",
    )
    ROLES_REFUSED = (
        "status 400, 422 or 500 about roles: none called system, or roles that must take turns",
        "",
        Again.AT_ONCE,
        "the same question in turns of user and assistant, then as one message, and so from then on",
    )
    PROMPT_TOO_LONG = (
        "status 400, 413 or 422 about the context's length",
        (
            "The prompt is longer than the model's context ({where}): prompts are shorter from now on. Lower the setting "
            "`context_tokens` (TYPETHROUGH_CONTEXT_TOKENS) to make them shorter from the start."
        ),
        Again.BREAKER,
        "a shorter prompt",
    )
    TEXT_FILTERED = (
        "status 400, 403 or 451 about a content filter",
        "The provider's content filter refused the text ({where}).{quote}",
        Again.NEXT,
    )
    REFUSED = (
        "any other status 4xx",
        "The gateway refused the request ({where}).{quote}",
        Again.BREAKER,
    )

    # Load.
    RATE_LIMITED = (
        "status 429",
        "The gateway limits requests for now ({where}).{quote}",
        Again.AS_ASKED,
    )
    CROWDED = (
        "more questions at once than the endpoint answers without delay",
        "",
        Again.NEXT,
        "the newest questions; fewer at once after status 429, rising waits, or by its x-ratelimit headers",
    )
    GAVE_UP = (
        "status 408 or 504",
        "The gateway waited too long for its provider ({where}).",
        Again.BREAKER,
    )
    NOT_WORKING = (
        "status 409, 424, or 5xx",
        "The gateway or the provider behind it is not working ({where}).{quote}",
        Again.BREAKER,
    )

    # The answer.
    BROKEN_OFF = (
        "a stream that ends before the answer does",
        "The gateway's answer broke off before its end.",
        Again.BREAKER,
    )
    FAILED_MIDWAY = (
        "a stream that says that it failed",
        "The provider behind the gateway failed while it was answering.",
        Again.BREAKER,
    )
    NOT_A_STREAM = (
        "status 200 with something other than a completion",
        "The gateway's answer was not a completion stream: check the setting `base_url` (TYPETHROUGH_BASE_URL).{quote}",
        Again.BREAKER,
    )
    NOT_UNDERSTOOD = (
        "an event that is no JSON object, one of more than a mebibyte, or a compressed stream",
        "The gateway's answer cannot be read: {what}.",
        Again.BREAKER,
    )
    ANSWER_FILTERED = (
        "an empty answer that ends with content_filter or the like",
        "The provider's content filter kept the answer back ({reason}).",
        Again.NEXT,
    )
    LOADING = (
        "an empty answer that ends with load",
        "The server is still loading the model, and has not answered yet.",
        Again.NEXT,
    )
    ONLY_REASONED = (
        "an answer that contains only reasoning",
        "The model used all its tokens for reasoning, before its answer began: choose a model that does not reason.",
        Again.NEXT,
    )

    # Our own side.
    SETTINGS = (
        "settings that cannot be used",
        "{problem}",
        Again.SETTING,
    )
    LIMIT_SPENT = (
        "the day's limit is spent",
        (
            "Today's limit of ${limit} is spent (setting `daily_limit_cents`, TYPETHROUGH_DAILY_LIMIT_CENTS): "
            "the local lane alone answers until midnight."
        ),
        Again.TOMORROW,
    )
    BROKEN = (
        "a bug of typethrough",
        "The gateway client failed: {kind}.",
        Again.BREAKER,
    )

    def __init__(self, met: str, told: str, again: Again, sent: str = "") -> None:
        self.met = met
        self.told = told
        self.again = again
        self.sent = sent or again.sent

    def says(self, **places: object) -> str:
        """The message with `places` filled in."""
        return self.told.format(**places)

    @property
    def lasts(self) -> bool:
        """Whether the fault lasts until somebody fixes it. Then the user is also told when it is over."""
        return self.again is Again.PATIENT
