"""Prior, update, odds and outlook on small cases whose answer is known."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import nbinom, norm

import made_up
from beachhead.belief import Belief, coming_year, odds, outlook, prior, update
from beachhead.belief.fitted import entry_fit
from beachhead.belief.line_up import offer_shares
from beachhead.world.errors import BadInput
from beachhead.world.evidence import Evidence
from beachhead.world.market import Fact, Market
from beachhead.world.quarter import Quarter, grid
from beachhead.world.reading import DemandCount, Funnel, Reading
from beachhead.world.source import Grade, Source

SAID = Source(who="registration office", as_of=date(2026, 12, 31), grade=Grade.A)


def market(code, region="nordic", bev=50_000.0, **more):
    return Market(
        code=code, name=code, region=region, currency="EUR", bev_per_year=bev, bev_growth=0.1, source=SAID, **more
    )


def single(mean=7.0, sd=1.0, size=10.0):
    return Belief(
        markets=("NO",), quarters=grid(Quarter(2027, 1), 4), mean=np.array([mean, 0.0]), cov=np.diag([sd**2, 0.0]),
        log_path=np.zeros((1, 4)), nb_size_weekly=size, nb_size_log_sd=0.0,
    )  # fmt: skip


def count(n, *, market="NO", days=28, reach=0.1, **more):
    start = date(2027, 1, 1)
    return DemandCount(
        market=market, offer="", start=start, end=date.fromordinal(start.toordinal() + days - 1), count=n, reach=reach,
        funnel=Funnel.ORDERS, **more,
    )  # fmt: skip


def exact(held, likelihood):
    """Posterior mean and sd of one theta by quadrature."""
    mean, sd = held.mean[0], held.cov[0, 0] ** 0.5
    x = np.linspace(mean - 8 * sd, mean + 8 * sd, 20001)
    w = norm.pdf(x, mean, sd) * likelihood(x)
    centre = float(np.sum(w * x) / np.sum(w))
    return centre, float(np.sqrt(np.sum(w * (x - centre) ** 2) / np.sum(w)))


def at_least(n, size, log_mean):
    return nbinom.sf(n - 1, size, size / (size + np.exp(log_mean)))


def test_one_plain_count_gives_the_posterior_of_quadrature():
    held = single()
    k, mean = 10 * 0.1 * 4, 0.1 * 28 / 365.25
    got = update(held, Reading(counts=(count(3, is_pilot=False),)))
    want = exact(held, lambda x: nbinom.pmf(3, k, k / (k + mean * np.exp(x))))
    assert (got.belief.mean[0], got.belief.cov[0, 0] ** 0.5) == pytest.approx(want, abs=0.01)


def test_a_batch_gone_on_an_unknown_day_gives_the_posterior_of_quadrature():
    held = single()
    k, mean = 10 * 0.1 * 4, 0.1 * 28 / 365.25
    got = update(held, Reading(counts=(count(20, stock_bound=True),)), draws=20_000)
    want = exact(held, lambda x: at_least(20, k, x + np.log(mean)))
    assert (got.belief.mean[0], got.belief.cov[0, 0] ** 0.5) == pytest.approx(want, abs=0.01)
    assert got.belief.mean[0] > held.mean[0]


def test_a_batch_gone_on_a_known_day_gives_the_posterior_of_quadrature():
    held = single()
    rate, size = 0.1 / 365.25, 10 * 0.1 / 7
    got = update(held, Reading(counts=(count(20, sold_out=True),)), draws=20_000)
    want = exact(
        held,
        lambda x: at_least(20, 28 * size, x + np.log(28 * rate)) - at_least(20, 27 * size, x + np.log(27 * rate)),
    )
    assert (got.belief.mean[0], got.belief.cov[0, 0] ** 0.5) == pytest.approx(want, abs=0.01)


def test_a_batch_gone_on_the_first_day_of_a_slower_quarter_is_read_however_far_it_lies_from_what_was_held():
    low = np.zeros((1, 4))
    low[0, 1:] = np.log(0.7)
    held = replace(single(mean=6.4, sd=1.6, size=20.0), log_path=low)
    reading = Reading(counts=(count(400, days=91, reach=0.05, sold_out=True),))
    got = update(held, reading, draws=20_000)
    years, size = np.array([90.0, 90.7]) / 365.25, 20 * 0.05 * 13
    want = exact(
        held,
        lambda x: (
            at_least(400, size, x + np.log(0.05 * years[1]))
            - at_least(400, size * 90 / 90.7, x + np.log(0.05 * years[0]))
        ),
    )
    assert got.converged
    assert (got.belief.mean[0], got.belief.cov[0, 0] ** 0.5) == pytest.approx(want, abs=0.01)


def test_selling_out_sooner_means_more_demand():
    levels = [update(single(), Reading(counts=(count(20, days=d, sold_out=True),))).belief.mean[0] for d in (7, 28, 84)]
    assert levels[0] > levels[1] > levels[2]


def test_a_pilot_teaches_less_than_a_scaled_market_and_leaves_the_bias_where_it_was():
    held = made_up.belief(3, size_log_sd=0.0)
    rows = {p: Reading(counts=(count(400, market="M000", days=364, reach=0.3, is_pilot=p),)) for p in (True, False)}
    pilot, scaled = update(held, rows[True]).belief, update(held, rows[False]).belief
    assert pilot.cov[0, 0] > scaled.cov[0, 0]
    assert scaled.mean[-1] == pytest.approx(held.mean[-1], abs=1e-3)


def test_the_bias_is_learnt_once_a_piloted_market_scales():
    held = made_up.belief(3, size_log_sd=0.0)
    both = Reading(
        counts=(
            count(900, market="M000", days=364, reach=0.3, is_pilot=True),
            count(500, market="M000", days=364, reach=0.3, is_pilot=False),
        )
    )
    after = update(held, both).belief
    assert after.cov[-1, -1] < 0.5 * held.cov[-1, -1]
    assert after.mean[-1] > held.mean[-1] + 0.15


def test_dispersion_is_learnt_from_the_scatter_of_the_counts():
    held = replace(made_up.belief(1), nb_size_log_sd=1.0)
    starts = [date(2027, 1, 4).toordinal() + 7 * w for w in range(40)]

    week = count(0, market="M000", reach=1.0, is_pilot=False)

    def weekly(counts):
        rows = [
            replace(week, start=date.fromordinal(s), end=date.fromordinal(s + 6), count=int(n))
            for s, n in zip(starts, counts, strict=True)
        ]
        return update(held, Reading(counts=tuple(rows))).belief

    rng = np.random.default_rng(5)
    for true in (3.0, 150.0):
        after = weekly(rng.poisson(rng.gamma(true, 80 / true, 40)))
        assert abs(np.log(after.nb_size_weekly / true)) < 2.5 * after.nb_size_log_sd < 1.5


def test_counts_of_all_offers_over_one_span_are_added():
    held = single()
    split = Reading(counts=tuple(replace(count(n), offer=o) for o, n in (("A", 5), ("B", 9))))
    whole = Reading(counts=(count(14),))
    np.testing.assert_array_equal(update(held, split).belief.mean, update(held, whole).belief.mean)


def test_an_offer_shares_demand_with_those_that_could_be_had_on_the_same_days():
    """One trim in winter and another in spring: each was all that there was, not half of what there ever is."""
    held, winter = single(), count(14)
    length = winter.end - winter.start + timedelta(days=1)
    spring = replace(count(9), start=winter.start + length, end=winter.end + length)

    def mean(*counts: DemandCount) -> float:
        return float(update(held, Reading(counts=counts)).belief.mean[0])

    in_turn = mean(replace(winter, offer="A"), replace(spring, offer="B"))
    assert in_turn == pytest.approx(mean(replace(winter, offer="A"), replace(spring, offer="A")))
    # B could be had through the later days of A: of these each has half
    middle = winter.start + (winter.end - winter.start) // 2 + timedelta(days=1)
    late = replace(count(4), start=middle, offer="B")
    whole, part = (winter.end - winter.start).days + 1, (winter.end - middle).days + 1
    told = (replace(winter, offer="A"), late)
    shares = {
        (c.market, c.place, c.offer, c.start, c.end): s for c, s in zip(told, (1 - part / whole / 2, 0.5), strict=True)
    }
    assert offer_shares(told) == pytest.approx(shares)
    assert mean(*told) == pytest.approx(update(held, Reading(counts=told), shares=shares).belief.mean[0])
    # a mix of three to one
    by_mix = offer_shares(told, {("NO", "A"): 0.6, ("NO", "B"): 0.2})
    assert by_mix[next(iter(shares))] == pytest.approx(1 - part / whole / 4)
    assert by_mix[next(reversed(shares))] == pytest.approx(0.25)


def test_a_lone_offer_is_its_share_of_the_market():
    held = single()
    one = replace(count(8), offer="A")
    lone, shares = Reading(counts=(one,)), offer_shares([one, replace(one, offer="B")])
    half = update(held, lone, shares=shares).belief.mean[0]
    assert half > update(held, lone).belief.mean[0] + 0.2


def test_evidence_pulls_by_its_precision_and_a_study_shares_its_bias():
    held = made_up.belief(2)
    one = [
        Evidence(
            market=m, study="S1", kind="survey", log_demand=9.5, bias_mean=0.3, bias_sd=0.5, sampling_sd=0.2,
            source=SAID,
        )
        for m in held.markets
    ]  # fmt: skip
    shared = update(held, Reading(counts=()), evidence=one).belief
    apart = update(held, Reading(counts=()), evidence=[one[0], replace(one[1], study="S2")]).belief
    assert shared.cov[:2, :2].sum() > 1.05 * apart.cov[:2, :2].sum(), "an average does not average a shared bias out"
    page = replace(SAID, who="the same report, page 12")
    cited = update(held, Reading(counts=()), evidence=[one[0], replace(one[1], source=page)]).belief
    np.testing.assert_array_equal(cited.cov, shared.cov, "a study is told by its name, not by how it is cited")
    v, s2 = held.cov[0, 0], 0.5**2 + 0.2**2
    alone = update(held, Reading(counts=()), evidence=one[:1]).belief
    assert alone.mean[0] == pytest.approx(held.mean[0] + v / (v + s2) * (9.2 - held.mean[0]))
    assert alone.cov[0, 0] == pytest.approx(v * s2 / (v + s2))


def test_evidence_of_weight_one_half_counts_as_half_its_information():
    held = made_up.belief(1)
    full = Evidence(
        market="M000", study="S1", kind="survey", log_demand=9.5, bias_mean=0, bias_sd=0.5, sampling_sd=0.2, source=SAID
    )
    halved = update(held, Reading(counts=()), evidence=[replace(full, weight=0.5)]).belief
    information = 1 / halved.cov[0, 0] - 1 / held.cov[0, 0]
    assert information == pytest.approx(0.5 / (0.5**2 + 0.2**2))


def test_a_reading_of_an_unknown_market_is_refused_by_name():
    with pytest.raises(BadInput, match="XX"):
        update(single(), Reading(counts=(count(1, market="XX"),)))


def test_the_prior_is_market_size_times_the_share_newcomers_took():
    held = prior([market("NO"), market("SE", bev=100_000.0)], grid(Quarter(2027, 1), 8))
    assert np.exp(held.mean[0]) == pytest.approx(50_000 * np.exp(entry_fit().log_share))
    assert held.mean[1] - held.mean[0] == pytest.approx(np.log(2))
    assert held.mean[-1] == 0.15
    assert held.cov[-1, -1] == pytest.approx(0.2**2)
    correlation = held.cov[0, 1] / held.cov[0, 0]
    assert correlation == pytest.approx(entry_fit().brand + entry_fit().region)


def test_markets_of_different_regions_share_the_brand_only():
    held = prior([market("NO"), market("TH", region="asean")], grid(Quarter(2027, 1), 8))
    assert held.cov[0, 1] / held.cov[0, 0] == pytest.approx(entry_fit().brand)


def test_the_home_market_is_known_and_tells_nothing_of_the_others():
    sells = Fact(name="brand_sales_cars_per_year", value=400_000.0, source=SAID)
    home = market("CN", region="home", bev=8e6, is_home=True, facts=(sells,))
    held = prior([home, market("NO")], grid(Quarter(2027, 1), 8))
    assert np.exp(held.mean[0]) == pytest.approx(400_000)
    assert held.cov[0, 0] < 0.02
    assert held.cov[0, 1] == 0


def test_the_path_grows_with_the_market_and_breathes_with_the_season():
    held = prior([market("NO")], grid(Quarter(2027, 1), 8))
    season = held.log_path[0, 3] - held.log_path[0, 0]
    assert season > 0.15, "the last quarter sells more than the first"
    year = held.log_path[0, 4] - held.log_path[0, 0]
    assert np.log(1.1) - 0.15 < year < np.log(1.1)


def test_the_path_is_1_in_the_middle_of_the_year_counted_and_the_share_drifts_for_three_years():
    """A year that ends on 31 December 2026 has its middle half a year before the first quarter's first day."""
    fit = entry_fit()
    held = prior([market("NO")], grid(Quarter(2027, 1), 20), fit=fit)
    since = 0.5 + (np.arange(20) + 0.5) / 4  # years from there to the middle of each quarter
    drift = fit.growth_after_entry * np.clip((np.arange(20) + 0.5) / 4 - 1, 0, 3)
    season = np.tile(fit.season_of("NO"), 5)
    assert held.log_path[0] == pytest.approx(since * np.log(1.1) + drift + season, abs=1e-3)
    assert fit.growth_after_entry != 0


