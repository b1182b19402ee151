"""Rehearse an open launch: worlds, goals from targets.csv, pieces kept beside the launch, local cores or a cluster."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from beachhead.case.cluster import workers_at
from beachhead.case.open import Launch
from beachhead.case.plan.planning import put_question
from beachhead.evidence.tables.targets import TargetKind, TargetRow
from beachhead.launch.aim.steer import find_steering
from beachhead.launch.question.problem import Problem
from beachhead.rehearsal.family import Family
from beachhead.rehearsal.rehearse import Goal, Outcome, Performance, Piece, outcomes, rehearse
from beachhead.store import digest, encode
from beachhead.world.brief import brief
from beachhead.world.errors import BadInput
from beachhead.world.figures import how_many
from beachhead.world.quarter import Quarter
from beachhead.world.work import finished_first

FOLDER = "rehearsals"
VERSION = 2
COUNTED = (TargetKind.CARS_PER_YEAR, TargetKind.CARS_IN_TOTAL, TargetKind.MARKETS_LIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What a rehearsal showed.

    Attributes:
        quarter: the quarter decided first.
        currency: of all money.
        seed: of the worlds.
        worlds: of each family.
        resumed: worlds that an earlier run had played.
        goals: targets counted.
        outcomes: one for each family and policy.
        notes: what was left out.
    """

    quarter: Quarter
    currency: str
    seed: int
    worlds: int
    resumed: int
    goals: tuple[Goal, ...]
    outcomes: tuple[Outcome, ...]
    notes: tuple[str, ...]

    __repr__ = brief


def rehearse_launch(
    launch: Launch,
    *,
    worlds: int,
    families: Sequence[Family] = tuple(Family),
    seed: int | None = None,
    on: date | None = None,
    scheduler: str | None = None,
    tick: Callable[[int, int], None] | None = None,
) -> Rehearsed:
    """Play the launch in made-up worlds; what has been played is kept, and an interrupted run goes on where it stopped.

    Args:
        launch: the launch.
        worlds: of each family.
        families: where worlds come from.
        seed: of the worlds; that of launch.toml if None.
        on: the day; None for today.
        scheduler: address of a Dask scheduler; local cores if None. The numbers are the same.
        tick: called with (worlds done, worlds in all).
    """
    if worlds < 2:
        raise BadInput(f"a rehearsal cannot rest on {how_many(worlds, 'world')}", "use at least 2 worlds")
    question = put_question(launch, on=on)
    drawn = launch.folder.terms.seeds.rehearsal if seed is None else seed
    goals, notes = goals_of(launch, question.problem)
    kept = _Kept(_place(launch, question.problem, drawn, goals))
    before = kept.pieces()
    total, count, resumed, pieces = worlds * len(families), 0, 0, []
    old = {id(piece) for piece in before}
    steering = find_steering(question.problem, launch.folder.terms.seeds.plan)
    with workers_at(scheduler) as away:
        for piece in rehearse(
            question.problem,
            drawn,
            worlds,
            families=families,
            goals=goals,
            done=before,
            run=away or partial(finished_first, threads=None),
            steering=steering,
        ):
            count += len(piece.clairvoyant)
            if id(piece) in old:
                resumed += len(piece.clairvoyant)
            else:
                kept.add(piece)
            pieces.append(piece)
            if tick is not None:
                tick(count, total)
    return Rehearsed(
        quarter=question.now,
        currency=launch.folder.terms.currency,
        seed=drawn,
        worlds=worlds,
        resumed=resumed,
        goals=goals,
        outcomes=outcomes(pieces),
        notes=(*question.notes, *notes),
    )


def goals_of(launch: Launch, problem: Problem) -> tuple[tuple[Goal, ...], tuple[str, ...]]:
    """Targets that a world can be held against, and a sentence on those that it cannot."""
    region = {market.code: market.region for market in launch.folder.markets}
    home = {code for code, at in zip(problem.markets, problem.standing, strict=True) if at.is_home}
    goals, left_out = [], []
    for row in launch.folder.rows(TargetRow):
        last = row.by - problem.quarters[0]
        if row.kind not in COUNTED or last < 0:
            left_out.append(row.code)
            continue
        inside = tuple(
            i
            for i, code in enumerate(problem.markets)
            if row.scope in ("world", code, region[code]) or (row.scope == "abroad" and code not in home)
        )
        end = min(last, len(problem.quarters) - 1)
        goals.append(Goal(code=row.code, kind=row.kind.value, markets=inside, amount=float(row.amount), last=end))
    said = f"Not rehearsed: {', '.join(left_out)}; `beachhead targets` gives their odds." if left_out else ""
    return tuple(goals), (said,) if said else ()


def _place(launch: Launch, problem: Problem, seed: int, goals: tuple[Goal, ...]) -> Path:
    text = f"{VERSION}:{digest(encode(problem))}:{seed}:{[asdict(goal) for goal in goals]}"
    return launch.path / FOLDER / f"{sha256(text.encode()).hexdigest()[:16]}.jsonl"


class _Kept:
    """Pieces in a file of one JSON line each; a line cut short by a crash is left out and played again."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def pieces(self) -> tuple[Piece, ...]:
        """Every whole piece on file, the first of its kind."""
        found: dict[tuple[Family, int, int], Piece] = {}
        if self.path.is_file():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                try:
                    piece = _piece(json.loads(line))
                except (ValueError, KeyError, TypeError):
                    continue
                found.setdefault((piece.family, piece.chunk, len(piece.clairvoyant)), piece)
        return tuple(found.values())

    def add(self, piece: Piece) -> None:
        """Append a piece and force it to the disk."""
        self.path.parent.mkdir(exist_ok=True)
        cut = self.path.is_file() and not self.path.read_bytes().endswith(b"\n")
        with self.path.open("a", encoding="utf-8") as out:
            out.write(("\n" if cut else "") + json.dumps(asdict(piece)) + "\n")
            out.flush()
            os.fsync(out.fileno())


def _piece(said: dict[str, Any]) -> Piece:
    plays = tuple(
        tuple(Performance(**{**each, "met": tuple(each["met"])}) for each in world) for world in said["plays"]
    )
    return Piece(
        family=Family(said["family"]), chunk=said["chunk"], clairvoyant=tuple(said["clairvoyant"]), plays=plays
    )
