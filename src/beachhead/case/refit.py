"""Refits the shipped numbers of price response from the choice experiments, and holds them beside those shipped."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from pathlib import Path

import numpy as np

from beachhead.belief.choice import StatedChoices, StatedFit, choice_fit, fit_stated
from beachhead.evidence.conjoint import read_choices
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
