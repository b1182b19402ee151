"""The siting models: what each makes best, and by which search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from beachhead.case.cluster import mapper
from beachhead.case.open import Launch
from beachhead.case.plan.planning import newest_plan
from beachhead.case.siting.choice import Choice
from beachhead.case.siting.facility import facilities
from beachhead.case.siting.paying import paying_sites
from beachhead.case.siting.question import DECAY, RIVAL_MINUTES, Ask, Model
from beachhead.case.siting.scene import FAR, Scene
from beachhead.siting.capture import Contest, Law, capture, pulls
from beachhead.siting.cover import Cover, CoverEffort, most_covered
from beachhead.siting.field import Field, Floats, Limits, no_lists
from beachhead.siting.geography import close_pairs
from beachhead.siting.ground import Ground
from beachhead.siting.network import Aim, Question, site_network
from beachhead.siting.promise import fewest_for
from beachhead.siting.solve import Effort, Status, solve
from beachhead.siting.split import most_covered_apart
from beachhead.siting.worth import within
from beachhead.world.errors import BadInput, NotFeasible, NotLearnt
from beachhead.world.figures import how_many, percent, some
from beachhead.world.quarter import Quarter
from beachhead.world.work import Tick


def choose(launch: Launch, ask: Ask, scene: Scene, tick: Tick | None = None) -> Choice:
    """The sites that make the model's aim best, as far as the search came; `tick` is told how far that is."""
    answer = {
        Model.COVER: _cover,
        Model.PHASES: _phases,
        Model.TRAVEL: _travel,
        Model.PROMISE: _promise,
        Model.CAPTURE: _capture,
        Model.GRADUAL: _gradual,
        Model.UNCAPACITATED: facilities,
        Model.CAPACITATED: facilities,
    }
    return answer[ask.model](launch, ask, scene, tick)


def _cover(launch: Launch, ask: Ask, scene: Scene, tick: Tick | None) -> Choice:
    effort = CoverEffort(work=ask.work, seconds=ask.seconds, tick=tick)
    found, said = _covered(launch, ask, cover_ground(ask, scene), effort)
    return Choice(
        opens=found.opens,
        value=found.value,
        bound=found.bound,
        gap=found.gap,
        unit="cars a year within the minutes",
        status=found.status.value,
        work=found.work,
        notes=(*said, *_enough_note(ask, scene, found), *_spacing_note(ask, found)),
    )


def cover_ground(ask: Ask, scene: Scene) -> Ground:
    """Who would be covered by which site, at once; a site that may be closed makes room for another."""
    closable = scene.stands & ~scene.kept
    limits = _limits(scene, ask) + np.bincount(scene.market[scene.candidates], closable, len(scene.markets))
    total = np.array([_affordable(ask, scene) + closable.sum()])
    return _ground(scene, ask, limits[:, None], total, np.ones(1))


def _covered(launch: Launch, ask: Ask, ground: Ground, effort: CoverEffort) -> tuple[Cover, tuple[str, ...]]:
    """Market by market where no budget is shared, side by side on a cluster if one is named; else all at once."""
    if np.isfinite(ground.total).any():
        said = "A shared budget or count couples the markets, so they are solved together on this machine."
        return most_covered(ground, seed=_seed(launch, ask), effort=effort), (said,) if ask.scheduler else ()
    side_by_side = mapper(ask.scheduler, effort.tick)
    if ask.scheduler is not None:
        effort = replace(effort, tick=None)  # nobody listens on the machines of a cluster
    return most_covered_apart(ground, seed=_seed(launch, ask), effort=effort, mapper=side_by_side), ()


