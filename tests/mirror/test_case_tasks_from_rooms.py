"""Approvals from compliance as tasks: the same days as the permits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import ceil

import pytest

from beachhead.case.compliance.answer import brief, launch_permits
from beachhead.case.new import new_launch
from beachhead.case.open import open_launch
from beachhead.case.tasks.from_rooms import approval_tasks
from beachhead.programme.network import assemble
from beachhead.programme.risk import lay_out
from beachhead.programme.task import Blocks

DAY = date(2026, 7, 1)


@pytest.fixture(scope="module")
def launch(tmp_path_factory):
    path = new_launch(tmp_path_factory.mktemp("launch") / "x", "xiaomi")
    return open_launch(path)


def test_approvals_end_on_the_days_that_compliance_tells(launch):
    tasks = approval_tasks(launch, DAY)
    plain = assemble([replace(task, owner="") for task in tasks], (), DAY)
    net = lay_out(plain, DAY)
    done = {}
    for place, task in enumerate(plain.tasks):
        before = max([net.release[place], *(done[plain.tasks[w].code] for w in plain.waits[place])])
        done[task.code] = before + ceil(7 * task.duration.likely - 1e-9)
    for permit in launch_permits(brief(launch.folder), DAY):
        code = f"approval.{permit.market}.scale"
        day = permit.unlimited.day if permit.unlimited else None
        assert (code in done) == (day is not None)
        if day is not None and day >= DAY:
            assert done[code] == pytest.approx((day - DAY).days, abs=1)


def test_only_closing_tasks_hold_a_market_up_and_each_approval_stands_once(launch):
    tasks = approval_tasks(launch, DAY)
    codes = [task.code for task in tasks]
    assert len(codes) == len(set(codes))
    closing = [task for task in tasks if task.blocks is not Blocks.NOTHING]
    assert all(len(task.markets) == 1 and task.duration.high == 0 for task in closing)
    shared = [task for task in tasks if len(task.markets) > 1]
    assert shared, "a step that many markets need is done once for all"


def test_approvals_cost_the_same_whatever_the_launch_counts_in(launch, tmp_path):
    path = new_launch(tmp_path / "x", "xiaomi")
    terms, rates = path / "launch.toml", path / "fx.csv"
    terms.write_text(terms.read_text("utf-8").replace('currency = "EUR"', 'currency = "NOK"'), "utf-8")
    head, *rows = rates.read_text("utf-8").splitlines()
    rows = [row.split(",", 2) for row in rows if not row.startswith("NOK,")]
    rows = [",".join([currency, f"{12.5 * float(rate):.8g}", rest]) for currency, rate, rest in rows]
    rates.write_text("\n".join([head, "EUR,12.5,made up for this test,2026-01-01,C", *rows]) + "\n", "utf-8")
    crowns = {task.code: task.cost for task in approval_tasks(open_launch(path), DAY)}
    euros = {task.code: task.cost for task in approval_tasks(launch, DAY)}
    assert sum(euros.values()) > 0
    assert crowns == pytest.approx({code: 12.5 * cost for code, cost in euros.items()})
