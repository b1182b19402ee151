"""What a worker process tells the server that waits for it."""

from multiprocessing import Pipe
from pathlib import Path

from beachhead.web.jobs import _run
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
