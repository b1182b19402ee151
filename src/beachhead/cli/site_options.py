"""What may be asked of `beachhead site`: its options, and their texts read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from beachhead.case.siting.question import Model
from beachhead.world.errors import BadInput

_PROMISE = re.compile(r"\s*(\d*\.?\d+)\s*(%?)\s*@\s*(\d*\.?\d+)\s*(?:min(?:utes)?)?\s*", re.IGNORECASE)

ModelOption = Annotated[Model | None, typer.Option("--model", help="What is made best; default by what is asked.")]
PromiseOption = Annotated[
    str | None, typer.Option("--promise", metavar="SHARE@MINUTES", help="Fewest sites for this, such as 0.95@45min.")
]
MinutesOption = Annotated[float, typer.Option(min=1, max=600, help="Within which a site counts.")]
CountOption = Annotated[int | None, typer.Option("--count", help="New sites in all, at most.")]
PerMarketOption = Annotated[
    list[str] | None, typer.Option("--per-market", metavar="CC=N", help="Most new sites of a market; may be repeated.")
]
BudgetOption = Annotated[float | None, typer.Option("--budget", help="Capital for new sites, launch currency.")]
StaffOption = Annotated[float | None, typer.Option("--staff", help="People who can be trained in a quarter.")]
MarketOption = Annotated[
    list[str] | None, typer.Option("--market", metavar="CODE", help="Only this market; may be repeated.")
]
FormatOption = Annotated[
    str | None,
    typer.Option("--format", metavar="NAME", help="Of formats.csv; default store, or any that sells (least cost)."),
]
CarsOption = Annotated[
    list[str] | None, typer.Option("--cars", metavar="CC=N", help="Cars a year to be served (least cost).")
]
FullOption = Annotated[
    float | None, typer.Option("--full", min=0, help="Minutes within which a buyer counts wholly (gradual).")
]
SitesOption = Annotated[
    Path | None, typer.Option("--sites", metavar="FILE", help="Standing sites (CSV: name,country,lat,lon).")
]
ExcludeOption = Annotated[
    list[str] | None, typer.Option("--exclude", metavar="PLACE", help="No site in this settlement.")
]
SpacingOption = Annotated[float, typer.Option("--spacing", min=0, help="Least km between sites.")]
PayingOption = Annotated[
    bool, typer.Option(help="By quarters: no more sites in a market once the next would not earn its cost.")
]
RivalsOption = Annotated[float, typer.Option("--rivals", help="Rival stores near every buyer (capture).")]
SettlementsOption = Annotated[
    Path | None, typer.Option("--settlements", metavar="FILE", help="Own settlements: CSV or a GeoNames dump.")
]
MatrixOption = Annotated[
    Path | None,
    typer.Option("--matrix", metavar="FILE", help="Own minutes: CSV, XLSX or Parquet with from,to,minutes."),
]
RouterOption = Annotated[
    str | None, typer.Option("--router", metavar="KIND=URL", help="Minutes by osrm=URL or valhalla=URL.")
]
LeastPeopleOption = Annotated[int, typer.Option(min=0, help="Leave out smaller settlements.")]
SitePeopleOption = Annotated[int, typer.Option(min=0, help="Sites only in settlements this large.")]
NameOption = Annotated[str | None, typer.Option("--site", metavar="NAME", help="Only the sentence of this site.")]
SchedulerOption = Annotated[
    str | None,
    typer.Option("--scheduler", metavar="ADDRESS", help="Dask cluster for markets that share no budget; default here."),
]
OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write the sites as .geojson or .csv, or all as .json.")
]
WriteOption = Annotated[
    Path | None, typer.Option("--write", metavar="FILE", help="Write the question as algebra, .lp, and stop.")
]
KeepOption = Annotated[
    bool, typer.Option("--keep", help="Keep the answer: the next plan counts on its reach and capital.")
]
ForgetOption = Annotated[bool, typer.Option("--forget", help="Take the answer kept off the next plan, and stop.")]


def model_for(promise: str | None, count: int | None, budget: float | None, per_market: list[str] | None) -> Model:
    """The model that answers what is asked, where none is named."""
    if promise is not None:
        return Model.PROMISE
    return Model.PHASES if count is None and budget is None and not per_market else Model.COVER


def promised(text: str | None, minutes: float) -> tuple[float, float]:
    """Share and minutes of a promise such as `0.95@45min`; 95 % within the minutes where none is given."""
    if text is None:
        return 0.95, minutes
    found = _PROMISE.fullmatch(text)
    share = float(found[1]) / (100.0 if found[2] or float(found[1]) > 1 else 1.0) if found else 0.0
    if found is None or not 0 < share <= 1 or not 0 < float(found[3]) <= 600:
        raise BadInput(f"{text!r} is not a promise", "write a share and minutes, such as 0.95@45min")
    return share, float(found[3])


def by_market(texts: list[str] | None, what: str = "sites") -> dict[str, int]:
    """Numbers by market code, from texts such as `DE=40`."""
    found = {}
    for text in texts or ():
        code, _, number = text.partition("=")
        if not number.strip().isdigit():
            raise BadInput(f"{text!r} is not a number of {what} for a market", "write it like DE=40")
        if code.strip().upper() in found:
            raise BadInput(f"{text!r}: {what} of {code.strip().upper()} are given twice", "name each market once")
        found[code.strip().upper()] = int(number)
    return found


def codes_of(text: str | None) -> tuple[str, ...]:
    """Codes between commas."""
    return tuple(code.strip() for code in (text or "").split(",") if code.strip())
