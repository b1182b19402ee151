"""What lasts of a level: quarters scatter about it, it wanders, and a plan lives on that over the years.

The level of a quarter, theta_t, moves by a random walk whose steps are `walk` of the prior's covariance a quarter
(the local-level model, Durbin & Koopman 2012, section 2.1); time takes no level beyond the prior, which is what is held
of brands met at any time. A quarter's counts tell theta_t + its own scatter. A plan decides on thetabar, the mean of
theta over `YEARS` quarters to come. A level that moves so and keeps within the prior goes back towards it in years:
between quarters h apart its correlation is (1 - walk)^(h/2), and the mean of sixteen is the regression on theta_t that
follows. Thetabar is raised by half the variance that this mean and the scatter leave out, so that exp(thetabar) is cars
and not their geometric mean, and lowered by half of what time has added unread, for cars do not come of doubt. Both
numbers are fitted on newcomers, `belief.history.lasting`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from beachhead.belief.belief import Belief
from beachhead.belief.update import Posterior, update
from beachhead.world.reading import Reading

Array = NDArray[np.float64]

YEARS = 16
"""Quarters of which the level over the years is the mean, the present one the first."""
LOOKS = 4
"""Quarters in a row that are told apart by how much each shows of the level over the years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting:
    """How long levels last.

    Attributes:
        walk: by how much a level moves in a quarter, as a share of the variance of the prior.
        scatter: variance of a quarter's own scatter about its level.
    """

    walk: float
    scatter: float

    def __post_init__(self) -> None:
        if not 0 <= self.walk < 1 or self.scatter < 0:
            raise ValueError("walk must be at least 0 and below 1, and scatter not negative")

    @property
    def along(self) -> float:
        """Regression of the level over the years on that of the present quarter, 0..1."""
        return float(self._between()[0].mean())

    @property
    def of_mean(self) -> float:
        """Variance of the level over the years, as a share of that of a quarter's."""
        return float(self._between().mean())

    def noise(self, var: Array) -> Array:
        """(M, LOOKS) variance with which quarters in a row show the level over the years, each given those before it.

        Levels of n quarters with scatter tell the share R = k' (K + (s/v) I)^-1 k / v_mean of its variance, K their
        correlations and k those with it; independent noise that told as much has the precision R / (1 - R) over that
        variance, and the n-th quarter adds the difference.

        Args:
            var: (M,) variance of a quarter's level beforehand.
        """
        out = np.zeros((len(var), LOOKS))
        for m, v in enumerate(np.maximum(var, 1e-12)):
            told = [self._told(float(v), n) for n in range(LOOKS + 1)]
            out[m] = 1 / np.maximum(np.diff(told), 1e-9)
        return out

    def _between(self) -> Array:
        """(YEARS, YEARS) correlation of the levels of two quarters."""
        at = np.arange(YEARS)
        out: Array = (1 - self.walk) ** (0.5 * np.abs(np.subtract.outer(at, at)))
        return out

    def _told(self, var: float, quarters: int) -> float:
        """Precision of the level over the years that the first so many quarters bring."""
        if quarters == 0:
            return 0.0
        between, of_mean = self._between(), self.of_mean
        k = between.mean(axis=0)[:quarters]
        seen = between[:quarters, :quarters] + (self.scatter / var + 1e-12) * np.eye(quarters)
        share = min(float(k @ np.linalg.solve(seen, k)) / of_mean, 1 - 1e-9)
        return share / (1 - share) / (of_mean * var)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tracked:
    """The belief on the present quarter's levels, beside the prior that bounds what time does to it.

    Attributes:
        belief: z = (theta_t, .., beta) of the present quarter.
        prior: of the same coordinates.
        lasting: how long levels last.
        grown: (M, M) covariance of the levels that time has added and no reading has taken away.
        settled: markets that sell what they sell, such as the home market: their quarters do not scatter.
    """

    belief: Belief
    prior: Belief
    lasting: Lasting
    grown: Array
    settled: tuple[str, ...] = ()

    @property
    def seen(self) -> Belief:
        """The belief on what the quarter's counts tell: level and scatter."""
        return _scattered(self.belief, self._scatter())

    def read(self, reading: Reading, **how: Any) -> tuple[Tracked, Posterior]:
        """Learn the counts of the present quarter; `how` as in `update`. Returns what is held then, and how."""
        held = read_through(self.belief, self.seen, reading, **how)
        return self._holding(held.belief), held

    def told(self, after: Belief) -> Tracked:
        """Learn what makes `seen` into that belief, whoever read it."""
        return self._holding(carried_back(self.belief, self.seen, after))

    def later(self) -> Tracked:
        """A quarter later, nothing read: levels have moved, bias and elasticities have not."""
        belief, more = self._wandered(self.lasting.walk)
        return replace(self, belief=belief, grown=self.grown + more)

    def widened(self, more: Array) -> Tracked:
        """With (M, M) more covariance of the levels, whatever is read."""
        return replace(self, belief=widened_by(self.belief, more), prior=widened_by(self.prior, more))

    def over_years(self) -> Belief:
        """The belief on levels over the years."""
        M, along, of_mean = len(self.belief.markets), self.lasting.along, self.lasting.of_mean
        prior, held = self.prior, self.belief
        var = np.diag(prior.cov)[:M]
        left = np.ones(len(held.mean))
        left[:M] = along
        mean = prior.mean + left * (held.mean - prior.mean)
        cov = prior.cov + np.outer(left, left) * (held.cov - prior.cov)
        mean[:M] += 0.5 * ((1 - of_mean) * var + self._scatter() - along**2 * np.diag(self.grown))
        cov[:M, :M] += (of_mean - 1) * prior.cov[:M, :M]
        cov[:M, M:] += (along - 1) * prior.cov[:M, M:]
        cov[M:, :M] = cov[:M, M:].T
        return replace(held, mean=mean, cov=cov, look_var=self.lasting.noise(var))

    def _holding(self, belief: Belief) -> Tracked:
        """With a belief that a reading left.

        What is held without going back to the prior errs from what would be held with it by what time has added since;
        a reading leaves of that error what it leaves of any, so a neighbour's takes away what the two had in common.
        """
        M = len(belief.markets)
        left = belief.cov[:M, :M] @ np.linalg.pinv(self.belief.cov[:M, :M], hermitian=True) @ self.grown
        return replace(self, belief=belief, grown=(left + left.T) / 2)

    def _wandered(self, share: float) -> tuple[Belief, Array]:
        """The belief once levels moved by that share of the prior's covariance, none further; and (M, M) by what."""
        M = len(self.belief.markets)
        prior = self.prior.cov[:M, :M]
        room = np.diag(prior) - np.diag(self.belief.cov)[:M]
        step = np.clip(room / np.maximum(np.diag(prior), 1e-12), 0.0, share)
        more = np.sqrt(np.outer(step, step)) * prior
        return widened_by(self.belief, more), more

    def _scatter(self) -> Array:
        """(M,) variance of each market's scatter."""
        return np.array([0.0 if code in self.settled else self.lasting.scatter for code in self.belief.markets])


