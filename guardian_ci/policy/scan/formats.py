"""The formats of secrets: the one list that the rule and the log's redaction both read.

A format is known by a mark, and by a pattern that is tried where the mark stands. Marks are plain text, all found
in one pass; so a text without secrets costs that pass and next to nothing more. ``pattern`` is for finding: precise,
and judged by ``check``, since what it finds may fail a build. ``wide`` is for redaction, where a word too much costs
nothing and a key too few costs a key; a format without one is redacted as it is found.

No pattern looks further than ``REACH`` behind its mark or ``BACK`` before it, so that a stream needs to hold no more
than that, and every repetition is bounded where it can fail late, so that no text makes the search quadratic. What
may be longer goes on to where ``stop`` matches (through its group 1, if it has matched that).
A pattern asks for no word boundary where its prefix tells enough, since in JSON text the character before a key may
be the n of a newline. Group 1, where there is one, is the secret; else the whole is.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Final

from guardian_ci.model import RUN_TOKEN_PREFIX
from guardian_ci.policy.scan.randomness import UUID, counts, looks_like_password, looks_random, made_up

REACH: Final = 420
"""How far behind the beginning of its mark a format looks, in characters."""

BACK: Final = 260
"""How far before its mark a format looks."""

Check = Callable[[re.Match[str]], bool]


def value_of(match: re.Match[str]) -> str:
    """Return what a match takes for the secret: its group, or the whole of it."""
    return match.group(match.lastindex or 0)


def _no_placeholder(match: re.Match[str]) -> bool:
    return not made_up(value_of(match))


def _is_sure(_: re.Match[str]) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How one kind of secret is known.

    The pattern begins where the mark does; ``before``: so many characters earlier (each is tried); ``behind``: at the
    mark's end.
    """

    kind: str
    marks: tuple[str, ...]
    pattern: str | None = None
    check: Check = _no_placeholder
    stop: str | None = None
    wide: str | None = None
    before: tuple[int, ...] = ()
    behind: bool = False


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern when it is first needed: most formats never meet their mark."""
    return re.compile(pattern, re.ASCII)


# Where a key may begin: behind no letter or digit, if it is not the last of an escape in JSON or a URL.
_EDGE: Final = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrtbf])|(?<=\\u00[0-9a-fA-F]{2})|(?<=%[0-9a-fA-F]{2}))"
# The same for prefixes of a few letters, which base64 holds by chance.
_APART: Final = r"(?:(?<![\w\-+/])|(?<=\\[nrtbf])|(?<=\\u00[0-9a-fA-F]{2})|(?<=%[0-9a-fA-F]{2}))"
_END: Final = r"(?![A-Za-z0-9])"
_HEX8: Final = r"[0-9a-f]{8}"
_UUID: Final = UUID.pattern
_KEY: Final = r"[A-Za-z0-9_\-]"
_OPEN: Final = r"[\\\"'`\s]{0,4}"
"""What stands round the colon or equals sign between a name and its value, in whatever notation."""


def _format(
    kind: str,
    marks: str,
    pattern: str,
    *,
    check: Check = _no_placeholder,
    stop: str | None = None,
    wide: str | None = None,
) -> Format:
    return Format(kind=kind, marks=tuple(marks.split()), pattern=pattern, check=check, stop=stop, wide=wide)


def _open_ended(
    kind: str, marks: str, prefix: str, least: int, characters: str = r"\w\-", wide: str | None = None
) -> Format:
    """Return a format of keys of any length from ``least`` on."""
    pattern = rf"{prefix}[{characters}]{{{least},240}}"
    return _format(kind, marks, pattern, stop=f"[^{characters}]", wide=wide)


def _reaching_back(kind: str, mark: str, pattern: str, *before: int) -> Format:
    """Return a format whose mark stands inside the secret, so many characters behind its beginning."""
    return Format(kind=kind, marks=(mark,), pattern=pattern, before=before)


def _behind(kind: str, marks: Iterable[str], pattern: str, *, check: Check, stop: str | None = None) -> Format:
    """Return a format of values that only the name before them tells to be secrets."""
    return Format(kind=kind, marks=tuple(marks), pattern=pattern, check=check, stop=stop, behind=True)


def _for_redaction(kind: str, marks: str, wide: str) -> Format:
    return Format(kind=kind, marks=tuple(marks.split()), wide=wide)


def _cases(*words: str) -> Iterable[str]:
    """Return the ways in which code writes a word: ``api_key``, ``API_KEY``, ``Api_Key``, ``apiKey``."""
    return dict.fromkeys(form for word in words for form in (word, word.upper(), word.title(), _camel(word)))


def _camel(word: str) -> str:
    first, *others = re.split("[_-]", word)
    return first + "".join(map(str.title, others))


# ----- what follows a name -------------------------------------------------------------------------------------

_ASSIGNED: Final = (
    r"[A-Za-z0-9_.\-]{0,24}+[\\\"'`\])]{0,6}+[ \t]{0,8}+"
    r"(?:(?::[ \t]{0,2}[A-Za-z_][A-Za-z_.\[\]|]{0,24}+[ \t]{0,2}+)?=>?|[?:]{1,3}=|:|,|%3[Dd]|\|{1,2}|>)"
    r"[ \t]{0,8}+(?:[brfuBRFU]{1,2}(?=[\\\"']))?[\\\"'`(]{0,6}+"
)
"""The rest of a name and an assignment, in code, YAML, JSON, XML, a shell, a URL or a table."""

_VALUE: Final = r"[\w\-+/.~]{160}|[\w\-+/.~]{16,159}={0,2}(?![\w\-+/.~=({\[$%@*!])"
_NAME_BEFORE: Final = re.compile(r"[A-Za-z0-9_.\-]{0,60}\Z")
_NO_SECRET: Final = re.compile(
    r"hash|sha\d|sha_|digest|checksum|etag|commit|public|csrf|xsrf|nonce|next|page|continuation|cursor|sync|cancel|"
    r"fingerprint|revision|version|ersionid|thumbprint|integrity|cache|resume|pub[_-]?key|keyid|key_id|key-id|tokeniz|"
    r"design|color|sample|example|count|limit|type|name|path|file|url|uri|arn|test",
    re.IGNORECASE,
)
"""Names of what looks random and is no secret."""

_OF_A_PAGE: Final = re.compile(r"(?:next|page|continuation|sync|csrf|xsrf)[ \-]?token\Z", re.IGNORECASE)

_NAMES_A_KEY: Final = re.compile(r"key|secret|auth|pat\b|pass", re.IGNORECASE)


def _name(match: re.Match[str]) -> str:
    """The whole name that a value is assigned to: the mark, what stands before it and what follows."""
    text, start = match.string, match.start()
    before = _NAME_BEFORE.search(text, max(start - 60, 0), start)
    return (before.group() if before else "") + text[start : match.start(match.lastindex or 0)]


def _assigned_key(match: re.Match[str]) -> bool:
    value = value_of(match)
    is_uuid = UUID.fullmatch(value) is not None
    if "://" in value or not (is_uuid or looks_random(value)):
        return False
    name = _name(match)
    if _NO_SECRET.search(name) or _OF_A_PAGE.search(match.string, max(match.start() - 40, 0), match.start()):
        return False
    return not is_uuid or (_NAMES_A_KEY.search(name) is not None and not made_up(value))


def _assigned_password(match: re.Match[str]) -> bool:
    value = value_of(match)
    if _NOT_LITERAL.search(value) or not (looks_like_password(value) or looks_random(value)):
        return False
    name = _name(match)
    return not _NO_SECRET.search(name) and "," not in name


def _named(kind: str, service: str, value: str) -> Format:
    """Return a format whose keys only the name of their service tells: ``CLOUDFLARE_API_TOKEN=…``."""
    return _behind(kind, _cases(service), rf"{_ASSIGNED}({value})(?![\w\-])", check=_assigned_to_a_service)


def _assigned_to_a_service(match: re.Match[str]) -> bool:
    value = value_of(match)
    drawn = looks_random(value) or not (value.isalpha() or made_up(value))
    return drawn and not _NO_SECRET.search(_name(match))


# ----- what a value itself tells -------------------------------------------------------------------------------


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _is_token(match: re.Match[str]) -> bool:
    """Whether a JWT's header is one: JSON that names its algorithm."""
    header, payload = match.group().split(".")[:2]
    try:
        decoded = json.loads(_decoded(header))
    except (ValueError, RecursionError):
        return False
    return isinstance(decoded, dict) and "alg" in decoded and not payload.startswith(_TOKEN_OF_THE_MANUAL)


