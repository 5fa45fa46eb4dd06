"""What programs do: those that nobody knows, and the way to those that somebody does."""

from guardian_ci.policy.shell.effects import Invocation
from guardian_ci.policy.shell.programs import effects_of


def test_every_argument_of_an_unknown_program_may_be_a_file() -> None:
    touches = effects_of(Invocation(argv=("frobnicate", "--input=.env", "-o./out", "@notes.txt"))).touches
    assert {".env", "./out", "notes.txt"} <= {touch.path for touch in touches}
    assert not any(touch.sure for touch in touches)
