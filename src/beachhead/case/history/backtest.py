"""Puts the entry model to the test on a folder of real registrations."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from beachhead.belief.history.backtest import Backtest, Question
from beachhead.belief.history.backtest import backtest as score
from beachhead.belief.history.groups import Groups, score_groups
from beachhead.belief.history.slow import SlowOrigin, slow_origins
from beachhead.case.cluster import cluster
from beachhead.evidence.panel import brand_name, country_code, read_panel
from beachhead.world.entry import month_of
from beachhead.world.errors import BadInput

_SEED = 20210801


def backtest(
    folder: Path,
    *,
    brands: Sequence[str] = (),
    countries: Sequence[str] = (),
    split: str | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    tick: Callable[[int, int], None] = lambda done, total: None,
) -> Backtest:
    """Forecast every entry in the folder as it would have been on the day, and score it beside every peer.

    Args:
        folder: registration files (see `read_panel`).
        brands: hold these out together and score them; none: each brand in turn. Several may stand in one text,
            separated by commas.
        countries: score and hold out these countries, written likewise.
        split: month such as 2023-07: learn from what was known before it, score origins from it on.
        workers: processes; as many as there are cores where not given.
        scheduler: address of a Dask cluster to run on instead.
        tick: told how many folds of how many are done.
    """
    panel = read_panel(registrations_in(folder))
    question = Question(
        brands=_named(brands, {e.brand for e in panel.entries}, brand_name),
        countries=_named(countries, {e.country for e in panel.entries}, country_code),
        split=_month(split),
    )
    with _executor(workers, scheduler) as executor:
        return score(panel, question, seed=_SEED, executor=executor, tick=tick)


def slow_peers(answer: Backtest) -> tuple[SlowOrigin, ...]:
    """PyMC-Marketing's Bass model on the pinned cases of a backtest, one row an origin."""
    return slow_origins(answer, seed=_SEED)


def backtest_groups(
    folder: Path,
    count: int,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    tick: Callable[[int, int], None] = lambda done, total: None,
) -> Groups:
    """Hold out many random groups of brands, of countries and of both, and score each as `backtest` would.

    Args:
        folder: registration files (see `read_panel`).
        count: how many groups.
        workers: processes; as many as there are cores where not given.
        scheduler: address of a Dask cluster to run on instead.
        tick: told how many folds of how many are done.
    """
    with _executor(workers, scheduler) as executor:
        return score_groups(read_panel(registrations_in(folder)), count, seed=_SEED, executor=executor, tick=tick)


def registrations_in(folder: Path) -> Path:
    """The folder itself, or its folder `registrations` where it has one."""
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder", "name a folder of registration files")
    inner = folder / "registrations"
    return inner if inner.is_dir() else folder


def _named(texts: Sequence[str], known: set[str], spell: Callable[[str], str]) -> tuple[str, ...]:
    """Names as the panel spells them; a text that is a name as it stands is not split at its commas."""
    whole = {name.casefold() for name in known}
    parts = [[text] if spell(text).casefold() in whole else text.split(",") for text in texts]
    found = [part if part.casefold() in whole else spell(part) for few in parts for part in map(str.strip, few) if part]
    return tuple(dict.fromkeys(found))


def _month(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return month_of(text)
    except ValueError as error:
        raise BadInput(str(error), "write the month like 2023-07") from error


@contextmanager
def _executor(workers: int | None, scheduler: str | None) -> Iterator[Executor | None]:
    if scheduler is not None:
        with cluster(scheduler) as client:
            yield client.get_executor()
        return
    count = workers or os.cpu_count() or 1
    if count == 1:
        yield None
        return
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as executor:
        yield executor
