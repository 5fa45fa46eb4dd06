"""Package managers and build tools: registries, files of requirements, and the commands that they run."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from guardian_ci.policy.shell.arguments import Usage, read_arguments, usage
from guardian_ci.policy.shell.collector import Collector
from guardian_ci.policy.shell.effects import Effects, Invocation, Language
from guardian_ci.policy.shell.hosts import is_url, remote_host
from guardian_ci.policy.shell.listings import lines_of
from guardian_ci.policy.shell.programs.sources import note_package_scripts, note_source
from guardian_ci.policy.shell.programs.table import TAME_LINE, Program, collector_of, declared, joined
from guardian_ci.policy.shell.programs.wrappers import run_command

_MOST_LINES: Final = 200
_FORGES: Final = {
    "github": "github.com",
    "gitlab": "gitlab.com",
    "bitbucket": "bitbucket.org",
    "gist": "gist.github.com",
}
_FORGE: Final = re.compile(r"(github|gitlab|bitbucket|gist):\S{1,300}")
_SHORT_FORGE: Final = re.compile(r"[A-Za-z0-9][\w-]{0,38}/[\w.-]{1,100}(?:#\S{0,100})?")
_LOCAL: Final = re.compile(
    r"(?:\.{0,2}/|~|\./|[^@\s]{1,200}\.(?:whl|tgz|tar\.gz|zip|jar|deb|rpm|gem|crate|toml|txt|apk|pkg)$)"
)
_AT_URL: Final = re.compile(r"[\w.\[\],-]{1,100}\s?@\s?((?:git\+)?[a-z]{1,10}:.{1,1000})", re.DOTALL)
_ALIAS: Final = re.compile(r"(?:@[\w.-]{1,100}/)?[\w.-]{1,100}@((?:git|https?|file|link|github|gitlab)[+:].{1,1000})")

_COMMON: Final = usage(
    "text*",
    text="-E --extras --python -p --python-version --platform --abi --implementation --tag --access --otp --loglevel"
    " --omit --include --install-strategy --before --filter -w --workspace --group --only --without --with --version -v"
    " --features -F --profile --bin --example --test --bench --package --jobs -j --target --color --vers --branch --rev"
    " --message-format --format --timeout --retries --progress-bar --exists-action --only-binary --no-binary"
    " --config-settings"
    " --global-option --keyring-provider --upgrade-package -P --resolution --prerelease --index-strategy"
    " --exclude-newer"
    " --channel -n --name --env",
    read="--cert --client-cert --manifest-path --cafile --userconfig --globalconfig --gemfile --cwd --path --project"
    " --directory --editable -e --requirement -r --constraint -c --overrides --build-constraints --env-file",
    write="--log --cache-dir --target-dir --dest -d --download-dir --root --prefix --report --out-dir --outdir -o"
    " --output-file --pack-destination --install-dir -i --bindir",
    url="--index-url --extra-index-url --default-index --index --registry --find-links -f --publish-url"
    " --repository-url --proxy"
    " --source -s --clear-sources --allow-insecure-host --check-url",
    host="--trusted-host",
)


@dataclass(frozen=True, slots=True)
class Manager:
    """A package manager: its usual registry, the subcommands that talk to it, those that run a command."""

    registry: str
    online: frozenset[str]
    runs: frozenset[str] = frozenset()
    forges: bool = False
    """Whether ``owner/name`` is a repository."""
    always: bool = False
    """Whether no subcommand at all talks to the registry as well."""
    tame: frozenset[str] = frozenset()
    prefix: str = ""
    """What stands before the subcommand: ``pip`` of ``uv pip``."""


def _manager(
    registry: str,
    online: str,
    *,
    runs: str = "",
    forges: bool = False,
    always: bool = False,
    tame: str = "",
    prefix: str = "",
) -> Manager:
    return Manager(
        registry=registry,
        online=frozenset(online.split()),
        runs=frozenset(runs.split()),
        forges=forges,
        always=always,
        tame=frozenset(tame.split()),
        prefix=prefix,
    )


_TAME: Final = (
    "env prefix root bin config show-config list ls freeze info show version -v -V --version --help help why outdated"
    " tree which"
)

_MANAGERS: Final[Mapping[str, Manager]] = {
    "pip pip3": _manager("pypi", "install download wheel search index lock", tame=_TAME),
    "pipx": _manager("pypi", "install upgrade upgrade-all inject reinstall run", runs="run runpip", tame=_TAME),
    "uvx": _manager("pypi", "", runs="", always=True),
    "uv": _manager(
        "pypi",
        "install sync add lock tool build publish pip compile remove download upgrade",
        runs="run",
        prefix="pip tool python",
        tame=_TAME,
    ),
    "poetry pdm hatch rye": _manager(
        "pypi", "install add update lock publish sync remove build self", runs="run", tame=_TAME
    ),
    "pipenv": _manager("pypi", "install update lock sync upgrade", runs="run", tame=_TAME),
    "easy_install twine flit": _manager("pypi", "upload publish", always=True),
    "npm cnpm": _manager(
        "npmjs",
        "install i in ins add ci update up upgrade publish view v info search audit outdated access owner dist-tag"
        " login adduser"
        " deprecate unpublish star profile team token ping install-test it exec x create init",
        runs="exec x",
        forges=True,
        tame=_TAME,
    ),
    "npx bunx pnpx": _manager("npmjs", "", always=True),
    "yarn yarnpkg": _manager(
        "yarnpkg",
        "install add upgrade up dlx publish info npm create audit outdated",
        runs="exec dlx",
        always=True,
        tame=_TAME,
    ),
    "pnpm": _manager(
        "npmjs", "install i add update up publish dlx create audit outdated fetch view", runs="exec dlx", tame=_TAME
    ),
    "bun": _manager("npmjs", "install i add a update upgrade publish x create outdated", runs="x", tame=_TAME),
    "corepack": _manager("npmjs", "prepare use up install"),
    "cargo": _manager(
        "crates",
        "build b run r test t check c install fetch update add publish search doc d bench clippy login owner yank"
        " generate-lockfile vendor binstall",
        tame=_TAME,
    ),
    "rustup": _manager("crates", "install update toolchain target component default self", runs="run", tame=_TAME),
    "go": _manager("golang", "get install mod build run test generate vet list", tame="env version help list"),
    "mvn mvnw maven gradle gradlew sbt mill": _manager("maven", "", always=True, tame="-v --version -version"),
    "gem": _manager(
        "rubygems",
        "install i update push search fetch outdated owner yank specification",
        tame=_TAME + " environment contents",
    ),
    "bundle bundler": _manager(
        "rubygems", "install update add lock outdated package cache", runs="exec", always=True, tame=_TAME
    ),
    "composer": _manager(
        "packagist", "install update require create-project global show search outdated audit", runs="exec", tame=_TAME
    ),
    "dotnet nuget": _manager(
        "nuget", "restore add build publish run test tool new nuget push install pack", tame=_TAME
    ),
    "cabal stack": _manager(
        "hackage", "install update build get fetch upload test run exec", runs="exec", tame=_TAME + " path"
    ),
    "cpan cpanm cpanp": _manager("cpan", "", always=True),
    "mix rebar3": _manager("hex", "deps.get deps.update hex.publish archive.install get-deps upgrade deps", tame=_TAME),
    "apt apt-get aptitude apt-fast nala": _manager(
        "debian",
        "install update upgrade full-upgrade dist-upgrade download source build-dep reinstall changelog satisfy",
        tame=_TAME,
    ),
    "dnf yum microdnf tdnf": _manager(
        "fedora",
        "install update upgrade downgrade reinstall search info makecache check-update groupinstall distro-sync"
        " provides download",
    ),
    "zypper": _manager("opensuse", "install in update up refresh ref dup search se dist-upgrade source-install"),
    "apk": _manager("alpine", "add update upgrade fetch search"),
    "pacman yay paru pamac": _manager("archlinux", "", always=True),
    "brew": _manager(
        "homebrew",
        "install upgrade update tap reinstall fetch search info outdated bundle",
        tame="--prefix --cellar --repository --version shellenv list ls config --cache",
    ),
    "port fink": _manager("macports", "install upgrade selfupdate sync search"),
    "conda mamba micromamba": _manager(
        "conda",
        "install create update search env upgrade",
        runs="run",
        tame="shell.bash info list config activate --version",
    ),
    "pixi": _manager("conda", "install add update global init exec lock upgrade", runs="run exec", tame=_TAME),
    "snap": _manager("snap", "install refresh find info download"),
    "flatpak": _manager("flathub", "install update search remote-add remote-ls", runs="run", tame="list info"),
    "nix nix-env nix-build nix-channel nix-shell nix-store nixos-rebuild home-manager": _manager(
        "nixos", "", always=True
    ),
    "guix": _manager("guix", "install pull package build shell time-machine upgrade"),
    "winget choco scoop": _manager("winget", "install upgrade update search"),
    "vcpkg conan": _manager("conan", "install search create upload download"),
    "luarocks": _manager("luarocks", "install search download upload build", tame=_TAME + " path"),
    "opam": _manager("opam", "install update upgrade init switch", runs="exec", tame="env config list var show"),
    "nvm fnm volta n asdf mise rtx pyenv rbenv nodenv goenv jenv sdk tfenv": _manager(
        "versions",
        "install update ls-remote list-all upgrade use i plugin plugins",
        runs="exec x run",
        tame="env which current list ls activate init hook-env prefix root where version versions bin-paths reshim",
    ),
    "pod": _manager("cocoapods", "install update repo search trunk"),
    "flutter dart pub": _manager("pub", "pub get upgrade create build run test"),
    "helm": _manager("helm", "repo install upgrade pull search dependency template show push"),
    "julia-pkg": _manager("julia", ""),
}


def _manage(manager: Manager, invocation: Invocation) -> Effects:
    """Install, build, publish, run: what is named is a package, a file, a URL or a repository."""
    collector = collector_of(invocation)
    name = collector.program
    words = invocation.argv[1:]
    given = read_arguments(words, _usage_of(name))
    subcommand = next((word for word in given.operands if word not in manager.prefix.split()), "".join(words[:1]))
    if subcommand in manager.runs or name in {"npx", "bunx", "pnpx", "uvx"}:
        behind = _behind(words, subcommand) if subcommand in manager.runs else list(words)
        _run_within(collector, behind, manager, subcommand, invocation)
        return collector.effects()
    collector.options(given)
    if manager.registry in {"npmjs", "yarnpkg"}:
        _note_scripts(collector, subcommand, given.operands)
    talks = subcommand in manager.online or manager.always
    if talks and not given.has("--offline", "--no-index"):
        collector.registry(manager.registry, f"{name} {subcommand}".strip())
    for operand in given.operands:
        if operand != subcommand:
            _note_package(collector, operand, manager)
    for word in words:
        # A setting can name a host that all later talk goes through: GOPROXY=…, Acquire::http::Proxy=…
        if "://" in word and "=" in word and not word.startswith("-"):
            collector.url(word.partition("=")[2])
    for setting in given.values("-o", "--option", "--setopt"):
        if "://" in setting:
            collector.url(setting.partition("=")[2])
    tame = subcommand in manager.tame or (not talks and subcommand in {"completion", "init", "hook", "shellenv", "env"})
    return collector.effects(TAME_LINE if tame else None)


def _behind(words: Sequence[str], subcommand: str) -> list[str]:
    """Return the words behind the subcommand."""
    return list(words[words.index(subcommand) + 1 :]) if subcommand in words else []


def _note_scripts(collector: Collector, subcommand: str, operands: tuple[str, ...]) -> None:
    """``npm run NAME``, ``npm test``, ``yarn NAME``: scripts of the package."""
    names = operands[1:2] if subcommand in {"run", "run-script", "rum", "urn"} else (subcommand,)
    lifecycle = {"ci": "install", "i": "install", "t": "test", "add": "install", "it": "install"}
    note_package_scripts(collector, (*names, *filter(None, (lifecycle.get(subcommand),))))
    if subcommand in {"install", "ci", "i", "add"}:
        note_package_scripts(collector, ("prepare",))


_RUN_OPTIONS: Final = usage(
    "text*",
    stops=True,
    text="-p --package --python --with --from -n --name --group --extra --only-group --spec --pip-args"
    " --refresh-package --index-strategy"
    " -w --workspace --filter -C --prefix --isolated-env",
    read="--env-file --with-requirements --with-editable --project --directory",
    url="--index-url --extra-index-url --default-index --index --registry --find-links",
    runs="-c --call",
)


def _run_within(
    collector: Collector, words: list[str], manager: Manager, subcommand: str, invocation: Invocation
) -> None:
    """Note what runs in a manager's environment, and what is fetched for it."""
    given = read_arguments(words, _RUN_OPTIONS)
    collector.options(given)
    fetched = given.values("-p", "--package", "--with", "--from", "--spec")
    for package in fetched:
        _note_package(collector, package, manager)
    if fetched or manager.always or subcommand in manager.online:
        collector.registry(manager.registry, " ".join(invocation.argv[:3]))
    command = list(given.operands)
    if command:
        _note_package(collector, command[0], manager)
        if command[0].endswith(".py"):
            command.insert(0, "python")
        elif "@" in command[0][1:]:
            command[0] = command[0][0] + command[0][1:].partition("@")[0]
        run_command(collector, command, invocation)