def test_odds_of_a_belief_are_the_normal_tail():
    assert odds(single(mean=np.log(1000)), "NO", 1000).probability == pytest.approx(0.5)
    assert odds(single(mean=np.log(1000)), "NO", 0).probability == 1.0


def test_odds_after_a_reading_say_how_exactly_they_are_known():
    after = update(single(), Reading(counts=(count(20, stock_bound=True),)))
    said = odds(after, "NO", 3000)
    assert 0 < said.monte_carlo_sd < 0.02
    k, mean = 10 * 0.1 * 4, 0.1 * 28 / 365.25

    def joint(x):
        return norm.pdf(x, 7, 1) * at_least(20, k, x + np.log(mean))

    want = quad(joint, np.log(3000), 14)[0] / quad(joint, 0, 14)[0]
    assert said.probability == pytest.approx(want, abs=4 * said.monte_carlo_sd)


def test_an_outlook_draws_quarterly_cars_with_the_beliefs_moments():
    held = made_up.belief(4)
    drawn = outlook(held, draws=20_000, seed=1)
    logs = np.log(drawn.values)
    np.testing.assert_allclose(logs.mean(axis=0), held.mean[:4, None] + held.log_path - np.log(4), atol=1e-9)
    np.testing.assert_allclose(np.cov(logs[:, :, 0].T), held.cov[:4, :4], atol=0.03)
    assert drawn.values.shape == (20_000, 4, 12)


