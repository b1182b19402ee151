"""Known demand and elasticity, pilots simulated at mixed prices: intervals at list price hold what they promise."""

from dataclasses import replace

import numpy as np
import pytest

import made_up
from beachhead.belief import update
from beachhead.belief.choice import choice_fit, price_response
from beachhead.belief.priced import asked_off_list, elasticities, joined, parted
from beachhead.world.reading import Reading


def outcomes(launches, markets, seed):
    """Share of levels inside their 90 % interval, and root mean square error: with prices, and as if all were list."""
    held = made_up.belief(markets)
    response = price_response(held.markets, choice_fit())
    answers = elasticities(response)
    inside, missed, blind = [], [], []
    for i in range(launches):
        rng = np.random.default_rng([seed, i])
        truth = np.exp(rng.multivariate_normal(response.mean, response.cov, method="cholesky"))
        seen = made_up.priced_launch(held, truth, rng)
        start = joined(held, answers, asked_off_list(seen.reading.counts))
        found, _ = parted(update(start, seen.reading, seed=i, draws=1000), answers)
        ends = found.interval(0.9)
        inside.append(((ends[:, 0] <= seen.truth) & (seen.truth <= ends[:, 1]))[:-1])
        missed.append((found.belief.mean - seen.truth)[:-1])
        at_list = Reading(counts=tuple(replace(c, price_point=1.0) for c in seen.reading.counts))
        blind.append((update(held, at_list, seed=i, draws=1000).belief.mean - seen.truth)[:-1])
    return np.mean(inside), *(np.sqrt(np.mean(np.square(errors))) for errors in (missed, blind))


def test_levels_at_list_price_are_found_from_pilots_at_mixed_prices():
    cover, error, blind = outcomes(80, 5, seed=11)
    assert 0.85 <= cover <= 0.95
    assert error < 0.9 * blind


@pytest.mark.full
def test_over_600_launches_at_mixed_prices_90_percent_intervals_cover_88_to_92():
    cover, error, blind = outcomes(600, 5, seed=12)
    assert 0.88 <= cover <= 0.92
    assert error < 0.9 * blind
