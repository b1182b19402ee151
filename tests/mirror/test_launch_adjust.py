"""Changes of price, trim list and mix, and what would settle them, against cases that can be worked out by hand."""

from dataclasses import replace
from math import exp, log

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.linalg import block_diag
from scipy.stats import norm

from beachhead.belief.belief import Belief
from beachhead.belief.choice import (
    Learnt,
    OfferList,
    Taste,
    choice_fit,
    intercepts_of,
    price_response,
    shares,
)
from beachhead.launch.adjust import changes, draws, settling
from beachhead.launch.adjust.adjust import adjust
from beachhead.launch.adjust.changes import Lever, mix_option, price_options
from beachhead.launch.adjust.draws import World
from beachhead.launch.adjust.stake import Stake
from beachhead.launch.information.worth import normal_gain
from beachhead.world.market import Channel
from beachhead.world.quarter import Quarter, grid


def world_of(
    shipped: tuple[float, ...],
    wanted: tuple[float, ...],
    margins: tuple[float, ...],
    levels: tuple[float, ...] = (1.0,) * 8,
) -> World:
    """Draws of so many thousand cars a year, wanted in that mix."""
    codes, prices, draws = tuple("ABC"[: len(shipped)]), (40_000.0,) * len(shipped), len(levels)
    taste = Taste(
        elasticity=np.full(draws, 2.0), nest=np.full(draws, 1.0), price_spread=0.3, brand_spread=1.0, price=4e4
    )
    taken = np.tile(0.01 * np.array(wanted), (draws, 1))
    intercepts = intercepts_of(taken, taste, np.array(prices))
    scale = 1e5 * np.array(levels)
    sold = scale[:, None] * shares(intercepts, taste, np.array(prices))
    stake = Stake(
        offers=OfferList(market="NO", offers=codes, prices=prices, mix=wanted),
        margins=margins,
        kept=0.8,
        net=prices,
        shipped=shipped,
        mix_counts=(0,) * len(shipped),
        served=1.0,
        test_reach=0.1,
        size=100_000,
        channel=Channel.DEALER,
    )
    return World(
        stake=stake,
        log_elasticity=np.full(draws, np.log(2.0)),
        taste=taste,
        intercepts=intercepts,
        scale=scale,
        sold=sold,
        expected_cars=np.full(draws, sold.sum(axis=1).mean()),
        contribution=sold @ np.array(margins),
    )


def test_no_trim_gives_up_more_of_the_shipment_than_it_has():
    best = mix_option(world_of((0.05, 0.5, 0.45), (0.01, 0.54, 0.45), (-30_000.0, 5_000.0, 5_000.0)))
    assert best is not None
    assert min(best.mix.values()) >= 0.0
    assert sum(best.mix.values()) == pytest.approx(1.0)


def test_a_shipment_gains_no_more_by_its_mix_than_its_cars_could_earn():
    # where hardly anybody buys, the cars stand: what their mix does there does not grow with demand
    levels = (1e-4, 0.5, 0.9, 1.0, 1.1, 1.3, 2.0)
    world = world_of((0.7, 0.3), (0.6, 0.4), (5_000.0, 5_000.0), levels)
    best = mix_option(replace(world, stake=replace(world.stake, net=(40_000.0, 25_000.0))))
    assert best is not None
    cars = 1_000 * 1.01
    assert 0 < best.gain <= cars * 5_000
    assert abs(best.cars) <= cars
    assert best.gain_interval.low <= best.gain <= best.gain_interval.high


ALIKE = replace(choice_fit(), price_spread=0.0, brand_spread=0.0)
"""People who are all alike: where a brand's share is small, demand is sold * exp(-elasticity (price / old - 1))."""


def learnt_of(level_sd: float = 0.8) -> Learnt:
    """Nothing sold yet; demand about 1,000 cars a year."""
    belief = Belief(
        markets=("SE", "NO"),
        quarters=grid(Quarter(2027, 1), 4),
        mean=np.array([3.0, log(1_000), 0.1]),
        cov=np.diag([1.0, level_sd**2, 0.04]),
        log_path=np.zeros((2, 4)),
        nb_size_weekly=20.0,
    )
    response = price_response(belief.markets, ALIKE)
    cov = block_diag(belief.cov, response.cov)
    cov[1, 4] = cov[4, 1] = 0.3 * level_sd * response.cov[1, 1] ** 0.5  # where more is sold, price matters more
    return Learnt(
        belief=belief,
        response=response,
        mean=np.concatenate([belief.mean, response.mean]),
        cov=cov,
        contrasts={},
        converged=True,
    )


