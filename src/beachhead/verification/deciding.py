"""Planned looks, and what knowing is worth."""

from __future__ import annotations

from functools import cache

from beachhead.launch.information.worth import normal_gain, resolved_sd
from beachhead.launch.judge.looks import Size, hwang_shih_decani, pocock, sized
from beachhead.verification.published import Published

_POCOCK = "Pocock 1977, 4 looks, alpha .05 two-sided, power .9; as sequential-design software prints it"
_GSDESIGN = "gsDesign, Hwang-Shih-DeCani spending, gamma -4, 5 looks"
_VOI = "Jackson and Heath, R package voi, two-normal example"


def deciding() -> tuple[Published, ...]:
    """Numbers of room `launch`."""
    return (
        Published("launch", "maximum information, %", _POCOCK, 118.3143, 2e-3, lambda: 100 * _size().inflation),
        Published("launch", "expected information under H0, %", _POCOCK, 115.6074, 2e-3, _under_null),
        Published("launch", "expected information under H1, %", _POCOCK, 69.74805, 2e-3, _under_alternative),
        *(_boundary(look, value) for look, value in enumerate((3.25, 2.99, 2.69, 2.37, 2.03))),
        Published("launch", "EVPI", _VOI, 0.4798107, 5e-8, lambda: normal_gain(1.0, 5**0.5)),
        *(
            _sample(size, value)
            for size, value in ((1, 0.0251273), (10, 0.0723251), (100, 0.0821176), (1000, 0.0831946))
        ),
    )


@cache
def _size() -> Size:
    return sized(pocock(4, 0.05), 0.05, 0.9)


def _under_null() -> float:
    return 100 * _size().expected_null


def _under_alternative() -> float:
    return 100 * _size().expected_alternative


def _boundary(look: int, value: float) -> Published:
    what = f"boundary of look {look + 1}, Z"
    return Published("launch", what, _GSDESIGN, value, 5e-3, lambda: hwang_shih_decani(5, 0.025, -4).upper[look])


def _sample(size: int, value: float) -> Published:
    what = f"EVSI of {size} reading{'s' if size > 1 else ''}"
    return Published("launch", what, _VOI, value, 5e-8, lambda: normal_gain(1.0, resolved_sd(1.0, 1.0, size)))
