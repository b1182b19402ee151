"""`beachhead backtest`: the entry model on real history, beside every simple forecaster."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from beachhead.belief.history.backtest import Backtest, Origin
from beachhead.belief.history.case import ORIGINS
from beachhead.belief.history.groups import Spread
from beachhead.belief.history.slow import SlowOrigin
from beachhead.case.history.backtest import backtest as run
from beachhead.case.history.backtest import backtest_groups as run_groups
from beachhead.case.history.backtest import slow_peers
from beachhead.case.history.page import backtest_page
from beachhead.cli.progress import progress
from beachhead.cli.show import JsonFlag, how_many, say, show_json, show_table
from beachhead.world.errors import BadInput
from beachhead.world.whole import write_whole

PanelOption = Annotated[
    Path, typer.Option("--panel", metavar="DIR", help="Folder of registration files.", show_default=False)
]
BrandsOption = Annotated[
    list[str] | None,
    typer.Option("--brands", "--brand", help="Hold out and score this brand; repeat, or separate with commas."),
]
CountriesOption = Annotated[
    list[str] | None,
    typer.Option("--countries", "--country", help="Hold out and score this country; repeat, or separate with commas."),
]
SplitOption = Annotated[
    str | None, typer.Option("--split", metavar="YYYY-MM", help="Learn from before this month, score from it on.")
]
WorkersOption = Annotated[int | None, typer.Option("--workers", min=1, help="Processes; default one per core.")]
SchedulerOption = Annotated[str | None, typer.Option("--scheduler", help="Address of a Dask cluster to run on.")]
FiguresOption = Annotated[
    Path | None, typer.Option("--figures", metavar="FILE", help="Write PIT histograms and fans to this HTML file.")
]
GroupsOption = Annotated[
    int | None,
    typer.Option(
        "--groups", metavar="N", min=4, help="Hold out N random groups of brands, countries and both, and sum up."
    ),
]
PeersOption = Annotated[
    str | None,
    typer.Option("--peers", help="`slow`: also PyMC-Marketing's Bass model, on a pinned quarter of cases."),
]
NotesFlag = Annotated[bool, typer.Option("--notes", help="List every series mended or left out.")]


def backtest(
    panel: PanelOption,
    brands: BrandsOption = None,
    countries: CountriesOption = None,
    split: SplitOption = None,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    groups: GroupsOption = None,
    peers: PeersOption = None,
    notes: NotesFlag = False,
    figures: FiguresOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Forecast real entries as on the day, 3, 6 and 12 months in, and score them beside every simple forecaster."""
    if peers not in (None, "slow"):
        raise BadInput(f"{peers!r} are no peers known", "write --peers slow; the quick ones are always compared")
    if groups is not None:
        if brands or countries or split or figures is not None or notes or peers:
            raise BadInput(
                "--groups draws brands and countries of its own",
                "leave out --brands, --countries, --split, --figures, --peers and --notes",
            )
        _groups(panel, groups, workers, scheduler, as_json)
        return
    with progress("learning and forecasting", quiet=as_json) as advance:
        answer = run(
            panel,
            brands=brands or (),
            countries=countries or (),
            split=split,
            workers=workers,
            scheduler=scheduler,
            tick=advance,
        )
    if figures is not None:
        write_whole(figures, backtest_page(answer))
    slow = slow_peers(answer) if peers else ()
    if as_json:
        unscored = {"unscored": answer.unscored} if answer.unscored else {}
        show_json({"origins": answer.origins} | unscored | ({"slow": slow} if peers else {}))
    else:
        _show(answer, notes)
        _show_slow(slow)