_TOKEN_OF_THE_MANUAL: Final = "eyJzdWIiOiIxMjM0NTY3ODkw"  # noqa: S105 - the subject 1234567890: every manual's token


def _is_basic(match: re.Match[str]) -> bool:
    """Whether Basic credentials hold a name and a password that is worth something."""
    try:
        _, colon, password = _decoded(value_of(match)).decode("ascii").partition(":")
    except UnicodeDecodeError:
        return False
    real = password.isprintable() and not made_up(value_of(match))
    return bool(colon) and real and _is_worth_something(password)


_STAND_INS: Final = re.compile(
    r"(?:(?:my|your|the|some|db|new|old|a|super|very|top|git|http|proxy)[_\-]?)*"
    r"(?:(?:pass(?:w(?:or)?d|phrase)?|pwd?|pw|secret|token|api_?key|key|user(?:name)?|login|admin|root|postgres|mysql|guest|"
    r"redis|mongo|rabbitmq|test(?:ing)?|demo|dev|local|default|example|changeme|change|foo|bar|baz|hunter2|x+|\*+|\.+|"
    r"none|null|empty|blank|credentials?|p|minio(?:admin)?|elastic|oauth2?|x-oauth-basic|x-access-token|fake|real|"
    r"(?:pserver:)?anon[a-z]*)[_\-]?){1,4}\d{0,6}",
    re.IGNORECASE,
)
_NOT_LITERAL: Final = re.compile(r"[$%][{(]|\$[A-Za-z]|[{}<>…]|\w[(\[]|\.\.\.|&(?:lt|gt|amp)")
_ESCAPED_BYTE: Final = re.compile(r"%[0-9a-fA-F]{2}")
_SHORTEST_PASSWORD: Final = 6
_SHORTEST_HEADER: Final = 20


def _is_worth_something(password: str) -> bool:
    """Whether a password in a place that is made for one is real: no stand-in, no variable."""
    if len(password) < _SHORTEST_PASSWORD or _NOT_LITERAL.search(password):
        return False
    plain = _ESCAPED_BYTE.sub("_", password)
    return not plain.isdecimal() and not _STAND_INS.fullmatch(plain) and not made_up(password + password)


_HOST: Final = re.compile(r"[\w.\-\[\]]{1,80}", re.ASCII)
_NOWHERE: Final = re.compile(
    r"(?:[\w\-]+\.)*(?:example|test|invalid|host(?:name)?|server|domain|myhost|your[\w\-]*|foo|bar|proxy)(?:\.\w{2,10}|\b)?\Z",
    re.IGNORECASE,
)
_AT_HOME: Final = re.compile(
    r"(?:localhost|127\.|0\.0\.0\.0|\[?::1|host\.docker\.internal|[a-z]{2,12}\Z)", re.IGNORECASE
)


