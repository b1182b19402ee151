"""Whole launches played in made-up worlds: the numbers are the same however the work is shared out."""

from dataclasses import replace

import numpy as np
import pytest

from beachhead.launch.question.objective import Count, Milestone
from beachhead.rehearsal.family import Family, family_worlds
from beachhead.rehearsal.rehearse import CHUNK, POLICIES, PieceOfWork, chunks, outcomes, rehearse


def goal(problem, code, count, amount, **changes):
    fields = {
        "code": code,
        "count": count,
        "markets": np.ones(len(problem.markets), dtype=bool),
        "needed": np.full((1, len(problem.quarters)), float(amount)),
        "last": 11,
        "before": np.zeros(0),
    }
    return Milestone(**(fields | changes))


def goals(problem):
    return (
        goal(problem, "one-car", Count.CARS_IN_TOTAL, 1),
        goal(problem, "moon", Count.CARS_PER_YEAR, 1e12),
        goal(problem, "one-live", Count.MARKETS_LIVE, 1),
    )


@pytest.fixture(scope="module")
def played(made_up_launch):
    problem = made_up_launch(M=6, seed=1)
    return problem, list(rehearse(problem, 5, 12, goals=goals(problem)))


def test_every_family_meets_every_policy_on_the_worlds_asked_for(played):
    _, pieces = played
    found = outcomes(pieces)
    assert [(o.family, o.policy) for o in found] == [(f, p) for f in Family for p in POLICIES]
    assert {o.value.count for o in found} == {12}
    ours = {o.family: o for o in found if o.policy == POLICIES[0]}
    assert all(o.behind.mean == o.behind.se == 0 for o in ours.values())
    assert ours[Family.LOWER].value.mean < ours[Family.BELIEVED].value.mean
    for o in found:
        assert o.low_worst is None  # of twelve worlds none is the worst twentieth
        assert o.low_mean <= 0
        assert all(part is None or 0 <= part <= 1 for part in (o.false_scale, o.false_stop, o.cover))
        assert o.odds[1] == 0
        assert o.odds[2] <= o.odds[0]
        if o.share is not None:
            assert o.share <= 1 + 1e-9


def test_the_worst_twentieth_and_the_share_of_the_best_are_stated_from_worlds_enough(played):
    _, pieces = played
    for o in outcomes([*pieces, *(replace(piece, chunk=piece.chunk + 2) for piece in pieces)]):
        assert o.low_worst <= o.low_mean <= 0
    (few, *_) = outcomes([piece for piece in pieces if len(piece.clairvoyant) < CHUNK])
    assert few.value.se is None
    assert few.share is None


def test_the_order_and_place_of_the_work_do_not_change_a_number(played):
    problem, pieces = played

    def backwards(work, items):
        return (work(item) for item in reversed(items))

    again = list(rehearse(problem, 5, 12, goals=goals(problem), run=backwards))
    assert sorted(again, key=repr) == sorted(pieces, key=repr)
    assert outcomes(again) == outcomes(pieces)


def test_a_rehearsal_goes_on_where_it_stopped(played):
    problem, pieces = played
    asked = []

    def counting(work, items):
        asked.extend(items)
        return map(work, items)

    resumed = list(rehearse(problem, 5, 12, goals=goals(problem), done=pieces[3:], run=counting))
    assert len(asked) == 3
    assert outcomes(resumed) == outcomes(pieces)


def test_chunks_add_up():
    assert chunks(2 * CHUNK + 3) == (CHUNK, CHUNK, 3)
    assert sum(chunks(100)) == 100


def test_families_are_wrong_in_the_way_they_say(made_up_launch):
    problem = made_up_launch(M=6, seed=1)
    drawn = {f: [w for k in range(60) for w in family_worlds(problem, f, 1, k, CHUNK)] for f in Family}
    theta = {f: np.array([w.theta for w in worlds]) for f, worlds in drawn.items()}
    mean, cov = problem.belief.mean[:-1], problem.belief.cov[:-1, :-1]
    assert theta[Family.BELIEVED].mean(axis=0) == pytest.approx(mean, abs=0.15)
    assert np.allclose(theta[Family.LOWER] - theta[Family.BELIEVED], np.log(0.7))
    assert abs(np.corrcoef(theta[Family.ALONE].T)[0, 1]) < 0.15 < np.corrcoef(theta[Family.BELIEVED].T)[0, 1]
    standard = (theta[Family.HEAVY] - mean) / np.sqrt(np.diag(cov))
    assert (np.abs(standard) > 3.5).mean() > 0.001
    assert np.abs(standard).max() < 4.001, "without an end, mean demand is infinite and one world all that is told"
    fans = np.array([[w.beta for w in drawn[f]] for f in (Family.FANS, Family.BELIEVED)])
    assert np.allclose(fans[0] - fans[1], np.log(1.25))


def test_a_good_market_scaled_is_not_counted_as_bad(made_up_launch):
    problem = made_up_launch(M=6, seed=1)
    work = PieceOfWork(problem=problem, seed=3, goals=())
    piece = work((Family.BELIEVED, 0, 4))
    for world in piece.plays:
        for play in world:
            assert 0 <= play.scaled_bad <= play.scaled <= 6
            assert 0 <= play.good_dropped <= play.good_piloted <= 6
            assert 0 <= play.covered <= play.told <= 6


def test_cars_sold_before_the_first_quarter_played_count_towards_a_goal(made_up_launch):
    """In its second year a launch was rehearsed as if it had sold nothing so far."""
    problem = made_up_launch(M=6, seed=1)
    year = np.array([4e5, 3e5, 3e5])
    asked = (
        goal(problem, "total", Count.CARS_IN_TOTAL, 1e6, before=year, last=1),
        goal(problem, "year", Count.CARS_PER_YEAR, 1e6, before=year, last=0),
        goal(problem, "live", Count.MARKETS_LIVE, 7, last=0, sold=np.ones((6, 3), dtype=bool)),
        goal(problem, "early", Count.CARS_IN_TOTAL, 1e6, before=year, after=(2,)),
    )
    piece = PieceOfWork(problem=problem, seed=3, goals=asked)((Family.BELIEVED, 0, 2))
    assert {play.met for world in piece.plays for play in world} == {(1.0, 1.0, 0.0, 0.0)}
