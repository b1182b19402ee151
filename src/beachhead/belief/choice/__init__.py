"""How buyers choose between a maker's offers and everybody else's: price, trim and mix."""

from beachhead.belief.choice.learn import Learnt, OfferList, PricedCount, learn_prices
from beachhead.belief.choice.response import (
    ChoiceFit,
    PriceResponse,
    StatedElasticity,
    choice_fit,
    price_response,
    weigh_stated,
)
from beachhead.belief.choice.shares import Taste, cross_elasticities, diversion, intercepts_of, shares
from beachhead.belief.choice.stated import StatedChoices, StatedFit, fit_stated

__all__ = [
    "ChoiceFit",
    "Learnt",
    "OfferList",
    "PriceResponse",
    "PricedCount",
    "StatedChoices",
    "StatedElasticity",
    "StatedFit",
    "Taste",
    "choice_fit",
    "cross_elasticities",
    "diversion",
    "fit_stated",
    "intercepts_of",
    "learn_prices",
    "price_response",
    "shares",
    "weigh_stated",
]
