"""`beachhead home`: a driver's own charger, planned for from the home server that is there already."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from select import select
from signal import SIGINT, SIGTERM
from signal import signal as on_signal
from socket import socketpair
from typing import Annotated, Any

import typer

from beachhead.case.clock import now
from beachhead.charging.explain import dated
from beachhead.cli.progress import progress
from beachhead.cli.show import JsonFlag, how_many, page_address, percent, say, show_json, show_table
from beachhead.home.account import Account, account_of
from beachhead.home.check import Checked
from beachhead.home.check import check as check_home
from beachhead.home.decision import Decision, decisions
from beachhead.home.home_assistant import ask_config, server_of
from beachhead.home.learn import Learnt, Usual, derived
from beachhead.home.learn import learn as learn_home
from beachhead.home.leaving import moment_said, tap
from beachhead.home.log import only_run, open_log, recorded
from beachhead.home.plan import Planned, pool_of
from beachhead.home.run import Clock, Running, planned_now
from beachhead.home.run import run as run_home
from beachhead.home.serve import Desk
from beachhead.home.serve import serve as serve_page
from beachhead.home.setup import Setup, battery_doubt, new_home, read_setup
from beachhead.home.shown import hours_of
from beachhead.home.tables import local_text
from beachhead.world.errors import Unreachable

home = typer.Typer(
    name="home",
    help="Charge your own car: read your home server, learn when you leave, set the charger.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

PASSWORD_VARIABLE = "BEACHHEAD_HOME_PASSWORD"
_PORT = 8767
_HOURS_SHOWN = 24
_SESSIONS_SHOWN = 20
HomeDir = Annotated[Path, typer.Argument(metavar="DIR", help="The home folder.", show_default=False)]


@home.command()
def new(directory: HomeDir) -> None:
    """Begin a home: a commented home.toml, and a watchdog for the server."""
    made = new_home(directory)
    say(
        f"Wrote {', '.join(path.name for path in made)} in {directory}.",
        "Next: write your entities and your car into home.toml, put a long-lived token into the environment "
        f"(export HASS_TOKEN=...), then `beachhead home check {directory}`.",
    )


@home.command()
def check(directory: HomeDir, as_json: JsonFlag = False) -> None:
    """Check home.toml, all faults at once, and what the server says to each entity."""
    setup = read_setup(directory)
    found = check_home(setup, server_of(setup), now())
    if as_json:
        show_json({"sound": not found.problems, **_plain(found)})
    else:
        _show_checked(setup, found)
    if found.problems:
        raise typer.Exit(1)


@home.command()
def learn(
    directory: HomeDir,
    days: Annotated[
        int | None,
        typer.Option("--days", min=1, max=3660, help="Days back; default since the last time, at first 10."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Read the server's history into the log, and say what is known of the home."""
    setup = read_setup(directory)
    server, store = server_of(setup), open_log(directory)
    with progress("reading history", quiet=as_json) as advance:
        found = learn_home(setup, server, store, now(), days=days, tick=advance)
    if as_json:
        show_json(learnt_answer(setup, found))
        return
    say(*learnt_sentences(setup, found))


@home.command()
def plan(directory: HomeDir, as_json: JsonFlag = False) -> None:
    """Plan the session at hand from what the server says now; nothing is set."""
    setup = read_setup(directory)
    found = planned_now(_running(setup), now())
    if as_json:
        show_json(plan_answer(found))
        return
    say(*found.sentences)
    show_hours(found)


@home.command()
def run(
    directory: HomeDir,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Set and show nothing; say what would be.")] = False,
    once: Annotated[
        bool, typer.Option("--once", help="One round, for a timer of your own; leaves it as planned.")
    ] = False,
) -> None:
    """Run the charger: plan each quarter of an hour and at each plug-in, set what must change, until Ctrl-C."""
    setup = read_setup(directory)
    with only_run(setup.folder):
        try:
            found = f"Home Assistant {ask_config(server_of(setup))['version']} at {setup.url}."
        except Unreachable as error:  # after a power cut it may begin later than we; a wrong token is said at once
            if once:
                raise
            found = f"{error.message}. It is asked until it answers; {error.hint}."
        if not once:
            end = "Only trying: nothing is set." if dry_run else "Ends with Ctrl-C, and leaves the car charging."
            say(f"{found} {end}")
        with _told_to_end() as wait:
            run_home(
                _running(setup, dry=dry_run),
                Clock(now=now, wait=wait),
                once=once,
                say=lambda one: say(decision_line(setup, one)),
            )


