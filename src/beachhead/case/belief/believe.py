"""What is believed now: the prior of the markets, moved by every row observed so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

import numpy as np

from beachhead import pilot
from beachhead.belief import Belief, Lasting, Posterior, Tracked, prior, settled, update, weigh_evidence
from beachhead.belief.calendar import calendar_count
from beachhead.belief.choice.rivals import RivalCourse
from beachhead.belief.exposure import Exposed, exposure_fit, learn_exposure
from beachhead.belief.fitted import EntryFit, entry_fit
from beachhead.belief.lasting import carried_on, widened_by
from beachhead.belief.line_up import offer_shares
from beachhead.belief.priced import Elasticities, asked_off_list, joined, parted
from beachhead.case.answers.sited import siting_inputs
from beachhead.case.belief.offer_list import declared_mix
from beachhead.case.belief.pricing import answers_to_price, off_list_lines, price_point_of
from beachhead.case.belief.reach import default_reach
from beachhead.case.belief.rivals import course_of
from beachhead.case.belief.spending import lift_of
from beachhead.case.belief.studies import folder_evidence
from beachhead.case.belief.surroundings import surroundings_of
from beachhead.case.open import Launch
from beachhead.case.rows.observe import rows_today, versions_sent
from beachhead.pilot.funnel import join_funnel
from beachhead.pilot.nowcast import Version, allow_for_delay, delays
from beachhead.pilot.read import name_of
from beachhead.store import reading
from beachhead.world.evidence import Evidence
from beachhead.world.quarter import Quarter
from beachhead.world.reading import DemandCount, Reading

R = TypeVar("R")
_STRANGE = "its market is not in markets.csv; put it back, or say in renames.csv what it is called now"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Held:
    """What is believed, and what it rests on.

    Attributes:
        start: on the levels of one quarter, before any row or study, over all quarters of the launch.
        before: the prior over the years, over all quarters of the launch.
        reading: what the rows say.
        posterior: the belief after them, over all quarters of the launch.
        exposed: what spending of exposure.csv does to demand; None where nothing is spent.
        rivals: what moves of competitors.csv do to demand; None where none is known.
        answers: how demand answers to price, as far as rows at other prices than list taught it.
    """

    start: Belief
    before: Belief
    reading: Reading
    posterior: Posterior
    exposed: Exposed | None = None
    rivals: RivalCourse | None = None
    answers: Elasticities

    @property
    def belief(self) -> Belief:
        """The belief after the reading, over all quarters."""
        return self.posterior.belief


def believe(
    launch: Launch,
    *,
    scaled_since: Mapping[str, date] | None = None,
    evidence: Sequence[Evidence] = (),
    until: date | None = None,
    seen_to: date | None = None,
) -> Held:
    """The belief after everything observed: quarter by quarter, since what a quarter sells is not what the years do.

    Args:
        launch: the launch.
        scaled_since: first day on which each scaled market sold at full scale; earlier rows are pilots.
        evidence: statements about demand from outside our own sales, besides those of studies.csv.
        until: leave out rows that end after this day, and hold the belief as of its quarter; None for all rows, and
            the quarter of the last.
        seen_to: leave out rows that end after this day, earlier than `until`; None for those of `until`.
    """
    seen = read_rows(launch, scaled_since=scaled_since, until=seen_to or until)
    before = first_belief(launch)
    studies, course = (*folder_evidence(launch), *evidence), course_of(launch)
    if course is not None:
        before = widened_by(replace(before, log_path=before.log_path + course.mean), course.cov[0])
    answers = answers_to_price(launch)
    lift = lift_of(launch, before)
    if lift is None:
        posterior, _, learnt = _learn(launch, before, seen, studies, until, answers, course)
        unlearnt = tracked(launch, before).over_years()
        return Held(start=before, before=unlearnt, reading=seen, posterior=posterior, rivals=course, answers=learnt)
    ahead, fit = _quarters_past(launch, seen, until), exposure_fit()

    def run(start: Belief, correct: bool) -> tuple[Posterior, float]:
        return _learn(launch, start, seen, studies, until, answers, course, correct=correct)[:2]

    def unread(start: Belief, correct: bool) -> tuple[Posterior, float]:
        return update(tracked(launch, start).over_years(), Reading(counts=())), 0.0

    found = learn_exposure(before, lift, fit, run, ahead=ahead)
    first = learn_exposure(before, lift, fit, unread, ahead=ahead)
    return Held(
        start=found.start,
        before=first.posterior.belief,
        reading=seen,
        posterior=found.posterior,
        exposed=found,
        rivals=course,
        answers=answers,  # the mixture over spending keeps levels alone
    )


def _quarters_past(launch: Launch, seen: Reading, until: date | None) -> int:
    """Quarters of the launch before the one that the belief is held as of."""
    ends = [count.end for count in seen.counts] if until is None else [until]
    first, count = launch.folder.terms.start, launch.folder.terms.quarters
    return min(max((Quarter.of(max(ends)) - first) if ends else 0, 0), count - 1)


def _learn(
    launch: Launch,
    before: Belief,
    seen: Reading,
    evidence: Sequence[Evidence],
    until: date | None,
    answers: Elasticities,
    course: RivalCourse | None = None,
    *,
    correct: bool = True,
) -> tuple[Posterior, float, Elasticities]:
    """Rows are learnt in the quarter in which they end.

    Returns the posterior over the years, the log marginal likelihood of all counts, and how demand answers to price
    given them.
    """
    start = joined(before, answers, asked_off_list(seen.counts))
    by_quarter: dict[Quarter, list[DemandCount]] = defaultdict(list)
    for count in seen.counts:
        by_quarter[Quarter.of(count.end)].append(count)
    shares = offer_shares(seen.counts, declared_mix(launch))  # rows of one quarter may tell what others were sold with
    seed, held, said = launch.folder.terms.seeds.outlook, update(start, Reading(counts=())), 0.0

    def read(now: Tracked, counts: Sequence[DemandCount]) -> Tracked:
        nonlocal held, said
        now, held = now.read(Reading(counts=tuple(counts)), shares=shares, seed=seed, correct=correct)
        said += held.log_marginal
        return now

    belief = followed(launch, start, by_quarter, read, evidence=evidence, until=until, course=course)
    alone, learnt = parted(carried_on(held, belief), answers)
    return alone, said, learnt


def followed(
    launch: Launch,
    start: Belief,
    rows: Mapping[Quarter, R],
    read: Callable[[Tracked, R], Tracked],
    *,
    evidence: Sequence[Evidence],
    until: date | None,
    course: RivalCourse | None,
) -> Belief:
    """A filter over the quarters from the launch's first, or the first with rows; the belief over the years then.

    Args:
        launch: the launch.
        start: on the levels of one quarter, before any row.
        rows: what is read in each quarter.
        read: how it is read.
        evidence: statements about the years.
        until: the belief is held as of the quarter of this day; None for that of the last rows.
        course: what moves of rivals do; None where none is known.
    """
    begun, most = launch.folder.terms.start, launch.folder.terms.quarters - 1
    first = min([begun, *rows])
    last = max(rows, default=first) if until is None else Quarter.of(until)
    place = [min(max(first + n - begun, 0), most) for n in range(last - first + 1)]
    now = tracked(launch, start)
    for number in range(last - first + 1):
        if number:
            now = now.later()
            if course is not None:
                now = now.widened(course.grown(place[number], place[number - 1]))
        if first + number in rows:
            now = read(now, rows[first + number])
    belief = weigh_evidence(now.over_years(), evidence)  # it speaks of the years, whatever quarters show
    return belief if course is None else widened_by(belief, course.still_to_come(place[-1]))


def read_rows(launch: Launch, *, scaled_since: Mapping[str, date] | None = None, until: date | None = None) -> Reading:
    """What the observed rows say about demand; arguments as in `believe`."""
    economics = siting_inputs(launch, launch.folder.economics).economics  # the reach that a plan counts on
    with reading(launch.store) as work:
        unasked = rows_today(launch.folder, work, default_reach=lambda row: row.reach)
        of_row = default_reach(economics, unasked, scaled_since or {})
        rows = rows_today(launch.folder, work, default_reach=of_row)
        versions, newest = versions_sent(work, until=until)
    ended = tuple(row for row in rows if until is None or row.end <= until)
    markets = {market.code for market in launch.folder.markets}
    seen = tuple(row for row in ended if row.market in markets)
    strange = (name_of(row) for row in ended if row.market not in markets)
    point = price_point_of(launch)
    found = pilot.read(seen, default_reach=of_row, scaled_since=scaled_since or {}, price_point=point)
    found = join_funnel(seen, found, default_reach=of_row, scaled_since=scaled_since, price_point=point)
    found = replace(
        found,
        left_out=(*found.left_out, *(f"{name}: {_STRANGE}" for name in strange)),
        allowed_for=(*found.allowed_for, *off_list_lines(launch, found.counts)),
    )
    return _allowed_for(found, fit_of(launch), versions, newest)


def _allowed_for(found: Reading, fit: EntryFit, versions: Sequence[Version], newest: date | None) -> Reading:
    """Counts set against late reports and the calendar, with a sentence for each."""
    counts, late = found.counts, tuple[str, ...]()
    if newest is not None:
        counts, late = allow_for_delay(counts, delays(versions, today=newest), today=newest)
    allowed = (*found.allowed_for, *late)
    return replace(found, counts=tuple(calendar_count(fit, c) for c in counts), allowed_for=allowed)


def first_belief(launch: Launch) -> Belief:
    """The belief on the levels of one quarter before any row, study or move of a rival."""
    return prior(launch.folder.markets, launch.folder.terms.grid, fit=fit_of(launch), known=surroundings_of(launch))


def tracked(launch: Launch, start: Belief) -> Tracked:
    """A first belief, ready to be followed from quarter to quarter."""
    fit = fit_of(launch)
    lasting = Lasting(walk=fit.walk, scatter=fit.scatter)
    unmoved = np.zeros((len(start.markets), len(start.markets)))
    return Tracked(belief=start, prior=start, lasting=lasting, grown=unmoved, settled=settled(launch.folder.markets))


def from_quarter(belief: Belief, now: Quarter) -> Belief:
    """The same belief over the quarters from `now` on."""
    skip = now - belief.quarters[0]
    return replace(belief, quarters=belief.quarters[skip:], log_path=belief.log_path[:, skip:])


def fit_of(launch: Launch) -> EntryFit:
    """The numbers of the entry model, with those that launch.toml overrides."""
    own = launch.folder.terms.belief
    return entry_fit().with_share(own.share_median, own.share_sd)