def _is_password_in_url(match: re.Match[str]) -> bool:
    password = value_of(match)
    user = match.group()[3:].partition(":")[0]
    host = _HOST.match(match.string, match.end())
    if password == user or host is None or _NOWHERE.match(host.group()):
        return False
    if _AT_HOME.match(host.group()):
        return looks_like_password(password) or looks_random(password)
    return _is_worth_something(password)


_CONNECTION: Final = re.compile(
    r"(?:server|data ?source|host(?:name)?|user(?: id|name)?|uid|endpoint|initial catalog|database|driver)[ \t]?=",
    re.IGNORECASE,
)
_PART: Final = re.compile(r";[ \t]{0,2}[A-Za-z]{0,10}\Z")


def _is_in_connection_string(match: re.Match[str]) -> bool:
    """Whether ``password=`` stands among the other parts of a connection string, with semicolons between them."""
    text, start, end = match.string, match.start(), match.end()
    before = text[max(start - 200, 0) : start].rpartition("\n")[2]
    behind = text[end : end + 80].partition("\n")[0]
    if not (_PART.search(before) or behind.startswith(";")):
        return False
    return bool(_CONNECTION.search(before) or _CONNECTION.search(behind)) and _is_worth_something(match.group(1))


_PEM_HEADERS: Final = re.compile(r"[A-Za-z][A-Za-z\-]{2,24}: ?[^\n\\]{0,120}(?:\\r)?(?:\\n|\n|\r\n)")
_PEM_MARGIN: Final = re.compile(r"(?:\\{1,4}[nrt]|[\s\"'`+,|>#*;\\])+")
_PEM_BODY: Final = re.compile(r"[A-Za-z0-9+/=]+")
_PEM_LOOK: Final = 300
_PEM_LEAST: Final = 40


def _is_private_key(match: re.Match[str]) -> bool:
    """Whether a key follows the line that says so: code and manuals hold the line alone."""
    begin = match.end()
    text = match.string[begin : begin + _PEM_LOOK]
    body = _PEM_MARGIN.sub("", _PEM_HEADERS.sub("", text))
    key = _PEM_BODY.match(body)
    return key is not None and len(key.group()) >= _PEM_LEAST and not made_up(key.group()[:_PEM_LEAST])


def _is_encoded_private_key(match: re.Match[str]) -> bool:
    start = _decoded(match.group()[:64])
    return start.startswith(b"-----BEGIN ") and b"PRIVATE" in start


def _is_sas(match: re.Match[str]) -> bool:
    """Whether a signature stands among the other parts of a shared access signature."""
    start = match.start()
    around = match.string[max(start - 200, 0) : match.end() + 100]
    return "sv=20" in around or "se=20" in around or "se=1" in around


def _is_api_key(match: re.Match[str]) -> bool:
    """Whether a key that only begins with ``sk-`` is no stand-in; the other prefixes say more."""
    key = value_of(match)
    return not made_up(key) and ("-" in key[3:] or not counts(key))


def _is_random(match: re.Match[str]) -> bool:
    return looks_random(value_of(match))


def _is_header(match: re.Match[str]) -> bool:
    value = value_of(match)
    return len(value) >= _SHORTEST_HEADER and looks_random(value)


def _is_bearer_of_an_app(match: re.Match[str]) -> bool:
    return looks_random(match.group().lstrip("A"))


def _is_option(match: re.Match[str]) -> bool:
    """Whether a value follows an option (``--token VALUE``)."""
    before = match.string[max(match.start() - 40, 0) : match.start()]
    return _OPTION.search(before) is not None and looks_random(value_of(match))


_OPTION: Final = re.compile(r"(?:\A|[\s\"'`=])--[a-z0-9\-]{0,36} \Z")
_CREDENTIAL_LINE: Final = re.compile(
    r"login[ \t]+\S{1,60}[ \t\r\n]{1,8}password \Z|--[a-z0-9\-]{0,24}password \Z|(?:\A|\W)sshpass -p\Z"
)


def _is_password_option(match: re.Match[str]) -> bool:
    """Whether a value follows ``--password``, or the name in a ``.netrc``."""
    before = match.string[max(match.start() - 100, 0) : match.start()]
    value = value_of(match)
    return _CREDENTIAL_LINE.search(before) is not None and (looks_like_password(value) or looks_random(value))


def _is_curl_user(match: re.Match[str]) -> bool:
    line = match.string[max(match.start() - 160, 0) : match.start()].rpartition("\n")[2]
    return "curl" in line and (looks_like_password(value_of(match)) or looks_random(value_of(match)))


# ----- the list ------------------------------------------------------------------------------------------------

_PEM_BEGIN: Final = r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
_PEM_END: Final = r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
_OWNERS: Final = (
    "api app access auth private encryption signing master service admin account license deploy session storage "
    "webhook shared client consumer jwt hmac cipher"
)
_KEY_WORDS: Final = tuple(owner + sign + "key" for owner, sign in product(_OWNERS.split(), ("_", "-", "")))
_SECRETS_OF_ANY_SIGNS: Final = (
    "secret_key",
    "secret_key_base",
    "app_secret",
    "session_secret",
    "cookie_secret",
    "jwt_secret",
)
_SLACK: Final = "xoxa- xoxb- xoxc- xoxd- xoxe- xoxe. xoxo- xoxp- xoxr- xoxs- xapp-"
_TWO_DIGITS: Final = {"1": "MT", "2": "Mj", "3": "Mz", "4": "ND", "5": "NT", "6": "Nj", "7": "Nz", "8": "OD", "9": "OT"}
_DISCORD: Final = " ".join(first + second for first in _TWO_DIGITS.values() for second in "AEIMQUYcgk")
"""How base64 of a number begins: a Discord bot's token begins with its number."""

