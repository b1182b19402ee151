from datetime import date

import numpy as np
import pytest

from beachhead.world.errors import BadInput, Fault, Unlisted, how_many_faults
from beachhead.world.outlook import Outlook
from beachhead.world.quarter import Quarter, grid
from beachhead.world.reading import DemandCount, Funnel
from beachhead.world.ref import Ref
from beachhead.world.source import Grade, Source


def test_quarters_count_in_whole_steps_across_years():
    assert Quarter.parse("2027Q4") + 1 == Quarter(2028, 1)
    assert Quarter.parse("2028Q2") - Quarter.parse("2027Q1") == 5
    assert [str(q) for q in grid(Quarter(2027, 3), 3)] == ["2027Q3", "2027Q4", "2028Q1"]
    assert Quarter.of(date(2028, 2, 29)).last_day == date(2028, 3, 31)


@pytest.mark.parametrize("text", ["2027", "2027Q5", "Q1 2027", "27Q1", ""])
def test_what_is_not_a_quarter_is_refused(text):
    with pytest.raises(ValueError, match="quarter"):
        Quarter.parse(text)


def test_a_fault_names_file_row_column_what_was_written_and_the_cure():
    fault = Fault(
        file="markets.csv", row=4, column="code", written="NOR", problem="is not ISO alpha-2", cure="write NO"
    )
    assert str(fault) == "markets.csv:4:code: 'NOR' is not ISO alpha-2: write NO"


def test_all_faults_are_raised_once_in_file_and_row_order():
    faults = [Fault(file="b.csv", row=2, problem="x", cure="y"), Fault(file="a.csv", row=9, problem="x", cure="y")]
    assert [f.file for f in BadInput.of(faults).faults] == ["a.csv", "b.csv"]


def test_of_many_faults_the_first_are_listed_and_what_only_says_so_is_not_counted():
    faults = [Fault(file="a.csv", row=row, problem="is wrong", cure="mend it") for row in range(2, 9)]
    found = BadInput.of(faults, most=5)
    assert found.message == "at least 5 faults in the input"
    assert "has 2 faults more than are listed" in str(found)
    cut = Unlisted(file="a.csv", row=9, problem="what follows was not read", cure="mend those listed")
    assert str(BadInput.of([cut, *faults], most=5)).splitlines()[-1] == f"  {cut}"
    assert [how_many_faults(some) for some in (faults[:1], [*faults[:2], cut], [cut])] == [
        "1 fault",
        "at least 2 faults",
        "1 fault",
    ]


def test_a_source_without_a_name_is_refused():
    with pytest.raises(ValueError, match="who says so"):
        Source(who=" ", as_of=date(2026, 1, 1), grade=Grade.A)


def test_an_outlook_is_read_only_and_its_labels_must_match_exactly():
    quarters = grid(Quarter(2027, 1), 2)
    outlook = Outlook(values=np.ones((3, 2, 2)), markets=("NO", "SE"), quarters=quarters, seed=1)
    with pytest.raises(ValueError, match="read-only"):
        outlook.values[0, 0, 0] = 2
    with pytest.raises(ValueError, match="labels differ"):
        outlook.require(("SE", "NO"), quarters)
    with pytest.raises(ValueError, match="finite"):
        Outlook(values=np.full((3, 2, 2), np.nan), markets=("NO", "SE"), quarters=quarters, seed=1)


def test_a_count_with_a_reversed_span_is_refused():
    with pytest.raises(ValueError, match="before it starts"):
        DemandCount(
            market="NO",
            offer="",
            start=date(2027, 2, 1),
            end=date(2027, 1, 1),
            count=3,
            reach=0.1,
            funnel=Funnel.ORDERS,
        )


def test_a_reference_reads_back_what_it_writes():
    ref = Ref("plan", "a" * 64)
    assert Ref.parse(str(ref)) == ref
    with pytest.raises(ValueError, match="not a reference"):
        Ref.parse("plan:abc")
