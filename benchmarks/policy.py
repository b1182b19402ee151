"""How good the launch policy is: share of the bound by regime, rivals on the same worlds, exact references, speed.

python benchmarks/policy.py [--quick] [--json] [--regimes base,tight] [--markets 30] [--worlds 80] [--family FILE]
                            [--ours] [--split] [--no-exact] [--play N] [--times [--launches N]]

`--family FILE` takes a Python file with `worlds(problem, seed, count)` returning (theta, beta) pairs: worlds that the
policy's authors did not think of. The policy keeps its own belief; only the truth changes. The penalised bound charges
what is fair under the belief, so outside it only the clairvoyant's holds, and no control has a known mean: shares are
then of the clairvoyant bound, and raw. `--ours` leaves out the rivals; `--split` lets the bound split markets: looser
by half a point at base, a few where capital is tight, ten times faster. `--play N` plays the policy alone in N worlds
and tells time and memory. `--times` leaves out the bounds and tells what the plan earns in multiples
of each rival (certainty equivalence in both readings: mean demand, and exp of mean log demand), paired, launches as
clusters: most of the error is the spread between launches, so `--launches N` draws
more of them than the regime says.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import time
import tomllib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from _boxes import BOXES, bracket
from _contest import contest
from _exact import independent_share, tiny_instances, tiny_share
from _regime import Regime, made_up_launch
from beachhead.launch.bound.clairvoyant import as_is
from beachhead.launch.draws import draw_worlds
from beachhead.launch.policy.play import World, play
from beachhead.launch.policy.select import choose
from beachhead.launch.policy.shadow_prices import find_prices
from beachhead.launch.question.kernel_terms import under
from beachhead.launch.question.problem import Problem
from beachhead.launch.scene import set_up
from beachhead.rehearsal.family import Family, family_worlds
from beachhead.rehearsal.rehearse import chunks
from beachhead.rehearsal.rivals import OF_LOG_DEMAND, Rival, play_rival
from beachhead.world.errors import BadInput

REGIMES = Path(__file__).with_name("regimes.toml")
THEIRS = {
    "certainty_equivalent": int(Rival.CERTAINTY_EQUIVALENT),
    "certainty_equivalent_of_log_demand": OF_LOG_DEMAND,
    **{rival.name.lower(): int(rival) for rival in Rival if rival is not Rival.CERTAINTY_EQUIVALENT},
}
"""Rivals of `--times`, both readings of certainty equivalence first: mean demand, and exp of mean log demand."""


MOST_LOG_DEMAND = 100
"""Of a family's truths, either sign: its exponential is beyond any market, and money of it still a number."""


def regimes() -> dict[str, Regime]:
    """All regimes of regimes.toml by name."""
    table = tomllib.loads(REGIMES.read_text())
    base = table["base"]
    out = {}
    for name, changes in table.items():
        fields = {**base, **changes}
        out[name] = Regime(**{**fields, "batches": tuple(fields["batches"])})
    return out


