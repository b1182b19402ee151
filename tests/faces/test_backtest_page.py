"""The page of figures that `backtest --figures` writes."""

import re
from xml.etree import ElementTree

import numpy as np

import made_up_panel
from beachhead.belief.history.backtest import Question, backtest
from beachhead.belief.history.peers import simple_peers
from beachhead.case.history.page import MOST_FANS, backtest_page

SIMPLE = tuple(p for p in simple_peers() if p.name in ("mean", "mean of last three", "last value"))


def test_the_page_shows_a_histogram_for_each_origin_and_fans_and_fetches_nothing():
    panel = made_up_panel.panel(0)
    held = tuple(sorted({e.brand for e in panel.entries})[::3])
    answer = backtest(panel, Question(brands=held), peers=SIMPLE)
    page = backtest_page(answer)
    drawn = [ElementTree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", page, re.S)]
    assert len(drawn) == len(answer.origins) + min(MOST_FANS, len(answer.scored))
    for origin, svg in zip(answer.origins, drawn, strict=False):
        counts = [int(n) for n in re.search(r"by tenth: ([\d, ]+)", svg.attrib["aria-label"])[1].split(", ")]
        assert sum(counts) == origin.entries
        assert len(svg.findall("rect")) == 10
    assert all(svg.findall("polyline") for svg in drawn[len(answer.origins) :])
    assert "http" not in page
    assert "<script" not in page


def test_bands_hold_their_cover_and_quarters_are_scored():
    panel = made_up_panel.panel(1)
    held = tuple(sorted({e.brand for e in panel.entries})[::3])
    for o in backtest(panel, Question(brands=held), peers=SIMPLE).origins:
        for low, mid, high in (
            (o.cover50_low, o.cover50, o.cover50_high),
            (o.cover80_low, o.cover80, o.cover80_high),
            (o.cover90_low, o.cover90, o.cover90_high),
        ):
            assert low <= mid <= high
        assert np.isfinite([o.crps_quarters, o.crps_quarters_repeat]).all()
        assert o.crps_quarters > 0
