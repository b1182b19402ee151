"""Markets that are scaled already when sites are sought, and what stores.csv tells of their stores."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from beachhead.case.open import Launch
from beachhead.case.plan.planning import newest_plan
from beachhead.case.plan.standing import capital_of_starts, standings
from beachhead.siting.formats import Format
from beachhead.world.errors import NotLearnt
from beachhead.world.figures import how_many, money, some, spaced
from beachhead.world.market import Channel, Stage
from beachhead.world.quarter import Quarter


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A market that is scaled.

    Attributes:
        since: quarter in which it was.
        channel: through which.
        capital: what that committed, launch currency.
        untold: true where its own stores would have opened by now, and none is told.
    """

    since: Quarter
    channel: Channel
    capital: float
    untold: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """How far the launch has come.

    Attributes:
        now: quarter of the newest plan: what opens from now on is decided in it or later. None without a plan.
        markets: those scaled, by code.
    """

    now: Quarter | None = None
    markets: Mapping[str, Start] = field(default_factory=dict)

    def earliest(self, first: Quarter, opened: Format) -> int:
        """Number of the first quarter in which a new site may open, counted from the launch's first."""
        begun = 0 if self.now is None else max(self.now - first, 0)
        return begun + opened.lead_quarters


def started(launch: Launch, codes: Sequence[str], opened: Format, told: Collection[str]) -> Started:
    """The markets asked for that are scaled, by the ledger, at the quarter of the newest plan.

    Args:
        launch: the launch.
        codes: markets asked for.
        opened: the format that is opened.
        told: codes of markets of which a site is told that stands, is decided, or closes.
    """
    try:
        now = newest_plan(launch).record.quarter
    except NotLearnt:
        return Started()
    stand, capital = standings(launch, now).by_market, capital_of_starts(launch, now)
    found = {}
    for code in codes:
        at = stand[code]
        if at.stage is Stage.SCALED and at.since is not None and at.channel is not None and not at.is_home:
            own = at.channel is Channel.OWN_STORE and opened.sells
            late = at.since + opened.lead_quarters <= now
            found[code] = Start(
                since=at.since,
                channel=at.channel,
                capital=capital.get(code, 0.0),
                untold=own and late and code not in told,
            )
    return Started(now=now, markets=found)


def started_notes(
    launch: Launch, begun: Started, opened: Format, sites: Mapping[str, int], cost: float
) -> tuple[str, ...]:
    """What is to be known of markets that are scaled already.

    Args:
        launch: the launch.
        begun: the markets.
        opened: the format that is opened.
        sites: new sites, by market.
        cost: capital of the new sites of markets of whose stores nothing is told, launch currency.
    """
    notes, currency = [], launch.folder.terms.currency
    untold = [code for code, one in begun.markets.items() if one.untold]
    if untold:
        names = some([f"{launch.market(code).name} (since {begun.markets[code].since})" for code in untold])
        spent = money(sum(begun.markets[code].capital for code in untold), currency)
        count = sum(sites.get(code, 0) for code in untold)
        few = "start" if len(untold) == 1 else "starts"
        told = (
            f"Scaled through own stores, but without a store that is told: {names}. The {few} committed {spent}, "
            f"stores counted in, so the {how_many(count, 'new site')} there ({money(cost, currency)}) "
            f"{'is' if count == 1 else 'are'} no further capital up to that: write the stores that opened into "
            "stores.csv, with place, open_from and sells_cars, and only what is missing is proposed. Until then "
            "`--keep` leaves the reach there to economics.csv."
        )
        notes.append(told)
    others = [(code, one) for code, one in begun.markets.items() if one.channel is not Channel.OWN_STORE]
    if others and opened.sells and any(sites.get(code) for code, _ in others):
        names = some([f"{launch.market(code).name} ({spaced(one.channel)})" for code, one in others if sites.get(code)])
        notes.append(f"Scaled through another channel than own stores, so a plan counts on no site there: {names}.")
    return tuple(notes)