def measure(
    regime: Regime, name: str, markets: int, worlds: int, family: Path | None, ours: bool = False, split: bool = False
) -> list[dict[str, object]]:
    """One row a policy, over `worlds` worlds shared out among the regime's instances.

    `ours` leaves out the rivals; `split` lets the penalised bound split markets.
    """
    instances = min(regime.instances, worlds)
    values, clear, told, cluster, clear_control, told_control = [], [], [], [], [], []
    for k in range(instances):
        count = worlds // instances + (k < worlds % instances)
        problem = made_up_launch(regime, markets, seed=k)
        rivals = () if ours else tuple(Rival)
        result = contest(
            problem, drawn(problem, 1000 + k, count, family), rivals, believed=family is None, whole=not split
        )
        values.append(result.values)
        clear.append(result.clairvoyant)
        told.append(result.penalised)
        clear_control.append(result.clear_control)
        told_control.append(result.told_control)
        cluster += [k] * count
    earned, clairvoyant, penalised = np.concatenate(values, axis=1), np.concatenate(clear), np.concatenate(told)
    of_clear, of_told = np.concatenate(clear_control), np.concatenate(told_control)
    if family is not None:  # the controls have their mean, and the charges theirs, in worlds of the belief alone
        of_clear, of_told = np.zeros_like(of_clear), np.zeros_like(of_told)
    is_penalised = family is None and freed_mean(penalised, of_told) < freed_mean(clairvoyant, of_clear)
    bound, of_bound = (penalised, of_told) if is_penalised else (clairvoyant, of_clear)
    launch = np.array(cluster)

    def share(policy: int, bound: np.ndarray, of_bound: np.ndarray, kept: np.ndarray | slice = slice(None)) -> float:
        most = freed_mean(bound[kept], of_bound[kept])
        return freed_mean(earned[policy][kept], of_clear[kept]) / most if most > 0 else float("nan")

    gate_seconds, world_seconds = speed(made_up_launch(regime, markets, seed=0))
    return [
        {
            "regime": name,
            "markets": markets,
            "worlds": worlds,
            "policy": policy,
            "value": freed_mean(earned[p], of_clear),
            "share_of_bound": known(share(p, bound, of_bound)),
            "se": known(jackknife_se(partial(share, p, bound, of_bound), launch)),
            "bound": "penalised" if is_penalised else "clairvoyant",
            "share_of_clairvoyant": known(share(p, clairvoyant, of_clear)),
            "gate_seconds": gate_seconds if p == 0 else None,
            "world_seconds": world_seconds if p == 0 else None,
        }
        for p, policy in enumerate(result.policies)
    ]


def known(figure: float) -> float | None:
    """The figure, or nothing where there is none: of a bound of nothing no share, of a single world no error."""
    return figure if np.isfinite(figure) else None


def freed_mean(sample: np.ndarray, control: np.ndarray) -> float:
    """Mean of the sample less what a control of mean zero explains of it: same expectation, less noise."""
    if not len(sample):
        return float("nan")
    spread = control - control.mean()
    if not spread.any():
        return float(sample.mean())
    return float(sample.mean() - (spread @ (sample - sample.mean())) / (spread @ spread) * control.mean())


def drawn(problem: Problem, seed: int, count: int, family: Path | None) -> list[World]:
    """Worlds of the belief, or the truths of a family with the belief's own luck."""
    worlds = draw_worlds(problem, seed, count)
    if family is None:
        return worlds
    return [
        w._replace(theta=theta, beta=beta)
        for w, (theta, beta) in zip(worlds, truths_of(family, problem, seed, count), strict=True)
    ]


def truths_of(family: Path, problem: Problem, seed: int, count: int) -> list[tuple[np.ndarray, float]]:
    """(theta, beta) of as many worlds as asked for, as a family's file makes them.

    Raises:
        BadInput: the file cannot be run, or what it makes is no truth of that many worlds.
    """
    wanted = "write worlds(problem, seed, count) that yields count pairs (theta, beta), theta one log demand a market"
    spec = importlib.util.spec_from_file_location("family", family)
    if spec is None or spec.loader is None or not family.is_file():
        raise BadInput(f"{family} is no Python file", "name a file that ends in .py")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise BadInput(f"{family} cannot be run: {type(error).__name__}: {error}", wanted) from error
    if not callable(getattr(module, "worlds", None)):
        raise BadInput(f"{family} has no function worlds", wanted)
    try:
        made = list(islice(module.worlds(problem, seed, count), count + 1))
    except Exception as error:
        raise BadInput(f"{family}: worlds failed: {type(error).__name__}: {error}", wanted) from error
    if len(made) != count:
        found = f"more than {count}" if len(made) > count else str(len(made))
        raise BadInput(f"{family} makes {found} worlds where {count} are asked for", wanted)
    return [_truth(f"{family}: world {n}", each, len(problem.markets), wanted) for n, each in enumerate(made, 1)]


