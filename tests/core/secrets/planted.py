"""Made-up secrets of many kinds, each in a line as people write it, and lines that only look like one. None was ever real."""

from __future__ import annotations

import string
from base64 import b64encode
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

_BASE62: Final = string.ascii_letters + string.digits
_URL_SAFE: Final = _BASE62 + "-_"
_BASE64: Final = _BASE62 + "+/"
_HEX: Final = "0123456789abcdef"
_UPPER: Final = string.ascii_uppercase + "234567"


class Planted(NamedTuple):
    """A line, and the secret in it."""

    line: str
    secret: str


def _of(alphabet: str, length: int) -> Callable[[Random], str]:
    """A text that holds a digit and letters, as generated keys of any length do."""

    def make(random: Random) -> str:
        while True:
            text = "".join(random.choices(alphabet, k=length))
            if any(map(str.isdigit, text)) and any(map(str.isalpha, text)):
                return text

    return make


def _jwt(random: Random) -> str:
    head = b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    body = b64encode(f'{{"sub":"{random.randrange(10**9)}","iat":1}}'.encode()).decode().rstrip("=")
    return f"{head}.{body}.{_of(_URL_SAFE, 43)(random)}"


# Kind, the line with `{}` where the secret stands, and how the secret is made; `~` in the pattern stands for what is drawn.
_KINDS: Final[dict[str, tuple[str, str, Callable[[Random], str]]]] = {
    "aws id": ("aws_access_key_id = {}", "AKIA~", _of(_UPPER, 16)),
    "aws secret": ('    aws_secret_access_key: "{}",', "~", _of(_BASE64, 40)),
    "github classic": ("# push with {}", "ghp_~", _of(_BASE62, 36)),
    "github fine-grained": ("git clone https://{}@github.com/a/b", "github_pat_~", _of(_BASE62 + "_", 82)),
    "gitlab": ('gl = Gitlab("https://git.corp", "{}")', "glpat-~", _of(_URL_SAFE, 20)),
    "openai": ('client = OpenAI(api_key="{}")', "sk-proj-~", _of(_URL_SAFE, 100)),
    "openai first form": ("# key {} works for staging", "sk-~", _of(_BASE62, 48)),
    "anthropic": ("ANTHROPIC_API_KEY={}", "sk-ant-api03-~", _of(_URL_SAFE, 93)),
    "slack bot": ("  slack: {}", "xoxb-123456789012-~", _of(_BASE62, 24)),
    "slack webhook": (
        'curl -X POST https://hooks.slack.com/services/{} -d "x"',
        "T024BE7LD/B8UJ5KT2D/~",
        _of(_BASE62, 24),
    ),
    "stripe": ('stripe.api_key = "{}"', "sk_live_~", _of(_BASE62, 24)),
    "stripe webhook": ("const hook = '{}';", "whsec_~", _of(_BASE62, 32)),
    "google": ('<script src="https://maps/api/js?key={}&v=3">', "AIza~", _of(_URL_SAFE, 35)),
    "google client": ('"client_secret": "{}",', "GOCSPX-~", _of(_URL_SAFE, 28)),
    "jwt": ("headers['X-Auth'] = '{}'", "~", _jwt),
    "database url": (
        'DATABASE_URL = "postgres://app:{}@db.internal:5432/app"',
        "p'~",
        _of(_BASE62, 9),
    ),
    "npm": ("//registry/:_authToken={}", "npm_~", _of(_BASE62, 36)),
    "pypi": ("password = {}", "pypi-AgEIcHlwaS5vcmc~", _of(_URL_SAFE, 60)),
    "sendgrid": (
        "sg = SendGridAPIClient('{}')",
        "SG.~",
        lambda r: f"{_of(_URL_SAFE, 22)(r)}.{_of(_URL_SAFE, 43)(r)}",
    ),
    "twilio key": ("from_key('{}')", "SK~", _of(_HEX, 32)),
    "twilio token": ('TWILIO_AUTH_TOKEN = "{}"', "~", _of(_HEX, 32)),
    "mailgun": ('auth=("api", "{}")', "key-~", _of(_HEX, 32)),
    "mailchimp": ("mc = '{}'", "~-us12", _of(_HEX, 32)),
    "hugging face": ("login({})", "hf_~", _of(_BASE62, 34)),
    "azure storage": (
        '"DefaultEndpointsProtocol=https;AccountName=acc;AccountKey={};EndpointSuffix=core"',
        "~==",
        _of(_BASE64, 86),
    ),
    "azure client": ("$secret = '{}'", "abc8Q~~", _of(_BASE62 + "-_.", 34)),
    "azure sas": ("https://acc.blob.core/x?sv=2022&sp=r&sig={}", "~%3D", _of(_BASE62, 43)),
    "discord bot": (
        'bot.run("{}")',
        "MTE~",
        lambda r: f"{_of(_BASE62, 21)(r)}.{_of(_URL_SAFE, 6)(r)}.{_of(_URL_SAFE, 38)(r)}",
    ),
    "discord webhook": ("https://discord.com/api/webhooks/11223344556677/{}", "~", _of(_URL_SAFE, 68)),
    "telegram": ("telegram: {}", "512345678:AA~", _of(_URL_SAFE, 33)),
    "vercel": ("vercel deploy --token {}", "~", _of(_BASE62, 24)),
    "vercel gateway": ("AI_GATEWAY_API_KEY='{}'", "vck_~", _of(_BASE62, 56)),
    "shopify": ("X-Shopify-Access-Token: {}", "shpat_~", _of(_HEX, 32)),
    "digitalocean": ("do_token: {}", "dop_v1_~", _of(_HEX, 64)),
    "databricks": ("DATABRICKS_TOKEN={}", "dapi~", _of(_HEX, 32)),
    "hashicorp vault": ("export VAULT_TOKEN={}", "hvs.~", _of(_URL_SAFE, 24)),
    "linear": ("const linear = new Linear('{}')", "lin_api_~", _of(_BASE62, 40)),
    "supabase": ("  key: '{}',", "sbp_~", _of(_HEX, 40)),
    "grafana": ("Bearer {}", "glsa_~", _of(_BASE62, 32)),
    "sonar": ("sonar-scanner -Dsonar.login={}", "squ_~", _of(_HEX, 40)),
    "netlify": ("NETLIFY={}", "nfp_~", _of(_BASE62, 36)),
    "hubspot": ("hs = Client('{}')", "pat-na1-~", _of(_HEX + "-", 36)),
    "braintree": ("gateway: {}", "access_token$production$~", _of(_HEX, 48)),
    "langsmith": ("# {}", "lsv2_pt_~", _of(_HEX, 32)),
    "heroku": (
        "HEROKU_API_KEY={}",
        "~",
        lambda r: f"{_of(_HEX, 8)(r)}-{_of(_HEX, 4)(r)}-4abc-89ab-{_of(_HEX, 12)(r)}",
    ),
    "bearer": ('curl -H "Authorization: Bearer {}" https://api', "~", _of(_BASE62, 32)),
    "basic header": (
        "Authorization: Basic {}",
        "~",
        lambda r: b64encode(f"admin:{_of(_BASE62, 12)(r)}".encode()).decode(),
    ),
    "basic url": ("requests.get('https://deploy:{}@ci.corp/job')", "~", _of(_BASE62, 10)),
    "curl login": ("curl -u admin:{} https://ci.corp", "~", _of(_BASE62, 10)),
    "assigned password": ('    password = "{}"', "~", _of(_BASE62 + "!#%", 12)),
    "short password": (
        "db.connect(user='app', password='{}')",
        "~",
        _of(string.ascii_lowercase + string.digits, 7),
    ),
    "letters only": (
        'smtp_password = "{}"',
        "correcthorse~",
        lambda r: "".join(r.choices(string.ascii_lowercase, k=4)),
    ),
    "json": ('{{"user": "app", "password": "{}"}}', "~", _of(_BASE62, 10)),
    "yaml": ("  password: {}", "~", _of(_BASE62, 11)),
    "toml": ("secret_key = '{}'", "~", _of(_BASE62, 24)),
    "env": ("DB_PASSWORD={}", "~", _of(_BASE62, 9)),
    "shell": ("export API_TOKEN='{}'", "~", _of(_BASE62, 20)),
    "with a space": ("token='sk-live-{} ef'", "~", _of(_BASE62, 16)),
    "define": ('#define API_KEY "{}"', "~", _of(_BASE62, 14)),
    "connection string": ('"Server=db;Database=x;User Id=sa;Password={};"', "~", _of(_BASE62, 10)),
    "xml": ("<password>{}</password>", "~", _of(_BASE62, 10)),
    "typed constant": ('const API_SECRET: &str = "{}";', "~", _of(_BASE62, 18)),
    "fallback": ('secret = os.environ.get("APP_SECRET", "{}")', "~", _of(_BASE62, 18)),
    "subscript": ("app.config['SECRET_KEY'] = '{}'", "~", _of(_BASE62, 24)),
    "comparison": ("if password == '{}':", "~", _of(_BASE62, 9)),
    "nameless": ("boto3.client('s3', x, '{}')", "~", _of(_BASE64, 40)),
    "command line": ("psql --password {} -h db", "~", _of(_BASE62, 10)),
    "pw": ('db_pw = "{}"', "~", _of(_BASE62, 10)),
    "otp seed": ('otp_seed = "{}"', "~", _of(_UPPER, 16)),
    "token in a url": ("pip install git+https://{}@git.corp/a/b", "~", _of(_BASE62, 20)),
    "in a comment": ("// db password: {}", "~", _of(_BASE62, 10)),
}
KINDS: Final = tuple(_KINDS)


