"""The official sources: what to ask, and how to read the answer; one function a source.

Addresses and columns as of September 2026. A source that changes its columns is refused by name, never guessed at.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urljoin
from zipfile import BadZipFile

import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from beachhead.evidence.fetch.web import Get
from beachhead.world.entry import month_text
from beachhead.world.errors import BadInput, Unreachable

Rows = list[tuple[str, ...]]

BRAND_COLUMNS = ("country", "period", "brand", "n")
BEV_COLUMNS = ("country", "period", "brand", "n", "bev_n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """One answer as it came.

    Attributes:
        name: file name in the cache.
        url: what was asked.
        body: what was sent along; None for a plain request.
    """

    name: str
    url: str
    body: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineSource:
    """A source that can be fetched.

    Attributes:
        name: as written on the command line.
        title: publisher and data set.
        licence: under which the data may be used.
        file: file it makes for the panel folder.
        columns: its columns.
        asks: from the first and last month and a way to ask the network, the answers needed.
        reads: rows of one answer.
    """

    name: str
    title: str
    licence: str
    file: str
    columns: tuple[str, ...]
    asks: Callable[[int, int, Get], Iterable[Raw]]
    reads: Callable[[Raw, bytes], Rows]


def _rdw_asks(first: int, last: int, _: Get) -> Iterator[Raw]:
    """Cars first admitted anywhere in the month: used imports keep their older date and drop out."""
    for month in range(first, last + 1):
        day = month_text(month).replace("-", "")
        asked = {
            "$select": "merk,count(kenteken)",
            "$where": f"voertuigsoort='Personenauto' AND datum_eerste_toelating between '{day}01' and '{day}31'",
            "$group": "merk",
            "$limit": "5000",
        }
        url = "https://opendata.rdw.nl/resource/m9d7-ebf2.json?" + urlencode(asked, quote_via=quote)
        yield Raw(name=f"rdw-{month_text(month)}.json", url=url)


def _rdw_reads(raw: Raw, data: bytes) -> Rows:
    period = raw.name.removeprefix("rdw-").removesuffix(".json")
    rows = _json(raw, data)
    if not isinstance(rows, list) or any("count_kenteken" not in row for row in rows):
        raise _changed(raw, "no list of merk and count_kenteken")
    named = [(" ".join(str(row.get("merk", "")).split()), str(row["count_kenteken"])) for row in rows]
    return [("NL", period, brand, count) for brand, count in named if brand]


def _kba_asks(first: int, last: int, get: Get) -> Iterator[Raw]:
    """A page a month names the workbook, with a version number that cannot be guessed."""
    base = "https://www.kba.de/SharedDocs/Downloads/DE/Statistik/Fahrzeuge/FZ10/"
    for month in range(first, last + 1):
        stem = f"fz10_{month_text(month).replace('-', '_')}"
        page = get(f"{base}{stem}.html", None).decode("utf-8", "replace")
        found = re.search(rf"href=[\"']([^\"']*{stem}\.xlsx[^\"']*)[\"']", page, re.IGNORECASE)
        if found is None:
            raise Unreachable(f"the page of {stem} names no workbook", "ask for another month, or fetch it by hand")
        yield Raw(name=f"{stem}.xlsx", url=urljoin(base, found[1].replace("&amp;", "&")))


def _kba_reads(raw: Raw, data: bytes) -> Rows:
    """Sheet FZ 10.1 (or FZ10.1): rows that end with ZUSAMMEN are brands; columns by their group's heading.

    A group has three columns (month, year to date, share) under one heading; that of battery-electric cars is `mit
    Elektroantrieb (BEV)`, in older workbooks without the bracket. Models, whose names may be numbers (208, 500, 911),
    stand between the brand and the counts, in no row of a brand's total.
    """
    period = raw.name.removeprefix("fz10_").removesuffix(".xlsx").replace("_", "-")
    table = _kba_sheet(raw, data)
    width = len(table[0]) if table else 0
    label = next((c for c in range(min(3, width)) if any(_is_brand_total(row[c]) for row in table)), None)
    head = [" ".join(column).casefold() for column in zip(*table[:12], strict=True)]
    electric = [c for c, text in enumerate(head) if "elektro" in text and label is not None and c > label]
    if label is None or not electric:
        raise _changed(raw, "no brand totals, or no columns headed mit Elektroantrieb (BEV)")
    brands = [row for row in table if _is_brand_total(row[label])]
    total = next((c for c in range(label + 1, width) if any(_count(row[c]) not in ("", "0") for row in brands)), None)
    if total is None:
        raise _changed(raw, "no counts beside the brand totals")
    return [
        ("DE", period, row[label].strip()[: -len("ZUSAMMEN")].strip(), _count(row[total]), _count(row[electric[0]]))
        for row in brands
    ]


def _kba_sheet(raw: Raw, data: bytes) -> list[list[str]]:
    """The rows of the sheet, all as wide as the widest."""
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except (BadZipFile, KeyError, OSError) as error:
        raise _changed(raw, f"no workbook ({error})") from error
    sheet = next((book[name] for name in book.sheetnames if re.match(r"\s*fz\s*10[._ ]*1", name, re.I)), None)
    if sheet is None:
        raise _changed(raw, "no sheet FZ 10.1")
    rows = [[_text(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    book.close()
    width = max((len(row) for row in rows), default=0)
    return [row + [""] * (width - len(row)) for row in rows]


def _is_brand_total(text: str) -> bool:
    name = text.strip().upper()
    return name.endswith("ZUSAMMEN") and not name.startswith("SONSTIGE")


def _traficom_asks(first: int, last: int, _: Get) -> Iterator[Raw]:
    asked = {
        "query": [
            {"code": "Maakunta", "selection": {"filter": "item", "values": ["MA1"]}},
            {"code": "Merkki", "selection": {"filter": "all", "values": ["*"]}},
            {"code": "Käyttövoima", "selection": {"filter": "item", "values": ["YH"]}},
            {"code": "Vuosi", "selection": {"filter": "item", "values": _years(first, last)}},
            {"code": "Kuukausi", "selection": {"filter": "item", "values": [f"{m:02d}" for m in range(1, 13)]}},
        ],
        "response": {"format": "csv"},
    }
    yield Raw(
        name="traficom.csv",
        url="https://trafi2.stat.fi/PXWeb/api/v1/en/TraFi/TraFi__Ensirekisteroinnit/",
        body=json.dumps(asked).encode(),
    )


_MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def _traficom_reads(raw: Raw, data: bytes) -> Rows:
    """One column a month, headed `2024 January`; dots and dashes are not counted."""
    head, rows = _table(raw, data)
    make = next((c for c, name in enumerate(head) if name == "Make"), None)
    months = {
        c: f"{parts[0]}-{_MONTH_NAMES.index(parts[1]) + 1:02d}"
        for c, name in enumerate(head)
        if len(parts := name.split()) == 2 and parts[0].isdigit() and parts[1] in _MONTH_NAMES
    }
    if make is None or not months:
        raise _changed(raw, "no column Make, or no months")
    return [
        ("FI", period, row[make], row[c].replace(" ", ""))
        for row in rows
        if not row[make].casefold().endswith("total")
        for c, period in months.items()
        if row[c].replace(" ", "").isdigit()
    ]


def _dft_asks(_first: int, _last: int, get: Get) -> Iterator[Raw]:
    """The file's address changes with each release; the page of data files names it."""
    page = "https://www.gov.uk/government/statistical-data-sets/vehicle-licensing-statistics-data-files"
    found = re.search(r'href="([^"]*df_VEH0160_UK\.csv)"', get(page, None).decode("utf-8", "replace"))
    if found is None:
        raise Unreachable("the page of data files names no df_VEH0160_UK.csv", "fetch it by hand from gov.uk")
    yield Raw(name="df_VEH0160_UK.csv", url=urljoin(page, found[1]))


