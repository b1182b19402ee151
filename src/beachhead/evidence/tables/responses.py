"""responses.csv: what studies of one's own say of price and trims; `evidence conjoint` and `market` write it."""

from __future__ import annotations

from collections.abc import Iterator

from beachhead.evidence.cell import Code, CountryCode, CurrencyCode, Number, Whole
from beachhead.evidence.row import Placed, Sourced, Table, column
from beachhead.world.errors import Fault

ABOUT_PRICE, ABOUT_OFFER = ("elasticity", "price", "log_sd"), ("mix",)


class ResponseRow(Sourced):
    """One study in one market: how demand answers to price, or (with an offer) which share picks that offer."""

    study: Code = column("name of the study; its rows share one error of method", key=True)
    market: CountryCode = column("market it speaks of", key=True, refers="markets.code")
    offer: Code | None = column(
        "offer whose share among the list the row states; blank = the row is about price",
        key=True,
        refers="offers.code",
        default=None,
    )
    elasticity: Number | None = column(
        "price elasticity of demand, sign left out, at `price`; for rows about price", default=None, above=0, most=50
    )
    price: Number | None = column("price at which the elasticity holds", unit="currency", default=None, above=0)
    currency: CurrencyCode | None = column(
        "currency of the price; blank = the launch's", refers="fx.currency", default=None
    )
    mix: Number | None = column(
        "share of those who would buy any of the list that picks the offer", unit="share", default=None
    )
    people: Whole = column("people asked, or products and markets seen", least=1)
    log_sd: Number | None = column("standard error of the log of the elasticity", default=None, above=0)
    bias_mean: Number | None = column(
        "log of how much such studies overstate the elasticity, blank for the usual", default=None, least=-5, most=5
    )
    bias_sd: Number | None = column("standard deviation of that log, blank for the usual", default=None, above=0)
    weight: Number = column("share of its information that counts", unit="share", default=1.0, above=0, most=1)


def one_statement(rows: tuple[Placed[ResponseRow], ...]) -> Iterator[Fault]:
    """A row states an elasticity at a price with its error, or the share of an offer."""
    for placed in rows:
        row = placed.row
        about = "price" if row.offer is None else "an offer"
        wanted = ABOUT_PRICE if row.offer is None else ABOUT_OFFER
        unwanted = ABOUT_OFFER if row.offer is None else ABOUT_PRICE
        for name in wanted:
            if getattr(row, name) is None:
                cure = f"write it; a row about {about} needs {', '.join(wanted)}"
                yield Fault(file=TABLE.file, row=placed.line, column=name, problem="is blank", cure=cure)
        for name in unwanted:
            if getattr(row, name) is not None:
                problem = f"does not belong into a row about {about}"
                written = str(getattr(row, name))
                cure = "leave it blank, or use a row of its own"
                yield Fault(file=TABLE.file, row=placed.line, column=name, written=written, problem=problem, cure=cure)


TABLE = Table(
    name="responses",
    row=ResponseRow,
    required=False,
    purpose="What choice experiments of one's own say of price and trims; `adjust` starts from it.",
    across=(one_statement,),
)
