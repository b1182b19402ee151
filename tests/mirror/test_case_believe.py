"""Rows of an open launch as the belief reads them."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from beachhead.case.belief.believe import believe, read_rows
from beachhead.case.belief.reach import served_over
from beachhead.case.decide.deciding import decide
from beachhead.case.new import new_launch
from beachhead.case.open import open_launch
from beachhead.case.plan.planning import make_plan, put_question
from beachhead.case.rows.observe import observe
from beachhead.world.market import Stage

ROWS = """batch,market,offer,channel,start,end,registrations
{batch},NO,TANG,dealer,2022-06-01,2022-06-30,100
{batch},NO,TANG,dealer,2022-07-01,2022-07-31,200
"""

SEEN = """batch,market,offer,channel,start,end,opening_stock,orders,reach
b1,NO,ONE,dealer,2027-01-11,2027-01-31,200,9,
b1,NO,ONE,dealer,2027-02-01,2027-02-28,,19,
"""


def reaches(path, batch: str, **scaled: date) -> list[float | None]:
    launch = open_launch(new_launch(path / batch, "byd-norway-2021"))
    rows = path / f"{batch}.csv"
    rows.write_text(ROWS.format(batch=batch))
    at = datetime(2022, 8, 5, tzinfo=UTC)
    observe(launch.folder, launch.store, rows, who="ana", at=at, today=at.date())
    return [count.reach for count in read_rows(launch, scaled_since=scaled).counts]


def dealer_in_norway(path):
    """Its row of economics.csv."""
    rows = open_launch(new_launch(path / "table", "byd-norway-2021")).folder.economics
    return next(row for row in rows if (row.market, row.channel) == ("NO", "dealer"))


def test_rows_from_the_day_a_market_is_scaled_count_at_full_reach_whatever_their_batch_is_called(tmp_path):
    dealer = dealer_in_norway(tmp_path)
    pilot, scaled = reaches(tmp_path, "first", NO=date(2022, 7, 1))
    assert pilot == dealer.pilot_reach
    assert scaled == pytest.approx(dealer.reach * dealer.ramp[0])
    assert reaches(tmp_path, "running") == pytest.approx([dealer.reach] * 2)  # nobody said since when it sells


def test_a_scaled_market_is_read_by_what_its_channel_served_by_then(tmp_path):
    """A ramp of .3 read as if all could have bought made a third of demand of it, and of its neighbours' too."""
    dealer = dealer_in_norway(tmp_path)
    assert len(set(dealer.ramp)) > 3
    quarters = [date(2022, 7, 1), date(2022, 4, 1), date(2022, 1, 1), date(2021, 10, 1), date(2016, 1, 1)]
    for age, since in enumerate(quarters):
        june, july = reaches(tmp_path / str(age), "running", NO=since)
        assert july == pytest.approx(dealer.served(age))
        assert june == pytest.approx(dealer.served(max(age - 1, 0)))


def test_days_on_either_side_of_a_quarters_end_count_for_what_they_are(tmp_path):
    dealer = replace(dealer_in_norway(tmp_path), reach=0.5, ramp=(0.2, 1.0))
    found = served_over(dealer, date(2027, 3, 22), date(2027, 4, 20), date(2027, 1, 1))
    assert found == pytest.approx(0.5 * (10 * 0.2 + 20 * 1.0) / 30)


def test_what_a_market_sold_while_it_was_scaled_stays_that_after_it_was_left(tmp_path, monkeypatch):
    """Its rows turned into those of pilots, with a pilot's reach and its buyers' bias, on the day it was left."""
    launch = open_launch(new_launch(tmp_path / "launch", "starter"))
    rows = tmp_path / "rows.csv"
    rows.write_text(
        SEEN.replace("2027-01", "2027-07").replace("2027-02-28", "2027-08-31").replace("2027-02", "2027-08")
    )
    for day, choice in (("2027-07-05", "scale:dealer"), ("2027-10-04", "exit")):
        at = datetime.fromisoformat(f"{day}T09:00:00+00:00")
        monkeypatch.setenv("BEACHHEAD_NOW", at.isoformat())
        make_plan(launch, on=at.date(), worlds=2, who="ana", at=at)
        decide(launch, who="ana", at=at, overrides={"NO": choice}, because="to see")
        if choice == "scale:dealer":
            then = datetime(2027, 9, 30, 12, tzinfo=UTC)
            observe(launch.folder, launch.store, rows, who="ana", at=then, today=then.date())
            before = put_question(launch, on=then.date()).held.reading.counts
    after = put_question(launch, on=date(2027, 10, 5))
    assert after.standings.by_market["NO"].stage is Stage.EXITED
    assert [count.is_pilot for count in before] == [False, False]
    assert after.held.reading.counts == before


