"""Compile a numerical kernel once and keep the machine code, but never longer than the sources it was made from.

Numba's cache looks only at the file in which a function stands; a kernel that calls a kernel of another file would be
served stale after that file changes. Here the stamp covers every source that the kernels of our rooms can reach.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., object])
_PACKAGE = Path(__file__).resolve().parent.parent
_SHARED = ("launch", "belief/tilt.py", "world/compiled.py")


def compiled(function: F) -> F:
    """Like `numba.njit(cache=True, nogil=True)`, with a cache that goes by the sources of all kernels in reach."""
    kernel = njit(nogil=True)(function)
    kernel.enable_caching()
    # numba has no public way to widen the stamp; where the attribute is missing its own stamp holds
    index: Any = getattr(getattr(kernel, "_cache", None), "_cache_file", None)
    if hasattr(index, "_source_stamp"):
        index._source_stamp = _stamp(Path(function.__code__.co_filename).resolve().parent)
    return cast(F, kernel)


@lru_cache(maxsize=32)
def _stamp(folder: Path) -> str:
    """Hash over the contents of the sources in the function's own folder and in the rooms that share kernels."""
    places = [folder, *(_PACKAGE / name for name in _SHARED)]
    files = {file for place in places for file in ([place] if place.is_file() else place.glob("*.py"))}
    text = sha256()
    for file in sorted(files):
        text.update(str(file.relative_to(file.anchor)).encode() + file.read_bytes())
    return text.hexdigest()
