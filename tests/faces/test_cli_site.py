"""`beachhead site` on the starter launch: sentences, JSON, files, nested quarters, and bad input said with its cure."""

import csv
import json
from dataclasses import replace
from datetime import UTC, date, datetime, time
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from beachhead.case.answers.sited import AT_ONCE, reach_economics
from beachhead.case.decide.deciding import decide
from beachhead.case.new import new_launch
from beachhead.case.open import open_launch
from beachhead.case.plan.planning import inputs_changed, make_plan, put_question
from beachhead.case.plan.standing import standings
from beachhead.case.siting.answer import ask_sites, keep_sites, terms_of
from beachhead.case.siting.question import Ask, Model
from beachhead.case.siting.scene import scene_of
from beachhead.case.siting.words import bound_sentence
from beachhead.case.tasks.from_rooms import assess_whole
from beachhead.case.tasks.words import shown
from beachhead.cli.app import app
from beachhead.cli.site_files import site_map
from beachhead.world.errors import BadInput, NotFeasible
from beachhead.world.market import Channel
from beachhead.world.quarter import Quarter

DECIDED = date(2029, 1, 5)


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


def test_a_bound_beside_a_value_of_the_same_three_digits_is_told_in_full(launch, market):
    sited = ask_sites(open_launch(launch), Ask(markets=(market,), count=3))
    loose = replace(sited, value=260_976.5, bound=261_237.8, gap=0.001)
    assert bound_sentence(loose) == (
        "Value 260,976 cars a year within the minutes; no choice of sites reaches better than 261,238 (gap 0.1 %)."
    )
    tight = replace(sited, value=260_976.5, bound=260_976.6, gap=4.6e-7)
    assert "Value 261,000 " in bound_sentence(tight)
    assert bound_sentence(tight).endswith("better than 261,000 (gap under 0.001 %).")
    assert bound_sentence(replace(sited, bound=float("inf"))).endswith("another choice could be is not known.")


def test_more_sites_than_reach_everybody_are_not_opened_and_the_answer_says_so(launch, market):
    said = " ".join(_run(launch, "--market", market, "--count", 60).split())
    enough = int(said.split(" new sites", 1)[0])
    assert enough < 60
    assert f"Fewer sites than asked for reach everybody whom any candidate reaches: {enough} of 60." in said
    each = json.loads(_run(launch, "--per-market", f"{market}=60", "--json"))
    assert len(each["sites"]) == enough
    assert all(one["people_gained"] > 0 for one in each["sites"])
    assert f"{enough} of 60 in {market}" in " ".join(each["notes"])
    assert "Fewer sites" not in _run(launch, "--market", market, "--count", enough)


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


@pytest.mark.parametrize(
    "asked",
    [
        {"model": Model.PHASES},
        {"model": Model.COVER, "count": 6},
        {"model": Model.TRAVEL, "count": 6},
        {"model": Model.GRADUAL, "count": 6},
        {"model": Model.PROMISE},
        {"model": Model.CAPTURE, "count": 6},
        {"model": Model.CAPACITATED},
    ],
    ids=lambda asked: asked["model"].value,
)
def test_long_work_tells_how_much_of_it_is_done_and_finds_the_same_sites_for_it(launch, market, asked):
    heard: list[float] = []
    ask = Ask(markets=(market,), work=5.0, site_people=100_000, **asked)
    told = ask_sites(open_launch(launch), ask, lambda done, total: heard.append(done / total))
    assert heard == sorted(heard)
    assert heard[0] >= 0.0
    assert 0.8 <= heard[-1] <= 1.0
    if ask.model is Model.COVER:
        assert [one.place for one in told.sites] == [one.place for one in ask_sites(open_launch(launch), ask).sites]


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
    terms = terms_of(opened, answer)
    changed = {(row.market, row.channel): row for row in reach_economics(opened, economics, terms)}
    before = {(row.market, row.channel): row for row in economics}
    fade = opened.folder.terms.discount_per_quarter
    for row in answer.markets:
        if own := changed.get((row.market, Channel.OWN_STORE)):
            assert own.reach == pytest.approx(row.covered_share)
            begin = row.start - quarters[0]
            course = np.array([own.served(t - begin) for t in range(begin, len(quarters))])
            assert course == pytest.approx(row.reach[begin:])
            first = row.capital[begin : begin + AT_ONCE] @ fade ** np.arange(AT_ONCE) + row.capital[:begin].sum()
            assert own.capital == pytest.approx(first)
            later = row.capital[begin + AT_ONCE :] @ fade ** np.arange(AT_ONCE, len(quarters) - begin)
            weight = fade ** np.arange(len(quarters) - begin)
            weight[-1] *= 1 + opened.folder.terms.terminal_quarters
            sites = next(one.sites for one in terms.markets if one.market == row.market)
            running = max(
                before[row.market, Channel.OWN_STORE].opex_per_quarter, sites * answer.format.opex_per_quarter
            )
            assert (own.opex_per_quarter - running) * weight.sum() == pytest.approx(later, abs=1.0)
    others = [row for row in economics if row.channel is not Channel.OWN_STORE]
    assert all(changed[row.market, row.channel] is row for row in others)


