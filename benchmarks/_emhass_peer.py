"""EMHASS on charging tasks, in a Python of its own: `python _emhass_peer.py TASKS.json` prints costs and seconds.

EMHASS (MIT, the registry's `emhass`) fixes versions of numpy and pandas that Beachhead does not share, so it runs as
a program. A task is a car that needs some energy between two slots: a deferrable load with a window.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import emhass  # type: ignore[import-not-found, unused-ignore]
import numpy as np
import pandas as pd  # type: ignore[import-untyped, unused-ignore]
from emhass import utils  # type: ignore[import-not-found, unused-ignore]
from emhass.optimization import Optimization  # type: ignore[import-not-found, unused-ignore]

_BUY, _SELL = "unit_load_cost", "unit_prod_price"


def main() -> None:
    tasks = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    logger = logging.getLogger("emhass")
    logger.setLevel(logging.CRITICAL)
    root = Path(emhass.__file__).parent
    places = {"data_path": Path(sys.argv[1]).parent, "root_path": root}
    places |= {"defaults_path": root / "data" / "config_defaults.json"}
    places |= {"associations_path": root / "data" / "associations.csv"}
    answers = [_solved(task, places, logger) for task in [tasks[0], *tasks]][1:]  # the first time loads what it needs
    print(json.dumps({"version": version("emhass"), "answers": answers}))


async def _conf(places: dict[str, Any], logger: logging.Logger) -> tuple[Any, Any, Any]:
    config = await utils.build_config(places, logger, places["defaults_path"])
    secrets = {"time_zone": "UTC", "hass_url": "", "long_lived_token": "", "Latitude": 48.0, "Longitude": 11.0}
    params = await utils.build_params(places, secrets | {"Altitude": 100.0}, config, logger)
    conf: tuple[Any, Any, Any] = utils.get_yaml_parse(json.dumps(params, default=str), logger)
    return conf


def _solved(task: dict[str, Any], places: dict[str, Any], logger: logging.Logger) -> dict[str, float]:
    """Cost of the plan in EUR with the load but without it, and processor seconds of the optimisation."""
    hass, optim, plant = asyncio.run(_conf(places, logger))
    slots, hours = len(task["buy"]), task["slot_hours"]
    hass["optimization_time_step"] = pd.to_timedelta(hours, "h")
    power = 1000 * task["power_kw"]
    optim |= {
        "number_of_deferrable_loads": 1,
        "nominal_power_of_deferrable_loads": [power],
        "minimum_power_of_deferrable_loads": [0.0],
        "operating_hours_of_each_deferrable_load": [task["kwh"] / task["power_kw"]],
        "treat_deferrable_load_as_semi_cont": [False],
        "set_deferrable_load_single_constant": [False],
        "set_deferrable_startup_penalty": [0.0],
        "set_deferrable_max_startups": [0],
        "def_minimum_on_time": [0],
        "def_minimum_off_time": [0],
        "start_timesteps_of_each_deferrable_load": [task["begin"]],
        "end_timesteps_of_each_deferrable_load": [task["end"]],
        "set_use_battery": False,
        "delta_forecast_daily": slots * hours / 24,
        "num_threads": 1,
        "lp_solver_mip_rel_gap": 0.0,
    }
    plant |= {"maximum_power_from_grid": 100_000, "maximum_power_to_grid": 100_000, "inverter_is_hybrid": False}
    index = pd.date_range("2023-01-02", periods=slots, freq=hass["optimization_time_step"], tz="UTC")
    net = 1000 * np.array(task["net_load_kwh"]) / hours
    data = pd.DataFrame({_BUY: task["buy"], _SELL: task["sell"]}, index=index)
    load, sun = pd.Series(np.maximum(net, 0.0), index=index), pd.Series(np.maximum(-net, 0.0), index=index)
    began = time.process_time()
    found = Optimization(hass, optim, plant, _BUY, _SELL, "profit", places, logger, num_timesteps=slots)
    made = time.process_time()
    answer = found.perform_dayahead_forecast_optim(data, sun, load)
    ended = time.process_time()
    draw = answer["P_deferrable0"].to_numpy() * hours / 1000
    return {
        "draw_kwh": draw.tolist(),
        "build_seconds": made - began,
        "seconds": ended - made,
        "optimal": str(found.optim_status).lower().startswith("optimal"),
    }


if __name__ == "__main__":
    main()
