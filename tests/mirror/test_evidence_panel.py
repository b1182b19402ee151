"""The entry panel: what counts as an entry, what is censored, and what is done with bad series."""

from pathlib import Path

import numpy as np
import pytest

from beachhead.evidence.panel import panel_files, read_panel
from beachhead.world.entry import month_of
from beachhead.world.errors import BadInput

MONTHS = [f"{2020 + m // 12}-{m % 12 + 1:02d}" for m in range(30)]
START = 6


def write(folder: Path, listed=None, totals=None, official=None, all_fuel=None):
    """Country NO, where Old sells 80 and Tiny 4 a month and New enters in the seventh, changed as the test wants."""
    series = {"Old": [80.0] * 30, "Tiny": [4.0] * 30, "New": [None] * START + [20.0] * 24, **(listed or {})}
    rows = ["country,period,brand,bev_n,all_n"]
    for brand, counts in series.items():
        fuels = (all_fuel or {}).get(brand, [None] * 30)
        rows += [
            f"NO,{m},{brand},{'' if n is None else n},{'' if a is None else a}"
            for m, n, a in zip(MONTHS, counts, fuels, strict=True)
            if n is not None or a is not None
        ]
    (folder / "oec_brand_period.csv").write_text("\n".join(rows) + "\n")
    whole = [110.0] * 30 if totals is None else totals
    lines = [f"NO,{m},999,{'' if n is None else n}" for m, n in zip(MONTHS, whole, strict=True)]
    (folder / "oec_country_totals.csv").write_text("\n".join(["country,period,all_cars,bev_cars", *lines]) + "\n")
    if official:
        lines = [
            f"NO,{m},{b},{n}"
            for b, counts in official.items()
            for m, n in zip(MONTHS, counts, strict=True)
            if n is not None
        ]
        (folder / "official_brand_period_NO.csv").write_text("\n".join(["country,period,brand,n", *lines]) + "\n")
    return folder


def entry(folder: Path, brand="New"):
    return next(e for e in read_panel(folder).entries if e.brand == brand)


def test_an_entry_begins_with_the_first_sales_after_a_quiet_quarter(tmp_path):
    found = entry(write(tmp_path))
    assert found.first == month_of(MONTHS[START])
    assert found.newcomer
    np.testing.assert_array_equal(found.cars, [20.0] * 24)
    np.testing.assert_array_equal(found.market, [110.0] * 24)


def test_a_brand_that_sold_from_the_first_month_on_has_no_entry(tmp_path):
    assert {e.brand for e in read_panel(write(tmp_path)).entries} == {"New"}


def test_a_few_grey_imports_are_no_entry(tmp_path):
    counts = [None] * 3 + [6.0, 1.0, 0.0] + [None] * 6 + [30.0] * 18
    assert entry(write(tmp_path, {"New": counts})).first == month_of(MONTHS[12])


def test_an_unlisted_month_is_censored_at_the_least_listed_count(tmp_path):
    counts = [None] * START + [20.0] * 10 + [None] + [20.0] * 13
    found = entry(write(tmp_path, {"New": counts}))
    assert np.isnan(found.cars[10])
    assert found.ceiling[10] == 4.0
    assert np.isnan(found.ceiling[9])


def test_an_unlisted_month_cannot_exceed_what_the_total_leaves_over(tmp_path):
    counts = [None] * START + [20.0] * 10 + [None] + [20.0] * 13
    totals = [110.0] * 16 + [86.0] + [110.0] * 13
    assert entry(write(tmp_path, {"New": counts}, totals)).ceiling[10] == 2.0


def test_a_zero_month_is_a_zero(tmp_path):
    counts = [None] * START + [20.0] * 10 + [0.0] + [20.0] * 13
    assert entry(write(tmp_path, {"New": counts})).cars[10] == 0.0


def test_a_negative_month_is_a_correction_of_the_months_before(tmp_path):
    counts = [None] * START + [20.0] * 10 + [-25.0] + [20.0] * 13
    panel = read_panel(write(tmp_path, {"New": counts}))
    found = next(e for e in panel.entries if e.brand == "New")
    np.testing.assert_array_equal(found.cars[8:12], [15.0, 0.0, 0.0, 20.0])
    assert any("New in NO 2021-05 is negative" in note for note in panel.notes)


def test_a_month_given_twice_alike_counts_once(tmp_path):
    folder = write(tmp_path)
    file = folder / "oec_brand_period.csv"
    file.write_text(file.read_text() + f"NO,{MONTHS[10]},New,20,\n")
    assert entry(folder).cars.sum() == 24 * 20


