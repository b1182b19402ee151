"""What came of entries held out after a forecast was made changes neither it nor what was learnt for it."""

from dataclasses import replace

import numpy as np
import pytest

import made_up_panel
from beachhead.belief.history.backtest import Question, backtest, folds_of, prepare
from beachhead.belief.history.case import cases
from beachhead.belief.history.groups import draw
from beachhead.belief.history.peers import simple_peers

PANEL = made_up_panel.panel(3, brands=7)
COUNTRY = max(sorted({e.country for e in PANEL.entries}), key=[e.country for e in PANEL.entries].count)
BRANDS = tuple(sorted({e.brand for e in PANEL.entries if e.country == COUNTRY}))[:2]
SIMPLE = tuple(p for p in simple_peers() if p.name in ("mean", "mean of last three", "last value"))
MIDDLE = int(np.median([c.origin for c in cases(PANEL.entries)]))


def scrambled(panel, held, after):
    """The same panel with other counts after a month: of the entries held out, and of markets held out as a whole."""
    rng = np.random.default_rng(5)

    def other(series, first):
        later = first + np.arange(len(series)) > after
        return np.where(later, np.round(series * rng.choice([0.0, 0.2, 3.0, 9.0], len(series))) + 1, series)

    entries = tuple(replace(e, cars=other(e.cars, e.first)) if held(e) else e for e in panel.entries)
    whole = {m.country for m in panel.markets if all(held(e) for e in entries if e.country == m.country)}
    markets = tuple(replace(m, cars=other(m.cars, m.first)) if m.country in whole else m for m in panel.markets)
    return replace(panel, entries=entries, markets=markets)


QUESTIONS = {
    "brands": (Question(brands=BRANDS), lambda e: e.brand in BRANDS),
    "a country": (Question(countries=(COUNTRY,)), lambda e: e.country == COUNTRY),
    "brands in a country": (
        Question(brands=BRANDS, countries=(COUNTRY,)),
        lambda e: e.brand in BRANDS or e.country == COUNTRY,
    ),
    "all that come after a split": (Question(split=MIDDLE), lambda e: True),
}


SLOW = [pytest.mark.full]  # each brand in turn


@pytest.mark.parametrize("what", [pytest.param(k, marks=SLOW if k == "a country" else []) for k in QUESTIONS])
def test_what_comes_after_a_forecast_changes_neither_it_nor_what_was_learnt(what):
    question, held = QUESTIONS[what]
    origins = [c.origin for c in cases(PANEL.entries) if held(c.entry) and c.origin >= (question.split or 0)]
    after = int(np.median(origins))
    plain, other = (
        {(s.case.entry.key, s.case.months): s for s in backtest(panel, question, peers=SIMPLE).scored}
        for panel in (PANEL, scrambled(PANEL, held, after))
    )
    early = [key for key, s in plain.items() if s.case.origin <= after]
    assert early
    assert set(early) <= set(other)
    for key in early:
        np.testing.assert_allclose(other[key].log_total, plain[key].log_total, atol=1e-8, err_msg=str(key))
    assert any(abs(plain[key].case.target - other[key].case.target) > 0.3 for key in early)


def test_no_group_drawn_learns_from_an_entry_or_a_country_it_holds_out():
    ready = prepare(made_up_panel.panel(3, brands=12), SIMPLE)
    for _, question in draw(ready.asked, 8, seed=2):
        for fold in folds_of(question, ready):
            scored = {c.brand for c in fold.score}
            learnt = {ready.entries[i].key for i in fold.learn} | {c.entry.key for c in fold.training}
            assert not {brand for brand, _ in learnt} & scored
            assert not {country for _, country in learnt} & set(question.countries)
            assert fold.countries == question.countries