_PROVIDERS: Final = (
    _format(
        "api-key",
        "sk-",
        rf"{_EDGE}sk-[A-Za-z0-9]{{32,80}}(?![\w\-])|"
        rf"sk-(?:ant-[a-z]{{2,8}}\d{{0,2}}-[\w\-]{{24,240}}|(?:proj|svcacct|admin|service|None)-[\w\-]{{24,240}}|"
        rf"or-v1-[0-9a-f]{{64}}|lf-{_UUID})",
        check=_is_api_key,
        stop=r"[^\w\-]",
        wide=rf"sk-(?:(?:ant|proj|svcacct|admin|or|lf|live|test)-{_KEY}{{8,}}|[A-Za-z0-9]{{20,}})",
    ),
    _format(
        "google-key",
        "AIza AQ. ya29. GOCSPX- 1//0",
        rf"AIza[\w\-]{{35}}{_END}|{_EDGE}AQ\.[\w\-]{{40,240}}|{_EDGE}ya29\.[\w\-.]{{30,240}}|GOCSPX-[\w\-]{{28}}{_END}|"
        rf"{_EDGE}1//0[\w\-]{{40,120}}",
        stop=r"[^\w\-.]",
        wide=rf"(?:AIza|AQ\.|ya29\.|GOCSPX-|1//0)(?:{_KEY}|\.){{28,}}",
    ),
    _open_ended("service-token", "hf_", rf"{_APART}hf_", 30, "A-Za-z0-9", wide=r"hf_[A-Za-z0-9]{30,}"),
    _open_ended("service-token", "gsk_", r"gsk_", 40, "A-Za-z0-9", wide=r"gsk_[A-Za-z0-9]{30,}"),
    _open_ended("service-token", "xai-", rf"{_APART}xai-", 40, "A-Za-z0-9", wide=r"xai-[A-Za-z0-9]{30,}"),
    _open_ended("perplexity-key", "pplx-", r"pplx-", 40, "A-Za-z0-9"),
    _open_ended("huggingface-token", "api_org_", r"api_org_", 34, "A-Za-z"),
    _open_ended("replicate-token", "r8_", rf"{_APART}r8_", 36, "A-Za-z0-9"),
    _open_ended("cerebras-key", "csk-", rf"{_APART}csk-", 40, "a-z0-9"),
    _open_ended("fireworks-key", "fw_", rf"{_APART}fw_", 22, "A-Za-z0-9"),
    _open_ended("nvidia-key", "nvapi-", r"nvapi-", 50),
    _open_ended("tavily-key", "tvly-", r"tvly-(?:dev-|prod-)?", 28),
    _open_ended("langsmith-key", "lsv2_", r"lsv2_(?:pt|sk)_", 32),
    _open_ended("jina-key", "jina_", r"jina_", 40),
    _open_ended("e2b-key", "e2b_", rf"{_APART}e2b_", 40, "0-9a-f"),
    _open_ended("together-key", "tgp_v1_", r"tgp_v1_", 32),
    _format("voyage-key", "pa-", rf"{_APART}pa-[\w\-]{{43,60}}(?![\w\-])", check=_is_random),
    _format("elevenlabs-key", "sk_", rf"{_APART}sk_[0-9a-f]{{48}}{_END}"),
    _named("mistral-key", "mistral", r"[A-Za-z0-9]{32}"),
    _named("cohere-key", "cohere", r"[A-Za-z0-9]{40}"),
)

