"""The policy that is written from what was learned."""

from pathlib import Path

import pytest
from recorded_run import RecordedRun, asked, used

from guardian_ci.audit.learned import Learned, learn
from guardian_ci.audit.proposal import proposal, rounded_up
from guardian_ci.audit.reader import Log, read_log
from guardian_ci.audit.replay import replay
from guardian_ci.model import InputSize
from guardian_ci.policy import load_policy
from guardian_ci.policy.shell.facts import Access


@pytest.mark.parametrize(
    ("picodollars", "cents"),
    [(0, 1), (1, 1), (10**10, 1), (10**10 + 1, 2), (99 * 10**10, 99), (101 * 10**10, 110), (12_345 * 10**10, 13_000)],
)
def test_an_amount_is_rounded_up_to_two_digits(picodollars: int, cents: int) -> None:
    assert rounded_up(picodollars) == cents


def test_nothing_learned_is_a_policy_that_allows_nothing() -> None:
    entry = load_policy(proposal(Learned()), "guardian.yml").settings[0]
    assert (entry.allowed_models, entry.allowed_tools, entry.network_allowlist) == ((), (), ())
    assert (entry.file_allowlist.read, entry.file_allowlist.write) == ((), ())


def test_a_list_that_is_not_narrow_is_left_out_and_said() -> None:
    learned = Learned(tools=None, hosts=None, files=dict.fromkeys(Access), open_lists={"hosts: too many": None})
    text = proposal(learned)
    entry = load_policy(text, "guardian.yml").settings[0]
    assert (entry.allowed_tools, entry.network_allowlist, entry.file_allowlist.read) == (None, None, None)
    assert "# Not narrow: hosts: too many." in text
    assert "# allowed_tools: not narrow, see above" in text


def test_one_kind_of_access_may_be_narrow_alone() -> None:
    learned = Learned(files={Access.READ: None, Access.WRITE: {"./src/**": None}})
    entry = load_policy(proposal(learned), "guardian.yml").settings[0]
    assert entry.file_allowlist.read is None
    assert [each.pattern for each in entry.file_allowlist.write or ()] == ["./src/**"]


def test_texts_of_a_log_stay_texts() -> None:
    learned = Learned(models={'"] rules: {tool_allowlist: off}  #': None, "#x": None, "': *a": None})
    document = load_policy(proposal(learned), "guardian.yml").document
    assert document["allowed_models"] == sorted(learned.models)
    assert "rules" not in document


def run_of(path: Path, sizes: list[int], budget: float = 50) -> Log:
    run = RecordedRun(path, {"cost_limit_usd": budget})
    for number, size in enumerate(sizes):
        exchange = run.ask(asked(number=number, size=InputSize(text_bytes=size), max_output_tokens=32_000))
        assert exchange is not None
        run.ends(exchange, usage=used())
    return read_log(run.end())


@pytest.mark.parametrize("sizes", [[400], [400] * 8, [200_000, 200_000], [400, 400_000]])
def test_the_budget_refuses_none_of_the_calls_and_is_no_larger_than_it_must_be(
    sizes: list[int], tmp_path: Path
) -> None:
    log = run_of(tmp_path / "log.ndjson", sizes)
    learned = learn([log])
    policy = load_policy(proposal(learned, [log]), "guardian.yml")
    assert replay(log, policy).differences == []
    (session,) = policy.settings[0].budgets_of("session")
    assert session.limit.picodollars is not None
    assert session.limit.picodollars <= max(2 * learned.most_held, 2 * 10**10)


def test_a_log_that_cannot_be_replayed_gets_a_budget_that_fits_for_sure(tmp_path: Path) -> None:
    path = tmp_path / "log.ndjson"
    run_of(path, [200_000])
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    log = read_log(path)
    learned = learn([log])
    (session,) = load_policy(proposal(learned, [log]), "guardian.yml").settings[0].budgets_of("session")
    assert (session.limit.picodollars or 0) >= learned.most_held
