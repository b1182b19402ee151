"""Time, schedules and calibration of the programme: `python benchmarks/programme.py [--quick] [--json] [--peers]`.

`--peers` also lets OR-Tools CP-SAT, where it is installed, look for 60 s at each 200-task schedule, from nothing and
with two threads. The backtest of ranks needs the registrations beside the repository (BEACHHEAD_SHARED may point
elsewhere) and is left out without them; `--quick` asks it at fewer days and plays one schedule.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scipy.special import ndtri

from _rank_backtest import AS_IS, HORIZONS, LAST_RANK, OURS, TREND, backtest, deciles
from beachhead.case.log import whole
from beachhead.case.new import new_launch
from beachhead.case.open import Launch, open_launch
from beachhead.case.score.foretell import BEACHHEAD
from beachhead.case.score.replay import replay
from beachhead.case.score.scoring import score_launch
from beachhead.ledger import score, settle
from beachhead.programme.exact import improve
from beachhead.programme.network import Programme, assemble
from beachhead.programme.rank_fit import fit_dynamics
from beachhead.programme.risk import Gate, assess
from beachhead.programme.schedule import build_work, length_of, lower_bound, solve
from beachhead.programme.sequence import Work
from beachhead.programme.task import Duration, Task
from rivals import rival_histories

DAY = date(2027, 1, 1)
FEWEST = 30
CORRELATIONS = (0.0, 0.1, 0.2, 0.39)
"""Of the markets of one quarter; 0.39 is the median over pairs of countries in the panel of entries."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true")
    options.add_argument("--json", action="store_true")
    options.add_argument("--peers", action="store_true")
    asked = options.parse_args()
    byd, cover = byd_figures(asked.quick)
    figures = {
        "risk": risk_figures(3 if asked.quick else 5),
        "schedule": schedule_figures(1 if asked.quick else 5, asked.peers),
        "ranks": rank_figures(asked.quick),
        "byd": byd,
        "band_cover": cover,
    }
    if asked.json:
        print(json.dumps(figures, indent=2))
    else:
        show(figures)


def risk_figures(times: int) -> dict[str, Any]:
    """Seconds for 1,000 tasks x 10,000 draws, without and with ninety gates."""
    programme = made_up_programme(1000)
    rng = np.random.default_rng(3)
    gates = [
        Gate(code=f"g{k}", tasks=tuple(f"t{i:04}" for i in rng.integers(900, 1000, 5).tolist())) for k in range(90)
    ]
    assess(programme, gates[:1], on=DAY, draws=100)  # compiles
    plain = [seconds(lambda: assess(programme, on=DAY, draws=10_000)) for _ in range(times)]
    gated = [seconds(lambda: assess(programme, gates, on=DAY, draws=10_000)) for _ in range(times)]
    return {
        "tasks": 1000,
        "draws": 10_000,
        "seconds": round(median(plain), 2),
        "slowest": round(max(plain), 2),
        "seconds_with_90_gates": round(median(gated), 2),
    }


def made_up_programme(tasks: int) -> Programme:
    """Tasks in layers, each after one to three of the sixty before it."""
    rng = np.random.default_rng(1)
    made = []
    for i in range(tasks):
        count = int(rng.integers(1, 4)) if i > 20 else 0
        after = {f"t{int(j):04}" for j in rng.integers(max(0, i - 60), i, count)} if count else set()
        low, likely, high = np.sort(rng.uniform(1, 12, 3))
        duration = Duration(low=float(low), likely=float(likely), high=float(high))
        made.append(Task(code=f"t{i:04}", name="work", duration=duration, after=tuple(sorted(after))))
    return assemble(made, (), DAY)


def schedule_figures(cases: int, peers: bool) -> list[dict[str, Any]]:
    """Days and seconds of 200-task schedules with four shared resources, CP-SAT at 60 s beside them if asked."""
    solve(made_up_work(20, 0), tries=60)  # compiles
    found = []
    for seed in range(1, cases + 1):
        work = made_up_work(200, seed)
        start = time.perf_counter()
        ours = solve(work, seed=1)
        taken = time.perf_counter() - start
        row: dict[str, Any] = {
            "case": seed,
            "tasks": 200,
            "seconds": round(taken, 2),
            "days": length_of(work, ours),
            "lower_bound": lower_bound(work),
        }
        if peers and find_spec("ortools") is not None:
            # From nothing: an upper limit on the end is all it is told, twice ours.
            loose = np.cumsum(np.concatenate([[0], work.days[:-1]]))
            theirs, bound = improve(work, loose, lower_bound(work), 60, hinted=False)
            row |= {"cp_sat_days": length_of(work, theirs), "cp_sat_bound": bound}
            row["over_cp_sat"] = round(row["days"] / row["cp_sat_days"] - 1, 4)
        found.append(row)
    return found


