"""Rehearse an open launch: worlds, goals from targets.csv, pieces kept beside the launch, local cores or a cluster."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from beachhead.case.cluster import workers_at
from beachhead.case.open import Launch
from beachhead.case.plan.objective import milestones_of
from beachhead.case.plan.planning import Question, put_question
from beachhead.case.plan.target_facts import COUNTED, home_untold, met, seen_cars, targets_in_force
from beachhead.evidence.tables.targets import TargetRow
from beachhead.launch.aim.steer import find_steering
from beachhead.launch.question.objective import Milestone
from beachhead.launch.question.problem import Problem
from beachhead.rehearsal.family import Family
from beachhead.rehearsal.rehearse import Outcome, Performance, Piece, outcomes, rehearse
from beachhead.store import digest, encode, reading
from beachhead.world.brief import brief
from beachhead.world.errors import BadInput
from beachhead.world.figures import how_many
from beachhead.world.quarter import Quarter
from beachhead.world.work import finished_first

FOLDER = "rehearsals"
VERSION = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What a rehearsal showed.

    Attributes:
        quarter: the quarter decided first.
        currency: of all money.
        seed: of the worlds.
        worlds: of each family.
        resumed: worlds that an earlier run had played.
        targets: codes of the targets whose odds the outcomes tell, in their order.
        outcomes: one for each family and policy.
        notes: what was left out.
    """

    quarter: Quarter
    currency: str
    seed: int
    worlds: int
    resumed: int
    targets: tuple[str, ...]
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
    goals, told, notes = goals_of(launch, question)
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
        targets=told,
        outcomes=tuple(replace(each, odds=_of(told, goals, each.odds)) for each in outcomes(pieces)),
        notes=(*question.notes, *notes),
    )


def goals_of(launch: Launch, question: Question) -> tuple[tuple[Milestone, ...], tuple[str, ...], tuple[str, ...]]:
    """Targets that a world can be held against with all that they come after; codes of those told; and sentences.

    What was sold so far counts as it does for the odds of targets. Those that are met, and those that something
    else decides than cars, are named in sentences.
    """
    if not launch.folder.rows(TargetRow):
        return (), (), ()
    targets = {target.code: target for target in targets_in_force(launch)}
    with reading(launch.store) as work:
        shown = met(launch, work, tuple(targets.values()), seen_cars(launch, work))

    def is_counted(code: str) -> bool:
        return targets[code].kind in COUNTED and all(map(is_counted, targets[code].after))

    told = tuple(
        code for code, target in targets.items() if is_counted(code) and code not in shown and target.by >= question.now
    )
    left_out = [code for code in targets if code not in told and code not in shown]
    problem, at_home = question.problem, home_untold(launch, question.problem)
    goals = milestones_of(launch, told, problem.markets, problem.quarters, question.standings.since, at_home)
    notes = (
        f"Met already: {', '.join(shown)}." if shown else "",
        f"Not rehearsed: {', '.join(left_out)}; `beachhead targets` gives their odds." if left_out else "",
    )
    return goals, told, tuple(filter(None, notes))


def _of(told: tuple[str, ...], goals: tuple[Milestone, ...], odds: tuple[float, ...]) -> tuple[float, ...]:
    """The odds of the goals that are told, in their order."""
    by_code = {goal.code: each for goal, each in zip(goals, odds, strict=True)}
    return tuple(by_code[code] for code in told)


def _place(launch: Launch, problem: Problem, seed: int, goals: tuple[Milestone, ...]) -> Path:
    text = f"{VERSION}:{digest(encode(problem))}:{seed}:{[encode(goal) for goal in goals]}"
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