def _show_slow(slow: tuple[SlowOrigin, ...]) -> None:
    if not slow:
        return
    show_table(
        ["months", "cases", "brands", "this model", "own draws", "with errors", "skill", "ours less the better"],
        [
            [
                str(o.months),
                str(o.entries),
                str(o.brands),
                f"{o.crps_log1p:.3f}",
                f"{o.bass_own:.3f}",
                f"{o.bass_errors:.3f}",
                f"{o.skill:+.1%}",
                f"{o.difference:+.3f} ({o.difference_low:+.3f} to {o.difference_high:+.3f})",
            ]
            for o in slow
        ],
        title="PyMC-Marketing's Bass model on the pinned cases: its own draws, and its median with errors by brand",
        right={0, 1, 2, 3, 4, 5, 6, 7},
    )
    say(
        "Skill and difference are against the better of its two, chosen afterwards; in brackets the 95 % interval, "
        "cases drawn again in pairs. "
        + "; ".join(f"after {o.months} months {_by_brands(o)}" for o in slow)
        + ". The best quick peer on these cases: "
        + ", ".join(f"{o.best_peer} {o.best_peer_crps_log1p:.3f}" for o in slow)
        + "."
    )


def _by_brands(o: SlowOrigin) -> str:
    return f"{o.difference_low_brands:+.3f} to {o.difference_high_brands:+.3f} drawing whole brands"


def _groups(panel: Path, count: int, workers: int | None, scheduler: str | None, as_json: bool) -> None:
    with progress("holding out groups", quiet=as_json) as advance:
        answer = run_groups(panel, count, workers=workers, scheduler=scheduler, tick=advance)
    if as_json:
        show_json({"spreads": answer.spreads, "groups": answer.groups})
        return
    drawn = len({(g.kind, g.brands, g.countries) for g in answer.groups})
    say(
        f"{drawn} groups drawn at random, each forecast from what was learnt without it. Skill is against the peer "
        "that turned out best of all on the very group.",
        "One group's skill is known to about the half-width given (95 %, its entries drawn again), so a loss of 2 % on "
        "one group says little; `surely` are those whose whole interval lies below -2 %.",
    )
    show_table(
        ["held out", "months", "groups", "entries", "mean", "10-90 %", "below -2 %", "surely", "half-width"],
        [_spread_row(s) for s in answer.spreads],
        right={1, 2, 3, 4, 5, 6, 7, 8},
    )
    show_table(
        ["held out", "months", "peer", "its mean skill", "below -2 %"],
        [
            [s.kind, str(s.months), s.one_peer, f"{s.one_peer_mean:+.1%}", f"{s.one_peer_worse:.0%}"]
            for s in answer.spreads
        ],
        title="What keeping to one peer would have brought: the one that did best over all groups together",
        right={1, 3, 4},
    )


def _spread_row(s: Spread) -> list[str]:
    return [
        s.kind,
        str(s.months),
        str(s.groups),
        f"{s.entries:.0f}",
        f"{s.mean:+.1%}",
        f"{s.low:+.0%} to {s.high:+.0%}",
        f"{s.worse:.0%}",
        f"{s.surely_worse:.0%}",
        f"{s.half_width:.0%}",
    ]


def _show(answer: Backtest, notes: bool) -> None:
    brands = len({s.case.brand for s in answer.scored})
    entries = len({(s.case.entry.key, s.case.entry.first) for s in answer.scored})
    say(
        f"{entries} {'entry' if entries == 1 else 'entries'} of {brands} {'brand' if brands == 1 else 'brands'}, "
        f"forecast from what was known after "
        f"{_months(answer)}: "
        f"{_verdict(answer.origins)}",
        "Score: CRPS of log(1 + cars in the next twelve months), lower is better; skill is against the best peer, "
        "chosen afterwards.",
    )
    show_table(
        ["months", "entries", "brands", "score", "best peer", "its score", "skill", "95 % entries", "95 % brands"],
        [_skill_row(o, answer) for o in answer.origins],
        right={0, 1, 2, 3, 5, 6, 7, 8},
    )
    show_table(
        ["months", "50 % holds", "80 % holds", "90 % holds", "PIT uniform, p", "quarters", "repeating the last"],
        [_cover_row(o) for o in answer.origins],
        title="Cover with its 95 % band by brands; score of the single quarters",
        right={0, 1, 2, 3, 4, 5, 6},
    )
    show_table(
        ["forecaster", *(f"{o.months} months" for o in answer.origins)],
        [["this model", *(f"{o.crps_log1p:.3f}" for o in answer.origins)], *_peer_rows(answer)],
        right={1, 2, 3},
    )
    _show_notes(answer, notes)


