"""Files of observations as people send them: read whole in every form, or refused with every fault at once."""

import re
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl.chart import LineChart

import beachhead.case.new as new_module
from beachhead.case.rows.observe import known_codes
from beachhead.evidence.arrive import arrive
from beachhead.evidence.folder import read_folder
from beachhead.evidence.mapping import read_mapping
from beachhead.evidence.observations import Known, read_observations
from beachhead.evidence.sheet import harmless
from beachhead.evidence.tables.renames import RenameRow
from beachhead.world.errors import BadInput
from beachhead.world.market import Channel

KNOWN = Known(
    markets=frozenset({"NO", "SE", "PT", "NZ"}),
    offers=frozenset({"SU7", "YU7"}),
    currencies=frozenset({"EUR", "NOK"}),
)
HEADER = "batch,market,offer,channel,start,end,orders,registrations,sold_out_on"
GOOD = "b1,NO,SU7,agent,2027-01-01,2027-01-31,12,,"


def read(tmp_path, text, name="seen.csv", mapping=None, **how):
    path = tmp_path / name
    path.write_text(text, encoding=how.pop("encoding", "utf-8"))
    if mapping is not None:
        (tmp_path / "crm.toml").write_text(mapping)
        mapping = read_mapping(tmp_path / "crm.toml")
    return read_observations(path, known=KNOWN, mapping=mapping, **how)


def rows(*args, **how):
    return [row.observation for row in read(*args, **how).rows]


def faults(*args, **how):
    with pytest.raises(BadInput) as caught:
        read(*args, **how)
    return [str(fault) for fault in caught.value.faults]


def test_a_store_of_another_market_is_told(tmp_path):
    known = Known(
        markets=KNOWN.markets,
        offers=KNOWN.offers,
        currencies=KNOWN.currencies,
        stores=frozenset({"OSLO", "OLD"}),
        store_market={"OSLO": "NO"},
    )
    path = tmp_path / "seen.csv"
    lines = (f"b1,{market},{store},agent,2027-01-01,2027-01-31,1" for market, store in (("NO", "OSLO"), ("SE", "OLD")))
    path.write_text("\n".join(["batch,market,store,channel,start,end,orders", *lines]))
    assert len(read_observations(path, known=known).rows) == 2
    path.write_text(path.read_text().replace("NO,OSLO", "SE,OSLO"))
    told = "2:store: 'OSLO' is a store of NO in stores.csv, not of SE: write the market NO"
    with pytest.raises(BadInput, match=re.escape(told)):
        read_observations(path, known=known)


def test_the_market_of_a_store_is_not_asked_where_codes_have_changed():
    folder = read_folder(Path(new_module.__file__).parent / "examples/xiaomi")
    assert known_codes(folder).store_market.items() >= {"NO-PHONE-STORES": "NO", "CA-PHONE-STORES": "CA"}.items()
    facts = {"source": "plan", "as_of": "2026-01-01", "grade": "C"}
    rows = [
        RenameRow(kind="market", was="XK", now="NO", **facts),
        RenameRow(kind="store", was="CA-PHONE-STORES", now="X", **facts),
    ]
    moved = replace(folder, tables=dict(folder.tables) | {"renames": tuple(rows)})
    assert not {"NO-PHONE-STORES", "CA-PHONE-STORES"} & known_codes(moved).store_market.keys()


def test_a_plain_file_reads_and_blank_is_not_zero(tmp_path):
    (row,) = rows(tmp_path, f"{HEADER}\n{GOOD}\n")
    assert (row.market, row.channel, row.start, row.orders) == ("NO", Channel.AGENT, date(2027, 1, 1), 12)
    assert (row.registrations, row.sold_out_on, row.reach, row.store) == (None, None, None, "")