def test_the_same_seed_draws_the_same_outlook():
    held = made_up.belief(3)
    np.testing.assert_array_equal(outlook(held, draws=10, seed=7).values, outlook(held, draws=10, seed=7).values)


def test_odds_of_a_belief_are_those_of_its_normal():
    belief = Belief(
        markets=("A", "B"),
        quarters=grid(Quarter(2027, 1), 4),
        mean=np.array([5.0, np.log(1_000), 0.1]),
        cov=np.diag([1.0, 0.49, 0.04]),
        log_path=np.zeros((2, 4)),
        nb_size_weekly=20.0,
    )
    assert odds(belief, "B", 1_000 * np.exp(0.7)).probability == pytest.approx(0.158655, abs=1e-6)  # one sd above
    assert odds(belief, "B", 1_000).probability == 0.5
    assert odds(belief, "B", 0.0).probability == 1.0
    known = replace(belief, cov=np.diag([1.0, 0.0, 0.04]))
    assert [odds(known, "B", cars).probability for cars in (999.0, 1_001.0)] == [1.0, 0.0]


def test_the_coming_year_is_the_mean_of_its_quarters_and_of_the_nearest_where_the_path_ends():
    path = np.log([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0] * 6])
    belief = Belief(
        markets=("A", "B"),
        quarters=grid(Quarter(2027, 1), 6),
        mean=np.zeros(3),
        cov=np.eye(3),
        log_path=path,
        nb_size_weekly=20.0,
    )
    year = coming_year(belief, Quarter(2027, 2))
    assert (year.span, year.cars("A", 100.0), year.cars("B", 100.0)) == ("2027Q2 to 2028Q1", 350.0, 100.0)
    assert coming_year(belief, Quarter(2026, 2)).cars("A", 100.0) == pytest.approx(250.0)
    assert coming_year(belief, Quarter(2028, 1)).cars("A", 100.0) == pytest.approx(550.0)
    assert coming_year(belief, Quarter(2031, 1)).span == "2028Q2"
