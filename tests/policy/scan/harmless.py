"""Texts without a secret that look as if they had one: digests, ids, placeholders, code that only names its secrets."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Final

from planted import drawn

PLACEHOLDERS: Final = (
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "sk-ant-api03-" + "x" * 95,
    "sk-ant-...",
    "sk-" + "your-openai-api-key-goes-here",
    "sk-" + "1234567890abcdef" * 2,
    "ghp_" + "x" * 36,
    "ghp_" + "0" * 36,
    "github_pat_" + "A" * 82,
    "glpat-" + "xxxx" * 5,
    "AIza" + "x" * 35,
    "hf_" + "X" * 34,
    "xoxb-your-token-here",
    "SG.xxxxxxxxxxxxxxxxxxxxxx." + "x" * 43,
    "npm_" + "your-token".ljust(36, "0"),
    "changeme",
    "change-me-in-production-1",
    "<your api key>",
    "<INSERT_TOKEN_HERE>",
    "your-api-key-here",
    "${API_KEY}",
    "$API_KEY",
    "${{ secrets.API_KEY }}",
    "{{ .Values.apiKey }}",
    "%(api_key)s",
    "********************",
    "xxxxxxxxxxxxxxxxxxxx",
    "[REDACTED]",
    "redacted-0123456789ab",
    "process.env.API_KEY",
    'os.environ["API_KEY"]',
    "os.getenv('API_KEY')",
    "settings.api_key",
    "get_secret_value('prod/api-key')",
    "null",
    "None",
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/app-AbCdEf",
    "projects/my-project/secrets/api-key/versions/3",
    "/run/secrets/api_key",
    "file:///etc/app/token.txt",
    "abcdefghijklmnopqrstuvwxyz0123456789",
    "deadbeefdeadbeefdeadbeefdeadbeef",
    "00000000-0000-0000-0000-000000000000",
    "my-super-secret-password",
    "correct horse battery staple",
    "password123",
    "P@ssw0rd!",
    "hunter2",
)
_NAMES: Final = ("API_KEY", "api_key", "token", "secret", "password", "client_secret", "AUTH_TOKEN")
_URLS: Final = (
    "postgres://user:password@localhost:5432/db",
    "postgresql://postgres:postgres@db:5432/app",
    "mysql://root:root@127.0.0.1/test",
    "redis://:password@redis:6379/0",
    "amqp://guest:guest@rabbitmq:5672/",
    "https://user:pass@example.com/path",
    "https://username:password@host/repo.git",
    "https://x-access-token:${GITHUB_TOKEN}@github.com/owner/name.git",
    "https://oauth2:<token>@gitlab.com/group/name.git",
    "mongodb://${USER}:${PASSWORD}@${HOST}/db",
    "http://proxy.corp.io:3128",
    "git@github.com:owner/name.git",
    "ssh://git@host.io:22/name",
    "https://registry.example/@scope/name/-/name-1.2.3.tgz#a1b2",
    "https://host.io:8080/path/to@1.2.3/file",
)
_CODE: Final = (
    "def get_token(self) -> str:\n    return self._token_provider.refresh_access_token()\n",
    'password = getpass.getpass("Password: ")\nclient = Client(password=password, username=username)\n',
    "if not secrets.compare_digest(request.headers['X-Api-Key'], settings.SERVICE_API_KEY):\n    raise Forbidden\n",
    "const apiKey = process.env.OPENAI_API_KEY ?? config.get('openai.apiKey');\n",
    'headers = {"Authorization": f"Bearer {token}", "x-api-key": api_key}\n',
    'curl -H "Authorization: Bearer $TOKEN" -u "$USER:$PASSWORD" https://api.corp.io\n',
    "tokenizer = AutoTokenizer.from_pretrained('gpt-4o-mini-2024-07-18')\nmax_tokens=4096\n",
    'if "-----BEGIN RSA PRIVATE KEY-----" in text:\n    raise ValueError("a private key")\n',
    '"""Keys begin with ``-----BEGIN PRIVATE KEY-----`` and end with ``-----END PRIVATE KEY-----``."""\n',
    "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n",
    "env:\n  - name: DB_PASSWORD\n    valueFrom:\n      secretKeyRef:\n        name: app-db\n        key: token\n",
    "- uses: actions/checkout@v6\n  with:\n    token: ${{ secrets.GITHUB_TOKEN }}\n",
    "password: Required. Input only. The password of the user.\n",
    "token: string, secret: string | undefined, apiKey?: string\n",
    "SELECT id, password_hash, api_token FROM users WHERE token = $1\n",
    'resource "aws_secretsmanager_secret" "api_key_v2" {\n  name = "prod/api-key-2024-11-22"\n}\n',
    "SECRET_KEY=\nAPI_TOKEN=\nDB_PASSWORD=\n",
    "eyJ is how base64 of an opened brace begins; Bearer of bad news; basic authentication; sk-learn and task-runner\n",
)


def _digests(random: Random) -> str:
    data = random.randbytes(20)
    return (
        f"commit {hashlib.sha1(data, usedforsecurity=False).hexdigest()}\n"
        f"{hashlib.sha256(data).hexdigest()}  dist/app-1.2.3.tar.gz\n"
        f"    --hash=sha256:{hashlib.sha256(data).hexdigest()} \\\n"
        f"image: app@sha256:{hashlib.sha256(data).hexdigest()}\n"
        f'etag: "{hashlib.md5(data, usedforsecurity=False).hexdigest()}"\n'
        f"password_hash: {hashlib.sha256(data).hexdigest()}\n"
        f"token_digest = '{hashlib.sha1(data, usedforsecurity=False).hexdigest()}'\n"
    )


def _lock(random: Random) -> str:
    integrity = base64.b64encode(random.randbytes(64)).decode()
    return json.dumps(
        {"node_modules/tokenizr": {"version": "7.1.3", "integrity": f"sha512-{integrity}", "license": "MIT"}}, indent=2
    )


def _ids(random: Random) -> str:
    uuid, other = drawn("<uuid>", random), drawn("<uuid>", random)
    return json.dumps(
        {
            "id": drawn("msg_01<b22>", random),
            "request_id": drawn("req_011C<b20>", random),
            "tool_use_id": drawn("toolu_01<b22>", random),
            "trace": uuid,
            "session": other,
            "token": uuid,
            "next_page_token": drawn("<b32>", random),
            "csrf_token": drawn("<b40>", random),
            "signature": drawn("<s88>", random),
            "usage": {"input_tokens": 12345, "cache_creation_input_tokens": 678},
        }
    )


def _image(random: Random) -> str:
    return f'<img src="data:image/png;base64,{base64.b64encode(random.randbytes(3_000)).decode()}" alt="chart">'


def _certificate(random: Random) -> str:
    body = base64.b64encode(random.randbytes(700)).decode()
    lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    return (
        f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"
        f"-----BEGIN PUBLIC KEY-----\n{lines[:400]}\n-----END PUBLIC KEY-----\n"
        f"ssh-ed25519 {body[:68]} dev@host\nssh-rsa {body[:372]} dev@host\n"
    )


def _minified(random: Random) -> str:
    names = ["".join(random.choices("abcdefghijklmnopqrstuvwxyz$_", k=random.randint(1, 3))) for _ in range(60)]
    parts = [
        random.choice(
            (
                "{a}.token={b}({c}),",
                "function {a}({b}){{return {c}.password}}",
                'var {a}="{b}-{c}",',
                "{a}.apiKey||({b}.secret={c}.key),",
                'n(8371),{a}=i("./src/{b}/{c}.tsx"),',
                '"{a}":"{b}__{c}--3xK9d",',
            )
        ).format(a=random.choice(names), b=random.choice(names), c=random.choice(names))
        for _ in range(120)
    ]
    return "".join(parts)


def _placeholders(random: Random) -> str:
    value, name = random.choice(PLACEHOLDERS), random.choice(_NAMES)
    form = random.choice(
        ("{n}={v}\n", '{n}: "{v}"\n', "{n} = '{v}'\n", '{{"{n}": "{v}"}}', "export {n}={v}\n", "--{n} {v}\n")
    )
    return form.format(n=name, v=value)


def _log(random: Random) -> str:
    return "".join(
        f"2026-11-22T04:05:{second:02d}.{random.randrange(10**6):06d}Z INFO worker-{random.randrange(9)} "
        f"request={drawn('<uuid>', random)} took={random.randrange(900)}ms bytes={random.randrange(10**6)} "
        f"sha={drawn('<x40>', random)} peer=10.0.{random.randrange(255)}.7:{random.randrange(65_000)}\n"
        for second in range(20)
    )


MAKERS: Final[tuple[Callable[[Random], str], ...]] = (
    _digests,
    _lock,
    _ids,
    _image,
    _certificate,
    _minified,
    _placeholders,
    _log,
    lambda random: random.choice(_URLS) + "\n",
    lambda random: random.choice(_CODE),
)


def harmless(random: Random, times: int = 1) -> Iterator[str]:
    """Yield texts of every sort, so many times over; the lists of placeholders, addresses and code whole."""
    for value in PLACEHOLDERS:
        for name in _NAMES:
            yield f'{name} = "{value}"\n'
            yield f"{name}={value}\n"
    yield from _URLS
    yield from _CODE
    for _ in range(times):
        for make in MAKERS:
            yield make(random)
