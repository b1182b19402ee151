"""Nouns that several tests need."""

import csv
import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

import beachhead
from beachhead.belief.belief import Belief
from beachhead.case.open import open_launch
from beachhead.case.plan.planning import make_plan
from beachhead.launch.question.problem import Problem, assemble
from beachhead.world.economics import Economics, Limits
from beachhead.world.market import Channel
from beachhead.world.quarter import Quarter, grid
from beachhead.world.source import Grade, Source

_SOURCE = Source(who="made up for a test", as_of=date(2026, 1, 1), grade=Grade.C)
_RAMP = (0.2, 0.4, 0.6, 0.8, 1.0)


@pytest.fixture(scope="session")
def made_up_launch() -> Callable[..., Problem]:
    """A launch into M made-up markets in five regions; the same seed gives the same launch."""
    return _made_up_launch


def _made_up_launch(
    M: int = 8,
    T: int = 12,
    seed: int = 0,
    channels: tuple[Channel, ...] = (Channel.OWN_STORE,),
    order: tuple[int, ...] | None = None,
    **changes: object,
) -> Problem:
    rng = np.random.default_rng(seed)
    level = np.log(10_000) + 0.7 * rng.standard_normal(M)
    margin = rng.uniform(4e3, 8e3, M)
    break_even = 1.1 * np.exp(level + 0.35 * rng.standard_normal(M))
    rows = np.arange(M) if order is None else np.array(order)
    region = np.arange(M) % 5
    cov = np.zeros((M + 1, M + 1))
    cov[:M, :M] = 0.25 + 0.35**2 * (region[:, None] == region[None, :]) + 0.25 * np.eye(M)
    cov[M, M] = 0.04
    quarters = grid(Quarter(2027, 1), T)
    lasting = sum(0.98**t for t in range(T)) + 10 * 0.98**T
    worth = break_even * margin / 4 * lasting
    picked = np.append(rows, M)
    belief = Belief(
        markets=tuple(f"M{i:02d}" for i in rows),
        quarters=quarters,
        mean=np.append(level, 0.15)[picked],
        cov=cov[np.ix_(picked, picked)],
        log_path=np.zeros((M, T)),
        nb_size_weekly=20.0,
    )
    economics = [
        Economics(
            market=f"M{i:02d}",
            channel=channel,
            capital=0.5 * worth[i] * (1 - 0.3 * c),
            exit_share=0.2,
            opex_per_quarter=0.5 * worth[i] / lasting,
            unit_margin=margin[i] * (1 - 0.15 * c),
            reach=1 - 0.15 * c,
            ramp=_RAMP,
            pilot_start_fee=0.005 * worth[i],
            pilot_fee_per_quarter=0.0025 * worth[i],
            pilot_cost_per_car=4_000.0,
            pilot_reach=240 / np.exp(level[i]),
            earliest_scale=quarters[0],
            earliest_pilot=quarters[0],
            source=_SOURCE,
        )
        for i in range(M)
        for c, channel in enumerate(channels)
    ]
    limits = Limits(
        capital_per_year={q.year: 0.5 * max(0.2 * worth.sum(), 1.05 * worth.max()) for q in quarters},
        scale_starts_per_quarter=max(1, M // 6),
        cars_per_quarter=tuple(0.15 * np.exp(level + 0.3).sum() * min(1.0, (t + 1) / 8) for t in range(T)),
        pilot_cars_per_quarter=(50.0 * M,) * T,
    )
    asked: dict[str, object] = {"discount": 0.98, "terminal_quarters": 10.0} | changes
    return assemble(belief=belief, **({"economics": economics, "limits": limits} | asked))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def planned_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled launch cut down to four destinations and home, with a plan on record; copy it before use."""
    example = Path(beachhead.__file__).parent / "case/examples/xiaomi"
    folder = tmp_path_factory.mktemp("planned") / "launch"
    folder.mkdir()
    shutil.copy(example / "launch.toml", folder)
    for name in ("markets", "offers", "prices", "economics", "fx", "facts"):
        with (example / f"{name}.csv").open(newline="", encoding="utf-8") as source:
            head, *rows = csv.reader(source)
        kept = [row for row in rows if name in ("offers", "fx") or row[0] in {"NO", "SE", "DE", "PT", "CN"}]
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as target:
            csv.writer(target).writerows([head, *kept])
    launch = open_launch(folder)
    make_plan(launch, on=date(2027, 1, 5), worlds=2, who="Ann", at=datetime(2027, 1, 5, tzinfo=UTC))
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a PostgreSQL server: the one named by BEACHHEAD_POSTGRES, or one of our own while the tests run."""
    if url := os.environ.get("BEACHHEAD_POSTGRES"):
        yield url
        return
    pytest.importorskip("psycopg", reason="PostgreSQL tests need psycopg")
    if os.geteuid() == 0 and "postgres" not in {entry.pw_name for entry in pwd.getpwall()}:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    found = shutil.which("initdb") or next(
        iter(sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")))), None
    )
    if found is None:
        pytest.skip("PostgreSQL tests need initdb or BEACHHEAD_POSTGRES")
    owner = {"user": "postgres", "cwd": "/"} if os.geteuid() == 0 else {}
    home = Path(f"/tmp/beachhead-postgres-{os.getpid()}")
    home.mkdir()
    try:
        if owner:
            shutil.chown(home, "postgres")
        binaries = Path(found).parent
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": True}
        subprocess.run([found, "-D", home / "data", "-U", "beachhead", "-A", "trust", "-N"], **quiet, **owner)
        options = f"-c listen_addresses='' -k {home} -F"
        start = [binaries / "pg_ctl", "-D", home / "data", "-w", "-l", home / "log", "-o", options]
        subprocess.run([*start, "start"], **quiet, **owner)
        yield f"postgresql://beachhead@/postgres?host={home}"
        subprocess.run([*start[:3], "-m", "immediate", "stop"], **quiet, **owner)
    finally:
        shutil.rmtree(home, ignore_errors=True)
