"""What every store does, whatever it keeps its money in."""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from guardian_ci.errors import StoreError
from guardian_ci.model import Amount, Limit
from guardian_ci.session.ledger import Ask, Balance, Demand, Denial, Grant
from guardian_ci.session.store import Store
from guardian_ci.stores import MemoryStore, SqliteStore

_T = TypeVar("_T")


def run(coroutine: Coroutine[object, object, _T]) -> _T:
    return asyncio.run(coroutine)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Each kind of store, opened."""
    opened: Store = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "state")
    run(opened.open("run-1"))
    yield opened
    run(opened.close())


def ask(
    key: str, picodollars: int, *, tokens: int = 0, limit: int | None = 1000, scopes: tuple[str, ...] = ("run",)
) -> Ask:
    demands = tuple(Demand(scope=scope, limit=Limit(picodollars=limit)) for scope in scopes)
    return Ask(id=key, demands=demands, fixed=Amount(picodollars=picodollars, tokens=tokens))


def balance(store: Store, scope: str = "run") -> Balance:
    return run(store.balances([scope]))[0]


def test_a_reservation_is_held_in_every_scope(store: Store) -> None:
    granted = run(store.reserve(ask("a", 300, tokens=7, scopes=("run", "day", "session"))))
    assert isinstance(granted, Grant)
    held = Balance(reserved=Amount(picodollars=300, tokens=7))
    assert run(store.balances(["run", "day", "session", "other"])) == [held, held, held, Balance()]


def test_a_grant_tells_the_balances_from_before_it(store: Store) -> None:
    run(store.reserve(ask("a", 300)))
    second = run(store.reserve(ask("b", 300)))
    assert second.balances == (Balance(reserved=Amount(picodollars=300)),)


def test_a_denied_call_holds_nothing_anywhere(store: Store) -> None:
    demands = (Demand(scope="roomy"), Demand(scope="tight", limit=Limit(picodollars=10)))
    denied = run(store.reserve(Ask(id="a", demands=demands, fixed=Amount(picodollars=11))))
    assert isinstance(denied, Denial)
    assert denied.scope == "tight"
    assert run(store.balances(["roomy", "tight"])) == [Balance(), Balance()]


def test_settling_charges_and_gives_the_rest_back(store: Store) -> None:
    run(store.reserve(ask("a", 300, tokens=30, scopes=("run", "day"))))
    run(store.settle("a", Amount(picodollars=120, tokens=12)))
    spent = Balance(spent=Amount(picodollars=120, tokens=12))
    assert run(store.balances(["run", "day"])) == [spent, spent]


def test_a_charge_above_the_reservation_is_kept_whole(store: Store) -> None:
    """The upstream has billed it: the ledger must not look better than the bill."""
    run(store.reserve(ask("a", 300)))
    run(store.settle("a", Amount(picodollars=1500)))
    assert balance(store) == Balance(spent=Amount(picodollars=1500))
    assert isinstance(run(store.reserve(ask("b", 1))), Denial)


def test_a_reservation_is_settled_exactly_once(store: Store) -> None:
    run(store.reserve(ask("a", 300)))
    run(store.settle("a", Amount(picodollars=100)))
    with pytest.raises(StoreError, match="settled before"):
        run(store.settle("a", Amount(picodollars=100)))
    assert balance(store) == Balance(spent=Amount(picodollars=100))


def test_what_was_never_reserved_cannot_be_settled(store: Store) -> None:
    with pytest.raises(StoreError, match="not open"):
        run(store.settle("unknown", Amount(picodollars=100), ("name", "{}")))
    assert run(store.session("name")) is None


def test_an_ask_with_the_id_of_an_open_reservation_extends_it(store: Store) -> None:
    run(store.reserve(ask("a", 300)))
    run(store.reserve(ask("a", 200)))
    assert balance(store) == Balance(reserved=Amount(picodollars=500))
    run(store.settle("a", Amount(picodollars=450)))
    assert balance(store) == Balance(spent=Amount(picodollars=450))


def test_an_extension_that_does_not_fit_leaves_the_reservation_as_it_was(store: Store) -> None:
    run(store.reserve(ask("a", 900)))
    assert isinstance(run(store.reserve(ask("a", 200))), Denial)
    assert balance(store) == Balance(reserved=Amount(picodollars=900))
    run(store.settle("a", Amount(picodollars=900)))
    assert balance(store) == Balance(spent=Amount(picodollars=900))


def test_a_session_is_remembered_in_the_same_step_as_its_settlement(store: Store) -> None:
    assert run(store.session("one")) is None
    for number in (1, 2):
        run(store.reserve(ask(str(number), 1)))
        run(store.settle(str(number), Amount(), ("one", f'{{"calls": {number}}}')))
    assert run(store.session("one")) == '{"calls": 2}'


def test_parallel_calls_never_pass_a_limit(store: Store) -> None:
    """1,000 coroutines of 1 each want a limit of 100, settle for less, and want again."""

    async def call(number: int) -> int:
        answer = await store.reserve(ask(str(number), 3, limit=100))
        await asyncio.sleep(0)
        if isinstance(answer, Denial):
            return 0
        await store.settle(str(number), Amount(picodollars=2))
        return 2

    async def burst() -> int:
        return sum(await asyncio.gather(*(call(number) for number in range(1000))))

    spent = run(burst())
    assert balance(store) == Balance(spent=Amount(picodollars=spent))
    assert 60 <= spent <= 100


def test_no_method_suspends(store: Store) -> None:
    """What a caller does between two calls of a local store is one step for all other calls of the process."""

    def step(coroutine: Coroutine[object, object, object]) -> object:
        with pytest.raises(StopIteration) as end:
            coroutine.send(None)
        return end.value.value

    assert isinstance(step(store.reserve(ask("a", 1))), Grant)
    step(store.settle("a", Amount(picodollars=1), ("name", "{}")))
    assert step(store.session("name")) == "{}"
    assert step(store.balances(["run"])) == [Balance(spent=Amount(picodollars=1))]


class _Ledgers(RuleBasedStateMachine):
    """Both stores do the same, and what a plain account of the steps says."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = self.make_folder()
        self.stores: list[Store] = [MemoryStore(), SqliteStore(self.folder)]
        for store in self.stores:
            run(store.open("run-1"))
        self.open: dict[str, tuple[tuple[str, ...], int]] = {}
        self.spent: dict[str, int] = defaultdict(int)
        self.number = 0

    make_folder = staticmethod(lambda: None)

    @rule(
        amount=st.integers(0, 400),
        scopes=st.sets(st.sampled_from(["run", "day", "session:a#1", "session:b#1"]), min_size=1),
    )
    def reserve(self, amount: int, scopes: set[str]) -> None:
        self.number += 1
        wish = ask(f"call-{self.number}", amount, scopes=tuple(sorted(scopes)))
        first, second = (run(store.reserve(wish)) for store in self.stores)
        assert first == second
        if isinstance(first, Grant):
            self.open[wish.id] = (tuple(sorted(scopes)), amount)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), charged=st.integers(0, 400), more=st.integers(0, 200))
    def extend_and_settle(self, data: st.DataObject, charged: int, more: int) -> None:
        key = data.draw(st.sampled_from(sorted(self.open)))
        scopes, held = self.open.pop(key)
        first, second = (run(store.reserve(ask(key, more, scopes=scopes))) for store in self.stores)
        assert first == second
        held += more if isinstance(first, Grant) else 0
        charge = min(charged, held)
        for store in self.stores:
            run(store.settle(key, Amount(picodollars=charge)))
        for scope in scopes:
            self.spent[scope] += charge

    @rule()
    def restart(self) -> None:
        """A run ends without having settled; the next one counts its open calls as spent."""
        run(self.stores[1].close())
        self.stores[1] = SqliteStore(self.folder)
        self.number += 1
        recovered = run(self.stores[1].open(f"run-{self.number}"))
        assert {(each.id, each.scopes, each.amount.picodollars) for each in recovered} == {
            (key, scopes, held) for key, (scopes, held) in self.open.items()
        }
        for key, (scopes, held) in self.open.items():
            run(self.stores[0].settle(key, Amount(picodollars=held)))
            for scope in scopes:
                self.spent[scope] += held
        self.open.clear()

    @invariant()
    def the_books_agree(self) -> None:
        scopes = ["run", "day", "session:a#1", "session:b#1"]
        reserved = {scope: sum(held for own, held in self.open.values() if scope in own) for scope in scopes}
        expected = [
            Balance(spent=Amount(picodollars=self.spent[scope]), reserved=Amount(picodollars=reserved[scope]))
            for scope in scopes
        ]
        for store in self.stores:
            assert run(store.balances(scopes)) == expected
        assert all(self.spent[scope] + reserved[scope] <= 1000 for scope in scopes)

    def teardown(self) -> None:
        for store in self.stores:
            run(store.close())


def test_both_stores_agree_with_plain_books_over_any_steps_and_restarts(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    from hypothesis.stateful import run_state_machine_as_test  # noqa: PLC0415 - only here

    machine = type("Ledgers", (_Ledgers,), {"make_folder": staticmethod(lambda: tmp_path_factory.mktemp("state"))})
    run_state_machine_as_test(machine, settings=settings(max_examples=15, stateful_step_count=20, deadline=None))


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 100)), max_size=20))
def test_charges_and_reservations_add_up(calls: list[tuple[int, int]]) -> None:
    store = MemoryStore()
    spent = 0
    for number, (held, share) in enumerate(calls):
        if isinstance(run(store.reserve(ask(str(number), held))), Grant):
            run(store.settle(str(number), Amount(picodollars=held * share // 100)))
            spent += held * share // 100
    assert balance(store) == Balance(spent=Amount(picodollars=spent))
    assert spent <= 1000
