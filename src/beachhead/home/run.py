"""Run the charger: plan again each quarter of an hour, set only what must change, and never strand a car.

Whatever fails (server, prices, planner, disk), the charger is told to charge, and the log says why. When the cable is
out, and when Beachhead ends, charging is allowed. What the driver sets by hand holds until the next plug-in.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from beachhead.charging.habit import Pool
from beachhead.charging.keep import Choice, UnderWay
from beachhead.home.control import Command, Order, commands, follows, full, let_charge, order_of, send, set_by_hand
from beachhead.home.decision import Decision, Kind, decisions, write_decision
from beachhead.home.home_assistant import Server, State, state_of, write_state
from beachhead.home.learn import asked_states, begin_of, derived, read_days, told_days
from beachhead.home.leaving import tapped
from beachhead.home.live import Live, amps_of, by_person_of, live_of, on_of
from beachhead.home.log import DayRead, Record, keep_days, recorded, with_days
from beachhead.home.plan import Planned, plan_home
from beachhead.home.setup import Setup
from beachhead.home.shown import SENSOR, sensor_attributes, sensor_state
from beachhead.home.tables import Tables
from beachhead.store import Store
from beachhead.world.errors import BeachheadError, NotLearnt, Unreachable

STEP_SECONDS = 900
POLL_SECONDS = 30.0
RETRY_SECONDS = 60
_FRESH_SECONDS = 45 * 60
_PATIENCE_SECONDS = 900
"""For so long a plug that says nothing changes nothing; then the car charges."""
_PEEKED = ("plug", "switch", "current", "leaves")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The time, and waiting for it; both passed in, so that a test lives through days in seconds.

    Attributes:
        now: the present moment, UTC.
        wait: wait so many seconds; True if the wait was ended because one is to stop.
    """

    now: Callable[[], datetime]
    wait: Callable[[float], bool]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Running:
    """A home that is run.

    Attributes:
        setup: the home.
        server: its server.
        store: its log.
        pool: what drivers have in common.
        dry: nothing is set and nothing shown; what would have been is logged.
    """

    setup: Setup
    server: Server
    store: Store
    pool: Pool
    dry: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Standing:
    """What one round hands to the next.

    Attributes:
        session: minute of plug-in since 1970 UTC; None while the cable is out.
        order: what the charger was told last; None if nothing was.
        seen: whether it was seen to obey.
        manual: whether the driver has set it by hand in this session.
        left_kwh: energy held when the cable last came out; None if the car did not tell.
        left_at: when that was, seconds since 1970; 0 while it was not seen.
        trip_kwh: what the trip before this session took; None if that is not known.
        under_way: the plan under way.
        last: the last decision that was logged.
        heard: when the plug last said something, seconds since 1970.
        kept: the day (UTC) on which the record was last put into the log; None: do it now.
        texts: what the plug and the departure helper said, and when a departure was told here.
        due: when to plan again at the latest, seconds since 1970.
        reached: whether the server answered.
    """

    session: int | None = None
    order: Order | None = None
    seen: bool = False
    manual: bool = False
    left_kwh: float | None = None
    left_at: float = 0.0
    trip_kwh: float | None = None
    under_way: UnderWay | None = None
    last: Decision | None = None
    heard: float | None = None
    kept: date | None = None
    texts: tuple[str, ...] = ()
    due: float = 0.0
    reached: bool = True


def run(home: Running, clock: Clock, *, once: bool = False, say: Callable[[Decision], None] = lambda _: None) -> None:
    """Run the charger until told to stop; with `once`, one round, and the charger stays as planned.

    `say` is called with every decision that is logged.
    """
    standing = resumed(home.store, clock.now())
    try:
        while True:
            standing = turn(home, standing, clock.now(), say)
            if once:
                return
            standing, stopped = until_due(home, standing, clock)
            if stopped:
                return
    finally:
        if not once:
            stop(home, standing, clock.now(), say)


