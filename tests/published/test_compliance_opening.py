"""Which approval opens the most: the figure of the brief, and what it says of weights."""

from __future__ import annotations

from datetime import date

from beachhead.compliance.approval import Vehicle
from beachhead.compliance.check import rulebook
from beachhead.compliance.opening import openings

BOOK = rulebook()
ON = date(2026, 11, 21)
PILOT = Vehicle(code="P", features=frozenset({"navigate_on_pilot_highway"}))


def of(code: str, **arguments):
    found = openings(BOOK, [PILOT], sorted(BOOK.laws), ON, **arguments)
    return next(item for item in found if item.approval == code)


def test_un_r171_approval_in_one_1958_country_opens_31_markets():
    opening = of("UN R171")
    assert len(opening.opens) == 31
    union = {market for market, law in BOOK.laws.items() if "EU" in law.lineage} - {"NO", "CH", "TR", "IL", "IS"}
    assert set(opening.opens) == union | {"NO", "CH", "TR", "JP"}
    assert len(union) == 27


def test_any_one_party_of_the_1958_agreement_may_issue_it_and_china_is_none():
    issuers = of("UN R171").issuers
    assert {"DE", "NL", "GB", "JP", "ZA"} <= issuers
    assert not {"CN", "US", "CA", "IN"} & issuers


def test_markets_are_weighed_by_what_they_may_sell():
    assert of("UN R171", sales={"DE": 500.0, "JP": 40.0, "US": 9000.0}).sales == 540.0


def test_what_opens_the_most_sales_comes_first_and_then_what_shows_something_in_most_markets():
    found = openings(BOOK, [PILOT], sorted(BOOK.laws), ON, sales={"DE": 500.0, "JP": 40.0, "US": 9000.0})
    order = [(-item.sales, -len(item.shows), item.approval) for item in found]
    assert order == sorted(order)
    assert len({item.sales for item in found}) > 1
