"""Secrets that no one ever issued: drawn by a seeded generator, kind by kind, and set into ten kinds of surroundings.

A template is literal text with marks for what is drawn: ``<x32>`` is 32 characters of one alphabet. So no line of this
file looks like a key to the scanners of code hosts.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits
from typing import Final
from urllib.parse import quote

ALPHABETS: Final = {
    "b": ascii_letters + digits,
    "w": ascii_letters + digits + "_-",
    "x": "0123456789abcdef",
    "l": ascii_letters,
    "o": ascii_lowercase + digits,
    "O": ascii_uppercase + digits,
    "d": digits,
    "s": ascii_letters + digits + "+/",
    "p": ascii_letters + digits + "!#^*_-+.~",
}
_MARK: Final = re.compile(r"<([bwxloOdsp])(\d+)>|<(uuid)>")

KEYS: Final[dict[str, tuple[str, ...]]] = {
    "api-key": (
        "sk-ant-api03-<w93>AA",
        "sk-ant-admin01-<w93>AA",
        "sk-ant-oat01-<w86>AA",
        "sk-proj-<w74>T3BlbkFJ<w74>",
        "sk-svcacct-<w58>T3BlbkFJ<w58>",
        "sk-admin-<w58>T3BlbkFJ<w58>",
        "sk-<b20>T3BlbkFJ<b20>",
        "sk-<x32>",
        "sk-or-v1-<x64>",
        "sk-lf-<uuid>",
    ),
    "google-key": ("AIza<w35>", "ya29.a0<w150>", "GOCSPX-<w28>", "AQ.Ab8<w50>", "1//0<w60>"),
    "service-token": ("hf_<l34>", "gsk_<b52>", "xai-<b80>", "npm_<b36>"),
    "perplexity-key": ("pplx-<b48>",),
    "huggingface-token": ("api_org_<l34>",),
    "replicate-token": ("r8_<b37>",),
    "cerebras-key": ("csk-<o48>",),
    "fireworks-key": ("fw_<b24>",),
    "nvidia-key": ("nvapi-<w64>",),
    "tavily-key": ("tvly-<b32>", "tvly-dev-<b32>"),
    "langsmith-key": ("lsv2_pt_<x32>_<x10>", "lsv2_sk_<x32>_<x10>"),
    "jina-key": ("jina_<x32><b28>",),
    "e2b-key": ("e2b_<x40>",),
    "together-key": ("tgp_v1_<w43>",),
    "voyage-key": ("pa-<b43>",),
    "elevenlabs-key": ("sk_<x48>",),
    "aws-key-id": ("AKIA<O16>", "ASIA<O16>", "ABIA<O16>", "ACCA<O16>"),
    "aws-session-token": ("IQoJb3JpZ2lu<s300>", "FwoGZXIvYXdz<s300>", "FQoGZXIvYXdz<s300>"),
    "aws-bedrock-key": ("ABSKQmVkcm9ja0FQSUtleS1<s100>", "bedrock-api-key-YmVkcm9jay<s100>"),
    "azure-client-secret": ("<b3>8Q~<b34>",),
    "azure-devops-token": ("<b76>AZDO<b4>",),
    "azure-key": ("<b76>+ASt<b6>==", "<b76>ACDb<b6>==", "<b44>AzFu<b5>Q==", "<b52>JQQJ9<b27>"),
    "digitalocean-token": ("dop_v1_<x64>", "doo_v1_<x64>", "dor_v1_<x64>"),
    "cloudflare-key": ("v1.0-<x24>-<x146>",),
    "heroku-key": ("HRKU-<uuid>", "HRKU-AA<w58>"),
    "fly-token": ("fo1_<w43>", "fm2_<s200>", "fm1a_<s200>", "fm1r_<s200>"),
    "alibaba-key": ("LTAI<b20>",),
    "tencent-key": ("AKID<b32>",),
    "yandex-key": ("AQVN<b36>",),
    "terraform-token": ("<b14>.atlasv1.<w67>",),
    "databricks-token": ("dapi<x32>", "dapi<x32>-2"),
    "openshift-token": ("sha256~<w43>",),
    "octopus-key": ("API-<O26>",),
    "scalingo-token": ("tk-us-<w48>",),
    "clickhouse-key": ("4b1d<b38>",),
    "netlify-token": ("nfp_<b36>",),
    "render-key": ("rnd_<b28>",),
    "tailscale-key": ("tskey-auth-<b12>-<b32>",),
    "github-token": ("ghp_<b36>", "gho_<b36>", "ghu_<b36>", "ghs_<b36>", "ghr_<b36>", "github_pat_<b22>_<b59>"),
    "gitlab-token": (
        "glpat-<w20>",
        "glpat-<b32>.01.<o9>",
        "glptt-<x40>",
        "gldt-<w20>",
        "glrt-<w20>",
        "glrtr-<w20>",
        "glcbt-64_<w20>",
        "glsoat-<w20>",
        "glft-<w20>",
        "glffct-<w20>",
        "glimt-<w25>",
        "glagent-<w50>",
        "gloas-<w64>",
        "GR1348941<w20>",
    ),
    "gitlab-session": ("_gitlab_session=[[<o32>]]",),
    "bitbucket-token": ("ATBB<b28><x8>",),
    "atlassian-token": ("ATATT3<w186>", "ATCTT3<w186>"),
    "pypi-token": ("pypi-AgEIcHlwaS5vcmc<w140>", "pypi-AgENdGVzdC5weXBpLm9yZw<w140>"),
    "rubygems-key": ("rubygems_<x48>",),
    "crates-token": ("cio<b32>",),
    "nuget-key": ("oy2<o43>",),
    "clojars-token": ("CLOJARS_<x60>",),
    "docker-token": ("dckr_pat_<w27>", "dckr_oat_<w32>"),
    "jfrog-key": ("AKCp<b69>", "cmVmd<b59>"),
    "sonar-token": ("squ_<x40>", "sqp_<x40>", "sqa_<x40>"),
    "sourcegraph-token": ("sgp_<x16>_<x40>", "sgp_local_<x40>", "sgp_<x40>"),
    "buildkite-token": ("bkua_<x40>",),
    "circleci-token": ("CCIPAT_<b22>_<x40>", "CCIPRJ_<b22>_<x40>"),
    "snyk-token": ("snyk_uat.<x8>.<w80>",),
    "slack-token": (
        "xoxb-<d12>-<d13>-<b24>",
        "xoxp-<d12>-<d12>-<d12>-<x32>",
        "xoxa-2-<d12>-<d12>-<b24>",
        "xoxc-<d12>-<d12>-<d12>-<x64>",
        "xoxd-2-<b80>",
        "xoxe-1-<b146>",
        "xoxe.xoxp-1-<b146>",
        "xoxo-<d12>-<b30>",
        "xoxr-<d12>-<b30>",
        "xoxs-<d12>-<d12>-<d12>-<x10>",
        "xapp-1-A<O10>-<d13>-<x64>",
    ),
    "slack-webhook": ("https://hooks.slack.com/[[services/T<O10>/B<O10>/<b24>]]",),
    "discord-webhook": (
        "https://discord.com/api/webhooks/[[<d19>/<w68>]]",
        "https://discordapp.com/api/webhooks/[[<d18>/<w68>]]",
    ),
    "teams-webhook": ("https://contoso.webhook.office.com/[[webhookb2/<uuid>@<uuid>/IncomingWebhook/<x32>/<uuid>]]",),
    "telegram-token": ("<d10>:AA<w33>", "<d9>:AA<w33>", "<d8>:AA<w33>"),
    "stripe-key": (
        "sk_live_<b99>",
        "sk_test_<b24>",
        "rk_live_<b99>",
        "rk_test_<b24>",
        "sk_prod_<b24>",
        "rk_prod_<b24>",
        "whsec_<b32>",
    ),
    "twilio-key": ("SK<x32>",),
    "sendgrid-key": ("SG.<w22>.<w43>",),
    "mailgun-key": ("key-<x32>",),
    "mailchimp-key": ("<x32>-us14",),
    "brevo-key": ("xkeysib-<x64>-<b16>",),
    "shopify-token": ("shpat_<x32>", "shpca_<x32>", "shppa_<x32>", "shpss_<x32>"),
    "square-token": ("sq0atp-<w22>", "sq0csp-<w43>", "sq0idp-<w22>", "EAAA<w60>"),
    "paypal-token": ("access_token$production$<o16>$<x32>",),
    "notion-token": ("ntn_<d11><b35>", "secret_<b43>"),
    "linear-key": ("lin_api_<b40>", "lin_oauth_<x64>"),
    "figma-token": ("figd_<w40>", "figo_<w40>", "figor_<w40>"),
    "postman-key": ("PMAK-<x24>-<x34>",),
    "new-relic-key": ("NRAK-<O27>", "NRII-<w32>", "NRJS-<x19>", "<x36>NRAL"),
    "sentry-token": ("sntrys_eyJ<s120>_<s43>", "sntryu_<x64>"),
    "grafana-token": ("glc_eyJ<s120>", "glsa_<b32>_<x8>", "eyJrIjoi<b80>"),
    "dynatrace-token": ("dt0c01.<O24>.<O64>",),
    "doppler-token": (
        "dp.pt.<b43>",
        "dp.st.dev.<b43>",
        "dp.ct.<b43>",
        "dp.sa.<b43>",
        "dp.scim.<b43>",
        "dp.audit.<b43>",
    ),
    "vault-token": ("hvs.<w90>", "hvs.<b24>", "hvb.<w140>", "hvr.<w90>"),
    "1password-token": ("ops_eyJ<s300>",),
    "1password-key": ("A3-<O6>-<O11>-<O5>-<O5>-<O5>",),
    "pulumi-token": ("pul-<x40>",),
    "planetscale-token": ("pscale_tkn_<w43>", "pscale_pw_<w43>", "pscale_oauth_<w43>"),
    "supabase-token": ("sbp_<x40>", "sb_secret_<w31>"),
    "hubspot-token": ("pat-na1-<uuid>", "pat-na2-<uuid>", "pat-eu1-<uuid>"),
    "contentful-token": ("CFPAT-<w43>",),
    "typeform-token": ("tfp_<w44>_<w15>",),
    "prefect-key": ("pnu_<b36>",),
    "infracost-key": ("ico-<b32>",),
    "adobe-secret": ("p8e-<o32>",),
    "adafruit-key": ("aio_<b28>",),
    "shippo-token": ("shippo_live_<x40>", "shippo_test_<x40>"),
    "duffel-token": ("duffel_live_<w43>",),
    "easypost-key": ("EZAK<b54>", "EZTK<b54>"),
    "plaid-token": ("access-production-<uuid>",),
    "mapbox-token": ("sk.eyJ<b80>.<w22>",),
    "flutterwave-key": ("FLWSECK_TEST-<x32>-X", "FLWSECK-<x32>-X"),
    "frameio-token": ("fio-u-<w64>",),
    "harness-key": ("pat.<w22>.<x24>.<b20>", "sat.<w22>.<x24>.<b20>"),
    "intra42-secret": ("s-s4t2ud-<x64>",),
    "maxmind-key": ("<b6>_<b29>_mmk",),
    "readme-key": ("rdme_<o70>",),
    "settlemint-token": ("sm_aat_<b16>", "sm_pat_<b16>", "sm_sat_<b16>"),
    "twitter-token": (f"{'A' * 22}<b30>%<b60>",),
    "facebook-token": ("EAAM<b150>", "EAAC<b150>"),
    "age-key": ("AGE-SECRET-KEY-1<O58>",),
}
"""Formats that tell themselves, whatever stands round them."""

NAMED: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "aws-secret": (
        ("aws_secret_access_key", "<s40>"),
        ("AWS_SECRET_ACCESS_KEY", "<s40>"),
        ("SecretAccessKey", "<s40>"),
        ("secretAccessKey", "<s40>"),
        ("aws_secret_key", "<s40>"),
        ("AWS_SECRET_KEY", "<s40>"),
    ),
    "mistral-key": (("MISTRAL_API_KEY", "<b32>"),),
    "cohere-key": (("COHERE_API_KEY", "<b40>"),),
    "cloudflare-key": (("CLOUDFLARE_API_TOKEN", "<w40>"), ("CF_API_KEY", "<x37>")),
    "heroku-key": (("heroku_api_key", "<uuid>"),),
    "vercel-token": (("VERCEL_TOKEN", "<b24>"),),
    "alibaba-key": (("ALIBABA_SECRET_KEY", "<b30>"), ("aliyun_secret", "<b30>")),
    "gitea-token": (("GITEA_TOKEN", "<x40>"), ("FORGEJO_TOKEN", "<x40>")),
    "snyk-token": (("SNYK_TOKEN", "<uuid>"),),
    "twilio-key": (("TWILIO_AUTH_TOKEN", "<x32>"),),
    "mailgun-key": (("MAILGUN_API_KEY", "<x32>-<x8>-<x8>"),),
    "paypal-key": (("PAYPAL_CLIENT_SECRET", "E<w79>"),),
    "datadog-key": (("DATADOG_API_KEY", "<x32>"), ("DD_APP_KEY", "<x40>"), ("DD_API_KEY", "<x32>")),
    "algolia-key": (("ALGOLIA_ADMIN_KEY", "<x32>"),),
    "airtable-token": (("AIRTABLE_TOKEN", "pat<b14>.<x64>"),),
    "okta-token": (("OKTA_API_TOKEN", "00<w40>"),),
    "assigned-secret": (
        ("API_KEY", "<b32>"),
        ("apiKey", "<x32>"),
        ("api-key", "<b40>"),
        ("SESSION_SECRET", "<s44>"),
        ("client_secret", "<w40>"),
        ("clientSecret", "<b32>"),
        ("auth_token", "<x40>"),
        ("VAULT_TOKEN", "s.<b24>"),
        ("ENCRYPTION_KEY", "<s43>="),
        ("app.signing-key", "<x64>"),
        ("SERVICE_CREDENTIAL", "<o48>"),
        ("webhookKey", "<uuid>"),
    ),
    "password": (
        ("password", "<p18>"),
        ("DB_PASSWORD", "<p24>"),
        ("keystore.passwd", "<p20>"),
        ("SSH_PASSPHRASE", "<p28>"),
    ),
}
"""Values that only their name tells, in the notations of ``ASSIGNMENTS``."""

WHOLE: Final[dict[str, tuple[str, ...]]] = {
    "azure-storage-key": (
        "DefaultEndpointsProtocol=https;AccountName=prod;AccountKey=[[<s86>==]];EndpointSuffix=core",
    ),
    "azure-access-key": (
        "Endpoint=sb://prod.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=[[<s43>=]]",
    ),
    "azure-sas": ("https://prod.blob.core.windows.net/c?sv=2024-11-04&se=2027-01-01&sr=c&sig=[[<b43>%3D]]",),
    "password": (
        "postgres://svc_app:[[<p18>]]@db-1.prod.internal:5432/orders",
        "mongodb+srv://svc:[[<b16>]]@cluster0.k2x9.mongodb.net/?retryWrites=true",
        "redis://:[[<b24>]]@cache.prod.internal:6379/0",
        "amqp://svc:[[<p16>]]@mq.corp.io:5672/vhost",
        "https://deploy:[[<b20>]]@git.corp.io/team/app.git",
        "Server=tcp:sql.corp.io,1433;Database=orders;User ID=svc;Password=[[<p20>]];Encrypt=True",
        "Host=db.corp.io;Username=svc;Pwd=[[<p16>]];Pooling=true",
        "mysqldump --host=db --password [[<p18>]] orders",
        "sshpass -p [[<p16>]] ssh deploy@web-1",
        "machine git.corp.io login deploy password [[<b24>]]",
    ),
    "credentials": (
        "curl -s -u deploy:[[<p20>]] https://ci.corp.io/api",
        "Authorization: token [[<b40>]]",
        "-H 'authorization: ApiKey [[<x40>]]'",
        "curl --user deploy:[[<b24>]] https://ci.corp.io/api",
        "Authorization: Basic [[{basic}]]",
        "curl -H 'authorization: basic [[{basic}]]' https://ci.corp.io",
        '"registry.corp.io": {{"auth": "[[{basic}]]"}}',
        "//npm.corp.io/:_auth=[[{basic}]]",
    ),
    "bearer-token": (
        "Authorization: Bearer [[<b40>]]",
        "curl -H 'authorization: bearer [[<b64>]]' https://api.corp.io",
    ),
    "assigned-secret": (
        "deploy --token [[<b40>]] --verbose",
        "call --api-key [[<x32>]] list",
        "x-api-key: [[<b40>]]",
        'set_header("X-Auth-Token", "[[<b40>]]")',
        "SECRET_KEY = '[[django-insecure-<b10>#<b10>@<b10>%<b8>]]'",
    ),
    "discord-token": ('client.run("[[{discord}]]")', "DISCORD=[[{discord}]]"),
    "jwt": ("Cookie: session=[[{jwt}]]; path=/", 'id_token: "[[{jwt}]]"'),
    "private-key": (
        "[[{pem:RSA }]]",
        "[[{pem:}]]",
        "[[{pem:EC }]]",
        "[[{pem:OPENSSH }]]",
        "[[{pem:ENCRYPTED }]]",
        "[[{encrypted}]]",
        "[[{pgp}]]",
        '{{"type": "service_account", "private_key": "[[{escaped}]]", "client_email": "a@b.iam"}}',
        "client-key-data: [[{kube}]]",
        "[[{putty}]]",
    ),
}
"""Secrets within what tells them; they stand between double brackets."""


def drawn(template: str, random: Random) -> str:
    """Fill a template's marks."""
    return _MARK.sub(lambda mark: _drawn(mark, random), template)


