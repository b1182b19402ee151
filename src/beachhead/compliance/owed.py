"""What a route still asks in one span of time, put as numbered questions so that it can be answered on many days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from beachhead.compliance.finding import Finding, Verdict
from beachhead.compliance.in_hand import Hand
from beachhead.compliance.ready import Network
from beachhead.compliance.requirement import Accepted
from beachhead.compliance.requirement_finding import start_of_cover
from beachhead.compliance.rule import Route


@dataclass(frozen=True, slots=True)
class Owed:
    """Requirements still to be shown: first those missing, then those not settled.

    Attributes:
        requirements: requirement codes.
        accepts: for each, what would show it on the route.
        numbers: for each, the number of that question in the network.
        systems: positions of those that a whole-vehicle approval covers.
        missing: how many are missing; the rest is unknown.
    """

    requirements: tuple[str, ...]
    accepts: tuple[tuple[Accepted, ...], ...]
    numbers: tuple[int, ...]
    systems: tuple[int, ...]
    missing: int

    @property
    def all_settled(self) -> bool:
        """Whether nothing is unknown."""
        return self.missing == len(self.requirements)


def owed(net: Network, findings: Iterable[Finding]) -> Owed:
    """What these findings leave to be shown."""
    return _owed(net, [(finding, finding.accepts, finding.verdict is Verdict.UNKNOWN) for finding in findings])


def owed_on_route(net: Network, route: Route, findings: Iterable[Finding], in_hand: Hand, day: date) -> Owed:
    """What a route still asks of findings that keep cars from being sold.

    It may waive a requirement, show it by an approval of its own, or accept other evidence instead. Where it says what
    shows a requirement, it does not matter that the rule on it is not settled.
    """
    left = []
    for finding in findings:
        if finding.requirement in route.waives or _shown_on_route(route, finding, in_hand, day):
            continue
        instead = route.instead.get(finding.requirement, ())
        unknown = finding.verdict is Verdict.UNKNOWN and not instead
        left.append((finding, instead or finding.accepts, unknown))
    return _owed(net, left)


def _owed(net: Network, left: list[tuple[Finding, tuple[Accepted, ...], bool]]) -> Owed:
    """Questions from findings, each with what is accepted and whether it is unknown."""
    ordered = [item for item in left if not item[2]] + [item for item in left if item[2]]
    return Owed(
        requirements=tuple([finding.requirement for finding, _, _ in ordered]),
        accepts=tuple([accepts for _, accepts, _ in ordered]),
        numbers=tuple([net.number(accepts) for _, accepts, _ in ordered]),
        systems=tuple([index for index, (finding, _, _) in enumerate(ordered) if finding.in_whole_vehicle]),
        missing=sum(not unknown for _, _, unknown in left),
    )


def _shown_on_route(route: Route, finding: Finding, in_hand: Hand, day: date) -> bool:
    """Whether a whole-vehicle approval of the route that is in hand shows the requirement."""
    if not finding.in_whole_vehicle or not in_hand.held:
        return False
    held = (item for code in route.whole_vehicle for item in in_hand.held.get(code, ()) if item.start <= day < item.end)
    return any(finding.rule is None or start_of_cover(item, finding.rule) is not None for item in held)