def _truth(which: str, made: object, markets: int, wanted: str) -> tuple[np.ndarray, float]:
    try:
        theta, beta = made  # type: ignore[misc]
        truth, bias = np.ascontiguousarray(theta, dtype=np.float64), float(beta)
    except (TypeError, ValueError) as error:
        raise BadInput(f"{which} is no pair (theta, beta) of numbers", wanted) from error
    if truth.shape != (markets,):
        raise BadInput(f"{which}: theta has shape {truth.shape} where there are {markets} markets", wanted)
    if not (np.abs(truth) <= MOST_LOG_DEMAND).all() or not abs(bias) <= MOST_LOG_DEMAND:
        odd = next(v for v in (*truth, bias) if not abs(v) <= MOST_LOG_DEMAND)
        raise BadInput(
            f"{which} holds {odd:g}", f"theta and beta are logs, between {-MOST_LOG_DEMAND} and {MOST_LOG_DEMAND}"
        )
    return truth, bias


def jackknife_se(statistic: Callable[[np.ndarray], float], cluster: np.ndarray) -> float:
    """Standard error of a statistic of the worlds kept, each cluster left out once (Efron & Stein 1981).

    Slopes of controls are fitted anew each time, so their own error is in it. The worlds of a launch are a cluster; of
    a single launch each world is one. NaN of a single world, and where the statistic is one.
    """
    groups = cluster if len(np.unique(cluster)) > 1 else np.arange(len(cluster))
    each = np.array([statistic(groups != k) for k in np.unique(groups)])
    n = len(each)
    if n == 1:
        return float("nan")
    return float(np.sqrt((n - 1) / n * ((each - each.mean()) ** 2).sum()))


def speed(problem: Problem) -> tuple[float, float]:
    """Seconds of one gate decision (prices renewed and set chosen) and of one world played, on one core, medians."""
    scene = set_up(problem)
    world = draw_worlds(problem, seed=0, count=1)[0]

    def gate() -> None:
        fresh = find_prices(scene.terms, scene.position, scene.mean, scene.cov, 0, scene.prices, 5)
        choose(scene.terms, scene.position, scene.mean, scene.cov, 0, fresh)

    return median_seconds(gate), median_seconds(lambda: play(*scene, world))


def median_seconds(work: object, repeats: int = 5) -> float:
    """Median processor time of a call after one to warm up."""
    times = []
    for _ in range(repeats + 1):
        began = time.process_time()
        work()  # type: ignore[operator]
        times.append(time.process_time() - began)
    return float(np.median(times[1:]))


def played_alone(regime: Regime, markets: int, worlds: int) -> dict[str, object]:
    """The policy alone in many worlds, as a rehearsal draws and plays them: in pieces, on one core."""
    problem = made_up_launch(regime, markets, seed=0)
    scene = set_up(problem)
    play(*scene, draw_worlds(problem, 0, 1)[0])  # compiled before the clock starts
    began, values = time.process_time(), []
    for chunk, count in enumerate(chunks(worlds)):
        terms, position = scene.terms, scene.position
        for world in family_worlds(problem, Family.BELIEVED, 0, chunk, count):
            idle = as_is(under(terms, world.scenario), position, np.exp(world.theta))
            values.append(play(*scene, world).value - idle)
    spent = time.process_time() - began
    return {
        "markets": markets,
        "worlds": worlds,
        "core_seconds": spent,
        "seconds_a_world": spent / worlds,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "value": float(np.mean(values)),
        "value_se": float(np.std(values) / np.sqrt(worlds)),
    }


