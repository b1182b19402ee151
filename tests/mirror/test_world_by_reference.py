"""Nouns that kernels take by reference cross both ways, share their arrays and leave nothing behind."""

import os
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError, field, replace
from pathlib import Path

import numpy as np
import pytest
from numba.core.runtime import _nrt_python, rtsys

import beachhead
from beachhead.world.by_reference import by_reference, parts
from beachhead.world.compiled import compiled, inner


@by_reference
class Shelf:
    cars: np.ndarray
    price: float
    weeks: int
    spare: np.ndarray = field(default_factory=lambda: np.zeros(2))


@by_reference
class Store:
    front: Shelf
    back: Shelf
    staff: np.ndarray


@inner
def total(store: Store) -> float:
    return store.front.cars.sum() * store.front.price + store.back.cars.sum() * store.back.price


@compiled
def sell(store: Store, cars: int) -> float:
    store.front.cars[0] -= cars
    return total(store)


@compiled
def refill(store: Store) -> Store:
    moved = Shelf(store.front.cars + store.back.cars[:3], store.front.price, 7, store.front.spare)
    return Store(moved, store.back, store.staff)


def made() -> Store:
    shelf = Shelf(np.array([4.0, 2.0, 0.0]), price=10.0, weeks=2)
    return Store(shelf, replace(shelf, cars=np.ones(5), price=2.0), staff=np.arange(3))


def test_what_a_kernel_writes_into_an_array_is_seen_outside():
    store = made()
    assert sell(store, 3) == 3 * 10 + 5 * 2
    assert store.front.cars.tolist() == [1, 2, 0]


def test_a_kernel_builds_one_and_returns_it_whole():
    store = made()
    found = refill(store)
    assert isinstance(found, Store)
    assert isinstance(found.front, Shelf)
    assert found.front.cars.tolist() == [5, 3, 1]
    assert (found.front.price, found.front.weeks, found.back.price) == (10.0, 7, 2.0)
    assert np.shares_memory(found.staff, store.staff)
    assert np.shares_memory(found.front.spare, store.front.spare)
    assert sell(refill(found), 0) == (5 + 3 + 1 + 3) * 10 + 5 * 2, "what came out goes in again"


@pytest.mark.parametrize("step", range(2))
def test_who_interrupts_while_one_leaves_its_kernel_is_told_of_that_and_of_no_fault_of_ours(step):
    store, steps = made(), []
    refill(store)

    def interrupt(frame, event, argument):
        if event == "call" and "numba" in frame.f_code.co_filename:  # Python that Numba runs to hand over an array
            steps.append(event)
            if len(steps) > step:
                sys.setprofile(None)
                raise KeyboardInterrupt

    sys.setprofile(interrupt)
    with pytest.raises(KeyboardInterrupt):
        refill(store)


def test_nothing_is_left_behind():
    store = made()
    sell(refill(store), 0)
    held = [sys.getrefcount(each) for each in (store.front.cars, store.back.spare, store.staff, store)]
    _nrt_python.memsys_enable_stats()
    try:
        before = rtsys.get_allocation_stats()
        for _ in range(500):
            sell(refill(refill(store)), 0)
        after = rtsys.get_allocation_stats()
    finally:
        _nrt_python.memsys_disable_stats()
    assert after.alloc - before.alloc > 2000
    assert after.alloc - after.free == before.alloc - before.free
    assert after.mi_alloc - after.mi_free == before.mi_alloc - before.mi_free
    assert held == [sys.getrefcount(each) for each in (store.front.cars, store.back.spare, store.staff, store)]


def test_other_arrays_are_another_type_and_not_misread():
    shelf = made().front
    every_other = Store(replace(shelf, cars=np.arange(6.0)[::2]), replace(shelf, cars=np.arange(3)), np.zeros(1))
    assert sell(every_other, 0) == (0 + 2 + 4) * 10 + (0 + 1 + 2) * 10


def test_it_is_frozen_and_its_fields_travel_without_what_numba_made_of_them():
    store = made()
    sell(store, 1)
    with pytest.raises(FrozenInstanceError):
        store.staff = np.zeros(1)  # type: ignore[misc]
    assert list(parts(store)) == ["front", "back", "staff"]
    assert parts(store)["staff"] is store.staff
    again = pickle.loads(pickle.dumps(store))
    assert list(vars(again)) == ["front", "back", "staff"]
    assert sell(again, 0) == sell(store, 0)


SOURCE = """
import numpy as np
from numba.core.event import install_recorder
from beachhead.world.by_reference import by_reference
from beachhead.world.compiled import compiled, inner

@by_reference
class Lot:
    cars: np.ndarray
    price: float

@inner
def dearer(lot: Lot) -> Lot:
    return Lot(lot.cars, lot.price * 2)

@compiled
def worth(lot: Lot) -> float:
    return dearer(lot).cars.sum() * dearer(lot).price

with install_recorder("numba:compile") as record:
    print(worth(Lot(np.ones(3), 7.0)), len(record.buffer) > 0)
"""


def test_a_kernel_that_takes_one_is_kept_for_the_next_process(tmp_path):
    (tmp_path / "lots.py").write_text(SOURCE)
    own = os.environ | {"PYTHONPATH": str(Path(beachhead.__file__).parents[1])}

    def run() -> str:
        command = [sys.executable, "-c", "import lots"]
        done = subprocess.run(command, cwd=tmp_path, env=own, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    assert run() == "42.0 True"
    assert run() == "42.0 False", "the second process compiles nothing"
