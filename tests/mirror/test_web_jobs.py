"""What a worker process tells the server that waits for it."""

from multiprocessing import Pipe
from pathlib import Path

import pytest
from numba import njit

from beachhead.web.server.jobs import MOST_WAITING, Jobs, _run
from beachhead.world.errors import BadInput, Fault


def told(work) -> tuple:
    here, there = Pipe(duplex=False)
    _run(work, Path(), {}, there)
    with here:
        return here.recv()


def test_work_that_cannot_be_done_names_every_fault_not_only_how_many():
    faults = [Fault(file=f"{table}.csv", problem="has no rows", cure="add some") for table in ("plants", "lanes")]

    def refuse(*_):
        raise BadInput.of(faults)

    word, error = told(refuse)
    assert word == "failed"
    assert {fault["file"] for fault in error["faults"]} == {"plants.csv", "lanes.csv"}


def test_a_fault_of_ours_in_a_worker_is_told_as_one():
    def fail(*_):
        raise ZeroDivisionError("by nothing")

    word, error = told(fail)
    assert word == "failed"
    assert error["kind"] == "Fault"
    assert "ZeroDivisionError: by nothing" in error["message"]


def test_work_without_end_is_not_taken_on():
    jobs = Jobs(Path(), {"plan": lambda *_: {}}, workers=0)
    try:
        first = jobs.start("plan", {"seed": 0})
        for seed in range(1, MOST_WAITING):
            jobs.start("plan", {"seed": seed})
        with pytest.raises(BadInput, match="wait already"):
            jobs.start("plan", {"seed": MOST_WAITING})
        assert jobs.start("plan", {"seed": 0}) == first, "what waits already is told, not refused"
        jobs.cancel(first.id)
        jobs.start("plan", {"seed": MOST_WAITING})
    finally:
        jobs.close()


def test_work_that_has_to_be_compiled_first_says_so_until_it_is():
    @njit
    def doubled(x):
        return 2 * x

    def compiles(root, arguments, advance):
        return {"at": doubled(21)}

    here, there = Pipe(duplex=False)
    _run(compiles, Path(), {}, there)
    with here:
        assert [here.recv() for _ in range(3)] == [("compiling", True), ("compiling", False), ("done", {"at": 42})]
    here, there = Pipe(duplex=False)
    _run(compiles, Path(), {}, there)
    with here:
        assert here.recv() == ("done", {"at": 42})