def test_a_store_decided_for_later_reaches_nobody_before_it_opens(tmp_path):
    path = new_launch(tmp_path / "launch", "starter").resolve()
    head = "code,market,channel,city,open_from,sells_cars,source,as_of,grade"
    text = f"{head}\nOSL,NO,own_store,Oslo,2028Q3,yes,own,2026-01-01,C\nBGO,NO,own_store,Bergen,,yes,own,2026-01-01,C\n"
    (path / "stores.csv").write_text(text + "TRD,NO,own_store,Trondheim,2035Q1,yes,own,2026-01-01,C\n")
    asked = Ask(model=Model.PHASES, markets=("NO",), count=0)
    opened = open_launch(path)
    scene, answer = scene_of(opened, asked), None
    with pytest.raises(NotFeasible):  # no new site at all is no question by quarters
        ask_sites(opened, asked)
    answer = ask_sites(opened, replace(asked, count=1, exclude=("Stavanger",)))
    quarters = [str(quarter) for quarter in answer.quarters]
    (new,) = [one for one in answer.sites if not one.kept]
    name = {one.place: answer.places.name[one.place] for one in answer.sites}
    assert {name[one.place]: str(one.opens) for one in answer.sites if one.kept} == {"Oslo": "2028Q3", "Bergen": "None"}
    reach = answer.markets[0].reach
    assert reach[0] == pytest.approx(_share_within(scene, "Bergen"))
    assert reach[quarters.index("2028Q2")] == pytest.approx(_share_within(scene, "Bergen", name[new.place]))
    assert reach[quarters.index("2028Q3")] == pytest.approx(_share_within(scene, "Bergen", name[new.place], "Oslo"))
    assert "Decided for after 2029Q4, so not counted by quarters: TRD." in " ".join(answer.notes)
    assert [
        line.split()[2] for line in _run(path, *_ONE_NEW).splitlines() if line.startswith((" 2027Q1", " 2029Q4"))
    ] == [
        "1",
        "3",
    ]
    at_once = ask_sites(opened, Ask(markets=("NO",), count=0))
    assert sum(one.kept for one in at_once.sites) == 3


