"""Raw answers of a choice experiment: made-up tastes are found again, published ones reproduced, bad files refused."""

import csv
import json
import os
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from beachhead.belief.choice import StatedElasticity, price_response, weigh_stated
from beachhead.belief.choice.experiment import BIAS_MEAN, read_experiment
from beachhead.belief.choice.response import choice_fit
from beachhead.case.new import new_launch
from beachhead.cli.app import app
from beachhead.evidence.choices import read_choice_tasks
from beachhead.evidence.folder import check_folder
from beachhead.world.errors import BadInput, NotLearnt
from beachhead.world.source import Grade, Source

SHARED = Path(os.environ.get("BEACHHEAD_SHARED", Path(__file__).resolve().parents[3] / "shared"))
HEAD = "respondent,task,alternative,chosen,price,range_km,offer"
PRICE, ELASTICITY, SPREAD, KM, TOUR = 40_000.0, 3.0, 0.8, 0.005, 0.6


def answers(path: Path, *, people: int = 150, tasks: int = 8, seed: int = 1, none: bool = False) -> Path:
    """Made-up people choose among three cars, and perhaps none."""
    rng = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8", newline="") as handle:
        out = csv.writer(handle)
        out.writerow(HEAD.split(","))
        for n in range(people):
            h = np.exp(SPREAD * rng.standard_normal() - SPREAD**2 / 2)
            for t in range(tasks if n % 5 else tasks - 2):  # some left early
                price = PRICE * rng.choice([0.7, 0.85, 1, 1.15, 1.3], 3)
                km, offer = rng.choice([400, 500, 600], 3), rng.integers(0, 2, 3)
                value = -ELASTICITY * h * price / PRICE + KM * km + TOUR * offer
                value = np.append(value, -0.5) if none else value
                picked = int((value + rng.gumbel(size=len(value))).argmax())
                for j in range(3):
                    cells = [int(price[j]), km[j], ("SU7-MAX", "SU7-STD")[offer[j]]]
                    out.writerow([f"p{n}", t, j + 1, int(j == picked), *cells])
                if none:
                    out.writerow([f"p{n}", t, "none", int(picked == 3), "", "", ""])
    return path


def fitted(path: Path):
    t = read_choice_tasks(path)
    return read_experiment(t.attributes, t.offers, t.makers, t.x, t.price, t.maker, t.chosen, t.asked)


@pytest.mark.parametrize("none", [False, True])
def test_made_up_tastes_are_found_again(tmp_path, none):
    found = fitted(answers(tmp_path / "a.csv", none=none, people=200))
    taste = dict(zip(found.attributes, found.taste, strict=True))
    assert abs(np.log(found.elasticity / ELASTICITY * PRICE / found.price)) < 2 * found.log_sd
    assert found.log_sd < 0.2
    assert taste["range_km"] == pytest.approx(KM, rel=0.25)
    assert taste["offer=SU7-STD"] == pytest.approx(TOUR, abs=0.25)
    assert found.log_likelihood >= found.log_likelihood_plain > found.log_likelihood_chance
    first, second = found.mix(["SU7-MAX", "SU7-STD"], [PRICE, PRICE])
    assert second / first == pytest.approx(np.exp(TOUR), rel=0.3)


@pytest.mark.full
def test_the_interval_of_the_elasticity_covers_what_people_were_made_with(tmp_path):
    inside = 0
    for seed in range(20):
        found = fitted(answers(tmp_path / "a.csv", people=80, tasks=8, seed=seed))
        inside += abs(np.log(found.elasticity / ELASTICITY * PRICE / found.price)) < 1.645 * found.log_sd
    assert inside >= 15


@pytest.mark.full
def test_the_american_experiment_as_raw_answers_has_the_published_likelihood(tmp_path):
    """-4616.952 for the multinomial logit (logitr's vignette), here from one row an alternative and makers as words."""
    file = SHARED / "data" / "conjoint" / "choice_cars_us_helveston2015.csv"
    if not file.is_file():
        pytest.skip("needs shared/data/conjoint")
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    makers = ("american", "japanese", "chinese", "skorean")
    plain = [n for n in rows[0] if n not in {"id", "obsnum", "choice", "weights", "price", *makers}]
    raw = tmp_path / "us.csv"
    with raw.open("w", encoding="utf-8", newline="") as handle:
        out = csv.writer(handle)
        out.writerow(["respondent", "task", "alternative", "chosen", "price", "maker", *plain])
        for number, row in enumerate(rows):
            maker = next((m for m in makers if float(row[m])), "a_german")
            cells = [row["id"], row["obsnum"], number % 3 + 1, row["choice"], float(row["price"]) * 1000, maker]
            out.writerow(cells + [row[n] for n in plain])
    found = fitted(raw)
    assert found.log_likelihood_plain == pytest.approx(-4616.952, abs=5e-3)
    assert found.people == 384
    assert found.elasticity / found.price * 1000 == pytest.approx(0.1427, rel=0.03)  # what choice.toml ships