def test_a_month_given_twice_differently_is_not_known(tmp_path):
    folder = write(tmp_path)
    file = folder / "oec_brand_period.csv"
    file.write_text(file.read_text() + f"NO,{MONTHS[10]},New,90,\n")
    assert np.isnan(entry(folder).cars[10 - START])
    assert any("given as 20 and 90" in note for note in read_panel(folder).notes)


def test_a_total_smaller_than_its_brands_is_raised_to_their_sum_and_said_so(tmp_path):
    panel = read_panel(write(tmp_path, totals=[110.0] * 20 + [60.0] + [110.0] * 9))
    assert panel.entries[0].market[14] == 104.0
    assert any("smaller than the sum" in note for note in panel.notes)


def test_a_country_without_totals_is_left_out_by_name(tmp_path):
    panel = read_panel(write(tmp_path, totals=[None] * 30))
    assert not panel.entries
    assert any("New in NO: no battery-electric total" in note for note in panel.notes)


def test_counts_of_all_fuels_stand_in_for_a_brand_that_sells_nothing_else(tmp_path):
    counts = [None] * START + [20.0] * 10 + [None] + [20.0] * 13
    fuels = [None] * START + [20.0] * 10 + [17.0] + [20.0] * 13
    found = entry(write(tmp_path, {"New": counts}, all_fuel={"New": fuels}))
    assert found.cars[10] == 17.0
    assert "all fuels" in found.source


def test_counts_of_all_fuels_do_not_stand_in_for_a_mixed_brand(tmp_path):
    counts = [None] * START + [20.0] * 10 + [None] + [20.0] * 13
    fuels = [None] * START + [60.0] * 24
    assert np.isnan(entry(write(tmp_path, {"New": counts}, all_fuel={"New": fuels})).cars[10])


def test_an_official_register_lists_every_brand_so_a_missing_one_sold_none(tmp_path):
    register = {"POLESTAR": [None] * 8 + [12.0] * 10 + [None] * 12, "OLD": [80.0] * 30}
    found = entry(write(tmp_path, official=register), "Polestar")
    np.testing.assert_array_equal(found.cars, [12.0] * 10 + [0.0] * 12)


def test_a_brand_long_sold_with_engines_is_no_newcomer(tmp_path):
    late = [None] * 26 + [20.0] * 4
    found = entry(write(tmp_path, {"New": late}, all_fuel={"New": [300.0] * 30}))
    assert not found.newcomer


def test_cells_that_are_no_counts_are_all_named_at_once(tmp_path):
    folder = write(tmp_path)
    file = folder / "oec_brand_period.csv"
    file.write_text(file.read_text() + "NO,2021-13,New,5,\nNO,2021-01,New,five,\n")
    with pytest.raises(BadInput) as error:
        read_panel(folder)
    assert [(f.column, f.written) for f in error.value.faults] == [("period", "2021-13"), ("bev_n", "five")]


def test_files_of_other_names_are_known_by_their_columns_and_said_so(tmp_path):
    named = read_panel(write(tmp_path)).entries
    (tmp_path / "oec_brand_period.csv").rename(tmp_path / "mine.csv")
    (tmp_path / "oec_country_totals.csv").rename(tmp_path / "whole.csv")
    (tmp_path / "something.csv").write_text("a,b\n1,2\n")
    panel = read_panel(tmp_path)
    assert [e.key for e in panel.entries] == [e.key for e in named]
    np.testing.assert_array_equal(panel.entries[0].cars, named[0].cars)
    assert any("mine.csv: read like oec_brand_period.csv, by its columns" in note for note in panel.notes)
    assert panel_files(tmp_path) == (tmp_path / "mine.csv", tmp_path / "whole.csv")


def test_semicolons_days_country_names_and_no_column_of_all_fuels_change_nothing(tmp_path):
    want = entry(write(tmp_path))
    for name in ("oec_brand_period.csv", "oec_country_totals.csv"):
        file = tmp_path / name
        rows = [line.split(",") for line in file.read_text().splitlines()]
        keep = [i for i, column in enumerate(rows[0]) if column != "all_n"]
        body = [["Norway" if i == 0 else f"{row[i]}-01" if i == 1 else row[i] for i in keep] for row in rows[1:]]
        file.write_text("\n".join(";".join(row) for row in [[rows[0][i] for i in keep], *body]) + "\n")
    found = entry(tmp_path)
    assert (found.country, found.first) == ("NO", want.first)
    np.testing.assert_array_equal(found.cars, want.cars)