def _months(answer: Backtest) -> str:
    """The origins with a case to score, in words, and those without."""
    has = [str(o.months) for o in answer.origins]
    lacks = [str(k) for k in ORIGINS if str(k) not in has]
    said = f"{' and '.join([', '.join(has[:-1]), has[-1]] if has[1:] else has)} months"
    return said + (f" (after {' and '.join(lacks)} none can be scored)" if lacks else "")


def _verdict(origins: tuple[Origin, ...]) -> str:
    ahead = [o for o in origins if o.skill > 0]
    if len(ahead) == len(origins):
        return "better than every peer at each."
    if not ahead:
        return "no better than the best peer at any of them."
    return f"better than every peer after {' and '.join(str(o.months) for o in ahead)} months, not at the others."


def _skill_row(o: Origin, answer: Backtest) -> list[str]:
    return [
        str(o.months),
        str(o.entries),
        str(o.brands),
        f"{o.crps_log1p:.3f}",
        o.best_peer,
        f"{o.best_peer_crps_log1p:.3f}",
        *_skill_cells(o, answer.skill_by_brand[o.months]),
    ]


def _skill_cells(o: Origin, by_brand: tuple[float, float]) -> list[str]:
    """The skill and its intervals by entries and by brands; none over a peer that made no error."""
    if math.isnan(o.skill):
        return ["none", "-", "-"]
    return [
        f"{o.skill:+.1%}",
        f"{o.skill_low:+.0%} to {o.skill_high:+.0%}" if o.entries > 1 else "one entry",
        "{:+.0%} to {:+.0%}".format(*by_brand) if o.brands > 1 else "one brand",
    ]


def _cover_row(o: Origin) -> list[str]:
    return [
        str(o.months),
        _band(o.cover50, o.cover50_low, o.cover50_high, o.brands),
        _band(o.cover80, o.cover80_low, o.cover80_high, o.brands),
        _band(o.cover90, o.cover90_low, o.cover90_high, o.brands),
        f"{o.pit_ks_p:.2f}",
        f"{o.crps_quarters:.3f}",
        f"{o.crps_quarters_repeat:.3f}",
    ]


def _band(cover: float, low: float, high: float, brands: int) -> str:
    """A share with its band; of one brand drawn again there is none."""
    return f"{cover:.0%}" + (f" ({low:.0%}-{high:.0%})" if brands > 1 else "")


def _peer_rows(answer: Backtest) -> list[list[str]]:
    by_origin = [np.array([s.peers for s in answer.scored if s.case.months == o.months]) for o in answer.origins]
    means = np.array([table.mean(axis=0) for table in by_origin])
    return [[name, *(f"{v:.3f}" for v in means[:, j])] for j, name in enumerate(answer.peers)]


def _show_notes(answer: Backtest, notes: bool) -> None:
    if answer.unscored:
        say(
            f"Asked for, but not scored: {', '.join(answer.unscored)}. No entry of theirs has twelve known months to "
            "be forecast and five others to learn from."
        )
    missing = answer.peers_missing
    if missing:
        say(f"Not compared, as statsforecast is not installed: {', '.join(missing)}; pip install 'beachhead[bench]'.")
    if notes:
        say("Series mended or left out:", *(f"  {note}" for note in answer.notes))
    elif answer.notes:
        say(f"{how_many(len(answer.notes), 'series was', 'series were')} mended or left out; --notes lists them.")
