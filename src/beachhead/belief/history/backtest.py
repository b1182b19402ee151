"""Forecasts past entries as they would have been forecast on the day, and scores them beside every peer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kstest

from beachhead.belief.history.case import HORIZON_MONTHS, ORIGINS, Case, cases, filled
from beachhead.belief.history.forecast import Forecast, Learnt, exit_odds, forecast, knowing, learnt
from beachhead.belief.history.market import MarketFit, fit_market, market_ahead
from beachhead.belief.history.momentum import LEARNT_AT, lasting
from beachhead.belief.history.peers import STATSFORECAST, Peer, simple_peers, statsforecast_peers
from beachhead.belief.history.points import Points, points
from beachhead.belief.history.pool import pool, unlike
from beachhead.belief.history.pool import shift as shift_of
from beachhead.belief.history.score import crps, mean_interval, skill, skill_interval, transform
from beachhead.world.entry import Entry, MarketSeries, Panel, month_text
from beachhead.world.errors import BadInput, NotLearnt

Array = NDArray[np.float64]

_LEAST_TRAINING = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to hold out and score.

    Attributes:
        brands: score these brands, learnt from all others; empty: each brand in turn, learnt from the others.
        countries: score entries in these countries only, and learn from no entry there.
        split: month index; learn from what was known before it, score origins from it on; None: no split.
    """

    brands: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    split: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scored:
    """One case with its forecast and every score.

    Attributes:
        case: the case.
        forecast: what the model alone said, by quarter.
        log_total: (400,) quantiles of log1p of the total: the model's, shifted by its errors in training and pooled
            with those of simple forecasters.
        crps: score of `log_total`.
        transform: probability integral transform of the target under `log_total`.
        peers: score of every peer, in the order of `Backtest.peers`.
        path: mean score of log1p of each of the four quarters, the model's own.
        path_repeat: the same of repeating the last quarter, with its errors in training; NaN where unlisted.
    """

    case: Case
    forecast: Forecast
    log_total: Array
    crps: float
    transform: float
    peers: tuple[float, ...]
    path: float
    path_repeat: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Figures of one origin; the fields are those of `beachhead backtest --json`.

    Attributes:
        months: months observed.
        entries: entries scored.
        brands: brands among them.
        crps_log1p: mean CRPS of log1p of the next twelve months' total.
        best_peer: the peer with the least mean CRPS on these very entries.
        best_peer_crps_log1p: that score.
        skill: 1 - ours / the best peer's; NaN where that peer made no error at all.
        skill_low: lower end of its 95 % interval, bootstrap over entries.
        skill_high: upper end.
        cover50: share of totals inside the central 50 % interval.
        cover80: same, 80 %.
        cover90: same, 90 %.
        cover90_low: lower end of the 95 % band of `cover90`, bootstrap over brands.
        cover90_high: upper end.
        pit_ks_p: p of the Kolmogorov-Smirnov test that the transforms are uniform.
        cover50_low: ends of the 95 % band of `cover50`, bootstrap over brands.
        cover50_high: upper end.
        cover80_low: of `cover80`.
        cover80_high: upper end.
        crps_quarters: mean CRPS of log1p of each of the four quarters.
        crps_quarters_repeat: the same of repeating the last quarter seen.
    """

    months: int
    entries: int
    brands: int
    crps_log1p: float
    best_peer: str
    best_peer_crps_log1p: float
    skill: float
    skill_low: float
    skill_high: float
    cover50: float
    cover80: float
    cover90: float
    cover90_low: float
    cover90_high: float
    pit_ks_p: float
    cover50_low: float
    cover50_high: float
    cover80_low: float
    cover80_high: float
    crps_quarters: float
    crps_quarters_repeat: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Backtest:
    """All scores of a question.

    Attributes:
        origins: figures by origin.
        peers: names of the peers.
        scored: every case.
        peers_missing: peers whose package is not installed.
        skill_by_brand: 95 % interval of the skill by origin, bootstrap over brands.
        notes: what was left out, and why.
        unscored: brands and countries asked for of which no case could be scored.
    """

    origins: tuple[Origin, ...]
    peers: tuple[str, ...]
    scored: tuple[Scored, ...]
    peers_missing: tuple[str, ...]
    skill_by_brand: Mapping[int, tuple[float, float]]
    notes: tuple[str, ...]
    unscored: tuple[str, ...] = ()


def backtest(
    panel: Panel,
    question: Question,
    *,
    seed: int = 0,
    peers: tuple[Peer, ...] | None = None,
    executor: Executor | None = None,
    tick: Callable[[int, int], None] = lambda done, total: None,
) -> Backtest:
    """Score the entry model and all peers on a question.

    Every forecast knows blocks of months complete by its origin (of all brands, its own elsewhere included) and nothing
    later; parameters and peers' errors are learnt from the brands that are not held out.

    Args:
        panel: entries and market totals.
        question: what to hold out.
        seed: seed of the bootstraps.
        peers: whom to compare with; every peer whose package is installed where not given. The simple ones that the
            model is pooled with must be among them.
        executor: runs folds side by side; in this process where not given.
        tick: told how many folds of how many are done.

    Raises:
        BadInput: a brand or country that the panel does not have.
        NotLearnt: no case to score, or too few to learn from.
    """
    ready = prepare(panel, peers)
    question = spelt(question, ready)
    scored = score_folds(ready, folds_of(question, ready), executor, tick)
    names = tuple(p.name for p in ready.peers)
    at = [k for k in ORIGINS if any(s.case.months == k for s in scored)]
    return Backtest(
        origins=tuple(_origin(k, scored, ready.peers, seed) for k in at),
        peers=names,
        scored=tuple(scored),
        peers_missing=tuple(n for n in STATSFORECAST if n not in names),
        skill_by_brand={k: _skill_by_brand(k, scored, seed) for k in at},
        notes=(*panel.notes, *_undecidable(ready.entries)),
        unscored=_unscored(question, scored),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ready:
    """A panel made ready to be asked many questions.

    Attributes:
        entries: entries of newcomers.
        markets: their markets.
        asked: every case that can be scored.
        known: blocks of all entries.
        peers: whom to compare with.
        said: each peer's point forecast of every case.
        place: number of a case among those asked, by its identity.
    """

    entries: tuple[Entry, ...]
    markets: tuple[MarketSeries, ...]
    asked: tuple[Case, ...]
    known: Points
    peers: tuple[Peer, ...]
    said: Mapping[str, Array]
    place: Mapping[int, int]


def prepare(panel: Panel, peers: tuple[Peer, ...] | None = None) -> Ready:
    """What all questions to a panel share; every peer whose package is installed where none are given."""
    entries = tuple(e for e in panel.entries if e.newcomer and len(e.cars) >= min(ORIGINS))
    asked = cases(entries)
    peers = peers or (*simple_peers(), *statsforecast_peers())
    return Ready(
        entries=entries,
        markets=panel.markets,
        asked=asked,
        known=points(entries),
        peers=peers,
        said={p.name: np.array([p.point(c) for c in asked]) for p in peers},
        place={id(c): i for i, c in enumerate(asked)},
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fold:
    """One set of entries to learn from, the countries held out, and the cases to score with what was learnt."""

    learn: tuple[int, ...]
    countries: tuple[str, ...]
    until: int | None
    training: tuple[Case, ...]
    score: tuple[Case, ...]


def spelt(question: Question, ready: Ready) -> Question:
    """The question with brands and countries as the panel spells them."""
    return replace(
        question,
        brands=_as_known(question.brands, {e.brand for e in ready.entries}, "brand"),
        countries=_as_known(question.countries, {e.country for e in ready.entries}, "country"),
    )


def _as_known(asked: Sequence[str], known: set[str], what: str) -> tuple[str, ...]:
    spelling = {name.casefold(): name for name in known}
    missing = [name for name in asked if name.casefold() not in spelling]
    if missing:
        raise BadInput(
            f"the panel has no entry of {what} {', '.join(missing)}", f"choose from: {', '.join(sorted(known))}"
        )
    return tuple(spelling[name.casefold()] for name in asked)


def folds_of(question: Question, ready: Ready) -> list[Fold]:
    """What to learn from and what to score, for each set of brands left out in turn.

    Raises:
        NotLearnt: no case to score, or too few to learn from.
    """
    folds = [fold for brands in _held_out(question, ready) if (fold := _fold(question, ready, brands)) is not None]
    if not folds:
        raise _nothing_to_score(question, ready)
    return folds


def _held_out(question: Question, ready: Ready) -> list[set[str]]:
    """Sets of brands left out in turn: those asked for; else none where months are split, or each by itself."""
    if question.brands:
        return [set(question.brands)]
    if question.split is not None:
        return [set()]
    return [{brand} for brand in sorted({entry.brand for entry in ready.entries})]


def _fold(question: Question, ready: Ready, brands: set[str]) -> Fold | None:
    """The fold without these brands; None where no case is left to score, or too few to learn from."""
    out = partial(_is_out, brands, set(question.countries))
    training = [c for c in ready.asked if not out(c.entry) and _is_over(question, c)]
    enough = {k for k in ORIGINS if sum(c.months == k for c in training) >= _LEAST_TRAINING}
    score = [c for c in ready.asked if (not brands or c.brand in brands) and _is_asked(question, c)]
    score = [c for c in score if c.months in enough]
    if not score:
        return None
    return Fold(
        learn=tuple(i for i, entry in enumerate(ready.entries) if not out(entry)),
        countries=question.countries,
        until=question.split,
        training=tuple(training),
        score=tuple(score),
    )


def _nothing_to_score(question: Question, ready: Ready) -> NotLearnt:
    """Why: no such entry, none old enough, none after the split, or too few others."""
    brands, countries = question.brands, question.countries
    here = [e for e in ready.entries if _is_among(e, brands, countries)]
    if not here:
        there = sorted({e.country for e in ready.entries if e.brand in brands})
        return NotLearnt(
            f"{_listed(brands) or 'no newcomer'} has no entry in {_listed(countries)}"
            if countries
            else "the panel has no entry of a newcomer",
            f"choose among {', '.join(there)}" if there else "use a panel that shows newcomers from their first month",
        )
    keys = {id(e) for e in here}
    old = [c for c in ready.asked if id(c.entry) in keys]
    if not old:
        longest, least = max(len(e.cars) for e in here), min(ORIGINS) + HORIZON_MONTHS
        why = f"the longest has {longest}" if longest < least else "too many are unlisted"
        return NotLearnt(
            f"no entry asked for ({len(here)} of them) has {least} known months from its first on: {why}",
            "ask for older entries, or use a panel with later months or all brands",
        )
    late = [c for c in old if question.split is None or c.origin >= question.split]
    if not late:
        last = max(c.origin for c in old)
        return NotLearnt(
            "after the split no entry has twelve known months to be forecast",
            f"split at {month_text(last)} or before: the last month from which a forecast can be scored",
        )
    return NotLearnt(
        f"there are fewer than {_LEAST_TRAINING} other entries to learn from at every origin asked for",
        "hold out fewer brands, split later, or use a larger panel",
    )


def _is_among(entry: Entry, brands: Sequence[str], countries: Sequence[str]) -> bool:
    return (not brands or entry.brand in brands) and (not countries or entry.country in countries)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


def _is_out(brands: set[str], countries: set[str], entry: Entry) -> bool:
    return entry.brand in brands or entry.country in countries


def _is_asked(question: Question, c: Case) -> bool:
    here = not question.countries or c.entry.country in question.countries
    return here and (question.split is None or c.origin >= question.split)


def _is_over(question: Question, c: Case) -> bool:
    return question.split is None or c.origin + 12 < question.split


def score_folds(
    ready: Ready, folds: Sequence[Fold], executor: Executor | None, tick: Callable[[int, int], None]
) -> list[Scored]:
    """Every case of every fold, in order."""
    run = partial(_forecast_fold, ready.entries, ready.known, ready.markets)
    scored: list[Scored] = []
    for done, (fold, (forecasts, shift)) in enumerate(
        zip(folds, (executor.map if executor else map)(run, folds), strict=True)
    ):
        tick(done + 1, len(folds))
        scored += _score_fold(fold, forecasts, shift, ready)
    return scored


def _forecast_fold(
    entries: Sequence[Entry], known: Points, markets: tuple[MarketSeries, ...], fold: Fold
) -> tuple[list[Forecast], dict[int, float]]:
    """Fit on the fold's entries, forecast its training cases to see how far off that is, then the cases to score.

    Those of training are forecast as if the entries and countries held out were not there: what came of them later
    would else be known to the errors learnt, though not to the forecasts.
    """
    ours = np.isin(known.entry, np.array(fold.learn))
    here = ours if fold.until is None else ours & (known.last < fold.until)
    over_time = _over_time(entries, fold)
    held = learnt(known, known.take(here), exit_odds(over_time))
    alone, theirs = knowing(known.take(ours), held), tuple(m for m in markets if m.country not in fold.countries)
    part = _lasting(over_time, partial(_forecast_case, entries, theirs, alone))
    ask_training = partial(_forecast_case, entries, theirs, replace(alone, lasting=part))
    ask = partial(_forecast_case, entries, markets, replace(held, lasting=part))
    shift = {
        k: shift_of([(c, ask_training(c)) for c in fold.training if c.months == k])
        for k in {c.months for c in fold.score}
    }
    return [ask(c) for c in fold.score], shift


def _lasting(over_time: Sequence[Case], ask: Callable[[Case], Forecast]) -> float:
    """The part of the last month's momentum that lasts, by the errors of forecasts without it."""
    looked = {k: [c for c in over_time if c.months == k] for k in LEARNT_AT}
    return lasting({k: [(c, c.target - float(np.median(ask(c).log_total))) for c in cs] for k, cs in looked.items()})