def test_a_store_that_closes_reaches_nobody_after_its_last_quarter_and_a_new_one_takes_its_place(tmp_path):
    path = new_launch(tmp_path / "launch", "starter").resolve()
    head = "code,market,channel,city,count,open_from,open_until,sells_cars,source,as_of,grade"
    tail = "yes,own,2026-01-01,C"
    stores = [f"OSL,NO,own_store,Oslo,1,,2028Q2,{tail}", f"BGO,NO,own_store,Bergen,2,,,{tail}"]
    stores += [f"POP,NO,own_store,Trondheim,1,2027Q4,2028Q3,{tail}", f"OLD,NO,own_store,Stavanger,1,,2026Q4,{tail}"]
    (path / "stores.csv").write_text("\n".join([head, *stores]) + "\n")
    opened, asked = open_launch(path), Ask(model=Model.PHASES, markets=("NO",), count=2)
    scene, answer = scene_of(opened, asked), ask_sites(opened, asked)
    new = {answer.places.name[one.place]: one.opens for one in answer.sites if not one.kept}
    reach = dict(zip(map(str, answer.quarters), answer.markets[0].reach, strict=True))

    def share(quarter: str, *names: str) -> float:
        now = [name for name, opens in new.items() if str(opens) <= quarter]
        return _share_within(scene, "Bergen", *names, *now)

    for quarter, found in reach.items():
        there = ["Oslo"] * (quarter <= "2028Q2") + ["Trondheim"] * ("2027Q4" <= quarter <= "2028Q3")
        assert found == pytest.approx(share(quarter, *there)), quarter
    assert answer.covered_share == pytest.approx(reach["2029Q4"])
    assert answer.value == pytest.approx(_best_two(opened, scene, reach))
    assert answer.bound == pytest.approx(answer.value)
    said = " ".join(_run(path, "--model", "phases", "--market", "NO", "--count", 2).split())
    assert "Decided to close, so each counts to its last quarter open only: Oslo (NO) 2028Q2, Trondheim (NO)" in said
    assert "Not counted, as the last quarter open lies before 2027Q1: OLD (2026Q4)." in said
    assert "2 standing stores of stores.csv make 1 site, as those of one settlement count as one: 2 in or" in said
    told = json.loads(_run(path, "--model", "phases", "--market", "NO", "--count", 2, "--json"))
    assert [(one["name"], one["opens"], one["closes"]) for one in told["leaving"]] == [
        ("Oslo", None, "2028Q2"),
        ("Trondheim", "2027Q4", "2028Q3"),
    ]
    at_once = ask_sites(opened, Ask(markets=("NO",), count=0))
    assert [at_once.places.name[one.place] for one in at_once.sites] == ["Bergen"]
    assert "before the launch ends in 2029Q4: OSL (2028Q2), POP (2028Q3), OLD (2026Q4)" in " ".join(at_once.notes)
    economics = opened.folder.economics
    (own,) = [
        row
        for row in reach_economics(opened, economics, terms_of(opened, answer))
        if (row.market, row.channel) == ("NO", Channel.OWN_STORE)
    ]
    begin = answer.markets[0].start - answer.quarters[0]
    assert [own.served(t - begin) for t in range(begin, 12)] == pytest.approx(answer.markets[0].reach[begin:])


def _best_two(opened, scene, reach) -> float:
    """Discounted cars within reach by the best two new sites, each in the best quarter, counted one by one."""
    terms, first = opened.folder.terms, 2  # a store takes two quarters, and the capital of the first pays for both
    worth = terms.discount_per_quarter ** np.arange(len(reach))
    rows = np.repeat(np.arange(len(scene.places)), np.diff(scene.minutes.ptr))
    near = np.zeros((len(scene.candidates), len(scene.places)), np.bool_)
    near[scene.minutes.item[scene.minutes.cost <= 45.0], rows[scene.minutes.cost <= 45.0]] = True
    name = [scene.places.name[k] for k in scene.candidates]
    stands = np.zeros((len(scene.places), len(reach)), np.bool_)
    for t, quarter in enumerate(reach):
        there = [("Bergen", True), ("Oslo", quarter <= "2028Q2"), ("Trondheim", "2027Q4" <= quarter <= "2028Q3")]
        for city, is_open in there:
            stands[:, t] |= near[name.index(city)] & is_open
    own = scene.buyers[:, None] * worth
    new = np.arange(len(reach)) >= first
    options = [stands | (near[j] | near[k])[:, None] & new for j, k in combinations(range(len(name)), 2)]
    return max(float((own * covered).sum()) for covered in options) / 4


_ONE_NEW = ("--model", "phases", "--market", "NO", "--count", 1, "--exclude", "Stavanger")


def _share_within(scene, *names: str) -> float:
    """Share of the people within the minutes of a site in one of those settlements."""
    rows = np.repeat(np.arange(len(scene.places)), np.diff(scene.minutes.ptr))
    at = np.isin([scene.places.name[k] for k in scene.candidates], names)[scene.minutes.item]
    near = np.unique(rows[at & (scene.minutes.cost <= 45.0)])
    return scene.places.people[near].sum() / scene.places.people.sum()


def test_a_market_gets_no_site_that_would_not_earn_its_cost_unless_it_is_asked_for(launch):
    opened = open_launch(launch)
    paying, every = (ask_sites(opened, Ask(model=Model.PHASES, paying=paying, work=20)) for paying in (True, False))
    few, many = (sum(not one.kept for one in answer.sites) for answer in (paying, every))
    assert 0 < few < many
    assert any("would not earn its capital" in note for note in paying.notes)
    assert min(one.worth.gained_people for one in paying.sites) > min(one.worth.gained_people for one in every.sites)


