"""Laws of capture: shares add up, own stores take from each other, the bound holds, small contests are solved."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beachhead.siting.capture import Contest, Law, capture, pulls
from beachhead.siting.field import dense_lists

_FEW = settings(deadline=None, derandomize=True, max_examples=25)


def _contest(seed: int, law: Law = Law.HUFF, count: int = 3) -> Contest:
    rng = np.random.default_rng(seed)
    minutes = 100 * np.linalg.norm(rng.uniform(0, 1, (20, 1, 2)) - rng.uniform(0, 1, (1, 8, 2)), axis=2)
    decay = 2.0 if law is Law.HUFF else 0.05
    lists = pulls(dense_lists(minutes), rng.uniform(0.5, 2, 8), law=law, decay=decay)
    outside = rng.uniform(0.5, 2, 20) * np.median(lists.cost)
    return Contest(
        pull=lists, buyers=rng.uniform(1, 100, 20), outside=outside, kept=np.arange(8) == seed % 8, count=count
    )


def _captured(contest: Contest, sites: tuple[int, ...]) -> float:
    dense = np.zeros((20, 8))
    dense[np.repeat(np.arange(20), 8), contest.pull.item] = contest.pull.cost
    own = dense[:, list(sites)].sum(axis=1)
    return float((contest.buyers * own / (own + contest.outside)).sum())


def test_huff_shares_follow_the_published_law():
    # Huff (1964): a centre twice as large and twice as far, at a decay of two, draws half as much as the other.
    near = pulls(dense_lists(np.array([[10.0, 20.0]])), np.array([1.0, 2.0]), law=Law.HUFF, decay=2.0)
    assert near.cost[0] / near.cost[1] == pytest.approx(2.0)


@pytest.mark.parametrize("law", list(Law))
@_FEW
@given(seed=st.integers(0, 10_000))
def test_the_best_set_is_found_within_one_percent_and_never_beats_the_bound(law, seed):
    contest = _contest(seed, law)
    found = capture(contest)
    kept = int(np.flatnonzero(contest.kept)[0])
    best = max(_captured(contest, (kept, *some)) for some in combinations(set(range(8)) - {kept}, 3))
    assert found.buyers == pytest.approx(_captured(contest, tuple(found.sites)))
    assert best * 0.99 <= found.buyers <= best * (1 + 1e-9)
    assert found.bound >= best * (1 - 1e-9)


@_FEW
@given(st.integers(0, 10_000))
def test_what_a_store_draws_comes_from_own_stores_and_from_others(seed):
    contest = _contest(seed)
    found = capture(contest)
    assert found.by_site.sum() == pytest.approx(found.buyers)
    assert (found.taken_from_own >= -1e-9).all()
    assert (found.taken_from_others >= -1e-9).all()
    for k, site in enumerate(found.sites):
        rest = tuple(int(j) for j in found.sites if j != site)
        assert found.taken_from_others[k] == pytest.approx(found.buyers - _captured(contest, rest))


@_FEW
@given(st.integers(0, 10_000))
def test_one_more_store_never_hurts_and_adds_less_than_the_one_before(seed):
    drawn = [capture(_contest(seed, count=count), sweeps=0).buyers for count in range(5)]
    added = np.diff(drawn)
    assert (added >= -1e-9).all()
    assert (np.diff(added) <= 1e-9).all()


@_FEW
@given(st.integers(0, 10_000))
def test_stronger_rivals_leave_fewer_buyers(seed):
    contest = _contest(seed)
    harder = replace(contest, outside=contest.outside * 2)
    assert capture(harder).buyers < capture(contest).buyers
