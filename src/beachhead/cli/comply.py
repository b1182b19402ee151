"""`beachhead comply`: what may be sold where, with which features, from when, and what is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer

from beachhead.case.compliance.answer import (
    Brief,
    add_rules,
    brief,
    checklist,
    chosen_markets,
    launch_permits,
    matrix,
    watch,
    widest,
)
from beachhead.case.compliance.sheet import sheets, write_sheets
from beachhead.case.compliance.words import changes_sentence, end_of_series_sentences, expiry_sentence, subject
from beachhead.case.open import open_launch
from beachhead.cli.clock import OnOption, day_of
from beachhead.cli.comply_dossier import dossier_text
from beachhead.cli.show import JsonFlag, LaunchDir, cars, how_many, money, say, show_json, show_table
from beachhead.compliance.approval import Used
from beachhead.compliance.finding import Assessment, FeatureVerdict, Reason, SaleDate, Verdict
from beachhead.compliance.notice import Notice, notices
from beachhead.compliance.opening import Opening
from beachhead.compliance.permit import Permit
from beachhead.world.errors import BadInput
from beachhead.world.figures import listed
from beachhead.world.quarter import FIRST_YEAR, LAST_YEAR
from beachhead.world.whole import write_whole

_WATCH_AHEAD = timedelta(days=366)
_MOST_CHAINS = 8

OfferOption = Annotated[
    list[str] | None, typer.Option("--offer", metavar="CODE", help="Only this offer; may be repeated.")
]
MarketOption = Annotated[
    list[str] | None, typer.Option("--market", metavar="CODE", help="Only this market; may be repeated.")
]
DiffOption = Annotated[
    tuple[str, str] | None,
    typer.Option("--diff", metavar="DAY DAY", help="What changes between two days, and by when to act."),
]
DossierFlag = Annotated[bool, typer.Option("--dossier", help="The checklist of one offer in one market (Markdown).")]
RouteOption = Annotated[
    str, typer.Option("--route", metavar="NAME", help="Route of the dossier; default the one without a cap.")
]
WhyOption = Annotated[
    str | None, typer.Option("--why", metavar="CODE", help="The chain of reasons of a requirement, feature or route.")
]
OpensFlag = Annotated[bool, typer.Option("--opens", help="Which single approval opens the most.")]
CostFlag = Annotated[bool, typer.Option("--cost", help="What approvals cost by market, shared steps split equally.")]
FeaturesFlag = Annotated[bool, typer.Option("--features", help="Where each feature may be switched on.")]
OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write everything as .xlsx or .csv, or a dossier as .md.")
]
UsedOption = Annotated[
    list[str] | None,
    typer.Option(
        "--used",
        metavar="MARKET[:OFFER]=CARS",
        help="Cars already registered this year under small series; with an offer they count against its type alone.",
    ),
]
AddOption = Annotated[
    Path | None, typer.Option("--add", metavar="YAML", help="Check a rule file and copy it into the launch's rules/.")
]


def comply(
    directory: LaunchDir,
    on: OnOption = None,
    diff: DiffOption = None,
    offer: OfferOption = None,
    market: MarketOption = None,
    why: WhyOption = None,
    features: FeaturesFlag = False,
    opens: OpensFlag = False,
    cost: CostFlag = False,
    dossier: DossierFlag = False,
    route: RouteOption = "",
    out: OutOption = None,
    used: UsedOption = None,
    add: AddOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Say what may be sold where, with which features, from when, and what is missing. Not legal advice."""
    day, launch = day_of(on), open_launch(directory)
    if add is not None:
        say(f"{add_rules(launch, add)} holds; it counts from now on.")
        return
    types = {offer.code: offer.model or offer.code for offer in launch.folder.offers}
    cars = [_used(text, day, types) for text in used or ()]
    asked = brief(launch.folder, cars)
    chosen_markets(asked, [one.market for one in cars])  # a slip of a market would count against no limit
    offers, markets = offer or [], [code.upper() for code in market or ()]
    if diff is not None:
        _show_watch(asked, _day(diff[0]), _day(diff[1]), offers, markets, as_json)
    elif opens:
        _show_openings(asked, widest(asked, day, offers, markets), as_json)
    elif cost:
        _show_cost(launch_permits(asked, day, markets), day, launch.folder.euro_told, as_json)
    elif dossier:
        _show_dossier(asked, offers, markets, day, route, launch.folder.euro_told, out, as_json)
    else:
        _show_matrix(asked, matrix(asked, day, offers, markets), why, features, out, as_json)


