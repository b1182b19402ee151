"""studies.csv as evidence about demand, each kind with its stated bias."""

from __future__ import annotations

from math import log, sqrt

from beachhead.case.open import Launch
from beachhead.evidence.tables.studies import StudyKind, StudyRow
from beachhead.world.evidence import Evidence

WEEKS_A_YEAR = 365.25 / 7

USUAL_BIAS = {
    StudyKind.SURVEY: (1.6, 0.8),
    StudyKind.CONJOINT: (0.5, 0.7),
    StudyKind.PRE_ORDER: (0.5, 0.5),
    StudyKind.WAITING_LIST: (0.9, 0.6),
    StudyKind.EXPERT: (0.3, 0.8),
}
"""Mean and sd of the log of how much each kind overstates (grade C). People say they would buy several times as often
as they do, most for new kinds of durable goods (direction: Morwitz, Steckel & Gupta 2007, International Journal of
Forecasting 23); choice experiments assume that everybody knows the maker; about two in five deposits and more than
half of the names on a waiting list come to nothing."""


def folder_evidence(launch: Launch) -> tuple[Evidence, ...]:
    """What the studies of a launch say, in the order of the table."""
    size = {market.code: market.bev_per_year for market in launch.folder.markets}
    return tuple(_evidence(row, size[row.market]) for row in launch.folder.rows(StudyRow))


def _evidence(row: StudyRow, size: float) -> Evidence:
    mean, sd = USUAL_BIAS[row.kind]
    if row.share is not None:
        share = min(row.share, 1 - 1e-6)
        said = log(share * size)
        sampling = sqrt((1 - share) / (share * float(row.sample or 1)))
    else:
        cars = float(row.cars or 0.0)
        said = log(cars * WEEKS_A_YEAR / row.weeks / row.reach)
        sampling = 1 / sqrt(cars)
    return Evidence(
        market=row.market,
        study=row.study,
        kind=row.kind.value,
        log_demand=said,
        bias_mean=mean if row.bias_mean is None else row.bias_mean,
        bias_sd=sd if row.bias_sd is None else row.bias_sd,
        sampling_sd=max(sampling, 1e-3),
        weight=row.weight,
        source=row.said,
    )
