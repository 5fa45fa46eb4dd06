"""The arithmetic of the ledger: what is granted fits everywhere, and what is denied says the tightest scope."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from guardian_ci.model import Amount, Limit
from guardian_ci.session.ledger import Ask, Balance, Demand, Denial, Grant, admit, balances_of

_COUNT = st.integers(0, 1000)
_AMOUNT = st.builds(Amount, picodollars=_COUNT, tokens=_COUNT)
_BALANCE = st.builds(Balance, spent=_AMOUNT, reserved=_AMOUNT)
_RATE = st.builds(Amount, picodollars=st.integers(0, 9), tokens=st.integers(0, 2))
_OUTPUT = st.integers(0, 1000)


@st.composite
def _asked(draw: st.DrawFn) -> tuple[Ask, list[Balance]]:
    """An ask, and balances whose limits are near what it needs: far from it nothing happens."""
    ask = Ask(
        id="call",
        demands=(),
        fixed=draw(_AMOUNT),
        per_output=draw(_RATE),
        wanted_output=draw(_OUTPUT),
        useful_output=draw(_OUTPUT),
        comfortable_output=draw(_OUTPUT),
    )
    balances = draw(st.lists(_BALANCE, max_size=4))
    demands = [
        Demand(
            scope=f"scope-{index}",
            limit=Limit(
                picodollars=draw(_near(ask, balance, "picodollars")),
                tokens=draw(_near(ask, balance, "tokens")),
            ),
        )
        for index, balance in enumerate(balances)
    ]
    return replace(ask, demands=tuple(demands)), balances


def _near(ask: Ask, balance: Balance, unit: str) -> st.SearchStrategy[int | None]:
    held = getattr(balance.spent, unit) + getattr(balance.reserved, unit)
    fixed, each = getattr(ask.fixed, unit), getattr(ask.per_output, unit)
    return st.none() | st.integers(-100, 1200).map(lambda output: max(0, held + fixed + each * output))


def _rooms(ask: Ask, balances: list[Balance]) -> list[tuple[str, str, int, int, int]]:
    """Scope, kind, limit, room, and what the smallest useful call needs; written without the product's helper."""
    useful = min(ask.useful_output, ask.wanted_output)
    rooms = []
    for demand, balance in zip(ask.demands, balances, strict=True):
        for kind, unit in (("cost", "picodollars"), ("tokens", "tokens")):
            limit = getattr(demand.limit, unit)
            if limit is not None:
                room = limit - getattr(balance.spent, unit) - getattr(balance.reserved, unit)
                needed = getattr(ask.fixed, unit) + useful * getattr(ask.per_output, unit)
                rooms.append((demand.scope, kind, limit, room, needed))
    return rooms


@given(_asked())
def test_a_grant_never_exceeds_any_limit(case: tuple[Ask, list[Balance]]) -> None:
    ask, balances = case
    answer = admit(ask, balances)
    if isinstance(answer, Grant):
        for demand, balance in zip(ask.demands, balances, strict=True):
            after = balance.spent + balance.reserved + answer.amount
            assert demand.limit.picodollars is None or after.picodollars <= demand.limit.picodollars
            assert demand.limit.tokens is None or after.tokens <= demand.limit.tokens


@given(_asked())
def test_a_grant_is_the_bound_of_the_output_it_allows_between_useful_and_wanted(
    case: tuple[Ask, list[Balance]],
) -> None:
    ask, balances = case
    answer = admit(ask, balances)
    if isinstance(answer, Grant):
        output = answer.output_tokens
        assert min(ask.useful_output, ask.wanted_output) <= output <= ask.wanted_output
        assert answer.amount.picodollars == ask.fixed.picodollars + output * ask.per_output.picodollars
        assert answer.amount.tokens == ask.fixed.tokens + output * ask.per_output.tokens
        assert answer.balances == tuple(balances)


@given(_asked())
def test_a_call_is_denied_exactly_where_a_useful_answer_does_not_fit_or_nothing_is_left(
    case: tuple[Ask, list[Balance]],
) -> None:
    ask, balances = case
    fits = all(room >= needed and room > 0 for *_, room, needed in _rooms(ask, balances))
    assert isinstance(admit(ask, balances), Grant) is fits


@given(_asked())
def test_a_denial_names_the_scope_that_is_short_of_most_of_its_limit(case: tuple[Ask, list[Balance]]) -> None:
    ask, balances = case
    answer = admit(ask, balances)
    if isinstance(answer, Denial):
        rooms = _rooms(ask, balances)
        short = {
            (scope, kind): (needed - room + 1) / (limit + 1)
            for scope, kind, limit, room, needed in rooms
            if not (room >= needed and room > 0)
        }
        assert short[answer.scope, answer.kind] == max(short.values())
        limits = {(scope, kind): limit for scope, kind, limit, *_ in rooms}
        assert answer.limit == limits[answer.scope, answer.kind]
        assert answer.limit - answer.spent - answer.reserved < max(answer.needed, 1)


