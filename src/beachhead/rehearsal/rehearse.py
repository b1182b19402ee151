"""Play whole launches in made-up worlds and count what goes wrong: scaled though bad, stopped though good, money low.

Our policy, the same with independent beliefs, and the rivals meet the same worlds with the same luck, gates on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from beachhead.launch.aim.steer import PLAIN, Steering, set_course
from beachhead.launch.bound.clairvoyant import as_is, clairvoyant
from beachhead.launch.estimate import Estimate, estimate
from beachhead.launch.policy.play import Played, World, play_towards, sell
from beachhead.launch.policy.value import rates_from
from beachhead.launch.question.kernel_terms import OUT, SCALED, Floats, Terms, under
from beachhead.launch.question.objective import Milestone, in_time
from beachhead.launch.question.problem import Problem
from beachhead.launch.scene import Scene
from beachhead.rehearsal.family import Family, family_worlds, without_correlation
from beachhead.rehearsal.rivals import SAID, Rival, play_rival

CHUNK = 8
"""Worlds of one piece of work; the unit that is kept, resumed and sent to a cluster."""
OURS = "beachhead"
INDEPENDENT = "independent_beliefs"
POLICIES = (OURS, INDEPENDENT, *(rival.name.lower() for rival in Rival))
DOES: Mapping[str, str] = {
    INDEPENDENT: "plans as Beachhead does, but takes what sells in one market to say nothing about the others",
    **{rival.name.lower(): said for rival, said in SAID.items()},
}
"""What each policy but ours does; all pay, sell and leave by the same rules."""
PILOTING = 3
COVER = 1.6448536269514722
TWENTY = 20
"""Worlds below which none can be told apart as the worst twentieth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """What one policy did in one world.

    Attributes:
        value: over carrying on as is, launch currency.
        low: lowest money cumulated to a quarter, over carrying on as is, discounting aside; at most 0.
        scaled: markets scaled.
        scaled_bad: of these, markets that would not have paid for themselves, demand known.
        good_piloted: markets piloted that would have paid if scaled after the last pilot.
        good_dropped: of these, markets not scaled by the end.
        wait: quarters from the first pilot of a market to scaling it, summed over markets piloted and scaled.
        waited: how many markets that sum is over.
        told: markets piloted or scaled.
        covered: of these, markets whose true log demand lies in the final 90 % interval.
        met: goals reached in time, in the order asked: 0 or 1, or the share of the cases that a goal counts.
    """

    value: float
    low: float
    scaled: int
    scaled_bad: int
    good_piloted: int
    good_dropped: int
    wait: int
    waited: int
    told: int
    covered: int
    met: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """The worlds of one chunk, played.

    Attributes:
        family: where the worlds come from.
        chunk: number of the chunk.
        clairvoyant: bound of each world.
        plays: by world, one for each of `POLICIES`.
    """

    family: Family
    chunk: int
    clairvoyant: tuple[float, ...]
    plays: tuple[tuple[Performance, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a policy did over the worlds of a family.

    Attributes:
        family: where the worlds come from.
        policy: name.
        value: over carrying on as is.
        share: of the clairvoyant's value; None where that is not positive, or the worlds are too few.
        behind: ours less this policy's value, paired by world.
        low_mean: mean of the lowest cumulated money.
        low_worst: its 5 % quantile; None where the worlds are fewer than hold one in twenty.
        scaled: markets scaled, over all worlds.
        scaled_bad: of these, markets that were bad.
        good_piloted: good markets piloted, over all worlds.
        good_dropped: of these, markets never scaled, for want of capital too.
        false_scale: share of markets scaled that were bad; None if none was scaled.
        false_stop: share of good piloted markets never scaled; None if none was good.
        quarters_to_scale: mean quarters from first pilot to scaling; None if none.
        cover: share of 90 % intervals that hold the truth; None if nothing was learnt.
        odds: of each goal, in the order asked.
    """

    family: Family
    policy: str
    value: Estimate
    share: float | None
    behind: Estimate
    low_mean: float
    low_worst: float | None
    scaled: int
    scaled_bad: int
    good_piloted: int
    good_dropped: int
    false_scale: float | None
    false_stop: float | None
    quarters_to_scale: float | None
    cover: float | None
    odds: tuple[float, ...]


Item = tuple[Family, int, int]
Mapper = Callable[[Callable[[Item], "Piece"], Sequence[Item]], Iterable["Piece"]]
"""Runs a function over items anywhere and yields the answers as they come, in any order."""


def rehearse(
    problem: Problem,
    seed: int,
    worlds: int,
    *,
    families: Sequence[Family] = tuple(Family),
    goals: Sequence[Milestone] = (),
    done: Iterable[Piece] = (),
    run: Mapper | None = None,
    steering: Steering = PLAIN,
) -> Iterator[Piece]:
    """Pieces of the rehearsal as they are finished, those already done first; the numbers do not depend on `run`.

    Args:
        problem: the launch.
        seed: of the worlds.
        worlds: of each family.
        families: where worlds come from.
        goals: targets counted, each after those that must be reached before it.
        done: pieces of an earlier rehearsal of the same problem, seed and goals.
        run: where to play; in this thread if None.
        steering: of the plan rehearsed.
    """
    wanted = {(f, k): count for f in families for k, count in enumerate(chunks(worlds))}
    for piece in done:
        if wanted.get((piece.family, piece.chunk)) == len(piece.clairvoyant):
            del wanted[piece.family, piece.chunk]
            yield piece
    work = PieceOfWork(problem=problem, seed=seed, goals=tuple(goals), steering=steering)
    items = [(family, chunk, count) for (family, chunk), count in wanted.items()]
    yield from map(work, items) if run is None else run(work, items)


def chunks(worlds: int) -> tuple[int, ...]:
    """Sizes of the chunks."""
    full, rest = divmod(worlds, CHUNK)
    return (CHUNK,) * full + ((rest,) if rest else ())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PieceOfWork:
    """What a worker needs besides family, chunk and count; can be sent to another machine.

    Attributes:
        problem: the launch.
        seed: of the worlds.
        goals: targets counted, each after those that must be reached before it.
        steering: of the plan rehearsed.
    """

    problem: Problem
    seed: int
    goals: tuple[Milestone, ...]
    steering: Steering = PLAIN

    def __call__(self, item: Item) -> Piece:
        """Play one chunk."""
        family, chunk, count = item
        drawn = family_worlds(self.problem, family, self.seed, chunk, count)
        course = set_course(self.problem, self.steering)
        ours, alone = Scene(*course[2:]), set_course(without_correlation(self.problem), self.steering)
        plays, bounds = [], []
        for world in drawn:
            truth = under(ours.terms, world.scenario)
            base = as_is(truth, ours.position, np.exp(world.theta))
            idle = _idle_cash(ours, truth, world)
            bounds.append(clairvoyant(truth, ours.position, world.theta))
            played = [play_towards(*course, world), play_towards(*alone, world)]
            played += [play_rival(ours.terms, ours.position, ours.mean, ours.cov, world, int(r)) for r in Rival]
            plays.append(tuple(_counted(ours, truth, world, p, base, idle, self.goals) for p in played))
        return Piece(family=family, chunk=chunk, clairvoyant=tuple(bounds), plays=tuple(plays))


def outcomes(pieces: Iterable[Piece]) -> tuple[Outcome, ...]:
    """One outcome for each family and policy, families in their order, ours first."""
    by_family: dict[Family, list[Piece]] = {}
    for piece in pieces:
        by_family.setdefault(piece.family, []).append(piece)
    found = []
    for family in Family:
        if rows := sorted(by_family.get(family, ()), key=lambda piece: piece.chunk):
            bound = np.array([b for piece in rows for b in piece.clairvoyant])
            table = [world for piece in rows for world in piece.plays]
            ours = np.array([world[0].value for world in table])
            found += [_outcome(family, p, [world[p] for world in table], ours, bound) for p in range(len(POLICIES))]
    return tuple(found)


def _outcome(family: Family, policy: int, plays: list[Performance], ours: Floats, bound: Floats) -> Outcome:
    value = np.array([p.value for p in plays])
    low = np.array([p.low for p in plays])
    earned = estimate(value)
    return Outcome(
        family=family,
        policy=POLICIES[policy],
        value=earned,
        share=float(value.mean() / bound.mean()) if bound.mean() > 0 and earned.se is not None else None,
        behind=estimate(ours - value),
        low_mean=float(low.mean()),
        low_worst=float(np.quantile(low, 0.05)) if len(low) >= TWENTY else None,
        scaled=sum(p.scaled for p in plays),
        scaled_bad=sum(p.scaled_bad for p in plays),
        good_piloted=sum(p.good_piloted for p in plays),
        good_dropped=sum(p.good_dropped for p in plays),
        false_scale=_ratio(sum(p.scaled_bad for p in plays), sum(p.scaled for p in plays)),
        false_stop=_ratio(sum(p.good_dropped for p in plays), sum(p.good_piloted for p in plays)),
        quarters_to_scale=_ratio(sum(p.wait for p in plays), sum(p.waited for p in plays)),
        cover=_ratio(sum(p.covered for p in plays), sum(p.told for p in plays)),
        odds=tuple(float(x) for x in np.array([p.met for p in plays]).mean(axis=0)) if plays[0].met else (),
    )


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _counted(
    scene: Scene, truth: Terms, world: World, played: Played, base: float, idle: Floats, goals: tuple[Milestone, ...]
) -> Performance:
    scaled = bad = good = dropped = wait = waited = told = covered = 0
    for i in np.flatnonzero(scene.position.stage == OUT):
        stage = played.stage[:, i]
        pilots, starts = np.flatnonzero(stage == PILOTING), np.flatnonzero(stage == SCALED)
        if len(starts):
            scaled += 1
            bad += _best_value(truth, int(i), int(starts[0]), world.theta[i]) < 0
        if len(pilots):
            after = min(int(pilots[-1]) + 1, len(stage) - 1)
            if _best_value(truth, int(i), after, world.theta[i]) > 0:
                good += 1
                dropped += not len(starts)
            if len(starts) and starts[0] > pilots[0]:
                wait += int(starts[0] - pilots[0])
                waited += 1
        if len(pilots) or len(starts):
            told += 1
            off = abs(float(world.theta[i] - played.mean[i]))
            covered += off <= COVER * math.sqrt(max(float(played.cov[i, i]), 0.0))
    cars = (played.sold + played.batch).T[None]
    return Performance(
        value=float(played.value - base),
        low=float(min(np.cumsum(played.cash - idle).min(), 0.0)),
        scaled=int(scaled),
        scaled_bad=int(bad),
        good_piloted=int(good),
        good_dropped=int(dropped),
        wait=int(wait),
        waited=int(waited),
        told=int(told),
        covered=int(covered),
        met=tuple(in_time(goals, cars)[0].tolist()) if goals else (),
    )


def _idle_cash(scene: Scene, truth: Terms, world: World) -> Floats:
    """(T,) money of each quarter if nothing more is done."""
    demand, sold = np.exp(world.theta), np.zeros(len(world.theta))
    return np.array([sell(truth, scene.position, demand, t, sold) for t in range(truth.path.shape[1])])


def _best_value(terms: Terms, i: int, start: int, theta: float) -> float:
    """Value of scaling market i in a quarter through its best permitted route and never leaving, demand known."""
    free = np.zeros(terms.path.shape[1])
    best = -math.inf
    for c in range(terms.capital.shape[1]):
        if np.isfinite(terms.capital[i, c]) and start >= terms.first_scale[i, c]:
            now, later, cost = rates_from(terms, free, i, c, start, start)
            gain = (now + terms.discount * later) * math.exp(theta)
            best = max(best, gain - terms.capital[i, c] - terms.opex[i, c] - terms.discount * cost)
    return best
