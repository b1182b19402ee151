"""Research: what studies do to the belief, how sure a screen is, and what knowing a fact is worth."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from scipy.stats import spearmanr

from beachhead.case.belief.believe import believe
from beachhead.case.belief.studies import USUAL_BIAS, folder_evidence
from beachhead.case.new import new_launch
from beachhead.case.open import open_launch
from beachhead.case.plan.research import ask_research
from beachhead.evidence.folder import check_folder
from beachhead.evidence.tables.studies import StudyKind
from beachhead.launch.information.research import Doubt, State, _stability, research, worth_of_knowing

HEAD = "study,market,kind,share,cars,weeks,reach,sample,bias_mean,bias_sd,weight,source,as_of,grade\n"


@pytest.fixture
def folder(tmp_path):
    return new_launch(tmp_path / "launch", "starter")


def with_studies(folder, *rows: str):
    (folder / "studies.csv").write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return folder


def doubt(market: str, log_sd: float) -> Doubt:
    return Doubt(
        market=market,
        table="markets",
        field="bev_per_year",
        states=(State.WEAK,),
        value=1.0,
        grade="C",
        age_days=10,
        log_sd=log_sd,
    )


def test_a_doubted_amount_is_told_as_its_row_says_it_with_currency_and_channel(folder):
    table = folder / "economics.csv"
    row = next(line for line in table.read_text().splitlines() if line.startswith("SE,dealer"))
    cells = row.split(",")
    cells[2], cells[3], cells[6] = "SEK", "195652173.91", "43478.25"  # 18 M and 4,000 EUR at 0.092
    table.write_text(table.read_text().replace(row, ",".join(cells)), encoding="utf-8")
    facts = [worth.doubt for worth in ask_research(open_launch(folder)).found.facts]
    told = {(one.market, one.field): (one.value, one.currency, one.channel) for one in facts}
    assert told["SE", "unit_margin"] == (43478.25, "SEK", "dealer")
    assert told["SE", "capital"] == (195652173.91, "SEK", "dealer")
    assert told["NO", "unit_margin"] == (7000.0, "EUR", "own_store"), "a blank currency is the launch's"
    assert told["NO", "bev_per_year"] == (150000.0, "", "")


def test_a_survey_moves_the_belief_by_what_it_says_less_its_usual_bias(folder):
    before = believe(open_launch(folder)).belief
    code = before.markets[0]
    with_studies(folder, f'S1,{code},survey,0.04,,,,900,,,,"made up",2026-05-01,B')
    launch = open_launch(folder)
    after = believe(launch).belief
    mean, sd = USUAL_BIAS[StudyKind.SURVEY]
    said = np.log(0.04 * launch.market(code).bev_per_year) - mean
    noise = sd**2 + 0.96 / (0.04 * 900)
    gain = before.cov[0, 0] / (before.cov[0, 0] + noise)
    assert after.mean[0] == pytest.approx(before.mean[0] + gain * (said - before.mean[0]))
    assert after.cov[0, 0] == pytest.approx(before.cov[0, 0] * (1 - gain))


def test_pre_orders_count_by_time_and_reach_and_weight_thins_them(folder):
    code = open_launch(folder).folder.markets[0].code
    with_studies(
        folder,
        f'P1,{code},pre_order,,100,26,0.5,,0,0.5,1,"deposits",2026-05-01,A',
        f'P2,{code},waiting_list,,100,26,0.5,,,,0.3,"names",2026-05-01,A',
    )
    first, second = folder_evidence(open_launch(folder))
    assert first.log_demand == pytest.approx(np.log(100 * 365.25 / 7 / 26 / 0.5))
    assert (first.bias_mean, first.bias_sd, first.sampling_sd) == (0.0, 0.5, pytest.approx(0.1))
    assert second.weight == 0.3
    assert (second.bias_mean, second.bias_sd) == USUAL_BIAS[StudyKind.WAITING_LIST]


def test_rows_of_one_study_share_its_error_however_they_are_cited_and_two_studies_of_one_institute_do_not(folder):
    def doubt_of_both(first: str, second: str, pages: tuple[str, str]) -> float:
        rows = (f'{name},{code},survey,0.04,,,,900,,,,"{page}",2026-05-01,B' for name, code, page in
                zip((first, second), ("NO", "SE"), pages, strict=True))  # fmt: skip
        belief = believe(open_launch(with_studies(folder, *rows))).belief
        both = [belief.markets.index(code) for code in ("NO", "SE")]
        return float(belief.cov[np.ix_(both, both)].sum())

    one = doubt_of_both("S1", "S1", ("report, page 3", "report, page 3"))
    assert doubt_of_both("S1", "S1", ("report, page 3", "report, page 4")) == one
    assert doubt_of_both("S1", "S2", ("report, page 3", "report, page 3")) < 0.95 * one


def test_a_study_must_say_one_thing_and_of_how_many_people(folder):
    code = open_launch(folder).folder.markets[0].code
    with_studies(
        folder,
        f'A,{code},survey,0.1,50,,,100,,,,"x",2026-05-01,C',
        f'B,{code},survey,,,,,,,,,"x",2026-05-01,C',
        f'C,{code},survey,0.1,,,,,,,,"x",2026-05-01,C',
    )
    problems = [(f.row, f.column, f.problem) for f in check_folder(folder)]
    assert problems == [
        (2, "share", "gives both a share and cars"),
        (3, "share", "gives neither a share nor cars"),
        (4, "sample", "is blank for a share"),
    ]


def test_knowing_a_fact_that_leaves_nothing_open_is_worth_nothing(made_up_launch):
    problem = made_up_launch(M=4)
    assert [w.worth for w in worth_of_knowing(problem, [doubt(m, 0.0) for m in problem.markets])] == [0.0] * 4


def test_the_wider_a_doubt_the_more_settling_it_is_worth(made_up_launch):
    problem = made_up_launch(M=6, seed=3)
    found = [
        sum(w.worth for w in worth_of_knowing(problem, [doubt(m, sd) for m in problem.markets]))
        for sd in (0.1, 0.4, 1.2)
    ]
    assert 0 <= found[0] < found[1] < found[2]


def test_each_doubt_is_valued_alone_whatever_else_is_asked(made_up_launch):
    problem = made_up_launch(M=5, seed=2)
    alone = [worth_of_knowing(problem, [doubt(m, 0.5)])[0].worth for m in problem.markets]
    together = [w.worth for w in worth_of_knowing(problem, [doubt(m, 0.5) for m in problem.markets])]
    assert together == pytest.approx(alone, rel=1e-9)


def test_a_screen_without_uncertainty_is_perfectly_stable(made_up_launch):
    problem = made_up_launch(M=6)
    sure = replace(problem, belief=replace(problem.belief, cov=1e-12 * np.eye(7)))
    found = research(sure, [], seed=1)
    assert found.stability == pytest.approx(1.0)
    assert [(s.rank_low, s.rank_high) for s in found.screen] == [(s.rank, s.rank) for s in found.screen]
    scores = [s.score for s in found.screen]
    assert scores == sorted(scores, reverse=True)
    assert research(problem, [], seed=1).stability < 0.95


def test_a_score_is_a_years_contribution_over_what_is_at_stake_and_doubts_widen_it(made_up_launch):
    problem = made_up_launch(M=3)
    sure = replace(problem, belief=replace(problem.belief, cov=1e-12 * np.eye(4)))
    terms = problem.terms

    def score(i: int, factor: float) -> float:
        yearly = factor * np.exp(problem.belief.mean[i]) * terms.margin[i, 0, 0] - 4 * terms.opex[i, 0]
        return yearly / max(terms.capital[i, 0], 4 * terms.opex[i, 0])

    plain = {s.market: s for s in research(sure, [], seed=1).screen}
    at = {code: i for i, code in enumerate(problem.markets)}
    for code, found in plain.items():
        assert [found.score_low, found.score, found.score_high] == pytest.approx([score(at[code], 1.0)] * 3, abs=1e-4)
    code = problem.markets[1]
    doubts = [doubt(code, 0.3), doubt(code, 0.4)]  # together a standard deviation of a half
    found = {s.market: s for s in research(sure, doubts, seed=1, draws=20_000).screen}
    ends = [score(1, np.exp(0.5 * z)) for z in (-1.645, 0, 1.645)]
    assert [found[code].score_low, found[code].score, found[code].score_high] == pytest.approx(ends, rel=0.03, abs=0.03)
    other = problem.markets[0]
    assert found[other].score_low == pytest.approx(plain[other].score, abs=1e-4)


def test_the_stability_of_an_order_is_the_mean_of_spearmans_rank_correlations():
    ranks = np.array([[1, 2, 3, 4], [2, 1, 3, 4], [4, 3, 2, 1]])
    order = np.array([1, 0, 2, 3])  # the second market is shown first
    expected = np.mean([spearmanr(row, [2, 1, 3, 4]).statistic for row in ranks])
    assert _stability(ranks, order) == pytest.approx(expected)


def test_the_bundled_launch_lists_what_is_stale_weak_and_missing(tmp_path):
    launch = open_launch(new_launch(tmp_path / "launch", "xiaomi"))
    found = ask_research(launch, on=date(2027, 9, 1)).found
    states = {state for w in found.facts for state in w.doubt.states}
    assert states == {State.STALE, State.WEAK, State.MISSING}
    worths = [w.worth for w in found.facts]
    assert worths == sorted(worths, reverse=True)
    assert worths[0] > 0
    assert {s.rank for s in found.screen} == set(range(1, len(found.screen) + 1))
    assert all(s.rank_low <= s.rank_high for s in found.screen)
