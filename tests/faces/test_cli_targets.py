"""`beachhead targets`: odds, what moves them, and a target that rises once it is met."""

from __future__ import annotations

import json
from datetime import date

import pytest
from typer.testing import CliRunner

from beachhead.case.log import whole
from beachhead.case.new import new_launch
from beachhead.case.open import open_launch
from beachhead.case.plan.objective import milestones_of, objective_of
from beachhead.case.plan.planning import put_question
from beachhead.case.plan.target_facts import seen_cars, sold_in
from beachhead.cli.app import app
from beachhead.ledger import Act
from beachhead.store import reading
from beachhead.world.errors import BadInput
from beachhead.world.quarter import Quarter

HEAD = "code,name,kind,scope,amount,by,after,raise_share,raise_quarters,source,as_of,grade\n"
SAID = "plan,2026-01-01,C\n"
RIVALS = "scope,brand,year,cars,source,as_of,grade\n"
ROWS = (
    "first,a hundred cars abroad,cars_in_total,abroad,100,2027Q4,,0.3,2",
    "many,a million cars in one year,cars_per_year,world,1000000,2027Q4,,,",
    "stores,ten thousand stores,stores_open,abroad,10000,2028Q4,,,",
    "rank,top two at home,rank,NO,2,2028Q4,,1,4",
)


@pytest.fixture
def folder(tmp_path):
    path = new_launch(tmp_path / "launch")
    (path / "targets.csv").write_text(HEAD + "".join(f"{row},{SAID}" for row in ROWS))
    makers = (("A", 9000), ("B", 500), ("C", 40))
    (path / "rivals.csv").write_text(RIVALS + "".join(f"NO,{b},2025,{cars},{SAID}" for b, cars in makers))
    return path


def run(*words, fails=False):
    done = CliRunner().invoke(app, [str(word) for word in words])
    if fails:
        assert isinstance(done.exception, BadInput), done.output
        return str(done.exception)
    assert done.exception is None, done.output
    return done.output


def asked(folder, *words):
    found = json.loads(run("targets", folder, "--worlds", "24", "--on", "2027-01-01", "--json", *words))
    return found | {"by_code": {target["code"]: target for target in found["targets"]}}


def test_every_target_has_its_odds_or_the_reason_why_it_has_none(folder):
    found = asked(folder, "--no-what-if")
    by = found["by_code"]
    assert set(by) == {"first", "many", "stores", "rank"}
    assert 0 <= by["first"]["odds"] <= 1
    assert by["first"]["error"] > 0
    assert by["many"]["odds"] == 0
    assert by["many"]["reached_by"] == [None, None, None]
    assert by["stores"]["odds"] is None
    assert "stores.csv lists no stores" in by["stores"]["why_not"]
    assert len(by["rank"]["fan"]) == len(found["fan_levels"])
    assert found["rivals"][0]["makers"][0]["brand"] == "A"
    rising = by["first"]["by_quarter"]
    assert rising == sorted(rising)


def test_the_table_fits_the_page_and_names_what_moves_the_odds(folder):
    text = run("targets", folder, "--worlds", "24", "--on", "2027-01-01", "--price", "first")
    assert "What moves the odds most" in text
    assert "bonus" in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 100


def test_a_target_that_records_show_to_be_met_is_raised_and_the_ledger_keeps_both(folder, tmp_path):
    assert "no record shows that first is met" in run("targets", folder, "--raise", "first", fails=True)
    rows = tmp_path / "rows.csv"
    rows.write_text(
        "batch,market,channel,start,end,registrations\n"
        "p1,NO,dealer,2026-01-01,2026-03-31,60\np1,NO,dealer,2026-04-01,2026-06-30,50\n"
    )
    run("observe", folder, rows)
    found = asked(folder, "--no-what-if")
    assert found["by_code"]["first"]["met"]
    (new,) = found["proposed"]
    assert (new["amount"], new["by"], new["after"]) == (130, "2028Q2", ["first"])
    run("targets", folder, "--raise", "first", "--who", "ann")
    entry = next(e for e in whole(open_launch(folder).store)[0] if e.said.act is Act.TARGET)
    assert (entry.said.who, len(entry.said.refs)) == ("ann", 2)
    after = asked(folder, "--no-what-if")
    assert "first-raised1" in after["by_code"]
    assert after["proposed"] == []
    assert "has been raised already" in run("targets", folder, "--raise", "first", fails=True)
    assert "has no next target" in run("targets", folder, "--raise", "many", "--because", "x", fails=True)