def plant(kind: str, random: Random) -> Planted:
    """A line with a secret of a kind, another one at each call."""
    line, form, draw = _KINDS[kind]
    secret = (
        form.replace("~~", "~\0").replace("~", draw(random), 1)
        if "~~" not in form
        else form[:-1] + draw(random)
    )
    before, _, after = line.replace("{{", "\1").replace("}}", "\2").partition("{}")
    return Planted(f"{before}{secret}{after}".replace("\1", "{").replace("\2", "}"), secret)


HARMLESS: Final = (
    "pw = pwd.getpwnam(name2)",
    'if pw == "":',
    "pw.write2(data1)",
    "git clone https://some-long-user-name2@dev.azure.com/org",
    "ssh://git@github.com/a/b2",
    "otp_key = settings.OTP_KEY1",
    "senha = formulario.senha1",
    "password = get_password()",
    "password = getpass.getpass('Password: ')",
    "def login(user: str, password: str, token: str) -> None:",
    "token: str",
    "token: str | None = None",
    'key = "name"',
    'KEY = "user_id"',
    "self.password = password",
    "password=password2,",
    "token = tokens[0]",
    "token = next(self.tokens)",
    'token_type = "bearer"',
    'grant_type: "password",',
    '<input type="password" name="password">',
    '"password": "string"',
    "password: z.string().min(8),",
    "api_key = os.environ['API_KEY']",
    'api_key=os.getenv("OPENAI_API_KEY"),',
    "API_KEY=${API_KEY}",
    'api_key = "your-api-key-here"',
    "token: <your token>",
    'password = "********"',
    "password: {{ vault_password }}",
    'raise ValueError("the password is wrong")',
    '"integrity": "sha512-vJ+Zr0N2OGdGqS0/H2h6rb1bY7s1u8pWcYzOQhOyT0pWq9JpM1M5CDaSxCJ0RkR0n2u1zq9Q7nW2yq6uGk4Vbw==",',
    "golang.org/x/net v0.17.0 h1:pVaXccu2ozPjCXewfr1S7xza/zcXTity9cCdXQYSjIM=",
    '    { file = "a.whl", hash = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" },',
    'checksum = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"',
    'commit = "8bcedb7f0c2d4e5a6b7c8d9e0f1a2b3c4d5e6f70"',
    'id = "550e8400-e29b-41d4-a716-446655440000"',
    'test_id="login-form-submit-button-2"',
    "class TestHTTPServer2WithALongName3OfManyWords:",
    "from package.subpackage2.module_name3 import SomethingWithALongName4",
    'url = "https://user:password@example.com/path"',
    "postgres://user:${PASSWORD}@host/db",
    'KEY_FILE = "/etc/ssl/private/server1.key"',
    "for key, value in settings2.items():",
    "tokens = tokenizer.tokenize(text, max_length=512)",
    'primary_key = "customer_id_2"',
    'key="ArrowDown"',
    "sort_key = lambda one: one.name2",
    "SECRET_NAME = 'my-app/production'",
    'auth_url = "https://login.example.com/oauth2/v2.0/token"',
    'headers = {"Authorization": f"Bearer {token}"}',
    "assert response.json() == {'access_token': token, 'token_type': 'bearer'}",
    "  token: ${{ secrets.GITHUB_TOKEN }}",
    "const passwordInput2 = document.getElementById('password2');",
    'cipher = "AES-256-GCM"',
    'signature = "def f(a1, b2): ..."',
    "mock_token = 'token'",
    "The basic authentication scheme, and the bearer of this letter, pass 'ignore' to ignore.",
    "const encoded = Buffer.from(password, 'utf8').toString('base64')",
    "should_pass(\"WinDLL('./_sqlite3.dll')\")",
    "PWD=/home/user2/project",
    "GLAPI void APIENTRY glTexCoord4fColor4fNormal3fVertex4fvSUN (const GLfloat *c);",
    "#define GL_ARB_texture_rgb10_a2ui 1",
    "Token: \"#f8f8f2\", # class:  ''",
    "https://github.com/python/cpython/blob/fcf1d003bf4f0100c9d0921ff3d70e1127ca1b71/Lib/platform.py#L175-L183",
    'data = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"',
)
