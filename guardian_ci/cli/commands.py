"""Every command. A new one is a file here and a line in this list."""

from types import ModuleType
from typing import Final

from guardian_ci.cli import demo, env, explain, gate, init, learn, price, replay, report, run, serve, validate

COMMANDS: Final[tuple[ModuleType, ...]] = (
    demo,
    init,
    run,
    serve,
    env,
    report,
    replay,
    validate,
    explain,
    learn,
    price,
    gate,
)
