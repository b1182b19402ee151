"""The verbs of the loop for Python users: the same as on the command line, with clock and login name filled in.

import beachhead as bh
launch = bh.open("my-launch")
planned = bh.plan(launch)
"""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path

from beachhead.case import adjust as adjusting
from beachhead.case import deciding, observe, planning, reading
from beachhead.case.adjust import Adjusted
from beachhead.case.aftersales import DRAWS as SERVICE_DRAWS
from beachhead.case.aftersales import Serviced, ask_service
from beachhead.case.clock import now, today
from beachhead.case.deciding import Decided
from beachhead.case.new import new_launch
from beachhead.case.observe import Receipt
from beachhead.case.open import Launch, open_launch
from beachhead.case.outcomes import register_outcomes
from beachhead.case.planning import WORLDS, Planned
from beachhead.case.programme import Assessed as AssessedTasks
from beachhead.case.programme_tasks import assess_whole
from beachhead.case.reading import Read
from beachhead.case.research import Researched, ask_research
from beachhead.case.scoring import Scores, score_launch
from beachhead.case.siting import Ask, Model, Sited, ask_sites
from beachhead.case.supply import DRAWS, Supplied, ask_supply, keep_supply
from beachhead.case.targets import WORLDS as TARGET_WORLDS
from beachhead.case.targets import Assessed as AssessedTargets
from beachhead.case.targets import assess_targets
from beachhead.launch.design import Design
from beachhead.launch.design import design as design_batch
from beachhead.world.market import Channel

__all__ = [
    "adjust",
    "decide",
    "design",
    "new",
    "observe_file",
    "open_folder",
    "plan",
    "read",
    "research",
    "score",
    "service",
    "site",
    "supply",
    "targets",
    "tasks",
]


def new(folder: str | Path, example: str = "xiaomi") -> Launch:
    """Make a launch folder from a bundled one, and open it."""
    return open_launch(new_launch(Path(folder), example))


def open_folder(folder: str | Path) -> Launch:
    """Open a launch folder; raises `BadInput` with every fault found."""
    return open_launch(folder)


def plan(
    launch: Launch,
    *,
    on: date | None = None,
    worlds: int = WORLDS,
    seed: int | None = None,
    tick: Callable[[int, int], None] | None = None,
) -> Planned:
    """Plan the launch as it stands on a day (today if None) and keep the plan on record."""
    return planning.make_plan(launch, on=on, worlds=worlds, seed=seed, who=getpass.getuser(), at=now(), tick=tick)


def design(
    launch: Launch,
    market: str,
    batch: int,
    *,
    channel: Channel | None = None,
    price_point: float = 1.0,
    on: date | None = None,
) -> Design:
    """What a batch of cars in a market can and cannot tell, sold at that many times list price."""
    launch.market(market)
    return design_batch(planning.put_question(launch, on=on).problem, market, batch, channel, price_point)


def adjust(launch: Launch, *, market: str | None = None, on: date | None = None) -> Adjusted:
    """The change of price, trim list or mix with the largest expected gain in each market, or in one."""
    return adjusting.ask_adjust(launch, on=on, market=market)


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
    """
    supplied = ask_supply(launch, on=on, draws=draws, firm_share=firm_share, what_if=False)
    if keep:
        keep_supply(launch, supplied, who=getpass.getuser(), at=now())
    return supplied


def research(launch: Launch, *, on: date | None = None) -> Researched:
    """Screen the markets, and list doubtful facts by what knowing them is worth."""
    return ask_research(launch, on=on)


def service(launch: Launch, *, on: date | None = None, draws: int = SERVICE_DRAWS) -> Serviced:
    """After-sales: cars in use, appointments, bays and technicians, spare parts, and what the workshop saw."""
    return ask_service(launch, on=on, draws=draws)


def observe_file(launch: Launch, file: str | Path, *, mapping: str | Path | None = None) -> Receipt:
    """Take in a file of observations, whole or not at all."""
    return observe.observe(
        launch.folder,
        launch.store,
        Path(file),
        who=getpass.getuser(),
        at=now(),
        mapping=None if mapping is None else Path(mapping),
    )


def read(launch: Launch, *, on: date | None = None, register: bool = False) -> Read:
    """Read everything observed: belief before and now, open gates held against it.

    Args:
        launch: the launch.
        on: the day; None for today.
        register: enter in the ledger what came of the odds stated with decisions.
    """
    if register:
        register_outcomes(launch, on=on or today(), who=getpass.getuser(), at=now())
    return reading.read(launch, on=on)


def score(launch: Launch, *, on: date | None = None) -> Scores:
    """How good the stated odds were that have come due, and which have no outcome and why."""
    return score_launch(launch, on=on)


def decide(
    launch: Launch,
    *,
    markets: Iterable[str] | None = None,
    overrides: Mapping[str, str] | None = None,
    because: str = "",
    who: str | None = None,
) -> Decided:
    """Accept what the newest plan recommends, except where overridden with a reason."""
    return deciding.decide(
        launch,
        who=who or getpass.getuser(),
        at=now(),
        markets=markets,
        overrides=overrides,
        because=because,
    )


def site(launch: Launch, ask: Ask | None = None) -> Sited:
    """Where the next stores and service centres go; by quarters under the launch's capital if nothing is asked."""
    return ask_sites(launch, ask or Ask(model=Model.PHASES))


def tasks(launch: Launch, *, on: date | None = None, approvals: bool = True) -> AssessedTasks:
    """Schedule and odds of the programme on a day: that of the latest report, or its first, if None."""
    return assess_whole(launch, on=on, approvals=approvals)


def targets(
    launch: Launch,
    *,
    on: date | None = None,
    worlds: int = TARGET_WORLDS,
    what_if: bool = True,
    price: str | None = None,
) -> AssessedTargets:
    """Odds of every target under the newest plan, what moves them, and the shadow price of one."""
    return assess_targets(launch, on=on, worlds=worlds, what_if=what_if, price=price)
