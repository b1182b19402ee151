"""Choice experiments as published: one row an alternative, columns id, obsnum, choice, price, attributes and makers."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from beachhead.world.errors import BadInput

Array = NDArray[np.float64]

NOT_ATTRIBUTES = ("id", "obsnum", "choice", "price", "weights")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChoiceTable:
    """An experiment as arrays: N people, T tasks, J alternatives.

    Attributes:
        attributes: names besides price and maker.
        x: (N, T, J, K).
        price: (N, T, J).
        maker: (N, T, J) 0 for the maker without a column, else 1 + place in `makers`.
        chosen: (N, T) index of the alternative picked.
    """

    attributes: tuple[str, ...]
    x: Array
    price: Array
    maker: NDArray[np.int64]
    chosen: NDArray[np.int64]


def read_choices(path: Path, makers: tuple[str, ...]) -> ChoiceTable:
    """Read an experiment in which everybody saw as many tasks, and every task as many alternatives.

    Args:
        path: CSV file.
        makers: columns that are 1 for a maker's nationality; the one without a column is compared with.

    Raises:
        BadInput: a column is missing, a cell is no number, or the tasks are not alike.
    """
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
        known = {name: np.array([float(row[name]) for row in rows]) for name in (rows[0] if rows else {})}
    except (OSError, UnicodeDecodeError, ValueError, TypeError) as error:
        raise BadInput(f"{path} cannot be read as choices ({error})", "give a CSV of numbers with a head") from error
    missing = [name for name in ("id", "obsnum", "choice", "price", *makers) if name not in known]
    if missing:
        raise BadInput(f"{path} has no column {', '.join(missing)}", "name the columns as in the data of jhelvy/logitr")
    people, tasks = len(np.unique(known["id"])), len(np.unique(known["obsnum"]))
    each = len(rows) // tasks
    if each * tasks != len(rows) or tasks % people or (known["obsnum"].reshape(tasks, each).std(axis=1) > 0).any():
        raise BadInput(f"{path}: tasks are not alike", "give all people as many tasks, and tasks as many cars")
    shape = (people, tasks // people, each)
    plain = tuple(name for name in known if name not in (*NOT_ATTRIBUTES, *makers))
    maker = sum(((i + 1) * known[name] for i, name in enumerate(makers)), np.zeros(len(rows)))
    return ChoiceTable(
        attributes=plain,
        x=np.stack([known[name].reshape(shape) for name in plain], axis=-1),
        price=known["price"].reshape(shape),
        maker=maker.reshape(shape).astype(np.int64),
        chosen=known["choice"].reshape(shape).argmax(axis=2).astype(np.int64),
    )
