"""Settings that a page tells are those of the code: every sentence here is made of the code's own numbers."""

from collections.abc import Iterator
from inspect import signature
from math import exp
from pathlib import Path

import numpy as np
import pytest

from beachhead.aftersales import record, use
from beachhead.belief import calendar, lasting
from beachhead.belief.choice import choice_fit, experiment, market, rivals
from beachhead.belief.exposure import exposure_fit
from beachhead.belief.fitted import MOST_SCALES, entry_fit
from beachhead.belief.history import forecast, momentum
from beachhead.belief.history.pool import partners
from beachhead.case import aftersales as case_aftersales
from beachhead.case.belief.studies import USUAL_BIAS
from beachhead.case.plan import research as case_research
from beachhead.case.score import outcome_of_demand
from beachhead.case.siting import algebra, facility, places, question
from beachhead.case.tasks import from_rooms
from beachhead.charging import habit, hour, now, peak, published, stochastic, value, year
from beachhead.evidence.panel import entries, names
from beachhead.home import learn, run
from beachhead.launch import estimate
from beachhead.launch.adjust import changes, settling
from beachhead.launch.aim import steer
from beachhead.launch.bound import control, penalised, revealed
from beachhead.launch.information import informed, pilot_odds
from beachhead.launch.information import research as launch_research
from beachhead.launch.judge import monitor
from beachhead.launch.plan import plan
from beachhead.launch.policy import recourse
from beachhead.launch.policy import value as options
from beachhead.pilot import funnel, nowcast, result
from beachhead.programme import duration, rank_fit, risk
from beachhead.siting import cover, geography
from beachhead.supply.plan import Depth
from beachhead.world.economics import CHANNEL_CUT

