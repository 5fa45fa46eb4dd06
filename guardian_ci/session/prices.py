"""The price tables of a run: one for each set of prices that its policy names."""

from dataclasses import replace
from datetime import datetime

from guardian_ci.model import Call, Cost, Usage
from guardian_ci.policy import Policy, Settings
from guardian_ci.policy.upstreams import Upstream
from guardian_ci.pricing import CustomPrice, ModelPrice, PriceTable


class Prices:
    """Every price table that a policy needs, loaded before the first call. ``upstream`` is where a call goes."""

    def __init__(self) -> None:
        self._tables: dict[tuple[CustomPrice, ...], PriceTable] = {}

    def load(self, policy: Policy) -> None:
        """Load what this policy names beyond what is loaded."""
        for settings in (*policy.settings, policy.fallback):
            for upstream in (None, *settings.upstreams.values()):
                if (own := _own_prices(settings, upstream)) not in self._tables:
                    self._tables[own] = PriceTable.load(own)

    def table(self, settings: Settings, upstream: Upstream | None) -> PriceTable:
        """The table of one entry of the policy at one upstream."""
        return self._tables[_own_prices(settings, upstream)]

    def find(
        self, settings: Settings, upstream: Upstream | None, model: str, *, provider: str, at: datetime
    ) -> ModelPrice | None:
        """The price of exactly this model; a gateway may sell models of other providers under their own ids."""
        table = self.table(settings, upstream)
        sold_as = None if upstream is None else upstream.billed_as(model)
        return table.find(model, provider=provider, at=at, sold_as=sold_as) or table.find(model, provider=None, at=at)

    def cost(
        self,
        settings: Settings,
        upstream: Upstream | None,
        usage: Usage,
        call: Call,
        prices: tuple[ModelPrice, ...],
        at: datetime,
    ) -> Cost:
        """What a usage costs at the first of ``prices``, or at the one whose model the answer names as its own."""
        price = prices[0]
        if upstream is not None and upstream.free:
            usage = replace(usage, reported_picodollars=None)  # the policy's word, not the server's
        if usage.model is not None and len(prices) > 1:
            answered = self.find(settings, upstream, usage.model, provider=price.provider, at=at)
            price = next((each for each in prices if answered is not None and each.model == answered.model), price)
        return self.table(settings, upstream).cost(usage, price, at=at, call=call)


def _own_prices(settings: Settings, upstream: Upstream | None) -> tuple[CustomPrice, ...]:
    """The prices that the policy names: an upstream's own before those for all."""
    if upstream is None or not upstream.prices:
        return settings.prices
    return upstream.prices if upstream.free else (*upstream.prices, *settings.prices)