_LETTERS_OF_PIP: Final = ("-r", "-c", "-e", "-f", "-i", "-d", "-E", "-s", "-t", "-n", "-o")
_PIPS: Final = frozenset({"pip", "pip3", "uv", "pipx", "pipenv"})
_OWN_OPTIONS: Final[Mapping[str, Usage]] = {
    "pip pip3": usage(url="-i"),
    "uv": usage(url="-i", write="-o"),
    "go": usage(
        text="-run -tags -ldflags -gcflags -mod -count -timeout -bench -coverpkg -p",
        write="-o -coverprofile -cpuprofile",
        read="-modfile -C -overlay",
        runs="-exec -toolexec",
    ),
    "mvn mvnw maven gradle gradlew": usage(
        read="-f --file -s --settings -gs -b --build-file -I --init-script -c --settings-file -p --project-dir",
        text="-pl -P -D -T -x --tests",
    ),
    "apt apt-get aptitude apt-fast nala dnf yum": usage(
        text="-t --target-release -o --option --setopt --enablerepo --disablerepo", read="-c --config-file"
    ),
    "gem bundle": usage(url="--source -s", text="-v"),
    "dotnet": usage(text="-c --configuration -f --framework -r --runtime", url="-s --source", write="-o --output"),
}
"""Options of single managers: their letters mean different things."""
_OWN_OPTIONS_BY_NAME: Final = {name: how for names, how in _OWN_OPTIONS.items() for name in names.split()}
_FLAGS_OF_NODE: Final = frozenset({"-F", "-P", "-v"})


