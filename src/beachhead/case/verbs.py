"""The verbs of the loop for Python users: the same as on the command line, with clock and login name filled in.

The examples are run by a test, on the bundled launch `starter` as it lies in `my-launch`; for the verbs that need more
tables than it has, on `xiaomi`.
"""

from __future__ import annotations

import getpass
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from beachhead.case import reading
from beachhead.case.aftersales import DRAWS as SERVICE_DRAWS
from beachhead.case.aftersales import Serviced, ask_service
from beachhead.case.clock import now, today
from beachhead.case.decide import deciding
from beachhead.case.decide.deciding import Decided
from beachhead.case.log import whole
from beachhead.case.new import new_launch
from beachhead.case.open import Launch, open_launch
from beachhead.case.plan import adjust as adjusting
from beachhead.case.plan import planning
from beachhead.case.plan.adjust import Adjusted
from beachhead.case.plan.planning import WORLDS, Planned
from beachhead.case.plan.rehearse import Rehearsed, rehearse_launch
from beachhead.case.plan.research import Researched, ask_research
from beachhead.case.plan.unstarted import with_unstarted
from beachhead.case.plan.whatif import Compared, compare
from beachhead.case.plan.worth import Worth, ask_worth
from beachhead.case.programme import Assessed as AssessedTasks
from beachhead.case.reading import Read
from beachhead.case.rows import observe
from beachhead.case.rows.observe import Receipt
from beachhead.case.score.outcomes import register_outcomes
from beachhead.case.score.scoring import Scores, score_launch
from beachhead.case.siting.answer import ask_sites
from beachhead.case.siting.question import Ask, Model, Sited
from beachhead.case.supply.answer import DRAWS, Supplied, ask_supply, keep_supply
from beachhead.case.targets.answer import WORLDS as TARGET_WORLDS
from beachhead.case.targets.answer import Assessed as AssessedTargets
from beachhead.case.targets.answer import assess_targets
from beachhead.case.tasks.from_rooms import assess_whole
from beachhead.launch.information.batch_design import Design
from beachhead.launch.information.batch_design import design as design_batch
from beachhead.ledger import Entry
from beachhead.rehearsal.family import Family
from beachhead.world.errors import BadInput
from beachhead.world.market import Channel

__all__ = [
    "adjust",
    "decide",
    "design",
    "log",
    "new",
    "observe_file",
    "open_folder",
    "plan",
    "read",
    "rehearse",
    "research",
    "score",
    "service",
    "site",
    "supply",
    "targets",
    "tasks",
    "what_if",
    "worth",
]

LEAST_DRAWS = 4
"""Fewer futures tell no odds: as on the command line of supply."""

P = ParamSpec("P")
R = TypeVar("R")


def _asked(verb: Callable[P, R]) -> Callable[P, R]:
    """Read the arguments of a verb as a notebook may write them; refuse what is none of theirs, with the cure."""
    signature = inspect.signature(verb)

    @wraps(verb)
    def asking(*given: P.args, **named: P.kwargs) -> R:
        call = signature.bind(*given, **named)
        for name, value in call.arguments.items():
            if name in _READ and (value is not None or signature.parameters[name].default is not None):
                call.arguments[name] = _READ[name](name, value)
        return verb(*call.args, **call.kwargs)

    return asking


def _open(_: str, value: Any) -> Launch:
    if isinstance(value, Launch):
        return value
    raise BadInput(f"{value!r} is not an open launch", 'open it first: launch = bh.open("my-launch")')


def _path(name: str, value: Any) -> Path:
    if isinstance(value, str | Path) and str(value):
        return Path(value)
    raise BadInput(f"{value!r} is not a {name}", f'name the {name} by its path, such as "{_EXAMPLE[name]}"')


