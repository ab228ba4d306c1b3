"""Secrets in notations that no rule names: a value as a machine makes it, in a line that speaks of a password or a login, and
texts that are written in pieces. None was ever real.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from typethrough.core.prompt.message import Message, Unsealed
from typethrough.core.secrets.detector import redacted
from typethrough.core.secrets.pieces import Pieces
from typethrough.core.secrets.placeholders import PLACEHOLDER
from typethrough.core.secrets.vault import Vault

# Two signs stand for one secret each.
_FIRST, _SECOND = "Kq7vT2xWm9Lz", "b4RnY8sHd3Qc"
_SHAPES = (
    'String dbPassword = new String("¤");',
    'return new PasswordAuthentication("me", "¤".toCharArray());',
    'password = new StringBuilder().append("¤").append("§").toString();',
    'val apiToken: String by lazy { "¤" }',
    'val pw = System.getenv("DB_PW") ?: "¤"',
    'val secret = System.getenv("APP_SECRET")\n    ?: "¤"',
    'mapOf("password" to "¤")',
    "storePassword '¤'",
    'static const char wifi_password[] = "¤";',
    'if (strcmp("¤", password) == 0)',
    'constexpr std::string_view password{"¤"};',
    'WiFi.begin(ssid, "¤"); // password',
    'new NetworkCredential("me", "¤")',
    'public string Password { get; set; } = "¤";',
    'var jwtSecret = []byte("¤")',
    'req.SetBasicAuth("admin", "¤")',
    'const DefaultPassword string = "¤"',
    'let password = String::from("¤");',
    'const API_KEY: &str = r#"¤"#;',
    'let db_password = env::var("DB_PASSWORD")\n    .unwrap_or_else(|_| "¤".to_string());',
    'const TOKEN: &str = concat!("¤", "§");',
    'password: Some("¤".to_owned()),',
    "jwt.sign(payload, '¤');",
    "const apiKey = '¤'.concat('§');",
    "const apiKey = ['¤', '§'].join('');",
    "password = %q(¤)",
    "API_KEY = %w[¤].first",
    "config.secret_key_base = '¤'",
    "my $password = q{¤};",
    'my $dbh = DBI->connect($dsn, "app", "¤");',
    "new PDO($dsn, 'app', '¤');",
    "$token .= '¤';",
    "mysqli_connect('db', 'app', '¤', 'shop');",
    'echo "¤" | docker login -u me --password-stdin',
    "sshpass -p '¤' ssh me@host",
    "sshpass -p¤ ssh me@host",
    "mysqldump -h db -uroot -p'¤' shop",
    "redis-cli -h db -a ¤ ping",
    "openssl enc -aes-256-cbc -k ¤ -in a",
    "docker login -u me -p ¤ reg.corp",
    "az login --service-principal -u id -p ¤ --tenant t",
    "echo 'root:¤' | chpasswd",
    "htpasswd -b .htpasswd me ¤",
    "printf '%s' '¤' > /run/secrets/db_password",
    "ConvertTo-SecureString '¤' -AsPlainText -Force",
    "password: &pw ¤",
    'password: !!str "¤"',
    "ENV DB_PASSWORD ¤",
    "SetEnv DB_PASSWORD ¤",
    "setx API_TOKEN ¤",
    "set -gx API_TOKEN ¤",
    "set cfg(password) {¤}",
    'variable "db_password" {\n  type = string\n  default = "¤"\n}',
    "<password><![CDATA[¤]]></password>",
    '"config": "{\\"password\\":\\"¤\\"}"',
    "INSERT INTO users (name, password) VALUES ('me', '¤');",
    "CREATE USER app\n  WITH PASSWORD\n  '¤';",
    "CREATE LOGIN app WITH PASSWORD = N'¤';",
    "const token = String.fromEnvironment('TOKEN', defaultValue: '¤');",
    '{password, <<"¤">>},',
    'password = T.pack "¤"',
    '{:user "me" :password "¤"}',
    '(def api-token\n  "¤")',
    '(setq smtp-password\n      "¤")',
    'password <-\n  "¤"',
    'token <- paste0("¤", "§")',
    'password <- "¤"',
    "local password = [[¤]]",
    'Dim password As String = "¤"',
    '01 WS-PASSWORD PIC X(20) VALUE "¤".',
    "const password =\n    \\\\¤\n;",
    "password: \"{{ lookup('env', 'PW') | default('¤') }}\"",
    "- **Password:** `¤`",
    "| password | ¤ |",
    "user, password = 'me', '¤'",
    "secrets: dict[str, str] = {'a': '¤'}",
    'keyring.set_password("svc", "me", "¤")',
    'requests.get(url, auth=("me", "¤"))',
    "password = '{}{}'.format('¤', '§')",
    "token = ''.join([\n    '¤',\n    '§',\n])",
    "parser.add_argument('--password', default='¤')",
    "parser.add_argument(\n    '--password',\n    default='¤',\n)",
    "os.environ[\n    'API_TOKEN'\n] = '¤'",
    "token = client.login(\n    user,\n    '¤',\n)",
    'token = f(\n    "¤"\n)',
    'api_key: str = Field(\n    default="¤",\n)',
    'password: str = Field(\n    description="of the database",\n    default="¤",\n)',
    'os.environ.setdefault(\n    "API_KEY",\n    "¤",\n)',
    'map.put(\n    "password",\n    "¤");',
    "api_token: |-\n  ¤\n  §",
    "machine api.corp\n  login me\n  password ¤",
    "machine api.corp\n  login me\n  password\n  ¤",
    "db.corp:5432:app:me:¤",
    "*:*:*:me:¤",
    '<add key="Password"\n  value="¤" />',
    "PASSWORD ?= ¤",
    "API_TOKEN ::= ¤",
    'Jwts.builder().signWith(SignatureAlgorithm.HS256, "¤")',
    'dsn := fmt.Sprintf("%s:%s@tcp(db)/x", "me", "¤")',
    'db, err := sql.Open("mysql", "me:¤@tcp(db:3306)/shop")',
    "headers.Authorization = 'Basic ' + btoa('me:¤');",
    "const token = `\n¤\n`;",
    "password = <<-PW.strip\n  ¤\nPW",
    "$token = <<<EOT\n¤\nEOT;",
    'secrets = {\n  db = "¤"\n}',
    "CREDENTIALS = {\n    'me': '¤',\n    'you': '§',\n}",
    "INSERT INTO users (name, password)\nVALUES ('me', '¤');",
    'client:auth("me", "¤")',
    "url = 'https://%s:%s@h' % ('me', '¤')",
    "def get_password():\n    return '¤'",
    # Pieces of one text.
    'password = "¤" "§"',
    "const apiKey = '¤' + '§';",
    "$password = '¤' . '§';",
    'local password = "¤" .. "§"',
    'token = "¤" <> "§"',
    'token = "¤" ++ "§"',
    'let token = "¤" ^ "§"',
    'password = "¤" & "§"',
    'password = "¤" & _\n    "§"',
    "PASSWORD='¤''§'",
    "PASSWORD=\"¤\"'§'",
    'x = f("ghp_" "¤§")',
    'url = "postgres://app:¤" "§@db.corp/x"',
    'url = (\n    "postgres://app:"\n    "¤@db.corp/x"\n)',
    'url = (\n    "postgres://app:¤"\n    "§@db.corp/x"\n)',
    "const u = 'mongodb://' + 'app' + ':' + '¤' + '@db.corp/x'",
    # Words of other languages.
    'mdp = "¤"',
    "MDP_BASE=¤",
    "const mdpAdmin = '¤'",
    'String dbKennwort = "¤";',
    'wachtwoord = "¤"',
    'clave = "¤"',
    'senha_banco = "¤"',
    "parol = '¤'",
    "пароль = '¤'",
    '密码 = "¤"',
    "# 数据库密码:¤",
    "密码：¤",
    "// パスワード: ¤",
    '비밀번호 = "¤"',
    'hasło = "¤"',
    'heslo = "¤"',
    'lösenord = "¤"',
    'salasana = "¤"',
    'şifre = "¤"',
    'jelszo = "¤"',
)


@pytest.mark.parametrize("shape", _SHAPES)
def test_the_secret_is_taken_out_and_nothing_else_whatever_the_notation(shape: str) -> None:
    text = f"a = 1\n{shape.replace('¤', _FIRST).replace('§', _SECOND)}\nb = 2"
    for told in (redacted(text), Vault().seal(_unsealed(text)).messages[0].text):
        assert _FIRST not in told
        assert _SECOND not in told
        wanted = f"a = 1\n{shape.replace('¤', '').replace('§', '')}\nb = 2"
        # What is taken with it: the beginning of its form, a piece before it, the quote of another kind between two pieces.
        taken = (wanted, *(wanted.replace(one, "", 1) for one in ("ghp_", "%s", "'")))
        assert PLACEHOLDER.sub("", told) in taken


def _unsealed(text: str) -> Unsealed:
    return Unsealed((Message("user", text),), 0, (), 16, "")


@pytest.mark.parametrize(
    "text",
    [
        "__all__ = ['HtmlLexer22', 'TokenLexer']",
        "outer.update(password.translate(_trans_5C))",
        "})(Socks5Auth || (exports.Socks5Auth = Socks5Auth = {}));",
        "Optional argument to pass to `expression`.",
        "('test3-mode', 'password')",
        "if login2_ok(password, retries=3, name='user_name2'):",
        "token = get('499b84ac-1321-427f-aa17-267ca6975798/.default')",
        "login('sha256', 'utf-8', 'latin1', 'pkcs12', password)",
        "password = read('~/.config/app2/pass.txt', 'v1.2.3')",
        "connect('db2.internal.corp', 'http://host2/x', timeout=30)",
        'x = "it" "is" + "all1" "words"',
        "url = 'https://docs.corp:8080' + '/login2'",
        "class Parol2:\n    clave = nombre2",
        "tokens = {\n    'root': [(r'[a-z0-9]+', Name2)],\n    'utf8name': None,\n}",
        'function checkPassword() {\n  return call("user2name", 17);\n}',
    ],
)
def test_what_only_has_a_number_in_it_is_left_as_it_is(text: str) -> None:
    assert redacted(text) == text


_PIECES = st.lists(st.text(alphabet="abz019_", min_size=1, max_size=6), min_size=1, max_size=6)


@given(_PIECES, st.sampled_from(['" "', "' + '", '" .. "', "''", "'.concat('"]), st.data())
def test_a_place_in_a_text_without_its_joints_is_told_as_places_in_the_line(
    parts: list[str], joint: str, data: st.DataObject
) -> None:
    line = f"x = {joint[0]}{joint.join(parts)}{joint[-1]}"
    pieces = Pieces(line)
    assert pieces.text == f"x = {joint[0]}{''.join(parts)}{joint[-1]}"
    start = data.draw(st.integers(0, len(pieces.text) - 1))
    end = data.draw(st.integers(start + 1, len(pieces.text)))
    spans = pieces.spans(start, end)
    assert "".join(line[begin:stop] for begin, stop in spans) == pieces.text[start:end]
    assert all(begin < stop for begin, stop in spans)
    assert spans == sorted(spans)