def test_every_fault_is_named_at_its_place_and_none_hides_another(tmp_path):
    text = "\n".join(
        [
            HEADER,
            "b1,NO,SU7,agent,2027-01-01,2027-01-31,12.5,,",
            "b1,XX,SU7,agent,2027-02-01,2027-01-31,-1,,",
            "b1,SE,SU8,kiosk,2027-02-01,2027-02-28,,,2027-03-01",
            ",SE,SU7,agent,2027-02-30,2027-02-28,nan,,",
            "b1,NO,SU7,agent,2027-01-15,2027-02-15,4,,",
            "b1,NO,SU7,agent,2027-03-01,2027-03-31,4",
            "b1,NO,SU7,agent,2027-04-01T22:00:00,2027-04-30,1,,",
        ]
    )
    found = "\n".join(faults(tmp_path, text))
    for place in (
        "seen.csv:2:orders: '12.5'",
        "seen.csv:3:market: 'XX'",
        "seen.csv:3:orders: '-1'",
        "seen.csv:4:channel: 'kiosk'",
        "seen.csv:5:batch",
        "seen.csv:5:start: '2027-02-30'",
        "seen.csv:5:orders: 'nan'",
        "seen.csv:7",
        "seen.csv:8:start: '2027-04-01T22:00:00' has no time zone",
    ):
        assert place in found


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("b1,NO,SU7,agent,2027-02-01,2027-01-31,1,,", "end: '2027-01-31' is before the start"),
        ("b1,NO,SU7,agent,2027-01-01,2027-01-31,1,,2027-02-01", "sold_out_on: '2027-02-01' is not between"),
        ("b1,NO,SU8,agent,2027-01-01,2027-01-31,1,,", "offer: 'SU8' is not in offers.csv of this launch: did you mean"),
        ("b1,DK,SU7,agent,2027-01-01,2027-01-31,1,,", "market: 'DK' is not in markets.csv"),
        (f"{GOOD}\n{GOOD}", "3:start: '2027-01-01' overlaps line 2, which runs to 2027-01-31"),
        ("b1,NO,SU7,agent,2027-01-01,2029-01-31,1,,", "end: '2029-01-31' has not come yet"),
    ],
)
def test_a_row_that_cannot_be_is_refused(tmp_path, row, complaint):
    assert complaint in "\n".join(faults(tmp_path, f"{HEADER}\n{row}\n", today=date(2028, 1, 1)))


def test_more_cancelled_than_ordered_is_refused(tmp_path):
    header = "batch,market,channel,start,end,orders,cancellations,price,currency"
    found = faults(
        tmp_path, f"{header}\nb1,NO,agent,2027-01-01,2027-01-31,2,3,,\nb1,SE,agent,2027-01-01,2027-01-31,2,,9,\n"
    )
    assert "cancellations: '3' is more than the 2 orders" in found[0]
    assert "price: '9' has no currency" in found[1]


def test_csv_workbook_and_parquet_say_the_same(tmp_path):
    table = {
        "batch": ["b1", "b1"], "market": ["NO", "SE"], "channel": ["agent", "agent"],
        "start": [date(2027, 1, 1), date(2027, 2, 1)], "end": [date(2027, 1, 31), date(2027, 2, 28)],
        "orders": [12, None], "reach": [0.05, 0.1],
    }  # fmt: skip
    pq.write_table(pa.table(table), tmp_path / "seen.parquet")
    book = openpyxl.Workbook()
    book.active.append(list(table))
    for values in zip(*table.values(), strict=True):
        book.active.append(list(values))
    book.save(tmp_path / "seen.xlsx")
    header, *lines = (
        ",".join("" if v is None else str(v) for v in row) for row in [table, *zip(*table.values(), strict=True)]
    )
    as_text = rows(tmp_path, "\n".join([header, *lines]))
    for name in ("seen.xlsx", "seen.parquet"):
        assert [row.observation for row in read_observations(tmp_path / name, known=KNOWN).rows] == as_text
    assert as_text[1].orders is None


SEEN = ["batch", "market", "channel", "start", "end", "orders", "reach"]
JANUARY = ["b1", "NO", "agent", date(2027, 1, 1), date(2027, 1, 31), 7, 0.05]


def test_merged_cells_are_not_taken_for_blank(tmp_path):
    book = openpyxl.Workbook()
    for row in (SEEN, JANUARY, [*JANUARY[:1], "SE", *JANUARY[2:]]):
        book.active.append(row)
    book.active.merge_cells("G2:G3")
    book.save(tmp_path / "seen.xlsx")
    with pytest.raises(BadInput, match=r"seen.xlsx:2:reach: 'G2:G3' are merged cells: all but the first look blank"):
        read_observations(tmp_path / "seen.xlsx", known=KNOWN)


def test_the_first_sheet_that_shows_is_read_whatever_is_hidden_or_drawn_before_it(tmp_path):
    book = openpyxl.Workbook()
    for row in (SEEN, [*JANUARY[:5], 99, 0.5]):
        book.active.append(row)
    book.active.sheet_state = "hidden"
    shown = book.create_sheet("January")
    for row in (SEEN, JANUARY):
        shown.append(row)
    book.create_chartsheet("Chart", 0).add_chart(LineChart())
    book.active = 2
    book.save(tmp_path / "seen.xlsx")
    (row,) = read_observations(tmp_path / "seen.xlsx", known=KNOWN).rows
    assert row.observation.orders == 7


