"""The level model of an entry finds what made-up entries were drawn with, and says when a covariate tells nothing."""

from datetime import date

import numpy as np
import pytest

from beachhead.belief.fitted import entry_fit
from beachhead.belief.history.level import Levels, fit_levels, tell
from beachhead.belief.history.season import month_factors, quarter_factors, registration_size, within_quarter
from beachhead.belief.prior import prior
from beachhead.world.entry import Entry, MarketSeries
from beachhead.world.market import Market
from beachhead.world.quarter import Quarter, grid
from beachhead.world.source import Grade, Source

SLOPES = np.array([-0.5, 0.0])


def made_up(seed, *, brands=40, countries=15, brand=0.9, country=0.5, own=0.7):
    rng = np.random.default_rng(seed)
    pairs = [(b, c) for b in range(brands) for c in rng.choice(countries, size=6, replace=False)]
    b, c = np.array(pairs).T
    x = np.column_stack((rng.normal(size=countries)[c], rng.normal(size=len(b))))
    y = -4.5 + x @ SLOPES + rng.normal(size=brands)[b] * brand + rng.normal(size=countries)[c] * country
    return Levels(
        brand=b,
        region=c % 4,
        country=c,
        log_share=y + own * rng.normal(size=len(b)),
        noise=np.full(len(b), 1e-3),
        brands=tuple(str(i) for i in range(brands)),
        x=x,
        known=np.ones(x.shape, dtype=np.bool_),
        names=("size", "nothing"),
        centre=np.zeros(2),
        scale=np.ones(2),
    )


def test_marginal_likelihood_finds_the_spread_of_brands_countries_and_entries():
    fits = [fit_levels(made_up(seed)) for seed in range(4)]
    assert np.mean([f.brand for f in fits]) == pytest.approx(0.9, abs=0.15)
    assert np.mean([f.country for f in fits]) == pytest.approx(0.5, abs=0.15)
    assert np.mean([f.own for f in fits]) == pytest.approx(0.7, abs=0.08)


def test_slopes_lie_within_their_stated_doubt_and_an_empty_covariate_is_shrunk_to_nothing():
    fits = [fit_levels(made_up(seed)) for seed in range(4)]
    away = np.array([(f.slopes - SLOPES) / f.slope_sd for f in fits])
    assert np.abs(away).max() < 3
    assert np.abs(np.mean([f.slopes[1] for f in fits])) < 0.1


def test_a_covariate_that_tells_lowers_the_held_out_score_and_one_that_does_not_is_not_praised():
    told = {t.name: t for t in tell(made_up(0, brands=12))}
    assert told["size"].log_likelihood_gain > 3
    assert told["size"].crps_change < told["nothing"].crps_change
    assert abs(told["nothing"].crps_change) < 0.03


def test_a_country_calendar_is_found_and_a_noisy_one_is_drawn_towards_all():
    rng = np.random.default_rng(5)
    months = np.array([-0.2, -0.2, 0.3, -0.1, 0, 0.1, -0.1, -0.1, 0.2, 0, 0, 0.1])
    plates = months + np.array([0, -0.3, 0.3, 0, 0, 0, 0, -0.2, 0.2, 0, 0, 0])
    span = np.arange(12 * 7)

    def series(country, logs, noise):
        cars = np.exp(8 + 0.01 * span + logs[span % 12] + noise * rng.normal(size=len(span)))
        return MarketSeries(country=country, region="x", first=12 * 2019, cars=cars)

    markets = [series(f"C{i}", months, 0.05) for i in range(9)]
    pooled, own = month_factors([*markets, series("UK", plates, 0.05), series("ZZ", months, 0.8)])
    assert np.abs(pooled - (months - months.mean())).max() < 0.06
    assert own["UK"][2] - own["UK"][1] == pytest.approx(1.1, abs=0.15)
    raw = np.abs(own["ZZ"] - pooled).max()
    assert raw < np.abs(own["UK"] - pooled).max()
    assert sum(quarter_factors(pooled)) == pytest.approx(0, abs=1e-12)


def entry(brand, cars):
    unlisted, whole = np.full(len(cars), np.nan), np.full(len(cars), 1e4)
    return Entry(
        brand=brand, country="NO", region="x", first=12 * 2020, cars=cars, ceiling=unlisted, market=whole,
        newcomer=True, source="made up",
    )  # fmt: skip


def test_boatloads_and_the_months_of_a_quarter_are_found():
    rng = np.random.default_rng(6)
    size_a_month, spread = 3.0, np.array([0.8, 0.9, 1.3])
    entries = []
    for i in range(40):
        months = 48
        mean = 200 * spread[np.arange(months) % 3]
        cars = rng.poisson(mean * rng.gamma(size_a_month, 1 / size_a_month, months)).astype(float)
        entries.append(entry(str(i), cars))
    assert np.exp(within_quarter(entries)) == pytest.approx(spread, abs=0.08)
    flat = [entry(e.brand, np.round(e.cars / np.tile(spread, 16))) for e in entries]
    assert registration_size(flat) == pytest.approx(size_a_month * 12 * 7 / 365.25, rel=0.25)


def market(code, size=50_000.0):
    said = Source(who="made up", as_of=date(2026, 12, 31), grade=Grade.A)
    return Market(
        code=code, name=code, region=code, currency="EUR", bev_per_year=size, bev_growth=0.0, source=said
    )  # fmt: skip


def test_what_is_known_of_a_market_moves_its_prior_and_what_is_not_known_widens_it():
    fit, quarters = entry_fit(), grid(Quarter(2027, 1), 4)
    size = next(c for c in fit.covariates if c.name == "market size")
    alike = {c.name: c.centre for c in fit.covariates}
    markets = [market("AA"), market("BB"), market("CC")]
    known = {"AA": alike, "BB": alike | {"market size": size.centre + size.scale}, "CC": {}}
    held = prior(markets, quarters, known=known)
    assert held.mean[1] - held.mean[0] == pytest.approx(size.slope)
    assert held.cov[1, 1] - held.cov[0, 0] == pytest.approx(size.slope_sd**2)
    assert held.cov[2, 2] > held.cov[1, 1]
    plain = prior(markets, quarters)
    assert held.mean[0] == pytest.approx(plain.mean[0])
    assert held.cov[0, 0] == pytest.approx(plain.cov[0, 0])


def test_a_value_far_from_the_panel_counts_as_if_at_two_and_a_half_deviations():
    size = next(c for c in entry_fit().covariates if c.name == "market size")
    assert size.standard(size.centre + 9 * size.scale) == 2.5
    assert size.standard(float("nan")) == 0.0


def test_a_launch_that_states_its_own_median_share_is_left_alone_by_the_covariates():
    fit = entry_fit().with_share(0.02, None)
    held = prior([market("AA"), market("BB", 1e6)], grid(Quarter(2027, 1), 4), fit=fit, known={"AA": {}, "BB": {}})
    assert held.mean[1] - held.mean[0] == pytest.approx(np.log(20))