def _drawn(mark: re.Match[str], random: Random) -> str:
    if mark.group(3):
        return "-".join("".join(random.choices(ALPHABETS["x"], k=length)) for length in (8, 4, 4, 4, 12))
    value = "".join(random.choices(ALPHABETS[mark.group(1)], k=int(mark.group(2))))
    # A key neither begins nor ends with a sign: what surrounds it would take that for its own.
    return value if value[0].isalnum() and value[-1].isalnum() else _drawn(mark, random)


def _lines(text: str, width: int = 64) -> str:
    return "\n".join(text[start : start + width] for start in range(0, len(text), width))


def _pem(label: str, random: Random, size: int = 600, headers: str = "") -> str:
    body = _lines(base64.b64encode(random.randbytes(size)).decode())
    return f"-----BEGIN {label}-----\n{headers}{body}\n-----END {label}-----"


def _jwt(random: Random) -> str:
    def part(value: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()

    header: dict[str, object] = {"alg": random.choice(["HS256", "RS256", "ES256"]), "typ": "JWT"}
    if random.random() < 0.5:
        header["kid"] = drawn("<b32>", random)
    claims: dict[str, object] = {"iss": "https://id.corp.io", "sub": drawn("<b20>", random), "exp": 1_800_000_000}
    return f"{part(header)}.{part(claims)}.{drawn('<w86>', random)}"


def _made(name: str, random: Random) -> str:
    kind, _, label = name.partition(":")
    makers: dict[str, Callable[[], str]] = {
        "basic": lambda: base64.b64encode(f"deploy:{drawn('<b20>', random)}".encode()).decode(),
        "jwt": lambda: _jwt(random),
        "discord": lambda: (
            base64.b64encode(str(random.randrange(10**17, 10**18)).encode()).decode() + drawn(".<w6>.<w38>", random)
        ),
        "pem": lambda: _pem(f"{label}PRIVATE KEY", random, random.choice([120, 600, 1_700])),
        "encrypted": lambda: _pem(
            "RSA PRIVATE KEY",
            random,
            headers=f"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,{drawn('<O32>', random)}\n\n",
        ),
        "pgp": lambda: _pem("PGP PRIVATE KEY BLOCK", random, headers="Version: GnuPG v2\n\n"),
        "escaped": lambda: json.dumps(_pem("PRIVATE KEY", random))[1:-1],
        "kube": lambda: base64.b64encode(_pem("RSA PRIVATE KEY", random).encode()).decode(),
        "putty": lambda: (
            "PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\nComment: rsa-key-20260101\nPublic-Lines: 2\n"
            + _lines(drawn("<s120>", random))
            + "\nPrivate-Lines: 4\n"
            + _lines(drawn("<s250>", random))
            + f"\nPrivate-MAC: {drawn('<x64>', random)}"
        ),
    }
    return makers[kind]()


SURROUNDINGS: Final[dict[str, Callable[[str, Random], str]]] = {
    "prose": lambda key, random: f"The old one, {key}, was rotated last week, so please use the new one from now on.",
    "env file": lambda key, random: f"PORT=8080\nSERVICE={key}\nDEBUG=false\n",
    "YAML": lambda key, random: f"service:\n  replicas: 3\n  value: {key}\n  image: app:1.2\n",
    "JSON": lambda key, random: json.dumps(
        {"name": "prod", "value": key, "list": [1, 2]}, indent=random.choice([None, 2])
    ),
    "JSON in JSON": lambda key, random: json.dumps({"body": json.dumps({"text": f"first\n{key}\nlast"})}),
    "URL": lambda key, random: f"GET https://api.corp.io/v2/items?page=2&value={key}&limit=10 HTTP/1.1",
    "shell": lambda key, random: f"$ export VALUE='{key}' && ./deploy.sh --region eu-1",
    "Python": lambda key, random: f'client = Client(url, "{key}", timeout=30)\n',
    "log line": lambda key, random: f"2026-11-22T04:05:06Z INFO [worker-3] connecting value={key} attempt=1\n",
    "Markdown": lambda key, random: f"## Setup\n\n1. Set the value to `{key}`.\n2. Run **make**.\n",
    "base64 neighbour": lambda key, random: (
        f"{base64.b64encode(random.randbytes(30)).decode()}\n{key}\n" + base64.b64encode(random.randbytes(30)).decode()
    ),
}
"""What a self-telling secret may stand in."""

ASSIGNMENTS: Final[dict[str, Callable[[str, str], str]]] = {
    "env file": lambda name, key: f"PORT=8080\n{name}={key}\nDEBUG=false\n",
    "shell": lambda name, key: f'export {name}="{key}"\n',
    "YAML": lambda name, key: f"env:\n  {name}: {key}\n  replicas: 2\n",
    "quoted YAML": lambda name, key: f"env:\n  {name}: '{key}'\n",
    "JSON": lambda name, key: json.dumps({"a": 1, name: key, "b": [True]}),
    "JSON in JSON": lambda name, key: json.dumps({"body": json.dumps({name: key})}),
    "Python": lambda name, key: f'{name} = "{key}"\n',
    "dictionary": lambda name, key: f"settings = {{'{name}': '{key}', 'x': 1}}\n",
    "typed Python": lambda name, key: f'{name}: Final[str] = "{key}"\n',
    "XML": lambda name, key: f"<server>\n  <{name}>{key}</{name}>\n</server>\n",
    "fallback": lambda name, key: f'const x = process.env.{name} || "{key}";\n',
    "TOML": lambda name, key: f'[service]\n{name} = "{key}"\n',
    "header": lambda name, key: f"POST / HTTP/1.1\n{name}: {key}\nHost: x\n",
}


@dataclass(frozen=True, slots=True)
class Planted:
    """A text with one secret in it."""

    kind: str
    surroundings: str
    text: str
    secret: str

    @property
    def start(self) -> int:
        """Where the secret stands."""
        return self.text.index(self.secret)

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.secret)