def test_a_plan_counts_on_the_sites_kept_until_their_tables_change(tmp_path):
    path = new_launch(tmp_path / "launch", "starter").resolve()
    opened, day = open_launch(path), date(2027, 1, 5)
    plain = make_plan(opened, on=day, worlds=4, who="ann", at=datetime(2027, 1, 5, 9, tzinfo=UTC))
    assert not any("siting" in note for note in plain.record.notes)
    answer = json.loads(_run(path, "--market", "NO", "--count", 9, "--keep", "--who", "ann", "--json"))
    assert answer["kept"] is True
    assert inputs_changed(opened, plain)
    question = put_question(opened, on=day)
    (note,) = (note for note in question.notes if "siting" in note)
    assert f"{100 * answer['covered_share']:.0f} % of the buyers in Norway (economics.csv: 85 %)" in note
    at = question.problem.markets.index("NO")
    own = question.problem.channels[at].index(Channel.OWN_STORE)
    assert question.problem.terms.capital[at, own] == pytest.approx(sum(one["cost"] for one in answer["sites"]))
    assert question.problem.terms.ramp[at, own, -1] == pytest.approx(answer["covered_share"])
    counted = make_plan(opened, on=day, worlds=4, who="ann", at=datetime(2027, 1, 5, 11, tzinfo=UTC))
    assert counted.record.problem != plain.record.problem
    assert not inputs_changed(opened, counted)
    assert "Forgotten" in _run(path, "--forget", "--who", "ann")
    assert "No answer" in _run(path, "--forget", "--who", "ann")
    assert inputs_changed(opened, counted)
    assert not any("siting" in note for note in put_question(opened, on=day).notes)
    _run(path, "--market", "NO", "--count", 9, "--keep", "--who", "ann")
    (path / "stores.csv").write_text(
        "code,market,channel,city,sells_cars,source,as_of,grade\nA,NO,own_store,Oslo,yes,made up,2026-01-01,C\n"
    )
    left = put_question(open_launch(path), on=day).notes
    assert any(note.startswith("Siting's answer of") and "stores.csv has changed since" in note for note in left)
    assert "capital" not in json.dumps([note for note in left if note.startswith("Counts on siting")])


def test_a_launch_in_mid_course_opens_nothing_in_the_past_and_asks_for_the_stores_that_a_start_paid_for(tmp_path):
    """Norway, scaled a year ago, was taken for a market without a store, with sites decided before the plan's day."""
    path = new_launch(tmp_path / "launch", "starter").resolve()

    def planned(day: date, **overrides: str) -> None:
        at = datetime.combine(day, time(9), UTC)
        make_plan(open_launch(path), on=day, worlds=2, who="ann", at=at)
        if overrides:
            decide(open_launch(path), who="ann", at=at, markets=("NO",), overrides=overrides, because="test")

    planned(date(2027, 7, 5), NO="scale:own_store")
    planned(date(2028, 7, 5))
    opened, asked = open_launch(path), Ask(model=Model.PHASES, markets=("NO",), count=3)
    answer = ask_sites(opened, asked)
    assert {str(one.opens) for one in answer.sites} == {"2029Q1"}  # decided in 2028Q3, a store takes two quarters
    paid = standings(opened, Quarter.parse("2028Q3")).committed[2027]
    told = f"Norway (since 2027Q3). The start committed EUR {paid / 1e6:.1f} M, stores counted in, so the 3 new sites"
    assert told in " ".join(answer.notes)
    terms = terms_of(opened, answer)
    assert (terms.untold, terms.markets, terms.openings) == (("NO",), (), ())
    keep_sites(opened, answer, who="ann", at=datetime(2028, 7, 6, 9, tzinfo=UTC))
    notes = put_question(opened, on=date(2028, 7, 6)).notes
    assert "No store is told of in Norway, scaled already, so the plan rests on economics.csv there." in notes
    (path / "stores.csv").write_text(
        "code,market,channel,city,open_from,sells_cars,source,as_of,grade\n"
        "OSL,NO,own_store,Oslo,2028Q1,yes,own,2026-01-01,C\nBGO,NO,own_store,Bergen,2028Q4,yes,own,2026-01-01,C\n"
    )
    opened = open_launch(path)
    answer = ask_sites(opened, asked)
    assert not any("without a store that is told" in note for note in answer.notes)
    reach = dict(zip(map(str, answer.quarters), answer.markets[0].reach, strict=True))
    assert reach["2027Q4"] == 0 < reach["2028Q3"] < reach["2028Q4"] < reach["2029Q1"] == answer.covered_share
    terms = terms_of(opened, answer)
    (row,) = (
        row
        for row in reach_economics(opened, opened.folder.economics, terms)
        if (row.market, row.channel) == ("NO", Channel.OWN_STORE)
    )
    since = Quarter.parse("2027Q3")
    assert [row.served(Quarter.parse(q) - since) for q in reach if q >= "2027Q3"] == pytest.approx(
        [share for q, share in reach.items() if q >= "2027Q3"]
    )


