"""The entry model and its peers on made-up panels."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import approx_fprime

import made_up_panel
from beachhead.belief.history.backtest import Question, backtest
from beachhead.belief.history.case import case, cases
from beachhead.belief.history.covariance import EntryParams
from beachhead.belief.history.fit import _objective
from beachhead.belief.history.forecast import ExitOdds, exit_odds, forecast, learnt
from beachhead.belief.history.market import fit_market, market_ahead
from beachhead.belief.history.peers import simple_peers
from beachhead.belief.history.points import points
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
    assert np.mean(widths[12]) < 0.95 * np.mean(widths[3])


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
    assert exit_odds(cases(dead, (9, 12, 15))).none == pytest.approx((4 * 0.5 + 12) / 16)
    assert exit_odds([]).none == 0.5


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