def planned_now(home: Running, now: datetime) -> Planned:
    """The plan from what the server says now, kept to the one under way if there is one; nothing is set.

    Raises:
        NotLearnt: if the cable is out, or nobody knows whether it is.
    """
    setup, server, store = home.setup, home.server, home.store
    standing = resumed(store, now)
    record, tables, live, _ = _look(home, standing, asked_states(setup, server), now)
    standing = _in_session(standing, live, home.setup.battery_kwh)
    return _planned(home, standing, live, record, tables)


def resumed(store: Store, now: datetime) -> Standing:
    """Where the last run left off: its plan and a manual setting hold if the session is the same."""
    last = next(iter(decisions(store, 1)), None)
    if last is None:
        return Standing()
    if last.plugged_since is None:
        return Standing(last=last, left_kwh=last.stored_kwh, left_at=last.at.timestamp())
    if last.kind is Kind.STOPPED:
        return Standing(session=_minute(last.plugged_since), trip_kwh=last.trip_kwh, last=last)
    fresh = abs((now - last.at).total_seconds()) <= _FRESH_SECONDS and not last.dry
    return Standing(
        session=_minute(last.plugged_since),
        order=Order(on=last.charges, amps=last.amps) if fresh and last.charges is not None else None,
        seen=fresh and last.followed is True,
        manual=last.charges is None and not last.dry,  # planned by hand, or failed meanwhile
        trip_kwh=last.trip_kwh,
        under_way=last.under_way,
        last=last,
    )


