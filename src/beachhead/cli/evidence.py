"""`beachhead evidence`: official registrations for the entry panel, fetched into a user cache."""

from __future__ import annotations

from math import exp
from pathlib import Path
from typing import Annotated

import typer

from beachhead.case.belief.conjoint import Asked, Sold, ask_conjoint, ask_market
from beachhead.case.history.fetch import FIRST_MONTH, fetch_source
from beachhead.case.history.refit import Refitted, RefittedEntry, refit_choice, refit_entries
from beachhead.case.open import Launch, open_launch
from beachhead.cli.clock import OnOption, day_of, now
from beachhead.cli.progress import progress
from beachhead.cli.show import JsonFlag, how_many, percent, say, show_json, show_table
from beachhead.evidence.fetch import SOURCES, OnlineSource, cache_folder
from beachhead.world.errors import BadInput
from beachhead.world.version import VERSION
from beachhead.world.whole import write_whole

evidence = typer.Typer(
    name="evidence",
    help="Fetch official registrations, and fit the shipped numbers or studies of your own.",
    no_args_is_help=True,
)

LaunchOption = Annotated[Path, typer.Option("--launch", metavar="DIR", help="The launch.", show_default=False)]
StudyOption = Annotated[
    str | None, typer.Option("--study", metavar="NAME", help="Name of the study; default that of the file.")
]
WeightOption = Annotated[float, typer.Option("--weight", help="Share of its information that counts, 0 to 1.")]


@evidence.command()
def sources(as_json: JsonFlag = False) -> None:
    """List what can be fetched, with licence and the file it makes."""
    if as_json:
        listed = [{"name": s.name, "title": s.title, "licence": s.licence, "file": s.file} for s in SOURCES]
        show_json({"sources": listed, "cache": cache_folder()})
        return
    show_table(["source", "what, and the file made of it", "licence"], [_source_row(s) for s in SOURCES])
    say("Quarters (dft) and years (eurostat) are for reading: `backtest --panel` needs months.")
    say(f"Fetched files are kept in {cache_folder()}; BEACHHEAD_CACHE names another folder.")


def _source_row(source: OnlineSource) -> list[str]:
    return [source.name, f"{source.title}\n{source.file}", source.licence]


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
        f"{how_many(found.rows, 'row')} from {how_many(found.answers, 'answer')} of {found.source}, {came} "
        f"({found.fetched_at}), licence {found.licence}.",
        f"{into / found.file.name if into else found.file} (sha256 {found.sha256[:12]}...)",
    )