def _dft_reads(raw: Raw, data: bytes) -> Rows:
    """Quarterly, one column a quarter; [c], [x] and [z] are withheld or not applicable."""
    head, rows = _table(raw, data)
    place = {name: c for c, name in enumerate(head)}
    quarters = {c: name.replace(" ", "") for c, name in enumerate(head) if re.fullmatch(r"\d{4} ?Q[1-4]", name)}
    if not {"BodyType", "Make", "Fuel"} <= set(place) or not quarters:
        raise _changed(raw, "no columns BodyType, Make, Fuel and quarters")
    every: dict[tuple[str, str], int] = defaultdict(int)
    electric: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        if row[place["BodyType"]] != "Cars":
            continue
        for c, quarter in quarters.items():
            number = row[c].replace(",", "")
            if number.isdigit():
                key = (quarter, row[place["Make"]])
                every[key] += int(number)
                electric[key] += int(number) * (row[place["Fuel"]].upper() == "BATTERY ELECTRIC")
    return [("UK", q, make, str(n), str(electric[q, make])) for (q, make), n in sorted(every.items())]


def _malaysia_asks(first: int, last: int, _: Get) -> Iterator[Raw]:
    for year in _years(first, last):
        yield Raw(name=f"cars_{year}.parquet", url=f"https://storage.data.gov.my/transportation/cars_{year}.parquet")


