"""What the command line says of an answer, as text: for Python users, who hold the answer and not the words."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from typing import Any

from beachhead.case.aftersales import Serviced
from beachhead.case.decide.deciding import Decided
from beachhead.case.open import Launch
from beachhead.case.plan.adjust import Adjusted
from beachhead.case.plan.planning import Planned
from beachhead.case.plan.rehearse import Rehearsed
from beachhead.case.plan.research import Researched
from beachhead.case.plan.whatif import Compared
from beachhead.case.plan.worth import Worth
from beachhead.case.programme import Assessed as AssessedTasks
from beachhead.case.reading import Read
from beachhead.case.rows.observe import Receipt
from beachhead.case.score.scoring import Scores
from beachhead.case.siting.question import Sited
from beachhead.case.supply.answer import Supplied
from beachhead.case.targets.answer import Assessed as AssessedTargets
from beachhead.cli.adjust import show_adjusted
from beachhead.cli.decide import show_decided
from beachhead.cli.design import show_designs
from beachhead.cli.observe import show_receipt
from beachhead.cli.plan import show_plan
from beachhead.cli.programme import show_status
from beachhead.cli.read import show_read
from beachhead.cli.rehearse import show_rehearsal
from beachhead.cli.research import show_research
from beachhead.cli.score import show_scores
from beachhead.cli.service import show_service
from beachhead.cli.site import show_sites
from beachhead.cli.supply import show_supply
from beachhead.cli.targets import show_targets
from beachhead.cli.worth import show_compared, show_worth
from beachhead.launch.information.batch_design import Design
from beachhead.world.errors import BadInput

SHOWN: Mapping[type, Callable[[Launch, Any], None]] = {
    Adjusted: show_adjusted,
    AssessedTargets: show_targets,
    AssessedTasks: show_status,
    Compared: show_compared,
    Decided: show_decided,
    Design: lambda launch, answer: show_designs(launch, [answer]),
    Planned: show_plan,
    Read: show_read,
    Receipt: lambda _, answer: show_receipt(answer),
    Rehearsed: lambda _, answer: show_rehearsal(answer),
    Researched: show_research,
    Scores: lambda launch, answer: show_scores(answer, launch.path),
    Serviced: show_service,
    Sited: show_sites,
    Supplied: show_supply,
    Worth: show_worth,
}


def summary(launch: Launch, answer: object) -> str:
    """An answer in sentences and tables, the same text as on the command line.

    >>> launch = bh.open("my-launch")
    >>> print(bh.summary(launch, bh.plan(launch)))  # doctest: +ELLIPSIS
    2027Q1: ...
    """
    if not isinstance(launch, Launch):
        raise BadInput(f"{launch!r} is not an open launch", 'open it first: launch = bh.open("my-launch")')
    show = SHOWN.get(type(answer))
    if show is None:
        raise BadInput(f"{type(answer).__name__} is no answer of a verb", "give what bh.plan, bh.read, ... returned")
    with redirect_stdout(io.StringIO()) as said:
        show(launch, answer)
    return "\n".join(line.rstrip() for line in said.getvalue().rstrip().splitlines())