@evidence.command()
def conjoint(
    file: Annotated[Path, typer.Argument(help="Raw answers, one row an alternative.")],
    directory: LaunchOption,
    market: Annotated[
        str, typer.Option("--market", metavar="CODE", help="Market whose people were asked.", show_default=False)
    ],
    study: StudyOption = None,
    currency: Annotated[
        str | None, typer.Option("--currency", metavar="CODE", help="Of the prices shown; default the market's.")
    ] = None,
    weight: WeightOption = 1.0,
    write: Annotated[bool, typer.Option("--write", help="Put its rows into the launch's responses.csv.")] = False,
    on: OnOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Fit the raw answers of a choice experiment: what they say of price and trims, for `adjust` to start from."""
    launch = open_launch(directory)
    found = ask_conjoint(
        launch,
        file,
        market=market,
        study=study,
        currency=currency,
        weight=weight,
        on=day_of(on),
        write=write,
    )
    if as_json:
        show_json(found)
    else:
        _show_asked(launch, found)


@evidence.command()
def market(
    file: Annotated[Path, typer.Argument(help="Shares and prices of products by market, in PyBLP's columns.")],
    directory: LaunchOption,
    market: Annotated[
        str, typer.Option("--market", metavar="CODE", help="Market that they speak of.", show_default=False)
    ],
    study: StudyOption = None,
    currency: Annotated[
        str | None, typer.Option("--currency", metavar="CODE", help="Of the prices; default the market's.")
    ] = None,
    random: Annotated[bool, typer.Option("--random", help="Buyers differ in how they mind price.")] = False,
    weight: WeightOption = 1.0,
    write: Annotated[bool, typer.Option("--write", help="Put its row into the launch's responses.csv.")] = False,
    on: OnOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Estimate the answer to price from market-level data (needs the extra `blp`), for `adjust` to start from."""
    launch = open_launch(directory)
    found = ask_market(
        launch,
        file,
        market=market,
        study=study,
        currency=currency,
        random=random,
        weight=weight,
        on=day_of(on),
        write=write,
    )
    if as_json:
        show_json(found)
    else:
        _show_sold(launch, found)


@evidence.command()
def refit(
    panel: Annotated[
        Path | None,
        typer.Option("--panel", metavar="DIR", help="Folder of registrations; refits entry.toml.", show_default=False),
    ] = None,
    conjoint: Annotated[
        Path | None,
        typer.Option("--conjoint", metavar="DIR", help="Folder with the two choice experiments.", show_default=False),
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option("--write", metavar="FILE", help="Write the refitted entry.toml here.", show_default=False),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Refit the shipped numbers: of entries from a panel, of price response from choice experiments; show both."""
    if panel is None and conjoint is None:
        raise BadInput("nothing to refit from", "give --panel DIR, --conjoint DIR, or both")
    if write is not None and panel is None:
        raise BadInput(f"--write {write} without a panel", "give --panel DIR; the numbers of choice are not written")
    entries = None if panel is None else refit_entries(panel, on=now().date(), version=VERSION)
    choice = None if conjoint is None else refit_choice(conjoint)
    if entries is not None and write is not None:
        try:
            write_whole(write, entries.text)
        except OSError as error:
            raise BadInput(
                f"{write} cannot be written ({error.strerror})", "name a file in a folder of yours"
            ) from error
    if as_json:
        show_json(_answer(entries, choice))
        return
    if entries is not None:
        _show_entries(entries, write)
    if choice is not None:
        _show_choice(choice)


def _show_asked(launch: Launch, asked: Asked) -> None:
    found, name = asked.found, launch.market(asked.market).name
    low, high = (found.elasticity * exp(z * found.log_sd) for z in (-1.645, 1.645))
    say(
        f"{how_many(found.people, 'person', 'people')} in {name} picked {how_many(found.tasks, 'time')}. "
        f"Where prices are {found.price:,.0f} {asked.currency}, 1 % more loses {found.elasticity:.1f} % of buyers "
        f"({low:.1f} to {high:.1f} by sampling alone)."
    )
    say(
        f"Such studies understate that by {percent(1 - exp(asked.bias_mean))} (sd of the log {asked.bias_sd:g}); "
        "`adjust` allows for it and weighs the rest with what it held before."
    )
    show_table(
        ["attribute", "worth in " + asked.currency, "utility"],
        [
            [label, f"{taste * found.price / found.elasticity:+,.0f}", f"{taste:+.3g}"]
            for label, taste in zip(found.attributes, found.taste, strict=True)
        ],
        title="What one more unit, or this instead of the first, is worth to them",
        right={1, 2},
    )
    if asked.mix:
        told = ", ".join(f"{code} {percent(share)}" for code, share in asked.mix.items())
        say(f"At the prices asked now they would split over {told}.")
    say(
        f"Log likelihood {found.log_likelihood:,.1f}; multinomial logit {found.log_likelihood_plain:,.1f}, by lot "
        f"{found.log_likelihood_chance:,.1f}."
    )
    say(f"Written to {asked.written}." if asked.written else "Nothing is written; `--write` puts it into the launch.")


def _show_sold(launch: Launch, sold: Sold) -> None:
    found, name = sold.found, launch.market(sold.market).name
    low, high = (found.elasticity * exp(z * found.log_sd) for z in (-1.645, 1.645))
    effects = ", product effects taken out" if found.absorbed else ""
    say(
        f"{found.products:,} rows of products in {how_many(found.markets, 'market')}{effects}: price coefficient "
        f"{found.price:.4g} (standard error {found.price_se:#.2g}). At {found.typical_price:,.4g} {sold.currency} "
        f"1 % more loses {found.elasticity:.1f} % of a small share ({low:.1f} to {high:.1f}); the median product's "
        f"elasticity is {found.own:.2f}.",
        f"`adjust` weighs that for {name} with what it held before; it may miss by {sold.bias_sd:g} of the log.",
        f"Written to {sold.written}." if sold.written else "Nothing is written; `--write` puts it into the launch.",
    )


def _answer(entries: RefittedEntry | None, choice: Refitted | None) -> dict[str, object]:
    said: dict[str, object] = {}
    if entries is not None:
        found = entries.found
        said["entry"] = {
            "numbers": entries.numbers,
            "covariates": found.told,
            "provenance": entries.where,
            "pairs_correlation": found.pairs,
            "growth_sd": found.growth_sd,
            "registration_size_weekly": found.registration_size_weekly,
            "toml": entries.text,
        }
    if choice is not None:
        said |= {"numbers": choice.numbers, "fits": choice.fits}
    return said


def _show_entries(entries: RefittedEntry, write: Path | None) -> None:
    found, where = entries.found, entries.where
    say(
        f"{how_many(found.entries, 'newcomer')} of {how_many(found.brands, 'brand')}, {found.first} to {found.last}; "
        f"{how_many(len(found.seen.log_share), 'has', 'have')} sold for a year. "
        f"{how_many(where.rows, 'row')} of {how_many(len(where.files), 'file')}, sha256 {where.digest[:12]}..."
    )
    show_table(
        ["number", "shipped", "refitted"],
        [[n.name, f"{n.shipped:.3f}", f"{n.refitted:.3f}"] for n in entries.numbers],
        title="belief/fitted/entry.toml",
        right={1, 2},
    )
    show_table(
        ["covariate", "known", "slope for 1 sd", "log likelihood", "held-out CRPS", "90 %, by brands"],
        [
            [
                t.name,
                str(t.known),
                "-" if t.name == "all" else f"{t.slope:+.2f} (sd {t.slope_sd:.2f})",
                f"{t.log_likelihood_gain:+.2f}",
                f"{t.crps_change:+.1%}",
                f"{t.crps_change_low:+.1%} to {t.crps_change_high:+.1%}",
            ]
            for t in found.told
        ],
        title="What each covariate tells of a brand never seen, each alone; negative is better",
        right={1, 2, 3, 4, 5},
    )
    say(
        "Registrations scatter as a negative binomial of size "
        f"{found.registration_size_weekly:.2f} a week (taken: 1.00)."
    )
    if write is not None:
        say(f"Written to {write}.")


def _show_choice(found: Refitted) -> None:
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