def look(belief: Belief, before: NDArray[np.int64]) -> Belief:
    """What the counts of the coming quarter show of a belief over the years: levels off by a factor of mean 1 on sales.

    Args:
        belief: over the years.
        before: (M,) quarters in a row that were read of each market.
    """
    if belief.look_var is None:
        return belief
    last = belief.look_var.shape[1] - 1
    var = belief.look_var[np.arange(len(belief.markets)), np.minimum(before, last)]
    shown, mean = _scattered(belief, var), np.array(belief.mean)
    mean[: len(var)] -= 0.5 * var
    return replace(shown, mean=mean)


def read_through(belief: Belief, shown: Belief, reading: Reading, **how: Any) -> Posterior:
    """Learn counts that show the levels with a scatter that all counts of a market have in common.

    Args:
        belief: what is held.
        shown: of the same coordinates, what the counts tell: z and a scatter independent of it.
        reading: the counts.
        how: as in `update`.
    """
    after = update(shown, reading, **how)
    back = carried_back(belief, shown, after.belief)
    return after if back is after.belief else carried_on(after, back)


def carried_back(belief: Belief, shown: Belief, after: Belief) -> Belief:
    """What is held once the belief on what counts show has become another.

    Counts see z through `shown` alone, so its posterior is carried back to z along the regression on it
    (Rauch, Tung & Striebel 1965, AIAA Journal 3). Arguments as in `read_through`; `after` as `shown` was left.
    """
    if np.array_equal(shown.cov, belief.cov):
        return after
    back = belief.cov @ np.linalg.pinv(shown.cov, hermitian=True)
    gone = shown.cov - after.cov
    cov = belief.cov - back @ gone @ back.T
    mean = belief.mean + back @ (after.mean - shown.mean)
    return replace(after, mean=mean, cov=(cov + cov.T) / 2)


def carried_on(held: Posterior, belief: Belief) -> Posterior:
    """The posterior with what became of its belief: its draws are not of that."""
    return replace(held, belief=belief, draws=held.draws[:0], weights=held.weights[:0])


def _scattered(belief: Belief, var: Array) -> Belief:
    return widened_by(belief, np.diag(var)) if var.any() else belief


def widened_by(belief: Belief, more: Array) -> Belief:
    """The belief with (M, M) more covariance of its levels."""
    cov = np.array(belief.cov)
    cov[: len(more), : len(more)] += more
    return replace(belief, cov=cov)
