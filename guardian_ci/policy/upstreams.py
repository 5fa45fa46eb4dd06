"""Upstreams: where calls go. Each entry says which models it serves over which wire protocols, and at whose prices.

The three built-in entries are the providers' own; they come last and serve what no further entry does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from guardian_ci.model import WireProtocol
from guardian_ci.policy.model_globs import model_matches
from guardian_ci.pricing.hosts import host_facts
from guardian_ci.pricing.rates import CustomPrice

_CHAT: Final = WireProtocol.OPENAI_CHAT
_RESPONSES: Final = WireProtocol.OPENAI_RESPONSES
_MESSAGES: Final = WireProtocol.ANTHROPIC_MESSAGES
_GEMINI: Final = WireProtocol.GEMINI_GENERATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is known of all upstreams of one kind.

    ``can`` are the wire protocols that they may speak, and below which path; ``speaks`` those that an entry means
    where it names none. ``provider`` says whose prices hold where the host does not tell. ``needs`` are the members
    that an entry must have; ``chain``: credentials come from a cloud's own chain where no key is named.
    """

    can: Mapping[WireProtocol, str]
    speaks: tuple[WireProtocol, ...]
    provider: str
    url: str = ""
    key_variable: str | None = None
    needs: tuple[str, ...] = ()
    chain: bool = False


KINDS: Final[Mapping[str, Kind]] = {
    "anthropic": Kind(
        can={_MESSAGES: ""},
        speaks=(_MESSAGES,),
        provider="anthropic",
        url="https://api.anthropic.com",
        key_variable="ANTHROPIC_API_KEY",
    ),
    "openai": Kind(
        can={_CHAT: "", _RESPONSES: ""},
        speaks=(_CHAT, _RESPONSES),
        provider="openai",
        url="https://api.openai.com",
        key_variable="OPENAI_API_KEY",
    ),
    "gemini": Kind(
        can={_GEMINI: ""},
        speaks=(_GEMINI,),
        provider="gemini",
        url="https://generativelanguage.googleapis.com",
        key_variable="GEMINI_API_KEY",
    ),
    "openrouter": Kind(
        can={_CHAT: "", _RESPONSES: "", _MESSAGES: ""},
        speaks=(_CHAT, _RESPONSES, _MESSAGES),
        provider="openrouter",
        url="https://openrouter.ai/api/v1",
        key_variable="OPENROUTER_API_KEY",
    ),
    "azure": Kind(
        can={_CHAT: "", _RESPONSES: ""},
        speaks=(_CHAT, _RESPONSES),
        provider="azure",
        key_variable="AZURE_OPENAI_API_KEY",
        needs=("url",),
    ),
    "mistral": Kind(
        can={_CHAT: ""},
        speaks=(_CHAT,),
        provider="mistral",
        url="https://api.mistral.ai/v1",
        key_variable="MISTRAL_API_KEY",
    ),
    "xai": Kind(
        can={_CHAT: "", _RESPONSES: "", _MESSAGES: ""},
        speaks=(_CHAT, _RESPONSES, _MESSAGES),
        provider="x-ai",
        url="https://api.x.ai/v1",
        key_variable="XAI_API_KEY",
    ),
    "deepseek": Kind(
        can={_CHAT: "", _MESSAGES: "/anthropic"},
        speaks=(_CHAT, _MESSAGES),
        provider="deepseek",
        url="https://api.deepseek.com",
        key_variable="DEEPSEEK_API_KEY",
    ),
    "compatible": Kind(
        can={_CHAT: "", _RESPONSES: "", _MESSAGES: ""}, speaks=(_CHAT,), provider="compatible", needs=("url",)
    ),
    "bedrock": Kind(can={_MESSAGES: ""}, speaks=(_MESSAGES,), provider="aws", needs=("region",), chain=True),
    "vertex": Kind(
        can={_MESSAGES: ""}, speaks=(_MESSAGES,), provider="google", needs=("project", "location"), chain=True
    ),
}
"""``compatible`` is whoever speaks like OpenAI and is nobody's that we know: vLLM, Ollama, a gateway."""

OWN: Final[Mapping[WireProtocol, str]] = {
    _MESSAGES: "anthropic",
    _CHAT: "openai",
    _RESPONSES: "openai",
    _GEMINI: "gemini",
}
"""The built-in entry of each wire protocol."""

