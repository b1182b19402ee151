"""What must hold of every answer, whatever the offer, the market, the day and the approvals in hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from beachhead.compliance.approval import Certificate, Holding, Used, Vehicle
from beachhead.compliance.assess import assess, assess_all
from beachhead.compliance.check import rulebook
from beachhead.compliance.critical_path import Activity, critical_path
from beachhead.compliance.finding import FeatureVerdict, Verdict
from beachhead.compliance.in_hand import hand
from beachhead.compliance.opening import openings
from beachhead.compliance.permit import permits
from beachhead.compliance.prospect import prospect
from beachhead.compliance.ready import network, ready
from beachhead.compliance.requirement import Gate
from beachhead.compliance.road import Road, road
from beachhead.compliance.rule import Volume
from beachhead.compliance.watch import changes
from beachhead.world.source import Grade, Source

BOOK = rulebook()
NET = network(BOOK)
MARKETS = sorted(BOOK.laws)
FEATURES = sorted(BOOK.features)
FILED = Source(who="filed", as_of=date(2026, 1, 1), grade=Grade.A)
LAWS = settings(max_examples=60, deadline=None, derandomize=True)

days = st.dates(date(2024, 1, 1), date(2030, 12, 31))
markets = st.sampled_from([*MARKETS, "XX"])
vehicles = st.builds(
    Vehicle,
    code=st.just("ONE"),
    features=st.frozensets(st.sampled_from([*FEATURES, "no_such_word"]), max_size=12),
    built_in=st.sampled_from(["CN", "HU"]),
    maker_from=st.sampled_from(["CN", "DE"]),
)


@st.composite
def certificates(draw) -> Certificate:
    code = draw(st.sampled_from(sorted(BOOK.approvals)))
    granted = draw(st.dates(date(2020, 1, 1), date(2028, 1, 1)))
    return Certificate(
        approval=code,
        series=BOOK.approvals[code].series,
        offers=frozenset({draw(st.sampled_from(["*", "ONE", "TWO"]))}),
        issuer=draw(st.sampled_from(sorted(BOOK.issuers[code]) or [""])),
        granted_on=granted,
        extended_on=None,
        expires_on=draw(st.one_of(st.none(), st.just(granted + timedelta(days=900)))),
        document="",
        source=FILED,
    )


holdings = st.builds(
    Holding,
    certificates=st.lists(certificates(), max_size=25).map(tuple),
    used=st.lists(
        st.builds(Used, market=st.sampled_from(MARKETS), year=st.integers(2026, 2028), cars=st.integers(0, 2000)),
        max_size=3,
    ).map(tuple),
)


@LAWS
@given(vehicles, markets, days, holdings)
def test_every_answer_carries_a_citation(vehicle, market, on, holding):
    answer = assess(BOOK, vehicle, market, on, holding)
    for found in (*answer.findings, *answer.features, *answer.routes):
        assert found.reasons
        for reason in found.reasons:
            assert reason.text.strip()
            assert reason.source.who.strip()


@LAWS
@given(vehicles, markets, days, holdings)
def test_every_requirement_and_every_function_gets_exactly_one_finding(vehicle, market, on, holding):
    answer = assess(BOOK, vehicle, market, on, holding)
    codes = [finding.requirement for finding in answer.findings]
    assert len(codes) == len(set(codes))
    assert {code for code, entry in BOOK.requirements.items() if not entry.local} <= set(codes)
    functions = {
        code for code in vehicle.features if code not in BOOK.features or BOOK.features[code].kind == "function"
    }
    assert {finding.feature for finding in answer.features} == functions


@LAWS
@given(vehicles, markets, days, holdings)
def test_unknown_is_never_read_as_allowed(vehicle, market, on, holding):
    answer = assess(BOOK, vehicle, market, on, holding)
    unknown = {f.requirement for f in answer.findings if f.verdict is Verdict.UNKNOWN}
    law = BOOK.laws.get(market)
    for finding in answer.features:
        rules = law.feature_rules.get(finding.feature, ()) if law else ()
        needs = {
            need
            for rule in rules
            if rule.begins <= on and (rule.until is None or on < rule.until)
            for need in rule.needs
        }
        if not rules or needs & unknown:
            assert finding.verdict in (FeatureVerdict.UNKNOWN, FeatureVerdict.BLOCKED)
    shut = {f.requirement for f in answer.findings if f.verdict is Verdict.UNKNOWN and f.gate is Gate.SALE}
    for route in law.routes if law else ():
        told = next(item for item in answer.routes if item.route == route.code)
        if shut - route.waives - route.instead.keys() and not route.whole_vehicle:
            assert told.day != on
        if route.volume is Volume.SMALL_SERIES and route.cap is None:
            assert told.day is None


@LAWS
@given(vehicles, markets, days, holdings)
def test_sale_is_legal_on_a_day_only_if_all_that_is_asked_is_shown(vehicle, market, on, holding):
    answer = assess(BOOK, vehicle, market, on, holding)
    for told in answer.routes:
        if told.volume is Volume.UNLIMITED and told.day == on:
            open_ones = (Verdict.MISSING, Verdict.UNKNOWN)
            assert not [f for f in answer.findings if f.gate is Gate.SALE and f.verdict in open_ones]
        if told.day is not None:
            assert told.day >= on
            assert told.cap_left is None or told.cap_left > 0


@LAWS
@given(vehicles, st.sampled_from(MARKETS), days, holdings, certificates())
def test_one_more_approval_never_delays_a_sale(vehicle, market, on, holding, further):
    further = replace(further, granted_on=min(on, further.granted_on), expires_on=None)
    before = assess(BOOK, vehicle, market, on, holding)
    after = assess(BOOK, vehicle, market, on, replace(holding, certificates=(*holding.certificates, further)))
    for old, new in zip(before.routes, after.routes, strict=True):
        assert (new.day or date.max) <= (old.day or date.max)


@LAWS
@given(vehicles, st.sampled_from(MARKETS), days, holdings)
def test_the_road_ends_on_the_day_that_is_told(vehicle, market, on, holding):
    in_hand = hand(BOOK, vehicle, holding)
    ahead = prospect(NET, vehicle, BOOK.laws[market], in_hand, on)
    answer = assess(BOOK, vehicle, market, on, holding)
    for position, told in enumerate(answer.routes):
        walked = road(ahead, ready(NET, in_hand, on), position, told)
        if told.waits_for:
            assert walked.day == told.day
        if told.day is not None:
            assert walked.day is not None
            assert walked.day <= told.day
            assert walked.unreachable == ()
        for activity in (timed.activity for timed in walked.schedule.timed):
            ways = BOOK.approvals[activity.code].ways
            alike = [way.cost_eur for way in ways if round((way.weeks or 0.0) * 7) == activity.days]
            assert activity.cost_eur in (0.0, min(alike, default=0.0)), "the cheapest of the ways that take as long"


@LAWS
@given(vehicles, st.lists(st.sampled_from(MARKETS), min_size=1, max_size=4, unique=True), days, holdings)
def test_many_answers_at_once_are_those_given_one_by_one(vehicle, where, on, holding):
    later = on + timedelta(days=200)
    together = list(assess_all(BOOK, [vehicle], where, [on, later], holding))
    alone = [assess(BOOK, vehicle, market, day, holding) for market in where for day in (on, later)]
    assert together == alone


@LAWS
@given(vehicles, st.sampled_from(MARKETS), days, st.integers(1, 900), holdings)
def test_the_changes_lead_from_one_day_to_the_other(vehicle, market, start, length, holding):
    end = start + timedelta(days=length)
    state = {f.requirement: str(f.verdict) for f in assess(BOOK, vehicle, market, start, holding).findings}
    features = {f.feature: str(f.verdict) for f in assess(BOOK, vehicle, market, start, holding).features}
    for change in changes(BOOK, [vehicle], [market], start, end, holding):
        assert start < change.day <= end
        if change.what in ("requirement", "feature"):
            table = state if change.what == "requirement" else features
            assert table[change.code] == change.before
            table[change.code] = change.after
    after = assess(BOOK, vehicle, market, end, holding)
    assert {f.requirement: str(f.verdict) for f in after.findings} == state
    assert {f.feature: str(f.verdict) for f in after.features} == features


@settings(max_examples=15, deadline=None, derandomize=True)
@given(vehicles, days, holdings)
def test_an_approval_opens_what_it_is_said_to_open(vehicle, on, holding):
    where = MARKETS[::5]
    for opening in openings(BOOK, [vehicle], where, on, holding)[:6]:
        issuers = sorted(opening.issuers)
        granted = Certificate(
            approval=opening.approval,
            series=BOOK.approvals[opening.approval].series,
            offers=frozenset({"*"}),
            issuer=issuers[0] if issuers else "",
            granted_on=on,
            extended_on=None,
            expires_on=None,
            document="",
            source=FILED,
        )
        more = replace(holding, certificates=(*holding.certificates, granted))
        for feature, opened in opening.features.items():
            for market in opened:
                verdict = assess(BOOK, vehicle, market, on, more).feature(feature).verdict
                assert verdict in (FeatureVerdict.ALLOWED, FeatureVerdict.CONDITIONAL)
        for market in opening.sale:
            used_up = any(item.cars for item in holding.used)
            assert used_up or any(route.day == on for route in assess(BOOK, vehicle, market, on, more).routes)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(vehicles, st.lists(st.sampled_from(MARKETS), min_size=2, max_size=5, unique=True), days, holdings)
def test_shares_of_cost_add_up_to_the_cost_of_the_common_road(vehicle, where, on, holding):
    given_out = permits(BOOK, [vehicle], where, on, holding)
    in_hand = hand(BOOK, vehicle, holding)
    when = ready(NET, in_hand, on)
    roads = []
    for permit in given_out:
        ahead = prospect(NET, vehicle, BOOK.laws[permit.market], in_hand, on)
        told = assess(BOOK, vehicle, permit.market, on, holding)
        assert permit.unlimited is not None
        position = [route.route for route in told.routes].index(permit.unlimited.route)
        roads.append(road(ahead, when, position, told.routes[position]))
    assert abs(sum(p.cost_shared_eur for p in given_out) - _cost_together(roads)) < 1e-6
    assert all(permit.cost_shared_eur <= permit.cost_alone_eur + 1e-9 for permit in given_out)


def _cost_together(roads: Sequence[Road]) -> float:
    """Cost of several roads walked at once: a step that several need is done, and paid, once."""
    merged: dict[str, Activity] = {}
    for activity in (timed.activity for item in roads for timed in item.schedule.timed):
        known = merged.get(activity.code, activity)
        merged[activity.code] = replace(activity, needs=tuple(dict.fromkeys((*known.needs, *activity.needs))))
    return critical_path(tuple(merged.values())).cost_eur


def test_spans_cover_all_time_without_a_gap():
    vehicle = Vehicle(code="ONE", features=frozenset(FEATURES))
    for market in MARKETS:
        ahead = prospect(NET, vehicle, BOOK.laws[market], hand(BOOK, vehicle, Holding()))
        assert ahead.spans[0].start == date.min
        assert ahead.spans[-1].end == date.max
        assert all(one.end == two.start for one, two in zip(ahead.spans, ahead.spans[1:], strict=False))
