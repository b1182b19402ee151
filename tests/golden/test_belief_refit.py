"""The shipped numbers of the entry model are what one command makes of the shared registrations.

They may change when the panel's rules, the fit or the shared files change: then `beachhead evidence refit --panel DIR
--write src/beachhead/belief/fitted/entry.toml` is run again, and the renewed file is committed with the change.
"""

import os
import re
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from beachhead.belief.fitted import entry_fit
from beachhead.case.history.refit import refit_entries

SHARED = Path(os.environ.get("BEACHHEAD_SHARED", Path(__file__).parents[3] / "shared")) / "data"
NUMBER = re.compile(r"(?<![\w.])-?\d+\.?\d*(?:e-?\d+)?(?![\w.])")


@pytest.mark.full
@pytest.mark.skipif(not (SHARED / "registrations").is_dir(), reason="the shared registrations are not here")
def test_the_shipped_numbers_of_the_entry_model_are_what_refitting_gives():
    shipped = files("beachhead.belief.fitted").joinpath("entry.toml").read_text(encoding="utf-8")
    on = re.search(r"fitted_on = (\d+)-(\d+)-(\d+)", shipped)
    version = re.search(r'version = "([^"]+)"', shipped)[1]
    again = refit_entries(SHARED, on=date(*map(int, on.groups())), version=version).text
    assert NUMBER.sub("#", again) == NUMBER.sub("#", shipped)
    now, then = ([float(n) for n in NUMBER.findall(text)] for text in (again, shipped))
    # an optimum is found to its third digit, another processor may round that otherwise
    assert now == pytest.approx(then, rel=0.03, abs=0.012)


def test_what_no_panel_can_tell_stays_an_assumption_in_the_shipped_numbers():
    fit = entry_fit()
    assert (fit.bias_mean, fit.bias_sd, fit.home_sd, fit.nb_size_weekly) == (0.15, 0.2, 0.10, 20.0)
    assert fit.source.as_of.year >= 2026
    assert {c.name for c in fit.covariates} >= {"price position", "duty", "charging points per car", "income"}
