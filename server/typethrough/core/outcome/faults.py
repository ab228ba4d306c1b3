"""The table of what can go wrong between us and a model: what is met, what is sent then, what is told, when it is tried again.

The one place for all four: `gateway` makes its errors from it, and `Health` its pauses. server/docs/faults.md is its print.
"""

from __future__ import annotations

from enum import Enum

from typethrough.core.outcome.again import Again


class Fault(Enum):
    """One cause. `met` is how it shows itself, `told` the message (empty: none), with places that are filled in.

    `name` is the cause under which a message is told once. `sent` is what goes out after it, where that is something else than
    `again` says.
    """

    # The way to the gateway.
    NAME_UNKNOWN = (
        "the name of the gateway or of the proxy is not known",
        "{who} cannot be reached, since the name {host} is not known here: {advice}",
        Again.BREAKER,
    )
    NOBODY_LISTENS = (
        "the connection is refused",
        "{who} cannot be reached, since nothing listens there (connection refused): {advice}",
        Again.BREAKER,
    )
    NO_SOCKET = (
        "there is no Unix socket of that name",
        "{who} cannot be reached, since there is no such socket, or it is another user's: {advice}",
        Again.BREAKER,
    )
    NO_ROUTE = (
        "no way to the network of the gateway or of the proxy",
        "{who} cannot be reached, since there is no way to its network, or a firewall here: {advice}",
        Again.BREAKER,
    )
    UNREACHABLE = (
        "no connection for another cause",
        "{who} cannot be reached: {advice}",
        Again.BREAKER,
    )
    UNREACHABLE_IN_TIME = (
        "no connection within the time for one",
        "{who} could not be reached in time: {advice}",
        Again.BREAKER,
    )
    SILENT = (
        "a connection, and then no byte for too long",
        "The gateway sent nothing for too long.",
        Again.BREAKER,
    )
    BROKEN_CONNECTION = (
        "the connection is reset or closed before an answer",
        "The connection to the gateway{way} broke off.{hint}",
        Again.BREAKER,
    )
    NOT_HTTP = (
        "what answers speaks another protocol",
        "What answers there does not speak HTTP{hint}: check the setting `base_url` (TYPETHROUGH_BASE_URL).",
        Again.BREAKER,
    )
    NO_TLS = (
        "no TLS where the address begins with https",
        "{who} does not speak TLS there: to ask it without, write http:// in place of https://; {advice}",
        Again.PATIENT,
    )
    OLD_TLS = (
        "no version of TLS that both sides allow",
        "{who} speaks only versions of TLS that are no longer safe, or none that is known here: {advice}",
        Again.PATIENT,
    )
    TLS_ENDED = (
        "the connection ends in the middle of the handshake of TLS",
        (
            "{who} ended the connection in the middle of TLS's handshake: something between may block it, or it wants a "
            "client's certificate (the setting `client_certificate`); {advice}"
        ),
        Again.BREAKER,
    )
    TLS_SILENT = (
        "nothing comes in the handshake of TLS",
        "{who} took the connection and then said nothing in time for TLS: {advice}",
        Again.BREAKER,
    )
    UNTRUSTED = (
        "a certificate that nobody vouches for",
        (
            "The certificate of {host} is not trusted: {cause}. If your network or that server has an authority of its own, "
            "add its certificate to the system's store, or name its PEM file in SSL_CERT_FILE."
        ),
        Again.PATIENT,
    )
    CERTIFICATE_ENDED = (
        "a certificate that has expired, is not valid yet, or was revoked",
        (
            "The certificate of {host} is not trusted: {cause}. Whoever runs that server has to renew it; look at this "
            "machine's date as well."
        ),
        Again.PATIENT,
    )
    CERTIFICATE_OF_OTHERS = (
        "a certificate for another host",
        (
            "The certificate of {host} is not trusted: it is for another host name. Correct the address, or ask whoever runs "
            "that server."
        ),
        Again.PATIENT,
    )
    CERTIFICATES_UNUSABLE = (
        "files of certificates that cannot be used",
        "TLS cannot be set up on this machine: {problem}",
        Again.PATIENT,
    )
    CLIENT_CERTIFICATE_WANTED = (
        "the server asks for a certificate, and there is none",
        (
            "{who} wants a certificate of its clients: name yours by the settings `client_certificate` "
            "(TYPETHROUGH_CLIENT_CERTIFICATE) and `client_key` (TYPETHROUGH_CLIENT_KEY)."
        ),
        Again.PATIENT,
    )
    CLIENT_CERTIFICATE_REFUSED = (
        "the server does not accept the certificate that it is shown",
        (
            "{who} does not accept the client's certificate that the setting `client_certificate` "
            "(TYPETHROUGH_CLIENT_CERTIFICATE) names: it may have ended, or be signed by somebody else."
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
            "{who} wants a login of a kind that typethrough does not speak, such as Kerberos or NTLM ({where}): a helper on "
            "this machine such as px or cntlm can stand between, and be named in its place."
        ),
        Again.PATIENT,
    )
    PROXY_FORBIDS = (
        "the proxy refuses the address",
        "{who} refuses the connection to {target} ({where}): ask who runs it to allow that address.",
        Again.PATIENT,
    )
    PROXY_CANNOT_REACH = (
        "the proxy cannot reach the gateway",
        "{who} works, but cannot reach {target} ({where}): check that address, or ask who runs the proxy.",
        Again.BREAKER,
    )
    PROXY_PAGE = (
        "the proxy answers with a web page",
        (
            "{who} answers with a web page in place of a tunnel ({where}): it may want you to log in with a browser first, or"
            " be no proxy; {advice}"
        ),
        Again.PATIENT,
    )
    NO_PROXY = (
        "what is named as a proxy is none, or one of another kind",
        "{who} is no proxy of that kind ({where}): {advice}",
        Again.PATIENT,
    )
    PROXY_CLOSED = (
        "the proxy closes before there is a tunnel",
        "{who} closed the connection without an answer: {advice}",
        Again.BREAKER,
    )
    PROXY_SILENT = (
        "the proxy says nothing in time",
        "{who} took the connection and opened no tunnel in time: {advice}",
        Again.BREAKER,
    )
    REDIRECTED = (
        "status 3xx",
        (
            "The gateway redirects (HTTP {status}), and a key must not travel: "
            "correct the setting `base_url` (TYPETHROUGH_BASE_URL)."
        ),
        Again.PATIENT,
    )
    WEB_PAGE = (
        "status 403, 407, 451 or 511 with a web page: a company's web filter, a bot check, a hotel's login",
        (
            "A web page came in place of the gateway's answer ({where}): a web filter, a bot check or a login page "
            "stands before {host}. Open that address in a browser, or ask who runs your network."
        ),
        Again.PATIENT,
    )

    # Who asks.
    KEY_REFUSED = (
        "status 401, or 400 with words about the key",
        (
            "The gateway does not accept the key ({where}): it is missing, wrong, or expired. Set TYPETHROUGH_API_KEY, "
            "or AI_GATEWAY_API_KEY or VERCEL_OIDC_TOKEN for the Vercel AI Gateway (`vercel env pull` renews the token)."
        ),
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
            "The key may well be right, and so may the model's name."
        ),
        Again.PATIENT,
    )
    NO_PROVIDER = (
        "status 403, no_providers_available",
        "No provider is open to this account for this model ({where}).{quote}",
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

    # What is asked.
    MODEL_UNKNOWN = (
        "status 404 or 410 about a model, or model_not_found",
        (
            "The gateway at {host} does not know the model {model}{history} ({where}): change the setting `{setting}` "
            "(TYPETHROUGH_{variable}){advice}."
        ),
        Again.PATIENT,
    )
    MODEL_RETIRED = (
        "the same, or a list of models without it, for the default model that no setting names",
        (
            "The default model {model} is gone at {host}{ended}: {successor} is asked in its place. "
            "Set `model` (TYPETHROUGH_MODEL) to choose another."
        ),
        Again.AT_ONCE,
        "the same question to the successor, and every question from then on",
    )
    WRONG_ADDRESS = (
        "status 404 or 405 without a word about a model",
        (
            "The gateway does not serve chat completions at this address ({where}): check the setting "
            "`base_url` (TYPETHROUGH_BASE_URL), which mostly ends in /v1."
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
            "The prompt is longer than the model's context ({where}): less is sent from now on. The setting `context_tokens` "
            "(TYPETHROUGH_CONTEXT_TOKENS) bounds it from the start."
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

    # How busy it is.
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
        "The gateway gave up waiting for its provider ({where}).",
        Again.BREAKER,
    )
    NOT_WORKING = (
        "status 409, 424, or 5xx",
        "The gateway or the provider behind it is not working ({where}).{quote}",
        Again.BREAKER,
    )

    # What comes back.
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
        "status 200 with something else than a completion",
        "The gateway's answer was not a completion stream: check the setting `base_url` (TYPETHROUGH_BASE_URL).{quote}",
        Again.BREAKER,
    )
    NOT_UNDERSTOOD = (
        "an event that is no JSON object, one of more than a mebibyte, or a compressed stream",
        "The gateway's answer cannot be read.",
        Again.BREAKER,
    )
    ANSWER_FILTERED = (
        "an empty answer that ends with content_filter or the like",
        "The provider's content filter kept the answer back ({reason}).",
        Again.NEXT,
    )
    LOADING = (
        "an empty answer that ends with load",
        "The server was still loading the model, and has said nothing yet.",
        Again.NEXT,
    )
    ONLY_REASONED = (
        "an answer of reasoning and nothing else",
        "The model only reasoned, and its tokens ended before its answer began: take a model that does not reason.",
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
        "a fault of ours",
        "The gateway client failed: {kind}.",
        Again.BREAKER,
    )

    def __init__(self, met: str, told: str, again: Again, sent: str = "") -> None:
        self.met = met
        self.told = told
        self.again = again
        self.sent = sent or again.sent

    def says(self, **places: object) -> str:
        """The message with its places filled in."""
        return self.told.format(**places)

    @property
    def lasts(self) -> bool:
        """Whether it stays until somebody mends something, so that the user is told when all is well again."""
        return self.again is Again.PATIENT
