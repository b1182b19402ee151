"""What we believe demand to be in every market, and how a reading changes that.

The only room that knows a prior; it never sees the plan that wants it.
"""

from beachhead.belief.belief import Belief
from beachhead.belief.coming_year import Year, coming_year
from beachhead.belief.lasting import Lasting, Tracked
from beachhead.belief.odds import Odds, odds
from beachhead.belief.outlook import outlook
from beachhead.belief.predict import Prediction, predict
from beachhead.belief.prior import prior, settled
from beachhead.belief.update import Posterior, update, weigh_evidence

__all__ = [
    "Belief",
    "Lasting",
    "Odds",
    "Posterior",
    "Prediction",
    "Tracked",
    "Year",
    "coming_year",
    "odds",
    "outlook",
    "predict",
    "prior",
    "settled",
    "update",
    "weigh_evidence",
]
