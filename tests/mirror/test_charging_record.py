"""Files of sessions, prices and loads as strangers write them: read as meant, or refused at their row and column."""

import gzip
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from beachhead.charging.record import read_homes, read_loads, read_prices
from beachhead.world.errors import BadInput

HEAD = "user_id,plugin_time,plugout_time,energy_session\n"
GOOD = "u,2023-01-02 17:00,2023-01-03 07:00,9.5\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "x.csv"
    path.write_bytes(text.encode())
    return path


def places(folder: Path, read, text: str) -> list[tuple[int | None, str | None]]:
    with pytest.raises(BadInput) as refused:
        read(written(folder, text))
    return [(fault.row, fault.column) for fault in refused.value.faults]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("u,2023-01-04 17:00,2023-01-04 09:00,9.5", "plugout_time"),
        ("u,2023-01-04 17:00,2023-01-05 07:00,-4", "energy_session"),
        ("u,2023-01-04 17:00,2023-01-05 07:00,9500", "energy_session"),
        (",2023-01-04 17:00,2023-01-05 07:00,9.5", "user_id"),
        ("u,2023-01-04 17:00,2023-01-05 07:00", None),
        ("u,2023-01-04 17:00,2023-01-05 07:00,9,5", None),
        ("u,04.01.2023 17:00,2023-01-05 07:00,9.5", "plugin_time"),
    ],
)
def test_a_session_that_cannot_be_is_refused_at_its_row_and_column(tmp_path, row, column):
    assert places(tmp_path, read_homes, HEAD + GOOD + row + "\n") == [(3, column)]


def test_a_session_over_the_autumn_clock_change_is_left_out_not_refused(tmp_path):
    night = "u,2023-10-29 02:40,2023-10-29 02:10,1.5\n"
    assert read_homes(written(tmp_path, HEAD + GOOD + night))[0].sessions == 1


def test_headers_in_capitals_semicolons_windows_lines_and_blank_lines_change_nothing(tmp_path):
    plain = read_homes(written(tmp_path, HEAD + GOOD))[0]
    strange = (
        "\ufeff" + (HEAD.upper() + GOOD).replace(",", ";").replace("9.5", "9,5").replace("\n", "\r\n") + "\r\n;;;\r\n"
    )
    other = read_homes(written(tmp_path, strange))[0]
    assert (other.name, other.plug_in.tolist(), other.plug_out.tolist(), other.energy_kwh.tolist()) == (
        plain.name, plain.plug_in.tolist(), plain.plug_out.tolist(), plain.energy_kwh.tolist(),
    )  # fmt: skip


def table(cells: str, *, hours: int = 24 * 15) -> str:
    begin = datetime(2023, 1, 2)
    return "".join(f"{begin + timedelta(hours=n):%Y-%m-%d %H:%M},{cells}\n" for n in range(hours))


def test_a_table_may_be_parted_by_tabs_as_spreadsheets_copy_it(tmp_path):
    text = "time,DE-LU,NL\n" + table("80.5,90.1")
    plain = read_prices(written(tmp_path, text))
    copied = read_prices(written(tmp_path, text.replace(",", "\t").replace("80.5", "80,5")))
    assert copied.zones == plain.zones
    assert copied.eur_per_kwh.tolist() == plain.eur_per_kwh.tolist()


def test_a_load_that_no_home_has_is_refused_with_the_unit_that_is_meant(tmp_path):
    assert read_loads(written(tmp_path, "time,a\n" + table("0.438")))[0].kwh.max() == 0.438
    with pytest.raises(BadInput, match="a load of 1,438 kWh in 60 minutes") as refused:
        read_loads(written(tmp_path, "time,a\n" + table("1438")))
    assert "Wh divided by 1000" in refused.value.hint


def test_a_decimal_comma_among_commas_is_refused_where_it_would_shift_the_zones(tmp_path):
    text = "time,DE-LU,NL\n" + table("80.5,90.1") + "2023-02-01 00:00,80,5,90,1\n"
    assert places(tmp_path, read_prices, text) == [(362, None)]
    assert places(tmp_path, read_loads, text) == [(362, None)]


def test_a_row_cut_short_is_refused_and_a_blank_last_line_is_not(tmp_path):
    text = "time,DE-LU,NL\n" + table("80.5,90.1")
    assert read_prices(written(tmp_path, text + "\n\n")).eur_per_kwh.shape == (2, 360)
    assert places(tmp_path, read_prices, text + "2023-02-01 00:00,80") == [(362, None)]