def test_what_is_committed_is_the_capital_of_the_sites_kept(tmp_path):
    path = new_launch(tmp_path / "launch", "starter").resolve()
    _run(path, "--market", "NO", "--count", 9, "--keep", "--who", "ann")
    assert _committed_by_norway(path) == pytest.approx(9 * 4e6)
    (year,) = {quarter.year for quarter in put_question(open_launch(path), on=DECIDED).problem.quarters[:4]}
    capital_left = put_question(open_launch(path), on=DECIDED).problem.terms.capital_cap[0]
    assert (year, capital_left) == (2029, pytest.approx(60e6 - 9 * 4e6))
    _run(path, "--forget", "--who", "ann")
    assert standings(open_launch(path), Quarter.of(DECIDED)).committed == {2029: pytest.approx(9 * 4e6)}


def test_sites_kept_after_a_start_say_what_it_takes_while_they_are_kept(tmp_path):
    path = new_launch(tmp_path / "launch", "starter").resolve()
    assert _committed_by_norway(path) == pytest.approx(40e6)
    _run(path, "--market", "NO", "--count", 9, "--keep", "--who", "ann")
    assert standings(open_launch(path), Quarter.of(DECIDED)).committed == {2029: pytest.approx(9 * 4e6)}
    _run(path, "--forget", "--who", "ann")
    assert standings(open_launch(path), Quarter.of(DECIDED)).committed == {2029: pytest.approx(40e6)}


def _committed_by_norway(path: Path) -> float:
    """Capital of the year in which Norway is scaled through own stores."""
    opened, at = open_launch(path), datetime.combine(DECIDED, time(9), UTC)
    make_plan(opened, on=DECIDED, worlds=2, who="ann", at=at)
    decide(opened, who="ann", at=at, markets=("NO",), overrides={"NO": "scale:own_store"}, because="test")
    return standings(open_launch(path), Quarter.of(DECIDED)).committed[2029]


def test_stores_take_the_place_of_their_share_of_the_money_where_the_table_states_it(tmp_path):
    path = new_launch(tmp_path / "launch", "starter").resolve()
    table = path / "economics.csv"
    lines = table.read_text().splitlines()
    lines = [f"{line},sites_share" if not k else f"{line},0.75" for k, line in enumerate(lines)]
    table.write_text("\n".join(lines) + "\n")
    opened = open_launch(path)
    answer = ask_sites(opened, Ask(markets=("NO",), count=4))
    own = next(row for row in opened.folder.economics if row.channel is Channel.OWN_STORE)
    (changed,) = reach_economics(opened, [own], terms_of(opened, answer))
    assert changed.capital == pytest.approx(0.25 * own.capital + 4 * answer.format.capital)
    assert changed.opex_per_quarter == pytest.approx(0.25 * own.opex_per_quarter + 4 * answer.format.opex_per_quarter)


def test_openings_kept_are_tasks_of_the_programme(tmp_path):
    opened = open_launch(new_launch(tmp_path / "launch", "xiaomi"))
    answer = ask_sites(opened, Ask(model=Model.PHASES, markets=("NO", "DK"), work=20))
    keep_sites(opened, answer, who="ann", at=datetime(2027, 1, 5, 9, tzinfo=UTC))
    found = assess_whole(opened, on=date(2027, 1, 5), openings=True, approvals=False, draws=50)
    tasks = [task for task in found.standing.programme.tasks if task.code.startswith("opening.")]
    assert {(task.due, task.cost) for task in tasks} == {(one.opens.last_day, one.cost) for one in answer.sites}
    assert len(tasks) == len(answer.sites)


