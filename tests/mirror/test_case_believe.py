"""Rows of an open launch as the belief reads them."""

import re
from datetime import UTC, date, datetime

import pytest

from beachhead.case.belief.believe import read_rows
from beachhead.case.new import new_launch
from beachhead.case.open import open_launch
from beachhead.case.rows.observe import observe

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


def test_rows_from_the_day_a_market_is_scaled_count_at_full_reach_whatever_their_batch_is_called(tmp_path):
    pilot, full = reaches(tmp_path, "first", NO=date(2022, 7, 1))
    assert pilot < full
    assert [full, full] == pytest.approx(reaches(tmp_path, "running"))


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
