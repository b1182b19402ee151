"""`beachhead read` says in one sentence what many open gates have in common."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from beachhead.belief import Year, outlook
from beachhead.case.decide.deciding import decide
from beachhead.case.new import new_launch
from beachhead.case.open import Launch, open_launch
from beachhead.case.plan.planning import make_plan
from beachhead.case.reading import monitor_sentence, read
from beachhead.case.rows.observe import observe
from beachhead.cli.read import gate_lines
from beachhead.launch.judge.monitor import Monitor, PlannedLook, Shown, Sighting
from beachhead.launch.question.gate import Verdict
from beachhead.world.quarter import Quarter

NAMES = {"AT": "Austria", "NO": "Norway", "SE": "Sweden"}


def found(*judged: tuple[str, Verdict, float, int]) -> SimpleNamespace:
    judgements = [
        SimpleNamespace(market=market, verdict=verdict, odds=odds, reason="too little is known")
        for market, verdict, odds, _ in judged
    ]
    return SimpleNamespace(
        judgements=judgements, moved=[SimpleNamespace(market=market, days=days) for market, _, _, days in judged]
    )


def test_gates_whose_markets_sent_nothing_yet_share_a_sentence():
    told = gate_lines(
        found(
            ("AT", Verdict.UNDECIDED, 0.28, 0), ("NO", Verdict.UNDECIDED, 0.63, 30), ("SE", Verdict.UNDECIDED, 0.25, 0)
        ),
        NAMES,
    )
    assert told == [
        "Norway: the gate says undecided; too little is known.",
        "2 gates stay undecided until their markets send rows; odds of breaking even: Austria 28 %, Sweden 25 %.",
    ]


def test_a_gate_that_says_stop_keeps_its_own_sentence_though_nothing_was_sent():
    told = gate_lines(found(("AT", Verdict.STOP, 0.01, 0), ("SE", Verdict.UNDECIDED, 0.25, 0)), NAMES)
    assert told == [
        "Austria: the gate says stop; too little is known.",
        "Sweden: the gate says undecided; too little is known.",
    ]


def piloted(tmp_path: Path) -> Launch:
    """The starter, whose pilot in Norway took 30 orders."""
    launch = open_launch(new_launch(tmp_path / "launch", "starter"))
    at = datetime(2026, 12, 15, tzinfo=UTC)
    make_plan(launch, on=date(2027, 1, 5), worlds=2, who="ana", at=at)
    decide(launch, who="ana", at=at, markets=["NO"])
    rows = tmp_path / "rows.csv"
    rows.write_text(
        "batch,market,channel,start,end,orders\nfirst,NO,dealer,2027-01-01,2027-03-31,30\n", encoding="utf-8"
    )
    observe(launch.folder, launch.store, rows, who="ana", at=at, today=date(2027, 4, 5))
    return launch


def test_a_market_is_told_the_odds_that_its_gate_is_held_against_however_late(tmp_path):
    launch = piloted(tmp_path)
    for day in (date(2027, 4, 5), date(2029, 4, 5)):
        found = read(launch, on=day)
        (judged,), moved = found.judgements, next(row for row in found.moved if row.market == "NO")
        assert moved.odds == pytest.approx(judged.odds)


def test_demand_is_told_in_cars_of_the_coming_year_however_old_the_launch(tmp_path):
    launch = open_launch(new_launch(tmp_path / "launch", "tesla-norway"))
    medians = []
    for day in (date(2007, 1, 5), date(2014, 7, 5)):
        found = read(launch, on=day)
        drawn = outlook(found.question.held.belief, draws=2000, seed=1)
        first = drawn.quarters.index(found.question.now)
        year = drawn.values[:, 0, first : first + 4].sum(axis=1)
        (moved,) = found.moved
        assert moved.median == pytest.approx(float(np.median(year)), rel=1e-5)
        medians.append(moved.median)
        assert found.question.year.span == f"{found.question.now} to {found.question.now + 3}"
    assert medians[1] > 5 * medians[0]  # before, both were told as of the year that markets.csv counts


def test_a_planned_look_is_held_on_counts_and_not_on_what_a_study_says(tmp_path):
    folder = piloted(tmp_path).path

    def statistic() -> float:
        (monitor,) = read(open_launch(folder), on=date(2027, 4, 5)).monitors
        assert monitor.look is not None
        assert monitor.look.statistic is not None
        return monitor.look.statistic

    alone = statistic()
    head = "study,market,kind,share,sample,bias_mean,bias_sd,source,as_of,grade"
    (folder / "studies.csv").write_text(
        f"{head}\nown,NO,expert,0.2,1000,0,0.3,made up,2027-01-01,C\n", encoding="utf-8"
    )
    assert statistic() == pytest.approx(alone, abs=0.1)


def test_an_interval_is_said_as_far_as_the_counts_set_its_ends_and_not_at_all_where_no_single_level_fits():
    seen = [(date(2021, 9, 30), 90.0, 400.0), (date(2021, 12, 31), 300.0, 350.0), (date(2022, 3, 31), 300.0, 150.0)]
    sightings = tuple(
        Sighting(day=day, cars=10, low=low, high=high, evidence_above=None, evidence_below=None)
        for day, low, high in seen
    )
    monitor = Monitor(
        market="NO",
        is_pilot=False,
        break_even=None,
        alpha=0.05,
        threshold=20.0,
        sightings=sightings,
        shown=Shown.OPEN,
        shown_on=None,
        look=None,
    )
    first = Quarter(2021, 3)
    year = Year(first=first, last=first + 3, markets=("NO",), course=np.ones(1))
    told = monitor_sentence(monitor, "Norway", year)
    assert told.endswith("look: no single level fits them since 2022-03-31: demand has moved (95 %).")
    for low, high, said in [
        (90.0, np.inf, "at least 90 cars a year, no upper end yet"),
        (0.0, 400.0, "at most 400 cars a year, no lower end yet"),
        (0.0, np.inf, "every level still fits them"),
        (0.3, np.inf, "every level still fits them"),
        (0.3, 400.0, "at most 400 cars a year, no lower end yet"),
    ]:
        early = replace(monitor, sightings=(replace(sightings[0], low=low, high=high),))
        assert f"valid at every look: {said}, as of 2021Q3 to" in monitor_sentence(early, "Norway", year)
    gated = replace(
        monitor, break_even=200.0, look=PlannedLook(number=0, of=2, statistic=None, boundary=None, crossed=False)
    )
    assert "above or below its registered break-even, 200 (" in monitor_sentence(gated, "Norway", year)
    assert "above or below its break-even, 200 (" in monitor_sentence(replace(gated, look=None), "Norway", year)
