"""The covering problem: who would be covered by which site, and what may be opened in which period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beachhead.siting.field import Floats, Ints, Lists, no_lists


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """Who would be covered by which site, and what may be opened when.

    Attributes:
        reach: (I) rows of candidates within the promise; costs are not read.
        people: (I,), weight of each customer, not negative.
        price: (J,), what opening a site uses of its budgets (1 where sites are counted).
        group: (J,), budget group of each candidate, such as its country.
        kept: (J,), true where a site stands already or is decided; it uses no budget.
        since: (J,), period from which a kept site is open; 0 where it stands already. Read of kept ones only.
        budget: (G, T), what each group may newly use in a period; what is not used may be used later; inf: no limit.
        total: (T,), the same for all groups together.
        worth: (T,), worth of a person covered in each period.
        conflict: pairs of candidates too close to be open together, both directions; obeyed, but no part of prices.
        leaving: (I, T), true where a site that closes later covers the customer for as long as it stands, so that no
            candidate can add anything then; None where no site closes.
    """

    reach: Lists
    people: Floats
    price: Floats
    group: Ints
    kept: NDArray[np.bool_]
    since: Ints
    budget: Floats
    total: Floats
    worth: Floats
    conflict: Lists
    leaving: NDArray[np.bool_] | None = None

    @property
    def sites(self) -> int:
        """J, the number of candidates."""
        return len(self.price)

    @property
    def periods(self) -> int:
        """T, the number of periods."""
        return len(self.worth)

    @property
    def kinds(self) -> tuple[Ints, Floats]:
        """Kind of each customer (I,), and worth of a person of each kind from each period on (K, T + 1).

        Customers are of one kind where sites that close cover them in the same periods, in which a person is worth
        nothing to any other site; the last column, never, is 0.
        """
        if self.leaving is None:
            taken, kind = np.zeros((1, self.periods), np.bool_), np.zeros(len(self.people), np.intp)
        else:
            taken, kind = np.unique(self.leaving, axis=0, return_inverse=True)
        worth, later = np.where(taken, 0.0, self.worth), np.zeros((len(taken), self.periods + 1))
        later[:, :-1] = np.cumsum(worth[:, ::-1], axis=1)[:, ::-1]
        return kind.reshape(-1).astype(np.int32), later

    @property
    def by_leaving(self) -> float:
        """Worth of what sites that close cover for as long as they stand; it is the same whatever opens."""
        return 0.0 if self.leaving is None else float(self.people @ (self.leaving @ self.worth))


def one_period(
    reach: Lists, people: Floats, most: float, *, kept: NDArray[np.bool_] | None = None, sites: int
) -> Ground:
    """Maximal covering by at most `most` sites, kept ones among them."""
    stand = np.zeros(sites, np.bool_) if kept is None else kept
    return Ground(
        reach=reach,
        people=people,
        price=np.ones(sites),
        group=np.zeros(sites, np.int32),
        kept=stand,
        since=np.zeros(sites, np.int32),
        budget=np.full((1, 1), np.inf),
        total=np.array([float(most) - stand.sum()]),
        worth=np.ones(1),
        conflict=no_lists(sites),
    )
