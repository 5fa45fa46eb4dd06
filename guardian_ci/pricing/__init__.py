"""What it costs: the price table, exact amounts, and bounds before a call.

``PriceTable`` finds the price of a model by its strict id and turns a usage into a ``Cost`` in whole picodollars;
``worst`` and ``estimate`` bound what a call can come to. The table is data (``data/prices.json``), made by
``.github/scripts/update_prices.py``.
"""

from guardian_ci.pricing.bill import UnderivableError
from guardian_ci.pricing.rates import CustomPrice, CustomTier, ModelPrice, WorstRates, per_million
from guardian_ci.pricing.table import PriceTable

__all__ = [
    "CustomPrice",
    "CustomTier",
    "ModelPrice",
    "PriceTable",
    "UnderivableError",
    "WorstRates",
    "per_million",
]