@pytest.mark.parametrize(
    ("row", "change", "column"),
    [
        (3, {"price": "cheap"}, "price"),
        (3, {"price": "-5"}, "price"),
        (4, {"chosen": "maybe"}, "chosen"),
        (4, {"range_km": ""}, "range_km"),
        (4, {"range_km": "far"}, "range_km"),
        (3, {"alternative": "1"}, "alternative"),
        (3, {"respondent": ""}, "respondent"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_row_and_column(tmp_path, row, change, column):
    path = answers(tmp_path / "a.csv", people=3)
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    rows[row - 2] |= change
    with path.open("w", encoding="utf-8", newline="") as handle:
        out = csv.DictWriter(handle, HEAD.split(","))
        out.writeheader()
        out.writerows(rows)
    with pytest.raises(BadInput) as refused:
        read_choice_tasks(path)
    assert (row, column) in {(f.row, f.column) for f in refused.value.faults}


def test_tasks_without_one_pick_columns_that_are_missing_and_prices_that_never_differ_are_refused(tmp_path):
    path = tmp_path / "a.csv"

    def columns(text: str) -> set:
        path.write_text(text, encoding="utf-8")
        with pytest.raises(BadInput) as refused:
            read_choice_tasks(path)
        return {f.column for f in refused.value.faults}

    head = "respondent,task,alternative,chosen,price\n"
    assert columns("respondent,task,alternative,price\na,1,1,5\n") == {"chosen"}
    assert columns(head + "a,1,1,1,5\na,1,2,1,6\n") == {"chosen"}
    assert columns(head + "a,1,1,0,5\na,1,2,0,6\n") == {"chosen"}
    assert columns(head + "a,1,1,1,5\na,1,2,0,5\n") == {"price"}
    assert columns(head + "a,1,1,1,5\na,1,2,0,6\na,2,1,1,5\na,2,2,0,6\na,3,1,1,5\n") == {"task"}


def test_too_few_people_and_answers_by_lot_teach_nothing_and_say_so(tmp_path):
    with pytest.raises(NotLearnt, match="only 5 people answered"):
        fitted(answers(tmp_path / "few.csv", people=5))
    with pytest.raises(NotLearnt, match="only 1 person answered"):
        fitted(answers(tmp_path / "one.csv", people=1))


def test_a_column_that_only_repeats_another_is_refused_by_name(tmp_path):
    path = answers(tmp_path / "a.csv", people=20)
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    with path.open("w", encoding="utf-8", newline="") as handle:
        out = csv.DictWriter(handle, [*HEAD.split(","), "miles"])
        out.writeheader()
        out.writerows(row | {"miles": str(int(row["range_km"]) * 2 + 7)} for row in rows)
    with pytest.raises(BadInput) as refused:
        read_choice_tasks(path)
    assert [fault.column for fault in refused.value.faults] == ["miles"]


def test_a_file_with_semicolons_is_told_so_once_not_each_column_as_missing(tmp_path):
    path = answers(tmp_path / "a.csv", people=2)
    path.write_text(path.read_text(encoding="utf-8").replace(",", ";"), encoding="utf-8-sig")
    with pytest.raises(BadInput) as refused:
        read_choice_tasks(path)
    assert [fault.problem for fault in refused.value.faults] == ["is separated by semicolons, not commas"]


@pytest.mark.parametrize(("unit", "currency"), [(1 / 1000, "EUR"), (1.0, "SEK")])
def test_prices_in_thousands_or_in_another_currency_are_refused_before_they_reach_the_launch(tmp_path, unit, currency):
    folder = new_launch(tmp_path / "launch", "xiaomi")
    path = answers(tmp_path / "a.csv", people=25, tasks=6)
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    with path.open("w", encoding="utf-8", newline="") as handle:
        out = csv.DictWriter(handle, HEAD.split(","))
        out.writeheader()
        out.writerows(row | {"price": str(int(row["price"]) * unit)} for row in rows)
    words = ("evidence", "conjoint", path, "--launch", folder, "--market", "DE", "--currency", currency, "--write")
    with pytest.raises(BadInput, match=r"a\.csv has prices about .* where DE is asked"):
        CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert not (folder / "responses.csv").exists()


def said(market: str, log_e: float, weight: float = 1.0, study: str = "S") -> StatedElasticity:
    return StatedElasticity(
        market=market,
        study=study,
        log_elasticity=log_e,
        sampling_sd=0.1,
        bias_mean=BIAS_MEAN,
        bias_sd=0.35,
        weight=weight,
        source=Source(who="x", as_of=date(2026, 1, 1), grade=Grade.A),
    )


def test_one_study_of_many_markets_teaches_less_than_as_many_studies():
    markets = ("NO", "SE", "DE")
    prior = price_response(markets, choice_fit())
    one = weigh_stated(prior, [said(m, 2.0) for m in markets])
    many = weigh_stated(prior, [said(m, 2.0, study=m) for m in markets])
    light = weigh_stated(prior, [said(m, 2.0, weight=0.2) for m in markets])
    assert np.trace(many.cov) < np.trace(one.cov) < np.trace(light.cov) < np.trace(prior.cov)
    means = np.array([prior.mean, light.mean, one.mean, np.full(3, 2.0 - BIAS_MEAN)])
    assert (np.diff(means, axis=0) > 0).all()
    assert weigh_stated(prior, [said(m, 2.0) for m in markets[::-1]]).mean == pytest.approx(one.mean)
    assert weigh_stated(prior, []) is prior


def test_what_one_study_teaches_is_the_normal_law_of_a_reading_with_error_and_bias():
    """Variance v, c of it shared with another market; the error's n = (0.1^2 + 0.35^2) / weight."""
    fit = choice_fit()
    prior = price_response(("NO", "SE"), fit)
    c, v, n = fit.elasticity_shared_sd**2, prior.cov[0, 0], (0.1**2 + 0.35**2) / 0.4
    found = weigh_stated(prior, [said("NO", 2.0, weight=0.4)])
    moved = (2.0 - BIAS_MEAN - fit.elasticity_log_mean) / (v + n)
    assert found.mean - prior.mean == pytest.approx([v * moved, c * moved])
    assert found.cov == pytest.approx(prior.cov - np.outer([v, c], [v, c]) / (v + n))


def test_a_study_of_the_launch_moves_what_adjust_believes_and_comes_in_once(tmp_path):
    folder = new_launch(tmp_path / "launch", "xiaomi")
    raw = answers(tmp_path / "answers.csv", people=40, tasks=8)

    def run(*words: object) -> dict:
        result = CliRunner().invoke(app, [str(word) for word in words])
        assert result.exit_code == 0, result.output
        return json.loads(result.output)

    adjust = ("adjust", folder, "--market", "DE", "--on", "2027-09-01", "--json")
    before = run(*adjust)["markets"][0]["elasticity"]
    study = ("evidence", "conjoint", raw, "--launch", folder, "--market", "DE", "--on", "2026-06-01", "--json")
    first = run(*study, "--write")["rows"]
    assert not check_folder(folder)
    assert run(*study, "--write")["rows"] == first
    assert len((folder / "responses.csv").read_text(encoding="utf-8").splitlines()) == 1 + 3
    found = run(*adjust)
    after = found["markets"][0]["elasticity"]
    assert after["high"] / after["low"] < 0.8 * before["high"] / before["low"]
    assert [s["study"] for s in found["stated"]] == ["answers"]


def test_rows_of_responses_state_an_elasticity_or_a_share_and_nothing_else(tmp_path):
    folder = new_launch(tmp_path / "launch", "starter")
    head = "study,market,offer,elasticity,price,mix,people,log_sd,source,as_of,grade\n"
    rows = [
        "A,NO,,3,,,100,0.1,x,2026-01-01,A",
        "B,NO,ONE,3,,0.5,100,,x,2026-01-01,A",
        "C,NO,ONE,,,,100,,x,2026-01-01,A",
    ]
    (folder / "responses.csv").write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    found = [(f.row, f.column) for f in check_folder(folder)]
    assert found == [(2, "price"), (3, "elasticity"), (4, "mix")]
