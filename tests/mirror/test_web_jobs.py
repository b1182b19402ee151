"""What a worker process tells the server that waits for it."""

import os
import threading
import time
from multiprocessing import Pipe, active_children, get_context
from pathlib import Path
from signal import SIGINT

import pytest
from numba import njit

from beachhead.web.server.jobs import MOST_WAITING, Jobs, JobState, _in_worker, _run
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


def goes_on(root, arguments, advance):
    """Work without end."""
    while True:
        advance(1, 2)
        time.sleep(0.01)


def test_a_worker_leaves_ctrl_c_to_the_server_from_its_first_moment_on(capfd):
    jobs, heard = Jobs(Path(), {"on": goes_on}), threading.Event()
    jobs.listen(lambda job: heard.set() if job.share_done else None)
    try:
        job = jobs.start("on", {})
        while not active_children():
            time.sleep(0.001)
        for _ in range(2):  # while it reads the program, and while it works
            os.kill(active_children()[0].pid, SIGINT)
            assert heard.wait(60)
            heard.clear()
        assert jobs.get(job.id).state is JobState.RUNNING
    finally:
        jobs.close()
    assert capfd.readouterr().err == ""


def test_a_worker_whose_server_was_killed_ends_without_a_word(capfd):
    here, there = Pipe(duplex=False)
    process = get_context("spawn").Process(target=_in_worker, args=(goes_on, Path(), {}, there))
    process.start()
    there.close()
    with here:
        assert here.recv() == ("progress", 0.5)
    process.join(30)
    assert process.exitcode == 0
    assert capfd.readouterr().err == ""


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
