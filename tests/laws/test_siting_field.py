"""Laws of the search and its bounds, on made-up fields small enough to be listed in full."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beachhead.siting.branch import reduced
from beachhead.siting.core import finish
from beachhead.siting.dual import climb, margins
from beachhead.siting.field import Field, Limits, cost_of, dense_lists, fit, lists_of, restrict
from beachhead.siting.instances import median_field
from beachhead.siting.solve import solve
from beachhead.world.work import Meter

_FEW = settings(deadline=None, derandomize=True, max_examples=25)


def _matrix(seed: int, customers: int = 12, sites: int = 9, whole: bool = True) -> np.ndarray:
    points = np.random.default_rng(seed).uniform(0, 100, (customers + sites, 2))
    cost = np.linalg.norm(points[:customers, None] - points[None, customers:], axis=2)
    return np.floor(cost) if whole else cost


def _best_by_listing(field: Field) -> float:
    """The least cost over every set that the limits allow."""
    limits = field.limits
    clash = {
        (j, int(k))
        for j in range(field.sites)
        for k in limits.conflict.item[limits.conflict.ptr[j] : limits.conflict.ptr[j + 1]]
    }
    best = np.inf
    for size in range(field.sites + 1):
        for some in combinations(range(field.sites), size):
            chosen = np.array(some, int)
            spent = np.bincount(limits.group[chosen], limits.price[chosen], minlength=len(limits.budget))
            if (spent > limits.budget + 1e-9).any() or spent.sum() > limits.total + 1e-9:
                continue
            if not set(np.flatnonzero(limits.kept)) <= set(some) or any(
                pair in clash for pair in combinations(some, 2)
            ):
                continue
            best = min(best, cost_of(field, chosen)[0])
    return best


def _limited(seed: int, counted: bool) -> Field:
    """A field with opening costs, two countries with budgets, a total, a site kept, spacing and rival formats."""
    rng = np.random.default_rng(seed)
    field = median_field(_matrix(seed, whole=bool(seed % 2)), 9)
    pairs = np.array([(0, 1), (1, 0), (4, 5), (5, 4), (4, 6), (6, 4), (5, 6), (6, 5)])
    limits = Limits(
        price=np.ones(9) if counted else rng.integers(1, 5, 9).astype(float),
        group=(np.arange(9) % 2).astype(np.int32),
        budget=np.array([2.0, 3.0]) if counted else np.array([5.0, 6.0]),
        total=4.0 if counted else 9.0,
        kept=np.arange(9) == (3 if counted else 99),
        clique=np.array([-1, -1, -1, -1, 0, 0, 0, -1, -1], np.int32),
        conflict=lists_of(pairs[:, 0], pairs[:, 1], np.zeros(len(pairs)), 9),
    )
    return replace(field, opening=np.floor(rng.uniform(0, 30, 9)), outside=np.full(12, 150.0), limits=limits)


@_FEW
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_the_answer_is_the_best_of_all_sets_and_says_so(seed, p):
    field = median_field(_matrix(seed), p)
    found = solve(field, seed=1)
    assert found.upper == found.lower == _best_by_listing(field)
    assert found.gap == 0.0
    assert len(found.sites) <= p


@pytest.mark.parametrize("counted", [True, False])
@_FEW
@given(seed=st.integers(0, 10_000))
def test_budgets_spacing_formats_and_kept_sites_are_obeyed_and_the_best_set_is_found(counted, seed):
    field = _limited(seed, counted)
    found = solve(field, seed=1)
    assert np.isin(np.flatnonzero(field.limits.kept), found.sites).all()
    assert np.array_equal(fit(field, found.sites), found.sites)
    best = _best_by_listing(field)
    assert found.upper == pytest.approx(best, rel=1e-7)
    assert found.lower == pytest.approx(best, rel=1e-7)


@_FEW
@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 40))
def test_every_bound_on_the_way_lies_below_the_best_set(seed, p, steps):
    field = median_field(_matrix(seed), p)
    best = _best_by_listing(field)
    prices = climb(field, aim=best * 1.1, enough=np.inf, steps=steps)
    assert prices.bound <= best + 1e-6
    assert margins(field, prices).bound <= best + 1e-6


@_FEW
@given(st.integers(0, 10_000), st.booleans())
def test_margins_never_rule_out_the_best_set(seed, counted):
    field = _limited(seed, counted)
    best = _best_by_listing(field)
    prices = climb(field, aim=best * 1.05, enough=np.inf, steps=60)
    core = reduced(field, prices, best + 1e-6)
    assert _best_by_listing(core.field) == pytest.approx(best, rel=1e-9)


@_FEW
@given(st.integers(0, 10_000), st.booleans())
def test_the_written_out_programme_has_the_same_best_set(seed, counted):
    field = _limited(seed, counted)
    done = finish(field, start=fit(field, np.arange(9)), work=30, meter=Meter())
    best = _best_by_listing(field)
    assert done.upper == pytest.approx(best, rel=1e-7)
    assert done.lower == pytest.approx(best, rel=1e-5)


@_FEW
@given(st.integers(0, 10_000), st.integers(1, 7))
def test_one_more_site_never_hurts(seed, p):
    cost = _matrix(seed)
    assert solve(median_field(cost, p + 1), seed=1).upper <= solve(median_field(cost, p), seed=1).upper


@_FEW
@given(st.integers(0, 10_000), st.integers(0, 8))
def test_keeping_an_existing_site_never_beats_free_choice(seed, kept):
    free = median_field(_matrix(seed), 3)
    bound_to_keep = replace(free, limits=replace(free.limits, kept=np.arange(9) == kept))
    assert solve(bound_to_keep, seed=1).upper >= solve(free, seed=1).upper


@_FEW
@given(st.integers(0, 10_000))
def test_permuting_rows_and_columns_changes_nothing(seed):
    cost = _matrix(seed, whole=False)
    rng = np.random.default_rng(seed)
    customers, sites = rng.permutation(12), rng.permutation(9)
    first = solve(median_field(cost, 3), seed=1)
    second = solve(median_field(cost[customers][:, sites], 3), seed=1)
    assert second.upper == pytest.approx(first.upper, rel=1e-12)
    assert np.array_equal(np.sort(sites[second.sites]), first.sites)


def test_the_same_seed_gives_the_same_answer_bit_for_bit():
    field = median_field(_matrix(5, 80, 60, whole=False), 7)
    first, second = solve(field, seed=3), solve(field, seed=3)
    assert first.upper == second.upper
    assert first.lower == second.lower
    assert np.array_equal(first.sites, second.sites)


def test_a_restricted_field_keeps_costs_and_clashes():
    field = _limited(1, True)
    keep = np.arange(9) != 5
    small = restrict(field, keep)
    assert cost_of(small, np.array([0, 4]))[0] == cost_of(field, np.array([0, 4]))[0]
    assert list(small.limits.conflict.item[small.limits.conflict.ptr[4] : small.limits.conflict.ptr[5]]) == [5]
    assert cost_of(small, np.array([5]))[0] == cost_of(field, np.array([6]))[0]


def test_lists_of_a_matrix_are_sorted():
    lists = dense_lists(np.array([[3.0, 1.0], [2.0, 2.0]]))
    assert list(lists.item) == [1, 0, 0, 1]
    assert list(lists.cost) == [1.0, 3.0, 2.0, 2.0]
