"""Only the models that the policy names may be called."""

from typing import ClassVar

from guardian_ci.model import Call, Finding, Operation, Verdict
from guardian_ci.policy.model_globs import model_matches
from guardian_ci.policy.rules.interface import CallRule, SessionView
from guardian_ci.policy.settings import Settings


class ModelAllowlist(CallRule):
    """``allowed_models``: globs of model ids; without the key any model passes."""

    id: ClassVar[str] = "model_allowlist"

    def check(self, settings: Settings, call: Call, view: SessionView) -> Finding | None:  # noqa: ARG002, D102
        allowed = settings.allowed_models
        if allowed is None or call.operation is Operation.MODELS:
            return None
        models = (call.model, *call.other_models)
        foreign = next((each for each in models if not any(model_matches(glob, each) for glob in allowed)), None)
        if foreign is None:
            return None
        return Finding(
            rule=self.id,
            verdict=Verdict.BLOCK,
            reason="model_not_allowed",
            message=f"The model {foreign} is not allowed here. {_way_out(allowed)}",
            subject=foreign,
            place=settings.place("allowed_models"),
        )

    def stands_on(self, settings: Settings) -> str:  # noqa: D102
        if settings.allowed_models is None:
            return "any model is allowed"
        return f"allowed_models: {', '.join(settings.allowed_models) or 'none'}"


def _way_out(allowed: tuple[str, ...]) -> str:
    if not allowed:
        return "The policy allows no model at all (allowed_models)."
    return f"Use one of {', '.join(allowed)}, or add it to allowed_models."