def test_a_second_sheet_of_the_same_columns_is_not_lost_without_a_word(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "January"
    for name, page in (("January", book.active), ("February", book.create_sheet("February"))):
        page.append(SEEN)
        page.append([name, *JANUARY[1:]])
    book.create_sheet("Notes").append(["taken from the till"])
    book.save(tmp_path / "seen.xlsx")
    with pytest.raises(BadInput, match=r"seen.xlsx: 'February' is a sheet of the same columns as 'January'"):
        read_observations(tmp_path / "seen.xlsx", known=KNOWN)


def test_text_that_a_spreadsheet_would_run_is_written_as_text_and_numbers_stay():
    assert [harmless(cell) for cell in ("=1+1", "+49", "-5 %", "@x", "-0.5", "as told", "", None, 7)] == [
        "'=1+1", "+49", "'-5 %", "'@x", "-0.5", "as told", "", None, 7,
    ]  # fmt: skip


def test_a_formula_without_its_value_is_not_taken_for_blank(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["batch", "market", "channel", "start", "end", "orders"])
    book.active.append(["b1", "NO", "agent", date(2027, 1, 1), date(2027, 1, 31), "=3+4"])
    book.save(tmp_path / "seen.xlsx")
    with pytest.raises(BadInput, match=r"seen.xlsx:2:orders: '=3\+4' is a formula whose value was not saved"):
        read_observations(tmp_path / "seen.xlsx", known=KNOWN)


@pytest.mark.parametrize("name", ["seen.xlsx", "seen.parquet"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nothing", b"PAR1 nothing PAR1", b"batch,market\n"])
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match="is not a readable"):
        read_observations(tmp_path / name, known=KNOWN)


def test_an_instant_falls_on_the_markets_own_day(tmp_path):
    header = "batch,market,channel,start,end,orders"
    oslo, lisbon, auckland = rows(
        tmp_path,
        f"{header}\n"
        "b1,NO,agent,2027-03-31T22:30:00Z,2027-04-30T22:00:00+00:00,1\n"
        "b1,PT,agent,2027-03-31T22:30:00Z,2027-04-30T22:00:00+00:00,1\n"
        "b1,NZ,agent,2027-03-31T10:59:00Z,2027-03-31T11:00:00Z,1\n",
    )
    assert (oslo.start, oslo.end) == (date(2027, 4, 1), date(2027, 4, 30))  # 00:30 on; midnight ends the day before
    assert (lisbon.start, lisbon.end) == (date(2027, 3, 31), date(2027, 4, 30))  # 23:30; 23:00
    assert (auckland.start, auckland.end) == (date(2027, 3, 31), date(2027, 3, 31))  # 23:59; midnight


REGISTRATIONS = """Zulassungen;;;
Monat;Land;Marke;Anzahl;Art
01/2027;Norwegen;BYD;1.204;neu
01/2027;Norwegen;BYD AUTO;6;neu
01/2027;Norwegen;Tesla;2.000;neu
03/2027;Norwegen;BYD;12;neu
02/2027;Schweden;BYD;-;neu
"""
MAPPING = """
[file]
delimiter = ";"
encoding = "cp1252"
header_row = 2
decimal = ","
thousands = "."
[only]
Marke = ["BYD", "BYD AUTO"]
[columns]
market = "Land"
registrations = "Anzahl"
[values.market]
Norwegen = "NO"
Schweden = "SE"
[values.registrations]
"-" = ""
[constants]
batch = "running"
channel = "importer"
[period]
column = "Monat"
unit = "month"
format = "%m/%Y"
[rows]
sum = true
"""


def test_a_registration_export_with_other_words_becomes_ours(tmp_path):
    january, march, sweden = rows(tmp_path, REGISTRATIONS, mapping=MAPPING)
    assert (january.market, january.registrations, january.end) == ("NO", 1210, date(2027, 1, 31))
    assert (march.registrations, march.start) == (12, date(2027, 3, 1))
    assert sweden.registrations is None


def test_a_month_an_all_listing_export_leaves_out_counts_zero_only_if_it_says_so(tmp_path):
    seen = rows(tmp_path, REGISTRATIONS, mapping=MAPPING + "complete = true\n")
    assert sorted((r.market, r.start.month, r.registrations) for r in seen if r.market == "NO") == [
        ("NO", 1, 1210),
        ("NO", 2, 0),
        ("NO", 3, 12),
    ]


def test_a_crm_export_of_single_orders_becomes_weeks_in_the_markets_zone(tmp_path):
    export = (
        "id,country,model,ordered\n1,NO,SU7,2027-01-03 23:30\n2,NO,SU7,2027-01-04 09:00\n3,NO,SU7,2027-01-05 10:00\n"
    )
    mapping = """
    [only]
    [columns]
    market = "country"
    offer = "model"
    start = "ordered"
    end = "ordered"
    [constants]
    batch = "b1"
    channel = "agent"
    orders = 1
    [file]
    date_format = "%Y-%m-%d %H:%M"
    time_zone = "Europe/London"
    [rows]
    sum = true
    """
    seen = rows(tmp_path, export, mapping=mapping)
    assert [(r.start, r.orders) for r in seen] == [
        (date(2027, 1, 4), 2),
        (date(2027, 1, 5), 1),
    ]  # 23:30 in London is 00:30 in Oslo


def test_faults_of_a_mapped_file_are_told_in_its_own_words(tmp_path):
    found = "\n".join(
        faults(tmp_path, REGISTRATIONS.replace("1.204", "1.2O4").replace("03/2027", "13/2027"), mapping=MAPPING)
    )
    assert "seen.csv:3:Anzahl: '1.2O4' is not a whole number" in found
    assert "seen.csv:6:Monat: '13/2027' is not a month: write it as %m/%Y" in found
    coming = "\n".join(faults(tmp_path, REGISTRATIONS, mapping=MAPPING, today=date(2027, 3, 15)))
    assert "seen.csv:6:Monat: '2027-03-31' has not come yet" in coming
    assert "Anzahl: is a column of the mapping that the file lacks" in "\n".join(
        faults(tmp_path, REGISTRATIONS.replace("Anzahl", "Zahl"), mapping=MAPPING)
    )


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("[rows]", "[rowz]"), "rowz"),
        (('"month"', '"moon"'), "crm.toml:23:period.unit: 'moon' is not one of"),
        (('market = "Land"', 'markt = "Land"'), "columns.markt"),
        (('batch = "running"\n', ""), "has no counterpart"),
        (('decimal = ","', 'decimal = ";"'), "is not a decimal sign"),
        (("[only]", "[only"), "is not valid TOML"),
        (('channel = "importer"', 'channel = "importer"\nmarket = "NO"'), "stands in columns and in constants"),
        (("sum = true", "complete = true"), "needs sum = true"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused(tmp_path, change, complaint):
    assert complaint in "\n".join(faults(tmp_path, REGISTRATIONS, mapping=MAPPING.replace(*change)))


def arrived(on_record, tmp_path, text, **how):
    return arrive(on_record, read(tmp_path, text), **how)


def test_a_file_sent_twice_changes_nothing(tmp_path):
    text = f"{HEADER}\n{GOOD}\n"
    first = arrived([], tmp_path, text)
    again = arrived(first.new, tmp_path, text)
    assert (len(first.new), again.new, again.corrected, again.unchanged) == (1, (), (), 1)


def test_a_partial_file_adds_what_it_saw_and_erases_nothing(tmp_path):
    on_record = arrived([], tmp_path, f"{HEADER}\n{GOOD}\n").new
    partial = arrived(
        on_record, tmp_path, "batch,market,offer,channel,start,end,leads\nb1,NO,SU7,agent,2027-01-01,2027-01-31,90\n"
    )
    (correction,) = partial.corrected
    assert (correction.after.orders, correction.after.leads, correction.fields) == (12, 90, ("leads",))


def test_a_correction_supersedes_and_a_withdrawn_cell_is_blank_again(tmp_path):
    on_record = arrived([], tmp_path, f"{HEADER}\n{GOOD}\n").new
    (correction,) = arrived(on_record, tmp_path, f"{HEADER}\n{GOOD.replace('12', '14')}\n").corrected
    assert (correction.before.orders, correction.after.orders) == (12, 14)
    (correction,) = arrived(on_record, tmp_path, f"{HEADER}\n{GOOD.replace('12,', 'withdrawn,3')}\n").corrected
    assert (correction.after.orders, correction.after.registrations) == (None, 3)


def test_a_row_across_recorded_spans_is_refused_or_takes_their_place(tmp_path):
    on_record = arrived([], tmp_path, f"{HEADER}\n{GOOD}\nb1,NO,SU7,agent,2027-02-01,2027-02-28,5,,\n").new
    across = f"{HEADER}\nb1,NO,SU7,agent,2027-01-15,2027-02-15,9,,\n"
    with pytest.raises(BadInput, match="overlaps 2027-01-01 to 2027-01-31, which is on record"):
        arrived(on_record, tmp_path, across)
    arrival = arrived(on_record, tmp_path, across, replacing=True)
    assert (len(arrival.new), arrival.replaced) == (1, on_record)


def test_late_rows_are_taken_and_counted(tmp_path):
    on_record = arrived([], tmp_path, f"{HEADER}\nb1,NO,SU7,agent,2027-02-01,2027-02-28,5,,\n").new
    arrival = arrived(on_record, tmp_path, f"{HEADER}\n{GOOD}\n")
    assert (len(arrival.new), arrival.late) == (1, 1)


def test_two_files_that_contradict_each_other_are_told(tmp_path):
    header = "batch,market,channel,start,end,orders,cancellations"
    on_record = arrived([], tmp_path, f"{header}\nb1,NO,agent,2027-01-01,2027-01-31,2,\n").new
    with pytest.raises(BadInput, match="3 cancellations of 2 orders"):
        arrived(on_record, tmp_path, f"{header}\nb1,NO,agent,2027-01-01,2027-01-31,,3\n")


def test_parquet_instants_are_read_in_the_markets_zone(tmp_path):
    at = datetime(2027, 3, 31, 22, 30, tzinfo=UTC)
    table = {"batch": ["b1"], "market": ["NO"], "channel": ["agent"], "start": [at], "end": [at], "orders": [1]}
    pq.write_table(pa.table(table), tmp_path / "seen.parquet")
    (row,) = read_observations(tmp_path / "seen.parquet", known=KNOWN).rows
    assert row.observation.start == row.observation.end == date(2027, 4, 1)


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHARED = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"


def workbook_of(path, rows, shared="x"):
    """A workbook of these rows (XML), whose cells of type `s` all say one text."""
    openpyxl.Workbook().save(path)
    with zipfile.ZipFile(path) as plain:
        parts = {name: plain.read(name).decode() for name in plain.namelist()}
    parts["xl/worksheets/sheet1.xml"] = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}"><si><t xml:space="preserve">{shared}</t></si></sst>'
    type_of = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{SHARED}"/></Types>'
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace("</Types>", type_of)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in parts.items():
            packed.writestr(name, text)
    return path


def unread(path):
    with pytest.raises(BadInput) as refused:
        read_observations(path, known=KNOWN)
    return str(refused.value)


def test_a_small_workbook_that_says_one_long_text_often_is_not_unpacked(tmp_path):
    """20 kB took 12 GB."""
    cells = "".join(f'<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>' for row in range(1, 301))
    path = workbook_of(tmp_path / "long.xlsx", cells, shared=" " + "a" * 1_000_000)
    assert path.stat().st_size < 20_000
    assert "unpacks to more than 256 MB" in unread(path)


def test_a_small_workbook_of_very_wide_rows_is_not_read_for_an_hour(tmp_path, monkeypatch):
    monkeypatch.setattr("beachhead.evidence.sheet.MOST_UNPACKED_BYTES", 2**22)
    rows = "".join(f'<row r="{row}"><c r="XFD{row}"><v>1</v></c></row>' for row in range(2, 100))
    path = workbook_of(tmp_path / "wide.xlsx", f'<row r="1"><c r="A1"><v>1</v></c></row>{rows}')
    assert "unpacks to more than" in unread(path)


def test_a_small_parquet_file_that_says_one_long_text_often_is_not_unpacked(tmp_path):
    """515 bytes took 11 GB."""
    said = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000, pa.int32()), ["x" * 100_000])
    pq.write_table(pa.table({"market": said}), tmp_path / "long.parquet", compression="zstd")
    assert (tmp_path / "long.parquet").stat().st_size < 2_000
    assert "has more than a million rows or 256 MB" in unread(tmp_path / "long.parquet")


def test_a_parquet_column_of_lists_is_refused_by_its_name(tmp_path):
    pq.write_table(pa.table({"market": [["NO", "SE"]]}), tmp_path / "lists.parquet")
    assert "'market: list<element: string>' is no column of plain cells" in unread(tmp_path / "lists.parquet")