def test_prices_in_euros_a_kilowatt_hour_are_refused_with_the_unit_that_is_meant(tmp_path):
    with pytest.raises(BadInput, match=r"no price above 0\.31 EUR/MWh in 15 days") as refused:
        read_prices(written(tmp_path, "time,DE-LU\n" + table("0.31")))
    assert "0.085 EUR/kWh is 85" in refused.value.hint
    assert read_prices(written(tmp_path, "time,DE-LU\n" + table("-31"))).eur_per_kwh.min() == -0.031


def test_a_table_wrong_throughout_says_that_it_holds_more_faults_than_are_listed(tmp_path):
    with pytest.raises(BadInput, match="at least 50 faults") as refused:
        read_homes(written(tmp_path, HEAD + "u,never,never,5\n" * 60))
    assert "has 70 faults more than are listed" in str(refused.value)


def test_a_record_by_whole_hours_is_spread_within_them_and_a_finer_one_is_taken_as_it_is(tmp_path):
    rows = [f"u,2023-01-{day:02} 17:{{0}},2023-01-{day + 1:02} 0{6 + day % 3}:00,9.5\n" for day in range(1, 28)]
    fine = read_homes(written(tmp_path, HEAD + "".join(rows).format("10")))[0]
    assert {minute % 60 for minute in fine.plug_out.tolist()} == {0}
    home = read_homes(written(tmp_path, HEAD + "".join(rows).format("00")))[0]
    moved = home.plug_out - fine.plug_out
    assert (moved >= -30).all()
    assert (moved < 30).all()
    assert abs(moved.mean()) < 3
    assert np.unique(moved // 15).tolist() == [-2, -1, 0, 1]
    assert (home.plug_out - home.plug_in >= 60 * home.energy_kwh / home.power_kw).all()
    few = read_homes(written(tmp_path, HEAD + "".join(rows[:4]).format("00")))[0]
    assert few.plug_in.tolist() == (fine.plug_in[:4] - 10).tolist()


def packed(folder: Path, text: str) -> Path:
    path = folder / "x.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    return path


def test_a_packed_table_that_unpacks_to_more_than_memory_holds_is_refused(tmp_path, monkeypatch):
    with pytest.raises(BadInput, match="2: is a line longer than 1 MB"):
        read_prices(packed(tmp_path, "time,DE\n" + "0" * 2**20))
    monkeypatch.setattr("beachhead.charging.record.MOST_ROWS", 1000)
    with pytest.raises(BadInput, match="1001: is where the table passes 512 MB or 1,000 rows"):
        read_prices(packed(tmp_path, "time,DE\n" + "2023-01-01 00:00,1\n" * 2000))


def test_a_small_table_of_many_columns_over_many_years_is_refused(tmp_path):
    """Laid out hour by hour it took 77 GB."""
    cells = ",".join("1" * 20_000)
    text = f"time,{cells}\n1975-01-01 00:00,{cells}\n2030-01-01 00:00,{cells}\n"
    with pytest.raises(BadInput, match="20,000 columns over 482,137 steps of time"):
        read_prices(written(tmp_path, text))


def test_a_table_that_is_wrong_throughout_is_not_read_to_its_end(tmp_path):
    for read, text in ((read_prices, "time,DE\n" + "x,1\n" * 5000), (read_homes, HEAD + "u,x,y,1\n" * 5000)):
        with pytest.raises(BadInput, match="at least 50 faults") as refused:
            read(written(tmp_path, text))
        assert "what follows was not read" in str(refused.value)


@pytest.mark.parametrize("step", [15, 30, 60])
def test_a_gap_in_a_household_s_load_is_filled_by_the_same_time_of_the_day_before(tmp_path, step):
    begin, gap = datetime(2024, 1, 1), datetime(2024, 1, 10, 12)
    moments = [begin + timedelta(minutes=step * number) for number in range(21 * 1440 // step)]
    rows = [f"{at:%Y-%m-%d %H:%M},{at.hour}\n" for at in moments if not gap <= at < gap + timedelta(hours=2)]
    load = read_loads(written(tmp_path, "time,a\n" + "".join(rows)))[0]
    assert load.kwh.tolist() == [at.hour for at in moments]
