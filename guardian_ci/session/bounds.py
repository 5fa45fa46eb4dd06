"""What a call may cost at most before it is sent, while it runs, and when nobody can tell any more."""

from dataclasses import replace
from typing import Final

from guardian_ci.model import Amount, Cost, InputSize, Usage
from guardian_ci.pricing import ModelPrice, PriceTable, estimate
from guardian_ci.session import events as on
from guardian_ci.session.events import Outcome
from guardian_ci.session.ledger import Ask
from guardian_ci.session.open_call import OpenCall

DEFAULT_OUTPUT: Final = 32_000
"""Output tokens to reserve where neither the request nor the price table bounds them; then the request gets them
as its maximum, so that the bound is true."""

LARGEST_CONTEXT: Final = 2_000_000
"""Tokens of the largest context window that any provider sells."""

_BYTES_A_TOKEN: Final = 8
"""More model output than this many bytes for each granted token means that the upstream ignores its maximum.
English and code run at 3 to 6; below that a legitimate answer would be cut."""

_FEW_TOKENS: Final = 64
"""Long words make a short answer's bytes a token meaningless."""


def ask_of(call: OpenCall, table: PriceTable) -> Ask:
    """An upper bound of what the call may cost, and the scopes that it is charged to."""
    request, settings, prices = call.as_forwarded(), call.settings, call.prices
    if request.ceiling is not None:
        return _ask_of_ceiling(call, request.ceiling)
    price = prices[0]
    window = price.context_tokens or LARGEST_CONTEXT
    hidden = call.state.hidden_tokens(request, window)
    size = replace(request.size, hidden_tokens=max(request.size.hidden_tokens, hidden))
    tokens = max(_input_bound(size, each.tokenizer, call.state.measure_of(request, each.model)) for each in prices)
    if size.hidden_tokens or size.pdf_pages or size.images:
        # What nobody here can see is at most what fits into the model; text is sized by itself.
        seen = replace(size, hidden_tokens=0, pdf_pages=0, images=0, audio_seconds=0)
        tokens = min(tokens, max(window, estimate.input_upper_bound(seen, price.tokenizer)))
    worst = [table.worst(each, request, at=call.received.time) for each in prices]
    call.fixed = max(tokens * each.input_rate + each.fixed for each in worst)
    call.output_rate = max(each.output_rate for each in worst)
    call.demands = call.scopes(enforced=True)
    call.asked = Ask(
        id=call.received.request,
        demands=call.demands,
        fixed=Amount(picodollars=call.fixed, tokens=tokens),
        per_output=Amount(picodollars=call.output_rate * request.choices, tokens=request.choices),
        wanted_output=_wanted_output(call, price),
        useful_output=settings.min_output_tokens,
        comfortable_output=max(settings.min_output_tokens, call.state.comfortable_output),
    )
    return call.asked


def _ask_of_ceiling(call: OpenCall, ceiling: int) -> Ask:
    """All that a connection may cost; its single responses are held to it while it lasts."""
    call.demands = call.scopes(enforced=True)
    call.asked = Ask(id=call.received.request, demands=call.demands, fixed=Amount(picodollars=ceiling))
    return call.asked


def stays_below(call: OpenCall, table: PriceTable, spent: int, *, context: int, responses: int) -> bool:
    """Whether so many further responses, as long as they may be, fit below a connection's ceiling.

    Each of them is billed for ``context`` tokens, and for what those before it have written.
    """
    request, price = call.received.call, call.prices[0]
    output = request.max_output_tokens or DEFAULT_OUTPUT
    worst = table.worst(price, request, at=call.received.time)
    each = (context + (responses - 1) * output) * worst.input_rate + output * worst.output_rate + worst.fixed
    return request.ceiling is not None and spent + responses * each <= request.ceiling


def _input_bound(size: InputSize, tokenizer: str, measured: tuple[InputSize, int] | None) -> int:
    """A bound of the whole input, or what was counted before and a bound of what has come to it."""
    if measured is None:
        return estimate.input_upper_bound(size, tokenizer)
    before, counted = measured
    return estimate.later_upper_bound(size, tokenizer, before=before, counted=counted)


def _wanted_output(call: OpenCall, price: ModelPrice) -> int:
    wanted = call.received.call.max_output_tokens or price.max_output_tokens or DEFAULT_OUTPUT
    if call.model is not None and price.max_output_tokens is not None:
        # The agent asked what another model can write; the provider refuses a maximum above the model's own.
        wanted = min(wanted, price.max_output_tokens)
    return wanted


def missing(call: OpenCall, event: on.Progressed, spent: Cost | None) -> Amount:
    """What the answer will cost beyond its reservation: an input dearer than its bound, an endless output.

    ``spent`` is the cost of the usage so far.
    """
    picodollars = tokens = 0
    choices = call.received.call.choices
    if call.received.call.ceiling is not None:
        return Amount()  # it is cut before it needs more, and its tokens were never bounded
    if event.usage is not None:
        # A usage that comes before the output tells the input: all that was granted may still follow.
        ahead = max(0, call.output_tokens * choices - event.usage.total_output) if event.output_bytes == 0 else 0
        if spent is not None:
            picodollars = max(0, spent.picodollars + ahead * call.output_rate - call.held.picodollars)
        tokens = max(0, event.usage.billed_tokens + ahead - call.held.tokens)
    least = event.output_bytes // _BYTES_A_TOKEN - call.output_tokens * choices
    if least > 0:
        step = least + 1024
        picodollars = max(picodollars, step * call.output_rate)
        tokens = max(tokens, step)
        call.output_tokens += -(-step // choices)
    return Amount(picodollars=picodollars, tokens=tokens)


def charge_of(call: OpenCall, event: on.Ended, cost: Cost | None) -> tuple[Amount, Cost | None, bool]:
    """What an ended call is charged, the cost that it follows from, and whether it is an upper estimate."""
    free = event.outcome in (Outcome.REFUSED_UPSTREAM, Outcome.UNREACHED)
    if call.asked is None or (free and event.usage is None):
        return Amount(), None, False
    if cost is not None and event.usage is not None and _final(event):
        return _amount(cost, event.usage), cost, False
    # Nobody knows what the upstream bills for an answer that is torn or tells no usage (reasoning is not seen
    # in it): at most the reservation, at least what it told.
    least = Amount() if cost is None or event.usage is None else _amount(cost, event.usage)
    upper = Amount(
        picodollars=max(call.held.picodollars, least.picodollars), tokens=max(call.held.tokens, least.tokens)
    )
    return upper, cost, True


def _final(event: on.Ended) -> bool:
    """Whether the usage is the provider's last word, and can be: it does not count less than was written."""
    if event.outcome is not Outcome.COMPLETE or event.usage is None or event.unparsed or not event.usage_final:
        return False
    return event.output_bytes <= _BYTES_A_TOKEN * (event.usage.total_output + _FEW_TOKENS)


def _amount(cost: Cost, usage: Usage) -> Amount:
    return Amount(picodollars=cost.picodollars, tokens=usage.billed_tokens)