def _usage_of(name: str) -> Usage:
    """Return the options of a manager."""
    without = () if name in _PIPS else _LETTERS_OF_PIP
    flags = _FLAGS_OF_NODE if name in {"npm", "yarn", "pnpm", "bun"} else frozenset()
    options = {
        option: kind for option, kind in _COMMON.options.items() if option not in without and option not in flags
    }
    own = _OWN_OPTIONS_BY_NAME.get(name)
    return Usage(options=options | dict(own.options if own is not None else {}))


def _note_package(collector: Collector, word: str, manager: Manager) -> None:
    """Note what a package's name says: a URL, a repository, a folder, or a name in the registry."""
    if (at := _AT_URL.fullmatch(word)) is not None or (at := _ALIAS.fullmatch(word)) is not None:
        word = at[1]
    bare = word.removeprefix("git+")
    if (forge := _FORGE.fullmatch(word)) is not None:
        collector.host(_FORGES[forge[1]])
    elif is_url(bare):
        collector.url(bare)
    elif bare.startswith("ssh:") or (remote_host(bare)[0] and "@" in bare and "git" in bare):
        collector.remote(bare)
    elif word.startswith(("file:", "link:")):
        collector.read(word.partition(":")[2])
    elif _LOCAL.match(word):
        collector.read(word, sure=False)
    elif manager.forges and _SHORT_FORGE.fullmatch(word) and not word.startswith("@"):
        collector.host("github.com")


