"""The belief against NUTS on three pinned data sets.

Reference: PyMC 5.28, 2 chains of 1,500 draws after 700 of tuning, target acceptance .9, on the same prior and the
likelihood written with the regularised incomplete beta function; `made_up.launch` with the seeds and truths below.
"""

import numpy as np
import pytest

import made_up
from beachhead.belief import update

CASES = {
    "plain counts": (4, 0.5, 11, {"pilots": 0.5, "scaled": 0.5, "batch": 100_000}),
    "sold out": (4, 0.0, 12, {"pilots": 1.0, "scaled": 0.0, "batch": 60, "unknown_day": 0.0}),
    "mixed": (5, 0.0, 13, {"pilots": 0.7, "scaled": 0.3, "batch": 60, "unknown_day": 0.6}),
}
# theta_1 .. theta_M, beta in which the rows were drawn
TRUTH = {
    "plain counts": [7.88143697720739, 9.447263616171792, 8.358835949668123, 10.218113721599993, 0.09040609777871057],
    "sold out": [8.623181921859048, 9.105790655248606, 8.461954801427433, 9.827910081119871, 0.4737552446668153],
    "mixed": [
        5.1319415615126776,
        6.96979944187379,
        8.802437451477692,
        8.575597061356863,
        9.368637025016774,
        0.2271258499996778,
    ],
}
# mean, 5 % and 95 % of theta_1 .. theta_M, beta
NUTS = {
    "plain counts": [
        [8.1363, 8.4071, 8.5966, 10.2826, 0.0912],
        [7.5657, 7.7147, 8.0133, 10.1811, -0.2289],
        [8.7581, 9.1197, 9.2238, 10.3865, 0.4133],
    ],
    "sold out": [
        [8.7607, 9.2374, 8.5979, 9.64, 0.1549],
        [8.1212, 8.576, 8.0507, 8.8784, -0.1634],
        [9.4436, 9.9472, 9.1821, 10.4465, 0.4689],
    ],
    "mixed": [
        [6.1166, 6.9737, 8.8288, 8.7042, 9.3441, 0.0899],
        [5.2432, 6.8227, 8.1313, 8.5922, 9.2235, -0.2394],
        [6.9559, 7.1242, 9.6346, 8.8179, 9.4654, 0.41],
    ],
}


@pytest.mark.parametrize("name", list(CASES))
def test_the_belief_agrees_with_nuts(name):
    markets, log_sd, seed, shape = CASES[name]
    held = made_up.belief(markets, size_log_sd=log_sd)
    seen = made_up.launch(held, np.random.default_rng(seed), **shape, truth=np.array(TRUTH[name]))
    after = update(held, seen.reading, draws=8000)
    mean, low, high = NUTS[name]
    np.testing.assert_allclose(after.belief.mean, mean, atol=0.05)
    np.testing.assert_allclose(after.interval(0.9), np.column_stack((low, high)), atol=0.1)
