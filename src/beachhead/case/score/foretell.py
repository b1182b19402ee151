"""Odds of the coming quarter for each market that sells, ours and simple ones, registered before its data is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import exp

from beachhead import store
from beachhead.belief.belief import Belief
from beachhead.belief.lasting import Tracked
from beachhead.belief.predict import Prediction, predict
from beachhead.belief.simple import Seen, market_size, mean_share, numbers_asked, odds_around
from beachhead.case.belief.believe import fit_of
from beachhead.case.log import entries, say
from beachhead.case.open import Launch
from beachhead.case.rows.observe import observations
from beachhead.ledger import Act, Outcome, Said, Stated
from beachhead.store import Work
from beachhead.world.errors import BadInput, OutOfDate
from beachhead.world.figures import how_many
from beachhead.world.market import Channel
from beachhead.world.quarter import Quarter
from beachhead.world.reading import DemandCount, Funnel

BEACHHEAD, LAST_VALUE, BRAND_MEAN = "beachhead", "last value", "brand mean"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Past:
    """What is known before a quarter is read.

    Attributes:
        tracked: belief about the present quarter in all markets.
        since: quarter in which the maker began to sell in each market.
        channels: channel through which it does.
        last: the latest quarter that each market reported whole.
        errors: log errors that each simple rule has made so far.
    """

    tracked: Tracked
    since: Mapping[str, Quarter]
    channels: Mapping[str, Channel]
    last: Mapping[str, Seen]
    errors: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretold:
    """One market in one quarter, before its data is read.

    Attributes:
        market: market code.
        first: true in the quarter in which the maker begins to sell there.
        start: first day that the register reports in this quarter.
        end: last day.
        prediction: of the belief, with the numbers asked about and their odds.
        levels: what each simple rule expects, cars.
        odds: of each simple rule, for the same numbers.
        size: battery-electric cars that the market was expected to register in these days.
    """

    market: str
    first: bool
    start: date
    end: date
    prediction: Prediction
    levels: Mapping[str, float]
    odds: Mapping[str, tuple[float, ...]]
    size: float


def foretell(launch: Launch, past: Past, now: Quarter, spans: Mapping[str, tuple[date, date]]) -> tuple[Foretold, ...]:
    """Odds for each market over the days that its register reports; only what came before `now` is looked at."""
    return tuple(_foretell(launch, past, now, code, start, end) for code, (start, end) in spans.items())


def served(launch: Launch, market: str, channel: Channel, age: int) -> float:
    """Reach of a market through a channel, so many quarters after the maker began."""
    rows = launch.folder.economics
    found = next((row for row in rows if (row.market, row.channel) == (market, channel)), None)
    if found is None:
        raise BadInput(f"{market} has no economics for {channel}", "add a row to economics.csv")
    return found.served(age)


def register(
    work: Work, launch: Launch, now: Quarter, belief: Belief, foretold: Sequence[Foretold], *, who: str, at: datetime
) -> None:
    """Enter the odds of a quarter, unless they are on record; OutOfDate if its rows were read before."""
    odds = tuple(stated for each in foretold for stated in _stated(launch, now, each))
    on_record = {stated.name for entry in entries(work) for stated in entry.said.odds}
    if all(stated.name in on_record for stated in odds):
        return
    if any(name.startswith(f"{now} ") for name in on_record):
        raise OutOfDate(f"other odds are on record for {now}", "replay in a fresh folder")
    if any(now.first_day <= row.start <= now.last_day for row in observations(work)):
        raise OutOfDate(f"rows of {now} were read before its odds were registered", "replay in a fresh folder")
    ref = store.put(work, "belief", belief)
    say(work, Said(at=at, who=who, act=Act.FORECAST, because=f"odds for {now}", odds=odds, refs=(ref,)))


def settle(
    work: Work, now: Quarter, foretold: Sequence[Foretold], counts: Mapping[str, int], *, who: str, at: datetime
) -> None:
    """Enter what came of a quarter's odds, unless that is on record."""
    outcomes = tuple(
        Outcome(name=_name(now, each.market, number), happened=counts[each.market] >= number)
        for each in foretold
        for number in each.prediction.at_least
    )
    on_record = {outcome.name for entry in entries(work) for outcome in entry.said.outcomes}
    if any(outcome.name not in on_record for outcome in outcomes):
        say(work, Said(at=at, who=who, act=Act.OUTCOME, because=f"registrations of {now}", outcomes=outcomes))


def _foretell(launch: Launch, past: Past, now: Quarter, code: str, start: date, end: date) -> Foretold:
    market, last = launch.market(code), past.last.get(code)
    size = market_size(market, start, end)
    share = mean_share(tuple(past.last.values()), otherwise=exp(fit_of(launch).log_share))
    levels = {BRAND_MEAN: share * size}
    levels[LAST_VALUE] = levels[BRAND_MEAN] if last is None else float(last.count)
    asked = numbers_asked(levels[LAST_VALUE])
    return Foretold(
        market=code,
        first=past.since[code] == now,
        start=start,
        end=end,
        prediction=predict(past.tracked.seen, _coming(launch, past, code, start, end), asked),
        levels=levels,
        odds={name: odds_around(level, past.errors.get(name, ()), asked) for name, level in levels.items()},
        size=size,
    )


def _coming(launch: Launch, past: Past, code: str, start: date, end: date) -> DemandCount:
    """The count to come, with the reach that the channel has by now."""
    reach = served(launch, code, past.channels[code], Quarter.of(start) - past.since[code])
    return DemandCount(
        market=code,
        offer="",
        start=start,
        end=end,
        count=0,
        reach=reach,
        funnel=Funnel.REGISTRATIONS,
        is_pilot=False,
    )


def _stated(launch: Launch, now: Quarter, each: Foretold) -> list[Stated]:
    brand, name = launch.folder.terms.brand, launch.market(each.market).name
    asked = each.prediction.at_least
    said = {BEACHHEAD: each.prediction.probability} | dict(each.odds)
    return [
        Stated(
            name=_name(now, each.market, number),
            event=f"{brand} registers at least {how_many(number, 'car')} in {name}, {each.start} to {each.end}",
            probability=said[forecaster][place],
            by=each.end,
            forecaster=forecaster,
        )
        for place, number in enumerate(asked)
        for forecaster in (BEACHHEAD, LAST_VALUE, BRAND_MEAN)
    ]


def _name(now: Quarter, market: str, number: int) -> str:
    return f"{now} {market} >= {number}"