_MAKE: Final = usage(
    "text*",
    text="--eval -E -j --jobs -l --load-average --max-load -O --output-sync -W --what-if --assume-new --new-file",
    read="-f --file --makefile -C --directory -I --include-dir -o --old-file --assume-old",
)
_MAKE_SHELL: Final = re.compile(r"\$[({]shell\s([^()]{1,2000}|[^()]{0,500}\([^()]{0,500}\)[^()]{0,500})[)}]")
_MAKE_FILE: Final = re.compile(
    r"\$[({](?:file\s*<|wildcard )\s*([^(){}]{1,400})[)}]|^-?include\s+(\S{1,400})", re.MULTILINE
)


_MAKE_VARIABLE: Final = re.compile(r"\$[({](\w{1,60})[)}]")
_MAKE_ASSIGNMENT: Final = re.compile(r"\s*(?:export\s+)?(\w{1,60})\s*[:?+!]{0,2}=\s*(.*)")
_MAKEFILES: Final = ("GNUmakefile", "makefile", "Makefile")


def _make(invocation: Invocation) -> Effects:
    """Build targets; a makefile may come in an option, in a variable, or from a text that is known."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], _MAKE)
    collector.options(given)
    texts = given.values("--eval", "-E")
    assigned = [word for word in invocation.argv[1:] if "=" in word and not word.startswith("-")]
    texts += assigned
    for shell in (word.partition("=")[2] for word in assigned if word.startswith(("SHELL=", "MAKE="))):
        collector.shell(shell)
    folders = given.values("-C", "--directory") or [""]
    named = given.values("-f", "--file", "--makefile") or [
        f"{folder}/{name}".lstrip("/") for folder in folders for name in _MAKEFILES
    ]
    texts += [text for file in named if (text := collector.text_of(file)) is not None]
    collector.folder = "".join(folders[:1])
    note_makefile(collector, "\n".join([*assigned, *texts]))
    return collector.effects()


def note_makefile(collector: Collector, text: str) -> None:
    """Note what a makefile's text runs and reads; a variable that it does not set is empty."""
    variables: dict[str, str] = {}
    lines = lines_of(text.replace("\\\n", " "))[:_MOST_LINES]
    for line in lines:
        if not line.startswith("\t") and (assignment := _MAKE_ASSIGNMENT.fullmatch(line)) is not None:
            variables[assignment[1]] = assignment[2]
    filled = [_MAKE_VARIABLE.sub(lambda found: variables.get(found[1], ""), line) for line in lines]
    for line in filled:
        for found in _MAKE_SHELL.findall(line):
            collector.shell(found)
        for found, included in _MAKE_FILE.findall(line):
            collector.read((found or included).strip())
        target, _, rest = line.partition(";")
        recipe = line[1:] if line.startswith("\t") else rest if ":" in target else ""
        if recipe.strip():
            collector.shell(recipe.strip().lstrip("@-+").replace("$$", "$"))


