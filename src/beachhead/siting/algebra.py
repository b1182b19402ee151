"""A siting question written out as readable algebra (.lp), so that a stranger can check an answer with another solver.

Covering: `open` is a site, `covered` the share of a place within the minutes. Least cost and least travel:
`from_X_to_Y` is the share of X's people whom Y serves. The searches read the same nouns.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from beachhead.siting.capacity import Yard
from beachhead.siting.field import Field, Lists
from beachhead.siting.ground import Ground
from beachhead.world.algebra import row_text

_LETTERS = str.maketrans({"ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae", "ß": "ss", "ł": "l", "Ł": "L", "đ": "d", "ı": "i"})
_NEGLIGIBLE = 1e-12
_DIGITS = 12

Term = tuple[float, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`terms <= limit`, or `>=`, or `=`."""

    name: str
    terms: tuple[Term, ...]
    sense: str
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Algebra:
    """A programme with names.

    Attributes:
        said: what it asks, in sentences.
        maximise: else least is sought.
        objective: what is made best.
        rows: what must hold.
        shares: columns between 0 and 1 that are no decisions.
        sites: columns that are 0 or 1.
        standing: those of `sites` that are 1.
    """

    said: tuple[str, ...]
    maximise: bool
    objective: tuple[Term, ...]
    rows: tuple[Row, ...]
    shares: tuple[str, ...]
    sites: tuple[str, ...]
    standing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What things are called; each name once, in letters that .lp files allow.

    Attributes:
        sites: J candidates.
        customers: I places.
        groups: G budget groups; unused where there is one.
        periods: T periods; unused where there is one.
    """

    sites: tuple[str, ...]
    customers: tuple[str, ...]
    groups: tuple[str, ...] = ("all",)
    periods: tuple[str, ...] = ("",)


def plain_names(names: Iterable[str]) -> tuple[str, ...]:
    """Names in plain letters, digits and `_`; of those that come out alike all but the first are numbered."""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        letters = unicodedata.normalize("NFKD", name.translate(_LETTERS)).encode("ascii", "ignore").decode()
        plain = re.sub(r"[^A-Za-z0-9]+", "_", letters).strip("_") or "nameless"
        seen[plain] += 1
        found.append(plain if seen[plain] == 1 else f"{plain}__{seen[plain]}")
    return tuple(found)


def covering(ground: Ground, names: Names, said: Sequence[str] = ()) -> Algebra:
    """Maximal covering in nested periods: `open_X_Q` is 1 where X is open in Q, `covered_Y_Q` the part of Y reached."""
    periods = range(ground.periods)
    opens = [[_join("open", site, names.periods[t]) for t in periods] for site in names.sites]
    covers = [[_join("covered", place, names.periods[t]) for t in periods] for place in names.customers]
    leaving = np.zeros((len(covers), ground.periods), np.bool_) if ground.leaving is None else ground.leaving
    rows = [*_reached(ground.reach, opens, covers, leaving), *_nested(opens)]
    rows += [*_budgets(ground, names, opens), *_apart(ground.conflict, ground.kept, [one[-1] for one in opens])]
    rows += _not_yet(ground, opens)
    served = np.flatnonzero((np.diff(ground.reach.ptr) > 0) | leaving.any(axis=1))
    worth = [(float(ground.people[i] * ground.worth[t]), covers[i][t]) for i in served for t in periods]
    return Algebra(
        said=tuple(said),
        maximise=True,
        objective=_some(worth),
        rows=tuple(rows),
        shares=tuple(name for i in served for name in covers[i]),
        sites=tuple(name for one in opens for name in one),
        standing=tuple(name for j in np.flatnonzero(ground.kept) for name in opens[j][int(ground.since[j]) :]),
    )


def fewest(
    reach: Lists,
    people: NDArray[np.float64],
    share: float,
    kept: NDArray[np.bool_],
    names: Names,
    said: Sequence[str] = (),
) -> Algebra:
    """The fewest sites with which a share of the people is within reach: set covering with a share."""
    opens, covers = [[f"open_{site}"] for site in names.sites], [[f"covered_{place}"] for place in names.customers]
    served = np.flatnonzero(np.diff(reach.ptr) > 0)
    kept_by = tuple((float(people[i]), covers[i][0]) for i in served)
    promise = Row(name="promise", terms=_some(kept_by), sense=">=", limit=share * float(people.sum()))
    return Algebra(
        said=tuple(said),
        maximise=False,
        objective=tuple((1.0, one[0]) for one in opens),
        rows=(*_reached(reach, opens, covers, np.zeros((len(covers), 1), np.bool_)), promise),
        shares=tuple(covers[i][0] for i in served),
        sites=tuple(one[0] for one in opens),
        standing=tuple(opens[j][0] for j in np.flatnonzero(kept)),
    )


def serving(field: Field, names: Names, said: Sequence[str] = ()) -> Algebra:
    """Location in its first textbook form: everybody served once, from open sites only, or by nobody at a price."""
    opens = [f"open_{site}" for site in names.sites]
    objective: list[Term] = [(float(cost), name) for cost, name in zip(field.opening, opens, strict=True)]
    rows, shares = [], []
    for i, place in enumerate(names.customers):
        some = slice(field.by_customer.ptr[i], field.by_customer.ptr[i + 1])
        listed = zip(field.by_customer.item[some].tolist(), field.by_customer.cost[some].tolist(), strict=True)
        near = [(j, cost) for j, cost in listed if cost < field.outside[i]]
        mine = [_from_to(place, names.sites[j]) for j, _ in near]
        nobody = f"nobody_for_{place}"
        objective += [(cost, name) for name, (_, cost) in zip(mine, near, strict=True)]
        objective.append((float(field.outside[i]), nobody))
        rows.append(Row(name=f"once_{place}", terms=tuple((1.0, name) for name in (*mine, nobody)), sense="=", limit=1))
        rows += [_only(name, opens[j]) for name, (j, _) in zip(mine, near, strict=True)]
        shares += [*mine, nobody]
    limits = field.limits
    everything = list(zip(limits.price.tolist(), opens, strict=True))
    for g, budget in enumerate(limits.budget.tolist()):
        of = tuple(everything[j] for j in np.flatnonzero(limits.group == g))
        rows += [Row(name=f"budget_{names.groups[g]}", terms=of, sense="<=", limit=budget)] if budget < np.inf else []
    if limits.total < np.inf:
        rows.append(Row(name="budget", terms=tuple(everything), sense="<=", limit=limits.total))
    return Algebra(
        said=tuple(said),
        maximise=False,
        objective=_some(objective),
        rows=(*rows, *_apart(limits.conflict, limits.kept, opens)),
        shares=tuple(shares),
        sites=tuple(opens),
        standing=tuple(opens[j] for j in np.flatnonzero(limits.kept)),
    )


def with_capacity(yard: Yard, names: Names, said: Sequence[str] = ()) -> Algebra:
    """Location where a site serves only so much; demand may be split."""
    opens = [f"open_{site}" for site in names.sites]
    may = np.isfinite(yard.cost)
    pairs = [(i, j, _from_to(names.customers[i], names.sites[j])) for i, j in np.argwhere(may).tolist()]
    of_customer: list[list[Term]] = [[] for _ in names.customers]
    of_site: list[list[Term]] = [[] for _ in names.sites]
    for i, j, name in pairs:
        of_customer[i].append((1.0, name))
        of_site[j].append((float(yard.demand[i]), name))
    rows = [
        Row(name=f"once_{place}", terms=tuple(terms), sense="=", limit=1)
        for place, terms in zip(names.customers, of_customer, strict=True)
    ]
    rows += [
        Row(name=f"capacity_{names.sites[j]}", terms=(*of_site[j], (-float(most), opens[j])), sense="<=", limit=0)
        for j, most in enumerate(yard.capacity)
        if of_site[j]
    ]
    rows += [_only(name, opens[j]) for _, j, name in pairs]
    objective = [*zip(yard.opening.tolist(), opens, strict=True), *((float(yard.cost[i, j]), n) for i, j, n in pairs)]
    return Algebra(
        said=tuple(said),
        maximise=False,
        objective=_some(objective),
        rows=tuple(rows),
        shares=tuple(name for _, _, name in pairs),
        sites=tuple(opens),
        standing=tuple(opens[j] for j in np.flatnonzero(yard.kept)),
    )


def side_by_side(parts: Sequence[Algebra], said: Sequence[str] = ()) -> Algebra:
    """Programmes that share nothing, such as those of markets, as one; their names must differ."""
    return Algebra(
        said=tuple(said),
        maximise=parts[0].maximise,
        objective=tuple(term for part in parts for term in part.objective),
        rows=tuple(row for part in parts for row in part.rows),
        shares=tuple(name for part in parts for name in part.shares),
        sites=tuple(name for part in parts for name in part.sites),
        standing=tuple(name for part in parts for name in part.standing),
    )


def spell(algebra: Algebra) -> str:
    """The programme as text in the .lp format."""
    lines = [*(f"\\ {line}" for line in algebra.said), "maximize" if algebra.maximise else "minimize"]
    lines += [*row_text("value", algebra.objective, digits=_DIGITS), "subject to"]
    for row in algebra.rows:
        lines += row_text(row.name, row.terms, f"{row.sense} {row.limit:.{_DIGITS}g}", digits=_DIGITS)
    lines += ["bounds", *(f" {name} <= 1" for name in algebra.shares), *(f" {name} = 1" for name in algebra.standing)]
    standing = set(algebra.standing)  # readers reset the bounds of binaries, so these are not among them
    decided = [name for name in algebra.sites if name not in standing]
    return "\n".join([*lines, "binary", *(f" {name}" for name in decided), "end", ""])


def _reached(
    reach: Lists, opens: Sequence[Sequence[str]], covers: Sequence[Sequence[str]], leaving: NDArray[np.bool_]
) -> Iterator[Row]:
    """Nobody is covered without an open site in reach, but by one that closes later, `leaving` (I, T)."""
    for i, place in enumerate(covers):
        near = reach.item[reach.ptr[i] : reach.ptr[i + 1]].tolist()
        for t in np.flatnonzero(~leaving[i]).tolist() if near or leaving[i].any() else ():
            terms = ((1.0, place[t]), *((-1.0, opens[j][t]) for j in near))
            yield Row(name=place[t].replace("covered_", "reach_", 1), terms=terms, sense="<=", limit=0)


def _nested(opens: Sequence[Sequence[str]]) -> Iterator[Row]:
    """What is open stays open."""
    for one in opens:
        for before, after in pairwise(one):
            yield Row(name=f"stays_{after}", terms=((1.0, after), (-1.0, before)), sense=">=", limit=0)


def _not_yet(ground: Ground, opens: Sequence[Sequence[str]]) -> Iterator[Row]:
    """What is decided for a later period is shut before it."""
    for j in np.flatnonzero(ground.kept & (ground.since > 0)).tolist():
        last = opens[j][ground.since[j] - 1]
        yield Row(name=f"not_yet_{last}", terms=((1.0, last),), sense="<=", limit=0)


def _budgets(ground: Ground, names: Names, opens: Sequence[Sequence[str]]) -> Iterator[Row]:
    """New sites up to a period use what was given up to then; those that stand use nothing."""
    whole = np.cumsum(np.vstack([ground.budget, ground.total[None]]), axis=1)
    new = np.flatnonzero(~ground.kept).tolist()
    for g, given in enumerate(whole):
        of = [j for j in new if g == len(ground.budget) or ground.group[j] == g]
        name = "all" if g == len(ground.budget) else names.groups[g]
        for t in range(ground.periods):
            if np.isfinite(given[t]) and of:
                terms = tuple((float(ground.price[j]), opens[j][t]) for j in of)
                label = _join("budget", name, names.periods[t])
                yield Row(name=label, terms=terms, sense="<=", limit=float(given[t]))


def _apart(conflict: Lists, kept: NDArray[np.bool_], opens: Sequence[str]) -> Iterator[Row]:
    """Of two sites too close to each other one is open; those that stand may stand close."""
    first = np.repeat(np.arange(len(opens)), np.diff(conflict.ptr))
    for j, k in zip(first.tolist(), conflict.item.tolist(), strict=True):
        if j < k and not (kept[j] and kept[k]):
            yield Row(
                name=f"apart_{opens[j]}_{opens[k]}", terms=((1.0, opens[j]), (1.0, opens[k])), sense="<=", limit=1
            )


def _only(share: str, site: str) -> Row:
    """Nobody is served from a closed site."""
    return Row(name=f"only_{share}", terms=((1.0, share), (-1.0, site)), sense="<=", limit=0)


def _from_to(place: str, site: str) -> str:
    return f"from_{place}_to_{site}"


def _join(*words: str) -> str:
    return "_".join(word for word in words if word)


def _some(terms: Iterable[Term]) -> tuple[Term, ...]:
    """Without what counts for nothing; one is left, as an objective needs a column."""
    terms = tuple(terms)
    return tuple(term for term in terms if abs(term[0]) > _NEGLIGIBLE) or terms[:1]
