"""Minutes by road, and what the answer says of itself, checked against plain recounting."""

import numpy as np
import pytest

from beachhead.siting.geography import (
    CIRCUITY,
    Places,
    circuity_of,
    great_circle_km,
    km_within,
    minutes_by_road,
    travel,
)
from beachhead.siting.network import Aim, Question, left_out, sentence, site_network
from beachhead.siting.solve import Status


def _places(count: int = 60, seed: int = 1) -> Places:
    rng = np.random.default_rng(seed)
    return Places(
        name=tuple(f"P{i}" for i in range(count)),
        country=tuple("DE" if i % 3 else "FR" for i in range(count)),
        lat=rng.uniform(47, 50, count),
        lon=rng.uniform(5, 9, count),
        people=np.floor(rng.uniform(1_000, 90_000, count)),
    )


def _question(aim: Aim, count: int = 6) -> Question:
    places = _places()
    kept = np.arange(60) == 7
    return Question(places=places, sites=np.arange(60, dtype=np.int32), kept=kept, count=count, aim=aim, minutes=60.0)


def _minutes(places: Places) -> np.ndarray:
    far = great_circle_km(places.lat[:, None], places.lon[:, None], places.lat[None], places.lon[None])
    bend = np.array([circuity_of(code) for code in places.country])
    minutes = minutes_by_road(far, bend[:, None])
    code = np.array(places.country)
    return np.where(code[:, None] == code[None], minutes, np.inf)


def test_paris_to_london_is_344_km_as_the_crow_flies():
    distance = great_circle_km(np.array(48.8566), np.array(2.3522), np.array(51.5074), np.array(-0.1278))
    assert distance == pytest.approx(343.6, abs=0.5)


def test_the_horizon_in_km_loses_nobody():
    for minutes in (5.0, 12.0, 45.0, 90.0, 240.0):
        assert minutes_by_road(np.array(km_within(minutes)), min(CIRCUITY.values())) == pytest.approx(minutes)


def test_sparse_lists_hold_exactly_the_pairs_within_the_minutes_and_cross_no_border():
    places = _places()
    lists = travel(places, np.arange(60, dtype=np.int32), 60.0)
    full = _minutes(places)
    assert lists.ptr[-1] == (full <= 60.0).sum()
    for i in range(60):
        row = slice(lists.ptr[i], lists.ptr[i + 1])
        assert np.allclose(lists.cost[row], full[i, lists.item[row]])
        assert (np.diff(lists.cost[row]) >= 0).all()


@pytest.mark.parametrize("aim", list(Aim))
def test_an_answer_recounted_from_the_full_matrix_is_what_it_says(aim):
    question = _question(aim)
    answer = site_network(question, seed=1)
    chosen = [site.place for site in answer.sites]
    nearest = _minutes(question.places)[:, chosen].min(1)
    people = question.places.people
    assert 7 in chosen
    assert len(chosen) <= 6
    assert answer.status is Status.OPTIMAL
    assert answer.covered_share == pytest.approx(people[nearest <= 60].sum() / people.sum())
    assert answer.mean_minutes == pytest.approx(np.average(nearest[nearest <= 60], weights=people[nearest <= 60]))
    if aim is Aim.COVER:
        assert answer.best_covered_share == pytest.approx(answer.covered_share)
    for site in answer.sites:
        others = [place for place in chosen if place != site.place]
        without = _minutes(question.places)[:, others].min(1)
        if aim is Aim.COVER:
            lost = people[(nearest <= 60) & (without > 60)].sum()
        else:
            lost = (people * (np.where(without <= 60, without, 120.0) - np.where(nearest <= 60, nearest, 120.0))).sum()
        assert site.adds == pytest.approx(lost, abs=1e-6)
        assert question.places.name[site.place] in sentence(answer, site)
    for place in left_out(answer, 60):
        assert nearest[place] > 60


def test_a_swapped_or_negative_place_is_refused_with_its_row():
    with pytest.raises(ValueError, match=r"place 0 .*latitude 139"):
        Places(name=("Tokyo",), country=("JP",), lat=np.array([139.7]), lon=np.array([35.7]), people=np.array([9e6]))
    with pytest.raises(ValueError, match="people -5"):
        Places(name=("Oslo",), country=("NO",), lat=np.array([59.9]), lon=np.array([10.7]), people=np.array([-5.0]))
