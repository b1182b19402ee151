"""Compiled kernels are kept no longer than the sources they were made from."""

import ast
import importlib
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import numba
import pytest
from numba import njit
from numba.core.caching import CacheImpl, IndexDataCacheFile, NullCache
from numba.core.dispatcher import Dispatcher

import beachhead
from beachhead.world.compiled import compiled, compiling, inlined, inner

APART = ("beachhead.web", "beachhead.programme.cpsat")
"""No kernels; and a file that is run, never imported."""


def kernels():
    for found in pkgutil.walk_packages(beachhead.__path__, "beachhead."):
        if found.name.startswith("beachhead.") and not found.name.startswith(APART) and "__main__" not in found.name:
            module = importlib.import_module(found.name)
            yield from (each for each in vars(module).values() if isinstance(each, Dispatcher))


def calls_another_file(kernel: Dispatcher) -> bool:
    code, known = kernel.py_func.__code__, kernel.py_func.__globals__
    called = [known[name] for name in code.co_names if isinstance(known.get(name), Dispatcher)]
    return any(each.py_func.__code__.co_filename != code.co_filename for each in called)


def test_a_kernel_that_calls_one_of_another_file_is_not_served_stale_when_that_file_changes():
    far = {each for each in kernels() if calls_another_file(each) and not isinstance(each._cache, NullCache)}
    assert len(far) > 20
    # numba's own stamp is the time and size of the one file in which the kernel stands
    stale = {each.py_func.__qualname__ for each in far if not isinstance(each._cache._cache_file._source_stamp, str)}
    assert not stale


def doubled(x):
    return 2 * x


def test_a_kernel_runs_where_its_code_can_be_kept_nowhere(monkeypatch):
    monkeypatch.setattr(CacheImpl, "_locator_classes", [])
    assert compiled(doubled)(21) == 42


def test_a_disk_that_is_full_or_lost_power_ends_no_kernel(tmp_path, monkeypatch):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    with monkeypatch.context() as full:
        full.setattr(IndexDataCacheFile, "_save_data", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
        assert compiled(doubled)(21) == 42
    assert compiled(doubled)(21) == 42
    files = [file for file in tmp_path.rglob("*.nb?") if file.is_file()]
    assert {file.suffix for file in files} == {".nbi", ".nbc"}
    for broken in (files, [file for file in files if file.suffix == ".nbc"]):
        for file in broken:
            file.write_bytes(b"")
        assert compiled(doubled)(21) == 42
    again = compiled(doubled)
    assert again(21) == 42
    assert sum(again.stats.cache_hits.values()) == 1


def test_what_has_to_be_compiled_is_counted_and_what_is_made_is_not():
    @njit
    def one(x):
        return x + 1

    @njit
    def two(x):
        return one(x) * 2

    told: list[int] = []
    with compiling(told.append):
        assert two(1) == 4
        assert told[:2] == [1, 2], "the one that is called is begun while the caller is open"
        assert told[-1] == 0
        counted = len(told)
        assert two(2) == 6
        assert len(told) == counted
    two(1.5)
    assert len(told) == counted, "nobody is told after the end"


@pytest.mark.parametrize("declare", [inner, inlined])
def test_python_that_calls_what_kernels_alone_may_call_is_told_so(declare):
    @declare
    def twice(x: int) -> int:
        return 2 * x

    @njit
    def outer(x: int) -> int:
        return twice(x) + 1

    assert outer(3) == 7
    with pytest.raises(TypeError, match="twice is compiled for other kernels alone; declare it `compiled`"):
        twice(3)


def test_a_kernel_has_a_way_in_from_python_where_python_calls_it_and_nowhere_else():
    root = Path(__file__).parents[2]
    folders = ("src/beachhead", "tests", "benchmarks")
    trees = {path: ast.parse(path.read_text()) for folder in folders for path in (root / folder).rglob("*.py")}
    ways = {
        (module_of(path), statement.name): statement.decorator_list[0].id
        for path, tree in trees.items()
        for statement in tree.body
        if is_kernel(statement)
    }
    ways = {name: way for name, way in ways.items() if way != "njit"}
    called = {name for path, tree in trees.items() for name in named_by_python(path, tree)} & ways.keys()
    assert len(ways) > 200
    assert {name for name in called if ways[name] != "compiled"} == set(), "declare them `compiled`"
    assert {name for name in ways.keys() - called if ways[name] == "compiled"} == set(), "declare them `inner`"


def module_of(path: Path) -> str:
    return ".".join(path.with_suffix("").parts[path.parts.index("src") + 1 :]) if "src" in path.parts else path.stem


def is_kernel(statement: ast.stmt) -> bool:
    ways = getattr(statement, "decorator_list", [])
    return len(ways) == 1 and isinstance(ways[0], ast.Name) and ways[0].id in ("compiled", "inner", "inlined", "njit")


def named_by_python(path: Path, tree: ast.Module) -> set[tuple[str, str]]:
    """Functions, by module, that the statements of a file name outside kernels."""
    known = {
        alias.asname or alias.name: (statement.module, alias.name)
        for statement in ast.walk(tree)
        if isinstance(statement, ast.ImportFrom) and statement.module
        for alias in statement.names
    }
    known |= {each.name: (module_of(path), each.name) for each in tree.body if isinstance(each, ast.FunctionDef)}
    outside = [each for each in tree.body if not isinstance(each, ast.Import | ast.ImportFrom) and not is_kernel(each)]
    found = set()
    for node in (node for statement in outside for node in ast.walk(statement)):
        if isinstance(node, ast.Name) and node.id in known:
            found.add(known[node.id])
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in known:
            found.add((".".join(known[node.value.id]), node.attr))
    return found


SOURCE = """
from typing import NamedTuple
from beachhead.world.compiled import compiled

class {noun}(NamedTuple):
    cars: int

@compiled
def doubled(pilot: {noun}) -> int:
    return {times} * pilot.cars

print(doubled({noun}(21)))
"""


def test_a_kernel_kept_from_before_a_noun_was_renamed_is_made_anew(tmp_path):
    def run(noun: str, times: int) -> str:
        (tmp_path / "kernels.py").write_text(SOURCE.format(noun=noun, times=times))
        own = os.environ | {"PYTHONPATH": str(Path(beachhead.__file__).parents[1])}
        command = [sys.executable, "-c", "import kernels"]
        done = subprocess.run(command, cwd=tmp_path, env=own, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    assert run("Pilot", 2) == "42"
    assert list(tmp_path.glob("__pycache__/*.nbi"))
    assert run("Batch", 3) == "63"
