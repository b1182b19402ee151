"""Which single approval opens the most: features that only wait for it, and markets that only lack it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from beachhead.compliance.approval import Holding, Vehicle
from beachhead.compliance.assess import law_of
from beachhead.compliance.finding import Verdict
from beachhead.compliance.in_hand import hand, series_reaches
from beachhead.compliance.owed import Owed
from beachhead.compliance.prospect import Span, prospect
from beachhead.compliance.ready import Network, network
from beachhead.compliance.requirement import Accepted
from beachhead.compliance.rulebook import Rulebook
from beachhead.compliance.sale import offered
from beachhead.world.source import Source

_NOTHING_HELD = Holding()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What one approval, obtained once, would open.

    Attributes:
        approval: its code.
        title: what it is.
        issuers: countries any one of which may issue it; empty if anybody may.
        shows: markets in which it would show something that is missing.
        features: by feature, the markets in which nothing but this approval keeps it shut.
        sale: markets in which cars could be sold as soon as it is held.
        sales: expected sales of the markets that it opens, for a feature or for sale; in the unit passed in.
        source: who describes it.
    """

    approval: str
    title: str
    issuers: frozenset[str]
    shows: tuple[str, ...]
    features: Mapping[str, tuple[str, ...]]
    sale: tuple[str, ...]
    sales: float
    source: Source

    @property
    def opens(self) -> tuple[str, ...]:
        """Every market in which it opens something by itself."""
        return tuple(sorted({*self.sale, *(market for markets in self.features.values() for market in markets)}))


def openings(
    rulebook: Rulebook,
    vehicles: Iterable[Vehicle],
    markets: Sequence[str],
    on: date,
    holding: Holding = _NOTHING_HELD,
    sales: Mapping[str, float] | None = None,
) -> tuple[Opening, ...]:
    """Every approval that would show something missing, the one that opens the most sales first.

    A market counts once, whatever the number of offers that gain there. `sales` is what each market may sell, in any
    unit; without it every market counts 1.
    """
    net = network(rulebook)
    found = _Found()
    for vehicle in vehicles:
        in_hand = hand(rulebook, vehicle, holding)
        spans: dict[int, tuple[Span, tuple[Owed, ...]]] = {}
        for market in markets:
            law = law_of(rulebook, market)
            if id(law) not in spans:
                ahead = prospect(net, vehicle, law, in_hand, on)
                span = ahead.on(on)
                open_now = [offered(route, market, on).begins <= on for route in law.routes]
                spans[id(law)] = (span, tuple(dues for dues, now in zip(span.owed, open_now, strict=True) if now))
            found.add(net, market, *spans[id(law)])
    weights = sales if sales is not None else dict.fromkeys(markets, 1.0)
    told = [_told(rulebook, code, found, weights) for code in found.shows]
    return tuple(sorted(told, key=lambda item: (-item.sales, -len(item.shows), item.approval)))


class _Found:
    """What each approval shows and opens, gathered market by market."""

    def __init__(self) -> None:
        self.shows: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self.features: defaultdict[str, defaultdict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
        self.sale: defaultdict[str, dict[str, None]] = defaultdict(dict)

    def add(self, net: Network, market: str, span: Span, routes: Sequence[Owed]) -> None:
        """Gather what approvals would show in one span of one market."""
        showing = {
            finding.requirement: _codes_that_show(net, finding.accepts)
            for finding in span.findings
            if finding.verdict is Verdict.MISSING
        }
        for code in {code for codes in showing.values() for code in codes}:
            self.shows[code][market] = None
        for dues, positions in span.awaited:
            for code in frozenset.intersection(*(showing[need] for need in dues.requirements)):
                for position in positions:
                    self.features[code][span.features[position].feature][market] = None
        for dues in routes:
            if dues.requirements and dues.all_settled:
                for code in frozenset.intersection(*(_codes_that_show(net, accepts) for accepts in dues.accepts)):
                    self.sale[code][market] = None


def _codes_that_show(net: Network, accepts: Sequence[Accepted]) -> frozenset[str]:
    """Approvals that would show what is accepted if they were held, equivalences followed back."""
    codes: set[str] = set()
    waiting = [item for item in accepts if item.equipment is None]
    while waiting:
        item = waiting.pop()
        approval = net.rulebook.approvals.get(item.code)
        if approval is None or item.code in codes or not series_reaches(approval.series, item.series):
            continue
        codes.add(item.code)
        waiting += [
            Accepted(code=equivalence.holds, series=equivalence.series)
            for equivalence in net.counting.get(item.code, ())
            if not item.series
        ]
    return frozenset(codes)


def _told(rulebook: Rulebook, code: str, found: _Found, weights: Mapping[str, float]) -> Opening:
    approval = rulebook.approvals[code]
    features = {feature: tuple(markets) for feature, markets in found.features[code].items()}
    opened = {*found.sale[code], *(market for markets in features.values() for market in markets)}
    return Opening(
        approval=code,
        title=approval.title,
        issuers=rulebook.issuers[code],
        shows=tuple(found.shows[code]),
        features=features,
        sale=tuple(found.sale[code]),
        sales=sum(weights.get(market, 0.0) for market in opened),
        source=approval.source,
    )