def _malaysia_reads(raw: Raw, data: bytes) -> Rows:
    """One row a car."""
    try:
        table = pq.read_table(io.BytesIO(data), columns=["date_reg", "maker", "fuel"])
    except (pa.ArrowInvalid, KeyError) as error:
        raise _changed(raw, f"no date_reg, maker and fuel ({error})") from error
    day = pc.cast(table["date_reg"], pa.timestamp("s"))
    keyed = pa.table(
        {
            "period": pc.strftime(day, format="%Y-%m"),
            "maker": table["maker"],
            "electric": pc.cast(pc.equal(table["fuel"], "electric"), pa.int64()),
        }
    )
    sums = keyed.group_by(["period", "maker"]).aggregate([("electric", "count"), ("electric", "sum")])
    return sorted(
        ("MY", row["period"], row["maker"], str(row["electric_count"]), str(row["electric_sum"]))
        for row in sums.to_pylist()
    )


def _robbie_asks(_first: int, _last: int, _: Get) -> Iterator[Raw]:
    name = "all_carsales_monthly.csv"
    yield Raw(name=name, url=f"https://robbieandrew.github.io/carsales/data/{name}")


def _robbie_reads(raw: Raw, data: bytes) -> Rows:
    head, rows = _table(raw, data)
    place = [head.index(name) if name in head else -1 for name in ("YYYYMM", "Country", "Fuel", "Value")]
    if min(place) < 0:
        raise _changed(raw, "no YYYYMM, Country, Fuel and Value")
    return [tuple(row[c] for c in place) for row in rows]


def _eurostat_asks(first: int, _last: int, _: Get) -> Iterator[Raw]:
    base = "https://ec.europa.eu/eurostat/api/dissemination/statistics/1.0/data/road_eqr_carpda"
    yield Raw(name="road_eqr_carpda.json", url=f"{base}?format=JSON&lang=EN&unit=NR&sinceTimePeriod={first // 12}")


def _eurostat_reads(raw: Raw, data: bytes) -> Rows:
    """JSON-stat 2.0: values by running number over the dimensions, the last running fastest.

    Values come by number (as Eurostat sends them) or as a list with blanks; so do the codes of a dimension.
    """
    said = _json(raw, data)
    refusal = _refusal(said)
    if refusal:
        raise Unreachable(f"Eurostat did not send {raw.url}: {refusal}", "ask for fewer years with --from, or later")
    try:
        names, sizes = list(said["id"]), [int(n) for n in said["size"]]
        codes = [_codes(said["dimension"][n]["category"]) for n in names]
        geo, energy, time = names.index("geo"), names.index("mot_nrg"), names.index("time")
        given = said["value"]
        listed = enumerate(given) if isinstance(given, list) else given.items()
        values = {int(at): float(value) for at, value in listed if value is not None}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _changed(raw, f"no JSON-stat over geo, mot_nrg and time ({error})") from error
    out: Rows = []
    for at, value in values.items():
        place, left = [0] * len(sizes), at
        for d in range(len(sizes) - 1, -1, -1):
            left, place[d] = divmod(left, sizes[d])
        out.append((codes[geo][place[geo]], codes[time][place[time]], codes[energy][place[energy]], f"{value:g}"))
    return sorted(out)


def _refusal(said: object) -> str:
    """What Eurostat says instead of data: an answer under `error` or `warning`, such as one too large to send."""
    if not isinstance(said, dict) or "value" in said:
        return ""
    for name in ("error", "warning"):
        found = said.get(name)
        first = found[0] if isinstance(found, list) and found else found
        if isinstance(first, dict):
            return f"{first.get('status', '')} {first.get('label', first)}".strip()
    return ""


