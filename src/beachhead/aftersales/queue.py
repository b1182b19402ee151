"""Waits at a service centre: M/M/c exactly, M/G/c by its two-moment approximation.

Times are in any one unit (hours in production); arrivals are Poisson.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum


class Load(StrEnum):
    """Whether the work can be done at all: `overloaded` means that the line grows without end."""

    STABLE = "stable"
    OVERLOADED = "overloaded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """Servers that share one line.

    Attributes:
        arrivals_per_hour: Poisson rate of jobs, >= 0.
        service_hours: mean time of a job, > 0.
        service_cv2: squared coefficient of variation of that time; 1 for exponential, 0 for constant.
        servers: number of bays or technicians, >= 1.
    """

    arrivals_per_hour: float
    service_hours: float
    service_cv2: float = 1.0
    servers: int

    def __post_init__(self) -> None:
        if not (self.arrivals_per_hour >= 0 and self.service_hours > 0 and self.service_cv2 >= 0 and self.servers >= 1):
            raise ValueError(f"no such station: {self}")

    @property
    def offered_load(self) -> float:
        """Servers busy on average if there were no limit (erlang)."""
        return self.arrivals_per_hour * self.service_hours

    @property
    def utilisation(self) -> float:
        """Share of time a server is busy; 1 or more means overloaded."""
        return self.offered_load / self.servers


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """How long jobs wait for a server.

    Attributes:
        load: whether the line settles.
        delayed: probability that a job waits at all.
        mean_hours: mean wait; infinite if overloaded.
        decay_per_hour: rate at which the tail falls: P(wait > t) = delayed x exp(-decay x t).
    """

    load: Load
    delayed: float
    mean_hours: float
    decay_per_hour: float

    def longer_than(self, hours: float) -> float:
        """Probability of waiting longer than that."""
        if self.load is Load.OVERLOADED:
            return 1.0
        return self.delayed * math.exp(-self.decay_per_hour * max(hours, 0.0)) if self.delayed else 0.0


def wait(station: Station) -> Wait:
    """The wait at a station.

    For exponential service this is the exact M/M/c result (Erlang C; Gross and Harris, "Fundamentals of Queueing
    Theory", section 2.3). Otherwise the mean is approximate: up to cv2 = 1 it lies between that of constant service
    (Cosmetatos 1975) and of exponential service in proportion to cv2; beyond, it is that of exponential service times
    (1 + cv2) / 2 (Lee and Longton 1959), exact for one server (Pollaczek and Khinchine). The tail is taken as
    exponential with that mean. The error is measured in `tests/recovery/test_aftersales_simulation.py`.
    """
    if station.utilisation >= 1:
        return Wait(load=Load.OVERLOADED, delayed=1.0, mean_hours=math.inf, decay_per_hour=0.0)
    delayed = erlang_c(station.servers, station.offered_load)
    spare = station.servers - station.offered_load
    spread = _spread(station)
    return Wait(
        load=Load.STABLE,
        delayed=delayed,
        mean_hours=delayed * station.service_hours / spare * spread,
        decay_per_hour=spare / (station.service_hours * spread),
    )


def _spread(station: Station) -> float:
    """Mean wait over that with exponential service.

    Constant service: (1 + (1 - u)(c - 1)(sqrt(4 + 5c) - 2) / (16 u c)) / 2 at utilisation u, never more than 1.
    """
    if station.service_cv2 >= 1 or station.servers == 1 or station.utilisation == 0:
        return (1 + station.service_cv2) / 2
    c, u = station.servers, station.utilisation
    constant = min(1.0, (1 + (1 - u) * (c - 1) * (math.sqrt(4 + 5 * c) - 2) / (16 * u * c)) / 2)
    return station.service_cv2 + (1 - station.service_cv2) * constant


def erlang_b(servers: int, offered_load: float) -> float:
    """Probability that a call is lost: B(c, a) by the stable recursion B = aB / (c + aB) (Erlang 1917)."""
    blocked = 1.0
    for count in range(1, servers + 1):
        blocked = offered_load * blocked / (count + offered_load * blocked)
    return blocked


def erlang_c(servers: int, offered_load: float) -> float:
    """Probability that a job waits: C(c, a) = c B / (c - a (1 - B)); 1 where the load reaches the servers."""
    if offered_load >= servers:
        return 1.0
    blocked = erlang_b(servers, offered_load)
    return servers * blocked / (servers - offered_load * (1 - blocked))


def servers_for(arrivals_per_hour: float, service_hours: float, cv2: float, within_hours: float, share: float) -> int:
    """Fewest servers with which at least `share` of jobs wait no longer than `within_hours`."""
    servers = max(1, math.floor(arrivals_per_hour * service_hours) + 1)
    while True:
        station = Station(
            arrivals_per_hour=arrivals_per_hour, service_hours=service_hours, service_cv2=cv2, servers=servers
        )
        if wait(station).longer_than(within_hours) <= 1 - share:
            return servers
        servers += 1
