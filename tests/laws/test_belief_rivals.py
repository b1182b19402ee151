"""Rivals' entries and price moves: the law of the logit, doubts kept as covariance, from the file to the plan."""

import json
from dataclasses import replace
from datetime import date
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from beachhead.belief.choice import OfferList, choice_fit, price_response
from beachhead.belief.choice.rivals import RivalMove, rival_course
from beachhead.case.belief.believe import believe, first_belief, followed, tracked
from beachhead.case.belief.rivals import course_of
from beachhead.case.new import new_launch
from beachhead.case.open import open_launch
from beachhead.case.plan.planning import put_question
from beachhead.case.plan.whatif import parse_override, with_overrides
from beachhead.cli.app import app
from beachhead.evidence.folder import check_folder
from beachhead.world.quarter import Quarter, grid

MARKETS = ("NO", "DE")
QUARTERS = grid(Quarter(2027, 1), 12)
FIT = choice_fit()
LISTS = {"NO": OfferList(market="NO", offers=("A", "B"), prices=(40e3, 50e3), mix=(0.6, 0.4))}
shares = st.floats(0.001, 0.5)


def move(change: float | None, *, market="NO", share=0.2, odds=1.0, brand="R", start=date(2027, 1, 1), ratio=1.0):
    return RivalMove(
        market=market, brand=brand, start=start, odds=odds, share=share, price_change=change, price_ratio=ratio
    )


def course(*moves: RivalMove, fit=FIT):
    return rival_course(moves, price_response(MARKETS, fit), QUARTERS, LISTS, fit)


def plain(e: float):
    """A logit without spread between people, at an elasticity known exactly."""
    sharp = {"elasticity_log_mean": log(e), "elasticity_shared_sd": 1e-9, "elasticity_own_sd": 1e-9}
    return replace(FIT, price_spread=1e-9, brand_spread=1e-9, nest=1.0, **sharp)


@given(cut=st.floats(0.0, 0.5), deeper=st.floats(0.0, 0.4), share=shares, ratio=st.floats(0.5, 2.0))
@settings(deadline=None, derandomize=True, max_examples=12)
def test_a_rivals_cut_never_raises_own_demand_and_a_deeper_one_takes_no_less(cut, deeper, share, ratio):
    shallow = course(move(-cut, share=share, ratio=ratio)).mean[0]
    deep = course(move(-min(cut + deeper, 0.9), share=share, ratio=ratio)).mean[0]
    assert (shallow <= 1e-12).all()
    assert (deep <= shallow + 1e-12).all()
    assert (course(move(cut, share=share, ratio=ratio)).mean[0] >= -1e-12).all()


@given(share=shares, more=st.floats(0.0, 0.3))
@settings(deadline=None, derandomize=True, max_examples=12)
def test_a_newcomer_never_raises_own_demand_and_a_larger_one_takes_more_as_it_grows(share, more):
    one, two = course(move(None, share=share)).mean[0], course(move(None, share=share + more)).mean[0]
    assert (one < 0).all()
    assert (two <= one + 1e-12).all()
    assert (np.diff(one) <= 1e-12).all()
    assert not course(move(None, share=share)).mean[1].any()


def test_no_move_changes_nothing():
    for nothing in (course(), course(move(0.0)), course(move(-0.2, odds=0.0)), course(move(None, share=0.0))):
        assert np.abs(nothing.mean).max() < 1e-12
        assert np.abs(nothing.cov).max() < 1e-12


def test_a_newcomer_that_draws_from_all_in_proportion_takes_its_share_of_ours():
    # IIA: with no spread between people, demand of a small maker falls by the newcomer's share exactly
    found = course(move(None, share=0.1), fit=plain(3.0))
    assert np.expm1(found.mean[0, -1]) == pytest.approx(-0.1, abs=0.002)


def test_a_cut_moves_own_share_by_the_logits_cross_elasticity():
    # McFadden: elasticity of a small share to a rival's price = e x the rival's share (Train 2009, section 3.6)
    found = course(move(-0.01, share=0.2), fit=plain(3.0))
    assert found.mean[0, 3] == pytest.approx(-0.2 * 3.0 * 0.01, rel=0.03)


def test_doubtful_moves_are_averaged_and_keep_their_variance_and_one_event_hits_all_its_markets_together():
    fit = plain(3.0)
    sure = course(move(-0.1), move(-0.1, market="DE"), fit=fit)
    maybe = course(move(-0.1, odds=0.3), move(-0.1, market="DE", odds=0.3), fit=fit)
    assert maybe.mean == pytest.approx(0.3 * sure.mean, rel=1e-6)
    assert maybe.cov[5] == pytest.approx(0.3 * 0.7 * np.outer(sure.mean[:, 5], sure.mean[:, 5]), rel=1e-6)
    apart = course(move(-0.1, odds=0.3), move(-0.1, market="DE", odds=0.3, brand="S"), fit=fit)
    assert apart.cov[5][0, 1] == pytest.approx(0.0, abs=1e-12)


