"""Choice experiments and price tests with a known truth."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from scipy.optimize import check_grad

from beachhead.belief import Belief, Lasting, Tracked
from beachhead.belief.choice import (
    OfferList,
    PricedCount,
    StatedChoices,
    Taste,
    choice_fit,
    fit_stated,
    intercepts_of,
    learn_prices,
    price_response,
    shares,
)
from beachhead.belief.choice.stated import _Likelihood, _normals
from beachhead.belief.fitted import entry_fit
from beachhead.world.quarter import Quarter, grid
from beachhead.world.reading import DemandCount, Funnel

FIT = choice_fit()
FOR_EVER = Lasting(walk=0.0, scatter=0.0)
LIST = OfferList(market="A", offers=("X", "Y"), prices=(40.0, 50.0), mix=(0.6, 0.4))


def made_up_experiment(people: int, seed: int = 3) -> StatedChoices:
    rng = np.random.default_rng(seed)
    shape = (people, 12, 3)
    x, price = rng.standard_normal((*shape, 1)), rng.choice([15.0, 20.0, 30.0, 40.0], shape)
    maker = rng.integers(0, 2, shape)
    tilt = np.exp(0.8 * rng.standard_normal(people) - 0.32)[:, None, None]
    fans = 0.9 * np.take_along_axis(rng.standard_normal((people, 1, 2)), maker.reshape(people, 1, -1), 2).reshape(shape)
    utility = 0.7 * x[..., 0] - 0.12 * tilt * price + fans - 0.5 * maker + rng.gumbel(size=shape)
    return StatedChoices(
        attributes=("range",),
        makers=("home", "foreign"),
        x=x,
        price=price,
        maker=maker,
        chosen=utility.argmax(axis=2),
        weight=np.ones(people),
    )


def test_a_mixed_logit_finds_the_tastes_that_made_the_choices():
    found = fit_stated(made_up_experiment(500), draws=64)
    assert found.price == pytest.approx(0.12, abs=3 * found.price_se)
    assert found.price_se == pytest.approx(0.006, rel=0.5)
    assert found.taste[0] == pytest.approx(0.7, abs=0.08)
    assert found.maker_taste == pytest.approx([0, -0.5], abs=0.2)
    assert found.price_spread == pytest.approx(0.8, abs=0.15)
    assert found.maker_spread == pytest.approx(0.9, abs=0.25)
    assert found.log_likelihood > found.log_likelihood_plain + 50


def test_the_gradient_of_the_simulated_likelihood_is_its_slope():
    fit = _Likelihood(made_up_experiment(20), _normals(20, 8, 3, 1))
    at = np.array([0.5, -0.3, -2.0, -0.4, -0.2])
    assert check_grad(lambda z: fit(z)[0], lambda z: fit(z)[1], at) < 1e-4


def belief() -> Belief:
    return Belief(
        markets=("A", "B"),
        quarters=grid(Quarter(2027, 1), 4),
        mean=np.array([8.0, 8.0, 0.1]),
        cov=np.diag([2.5, 2.5, 0.04]),
        log_path=np.zeros((2, 4)),
        nb_size_weekly=20.0,
    )


def weeks_at(truth: float, cut: float, rng: np.random.Generator, *, market: str = "A") -> list[PricedCount]:
    """26 weeks, the second half with all prices cut; both offers counted."""
    starts = [date(2027, 1, 4) + timedelta(days=7 * week) for week in range(26)]
    return [c for n, day in enumerate(starts) for c in week_at(truth, cut * (n >= 13), 3000, day, rng, market=market)]


def quarter_at(truth: float, cut: float, factor: float, number: int, rng: np.random.Generator) -> list[PricedCount]:
    """12 weeks of a quarter that sells that factor of what the prior's middle does."""
    first = (Quarter(2027, 1) + number).first_day
    starts = [first + timedelta(days=7 * week) for week in range(12)]
    return [c for day in starts for c in week_at(truth, cut, np.exp(8.0) * factor, day, rng)]


def week_at(
    truth: float, cut: float, demand: float, start: date, rng: np.random.Generator, *, market: str = "A"
) -> list[PricedCount]:
    """One week with all prices cut so far; both offers counted."""
    taste = Taste(
        elasticity=np.array([truth]),
        nest=np.array([FIT.nest]),
        price_spread=FIT.price_spread,
        brand_spread=FIT.brand_spread,
        price=LIST.typical_price,
    )
    prices = np.array(LIST.prices)
    intercepts = intercepts_of(0.01 * np.array([LIST.mix]), taste, prices)
    out, ratio = [], 1.0 - cut
    rate = demand * 0.4 / 52 * shares(intercepts, taste, ratio * prices)[0] / 0.01
    shock = rng.gamma(20 * 0.4, 1 / (20 * 0.4))
    for offer, price, mean in zip(LIST.offers, ratio * prices, rate, strict=True):
        count = DemandCount(
            market=market,
            offer=offer,
            start=start,
            end=start + timedelta(days=6),
            count=int(rng.poisson(mean * shock)),
            reach=0.4,
            funnel=Funnel.ORDERS,
        )
        out.append(PricedCount(count=count, price=float(price)))
    return out


