"""The price tables of a run: one for each set of prices that its policy names."""

from datetime import datetime

from guardian_ci.model import Call, Cost, Usage
from guardian_ci.policy import Policy, Settings
from guardian_ci.pricing import CustomPrice, ModelPrice, PriceTable


class Prices:
    """Every price table that a policy needs, loaded before the first call."""

    def __init__(self) -> None:
        self._tables: dict[tuple[CustomPrice, ...], PriceTable] = {}

    def load(self, policy: Policy) -> None:
        """Load what this policy names beyond what is loaded."""
        for settings in (*policy.settings, policy.fallback):
            if settings.prices not in self._tables:
                self._tables[settings.prices] = PriceTable.load(settings.prices)

    def table(self, settings: Settings) -> PriceTable:
        """The table of one entry of the policy."""
        return self._tables[settings.prices]

    def find(self, settings: Settings, model: str, *, provider: str, at: datetime) -> ModelPrice | None:
        """The price of exactly this model; a gateway may sell models of other providers under their own ids."""
        table = self.table(settings)
        return table.find(model, provider=provider, at=at) or table.find(model, provider=None, at=at)

    def cost(self, settings: Settings, usage: Usage, call: Call, prices: tuple[ModelPrice, ...], at: datetime) -> Cost:
        """What a usage costs at the first of ``prices``, or at the one whose model the answer names as its own."""
        price = prices[0]
        if usage.model is not None and len(prices) > 1:
            answered = self.find(settings, usage.model, provider=price.provider, at=at)
            price = next((each for each in prices if answered is not None and each.model == answered.model), price)
        return self.table(settings).cost(usage, price, at=at, call=call)
