"""A made-up home is lived through with the charger in our hands: what is done, what it costs, and what fails safely."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from beachhead.charging.driver import Kind, made_driver
from beachhead.charging.habit import Pool, learn_pool
from beachhead.charging.record import day_hour
from beachhead.home import run as running
from beachhead.home.account import account_of
from beachhead.home.control import Order, order_of
from beachhead.home.decision import Decision, decisions, write_decision
from beachhead.home.decision import Kind as Why
from beachhead.home.home_assistant import server_of
from beachhead.home.learn import asked_states, derived, learn
from beachhead.home.live import live_of
from beachhead.home.log import Record, open_log, recorded
from beachhead.home.run import Clock, Running, resumed, run
from beachhead.home.setup import read_setup
from beachhead.home.shown import SENSOR
from beachhead.home.tables import peak_of_month
from beachhead.store import Store
from beachhead.world.errors import NotStored
from made_home import (
    BATTERY,
    CURRENT,
    LEAVES,
    METER,
    PLUG,
    POWER,
    PRICE,
    SWITCH,
    TOKEN,
    MadeHome,
    Serving,
    folder_of,
    made_week,
    with_meter,
)

BERLIN = ZoneInfo("Europe/Berlin")
EVENING = datetime(2026, 11, 19, 16, 0, tzinfo=UTC)  # 17:00 there, a Thursday; tomorrow's prices are out


@pytest.fixture(scope="session")
def pool() -> Pool:
    """What eight made-up drivers have in common: quicker to learn than the 32 that the product takes."""
    return learn_pool([made_driver(kind, 50 + n, day_hour(date(2025, 1, 6)), 120) for kind in Kind for n in range(2)])


@dataclass
class Lived:
    """A home that is run: `until` lives on; `seen` is what was said."""

    made: MadeHome
    home: Running
    seen: list[Decision]
    ahead: float = 0.0
    """Seconds by which the clock of our machine is ahead of the world's."""

    def until(self, end: datetime, each: Callable[[], object] = lambda: None, *, poll: float = 300.0) -> None:
        """Run from now to `end`; `each` is called at every wait, before time goes on."""

        def wait(seconds: float) -> bool:
            each()
            self.made.advance(min(self.made.now + min(seconds, poll), end.timestamp()))
            return self.made.now >= end.timestamp()

        clock = Clock(now=lambda: datetime.fromtimestamp(self.made.now + self.ahead, UTC), wait=wait)
        run(self.home, clock, say=self.seen.append)

    @property
    def switch(self) -> str | None:
        return self.made.text(SWITCH)

    @property
    def last(self) -> Decision:
        return self.seen[-1]


@pytest.fixture
def live(pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Lived]]:
    """Makes a home with three weeks behind it and a car that comes at 17:30 and leaves at 07:10."""
    monkeypatch.setenv("HASS_TOKEN", TOKEN)
    monkeypatch.setattr(running, "POLL_SECONDS", 300.0)
    open_servers: list[Serving] = []

    def make(*, needed: float = 20.0, lines: dict[str, str] | None = None, meter: bool = False) -> Lived:
        made = made_week(EVENING, BERLIN, days=21)
        begin, end = EVENING + timedelta(minutes=30), EVENING + timedelta(hours=14, minutes=10)
        made.trips = [trip for trip in made.trips if trip[1] < EVENING.timestamp() - 3600]
        last = made.trips[-1][1] + 60
        for entity in (PLUG, POWER):
            made.changes[entity] = [one for one in made.changes[entity] if one[0] <= last]
        made.trips.append((begin.timestamp(), end.timestamp(), needed))
        if meter:
            made.changes[POWER] = [(moment, "0" if text == "0" else "2000") for moment, text in made.changes[POWER]]
            driver = made_driver(Kind.COMMUTER, 3, day_hour(date(2026, 10, 29)), 30)
            with_meter(made, driver, EVENING.replace(hour=0) - timedelta(days=20), 22)
        serving = Serving(made)
        serving.__enter__()
        open_servers.append(serving)
        words = {"battery = ": f'battery = "{BATTERY}"', "timeout": "timeout_seconds = 60"} | (lines or {})
        setup = read_setup(folder_of(tmp_path / "home", serving.url, lines=words))
        return Lived(made, Running(setup=setup, server=server_of(setup), store=open_log(setup.folder), pool=pool), [])

    yield make
    for serving in open_servers:
        serving.__exit__(None, None, None)