PAGES = Path(__file__).parents[2] / "docs"
WORDS = (
    *("nought", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen"),
)


def short(number: float, digits: int = 3) -> str:
    """As the pages write numbers below one: .66."""
    return f"{round(number, digits):g}".replace("0.", ".", 1)


def percent(share: float) -> int:
    return round(100 * share)


def about(spread: tuple[float, float]) -> str:
    """The middle 90 % of a log-normal share, in %."""
    low, high = (percent(exp(spread[0] + z * spread[1])) for z in (-1.645, 1.645))
    return f"{percent(exp(spread[0]))} % of {{}} ({low} to {high} %)"


def backtest() -> Iterator[str]:
    three, six, twelve = partners(3), partners(6), partners(12)
    yield (
        f"after 3 months {percent(1 - sum(three.values()))} % model, {percent(three['mean'])} % mean, "
        f"{percent(three['last value'])} % last value"
    )
    yield f"after 6, {percent(1 - sum(six.values()))} and {percent(six['mean'])} % mean"
    yield (
        f"after a year {percent(1 - sum(twelve.values()))}, {percent(twelve['mean of last three'])} % mean of the last "
        f"three, {percent(twelve['last value'])} % last value"
    )
    yield f"a Student ({forecast._TAIL_DF:g} degrees, scale {short(forecast._TAIL_SCALE)}"
    at = momentum.LEARNT_AT
    yield f"at {at[0]}, {at[1]}, ... {at[-1]} months"
    yield f"from the {'sixth' if momentum._FIRST_MONTHS == 6 else '?'} month on"


def entry_panel() -> Iterator[str]:
    yield (
        f"at least {entries.ENTRY_CARS} battery-electric cars after {entries.QUIET_MONTHS} months below "
        f"{entries.ENTRY_CARS}"
    )
    yield f"a quarter of at least {entries.FIRST_QUARTER_CARS} cars begins"
    yield f"more than {WORDS[entries.NEW_WITHIN_MONTHS // 12]} years before"
    yield f"selling in {WORDS[entries.ESTABLISHED_COUNTRIES]} or more countries"
    yield f"({len(names.LONG_SOLD)} names in `evidence/panel/names.py`"


def entry_model() -> Iterator[str]:
    fit = entry_fit()
    variance = fit.share_sd**2
    yield f"a random walk of variance {short(fit.walk * variance)} a quarter"
    yield f"(as a share of the prior's variance, {short(fit.walk)}: `walk`)"
    yield f"variance {short(fit.scatter)} (sd {percent(fit.scatter**0.5)} %)"
    yield about(funnel.USUAL[funnel.Funnel.LEADS]).format("leads")
    yield about(funnel.USUAL[funnel.Funnel.TEST_DRIVES]).format("test drives")
    yield f"a shop of one's own apart by {short(funnel.BETWEEN_SHOPS)}"
    yield f"({funnel.USUAL_DELAY_DAYS:g} days, sd {funnel.DELAY_SD_DAYS:g}, beforehand"
    yield f"a spread of {percent(calendar.CALENDAR_LOG_SD)} % from year to year"
    yield f"further than {MOST_SCALES:g} standard deviations"
    yield f"It takes {WORDS[nowcast.FEWEST_SPANS]} spans"
    yield f"the mean of {WORDS[lasting.YEARS]} quarters' levels"
    held = lasting.Lasting(walk=fit.walk, scatter=fit.scatter)
    told = np.cumsum(1 / held.noise(np.array([variance]))[0]) * held.of_mean * variance
    first, second = (told / (1 + told))[:2]
    yield f"tells {percent(first)} % of the variance of the level over the years"
    yield f"a second in a row {percent(second - first)} % more"
    yield f"({percent(1 - (1 - fit.walk) ** 0.5)} % of the way"


def price_response() -> Iterator[str]:
    fit = choice_fit()
    sd = float(np.hypot(fit.elasticity_shared_sd, fit.elasticity_own_sd))
    low, middle, high = (exp(fit.elasticity_log_mean + z * sd) for z in (-1.645, 0.0, 1.645))
    yield f"{middle:.1f} (90 %: {low:.1f} to {high:.1f})"
    yield f"asked {100 * fit.penalty_share:.1f} % off a Chinese car"
    yield f"Fewer than {experiment.LEAST_PEOPLE} people"
    yield f"understate the elasticity by {percent(1 - exp(experiment.BIAS_MEAN))} %"
    yield f"sd {short(experiment.BIAS_SD)} of the log (grade C), weight as stated"
    yield f"1 / ({short(experiment.BIAS_SD)}^2 + 1 / people) cars, some {WORDS[round(experiment.BIAS_SD**-2)]}"
    yield f"against {fit.mix_weight_cars:g} for a declared mix"
    yield f"a spread of {short(market.BIAS_SD)} (grade C)"
    yield f"({', '.join(str(percent(cut)) for cut in CHANNEL_CUT.values())} %; grade C)"
    yield f"Steps stop at {percent(max(changes.LIST_STEPS))} %"
    yield f"reached evenly over {WORDS[rivals.RAMP_QUARTERS // 4]} years"
    yield f"choice study of {settling.STUDY_PEOPLE} people"
    yield f"a bias of sd {short(settling.STUDY_BIAS_SD)} between"


def research() -> Iterator[str]:
    yield f"among the first {WORDS[launch_research.TOP]}"
    yield f"(older than {round(case_research.STALE_DAYS / 30.44)} months)"
    size = [percent(sd) for sd in case_research.LEVEL_SD.values()]
    yield f"a market's size {size[0]}, {size[1]} or {size[2]} % by grade"
    yield f"{percent(case_research.DRIFT_SD)} % for each year beyond it"
    yield f"margins {', '.join(str(percent(sd)) for sd in case_research.MONEY_SD.values())} %"
    yield f"(the phone share {percent(case_research.PREDICTORS['phone_share'])} %, others 2 to 4 %;"
    for kind, (mean, sd) in USUAL_BIAS.items():
        yield f"| {kind.value} | {exp(mean):.1f} | {short(sd)} |"
    fit = exposure_fit()
    yield f"({percent(fit.usual_share)} % of expected sales at list prices"
    yield f"Goodwill keeps {percent(fit.kinds['awareness'].retention)} % from quarter to quarter"
    yield f"{short(fit.kinds['awareness'].elasticity)} for advertising in the long run"
    yield f"{short(fit.kinds['showcase'].elasticity)} for showcases"
    yield f"log-normal about 1 with an sd of {short(fit.shared_log_sd)}"
    yield f"a market adds {short(fit.own_log_sd)} of its own"


def looks() -> Iterator[str]:
    yield f"that spends {percent(monitor.ALPHA)} % over all its looks (Hwang, Shih & DeCani, gamma {monitor.GAMMA:g})"
    yield f"At {round(1 / monitor.ALPHA)} something is shown"


def scoring() -> Iterator[str]:
    yield f"Shipped within {percent(result.BATCH_TOLERANCE)} % of the batch"
    yield f"sold within {100 * result.PRICE_TOLERANCE:g} % of the price"
    yield f"A row may reach {WORDS[result.GRACE_DAYS]} days beyond"
    yield f"between {percent(1 - pilot_odds.SUREST)} and {percent(pilot_odds.SUREST)} %"
    yield f"Fewer than {outcome_of_demand.FEWEST_DAYS} days told"


def launch_policy() -> Iterator[str]:
    yield f"With up to {WORDS[recourse.MOST_MARKETS]} undecided markets"
    yield f"over {len(recourse.POINTS):,} evenly spread joint readings"
    yield f"search for a good one with {len(revealed.FEW)} quadrature nodes"
    yield f"E A is taken from {WORDS[penalised.SCOUTS]} other worlds"
    yield f"({penalised.OWN_POINTS} and {penalised.READ_POINTS} points)"
    yield f"`?` below {WORDS[estimate.FEWEST]} worlds"
    assert plan.CLOSE_ENOUGH == 0.9
    yield "the first leaves more than a tenth open"
    yield f"comes from {control.SCORES:,} levels of demand"
    bonuses, cautions = steer.BONUSES, steer.CAUTIONS
    yield f"{WORDS[len(bonuses)].capitalize()} bonuses of {min(bonuses):g} to {max(bonuses):g} mean margins"
    yield f"cautions of {min(cautions):g} to {max(cautions):g}"
    yield f"on {steer.SEARCH_WORLDS} worlds ({steer.FLOOR_WORLDS} with a floor)"
    yield f"Another {steer.SEARCH_WORLDS} ({steer.FLOOR_WORLDS}) worlds"
    yield f"integrated on {len(informed.NODES)} points"
    yield f"the plan's tables have {WORDS[len(options.NODES)]} and {WORDS[len(options.FEW_NODES)]}"
    yield f"In launches of up to {WORDS[options.FEW_MARKETS]} markets"
    yield f"have {len(options.FINE_NODES)} and {len(options.FINE_FEW_NODES)} nodes"


def charging() -> Iterator[str]:
    yield f"told apart for {habit.LONGEST - 1} hours after plug-in"
    yield f"(known from {published.PUBLISHED_AT}:00)"
    yield f"in {WORDS[published.DAYS_LEARNT // 7]} weeks"
    yield f"the newest {WORDS[published._NEWEST_HOURS]} hours"
    yield f"The {WORDS[3 + len(published._NEWEST)]} weights"
    yield f"more than {100 * now.LEAST_GAIN_EUR:g} cents of expected cost"
    yield f"counted at {year.CAUTION:g} times its price"
    yield f"sharpened by the power {stochastic._SHARPER:g} for decisions"
    yield f"the highest hours of its past {peak.DAYS_BACK} days"
    yield f"in the {stochastic.HORIZON} hours planned"
    yield f"to the power of {peak._LATER:g}"
    yield f"the nearest {percent(hour._ALIKE)} % of past hours"
    yield f"within {WORDS[hour._AROUND]} hours of the same time of day"
    yield f"(an hour apart counts as {hour._CLOCK:g} kWh), over {hour.LIKE_DAYS} days"
    of = signature(value.demand_shift).parameters
    yield (
        f"The saving over {WORDS[int(of['years'].default)]} years ({percent(of['rate'].default)} %), as a share of the "
        f"car's price, times a price elasticity of {of['elasticity'].default:g}"
    )
    assert of["reach"].default == 0.25
    yield "counted for a quarter of buyers"
    yield f"leave about {percent(1 - signature(value.demand_statement).parameters['share'].default)} % of the variance"
    yield f"to {stochastic.LEVELS} levels"


def charge_at_home() -> Iterator[str]:
    yield f"A server keeps {WORDS[learn.DAYS]} days unless told otherwise"
    yield f"charging on after {run._FRESH_SECONDS // 60} minutes of silence"
    yield f"asked every {'half minute' if run.POLL_SECONDS == 30 else '?'}"


def siting() -> Iterator[str]:
    (town, slow), (trunk, middle), (_, fast) = geography.SPEEDS
    yield f"the first {town:g} km of road at {slow:g} km/h, up to {trunk:g} km at {middle:g}, the rest at {fast:g}"
    yield f"With one factor, {geography.CIRCUITY_ELSEWHERE:g}, for every country"
    yield f"a city of at least {places._CITY:,.0f} would fill at {places._DENSITY:,.0f} people a square km"
    yield f"({facility.MINUTE_EUR:.2f} EUR each; {WORDS[facility.TRIPS[True]]} ways for each car sold"
    yield f"{WORDS[facility.TRIPS[False]]} for each car whose service it takes"
    assert facility.YEARS == 10
    yield "a tenth of their capital a year"
    yield f"has up to some {cover._FEW_ENTRIES:,} entries"
    yield f"HiGHS has {cover.CoverEffort().finish:g} units of work for it"
    yield f"up to {algebra.MOST_ENTRIES:,} pairs"
    yield f"(`--work`, {question.Ask().work:g} units where nothing is said"
    yield f"Huff's exponent is {question.DECAY:g}"
    yield f"{WORDS[int(question.Ask().rivals)]} rival stores at {question.RIVAL_MINUTES:g} minutes"


def supply() -> Iterator[str]:
    yield f"(`--work`, {Depth().work:g} units"


def aftersales() -> Iterator[str]:
    yield f"({percent(1 - case_aftersales.SURVIVAL**4)} % of the fleet leave a year)"
    yield f"as one market in which {WORDS[int(case_aftersales.PRIOR_CLAIMS)]} claims were seen"
    yield f"{12 * use.KM_PER_MONTH:,.0f} km a year) x months"
    yield f"counts as {WORDS[round(use._FLEET_MONTHS / 12)]} cars read after a year"
    yield f"repaired within {record.REPEAT_DAYS} days before"
    yield f"by `parts_fill` and {WORDS[int(case_aftersales.PARTS_DELAY_DAYS)]} days"


def programme() -> Iterator[str]:
    assert risk.COMMON == duration._OVERRUN == 0.25
    yield "share a quarter of the variance of their normal scores"
    yield "up to a quarter of the time it has taken"
    yield f"the day that holds with {percent(risk.SURE)} %"
    yield f"from {from_rooms.SOONER:g} to {from_rooms.LATER:g} times"
    yield f"Student innovations ({rank_fit.DOF:g} degrees)"


TOLD = {
    "explanation/aftersales.md": aftersales,
    "explanation/backtest.md": backtest,
    "explanation/charging.md": charging,
    "explanation/entry-model.md": entry_model,
    "explanation/entry-panel.md": entry_panel,
    "explanation/launch-policy.md": launch_policy,
    "explanation/looks.md": looks,
    "explanation/price-response.md": price_response,
    "explanation/programme.md": programme,
    "explanation/research.md": research,
    "explanation/scoring.md": scoring,
    "explanation/siting.md": siting,
    "explanation/supply.md": supply,
    "howto/charge-at-home.md": charge_at_home,
}


@pytest.mark.parametrize("page", sorted(TOLD))
def test_a_page_tells_the_settings_of_the_code(page: str) -> None:
    text = " ".join((PAGES / page).read_text(encoding="utf-8").split())
    missing = [said for said in TOLD[page]() if said not in text]
    assert not missing