def stake_of(**changes: object) -> Stake:
    offer = OfferList(market="NO", offers=("A",), prices=(40_000.0,), mix=(1.0,))
    plain = Stake(
        offers=offer,
        margins=(6_000.0,),
        kept=0.7,
        net=(32_000.0,),
        shipped=(1.0,),
        mix_counts=(0,),
        served=0.5,
        test_reach=0.1,
        size=1e7,
        channel=Channel.DEALER,
    )
    return replace(plain, **changes)


def test_what_a_change_of_price_gains_is_what_the_margin_gains_on_the_cars_that_are_left():
    world = draws.world_of(learnt_of(), stake_of(car_price=1_000.0), ALIKE, 64, 1)
    options, gains = price_options(world)
    cut = next(k for k, option in enumerate(options) if option.deed == "all prices -10%")
    sold, e = world.sold[:, 0], np.exp(world.log_elasticity)
    after = sold * np.exp(0.1 * e)  # a tenth off the price, of which the maker bears 0.7
    assert gains[cut] + sold * 5_000 == pytest.approx(after * (5_000 - 0.7 * 4_000), rel=2e-3)
    assert options[cut].prices == pytest.approx({"A": 36_000.0})
    assert options[cut].odds == np.mean(gains[cut] > 0)
    # expected cars: those of each draw's elasticity, over all levels
    assert options[cut].cars == pytest.approx(np.mean((np.exp(0.1 * e) - 1) * world.expected_cars), rel=2e-3)


def test_a_trim_taken_off_the_list_sells_no_more_and_the_rest_what_its_buyers_turn_to():
    offers = OfferList(market="NO", offers=("A", "B"), prices=(40_000.0, 40_000.0), mix=(0.75, 0.25))
    stake = stake_of(
        offers=offers, margins=(6_000.0, 2_000.0), net=(32_000.0,) * 2, shipped=(0.75, 0.25), mix_counts=(0, 0)
    )
    fit = replace(ALIKE, nest=1.0, nest_half_width=0.0, mix_weight_cars=1e12)  # the mix is as declared
    world = draws.world_of(learnt_of(), stake, fit, 64, 1)
    options, gains = price_options(world)
    off = next(k for k, option in enumerate(options) if option.deed == "take B off the list")
    assert options[off].lever is Lever.TRIM
    assert options[off].prices == {"A": 40_000.0}
    # no nearer to each other than to the rest, and few buy either: who wanted B buys elsewhere
    assert gains[off] == pytest.approx(-2_000 * 0.25 * world.sold.sum(axis=1), rel=2e-3)


def test_expected_cars_are_the_mean_of_the_level_and_no_more_than_half_the_market():
    mean, sd = log(1_000), 0.8
    free = draws.world_of(learnt_of(sd), stake_of(), ALIKE, 256, 1)
    assert free.log_elasticity.mean() == pytest.approx(ALIKE.elasticity_log_mean, abs=0.01)
    assert np.corrcoef(free.log_elasticity, np.log(free.sold[:, 0]))[0, 1] == pytest.approx(0.3, abs=0.03)
    assert free.expected_cars.mean() == pytest.approx(0.5 * exp(mean + sd**2 / 2), rel=2e-3)
    likely = exp(mean + norm.ppf(0.95) * sd)  # what is believed with 95 % is not cut off
    for size, most in ((1e3, likely), (1e4, 5_000.0)):
        capped = draws.world_of(learnt_of(sd), stake_of(size=size), ALIKE, 256, 1)
        within, _ = quad(lambda x, most=most: min(exp(x), most) * norm.pdf(x, mean, sd), -3, 20, points=[log(most)])
        assert capped.expected_cars.mean() == pytest.approx(0.5 * within, rel=2e-3)


