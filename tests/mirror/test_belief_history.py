"""The entry model and its peers on made-up panels."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import approx_fprime

import made_up_panel
from beachhead.belief.history import groups
from beachhead.belief.history.backtest import Question, backtest
from beachhead.belief.history.case import case, cases
from beachhead.belief.history.covariance import EntryParams
from beachhead.belief.history.fit import _objective
from beachhead.belief.history.forecast import ExitOdds, Forecast, exit_odds, forecast, learnt, silent_months
from beachhead.belief.history.groups import draw, score_groups
from beachhead.belief.history.market import fit_market, market_ahead
from beachhead.belief.history.momentum import lasting, momentum
from beachhead.belief.history.peers import simple_peers
from beachhead.belief.history.points import points
from beachhead.belief.history.pool import partners, pool, shift, unlike
from beachhead.belief.history.score import crps, skill, skill_interval
from beachhead.world.errors import BadInput, NotLearnt

PANEL = made_up_panel.panel(1, brands=9)
SIMPLE = tuple(p for p in simple_peers() if p.name in ("mean", "mean of last three", "last value"))


def market_of(c):
    series = next(m for m in PANEL.markets if m.country == c.entry.country)
    return market_ahead(fit_market(PANEL.markets, c.origin), series, c.origin)


def ask(entries, c):
    at = points(entries)
    held = learnt(at, at.take(at.last < 0), ExitOdds())
    return forecast(c, entries.index(c.entry), held, market_of(c))


def test_the_fit_climbs_the_exact_gradient():
    at = points(PANEL.entries[:12])
    centre = np.log(EntryParams().vector())
    here = centre + 0.1
    numeric = approx_fprime(here, lambda p: _objective(p, at, centre)[0], 1e-6)
    np.testing.assert_allclose(_objective(here, at, centre)[1], numeric, rtol=1e-3, atol=1e-3)


def test_a_forecast_knows_nothing_later_than_its_origin():
    c = next(c for c in cases(PANEL.entries) if c.months == 6)
    before = ask(list(PANEL.entries), c)

    def spoilt(e):
        known = max(0, c.origin - e.first + 1)
        cars = e.cars.copy()
        cars[known:] = 9999.0
        return replace(e, cars=cars)

    changed = [spoilt(e) for e in PANEL.entries]
    at = PANEL.entries.index(c.entry)
    after = ask(changed, replace(c, entry=changed[at]))
    np.testing.assert_array_equal(after.log_total, before.log_total)


def test_more_months_of_history_narrow_the_forecast():
    widths = {k: [] for k in (3, 12)}
    for e in PANEL.entries[:12]:
        for k, into in widths.items():
            if len(e.cars) >= k + 12:
                into.append(np.diff(np.quantile(ask(list(PANEL.entries), case(e, k)).log_total, [0.1, 0.9]))[0])
    # by medians: one that fell silent may be over or not, and its forecast is as wide as that
    assert np.median(widths[12]) < 0.95 * np.median(widths[3])


def test_a_surge_that_all_newcomers_share_is_expected_to_last_more_than_one_of_its_own():
    c = next(c for c in cases(PANEL.entries) if c.months == 6 and c.entry.first > 12 * 2021)

    def surging(e):
        since = np.arange(len(e.cars)) + e.first > c.origin - 3
        return replace(e, cars=np.round(e.cars * (1 + 2.0 * since)))

    at = PANEL.entries.index(c.entry)
    alone = list(PANEL.entries)
    alone[at] = surging(c.entry)
    together = [surging(e) for e in PANEL.entries]
    own, shared = (np.median(ask(es, case(es[at], 6)).log_total) for es in (alone, together))
    assert shared > own + 0.02


def test_quarters_add_up_to_the_total():
    c = next(c for c in cases(PANEL.entries) if c.months == 12)
    said = ask(list(PANEL.entries), c)
    # by medians: the logs have Student tails, so means are ruled by the farthest draw
    total = np.median(np.expm1(said.log_total))
    assert np.median(said.quarters, axis=1).sum() == pytest.approx(total, rel=0.2)


def test_an_entry_that_sold_none_for_a_quarter_may_be_over():
    e = PANEL.entries[0]
    gone = replace(e, cars=np.where(np.arange(len(e.cars)) < 9, e.cars + 10, 0.0))
    c = case(gone, 12)
    said = ask([gone, *PANEL.entries[1:]], c)
    assert (said.log_total == 0).mean() == pytest.approx(0.5, abs=0.01)


def test_exit_odds_are_learnt_from_entries_that_stopped():
    base = PANEL.entries[0]
    dead = [
        replace(base, brand=f"X{i}", cars=np.where(np.arange(len(base.cars)) < 6, base.cars + 9, 0.0))
        for i in range(12)
    ]
    assert exit_odds(cases(dead, (9, 12, 15))).three == pytest.approx((4 * 0.5 + 12) / 16)
    assert exit_odds(cases(dead, (7,))).one == pytest.approx((4 * 0.2 + 12) / 16)
    assert exit_odds([]) == ExitOdds()


@pytest.mark.parametrize(
    ("cars", "silent"), [([16, 4, 0], 1), ([43, 0, 0], 2), ([6, 1, 2, 0], 0), ([6, 1, 0, 0, 0], 3), ([9, 0, 8], 0)]
)
def test_a_month_without_a_car_says_something_only_of_an_entry_that_sold(cars, silent):
    e = PANEL.entries[0]
    sold = replace(e, cars=np.append(np.array(cars, dtype=float), e.cars[len(cars) :]))
    assert silent_months(case(sold, len(cars))) == silent


def test_quarters_without_a_car_do_not_pass_for_swings_of_those_that_go_on():
    ended = [
        replace(e, cars=np.where(np.arange(len(e.cars)) < 9, e.cars, 0.0)) if i < 6 else e
        for i, e in enumerate(PANEL.entries[:14])
    ]
    at = points(ended)
    selling = at.take((at.cars > 0) | (at.width < 3))
    assert len(selling.age) < len(at.age)
    assert learnt(at, at, ExitOdds()).params == learnt(at, selling, ExitOdds()).params
    assert len(learnt(at, at, ExitOdds()).known.age) == len(at.age)


def grown(last, months=12, brand="Brand 00"):
    e = PANEL.entries[0]
    cars = np.full(len(e.cars), 40.0)
    cars[months - 1] = last
    return case(replace(e, brand=brand, cars=cars, market=np.full(len(e.market), 4000.0)), months)


def test_momentum_is_the_last_month_over_its_quarter_by_share_of_the_market():
    assert momentum(grown(40.0)) == pytest.approx(np.log(40.5 / 120.5 * 3))
    assert momentum(grown(80.0)) == pytest.approx(np.log(80.5 / 160.5 * 3))
    rising = grown(80.0)
    market = rising.entry.market.copy()
    market[11] *= 2
    alike = replace(rising, entry=replace(rising.entry, market=market))
    assert momentum(alike) == pytest.approx(np.log(80.5 / 160.5 * 2))
    assert momentum(grown(0.0)) == 0.0
    assert momentum(grown(80.0, months=5)) == 0.0


def test_what_lasts_of_a_momentum_is_found_in_the_errors_of_many_brands():
    rng = np.random.default_rng(0)
    made = [grown(float(last), k, f"B{i % 12}") for i, last in enumerate(rng.integers(5, 120, 120)) for k in (8, 12)]
    missed = {k: [(c, 0.2 + 0.4 * momentum(c) + rng.normal(0, 0.3)) for c in made if c.months == k] for k in (8, 12)}
    assert lasting(missed) == pytest.approx(0.4, abs=0.06)
    assert lasting({12: missed[12][:4]}) == 0.0
    assert lasting({}) == 0.0
    assert lasting({k: [(c, -error) for c, error in cs] for k, cs in missed.items()}) == 0.0


def test_a_forecast_follows_the_part_of_the_momentum_that_lasts():
    c = next(c for c in cases(PANEL.entries) if c.months == 12 and abs(momentum(c)) > 0.1)
    at = points(PANEL.entries)
    held = learnt(at, at.take(at.last < 0), ExitOdds())
    number = PANEL.entries.index(c.entry)
    without, with_it = (forecast(c, number, replace(held, lasting=part), market_of(c)) for part in (0.0, 0.3))
    moved = np.median(with_it.log_total) - np.median(without.log_total)
    assert moved == pytest.approx(0.3 * momentum(c), rel=0.05)


def test_the_pool_is_a_mixture_of_its_parts():
    own, simple = np.linspace(4, 6, 400), {"mean": np.full(9, 1.0), "last value": np.full(9, 9.0)}
    got = pool(own, simple, 3)
    assert (got < 2).mean() == pytest.approx(0.2, abs=0.005)
    assert (got > 8).mean() == pytest.approx(0.1, abs=0.005)
    assert np.all(np.diff(got) >= 0)
    assert pool(own, {"mean": own}, 6) == pytest.approx(own, abs=0.01)
    assert all(0 < sum(partners(k).values()) < 0.5 for k in range(1, 30))


def test_a_year_of_which_nothing_was_learnt_may_be_unlike_all_before():
    july = 12 * 2023 + 6
    assert unlike(july, [july - 5, july - 40]) == 0.0
    assert unlike(july, [july + 3]) == 0.0
    before = [12 * 2020 + 2, 12 * 2020 + 3, 12 * 2021 + 2, 12 * 2022 - 7]
    assert unlike(july, before) == pytest.approx(1 / 3)
    assert unlike(july, [*before, 12 * 2022]) == pytest.approx(1 / 4)


def test_a_year_unlike_all_before_widens_what_is_said_about_its_middle():
    own = np.linspace(4, 6, 400)
    got = pool(own, {"mean": own}, 6, 0.3)
    assert ((got < 4) | (got > 6)).mean() == pytest.approx(0.3 * 2 / 3, abs=0.006)
    assert np.median(got) == pytest.approx(5.0, abs=0.01)


def test_the_shift_is_nil_where_the_mean_error_is_within_its_own_standard_error():
    flat = Forecast(log_total=np.zeros(400), quarters=np.zeros((4, 400)))

    def off(errors):
        e = PANEL.entries[0]
        made = [replace(case(replace(e, brand=f"B{i}"), 6), target=t) for i, t in enumerate(errors)]
        return shift([(c, flat) for c in made])

    assert off([1.0, -1.0, 0.9, -0.8]) == 0.0
    assert off([0.4, 0.5, 0.6, 0.5]) == pytest.approx(0.5, abs=0.01)
    assert off([9.0, 9.0, 9.0]) == pytest.approx(1.5)
    assert off([]) == 0.0


def test_market_growth_is_learnt_from_the_past_only():
    cut = tuple(
        replace(m, cars=np.where(np.arange(len(m.cars)) + m.first > 12 * 2022, 1e6, m.cars)) for m in PANEL.markets
    )
    a, b = fit_market(PANEL.markets, 12 * 2022), fit_market(cut, 12 * 2022)
    np.testing.assert_array_equal(a.slopes, b.slopes)


def test_a_backtest_scores_every_case_once_and_repeats_to_the_last_bit():
    first, second = (backtest(PANEL, Question(brands=("Brand 00", "brand 01")), peers=SIMPLE) for _ in range(2))
    assert {s.case.brand for s in first.scored} == {"Brand 00", "Brand 01"}
    asked = [c for c in cases(PANEL.entries) if c.brand in ("Brand 00", "Brand 01")]
    assert len(first.scored) == len(asked)
    assert first.origins == second.origins


def test_a_country_held_out_is_scored_alone():
    code = PANEL.entries[0].country
    answer = backtest(PANEL, Question(countries=(code,)), peers=SIMPLE)
    assert {s.case.entry.country for s in answer.scored} == {code}


def test_groups_are_drawn_alike_each_time_and_have_entries_enough():
    asked = cases(PANEL.entries)
    drawn = draw(asked, 12, seed=3)
    assert drawn == draw(asked, 12, seed=3)
    assert drawn != draw(asked, 12, seed=4)
    assert len({question for _, question in drawn}) == 12
    assert [kind.name for kind, _ in drawn] == ["brands"] * 6 + ["countries"] * 3 + ["both"] * 3
    for kind, q in drawn:
        held = {c.entry.key for c in asked if c.months == 3 and not (q.brands and c.brand not in q.brands)}
        assert sum(not q.countries or country in q.countries for _, country in held) >= kind.entries


def test_each_group_is_scored_as_the_backtest_scores_it(monkeypatch):
    monkeypatch.setattr(groups, "KINDS", (replace(groups.KINDS[0], brands=(1, 1), entries=2),))
    small = made_up_panel.panel(1, brands=5)
    found = score_groups(small, 2, peers=SIMPLE)
    for g in found.groups:
        alone = next(
            o for o in backtest(small, Question(brands=g.brands), peers=SIMPLE).origins if o.months == g.months
        )
        assert (g.entries, g.best_peer) == (alone.entries, alone.best_peer)
        assert g.skill == pytest.approx(alone.skill)
    for s in found.spreads:
        here = [g for g in found.groups if g.months == s.months]
        assert s.mean == pytest.approx(np.mean([g.skill for g in here]))
        assert s.worse == np.mean([g.skill < -0.02 for g in here])
        assert s.surely_worse <= s.worse
        assert s.one_peer_mean <= 0


def test_a_panel_too_small_to_draw_groups_from_says_so():
    with pytest.raises(NotLearnt, match="too small"):
        score_groups(replace(PANEL, entries=PANEL.entries[:3]), 4, peers=SIMPLE)


def test_a_brand_the_panel_does_not_know_is_refused_by_name():
    with pytest.raises(BadInput, match="Nobody"):
        backtest(PANEL, Question(brands=("Nobody",)), peers=SIMPLE)


def test_a_panel_too_small_to_learn_from_says_so():
    small = replace(PANEL, entries=PANEL.entries[:2])
    with pytest.raises(NotLearnt):
        backtest(small, Question(), peers=SIMPLE)


def test_a_peer_predicts_its_point_plus_the_errors_it_made():
    asked = [c for c in cases(PANEL.entries) if c.months == 6][:10]
    peer = SIMPLE[1]
    points_ = np.array([peer.point(c) for c in asked])
    atoms = peer.train(asked[1:], points_[1:])(asked[0], points_[0])
    want = points_[0] + np.array([c.target for c in asked[1:]]) - points_[1:]
    np.testing.assert_allclose(atoms, np.maximum(want, 0))


def test_a_score_is_never_below_nothing_and_nobody_has_skill_over_a_peer_that_knew_all():
    assert crps(np.full(9, np.log1p(240.0)), np.log1p(240.0)) == 0.0
    knew, ours = np.full(12, 3e-16), np.linspace(0.1, 0.4, 12)
    assert np.isnan(skill(ours, knew))
    assert np.isnan(skill_interval(ours, knew, np.arange(12), seed=1)).all()
    knew_most = np.append(np.zeros(11), 0.5)
    low, high = skill_interval(ours, knew_most, np.arange(12), seed=1)
    assert np.isfinite([low, high]).all()
    assert low < skill(ours, knew_most) == pytest.approx(-5.0)