def _phases(launch: Launch, ask: Ask, scene: Scene, tick: Tick | None) -> Choice:
    phased = phased_ground(launch, ask, scene)
    effort = CoverEffort(steps=1500, moves=10_000.0, work=ask.work, seconds=ask.seconds, tick=tick)
    found, told = _covered(launch, ask, phased.ground, effort)
    return Choice(
        opens=found.opens,
        value=found.value / 4,
        bound=found.bound / 4,
        gap=found.gap,
        unit="discounted cars of the market within the minutes, over the quarters",
        status=found.status.value,
        work=found.work,
        quarters=launch.folder.terms.grid,
        starts=phased.starts,
        notes=(*phased.notes, *told, *_spacing_note(ask, found)),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Phased:
    """What may open when.

    Attributes:
        ground: who would be covered by which site, quarter by quarter.
        starts: (M,), number of the first quarter in which each market may open sites; T for never.
        notes: sentences.
    """

    ground: Ground
    starts: tuple[int, ...]
    notes: tuple[str, ...]


def phased_ground(launch: Launch, ask: Ask, scene: Scene) -> Phased:
    """What capital, staff, lead time and the stages of the plan let open in each quarter."""
    terms = launch.folder.terms
    quarters, lead = terms.grid, scene.format.lead_quarters
    if lead >= len(quarters):
        raise BadInput(
            f"a {scene.format.name} takes {how_many(lead, 'quarter')}, the launch has {len(quarters)}",
            "lengthen `quarters` in launch.toml",
        )
    earliest = scene.begun.earliest(quarters[0], scene.format)
    if earliest >= len(quarters):
        late = f"a {scene.format.name} that is decided in {scene.begun.now} opens after {quarters[-1]}"
        raise BadInput(f"{late}, where the launch ends", "lengthen `quarters` in launch.toml")
    starts, notes = _stages(launch, scene, quarters)
    total = _new_by_quarter(launch, ask, scene, quarters)
    limits = _limits(scene, ask)
    if ask.paying and scene.format.sells and ask.count is None and ask.budget is None:
        enough, said = paying_sites(launch, ask, scene, starts, quarters)
        limits, notes = np.minimum(limits, enough), (*notes, *said)
    opens = [max(start, earliest) for start in starts]
    if limits.sum() <= np.cumsum(total)[min([*opens, len(quarters) - 1])]:
        total = np.full(len(quarters), np.inf)  # the first quarter already pays for all: no toll, and a better bound
    budget = _from_start(limits, opens, len(quarters))
    worth = np.power(terms.discount_per_quarter, np.arange(len(quarters), dtype=float))
    return Phased(ground=_ground(scene, ask, budget, total, worth), starts=tuple(starts), notes=notes)


def _from_start(limits: Floats, starts: Sequence[int], quarters: int) -> Floats:
    """(M, T), new sites that a market may open: all it may have in its first quarter, what is left of them later."""
    budget = np.repeat(limits[:, None], quarters, axis=1)
    for m, start in enumerate(starts):
        budget[m, : min(start, quarters)] = 0.0
        budget[m, start + 1 :] = np.where(np.isfinite(budget[m, start + 1 :]), 0.0, np.inf)
    return budget


def median_question(ask: Ask, scene: Scene) -> Question:
    """Which sites to open so that people travel least."""
    if ask.per_market or ask.spacing_km:
        raise BadInput("mean travel time takes one count for all markets, without spacing", "use --model cover")
    count = _affordable(ask, scene) + int(scene.stands.sum())
    return Question(
        places=scene.places,
        sites=scene.candidates,
        kept=scene.kept,
        count=int(min(count, len(scene.candidates))),
        aim=Aim.TRAVEL,
        minutes=FAR * ask.minutes,
    )


def _travel(launch: Launch, ask: Ask, scene: Scene, tick: Tick | None) -> Choice:
    question = median_question(ask, scene)
    effort = Effort(work=ask.work, seconds=ask.seconds, tick=tick)
    found = site_network(question, seed=_seed(launch, ask), effort=effort)
    chosen = np.isin(scene.candidates, [site.place for site in found.sites])
    counted = np.where(np.isfinite(found.minutes), found.minutes, 2.0 * FAR * ask.minutes)
    mean = float(np.average(counted, weights=scene.places.people))
    return Choice(
        opens=np.where(chosen, 0, 1).astype(np.int32),
        value=mean,
        bound=mean * (1 - found.gap),
        gap=found.gap,
        unit="mean minutes, those out of reach counted in",
        status=found.status.value,
        work=found.work,
        notes=(f"Whoever lives more than {FAR * ask.minutes:g} minutes from every site counts as twice that.",),
    )


def gradual_field(ask: Ask, scene: Scene) -> Field:
    """Gradual cover: nobody beyond the minutes counts, and less and less from `full` minutes on.

    Church & Roberts, Papers of the Regional Science Association 53 (1983); Berman, Krass & Drezner, EJOR 151 (2003): a
    buyer counts by the nearest open site, so what is missed is a median problem with costs buyers x (1 - worth).
    """
    if ask.spacing_km:
        raise BadInput("gradual cover takes no spacing", "use --model cover")
    full = _full(ask)
    if not 0 <= full < ask.minutes:
        raise BadInput(
            f"buyers cannot count wholly within {full:g} minutes and not at all beyond {ask.minutes:g}",
            "let --full be less than --minutes",
        )
    lists = within(scene.minutes, ask.minutes)
    rows = np.repeat(np.arange(len(scene.places)), np.diff(lists.ptr))
    missed = np.clip((lists.cost - full) / (ask.minutes - full), 0.0, 1.0)
    group = scene.market[scene.candidates]
    stands = np.bincount(group, scene.stands, len(scene.markets))
    limits = replace(
        Limits.count(len(scene.candidates), _affordable(ask, scene) + float(scene.stands.sum()), scene.kept),
        group=group,
        budget=_limits(scene, ask) + stands,
    )
    return Field(
        by_customer=lists._replace(cost=missed * scene.buyers[rows]),
        opening=np.zeros(len(scene.candidates)),
        outside=scene.buyers.copy(),
        horizon=scene.buyers.copy(),
        limits=limits,
    )


def _full(ask: Ask) -> float:
    """Minutes within which a buyer counts wholly."""
    return ask.minutes / 2 if ask.full is None else ask.full


def _gradual(launch: Launch, ask: Ask, scene: Scene, tick: Tick | None) -> Choice:
    field, full = gradual_field(ask, scene), _full(ask)
    found = solve(field, seed=_seed(launch, ask), effort=Effort(work=ask.work, seconds=ask.seconds, tick=tick))
    everyone = float(scene.buyers.sum())
    value, bound = everyone - found.upper, everyone - found.lower
    return Choice(
        opens=np.where(np.isin(np.arange(len(scene.candidates)), found.sites), 0, 1).astype(np.int32),
        value=value,
        bound=bound,
        gap=max(bound - value, 0.0) / bound if bound > 0 else 0.0,
        unit="cars a year, those farther away counted less",
        status=found.status.value,
        work=found.work,
        notes=(f"A buyer counts wholly within {full:g} minutes, not at all beyond {ask.minutes:g}, linearly between.",),
    )


def _promise(launch: Launch, ask: Ask, scene: Scene, tick: Tick | None) -> Choice:
    if ask.per_market or ask.spacing_km or ask.count is not None or ask.budget is not None:
        raise BadInput(
            "a promise asks for the fewest sites: it takes no count, budget or spacing",
            "leave them out, or use --model cover",
        )
    found = fewest_for(
        within(scene.minutes, ask.minutes),
        scene.places.people,
        ask.share,
        scene.kept,
        seed=_seed(launch, ask),
        effort=CoverEffort(steps=600, moves=3_000.0, work=ask.work, seconds=ask.seconds, tick=tick),
    )
    opens = np.ones(len(scene.candidates), np.int32)
    opens[found.sites] = 0
    sites = len(found.sites)
    return Choice(
        opens=opens,
        value=float(sites),
        bound=float(found.fewest),
        gap=(sites - found.fewest) / max(sites, 1),
        unit="sites",
        status=(Status.OPTIMAL if sites == found.fewest else Status.unproved(found.by_clock)).value,
        work=found.work,
        promise=found,
    )


def _capture(launch: Launch, ask: Ask, scene: Scene, tick: Tick | None) -> Choice:
    if ask.per_market or ask.spacing_km:
        raise BadInput("capture takes one count for all markets, without spacing", "use --model cover")
    if not scene.format.sells:
        raise BadInput(f"a {scene.format.name} sells no cars, so it captures no buyers", "use --format store")
    if ask.rivals <= 0:
        raise BadInput(f"{ask.rivals:g} rival stores would leave every buyer to one store", "write more than 0")
    attraction = np.where(scene.stands, 1.0, scene.format.pull)
    found = capture(
        Contest(
            pull=pulls(scene.minutes, attraction, law=Law.HUFF, decay=DECAY),
            buyers=scene.buyers,
            outside=np.full(len(scene.buyers), ask.rivals * RIVAL_MINUTES**-DECAY),
            kept=scene.kept,
            count=int(min(_affordable(ask, scene) + (scene.stands & ~scene.kept).sum(), len(scene.candidates))),
        )
    )
    opens = np.ones(len(scene.candidates), np.int32)
    opens[found.sites] = 0
    own = percent(float(found.taken_from_own.sum()) / max(found.buyers, 1e-12))
    return Choice(
        opens=opens,
        value=found.buyers,
        bound=found.bound,
        gap=found.gap,
        unit="cars a year captured",
        status=(Status.OPTIMAL if found.gap < 1e-9 else Status.STOPPED).value,
        drawn=tuple(zip(found.by_site.tolist(), found.taken_from_own.tolist(), strict=True)),
        notes=(
            f"{own} of what own stores draw they take from each other.",
            f"Assumed: Huff's law, exponent {DECAY:g}; {ask.rivals:g} rivals at {RIVAL_MINUTES:g} min (`--rivals`).",
        ),
    )


def _ground(scene: Scene, ask: Ask, budget: Floats, total: Floats, worth: Floats) -> Ground:
    count = len(scene.candidates)
    lat, lon = scene.places.lat[scene.candidates], scene.places.lon[scene.candidates]
    return Ground(
        reach=within(scene.minutes, ask.minutes),
        people=scene.buyers,
        price=np.ones(count),
        group=scene.market[scene.candidates],
        kept=scene.kept,
        since=scene.since,
        budget=budget,
        total=total,
        worth=worth,
        conflict=close_pairs(lat, lon, ask.spacing_km) if ask.spacing_km > 0 else no_lists(count),
        leaving=scene.leaving,
    )


def _limits(scene: Scene, ask: Ask) -> Floats:
    """(M,), most new sites by market."""
    return np.array([float(ask.per_market.get(code, np.inf)) for code in scene.markets])


def _affordable(ask: Ask, scene: Scene) -> float:
    """New sites that count and budget allow."""
    if ask.count is None and ask.budget is None:
        if not ask.per_market:
            raise BadInput("how many sites?", "give --count, --budget, --per-market or --promise")
        if free := [code for code in scene.markets if code not in ask.per_market]:
            raise BadInput(
                f"how many sites in {some(free)}? --per-market names others only",
                f"give `--per-market {free[0]}=N` too, or --count or --budget for all together",
            )
    most = np.inf if ask.count is None else float(ask.count)
    return most if ask.budget is None else min(most, scene.paid_by(ask.budget))


def _new_by_quarter(launch: Launch, ask: Ask, scene: Scene, quarters: tuple[Quarter, ...]) -> Floats:
    """(T,), new sites that may open: capital decided a lead time before, staff, and the count over all."""
    if ask.budget is not None:
        capital = np.full(len(quarters), ask.budget / (len(quarters) - scene.format.lead_quarters))
    else:
        by_year = launch.folder.limits.capital_per_year
        capital = np.array([by_year[quarter.year] / 4 for quarter in quarters])
    lead = scene.format.lead_quarters
    spent = np.concatenate([np.zeros(lead), np.cumsum(capital)])[: len(quarters)]
    most = np.array([scene.paid_by(money) if t >= lead else 0.0 for t, money in enumerate(spent.tolist())])
    if ask.staff_per_quarter is not None and scene.format.staff > 0:
        people = np.concatenate([np.zeros(lead), np.cumsum(np.full(len(quarters), ask.staff_per_quarter))])
        most = np.minimum(most, np.floor(people[: len(quarters)] / scene.format.staff + 1e-9))
    if ask.count is not None:
        most = np.minimum(most, ask.count)
    most[: scene.begun.earliest(quarters[0], scene.format)] = 0.0  # what was not decided by now opens no sooner
    if most[-1] < 1:
        raise NotFeasible(
            f"capital and staff do not pay for one {scene.format.name} within the launch",
            "raise --budget or --staff, or choose a cheaper --format",
        )
    return np.diff(most, prepend=0.0)


def _stages(launch: Launch, scene: Scene, quarters: tuple[Quarter, ...]) -> tuple[list[int], tuple[str, ...]]:
    """(M,), first quarter in which each market may open sites, T for never; from the newest plan where there is one."""
    try:
        timeline = newest_plan(launch).plan.timeline
    except NotLearnt:
        first: dict[str, Quarter] = {}
        for row in launch.folder.economics:
            first[row.market] = min(first.get(row.market, row.earliest_scale), row.earliest_scale)
        starts = [max(first.get(code, quarters[0]) - quarters[0], 0) for code in scene.markets]
        return starts, ("No plan is on record: markets open from the earliest quarter of economics.csv on.",)
    starts = []
    for code in scene.markets:
        odds = timeline.scaled[timeline.markets.index(code)] if code in timeline.markets else np.zeros(1)
        likely = np.flatnonzero(odds >= 0.5)
        starts.append(timeline.quarters[int(likely[0])] - quarters[0] if len(likely) else len(quarters))
    out = [code for code, start in zip(scene.markets, starts, strict=True) if start >= len(quarters)]
    note = "Markets open once the newest plan has scaled them with even odds"
    if timeline.quarters[0] > quarters[0]:
        note = f"What is not decided yet is decided in {timeline.quarters[0]} or later. {note}"
    return starts, (f"{note}; it never does so in {some(out)}." if out else f"{note}.",)


def _seed(launch: Launch, ask: Ask) -> int:
    return launch.folder.terms.seeds.plan if ask.seed is None else ask.seed


def _enough_note(ask: Ask, scene: Scene, found: Cover) -> tuple[str, ...]:
    """Where fewer sites than were asked for reach everybody whom any candidate reaches."""
    reach, opened = within(scene.minutes, ask.minutes), found.opens < len(found.covered)
    rows = np.repeat(np.arange(len(scene.places)), np.diff(reach.ptr))
    served, reachable = np.zeros((2, len(scene.places)), np.bool_)
    served[rows[opened[reach.item]]] = reachable[rows] = True
    short = np.bincount(scene.market[reachable & ~served & (scene.buyers > 0)], minlength=len(scene.markets)) > 0
    new = np.bincount(scene.market[scene.candidates[opened & ~scene.stands]], minlength=len(scene.markets))
    all_of = "reach everybody whom any candidate reaches" if new.sum() != 1 else "reaches everybody whom any does"
    asked = _affordable(ask, scene)
    if np.isfinite(asked):
        told = [f"{int(new.sum()):,} of {int(asked):,}"] if new.sum() < asked and not short.any() else []
    else:
        told = [
            f"{count:,} of {ask.per_market[code]:,} in {code}"
            for code, count, left in zip(scene.markets, new.tolist(), short.tolist(), strict=True)
            if count < ask.per_market[code] and not left
        ]
    return (f"Fewer sites than asked for {all_of}: {some(told)}.",) if told else ()


def _spacing_note(ask: Ask, found: Cover) -> tuple[str, ...]:
    """What is left of a gap beside spacing, which only the exact finish of a small question knows of."""
    said = "The bound does not know of the spacing, so the true gap is smaller."
    return (said,) if ask.spacing_km and found.status is not Status.OPTIMAL else ()
