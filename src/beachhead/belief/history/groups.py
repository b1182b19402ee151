"""How the entry model does on groups that it has not seen: brands, countries and both, drawn at random and held out.

One group of a dozen entries says little: which of nine peers was best on it is known only afterwards, and the best of
nine noisy means lies below the mean of each. So many groups are drawn, and beside the model's skill stands that of one
peer kept to throughout, the best over all groups together, against the same best of nine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from beachhead.belief.history.backtest import Question, Ready, Scored, folds_of, prepare, score_folds
from beachhead.belief.history.case import ORIGINS, Case
from beachhead.belief.history.peers import Peer
from beachhead.belief.history.score import skill, skill_interval
from beachhead.world.entry import Panel
from beachhead.world.errors import NotLearnt

Array = NDArray[np.float64]

WORSE = -0.02  # a skill below this counts as worse than the peer
_FEWEST = 5  # entries for a skill to mean anything
_TRIES = 400  # draws of a kind, those with too few entries (`Kind.entries`) among them


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One way to hold out: how many brands and countries a group has, from and to, and the entries it needs at least.

    With countries, each brand scored is kept out of learning as well (as `--countries` does).
    """

    name: str
    brands: tuple[int, int]
    countries: tuple[int, int]
    entries: int


KINDS = (
    Kind(name="brands", brands=(2, 4), countries=(0, 0), entries=8),
    Kind(name="countries", brands=(0, 0), countries=(1, 2), entries=6),
    Kind(name="both", brands=(4, 6), countries=(3, 5), entries=6),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSkill:
    """One group at one origin.

    Attributes:
        kind: how it was drawn.
        brands: brands held out; none if countries only.
        countries: countries held out.
        months: months observed.
        entries: entries scored.
        crps_log1p: mean CRPS of log1p of the next twelve months' total.
        best_peer: the peer with the least mean CRPS on these very entries.
        skill: 1 - ours / that peer's.
        skill_low: lower end of its 95 % interval, bootstrap over entries.
        skill_high: upper end.
        one_peer: skill, against the same best peer, of the one peer that did best over all groups together.
    """

    kind: str
    brands: tuple[str, ...]
    countries: tuple[str, ...]
    months: int
    entries: int
    crps_log1p: float
    best_peer: str
    skill: float
    skill_low: float
    skill_high: float
    one_peer: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How the skills of one kind of group lie at one origin.

    Attributes:
        kind: how the groups were drawn.
        months: months observed.
        groups: how many.
        entries: median number of entries in one.
        mean: mean skill.
        low: tenth percentile.
        median: median.
        high: ninetieth percentile.
        worse: share of groups below -2 %.
        surely_worse: share whose whole interval lies below -2 %.
        half_width: median half-width of the intervals: what a skill of one group is known to.
        one_peer: the peer that did best over all groups together.
        one_peer_mean: its mean skill against the best of all peers on each group.
        one_peer_worse: share of groups on which it is below -2 %.
    """

    kind: str
    months: int
    groups: int
    entries: float
    mean: float
    low: float
    median: float
    high: float
    worse: float
    surely_worse: float
    half_width: float
    one_peer: str
    one_peer_mean: float
    one_peer_worse: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Skills of all groups, and how they lie."""

    spreads: tuple[Spread, ...]
    groups: tuple[GroupSkill, ...]


def score_groups(
    panel: Panel,
    count: int,
    *,
    seed: int = 0,
    peers: tuple[Peer, ...] | None = None,
    executor: Executor | None = None,
    tick: Callable[[int, int], None] = lambda done, total: None,
) -> Groups:
    """Hold out `count` groups, a half of them brands, a quarter countries, a quarter both, and score each.

    Args:
        panel: entries and market totals.
        count: how many groups.
        seed: of the draw and the bootstraps.
        peers: whom to compare with; every peer whose package is installed where not given.
        executor: runs folds side by side; in this process where not given.
        tick: told how many folds of how many are done.

    Raises:
        NotLearnt: the panel is too small to hold out groups of it.
    """
    ready = prepare(panel, peers)
    questions = draw(ready.asked, count, seed)
    folds = [folds_of(question, ready) for _, question in questions]
    everything = score_folds(ready, [fold for part in folds for fold in part], executor, tick)
    chosen = _best_overall(everything)
    scored = iter(everything)
    skills: list[GroupSkill] = []
    for (kind, question), part in zip(questions, folds, strict=True):
        own = [next(scored) for fold in part for _ in fold.score]
        skills += _skills(kind, question, own, ready, chosen, seed)
    return Groups(spreads=tuple(_spreads(skills, ready, chosen)), groups=tuple(skills))


def draw(asked: Sequence[Case], count: int, seed: int) -> list[tuple[Kind, Question]]:
    """Distinct groups with enough entries at three months, drawn uniformly from the names of brands and countries."""
    rng = np.random.default_rng(seed)
    names = sorted({c.brand for c in asked}), sorted({c.entry.country for c in asked})
    out: list[tuple[Kind, Question]] = []
    for kind in KINDS:
        wanted = count - 2 * (count // 4) if kind is KINDS[0] else count // 4
        drawn = (q for q in _drawn(kind, names, rng) if _entries(q, asked) >= kind.entries)
        out += [(kind, question) for question in islice(_distinct(drawn), wanted)]
    if not out:
        raise NotLearnt("the panel is too small to hold out groups of it", "use one of more brands or countries")
    return out


def _drawn(kind: Kind, names: tuple[Sequence[str], Sequence[str]], rng: np.random.Generator) -> Iterator[Question]:
    for _ in range(_TRIES):
        picked = [
            tuple(
                sorted(rng.choice(known, min(int(rng.integers(least, most + 1)), len(known)), replace=False).tolist())
            )
            for known, (least, most) in zip(names, (kind.brands, kind.countries), strict=True)
        ]
        yield Question(brands=picked[0], countries=picked[1])


def _distinct(questions: Iterable[Question]) -> Iterator[Question]:
    seen: set[Question] = set()
    for question in questions:
        if question not in seen:
            seen.add(question)
            yield question


def _entries(question: Question, asked: Sequence[Case]) -> int:
    return sum(
        c.months == min(ORIGINS)
        and (not question.brands or c.brand in question.brands)
        and (not question.countries or c.entry.country in question.countries)
        for c in asked
    )


def _best_overall(scored: Sequence[Scored]) -> dict[int, int]:
    """Number of the peer with the least mean score over all groups together, by origin."""
    tables = {k: [s.peers for s in scored if s.case.months == k] for k in ORIGINS}
    return {k: int(np.argmin(np.mean(table, axis=0))) for k, table in tables.items() if table}


def _skills(
    kind: Kind, question: Question, scored: Sequence[Scored], ready: Ready, chosen: dict[int, int], seed: int
) -> Iterator[GroupSkill]:
    for months in ORIGINS:
        here = [s for s in scored if s.case.months == months]
        if len(here) < _FEWEST:
            continue
        ours = np.array([s.crps for s in here])
        table = np.array([s.peers for s in here])
        means = table.mean(axis=0)
        best = int(np.argmin(means))
        low, high = skill_interval(ours, table[:, best], np.arange(len(here)), seed, rounds=1000)
        yield GroupSkill(
            kind=kind.name,
            brands=question.brands,
            countries=question.countries,
            months=months,
            entries=len(here),
            crps_log1p=float(ours.mean()),
            best_peer=ready.peers[best].name,
            skill=skill(ours, means[best]),
            skill_low=low,
            skill_high=high,
            one_peer=skill(means[chosen[months]], means[best]),
        )


def _spreads(skills: Sequence[GroupSkill], ready: Ready, chosen: dict[int, int]) -> Iterator[Spread]:
    for kind in KINDS:
        for months in ORIGINS:
            here = [s for s in skills if s.kind == kind.name and s.months == months and not math.isnan(s.skill)]
            if not here:
                continue
            skill = np.array([s.skill for s in here])
            other = np.array([s.one_peer for s in here])
            low, median, high = np.quantile(skill, [0.1, 0.5, 0.9])
            yield Spread(
                kind=kind.name,
                months=months,
                groups=len(here),
                entries=float(np.median([s.entries for s in here])),
                mean=float(skill.mean()),
                low=float(low),
                median=float(median),
                high=float(high),
                worse=float(np.mean(skill < WORSE)),
                surely_worse=float(np.mean([s.skill_high < WORSE for s in here])),
                half_width=float(np.median([(s.skill_high - s.skill_low) / 2 for s in here])),
                one_peer=ready.peers[chosen[months]].name,
                one_peer_mean=float(other.mean()),
                one_peer_worse=float(np.mean(other < WORSE)),
            )
