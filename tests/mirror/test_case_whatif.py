"""What a changed duty and a changed price do to margins and demand, by hand; and what a refused key is told."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import beachhead.case.new as new_module
from beachhead.belief import Belief
from beachhead.belief.priced import Elasticities
from beachhead.case.open import open_launch
from beachhead.case.plan.repriced import at_other_prices, moved_levels, price_note, repriced
from beachhead.case.plan.whatif import _with_duties, parse_override, with_overrides
from beachhead.world.economics import CHANNEL_CUT
from beachhead.world.errors import BadInput

XIAOMI = Path(new_module.__file__).parent / "examples/xiaomi"


def test_a_changed_duty_moves_margins_by_what_a_car_of_the_mix_pays_more_or_less(made_up_launch, tmp_path):
    """0.294 x 142,300 + ... = 172,280.8 yuan at 0.12195 euro, invoiced at 5 % more and insured for 0.3 % of that.

    The mix takes 0.588 x 14.1 + 0.412 x 16 cubic metres a car at 87.9 dollars of 0.8547 euro; Turkey takes
    8,500 dollars at the least.
    """
    problem = made_up_launch(M=4, T=12)
    problem = replace(problem, belief=replace(problem.belief, markets=("DE", "TR", "NO", "SE")))
    launch = open_launch(shutil.copytree(XIAOMI, tmp_path / "launch"))
    overrides = [parse_override(text) for text in ("tariffs.EU.all_others.duty=0.307", "tariffs.TR.duty=0.2")]
    other, _ = with_overrides(launch, overrides)
    moved, (note,) = _with_duties(problem, launch, other, overrides)
    value = 172_280.8 * 0.12195 * 1.05 * 1.003 + 14.8828 * 87.9 * 0.8547
    union = 0.5 * (0.453 - 0.307) * value  # half the odds
    by_market = np.array([union, 0.5 * value - 8_500 * 0.8547, 0.0, union])
    for name in ("margin", "scenario_margin"):
        more = getattr(moved.terms, name) - getattr(problem.terms, name)
        assert more == pytest.approx(np.broadcast_to(by_market[:, None, None], more.shape))
    assert f"a customs value of {value:,.0f} EUR a car" in note


def test_a_duty_whose_rows_are_made_to_end_is_not_taken_for_none(made_up_launch, tmp_path):
    """Ended in 2027, the row would leave Israel without a duty from 2028 on, and each car there 1,600 euro better."""
    problem = made_up_launch(M=2, T=12)
    problem = replace(problem, belief=replace(problem.belief, markets=("IL", "NO")))
    launch = open_launch(shutil.copytree(XIAOMI, tmp_path / "launch"))
    overrides = [parse_override("tariffs.IL.valid_to=2027-12-31")]
    other, _ = with_overrides(launch, overrides)
    with pytest.raises(BadInput, match="no longer tell the duty from CN to IL in 2028Q1"):
        _with_duties(problem, launch, other, overrides)


def test_a_duty_that_canada_changes_is_paid_on_the_price_free_on_board(made_up_launch, tmp_path):
    """Ten points more on 172,280.8 yuan at 0.12195 euro, invoiced at 5 % more: no freight, no insurance."""
    problem = made_up_launch(M=2, T=4)
    problem = replace(problem, belief=replace(problem.belief, markets=("CA", "NO")))
    launch = open_launch(shutil.copytree(XIAOMI, tmp_path / "launch"))
    overrides = [parse_override("tariffs.CA.duty=0.161")]
    other, _ = with_overrides(launch, overrides)
    moved, (note,) = _with_duties(problem, launch, other, overrides)
    value = 172_280.8 * 0.12195 * 1.05
    more = moved.terms.margin - problem.terms.margin
    assert more == pytest.approx(np.broadcast_to(np.array([-0.1 * value, 0.0])[:, None, None], more.shape))
    assert f"a customs value of {value:,.0f} EUR a car" in note
    overrides = [parse_override("tariffs.CA.customs_value=cif")]
    other, _ = with_overrides(launch, overrides)
    moved, _ = _with_duties(problem, launch, other, overrides)
    less = problem.terms.margin[0] - moved.terms.margin[0]
    freight_and_insurance = 14.8828 * 95 * 0.8547 + 0.003 * value
    assert less == pytest.approx(np.full_like(less, 0.061 * freight_and_insurance))


def test_a_changed_price_moves_margins_by_what_is_kept_of_it_and_demand_by_the_elasticity(made_up_launch, tmp_path):
    """A tenth off in the Netherlands, 21 % tax: less kept a car by that tenth of the net price and the channel's rest.

    Demand grew by 4 % before, by where the price stands among other entries, and the margin stayed: a price cut paid.
    """
    problem = made_up_launch(M=2, T=4)
    answers = Elasticities(markets=("NL", "NO"), mean=[4.0, 3.0], cov=np.diag([0.5, 0.4]), cross=np.zeros((2, 3)))
    problem = replace(problem, belief=replace(problem.belief, markets=("NL", "NO")), answers=answers)
    launch = open_launch(shutil.copytree(XIAOMI, tmp_path / "launch"))
    other, _ = with_overrides(launch, [parse_override("prices.NL.amount=*0.9")])
    moved = repriced(launch, other, problem.markets)
    asked = {p.offer: p.amount / 1.21 for p in launch.folder.prices if p.market == "NL"}
    listed = {row.code: row.mix for row in launch.folder.tables["offers"]}
    tenth = 0.1 * sum(listed[code] * asked[code] for code in listed) / sum(listed.values())
    assert moved.net == pytest.approx([-tenth, 0.0])
    assert moved.log_price == pytest.approx([np.log(0.9), 0.0])
    after = at_other_prices(problem, problem, moved)
    for c, channel in enumerate(problem.channels[0]):
        less = problem.terms.margin[0, c] - after.terms.margin[0, c]
        assert less == pytest.approx(np.full_like(less, tenth * (1 - CHANNEL_CUT[channel])))
    assert (after.terms.margin[1] == problem.terms.margin[1]).all()
    assert after.terms.scenario_margin[0, 0] == pytest.approx(after.terms.margin[0])
    assert np.exp(after.belief.mean[0] - problem.belief.mean[0]) == pytest.approx(0.9**-4)
    assert after.belief.cov[0, 0] - problem.belief.cov[0, 0] == pytest.approx(0.5 * np.log(0.9) ** 2)
    note = price_note(problem, moved, {"NL": "Netherlands", "NO": "Norway"}, "EUR")
    assert f"({-tenth:+,.0f} EUR a car without tax in Netherlands) and demand by an elasticity of 4.0 (+52 %" in note


def test_levels_at_other_prices_are_the_linear_map_of_the_joint_belief():
    """theta - e log(p'/p) for what is jointly Gaussian, against A S A' written out."""
    rng = np.random.default_rng(5)
    M = 3
    root = rng.normal(size=(2 * M + 1, 2 * M + 1))
    whole, mean, log_price = root @ root.T, rng.normal(size=2 * M + 1), np.array([0.1, 0.0, -0.2])
    levels, slopes = [*range(M), 2 * M], list(range(M, 2 * M))
    belief = Belief(
        markets=("A", "B", "C"),
        quarters=(),
        mean=mean[levels],
        cov=whole[np.ix_(levels, levels)],
        log_path=np.zeros((M, 0)),
        nb_size_weekly=1.0,
    )
    cross = whole[np.ix_(slopes, levels)]
    answers = Elasticities(markets=belief.markets, mean=mean[slopes], cov=whole[np.ix_(slopes, slopes)], cross=cross)
    by = np.eye(2 * M + 1)
    by[range(M), slopes] = -log_price
    then_mean, then = by @ mean, by @ whole @ by.T
    moved, learnt = moved_levels(belief, answers, log_price)
    assert moved.mean == pytest.approx(then_mean[levels])
    assert moved.cov == pytest.approx(then[np.ix_(levels, levels)])
    assert learnt.cross == pytest.approx(then[np.ix_(slopes, levels)])


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("prices.NL+SU7-STD.amount=*0.95", "did you mean prices.NL.SU7-STD.amount=*0.95?"),
        ("prices.NL.SU7_STD.amont=*0.95", "did you mean prices.NL.SU7-STD.amount=*0.95?"),
        ("price.NL.SU7-STD.amount=9e4", "did you mean prices.NL.SU7-STD.amount=9e4?"),
        ("prices.amont=*1.1", "did you mean prices.AT.SU7-STD.amount=*0.95?"),
        ("markets.NO=*1.1", "did you mean markets.NO.bev_per_year=*0.95?"),
        ("stores.DE.cont=*2", "did you mean stores.DE.count=+1?"),
        ("economics.NO/dealer.capital=*1.1", "did you mean economics.NO.dealer.capital=*1.1?"),
        ("tariffs.CN+EU.rate=0.2", "did you mean tariffs.CN.EU.duty=0.2?"),
        ("economics.NO.franchise.capital=*1.1", "such as economics.NO.own_store.capital=*1.1;"),
        ("facts.a.b=1", "such as facts.GB.cars_registered_per_year.value=*0.95;"),
        ("duties.XX.rate=0", "such as economics.AT.own_store.capital=*0.95"),
        ("launch.discount=0.97", "did you mean launch.discount_per_quarter=0.97?"),
        ("launch.capital_per_year=*2", "did you mean launch.limits.capital_per_year=*2?"),
        ("launch.seed=3", "name one of launch.seeds.outlook, launch.seeds.plan, launch.seeds.rehearsal"),
        ("launch.horizon=8", "such as launch.terminal_quarters=8"),
    ],
)
def test_a_refused_key_is_told_the_nearest_good_one_which_is_taken(tmp_path, written, told):
    launch = open_launch(shutil.copytree(XIAOMI, tmp_path / "launch"))
    with pytest.raises(BadInput) as refused:
        with_overrides(launch, [parse_override(written)])
    assert told in refused.value.hint
    for good in re.findall(r"(?:mean|such as) ([^?;]+)", refused.value.hint):
        _, changed = with_overrides(launch, [parse_override(good)])
        assert changed
