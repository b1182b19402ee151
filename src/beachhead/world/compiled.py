"""Compile a numerical kernel once and keep the machine code, but never longer than the sources it was made from.

Numba's cache looks only at the file in which a function stands; a kernel that calls a kernel of another file would be
served stale after that file changes. Here the stamp covers every source that the kernels of our rooms can reach.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, TypeVar, cast

import numba
from numba import njit
from numba.core.caching import FunctionCache
from numba.core.event import Listener, install_listener
from numba.core.registry import CPUDispatcher

F = TypeVar("F", bound=Callable[..., object])
_OWN = {Path(__file__).resolve(), Path(__file__).resolve().with_name("by_reference.py")}
_PACKAGE = Path(__file__).resolve().parent.parent
_SHARED = ("launch", "belief/tilt.py")
"""Where kernels stand that other rooms call; a room that imports neither is compiled without regard to them."""
_NO_WAY_IN: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_CALLED = (b"beachhead.launch", b"beachhead.belief.tilt")


def compiled(function: F) -> F:
    """Like `numba.njit(cache=True, nogil=True)`, with a cache that goes by the sources of all kernels in reach."""
    return _kept(function, njit(nogil=True)(function))


def compiled_as_numpy(function: F) -> F:
    """Like `compiled`, where to divide by nothing gives inf or nan, as with numpy, and is no error."""
    return _kept(function, njit(nogil=True, error_model="numpy")(function))


def inner(function: F) -> F:
    """Like `compiled`, for what kernels alone call: without a way in from Python it compiles in two thirds of the time.

    Python that calls it all the same is told so.
    """
    return _kept(function, _closed(njit(nogil=True, **_NO_WAY_IN)(function)))


def inlined(function: F) -> F:
    """Like `inner`, and always copied into the kernels that call it: for what stands in an innermost loop.

    Numba counts every array that a call hands on up, and down again after it. A kernel that takes a dozen arrays and
    does a dozen sums spends more on that than on its sums; whether LLVM copies it in unasked changes with its callers.
    """
    return _kept(function, _closed(njit(nogil=True, forceinline=True, **_NO_WAY_IN)(function)))


@contextmanager
def compiling(tell: Callable[[int], None]) -> Iterator[None]:
    """Call `tell` whenever a function has to be compiled with how many have been begun; with 0 once all are made."""
    with install_listener("numba:compile", _Compiling(tell)):
        yield


class _Compiling(Listener):
    """Counts functions; one that calls others is open while these are made."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell, self._begun, self._open = tell, 0, 0

    def on_start(self, event: object) -> None:
        self._begun, self._open = self._begun + 1, self._open + 1
        self._tell(self._begun)

    def on_end(self, event: object) -> None:
        self._open -= 1
        if self._open == 0:
            self._tell(0)


def _closed(made: Any) -> Any:
    """Without a way in, a call from Python would end the process: the machine jumps to where nothing is."""
    made.__class__ = _Closed
    return made


class _Closed(CPUDispatcher):
    def __call__(self, *_: object, **__: object) -> None:
        name = f"{self.py_func.__module__}.{self.py_func.__qualname__}"
        raise TypeError(f"{name} is compiled for other kernels alone; declare it `compiled` to call it from Python")


def _kept(function: F, made: Any) -> F:
    """Keep the machine code, for as long as the sources that it was made from; where it can be kept."""
    try:
        made.enable_caching()
    except RuntimeError:  # no folder for it may be written, as in a container: it is made anew at each start
        return cast(F, made)
    made._cache.__class__ = _Forgiving
    # numba has no public way to widen the stamp; where the attribute is missing its own stamp holds
    index: Any = getattr(getattr(made, "_cache", None), "_cache_file", None)
    if hasattr(index, "_source_stamp"):
        index._source_stamp = _stamp(Path(function.__code__.co_filename).resolve().parent)
        # the version is compared before the rest is unpickled, which fails where it names a noun that is gone
        index._version = f"{numba.__version__} {index._source_stamp}"
    return cast(F, made)


class _Forgiving(FunctionCache):
    """Numba's cache, without which all goes on, only later: neither a full disk nor what a power cut left ends it."""

    def load_overload(self, *asked: Any) -> Any:
        try:
            return super().load_overload(*asked)  # type: ignore[no-untyped-call]
        except Exception:  # whatever such a file makes of it
            with suppress(OSError):
                self.flush()  # type: ignore[no-untyped-call]
            return None

    def save_overload(self, *made: Any) -> None:
        with suppress(OSError, EOFError, UnpicklingError):
            super().save_overload(*made)  # type: ignore[no-untyped-call]


@lru_cache(maxsize=32)
def _stamp(folder: Path) -> str:
    """Hash over the contents of the sources in the function's own folder and in the rooms whose kernels it calls."""
    files = {*_OWN, *folder.glob("*.py")}
    if any(name in file.read_bytes() for name in _CALLED for file in files - _OWN):
        shared = [_PACKAGE / name for name in _SHARED]
        files |= {file for place in shared for file in ([place] if place.is_file() else place.rglob("*.py"))}
    text = sha256()
    for file in sorted(files):
        text.update(str(file.relative_to(file.anchor)).encode() + file.read_bytes())
    return text.hexdigest()
