"""What a proxy is told when it starts."""

from pathlib import Path

from guardian_ci.policy import default_policy
from guardian_ci.proxy.config import ProxyConfig


def test_a_configuration_does_not_show_its_keys() -> None:
    config = ProxyConfig(policy=default_policy(), log=Path("log"), keys={"openai": "sk-secret"}, token="gci-secret")
    assert "secret" not in repr(config)
