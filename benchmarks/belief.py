"""Time and accuracy of the belief: `python benchmarks/belief.py [--quick] [--json] [--peers]`.

`--peers` samples the same posterior (plain counts) with nutpie, or PyMC's own NUTS, in the same run, where they are
installed. Neither is in the lock: PyMC's compiler asks for an older numba. Put them beside a copy of the product:
`python -m venv peers && peers/bin/pip install . pymc nutpie && peers/bin/python benchmarks/belief.py --peers`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from statistics import median

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import made_up
from beachhead.belief import update


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    for flag in ("--quick", "--json", "--peers"):
        asked.add_argument(flag, action="store_true")
    options = asked.parse_args()
    repeats = 5 if options.quick else 25
    figures = {
        "laplace_30_markets_ms": 1e3 * seconds(30, repeats, correct=False),
        "importance_30_markets_ms": 1e3 * seconds(30, repeats, correct=True),
        "importance_300_markets_ms": 1e3 * seconds(300, max(3, repeats // 5), correct=True),
        "effective_sample_share": sample_share(30),
    }
    if options.peers:
        figures |= nuts(30)
    if options.json:
        print(json.dumps(figures))
        return
    print("median processor time of an update on one core; 26 weekly rows a market")
    targets = {"laplace_30_markets_ms": 5, "importance_30_markets_ms": 300, "importance_300_markets_ms": 500}
    for name, value in figures.items():
        print(f"{name:28} {value:10.2f}" + (f"   target {targets[name]}" if name in targets else ""))


def launch(markets: int) -> made_up.MadeUp:
    """Each market has 26 weekly rows, a tenth scaled, the rest pilots that seldom sell out."""
    held = made_up.belief(markets)
    return made_up.launch(held, np.random.default_rng(7), pilots=0.9, scaled=0.1, batch=2000, missing=0.0)


def seconds(markets: int, repeats: int, *, correct: bool) -> float:
    """Median processor seconds of an update on one core: others may be using the machine."""
    seen = launch(markets)
    update(seen.belief, seen.reading, correct=correct)
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        update(seen.belief, seen.reading, correct=correct)
        taken.append(time.process_time() - start)
    return median(taken)


def sample_share(markets: int) -> float:
    """Effective sample size over draws."""
    seen = launch(markets)
    after = update(seen.belief, seen.reading)
    return after.effective_sample_size / len(after.weights)


def nuts(markets: int) -> dict[str, float]:
    """Seconds that each sampler installed takes for 2 x 1,000 draws of the same posterior after 1,000 to tune.

    nutpie's compiling is timed apart; PyMC's own sampler is timed with it.
    """
    try:
        import pymc as pm
        import pytensor.tensor as pt
    except ImportError:
        print("PyMC is not installed: no peer in this run", file=sys.stderr)
        return {}
    from beachhead.belief.rows import rows

    seen = launch(markets)
    held, data = seen.belief, rows(seen.belief, seen.reading.counts, {})
    known = ~(data.sold_out | data.stock_bound)
    with pm.Model() as model:
        unit = pm.Normal("unit", 0, 1, shape=len(held.mean))
        z = held.mean + pt.dot(np.linalg.cholesky(held.cov + 1e-10 * np.eye(len(held.mean))), unit)
        size = held.nb_size_weekly * pt.exp(held.nb_size_log_sd * pm.Normal("log_size", 0, 1))
        rate = (z[data.market_of] + z[-1] * data.is_pilot)[data.group_of[known]]
        pm.NegativeBinomial(
            "count", mu=pt.exp(rate) * data.mean[known], alpha=data.size[known] * size, observed=data.count[known]
        )
    start = time.perf_counter()
    pm.sample(1000, tune=1000, chains=2, cores=1, random_seed=1, progressbar=False, model=model)
    return {"nuts_30_markets_s": time.perf_counter() - start, **_nutpie(model)}


def _nutpie(model: object) -> dict[str, float]:
    try:
        import nutpie
    except ImportError:
        print("nutpie is not installed: left out", file=sys.stderr)
        return {}
    start = time.perf_counter()
    compiled = nutpie.compile_pymc_model(model)
    ready = time.perf_counter()
    nutpie.sample(compiled, draws=1000, tune=1000, chains=2, cores=1, seed=1, progress_bar=False)
    return {"nutpie_30_markets_s": time.perf_counter() - ready, "nutpie_compiling_s": ready - start}


if __name__ == "__main__":
    main()
