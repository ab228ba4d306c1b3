"""Keys that can be recognised by their own form, as their issuers document it.

Where the beginning is unmistakable, a pattern is shorter than the real key, so that a key that is cut off or still being typed
is found too. If only a part is secret, the group `secret` is that part.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# For each form: its kind (letters only, because it becomes part of a placeholder); how such a key begins, or after a
# star, what it contains; its pattern; and where the issuer describes it.
FORMS: Final = (
    ("aws", "AKIA ASIA ABIA ACCA", r"A[KSBC][IC]A[A-Z2-7]{10,}", "AWS IAM user guide, unique identifiers"),
    ("github", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9]{10,}", "GitHub docs, about authentication"),
    ("github", "github_pat_", r"github_pat_[A-Za-z0-9_]{10,}", "GitHub docs, about authentication"),
    ("gitlab", "gl", r"gl(?:pat|dt|rt|ptt|ft|imt|agent|soat|cbt|oas)-[\w-]{10,}", "GitLab docs, token overview"),
    ("anthropic", "sk-ant-", r"sk-ant-[\w-]{8,}", "Anthropic API docs"),
    ("openrouter", "sk-or-", r"sk-or-[\w-]{8,}", "OpenRouter API docs"),
    ("openai", "sk-proj- sk-svcacct- sk-admin-", r"sk-(?:proj|svcacct|admin)-[\w-]{8,}", "OpenAI API reference"),
    ("key", "sk-", r"sk-(?=[\w-]*\d)[\w-]{12,}", "OpenAI API reference, first form, which others took over"),
    ("slack", "xox", r"xox[abeoprs](?:\.xox[bp])?-[\w-]{8,}", "Slack API docs, token types"),
    ("slack", "xapp-", r"xapp-\d-[\w-]{8,}", "Slack API docs, token types"),
    ("slack", "*hooks.slack.com/", r"slack\.com/(?:services|workflows|triggers)/(?P<secret>[\w/+-]{12,})", "Slack API docs"),
    ("stripe", "sk_ rk_", r"[sr]k_(?:live|test)_[A-Za-z0-9]{8,}", "Stripe docs, API keys"),
    ("stripe", "whsec_", r"whsec_[A-Za-z0-9+/=]{12,}", "Stripe docs, webhook signatures"),
    ("google", "AIza", r"AIza[\w-]{16,}", "Google Cloud docs, API keys"),
    ("google", "GOCSPX-", r"GOCSPX-[\w-]{10,}", "Google identity docs, client secrets"),
    ("google", "ya29.", r"ya29\.[\w-]{16,}", "Google identity docs, access tokens"),
    ("google", "1//0", r"1//0[\w-]{20,}", "Google identity docs, refresh tokens"),
    ("jwt", "eyJ", r"eyJ[\w-]{8,}(?:\.[\w-]+)+|eyJ[\w-]{20,}(?=…|$)", "RFC 7519"),
    ("npm", "npm_", r"npm_[A-Za-z0-9]{16,}", "npm docs, about access tokens"),
    ("pypi", "pypi-", r"pypi-[\w-]{16,}", "PyPI help, API tokens"),
    ("rubygems", "rubygems_", r"rubygems_[0-9a-f]{16,}", "RubyGems guides, API keys"),
    ("docker", "dckr_", r"dckr_(?:pat|oat)_[\w-]{10,}", "Docker docs, access tokens"),
    ("sendgrid", "SG.", r"SG\.[\w-]{12,}(?:\.[\w-]*)?", "SendGrid docs, API keys"),
    ("twilio", "AC SK", r"(?:AC|SK)[0-9a-f]{32}(?![A-Za-z0-9])", "Twilio docs, API keys"),
    ("mailgun", "key-", r"key-(?=[a-f]*\d)[0-9a-f]{12,}(?![A-Za-z0-9])", "Mailgun docs, API keys"),
    ("mailchimp", "*-us", r"[0-9a-f]{32}-us\d{1,2}", "Mailchimp docs, API keys"),
    ("brevo", "xkeysib-", r"xkeysib-[\w-]{16,}", "Brevo docs, API keys"),
    ("huggingface", "hf_", r"hf_[A-Za-z0-9]{16,}", "Hugging Face docs, access tokens"),
    ("azure", "*Q~", r"[\w~.-]{3}\dQ~[\w~.-]{20,}", "Microsoft Entra docs, client secrets"),
    ("discord", "*.", r"[MNO](?=[\w-]*\d)[\w-]{22,27}\.[\w-]{6}\.[\w-]{3,}", "Discord developer docs, bot tokens"),
    ("discord", "*/api/webhooks/", r"api/webhooks/\d+/(?P<secret>[\w-]{10,})", "Discord developer docs, webhooks"),
    ("telegram", "*:AA", r"\d{8,10}:AA[\w-]{6,}", "Telegram Bot API"),
    ("vercel", "vc", r"vc[piark]k?_[A-Za-z0-9]{16,}", "Vercel docs, access tokens and AI Gateway keys"),
    ("vercel", "vercel_blob_rw_", r"vercel_blob_rw_\w{16,}", "Vercel docs, Blob"),
    ("shopify", "shp", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{16,}", "Shopify docs, access tokens"),
    ("digitalocean", "*_v1_", r"do[oprt]_v1_[0-9a-f]{16,}", "DigitalOcean API docs"),
    ("databricks", "dapi", r"dapi[0-9a-f]{32}", "Databricks docs, personal access tokens"),
    ("doppler", "dp.", r"dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.]{16,}", "Doppler docs, token formats"),
    ("atlassian", "ATATT ATCTT ATBB", r"AT(?:ATT|CTT|BB)[A-Za-z0-9_=+/-]{16,}", "Atlassian docs, API tokens"),
    ("linear", "lin_", r"lin_(?:api|oauth)_[A-Za-z0-9]{12,}", "Linear developer docs"),
    ("notion", "ntn_ secret_", r"(?:ntn|secret)_[A-Za-z0-9]{30,}", "Notion developer docs"),
    ("postman", "PMAK-", r"PMAK-[0-9a-f-]{16,}", "Postman docs, API keys"),
    ("square", "sq0 EAAA", r"(?:sq0[a-z]{3}-|EAAA)[\w-]{20,}", "Square developer docs"),
    ("meta", "EAA", r"EAA[A-Z](?=\w*\d)[A-Za-z0-9]{30,}", "Meta developer docs, access tokens"),
    ("dropbox", "sl.", r"sl\.(?:u\.)?[\w-]{40,}", "Dropbox developer docs"),
    ("airtable", "pat", r"pat[A-Za-z0-9]{14}\.[0-9a-f]{16,}", "Airtable developer docs"),
    ("vault", "hvs. hvb. hvr.", r"hv[sbr]\.[\w-]{16,}", "HashiCorp Vault docs, tokens"),
    ("terraform", "*.atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[\w-]{16,}", "HCP Terraform docs, API tokens"),
    ("fly", "fm", r"fm[12][ar]?_[A-Za-z0-9+/=,_]{16,}", "Fly.io docs, access tokens"),
    ("supabase", "sbp_ sb_secret_", r"sb(?:p|_secret)_[\w-]{16,}", "Supabase docs, API keys"),
    ("figma", "figd_", r"figd_[\w-]{12,}", "Figma developer docs"),
    ("grafana", "glsa_ glc_", r"gl(?:sa|c)_[A-Za-z0-9_=+/]{16,}", "Grafana docs, service accounts"),
    ("newrelic", "NR", r"NR(?:AK|JS|II|AA|AL)-[\w-]{16,}", "New Relic docs, API keys"),
    ("sentry", "sntrys_ sntryu_", r"sntry[su]_[A-Za-z0-9_=+/-]{16,}", "Sentry docs, auth tokens"),
    ("planetscale", "pscale_", r"pscale_(?:tkn|pw|oauth)_[\w.-]{16,}", "PlanetScale docs"),
    ("groq", "gsk_", r"gsk_[A-Za-z0-9]{16,}", "Groq docs"),
    ("replicate", "r8_", r"r8_[A-Za-z0-9]{16,}", "Replicate docs"),
    ("perplexity", "pplx-", r"pplx-[A-Za-z0-9]{16,}", "Perplexity docs"),
    ("xai", "xai-", r"xai-[A-Za-z0-9]{16,}", "xAI docs"),
    ("age", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[A-Z0-9]{16,}", "age(1)"),
    ("onepassword", "ops_eyJ", r"ops_eyJ[\w=-]{16,}", "1Password developer docs, service accounts"),
    ("tailscale", "tskey-", r"tskey-[a-z]+-[\w-]{10,}", "Tailscale docs, key prefixes"),
    ("nuget", "oy2", r"oy2[a-z0-9]{43}", "NuGet docs, API keys"),
    ("alibaba", "LTAI", r"LTAI(?=[A-Za-z]*\d)[A-Za-z0-9]{12,}", "Alibaba Cloud docs, AccessKey"),
    ("pulumi", "pul-", r"pul-[0-9a-f]{16,}", "Pulumi docs, access tokens"),
    ("adafruit", "aio_", r"aio_[A-Za-z0-9]{16,}", "Adafruit IO docs"),
    ("buildkite", "bkua_", r"bkua_[0-9a-f]{16,}", "Buildkite docs, API tokens"),
    ("circleci", "CCIPAT_ CCIPRJ_", r"CCIP(?:AT|RJ)_[\w-]{16,}", "CircleCI docs, API tokens"),
    ("clojars", "CLOJARS_", r"CLOJARS_[0-9a-z]{16,}", "Clojars docs, deploy tokens"),
    ("cloudflare", "v1.0-", r"v1\.0-[0-9a-f]{24}-[0-9a-f]{16,}", "Cloudflare docs, origin CA keys"),
    ("contentful", "CFPAT-", r"CFPAT-[\w-]{16,}", "Contentful docs, personal access tokens"),
    ("dynatrace", "dt0", r"dt0[a-z]\d\d\.[A-Z0-9]{8,}(?:\.[A-Z0-9]*)?", "Dynatrace docs, token format"),
    ("easypost", "EZAK EZTK", r"EZ[AT]K[A-Za-z0-9]{20,}", "EasyPost docs, API keys"),
    ("elevenlabs", "sk_", r"sk_[0-9a-f]{32,}", "ElevenLabs docs, API keys"),
    ("firebase", "AAAA", r"AAAA[\w-]{5,10}:APA91b[\w-]{16,}", "Firebase docs, server keys"),
    ("flutterwave", "FLWSECK", r"FLWSECK(?:_TEST)?-[0-9A-Za-z-]{10,}", "Flutterwave docs, API keys"),
    ("hubspot", "pat-", r"pat-(?:na|eu|ap)\d-[0-9a-f-]{12,}", "HubSpot docs, private apps"),
    ("jfrog", "AKCp", r"AKCp[A-Za-z0-9]{16,}", "JFrog docs, API keys"),
    ("langsmith", "lsv2_", r"lsv2_(?:pt|sk)_[0-9a-f]{12,}", "LangSmith docs, API keys"),
    ("neon", "napi_", r"napi_[a-z0-9]{16,}", "Neon docs, API keys"),
    ("netlify", "nfp_ nfc_ nfo_ nfu_", r"nf[pcou]_[A-Za-z0-9]{16,}", "Netlify docs, access tokens"),
    ("paypal", "access_token$", r"access_token\$(?:production|sandbox)\$[0-9a-z$]{6,}", "Braintree docs, access tokens"),
    ("pinecone", "pcsk_", r"pcsk_[A-Za-z0-9_]{16,}", "Pinecone docs, API keys"),
    ("prefect", "pnu_ pnb_", r"pn[ub]_[A-Za-z0-9]{16,}", "Prefect docs, API keys"),
    ("readme", "rdme_", r"rdme_[a-z0-9]{16,}", "ReadMe docs, API keys"),
    ("render", "rnd_", r"rnd_[A-Za-z0-9]{16,}", "Render docs, API keys"),
    ("resend", "re_", r"re_[A-Za-z0-9]{6,12}_[A-Za-z0-9]{12,}", "Resend docs, API keys"),
    ("shippo", "shippo_", r"shippo_(?:live|test)_[0-9a-f]{12,}", "Shippo docs, API tokens"),
    ("sonar", "squ_ sqp_ sqa_", r"sq[upa]_[0-9a-f]{16,}", "SonarQube docs, tokens"),
    ("sourcegraph", "sgp_", r"sgp_[0-9a-f_]{16,}", "Sourcegraph docs, access tokens"),
    ("tavily", "tvly-", r"tvly-[\w-]{12,}", "Tavily docs, API keys"),
    ("together", "tgp_", r"tgp_v\d_[\w-]{12,}", "Together docs, API keys"),
    ("twitter", "AAAA", r"A{18,}[A-Za-z0-9%]{20,}", "X API docs, bearer tokens"),
    ("typeform", "tfp_", r"tfp_[\w.=-]{16,}", "Typeform docs, access tokens"),
    ("yandex", "AQVN", r"AQVN[\w-]{16,}", "Yandex Cloud docs, API keys"),
    ("yandex", "t1.", r"t1\.[\w-]{20,}={0,2}\.[\w-]{20,}={0,2}", "Yandex Cloud docs, IAM tokens"),
    ("heroku", "HRKU-", r"HRKU-[\w-]{16,}", "Heroku docs, API tokens"),
)  # fmt: skip


# Forms by the first two characters of the key. Forms without a fixed beginning are listed with a text that they contain.
_BEGINNING: Final[dict[str, list[int]]] = {}
_HOLDING: Final[list[tuple[str, int]]] = []
for _number, (_, _marks, _, _) in enumerate(FORMS):
    for _mark in _marks.split():
        if _mark[0] == "*":
            _HOLDING.append((_mark[1:], _number))
        else:
            _BEGINNING.setdefault(_mark[:2], []).append(_number)
_BEGINNINGS: Final = re.compile(r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))(?=([A-Za-z0-9][A-Za-z0-9/.]))")


def find_forms(line: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and kind of each key in a line that is recognised by its form."""
    numbers = {number for mark, number in _HOLDING if mark in line}
    for beginning in _BEGINNINGS.findall(line):
        numbers.update(_BEGINNING.get(beginning, ()))
    for number in sorted(numbers):
        for match in _pattern(number).finditer(line):
            yield *match.span("secret" if "secret" in match.re.groupindex else 0), FORMS[number][0]


@cache
def _pattern(number: int) -> re.Pattern[str]:
    # Compiled on first use. Compiling all would take as long at the start as reading the settings.
    return re.compile(rf"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))(?:{FORMS[number][2]})")