@given(_asked())
def test_more_room_never_grants_less(case: tuple[Ask, list[Balance]]) -> None:
    ask, balances = case
    tight, roomy = admit(ask, balances), admit(ask, [Balance() for _ in balances])
    if isinstance(tight, Grant):
        assert isinstance(roomy, Grant)
        assert roomy.output_tokens >= tight.output_tokens


@given(_asked(), st.integers(1, 12))
def test_calls_admitted_one_after_the_other_fill_a_limit_and_never_pass_it(
    case: tuple[Ask, list[Balance]], calls: int
) -> None:
    ask, balances = case
    for number in range(calls):
        answer = admit(replace(ask, id=str(number)), balances)
        if isinstance(answer, Denial):
            break
        balances = [replace(each, reserved=each.reserved + answer.amount) for each in balances]
        for demand, balance in zip(ask.demands, balances, strict=True):
            held = balance.spent + balance.reserved
            assert demand.limit.picodollars is None or held.picodollars <= demand.limit.picodollars
            assert demand.limit.tokens is None or held.tokens <= demand.limit.tokens


def _dollars(limit: int, *, spent: int = 0, reserved: int = 0) -> tuple[tuple[Demand, ...], list[Balance]]:
    balance = Balance(spent=Amount(picodollars=spent), reserved=Amount(picodollars=reserved))
    return (Demand(scope="run", limit=Limit(picodollars=limit)),), [balance]


@pytest.mark.parametrize(
    ("limit", "comfortable", "granted"),
    [
        (1_000_000, 0, 32_000),  # all that is wanted, and more than half of the limit stays free
        (40_000, 0, 20_000),  # beyond what is comfortable, half of what is left
        (6_000, 4_096, 4_096),  # what is comfortable comes before the half
        (3_000, 4_096, 3_000),  # less is left than is comfortable: all of it
        (300, 0, 256),  # never less than is useful
    ],
)
def test_how_much_of_what_is_left_one_call_gets(limit: int, comfortable: int, granted: int) -> None:
    """A call gets what it wants, else half of what is left, but no less than what is comfortable or useful."""
    demands, balances = _dollars(limit)
    ask = Ask(
        id="call",
        demands=demands,
        fixed=Amount(),
        per_output=Amount(picodollars=1),
        wanted_output=32_000,
        useful_output=256,
        comfortable_output=comfortable,
    )
    answer = admit(ask, balances)
    assert isinstance(answer, Grant)
    assert answer.output_tokens == granted


@pytest.mark.parametrize(("spent", "reserved", "may_fit"), [(0, 900, True), (900, 0, False), (450, 450, True)])
def test_a_denial_says_whether_refunds_can_make_room(*, spent: int, reserved: int, may_fit: bool) -> None:
    """Waiting helps where the limit is full of reservations, not where it is spent."""
    demands, balances = _dollars(1000, spent=spent, reserved=reserved)
    answer = admit(Ask(id="call", demands=demands, fixed=Amount(picodollars=200)), balances)
    assert isinstance(answer, Denial)
    assert answer.may_fit is may_fit


def test_a_full_limit_admits_not_even_a_call_that_is_bounded_by_nothing() -> None:
    demands, balances = _dollars(1000, spent=1000)
    answer = admit(Ask(id="call", demands=demands, fixed=Amount()), balances)
    assert isinstance(answer, Denial)
    assert not answer.may_fit


def test_a_limit_of_nothing_admits_nothing() -> None:
    demands, balances = _dollars(0)
    assert isinstance(admit(Ask(id="call", demands=demands, fixed=Amount()), balances), Denial)


def test_without_a_limit_everything_wanted_is_granted() -> None:
    ask = Ask(
        id="call",
        demands=(Demand(scope="run"),),
        fixed=Amount(picodollars=10**18, tokens=10**9),
        per_output=Amount(picodollars=10**9, tokens=1),
        wanted_output=128_000,
    )
    answer = admit(ask, [Balance(spent=Amount(picodollars=10**18))])
    assert isinstance(answer, Grant)
    assert answer.output_tokens == 128_000


@given(st.lists(st.sampled_from("abcd"), max_size=6))
@example(["a", "a"])
def test_a_scope_that_nobody_knows_has_spent_nothing(scopes: list[str]) -> None:
    known = {"a": Balance(spent=Amount(tokens=1))}
    ask = Ask(id="call", demands=tuple(Demand(scope=scope) for scope in scopes), fixed=Amount())
    assert balances_of(ask, known) == [known["a"] if scope == "a" else Balance() for scope in scopes]