def test_the_expected_gain_counts_levels_by_the_cars_that_they_sell():
    """Where demand may be large, so may the share, and a large brand loses fewer buyers by a higher price."""
    sd, size = 1.4, 20_000.0
    world = draws.world_of(learnt_of(sd), stake_of(size=size), ALIKE, 1024, 1)
    options, _ = price_options(world)
    dearer = next(option for option in options if option.deed == "all prices +10%")
    mean_e, sd_e = ALIKE.elasticity_log_mean, learnt_of().response.cov[1, 1] ** 0.5
    mean, most = log(1_000), max(0.5 * size, exp(log(1_000) + norm.ppf(0.95) * sd))
    z = np.linspace(-6, 6, 1201)
    weight = norm.pdf(z) / norm.pdf(z).sum()
    level = mean + sd * (0.3 * z[:, None] + (1 - 0.3**2) ** 0.5 * z)  # (elasticity, level)
    share = np.minimum(np.exp(level) / size, 0.5)
    odds = share / (1 - share) * np.exp(-0.1 * np.exp(mean_e + sd_e * z))[:, None]
    cars = np.minimum(np.exp(level), most) * 0.5
    gain = cars * (odds / (1 + odds) / share * (6_000 + 0.7 * 4_000) - 6_000)
    assert dearer.gain == pytest.approx(weight @ gain @ weight, rel=0.02)


def test_cars_sold_speak_for_the_mix_beside_what_was_declared():
    stake = stake_of(
        offers=OfferList(market="NO", offers=("A", "B"), prices=(40_000.0,) * 2, mix=(0.5, 0.5)),
        mix_counts=(60, 0),
        stated_mix=(10.0, 20.0),
    )
    found = draws._mixes(stake, replace(ALIKE, mix_weight_cars=10.0), 4_000, 1).mean(axis=0)
    assert found == pytest.approx([(5 + 60 + 10) / 100, (5 + 20) / 100], abs=0.01)


def test_buyers_of_a_trim_that_is_out_look_at_the_others_once_and_what_stands_loses_its_share():
    world = world_of((0.5, 0.5), (0.75, 0.25), (6_000.0, 2_000.0), levels=(0.2,))  # 150 want A, 50 want B
    divert = np.array([[[0.0, 0.4], [0.3, 0.0]]])
    money, sold = changes._shipment(world, divert, np.array([100.0, 100.0]))
    # 50 find no A, 20 of them take a B: 30 B stand
    assert sold == pytest.approx([100 + 70])
    assert money == pytest.approx([100 * 6_000 + 70 * 2_000 - 30 * 0.08 * 40_000])


def test_the_badge_costs_what_the_cars_that_a_price_cut_would_bring_back_would_earn():
    fit = replace(ALIKE, penalty_share=0.2, penalty_sd=0.0)
    stake = stake_of(car_price=1_000.0, penalised=True)
    (found,) = adjust(learnt_of(), [stake], fit, draws=64, seed=1)
    world = draws.world_of(learnt_of(), stake, fit, 64, 1)
    lost = world.sold[:, 0] * (np.exp(0.2 * np.exp(world.log_elasticity)) - 1) * 5_000
    assert found.badge is not None
    assert found.badge.median == pytest.approx(np.median(lost), rel=5e-3)
    assert adjust(learnt_of(), [replace(stake, penalised=False)], fit, draws=64, seed=1)[0].badge is None


@pytest.mark.parametrize(("level", "slope"), [(-300.0, 1_000.0), (200.0, -1_000.0), (900.0, 500.0)])
def test_an_observation_is_worth_the_unit_normal_loss_where_gains_are_straight(level, slope):
    """One change whose gain is level + slope x, x the log elasticity in standard deviations."""
    knots = np.array([-9.0, 9.0])
    curves = settling._Curves(knots=knots, values=level + slope * knots[None, :])
    var, noise = 0.3, 0.1
    scores = norm.ppf((np.arange(4_096) + 0.5) / 4_096)
    found = settling._worth("price test", "", curves, (scores, level + slope * scores[None] > 0), var, noise, 1.0)
    seen = var / (var + noise)  # share of the variance that it resolves
    assert found.worth == pytest.approx(normal_gain(level, abs(slope) * seen**0.5), abs=12)
    assert found.elasticity_sd == pytest.approx((1 / (1 / var + 1 / noise)) ** 0.5)
    assert found.odds_now == pytest.approx(norm.cdf(abs(level / slope)), abs=0.015)

    def right(shown: float) -> float:
        middle, left = level + slope * seen**0.5 * shown, abs(slope) * (1 - seen) ** 0.5
        return float(norm.cdf(abs(middle) / left) * norm.pdf(shown))

    assert found.odds_after == pytest.approx(quad(right, -8, 8, limit=200)[0], abs=0.015)