def test_stores_that_close_are_dated_tasks_beside_the_openings_and_stand_on_the_map(tmp_path):
    path = new_launch(tmp_path / "launch", "xiaomi").resolve()
    (path / "stores.csv").write_text(
        "code,market,channel,city,count,open_from,open_until,sells_cars,source,as_of,grade\n"
        "OSL,NO,own_store,Oslo,1,,2028Q2,yes,own,2026-01-01,C\n"
        "POP,NO,own_store,Trondheim,3,2027Q4,2028Q3,yes,own,2026-01-01,C\n"
        "BGO,NO,own_store,Bergen,1,,,yes,own,2026-01-01,C\nEND,NO,own_store,Oslo,1,,2031Q4,yes,own,2026-01-01,C\n"
        "OLD,NO,own_store,Stavanger,1,,2026Q4,yes,own,2026-01-01,C\n"
    )
    opened = open_launch(path)
    answer = ask_sites(opened, Ask(model=Model.PHASES, markets=("NO",), count=2, work=5))
    keep_sites(opened, answer, who="ann", at=datetime(2027, 1, 5, 9, tzinfo=UTC))

    def closings(on: date, openings: bool = True) -> dict[str, tuple[str, date, date]]:
        found = assess_whole(opened, on=on, openings=openings, approvals=False, draws=50)
        ends = {slot.task: slot.ends for slot in found.schedule.slots}
        tasks = [task for task in shown(found) if task.code.startswith("closing.")]
        return {task.code: (task.name, task.due, ends[task.code]) for task in tasks}

    oslo, popup = date(2028, 6, 30), date(2028, 9, 30)
    both = {
        "closing.NO.OSL": ("close Oslo", oslo, oslo),
        "closing.NO.POP": ("close Trondheim (3 stores)", popup, popup),
    }
    assert closings(date(2027, 1, 5)) == both
    assert closings(date(2028, 7, 1)) == {"closing.NO.POP": both["closing.NO.POP"]}
    assert closings(date(2027, 1, 5), openings=False) == {}
    calendar = tmp_path / "plan.ics"
    done = CliRunner().invoke(app, ["programme", "export", str(path), str(calendar), "--openings"])
    assert done.exit_code == 0, done.output
    assert "DTSTART;VALUE=DATE:20280930" in calendar.read_text()
    drawn = site_map(opened, answer)["features"]
    closes = {one["properties"]["name"]: one["properties"]["closes"] for one in drawn}
    assert (closes["Trondheim"], len(drawn)) == ("2028Q3", len(answer.sites) + 2)
    assert {one["properties"]["closes"] for one in drawn} == {None, "2028Q2", "2028Q3"}
    _run(path, "--model", "phases", "--market", "NO", "--count", 2, "--out", tmp_path / "sites.csv")
    with (tmp_path / "sites.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["closes"]]
    assert [(row["name"], row["closes"], row["lat"][:2]) for row in rows] == [
        ("Oslo", "2028Q2", "59"),
        ("Trondheim", "2028Q3", "63"),
    ]


def test_a_site_that_may_be_closed_moves_to_where_more_people_are(launch, tmp_path):
    asked = Ask(markets=("SE",), count=0)
    stand = tmp_path / "sites.csv"
    for closable, moved in (("no", False), ("yes", True)):
        stand.write_text(f"name,country,lat,lon,closable\nFar store,SE,63.83,20.26,{closable}\n")
        answer = ask_sites(open_launch(launch), replace(asked, sites=stand))
        assert bool(answer.closed) == moved
        assert len(answer.sites) == 1
        assert answer.sites[0].kept is not moved
    assert "Closed, as others reach more: Umeå." in " ".join(
        _run(launch, "--market", "SE", "--count", 0, "--sites", stand).split()
    )
    stand.write_text("name,country,lat,lon,closable\nFar store,SE,63.83,20.26,perhaps\n")
    assert "sites.csv:2:closable" in _refused(launch, "--market", "SE", "--count", 0, "--sites", stand)


@pytest.mark.filterwarnings("ignore")
def test_ten_countries_side_by_side_on_a_cluster_get_the_same_sites(tmp_path):
    distributed = pytest.importorskip("distributed")
    opened = open_launch(new_launch(tmp_path / "launch", "xiaomi"))
    some = ("AT", "BE", "CZ", "DK", "FI", "NL", "NO", "PT", "SE", "HU")
    ask = Ask(per_market=dict.fromkeys(some, 3), site_people=100_000, least_people=30_000)
    least = replace(
        ask, model=Model.UNCAPACITATED, per_market={}, markets=("PT", "HU"), cars={"PT": 900.0, "HU": 900.0}
    )
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, protocol="tcp", dashboard_address=":0"
    ) as cluster:
        for asked in (ask, least):
            here = ask_sites(opened, asked)
            there = ask_sites(opened, replace(asked, scheduler=cluster.scheduler_address))
            assert there.sites == here.sites
            assert (there.value, there.bound) == (here.value, here.bound)
    with pytest.raises(BadInput, match="no Dask scheduler answers at"):
        ask_sites(opened, replace(ask, scheduler="not-an-address:xyz"))


