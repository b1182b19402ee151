"""Prices ahead: published for the days that are known, expected after them."""

from __future__ import annotations

from numba import njit

PUBLISHED_AT = 13
"""Hour of the day from which the next day's prices are known (SDAC publishes at about 12:55 CET)."""


@njit(cache=True, nogil=True)
def known_until(now):  # type: ignore[no-untyped-def]
    """(hour from which no price is known yet, hour at which more are published)."""
    midnight = (now // 24) * 24
    if now % 24 < PUBLISHED_AT:
        return midnight + 24, midnight + PUBLISHED_AT
    return midnight + 48, midnight + 24 + PUBLISHED_AT


@njit(cache=True, nogil=True)
def forecast(price, at, published, out):  # type: ignore[no-untyped-def]
    """Fill `out` (T,): published prices, then the mean of the same hour over the seven newest days known."""
    for t in range(len(out)):
        if t < published:
            out[t] = price[at + t]
        else:
            back = ((t - published) // 24 + 1) * 24
            total = 0.0
            for day in range(7):
                total += price[at + t - back - 24 * day]
            out[t] = total / 7