def test_months_side_by_side_and_an_empty_file_are_refused_in_one_sentence_each(tmp_path):
    (tmp_path / "oec_brand_period.csv").write_text("country,brand,2023-01,2023-02\nNO,New,3,5\n")
    (tmp_path / "oec_country_totals.csv").write_text("")
    with pytest.raises(BadInput) as error:
        read_panel(tmp_path)
    assert [(f.file, f.problem) for f in error.value.faults] == [
        ("oec_brand_period.csv", "is a month: 2 months stand side by side"),
        ("oec_country_totals.csv", "is empty"),
    ]


def test_many_faults_of_one_kind_are_shown_by_the_first_few(tmp_path):
    folder = write(tmp_path)
    file = folder / "oec_brand_period.csv"
    file.write_text(file.read_text() + "".join(f"NO,May {year},New,5,5\n" for year in range(2000, 2030)))
    with pytest.raises(BadInput) as error:
        read_panel(folder)
    assert len(error.value.faults) == 6
    assert "like 24 others before it" in error.value.faults[-1].problem


def test_two_spellings_of_a_brand_in_one_register_are_added_and_one_given_twice_is_not(tmp_path):
    register = {"TESLA": [None] * 6 + [12.0] * 24, "TESLA MOTORS": [None] * 6 + [5.0] * 24, "OLD": [80.0] * 30}
    folder = write(tmp_path, official=register)
    np.testing.assert_array_equal(entry(folder, "Tesla").cars, [17.0] * 24)
    file = folder / "official_brand_period_NO.csv"
    file.write_text(file.read_text() + f"NO,{MONTHS[9]},TESLA,12\n")
    np.testing.assert_array_equal(entry(folder, "Tesla").cars, [17.0] * 24)
    file.write_text(file.read_text() + f"NO,{MONTHS[9]},TESLA,99\n")
    with_two = read_panel(folder)
    assert any("Tesla in NO 2020-10 is given as" in note for note in with_two.notes)


def test_a_later_file_that_says_otherwise_is_kept_and_said_so(tmp_path):
    register = {"POLESTAR": [None] * 8 + [12.0] * 22, "OLD": [80.0] * 30}
    folder = write(tmp_path, official=register)
    (folder / "official_brand_period_ZZ.csv").write_text(f"country,period,brand,n\nNO,{MONTHS[12]},POLESTAR,13\n")
    panel = read_panel(folder)
    assert next(e for e in panel.entries if e.brand == "Polestar").cars[4] == 13
    assert any("differs from files read before in 1 count: kept as here" in note for note in panel.notes)


def test_a_maker_long_sold_everywhere_is_no_newcomer_without_counts_of_all_fuels(tmp_path):
    panel = read_panel(write(tmp_path, {"Mazda": [None] * 9 + [30.0] * 21}))
    assert {e.brand: e.newcomer for e in panel.entries} == {"New": True, "Mazda": False}


def test_a_folder_without_registrations_is_refused(tmp_path):
    with pytest.raises(BadInput, match="holds no registrations by brand"):
        read_panel(tmp_path)


def dense(folder: Path, countries=("NO", "SE", "DK"), first_year=2018) -> Path:
    """A panel that writes zeros: New enters in the 43rd month; Old sells from the first."""
    months = [f"{first_year + m // 12}-{m % 12 + 1:02d}" for m in range(66)]
    counts = {"Old": [80.0] * 66, "New": [0.0] * 42 + [20.0] * 24}
    rows = [f"{c},{m},{b},{n}" for c in countries for b, ns in counts.items() for m, n in zip(months, ns, strict=True)]
    (folder / "oec_brand_period.csv").write_text("\n".join(["country,period,brand,bev_n", *rows]) + "\n")
    totals = [f"{c},{m},110" for c in countries for m in months]
    (folder / "oec_country_totals.csv").write_text("\n".join(["country,period,bev_cars", *totals]) + "\n")
    return folder


def test_a_brand_with_zeros_before_its_entry_is_no_less_a_newcomer_than_one_unlisted(tmp_path):
    panel = read_panel(dense(tmp_path))
    assert [(e.brand, e.country, e.newcomer) for e in panel.entries] == [("New", c, True) for c in ("DK", "NO", "SE")]


