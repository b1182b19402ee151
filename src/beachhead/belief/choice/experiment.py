"""From raw answers of a choice experiment to what `adjust` starts from: an elasticity at a price, and a mix of offers.

Prices are scaled so that their mean is 40, numbers so that their standard deviation is 1; neither moves the
likelihood's maximum, and the estimate then does not depend on currency or units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from beachhead.belief.choice.stated import StatedChoices, StatedFit, fit_stated
from beachhead.world.errors import NotLearnt

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

BIAS_MEAN, BIAS_SD = -0.19, 0.35
"""Log of how much a choice experiment overstates the elasticity, and its spread: willingness to pay is overstated by
21 % in the mean of 115 comparisons (Schmidt & Bijmolt 2020, Journal of the Academy of Marketing Science 48), so the
answer to price is understated by as much; the spread is grade C."""
LEAST_PEOPLE = 20
_PRICE = 40.0
_QUANTILES = np.array([0.1, 0.3, 0.5, 0.7, 0.9])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Experiment:
    """What an experiment says.

    Attributes:
        attributes: K names.
        taste: (K,) utility of one unit of each, in the units of the file.
        offers: offers shown, the one compared with first.
        elasticity: mean over people of the price coefficient times `price`: elasticity of a small share, sign left out.
        log_sd: standard error of its logarithm, people drawn anew.
        price: mean price shown, currency of the file.
        price_spread: sd of the log of price sensitivity between people.
        people: N.
        tasks: answered, of all people.
        log_likelihood: of the mixed logit.
        log_likelihood_plain: of the multinomial logit.
        log_likelihood_chance: of picking by lot.
    """

    attributes: tuple[str, ...]
    taste: Array
    offers: tuple[str, ...]
    elasticity: float
    log_sd: float
    price: float
    price_spread: float
    people: int
    tasks: int
    log_likelihood: float
    log_likelihood_plain: float
    log_likelihood_chance: float

    def mix(self, offers: Sequence[str], prices: Sequence[float]) -> Array:
        """(len(offers),) share of each offer among those who take one of them, at prices in the file's currency."""
        named = dict(zip(self.attributes, self.taste, strict=True))
        value = np.array([named.get(f"offer={code}", 0.0) for code in offers])
        sensitivity = np.exp(self.price_spread * ndtri(_QUANTILES))
        loss = self.elasticity / self.price * (sensitivity / sensitivity.mean())[:, None] * np.array(prices)
        odds = np.exp(value - loss - (value - loss).max(axis=1, keepdims=True))
        out: Array = (odds / odds.sum(axis=1, keepdims=True)).mean(axis=0)
        return out


def read_experiment(
    attributes: tuple[str, ...],
    offers: tuple[str, ...],
    makers: tuple[str, ...],
    x: Array,
    price: Array,
    maker: Ints,
    chosen: Ints,
    asked: Ints,
) -> Experiment:
    """Fit a mixed logit to raw answers; see `fit_stated` for the model.

    Args:
        attributes: K names.
        offers: offers shown, the one compared with first.
        makers: makers shown.
        x: (N, T, J, K), all zero in tasks that a person was not asked.
        price: (N, T, J), any currency.
        maker: (N, T, J) index into `makers`.
        chosen: (N, T) index of the alternative picked.
        asked: (N,) tasks of each person.

    Raises:
        NotLearnt: too few people, or answers in which price explains nothing, the wrong way round, or everything.
    """
    if len(price) < LEAST_PEOPLE:
        raise NotLearnt(
            f"only {len(price)} {'person' if len(price) == 1 else 'people'} answered",
            f"ask {LEAST_PEOPLE} or more: fewer tell nothing of a market",
        )
    shown = price > 0
    mean = float(price[shown].mean())
    scale = np.array([float(x[..., k][shown].std()) or 1.0 for k in range(len(attributes))])
    seen = StatedChoices(
        attributes=attributes,
        makers=makers,
        x=x / scale,
        price=price / mean * _PRICE,
        maker=maker,
        chosen=chosen,
        weight=np.ones(len(price)),
    )
    fit = fit_stated(seen)
    _require_price(fit)
    tasks, width = int(asked.sum()), price.shape[2]
    padded = (price.shape[0] * price.shape[1] - tasks) * float(np.log(width))  # tasks never asked add this much
    return Experiment(
        attributes=attributes,
        taste=fit.taste / scale,
        offers=offers,
        elasticity=fit.price * _PRICE,
        log_sd=fit.price_se / fit.price,
        price=mean,
        price_spread=fit.price_spread,
        people=len(price),
        tasks=tasks,
        log_likelihood=fit.log_likelihood + padded,
        log_likelihood_plain=fit.log_likelihood_plain + padded,
        log_likelihood_chance=-tasks * float(np.log(width)),
    )


def _require_price(fit: StatedFit) -> None:
    elasticity = fit.price * _PRICE
    if elasticity < 0.05 or not np.isfinite(fit.price_se) or fit.price_se > 2 * fit.price:
        raise NotLearnt(
            f"price moved the answers too little to tell (elasticity {elasticity:.2f})",
            "check that `price` is the price shown and `chosen` the pick; else ask more people, prices further apart",
        )
    if elasticity > 50:
        raise NotLearnt(
            f"price explains every answer (elasticity {elasticity:.0f})",
            "show cars that differ in more than price, and prices nearer together",
        )