def _over_time(entries: Sequence[Entry], fold: Fold) -> tuple[Case, ...]:
    """The training entries at every month from the third to the fortieth, for rare events such as exits."""
    seen = cases([entries[i] for i in fold.learn], tuple(range(3, 41)))
    return tuple(c for c in seen if fold.until is None or c.origin + 12 < fold.until)


def _forecast_case(entries: Sequence[Entry], markets: tuple[MarketSeries, ...], held: Learnt, c: Case) -> Forecast:
    number = next(i for i, e in enumerate(entries) if e.key == c.entry.key and e.first == c.entry.first)
    market = next(m for m in markets if m.country == c.entry.country)
    ahead = market_ahead(_market_fit(markets, c.origin), market, c.origin)
    return forecast(c, number, held, ahead)


@lru_cache(maxsize=512)
def _market_fit(markets: tuple[MarketSeries, ...], origin: int) -> MarketFit:
    return fit_market(markets, origin)


def _score_fold(fold: Fold, forecasts: Sequence[Forecast], shift: Mapping[int, float], ready: Ready) -> list[Scored]:
    peers, said, place = ready.peers, ready.said, ready.place
    out = []
    for k in sorted({c.months for c in fold.score}):
        training = [c for c in fold.training if c.months == k]
        at = [place[id(c)] for c in training]
        trained = [p.train(training, said[p.name][at]) for p in peers]
        repeated = np.array([_quarters(c) - _last_quarter(c) for c in training])
        for c, ours in zip(fold.score, forecasts, strict=True):
            if c.months != k:
                continue
            atoms = [t(c, said[p.name][place[id(c)]]) for p, t in zip(peers, trained, strict=True)]
            own = np.maximum(ours.log_total + shift[k], 0.0)
            new = unlike(c.origin, [t.origin for t in training])
            pooled = pool(own, {p.name: a for p, a in zip(peers, atoms, strict=True)}, k, new)
            out.append(
                Scored(
                    case=c,
                    forecast=ours,
                    log_total=pooled,
                    crps=crps(pooled, c.target),
                    transform=transform(pooled, c.target),
                    peers=tuple(crps(a, c.target) for a in atoms),
                    path=_path_score(np.log1p(ours.quarters), c),
                    path_repeat=_path_score(np.maximum(_last_quarter(c) + repeated.T, 0.0), c),
                )
            )
    return out


