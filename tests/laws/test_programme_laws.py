"""Laws of tasks and schedules."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beachhead.programme.network import assemble
from beachhead.programme.risk import Gate, assess
from beachhead.programme.schedule import build_work, length_of, lower_bound, make_schedule, solve
from beachhead.programme.sequence import place_all
from beachhead.programme.task import Duration, Need, Progress, Role, Shape, Task
from beachhead.world.errors import BadInput

DAY = date(2027, 1, 1)
QUICK = settings(deadline=None, derandomize=True, max_examples=40)


@st.composite
def durations(draw):
    low, likely, high = sorted(draw(st.lists(st.integers(1, 40), min_size=3, max_size=3)))
    return Duration(low=low, likely=likely, high=high, shape=draw(st.sampled_from(Shape)))


@st.composite
def task_lists(draw, most=8):
    count = draw(st.integers(2, most))
    tasks = []
    for number in range(count):
        after = draw(st.sets(st.integers(0, number - 1), max_size=3)) if number else set()
        needs = draw(st.integers(0, 2))
        tasks.append(
            Task(
                code=f"t{draw(st.integers(0, 9))}-{number}",
                name="work",
                duration=draw(durations()),
                after=tuple(tasks[i].code for i in sorted(after)),
                needs=(Need(role="team", amount=needs),) if needs else (),
                not_before=draw(st.sampled_from([None, DAY, DAY + timedelta(days=50)])),
            )
        )
    return tasks


def team(capacity=2):
    return [Role(code="team", name="team", capacity=capacity)]


@given(tasks=task_lists(), which=st.integers(0, 7), weeks=st.integers(1, 30))
@QUICK
def test_a_longer_task_never_makes_ready_earlier_in_any_draw(tasks, which, weeks):
    which %= len(tasks)
    short = tasks[which]
    longer = replace(
        short,
        duration=replace(
            short.duration,
            low=short.duration.low + weeks,
            likely=short.duration.likely + weeks,
            high=short.duration.high + weeks,
        ),
    )
    # A task that shares resources keeps its place in the chains: the order is decided once.
    chains = make_schedule(assemble(tasks, team(), DAY), on=DAY, tries=60).chains
    gate = [Gate(code="end", tasks=tuple(task.code for task in tasks))]
    if short.duration.shape is Shape.LOGNORMAL:
        return  # moving both quantiles changes its spread, so that a lucky draw may be shorter
    before = assess(assemble(tasks, team(), DAY), gate, on=DAY, draws=200, chains=chains)
    after = assess(
        assemble([*tasks[:which], longer, *tasks[which + 1 :]], team(), DAY), gate, on=DAY, draws=200, chains=chains
    )
    assert (after.gates[0].days >= before.gates[0].days - 1e-9).all()


@given(tasks=task_lists(), order=st.randoms(use_true_random=False))
@QUICK
def test_the_order_of_rows_changes_nothing(tasks, order):
    shuffled = list(tasks)
    order.shuffle(shuffled)
    one, other = assemble(tasks, team(), DAY), assemble(shuffled, team(), DAY)
    assert one == other
    gate = [Gate(code="end", tasks=(tasks[-1].code,))]
    first, second = (assess(p, gate, on=DAY, draws=300) for p in (one, other))
    assert (first.gates[0].days == second.gates[0].days).all()
    assert first.tasks == second.tasks
    assert make_schedule(one, on=DAY, tries=60) == make_schedule(other, on=DAY, tries=60)


@given(tasks=task_lists())
@QUICK
def test_chains_keep_every_draw_within_the_resources(tasks):
    programme = assemble(tasks, team(), DAY)
    chains = make_schedule(programme, on=DAY, tries=60).chains
    risk = assess(programme, on=DAY, draws=50, chains=chains)
    linked = {(a, b) for a, b in chains} | {(b, t.code) for t in tasks for b in t.after}
    reach = _closure(linked)
    busy = [task for task in tasks if task.needs]
    for one in busy:
        for other in busy:
            if one.code < other.code and one.needs[0].amount + other.needs[0].amount > 2:
                assert (one.code, other.code) in reach or (other.code, one.code) in reach
    assert risk.end.expected >= DAY


def _closure(links):
    reach = set(links)
    while True:
        more = {(a, d) for a, b in reach for c, d in reach if b == c} - reach
        if not more:
            return reach
        reach |= more


@st.composite
def small_works(draw):
    count = draw(st.integers(2, 6))
    days = draw(st.lists(st.integers(0, 9), min_size=count, max_size=count))
    need = draw(st.lists(st.lists(st.integers(0, 3), min_size=2, max_size=2), min_size=count, max_size=count))
    waits = [sorted(draw(st.sets(st.integers(0, i - 1), max_size=2))) if i else [] for i in range(count)]
    return np.array(days), np.array(need), waits


def shortest(days, need, waits, capacity):
    """By trying every order: serial generation reaches every active schedule, and one of them is shortest."""
    work = build_work(days=days, need=need, capacity=np.array(capacity), waits=waits)
    used = np.zeros((int(days.sum()) + 2, 2), dtype=np.int64)
    start = np.zeros(len(days), dtype=np.int64)
    best = None
    for order in permutations(range(len(days))):
        if all(order.index(b) < order.index(i) for i, each in enumerate(waits) for b in each):
            length = place_all(work, np.array(order), used, start)
            best = length if best is None else min(best, length)
    return best, work


@given(case=small_works(), capacity=st.tuples(st.integers(3, 6), st.integers(3, 6)), more=st.integers(1, 4))
@QUICK
def test_relaxing_a_resource_never_lengthens_the_shortest_schedule(case, capacity, more):
    tight, _ = shortest(*case, capacity)
    loose, _ = shortest(*case, (capacity[0] + more, capacity[1]))
    assert loose <= tight


@given(case=small_works(), capacity=st.tuples(st.integers(3, 6), st.integers(3, 6)))
@QUICK
def test_the_search_finds_the_shortest_schedule_of_small_cases(case, capacity):
    best, work = shortest(*case, capacity)
    start = solve(work, tries=600)
    assert length_of(work, start) == best >= lower_bound(work)


@pytest.mark.parametrize("seed", [1, 2, 3, 72])
def test_of_two_orders_of_one_length_the_one_that_opens_a_gate_sooner_is_taken(seed):
    """A parts hub of 145 days and training of 44 share the one manager; training, and a company, open the pilots."""
    days = np.array([45, 206, 75, 66, 145, 44, 0])  # office, type approval, two companies, hub, training, board gate
    work = build_work(
        days=days,
        need=np.array([[0, 0], [1, 0], [0, 0], [0, 0], [0, 1], [0, 1], [0, 0]]),
        capacity=np.array([2, 1]),
        waits=[[], [], [0], [0], [0], [0], [2, 5]],
        weight=np.array([0, 1, 1, 1, 1, 1, 1]),
    )
    start = solve(work, seed=seed)
    assert length_of(work, start) == 45 + 145 + 44, "either order takes as long"
    assert start.tolist() == [0, 0, 45, 45, 45 + 44, 45, 45 + 75]


@given(duration=durations(), gone=st.integers(0, 400))
@QUICK
def test_what_is_left_of_a_running_task_is_never_negative_nor_more_than_its_worst_case(duration, gone):
    said = Progress(on=DAY, started=DAY - timedelta(days=gone))
    task = Task(code="x", name="x", duration=duration, progress=said)
    days = assess(assemble([task], (), DAY), on=DAY, draws=400).end.days
    assert (days >= 0).all()
    if duration.shape is not Shape.LOGNORMAL:
        assert (days <= max(7 * duration.high - gone, 0.25 * gone) + 1e-6).all()


def test_a_task_that_is_done_holds_nothing_up():
    task = Task(code="x", name="x", duration=Duration(low=9, likely=9, high=9))
    done = replace(task, progress=Progress(on=DAY, started=DAY, finished=DAY))
    after = Task(code="y", name="y", duration=Duration(low=1, likely=1, high=1), after=("x",))
    day = DAY + timedelta(days=7)
    for start in (DAY, DAY + timedelta(days=300)):  # nor does the first quarter planned hold up what waits for it
        assert assess(assemble([done, after], (), start), on=day).end.sure == day + timedelta(days=7)


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        ([("a", "b", None), ("b", "a", None)], "runs in a circle"),
        ([("a", "z", None)], "is no task"),
        ([("a", "", None), ("g", "a", DAY + timedelta(days=6))], "lies before it can be done, on 2027-01-15"),
    ],
)
def test_a_programme_that_does_not_hold_together_is_refused(tasks, said):
    weeks = Duration(low=1, likely=1, high=1)
    rows = [Task(code=c, name=c, duration=weeks, after=tuple(a.split()), due=due) for c, a, due in tasks]
    with pytest.raises(BadInput, match=said):
        assemble(rows, (), DAY)


def test_work_under_way_keeps_what_it_uses_even_where_too_much_is_under_way():
    weeks = Duration(low=2, likely=2, high=2)
    running = Progress(on=DAY, started=DAY)
    rows = [
        Task(code=c, name=c, duration=weeks, needs=(Need(role="team", amount=2),), progress=running) for c in ("a", "b")
    ]
    rows.append(Task(code="c", name="c", duration=weeks, needs=(Need(role="team", amount=1),)))
    planned = make_schedule(assemble(rows, team(), DAY), on=DAY)
    assert {slot.task: (slot.begins - DAY).days for slot in planned.slots} == {"a": 0, "b": 0, "c": 14}
