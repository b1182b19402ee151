"""`beachhead site` on the starter launch: sentences, JSON, files, nested quarters, and bad input said with its cure."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from beachhead.case.new import new_launch
from beachhead.case.open import open_launch
from beachhead.case.siting import Ask, Model, ask_sites, reach_economics
from beachhead.cli.app import app
from beachhead.world.errors import BadInput
from beachhead.world.market import Channel


@pytest.fixture(scope="module")
def launch(tmp_path_factory) -> Path:
    return new_launch(tmp_path_factory.mktemp("site") / "launch", "starter").resolve()


@pytest.fixture(scope="module")
def market(launch) -> str:
    """The destination with most cars."""
    some = [one for one in open_launch(launch).folder.markets if not one.is_home]
    return max(some, key=lambda one: one.bev_per_year).code


def _run(*words: object) -> str:
    done = CliRunner().invoke(app, ["site", *map(str, words)])
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


def _refused(*words: object) -> str:
    done = CliRunner().invoke(app, ["site", *map(str, words)])
    assert isinstance(done.exception, BadInput), (done.output, done.exception)
    return str(done.exception)


def test_the_answer_says_what_each_site_is_for_what_replaces_it_and_how_good_it_is(launch, market):
    said = " ".join(_run(launch, "--market", market, "--count", 6).split())
    assert "6 new sites (store, EUR 24.0 M)" in said
    assert "no choice of sites reaches better than" in said
    assert "people within 45 minutes of a site whom no other reaches" in said
    assert "would keep" in said or "nothing could replace it" in said
    assert "one more adds" in said


def test_json_carries_both_bounds_every_site_with_its_sentence_and_the_curve_of_each_market(launch, market):
    answer = json.loads(_run(launch, "--market", market, "--count", 6, "--json"))
    assert answer["bound"] >= answer["value"] > 0
    assert 0 <= answer["gap"] <= 0.05
    assert len(answer["sites"]) == 6
    assert all(one["name"] in one["sentence"] for one in answer["sites"])
    (row,) = answer["markets"]
    assert row["covered_share"] == pytest.approx(answer["covered_share"])
    assert np.all(np.diff(row["curve"]["covered"]) >= 0)
    assert np.all(np.array(row["curve"]["most"]) >= np.array(row["curve"]["covered"]) - 1e-12)


def test_the_map_is_geojson_and_the_table_is_csv(launch, market, tmp_path):
    _run(launch, "--market", market, "--count", 4, "--out", tmp_path / "sites.geojson")
    _run(launch, "--market", market, "--count", 4, "--out", tmp_path / "sites.csv")
    drawn = json.loads((tmp_path / "sites.geojson").read_text())
    rows = list(csv.DictReader((tmp_path / "sites.csv").read_text().splitlines()))
    assert drawn["type"] == "FeatureCollection"
    for feature, row in zip(drawn["features"], rows, strict=True):
        assert feature["geometry"]["coordinates"] == [float(row["lon"]), float(row["lat"])]
        assert feature["properties"]["name"] == row["name"]


def test_a_promise_that_cannot_be_kept_is_answered_with_the_best_there_is_and_the_places_left_out(launch, market):
    answer = json.loads(_run(launch, "--market", market, "--promise", "100%@10min", "--json"))
    assert answer["promise"]["is_kept"] is False
    assert answer["covered_share"] == pytest.approx(answer["promise"]["attainable_share"])
    assert answer["left_out"]
    said = _run(launch, "--market", market, "--promise", "100%@10min")
    assert "cannot be kept" in said
    assert "Left out, largest first" in said


def test_a_promise_names_the_fewest_sites(launch, market):
    answer = json.loads(_run(launch, "--market", market, "--promise", "0.6@45min", "--json"))
    assert answer["promise"]["is_kept"]
    assert answer["covered_share"] >= 0.6
    assert answer["promise"]["fewest"] <= answer["promise"]["sites"] == len(answer["sites"])


def test_mean_travel_time_falls_with_more_sites(launch, market):
    few, many = (
        json.loads(_run(launch, "--market", market, "--model", "travel", "--count", count, "--json"))
        for count in (3, 9)
    )
    assert many["covered_share"] >= few["covered_share"]
    assert few["gap"] <= 0.05


def test_capture_tells_what_own_stores_take_from_each_other_and_rivals_leave_less(launch, market):
    few, many = (
        json.loads(_run(launch, "--market", market, "--model", "capture", "--count", 8, "--rivals", rivals, "--json"))
        for rivals in (2, 8)
    )
    assert few["value"] > many["value"] > 0
    assert few["bound"] >= few["value"] == pytest.approx(sum(one["buyers"] for one in few["sites"]))
    assert all(0 <= one["buyers_from_own"] <= one["buyers"] for one in few["sites"])
    assert "draws" in few["sites"][0]["sentence"]


def test_standing_sites_stay_excluded_places_stay_empty_and_spacing_is_kept(launch, market, tmp_path):
    first = ask_sites(open_launch(launch), Ask(markets=(market,), count=3))
    worst = first.sites[-1].place
    kept = tmp_path / "sites.csv"
    place = first.places
    kept.write_text(f"name,country,lat,lon\nOld store,{market},{place.lat[worst]},{place.lon[worst]}\n")
    best = place.name[first.sites[0].place]
    ask = Ask(markets=(market,), count=3, sites=kept, exclude=(f"{market}:{best}",), spacing_km=40.0)
    answer = ask_sites(open_launch(launch), ask)
    assert [one.place for one in answer.sites if one.kept] == [worst]
    assert len(answer.sites) == 4
    names = [place.name[one.place] for one in answer.sites]
    assert best not in names
    lat, lon = (np.radians([values[one.place] for one in answer.sites]) for values in (place.lat, place.lon))
    cosine = np.sin(lat[:, None]) * np.sin(lat) + np.cos(lat[:, None]) * np.cos(lat) * np.cos(lon[:, None] - lon)
    far = 6371 * np.arccos(np.clip(cosine, -1, 1)) + 1000 * np.eye(4)
    assert far.min() >= 40.0


def test_quarters_are_nested_follow_the_stages_and_hand_reach_and_capital_to_the_economics(launch):
    opened = open_launch(launch)
    answer = ask_sites(opened, Ask(model=Model.PHASES, staff_per_quarter=60.0))
    quarters = opened.folder.terms.grid
    assert answer.quarters == quarters
    lead, economics = answer.format.lead_quarters, opened.folder.economics
    for row in answer.markets:
        assert (np.diff(row.reach) >= 0).all()
        earliest = min(one.earliest_scale for one in economics if one.market == row.market)
        when = [one.opens for one in answer.sites if answer.places.country[one.place] == row.market and one.opens]
        assert all(quarter >= max(earliest, quarters[0] + lead) for quarter in when)
        assert row.capital.sum() == pytest.approx(len(when) * answer.sites[0].cost)
    for t, quarter in enumerate(quarters):
        staffed = sum(one.opens <= quarter for one in answer.sites if one.opens) * answer.format.staff
        assert staffed <= max(t - lead + 1, 0) * 60.0 + 1e-9
    changed = {(row.market, row.channel): row for row in reach_economics(economics, answer, quarters)}
    for row in answer.markets:
        if own := changed.get((row.market, Channel.OWN_STORE)):
            assert own.reach == pytest.approx(row.covered_share)
            assert own.capital == pytest.approx(row.capital.sum())
            assert row.sites > 0
            assert own.ramp[-1] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("Hamburg,DE,10.0,53.55,1800000", "swapped"),
        ("Deep,DE,0.0,-30.0,5", "at sea"),
        ("Minus,DE,52.0,10.0,-5", "is negative"),
        ("Again,DE,52.52,13.405,9", "same point as row 2"),
        ("North,DE,95.0,10.0,5", "out of range"),
        ("Word,DE,north,10.0,5", "is not a number"),
    ],
)
def test_a_bad_settlement_is_refused_with_its_row(launch, tmp_path, line, says):
    file = tmp_path / "towns.csv"
    file.write_text(f"name,country,lat,lon,people\nBerlin,DE,52.52,13.405,3600000\n{line}\n")
    said = _refused(launch, "--count", 1, "--settlements", file)
    assert "towns.csv:3" in said
    assert says in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--count", -1), "cannot be opened"),
        (("--budget", -5), "less than the sites that are kept"),
        (("--budget", 1000), "does not pay for one"),
        (("--promise", "soon"), "is not a promise"),
        (("--count", 3, "--exclude", "Atlantis"), "no settlement has that name"),
        (("--count", 3, "--market", "XX"), "not a market"),
        (("--count", 3, "--format", "castle"), "is not a format"),
        (("--per-market", "many"), "is not a number of sites"),
        (("--model", "cover"), "how many sites?"),
        (("--model", "capture", "--count", 3, "--format", "garage"), "sells no cars"),
        (("--model", "capture", "--count", 3, "--rivals", 0), "rival stores would leave"),
        (("--count", 3, "--out", "sites.txt"), "no ending"),
    ],
)
def test_bad_words_are_refused_with_their_cure(launch, words, says):
    assert says in _refused(launch, *words)