def _quarters(c: Case) -> Array:
    """(4,) log1p of the cars of each of the four quarters to come; half the ceiling where unlisted."""
    out: Array = np.log1p(filled(c.entry)[c.months : c.months + 12].reshape(4, 3).sum(axis=1))
    return out


def _last_quarter(c: Case) -> float:
    return float(np.log1p(c.seen[-3:].sum()))


def _path_score(atoms: Array, c: Case) -> float:
    return float(np.mean([crps(row, seen) for row, seen in zip(atoms, _quarters(c), strict=True)]))


def _origin(months: int, scored: Sequence[Scored], peers: Sequence[Peer], seed: int) -> Origin:
    here = [s for s in scored if s.case.months == months]
    ours = np.array([s.crps for s in here])
    table = np.array([s.peers for s in here])
    best = int(np.argmin(table.mean(axis=0)))
    theirs = table[:, best]
    moved = np.array([s.transform for s in here])
    brands = [s.case.brand for s in here]
    low, high = skill_interval(ours, theirs, np.arange(len(here)), seed)
    inside = {level: (np.abs(moved - 0.5) <= level / 2).astype(np.float64) for level in (0.5, 0.8, 0.9)}
    bands = {level: mean_interval(hit, brands, seed) for level, hit in inside.items()}
    return Origin(
        months=months,
        entries=len(here),
        brands=len(set(brands)),
        crps_log1p=float(ours.mean()),
        best_peer=peers[best].name,
        best_peer_crps_log1p=float(theirs.mean()),
        skill=skill(ours, theirs),
        skill_low=low,
        skill_high=high,
        cover50=float(inside[0.5].mean()),
        cover80=float(inside[0.8].mean()),
        cover90=float(inside[0.9].mean()),
        cover90_low=bands[0.9][0],
        cover90_high=bands[0.9][1],
        pit_ks_p=float(kstest(moved, "uniform").pvalue),
        cover50_low=bands[0.5][0],
        cover50_high=bands[0.5][1],
        cover80_low=bands[0.8][0],
        cover80_high=bands[0.8][1],
        crps_quarters=float(np.mean([s.path for s in here])),
        crps_quarters_repeat=float(np.mean([s.path_repeat for s in here])),
    )


def _skill_by_brand(months: int, scored: Sequence[Scored], seed: int) -> tuple[float, float]:
    here = [s for s in scored if s.case.months == months]
    table = np.array([s.peers for s in here])
    best = table[:, int(np.argmin(table.mean(axis=0)))]
    return skill_interval(np.array([s.crps for s in here]), best, [s.case.brand for s in here], seed)


def _unscored(question: Question, scored: Sequence[Scored]) -> tuple[str, ...]:
    seen = {s.case.brand for s in scored} | {s.case.entry.country for s in scored}
    return tuple(name for name in (*question.brands, *question.countries) if name not in seen)


def _undecidable(entries: Sequence[Entry]) -> list[str]:
    """One sentence for the entries whose total is left open by unlisted months."""
    open_ = [f"{e.brand} in {e.country}" for e in entries if len(e.cars) >= min(ORIGINS) + 12 and not cases([e])]
    return [f"next twelve months too often unlisted to score at any origin: {', '.join(open_)}"] if open_ else []