# ---- the matrix ------------------------------------------------------------------------------------------------------


def _show_matrix(
    asked: Brief, answers: Sequence[Assessment], why: str | None, features: bool, out: Path | None, as_json: bool
) -> None:
    if out is not None:
        written = write_sheets(out, sheets(answers))
        say(f"{how_many(len(answers), 'answer')} written to {', '.join(str(path) for path in written)}.")
    elif as_json:
        show_json({"on": answers[0].on, "answers": [_as_json(answer) for answer in answers]})
    elif why:
        _show_why(answers, why)
    elif features:
        _show_features(answers)
    elif len({answer.market for answer in answers}) == 1 and len(answers) <= 3:
        for answer in answers:
            _show_one(answer)
    else:
        _show_all(asked, answers)


def _show_all(asked: Brief, answers: Sequence[Assessment]) -> None:
    day = answers[0].on
    open_now = {a.market for a in answers if any(route.day == day for route in a.routes)}
    known = {a.market for a in answers if a.unlimited is not None and a.unlimited.day is not None}
    markets = {a.market for a in answers}
    say(
        f"On {day}, cars may be sold in {len(open_now)} of {how_many(len(markets), 'market')}; for {len(known)} a "
        f"first legal day without a cap is known, if work on approvals starts on {day}.",
        "What is unknown is never read as allowed: those markets stay shut until it is settled.",
    )
    grouped: defaultdict[tuple[str, ...], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for answer in answers:
        grouped[_cells(answer)][answer.market].add(answer.offer)
    show_table(
        ["markets", "offers", "small series from", "cars/yr", "without cap from", "missing", "what keeps it shut"],
        [
            [" ".join(sorted(where)), _offers(asked, set().union(*where.values())), *cells]
            for cells, where in sorted(grouped.items(), key=lambda item: (item[0][2], item[0][0], sorted(item[1])))
        ],
        right={3, 5},
    )
    offers, where = sorted({a.offer for a in answers}), sorted(open_now or markets)
    expiring = watch(asked, day, day + _WATCH_AHEAD, offers, where)[1] if asked.holding.certificates else ()
    for item in expiring:
        say(expiry_sentence(item))
    say("`--market XX --offer YY` shows one answer, `--why CODE` its chain of reasons, `--features` the features.")


def _cells(answer: Assessment) -> tuple[str, ...]:
    pilot, unlimited = answer.pilot, answer.unlimited
    best = unlimited or pilot
    shut = ""
    if best is None:
        shut = "no rule file covers it"
    elif best.day is None:
        shut = "; ".join(
            part
            for part in (
                f"no way: {_few(best.shut_by)}" if best.shut_by else "",
                f"settle: {_few(best.to_settle)}" if best.to_settle else "",
                f"else {best.provisional}" if best.provisional else "",
            )
            if part
        )
    cap = "" if pilot is None or pilot.day is None else cars(pilot.cap_left or 0)
    missing = len(answer.with_verdict(Verdict.MISSING))
    return (_first_day(pilot), cap, _first_day(unlimited), str(missing), shut)


def _few(codes: Sequence[str]) -> str:
    more = f" and {len(codes) - 4} more" if len(codes) > 5 else ""
    return " ".join(codes[: 4 if more else 5]) + more


def _first_day(route: SaleDate | None) -> str:
    if route is None:
        return "no route"
    if route.day is not None:
        return str(route.day)
    return "limit not known" if route.to_settle == ("cars a year",) else "not known"


def _offers(asked: Brief, codes: set[str]) -> str:
    return "all" if len(codes) == len(asked.vehicles) else " ".join(sorted(codes))


# ---- one answer ------------------------------------------------------------------------------------------------------


def _show_one(answer: Assessment) -> None:
    say(f"{answer.offer} in {answer.market} on {answer.on}, by the rules of {answer.jurisdiction or 'nobody known'}:")
    for route in answer.routes:
        say(f"- {' '.join(reason.text for reason in route.reasons)}")
    if not answer.routes:
        say("- No route to the customer is on record.")
    owing = [f for f in answer.findings if f.verdict in (Verdict.MISSING, Verdict.UNKNOWN)]
    show_table(
        ["requirement", "what it is", "stands", "closes", "accepted", "grade"],
        [
            [f.requirement, f.title, f.verdict.value, f.gate.value, ", ".join(map(str, f.accepts)), f.grade.value]
            for f in owing
        ],
        title=f"Not shown: {len(owing)} of {how_many(len(answer.findings), 'requirement')}",
    )
    show_table(
        ["feature", "stands", "from", "conditions, or what it waits for", "grade"],
        [
            [f.title, f.verdict.value, str(f.blocked_until or ""), _terms(f.conditions, f.awaits), f.grade.value]
            for f in answer.features
        ],
        title="Features",
    )


def _terms(conditions: Sequence[str], awaits: Sequence[str]) -> str:
    return f"waits for {', '.join(awaits)}" if awaits else " ".join(conditions)


def _show_why(answers: Sequence[Assessment], code: str) -> None:
    found = [(answer, chain) for answer in answers if (chain := _chain(answer, code))]
    if not found:
        raise BadInput(
            f"{code!r} is no requirement, declared feature or route of these answers",
            "write a code as it stands in the answers; `beachhead comply` with --json lists them",
        )
    shared: defaultdict[tuple[str, tuple[Reason, ...]], list[str]] = defaultdict(list)
    for answer, (verdict, reasons) in found:
        shared[(f"{answer.offer}: {verdict}", reasons)].append(answer.market)
    for (headline, reasons), markets in list(shared.items())[:_MOST_CHAINS]:
        say(f"{code}, {headline} in {listed(markets)}")
        for number, reason in enumerate(reasons, start=1):
            say(f"  {number}. {reason.text}")
            say(f"     [{reason.source.grade.value}, {reason.source.as_of}] {reason.source.who}")
    if len(shared) > _MOST_CHAINS:
        more = how_many(len(shared) - _MOST_CHAINS, "more chain")
        say(f"There are {more}; name --market and --offer, or use --json.")


def _chain(answer: Assessment, code: str) -> tuple[str, tuple[Reason, ...]] | None:
    for finding in answer.findings:
        if finding.requirement == code:
            return finding.verdict.value, finding.reasons
    for feature in answer.features:
        if feature.feature == code:
            return feature.verdict.value, feature.reasons
    for route in answer.routes:
        if route.route == code:
            return _first_day(route), route.reasons
    return None


def _show_features(answers: Sequence[Assessment]) -> None:
    say(f"Where each declared feature stands on {answers[0].on}; unknown is never read as allowed.")
    where: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for answer in answers:
        for feature in answer.features:
            where[feature.title][feature.verdict.value].add(answer.market)
    verdicts = [verdict.value for verdict in FeatureVerdict]
    show_table(
        ["feature", *verdicts],
        [[title, *(listed(sorted(found[verdict])) for verdict in verdicts)] for title, found in sorted(where.items())],
    )


def _show_cost(found: Sequence[Permit], day: date, told: tuple[float, str], as_json: bool) -> None:
    if as_json:
        show_json({"on": day, "permits": found})
        return
    euro, currency = told
    total = sum(permit.cost_shared_eur for permit in found)
    say(
        f"Approvals for {how_many(len(found), 'market')} cost {money(total * euro, currency)} together, from "
        f"what is held on {day}; a step that several markets need is paid once, in equal parts. Usual costs, grade C: "
        "put in your quotes."
    )
    show_table(
        ["market", "small series from", "cars/yr", "without cap from", "alone", "its share"],
        [
            [
                permit.market,
                _first_day(permit.pilot),
                cars(permit.pilot.cap) if permit.pilot and permit.pilot.cap else "",
                _first_day(permit.unlimited),
                money(permit.cost_alone_eur * euro, currency),
                money(permit.cost_shared_eur * euro, currency),
            ]
            for permit in found
        ],
        right={2, 4, 5},
    )


# ---- what opens, what changes ----------------------------------------------------------------------------------------


def _show_openings(asked: Brief, found: Sequence[Opening], as_json: bool) -> None:
    if as_json:
        show_json({"openings": found})
        return
    opening = [item for item in found if item.opens]
    titles = {code: feature.title for code, feature in asked.rulebook.features.items()}
    for item in opening[:3]:
        say(_opening_sentence(item, titles))
    show_table(
        ["approval", "opens by itself", "markets", "BEV/yr there", "helps in"],
        [
            [item.approval, _what(item, titles), str(len(item.opens)), cars(item.sales), str(len(item.shows))]
            for item in opening[:20]
        ],
        right={2, 3, 4},
        title="Approvals that open something by themselves",
    )


def _opening_sentence(item: Opening, titles: dict[str, str]) -> str:
    issued = f" in one of {len(item.issuers)} countries" if len(item.issuers) > 1 else ""
    return f"{item.approval} approval{issued} opens, in {how_many(len(item.opens), 'market')}: {_what(item, titles)}."


def _what(item: Opening, titles: dict[str, str]) -> str:
    # Titles hold commas of their own.
    return "; ".join([*(["sale"] if item.sale else []), *(titles.get(code, code) for code in item.features)])


def _show_watch(
    asked: Brief, start: date, end: date, offers: Sequence[str], markets: Sequence[str], as_json: bool
) -> None:
    found, expiring = watch(asked, start, end, offers, markets)
    if as_json:
        show_json({"from": start, "to": end, "changes": found, "expiries": expiring})
        return
    say(changes_sentence(start, end, found))
    for item in expiring:
        say(expiry_sentence(item))
    rows = [_notice_row(asked, notice) for notice in notices(found)]
    show_table(["from", "what", "becomes", "whom it hits", "act by", "source"], rows)
    for sentence in end_of_series_sentences(found):
        say(sentence)


def _notice_row(asked: Brief, notice: Notice) -> list[str]:
    act = "no way on record" if notice.no_way else f"expected {notice.expected}" if notice.expected else ""
    if notice.act_by is not None:
        act = f"{notice.act_by}{' (late)' if notice.late else ''}"
    return [
        str(notice.day),
        subject(notice),
        f"{notice.before} -> {notice.becomes}",
        f"{_offers(asked, set(notice.offers))} in {listed(notice.markets)}",
        act,
        f"[{notice.source.grade.value}] {notice.source.who}",
    ]


# ---- the dossier -----------------------------------------------------------------------------------------------------


def _show_dossier(
    asked: Brief,
    offers: Sequence[str],
    markets: Sequence[str],
    day: date,
    route: str,
    told: tuple[float, str],
    out: Path | None,
    as_json: bool,
) -> None:
    if len(offers) != 1 or len(markets) != 1:
        raise BadInput("a dossier is written for one offer in one market", "add --offer CODE --market CODE")
    made = checklist(asked, offers[0], markets[0], day, route)
    if as_json:
        show_json(made)
        return
    text = dossier_text(made, told)
    if out is None:
        typer.echo(text)
        return
    if out.suffix.casefold() != ".md":
        raise BadInput(f"{out.name!r} is not .md", "end its name in .md")
    write_whole(out, text)
    say(f"Dossier written to {out}.")


# ---- small things ----------------------------------------------------------------------------------------------------


def _as_json(answer: Assessment) -> dict[str, object]:
    return {
        "offer": answer.offer,
        "market": answer.market,
        "jurisdiction": answer.jurisdiction,
        "pilot": answer.pilot,
        "unlimited": answer.unlimited,
        "routes": answer.routes,
        "requirements": [_finding_json(finding) for finding in answer.findings],
        "features": answer.features,
    }


def _finding_json(finding: object) -> dict[str, object]:
    names = ("requirement", "title", "verdict", "gate", "grade", "reasons")
    accepted = [str(item) for item in finding.accepts]  # type: ignore[attr-defined]
    return {name: getattr(finding, name) for name in names} | {"accepts": accepted}


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text!r} is not a day", "write it as YYYY-MM-DD, such as 2027-01-31") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadInput(f"{text} lies outside {FIRST_YEAR} to {LAST_YEAR}", "check the year")
    return day


def _used(text: str, day: date, types: Mapping[str, str]) -> Used:
    """`DE=120` or `DE:SU7-STD=120`, read with the type of each offer."""
    where, _, count = text.partition("=")
    market, _, offer = where.partition(":")
    if not count.isdigit():
        raise BadInput(f"{text!r} does not say how many cars", "write it like DE=120, or DE:OFFER=120 for one type")
    if offer.strip() and offer.strip() not in types:
        raise BadInput(f"{offer.strip()!r} is no offer of this launch", f"name one of {', '.join(sorted(types))}")
    return Used(market=market.strip().upper(), year=day.year, cars=int(count), type_name=types.get(offer.strip(), ""))