def made_up_work(tasks: int, seed: int) -> Work:
    """Tasks of 1 to 10 days that need up to ten of the twenty units of each of four resources."""
    rng = np.random.default_rng(seed)
    waits: list[list[int]] = []
    for i in range(tasks):
        some = rng.integers(max(0, i - 30), i, int(rng.integers(1, 3))).tolist() if i > 6 else []
        waits.append(sorted({int(j) for j in some}))
    needs = np.where(rng.random((tasks, 4)) < 0.6, rng.integers(1, 11, (tasks, 4)), 0)
    return build_work(days=rng.integers(1, 11, tasks), need=needs, capacity=np.full(4, 20), waits=waits)


def rank_figures(quick: bool) -> dict[str, Any] | None:
    """Brier scores of the odds to be among the top five, against three peers, and reliability by tenth."""
    folder = Path(os.environ.get("BEACHHEAD_SHARED") or Path(__file__).resolve().parents[2] / "shared")
    folder = folder / "data" / "registrations"
    if not folder.is_dir():
        return None
    histories = rival_histories(folder)
    days = [year / 2 for year in range(2020 * 2, 2026 * 2, 2 if quick else 1)]
    tested = backtest(histories, days)
    tenths = deciles(tested)
    fitted = fit_dynamics(histories, 2026.5)
    return {
        "questions": len(tested.questions),
        "scopes": len({q.scope for q in tested.questions}),
        "brier": {who: round(tested.brier(who), 4) for who in (OURS, LAST_RANK, TREND, AS_IS)},
        "brier_by_years_ahead": {
            str(h): {who: round(tested.brier(who, h), 4) for who in (OURS, LAST_RANK, TREND, AS_IS)} for h in HORIZONS
        },
        "rank_within_90_percent": round(float(tested.covered.mean()), 3),
        "tenths": [
            {
                "said": round(each.said, 3),
                "came": round(each.came, 3),
                "band": [round(float(end), 3) for end in each.band],
                "count": each.count,
                "reliable": bool(each.reliable),
            }
            for each in tenths
            if each.count >= FEWEST
        ],
        "fitted": {
            name: round(getattr(fitted, name), 4) for name in ("drift", "log_sd", "size", "calm", "growth_sd", "steps")
        },
    }


def byd_figures(quick: bool) -> tuple[list[dict[str, Any]], list[dict[str, float]]]:
    """Scores of the odds registered quarter by quarter before BYD's registrations were read, and what bands hold."""
    with tempfile.TemporaryDirectory() as beside:
        launch = open_launch(new_launch(Path(beside) / "byd", "byd-europe-2021"))
        replay(launch, who="benchmark", at=datetime(2026, 1, 1, tzinfo=UTC))
        return [
            {
                "forecaster": row.forecaster,
                "count": row.score.count,
                "brier": round(row.score.brier, 4),
                "tenths_of_30_or_more": sum(each.count >= FEWEST for each in row.score.calibration),
                "within_90_percent_events_alone": sum(
                    each.count >= FEWEST and each.happened_low <= each.stated <= each.happened_high
                    for each in row.score.calibration
                ),
                "within_90_percent_days_together": sum(
                    each.count >= FEWEST and each.clustered_low <= each.stated <= each.clustered_high
                    for each in row.score.calibration
                ),
            }
            for row in score_launch(launch).rows
        ], cover_figures(_asked(launch), 200 if quick else 1000)


def cover_figures(asked: Asked, repeats: int) -> list[dict[str, float]]:
    """What both bands cover if the same odds were right and the markets of a quarter moved together."""
    found = []
    for correlation in CORRELATIONS:
        alone, together = bands_cover(asked, correlation, repeats)
        found.append({"correlation": correlation, "events_alone": alone, "days_together": together})
    return found


