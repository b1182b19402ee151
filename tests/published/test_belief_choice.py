"""Price response against published estimates."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from beachhead.belief.choice import (
    StatedChoices,
    Taste,
    choice_fit,
    cross_elasticities,
    diversion,
    fit_stated,
    intercepts_of,
    shares,
)
from beachhead.case.history.refit import refit_choice
from beachhead.evidence.conjoint import read_choices
from beachhead.world.errors import BadInput

SHARED = Path(os.environ.get("BEACHHEAD_SHARED", Path(__file__).parents[2].parent / "shared"))
MAKERS = ("german", "american", "japanese", "chinese", "skorean")


def experiment(country: str) -> StatedChoices:
    file = SHARED / "data" / "conjoint" / f"choice_cars_{country}_helveston2015.csv"
    if not file.is_file():
        pytest.skip("needs shared/data/conjoint")
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    people = len({row["id"] for row in rows})
    plain = [name for name in rows[0] if name not in {"id", "obsnum", "choice", "weights", "price", *MAKERS}]

    def table(name: str) -> np.ndarray:
        return np.array([float(row[name]) for row in rows]).reshape(people, -1, 3)

    return StatedChoices(
        attributes=tuple(plain),
        makers=MAKERS,
        x=np.stack([table(name) for name in plain], axis=-1),
        price=table("price"),
        maker=sum(i * table(name) for i, name in enumerate(MAKERS) if i).astype(int),
        chosen=table("choice").argmax(axis=2),
        weight=np.ones(people),
    )


def test_the_plain_logit_on_american_choices_has_the_published_likelihood():
    """Logitr's vignette on the same data: -4616.952 at the maximum of the multinomial logit."""
    found = fit_stated(experiment("us"), draws=2)
    assert found.log_likelihood_plain == pytest.approx(-4616.952, abs=5e-4)


@pytest.mark.full
def test_the_shipped_numbers_are_what_the_experiments_give():
    folder = SHARED / "data" / "conjoint"
    if not folder.is_dir():
        pytest.skip("needs shared/data/conjoint")
    found = refit_choice(folder)
    for number in found.numbers:
        assert number.shipped == pytest.approx(number.refitted, rel=0.02), number.name
    assert all(fit.log_likelihood > fit.log_likelihood_plain + 100 for fit in found.fits.values())
    assert found.fits["us"].log_likelihood_plain == pytest.approx(-4616.952, abs=5e-4)


def test_experiments_that_are_not_whole_are_refused_by_name(tmp_path):
    file = tmp_path / "choices.csv"
    file.write_text("id,obsnum,choice,price\n1,1,1,20\n")
    with pytest.raises(BadInput, match="no column american"):
        read_choices(file, ("american",))
    file.write_text("id,obsnum,choice,price,american\n1,1,1,dear,0\n")
    with pytest.raises(BadInput, match="cannot be read"):
        read_choices(file, ("american",))


def test_the_prior_stands_on_the_two_experiments():
    fit = choice_fit()
    at = 37.0  # thousand dollars of 2013
    assert fit.elasticity_log_mean == pytest.approx(np.mean(np.log([0.1427 * at, 0.0659 * at])), abs=0.01)
    assert fit.penalty_share == pytest.approx(0.940 / (0.1427 * at), abs=0.001)


def test_without_spreads_and_nest_the_elasticities_are_those_of_the_logit():
    """Train 2009, equations 3.4 and 3.5: own -e p/P (1 - s), cross e p/P s."""
    taste = Taste(elasticity=np.array([3.0]), nest=np.ones(1), price_spread=0.0, brand_spread=0.0, price=40.0)
    prices, taken = np.array([36.0, 50.0]), np.array([[0.2, 0.1]])
    found = cross_elasticities(intercepts_of(taken, taste, prices), taste, prices, step=1e-4)[0]
    e = 3.0 * prices / 40.0
    assert np.diag(found) == pytest.approx(-e * (1 - taken[0]), rel=1e-6)
    assert found[0, 1] == pytest.approx(e[1] * taken[0, 1], rel=1e-6)
    assert found[1, 0] == pytest.approx(e[0] * taken[0, 0], rel=1e-6)


def test_without_spreads_and_nest_buyers_of_an_offer_that_is_gone_turn_to_the_rest_in_proportion():
    """Proportional substitution, Train 2009, section 3.3.2: k takes s_k / (1 - s_j) of the buyers of j."""
    taste = Taste(elasticity=np.array([3.0]), nest=np.ones(1), price_spread=0.0, brand_spread=0.0, price=40.0)
    prices, taken = np.array([36.0, 50.0, 41.0]), np.array([[0.2, 0.1, 0.15]])
    found = diversion(intercepts_of(taken, taste, prices), taste, prices)[0]
    assert found == pytest.approx((1 - np.eye(3)) * taken[0] / (1 - taken[0][:, None]), rel=1e-6)


def test_the_contraction_returns_the_shares_it_was_given():
    fit = choice_fit()
    taste = Taste(
        elasticity=np.array([1.2, 3.6, 9.0]),
        nest=np.array([0.45, 0.65, 0.85]),
        price_spread=fit.price_spread,
        brand_spread=fit.brand_spread,
        price=45.0,
    )
    prices = np.array([33.0, 45.0, 61.0])
    given = np.array([[0.002, 0.001, 0.004], [0.1, 0.1, 0.05], [0.3, 0.15, 0.04]])
    assert shares(intercepts_of(given, taste, prices), taste, prices) == pytest.approx(given, rel=1e-8)