_CLOUD: Final = (
    _format(
        "aws-key-id",
        "AKIA ASIA ABIA ACCA",
        rf"{_EDGE}A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{{16}}{_END}",
        wide=r"A[A-Z]{3}[A-Z0-9]{16,}",
    ),
    _format(
        "aws-secret",
        "aws_secret_access_key AWS_SECRET_ACCESS_KEY SecretAccessKey secretAccessKey aws_secret_key AWS_SECRET_KEY",
        rf"[A-Za-z_]{{14,21}}{_ASSIGNED}([A-Za-z0-9/+]{{40}})(?![A-Za-z0-9/+])",
        wide=rf"[A-Za-z_]{{14,21}}{_OPEN}[:=]{_OPEN}([A-Za-z0-9/+]{{30,}}={{0,2}})",
    ),
    _open_ended("aws-session-token", "IQoJb3JpZ2lu FwoGZXIvYXdz FQoGZXIvYXdz", r"\w{12}", 100, "A-Za-z0-9+/="),
    _open_ended("aws-bedrock-key", "ABSK", rf"{_EDGE}ABSK", 100, "A-Za-z0-9+/="),
    _open_ended("aws-bedrock-key", "bedrock-api-key-YmVkcm9jay", r"bedrock-api-key-", 40, "A-Za-z0-9+/="),
    _format("azure-storage-key", "AccountKey=", r"AccountKey=([A-Za-z0-9+/]{86}==)"),
    _format("azure-access-key", "SharedAccessKey=", r"SharedAccessKey=([A-Za-z0-9+/]{40,44}={0,2})"),
    _format("azure-sas", "sig=", r"(?<=[?&;])sig=([A-Za-z0-9%+/]{43,70}(?:=|%3[Dd]){0,2})", check=_is_sas),
    _reaching_back("azure-client-secret", "Q~", rf"{_EDGE}[\w~.]{{3}}\dQ~[\w~.\-]{{31,34}}(?![\w~\-])", 4),
    _reaching_back("azure-devops-token", "AZDO", rf"{_EDGE}[A-Za-z0-9]{{76}}AZDO[A-Za-z0-9]{{4}}{_END}", 76),
    _reaching_back("azure-key", "+ASt", rf"{_EDGE}[A-Za-z0-9+/]{{76}}\+ASt[A-Za-z0-9+/]{{5,6}}={{1,2}}", 76),
    _reaching_back("azure-key", "ACDb", rf"{_EDGE}[A-Za-z0-9+/]{{76}}ACDb[A-Za-z0-9+/]{{5,6}}={{1,2}}", 76),
    _reaching_back("azure-key", "AzFu", rf"{_EDGE}[\w\-]{{44}}AzFu[\w\-]{{5}}[AQgw]==", 44),
    _reaching_back("azure-key", "JQQJ9", rf"{_EDGE}[A-Za-z0-9]{{52}}JQQJ9[A-Za-z0-9]{{27}}{_END}", 52),
    _format("digitalocean-token", "dop_v1_ doo_v1_ dor_v1_", rf"do[por]_v1_[0-9a-f]{{64}}{_END}"),
    _format("cloudflare-key", "v1.0-", rf"{_EDGE}v1\.0-[0-9a-f]{{24}}-[0-9a-f]{{146}}{_END}"),
    _named("cloudflare-key", "cloudflare", r"[A-Za-z0-9_\-]{40}|[0-9a-f]{37}"),
    _named("cloudflare-key", "cf_api", r"[A-Za-z0-9_\-]{40}|[0-9a-f]{37}"),
    _format("heroku-key", "HRKU-", rf"HRKU-(?:{_UUID}|AA[\w\-]{{50,60}})"),
    _named("heroku-key", "heroku", _UUID),
    _open_ended("fly-token", "fo1_ fm1a_ fm1r_ fm2_", rf"{_EDGE}(?:fo1|fm1a|fm1r|fm2)_", 40, r"\w+/=\-"),
    _named("vercel-token", "vercel", r"[A-Za-z0-9]{24}"),
    _format("alibaba-key", "LTAI", rf"{_EDGE}LTAI[A-Za-z0-9]{{12,24}}{_END}"),
    _named("alibaba-key", "alibaba", r"[A-Za-z0-9]{30}"),
    _named("alibaba-key", "aliyun", r"[A-Za-z0-9]{30}"),
    _format("tencent-key", "AKID", rf"{_EDGE}AKID[A-Za-z0-9]{{32}}{_END}"),
    _format("yandex-key", "AQVN", rf"{_EDGE}AQVN[\w\-]{{35,38}}{_END}"),
    _reaching_back("terraform-token", ".atlasv1.", rf"{_EDGE}[A-Za-z0-9]{{14}}\.atlasv1\.[\w\-=]{{60,70}}", 14),
    _format("databricks-token", "dapi", rf"{_EDGE}dapi[0-9a-f]{{32}}(?:-\d)?{_END}"),
    _open_ended("openshift-token", "sha256~", r"sha256~", 43),
    _format("octopus-key", "API-", rf"{_APART}API-(?=[A-Z]{{0,25}}[0-9])[A-Z0-9]{{26}}{_END}"),
    _format("scalingo-token", "tk-us-", rf"{_APART}tk-us-[\w\-]{{48}}(?![\w\-])"),
    _format("clickhouse-key", "4b1d", rf"{_EDGE}4b1d[A-Za-z0-9]{{38}}{_END}", check=_is_random),
    _open_ended("netlify-token", "nfp_", rf"{_APART}nfp_", 36, "A-Za-z0-9"),
    _open_ended("render-key", "rnd_", rf"{_APART}rnd_", 28, "A-Za-z0-9"),
    _open_ended("tailscale-key", "tskey-", r"tskey-[a-z]{2,12}-", 20),
)

_CODE: Final = (
    _format(
        "github-token",
        "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
        r"gh[pousr]_[A-Za-z0-9]{36,240}|github_pat_[A-Za-z0-9_]{60,240}",
        stop=r"[^A-Za-z0-9_]",
        wide=r"(?:gh[pousr]|github_pat)_[A-Za-z0-9_.\-]{20,}",
    ),
    _format(
        "gitlab-token",
        "glpat- glptt- gldt- glrt- glrtr- glcbt- glsoat- glft- glffct- glimt- glagent- gloas-",
        r"gl[a-z]{2,5}-(?:[a-z]{1,6}_)?[\w\-]{20,240}",
        stop=r"[^\w\-.]",
        wide=rf"gl[a-z]+-(?:{_KEY}|\.){{16,}}",
    ),
    _format("gitlab-session", "_gitlab_session=", rf"_gitlab_session=([0-9a-z]{{32}}){_END}"),
    _format("gitlab-token", "GR1348941", r"GR1348941[\w\-]{20}"),
    _open_ended("bitbucket-token", "ATBB", rf"{_EDGE}ATBB", 28, "A-Za-z0-9"),
    _open_ended("atlassian-token", "ATATT3 ATCTT3", r"AT[AC]TT3", 60, r"\w\-="),
    _named("gitea-token", "gitea", r"[0-9a-f]{40}"),
    _named("gitea-token", "forgejo", r"[0-9a-f]{40}"),
    _open_ended("service-token", "npm_", rf"{_APART}npm_", 36, "A-Za-z0-9", wide=r"npm_[A-Za-z0-9]{30,}"),
    _open_ended("pypi-token", "pypi-", r"pypi-AgE", 48, wide=rf"pypi-{_KEY}{{40,}}"),
    _format("rubygems-key", "rubygems_", rf"rubygems_[0-9a-f]{{48}}{_END}"),
    _format("crates-token", "cio", rf"{_EDGE}cio[A-Za-z0-9]{{32}}{_END}"),
    _format("nuget-key", "oy2", rf"{_EDGE}oy2[a-z0-9]{{43}}{_END}"),
    _format("clojars-token", "CLOJARS_", rf"CLOJARS_[0-9a-z]{{60}}{_END}"),
    _open_ended("docker-token", "dckr_pat_ dckr_oat_", r"dckr_[po]at_", 27),
    _format("jfrog-key", "AKCp cmVmd", rf"{_EDGE}(?:AKCp[A-Za-z0-9]{{69}}|cmVmd[A-Za-z0-9]{{59}}){_END}"),
    _format("sonar-token", "squ_ sqp_ sqa_", rf"sq[upa]_[0-9a-f]{{40}}{_END}"),
    _format("sourcegraph-token", "sgp_", rf"sgp_(?:(?:[0-9a-fA-F]{{16}}|local)_)?[0-9a-fA-F]{{40}}{_END}"),
    _format("buildkite-token", "bkua_", rf"bkua_[0-9a-f]{{40}}{_END}"),
    _format("circleci-token", "CCIPAT_ CCIPRJ_", rf"CCIP(?:AT|RJ)_[A-Za-z0-9]{{22}}_[0-9a-f]{{40}}{_END}"),
    _format("snyk-token", "snyk_", r"snyk_(?:uat|sat)\.[\w\-.]{40,240}"),
    _named("snyk-token", "snyk", _UUID),
)

