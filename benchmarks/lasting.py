"""How long a newcomer's level lasts: real entries 1 to 8 quarters ahead, by ours and four other models of time.

    python benchmarks/lasting.py [--panel DIR] [--json]

The panel is the registrations beside the repository (BEACHHEAD_SHARED may point to them) unless another is named.

Every entry is followed alone, from its second quarter on, by the Kalman filter; its level is about the median of its
age. Printed: mean log density of the quarters to come (higher is better) and how many lie within their 90 % interval.
Numbers are fitted on the same quarters but those of the walk used before (.305 a quarter, no further than the prior).
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import numpy as np

from beachhead.belief.history.lasting import fit_lasting, quarter_levels
from beachhead.belief.history.refit import REGISTRATION_SIZE, newcomers
from beachhead.case.history.backtest import registrations_in
from beachhead.evidence.panel import read_panel

AHEAD = (1, 2, 4, 8)
WALK, PRIOR = 0.305, 1.566**2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--panel", type=Path, default=None)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="takes seconds as it is")
    asked = parser.parse_args()
    beside = Path(os.environ.get("BEACHHEAD_SHARED") or Path(__file__).resolve().parents[2] / "shared") / "data"
    if asked.panel is None and not beside.is_dir():
        print("left out, the shared registrations are absent")
        return
    entries = newcomers(read_panel(registrations_in(asked.panel or beside)))
    y, noise = quarter_levels(entries, REGISTRATION_SIZE)
    y = y - np.nanmedian(y, axis=0)
    fit = fit_lasting(entries, REGISTRATION_SIZE)
    models = {
        "random walk of .305, as before": (PRIOR, 1e-9, 0.0, 1.0, WALK, 1.0),
        "level for ever, AR(1) of 15 months, scatter": (1.8, 0.658, 0.099, np.exp(-3 / 15.2), 0.0, 1.0),
        "walk, AR(1) of 13 months, scatter": (np.inf, 0.265, 0.084, np.exp(-3 / 13.0), 0.116, 1.0),
        "AR(1) of .967 a quarter, scatter": (3.01, 1e-9, 0.098, 1.0, 0.0, 0.967),
        f"walk of {fit.walk:.3f}, scatter of {fit.scatter:.3f}": (PRIOR, 1e-9, fit.scatter, 1.0, fit.walk, 1.0),
    }
    rows = [{"model": name} | scored(y, noise, *numbers) for name, numbers in models.items()]
    if asked.json:
        print(json.dumps({"entries": len(entries), "quarters": fit.quarters, "rows": rows}))
        return
    print(f"{len(entries)} entries, {fit.quarters:,} quarters")
    print(f"{'':46}" + "".join(f"{f'{h} ahead':>16}" for h in AHEAD))
    for row in rows:
        print(f"{row['model']:46}" + "".join(f"{row[f'density_{h}']:9.3f} {row[f'cover90_{h}']:5.0%} " for h in AHEAD))


def scored(y, noise, limit: float, fades: float, scatter: float, faded: float, walk: float, kept: float) -> dict:
    """Level + what fades + scatter: mean log density and cover of the quarters to come.

    Args:
        y: (entries, quarters) about the median of the age.
        noise: its counting noise.
        limit: variance of the level at the start, and at most; infinite: 2.17 at the start, no limit.
        fades: variance of what fades.
        scatter: variance of a quarter's own scatter.
        faded: correlation of what fades.
        walk: variance that the level gains a quarter.
        kept: correlation of the level; its variance then stays `limit`.
    """
    first = 2.17 if np.isinf(limit) else limit
    found: dict[int, list[tuple[float, bool]]] = {h: [] for h in AHEAD}

    def later(mean, cov):
        step = (1 - kept**2) * first if kept < 1 else min(walk, max(limit - cov[0, 0], 0.0))
        turn = np.diag([kept, faded])
        return turn @ mean, turn @ cov @ turn + np.diag([step, (1 - faded**2) * fades])

    for row, noises in zip(y, noise, strict=True):
        mean, cov = np.zeros(2), np.diag([first, fades])
        for t in range(len(row)):
            if t:
                mean, cov = later(mean, cov)
            if not np.isfinite(row[t]):
                continue
            along = cov.sum(axis=1)
            spread = along.sum() + scatter + noises[t]
            mean, cov = mean + along / spread * (row[t] - mean.sum()), cov - np.outer(along, along) / spread
            ahead = mean, cov
            for h in range(1, max(AHEAD) + 1):
                ahead = later(*ahead)
                if h in found and t + h < len(row) and np.isfinite(row[t + h]):
                    var = ahead[1].sum() + scatter + noises[t + h]
                    away = row[t + h] - ahead[0].sum()
                    density = -0.5 * (np.log(2 * np.pi * var) + away**2 / var)
                    found[h].append((density, abs(away) < 1.6449 * np.sqrt(var)))
    return {
        name: round(float(np.mean([pair[k] for pair in pairs])), 4)
        for h, pairs in found.items()
        for k, name in ((0, f"density_{h}"), (1, f"cover90_{h}"))
    }


if __name__ == "__main__":
    main()