def test_what_people_say_to_be_met_is_met_wherever_it_is_asked(folder):
    """The ledger said that a rank is met, the table gave it odds, and what was stated of it was never settled."""
    (folder / "targets.csv").write_text(
        HEAD + f"rank,top two at home,rank,NO,2,2028Q4,,1,4,{SAID}"
        f"shops,ten thousand stores,stores_open,abroad,10000,2028Q4,,0.5,4,{SAID}"
        f"early,a million abroad,cars_in_total,abroad,1000000,2028Q4,,,,{SAID}"
        f"later,then more,cars_in_total,abroad,1100000,2029Q4,early,1.2,4,{SAID}"
    )
    terms = (folder / "launch.toml").read_text()
    (folder / "launch.toml").write_text(terms.replace('kind = "npv"', 'kind = "target_odds"\ntarget = "rank"'))
    launch, quarters = open_launch(folder), (Quarter(2027, 1), Quarter(2027, 2))
    assert objective_of(launch, ("CN", "NO", "SE"), quarters) is not None
    asked(folder, "--no-what-if", "--register")
    for code in ("rank", "shops", "later"):
        run("targets", folder, "--raise", code, "--because", "counted on the ground", "--who", "ann")
    found = asked(folder, "--no-what-if", "--register")
    by = found["by_code"]
    met = {code: (target["met"], target["odds"], target["why_not"]) for code, target in by.items() if target["met"]}
    assert met == dict.fromkeys(("rank", "shops", "early", "later"), (True, 1.0, ""))
    assert by["shops-raised1"]["why_not"]
    assert (by["later-raised1"]["name"], by["later-raised1"]["odds"]) == ("then more, raised to 2,420,000", 0.0)
    assert found["proposed"] == []
    outcomes = {o.name.split()[1]: o.happened for e in whole(open_launch(folder).store)[0] for o in e.said.outcomes}
    assert outcomes == {"rank": True, "early": True, "later": True}
    assert objective_of(launch, ("CN", "NO", "SE"), quarters) is None
    (folder / "targets.csv").write_text((folder / "targets.csv").read_text().replace("rank,NO,2,", "rank,NO,1,"))
    assert not asked(folder, "--no-what-if")["by_code"]["rank"]["met"], "nobody said so of what is asked now"


def test_odds_are_entered_in_the_ledger_once(folder):
    words = ("targets", folder, "--worlds", "24", "--on", "2027-01-01", "--no-what-if", "--register")
    assert "3 odds entered" in run(*words)
    assert "0 odds entered" in run(*words)


def test_odds_of_a_target_are_settled_once_rows_show_it_met(folder, tmp_path):
    words = ("targets", folder, "--worlds", "24", "--on", "2027-01-01", "--no-what-if", "--register")
    run(*words)
    rows = tmp_path / "rows.csv"
    rows.write_text("batch,market,channel,start,end,registrations\np1,NO,dealer,2026-01-01,2026-03-31,160\n")
    run("observe", folder, rows)
    run(*words)
    outcomes = [o for e in whole(open_launch(folder).store)[0] for o in e.said.outcomes]
    assert [(o.name, o.happened) for o in outcomes] == [("target first by 2027Q4, said 2027Q1", True)]


def test_a_target_whose_day_is_over_waits_while_cars_ordered_in_time_may_have_been_sold(folder, tmp_path, monkeypatch):
    """Whoever sends orders alone was told 0 % without a word, then that the target was missed, and scored so."""

    def settled() -> list[tuple[str, bool]]:
        run("targets", folder, "--worlds", "24", "--on", "2027-01-01", "--no-what-if", "--register")
        return [(o.name.split()[1], o.happened) for e in whole(open_launch(folder).store)[0] for o in e.said.outcomes]

    def sent(orders: int, deliveries: str = "") -> None:
        rows = tmp_path / "rows.csv"
        rows.write_text(
            "batch,market,channel,start,end,orders,deliveries\n"
            f"p1,NO,dealer,2027-10-01,2027-12-31,{orders},{deliveries}\n"
        )
        run("observe", folder, rows)

    assert settled() == []
    monkeypatch.setenv("BEACHHEAD_NOW", "2028-01-20T09:00:00+00:00")
    sent(120)
    assert settled() == [("many", False)]  # nor would 120 more make a million
    said = " ".join(run("targets", folder, "--worlds", "24", "--on", "2027-01-01", "--no-what-if").split())
    assert "of 120 cars on record the order alone is known, and they count once rows tell deliveries" in said
    sent(120, "99")
    assert settled() == [("many", False), ("first", False)]


