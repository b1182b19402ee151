"""The critical path against worked examples.

The seven activities a to g of the encyclopaedia article "Program evaluation and review technique" (Wikipedia), with
their expected times; its critical path is a-c-e-g, 19.51 work days, and its table gives every time and slack.
"""

from __future__ import annotations

import pytest

from beachhead.compliance.critical_path import Activity, critical_path

PERT = {
    "a": (4.00, ()),
    "b": (5.33, ()),
    "c": (5.17, ("a",)),
    "d": (6.33, ("a",)),
    "e": (5.17, ("b", "c")),
    "f": (4.50, ("d",)),
    "g": (5.17, ("e",)),
}


def network(table):
    return [Activity(code=code, title=code, days=days, needs=needs) for code, (days, needs) in table.items()]


def test_the_pert_example_takes_19_51_days_along_a_c_e_g():
    schedule = critical_path(network(PERT))
    assert schedule.days == pytest.approx(19.51)
    assert schedule.critical == ("a", "c", "e", "g")


@pytest.mark.parametrize(
    ("code", "early_start", "early_finish", "late_start", "late_finish", "slack"),
    [
        ("a", 0.00, 4.00, 0.00, 4.00, 0.00),
        ("b", 0.00, 5.33, 3.84, 9.17, 3.84),
        ("c", 4.00, 9.17, 4.00, 9.17, 0.00),
        ("d", 4.00, 10.33, 8.68, 15.01, 4.68),
        ("e", 9.17, 14.34, 9.17, 14.34, 0.00),
        ("f", 10.33, 14.83, 15.01, 19.51, 4.68),
        ("g", 14.34, 19.51, 14.34, 19.51, 0.00),
    ],
)
def test_the_pert_example_has_the_published_times(code, early_start, early_finish, late_start, late_finish, slack):
    timed = {item.activity.code: item for item in critical_path(network(PERT)).timed}[code]
    assert timed.early_start == pytest.approx(early_start)
    assert timed.early_finish == pytest.approx(early_finish)
    assert timed.late_start == pytest.approx(late_start)
    assert timed.late_finish == pytest.approx(late_finish)
    assert timed.slack == pytest.approx(slack)


def test_the_order_in_which_activities_are_told_changes_no_time():
    """`a` may end only as late as the more pressing of its two followers lets it, whichever is told last."""
    plain, turned = (critical_path(list(each)) for each in (network(PERT), reversed(network(PERT))))
    times = [{item.activity.code: (item.late_finish, item.slack) for item in each.timed} for each in (plain, turned)]
    assert all(times[0][code] == pytest.approx(times[1][code]) for code in PERT)
    assert times[1]["a"] == pytest.approx((4.0, 0.0))


def test_a_promise_holds_work_back_until_its_day():
    schedule = critical_path(
        [
            Activity(code="paper", title="promised for day 30", days=0, not_before=30),
            Activity(code="work", title="may begin now", days=10),
            Activity(code="end", title="needs both", days=5, needs=("paper", "work")),
        ]
    )
    assert schedule.days == 35
    assert schedule.critical == ("paper", "end")


def test_activities_that_wait_for_each_other_are_refused():
    with pytest.raises(ValueError, match="wait for each other"):
        critical_path(
            [Activity(code="a", title="", days=1, needs=("b",)), Activity(code="b", title="", days=1, needs=("a",))]
        )


def test_nothing_to_do_takes_no_time():
    assert critical_path([]).days == 0