def test_gradual_cover_is_the_best_of_every_pair_and_never_more_than_cover(launch):
    opened = open_launch(launch)
    ask = Ask(model=Model.GRADUAL, markets=("NO",), count=2, site_people=90_000, full=10.0)
    answer = ask_sites(opened, ask)
    scene = scene_of(opened, ask)
    worth = np.zeros((len(scene.places), len(scene.candidates)))
    rows = np.repeat(np.arange(len(scene.places)), np.diff(scene.minutes.ptr))
    worth[rows, scene.minutes.item] = np.clip((45.0 - scene.minutes.cost) / 35.0, 0.0, 1.0)
    best = max(
        float(scene.buyers @ worth[:, list(pair)].max(axis=1)) for pair in combinations(range(worth.shape[1]), 2)
    )
    assert answer.value == pytest.approx(best)
    assert answer.bound == pytest.approx(best)
    assert answer.value < ask_sites(opened, replace(ask, model=Model.COVER)).value
    assert "cannot count wholly within 60 minutes" in _refused(launch, "--model", "gradual", "--count", 2, "--full", 60)


def test_least_cost_keeps_what_a_format_can_serve_and_costs_no_less_than_without_limits(launch, tmp_path):
    towns = tmp_path / "towns.csv"
    lines = [f"T{k},NO,{59.5 + 0.11 * k},{10.2 + 0.17 * (k % 3)},{20_000 + 9_000 * k}" for k in range(8)]
    towns.write_text("name,country,lat,lon,people\n" + "\n".join(lines) + "\n")
    words = ("--market", "NO", "--settlements", towns, "--site-people", 30_000, "--cars", "NO=900", "--json")
    free = json.loads(_run(launch, *words, "--model", "uncapacitated"))
    tight = json.loads(_run(launch, *words, "--model", "capacitated", "--format", "showroom,store"))
    assert tight["value"] >= free["value"] > 0
    limit = {"showroom": 300.0, "store": 600.0}
    assert all(one["serves"] <= limit[one["format"]] + 1e-6 for one in tight["sites"])
    for answer in (free, tight):
        assert sum(one["serves"] for one in answer["sites"]) == pytest.approx(900.0)
        assert answer["bound"] == pytest.approx(answer["value"])
    assert "cars a year of the" in tight["sites"][0]["sentence"]
    refused = _refused(launch, *words[:-1], "--model", "capacitated", "--format", "store,garage")
    assert "do not all sell cars" in refused
    assert "takes no count" in _refused(launch, *words[:-1], "--model", "capacitated", "--count", 3)
    assert "opens one format" in _refused(launch, "--market", "NO", "--count", 3, "--format", "store,showroom")


def test_formats_come_from_the_folder_with_their_refusals(tmp_path):
    path = new_launch(tmp_path / "launch", "starter").resolve()
    table = path / "formats.csv"
    head = "code,name,capital,opex_per_quarter,lead_quarters,sells,source,as_of,grade"
    table.write_text(f"{head}\npop_up,pop-up store,100000,30000,0,yes,made up,2026-01-01,C\n")
    assert "2 new sites (pop-up store, EUR 200 k)" in _run(path, "--market", "NO", "--count", 2, "--format", "pop_up")
    said = " ".join(_run(path, "--market", "NO", "--count", 1, "--format", "pop_up").split())
    assert said.startswith("1 new site (pop-up store, EUR 100 k) brings ")
    assert "use one of pop_up" in _refused(path, "--market", "NO", "--count", 2, "--format", "castle")
    table.write_text(f"{head}\npop_up,pop-up store,-1,30000,0,maybe,made up,2026-01-01,D\n")
    said = _refused(path, "--market", "NO", "--count", 2, "--format", "pop_up")
    assert all(f"formats.csv:2:{column}" in said for column in ("capital", "sells", "grade"))