def _codes(category: Mapping[str, Any]) -> list[str]:
    """Codes of a dimension in order; one code alone may come with its label and no index."""
    index = category.get("index", category.get("label"))
    if isinstance(index, Mapping):
        return sorted(index, key=index.__getitem__)
    return [str(code) for code in index or ()]


SOURCES: tuple[OnlineSource, ...] = (
    OnlineSource(
        name="rdw",
        title="RDW, Gekentekende voertuigen: the Netherlands by brand and month, all fuels",
        licence="CC0 1.0",
        file="official_brand_period_NL.csv",
        columns=BRAND_COLUMNS,
        asks=_rdw_asks,
        reads=_rdw_reads,
    ),
    OnlineSource(
        name="kba",
        title="Kraftfahrt-Bundesamt, FZ 10.1: Germany by brand and month, all fuels and battery-electric",
        licence="DL-DE/BY-2.0",
        file="official_brand_period_DE.csv",
        columns=BEV_COLUMNS,
        asks=_kba_asks,
        reads=_kba_reads,
    ),
    OnlineSource(
        name="traficom",
        title="Traficom, first registrations: Finland by brand and month, all fuels",
        licence="CC BY 4.0",
        file="official_brand_period_FI.csv",
        columns=BRAND_COLUMNS,
        asks=_traficom_asks,
        reads=_traficom_reads,
    ),
    OnlineSource(
        name="dft",
        title="Department for Transport, VEH0160: United Kingdom by make and quarter, all fuels and battery-electric",
        licence="Open Government Licence 3.0",
        file="official_brand_period_UK.csv",
        columns=BEV_COLUMNS,
        asks=_dft_asks,
        reads=_dft_reads,
    ),
    OnlineSource(
        name="datagovmy",
        title="data.gov.my, car registration transactions: Malaysia by maker and month, all fuels and battery-electric",
        licence="CC BY 4.0",
        file="official_brand_period_MY.csv",
        columns=BEV_COLUMNS,
        asks=_malaysia_asks,
        reads=_malaysia_reads,
    ),
    OnlineSource(
        name="robbieandrew",
        title="Robbie Andrew, new cars by fuel and month, about 60 countries",
        licence="CC BY 4.0",
        file="robbieandrew_all_carsales_monthly.csv",
        columns=("YYYYMM", "Country", "Fuel", "Value"),
        asks=_robbie_asks,
        reads=_robbie_reads,
    ),
    OnlineSource(
        name="eurostat",
        title="Eurostat, road_eqr_carpda: new cars by motor energy, European countries, by year",
        licence="CC BY 4.0",
        file="eurostat_new_cars_by_energy.csv",
        columns=("country", "year", "energy", "n"),
        asks=_eurostat_asks,
        reads=_eurostat_reads,
    ),
)


def _years(first: int, last: int) -> list[str]:
    return [str(year) for year in range(first // 12, last // 12 + 1)]


def _changed(raw: Raw, what: str) -> BadInput:
    return BadInput(
        f"{raw.name} from {raw.url} is not what it used to be: {what}",
        "the source may have changed its form, or answered with a page of its own; fetch it by hand and compare",
    )


def _json(raw: Raw, data: bytes) -> Any:
    try:
        return json.loads(data)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise _changed(raw, f"no JSON ({error})") from error


def _table(raw: Raw, data: bytes) -> tuple[list[str], list[list[str]]]:
    """Head and rows of a CSV; rows shorter than the head are a fault."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            rows = list(csv.reader(io.StringIO(data.decode(encoding))))
            break
        except UnicodeDecodeError:
            continue
    else:
        raise _changed(raw, "text in no known encoding")
    if not rows:
        raise _changed(raw, "empty")
    head = [name.strip() for name in rows[0]]
    body = [[cell.strip() for cell in row] for row in rows[1:] if row]
    if any(len(row) != len(head) for row in body):
        raise _changed(raw, f"rows that have not {len(head)} cells")
    return head, body


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


def _count(text: str) -> str:
    """A count as KBA writes it: blank where withheld, 0 for a dash."""
    plain = text.replace(".0", "") if text.endswith(".0") else text.replace(".", "")
    return "0" if plain == "-" else plain if plain.isdigit() else ""