def test_what_is_not_known_of_the_elasticity_widens_demand_over_time():
    found = course(move(-0.1, start=date(2028, 1, 1)))
    assert not found.cov[:4].any()
    assert found.cov[6][0, 0] > 0
    assert found.still_to_come(0)[0, 0] > 0
    assert np.linalg.eigvalsh(found.grown(6, 2)).min() >= -1e-12


def test_the_interval_of_a_cut_lies_on_its_side_of_nothing_and_holds_what_the_elasticity_leaves_open():
    found = course(move(-0.15, share=0.25))
    low, high = found.interval(0, 5)
    assert low < found.mean[0, 5] < high < 0
    draws = np.random.default_rng(1).normal(FIT.elasticity_log_mean, np.hypot(0.35, 0.25), 40)
    at = [
        course(
            move(-0.15, share=0.25),
            fit=replace(
                plain(float(np.exp(d))), price_spread=FIT.price_spread, brand_spread=FIT.brand_spread, nest=FIT.nest
            ),
        ).mean[0, 5]
        for d in draws
    ]
    assert 0.75 <= np.mean([low <= v <= high for v in at]) <= 1.0


HEAD = "market,brand,model,cars_per_year,enters,price_change,change_from,odds,price,source,as_of,grade\n"


@pytest.fixture
def folder(tmp_path):
    return new_launch(tmp_path / "launch", "starter")


def rivals(folder, *rows: str):
    (folder / "competitors.csv").write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return folder


def test_a_move_that_cannot_be_meant_is_refused_at_its_row_and_column(folder):
    rivals(
        folder,
        "NO,R,,1000,2027-05-01,-0.1,,1,,x,2026-01-01,C",
        "NO,S,,1000,,,2027-05-01,1,,x,2026-01-01,C",
        "NO,T,,1000,,-0.95,,1,,x,2026-01-01,C",
        "NO,U,,1000,,-0.1,,1.5,,x,2026-01-01,C",
    )
    found = {(f.row, f.column) for f in check_folder(folder)}
    assert found == {(2, "price_change"), (3, "change_from"), (4, "price_change"), (5, "odds")}


def test_a_rivals_cut_lowers_the_path_from_its_day_on_and_rows_without_moves_change_nothing(folder):
    before = believe(open_launch(folder)).belief
    still = believe(open_launch(rivals(folder, "NO,R,,30000,,,,1,,x,2026-01-01,C"))).belief
    assert (still.mean == before.mean).all()
    assert (still.cov == before.cov).all()
    assert (still.log_path == before.log_path).all()
    cut = believe(open_launch(rivals(folder, "NO,R,,30000,,-0.1,2028-01-01,1,,x,2026-01-01,C"))).belief
    m, start = cut.markets.index("NO"), Quarter(2028, 1) - before.quarters[0]
    fell = cut.log_path[m] - before.log_path[m]
    assert fell[:start] == pytest.approx(0.0)
    assert (fell[start:] < -0.02).all()
    assert cut.cov[m, m] > before.cov[m, m]


def test_what_a_move_leaves_open_widens_demand_whenever_the_first_rows_come(folder):
    launch = open_launch(rivals(folder, "NO,R,,90000,,-0.3,2027-04-01,0.5,,x,2026-01-01,C"))
    found, start = course_of(launch), first_belief(launch)
    begun, none = launch.folder.terms.start, lambda now, _: now

    def held(first):
        rows, day = {first: ()}, (begun + 3).last_day
        return followed(launch, start, rows, none, evidence=(), until=day, course=found)

    m = start.markets.index("NO")
    assert held(begun + 3).cov == pytest.approx(held(begun).cov, abs=1e-12)
    assert held(begun).cov[m, m] > tracked(launch, start).over_years().cov[m, m] + 1e-3


def test_the_plan_says_what_rivals_do_and_a_what_if_cuts_a_price_in_a_launch_that_named_no_change(folder):
    plain_head = "market,brand,cars_per_year,source,as_of,grade\n"
    (folder / "competitors.csv").write_text(plain_head + "NO,Rival,50000,x,2026-01-01,C\n", encoding="utf-8")
    sets = [parse_override(f"competitors.NO.Rival.price_change={change}") for change in ("-0.2", "0")]
    launch = open_launch(folder)
    now, cut, nothing = (
        believe(with_overrides(launch, o)[0] if o else launch).belief for o in ((), sets[:1], sets[1:])
    )
    m = now.markets.index("NO")
    assert (nothing.log_path == now.log_path).all()
    assert (cut.log_path[m] < now.log_path[m] - 0.02).all()
    rivals(folder, "NO,R,,30000,2027-04-01,,,0.5,,x,2026-01-01,C")
    asked = put_question(open_launch(folder), on=date(2027, 2, 1))
    assert any("Rivals' moves" in note for note in asked.notes)


@pytest.mark.full
def test_a_rivals_cut_makes_the_launch_worth_less(folder):
    rivals(folder, "NO,Rival,,75000,,,,1,,x,2026-01-01,C")
    said = ("worth", folder, "--on", "2027-02-01", "--worlds", "8", "--json", "--set")
    words = (*said, "competitors.NO.Rival.price_change=-0.3")
    found = json.loads(CliRunner().invoke(app, [str(word) for word in words]).output)
    assert found["gain"]["mean"] < 0
