"""Blocks, levels, covariances and figures of the backtest, worked out by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import ndtri

from beachhead.belief.history.backtest import _last_quarter, _origin, _path_score, _quarters
from beachhead.belief.history.case import case
from beachhead.belief.history.covariance import EntryParams, covariance, scatter
from beachhead.belief.history.groups import KINDS, _spreads
from beachhead.belief.history.level import _normal_crps, _predict, fit_levels, levels
from beachhead.belief.history.points import points, quarters_ahead
from beachhead.belief.history.score import crps, mean_interval
from beachhead.world.entry import Entry

NAN = np.nan


def entry(brand, country, cars, market, *, region="north", first=24_000, most=60.0):
    cars = np.array(cars, dtype=float)
    ceiling = np.where(np.isnan(cars), most, NAN)
    return Entry(
        brand=brand, country=country, region=region, first=first, cars=cars, ceiling=ceiling,
        market=np.broadcast_to(np.array(market, dtype=float), cars.shape), newcomer=True, source="made up",
    )  # fmt: skip


BOAT = entry("B", "NO", [10, 20, 30, 40, 50, NAN, 70, 500], [1000] * 3 + [2000] * 5)


def test_blocks_of_months_by_hand():
    """A month is at most four times the median of the six before and 3 cars: 500 after 20 ... 70 counts 4 x 38."""
    at = points([BOAT, entry("A", "DE", [5] * 3 + [NAN] * 3 + [6], 500, region="mid", first=24_010)])
    mine = at.take(at.entry == 0)
    assert mine.age.tolist() == [0.5, 2, 4.5, 7]  # of [6, 9) there is more than half
    assert (mine.month - mine.age).tolist() == [24_000] * 4
    assert mine.last.tolist() == [24_000, 24_002, 24_005, 24_007]
    assert mine.width.tolist() == [1, 2, 3, 2]
    assert mine.cars.tolist() == [10, 50, 120, 70 + 4 * 38]  # half the ceiling of 60 where unlisted
    assert mine.unlisted == pytest.approx([0, 0, 1 / 3, 0])
    assert mine.log_share == pytest.approx(np.log([10.5 / 1000, 50.5 / 2000, 120.5 / 6000, 222.5 / 4000]))
    assert mine.volume == pytest.approx(np.log(np.array([11, 21, 31, 402 / 8 + 1]) / 50))
    assert mine.size == pytest.approx(np.full(4, np.log(12_000) - 10))
    assert mine.lifted == pytest.approx([0, 0, 0, np.log(570.5 / 222.5)])
    other = at.take(at.entry == 1)
    assert other.age.tolist() == [0.5, 2]  # nothing listed in the next, and less than half of the last
    labels = [(p.brand[0], p.country[0], p.region[0]) for p in (mine, other)]
    assert labels == [(1, 1, 1), (0, 0, 0)]


def test_the_four_quarters_ahead_by_hand():
    ahead = quarters_ahead(points([BOAT]), 0, 24_000, 8)
    assert ahead.age.tolist() == [9.5, 12.5, 15.5, 18.5]
    assert ahead.month.tolist() == [24_009.5, 24_012.5, 24_015.5, 24_018.5]
    assert ahead.last.tolist() == [24_010, 24_013, 24_016, 24_019]
    assert ahead.volume == pytest.approx([np.log((402 / 8 + 1) / 50)] * 4)


def test_a_covariance_of_two_blocks_by_hand():
    values = 0.3 + 0.1 * np.arange(15)
    values[[3, 9, 12]] = 10.0, 8.0, 12.0
    params = EntryParams.of(values)
    p = params
    two = points([BOAT]).take(np.array([1, 3]))  # ages 2 and 7, five months apart
    slopes = np.log(2 / 9.5) * np.log(7 / 9.5)
    kernel = (
        p.cohort**2 * np.exp(-5 / 12) + p.country**2 + p.brand**2 + p.brand_slope**2 * slopes + p.brand_region**2
        + p.brand_drift**2 * np.exp(-5 / 10) + p.entry**2 + p.entry_slope**2 * slopes
        + p.entry_drift**2 * np.exp(-5 / 8) + p.entry_walk**2 * 2 / 12
    )  # fmt: skip
    years = np.array([24_002, 24_007]) / 12 - 2022
    linear = 36 + slopes + 0.25 * (np.log(12_000) - 10) ** 2 + 0.15**2 * years.prod()
    assert covariance(two, two, params)[0, 1] == pytest.approx(kernel + linear)
    month = p.noise**2 * np.exp(-p.noise_volume * two.volume) / np.array([2, 2]) ** 0.9
    assert scatter(two, params) == pytest.approx(month + 1 / np.array([51.5, 223.5]))


def test_levels_by_hand():
    year = [1.0] * 6 + [10, 20, 30, 40, NAN, 50]
    made = [
        entry("B", "NO", year, 1000),
        entry("A", "NO", [2.0] * 11, 1000),
        entry("A", "DE", [5.0] * 12, 500, region="mid"),
        entry("C", "DE", [7.0] * 14, 700, region="mid"),
    ]
    x = np.array([[1.0, NAN], [99.0, 99.0], [4.0, 3.0], [1.0, 3.0]])
    found = levels(made, x, ("one", "two"))
    assert (found.brands, found.brand.tolist(), found.country.tolist()) == (("A", "B", "C"), [1, 0, 2], [1, 0, 0])
    assert found.log_share == pytest.approx(np.log([180.5 / 6000, 30.5 / 3000, 42.5 / 4200]))
    assert found.noise == pytest.approx([1 / 181.5 + 0.5 / 6, 1 / 31.5, 1 / 43.5])
    assert (found.centre.tolist(), found.scale.tolist()) == ([2.0, 3.0], [pytest.approx(2**0.5), 1.0])
    assert found.x == pytest.approx(np.array([[-1, 0], [2, 0], [-1, 0]]) / np.array([2**0.5, 1]))
    assert found.known.tolist() == [[True, False], [True, True], [True, True]]


def test_a_held_out_level_is_the_linear_part_and_what_its_brand_region_and_country_showed():
    """Best linear prediction with normal slopes: the fit's own slopes, then its residuals (Robinson 1991, 3.1)."""
    rng = np.random.default_rng(4)
    made = [
        entry(f"B{b}", f"C{c}", rng.integers(5, 60, 12), 3000, region=f"R{c % 2}")
        for b in range(8)
        for c in rng.choice(6, 3, replace=False)
    ]
    seen = levels(made, rng.normal(size=(24, 2)), ("one", "two"))
    known, asked = seen.take(np.arange(24) > 3), seen.take(np.arange(24) <= 3)
    fit = fit_levels(known)
    mean, sd = _predict(known, asked, fit)

    def alike(a, b):
        brand, region = (np.equal.outer(getattr(a, name), getattr(b, name)) for name in ("brand", "region"))
        country = np.equal.outer(a.country, b.country)
        return fit.brand**2 * brand + fit.region**2 * (brand & region) + fit.country**2 * country

    weight = np.linalg.solve(alike(known, known) + np.diag(fit.own**2 + known.noise), alike(known, asked))
    here, there = (np.column_stack((np.ones(len(part.x)), part.x)) for part in (known, asked))
    coefficients = np.append(fit.mean, fit.slopes)
    assert mean == pytest.approx(there @ coefficients + weight.T @ (known.log_share - here @ coefficients))
    open_ = np.diag(alike(asked, asked)) + fit.own**2 + asked.noise - (weight * alike(known, asked)).sum(axis=0)
    lever = there - weight.T @ here
    assert sd**2 == pytest.approx(open_ + ((lever @ fit.slope_cov) * lever).sum(axis=1))