def times_rivals(regime: Regime, name: str, markets: int, worlds: int) -> list[dict[str, object]]:
    """Value of ours over each rival's on the same worlds, over carrying on as is; no bound is needed for that."""
    instances = min(regime.instances, worlds)
    values, cluster = [], []
    for k in range(instances):
        problem = made_up_launch(regime, markets, seed=k)
        scene = set_up(problem)
        for world in draw_worlds(problem, 1000 + k, worlds // instances + (k < worlds % instances)):
            idle = as_is(under(scene.terms, world.scenario), scene.position, np.exp(world.theta))
            at = scene.terms, scene.position, scene.mean, scene.cov, world
            played = (play(*scene, world), *(play_rival(*at, rival) for rival in THEIRS.values()))
            values.append([p.value - idle for p in played])
            cluster.append(k)
    earned, launch = np.array(values).T, np.array(cluster)

    def times(theirs: np.ndarray, kept: np.ndarray | slice = slice(None)) -> float:
        return float(earned[0][kept].mean() / theirs[kept].mean())

    return [
        {
            "regime": name,
            "markets": markets,
            "launches": instances,
            "worlds": worlds,
            "rival": rival,
            "value": float(earned[0].mean()),
            "rival_value": float(theirs.mean()),
            "times": times(theirs),
            "se": jackknife_se(partial(times, theirs), launch),
        }
        for rival, theirs in zip(THEIRS, earned[1:], strict=True)
    ]


def show(rows: list[dict[str, object]]) -> None:
    """Rows as a plain table."""
    print(
        f"{'regime':20s} {'M':>4s} {'worlds':>6s} {'policy':22s} {'value M$':>9s} {'share':>7s} {'se':>6s}"
        f" {'of clairvoyant':>14s}"
    )
    for r in rows:
        print(
            f"{r['regime']:20s} {r['markets']:4d} {r['worlds']:6d} {r['policy']:22s} {r['value'] / 1e6:9.0f}"
            f" {_cell(r['share_of_bound'], 7)} {_cell(r['se'], 6)} {_cell(r['share_of_clairvoyant'], 14)}"
        )


def _cell(figure: object, width: int) -> str:
    return "-".rjust(width) if figure is None else f"{figure:{width}.3f}"


def _count(text: str) -> int:
    """A whole number of at least one."""
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def main() -> None:
    """Run and print; what is wrong with a family's file is said in a sentence."""
    try:
        _main()
    except BadInput as error:
        raise SystemExit(str(error)) from error


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--regimes", default=None, help="names separated by commas; default: all (base with --quick)")
    parser.add_argument("--markets", type=_count, default=30)
    parser.add_argument("--worlds", type=_count, default=None, help="default 80 (20 with --quick)")
    parser.add_argument("--family", type=Path, default=None)
    parser.add_argument("--ours", action="store_true", help="leave out the rivals")
    parser.add_argument("--split", action="store_true", help="let the penalised bound split markets: faster, looser")
    parser.add_argument("--times", action="store_true", help="leave out the bounds; ours in multiples of each rival")
    parser.add_argument("--launches", type=_count, default=None, help="with --times; default: the regime's")
    parser.add_argument("--play", type=_count, default=None, metavar="N", help="play the policy alone in N worlds")
    parser.add_argument("--no-exact", action="store_true", help="leave out the exact references")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.family is not None and (args.play or args.times):
        parser.error("--family tells shares of the bound: leave out --play and --times")
    named = regimes()
    names = [n.strip() for n in args.regimes.split(",")] if args.regimes else (["base"] if args.quick else list(named))
    unknown = [n for n in names if n not in named]
    if unknown:
        parser.error(f"no regime named {', '.join(unknown)}; there are {', '.join(named)}")
    if args.play:
        alone = played_alone(named[names[0]], args.markets, args.play)
        print(json.dumps(alone) if args.json else _told(alone))
        return
    worlds = args.worlds or (20 if args.quick else 80)
    if args.times:
        few = {"instances": args.launches} if args.launches else {}
        times = [row for n in names for row in times_rivals(replace(named[n], **few), n, args.markets, worlds)]
        print(json.dumps({"times": times}) if args.json else _multiples(times))
        return
    rows: list[dict[str, object]] = []
    for name in names:
        found = measure(named[name], name, args.markets, worlds, args.family, args.ours, args.split)
        rows += found
        if not args.json:
            show(found)
    if args.no_exact:
        if args.json:
            print(json.dumps({"rows": rows}))
        return
    tiny = exact_shares(named["base"], args.quick)
    independent = independent_row(named["base"], 8 if args.quick else 40)
    stopping = stopping_row(100 if args.quick else 400)
    if args.json:
        print(json.dumps({"rows": rows, "tiny": tiny, "independent": independent, "stopping": stopping}))
        return
    for row in tiny["instances"]:  # type: ignore[attr-defined]
        print(f"exact {row['name']:32s} {row['share_of_optimum']:.4f} ({row['se']:.4f})")
    print(f"exact joint programmes: least {tiny['min']:.4f}, mean {tiny['mean']:.4f} ({tiny['se']:.4f})")
    print(f"ten independent markets: {independent['share_of_optimum']:.4f} ({independent['se']:.4f})")
    print(
        f"Pandora's boxes, known to be worth {stopping['known'] / 1e6:.1f} M$: plan {stopping['plan']:.3f}"
        f" ({stopping['plan_se']:.3f}) of it, bound {stopping['bound']:.3f} ({stopping['bound_se']:.3f}),"
        f" clairvoyant {stopping['clairvoyant']:.3f} ({stopping['clairvoyant_se']:.3f})"
    )


def _multiples(times: list[dict[str, object]]) -> str:
    return "\n".join(
        f"{r['regime']}: {r['times']:.3f} ({r['se']:.3f}) x {r['rival']} over {r['launches']} launches of"
        f" {r['markets']} markets, {r['worlds']} worlds"
        for r in times
    )


def _told(alone: dict[str, object]) -> str:
    return (
        f"{alone['worlds']} worlds of {alone['markets']} markets: {alone['core_seconds']:.0f} core seconds,"
        f" {alone['seconds_a_world']:.4f} a world, peak {alone['peak_mb']:.0f} MB;"
        f" worth {alone['value'] / 1e6:.0f} M$ (se {alone['value_se'] / 1e6:.0f})"  # type: ignore[operator]
    )


def exact_shares(base: Regime, quick: bool) -> dict[str, object]:
    """Our share of the exact optimum on the tiny instances; with --quick those of two markets only."""
    rows = []
    for tiny in tiny_instances():
        if quick and tiny.markets > 2:
            continue
        share, se = tiny_share(tiny, base, 40 if quick else 200 if tiny.markets == 2 else 60)
        rows.append({"name": tiny.name, "share_of_optimum": share, "se": se})
    shares = np.array([row["share_of_optimum"] for row in rows], dtype=float)
    errors = np.array([row["se"] for row in rows], dtype=float)
    return {
        "min": float(shares.min()),
        "mean": float(shares.mean()),
        "se": float(np.sqrt((errors**2).sum()) / len(errors)),
        "instances": rows,
    }


def independent_row(base: Regime, worlds: int) -> dict[str, object]:
    """Ten independent markets without limits against ten exact single-market programmes."""
    share, se = independent_share(base, worlds)
    return {"markets": 10, "worlds": worlds, "share_of_optimum": share, "se": se}


def stopping_row(worlds: int) -> dict[str, float]:
    """Plan and bounds of an optimal-stopping problem of known value, written as a launch, as shares of that value."""
    found = bracket(BOXES, worlds)
    row = {"worlds": worlds, "known": found.known}
    for name in ("plan", "bound", "clairvoyant"):
        estimate = getattr(found, name)
        row |= {name: estimate.mean / found.known, f"{name}_se": estimate.se / found.known}
    return row


if __name__ == "__main__":
    main()