def test_a_market_is_live_once_rows_show_four_quarters_of_sales_and_no_sooner(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-02-02T09:00:00+00:00")
    (folder / "targets.csv").write_text(
        HEAD + f"abroad,one market live,markets_live,abroad,1,2027Q1,,,,{SAID}"
        f"both,a second beside home,markets_live,world,2,2027Q1,,,,{SAID}"
    )
    head, rows = "batch,market,channel,start,end,registrations\n", tmp_path / "rows.csv"
    rows.write_text(head + "p1,NO,dealer,2026-04-01,2026-06-30,160\np1,NO,dealer,2026-07-01,2026-09-30,60\n")
    run("observe", folder, rows)
    found = asked(folder, "--no-what-if")["by_code"]
    assert not found["abroad"]["met"], "two quarters make no market live"
    assert found["abroad"]["odds"] == 0, "nor can a third and a fourth come in one"
    rows.write_text(head + "p1,NO,dealer,2026-10-01,2026-12-31,90\n")
    run("observe", folder, rows)
    found = asked(folder, "--no-what-if")["by_code"]
    assert found["abroad"]["odds"] > 0.9, "three quarters on record and a pilot in the fourth"
    rows.write_text(head + "p1,NO,dealer,2026-01-01,2026-03-31,40\n")
    run("observe", folder, rows)
    found = asked(folder, "--no-what-if")["by_code"]
    assert found["abroad"]["met"]
    assert found["both"]["met"]
    terms = (folder / "launch.toml").read_text()
    (folder / "launch.toml").write_text(terms.replace('kind = "npv"', 'kind = "target_odds"\ntarget = "both"'))
    launch, abroad, quarters = open_launch(folder), ("CN", "NO", "SE"), (Quarter(2027, 1), Quarter(2027, 2))
    (wanted,) = milestones_of(launch, ["both"], abroad, quarters)
    assert wanted.sold.tolist() == [[True] * 3, [True] * 3, [False] * 3], "a plan counts them too"


def test_what_home_sold_and_no_row_tells_is_not_taken_for_nothing(folder, tmp_path, monkeypatch):
    """A year on, home's cars counted 0: a target of the world began anew each year and was settled as missed."""
    (folder / "targets.csv").write_text(
        HEAD + f"over,of the first year,cars_per_year,world,50000,2027Q4,,,,{SAID}"
        f"year,in a year,cars_per_year,world,50000,2028Q2,,,,{SAID}"
        f"abroad,of the first year abroad,cars_per_year,abroad,50000,2027Q4,,,,{SAID}"
    )
    words = ("targets", folder, "--worlds", "24", "--no-what-if", "--json")
    json.loads(run(*words, "--on", "2027-01-01", "--register"))
    monkeypatch.setenv("BEACHHEAD_NOW", "2028-04-03T09:00:00+00:00")
    found = json.loads(run(*words, "--on", "2028-04-03", "--register"))
    by = {target["code"]: target for target in found["targets"]}
    steady = by["year"]["fan"][2]
    assert steady[0] == pytest.approx(steady[3], rel=0.1), "home goes on as it did"
    assert any(
        "no row tells what was sold in China in 2027Q1 to 2028Q1, and as many" in note for note in found["notes"]
    )
    why = "its day is over, and no row tells what was sold in China in 2027Q1 to 2027Q4"
    assert (by["over"]["odds"], by["over"]["why_not"]) == (None, why)
    assert (by["abroad"]["odds"], by["abroad"]["error"]) == (0.0, 0.0), "what is over is no longer a matter of chance"
    settled = {o.name.split()[1]: o.happened for e in whole(open_launch(folder).store)[0] for o in e.said.outcomes}
    assert settled == {"abroad": False}
    terms = (folder / "launch.toml").read_text()
    (folder / "launch.toml").write_text(terms.replace('kind = "npv"', 'kind = "target_odds"\ntarget = "year"'))
    aim = put_question(open_launch(folder), on=date(2028, 4, 3)).problem.objective
    assert aim is not None
    before = aim.milestones[0].before
    assert before[-3:].sum() == pytest.approx(steady[0] * 3 / 4, rel=0.1), "a plan takes as many"
    rows = tmp_path / "rows.csv"
    quarters = (("2027-01-01", "2027-03-31"), ("2027-04-01", "2027-06-30"), ("2027-07-01", "2027-09-30"))
    told = (*quarters, ("2027-10-01", "2027-12-31"), ("2028-01-01", "2028-03-31"))
    lines = [f"running,CN,own_store,{first},{last},1000" for first, last in told]
    rows.write_text("batch,market,channel,start,end,registrations\n" + "\n".join(lines) + "\n")
    run("observe", folder, rows)
    found = json.loads(run(*words, "--on", "2028-04-03", "--register"))
    assert not any("China" in note for note in found["notes"])
    settled = {o.name.split()[1]: o.happened for e in whole(open_launch(folder).store)[0] for o in e.said.outcomes}
    assert settled == {"abroad": False, "over": False}


def test_a_scaled_market_is_live_in_a_quarter_that_no_row_tells_of_and_not_where_rows_tell_of_none(folder, tmp_path):
    """Rows that come late took a market from the live ones: the odds fell in each quarter begun before its rows."""
    (folder / "targets.csv").write_text(HEAD + f"live,one market live,markets_live,abroad,1,2027Q4,,,,{SAID}")
    terms = (folder / "launch.toml").read_text()
    (folder / "launch.toml").write_text(terms.replace('kind = "npv"', 'kind = "target_odds"\ntarget = "live"'))
    rows = tmp_path / "rows.csv"
    rows.write_text("batch,market,channel,start,end,registrations\nrunning,NO,dealer,2026-07-01,2026-09-30,0\n")
    run("observe", folder, rows)
    launch, now = open_launch(folder), Quarter(2027, 1)
    since = {"NO": Quarter(2026, 2), "SE": Quarter(2026, 3)}
    wanted = objective_of(launch, ("NO", "SE", "PT"), (now, now + 1), since)
    assert wanted.milestone.sold.tolist() == [[True, False, True], [False, True, True], [False] * 3]
    with reading(launch.store) as work:
        seen = seen_cars(launch, work)
    assert seen == {("NO", Quarter(2026, 3)): 0}
    assert [sold_in(seen, "NO", Quarter(2026, q), since["NO"]) for q in (1, 2, 3, 4)] == [False, True, False, True]


def test_a_row_that_reaches_over_quarters_counts_in_each_by_its_days(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-02-02T09:00:00+00:00")
    (folder / "targets.csv").write_text(
        HEAD + f"live,one market live,markets_live,abroad,1,2026Q4,,,,{SAID}"
        f"year,cars of 2026,cars_per_year,abroad,365,2026Q4,,,,{SAID}"
    )
    rows = tmp_path / "rows.csv"
    rows.write_text(
        "batch,market,channel,start,end,registrations\n"
        "p1,NO,dealer,2025-12-22,2026-06-30,191\np1,NO,dealer,2026-07-01,2027-01-10,194\n"  # a car a day
    )
    run("observe", folder, rows)
    with reading(open_launch(folder).store) as work:
        seen = seen_cars(open_launch(folder), work)
    days = {Quarter(2025, 4): 10, Quarter(2026, 1): 90, Quarter(2026, 2): 91, Quarter(2026, 3): 92}
    days |= {Quarter(2026, 4): 92, Quarter(2027, 1): 10}
    assert seen == {("NO", quarter): pytest.approx(count) for quarter, count in days.items()}
    found = asked(folder, "--no-what-if")["by_code"]
    assert found["live"]["met"]
    assert found["year"]["met"]


def test_a_target_is_met_after_another_in_whatever_order_they_stand(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-02-02T09:00:00+00:00")
    (folder / "targets.csv").write_text(
        HEAD + f"later,then in one year,cars_per_year,abroad,50,2027Q1,first,,,{SAID}"
        f"first,a hundred abroad,cars_in_total,abroad,100,2027Q1,,,,{SAID}"
        f"far,after one that is not met,cars_in_total,abroad,1,2027Q1,never,,,{SAID}"
        f"never,a million,cars_in_total,abroad,1000000,2027Q1,,,,{SAID}"
    )
    rows = tmp_path / "rows.csv"
    rows.write_text("batch,market,channel,start,end,registrations\np1,NO,dealer,2026-01-01,2026-03-31,160\n")
    run("observe", folder, rows)
    found = asked(folder, "--no-what-if")["by_code"]
    assert {code: target["met"] for code, target in found.items()} == {
        "later": True, "first": True, "far": False, "never": False,
    }  # fmt: skip


def test_cars_sold_before_the_first_quarter_planned_count_towards_a_target(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-02-02T09:00:00+00:00")
    (folder / "targets.csv").write_text(
        HEAD + f"total,in total,cars_in_total,abroad,300,2027Q1,,,,{SAID}"
        f"year,in a year,cars_per_year,abroad,200,2027Q1,,,,{SAID}"
    )
    rows = tmp_path / "rows.csv"
    rows.write_text(
        "batch,market,channel,start,end,registrations\n"
        "p1,NO,dealer,2026-01-01,2026-03-31,150\np1,NO,dealer,2026-04-01,2026-06-30,80\n"
        "p1,SE,dealer,2026-10-01,2026-12-31,120\n"
    )
    run("observe", folder, rows)
    found = asked(folder, "--no-what-if")["by_code"]
    assert found["total"]["met"]
    assert found["total"]["odds"] == 1.0
    assert found["year"]["met"]  # 230 of NO and 120 of SE in 2026; in the year to 2027Q1 80 and 120, and what comes
    assert found["year"]["odds"] == 1.0
    text = (folder / "launch.toml").read_text()
    (folder / "launch.toml").write_text(text.replace('kind = "npv"', 'kind = "target_odds"\ntarget = "year"'))
    launch, abroad, quarters = open_launch(folder), ("CN", "NO", "SE"), (Quarter(2027, 1), Quarter(2027, 2))
    assert objective_of(launch, abroad, quarters) is None, "it is met"
    (wanted,) = milestones_of(launch, ["year"], abroad, quarters)
    assert wanted.before.tolist() == [150, 80, 0, 120], "a plan counts them too"


def test_an_unknown_target_is_refused(folder):
    assert "did you mean first?" in run("targets", folder, "--price", "frist", fails=True)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a,A,rank,NO,2.5,2027Q4,,,", "targets.csv:2:amount"),
        ("a,A,cars_in_total,NOO,2,2027Q4,,,", "is neither a market nor a region"),
        ("a,A,service_cover,NO,90,2027Q4,,,", "write 0.9 for 90 %"),
        ("a,A,rank,NO,3,2027Q4,,0.5,", "is no number of places"),
    ],
)
def test_odd_targets_are_refused_with_the_row(folder, row, said):
    (folder / "targets.csv").write_text(HEAD + f"{row},{SAID}")
    done = CliRunner().invoke(app, ["check", str(folder)])
    assert done.exit_code == 1
    assert said in " ".join(done.output.split())


def test_a_target_counts_a_car_once_and_under_the_code_of_today(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-02-02T09:00:00+00:00")
    rows = tmp_path / "rows.csv"
    rows.write_text(
        "batch,market,offer,channel,start,end,orders,deliveries,registrations\n"
        "running,NO,ONE,dealer,2027-01-01,2027-01-31,80,50,\n"
        "running,NO,,dealer,2027-01-01,2027-01-31,,,60\n"
        "running,SJ,,importer,2027-01-01,2027-01-31,,,30\n"
    )
    (folder / "renames.csv").write_text("kind,was,now,source,as_of,grade\nmarket,SJ,SE,plan,2026-01-01,C\n")
    run("observe", folder, rows, "--who", "ana")
    launch = open_launch(folder)
    with reading(launch.store) as work:
        assert seen_cars(launch, work) == {("NO", Quarter(2027, 1)): 60, ("SE", Quarter(2027, 1)): 30}