def renamed_launch(path, name: str, renames: str, *, sent_for: str = "NO"):
    """The starter with a pilot of 200 cars on record, its stock said once, and codes as they are called today."""
    launch = new_launch(path / name, "starter")
    if renames:
        (launch / "renames.csv").write_text(f"kind,was,now,share,source,as_of,grade\n{renames}")
    if "offer,ONE,UNO" in renames:
        for file in (launch / "offers.csv", launch / "prices.csv"):
            file.write_text(re.sub(r"(^|,)ONE,", r"\1UNO,", file.read_text(), flags=re.M))
    rows = path / f"{name}.csv"
    rows.write_text(SEEN.replace("NO", sent_for))
    opened = open_launch(launch)
    at = datetime(2027, 4, 2, tzinfo=UTC)
    observe(opened.folder, opened.store, rows, who="ana", at=at, today=at.date())
    return open_launch(launch)


def test_a_batch_keeps_its_reach_when_an_offer_or_the_batch_itself_is_renamed(tmp_path):
    first, then = (c.reach for c in read_rows(renamed_launch(tmp_path, "as-sent", "")).counts)
    assert first == then
    renames = "offer,ONE,UNO,1,memo,2027-04-01,A\nbatch,b1,first,1,memo,2027-04-01,A\n"
    assert [c.reach for c in read_rows(renamed_launch(tmp_path, "renamed", renames)).counts] == [first, then]


def test_a_part_of_a_merged_market_has_its_share_of_what_its_whole_batch_reaches(tmp_path):
    first, _ = (c.reach for c in read_rows(renamed_launch(tmp_path, "as-sent", "")).counts)
    merged = "".join(
        f"{each},memo,2027-04-01,A\n" for each in ("market,SJ,NO,0.1", "market,BV,NO,0.9", "batch,b1,b2,1")
    )
    found = read_rows(renamed_launch(tmp_path, "merged", merged, sent_for="SJ"))
    assert [c.reach for c in found.counts] == pytest.approx([0.1 * first] * 2)


def pilot_in_norway(path, name: str, rows: str, mix: str = ""):
    """The starter with a second trim, and rows of a pilot there; `mix`: shares of the two, such as `.75 .25`."""
    folder = new_launch(path / name, "starter")
    for table in ("offers", "prices"):
        file = folder / f"{table}.csv"
        lines = file.read_text().splitlines(keepends=True)
        lines += [re.sub(r"(^|,)ONE,", r"\1TWO,", line) for line in lines[1:]]
        if mix and table == "offers":
            lines = [f"{share},{line}" for share, line in zip(["mix", *mix.split()], lines, strict=True)]
        file.write_text("".join(lines))
    seen, launch = path / f"{name}.csv", open_launch(folder)
    seen.write_text(f"batch,market,offer,channel,store,start,end,opening_stock,orders\n{rows}")
    at = datetime(2027, 7, 2, tzinfo=UTC)
    observe(launch.folder, launch.store, seen, who="ana", at=at, today=at.date())
    return open_launch(folder)


def test_a_batch_told_by_offer_is_the_batch_told_as_one(tmp_path):
    """The same buyers saw both trims: a reach by each trim's own cars, of which each took half, made demand twofold."""
    span = "2027-01-04,2027-03-31"
    whole = pilot_in_norway(tmp_path, "whole", f"b1,NO,,dealer,,{span},50,18\n")
    parts = f"b1,NO,ONE,dealer,,{span},30,11\nb1,NO,TWO,dealer,,{span},20,7\n"
    by_offer = pilot_in_norway(tmp_path, "parts", parts)
    reach = dealer_at_half(whole)
    assert [c.reach for c in read_rows(whole).counts] == pytest.approx([reach])
    assert [c.reach for c in read_rows(by_offer).counts] == pytest.approx([reach] * 2)
    told = [believe(launch).belief for launch in (whole, by_offer)]
    assert told[1].mean == pytest.approx(told[0].mean, abs=1e-9)
    assert told[1].cov == pytest.approx(told[0].cov, abs=1e-9)
    both = pilot_in_norway(tmp_path, "both", f"b1,NO,,dealer,,{span},50,\n{parts}")  # the cars of the whole, once
    assert [c.reach for c in read_rows(both).counts] == pytest.approx([reach] * 2)


def test_trims_on_sale_together_share_the_demand_though_their_rows_end_in_other_quarters(tmp_path):
    """Each was read as the whole demand of its own quarter: 12 cars of either made 12 of the market, not 24."""
    together = "b1,NO,ONE,dealer,,2027-01-11,2027-04-04,40,12\nb1,NO,TWO,dealer,,2027-01-11,2027-04-04,40,12\n"
    apart = together.replace("ONE,dealer,,2027-01-11,2027-04-04", "ONE,dealer,,2027-01-04,2027-03-28")
    launches = [pilot_in_norway(tmp_path, name, rows) for name, rows in (("t", together), ("a", apart))]
    held = [believe(launch, until=date(2027, 6, 30)).belief for launch in launches]
    level = [float(belief.mean[belief.markets.index("NO")]) for belief in held]
    assert level[1] == pytest.approx(level[0], abs=0.15)