def _day(_: str, value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    try:
        return value if isinstance(value, date) else date.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadInput(f"{value!r} is not a day", "write date(2027, 1, 31), or 2027-01-31 in quotes") from None


def _whole(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadInput(f"{name}={value!r} is not a whole number", f"write {name}=24")
    return value


def _draws(name: str, value: Any) -> int:
    if _whole(name, value) < LEAST_DRAWS:
        raise BadInput(f"an answer cannot rest on {name}={value}", f"use at least {LEAST_DRAWS}")
    return int(value)


def _overrides(_: str, value: Any) -> tuple[str, ...]:
    for override in value:
        if not isinstance(override, str):
            raise BadInput(
                f"{override!r} is not an override",
                'write each in quotes: bh.what_if(launch, "tariffs.EU.BEV.rate=0.207")',
            )
    return tuple(value)


def _code(_: str, value: Any) -> str:
    if isinstance(value, str):
        return value.strip().upper()
    raise BadInput(f"{value!r} is not the code of a market", 'write it as in markets.csv, such as "NO"')


def _codes(_: str, value: Any) -> list[str]:
    return [_code("market", code) for code in ([value] if isinstance(value, str) else value)]


def _channel(_: str, value: Any) -> Channel:
    known = [str(channel) for channel in Channel]
    if value in known:
        return Channel(value)
    raise BadInput(f"{value!r} is not a channel", f"name one of {', '.join(known)}")


def _families(_: str, value: Any) -> tuple[Family, ...]:
    known = [str(family) for family in Family]
    named = [value] if isinstance(value, str) else list(value)
    for family in named:
        if family not in known:
            raise BadInput(f"{family!r} is no family of made-up worlds", f"name some of {', '.join(known)}")
    if not named:
        raise BadInput("a rehearsal in no family of worlds plays none", f"name some of {', '.join(known)}")
    return tuple(Family(family) for family in named)


def _ask(_: str, value: Any) -> Ask:
    if isinstance(value, Ask):
        return value
    raise BadInput(f"{value!r} is not a question about sites", "write Ask(...) of beachhead.case.siting.question")


_EXAMPLE = {"folder": "my-launch", "file": "sales.csv", "mapping": "mapping.toml"}
_READ: Mapping[str, Callable[[str, Any], Any]] = {
    "launch": _open,
    "folder": _path,
    "file": _path,
    "mapping": _path,
    "on": _day,
    "sets": _overrides,
    "market": _code,
    "markets": _codes,
    "channel": _channel,
    "worlds": _whole,
    "draws": _draws,
    "families": _families,
    "ask": _ask,
    "batch": _whole,
    "seed": _whole,
}


@_asked
def new(folder: str | Path, example: str = "xiaomi") -> Launch:
    """Make a launch folder from a bundled one, and open it.

    >>> bh.new("another", example="starter").folder.terms.name
    'starter'
    """
    return open_launch(new_launch(Path(folder), example))


@_asked
def open_folder(folder: str | Path) -> Launch:
    """Open a launch folder; raises `BadInput` with every fault found.

    >>> [market.code for market in bh.open("my-launch").folder.markets]
    ['NO', 'SE', 'PT', 'CN']
    """
    return open_launch(folder)


@_asked
def plan(
    launch: Launch,
    *,
    on: date | None = None,
    worlds: int = WORLDS,
    seed: int | None = None,
    tick: Callable[[int, int], None] | None = None,
) -> Planned:
    """Plan the launch as it stands on a day (today if None) and keep the plan on record.

    >>> planned = bh.plan(bh.open("my-launch"), on=date(2027, 1, 5), worlds=8)
    >>> certificate = planned.plan.certificate
    >>> 0 < certificate.value.mean <= certificate.bound.mean
    True
    """
    return planning.make_plan(launch, on=on, worlds=worlds, seed=seed, who=getpass.getuser(), at=now(), tick=tick)


@_asked
def design(
    launch: Launch,
    market: str,
    batch: int,
    *,
    channel: Channel | None = None,
    price_point: float = 1.0,
    on: date | None = None,
) -> Design:
    """What a batch of cars in a market can and cannot tell, sold at that many times list price.

    >>> batch = bh.design(bh.open("my-launch"), "NO", 150)
    >>> batch.sd_after < batch.sd_before
    True
    """
    launch.market(market)
    return design_batch(planning.put_question(launch, on=on).problem, market, batch, channel, price_point)


@_asked
def adjust(launch: Launch, *, market: str | None = None, on: date | None = None) -> Adjusted:
    """The change of price, trim list or mix with the largest expected gain in each market, or in one.

    >>> [row.market for row in bh.adjust(bh.open("my-launch"), market="NO").rows]
    ['NO']
    """
    return adjusting.ask_adjust(launch, on=on, market=market)


@_asked
def supply(
    launch: Launch, *, on: date | None = None, draws: int = DRAWS, firm_share: float = 0.0, keep: bool = False
) -> Supplied:
    """Export, assemble or build: commitments with odds, landed cost, what waiting is worth.

    Args:
        launch: the launch.
        on: the day; None for today.
        draws: futures drawn.
        firm_share: share of the planned cars that must arrive.
        keep: let the next plan count on the margins and cars of this answer.

    >>> launch = bh.new("shipped", example="xiaomi")
    >>> planned = bh.plan(launch, worlds=8)
    >>> sorted(bh.supply(launch, draws=20).maps) != []
    True
    """
    supplied = ask_supply(launch, on=on, draws=draws, firm_share=firm_share, what_if=False)
    if keep:
        keep_supply(launch, supplied, who=getpass.getuser(), at=now())
    return supplied


@_asked
def research(launch: Launch, *, on: date | None = None) -> Researched:
    """Screen the markets, and list doubtful facts by what knowing them is worth.

    >>> researched = bh.research(bh.open("my-launch"))
    >>> sorted(market.market for market in researched.found.screen)
    ['NO', 'PT', 'SE']
    """
    return ask_research(launch, on=on)


@_asked
def service(launch: Launch, *, on: date | None = None, draws: int = SERVICE_DRAWS) -> Serviced:
    """After-sales: cars in use, appointments, bays and technicians, spare parts, and what the workshop saw.

    >>> bh.service(bh.open("my-launch"), draws=20).markets
    ('NO', 'SE', 'PT')
    """
    return ask_service(launch, on=on, draws=draws)


@_asked
def observe_file(launch: Launch, file: str | Path, *, mapping: str | Path | None = None) -> Receipt:
    r"""Take in a file of observations, whole or not at all.

    >>> launch = bh.open("my-launch")
    >>> head = "batch,market,offer,channel,start,end,orders"
    >>> with open("sales.csv", "w") as sales:
    ...     _ = sales.write(f"{head}\nfirst,NO,ONE,dealer,2027-01-01,2027-01-04,12\n")
    >>> bh.observe(launch, "sales.csv").on_record
    1
    """
    receipt = observe.observe(
        launch.folder,
        launch.store,
        Path(file),
        who=getpass.getuser(),
        at=now(),
        mapping=None if mapping is None else Path(mapping),
    )
    return with_unstarted(launch, receipt)


@_asked
def read(launch: Launch, *, on: date | None = None, register: bool = False) -> Read:
    """Read everything observed: belief before and now, open gates held against it.

    >>> bh.read(bh.open("my-launch"), on=date(2027, 2, 1)).judgements
    ()

    Args:
        launch: the launch.
        on: the day; None for today.
        register: enter in the ledger what came of the odds stated with decisions.
    """
    if register:
        register_outcomes(launch, on=on or today(), who=getpass.getuser(), at=now())
    return reading.read(launch, on=on)


@_asked
def decide(
    launch: Launch,
    *,
    markets: Iterable[str] | None = None,
    overrides: Mapping[str, str] | None = None,
    because: str = "",
    who: str | None = None,
) -> Decided:
    """Accept what the newest plan recommends, except where overridden with a reason.

    >>> launch = bh.open("my-launch")
    >>> planned = bh.plan(launch, on=date(2027, 1, 5), worlds=8)
    >>> decided = bh.decide(launch, overrides={"NO": "pilot:150:dealer"}, because="the stores are there", who="Ann")
    >>> decided.entries[0].chosen
    'pilot ...'
    """
    return deciding.decide(
        launch,
        who=who or getpass.getuser(),
        at=now(),
        markets=markets,
        overrides=overrides,
        because=because,
    )


@_asked
def site(launch: Launch, ask: Ask | None = None) -> Sited:
    """Where the next stores and service centres go; by quarters under the launch's capital if nothing is asked.

    >>> sited = bh.site(bh.open("my-launch"))
    >>> sited.value <= sited.bound
    True
    """
    return ask_sites(launch, ask or Ask(model=Model.PHASES))


@_asked
def tasks(launch: Launch, *, on: date | None = None, approvals: bool = True) -> AssessedTasks:
    """Schedule and odds of the programme on a day: that of the latest report, or its first, if None.

    >>> assessed = bh.tasks(bh.new("with-tasks", example="xiaomi"))
    >>> assessed.schedule.days >= assessed.schedule.bound
    True
    """
    return assess_whole(launch, on=on, approvals=approvals)


@_asked
def targets(
    launch: Launch,
    *,
    on: date | None = None,
    worlds: int = TARGET_WORLDS,
    what_if: bool = True,
    price: str | None = None,
) -> AssessedTargets:
    """Odds of every target under the newest plan, what moves them, and the shadow price of one.

    >>> launch = bh.new("with-targets", example="xiaomi")
    >>> planned = bh.plan(launch, worlds=8)
    >>> found = bh.targets(launch, worlds=24, what_if=False)
    >>> all(0 <= target.odds <= 1 for target in found.odds if target.odds is not None)
    True
    """
    return assess_targets(launch, on=on, worlds=worlds, what_if=what_if, price=price)


@_asked
def worth(
    launch: Launch,
    *,
    market: str | None = None,
    batches: Sequence[int] = (),
    on: date | None = None,
    tornado: bool = False,
    worlds: int = WORLDS,
) -> Worth:
    """What knowing a market, a factor or a fact is worth; with a market, what batches there are; or what moves most.

    >>> found = bh.worth(bh.open("my-launch"), market="NO", batches=[50, 150])
    >>> [batch.design.batch for batch in found.batches]
    [50, 150]
    """
    return ask_worth(launch, market=market, batches=tuple(batches), on=on, swings=tornado, worlds=worlds)


@_asked
def what_if(launch: Launch, *sets: str, on: date | None = None, worlds: int = WORLDS) -> Compared:
    """The launch as it is beside the launch with other inputs, on the same worlds.

    >>> compared = bh.what_if(bh.open("my-launch"), "economics.NO.own_store.capital=*2", worlds=8)
    >>> compared.gain.mean <= 0
    True
    """
    return compare(launch, sets, on=on, worlds=worlds)


@_asked
def rehearse(
    launch: Launch, *, worlds: int = WORLDS, families: Sequence[Family] = tuple(Family), on: date | None = None
) -> Rehearsed:
    """Play whole launches in made-up worlds, as believed and where the belief is wrong.

    >>> found = bh.rehearse(bh.open("my-launch"), worlds=8, families=["as_believed"])
    >>> found.outcomes[0].value.count
    8
    """
    return rehearse_launch(launch, worlds=worlds, families=families, on=on)


@_asked
def log(launch: Launch) -> tuple[Entry, ...]:
    """The ledger: who decided what, when, on which records; oldest first.

    >>> bh.log(bh.open("my-launch"))
    ()
    """
    return whole(launch.store)[0]


@_asked
def score(launch: Launch, *, on: date | None = None) -> Scores:
    """How good the stated odds were that have come due, and which have no outcome and why.

    >>> bh.score(bh.open("my-launch"))
    Traceback (most recent call last):
    beachhead.world.errors.NotLearnt: ...
    """
    return score_launch(launch, on=on)