def at(hour: float) -> datetime:
    """A moment of that night, hours after 17:00 there."""
    return EVENING + timedelta(hours=hour)


def test_the_car_waits_for_the_cheap_hours_and_is_charged_before_it_leaves(live: Callable[..., Lived]) -> None:
    home = live(needed=40.0)
    night: list[tuple[float, float]] = []
    home.until(at(14.6), lambda: night.append((home.made.now, home.made.drawing_kw())))
    assert home.made.stored_kwh > 35  # 20 at first; nine in ten trips take up to 24
    drawn = [moment for moment, kw in night if kw > 0]
    assert min(drawn) > at(4).timestamp()
    assert max(drawn) < at(12).timestamp()
    planned = [one for one in home.seen if one.kind is Why.PLANNED]
    assert planned[0].charges is False
    assert all(one.why and one.other_costs_eur is not None and one.price_eur_per_kwh for one in planned)
    switched = [service for service, _ in home.made.calls]
    assert switched[:2] == ["switch.turn_off", "switch.turn_on"]
    assert len(switched) <= 6  # only when it must change
    kept = decisions(home.home.store)
    assert [one.why for one in kept] == [one.why for one in home.seen]
    shown = home.made.written[SENSOR]
    assert shown["attributes"]["kind"] == "stopped"

    setup, record = home.home.setup, recorded(home.home.store)
    account = account_of(setup, record, derived(setup, record).tables, kept)
    cost = {"as done": 0.0, "on arrival": 0.0}
    power = [one for one in home.made.changes[POWER] if one[0] >= at(0.5).timestamp()]
    price = {hour: setup.tariff.spot(np.array(told)) for hour, told in home.made.price_of.items()}
    for (begin, watts), (end, _) in pairwise(power):
        for minute in np.arange(begin, end, 60.0).tolist():
            cost["as done"] += float(watts) / 60_000 * price[int(minute // 3600)]
    kwh = home.made.stored_kwh - 20
    for minute in range(int(60 * kwh / 11)):
        cost["on arrival"] += 11 / 60 * price[int((at(0.5).timestamp() + 60 * minute) // 3600)]
    assert len(account.charged) == 1
    assert account.kwh == pytest.approx(kwh, abs=0.05)
    assert account.cost_eur == pytest.approx(cost["as done"], rel=0.02)
    assert account.arrival_eur == pytest.approx(cost["on arrival"], rel=0.02)
    assert account.arrival_eur > 1.2 * account.cost_eur


def test_when_it_ends_the_car_is_left_charging_and_the_sensor_shows_the_plan_meanwhile(
    live: Callable[..., Lived],
) -> None:
    home = live()
    shown: list[tuple[str, str]] = []

    def look() -> None:
        state = home.made.written[SENSOR]
        shown.append((state["state"], state["attributes"]["why"]))

    home.until(at(1), look)
    assert shown[0][0] == "away"
    assert shown[-1][0] == "waiting"
    assert "Waits until" in shown[-1][1]
    assert home.switch == "on"
    assert home.last.kind is Why.STOPPED


def test_what_the_driver_sets_by_hand_holds_until_the_next_plug_in(live: Callable[..., Lived]) -> None:
    home = live(needed=30.0)
    home.made.trips[-1] = (at(0.5).timestamp(), at(4).timestamp(), 30.0)
    home.made.trips.append((at(5).timestamp(), at(14).timestamp(), 10.0))

    def tap() -> None:
        if at(2).timestamp() <= home.made.now < at(2).timestamp() + 300:
            home.made.say(SWITCH, "on")
            home.made._live()

    home.until(at(5.6), tap)
    by_hand = [one for one in home.seen if one.kind is Why.MANUAL]
    assert len(by_hand) == 1
    assert "turned on by hand" in by_hand[0].why
    assert "Without that: Waits until" in by_hand[0].why
    assert home.made.calls[0][0] == "switch.turn_off"
    assert "switch.turn_off" not in [service for service, _ in home.made.calls[1:-2]]
    after = [one for one in home.seen if one.plugged_since and one.plugged_since >= at(4.9)]
    assert after[0].kind is Why.PLANNED


def test_a_driver_who_turned_it_off_finds_it_off_even_when_we_fail_or_end(
    live: Callable[..., Lived], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = live(needed=56.0, lines={"leaves = ": f'leaves = "{LEAVES}"'})
    soon = (at(2.5).astimezone(BERLIN)).strftime("%Y-%m-%d %H:%M:%S")
    home.made.say(LEAVES, soon)  # so it charges at once

    def tap() -> None:
        if home.made.drawing_kw() > 0 and home.seen[-1].kind is Why.PLANNED and home.seen[-1].followed:
            home.made.say(SWITCH, "off", person=True)
        if home.seen[-1].kind is Why.MANUAL:
            home.made.changes.pop(BATTERY, None)  # and now something is missing

    home.until(at(1.9), tap)
    assert home.seen[-1].kind is not Why.STOPPED
    assert Why.MANUAL in {one.kind for one in home.seen}
    assert home.switch == "off"


def test_a_charger_that_stops_by_itself_is_told_to_go_on(live: Callable[..., Lived]) -> None:
    home = live(needed=56.0, lines={"leaves = ": f'leaves = "{LEAVES}"'})
    home.made.say(LEAVES, at(4).astimezone(BERLIN).strftime("%Y-%m-%d %H:%M:%S"))
    stopped: list[float] = []

    def trip() -> None:
        if home.made.drawing_kw() > 0 and home.seen[-1].followed and not stopped:
            stopped.append(home.made.now)
            home.made.say(SWITCH, "off")  # nobody's hand: no user

    home.until(at(3.5), trip)
    assert stopped
    assert Why.MANUAL not in {one.kind for one in home.seen}
    again = next(one for one in home.seen if "told again" in one.why)
    assert again.did == ("switch.turn_on switch.wallbox",)


def test_a_manual_setting_and_the_plan_under_way_outlive_a_restart(live: Callable[..., Lived]) -> None:
    home = live(needed=30.0)
    home.until(at(1))
    home.made.say(SWITCH, "off")
    home.until(at(1.2))
    assert not [one for one in home.seen if one.kind is Why.MANUAL]  # what we did when we ended is no hand

    def tap() -> None:
        if home.made.now >= at(1.6).timestamp():
            home.made.say(SWITCH, "on")

    home.until(at(2), tap)
    before = len(home.made.calls)
    assert home.last.kind is Why.MANUAL
    home.until(at(3))
    assert len(home.made.calls) == before


class Killed(BaseException):
    """The process is gone: nothing of it runs any more."""


def killed_once_told(home: Lived, verb: str, end: datetime) -> None:
    """Run until the charger was told `verb`, and be killed before that is in the log."""
    write = running.write_decision

    def gone(store: Store, decision: Decision) -> None:
        if any(verb in one for one in decision.did):
            raise Killed
        write(store, decision)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "write_decision", gone)
        patch.setattr(running, "stop", lambda *_: None)
        with pytest.raises(Killed):
            home.until(end)


def test_who_is_killed_once_the_charger_is_told_takes_that_for_nobody_s_hand(live: Callable[..., Lived]) -> None:
    home = live(needed=56.0, lines={"leaves = ": f'leaves = "{LEAVES}"'})
    home.made.say(LEAVES, at(2.5).astimezone(BERLIN).strftime("%Y-%m-%d %H:%M:%S"))
    home.until(at(0.4))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "stop", lambda *_: None)
        home.until(at(0.7))
    assert home.last.charges
    assert home.last.followed
    home.made.say(LEAVES, at(14).astimezone(BERLIN).strftime("%Y-%m-%d %H:%M:%S"))
    killed_once_told(home, "turn_off", at(2.8))
    assert home.switch == "off"
    killed_once_told(home, "turn_on", at(13))
    assert home.switch == "on"
    home.until(at(14))
    assert Why.MANUAL not in {one.kind for one in home.seen}
    assert home.made.stored_kwh > 35


def test_a_hand_holds_though_we_failed_and_were_killed_since(
    live: Callable[..., Lived], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = live(needed=30.0)

    def tap() -> None:
        if home.made.now >= at(1).timestamp():
            home.made.say(SWITCH, "on", person=True)
        home.made.mode = "forgetful" if home.made.now >= at(1.2).timestamp() else "fine"

    monkeypatch.setattr(running, "stop", lambda *_: None)
    home.until(at(1.6), tap)
    assert home.last.kind is Why.FAILED
    assert home.last.why.startswith("Left as set by hand")
    home.made.mode = "fine"
    before = len(home.made.calls)
    home.until(at(3))
    assert home.last.kind is Why.MANUAL
    assert len(home.made.calls) == before


def test_a_machine_that_slept_takes_what_the_watchdog_did_meanwhile_for_nobody_s_hand(
    live: Callable[..., Lived],
) -> None:
    home = live(needed=30.0)
    slept: list[float] = []

    def sleep() -> None:
        if home.made.now >= at(1).timestamp() and not slept:
            assert home.switch == "off"
            home.made.advance(at(1.9).timestamp())
            home.made.say(SWITCH, "on")  # after 45 minutes without a sign of life
            slept.append(home.made.now)
            home.made.advance(at(2.1).timestamp())

    home.until(at(2.5), sleep)
    assert slept
    assert Why.MANUAL not in {one.kind for one in home.seen}
    assert home.seen[-2].charges is False


def test_what_the_trip_before_took_is_what_the_car_held_when_it_left_less_what_it_came_back_with(
    live: Callable[..., Lived],
) -> None:
    """Over a restart while it is away and one while it waits; a cable that was out for a moment is no trip."""
    home = live(needed=10.0)
    came = at(15.5)
    home.made.trips.append((came.timestamp(), (came + timedelta(hours=20)).timestamp(), 25.0))
    home.until(at(14.5))
    left = home.made.stored_kwh
    home.until(at(15))
    home.until(at(16))
    home.until(at(16.5))
    before = [one for one in home.seen if one.plugged_since is not None and one.plugged_since < at(14)]
    after = [one for one in home.seen if one.plugged_since == came and one.kind is Why.PLANNED]
    assert before
    assert all(one.trip_kwh is None for one in before)  # nobody saw it leave before
    assert after
    assert all(one.trip_kwh == pytest.approx(left - 35.0, abs=0.7) for one in after)  # the car tells whole percent


def test_leaving_at_told_by_one_tap_makes_a_new_plan_at_once(live: Callable[..., Lived]) -> None:
    home = live(needed=30.0, lines={"leaves = ": f'leaves = "{LEAVES}"'})
    home.made.say(LEAVES, "unknown")

    def tap() -> None:
        if home.made.now >= at(2).timestamp():
            home.made.say(LEAVES, at(4.5).astimezone(BERLIN).strftime("%Y-%m-%d %H:%M:%S"))

    home.until(at(2.4), tap)
    told = next(one for one in home.seen if "as told" in one.why)
    assert told.at <= at(2.2)
    assert "Leaves Thu 21:30, as told." in told.why


def test_a_charger_that_does_not_follow_is_told_again_and_named(live: Callable[..., Lived]) -> None:
    home = live()
    home.made.obeys = False
    home.until(at(1.2))
    assert [service for service, _ in home.made.calls].count("switch.turn_off") >= 2
    assert any("is not as it was told last" in one.why for one in home.seen)
    assert Why.MANUAL not in {one.kind for one in home.seen}


def test_a_dry_run_sets_and_shows_nothing_and_says_what_it_would(live: Callable[..., Lived]) -> None:
    home = live()
    home.home = replace(home.home, dry=True)
    home.until(at(1.2))
    assert home.made.calls == []
    assert home.made.written == {}
    assert any(one.did == ("switch.turn_off switch.wallbox",) for one in home.seen)
    assert all(one.dry for one in home.seen)


def no_prices(home: Lived, _: pytest.MonkeyPatch) -> None:
    home.made.price_of.clear()
    for file in (home.home.setup.folder / "learnt").glob("prices.csv"):
        file.unlink()


def broken_planner(_: Lived, patch: pytest.MonkeyPatch) -> None:
    def wrong(*_: object, **__: object) -> None:
        raise ZeroDivisionError(f"in the planner, with {TOKEN}")

    patch.setattr(running, "plan_home", wrong)


def full_disk(_: Lived, patch: pytest.MonkeyPatch) -> None:
    def wrong(*_: object, **__: object) -> None:
        raise NotStored("the disk is full", "free some space")

    patch.setattr(running, "with_days", wrong)
    patch.setattr(running, "write_decision", wrong)


def entity_gone(home: Lived, _: pytest.MonkeyPatch) -> None:
    home.made.changes.pop(PRICE)


def plug_silent(home: Lived, _: pytest.MonkeyPatch) -> None:
    home.made.say(PLUG, "unavailable")


def no_history(home: Lived, _: pytest.MonkeyPatch) -> None:
    home.made.mode = "forgetful"


def test_a_clock_set_back_is_noticed_within_a_poll_and_the_car_is_planned_anew(live: Callable[..., Lived]) -> None:
    home = live(needed=30.0)
    planned: list[tuple[float, str]] = []

    def look() -> None:
        if home.made.now >= at(1).timestamp():
            home.ahead = -3600.0
        planned.append((home.made.now, home.made.written[SENSOR]["attributes"]["planned_at"]))

    home.until(at(1.5), look)
    before = next(text for moment, text in planned if moment >= at(1).timestamp())
    after = next(moment for moment, text in planned if text < before)
    assert after <= at(1).timestamp() + 600
    assert Why.MANUAL not in {one.kind for one in home.seen}


def test_what_was_decided_last_counts_after_a_restart_though_the_clock_was_set_back_before(tmp_path: Path) -> None:
    """A small computer without a clock of its own begins in the past; its last order is no hand of the driver's."""
    log = open_log(tmp_path)
    told = Decision(at=at(2), kind=Why.PLANNED, charges=True, followed=True, why="cheap", plugged_since=at(0.5))
    write_decision(log, told)
    write_decision(log, replace(told, at=at(1), charges=False, why="dear"))
    assert [one.charges for one in decisions(log)] == [True, False]
    standing = resumed(log, at(1.2))
    assert standing.order == Order(on=False)
    assert not standing.manual
    ahead = resumed(log, at(0))
    assert ahead.order is None, "an hour before it: nobody knows what was done to the charger meanwhile"


def test_a_charger_that_refuses_is_told_again_in_a_minute_as_the_log_says(
    live: Callable[..., Lived], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = live(needed=30.0)
    asked: list[float] = []
    serve = home.made.serve

    def refused(domain: str, verb: str, body: dict[str, object]) -> bool:
        if home.made.now < at(1).timestamp():
            return serve(domain, verb, body)
        asked.append(home.made.now)
        return home.made.now >= at(1.5).timestamp() and serve(domain, verb, body)

    monkeypatch.setattr(home.made, "serve", refused)
    monkeypatch.setattr(running, "POLL_SECONDS", 30.0)

    def trouble() -> None:
        if home.made.now >= at(1).timestamp():
            broken_planner(home, monkeypatch)

    home.until(at(1.4), trouble, poll=30.0)
    failed = next(one for one in home.seen if one.kind is Why.FAILED)
    assert "is told again in a minute" in failed.why
    told = [moment for moment in asked if moment < at(1.4).timestamp()]
    assert max(after - before for before, after in pairwise(told)) <= 120


def test_a_price_in_another_unit_is_named_the_car_charges_and_nothing_of_it_is_kept(
    live: Callable[..., Lived],
) -> None:
    home = live(needed=30.0)

    def change() -> None:
        there = at(1).timestamp() <= home.made.now < at(1.6).timestamp()
        if there and home.made.attributes[PRICE]["unit_of_measurement"] == "EUR/kWh":
            assert home.switch == "off"
            told = dict(home.made.price_of)
            home.made.price_of = {hour: 100 * price for hour, price in told.items()}
            home.made.attributes[PRICE] = {"unit_of_measurement": "ct/kWh", "was": told}
        elif not there and "was" in home.made.attributes[PRICE]:
            home.made.price_of = home.made.attributes[PRICE]["was"]
            home.made.attributes[PRICE] = {"unit_of_measurement": "EUR/kWh"}

    home.until(at(2.2), change)
    failed = next(one for one in home.seen if one.kind is Why.FAILED)
    assert f"{PRICE} is in ct/kWh, but home.toml says EUR/kWh" in failed.why
    assert "switch.turn_on switch.wallbox" in failed.did
    assert home.seen[-2].kind is Why.PLANNED
    kept = recorded(home.home.store).quarters["price"]
    assert max(float(np.nanmax(values)) for values in kept.values()) < 1.0


def test_a_price_that_cannot_be_one_is_not_kept_and_spoils_no_later_plan(live: Callable[..., Lived]) -> None:
    home = live(needed=30.0)
    hour = int(at(-2).timestamp() // 3600)
    home.made.price_of[hour] = 99_999.0
    home.made.changes[PRICE] = sorted(
        (moment, "99999.0" if moment // 3600 == hour else text) for moment, text in home.made.changes[PRICE]
    )
    home.until(at(1))
    assert Why.PLANNED in {one.kind for one in home.seen}
    assert Why.FAILED not in {one.kind for one in home.seen}


@pytest.mark.parametrize("trouble", [broken_planner, full_disk, entity_gone, plug_silent, no_history])
def test_whatever_is_missing_the_car_charges_and_the_log_says_why(
    live: Callable[..., Lived], monkeypatch: pytest.MonkeyPatch, trouble: Callable[[Lived, pytest.MonkeyPatch], None]
) -> None:
    home = live(needed=30.0)
    begun: list[float] = []

    def fail() -> None:
        if home.made.now >= at(1).timestamp() and not begun:
            assert home.switch == "off"
            begun.append(home.made.now)
            trouble(home, monkeypatch)
        if begun:
            home.made._live = lambda: None  # type: ignore[method-assign]
            if home.made.now > begun[0] + 2000:  # two rounds on at the latest
                assert home.switch == "on"

    home.until(at(1.7), fail)
    said = [one for one in home.seen if one.kind is Why.FAILED]
    assert said
    assert "The car charges, because something is missing" in said[0].why
    assert TOKEN not in "".join(one.why for one in home.seen)
    assert home.switch == "on"


def test_a_server_that_was_away_finds_the_car_charging_within_a_round_and_a_plan_soon_after(
    live: Callable[..., Lived],
) -> None:
    home = live(needed=30.0)
    modes = ("busy", "drop", "noise", "half")

    def outage() -> None:
        part = (home.made.now - at(1).timestamp()) / 3600
        home.made.mode = modes[int(4 * part)] if 0 <= part < 1 else "fine"

    home.until(at(2.4), outage)
    failed = [one for one in home.seen if one.kind is Why.FAILED]
    assert "is told again in a minute" in failed[0].why
    assert home.seen[-2].kind is Why.PLANNED
    assert home.seen[-2].at >= at(2)


def test_a_plug_that_is_silent_for_a_moment_changes_nothing(live: Callable[..., Lived]) -> None:
    home = live(needed=30.0)

    def silent() -> None:
        if at(1).timestamp() <= home.made.now < at(1.1).timestamp():
            home.made.say(PLUG, "unavailable")

    home.until(at(1.5), silent)
    assert Why.FAILED not in {one.kind for one in home.seen}
    assert [service for service, _ in home.made.calls] == ["switch.turn_off", "switch.turn_on"]  # the last: the end


def test_where_the_peak_costs_the_current_keeps_house_and_car_under_the_cap(live: Callable[..., Lived]) -> None:
    lines = {
        "current = ": f'current = "{CURRENT}"', "meter = ": f'meter = "{METER}"', "market": 'market = "BE"',
        "prices = ": "", "zone": "",
    }  # fmt: skip
    lines["leaves = "] = f'leaves = "{LEAVES}"'
    home = live(needed=50.0, lines=lines, meter=True)
    home.made.changes[CURRENT] = [(EVENING.timestamp() - 86400, "16")]
    home.made.say(LEAVES, at(9).astimezone(BERLIN).strftime("%Y-%m-%d %H:%M:%S"))
    learn(home.home.setup, home.home.server, home.home.store, EVENING, days=20)
    home.made.price_of |= dict.fromkeys(home.made.price_of, 0.1)  # so nothing but the peak is worth waiting for
    home.made.say(SWITCH, "off")
    home.made.advance(at(5.75).timestamp())
    home.until(at(8))
    assert "house and car under the 2.2 kW already reached this month" in home.seen[0].why
    meter = home.made.changes[METER]
    kw = {at(6).timestamp(): 0.0, at(7).timestamp(): 0.0}
    for (begin, watts), (end, _) in pairwise(meter):
        for hour in kw:
            kw[hour] += float(watts) / 1000 * max(min(end, hour + 3600) - max(begin, hour), 0.0) / 3600
    assert all(0.9 < mean < 2.5 for mean in kw.values())  # it charges under the cap, in quarters of an hour at 6 A
    assert {body["value"] for service, body in home.made.calls if service == "number.set_value"} == {6, 16}


def test_without_a_battery_sensor_the_charge_is_estimated_and_said_to_be(live: Callable[..., Lived]) -> None:
    home = live(lines={"battery = ": "# none"})
    home.until(at(1))
    planned = next(one for one in home.seen if one.kind is Why.PLANNED)
    assert "The car does not tell its charge" in planned.why
    assert planned.stored_kwh is not None
    assert 0 < planned.stored_kwh < 60


def test_a_home_that_began_today_charges_and_says_what_it_waits_for(live: Callable[..., Lived]) -> None:
    home = live()
    for entity, series in home.made.changes.items():
        home.made.changes[entity] = [(EVENING.timestamp() - 3600, series[-1][1])]
    home.made.price_of = {hour: p for hour, p in home.made.price_of.items() if hour >= EVENING.timestamp() // 3600}
    home.until(at(0.8), lambda: None)
    failed = next(one for one in home.seen if one.kind is Why.FAILED)
    assert "week of prices before" in failed.why
    assert "the first plan is due on Thursday 26 November" in failed.why
    assert failed.plugged_since == at(0.5)
    assert home.switch == "on"


FORECAST, ROOF = "sensor.solar_forecast", "sensor.roof_power"
SUNNY = {"current = ": f'current = "{CURRENT}"', "leaves = ": f'leaves = "{LEAVES}"', "solar = ": f'solar = "{ROOF}"'}


def with_sun(live: Callable[..., Lived], *, feed_in: float, needed: float = 18.0) -> Lived:
    """A car that is told to leave tomorrow at 17:00, and a roof that gives 6 kW from 10:00 to 15:00, as forecast."""
    home = live(needed=needed, lines=SUNNY)
    made, setup = home.made, home.home.setup
    made.trips[-1] = (made.trips[-1][0], at(24).timestamp(), needed)
    made.say(LEAVES, at(24).astimezone(BERLIN).strftime("%Y-%m-%d %H:%M:%S"))
    for entity, begins in ((CURRENT, "16"), (ROOF, "0"), (FORECAST, "30")):
        made.changes[entity] = [(EVENING.timestamp() - 86400, begins)]
    made.changes[ROOF] += [(at(17).timestamp(), "6000"), (at(22).timestamp(), "0")]
    made.attributes[ROOF] = {"unit_of_measurement": "W"}
    half_hours = [at(half / 2) for half in range(60)]
    told = [(moment.astimezone(BERLIN), 6.0 if at(17) <= moment < at(22) else 0.0) for moment in half_hours]
    rows = [{"period_start": moment.isoformat(), "pv_estimate": kw} for moment, kw in told]
    made.attributes[FORECAST] = {"detailedForecast": rows}
    entities = replace(setup.entities, forecast=FORECAST)
    return replace(home, home=replace(home.home, setup=replace(setup, entities=entities, feed_in_eur=feed_in)))


def test_on_a_sunny_day_with_little_paid_for_feeding_in_the_car_waits_for_the_sun_and_says_so(
    live: Callable[..., Lived],
) -> None:
    home = with_sun(live, feed_in=0.03)
    drawn: list[tuple[float, float]] = []
    home.until(at(23.5), lambda: drawn.append((home.made.now, home.made.drawing_kw())))
    first = next(one for one in home.seen if one.kind is Why.PLANNED)
    assert "Waits for the sun until Fri 10:00: feeding in pays 3.0 ct/kWh, the grid asks" in first.why
    assert any("of it from the sun" in one.why for one in home.seen)
    by_sun = [kw for moment, kw in drawn if at(17).timestamp() <= moment < at(22).timestamp()]
    assert not any(kw > 0 for moment, kw in drawn if moment < at(17).timestamp())
    assert max(by_sun) <= 6.0  # the current follows the sun: 8 A of 16
    assert home.made.stored_kwh > 58


def test_where_feeding_in_pays_more_than_the_night_asks_the_car_does_not_wait_for_the_sun(
    live: Callable[..., Lived],
) -> None:
    home = with_sun(live, feed_in=0.40, needed=55.0)
    home.until(at(16.5))
    assert not any("the sun" in one.why for one in home.seen)
    assert home.made.stored_kwh > 20  # 5 at first; nine in ten trips take up to 7


@pytest.mark.parametrize("trouble", ["nonsense", "silent", "gone"])
def test_a_forecast_that_cannot_be_read_leaves_no_car_empty(live: Callable[..., Lived], trouble: str) -> None:
    home = with_sun(live, feed_in=0.03, needed=55.0)
    if trouble == "gone":
        home.made.changes.pop(FORECAST)
    home.made.attributes[FORECAST] = {"detailedForecast": [{"period_start": "soon", "pv_estimate": "much"}]}
    if trouble == "silent":
        home.made.changes[FORECAST] = [(EVENING.timestamp() - 86400, "unavailable")]
        home.made.attributes[FORECAST] = {}
    home.until(at(16.5))
    told = home.seen[-2].why
    assert ("does not know forecast" if trouble == "gone" else "planned without the sun") in told
    assert home.made.stored_kwh > (55 if trouble == "gone" else 20)


def test_an_hour_of_the_plan_begins_on_the_home_s_clock_where_that_is_half_an_hour_off(
    live: Callable[..., Lived],
) -> None:
    """At 05:30 UTC it is 11:00 in Kolkata: 5.5 kWh of the hour at hand are 8 A for all of it, not 16 A for half."""
    home = live(lines={"current = ": f'current = "{CURRENT}"'})
    home.made.changes[CURRENT] = [(EVENING.timestamp() - 86400, "16")]
    setup = replace(home.home.setup, zone=ZoneInfo("Asia/Kolkata"))
    states = asked_states(setup, home.home.server)
    now = datetime(2026, 11, 19, 5, 30, tzinfo=UTC)
    live_now = live_of(
        setup, states, derived(setup, recorded(home.home.store)).sessions, Record(spells={}, quarters={}), now
    )
    plan = SimpleNamespace(charge_now=True, cap_kw=8.0, draw_kwh=np.array([5.52]), sun_kwh=np.zeros(1))
    assert order_of(plan, live_now, setup) == Order(on=True, amps=8)  # type: ignore[arg-type]
    later = replace(live_now, at=now + timedelta(minutes=30))
    assert order_of(plan, later, setup) == Order(on=True, amps=16)  # type: ignore[arg-type]
    quarters = np.full(96, 0.25)
    quarters[22:26] = 1.0  # 05:30 to 06:30 UTC: one hour of the clock there
    record = Record(spells={}, quarters={"meter": {now.date(): quarters}, "charger": {now.date(): np.zeros(96)}})
    assert peak_of_month(setup, record, now + timedelta(hours=4)) == pytest.approx(4.0)