def test_a_budget_of_whole_prices_pays_for_as_many_and_what_costs_nothing_has_no_limit(tmp_path):
    path = new_launch(tmp_path / "launch", "starter").resolve()
    head = "code,name,currency,capital,opex_per_quarter,staff,lead_quarters,bays,sells,source,as_of,grade"
    rows = "pop_up,pop-up,NOK,300000,30000,5,1,0,yes,own,2026-01-01,C\ncorner,corner,,0,100,0,0,0,yes,own,2026-01-01,C"
    (path / "formats.csv").write_text(f"{head}\n{rows}\n")
    rates = (path / "fx.csv").read_text().splitlines()
    kept = [row for row in rates if not row.startswith("NOK,")]
    (path / "fx.csv").write_text("\n".join([*kept, "NOK,0.085,own,2026-01-01,C"]) + "\n")
    one = 300_000 * 0.085
    assert one > 25_500.0  # by a rounding in the last place
    for sites in (1, 2, 3, 7):
        found = json.loads(_run(path, "--market", "NO", "--format", "pop_up", "--budget", 25_500 * sites, "--json"))
        assert len(found["sites"]) == sites
    free = json.loads(_run(path, "--market", "PT", "--format", "corner", "--budget", 0, "--json"))
    every = json.loads(_run(path, "--market", "PT", "--format", "corner", "--count", 999, "--json"))
    assert free["covered_share"] == every["covered_share"]
    by_quarter = json.loads(
        _run(path, "--market", "PT", "--format", "corner", "--model", "phases", "--staff", 1, "--json")
    )
    assert by_quarter["markets"][0]["reach"][-1] > 0.5


def test_settlements_where_nobody_lives_are_refused_not_answered_by_no_number(launch, tmp_path):
    file = tmp_path / "towns.csv"
    file.write_text("name,country,lat,lon,people\nOslo,NO,59.91,10.75,0\nBergen,NO,60.39,5.32,0\n")
    words = ("--market", "NO", "--count", 1, "--settlements", file, "--least-people", 0, "--site-people", 0)
    assert "nobody lives in the settlements counted in NO" in _refused(launch, *words)


def test_a_store_whose_city_is_not_counted_is_named(tmp_path):
    path = new_launch(tmp_path / "launch", "starter").resolve()
    head = "code,market,channel,city,lat,lon,count,sells_cars,source,as_of,grade"
    rows = "OSL,NO,own_store,Oslo,,,1,yes,own,2026-01-01,C\nBGO,NO,own_store,Bergn,,,1,yes,own,2026-01-01,C"
    (path / "stores.csv").write_text(f"{head}\n{rows}\nANY,NO,own_store,,,,2,yes,own,2026-01-01,C\n")
    found = json.loads(_run(path, "--market", "NO", "--count", 1, "--json"))
    assert [one["name"] for one in found["sites"] if one["kept"]] == ["Oslo"]
    said = " ".join(found["notes"])
    assert "2 standing stores of stores.csv have neither city nor coordinates and do not count." in said
    assert "1 row of stores.csv does not count, as no settlement counted has the name of the city: Bergn (BGO);" in said


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
        (("--market", "PT", "--per-market", "NO=2"), "how many sites in PT? --per-market names others only"),
        (("--model", "cover"), "how many sites?"),
        (("--model", "capture", "--count", 3, "--format", "garage"), "sells no cars"),
        (("--model", "capture", "--count", 3, "--rivals", 0), "rival stores would leave"),
        (("--count", 3, "--out", "sites.txt"), "no ending"),
        (("--budget", "nan"), "budget nan is not a number"),
        (("--staff", "nan"), "staff nan is not a number"),
        (("--model", "capture", "--count", 3, "--rivals", "nan"), "rivals nan is not a number"),
        (("--per-market", "NO=2", "--per-market", "no=3"), "sites of NO are given twice"),
        (("--model", "capacitated", "--market", "NO", "--cars", "SE=5"), "cars of SE, but sites are sought in NO"),
        (("--count", 3, "--cars", "NO=5"), "by the models of least cost alone"),
    ],
)
def test_bad_words_are_refused_with_their_cure(launch, words, says):
    assert says in _refused(launch, *words)
