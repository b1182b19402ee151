"""How loops are compiled: kernels are called from Python and cached on disk; inner functions only from kernels."""

from __future__ import annotations

from numba import njit

kernel = njit(cache=True, nogil=True)
# Without an entry point for Python a function compiles in half the time (measured: 17 s to 8 s for swap.py).
inner = njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)  # type: ignore[call-overload]