@contextmanager
def _told_to_end() -> Iterator[Callable[[float], bool]]:
    """Waits so many seconds, or until SIGINT or SIGTERM; True once one came.

    The handler writes to a socket: an Event's lock may be held by the very wait that it interrupts.
    """
    ends, told = socketpair()
    with ends, told:
        before = {signal: on_signal(signal, lambda *_: told.send(b".")) for signal in (SIGINT, SIGTERM)}
        try:
            yield lambda seconds: bool(select([ends], [], [], max(seconds, 0.0))[0])
        finally:
            for signal, handler in before.items():
                on_signal(signal, handler)


@home.command()
def leaves(
    directory: HomeDir,
    at: Annotated[
        str, typer.Argument(metavar="TIME", help="07:10, 2026-11-20T07:10, or `forget`.", show_default=False)
    ],
) -> None:
    """Tell the next departure; `run` plans for it at once."""
    setup, store, moment = read_setup(directory), open_log(directory), now()
    if at == "forget":
        tap(store, None, moment)
        say("Forgotten; the usual departure is expected.")
        return
    told = tap(store, moment_said(at, setup, moment), moment).leaves
    say(f"Leaves {told.astimezone(setup.zone):%A %d %B %H:%M}." if told else "")


@home.command()
def serve(
    directory: HomeDir,
    listen: Annotated[str, typer.Option("--listen", metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")] = _PORT,
    host: Annotated[
        list[str] | None, typer.Option("--host", metavar="NAME", help="Name the page is reached by; repeat.")
    ] = None,
) -> None:
    """The driver's page: the plan, and "leaving at" by one tap; on this machine only, unless a password is set."""
    setup = read_setup(directory)
    password = os.environ.get(PASSWORD_VARIABLE, "")
    page = serve_page(
        Desk(_running(setup), now), listen=listen, port=port, password=password, hosts=frozenset(host or ())
    )
    say(f"{page_address(listen, port)} shows the plan; stop with Ctrl-C.")
    with page:
        page.serve_forever()


def _running(setup: Setup, *, dry: bool = False) -> Running:
    store = open_log(setup.folder)
    return Running(setup=setup, server=server_of(setup), store=store, pool=pool_of(store), dry=dry)


@home.command()
def log(
    directory: HomeDir,
    decided: Annotated[
        int, typer.Option("--decisions", min=0, help="Show so many of the last decisions with their reasons.")
    ] = 5,
    as_json: JsonFlag = False,
) -> None:
    """What was done and what it cost, against the same energy charged on arrival; from the log alone."""
    setup, store = read_setup(directory), open_log(directory)
    record, made = recorded(store), decisions(store)
    found = account_of(setup, record, derived(setup, record).tables, made)
    if as_json:
        show_json(account_answer(setup, found, made[-decided:] if decided else ()))
        return
    say(*account_sentences(setup, found))
    if found.charged:
        _show_charged(setup, found)
    if decided and made:
        say("The last decisions:", *(decision_line(setup, one) for one in made[-decided:]))


def account_answer(setup: Setup, found: Account, made: tuple[Decision, ...]) -> dict[str, Any]:
    """What was done and what it cost as one JSON object."""
    return {
        "kwh": found.kwh,
        "cost_eur": found.cost_eur,
        "on_arrival_eur": found.arrival_eur,
        "saved_eur": found.arrival_eur - found.cost_eur,
        "unpriced": found.unpriced,
        "sessions": [
            {"plugged_in": one.begin.astimezone(setup.zone), "plugged_out": one.end.astimezone(setup.zone),
             "kwh": one.kwh, "cost_eur": one.cost_eur, "on_arrival_eur": one.arrival_eur, "by_hand": one.by_hand,
             "something_missing": one.failed}
            for one in found.charged
        ],
        "decisions": [
            {"at": one.at.astimezone(setup.zone), "kind": one.kind, "charges": one.charges, "amps": one.amps,
             "why": one.why, "sent": one.did, "dry": one.dry, "other_costs_eur": one.other_costs_eur,
             "price_eur_per_kwh": one.price_eur_per_kwh, "stored_kwh": one.stored_kwh}
            for one in made
        ],
    }  # fmt: skip


def account_sentences(setup: Setup, found: Account) -> list[str]:
    """What it cost against on-arrival, and what is not in it."""
    if not found.charged:
        lines = ["No whole session yet that Beachhead had in hand: run `beachhead home run`, and look after a night."]
    else:
        count, saved = len(found.charged), round(found.arrival_eur, 2) - round(found.cost_eur, 2)
        share = f" ({100 * abs(saved) / found.arrival_eur:.0f} %)" if found.arrival_eur > 0 else ""
        than = f"{abs(saved):.2f} EUR {'saved' if saved >= 0 else 'more was paid'}{share}"
        first = found.charged[0].begin.astimezone(setup.zone).date()
        lines = [f"{how_many(count, 'session')} since {first}: {found.kwh:.1f} kWh for {found.cost_eur:.2f} EUR."]
        lines.append(f"Charged on arrival the same would have cost {found.arrival_eur:.2f} EUR: {than}.")
        dearer = sum(one.saved_eur < -0.005 for one in found.charged)
        if dearer:
            lines.append(f"In {dearer} of them it cost more than on arrival: what was expected did not come.")
    if found.unpriced:
        lines.append(f"{how_many(found.unpriced, 'session')} left out: a price is missing from the record.")
    if found.has_peak:
        lines.append("The charge on the month's highest hour is in neither sum.")
    return lines


def _show_charged(setup: Setup, found: Account) -> None:
    rows = [
        [
            f"{one.begin.astimezone(setup.zone):%a %d %b %H:%M}",
            f"{one.end.astimezone(setup.zone):%a %H:%M}",
            f"{one.kwh:.1f}",
            f"{one.cost_eur:.2f}",
            f"{one.arrival_eur:.2f}",
            f"{round(one.arrival_eur, 2) - round(one.cost_eur, 2):.2f}",
            ", ".join(["by hand"] * one.by_hand + ["something missing"] * one.failed),
        ]
        for one in found.charged[-_SESSIONS_SHOWN:]
    ]
    columns = ["plugged in", "out", "kWh", "EUR", "on arrival", "saved", ""]
    show_table(columns, rows, right={2, 3, 4, 5})


def decision_line(setup: Setup, one: Decision) -> str:
    """A decision in a line: when, why, and what was sent for it."""
    would = "would send" if one.dry else "sent"
    did = f" [{would} {', '.join(one.did)}]" if one.did else ""
    return f"{one.at.astimezone(setup.zone):%a %d %b %H:%M}  {one.why}{did}"


def plan_answer(found: Planned) -> dict[str, Any]:
    """A plan as one JSON object."""
    plan, live = found.plan, found.live
    return {
        "charge_now": plan.charge_now,
        "sentences": found.sentences,
        "other_costs_eur": plan.other_costs_eur,
        "plugged_since": live.since and datetime.fromtimestamp(live.since, UTC),
        "stored_kwh": live.stored_kwh,
        "stored_is_measured": live.is_measured,
        "switch_on": live.on,
        "amps": live.amps,
        "power_kw": live.power_kw,
        "leaves": dict(zip(("early", "median", "late"), map(dated, plan.leaves), strict=True)),
        "cap_kw": plan.cap_kw,
        "hours": hours_of(found, len(plan.price)),
    }


def show_hours(found: Planned) -> None:
    """The hours to come as a table."""
    sun = bool(found.plan.by_sun_kwh.max() > 0.05)
    rows = [
        [
            f"{datetime.fromisoformat(one['start']):%a %H:%M}",
            f"{one['ct_per_kwh']:.1f}{'' if one['published'] else ' *'}",
            f"{one['draw_kwh']:.1f}" if one["draw_kwh"] > 0.05 else "",
            *([f"{one['sun_kwh']:.1f}" if one["sun_kwh"] > 0.05 else ""] if sun else []),
            f"{one['stored_kwh']:.1f}",
            percent(one["there"]),
        ]
        for one in hours_of(found, _HOURS_SHOWN)
    ]
    columns = ["hour", "ct/kWh", "draws kWh", *(["by the sun"] if sun else []), "holds kWh", "still there after"]
    show_table(columns, rows, right=set(range(1, len(columns))))
    if any(not one["published"] for one in hours_of(found, _HOURS_SHOWN)):
        say("* expected; not published yet.")


def learnt_answer(setup: Setup, found: Learnt) -> dict[str, Any]:
    """What was learnt as one JSON object."""
    sessions, tables = found.sessions, found.tables
    return {
        "days_read": found.days_read,
        "new_rows": found.new,
        "first_day": found.first_day,
        "sessions": len(sessions.whole),
        "left_out": {"begin_or_end_in_a_gap": sessions.cut, "energy_not_known": sessions.unmetered},
        "plugged": sessions.plugged,
        "plugged_since": None if sessions.open_since is None else local_text(sessions.open_since, setup),
        "usual_departures": [
            {"kind": one.kind, "days": one.days, "low": _clock(one.low), "median": _clock(one.median),
             "high": _clock(one.high)}
            for one in found.usual
        ],
        "kwh_a_session": found.kwh_a_session,
        "warnings": _doubts(setup, found),
        "load_days": found.load_days,
        "price_hours": found.price_hours,
        "files": {"sessions": tables.sessions, "chargers": tables.chargers, "loads": tables.loads,
                  "prices": tables.prices},
    }  # fmt: skip


def learnt_sentences(setup: Setup, found: Learnt) -> list[str]:
    """What was learnt, the sessions first."""
    sessions = found.sessions
    if not sessions.whole:
        lines = ["No whole session yet: the cable has not gone in and out again in what the server has on record."]
    else:
        first = local_text(sessions.whole[0].begin, setup)[:10]
        half = "" if found.kwh_a_session is None else f", half of them over {found.kwh_a_session:.0f} kWh"
        lines = [f"{how_many(len(sessions.whole), 'session')} since {first}{half}."]
    lines += [_usual(one) for one in found.usual]
    if sessions.open_since is not None:
        lines.append(f"The car is plugged in since {local_text(sessions.open_since, setup)[:16].replace('T', ' ')}.")
    if sessions.cut or sessions.unmetered:
        lines.append(
            f"Left out: {how_many(sessions.cut, 'session')} whose begin or end fell into a gap of the record, "
            f"{sessions.unmetered} whose energy is not known."
        )
    lines.append(
        f"{how_many(found.days_read, 'day')} read, "
        + (f"{how_many(found.new, 'row')} of the log new." if found.new else "nothing new.")
    )
    return [*lines, *_doubts(setup, found), *_files(setup, found)]


def _doubts(setup: Setup, found: Learnt) -> tuple[str, ...]:
    """What the sessions say against home.toml."""
    most = max(found.sessions.whole, key=lambda one: one.kwh, default=None)
    return () if most is None else battery_doubt(setup, datetime.fromtimestamp(most.begin, setup.zone), most.kwh)


def _files(setup: Setup, found: Learnt) -> list[str]:
    tables = found.tables
    if tables.sessions is None:
        return []
    words = f"--sessions {tables.sessions} --chargers {tables.chargers} --home car"
    words += "" if tables.loads is None else f" --loads {tables.loads}"
    if tables.prices is not None and not setup.price_is_whole:  # else `charge` would add taxes to what holds them
        words += f" --prices {tables.prices} --market {setup.tariff.market}"
    return [f"`beachhead charge plan` takes it too: {words}"]


def _usual(one: Usual) -> str:
    share = "90 %" if one.days >= 20 else f"all {one.days}"
    return (
        f"On {one.kind} you usually leave between {_clock(one.low)} and {_clock(one.high)} ({share}), "
        f"half of the days before {_clock(one.median)}."
    )


def _clock(minute: float) -> str:
    whole = round(minute)
    return f"{whole // 60:02d}:{whole % 60:02d}"


def _plain(found: Checked) -> dict[str, Any]:
    return {
        "version": found.version,
        "history_days": found.history_days,
        "history_ends": found.history_ends,
        "entities": found.findings,
    }


def _show_checked(setup: Setup, found: Checked) -> None:
    wrong = found.problems
    if wrong:
        say(f"{how_many(len(wrong), 'thing')} to mend before Beachhead can plan for this home.")
    else:
        say(f"All {len(found.findings)} entities are there and plausible.")
    show_table(
        ["for", "entity", "now"],
        [[one.use, one.entity, f"{one.says}{'; ' + one.problem if one.problem else ''}"] for one in found.findings],
    )
    for one in wrong:
        say(f"{one.use} {one.entity}: {one.problem}. Cure: {one.cure}.")
    say(f"Home Assistant {found.version} at {setup.url}. {_depth(found)}")


def _depth(found: Checked) -> str:
    if not found.history_days:
        return "The plug is not on record yet: see that the recorder does not leave it out."
    more = "" if found.history_ends else " or more"
    return (
        f"The plug is on record for {how_many(found.history_days, 'day')}{more}; "
        "what is learnt stays in the log when the server forgets it."
    )
