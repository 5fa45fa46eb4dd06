"""What the demo shows."""

import pytest

from guardian_ci.demo.agent import Event, Kind
from guardian_ci.demo.scenes import FILES, POLICY, SCENES
from guardian_ci.demo.script import find_script
from guardian_ci.policy import load_policy

DONE = Event(kind=Kind.DONE)
TOOL = Event(kind=Kind.TOOL)
DENIED = Event(kind=Kind.DENIED)
REFUSED = Event(kind=Kind.REFUSED, about="400 cost_limit_exceeded")
SECRET = Event(kind=Kind.TOOL, text=FILES[".env"])


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.session)
def test_a_scene_s_prompt_holds_its_script(scene: object) -> None:
    assert find_script([scene.prompt])  # type: ignore[attr-defined]


def test_the_policy_is_one() -> None:
    assert load_policy(POLICY, "guardian.yml").settings[0].name == "demo"


@pytest.mark.parametrize(
    ("session", "events", "ok"),
    [
        ("fix-a-test", [TOOL, TOOL, TOOL, DONE], True),
        ("fix-a-test", [TOOL, TOOL, DENIED, TOOL, DONE], False),
        ("fix-a-test", [TOOL, TOOL, TOOL, REFUSED], False),
        ("look-it-up", [DENIED, TOOL, DONE], True),
        ("look-it-up", [TOOL, TOOL, DONE], False),
        ("look-it-up", [TOOL, DENIED, DONE], False),
        ("read-a-secret", [DENIED, TOOL, DONE], True),
        ("read-a-secret", [DENIED, SECRET, DONE], False),
        ("run-away", [TOOL, TOOL, REFUSED], True),
        ("run-away", [REFUSED], False),
        ("run-away", [TOOL, TOOL, DONE], False),
        ("run-away", [TOOL, TOOL, Event(kind=Kind.REFUSED, about="502")], False),
    ],
)
def test_a_scene_knows_whether_it_went_as_it_should(session: str, events: list[Event], *, ok: bool) -> None:
    (scene,) = [scene for scene in SCENES if scene.session == session]
    assert scene.holds(events) is ok
