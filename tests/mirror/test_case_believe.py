"""Rows of an open launch as the belief reads them."""

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