def planted(random: Random, times: int = 1) -> Iterator[Planted]:
    """Yield every kind in all that it may stand in, so many times over."""
    for _ in range(times):
        for kind, templates in KEYS.items():
            for template in templates:
                for name, surround in SURROUNDINGS.items():
                    key = drawn(template, random)
                    plain = key.replace("[[", "").replace("]]", "")
                    yield _set_in(kind, name, surround(plain, random), key.partition("[[")[2].removesuffix("]]") or key)
        for kind, pairs in NAMED.items():
            for label, template in pairs:
                for name, assign in ASSIGNMENTS.items():
                    key = drawn(template, random)
                    yield _set_in(kind, name, assign(label, key), key)
        for kind, wholes in WHOLE.items():
            for whole in wholes:
                yield within(kind, whole, random)


def within(kind: str, whole: str, random: Random) -> Planted:
    """Return what tells a secret, drawn, with the secret in it."""
    filled = drawn(re.sub(r"\{(\w+(?::[A-Z ]*)?)\}", lambda mark: _made(mark.group(1), random), whole), random)
    filled = filled.replace("{{", "{").replace("}}", "}")
    before, _, rest = filled.partition("[[")
    secret, _, behind = rest.rpartition("]]")
    return Planted(kind, "its own", f"# begin\n{before}{secret}{behind}\nend of it\n", secret)


def _set_in(kind: str, name: str, text: str, key: str) -> Planted:
    for written in (key, json.dumps(key)[1:-1], quote(key)):
        if written in text:
            return Planted(kind, name, text, written)
    raise AssertionError(f"{kind} is not in {name}")
