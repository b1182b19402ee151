"""Refits the shipped numbers, of the entry model and of price response, and holds them beside those shipped."""

from __future__ import annotations

import hashlib
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from math import exp, log
from pathlib import Path

import numpy as np

from beachhead.belief.choice import StatedChoices, StatedFit, choice_fit, fit_stated
from beachhead.belief.fitted import EntryFit, entry_fit, read_entry_fit
from beachhead.belief.fitted.write import Provenance, entry_toml
from beachhead.belief.history.refit import EntryNumbers, newcomers, refit_entry
from beachhead.case.history.backtest import registrations_in
from beachhead.evidence.conjoint import read_choices
from beachhead.evidence.panel import COVARIATES, panel_files, read_panel, surroundings
from beachhead.world.entry import month_of
from beachhead.world.errors import BadInput

MAKERS = ("american", "japanese", "chinese", "skorean")
REFERENCE_PRICE = 37.0
"""Thousand dollars of 2013 that stand for a car of 45,000 EUR of 2025."""
FILES = {"us": "choice_cars_us_helveston2015.csv", "china": "choice_cars_china_helveston2015.csv"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One shipped number and what refitting makes of it."""

    name: str
    shipped: float
    refitted: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Refitted:
    """The answer.

    Attributes:
        fits: by experiment.
        numbers: shipped and refitted.
    """

    fits: dict[str, StatedFit]
    numbers: tuple[Number, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RefittedEntry:
    """The entry model fitted again.

    Attributes:
        found: what the panel says.
        where: where the numbers come from.
        text: the file `entry.toml` that they make.
        numbers: shipped and refitted.
    """

    found: EntryNumbers
    where: Provenance
    text: str
    numbers: tuple[Number, ...]


def refit_entries(folder: Path, *, on: date, version: str) -> RefittedEntry:
    """Fit every number of `fitted/entry.toml` that a panel can tell.

    Args:
        folder: registration files (see `read_panel`).
        on: day of the fit, for its provenance.
        version: of Beachhead, likewise.
    """
    place = registrations_in(folder)
    panel = read_panel(place)
    found = refit_entry(panel, surroundings(newcomers(panel)), COVARIATES)
    files = panel_files(place)
    held = entry_fit()
    where = Provenance(
        digest=_digest(files),
        files=tuple(path.name for path in files),
        rows=sum(path.read_bytes().count(b"\n") for path in files),
        as_of=_last_day(month_of(found.last)),
        fitted_on=on,
        version=version,
    )
    text = entry_toml(found, held, where)
    return RefittedEntry(found=found, where=where, text=text, numbers=_beside(held, read_entry_fit(text)))


def _digest(files: tuple[Path, ...]) -> str:
    """Over names and contents, in order."""
    each = (f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files)
    return hashlib.sha256("\n".join(each).encode()).hexdigest()


def _last_day(month: int) -> date:
    year, number = month // 12, month % 12 + 1
    return date(year, number, monthrange(year, number)[1])


def _beside(held: EntryFit, made: EntryFit) -> tuple[Number, ...]:
    names = {
        "log share, median": "log_share",
        "log share, sd": "share_sd",
        "of its variance: brand": "brand",
        "of its variance: region": "region",
        "of its variance: own": "own",
        "growth after entry, a year": "growth_after_entry",
        "walk of a level, a quarter, share of the variance": "walk",
        "scatter of a quarter, variance": "scatter",
    }
    plain = [Number(name=n, shipped=getattr(held, f), refitted=getattr(made, f)) for n, f in names.items()]
    was = {c.name: c.slope for c in held.covariates}
    slopes = [
        Number(name=f"slope of {c.name}", shipped=was.get(c.name, 0.0), refitted=c.slope) for c in made.covariates
    ]
    seasons = [
        Number(name=f"season, quarter {q + 1}", shipped=held.season[q], refitted=made.season[q]) for q in range(4)
    ]
    return (*plain, *slopes, *seasons)


def refit_choice(folder: Path) -> Refitted:
    """Fit both experiments in a folder and derive the numbers of `fitted/choice.toml`."""
    fits = {name: _fit(folder / file) for name, file in FILES.items()}
    shipped = choice_fit()
    chinese = 1 + MAKERS.index("chinese")
    us = fits["us"]
    penalty = -float(us.maker_taste[chinese]) / (us.price * REFERENCE_PRICE)
    return Refitted(
        fits=fits,
        numbers=(
            Number(
                name="elasticity, median",
                shipped=exp(shipped.elasticity_log_mean),
                refitted=exp(float(np.mean([log(f.price * REFERENCE_PRICE) for f in fits.values()]))),
            ),
            Number(
                name="price spread between people",
                shipped=shipped.price_spread,
                refitted=float(np.mean([f.price_spread for f in fits.values()])),
            ),
            Number(
                name="brand spread between people",
                shipped=shipped.brand_spread,
                refitted=float(np.mean([f.maker_spread for f in fits.values()])),
            ),
            Number(name="maker penalty, share of price", shipped=shipped.penalty_share, refitted=penalty),
        ),
    )


def _fit(path: Path) -> StatedFit:
    if not path.is_file():
        raise BadInput(f"{path} is not there", "put the two files of jhelvy/logitr into the folder")
    table = read_choices(path, MAKERS)
    return fit_stated(
        StatedChoices(
            attributes=table.attributes,
            makers=("german", *MAKERS),
            x=table.x,
            price=table.price,
            maker=table.maker,
            chosen=table.chosen,
            weight=np.ones(len(table.price)),
        )
    )
