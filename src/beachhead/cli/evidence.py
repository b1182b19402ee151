"""`beachhead evidence`: official registrations for the entry panel, fetched into a user cache."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from beachhead.case.fetch import FIRST_MONTH, fetch_source
from beachhead.case.refit import refit_choice
from beachhead.cli.clock import now
from beachhead.cli.show import JsonFlag, progress, say, show_json, show_table
from beachhead.evidence.fetch import SOURCES, cache_folder

evidence = typer.Typer(name="evidence", help="Fetch official registrations; list the sources.", no_args_is_help=True)


@evidence.command()
def sources(as_json: JsonFlag = False) -> None:
    """List what can be fetched, with licence and the file it makes."""
    if as_json:
        listed = [{"name": s.name, "title": s.title, "licence": s.licence, "file": s.file} for s in SOURCES]
        show_json({"sources": listed, "cache": cache_folder()})
        return
    show_table(["source", "what", "licence"], [[s.name, s.title, s.licence] for s in SOURCES])
    say(f"Fetched files are kept in {cache_folder()}; BEACHHEAD_CACHE names another folder.")


@evidence.command()
def fetch(
    source: Annotated[str, typer.Argument(help="Name of the source; `evidence sources` lists them.")],
    first: Annotated[str, typer.Option("--from", metavar="YYYY-MM", help="First month.")] = FIRST_MONTH,
    last: Annotated[
        str | None, typer.Option("--to", metavar="YYYY-MM", help="Last month; default the last whole one.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option("--into", metavar="DIR", help="Copy the panel file into this folder.")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Use what was fetched before; ask nobody.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Fetch a source, check it, keep it with its checksum, and make the file that `backtest --panel` reads."""
    with progress(f"fetching {source}", quiet=as_json) as advance:
        found = fetch_source(
            source,
            at=now(),
            first=first,
            last=last,
            into=into,
            offline=offline,
            tick=lambda done: advance(done, done + 1),
        )
    if as_json:
        show_json(found)
        return
    came = "read from the cache" if found.from_cache else "fetched"
    say(
        f"{found.rows:,} rows from {found.answers} answers of {found.source}, {came} ({found.fetched_at}), "
        f"licence {found.licence}.",
        f"{into / found.file.name if into else found.file} (sha256 {found.sha256[:12]}...)",
    )


@evidence.command()
def refit(
    conjoint: Annotated[
        Path,
        typer.Option("--conjoint", metavar="DIR", help="Folder with the two choice experiments.", show_default=False),
    ],
    as_json: JsonFlag = False,
) -> None:
    """Refit the shipped numbers of price response from the choice experiments, and show both."""
    found = refit_choice(conjoint)
    if as_json:
        show_json({"numbers": found.numbers, "fits": found.fits})
        return
    for name, fit in found.fits.items():
        say(
            f"{name}: {fit.people} people, log likelihood {fit.log_likelihood:,.1f} (plain logit "
            f"{fit.log_likelihood_plain:,.1f}), price {fit.price:.4f} (standard error {fit.price_se:.4f})."
        )
    show_table(
        ["number", "shipped", "refitted"],
        [[n.name, f"{n.shipped:.3f}", f"{n.refitted:.3f}"] for n in found.numbers],
        title="belief/fitted/choice.toml",
        right={1, 2},
    )