def test_the_score_of_a_normal_is_that_of_its_atoms():
    atoms, at = ndtri((np.arange(20_000) + 0.5) / 20_000), np.array([-1.3, 0.0, 0.4, 2.1])
    assert _normal_crps(at) == pytest.approx([crps(atoms, z) for z in at], abs=1e-4)


def test_quarters_to_come_and_their_scores_by_hand():
    c = case(entry("A", "NO", [3, 4, 5, *[1.0] * 3, *[2.0] * 3, *[3.0] * 3, *[4.0] * 3], 1000), 3)
    assert _quarters(c) == pytest.approx(np.log([4, 7, 10, 13]))
    assert _last_quarter(c) == pytest.approx(np.log(13))
    assert _path_score(_quarters(c)[:, None] + np.array([[0.0], [1], [2], [3]]), c) == pytest.approx(6 / 4)


def test_figures_of_an_origin_by_hand():
    moved, brands = [0.04, 0.06, 0.3, 0.5, 0.96, 0.08], ["a", "a", "b", "c", "c", "d"]
    scores, two = [1, 2, 3, 4, 5, 6], [[2, 9], [2, 9], [5, 1], [5, 1], [5, 1], [5, 1]]
    scored = [
        SimpleNamespace(
            case=SimpleNamespace(months=6, brand=brand), crps=float(own), peers=peers, transform=t, path=own / 2,
            path_repeat=own * 3.0,
        )
        for t, brand, own, peers in zip(moved, brands, scores, two, strict=True)
    ]  # fmt: skip
    scored.append(SimpleNamespace(case=SimpleNamespace(months=12, brand="z"), crps=99.0, peers=[0, 0], transform=0.5))
    found = _origin(6, scored, (SimpleNamespace(name="one"), SimpleNamespace(name="two")), seed=1)
    assert (found.entries, found.brands, found.crps_log1p) == (6, 4, 3.5)
    assert (found.best_peer, found.best_peer_crps_log1p, found.skill) == ("two", 22 / 6, pytest.approx(1 - 21 / 22))
    assert (found.cover50, found.cover80, found.cover90) == pytest.approx((2 / 6, 2 / 6, 4 / 6))
    for level, ends in ((0.5, (found.cover50_low, found.cover50_high)), (0.9, (found.cover90_low, found.cover90_high))):
        assert ends == mean_interval(np.array(np.abs(np.array(moved) - 0.5) <= level / 2, dtype=float), brands, 1)
    assert (found.crps_quarters, found.crps_quarters_repeat) == (1.75, 10.5)
    assert found.skill_low < found.skill < found.skill_high


def test_how_skills_of_groups_lie_by_hand():
    skills = [
        SimpleNamespace(kind=KINDS[0].name, months=3, entries=n, skill=s, skill_low=s - w, skill_high=s + w, one_peer=o)
        for n, s, w, o in ((8, -0.1, 0.05, -0.03), (9, 0.1, 0.2, 0.0), (12, 0.2, 0.1, -0.3), (20, NAN, 0.1, 0.0))
    ]
    (found,) = _spreads(
        skills, SimpleNamespace(peers=(SimpleNamespace(name="one"), SimpleNamespace(name="two"))), {3: 1}
    )
    assert (found.groups, found.entries, found.one_peer) == (3, 9, "two")
    assert (found.mean, found.low, found.median, found.high) == pytest.approx((0.2 / 3, -0.06, 0.1, 0.18))
    assert (found.worse, found.surely_worse, found.one_peer_worse) == pytest.approx((1 / 3, 1 / 3, 2 / 3))
    assert (found.half_width, found.one_peer_mean) == pytest.approx((0.1, -0.11))