BUILT_IN: Final = tuple(dict.fromkeys(OWN.values()))
_NO_HOST: Final = frozenset({"compatible", "bedrock", "vertex"})
"""Kinds that no host tells: the clouds' hosts also serve other APIs, so an entry has to say that it means this one."""
_BY_PROVIDER: Final = {kind.provider: name for name, kind in KINDS.items() if name not in _NO_HOST}
_MULTI_REGIONS: Final = frozenset({"us", "eu"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """One entry, whole.

    ``models`` are globs of model ids (None: all). ``model_ids`` says what the upstream calls a model (an Azure
    deployment, Bedrock's id), by id or glob. ``provider`` is whose prices hold, ``geo`` the geography that its host
    binds tokens to. ``free``: every price at it is zero, as ``prices`` says. ``key`` names the key among those that
    the proxy holds: a built-in entry's by its name, any other's by its variable; None without one.
    """

    name: str
    kind: str
    url: str
    protocols: tuple[WireProtocol, ...]
    provider: str
    models: tuple[str, ...] | None = None
    model_ids: Mapping[str, str] = field(default_factory=dict)
    geo: str | None = None
    prices: tuple[CustomPrice, ...] = ()
    free: bool = False
    key: str | None = None
    api_version: str | None = None
    region: str = ""
    project: str = ""
    location: str = ""

    @property
    def built_in(self) -> bool:
        """Whether the entry is a provider's own: an agent that speaks its protocol means it."""
        return self.name in BUILT_IN

    @property
    def chain(self) -> bool:
        """Whether its credentials come from a cloud's own chain."""
        return KINDS[self.kind].chain and self.key is None

    def serves(self, protocol: WireProtocol, model: str) -> bool:
        """Whether a model is served over a protocol, be it under the upstream's own id for it."""
        if protocol not in self.protocols:
            return False
        if self.models is None or model in self.model_ids.values():
            return True
        return any(model_matches(glob, model) for glob in self.models)

    def id_of(self, model: str) -> str:
        """What the upstream calls a model; the model's own id where the entry does not say."""
        return next((name for glob, name in self.model_ids.items() if model_matches(glob, model)), model)

    def model_of(self, name: str) -> str:
        """The model that the upstream calls by a name (an Azure deployment's); the name itself where no id is said."""
        said = (glob for glob, each in self.model_ids.items() if each == name and not set(glob) & set("*?["))
        return next(said, name)

    def billed_as(self, model: str) -> str | None:
        """The upstream's own id for a model, where it is another; a deployment's name says nothing of its price."""
        name = self.id_of(model)
        return None if name == model or self.kind == "azure" else name


def choose(upstreams: Mapping[str, Upstream], protocol: WireProtocol, model: str) -> Upstream | None:
    """Find who serves a model over a protocol: the first further entry that does, else the provider's own.

    None where the provider's own entry is bound to other models.
    """
    for upstream in upstreams.values():
        if not upstream.built_in and upstream.serves(protocol, model):
            return upstream
    own = own_of(upstreams, protocol)
    return own if own.serves(protocol, model) else None


def only(upstreams: Mapping[str, Upstream], protocol: WireProtocol) -> Upstream | None:
    """Find who serves every model over a protocol; None where the model decides."""
    several = any(not each.built_in and protocol in each.protocols for each in upstreams.values())
    return None if several else own_of(upstreams, protocol)


def own_of(upstreams: Mapping[str, Upstream], protocol: WireProtocol) -> Upstream:
    """Find the provider's own entry for a protocol, which also serves what names no model."""
    name = OWN[protocol]
    return upstreams.get(name) or _DEFAULTS[name]


def kind_of(name: str, url: str | None, kind: str | None) -> str | None:
    """Tell what an entry is: as it says, as its host tells, as it is called; None where nobody can tell."""
    if kind is not None or name in BUILT_IN:
        return kind or name
    if url is not None:
        return _kind_at(url) or "compatible"
    return name if name in KINDS else None


def _kind_at(url: str) -> str | None:
    """Tell a kind by the host."""
    return _BY_PROVIDER.get(host_facts(urlsplit(url).hostname or "").provider or "")


def upstream_of(
    name: str,
    *,
    url: str | None = None,
    kind: str | None = None,
    protocols: tuple[str, ...] | None = None,
    provider: str | None = None,
    key_variable: str | None = None,
    region: str = "",
    project: str = "",
    location: str = "",
    **said: Any,
) -> Upstream:
    """Make an entry of what the policy says of it, which the checks have passed."""
    known = kind_of(name, url, kind) or "compatible"
    facts = KINDS[known]
    own = [protocol for protocol, owner in OWN.items() if owner == name]
    spoken = tuple(WireProtocol(each) for each in protocols) if protocols else tuple(own) or facts.speaks
    base = (url or _cloud_url(known, region, location) or facts.url).rstrip("/")
    host = host_facts(urlsplit(base).hostname or "")
    usual = name if name in BUILT_IN else facts.key_variable
    return Upstream(
        name=name,
        kind=known,
        url=base,
        protocols=tuple(protocol for protocol in spoken if protocol in facts.can),
        provider=provider or host.provider or facts.provider,
        geo=host.geo or (location if location != "global" else None) or None,
        key=key_variable or (None if facts.chain else usual),
        region=region,
        project=project,
        location=location,
        **said,
    )


def _cloud_url(kind: str, region: str, location: str) -> str:
    """Where a cloud serves a region."""
    if kind == "bedrock":
        return f"https://bedrock-runtime.{region}.amazonaws.com"
    if kind != "vertex":
        return ""
    if location in _MULTI_REGIONS:
        return f"https://aiplatform.{location}.rep.googleapis.com"
    return f"https://{'' if location == 'global' else location + '-'}aiplatform.googleapis.com"


_DEFAULTS: Final = {name: upstream_of(name) for name in BUILT_IN}