_SERVICES: Final = (
    _format(
        "slack-token",
        _SLACK,
        r"xox[abcdeoprs][.\-](?:xox[bp]-)?(?:\d{1,14}-){1,6}[\w%+/=\-]{10,200}|xapp-\d-[A-Z0-9]{6,16}-\d{8,16}-[0-9a-f]{32,80}",
        stop=r"[^\w%+/=\-]",
        wide=rf"x[a-z]+[.\-](?:{_KEY}|\.){{10,}}",
    ),
    _format(
        "slack-webhook",
        "hooks.slack.com/",
        r"hooks\.slack\.com/((?:services|workflows|triggers)/[A-Za-z0-9]{8,16}/[A-Za-z0-9]{8,20}/[A-Za-z0-9/]{16,80})",
        wide=r"hooks\.slack\.com/([A-Za-z0-9/_]{16,})",
    ),
    _format(
        "discord-webhook",
        "discord.com/api/ discordapp.com/api/",
        r"discord(?:app)?\.com/api/(?:v\d{1,2}/)?webhooks/(\d{17,20}/[\w\-]{60,80})",
    ),
    _format("discord-token", _DISCORD, rf"{_EDGE}[MNO][A-Za-z0-9_\-]{{22,28}}\.[\w\-]{{6}}\.[\w\-]{{27,45}}(?![\w\-])"),
    _format(
        "teams-webhook",
        ".webhook.office.com/",
        rf"\.webhook\.office\.com/(webhookb2/{_UUID}@{_UUID}/[\w/\-]{{40,160}})",
    ),
    _reaching_back("telegram-token", ":AA", r"(?<![\d:])\d{8,10}:AA[\w\-]{32,33}(?![\w\-])", 10, 9, 8),
    _format(
        "stripe-key",
        "sk_live_ sk_test_ rk_live_ rk_test_ sk_prod_ rk_prod_",
        r"[rs]k_(?:live|test|prod)_[A-Za-z0-9]{10,240}",
        stop=r"[^A-Za-z0-9]",
        wide=r"[rs]k_(?:live|test|prod)_[A-Za-z0-9]{10,}",
    ),
    _open_ended("stripe-key", "whsec_", r"whsec_", 32, "A-Za-z0-9+/="),
    _format("twilio-key", "SK", rf"{_EDGE}SK[0-9a-fA-F]{{32}}{_END}"),
    _named("twilio-key", "twilio", r"[0-9a-f]{32}"),
    _format("sendgrid-key", "SG.", rf"{_EDGE}SG\.[\w\-=]{{16,24}}\.[\w\-=]{{39,50}}"),
    _format("mailgun-key", "key-", rf"{_APART}key-[0-9a-f]{{32}}{_END}"),
    _named("mailgun-key", "mailgun", rf"[0-9a-f]{{32}}-{_HEX8}-{_HEX8}"),
    _reaching_back("mailchimp-key", "-us", rf"{_EDGE}[0-9a-f]{{32}}-us\d{{1,2}}{_END}", 32),
    _format("brevo-key", "xkeysib-", rf"xkeysib-[0-9a-f]{{64}}-[A-Za-z0-9]{{16}}{_END}"),
    _format("shopify-token", "shpat_ shpca_ shppa_ shpss_", rf"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{{32}}{_END}"),
    _open_ended("square-token", "sq0atp- sq0csp- sq0idp-", r"sq0[a-z]{3}-", 22),
    _format("square-token", "EAAA", rf"{_EDGE}EAAA[\w\-+=]{{30,60}}(?![\w\-+=])", check=_is_random),
    _format(
        "paypal-token", "access_token$", rf"access_token\$(?:production|sandbox)\$[0-9a-z]{{16}}\$[0-9a-f]{{32}}{_END}"
    ),
    _named("paypal-key", "paypal", r"[AE][\w\-]{79}"),
    _format("notion-token", "ntn_", rf"{_EDGE}ntn_[A-Za-z0-9]{{40,50}}{_END}"),
    _format("notion-token", "secret_", rf"{_EDGE}secret_[A-Za-z0-9]{{43}}{_END}"),
    _open_ended("linear-key", "lin_api_ lin_oauth_", r"lin_(?:api|oauth)_", 36, "A-Za-z0-9"),
    _open_ended("figma-token", "figd_ figo_ figor_", r"fig(?:d|or?)_", 36),
    _format("postman-key", "PMAK-", rf"PMAK-[0-9a-f]{{24}}-[0-9a-f]{{34}}{_END}"),
    _format("new-relic-key", "NRAK- NRII- NRJS-", rf"NR(?:AK-[A-Z0-9]{{27}}|II-[\w\-]{{32}}|JS-[0-9a-f]{{19}}){_END}"),
    _reaching_back("new-relic-key", "NRAL", rf"{_EDGE}[0-9a-f]{{36}}NRAL{_END}", 36),
    _named("datadog-key", "datadog", r"[0-9a-f]{32}|[0-9a-f]{40}"),
    _named("datadog-key", "dd_ap", r"[0-9a-f]{32}|[0-9a-f]{40}"),
    _open_ended("sentry-token", "sntrys_", r"sntrys_eyJ", 60, r"A-Za-z0-9+/=_"),
    _format("sentry-token", "sntryu_", rf"sntryu_[0-9a-f]{{64}}{_END}"),
    _open_ended("grafana-token", "glc_", rf"{_EDGE}glc_", 32, r"A-Za-z0-9+/="),
    _format("grafana-token", "glsa_", rf"glsa_[A-Za-z0-9]{{32}}_[0-9a-fA-F]{{8}}{_END}"),
    _open_ended("grafana-token", "eyJrIjoi", rf"{_EDGE}eyJrIjoi", 60, r"A-Za-z0-9="),
    _format("dynatrace-token", "dt0", rf"{_EDGE}dt0[a-z]\d{{2}}\.[A-Za-z0-9]{{24}}\.[A-Za-z0-9]{{64}}{_END}"),
    _named("algolia-key", "algolia", r"[0-9a-f]{32}"),
    _named("airtable-token", "airtable", r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}|key[A-Za-z0-9]{14}"),
    _format(
        "doppler-token", "dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit.", rf"{_EDGE}dp\.[a-z]{{2,5}}\.[\w.\-]{{40,80}}"
    ),
    _open_ended("vault-token", "hvs. hvb. hvr.", rf"{_EDGE}hv[sbr]\.", 24),
    _open_ended("1password-token", "ops_eyJ", r"ops_eyJ", 60, "A-Za-z0-9+/=_-"),
    _format(
        "1password-key",
        "A3-",
        rf"{_EDGE}A3-[A-Z0-9]{{6}}-(?:[A-Z0-9]{{11}}|[A-Z0-9]{{6}}-[A-Z0-9]{{5}})(?:-[A-Z0-9]{{5}}){{3}}{_END}",
    ),
    _format("pulumi-token", "pul-", rf"{_EDGE}pul-[0-9a-f]{{40}}{_END}"),
    _open_ended("planetscale-token", "pscale_", r"pscale_(?:tkn|pw|oauth)_", 32, r"\w=.\-"),
    _format("supabase-token", "sbp_", rf"{_EDGE}sbp_[0-9a-f]{{40}}{_END}"),
    _open_ended("supabase-token", "sb_secret_", r"sb_secret_", 28),
    _named("okta-token", "okta", r"00[\w\-]{40}"),
    _format("hubspot-token", "pat-na1- pat-na2- pat-eu1-", rf"pat-(?:na|eu)\d-{_UUID}"),
    _open_ended("contentful-token", "CFPAT-", r"CFPAT-", 40),
    _open_ended("typeform-token", "tfp_", rf"{_APART}tfp_", 40, r"\w.\-"),
    _open_ended("prefect-key", "pnu_", rf"{_APART}pnu_", 36, "A-Za-z0-9"),
    _open_ended("infracost-key", "ico-", rf"{_APART}ico-", 32, "A-Za-z0-9"),
    _format("adobe-secret", "p8e-", rf"{_APART}p8e-[A-Za-z0-9]{{32}}{_END}"),
    _open_ended("adafruit-key", "aio_", rf"{_APART}aio_", 28, "A-Za-z0-9"),
    _format("shippo-token", "shippo_", rf"shippo_(?:live|test)_[0-9a-fA-F]{{40}}{_END}"),
    _open_ended("duffel-token", "duffel_", r"duffel_(?:live|test)_", 40),
    _format("easypost-key", "EZAK EZTK", rf"{_EDGE}EZ[AT]K[A-Za-z0-9]{{54}}{_END}"),
    _format("plaid-token", "access-", rf"{_EDGE}access-(?:sandbox|development|production)-{_UUID}"),
    _format("mapbox-token", "sk.eyJ", rf"{_EDGE}sk\.eyJ[\w\-]{{60,120}}\.[\w\-]{{20,30}}"),
    _format("flutterwave-key", "FLWSECK", rf"FLWSECK(?:_TEST)?-[0-9a-zA-Z]{{12,64}}(?:-X)?{_END}"),
    _open_ended("frameio-token", "fio-u-", rf"{_APART}fio-u-", 60, r"\w\-="),
    _format("harness-key", "pat. sat.", rf"{_APART}[ps]at\.[\w\-]{{22}}\.[0-9a-zA-Z]{{24}}\.[0-9a-zA-Z]{{20}}{_END}"),
    _format("intra42-secret", "s-s4t2", rf"s-s4t2(?:ud|af)-[0-9a-f]{{64}}{_END}"),
    _reaching_back("maxmind-key", "_mmk", rf"{_EDGE}[A-Za-z0-9]{{6}}_[A-Za-z0-9]{{29}}_mmk{_END}", 36),
    _format("readme-key", "rdme_", rf"rdme_[a-z0-9]{{70}}{_END}"),
    _open_ended("settlemint-token", "sm_aat_ sm_pat_ sm_sat_", rf"{_EDGE}sm_[aps]at_", 16, "A-Za-z0-9"),
    _format("twitter-token", "A" * 22, rf"{_EDGE}A{{22}}[A-Za-z0-9%]{{70,120}}", check=_is_bearer_of_an_app),
    _format("facebook-token", "EAAM EAAC", rf"{_EDGE}EAA[MC][A-Za-z0-9]{{100,240}}", check=_is_random),
)

