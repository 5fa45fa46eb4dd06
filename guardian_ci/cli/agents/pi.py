"""Pi: a folder of its own for the file that names where its providers' models are."""

import json
from typing import Final

from guardian_ci.cli.agents.agent import Agent, Place, Setup
from guardian_ci.model import WireProtocol

_FOLDER: Final = "pi"
_MODELS: Final = "models.json"


def _prepare(place: Place) -> Setup:
    """Lead the providers that it has built in to the proxy; the login is left out, because it outranks the token."""
    own = place.user_folder("PI_CODING_AGENT_DIR", ".pi/agent")
    providers = {
        "anthropic": {"baseUrl": place.base},
        "openai": {"baseUrl": f"{place.base}/v1"},
        "google": {"baseUrl": f"{place.base}/v1beta"},
    }
    text = json.dumps({"providers": providers}, indent=2) + "\n"
    # A private folder of an outer guardian-ci is no news.
    strange = (own / _MODELS).is_file() and own.name != _FOLDER
    remark = f"{own / _MODELS} is not used: models that are named there would be asked directly"
    return Setup(
        variables={"PI_CODING_AGENT_DIR": str(place.home / _FOLDER)},
        defaults={"PI_OFFLINE": "1"},
        files={f"{_FOLDER}/{_MODELS}": text},
        links=place.links(own, _FOLDER, without={_MODELS, "auth.json"}),
        remarks=(remark,) if strange else (),
    )


PI: Final = Agent(
    name="pi",
    title="Pi",
    commands=("pi",),
    protocols=(WireProtocol.ANTHROPIC_MESSAGES, WireProtocol.OPENAI_RESPONSES, WireProtocol.GEMINI_GENERATE),
    prepare=_prepare,
    set_by="a PI_CODING_AGENT_DIR with the providers in it",
    outside=("providers other than Anthropic, OpenAI and Google, which it asks directly",),
)
