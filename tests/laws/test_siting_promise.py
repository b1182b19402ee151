"""Laws of promises: fewest sites against listing, curves that never fall, and what each site adds recounted."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beachhead.siting.cover import CoverEffort
from beachhead.siting.field import Lists, lists_of
from beachhead.siting.promise import fewest_for, marginal_curve
from beachhead.siting.worth import best_addition, within, worth_of_sites

_FEW = settings(deadline=None, derandomize=True, max_examples=20)
_LITTLE = CoverEffort(steps=300, moves=2_000.0)


def _country(seed: int, sites: int = 9, customers: int = 25) -> tuple[Lists, np.ndarray, np.ndarray]:
    """Minutes from customers to sites, nearest first, up to 100; people; and the site that is kept."""
    rng = np.random.default_rng(seed)
    minutes = 100 * np.linalg.norm(rng.uniform(0, 1, (customers, 1, 2)) - rng.uniform(0, 1, (1, sites, 2)), axis=2)
    order = np.argsort(minutes, axis=1)
    rows = np.repeat(np.arange(customers), sites)
    lists = lists_of(rows, order.ravel(), np.take_along_axis(minutes, order, 1).ravel(), customers)
    return lists, np.floor(rng.lognormal(3, 1, customers)) + 1, np.arange(sites) == 1


def _reached(travel: Lists, people: np.ndarray, sites: tuple[int, ...], minutes: float) -> float:
    near = within(travel, minutes)
    rows = np.repeat(np.arange(len(people)), np.diff(near.ptr))
    return float(people[np.unique(rows[np.isin(near.item, sites)])].sum())


def _minutes(travel: Lists, customers: int) -> np.ndarray:
    """(I, J)."""
    found = np.empty((customers, 9))
    found[np.repeat(np.arange(customers), 9), travel.item] = travel.cost
    return found


@_FEW
@given(st.integers(0, 10_000), st.floats(0.3, 1.0))
def test_the_fewest_sites_for_a_promise_are_found_and_bounded(seed, share):
    travel, people, kept = _country(seed)
    found = fewest_for(within(travel, 35), people, share, kept, seed=1, effort=_LITTLE)
    everyone, free = people.sum(), [j for j in range(9) if not kept[j]]
    best = next(
        (
            size + 1
            for size in range(9)
            for some in combinations(free, size)
            if _reached(travel, people, (1, *some), 35) >= share * everyone - 1e-9
        ),
        None,
    )
    assert 1 in found.sites
    assert found.covered_share == pytest.approx(_reached(travel, people, tuple(found.sites), 35) / everyone)
    assert found.attainable_share == pytest.approx(_reached(travel, people, tuple(range(9)), 35) / everyone)
    if best is None:
        assert not found.is_kept
        assert found.covered_share == pytest.approx(found.attainable_share)
    else:
        assert found.is_kept
        assert found.fewest <= best == len(found.sites)


@_FEW
@given(st.integers(0, 10_000))
def test_the_marginal_curve_never_falls_flattens_and_stays_below_its_bound(seed):
    travel, people, kept = _country(seed)
    curve = marginal_curve(within(travel, 35), people, kept, 6)
    added = np.diff(curve.covered)
    assert (added > 0).all()
    assert (np.diff(added) <= 1e-12).all()
    assert (curve.most >= curve.covered - 1e-12).all()
    free = [j for j in range(9) if not kept[j]]
    for count in range(len(curve.most)):
        best = max(_reached(travel, people, (1, *some), 35) for some in combinations(free, count))
        assert curve.most[count] >= best / people.sum() - 1e-9


@_FEW
@given(st.integers(0, 10_000))
def test_what_a_site_gains_is_what_closing_it_loses(seed):
    travel, people, _ = _country(seed)
    opened = np.array([1, 4, 6], np.int32)
    for site in worth_of_sites(travel, people, 35, opened, np.ones(9, bool)):
        others = tuple(int(j) for j in opened if j != site.site)
        everyone, without = (_reached(travel, people, some, 35) for some in (tuple(opened), others))
        assert site.gained_people == pytest.approx(everyone - without)
        assert site.gained_people <= site.nearest_people
        best = max(_reached(travel, people, (*others, j), 35) for j in range(9) if j not in opened) - without
        assert site.kept_people <= site.gained_people
        minutes = _minutes(travel, len(people))
        mine = (minutes[:, site.site] <= 35) & (minutes[:, site.site] <= minutes[:, opened].min(axis=1))
        assert site.nearest_people == people[mine].sum()
        rest = minutes[:, list(others)]
        saved = people[mine] @ (rest.min(axis=1) - minutes[:, site.site])[mine] / max(people[mine].sum(), 1.0)
        assert site.saved_minutes == pytest.approx(saved)
        assert site.taken_people == people[mine].sum()  # every site can be reached in some time
        loser = max(others, key=lambda j: people[mine & (minutes[:, j] == rest.min(axis=1))].sum())
        assert site.takes_from == (loser if mine.any() else None)
        gained = mine & (rest.min(axis=1) > 35)
        most = max(people[gained & (minutes[:, j] <= 35)].sum() for j in range(9) if j not in opened)
        assert site.kept_people == most
        assert (site.replaced_by is None) == (most == 0)
        if site.replaced_by is not None:
            back = _reached(travel, people, (*others, site.replaced_by), 35) - without
            assert back >= site.kept_people
            assert best >= back


@_FEW
@given(st.integers(0, 10_000))
def test_the_best_addition_is_the_best_of_all_sites_tried(seed):
    travel, people, _ = _country(seed)
    opened = (1, 4)
    site, gain = best_addition(within(travel, 35), people, np.array(opened, np.int32), 9)
    gains = [_reached(travel, people, (*opened, j), 35) - _reached(travel, people, opened, 35) for j in range(9)]
    assert gain == pytest.approx(max(gains))
    assert site is None if max(gains) == 0 else gains[site] == pytest.approx(gain)