_COMPILER: Final = usage(
    "read*",
    text="-l -std -x -march -mtune -D -U -target -arch -framework -Xlinker -z -e -soname -h -m --target --edition"
    " --crate-type"
    " --crate-name -O --cfg --emit --print -C --cap-lints -W -A -F -std=",
    read="-I -L -include -imacros -isystem -iquote -idirafter -isysroot --sysroot -T -specs -B --extern",
    write="-o -MF -MT -MQ -dumpdir --out-dir",
)


def _compiler(invocation: Invocation) -> Effects:
    """Compile files; ``@file`` brings options."""
    collector = collector_of(invocation)
    words = [word for word in invocation.argv[1:] if not word.startswith("@")]
    collector.all(words, _COMPILER)
    collector.read(*(word[1:] for word in invocation.argv[1:] if word.startswith("@")))
    for wrapper in words:
        if wrapper == "-wrapper":
            collector.run(words[words.index(wrapper) + 1].split(","))
    for file in invocation.argv[1:]:
        if not file.startswith("-") or file == "-":
            note_source(collector, file)
    tame = any(
        word in {"--version", "-v", "-dumpversion", "-dumpmachine", "--print"} or word.startswith("-print")
        for word in words
    )
    return collector.effects(TAME_LINE if tame else None)


