"""Changes gathered for a reader: alike on one day in one notice, what asks for an act by itself."""

from dataclasses import replace
from datetime import date

from beachhead.compliance.finding import Reason
from beachhead.compliance.notice import notices
from beachhead.compliance.watch import Change
from beachhead.world.source import Grade, Source

RULE = Reason(text="R is asked of every car", source=Source(who="law", as_of=date(2026, 1, 1), grade=Grade.A))
PAPER = Reason(
    text="Shown by EU WVTA granted on 2026-12-18 by DE.",
    source=Source(who="assumption: promised", as_of=date(2026, 1, 1), grade=Grade.C),
)


def shown(code: str, offer: str = "SMALL", markets: tuple[str, ...] = ("DE", "FR"), **changes: object) -> Change:
    """A requirement that a promised approval shows."""
    plain = Change(
        day=date(2026, 12, 18),
        offer=offer,
        markets=markets,
        what="requirement",
        code=code,
        title=f"what {code} asks",
        before="missing",
        after="met",
        closes=False,
        act_by=None,
        expected=None,
        late=False,
        reasons=(RULE, PAPER),
    )
    return replace(plain, **changes)


def test_what_one_promised_paper_shows_is_one_notice_and_stands_on_the_paper():
    (notice,) = notices([shown("R13H"), shown("R79"), shown("R13H", "LARGE"), shown("R79", "LARGE")])
    assert (notice.codes, notice.offers, notice.markets) == (("R13H", "R79"), ("SMALL", "LARGE"), ("DE", "FR"))
    assert notice.by == "Shown by EU WVTA granted on 2026-12-18 by DE."
    assert notice.source.grade is Grade.C


def test_offers_hit_in_other_markets_are_told_apart():
    """One in DE, the other in FR too: together they would be told in FR, where the first is not hit."""
    found = notices([shown("R79", "SMALL", ("DE",)), shown("R79", "LARGE", ("DE", "FR"))])
    assert {(notice.offers, notice.markets) for notice in found} == {(("SMALL",), ("DE",)), (("LARGE",), ("DE", "FR"))}


def test_what_closes_or_asks_for_an_act_is_told_by_itself_with_the_rule_that_does_it():
    shut = {"before": "met", "after": "missing", "closes": True}
    found = notices(
        [
            shown("A", act_by=date(2026, 6, 1), late=True, **shut),
            shown("B", act_by=date(2026, 6, 1), late=True, **shut),
            shown("C", expected=date(2027, 1, 1), **shut),
            shown("D", **shut),
        ]
    )
    assert [(*notice.codes, notice.no_way) for notice in found] == [
        ("A", False),
        ("B", False),
        ("C", False),
        ("D", True),
    ]
    assert {notice.source.who for notice in found} == {"law"}