def test_a_brand_is_one_however_its_case_and_its_accents_are_written(tmp_path):
    folder = write(tmp_path, {"New": [None] * 30, "Citroën Z": [None] * START + [20.0] * 24})
    file = folder / "oec_brand_period.csv"
    lines = file.read_text().splitlines()
    apart = [line.replace("Citroën Z", "citroe\u0308n z") if "2021-0" in line else line for line in lines]
    file.write_text("\n".join(apart) + f"\nNO,{MONTHS[8]},citroën Z,2,\n")
    found = [e for e in read_panel(folder).entries if e.country == "NO"]
    assert [e.brand for e in found] == ["Citroën Z"]
    np.testing.assert_array_equal(found[0].cars, [20.0, 20.0, 22.0] + [20.0] * 21)


def test_a_month_that_no_source_covers_ends_an_entry_by_name_and_hides_none_that_comes_after(tmp_path):
    folder = write(tmp_path, {"Late": [None] * 20 + [30.0] * 10})
    file = folder / "oec_brand_period.csv"
    file.write_text("".join(line for line in file.read_text().splitlines(True) if f"NO,{MONTHS[15]}," not in line))
    panel = read_panel(folder)
    assert {e.brand: len(e.cars) for e in panel.entries} == {"New": 15 - START, "Late": 10}
    assert any("New in NO: no source that lists brands there in 2021-04: read up to there" in n for n in panel.notes)
    assert not any("Late in NO" in note for note in panel.notes)


def test_a_total_that_is_missing_in_between_ends_an_entry_by_name(tmp_path):
    panel = read_panel(write(tmp_path, totals=[110.0] * 15 + [None] + [110.0] * 14))
    assert {e.brand: len(e.cars) for e in panel.entries} == {"New": 15 - START}
    assert any("New in NO: no total of the country in 2021-04: read up to there" in note for note in panel.notes)


def test_rows_of_quarters_are_not_read_and_that_is_said(tmp_path):
    folder = write(tmp_path)
    file = folder / "oec_brand_period.csv"
    file.write_text(file.read_text() + "UK,2021-Q1,New,9,\nAU,2021q2,New,9,\n")
    panel = read_panel(folder)
    assert {e.country for e in panel.entries} == {"NO"}
    assert any("2 rows of quarters not read (AU, UK): an entry needs months" in note for note in panel.notes)


def test_totals_by_fuel_are_read_of_every_country_with_brands_by_code_or_name(tmp_path):
    folder = write(tmp_path)
    brands = (folder / "oec_brand_period.csv").read_text()
    more = [line.replace("NO,", f"{c},") for c in ("Ukraine", "SE") for line in brands.splitlines()[1:]]
    (folder / "oec_brand_period.csv").write_text("\n".join([*brands.splitlines(), *more]) + "\n")
    rows = [f"{m.replace('-', '')},{c},BatteryElectric,110" for c in ("Ukraine", "se", "Albania") for m in MONTHS]
    (folder / "by_fuel.csv").write_text("\n".join(["YYYYMM,Country,Fuel,Value", *rows]) + "\n")
    panel = read_panel(folder)
    assert [e.country for e in panel.entries] == ["NO", "SE", "Ukraine"]
    assert [m.country for m in panel.markets] == ["NO", "SE", "Ukraine"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            f'NO,{MONTHS[20]},"New,20,\n' + f"NO,{MONTHS[20]},Old,80,\n" * 9000,
            "opens a quotation mark that is never closed",
        ),
        (f'NO,{MONTHS[20]},"New,20,\n', "opens a quotation mark that is never closed"),
        (f'NO,{MONTHS[20]},"New"x,20,\n', "has text outside its quotation marks"),
        (f"NO,{MONTHS[20]},Big,1,234,567\n", "has 6 cells where the heading has 5"),
        (f"NO,{MONTHS[20]}\n", "has 2 cells where the heading has 5"),
        (f"NO,{MONTHS[20]},,20,20\n", "is blank"),
    ],
)
def test_a_row_that_does_not_fit_is_refused_and_swallows_none_after_it(tmp_path, line, problem):
    file, row = write(tmp_path) / "oec_brand_period.csv", 80
    lines = file.read_text().splitlines(True)
    file.write_text("".join([*lines[: row - 1], line, *lines[row - 1 :]]))
    with pytest.raises(BadInput) as error:
        read_panel(tmp_path)
    assert (error.value.faults[0].row, error.value.faults[0].problem) == (row, problem)


def test_blank_cells_at_the_end_of_a_row_do_no_harm(tmp_path):
    want = entry(write(tmp_path))
    file = tmp_path / "oec_brand_period.csv"
    lines = file.read_text().splitlines()
    file.write_text("\n".join([lines[0], *(line + ", ," for line in lines[1:])]) + "\n")
    np.testing.assert_array_equal(entry(tmp_path).cars, want.cars)