@dataclass(frozen=True)
class Asked:
    """Odds of W events: their probability, the market and quarter each is about (one outcome), and its quarter."""

    probability: np.ndarray
    outcome: np.ndarray
    quarter: np.ndarray


def bands_cover(asked: Asked, correlation: float, repeats: int, seed: int = 7) -> tuple[float, float]:
    """Share of 90 % bands of tenths with 30 odds or more that hold the odds stated, in worlds in which they are right.

    Outcomes are normal scores, correlated within a quarter; events of one market and quarter are levels of one score.
    """
    rng, alone, together, bands = np.random.default_rng(seed), 0, 0, 0
    outcomes, quarters = int(asked.outcome.max()) + 1, int(asked.quarter.max()) + 1
    quarter_of = np.zeros(outcomes, dtype=int)
    quarter_of[asked.outcome] = asked.quarter
    needed = ndtri(1 - asked.probability)
    for _ in range(repeats):
        common, own = rng.standard_normal(quarters), rng.standard_normal(outcomes)
        came = np.sqrt(correlation) * common[quarter_of] + np.sqrt(1 - correlation) * own
        for row in score(asked.probability, came[asked.outcome] >= needed, cluster=asked.quarter).calibration:
            if row.count >= FEWEST:
                bands += 1
                alone += row.happened_low <= row.stated <= row.happened_high
                together += row.clustered_low <= row.stated <= row.clustered_high
    return round(alone / bands, 3), round(together / bands, 3)


def _asked(launch: Launch) -> Asked:
    """Our odds on record; an event is called `2022Q4 NO >= 150`."""
    mine = [each.stated for each in settle(whole(launch.store)[0]) if each.stated.forecaster == BEACHHEAD]
    about = [each.name.split(" >= ")[0] for each in mine]
    return Asked(
        probability=np.array([each.probability for each in mine]),
        outcome=np.unique(about, return_inverse=True)[1],
        quarter=np.unique([name.split()[0] for name in about], return_inverse=True)[1],
    )


def seconds(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def show(figures: dict[str, Any]) -> None:
    risk = figures["risk"]
    print(f"1,000 tasks x 10,000 draws: {risk['seconds']} s (slowest {risk['slowest']} s), one thread;")
    print(f"  with 90 gates and the criticality of every task for each: {risk['seconds_with_90_gates']} s")
    print("\n200 tasks, four shared resources\n  case   ours, days   seconds   bound   CP-SAT 60 s   over it")
    for row in figures["schedule"]:
        theirs = f"{row['cp_sat_days']:>11}   {100 * row['over_cp_sat']:+7.1f} %" if "cp_sat_days" in row else ""
        print(f"  {row['case']:>4}   {row['days']:>10}   {row['seconds']:>7}   {row['lower_bound']:>5}   {theirs}")
    ranks = figures["ranks"]
    if ranks is None:
        print("\nranks: left out, the shared registrations are absent")
    else:
        print(f"\nAmong the top five? {ranks['questions']:,} questions in {ranks['scopes']} scopes; Brier score")
        print("  " + ", ".join(f"{who} {score}" for who, score in ranks["brier"].items()))
        print(f"  rank within our 5 to 95 %: {100 * ranks['rank_within_90_percent']:.0f} %")
        for each in ranks["tenths"]:
            mark = "" if each["reliable"] else "   outside"
            low, high = each["band"]
            print(
                f"  said {each['said']:.2f}, came {each['came']:.2f} ({low:.2f} to {high:.2f}), {each['count']}{mark}"
            )
    print("\nBYD in Europe, quarter by quarter; Brier score")
    for row in figures["byd"]:
        alone, together = row["within_90_percent_events_alone"], row["within_90_percent_days_together"]
        within = f"of {row['tenths_of_30_or_more']} tenths {together} within 90 % ({alone} if events stood alone)"
        print(f"  {row['forecaster']}: {row['brier']} on {row['count']}; {within}")
    print("What the bands hold if these odds were right; correlation of markets in a quarter:")
    for each in figures["band_cover"]:
        print(
            f"  {each['correlation']:.2f}: events alone {100 * each['events_alone']:.0f} %, days together "
            f"{100 * each['days_together']:.0f} %"
        )


if __name__ == "__main__":
    main()
