"""Siting questions as algebra, pinned. They may change when the models or the text do.

Run this file with `PYTHONPATH=src python tests/golden/test_siting_algebra.py` to write the snapshot anew, and read what
changed.
"""

from pathlib import Path

import numpy as np

from beachhead.siting.algebra import Names, covering, fewest, plain_names, serving, spell, with_capacity
from beachhead.siting.capacity import Yard
from beachhead.siting.field import Field, Limits, Lists, dense_lists, lists_of
from beachhead.siting.ground import Ground

PINNED = Path(__file__).with_name("siting_algebra.lp")
SITES = plain_names(["Tromsø", "Bodø", "Ålesund"])
PLACES = plain_names(["Tromsø", "Bodø", "Ålesund", "Mo i Rana"])
PEOPLE = np.array([65.0, 42.5, 55.0, 20.0])
REACH = Lists(np.array([0, 1, 2, 3, 5]), np.array([0, 1, 2, 0, 1], np.int32), np.zeros(0))


def phases() -> str:
    """Two quarters, one new site in each; Bodø stands; Tromsø and Ålesund may not both be open."""
    ground = Ground(
        reach=REACH,
        people=PEOPLE,
        price=np.array([1.0, 1.0, 2.0]),
        group=np.zeros(3, np.int32),
        kept=np.array([False, True, False]),
        since=np.zeros(3, np.int32),
        budget=np.array([[1.0, 1.0]]),
        total=np.full(2, np.inf),
        worth=np.array([1.0, 0.98]),
        conflict=lists_of(np.array([0, 2]), np.array([2, 0]), np.zeros(2), 3),
    )
    names = Names(sites=SITES, customers=PLACES, groups=("NO",), periods=("2027Q1", "2027Q2"))
    return spell(covering(ground, names, ["Cover by quarters."]))


def promise() -> str:
    kept = np.zeros(3, np.bool_)
    names = Names(sites=SITES, customers=PLACES)
    return spell(fewest(REACH, PEOPLE, 0.6, kept, names, ["The fewest sites for 60 %."]))


def least_travel() -> str:
    """Two of three sites; the third place is out of reach of the first site, and 90 from nobody."""
    cost = np.array([[0.0, 40.0, 95.0], [40.0, 0.0, 60.0], [95.0, 60.0, 0.0], [30.0, 10.0, 70.0]])
    outside = np.full(4, 90.0)
    field = Field(
        by_customer=dense_lists(cost),
        opening=np.zeros(3),
        outside=outside,
        horizon=outside,
        limits=Limits.count(3, 2),
    )
    return spell(serving(field, Names(sites=SITES, customers=PLACES), ["Least travel."]))


def capacities() -> str:
    yard = Yard(
        demand=PEOPLE,
        capacity=np.array([100.0, 60.0, 80.0]),
        opening=np.array([30.0, 20.0, 25.0]),
        cost=np.array([[0.0, 40.0, np.inf], [40.0, 0.0, 60.0], [np.inf, 60.0, 0.0], [30.0, 10.0, 70.0]]),
        kept=np.array([True, False, False]),
    )
    return spell(with_capacity(yard, Names(sites=SITES, customers=PLACES), ["Least cost with capacities."]))


def written() -> str:
    return "\n".join([phases(), promise(), least_travel(), capacities()])


def test_the_algebra_of_siting_is_as_it_was():
    assert written() == PINNED.read_text(encoding="utf-8")


if __name__ == "__main__":
    PINNED.write_text(written(), encoding="utf-8")