def learn(counts, start: Belief | None = None, lasting: Lasting = FOR_EVER):
    def follow(start, rows, read):
        now, first = Tracked(belief=start, prior=start, lasting=lasting, grown=np.zeros((2, 2))), min(rows)
        for number in range(max(rows) - first + 1):
            now = now.later() if number else now
            now = read(now, rows[first + number]) if first + number in rows else now
        return now.over_years()

    return learn_prices(start or belief(), price_response(("A", "B"), FIT), counts, {"A": LIST}, FIT, follow)


def test_the_interval_of_an_elasticity_learnt_from_a_price_cut_covers_the_truth():
    rng = np.random.default_rng(5)
    truths = np.exp(
        FIT.elasticity_log_mean + np.hypot(FIT.elasticity_shared_sd, FIT.elasticity_own_sd) * rng.standard_normal(60)
    )
    found = np.array([learn(weeks_at(t, 0.08, rng)).response.interval(0.8)[0] for t in truths])
    inside = ((found[:, 0] <= truths) & (truths <= found[:, 2])).mean()
    assert 0.68 <= inside <= 0.92  # 80 % within 2.3 standard errors
    prior = price_response(("A", "B"), FIT).interval(0.8)[0]
    assert np.median(np.log(found[:, 2] / found[:, 0])) < 0.75 * np.log(prior[2] / prior[0])


def test_sales_at_one_price_say_nothing_about_the_elasticity():
    before = price_response(("A", "B"), FIT)
    after = learn(weeks_at(3.0, 0.0, np.random.default_rng(2)))
    assert after.response.mean == pytest.approx(before.mean, abs=1e-6)
    assert after.response.cov == pytest.approx(before.cov, abs=1e-6)
    assert after.contrasts == {"A": 0.0, "B": 0.0}


def test_offers_counted_over_the_same_days_are_learnt_as_one_count_of_all():
    two = week_at(3.0, 0.0, 3000, date(2027, 1, 4), np.random.default_rng(2))
    whole = replace(two[0].count, offer="", count=sum(c.count.count for c in two))
    apart, together = learn(two), learn([PricedCount(count=whole, price=None)])
    assert min(c.count.count for c in two) > 5
    assert apart.mean == pytest.approx(together.mean, abs=1e-6)
    assert apart.cov == pytest.approx(together.cov, abs=1e-6)


def test_what_one_market_teaches_about_price_moves_the_other_less():
    after = learn(weeks_at(8.0, 0.1, np.random.default_rng(4)))
    assert after.response.mean[0] > after.response.mean[1] > FIT.elasticity_log_mean
    assert after.response.cov[0, 0] < after.response.cov[1, 1]


def test_the_order_of_counts_does_not_matter():
    counts = weeks_at(3.0, 0.1, np.random.default_rng(7))
    one, other = learn(counts), learn(counts[::-1])
    assert one.mean == pytest.approx(other.mean, abs=1e-9)
    assert one.cov == pytest.approx(other.cov, abs=1e-9)


def test_a_price_that_changes_from_quarter_to_quarter_is_learnt_through_what_quarters_scatter():
    """Levels that walk and scatter as newcomers' do: what a good quarter sold is not taken for the price's doing."""
    rng, fit = np.random.default_rng(1), entry_fit()
    lasting = Lasting(walk=fit.walk, scatter=fit.scatter)
    apart = np.abs(np.subtract.outer(np.arange(4), np.arange(4)))
    root = np.linalg.cholesky(2.5 * (1 - lasting.walk) ** (apart / 2) + lasting.scatter * np.eye(4))
    sd, inside = np.hypot(FIT.elasticity_shared_sd, FIT.elasticity_own_sd), []
    for _ in range(40):
        truth = np.exp(FIT.elasticity_log_mean + sd * rng.standard_normal())
        counts = [
            week
            for quarter, moved in enumerate(root @ rng.standard_normal(4))
            for week in quarter_at(truth, 0.1 * (quarter > 1), np.exp(moved), quarter, rng)
        ]
        low, _, high = learn(counts, lasting=lasting).response.interval(0.9)[0]
        inside.append(low <= truth <= high)
    assert np.mean(inside) > 0.9 - 2 * np.sqrt(0.09 / 40)  # .41 where quarters were taken not to scatter