_CHECKERS: Final = (
    "pytest py.test tox nox unittest coverage mypy ruff black isort flake8 pylint pyright bandit pre-commit"
    " autopep8 yapf pyflakes"
    " eslint prettier tsc jest vitest mocha webpack vite rollup esbuild turbo nx lerna next nuxt ng vue playwright"
    " cypress"
    " stylelint biome rubocop rspec rake rails phpunit phpstan psalm artisan golangci-lint gofmt goimports staticcheck"
    " shellcheck shfmt hadolint actionlint zizmor markdownlint markdownlint-cli2 vale codespell typos cspell yamlfmt"
    " taplo"
    " rustfmt clippy-driver clang-format clang-tidy cppcheck ktlint detekt checkstyle swiftlint swift xcodebuild"
    " cmake ctest ninja meson bazel bazelisk buck scons just task invoke fab ant protoc buf swagger openapi-generator"
    " mkdocs sphinx-build jekyll hugo virtualenv pyinstaller cibuildwheel auditwheel setup.py gunicorn uvicorn flask"
    " django-admin"
    " celery alembic streamlit jupyter nbconvert dbt dvc mlflow wandb act semantic-release goreleaser cz commitizen"
)


_LOADED: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("pytest", "py.test", "tox", "nox"), ("conftest.py", "noxfile.py", "tests/conftest.py")),
    "eslint": ("eslint.config.js", ".eslintrc.js"),
    "jest": ("jest.config.js",),
    "vite": ("vite.config.js", "vite.config.ts"),
    "webpack": ("webpack.config.js",),
    "rake": ("Rakefile.rb",),
}
"""Files that a tool runs of itself."""


def _checker(invocation: Invocation) -> Effects:
    """Check, test, format: operands are files of the project."""
    collector = collector_of(invocation)
    how = usage(
        "text*",
        text="-k -m -n -p -W -o --cov --cov-report --maxfail --tb --durations --select --ignore --extend-ignore"
        " --line-length -l -j"
        " --jobs -r --rule --ext --reporter -t --testNamePattern --grep -g --target -D -G -S-build --preset"
        " --build-type --message"
        " --format --output-format --show-source --max-line-length --python-version --project-name --env -e",
        read="-c --config --rcfile --ini -C --rootdir --confcutdir --import-path -f --file --config-file"
        " --ignore-path -B -S --prefix",
        write="--junitxml --junit-xml --output --output-file --cov-report-file --basetemp --outDir --out-dir",
    )
    given = read_arguments(invocation.argv[1:], how)
    collector.options(given)
    collector.maybe(*given.operands)
    for file in (*given.operands, *_LOADED.get(collector.program, ())):
        note_source(collector, file)
    return collector.effects()


def _tool_of_node(invocation: Invocation) -> Effects:
    """``corepack yarn …``, ``vite-node file``: what follows is a command or a script."""
    collector = collector_of(invocation)
    operands = read_arguments(invocation.argv[1:], usage("text*", stops=True)).operands
    if operands:
        collector.script(operands[0], Language.NODE, tuple(operands[1:]))
    return collector.effects()


_PACKAGE_FILES: Final = {
    "dpkg": usage(
        "maybe*", read="-i --install -I --info -c --contents", text="-l -L -s -S --list --status -r --remove -P --purge"
    ),
    "rpm": usage("maybe*", text="-q -e --qf --queryformat -qa -ql -qi"),
    "apt-cache apt-mark apt-file apt-config dpkg-query dpkg-reconfigure": usage("text*", text="-W -f --showformat"),
    "apt-key": usage("text*", host="--keyserver"),
    "update-alternatives add-apt-repository": usage("maybe*"),
    "installer hdiutil pkgutil": usage("maybe*"),
}


def _managers() -> dict[str, Program]:
    programs: dict[str, Program] = {}
    for names, manager in _MANAGERS.items():
        programs |= joined(names, partial(_manage, manager))
    return programs


PROGRAMS: Final[Mapping[str, Program]] = {
    **joined(_CHECKERS, _checker),
    **_managers(),
    **joined("make gmake bmake nmake remake", _make),
    **joined(
        "gcc cc g++ c++ clang clang++ cpp tcc rustc gfortran as ld lld gold nvcc icc zig ghdl iverilog javac", _compiler
    ),
    **joined("vite-node nodemon", _tool_of_node),
    **declared(_PACKAGE_FILES),
}
"""Package managers and build tools, by name."""


def managers_of(registry: str) -> frozenset[str]:
    """Return the names of the package managers that talk to a registry."""
    return frozenset(
        name for names, manager in _MANAGERS.items() if manager.registry == registry for name in names.split()
    )
