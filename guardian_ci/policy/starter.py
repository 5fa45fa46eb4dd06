"""A first policy for a repository, with a word on each line: what ``guardian-ci init`` writes.

Nothing that a repository says of itself gets into the text, no file's name and no file's word: what its files are
called only chooses among the lines that stand here.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from textwrap import fill
from typing import Final

from guardian_ci.policy.default import KEY_FILES


@dataclass(frozen=True, slots=True, kw_only=True)
class Ecosystem:
    """A language or a tool: the files that it is known by, and what a policy may say for it.

    ``registry`` is its package manager, as ``network_allowlist`` names it; ``hosts`` are further hosts; ``commands``
    patterns for ``allowed_tools``; ``secrets`` files that hold keys, with the reason.
    """

    name: str
    marks: tuple[str, ...]
    registry: str = ""
    hosts: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    secrets: tuple[tuple[str, str], ...] = ()


_MAKE: Final = ("make:*",)

ECOSYSTEMS: Final[tuple[Ecosystem, ...]] = (
    Ecosystem(
        name="Python",
        marks=("pyproject.toml", "setup.py", "setup.cfg", "requirements*.txt", "Pipfile", "tox.ini", "uv.lock", "*.py"),
        registry="pip",
        commands=("python -m pytest:*", "pytest:*", "pip install:*", "uv sync:*", "uv run:*", "ruff:*", "mypy:*"),
    ),
    Ecosystem(
        name="Node.js",
        marks=("package.json", "package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"),
        registry="npm",
        commands=("npm ci", "npm test:*", "npm run:*", "npx tsc:*", "npx eslint:*", "node --test:*"),
    ),
    Ecosystem(name="Deno", marks=("deno.json", "deno.jsonc"), commands=("deno test:*", "deno lint:*", "deno check:*")),
    Ecosystem(
        name="Rust",
        marks=("Cargo.toml",),
        registry="cargo",
        commands=("cargo build:*", "cargo test:*", "cargo clippy:*", "cargo fmt:*"),
    ),
    Ecosystem(
        name="Go",
        marks=("go.mod", "go.work"),
        registry="go",
        commands=("go build:*", "go test:*", "go vet:*", "gofmt:*"),
    ),
    Ecosystem(
        name="Ruby",
        marks=("Gemfile", "*.gemspec", "Rakefile"),
        registry="bundle",
        commands=("bundle install:*", "bundle exec rspec:*", "bundle exec rake:*", "rubocop:*"),
        secrets=(("config/master.key", "decrypts the credentials of a Rails application"),),
    ),
    Ecosystem(
        name="Java",
        marks=("pom.xml", "build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts", "build.sbt"),
        registry="mvn",
        commands=("mvn test:*", "mvn verify:*", "./mvnw:*", "gradle test:*", "./gradlew:*"),
        secrets=(("*.jks", "a key store"), ("*.keystore", "a key store")),
    ),
    Ecosystem(
        name="PHP",
        marks=("composer.json",),
        registry="composer",
        commands=("composer install:*", "composer test:*", "vendor/bin/phpunit:*"),
    ),
    Ecosystem(
        name=".NET",
        marks=("*.csproj", "*.fsproj", "*.sln", "*.slnx", "global.json"),
        registry="dotnet",
        commands=("dotnet build:*", "dotnet test:*", "dotnet format:*"),
    ),
    Ecosystem(
        name="Elixir", marks=("mix.exs",), registry="mix", commands=("mix deps.get", "mix test:*", "mix format:*")
    ),
    Ecosystem(
        name="Dart",
        marks=("pubspec.yaml",),
        registry="dart",
        commands=("dart test:*", "dart analyze:*", "flutter test:*"),
        secrets=(("key.properties", "the password of a signing key"),),
    ),
    Ecosystem(
        name="Swift", marks=("Package.swift",), hosts=("github.com",), commands=("swift build:*", "swift test:*")
    ),
    Ecosystem(
        name="Haskell",
        marks=("stack.yaml", "cabal.project", "*.cabal"),
        registry="cabal",
        commands=("cabal build:*", "cabal test:*", "stack test:*"),
    ),
    Ecosystem(
        name="C or C++",
        marks=("CMakeLists.txt", "configure.ac", "meson.build", "*.c", "*.cc", "*.cpp"),
        commands=("cmake:*", "ctest:*", "ninja:*", *_MAKE),
    ),
    Ecosystem(name="make", marks=("Makefile", "GNUmakefile"), commands=_MAKE),
    Ecosystem(name="just", marks=("justfile", "Justfile"), commands=("just:*",)),
    Ecosystem(
        name="Docker",
        marks=("Dockerfile", "compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"),
        commands=("docker compose ps:*", "docker compose logs:*"),
    ),
    Ecosystem(
        name="Terraform",
        marks=("*.tf",),
        commands=("terraform fmt:*", "terraform validate:*", "terraform plan:*"),
        secrets=(("*.tfstate*", "holds passwords in plain text"), ("*.tfvars", "often holds keys")),
    ),
    Ecosystem(
        name="Kubernetes", marks=("kustomization.yaml", "Chart.yaml"), secrets=(("kubeconfig*", "opens a cluster"),)
    ),
    Ecosystem(name="Ansible", marks=("ansible.cfg",), secrets=((".vault_pass*", "opens the vault"),)),
    Ecosystem(name="GitHub", marks=(".github",), hosts=("github.com", "api.github.com", "*.githubusercontent.com")),
    Ecosystem(name="GitLab", marks=(".gitlab-ci.yml",), hosts=("gitlab.com",)),
)
"""What is known. An ecosystem is a line here and needs no other."""

_REASONS: Final = (
    (("~/.ssh/*", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*"), "keys of ssh"),
    (("*.pem", "*.key", "*.p12", "*.pfx"), "keys and certificates"),
    (("~/.aws/*", "~/.azure/*", "~/.config/gcloud/*"), "cloud accounts"),
    (("~/.kube/config", "~/.docker/config.json"), "clusters and registries"),
    (("~/.git-credentials", "~/.netrc", "~/.config/gh/hosts.yml", "~/.gnupg/*"), "git hosts, and keys that sign"),
    (("~/.npmrc", "~/.pypirc", "~/.cargo/credentials*"), "tokens that publish packages"),
    (("~/.claude/.credentials.json", "~/.codex/auth.json", "~/.gemini/oauth_creds.json"), "the agents' own accounts"),
    ((".env", ".env.local", ".env.production"), "settings with secrets in them; .env.example stays open"),
    (("!*.pub",), "a public key is none"),
)
_DENIED: Final = (
    ("Bash(git push:*)", "the job pushes, not the agent"),
    ("Bash(sudo:*)", ""),
    ("Edit(/.github/workflows/**)", "what CI runs with its own keys"),
    ("Edit(/.github/actions/**)", ""),
    ("Edit(/.gitlab-ci.yml)", ""),
    ("Edit(/.git/hooks/**)", "what git runs of its own accord"),
    ("Edit(/.git/config)", ""),
)
PLACES: Final = ("guardian.yml", ".github/guardian.yml")
"""Where a policy lies by custom: the names that may stand in one."""
_READ_ONLY_COMMANDS: Final = ("git status:*", "git diff:*", "git log:*", "git show:*", "ls:*", "rg:*")

_COMMENTS: Final = 38
"""The column that reasons begin in."""


def recognised(names: Iterable[str]) -> tuple[Ecosystem, ...]:
    """Return the ecosystems of which one of these files, or folders, is a mark."""
    unique = set(names)
    return tuple(
        each
        for each in ECOSYSTEMS
        if any(
            mark in unique or ("*" in mark and any(fnmatchcase(name, mark) for name in unique)) for mark in each.marks
        )
    )


def starter_policy(seen: Collection[Ecosystem], own_path: str = "") -> str:
    """Return the text of a policy. ``own_path`` is where it will lie in the repository, if at a usual place."""
    known = ", ".join(each.name for each in seen) or "nothing that it knows"
    head = fill(f"Proposed by `guardian-ci init`, which saw {known}. Change what does not fit;", width=110)
    return "\n".join(
        (
            "# What AI coding agents may do and spend in CI jobs of this repository: a policy of guardian-ci.",
            *(f"# {line}" for line in head.splitlines()),
            "# `guardian-ci validate` says what it means, `guardian-ci explain` what it makes of a command,",
            "# and `guardian-ci learn log.ndjson` proposes a tighter one from what an agent has done.",
            "",
            *_MONEY,
            "",
            *_files(seen),
            "",
            *_network(seen),
            "",
            *_tools(seen, own_path),
            "",
            *_REST,
            "",
        )
    )


_MONEY: Final = (
    "# Money: the tightest limit wins, and what is reserved for running calls counts.",
    "cost_limit_usd: 2.00                # a session: one run of an agent, restarts included",
    "budgets:",
    "  run: {usd: 5.00}                  # one CI job",
    "  pull_request: {usd: 10.00}        # all runs of one pull request that share a ledger",
    "  # day: {usd: 50.00}",
    "on_budget:",
    "  warn_agent_at: 0.8                # at 80 % the agent is told to come to an end",
    "",
    "# Models. Without the key: any whose price is known.",
    '# allowed_models: ["claude-*", "gpt-5*"]',
    "rate_limit: {requests_per_minute: 60}",
)
_REST: Final = (
    "# What follows from keys and tokens in prompts, tool results, tool calls and answers: off, warn, redact or block.",
    "secrets:",
    "  prompts: redact",
    "  tool_results: redact",
    "  tool_calls: warn",
    "  answers: warn",
    "  # environment: [DEPLOY_TOKEN]   # variables whose values are secrets too",
    "",
    "# What follows from a finding, rule by rule: block, warn or off.",
    "rules:",
    "  opaque_command: warn              # a command that does not tell what it does",
    "  injection: warn                   # a text from outside that gives the model orders",
)


def _files(seen: Collection[Ecosystem]) -> list[str]:
    reasons = [*_REASONS[:-1], *(((pattern,), why) for each in seen for pattern, why in each.secrets)]
    covered = {pattern for patterns, _ in (*reasons, _REASONS[-1]) for pattern in patterns}
    rest = tuple(pattern for pattern in KEY_FILES if pattern not in covered)
    groups = [*reasons, *([(rest, "keys in other places")] if rest else []), _REASONS[-1]]
    lines = [line for patterns, why in groups for line in _explained(patterns, why)]
    return [
        "# Files that no tool and no command may touch, as in .gitignore. ~ is the home folder; a later ! takes out.",
        "file_blocklist:",
        *lines,
        "# Only what lies in the agent's folder, or is temporary, may be written:",
        '# file_allowlist: {write: ["./**", "/tmp/**"]}',
    ]


def _explained(entries: Iterable[str], why: str) -> list[str]:
    """Return list entries, the first with its reason."""
    lines = [f'  - "{entry}"' for entry in entries]
    return [f"{lines[0]:<{_COMMENTS}}# {why}" if why else lines[0], *lines[1:]]


def _network(seen: Collection[Ecosystem]) -> list[str]:
    registries = [(each.registry, each.name) for each in seen if each.registry]
    hosts = dict.fromkeys(host for each in seen for host in each.hosts)
    head = [
        "# Hosts that commands and web tools may talk to; a package manager stands for its usual registry. The agent's",
        "# calls of its model do not go by this list.",
    ]
    if not registries and not hosts:
        return [*head, '# network_allowlist: [pip, npm, github.com, "*.githubusercontent.com"]']
    return [
        *head,
        "network_allowlist:",
        *(f"{f'  - {registry}':<{_COMMENTS}}# {name}" for registry, name in registries),
        *(f'  - "{host}"' for host in hosts),
    ]


def _tools(seen: Collection[Ecosystem], own_path: str) -> list[str]:
    commands = dict.fromkeys([*_READ_ONLY_COMMANDS, *(command for each in seen for command in each.commands)])
    return [
        "# Tools, by what they do: one name for all agents. Without allowed_tools any may be used; with it, each",
        "# command needs an entry that means it (Bash(npm test:*)), or `bash` for all. What is denied stays denied.",
        "# allowed_tools:",
        "#   - read_file",
        "#   - grep",
        "#   - glob",
        "#   - list_dir",
        "#   - edit_file",
        "#   - write_file",
        "#   - todo",
        *(f'#   - "Bash({command})"' for command in commands),
        "denied_tools:",
        *(line for entry, why in _DENIED for line in _explained((entry,), why)),
        *(_explained((f"Edit(/{own_path})",), "this policy") if own_path in PLACES else ()),
        "tool_denial: continue               # the agent is told why and goes on; stop: the run ends",
    ]
