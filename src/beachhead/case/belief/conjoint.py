"""Raw answers of a choice experiment into responses.csv, and responses.csv into what `adjust` starts from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import log
from pathlib import Path

from beachhead.belief.choice import OfferList, StatedElasticity
from beachhead.belief.choice.experiment import BIAS_MEAN, BIAS_SD, Experiment, read_experiment
from beachhead.belief.choice.market import BIAS_SD as MARKET_BIAS_SD
from beachhead.belief.choice.market import MarketResponse, fit_market
from beachhead.case.open import Launch
from beachhead.case.put_rows import put_rows
from beachhead.evidence.choices import read_choice_tasks
from beachhead.evidence.market_data import read_market_data
from beachhead.evidence.row import columns_of
from beachhead.evidence.tables.responses import TABLE, ResponseRow
from beachhead.world.errors import BadInput

MOST_APART = 5.0
"""A car five times dearer or cheaper than the launch's is none that its buyers look at, or is priced in other units."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """What `beachhead evidence conjoint` found.

    Attributes:
        study: its name.
        market: market code.
        currency: of the prices shown.
        found: the experiment.
        mix: by offer of the launch that was shown, share of those who take any of them, at the prices asked now.
        rows: rows for responses.csv.
        written: file written; None if not asked for.
        bias_mean: log of how much such studies overstate the elasticity.
        bias_sd: standard deviation of that.
    """

    study: str
    market: str
    currency: str
    found: Experiment
    mix: Mapping[str, float]
    rows: tuple[Mapping[str, str], ...]
    written: Path | None
    bias_mean: float = BIAS_MEAN
    bias_sd: float = BIAS_SD


def ask_conjoint(
    launch: Launch,
    file: Path,
    *,
    market: str,
    study: str | None = None,
    currency: str | None = None,
    weight: float = 1.0,
    on: date,
    write: bool = False,
) -> Asked:
    """Read raw answers, fit them, and say them as rows of responses.csv.

    Args:
        launch: the launch.
        file: raw answers; `evidence.choices` says how they are written.
        market: market whose people were asked.
        study: name; that of the file if None.
        currency: of the prices shown; that of the market's price list if None.
        weight: share of the information that counts.
        on: day of the study.
        write: put the rows into responses.csv, in place of the study's earlier ones in that market.
    """
    money = _currency(launch, market, currency, weight)
    tasks = read_choice_tasks(file)
    unknown = sorted(set(tasks.offers) - {offer.code for offer in launch.folder.offers})
    if unknown:
        raise BadInput(
            f"{file.name} shows the offers {', '.join(unknown)}, which offers.csv does not have",
            "write codes of offers.csv in the column `offer`, or call the column otherwise",
        )
    found = read_experiment(
        tasks.attributes, tasks.offers, tasks.makers, tasks.x, tasks.price, tasks.maker, tasks.chosen, tasks.asked
    )
    _require_scale(launch, market, money, found.price, file)
    name = study or file.stem
    prices = {p.offer: p.amount / launch.folder.rates[money] for p in launch.folder.prices if p.market == market}
    codes = [code for code in found.offers if code in prices]
    mix = dict(zip(codes, found.mix(codes, [prices[c] for c in codes]), strict=True)) if len(codes) > 1 else {}
    shared = {"study": name, "market": market, "people": str(found.people), "weight": f"{weight:g}"}
    shared |= {"source": f"choice experiment {file.name}", "as_of": on.isoformat(), "grade": "A"}
    row = {"elasticity": f"{found.elasticity:.6g}", "price": f"{found.price:.6g}", "currency": money}
    rows = [shared | row | {"log_sd": f"{found.log_sd:.6g}"}]
    rows += [shared | {"offer": code, "mix": f"{share:.6g}"} for code, share in mix.items()]
    written = _write(launch, name, market, rows) if write else None
    return Asked(study=name, market=market, currency=money, found=found, mix=mix, rows=tuple(rows), written=written)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    """What `beachhead evidence market` found.

    Attributes:
        study: its name.
        market: market code.
        currency: of the prices.
        found: the estimate.
        rows: rows for responses.csv.
        written: file written; None if not asked for.
        bias_sd: sd of the log by which such estimates miss.
    """

    study: str
    market: str
    currency: str
    found: MarketResponse
    rows: tuple[Mapping[str, str], ...]
    written: Path | None
    bias_sd: float = MARKET_BIAS_SD


def ask_market(
    launch: Launch,
    file: Path,
    *,
    market: str,
    study: str | None = None,
    currency: str | None = None,
    random: bool = False,
    weight: float = 1.0,
    on: date,
    write: bool = False,
) -> Sold:
    """Read shares and prices by market, estimate the answer to price, and say it as a row of responses.csv.

    Args:
        launch: the launch.
        file: shares and prices; `evidence.market_data` says how they are written.
        market: market of the launch that they speak of.
        study: name; that of the file if None.
        currency: of the prices; that of the market's price list if None.
        random: with random coefficients.
        weight: share of the information that counts.
        on: day of the data.
        write: put the row into responses.csv, in place of the study's earlier one in that market.
    """
    money = _currency(launch, market, currency, weight)
    data = read_market_data(file)
    found = fit_market(data.markets, data.products, data.shares, data.prices, data.x, data.instruments, random=random)
    _require_scale(launch, market, money, found.typical_price, file)
    name = study or file.stem
    row = {"study": name, "market": market, "people": str(found.products), "weight": f"{weight:g}"}
    row |= {"elasticity": f"{found.elasticity:.6g}", "price": f"{found.typical_price:.6g}", "currency": money}
    row |= {"log_sd": f"{found.log_sd:.6g}", "bias_mean": "0", "bias_sd": f"{MARKET_BIAS_SD:g}"}
    row |= {"source": f"market data {file.name}, PyBLP", "as_of": on.isoformat(), "grade": "B"}
    written = _write(launch, name, market, [row]) if write else None
    return Sold(study=name, market=market, currency=money, found=found, rows=(row,), written=written)


def _currency(launch: Launch, market: str, currency: str | None, weight: float) -> str:
    money = currency or launch.market(market).currency
    if money not in launch.folder.rates:
        raise BadInput(f"{money!r} has no rate in fx.csv", "add it, or name the currency shown with --currency")
    if not 0 < weight <= 1:
        raise BadInput(f"a weight of {weight:g} is not between 0 and 1", "write 1 for all of its information")
    return money


def _require_scale(launch: Launch, market: str, money: str, typical: float, file: Path) -> None:
    """Refuse prices of another unit or currency: `adjust` scales an elasticity by how far prices lie apart."""
    rate = launch.folder.rates[money]
    asked = sorted(price.amount / rate for price in launch.folder.prices if price.market == market)
    if not asked or 1 / MOST_APART < typical / asked[len(asked) // 2] < MOST_APART:
        return
    raise BadInput(
        f"{file.name} has prices about {typical:,.4g} {money}, where {market} is asked {asked[len(asked) // 2]:,.0f}",
        "write prices of cars in whole units, and name their currency with --currency",
    )


def stated_elasticities(launch: Launch, lists: Mapping[str, OfferList]) -> tuple[StatedElasticity, ...]:
    """What responses.csv says of price, at each market's prices of today; markets without prices say nothing."""
    return tuple(
        StatedElasticity(
            market=row.market,
            study=row.study,
            log_elasticity=log(row.elasticity * lists[row.market].typical_price)
            - log(launch.folder.money(row.price, row.currency)),
            sampling_sd=row.log_sd,
            bias_mean=BIAS_MEAN if row.bias_mean is None else row.bias_mean,
            bias_sd=BIAS_SD if row.bias_sd is None else row.bias_sd,
            weight=row.weight,
            source=row.said,
        )
        for row in launch.folder.rows(ResponseRow)
        if row.elasticity is not None and row.price is not None and row.log_sd is not None and row.market in lists
    )


def stated_mix(launch: Launch, offers: OfferList) -> tuple[float, ...]:
    """(J,) cars that studies of the mix are worth: what people say misses what they do by `bias_sd`, however many."""
    cars: dict[str, float] = defaultdict(float)
    for row in launch.folder.rows(ResponseRow):
        if row.market == offers.market and row.offer in offers.offers and row.mix is not None:
            sd = BIAS_SD if row.bias_sd is None else row.bias_sd
            cars[row.offer] += row.mix * row.weight / (sd**2 + 1 / row.people)
    return tuple(cars[code] for code in offers.offers)


def _write(launch: Launch, study: str, market: str, rows: list[dict[str, str]]) -> Path:
    mine = (study, market)
    return put_rows(
        launch,
        TABLE.file,
        tuple(columns_of(ResponseRow)),
        rows,
        replaces=lambda row: (row["study"], row["market"]) == mine,
    )