_KEYS: Final = (
    _format(
        "private-key",
        "-----BEGIN",
        _PEM_BEGIN,
        check=_is_private_key,
        stop=rf"({_PEM_END})|[^\w+/=\s\\\"'`,:.|>#*()\-]",
        wide=rf"{_PEM_BEGIN}(?s:.*?)(?:{_PEM_END}|\Z)",
    ),
    _format(
        "private-key",
        "PuTTY-User-Key-File-",
        r"PuTTY-User-Key-File-\d: [\w\-]{3,40}(?=(?:\\r)?(?:\s|\\n)[\s\\nr]{0,3}Encryption: )",
        check=_is_sure,
        stop=r"(Private-MAC: [0-9a-f]{40,64})|[^\w+/=\s\\\"'`,:.|>#*()@\-]",
    ),
    _format(
        "private-key",
        "LS0tLS1CRUdJTi",
        r"LS0tLS1CRUdJTi[A-Za-z0-9+/]{50,240}",
        check=_is_encoded_private_key,
        stop=r"[^A-Za-z0-9+/=]",
    ),
    _format("age-key", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[A-Z0-9]{58}"),
    _format(
        "jwt",
        "eyJ",
        rf"{_EDGE}eyJ[\w\-]{{12,280}}\.[\w\-]{{10}}",
        check=_is_token,
        stop=r"[^\w\-.]",
        wide=rf"eyJ{_KEY}{{16,}}(?:\.{_KEY}+){{0,4}}",
    ),
)

_PLACES: Final = (
    _format(
        "bearer-token",
        "Bearer bearer",
        r"[Bb]earer[ \t]{1,8}([\w\-.~+/]{20,240}={0,2})",
        check=_is_random,
        stop=r"[^\w\-.~+/=]",
        wide=r"[Bb]earer[ \t]{1,8}([A-Za-z0-9_\-.~+/]{12,}={0,2})",
    ),
    _format("credentials", "Basic basic", r"[Bb]asic[ \t]{1,8}([A-Za-z0-9+/]{12,240}={0,2})", check=_is_basic),
    _for_redaction(
        "credentials",
        "Authorization authorization",
        rf"[Aa]uthorization{_OPEN}[:=]{_OPEN}(?:[Bb]asic|[Tt]oken)[ \t]{{1,8}}([A-Za-z0-9_\-.~+/]{{8,}}={{0,2}})",
    ),
    _behind(
        "credentials",
        ("Authorization", "authorization"),
        rf"{_OPEN}[:=]{_OPEN}(?:(?:[Tt]oken|[Aa]pi-?[Kk]ey|[Kk]ey|GenieKey|SSWS|Bot)[ =]{{1,3}})?({_VALUE})",
        check=_is_header,
        stop=r"[^\w\-+/.~=]",
    ),
    _format(
        "credentials",
        '"auth" _auth=',
        r"(?:\"auth\\{0,3}\"[ \t]{0,3}:[ \t]{0,3}\\{0,3}\"|_auth=\"?)([A-Za-z0-9+/]{12,240}={0,2})",
        check=_is_basic,
    ),
    _format(
        "credentials",
        "-u --user",
        r"(?:-u|--user)[ =]{1,3}[\\\"']{0,2}[\w.@+\-]{1,64}:([^\s\"'\\$:]{8,100})",
        check=_is_curl_user,
    ),
    _for_redaction(
        "header-key",
        "api-key Api-Key API-Key API-KEY",
        rf"[Aa][Pp][Ii]-[Kk][Ee][Yy]{_OPEN}[:=]{_OPEN}([A-Za-z0-9_\-.~+/]{{12,}})",
    ),
    _format(
        "password",
        "://",
        r"://[^\s/:@\"'<>\\`]{0,80}+:([^\s/\"'<>\\`]{3,200})@",
        check=_is_password_in_url,
        wide=r"://[^\s/:@\"'<>\\]{0,256}:([^\s/\"'<>\\]{1,256})@",
    ),
    _behind(
        "password",
        _cases("password", "pwd"),
        r"[ \t]?=[ \t]?([^\s\"'`\\;<>]{6,120})(?=[;\"'`\\\s]|\Z)",
        check=_is_in_connection_string,
    ),
    _behind(
        "password",
        _cases("password", "passwd", "passphrase", "pwd"),
        rf"{_ASSIGNED}(?:(?<=[\"'`])([^\s\"'`\\]{{8,120}})(?=[\"'`\\])|"
        r"([^\s\"'`\\<>;,&(){}\[\]|]{8,120})(?=[\"'`\\<>;,&)}\]|\s]|\Z))",
        check=_assigned_password,
    ),
    _behind(
        "password",
        ("password ", "sshpass -p"),
        r"[ \t]{0,3}[\"']?([^\s\"'`\\]{8,120})",
        check=_is_password_option,
    ),
    _behind(
        "assigned-secret",
        _cases("secret", "token", "credential", *_KEY_WORDS),
        rf"{_ASSIGNED}({_VALUE})",
        check=_assigned_key,
        stop=r"[^\w\-+/.~=]",
    ),
    _behind(
        "assigned-secret",
        _cases(*_SECRETS_OF_ANY_SIGNS),
        rf"{_ASSIGNED}(?<=[\"'])([^\s\"'`\\{{}}<>]{{24,120}})(?=[\"'\\])",
        check=_assigned_key,
    ),
    _behind(
        "assigned-secret",
        ("secret ", "token ", "-key "),
        rf"[\"']?({_VALUE})",
        check=_is_option,
        stop=r"[^\w\-+/.~=]",
    ),
    _for_redaction("run-token", RUN_TOKEN_PREFIX, rf"{re.escape(RUN_TOKEN_PREFIX)}{_KEY}{{16,}}"),
)

FORMATS: Final[tuple[Format, ...]] = (*_PROVIDERS, *_CLOUD, *_CODE, *_SERVICES, *_KEYS, *_PLACES)
"""All of them. Of two that match at the same place, the first gives the name."""