def test_a_price_test_shows_the_elasticity_as_well_as_its_cars_count():
    """Two halves of a reach of .1, 8 weeks, demand D a year: .05 D 8 / 52 cars each; size 20 a week at full reach."""
    learnt, stake = learnt_of(1e-6), stake_of()
    world = draws.world_of(learnt, stake, ALIKE, 64, 1)
    found = settling._test_noise(world, learnt, 0.05, log(2.0))
    cars, size = 1_000 * 0.05 * 8 / 52, 20 * 0.05 * 8
    # the difference of two log counts, over its slope in log e: e log 1.05
    assert found == pytest.approx(2 * (1 / cars + 1 / size) / (2 * log(1.05)) ** 2, rel=1e-3)


def test_what_is_learnt_of_the_elasticity_meets_gains_at_the_elasticities_of_the_draws():
    learnt, (option, *_) = learnt_of(1e-6), price_options(draws.world_of(learnt_of(), stake_of(), ALIKE, 64, 1))[0]
    world = draws.world_of(learnt, stake_of(), ALIKE, 4_096, 1)
    mean, sd = ALIKE.elasticity_log_mean, learnt.response.cov[1, 1] ** 0.5
    straight = 200.0 + 3_000.0 * (world.log_elasticity - mean)  # 3,000 for each unit of log elasticity
    study = next(
        s for s in settling.settling(world, [option], straight[None], straight[None], learnt, 200.0) if s.name[0] == "c"
    )
    noise = 0.35**2 + 0.07**2 * 384 / 400  # what such studies miss by, and the sampling error of 400 people
    assert study.elasticity_sd == pytest.approx((1 / (1 / sd**2 + 1 / noise)) ** 0.5)
    assert study.worth == pytest.approx(normal_gain(200.0, 3_000 * sd * (sd**2 / (sd**2 + noise)) ** 0.5), rel=0.05)


def test_the_odds_of_a_choice_are_those_of_its_gain_and_what_no_observation_of_price_tells_stays_open():
    """A change that gains 1,000 expected whatever the elasticity, and loses in three draws of ten for other reasons."""
    learnt = learnt_of(1e-6)
    world = draws.world_of(learnt, stake_of(), ALIKE, 4_096, 1)
    option = price_options(world)[0][0]
    expected = np.full((1, 4_096), 1_000.0)
    drawn = np.where(np.random.default_rng(3).random((1, 4_096)) < 0.3, -1_000.0, 2_000.0)
    for found in settling.settling(world, [option], expected, drawn, learnt, 1_000.0):
        assert found.odds_now == float((drawn > 0).mean())
        assert found.odds_after == pytest.approx(found.odds_now)
        assert not found.could_change


def test_the_odds_right_now_are_the_odds_printed_beside_the_change():
    """Levels known within a factor of four: large brands lose fewer buyers, so expected gains and most draws differ."""
    learnt = learnt_of(1.4**2)
    (found,) = adjust(learnt, [stake_of(size=20_000.0)], choice_fit(), draws=256, seed=1)
    first = next(o for o in found.options if o.lever is not Lever.MIX)
    assert first.gain > 0
    assert {s.odds_now for s in found.settling} == {first.odds}


@pytest.mark.parametrize("seed", range(4))
def test_news_that_turns_the_choice_far_out_is_worth_what_it_is_worth(seed):
    """A gain of 1,000 - 300 exp(.8 x): it turns 1.5 standard deviations out, and is known in each draw up to noise."""
    learnt = learnt_of(1e-6)
    world = draws.world_of(learnt, stake_of(), ALIKE, 256, seed)
    option = price_options(world)[0][0]
    x = (world.log_elasticity - world.log_elasticity.mean()) / world.log_elasticity.std()
    gains = 1_000 - 300 * np.exp(0.8 * x) + 50 * np.random.default_rng(seed).standard_normal(len(x))
    found = settling.settling(world, [option], gains[None], gains[None], learnt, 500.0)
    study = next(s for s in found if s.name[0] == "c")
    var = learnt.response.cov[1, 1]
    seen = var / (var + 0.35**2 + 0.07**2 * 384 / 400)

    def after(shown: float) -> float:
        """Expected gain, were the elasticity log-normal about what was shown."""
        return 1_000 - 300 * exp(0.8 * seen**0.5 * shown + 0.32 * (1 - seen))

    now = 1_000 - 300 * exp(0.32)
    exact = quad(lambda s: max(after(s), 0.0) * norm.pdf(s), -8, 8, limit=400)[0] - now
    assert study.worth == pytest.approx(exact, rel=0.35)
