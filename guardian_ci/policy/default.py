"""The policy of a run that names none: five dollars, no loops, and hands off the usual keys."""

from collections.abc import Mapping
from typing import Final

DEFAULT_FILE: Final = "(built-in default)"

KEY_FILES: Final = (
    "~/.ssh/*",
    "~/.aws/*",
    "~/.azure/*",
    "~/.gnupg/*",
    "~/.kube/config",
    "~/.docker/config.json",
    "~/.config/gcloud/*",
    "~/.config/gh/hosts.yml",
    "~/.git-credentials",
    "~/.netrc",
    "~/.npmrc",
    "~/.pypirc",
    "~/.cargo/credentials*",
    "~/.claude/.credentials.json",
    "~/.codex/auth.json",
    "~/.gemini/oauth_creds.json",
    ".env",
    ".env.local",
    ".env.production",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "id_rsa*",
    "id_dsa*",
    "id_ecdsa*",
    "id_ed25519*",
    "/proc/**/environ",
    "!*.pub",
)
"""Where keys usually lie. A public key is none."""

DEFAULT_DOCUMENT: Final[Mapping[str, object]] = {
    "name": "default",
    "budgets": {"run": {"usd": 5}},
    "loop_detection": {"max_repeats": 3, "window_seconds": 60, "retry_after_seconds": 300, "then": "wait"},
    "file_blocklist": list(KEY_FILES),
}
