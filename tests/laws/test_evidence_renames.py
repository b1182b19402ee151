from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beachhead.evidence.load import load_table
from beachhead.evidence.renames import apportioned, renamed
from beachhead.evidence.tables.renames import TABLE
from beachhead.world.errors import BadInput
from beachhead.world.market import Channel
from beachhead.world.reading import Observation

PLAIN = Observation(
    batch="b1",
    market="NO",
    offer="SU7",
    channel=Channel.AGENT,
    store="",
    start=date(2027, 1, 1),
    end=date(2027, 1, 31),
    orders=10,
)


def table(*lines):
    text = "\n".join(["kind,was,now,share,until,source,as_of,grade", *(f"{line},memo,2027-01-01,B" for line in lines)])
    return load_table(TABLE, text.encode())


def under(rows, *lines, reach=None):
    loaded = table(*lines)
    assert loaded.faults == ()
    return renamed(rows, [placed.row for placed in loaded.rows], default_reach=lambda _: reach)


def test_a_renamed_offer_is_read_under_its_new_code():
    assert under([PLAIN], "offer,SU7,SU7-2028,,") == (replace(PLAIN, offer="SU7-2028"),)
    later = replace(PLAIN, start=date(2028, 1, 1), end=date(2028, 1, 31))
    assert under([PLAIN, later], "offer,SU7,SU7-2028,,2027-12-31") == (replace(PLAIN, offer="SU7-2028"), later)


def test_both_codes_in_the_month_of_the_change_are_added_up():
    new = replace(PLAIN, offer="SU7-2028", orders=5)
    (row,) = under([PLAIN, new], "offer,SU7,SU7-2028,,")
    assert (row.orders, row.offer) == (15, "SU7-2028")
    (row,) = under([PLAIN, replace(new, orders=None, leads=9)], "offer,SU7,SU7-2028,,")
    assert row.orders is None  # part of it was not observed
    (row,) = under([PLAIN, replace(new, orders=None)], "offer,SU7,SU7-2028,,")
    assert row.orders == 10  # what was withdrawn altogether is no part of it
    with pytest.raises(BadInput, match="reported from 2027-01-15 under one code and until 2027-01-31 under another"):
        under([PLAIN, replace(new, start=date(2027, 1, 15))], "offer,SU7,SU7-2028,,")


def test_a_part_of_a_merged_market_reaches_its_share_of_the_whole():
    lines = ("market,BE,BX,0.6,", "market,LU,BX,0.4,")
    belgium, luxemburg = under([replace(PLAIN, market="BE", reach=0.5), replace(PLAIN, market="LU")], *lines, reach=0.1)
    assert (belgium.market, belgium.reach, belgium.orders) == ("BX", pytest.approx(0.3), 10)
    assert (luxemburg.market, luxemburg.reach) == ("BX", pytest.approx(0.04))
    assert belgium.key != luxemburg.key
    assert under([replace(PLAIN, market="BE")], *lines)[0].reach is None  # neither the row nor the channel tells one


def test_a_split_market_gives_its_cars_to_its_parts_and_loses_none():
    parts = under([PLAIN], "market,NO,NO,0.75,2027-06-30", "market,NO,SJ,0.25,2027-06-30")
    assert [(p.market, p.orders, p.deliveries) for p in parts] == [("NO", 8, None), ("SJ", 2, None)]


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.lists(st.floats(0.001, 1), min_size=1, max_size=6))
def test_whole_parts_sum_to_the_count_and_lie_within_one_of_their_share(count, shares):
    parts = apportioned(count, shares)
    assert sum(parts) == count
    assert all(abs(part - count * share / sum(shares)) < 1 for part, share in zip(parts, shares, strict=True))


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (("market,NO,SE,0.5,", "market,NO,DK,0.4,"), "the shares sum to 0.9"),
        (("market,BE,BX,0.6,",), "the shares sum to 0.6"),
        (("offer,A,B,,", "offer,B,C,,"), "was itself renamed on line 3"),
        (("brand,A,B,,",), "is not one of batch, market, offer, store"),
        (("offer,A,B,1.5,",), "is not a share|out of range"),
    ],
)
def test_renames_that_do_not_add_up_are_refused(lines, complaint):
    found = "\n".join(str(fault) for fault in table(*lines).faults)
    assert any(part in found for part in complaint.split("|"))


@settings(deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=5), st.floats(0.05, 0.95))
def test_renaming_merging_and_splitting_never_change_how_many_were_ordered(orders, share):
    rows = [replace(PLAIN, start=date(2027, m, 1), end=date(2027, m, 20), orders=n) for m, n in enumerate(orders, 1)]
    lines = (f"market,NO,SE,{share},", f"market,NO,DK,{1 - share},", "offer,SU7,YU7,,", "batch,b1,b2,,")
    assert sum(row.orders for row in under(rows, *lines)) == sum(orders)