def turn(home: Running, standing: Standing, now: datetime, say: Callable[[Decision], None]) -> Standing:
    """One round: look, plan, set, show, log."""
    if standing.due and now.timestamp() - standing.due > _FRESH_SECONDS - STEP_SECONDS:
        # the machine slept, and the watchdog may have turned it on
        standing = replace(standing, order=None, seen=False)
    standing = replace(standing, due=float(now.timestamp() // STEP_SECONDS + 1) * STEP_SECONDS, reached=True)
    live: Live | None = None
    try:
        states = asked_states(home.setup, home.server)
        standing = replace(standing, texts=_texts(home, states))
        record, tables, live, standing = _look(home, standing, states, now)
        if live.plugged is None:
            return _patient(home, standing, now, say)
        standing = replace(standing, heard=now.timestamp())
        if not live.plugged:
            return _away(home, standing, live, say)
        standing = _in_session(standing, live, home.setup.battery_kwh)
        return _plugged(home, standing, live, record, tables, say)
    except Exception as error:  # whatever it is: the car must not be stranded
        return _failed(home, standing, live, now, error, say)


def until_due(home: Running, standing: Standing, clock: Clock) -> tuple[Standing, bool]:
    """Wait until it is time to plan again, or something changed at the plug, the charger or the helper."""
    while True:
        now = clock.now().timestamp()
        if now >= standing.due or now < standing.due - STEP_SECONDS:  # due, or the clock was set back
            return standing, False
        if clock.wait(min(POLL_SECONDS, standing.due - now)):
            return standing, True
        try:
            states = _peek(home)
            texts = _texts(home, states)
        except BeachheadError:
            standing = replace(standing, reached=False)
            continue
        if not standing.reached or texts != standing.texts or _touched(home, standing, states):
            return standing, False
        if standing.order is not None and not standing.seen:
            standing = replace(standing, seen=_obeys(home, standing.order, states) is True)


def stop(home: Running, standing: Standing, now: datetime, say: Callable[[Decision], None]) -> None:
    """Leave the charger charging, unless the driver has set it by hand."""
    if standing.manual or home.dry:
        return
    decision = Decision(
        at=now,
        kind=Kind.STOPPED,
        charges=True,
        why="Beachhead was stopped; the car charges as if it had never been there.",
        plugged_since=_moment(standing.session),
        stored_kwh=standing.left_kwh,
        trip_kwh=standing.trip_kwh,
    )
    decision, _ = _charging(home, standing, decision, None)
    _show(home, decision, None)
    _log(home, standing, decision, say)


def _look(
    home: Running, standing: Standing, states: dict[str, State], now: datetime
) -> tuple[Record, Tables, Live, Standing]:
    """Read what the server recorded since the log was kept, and what holds now."""
    kept = recorded(home.store)
    days = list(read_days(home.setup, home.server, states, begin_of(kept, now), now))
    days += told_days(home.setup, states.get("price"), now)
    record = with_days(kept, days)
    learnt = derived(home.setup, record)
    live = live_of(home.setup, states, learnt.sessions, record, now, tapped(home.store))
    changed = (None if live.since is None else int(live.since // 60)) != standing.session
    if standing.kept != now.date() or changed:  # not each time: every version of a day stays in the log
        _keep(home, days, now)
        standing = replace(standing, kept=None if changed else now.date())  # once more when the change has lasted
    return record, learnt.tables, live, standing


def _keep(home: Running, days: list[DayRead], now: datetime) -> None:
    keep_days(home.store, days, name="history while running", at=now)


def _patient(home: Running, standing: Standing, now: datetime, say: Callable[[Decision], None]) -> Standing:
    """The plug says nothing: for a while everything stays as it is."""
    if standing.heard is not None and abs(now.timestamp() - standing.heard) < _PATIENCE_SECONDS:
        return replace(standing, due=now.timestamp() + RETRY_SECONDS)
    error = NotLearnt("nobody knows whether the cable is in: the plug says nothing", "look at the charger")
    return _failed(home, standing, None, now, error, say)


def _away(home: Running, standing: Standing, live: Live, say: Callable[[Decision], None]) -> Standing:
    """The cable is out: charging is allowed, so that whoever comes is charged whatever happens to us."""
    order = full(home.setup)
    sent = _sent(home, commands(order, live, home.setup))
    if standing.session is not None:
        held = live.stored_kwh if live.is_measured else None
        standing = replace(standing, left_kwh=held, left_at=live.at.timestamp())
    decision = Decision(
        at=live.at,
        kind=Kind.AWAY,
        charges=True,
        amps=order.amps,
        did=_words(sent),
        why="The cable is out. Charging is allowed for when the car comes back.",
        stored_kwh=standing.left_kwh,
        dry=home.dry,
    )
    standing = replace(standing, session=None, order=None, seen=False, manual=False, trip_kwh=None, under_way=None)
    return _done(home, standing, decision, None, say)


def _in_session(standing: Standing, live: Live, battery_kwh: float) -> Standing:
    """What was told and set in another session counts no more; the trip before took what is gone since it left."""
    session = int((live.since or 0.0) // 60)
    if session == standing.session:
        return standing
    trip = None
    if standing.left_kwh is not None and live.is_measured and (live.since or 0.0) >= standing.left_at - POLL_SECONDS:
        trip = max(standing.left_kwh - (battery_kwh - live.needed_kwh), 0.0)
    return replace(
        standing, session=session, order=None, seen=False, manual=False, left_kwh=None, trip_kwh=trip, under_way=None
    )  # fmt: skip


def _plugged(
    home: Running,
    standing: Standing,
    live: Live,
    record: Record,
    tables: Tables,
    say: Callable[[Decision], None],
) -> Standing:
    last = standing.order
    deaf = last is not None and follows(last, live.on, live.amps, home.setup) is False
    if last is not None and deaf and standing.seen:
        by_hand = set_by_hand(last, live.on, live.amps, live.by_person, home.setup)
        standing = replace(standing, manual=by_hand)
    if standing.manual:
        return _by_hand(home, standing, live, record, tables, say)
    planned = _planned(home, standing, live, record, tables)
    order = order_of(planned.plan, live, home.setup)
    wanted = commands(order, live, home.setup)
    why = " ".join(planned.sentences)
    if deaf:
        why = f"The charger is not as it was told last; told again. {why}"
    decision = _decision(live, planned, Kind.PLANNED, order, why, home.dry)
    if wanted:
        _write_ahead(home, standing, decision)
    try:
        _sent(home, wanted)
    except BeachheadError as error:  # nobody knows what of it was carried out, so all of it is told
        return _failed(home, standing, None, live.at, error, say)
    followed = None if home.dry else _obeys(home, order, _peek(home))
    decision = replace(decision, followed=followed, did=_words(wanted))
    standing = replace(standing, order=None if home.dry else order, seen=followed is True)
    standing = replace(standing, under_way=planned.plan.under_way)
    return _done(home, standing, decision, planned, say)


def _planned(home: Running, standing: Standing, live: Live, record: Record, tables: Tables) -> Planned:
    return plan_home(
        home.setup, live, record, tables, home.pool, trip_kwh=standing.trip_kwh, under_way=standing.under_way
    )  # fmt: skip


def _by_hand(
    home: Running,
    standing: Standing,
    live: Live,
    record: Record,
    tables: Tables,
    say: Callable[[Decision], None],
) -> Standing:
    """The driver has set the charger: nothing is touched; what the plan would have done is told beside it."""
    is_on = "on" if live.on else "off"
    why = f"Charging was turned {is_on} by hand; that holds until the next plug-in."
    try:
        planned = _planned(home, standing, live, record, tables)
        why += f" Without that: {planned.sentences[0]}"
    except BeachheadError:
        planned = None
    decision = _decision(live, planned, Kind.MANUAL, None, why, home.dry)
    return _done(home, standing, decision, planned, say)


def _failed(
    home: Running,
    standing: Standing,
    live: Live | None,
    now: datetime,
    error: Exception,
    say: Callable[[Decision], None],
) -> Standing:
    """Something is missing: the car charges, unless the driver has set it by hand in this session."""
    said = error.message if isinstance(error, BeachheadError) else f"{type(error).__name__}: {error}"
    said = said.replace(home.server.token, "***")
    why = f"The car charges, because something is missing: {said}."
    if standing.manual:
        why = f"Left as set by hand; beside that something is missing: {said}."
    order = None if standing.manual else full(home.setup)
    decision = Decision(
        at=now,
        kind=Kind.FAILED,
        charges=None if standing.manual else True,
        amps=None if order is None else order.amps,
        why=why,
        plugged_since=_moment(standing.session),
        stored_kwh=standing.left_kwh,
        under_way=standing.under_way,
        dry=home.dry,
    )
    told = True
    if not (standing.manual or home.dry):
        decision, told = _charging(home, standing, decision, live)
    standing = replace(standing, order=None if home.dry else order, seen=False)
    standing = replace(standing, reached=not isinstance(error, Unreachable))
    if not (standing.reached and told):
        standing = replace(standing, due=min(standing.due, now.timestamp() + RETRY_SECONDS))
    return _done(home, standing, decision, None, say)


def _charging(home: Running, standing: Standing, decision: Decision, live: Live | None) -> tuple[Decision, bool]:
    """Let the car charge, whatever fails; the decision with what was sent and went wrong, and whether nothing did."""
    with suppress(BeachheadError):
        _write_ahead(home, standing, decision)
    sent, wrong = let_charge(home.server, live, home.setup)
    again = "" if decision.kind is Kind.STOPPED else ", and is told again in a minute"
    why = decision.why + (f" It could not be told all of it{again}: {wrong}." if wrong else "")
    return replace(decision, did=_words(sent), why=why), not wrong


def _write_ahead(home: Running, standing: Standing, decision: Decision) -> None:
    """Write down what the charger is told before it is told.

    Who is killed in between would else find the charger otherwise than the log has it, and the next run take that for
    the driver's hand: a car left off until the next plug-in. What was sent and seen takes its place in the log.
    """
    last = standing.last
    if last is None or _told(last) != _told(decision):
        write_decision(home.store, replace(decision, trip_kwh=standing.trip_kwh))


def _told(decision: Decision) -> tuple[object, ...]:
    return decision.charges, decision.amps, decision.plugged_since


def _decision(live: Live, planned: Planned | None, kind: Kind, order: Order | None, why: str, dry: bool) -> Decision:
    plan = None if planned is None else planned.plan
    return Decision(
        at=live.at,
        kind=kind,
        charges=None if order is None else order.on,
        amps=None if order is None else order.amps,
        why=why,
        plugged_since=None if live.since is None else datetime.fromtimestamp(live.since, UTC),
        stored_kwh=round(live.stored_kwh, 2),
        price_eur_per_kwh=None if plan is None else round(float(plan.price[0]), 6),
        other_costs_eur=None if plan is None else round(float(plan.other_costs_eur), 6),
        under_way=None if plan is None else _rounded(plan.under_way),
        dry=dry,
    )


def _rounded(plan: UnderWay) -> UnderWay:
    """To a tenth of a watt-hour: a third of the text."""
    draw, level = (tuple(round(kwh, 4) for kwh in series) for series in (plan.draw_kwh, plan.level_kwh))
    return replace(plan, draw_kwh=draw, level_kwh=level)


def _done(
    home: Running,
    standing: Standing,
    decision: Decision,
    planned: Planned | None,
    say: Callable[[Decision], None],
) -> Standing:
    decision = replace(decision, trip_kwh=standing.trip_kwh)
    if not home.dry:
        trouble = _show(home, decision, planned)
        if trouble:
            decision = replace(decision, why=f"{decision.why} (The plan cannot be shown: {trouble}.)")
    if not _is_news(standing.last, decision, planned):
        return standing
    return _log(home, standing, decision, say)


def _is_news(last: Decision | None, decision: Decision, planned: Planned | None) -> bool:
    """A decision is logged if it is another one, if something was sent, and once an hour while a plan goes on."""
    if last is None or decision.did or decision.dry:
        return True
    if planned is not None and decision.kind is Kind.PLANNED:
        told_before = None if last.under_way is None else last.under_way.leaves
        if planned.plan.change.choice is Choice.CHANGED or planned.plan.under_way.leaves != told_before:
            return True
    if (last.kind, _told(last)) != (decision.kind, _told(decision)):
        return True
    if decision.kind is Kind.PLANNED:
        return last.at.timestamp() // 3600 != decision.at.timestamp() // 3600
    return decision.kind is Kind.FAILED and last.why != decision.why


def _log(home: Running, standing: Standing, decision: Decision, say: Callable[[Decision], None]) -> Standing:
    """Write it down; a log that cannot be written stops nothing."""
    try:
        write_decision(home.store, decision)
    except BeachheadError as error:
        decision = replace(decision, why=f"{decision.why} (Not logged: {error.message}.)")
    say(decision)
    return replace(standing, last=decision)


def _show(home: Running, decision: Decision, planned: Planned | None) -> str:
    """Write the plan back as a sensor; what went wrong, in words."""
    try:
        attributes = sensor_attributes(decision, planned, home.setup)
        write_state(home.server, SENSOR, sensor_state(decision), attributes)
    except BeachheadError as error:
        return error.message
    return ""


def _sent(home: Running, wanted: tuple[Command, ...]) -> tuple[Command, ...]:
    if not home.dry:
        send(home.server, wanted)
    return wanted


def _peek(home: Running) -> dict[str, State]:
    """What may make us plan before it is time."""
    named = {use: name for use, name in home.setup.entities.named.items() if use in _PEEKED}
    found = {use: state_of(home.server, name) for use, name in named.items()}
    return {use: state for use, state in found.items() if state is not None}


def _texts(home: Running, states: dict[str, State]) -> tuple[str, ...]:
    """What, once it is another, asks for a new plan: plug, departure helper, departure told here."""
    tap = tapped(home.store)
    return (
        *(states[use].text if use in states else "" for use in ("plug", "leaves")),
        "" if tap is None else tap.told.isoformat(),
    )


def _touched(home: Running, standing: Standing, states: dict[str, State]) -> bool:
    """Whether the charger, once seen to obey, was set otherwise by the driver."""
    if standing.order is None or not standing.seen or standing.manual:
        return False
    order, on, amps = standing.order, on_of(states), amps_of(states)
    return set_by_hand(order, on, amps, by_person_of(states), home.setup)


def _obeys(home: Running, order: Order, states: dict[str, State]) -> bool | None:
    return follows(order, on_of(states), amps_of(states), home.setup)


def _words(sent: tuple[Command, ...]) -> tuple[str, ...]:
    return tuple(str(one) for one in sent)


def _minute(moment: datetime) -> int:
    return int(moment.timestamp() // 60)


def _moment(minute: int | None) -> datetime | None:
    return None if minute is None else datetime.fromtimestamp(60 * minute, UTC)