def test_a_trim_that_sold_out_stands_for_its_share_of_the_declared_mix(tmp_path):
    rows = "b1,NO,ONE,dealer,,2027-01-04,2027-03-31,30,12\nb1,NO,TWO,dealer,,2027-01-04,2027-03-15,4,4\n"
    level = []
    for mix in ("", ".5 .5", ".1 .9"):
        belief = believe(pilot_in_norway(tmp_path, f"mix{mix}".replace(" ", ""), rows, mix)).belief
        level.append(float(belief.mean[belief.markets.index("NO")]))
    assert level[0] == pytest.approx(level[1])  # undeclared, shares are equal
    assert level[2] > level[1] + 0.1  # had most wanted the trim that was soon gone, more would have bought


def test_an_offer_alone_in_its_store_or_batch_is_all_that_its_buyers_see(tmp_path):
    """Halved where another offer was sold elsewhere on the same days, demand came out twofold."""
    span = "2027-01-04,2027-03-31"
    told = [
        f"b1,NO,,dealer,,{span},80,24\n",
        f"b1,NO,ONE,dealer,Oslo,{span},40,12\nb1,NO,TWO,dealer,Bergen,{span},40,12\n",
        f"b1,NO,ONE,dealer,,{span},40,12\nb2,NO,TWO,dealer,,{span},40,12\n",
    ]
    held = [believe(pilot_in_norway(tmp_path, f"told{n}", rows)).belief for n, rows in enumerate(told)]
    level = [belief.mean[belief.markets.index("NO")] for belief in held]
    assert level[1:] == pytest.approx([level[0]] * 2, abs=0.01)


def test_stores_of_a_scaled_market_share_what_its_channel_reaches(tmp_path):
    """Each was read as the whole channel: told by two stores, a market had half of the demand that it had as one."""
    span, since = "2027-01-04,2027-03-31", {"NO": date(2027, 1, 1)}
    told = [
        f"running,NO,,dealer,,{span},,40\n",
        f"running,NO,,dealer,Oslo,{span},,25\nrunning,NO,,dealer,Bergen,{span},,15\n",
        "".join(f"running,NO,{o},dealer,{s},{span},,10\n" for o in ("ONE", "TWO") for s in ("Oslo", "Bergen")),
    ]
    launches = [pilot_in_norway(tmp_path, f"told{n}", rows) for n, rows in enumerate(told)]
    held = [believe(launch, scaled_since=since).belief for launch in launches]
    level = [belief.mean[belief.markets.index("NO")] for belief in held]
    assert level[1:] == pytest.approx([level[0]] * 2, abs=0.01)
    opened = f"running,NO,,dealer,Oslo,{span},,25\nrunning,NO,,dealer,Bergen,2027-03-01,2027-03-31,,5\n"
    launch = pilot_in_norway(tmp_path, "opened", opened + "running,NO,,dealer,Oslo,2027-04-01,2027-04-30,,6\n")
    reach = [count.reach for count in read_rows(launch, scaled_since=since).counts]
    assert reach[1] == pytest.approx(
        served_over(dealer_of(launch), date(2027, 3, 1), date(2027, 3, 31), since["NO"]) / 2
    )
    assert reach[2] == pytest.approx(
        served_over(dealer_of(launch), date(2027, 4, 1), date(2027, 4, 30), since["NO"])
    )  # of that month one store is told


def test_stores_of_a_batch_reach_buyers_of_their_own(tmp_path):
    span = "2027-01-04,2027-03-31"
    rows = "".join(
        f"b1,NO,{offer},dealer,{store},{span},{cars},3\n"
        for store, stock in (("Oslo", {"ONE": 20, "TWO": 10}), ("Bergen", {"ONE": 15, "TWO": 5}))
        for offer, cars in stock.items()
    )
    launch = pilot_in_norway(tmp_path, "stores", rows)
    reach = dealer_at_half(launch)
    found = sorted(c.reach for c in read_rows(launch).counts)
    assert found == pytest.approx([reach * 0.4] * 2 + [reach * 0.6] * 2)


def dealer_at_half(launch) -> float:
    """What a pilot of 50 cars reaches in Norway through dealers."""
    return 0.5 * dealer_of(launch).pilot_reach


def dealer_of(launch):
    return next(row for row in launch.folder.economics if (row.market, row.channel) == ("NO", "dealer"))


def test_rows_of_a_market_that_left_the_tables_are_named_and_stop_nothing(tmp_path):
    launch = renamed_launch(tmp_path, "left", "")
    for file in launch.path.glob("*.csv"):
        file.write_text("".join(line for line in file.read_text().splitlines(True) if not line.startswith("NO,")))
    found = read_rows(open_launch(launch.path))
    assert found.counts == ()
    assert found.left_out[0] == (
        "b1 NO ONE dealer, 2027-01-11 to 2027-01-31: its market is not in markets.csv; put it back, or say in "
        "renames.csv what it is called now"
    )
